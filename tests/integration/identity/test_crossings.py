"""Codes of one sign-in in another one, addresses of the portal that are none, words of levels that nobody knows."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp
import pytest

from adapters.identity.sandbox import Mode
from gateway.demo.browser import Arrived, Page
from gateway.vault.keyring import FileKeyRing
from tests.support.identity import RETURN
from tests.support.sign_on import SignOn, sign_on


async def callback_of(setup: SignOn, person: str) -> dict[str, str]:
    """Begin a sign-in; give the parameters of a callback that the browser has not followed."""
    page = await setup.browser.open((await setup.province.begin()).start_url)
    assert isinstance(page, Page)
    action, hidden = page.forms[0]
    form = hidden | {"person": person, "action": "sign_in"}
    async with aiohttp.ClientSession() as session, session.post(action, data=form, allow_redirects=False) as answer:
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


@pytest.mark.parametrize(
    ("verifies_pkce", "expected"),
    [(False, ("EID_NONCE_MISMATCH", "nonce")), (True, ("EID_PROVIDER_ERROR", "invalid_grant"))],
)
@pytest.mark.parametrize("mode", [Mode.P1, Mode.P2])
async def test_n63_nonce_of_another_transaction(
    pool: Any, key_ring: FileKeyRing, tmp_path: Path, mode: Mode, verifies_pkce: bool, expected: tuple[str, str]
) -> None:
    """Somebody else's code in one's own callback: refused by the provider that holds verifiers against challenges, and
    by the nonce where the provider does not."""
    async with sign_on(pool, key_ring, tmp_path, mode, profile={"verifies_pkce": verifies_pkce}) as setup:
        mine, theirs = await callback_of(setup, "citizen-2"), await callback_of(setup, "citizen-1")
        base = f"{setup.province.api.url}/callbacks/identity/national"
        arrived = await setup.browser.open(f"{base}?{urlencode(mine | {'code': theirs['code']})}")
        evidence = await setup.province.refused_evidence()

    assert theirs["code"] != mine["code"]
    assert isinstance(arrived, Arrived)
    assert expected[0] == arrived.query["error"]
    assert [expected] == evidence
    assert 0 == await pool.fetchval("SELECT count(*) FROM sign_ins")


async def test_n14_return_addresses_that_look_right(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Whatever browsers, proxies or people might take for the registered address is not it; nor is that of another
    client, nor the one for after a logout."""
    theirs = "https://theirs.example/signed-in"
    clients = {
        "one-stop": {"returns": [RETURN], "logout_returns": ["http://127.0.0.1:9/portal/signed-out"]},
        "another-portal": {"returns": [theirs]},
    }
    addresses = (
        "https%3A%2F%2Fevil.example%2F",
        "%2F%2Fevil.example",
        "\\/\\/evil.example",
        "///evil.example",
        "javascript:alert(1)",
        RETURN.replace("127.0.0.1:9", "evil.example"),
        RETURN.replace("//", "//evil.example@"),
        RETURN.replace(":9/", ":9@evil.example/"),
        RETURN.replace(":9/", ":9\\@evil.example/"),
        RETURN.replace("http:", "https:"),
        RETURN + "/../evil",
        RETURN + "/",
        RETURN + "#evil",
        RETURN + "\t",
        RETURN + "\n",
        RETURN + "%0d%0aLocation:%20https://evil.example",
        RETURN + "\u2028",
        " " + RETURN,
        "\ufeff" + RETURN,
        "http://127.0.0.1:9/portal/signed-out",
        theirs,
    )
    async with sign_on(pool, key_ring, tmp_path, identity={"clients": clients}) as setup:
        answers = {}
        for address in addresses:
            body = {"provider": "national", "return_to": address, "code_challenge": "a" * 43}
            answered = await setup.province.api.call("POST", "/v1/identity/logins", body=body)
            answers[address] = (answered.status, answered.fields, b"evil" in answered.body)
        begun_count = await pool.fetchval("SELECT count(*) FROM sign_in_flights")
        attempt, arrived = await setup.sign_in()
        right = await setup.province.redeem(attempt, arrived)

    assert dict.fromkeys(addresses, (422, ["/return_to"], False)) == answers
    assert 0 == begun_count
    assert 200 == right.status


@pytest.mark.parametrize(
    ("profile", "level", "alerts"),
    [
        ({"extra_claims": {"IAL": 7}}, "0", {"identity_level_unknown": 1}),
        ({"extra_claims": {"IAL": "cao"}}, "0", {"identity_level_unknown": 1}),
        ({"omitted_claims": ["IAL"]}, "1", {}),
        ({"acr": "urn:nobody:knows", "amr": ["telepathy"]}, "2", {}),
    ],
)
async def test_n88_levels_that_nobody_knows(
    pool: Any, key_ring: FileKeyRing, tmp_path: Path, profile: dict[str, Any], level: str, alerts: dict[str, int]
) -> None:
    """A value of the level claim that no table knows counts as none and calls an operator; no claim, and words of `acr`
    and `amr`, call nobody."""
    async with sign_on(pool, key_ring, tmp_path, Mode.P2, profile=profile) as setup:
        attempt, arrived = await setup.sign_in()
        sign_in = (await setup.province.redeem(attempt, arrived)).json["sign_in"]

        assert alerts == setup.province.alerts()
    assert (level, 0) == (sign_in["identity_level"], sign_in["authentication_level"])


async def test_client_that_is_refused_calls_an_operator(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A wrong secret is nobody's fault but the configuration's."""
    async with sign_on(pool, key_ring, tmp_path, client_secret="another") as setup:
        _, arrived = await setup.sign_in()

        assert {"identity_configuration": 1} == setup.province.alerts()
        assert {("EID_CONFIGURATION", "client_refused"): 1} == setup.province.counted()
    assert isinstance(arrived, Arrived)
    assert "EID_CONFIGURATION" == arrived.query["error"]
