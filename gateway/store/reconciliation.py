"""Runs of reconciliation and what they found, in PostgreSQL. Raises StoreUnavailable throughout."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from gateway.model.dossier import Origin
from gateway.model.reconciliation import DifferenceKind, FindingState, RunMode, RunPhase, RunState
from gateway.ports.reconciliation import Candidate, PageResult, Repairing, Run
from gateway.store.acceptance import append_events
from gateway.store.columns import columns
from gateway.store.dossiers import EVERY_AGENCY
from gateway.store.locks import Lock
from gateway.store.pool import Connection, Pool, connection, session_lock, transaction
from gateway.store.queries import queries


class PostgresRuns:
    """Implements RunStore."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._sql = queries("reconciliation")

    @asynccontextmanager
    async def alone(self, system: str) -> AsyncIterator["_RunTransactions | None"]:
        async with session_lock(self._pool, Lock.RECONCILIATION, system) as is_mine:
            yield _RunTransactions(self._pool, system) if is_mine else None

    async def begin(
        self, system: str, mode: RunMode, *, phase: RunPhase, is_dry: bool, requested_by: str, now: datetime
    ) -> int | None:
        """Begin a run; None when one of the system is under way already."""
        async with connection(self._pool) as borrowed:
            row = await self._sql.begin_run(
                borrowed, system=system, mode=mode, phase=phase, is_dry=is_dry, requested_by=requested_by, now=now
            )
        return None if row is None else row["run_id"]

    async def last_begun(self, system: str) -> tuple[datetime | None, datetime | None]:
        """Tell when the last full run, and the last run of any kind, began."""
        async with connection(self._pool) as borrowed:
            row = await self._sql.last_begun(borrowed, system=system)
        return row["full_at"], row["any_at"]


class _RunTransactions:
    """Implements RunTransactions."""

    def __init__(self, pool: Pool, system: str) -> None:
        self._pool = pool
        self._system = system
        self._sql = queries("reconciliation")

    async def run(self) -> Run | None:
        async with connection(self._pool) as borrowed:
            row = await self._sql.running(borrowed, system=self._system)
        if row is None:
            return None
        return Run(**{**dict(row), "mode": RunMode(row["mode"]), "phase": RunPhase(row["phase"])})

    async def candidates(self, run: Run, limit: int) -> Sequence[Candidate]:
        async with connection(self._pool) as borrowed:
            rows = self._sql.candidates(borrowed, system=self._system, cursor=run.cursor, since=run.since, wanted=limit)
            return [_candidate(dict(row)) async for row in rows]

    async def unknown_codes(self, codes: Sequence[str]) -> Sequence[str]:
        async with connection(self._pool) as borrowed:
            return [row["code"] async for row in self._sql.unknown_codes(borrowed, codes=list(codes))]

    async def delivered_repairs(self, run: Run, after: int, limit: int) -> Sequence[Repairing]:
        async with connection(self._pool) as borrowed:
            rows = self._sql.delivered_repairs(borrowed, run_id=run.run_id, after=after, wanted=limit)
            return [_repairing(dict(row)) async for row in rows]

    async def has_open_repairs(self, run: Run) -> bool:
        async with connection(self._pool) as borrowed:
            return bool(await self._sql.has_open_repairs(borrowed, run_id=run.run_id))

    async def store(self, result: PageResult, now: datetime) -> bool:
        run = result.run
        async with transaction(self._pool) as borrowed:
            moved = await self._sql.advance_run(
                borrowed,
                run_id=run.run_id,
                phase=run.phase,
                cursor=run.cursor,
                list_cursor=run.list_cursor,
                next_phase=result.next_phase,
                next_cursor=result.cursor,
                next_list_cursor=result.list_cursor,
                now=now,
            )
            if moved is None:
                return False
            repairing = await self._write_findings(borrowed, result, now)
            if result.looked_at:
                await self._sql.settle_compared(
                    borrowed, system=self._system, codes=list(result.looked_at), run_id=run.run_id, now=now
                )
            if result.has_listed_all and run.mode is RunMode.FULL:
                await self._sql.settle_listed(borrowed, system=self._system, run_id=run.run_id, now=now)
            if result.counts:
                await self._sql.add_counts(borrowed, run_id=run.run_id, **columns("n", result.counts, 2))
            await self._owe_again(borrowed, result, repairing, now)
        return True

    async def settle(self, run: Run, states: Sequence[tuple[int, FindingState]], now: datetime) -> None:
        counts: dict[str, int] = {}
        for _, state in states:
            counts[state.value] = counts.get(state.value, 0) + 1
        async with transaction(self._pool) as borrowed:
            await self._sql.settle_findings(borrowed, now=now, **columns("n", states, 2))
            await self._sql.add_counts(borrowed, run_id=run.run_id, **columns("n", list(counts.items()), 2))

    async def _write_findings(self, borrowed: Connection, result: PageResult, now: datetime) -> set[int]:
        """Store findings; give the dossiers that are to be repaired."""
        rows = [
            (
                finding.dossier_code,
                finding.dossier_id,
                finding.kind.value,
                "|".join(finding.fields),
                finding.state.value,
                finding.wrapped_key,
                finding.sealed,
            )
            for finding in result.findings
        ]
        if not rows:
            return set()
        stored = self._sql.write_findings(
            borrowed, system=self._system, run_id=result.run.run_id, now=now, **columns("f", rows, 7)
        )
        return {row["dossier_id"] async for row in stored if row["state"] == FindingState.REPAIRING}

    async def _owe_again(
        self, borrowed: Connection, result: PageResult, repairing: Collection[int], now: datetime
    ) -> None:
        if not repairing:
            return
        await resend(
            borrowed,
            self._system,
            whole=[one for one in result.repairs_whole if one in repairing],
            newest=[one for one in result.repairs_newest if one in repairing],
            because="reconciliation",
            now=now,
        )


