"""What all parts of the sign-on share: its addresses, how requests are read and answers made (notes §2.2, §6.1)."""

import base64
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from adapters.identity.sandbox.attacks import Attack, Stage
from adapters.identity.sandbox.profile import Client, IdentityProfile, Mode
from adapters.identity.sandbox.rows import ROWS
from adapters.identity.sandbox.state import Grant, SignOnState
from adapters.sandboxing import Answer

COOKIE = "commonAuthId"
_HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """The paths of a mode."""

    authorize: str
    token: str
    userinfo: str
    keys: str
    logout: str
    discovery: str
    introspect: str = ""
    revoke: str = ""
    par: str = ""
    error_page: str = "/authenticationendpoint/oauth2_error.do"
    vneid_logout: str = "/api/idp/third-party/logout"


_REALM = "/auth/realms/citizen"
_KEYCLOAK = f"{_REALM}/protocol/openid-connect"
PATHS: Mapping[Mode, Addresses] = {
    Mode.P1: Addresses(
        authorize="/oauth2/authorize",
        token="/oauth2/token",  # noqa: S106 - a path
        userinfo="/oauth2/userinfo",
        keys="/oauth2/jwks",
        logout="/oidc/logout",
        discovery="/oauth2/token/.well-known/openid-configuration",
        introspect="/oauth2/introspect",
        revoke="/oauth2/revoke",
        par="/oauth2/par",
    ),
} | {
    mode: Addresses(
        authorize="/auth",
        token=f"{_KEYCLOAK}/token",
        userinfo=f"{_KEYCLOAK}/userinfo",
        keys=f"{_KEYCLOAK}/certs",
        logout=f"{_KEYCLOAK}/logout",
        discovery=f"{_REALM}/.well-known/openid-configuration",
    )
    for mode in (Mode.P2, Mode.P3)
}


@dataclass(frozen=True, slots=True)
class Call:
    """A request as the desk needs it. Parameters are decoded, in order, from query or form."""

    parameters: Sequence[tuple[str, str]]
    content_type: str = ""
    authorization: str = ""
    cookie: str = ""

    def get(self, name: str) -> str:
        """Give the only value of a parameter, "" when it is absent or repeated."""
        found = [value for key, value in self.parameters if key == name]
        return found[0] if len(found) == 1 else ""


class Refused(Exception):
    """The request is answered with an OAuth error."""

    def __init__(self, http_status: int, error: str) -> None:
        super().__init__(error)
        self.answer = document({"error": error}, http_status)


def document(value: object, http_status: int = 200, **headers: str) -> Answer:
    """Give a JSON answer."""
    body = json.dumps(value, ensure_ascii=False).encode()
    return Answer(body, http_status, "application/json", {"Cache-Control": "no-store", **headers})


def html(body: bytes, http_status: int = 200) -> Answer:
    """Give a page."""
    return Answer(body, http_status, _HTML, {"Cache-Control": "no-store"})


def see(address: str, cookie: str = "") -> Answer:
    """Send the browser on."""
    headers = {"Location": address}
    if cookie:
        headers["Set-Cookie"] = cookie
    return Answer(b"", 302, _HTML, headers)


class Core:
    """One profile over one state."""

    def __init__(self, profile: IdentityProfile, state: SignOnState) -> None:
        self.profile = profile
        self.state = state
        self.base_url = ""
        """The sandbox's own address; set once it listens."""

    @property
    def paths(self) -> Addresses:
        return PATHS[self.profile.mode]

    @property
    def issuer(self) -> str:
        if self.profile.issuer:
            return self.profile.issuer
        # P1: WSO2's default. VNeID: an address from behind the public host, as seen (§6.1).
        return (
            f"{self.base_url}/oauth2/token"
            if self.profile.mode is Mode.P1
            else ("http://sso-internal.vneid.test:8080/auth/realms/citizen")
        )

    def strikes(self, grant: Grant, stage: Stage) -> Attack | None:
        """Give the attack on this grant when it strikes here, and note it."""
        attack = grant.attack
        if attack is None or ROWS[attack].stage is not stage:
            return None
        self.state.attacks.note(attack)
        return attack

    def client(self, call: Call) -> Client:
        """Give the client that proves itself by header or form. Raises Refused."""
        client_id, secret = call.get("client_id"), call.get("client_secret")
        if call.authorization.lower().startswith("basic "):
            decoded = base64.b64decode(call.authorization[6:], validate=False).decode("utf-8", "replace")
            client_id, _, secret = (unquote(part) for part in decoded.partition(":"))
        client = self.profile.client(client_id)
        if client is None or not hmac.compare_digest(client.client_secret.encode(), secret.encode()):
            self.state.counts["client_refused"] += 1
            raise Refused(401, "invalid_client")
        return client
