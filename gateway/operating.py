"""What an operator does with the queue from the command line."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime
from getpass import getuser
from typing import Any

from gateway.clocks import SystemClock
from gateway.engine.gates import SystemGate
from gateway.errors import GatewayError, InvalidInput
from gateway.model.delivery import Lane
from gateway.store.drift import DriftLine, acknowledge_drift, list_drift
from gateway.store.gates import (
    OutageLine,
    Pause,
    PostgresGates,
    announce_outage,
    knows_system,
    list_outages,
    pause_system,
    remove_outage,
    resume_system,
)
from gateway.store.ledger import queue_facts
from gateway.store.parked import ParkedDelivery, decide_parked, list_parked
from gateway.store.pool import Pool, open_pool
from gateway.store.replay import Replayable, ReplayWish, find_replayable, replay
from gateway.sync.calendar import OpeningHours, Standing
from gateway.sync.lanes import retry_parked, skip_parked
from gateway.sync.release import ReleasePolicy

MAX_REPLAYS_COUNT = 100_000
_ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_CODE = re.compile(r"[a-z][a-z0-9_]{1,49}")


async def status(dsn: str) -> dict[str, Any]:
    """Give the equation of every system and the parked deliveries, as plain JSON values."""
    async with _pool(dsn) as pool:
        facts = await queue_facts(pool)
        parked = await list_parked(pool)
    return {
        "systems": {
            system: {**asdict(fact.balance), "difference": fact.balance.difference} for system, fact in facts.items()
        },
        "parked": [{**asdict(item), "changed_at": item.changed_at.isoformat()} for item in parked],
    }


async def select(dsn: str, delivery_ids: Sequence[int], reason: str | None) -> Sequence[ParkedDelivery]:
    """Give the parked deliveries that are meant: the numbered ones, or all whose reason begins so."""
    async with _pool(dsn) as pool:
        parked = await list_parked(pool, reason=reason, limit=100_000)
    return [item for item in parked if not delivery_ids or item.delivery_id in delivery_ids]


async def decide(
    dsn: str, parked: Sequence[ParkedDelivery], skip_reason: str | None, *, who: str | None = None
) -> list[tuple[int, str]]:
    """Retry deliveries, or skip them with a reason; give those that could not be decided, with why."""
    now = SystemClock().now()
    failed: list[tuple[int, str]] = []
    async with _pool(dsn) as pool:
        for item in parked:

            def change(lane: Lane, delivery_id: int = item.delivery_id) -> Lane:
                if skip_reason is None:
                    return retry_parked(lane, delivery_id, now)
                return skip_parked(lane, delivery_id, skip_reason, now)

            try:
                await decide_parked(pool, item.delivery_id, change, now, who=who or operator())
            except GatewayError as error:
                failed.append((item.delivery_id, error.message))
    return failed


def operator() -> str:
    """Name who acts at the command line: the account of the machine, as "cli:name"."""
    try:
        name = getuser()
    except (OSError, KeyError):
        return "cli"
    return f"cli:{name}" if _ACCOUNT.fullmatch(name) else "cli"


async def set_pause(dsn: str, system: str, reason: str | None, *, is_dry_run: bool) -> tuple[Pause, int]:
    """Pause a system for a reason, or resume it (None); give how it stood before and how many deliveries wait.

    Raises InvalidInput when the system was never configured here, or the reason is no code.
    """
    if reason is not None and not _CODE.fullmatch(reason):
        raise InvalidInput("the reason must be a code: small letters, digits and underscores")
    now = SystemClock().now()
    async with _pool(dsn) as pool:
        await _require_system(pool, system)
        waiting_count = await PostgresGates(pool).waiting_count(system)
        if reason is None:
            before = await resume_system(pool, system, who=operator(), now=now, is_dry_run=is_dry_run)
        else:
            before = await pause_system(pool, system, who=operator(), reason=reason, now=now, is_dry_run=is_dry_run)
    return before, waiting_count


async def replay_dossiers(dsn: str, wish: ReplayWish, reason: str, *, is_dry_run: bool) -> tuple[list[Replayable], int]:
    """Send dossiers again as they are now; give those that are meant, and how many were added.

    Raises InvalidInput when the system was never configured here, or the reason is no code.
    """
    if not _CODE.fullmatch(reason):
        raise InvalidInput("the reason must be a code: small letters, digits and underscores")
    async with _pool(dsn) as pool:
        await _require_system(pool, wish.system)
        found = await find_replayable(pool, wish, prefixes=None, limit=MAX_REPLAYS_COUNT + 1)
        if len(found) > MAX_REPLAYS_COUNT:
            raise InvalidInput(f"more than {MAX_REPLAYS_COUNT} dossiers are meant: take a shorter interval")
        meant = [dossier for dossier in found if dossier.is_meant]
        if is_dry_run:
            return list(found), len(meant)
        now = SystemClock().now()
        return list(found), await replay(pool, wish.system, meant, who=operator(), reason=reason, now=now)


async def outages(dsn: str, system: str | None) -> Sequence[OutageLine]:
    """Give announced outages that are not over."""
    async with _pool(dsn) as pool:
        return await list_outages(pool, system, since=SystemClock().now())


async def standing(dsn: str, system: str, hours: OpeningHours) -> Standing:
    """Tell whether a system is called now."""
    async with _pool(dsn) as pool:
        gate = SystemGate(PostgresGates(pool), system, hours=hours, policy=ReleasePolicy(), clock=SystemClock())
        return await gate.standing()


async def announce(dsn: str, system: str, starts_at: datetime, ends_at: datetime, note: str) -> tuple[OutageLine, bool]:
    """Announce an outage; give it and whether it is new. Raises InvalidInput."""
    async with _pool(dsn) as pool:
        await _require_system(pool, system)
        return await announce_outage(
            pool,
            system,
            starts_at=starts_at,
            ends_at=ends_at,
            note=note,
            who=operator(),
            now=SystemClock().now(),
        )


async def take_back(dsn: str, system: str, outage_id: int) -> OutageLine | None:
    """Take an outage back; None when there is none."""
    async with _pool(dsn) as pool:
        return await remove_outage(pool, system, outage_id, who=operator(), now=SystemClock().now())


async def drift_lines(dsn: str, system: str, is_acknowledged: bool | None) -> Sequence[DriftLine]:
    """Give how replies of a system differ from what is known of them."""
    async with _pool(dsn) as pool:
        return await list_drift(pool, system, is_acknowledged=is_acknowledged)


async def note_drift_seen(dsn: str, system: str, drift_ids: Sequence[int]) -> list[int]:
    """Note differences as seen by a person; give those that do not exist."""
    now, who = SystemClock().now(), operator()
    async with _pool(dsn) as pool:
        return [one for one in drift_ids if await acknowledge_drift(pool, system, one, who=who, now=now) is None]


async def _require_system(pool: Pool, system: str) -> None:
    if not await knows_system(pool, system):
        raise InvalidInput("this installation was never configured for such a system")


@asynccontextmanager
async def _pool(dsn: str) -> AsyncIterator[Pool]:
    pool = await open_pool(dsn, max_size=4)
    try:
        yield pool
    finally:
        await pool.close()
