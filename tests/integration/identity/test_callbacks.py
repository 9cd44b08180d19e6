"""Callbacks that nobody should be able to make: unknown, late, repeated, crossed, in another browser, too large."""

import asyncio
import contextlib
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp
import pytest

from adapters.identity.sandbox import Mode
from gateway.demo.browser import Arrived, Page
from gateway.vault.keyring import FileKeyRing
from tests.support.identity import RETURN, new_browser
from tests.support.sign_on import SignOn, sign_on


async def callback_of(setup: SignOn, **wishes: Any) -> str:
    """Begin a sign-in and give the callback address, which the browser has not followed."""
    attempt = await setup.province.begin(**wishes)
    page = await setup.browser.open(attempt.start_url)
    assert isinstance(page, Page)
    action, hidden = page.forms[0]
    form = hidden | {"person": "citizen-2", "action": "sign_in"}
    async with aiohttp.ClientSession() as session, session.post(action, data=form, allow_redirects=False) as answer:
        return answer.headers["Location"]


def refused(page: Page | Arrived, eid: str) -> None:
    assert isinstance(page, Page)
    assert 400 == page.status
    assert eid in page.html
    assert "no-referrer" == page.headers["Referrer-Policy"]
    assert "no-store" == page.headers["Cache-Control"]


async def calls_of(setup: SignOn, operation: str) -> int:
    counters = await setup.control("GET", "counters")
    return int(counters["by_operation"].get(operation, 0))


