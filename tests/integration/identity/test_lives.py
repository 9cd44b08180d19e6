"""How long sign-ins live: without use, at most, and before their code is redeemed (electronic identity notes §10)."""

from pathlib import Path
from typing import Any

import pytest

from gateway.vault.keyring import FileKeyRing
from tests.support.sign_on import SignOn, sign_on

MINUTE = 60


async def signed_in(setup: SignOn) -> str:
    attempt, arrived = await setup.sign_in()
    answered = await setup.province.redeem(attempt, arrived)
    return str(answered.json["sign_in"]["sign_in_id"])


async def is_active(setup: SignOn, sign_in_id: str) -> bool:
    look = await setup.province.api.call("POST", f"/v1/identity/sign-ins/{sign_in_id}:introspect", body={})
    return bool(look.json["is_active"])


async def ended(setup: SignOn, pool: Any) -> tuple[str | None, bool]:
    """Have the jobs make their turn; give why the only sign-in ended, and whether its secrets are forgotten."""
    for job in setup.province.jobs:
        await job.run()
    row = await pool.fetchrow("SELECT end_reason, sealed IS NULL AND wrapped_key IS NULL AS is_bare FROM sign_ins")
    return row["end_reason"], row["is_bare"]


async def test_half_an_hour_without_use(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A look keeps a sign-in for another half an hour; half an hour without one ends it."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        sign_in_id = await signed_in(setup)
        seen = []
        for minutes in (29, 29):
            setup.province.clock.move(minutes * MINUTE)
            seen.append(await is_active(setup, sign_in_id))
        before = await ended(setup, pool)
        setup.province.clock.move(30 * MINUTE + 1)
        seen.append(await is_active(setup, sign_in_id))
        after = await ended(setup, pool)

    assert [True, True, False] == seen
    assert (None, False) == before
    assert ("idle", True) == after


async def test_eight_hours_with_use(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """However much it is used, after eight hours a sign-in is over."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        sign_in_id = await signed_in(setup)
        seen = []
        for _ in range(17):
            setup.province.clock.move(28 * MINUTE)
            seen.append(await is_active(setup, sign_in_id))
        before = await ended(setup, pool)
        setup.province.clock.move(4 * MINUTE + 1)
        seen.append(await is_active(setup, sign_in_id))
        after = await ended(setup, pool)

    assert [True] * 17 + [False] == seen
    assert (None, False) == before
    assert ("age", True) == after


@pytest.mark.parametrize("is_tried", [True, False])
async def test_code_that_comes_late(pool: Any, key_ring: FileKeyRing, tmp_path: Path, is_tried: bool) -> None:
    """A minute after its sign-in a code is worth nothing, and the sign-in is over, asked for or not."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        attempt, arrived = await setup.sign_in()
        before = await ended(setup, pool)
        setup.province.clock.move(61)
        problem = (await setup.province.redeem(attempt, arrived)).problem if is_tried else None
        after = await ended(setup, pool)

    assert ("code-not-redeemable" if is_tried else None) == problem
    assert (None, False) == before
    assert ("code_expired", True) == after
