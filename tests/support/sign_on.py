"""The simulated sign-on beside a province's portal."""

import contextlib
import itertools
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from adapters.identity.sandbox import IdentitySandbox, KeyRing, Mode, SigningKey, parse_profile, serve
from adapters.sandboxing import RunningSandbox
from gateway.demo.browser import Arrived, Browser, Page
from gateway.ports.basics import KeyRing as GatewayKeyRing
from tests.support.identity import Attempt, ProvincePortal, merged, new_browser, province_portal

CLIENT_ID = "Pq3xExampleExampleExampleExa"
SECRET = "a-secret-of-the-test-registration"
PROFILES = {Mode.P1: "dvcqg", Mode.P2: "vneid_flat", Mode.P3: "vneid_sealed"}
_KEYS: dict[str, Any] = {}


def _cached(name: str, make: Any) -> Any:
    """Keys take long to make; the same ones serve a whole run."""
    if name not in _KEYS:
        _KEYS[name] = make()
    return _KEYS[name]


def provider_keys() -> KeyRing:
    """Give a provider's ring whose keys, one after the other, are the same in every test of a run."""
    numbers = itertools.count()
    return KeyRing(lambda: _cached(f"signing-{next(numbers)}", SigningKey.make))


def envelope_key(name: str = "envelope") -> rsa.RSAPrivateKey:
    """Give a key to which answers are sealed."""
    key: rsa.RSAPrivateKey = _cached(name, lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048))
    return key


def public_pem(key: rsa.RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def write_private(key: rsa.RSAPrivateKey, path: Path) -> Path:
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


@dataclass(slots=True)
class SignOn:
    """A province's portal in front of the simulated sign-on, and a browser."""

    province: ProvincePortal
    sandbox: IdentitySandbox
    running: RunningSandbox
    browser: Browser

    async def sign_in(self, person: str = "citizen-2", **wishes: Any) -> tuple[Attempt, Page | Arrived]:
        """Walk through a sign-in as that person, "" for one who cancels."""
        attempt = await self.province.begin(**wishes)
        page = await self.browser.open(attempt.start_url)
        if isinstance(page, Page) and page.forms and "ticket" in page.forms[0][1]:
            fields = {"person": person, "action": "sign_in"} if person else {"action": "cancel"}
            page = await self.browser.submit(page, **fields)
        return attempt, page

    async def control(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Use the sandbox's control API."""
        url = f"{self.running.control_url}/_sandbox/{path}"
        async with aiohttp.ClientSession() as session, session.request(method, url, json=body) as answer:
            document = await answer.json()
            assert answer.status == 200, document
            return document


def section_of(sandbox: IdentitySandbox, url: str, public: str, name: str, folder: Path) -> dict[str, Any]:
    """Give the gateway's settings for a running sandbox, written out by hand as an operator writes them."""
    mode, callback = sandbox.core.profile.mode, f"{public}/callbacks/identity/{name}"
    realm = f"{url}/auth/realms/citizen/protocol/openid-connect"
    addresses = {
        Mode.P1: {
            "authorize_url": f"{url}/oauth2/authorize",
            "token_url": f"{url}/oauth2/token",
            "userinfo_url": f"{url}/oauth2/userinfo",
            "jwks_url": f"{url}/oauth2/jwks",
            "discovery_url": f"{url}/oauth2/token/.well-known/openid-configuration",
        },
        Mode.P2: {
            "authorize_url": f"{url}/auth",
            "token_url": f"{realm}/token",
            "userinfo_url": f"{realm}/userinfo",
            "jwks_url": f"{realm}/certs",
        },
        Mode.P3: {"authorize_url": f"{url}/auth", "token_url": f"{realm}/token", "userinfo_url": f"{realm}/userinfo"},
    }[mode]
    section: dict[str, Any] = {
        "name": name,
        "profile": PROFILES[mode],
        "issuer": sandbox.core.issuer,
        **addresses,
        "client_id": CLIENT_ID,
        "client_secret": SECRET,
        "redirect_uri": callback,
        "enforces_pkce": True,
        "levels": {"acr_levels": {"LoA1": 1, "LoA2": 3}},
        "logout": {
            "end_session_url": f"{url}/oidc/logout" if mode is Mode.P1 else f"{realm}/logout",
            "return_url": f"{callback}/logged-out",
            "takes_backchannel": mode is not Mode.P3,
            "vneid_prefixes": [f"{url}/api/idp/third-party/logout?"],
        },
        "agreement_id": "TEST-01",
        "purpose": "Tests",
        "is_test": True,
    }
    if mode is Mode.P1:
        section["acr_values"] = ["LoA2"]
    if mode is Mode.P3:
        section["envelope"] = {"private_key_files": [str(write_private(envelope_key(), folder / "envelope.key"))]}
        section["logout"] = {}
    return section


@contextlib.asynccontextmanager
async def running_sign_on(public: str, mode: Mode, name: str, **profile: Any) -> AsyncIterator[tuple[Any, Any]]:
    """Run the simulated sign-on with the province's portal registered."""
    callback = f"{public}/callbacks/identity/{name}"
    client = {
        "client_id": CLIENT_ID,
        "client_secret": SECRET,
        "redirect_uris": [callback],
        "post_logout_redirect_uris": [f"{callback}/logged-out"],
        "backchannel_logout_uri": f"{callback}/backchannel-logout",
        "public_key": public_pem(envelope_key()) if mode is Mode.P3 else "",
    }
    sandbox = IdentitySandbox(parse_profile({"mode": mode.value, "clients": [client], **profile}), ring=provider_keys())
    async with await serve(sandbox) as running:
        yield sandbox, running


@contextlib.asynccontextmanager
async def sign_on(
    pool: Any,
    key_ring: GatewayKeyRing,
    folder: Path,
    mode: Mode = Mode.P1,
    *,
    name: str = "national",
    profile: Mapping[str, Any] | None = None,
    identity: Mapping[str, Any] | None = None,
    make_registrations: Any = None,
    services: Mapping[str, Any] | None = None,
    **changes: Any,
) -> AsyncIterator[SignOn]:
    """Run everything. `profile` is the sandbox's, `identity` the rest of the gateway's section, `changes` the
    provider's section's; `make_registrations` runs consent hubs as well."""
    started: list[tuple[IdentitySandbox, RunningSandbox]] = []

    @contextlib.asynccontextmanager
    async def sections(public: str) -> AsyncIterator[list[dict[str, Any]]]:
        async with running_sign_on(public, mode, name, **(profile or {})) as (sandbox, running):
            started.append((sandbox, running))
            yield [merged(section_of(sandbox, running.url, public, name, folder), changes, url=running.url)]

    async with (
        province_portal(
            pool,
            key_ring,
            make_sections=sections,
            folder=folder,
            make_registrations=make_registrations,
            services=services,
            **(identity or {}),
        ) as province,
        new_browser() as browser,
    ):
        yield SignOn(province, *started[0], browser)
