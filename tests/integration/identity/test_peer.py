"""The gateway against a certified OpenID provider that other people wrote: does it take right what is right?"""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest

from adapters.identity import run_checks
from gateway.demo.browser import Arrived, Browser, Page
from gateway.vault.keyring import FileKeyRing
from tests.support.identity import LOGOUT_RETURN, RETURN, Attempt, ProvincePortal, merged, new_browser, province_portal
from tests.support.oidc_peer import Peer, running_peer

PEOPLE = {
    "citizen": {
        "acr": "LoA2",
        "amr": ["pwd", "otp"],
        "claims": {
            "HoVaTen": "Nguyễn Thị Thử",
            "SoDinhDanh": "999195000017",
            "NgayThangNamSinh": "19/02/1995",
            "LoaiTaiKhoan": "1",
            "loginIdp": "BCA",
            "TechID": "0190c3de-7a54-7c3a-9f7d-1c1c8f0e1a11",
        },
    },
    "weak": {
        "acr": "LoA1",
        "amr": ["pwd"],
        "claims": {
            "HoVaTen": "Trần Văn Thử",
            "SoDinhDanh": "999085000028",
            "NgayThangNamSinh": "01/01/1985",
            "LoaiTaiKhoan": "1",
            "loginIdp": "BCA",
        },
    },
}
SECRET = "a-secret-of-the-test-registration"


class Setup:
    """A province's portal in front of the certified provider."""

    def __init__(self, province: ProvincePortal, peer: Peer, browser: Browser) -> None:
        self.province = province
        self.peer = peer
        self.browser = browser

    async def sign_in(self, account: str, **wishes: Any) -> tuple[Attempt, Page | Arrived]:
        """Walk through a sign-in as a person does."""
        attempt = await self.province.begin(**wishes)
        page = await self.browser.open(attempt.start_url)
        if isinstance(page, Page):
            page = await self.browser.submit(page, account=account)
        return attempt, page


@contextlib.asynccontextmanager
async def set_up(
    pool: Any,
    key_ring: FileKeyRing,
    folder: Path,
    *,
    client: dict[str, Any] | None = None,
    identity: dict[str, Any] | None = None,
    **changes: Any,
) -> AsyncIterator[Setup]:
    started: list[Peer] = []

    @contextlib.asynccontextmanager
    async def sections(public: str) -> AsyncIterator[list[dict[str, Any]]]:
        callback = f"{public}/callbacks/identity/certified"
        registration = {
            "client_id": "province-portal",
            "client_secret": SECRET,
            "redirect_uris": [callback],
            "post_logout_redirect_uris": [f"{callback}/logged-out"],
            "token_endpoint_auth_method": "client_secret_post",
            "backchannel_logout_uri": f"{callback}/backchannel-logout",
            "backchannel_logout_session_required": True,
            **(client or {}),
        }
        async with running_peer(clients=[registration], people=PEOPLE) as peer:
            started.append(peer)
            section = {
                "name": "certified",
                "profile": "dvcqg",
                "issuer": peer.url,
                "authorize_url": f"{peer.url}/oauth2/authorize",
                "token_url": f"{peer.url}/oauth2/token",
                "userinfo_url": f"{peer.url}/oauth2/userinfo",
                "jwks_url": f"{peer.url}/oauth2/jwks",
                "discovery_url": f"{peer.url}/.well-known/openid-configuration",
                "client_id": "province-portal",
                "client_secret": SECRET,
                "redirect_uri": callback,
                "enforces_pkce": True,
                "requires_issuer_parameter": True,
                "acr_values": ["LoA2", "LoA1"],
                "levels": {"acr_levels": {"LoA1": 1, "LoA2": 3}},
                "logout": {
                    "end_session_url": f"{peer.url}/oidc/logout",
                    "return_url": f"{callback}/logged-out",
                    "takes_backchannel": True,
                },
                "agreement_id": "TEST-01",
                "purpose": "Tests",
                "is_test": True,
            }
            yield [merged(section, changes, peer=peer.url)]

    async with (
        province_portal(pool, key_ring, make_sections=sections, folder=folder, **(identity or {})) as province,
        new_browser() as browser,
    ):
        yield Setup(province, started[0], browser)


def verified(setup: Setup, keys: dict[str, Any], assertion: str) -> dict[str, Any]:
    """Verify an assertion with another library than the one that made it."""
    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(assertion)["kid"]]
    claims: dict[str, Any] = jwt.decode(
        assertion, key, algorithms=["ES256"], audience="one-stop", issuer=setup.province.desk.public_base_url
    )
    return claims