async def test_n01_unknown_state(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """An invented state is refused before anybody is asked, and fills no table."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        base = setup.province.api.url + "/callbacks/identity/national"
        page = await setup.browser.open(
            f"{base}?{urlencode({'code': secrets.token_urlsafe(32), 'state': secrets.token_urlsafe(32)})}"
        )

        refused(page, "EID_STATE_INVALID")
        assert [] == await setup.province.refused_evidence()
        assert 0 == await calls_of(setup, "token")
        assert 1 == setup.province.counted()[("EID_STATE_INVALID", "no_such_state")]


async def test_refusals_of_a_flight_leave_few_lines(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Whoever calls one address again and again is refused and counted each time, and fills no table."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        address = await callback_of(setup)
        await setup.browser.open(address)
        for _ in range(20):
            refused(await setup.browser.open(address), "EID_TRANSACTION_REPLAYED")
        evidence = await setup.province.refused_evidence()

        assert 20 == setup.province.counted()[("EID_TRANSACTION_REPLAYED", "state_used")]
        assert [("EID_TRANSACTION_REPLAYED", "state_used")] * 5 == evidence[1:]


async def test_provider_away_before_the_browser_leaves(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A pushed request that fails is told to the citizen, and counted like a callback that fails."""
    async with sign_on(pool, key_ring, tmp_path, par_url="http://127.0.0.1:9/par") as setup:
        page = await setup.browser.open((await setup.province.begin()).start_url)

        assert isinstance(page, Page)
        assert 503 == page.status
        assert 1 == setup.province.counted()[("EID_PROVIDER_UNAVAILABLE", "no_connection")]


async def test_n02_expired_state(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Ten minutes after its beginning a sign-in is over."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        address = await callback_of(setup)
        setup.province.clock.move(601)
        page = await setup.browser.open(address)

        refused(page, "EID_TRANSACTION_EXPIRED")
        assert 0 == await calls_of(setup, "token")


async def test_n03_callback_twice(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """The second of two equal callbacks is refused; the sign-in of the first one stays."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        address = await callback_of(setup)
        first = await setup.browser.open(address)
        second = await setup.browser.open(address)

        assert isinstance(first, Arrived)
        refused(second, "EID_TRANSACTION_REPLAYED")
        assert 1 == await calls_of(setup, "token")
        assert 1 == await pool.fetchval("SELECT count(*) FROM sign_ins WHERE ended_at IS NULL")


async def test_n03_callback_twenty_times_at_once(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Of many equal callbacks at the same moment one wins."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        address = await callback_of(setup)
        ends = await asyncio.gather(*(setup.browser.open(address) for _ in range(20)))

        assert 1 == sum(isinstance(end, Arrived) for end in ends)
        assert 1 == await calls_of(setup, "token")


async def test_n04_another_browser(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A callback in a browser that did not begin is refused, and the one that began may still come back."""
    async with sign_on(pool, key_ring, tmp_path) as setup, new_browser() as victim:
        address = await callback_of(setup)
        page = await victim.open(address)
        own = await setup.browser.open(address)

        refused(page, "EID_BROWSER_MISMATCH")
        assert isinstance(own, Arrived)


async def test_n05_cookie_of_another_transaction(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """The cookie of another browser's sign-in opens nothing."""
    async with sign_on(pool, key_ring, tmp_path) as setup, new_browser() as other:
        address = await callback_of(setup)
        await other.open((await setup.province.begin()).start_url)
        page = await other.open(address)

        refused(page, "EID_BROWSER_MISMATCH")
        assert 0 == await calls_of(setup, "token")


@pytest.mark.parametrize("method", ["POST", "PUT", "HEAD"])
async def test_n13_other_methods(pool: Any, key_ring: FileKeyRing, tmp_path: Path, method: str) -> None:
    """Only what is configured for the provider is a callback."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        address = await callback_of(setup)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        path = urlsplit(address).path + "?" + urlsplit(address).query
        answered = await setup.province.api.call(method, path, body=b"code=a&state=b", headers=form)

        assert answered.status in (404, 405)
        assert 0 == await calls_of(setup, "token")


async def test_n13_form_post_where_configured(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """With `uses_form_post` the form is the callback, and the query is none."""
    async with sign_on(pool, key_ring, tmp_path, uses_form_post=True) as setup:
        address = await callback_of(setup)
        by_query = await setup.browser.open(address)
        fields = dict(pair.split("=", 1) for pair in urlsplit(address).query.split("&"))
        by_form = await setup.browser.post(address.partition("?")[0], fields)

        assert isinstance(by_query, Page)
        assert 405 == by_query.status
        assert isinstance(by_form, Arrived)
        assert "code" in by_form.query


async def test_n12_endless_query(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Ten megabytes of query are cut off by the server, and the next caller is served."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        written = await _write_until_cut_off(setup.province.api.port)
        attempt, arrived = await setup.sign_in()
        answered = await setup.province.redeem(attempt, arrived)

        assert written < 10_000_000
        assert 200 == answered.status


async def _write_until_cut_off(port: int) -> int:
    """Send a query of ten megabytes; give how much of it went out before the server hung up."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /callbacks/identity/national?state=x&code=")
    written = 0
    with contextlib.suppress(ConnectionError):
        for _ in range(100):
            writer.write(b"c" * 100_000)
            await writer.drain()
            await asyncio.sleep(0.001)
            written += 100_000
    writer.close()
    return written


@pytest.mark.parametrize(
    "return_to",
    [
        "https://evil.example/",
        "//evil.example/",
        "\\\\evil.example",
        "/portal",
        RETURN + "?x=1",
        RETURN + "%0d%0aSet-Cookie:x=1",
        RETURN + "\r\nSet-Cookie: x=1",
        RETURN.upper(),
        "",
    ],
)
async def test_n14_return_address(pool: Any, key_ring: FileKeyRing, tmp_path: Path, return_to: str) -> None:
    """A browser is sent back to a registered address, sign for sign, or the sign-in never begins."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        body = {"provider": "national", "return_to": return_to, "code_challenge": "a" * 43}
        answered = await setup.province.api.call("POST", "/v1/identity/logins", body=body)

    assert 422 == answered.status
    assert ["/return_to"] == answered.fields
    assert b"evil" not in answered.body


async def test_n06_mix_up(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A state of one provider is worth nothing at another one's callback, and no other provider gets the code."""
    from tests.integration.identity.test_two_providers import two_providers

    async with two_providers(pool, key_ring, tmp_path) as (first, second):
        address = await callback_of(first)
        crossed = address.replace("/callbacks/identity/first", "/callbacks/identity/second")
        page = await first.browser.open(crossed)
        right = await first.browser.open(address)

        refused(page, "EID_STATE_INVALID")
        assert 0 == await calls_of(second, "token")
        assert isinstance(right, Arrived)


async def test_n07_issuer_of_another_provider(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A callback that says it comes from another issuer is refused before the code is sent anywhere."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        address = await callback_of(setup)
        arrived = await setup.browser.open(address + "&iss=https%3A%2F%2Fanother.example")

        assert isinstance(arrived, Arrived)
        assert "EID_ISSUER_MISMATCH" == arrived.query["error"]
        assert 0 == await calls_of(setup, "token")


async def test_browser_that_starts_twice(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A start address works once: whoever finds it in a history begins nothing."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        attempt = await setup.province.begin()
        await setup.browser.open(attempt.start_url)
        page = await setup.browser.open(attempt.start_url)

        refused(page, "EID_TRANSACTION_REPLAYED")


async def test_code_needs_the_verifier_and_its_client(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A code that leaks is worth nothing to another client, nor without the verifier; and then to nobody any more."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        attempt, arrived = await setup.sign_in()
        other = setup.province.api.with_token(await setup.province.api.register("another-portal"))
        assert isinstance(arrived, Arrived)
        order = {"code": arrived.query["code"], "code_verifier": attempt.verifier}
        foreign = await other.call("POST", "/v1/identity/assertions", body=order)
        wrong = await setup.province.redeem(attempt, arrived, code_verifier="w" * 43)
        right = await setup.province.redeem(attempt, arrived)

    assert ["code-not-redeemable"] * 3 == [answer.problem for answer in (foreign, wrong, right)]


@pytest.mark.parametrize("mode", [Mode.P1, Mode.P3])
async def test_n31_provider_enforces_the_verifier(pool: Any, key_ring: FileKeyRing, tmp_path: Path, mode: Mode) -> None:
    """The challenge that was sent is the one that the code is bound to: another verifier is refused over there."""
    async with sign_on(pool, key_ring, tmp_path, mode) as setup:
        address = await callback_of(setup)
        for grant in setup.sandbox.state.grants.values():
            object.__setattr__(grant.request, "challenge", "x" * 43)
        arrived = await setup.browser.open(address)
        counts = (await setup.control("GET", "counters"))["sign_on"]

    assert isinstance(arrived, Arrived)
    assert "EID_PROVIDER_ERROR" == arrived.query["error"]
    assert 1 == counts["wrong_verifier"]
