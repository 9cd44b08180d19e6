"""Clocks that are wrong, the provider's and ours: what is refused for it, and what operators see (notes §17 N184)."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from gateway.demo.browser import Arrived
from gateway.vault.keyring import FileKeyRing
from tests.support.identity import new_browser
from tests.support.sign_on import SignOn, sign_on

SIGNED_IN, FROM_THE_FUTURE = ("signed_in", ""), ("EID_TOKEN_INVALID", "issued_in_future")


async def show_wrong_dates(setup: SignOn, seconds: float) -> None:
    """Have the provider write the time in its answers as wrong as its clock is."""
    faults = [
        {"kind": "clock_skew", "operation": operation, "skew_seconds": seconds, "calls": 100}
        for operation in ("token", "userinfo", "keys")
    ]
    await setup.control("POST", "faults", {"action": "add", "faults": faults})


async def attempted(setup: SignOn, *, jump: float = 0.0) -> tuple[str, str]:
    """Sign in with a new browser while our clock jumps before the callback; give how it ended."""
    async with new_browser() as browser:
        attempt, ended = await setup.province.begin(), Counter(setup.province.counted())
        page = await browser.open(attempt.start_url)
        setup.province.clock.jump(jump)
        arrived = await browser.submit(page, person="citizen-2", action="sign_in")
        # Evidence stands by its instants, which jump as well.
        [(outcome, reason)] = (Counter(setup.province.counted()) - ended).elements()
        assert isinstance(arrived, Arrived)
        assert ("code" in arrived.query) == (outcome == "signed_in")
        if outcome == "signed_in":
            assert 200 == (await setup.province.redeem(attempt, arrived)).status
        else:
            assert outcome == arrived.query["error"]
    return outcome, reason


async def offset_seen(setup: SignOn) -> float:
    """Give by how much the provider's clock is said to be ahead of ours."""
    for job in setup.province.jobs:
        await job.run()
    offset = setup.province.registry.get_sample_value("gateway_identity_clock_offset_seconds", {"provider": "national"})
    assert offset is not None
    return offset


@pytest.mark.parametrize(("jump", "expected"), [(300, FROM_THE_FUTURE), (-300, SIGNED_IN)])
async def test_n184_clock_of_the_provider_jumps(
    pool: Any, key_ring: FileKeyRing, tmp_path: Path, jump: int, expected: tuple[str, str]
) -> None:
    """Five minutes ahead are more than the leeway and refused; five minutes late make tokens that are old, and not too
    old. Both are measured, and over when the clock is right again."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        await setup.control("POST", "clock", {"ahead_seconds": jump})
        await show_wrong_dates(setup, jump)
        during, seen = await attempted(setup), await offset_seen(setup)
        await setup.control("POST", "clock", {"ahead_seconds": 0})
        await setup.control("POST", "faults", {"action": "clear"})
        after, seen_after = await attempted(setup), await offset_seen(setup)

    assert expected == during
    assert jump == pytest.approx(seen, abs=3)
    assert SIGNED_IN == after
    assert 0 == pytest.approx(seen_after, abs=3)


@pytest.mark.parametrize(("jump", "expected"), [(300, SIGNED_IN), (-300, FROM_THE_FUTURE)])
async def test_n184_our_own_clock_jumps(
    pool: Any, key_ring: FileKeyRing, tmp_path: Path, jump: int, expected: tuple[str, str]
) -> None:
    """Our clock jumps while somebody is at the provider: ahead, the sign-in still has its ten minutes; back, the
    provider's tokens seem to come from the future. It is seen as the provider's clock, and over when ours is right."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        before = await attempted(setup)
        during, seen = await attempted(setup, jump=jump), await offset_seen(setup)
        setup.province.clock.jump(-jump)
        after, seen_after = await attempted(setup), await offset_seen(setup)

    assert SIGNED_IN == before
    assert expected == during
    assert -jump == pytest.approx(seen, abs=3)
    assert SIGNED_IN == after
    assert 0 == pytest.approx(seen_after, abs=3)


async def test_clock_offset_is_measured(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """How far the provider's clock is off is seen in its answers, before anybody is refused for it."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        await show_wrong_dates(setup, 20.0)
        outcome, seen = await attempted(setup), await offset_seen(setup)

    assert SIGNED_IN == outcome
    assert 20 == pytest.approx(seen, abs=3)