async def test_sign_in_and_assertion(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A citizen of the certified provider signs in; the portal gets one assertion, which others can verify."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        attempt, arrived = await setup.sign_in("citizen")
        answered = await setup.province.redeem(attempt, arrived)
        keys = (await setup.province.api.get("/v1/identity/keys")).json
        claims = verified(setup, keys, answered.json["assertion"])
        again = await setup.province.redeem(attempt, arrived)

    assert 200 == answered.status
    assert "999195000017" == claims["personal_id"]
    assert "Nguyễn Thị Thử" == claims["full_name"]
    assert ("citizen", 3, "nonce+pkce") == (
        claims["account_kind"],
        claims["authentication_level"],
        claims["binding"],
    )
    assert "code-not-redeemable" == again.problem


async def test_pushed_authorization_request(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """With PAR the browser's address holds a reference and the client's name, and nothing of the sign-in."""
    registration = {"require_pushed_authorization_requests": True}
    async with set_up(pool, key_ring, tmp_path, client=registration, par_url="{peer}/oauth2/par") as setup:
        attempt = await setup.province.begin()
        page = await setup.browser.open(attempt.start_url)
        arrived = await setup.browser.submit(page, account="citizen")
        answered = await setup.province.redeem(attempt, arrived)

    # The provider refuses whatever was not pushed, so the visit to it is seen in what it gave.
    [visited] = [url for url in page.visited if urlsplit(url).path == "/oauth2/authorize"]
    told = dict(parse_qsl(urlsplit(visited).query))
    assert {"client_id", "request_uri"} == told.keys()
    assert told["request_uri"].startswith("urn:ietf:params:oauth:request_uri:")
    assert not any("state=" in url or "nonce=" in url or "code_challenge=" in url for url in page.visited)
    assert isinstance(arrived, Arrived)
    assert 200 == answered.status


async def test_basic_authentication_of_the_client(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A provider that wants the secret in a header gets it there."""
    registration = {"token_endpoint_auth_method": "client_secret_basic"}
    async with set_up(
        pool, key_ring, tmp_path, client=registration, client_authentication="client_secret_basic"
    ) as setup:
        attempt, arrived = await setup.sign_in("citizen")
        answered = await setup.province.redeem(attempt, arrived)

    assert 200 == answered.status


async def test_wrong_client_secret_is_a_fault_of_the_configuration(
    pool: Any, key_ring: FileKeyRing, tmp_path: Path
) -> None:
    """The citizen is told that it is not their fault; the operator, that the client is refused."""
    async with set_up(pool, key_ring, tmp_path, client_secret="another") as setup:
        _, arrived = await setup.sign_in("citizen")
        evidence = await setup.province.refused_evidence()

    assert isinstance(arrived, Arrived)
    assert "EID_CONFIGURATION" == arrived.query["error"]
    assert [("EID_CONFIGURATION", "client_refused")] == evidence


async def test_cancelling(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Whoever cancels comes back to the portal, and no sign-in exists."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        attempt = await setup.province.begin()
        page = await setup.browser.open(attempt.start_url)
        arrived = await setup.browser.submit(page, cancel="yes")
        evidence = await setup.province.refused_evidence()

    assert isinstance(arrived, Arrived)
    assert {"error": "EID_CANCELLED", "state": attempt.state} == arrived.query
    assert "EID_CANCELLED" == evidence[0][0]


async def test_silence_falls_back_to_asking_once(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Nobody is signed in at the provider: a silent wish asks after all; with a session it asks nothing."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        first, asked = await setup.sign_in("citizen", is_silent=True)
        first_answer = await setup.province.redeem(first, asked)
        second = await setup.province.begin(is_silent=True)
        unasked = await setup.browser.open(second.start_url)
        second_answer = await setup.province.redeem(second, unasked)
        evidence = await setup.province.refused_evidence()

    assert (200, 200) == (first_answer.status, second_answer.status)
    assert ["EID_LOGIN_REQUIRED", "signed_in", "signed_in"] == [outcome for outcome, _ in evidence]


async def test_silence_without_falling_back(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A portal that only wants to know is told that the citizen would have to be asked."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        attempt = await setup.province.begin(is_silent=True, falls_back=False)
        arrived = await setup.browser.open(attempt.start_url)

    assert isinstance(arrived, Arrived)
    assert "EID_LOGIN_REQUIRED" == arrived.query["error"]


async def test_level_too_low_and_step_up(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """An account that cannot reach the wanted level is refused; one that can is asked anew and gets through."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        _, refused = await setup.sign_in("weak", requirement={"authentication_level": 3})
        async with new_browser() as other:
            setup.browser = other
            attempt, arrived = await setup.sign_in(
                "citizen", requirement={"authentication_level": 3, "max_age_seconds": 60}, is_anew=True
            )
            answered = await setup.province.redeem(attempt, arrived)

    assert isinstance(refused, Arrived)
    assert "EID_LEVEL_TOO_LOW" == refused.query["error"]
    assert 3 == answered.json["sign_in"]["authentication_level"]


async def test_rotated_keys(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A key that the provider began to use since is looked for once, and signs its citizens in."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        attempt, arrived = await setup.sign_in("citizen")
        before = await setup.province.redeem(attempt, arrived)
        await setup.peer.control("POST", "keys/announce")
        await setup.peer.control("POST", "keys/use")
        await setup.peer.control("POST", "keys/withdraw")
        async with new_browser() as other:
            setup.browser = other
            attempt, arrived = await setup.sign_in("citizen")
            after = await setup.province.redeem(attempt, arrived)
        keys = setup.province.adapters["certified"].keys

    assert (200, 200) == (before.status, after.status)
    assert (2, 1) == (keys.refreshes_count, keys.unknown_count)


@pytest.mark.parametrize("method", ["redirect", "redirect_without_token"])
async def test_logout_at_the_provider_and_back(pool: Any, key_ring: FileKeyRing, tmp_path: Path, method: str) -> None:
    """The sign-in ends at once; the browser then ends the provider's session and comes back to the portal.

    This provider takes no logout by form unless its cookies are sent across sites; the sandbox's test has that one.
    """
    async with set_up(pool, key_ring, tmp_path, logout={"method": method}) as setup:
        attempt, arrived = await setup.sign_in("citizen")
        sign_in = (await setup.province.redeem(attempt, arrived)).json["sign_in"]
        order = {"sign_in_id": sign_in["sign_in_id"], "return_to": LOGOUT_RETURN, "state": "s1"}
        ended = await setup.province.api.call("POST", "/v1/identity/logouts", body=order)
        theirs = await setup.browser.open(ended.json["logout_url"])
        back = await setup.browser.submit(theirs, logout="yes")
        path = f"/v1/identity/sign-ins/{sign_in['sign_in_id']}:introspect"
        look = await setup.province.api.call("POST", path, body={})
        page = await setup.browser.open((await setup.province.begin()).start_url)

    assert isinstance(back, Arrived)
    assert (LOGOUT_RETURN, {"state": "s1"}) == (back.url.partition("?")[0], back.query)
    assert look.json["is_active"] is False
    assert isinstance(page, Page), "the provider knows the citizen no more, and asks"
    with_token = [address for address in theirs.visited if "id_token_hint" in address]
    assert (method == "redirect") == bool(with_token)


async def test_backchannel_logout(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """When the citizen signs out elsewhere, the provider tells, and the sign-in is over."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        attempt, arrived = await setup.sign_in("citizen")
        sign_in = (await setup.province.redeem(attempt, arrived)).json["sign_in"]
        path = f"/v1/identity/sign-ins/{sign_in['sign_in_id']}:introspect"
        before = await setup.province.api.call("POST", path, body={})
        page = await setup.browser.open(f"{setup.peer.url}/oidc/logout")
        await setup.browser.submit(page, logout="yes")
        after = await setup.province.api.call("POST", path, body={})

    assert (True, False) == (before.json["is_active"], after.json["is_active"])


async def test_discovery_agrees_with_the_settings(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """The self-check reads the provider's own description and finds nothing that contradicts the settings."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        findings = await run_checks(setup.province.adapters["certified"])

    assert 3 == len(findings)
    assert [] == [finding for finding in findings if not finding.is_ok]


async def test_discovery_that_contradicts_the_settings_is_told(
    pool: Any, key_ring: FileKeyRing, tmp_path: Path
) -> None:
    """What the provider publishes is compared and never followed."""
    async with set_up(pool, key_ring, tmp_path, issuer="https://somebody-else.example") as setup:
        findings = await run_checks(setup.province.adapters["certified"])

    assert ["differs from the settings: issuer"] == [finding.detail for finding in findings if not finding.is_ok]


@pytest.mark.parametrize("account", ["citizen", "weak"])
async def test_return_address_is_the_portals(pool: Any, key_ring: FileKeyRing, tmp_path: Path, account: str) -> None:
    """The browser comes back with a code and the portal's own state, and with nothing of the person."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        attempt, arrived = await setup.sign_in(account)

    assert isinstance(arrived, Arrived)
    assert arrived.url.startswith(RETURN + "?")
    assert {"code", "state"} == set(arrived.query)
    assert attempt.state == arrived.query["state"]
    assert 43 == len(arrived.query["code"])
