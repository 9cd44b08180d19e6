"""The national sign-ons of the demonstration: one simulated process for each wire, and the settings that lead there."""

import json
import secrets
import sys
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from gateway.demo.stack import Child, Files
from gateway.vault.assertions import create_signing_key

MODES = {"dvcqg": "p1", "vneid": "p2", "vneid-sealed": "p3"}
"""Name of the provider and the sandbox's mode."""
_PROFILES = {"p1": "dvcqg", "p2": "vneid_flat", "p3": "vneid_sealed"}
CONSENT_HUB = "consent-hub"
RETURN = "http://127.0.0.1:9/portal/signed-in"
LOGOUT_RETURN = "http://127.0.0.1:9/portal/signed-out"
"""Of a portal that nobody needs to run: the browser stops there."""
_CLIENT_ID = "province-portal"


@dataclass(frozen=True, slots=True)
class SignOn:
    """A running sign-on. `token` opens its control API."""

    name: str
    mode: str
    control_url: str
    token: str


class SignOnFiles:
    """Makes what the sign-ons and the gateway need to know of each other."""

    def __init__(self, files: Files, port: int) -> None:
        self._files = files
        self._public = f"http://127.0.0.1:{port}"
        self._secret = secrets.token_urlsafe(24)
        self._webhook_key = secrets.token_urlsafe(24)
        self.token = secrets.token_hex(16)
        self._envelope = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def child(self, name: str) -> Child:
        """Prepare the process of one sign-on."""
        mode, callback = MODES[name], f"{self._public}/callbacks/identity/{name}"
        public_key = self._envelope.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        client = {
            "client_id": _CLIENT_ID,
            "client_secret": self._secret,
            "redirect_uris": [callback],
            "post_logout_redirect_uris": [f"{callback}/logged-out"],
            "backchannel_logout_uri": None if mode == "p3" else f"{callback}/backchannel-logout",
            "public_key": public_key.decode() if mode == "p3" else "",
        }
        profile = self._files.folder / f"sign-on-{name}.json"
        profile.touch(mode=0o600)
        profile.write_text(json.dumps({"mode": mode, "clients": [client]}), encoding="utf-8")
        certificates = self._files.certificates
        arguments = [
            *(sys.executable, "-m", "adapters.identity.sandbox", "--profile", str(profile)),
            *("--tls-cert", str(certificates / "server.pem"), "--tls-key", str(certificates / "server.key")),
            *("--control-port", "0", "--control-token", self.token),
        ]
        return Child(f"sign-on {name}", arguments, self._files.folder / f"sign-on-{name}.log")

    def hub(self) -> Child:
        """Prepare the process of the share-consent hub."""
        settings = {
            "client_id": _CLIENT_ID,
            "client_secret": self._secret,
            "webhook_key": self._webhook_key,
            "webhook_url": f"{self._public}/callbacks/consent/vneid/webhook",
            "return_url": f"{self._public}/callbacks/consent/vneid/return",
        }
        profile = self._files.folder / "consent-hub.json"
        profile.touch(mode=0o600)
        profile.write_text(json.dumps(settings), encoding="utf-8")
        arguments = [
            *(sys.executable, "-m", "adapters.consent.sandbox", "--profile", str(profile)),
            *("--control-port", "0", "--control-token", self.token),
        ]
        return Child("consent hub", arguments, self._files.folder / "consent-hub.log")

    def settings(self, children: dict[str, Child], hub: Child) -> str:
        """Write the sections [identity] and [consents] for what runs."""
        signing_key = self._files.folder / "assertions.pem"
        create_signing_key(signing_key)
        sections = [self._provider(name, child.facts["url"], child.facts["issuer"]) for name, child in children.items()]
        return f"""
[consents]
poll_seconds = 2

[[consents.registrations]]
name = "vneid"
base_url = {json.dumps(hub.facts["url"])}
org_code = "H99"
client = {{ client_id = {json.dumps(_CLIENT_ID)}, secret = {{ value = {json.dumps(self._secret)} }} }}
webhook = {{ keys = [{{ value = {json.dumps(self._webhook_key)} }}] }}
links = {{ universal_base = {json.dumps(hub.facts["url"])} }}
agreement_id = "DEMO-02"
purpose = "Điền sẵn tờ khai (trình diễn)"
is_test = true

[identity]
public_base_url = {json.dumps(self._public)}
signing_key_files = [{json.dumps(str(signing_key))}]

[identity.clients.one-stop]
returns = [{json.dumps(RETURN)}]
logout_returns = [{json.dumps(LOGOUT_RETURN)}]
links_accounts = true
{"".join(sections)}"""

    def _provider(self, name: str, url: str, issuer: str) -> str:
        mode, callback = MODES[name], f"{self._public}/callbacks/identity/{name}"
        realm = f"{url}/auth/realms/citizen/protocol/openid-connect"
        paths = (
            (f"{url}/oauth2/authorize", f"{url}/oauth2/token", f"{url}/oauth2/userinfo", f"{url}/oauth2/jwks")
            if mode == "p1"
            else (f"{url}/auth", f"{realm}/token", f"{realm}/userinfo", f"{realm}/certs")
        )
        lines = [
            "",
            "[[identity.providers]]",
            f"name = {json.dumps(name)}",
            f"profile = {json.dumps(_PROFILES[mode])}",
            f"issuer = {json.dumps(issuer)}",
            f"authorize_url = {json.dumps(paths[0])}",
            f"token_url = {json.dumps(paths[1])}",
            f"userinfo_url = {json.dumps(paths[2])}",
            f"client_id = {json.dumps(_CLIENT_ID)}",
            f"client_secret = {json.dumps(self._secret)}",
            f"redirect_uri = {json.dumps(callback)}",
            f"ca_file = {json.dumps(str(self._files.certificates / 'ca.pem'))}",
            'agreement_id = "DEMO-01"',
            'purpose = "Đăng nhập cổng dịch vụ công của tỉnh (trình diễn)"',
            "enforces_pkce = true",
            "is_test = true",
            "levels = { acr_levels = { LoA1 = 1, LoA2 = 3 } }",
        ]
        if mode == "p3":
            key = self._files.folder / "envelope.key"
            key.touch(mode=0o600)
            key.write_bytes(self._envelope.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            lines.append(f"envelope = {{ private_key_files = [{json.dumps(str(key))}] }}")
        else:
            end = f"{url}/oidc/logout" if mode == "p1" else f"{realm}/logout"
            lines += [
                f"jwks_url = {json.dumps(paths[3])}",
                'acr_values = ["LoA2"]',
                "[identity.providers.logout]",
                f"end_session_url = {json.dumps(end)}",
                f"return_url = {json.dumps(callback + '/logged-out')}",
                "takes_backchannel = true",
                f"vneid_prefixes = [{json.dumps(url + '/api/idp/third-party/logout?')}]",
            ]
        return "\n".join(lines) + "\n"