async def resend(
    borrowed: Connection,
    system: str,
    *,
    whole: Sequence[int] = (),
    newest: Sequence[int] = (),
    because: str,
    now: datetime,
) -> int:
    """Owe dossiers to a system once more, within the caller's transaction; give the number of dossiers.

    `whole` are sent from their first state on with every step, `newest` as they stand. Dossiers to which something is
    owed already, or that a worker holds, are left out: what is under way says the same. Leaves an event each, and
    enters the ledger.
    """
    sql = queries("reconciliation")
    rows = [row async for row in sql.lock_lanes(borrowed, system=system, dossier_ids=[*whole, *newest])]
    free = {row["dossier_id"] for row in rows}
    if not free:
        return 0
    added_count = await sql.owe_again(
        borrowed,
        system=system,
        whole=[dossier_id for dossier_id in whole if dossier_id in free],
        newest=[dossier_id for dossier_id in newest if dossier_id in free],
        now=now,
    )
    data = msgspec.json.encode({"system": system, "because": because}).decode()
    events = [
        ("dossier.resent", row["code"], row["handling_agency_code"], row["dossier_id"], None, data) for row in rows
    ]
    await append_events(borrowed, events, [(system, added_count, 0, 0)], now)
    return len(rows)


def _candidate(values: dict[str, Any]) -> Candidate:
    return Candidate(**{**values, "origin": Origin(values["origin"])})


def _repairing(values: dict[str, Any]) -> Repairing:
    finding_id, kind = values.pop("finding_id"), DifferenceKind(values.pop("kind"))
    candidate = _candidate({**values, "is_settled": True, "is_expected": True})
    return Repairing(finding_id=finding_id, kind=kind, candidate=candidate)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine:
    """A run as operators see it."""

    run_id: int
    system: str
    mode: RunMode
    state: RunState
    phase: RunPhase
    is_dry: bool
    since: datetime | None
    requested_by: str
    started_at: datetime
    progressed_at: datetime
    finished_at: datetime | None
    counts: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingLine:
    """A difference as operators see it; `sealed` holds both values of its fields."""

    finding_id: int
    system: str
    dossier_code: str
    kind: DifferenceKind
    fields: tuple[str, ...]
    state: FindingState
    run_id: int
    found_at: datetime
    changed_at: datetime
    wrapped_key: bytes | None
    sealed: bytes | None


async def plan_run(pool: Pool, system: str, mode: RunMode) -> tuple[int, bool]:
    """Tell how many dossiers a run would look at, and whether one is under way."""
    async with connection(pool) as borrowed:
        row = await queries("reconciliation").plan_run(borrowed, system=system, mode=mode)
    return row["dossiers_count"], row["is_under_way"]


async def list_runs(pool: Pool, *, before: int, limit: int, run_id: int | None = None) -> Sequence[RunLine]:
    """Give up to `limit` runs with a number below `before`, newest first, or the one that is named."""
    async with connection(pool) as borrowed:
        rows = queries("reconciliation").list_runs(borrowed, before=before, run_id=run_id, wanted=limit)
        return [
            RunLine(
                **{
                    **dict(row),
                    "mode": RunMode(row["mode"]),
                    "state": RunState(row["state"]),
                    "phase": RunPhase(row["phase"]),
                }
            )
            async for row in rows
        ]


async def list_findings(
    pool: Pool,
    *,
    prefixes: Sequence[str],
    state: FindingState | None,
    kind: DifferenceKind | None,
    run_id: int | None,
    after: int,
    limit: int,
) -> Sequence[FindingLine]:
    """Give up to `limit` findings with a number above `after`. What is not here belongs to nobody but "*"."""
    async with connection(pool) as borrowed:
        rows = queries("reconciliation").list_findings(
            borrowed,
            prefixes=None if EVERY_AGENCY in prefixes else list(prefixes),
            state=state,
            kind=kind,
            run_id=run_id,
            after=after,
            wanted=limit,
        )
        lines = []
        async for row in rows:
            values = dict(row)
            for unused in ("handling_agency_code", "receiving_agency_code"):
                del values[unused]
            values |= {"kind": DifferenceKind(row["kind"]), "state": FindingState(row["state"])}
            lines.append(FindingLine(**{**values, "fields": tuple(row["fields"])}))
        return lines


async def parked_counts(pool: Pool) -> dict[tuple[str, str], int]:
    """Count the differences that wait for a person, by system and kind."""
    async with connection(pool) as borrowed:
        rows = queries("reconciliation").parked_counts(borrowed)
        return {(row["system"], row["kind"]): row["findings_count"] async for row in rows}


async def dismiss_finding(pool: Pool, finding_id: int, now: datetime) -> bool:
    """Settle a parked finding as a person decided; False when there is no such parked finding."""
    async with connection(pool) as borrowed:
        found = await queries("reconciliation").dismiss_finding(borrowed, finding_id=finding_id, now=now)
    return found is not None


async def cancel_run(pool: Pool, run_id: int, now: datetime) -> bool:
    """Cancel a run that is under way; what it repaired and found stays."""
    async with connection(pool) as borrowed:
        status = await queries("reconciliation").cancel_run(borrowed, run_id=run_id, now=now)
    return str(status).endswith(" 1")
