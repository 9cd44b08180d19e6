"""Gates in PostgreSQL: pauses, announced outages, and the bucket that all processes share.

Every act of an operator leaves an event in the feed, in the same transaction: what, who, and the code of why.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from gateway.errors import Fault, InvalidInput
from gateway.ports.gates import GateFacts
from gateway.store.acceptance import append_events
from gateway.store.pool import Connection, Pool, connection, transaction
from gateway.store.queries import queries

LONGEST_OUTAGE = timedelta(days=92)
FURTHEST_AHEAD = timedelta(days=731)


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: datetime | None


class PostgresGates:
    """Implements GateStore."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def facts(self, system: str, *, since: datetime) -> GateFacts:
        async with connection(self._pool) as borrowed:
            gate = await queries("gates").read_gate(borrowed, system=system)
            rows = [row async for row in queries("gates").read_outage_spans(borrowed, system=system, since=since)]
        return GateFacts(
            outages=tuple((row["starts_at"], row["ends_at"]) for row in rows),
            paused_at=gate["paused_at"] if gate is not None else None,
            resumed_at=gate["resumed_at"] if gate is not None else None,
        )

    async def waiting_count(self, system: str) -> int:
        """Give how many deliveries wait for the system now."""
        async with connection(self._pool) as borrowed:
            return int(await queries("gates").waiting_count(borrowed, system=system))

    @asynccontextmanager
    async def changing_bucket(self, system: str) -> AsyncIterator[_Bucket]:
        async with transaction(self._pool) as borrowed:
            row = await _locked(borrowed, system)
            bucket = _Bucket(row["bucket_tokens"], row["bucket_at"])
            yield bucket
            if (bucket.tokens, bucket.at) != (row["bucket_tokens"], row["bucket_at"]):
                await queries("gates").save_bucket(borrowed, system=system, tokens=bucket.tokens, at=bucket.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """An operator's pause, or the absence of one (`paused_at` None). `reason` is a code."""

    system: str
    paused_at: datetime | None
    paused_by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageLine:
    """An announced outage [starts_at, ends_at). `note` says what was announced, never a person's data."""

    outage_id: int
    system: str
    starts_at: datetime
    ends_at: datetime
    note: str
    announced_by: str
    announced_at: datetime


async def knows_system(pool: Pool, system: str) -> bool:
    """Tell whether this installation has ever been configured for the system."""
    async with connection(pool) as borrowed:
        return bool(await queries("gates").knows_system(borrowed, system=system))


async def read_pause(pool: Pool, system: str) -> Pause:
    async with connection(pool) as borrowed:
        row = await queries("gates").read_gate(borrowed, system=system)
    if row is None:
        return Pause(system=system, paused_at=None, paused_by="", reason="")
    return _pause(system, row)


async def pause_system(pool: Pool, system: str, *, who: str, reason: str, now: datetime, is_dry_run: bool) -> Pause:
    """Hold a system until somebody resumes it; give its former pause. One that is paused already stays as it is."""
    async with transaction(pool) as borrowed:
        before = _pause(system, await _locked(borrowed, system))
        if before.paused_at is None and not is_dry_run:
            await queries("gates").pause(borrowed, system=system, who=who, reason=reason, now=now)
            await _tell(borrowed, "system.paused", system, {"by": who, "reason": reason}, now)
    return before


async def resume_system(pool: Pool, system: str, *, who: str, now: datetime, is_dry_run: bool) -> Pause:
    """End a pause; give what it was. The system is then released gently, as after an outage."""
    async with transaction(pool) as borrowed:
        before = _pause(system, await _locked(borrowed, system))
        if before.paused_at is not None and not is_dry_run:
            await queries("gates").resume(borrowed, system=system, now=now)
            await _tell(borrowed, "system.resumed", system, {"by": who, "paused_at": before.paused_at}, now)
    return before


async def list_outages(pool: Pool, system: str | None, *, since: datetime) -> Sequence[OutageLine]:
    """Give announced outages that are not over at `since`, in the order of their beginning."""
    async with connection(pool) as borrowed:
        rows = queries("gates").list_outages(borrowed, system=system, since=since)
        return [OutageLine(**dict(row)) async for row in rows]


async def announce_outage(
    pool: Pool, system: str, *, starts_at: datetime, ends_at: datetime, note: str, who: str, now: datetime
) -> tuple[OutageLine, bool]:
    """Store an outage; give it, and whether it is new: the same stretch announced again is the same outage.

    Raises InvalidInput for a stretch that is empty, over already, too long or too far ahead.
    """
    check_outage(starts_at, ends_at, now)
    async with transaction(pool) as borrowed:
        row = await queries("gates").add_outage(
            borrowed, system=system, starts_at=starts_at, ends_at=ends_at, note=note, who=who, now=now
        )
        if row is None:
            row = await queries("gates").same_outage(borrowed, system=system, starts_at=starts_at, ends_at=ends_at)
            return OutageLine(**dict(row)), False
        line = OutageLine(**dict(row))
        data = {"by": who, "outage_id": line.outage_id, "starts_at": starts_at, "ends_at": ends_at}
        await _tell(borrowed, "system.outage_announced", system, data, now)
    return line, True


async def remove_outage(pool: Pool, system: str, outage_id: int, *, who: str, now: datetime) -> OutageLine | None:
    """Take an outage back: one that has begun ends now. None when there is no such outage."""
    async with transaction(pool) as borrowed:
        row = await queries("gates").find_outage(borrowed, system=system, outage_id=outage_id)
        if row is None:
            return None
        await queries("gates").remove_outage(borrowed, outage_id=outage_id, who=who, now=now)
        await _tell(borrowed, "system.outage_removed", system, {"by": who, "outage_id": outage_id}, now)
    return OutageLine(**dict(row))


def check_outage(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    """Hold a stretch against the rules. Raises InvalidInput naming every broken one."""
    rules = (
        ("/ends_at", "must be after starts_at", starts_at < ends_at),
        ("/ends_at", "must lie ahead", ends_at > now),
        (
            "/ends_at",
            f"must be at most {LONGEST_OUTAGE.days} days after starts_at",
            ends_at - starts_at <= LONGEST_OUTAGE,
        ),
        ("/starts_at", f"must be at most {FURTHEST_AHEAD.days} days ahead", starts_at - now <= FURTHEST_AHEAD),
    )
    faults = [Fault(field, rule, "instant") for field, rule, is_kept in rules if not is_kept]
    if faults:
        raise InvalidInput("the outage cannot be announced", faults)


async def _locked(borrowed: Connection, system: str) -> Any:
    sql = queries("gates")
    row = await sql.lock_gate(borrowed, system=system)
    if row is None:
        await sql.ensure_gate(borrowed, system=system)
        row = await sql.lock_gate(borrowed, system=system)
    return row


def _pause(system: str, row: Any) -> Pause:
    return Pause(system=system, paused_at=row["paused_at"], paused_by=row["paused_by"], reason=row["pause_reason"])


async def _tell(borrowed: Connection, event_type: str, system: str, data: dict[str, Any], now: datetime) -> None:
    content = msgspec.json.encode({"system": system, **data}).decode()
    await append_events(borrowed, [(event_type, system, "", None, None, content)], [], now)
