"""Providers that are slow, away, rate-limited or cut off, a store that fails (notes §17)."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from adapters.identity.sandbox import Mode
from gateway.demo.browser import Arrived, Page
from gateway.errors import StoreUnavailable
from gateway.vault.keyring import FileKeyRing
from tests.support.identity import new_browser
from tests.support.sign_on import SignOn, sign_on


async def arm(setup: SignOn, **fault: Any) -> None:
    await setup.control("POST", "faults", {"action": "add", "faults": [fault]})


async def count(setup: SignOn, operation: str) -> int:
    return int((await setup.control("GET", "counters"))["by_operation"].get(operation, 0))


async def ordinary(setup: SignOn) -> int:
    async with new_browser() as browser:
        setup.browser = browser
        attempt, arrived = await setup.sign_in()
        return (await setup.province.redeem(attempt, arrived)).status


@pytest.mark.parametrize("mode", [Mode.P1, Mode.P3])
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "stall_before_work", "delay_seconds": 3.0},
        {"kind": "stall_before_body", "delay_seconds": 3.0},
        {"kind": "slow_trickle", "delay_seconds": 3.0},
        {"kind": "drop_reply"},
        {"kind": "reset_mid_answer"},
        {"kind": "server_error"},
        {"kind": "rate_limited"},
        {"kind": "maintenance"},
        {"kind": "html_page"},
        {"kind": "malformed_json"},
    ],
    ids=lambda fault: str(fault["kind"]),
)
async def test_n22_n23_code_is_never_sent_twice(
    pool: Any, key_ring: FileKeyRing, tmp_path: Path, mode: Mode, fault: dict[str, Any]
) -> None:
    """Whatever happens to the exchange of a code, the code is not sent again; the citizen may begin again at once."""
    async with sign_on(pool, key_ring, tmp_path, mode, total_seconds=1.0) as setup:
        await arm(setup, **fault, operation="token", calls=1)
        _, arrived = await setup.sign_in()
        counters = await setup.control("GET", "counters")
        # Longer than any patience that was asked for.
        setup.province.clock.move(61)
        setup.sandbox.state.clock.ahead_seconds += 61

        assert isinstance(arrived, Arrived)
        assert arrived.query["error"] in ("EID_PROVIDER_UNAVAILABLE", "EID_PROVIDER_ERROR")
        assert 1 == counters["by_operation"]["token"]
        assert 0 == counters["sign_on"].get("codes_tried_again", 0)
        assert 200 == await ordinary(setup)


async def test_userinfo_is_asked_for_once_more(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Reading who somebody is may be repeated once, and then it is a failure."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        await arm(setup, kind="server_error", operation="userinfo", calls=1)
        first = await ordinary(setup)
        await arm(setup, kind="server_error", operation="userinfo", calls=2)
        async with new_browser() as browser:
            setup.browser = browser
            _, arrived = await setup.sign_in()

        assert 200 == first
        assert isinstance(arrived, Arrived)
        assert "EID_PROVIDER_UNAVAILABLE" == arrived.query["error"]
        assert 4 == await count(setup, "userinfo")


async def test_n181_rate_limit(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A provider that asks for patience gets it, for as long as it asks, and citizens are told so at once."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        await arm(setup, kind="rate_limited", operation="token", retry_after_seconds=30, calls=1)
        _, first = await setup.sign_in()
        page = await setup.browser.open((await setup.province.begin()).start_url)
        asked = await count(setup, "token")
        setup.province.clock.move(31)
        setup.sandbox.state.clock.ahead_seconds += 31

        assert isinstance(first, Arrived)
        assert "EID_PROVIDER_UNAVAILABLE" == first.query["error"]
        assert isinstance(page, Page)
        assert 503 == page.status
        assert 1 == asked
        assert 200 == await ordinary(setup)


async def test_n182_store_fails_before_the_sign_in_is_kept(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Between the consumed flight and the kept sign-in the store goes away: no half sign-in, and a new one works."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        store = setup.province.desk.sign_ins.store
        right = store.conclude

        async def fail(*_: Any) -> None:
            raise StoreUnavailable("away")

        attempt = await setup.province.begin()
        page = await setup.browser.open(attempt.start_url)
        store.conclude = fail  # type: ignore[method-assign, assignment]
        shown = await setup.browser.submit(page, person="citizen-2", action="sign_in")
        store.conclude = right  # type: ignore[method-assign]

        assert isinstance(shown, Page)
        assert 503 == shown.status
        assert 0 == await pool.fetchval("SELECT count(*) FROM sign_ins")
        assert 0 == await pool.fetchval("SELECT count(*) FROM account_links")
        assert 200 == await ordinary(setup)


async def test_n180_slow_provider_does_not_hold_up_the_signed_in(
    pool: Any, key_ring: FileKeyRing, tmp_path: Path
) -> None:
    """While twenty sign-ins hang at the provider, those who are signed in are answered as ever."""
    async with sign_on(pool, key_ring, tmp_path, total_seconds=30.0) as setup:
        attempt, arrived = await setup.sign_in()
        sign_in = (await setup.province.redeem(attempt, arrived)).json["sign_in"]
        await arm(setup, kind="stall_before_work", operation="token", delay_seconds=60.0, calls=100)

        async def hang() -> None:
            async with new_browser() as browser:
                page = await browser.open((await setup.province.begin()).start_url)
                await browser.submit(page, person="citizen-1", action="sign_in")

        hanging = [asyncio.create_task(hang()) for _ in range(20)]
        try:
            async with asyncio.timeout(20):
                while await count(setup, "token") < 1 + len(hanging):  # noqa: ASYNC110 - over there
                    await asyncio.sleep(0.01)
            path = f"/v1/identity/sign-ins/{sign_in['sign_in_id']}:introspect"
            looks = [await setup.province.api.call("POST", path, body={}) for _ in range(20)]
            still_hanging_count = sum(not one.done() for one in hanging)
        finally:
            for one in hanging:
                one.cancel()
            await asyncio.gather(*hanging, return_exceptions=True)

    assert [True] * 20 == [look.json["is_active"] for look in looks]
    assert 20 == still_hanging_count, "nobody waited for those who hang"
