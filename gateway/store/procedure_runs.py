"""Readings of the procedure catalogue: asked for here, done by a worker, watched by whoever asked."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any

from gateway.store.locks import Lock
from gateway.store.pool import Connection, Pool, connection, transaction
from gateway.store.queries import queries
from gateway.sync.listings import MAX_SHOWN_FINDINGS, HeldList, ListFinding, ListRule
from gateway.sync.procedure_runs import ProcedureRun, RunCounts, RunOrigin, RunState, StartedRun

PROCEDURES_LIST = "procedures"
MAX_WAITING_RUNS = 50


class TooManyWaitingRuns(Exception):
    """As many runs wait as may; the caller comes again when some are done."""


class ProcedureRuns:
    """Keeps runs. Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._sql = queries("procedure_runs")

    async def begin(self, system: str, now: datetime, interval: timedelta | None) -> StartedRun | None:
        """Give the run to be done now: an interrupted one, the first that waits, or a scheduled one when it is time.

        The last time is the end of the last run over the whole catalogue, when it went well; after a failed one the
        next comes a minute later, or after the interval when that is shorter. Without an interval it is always time.
        The caller holds the reading's lock, so no other process begins one meanwhile.
        """
        async with transaction(self._pool) as borrowed:
            row = await self._sql.open_run(borrowed, system=system)
            if row is None:
                if interval is not None and not await self._is_time(borrowed, system, now, interval):
                    return None
                run_id = await self._add(borrowed, system, RunOrigin.SCHEDULE, None, False, now)
                is_resumed = False
            else:
                run_id, is_resumed = row["run_id"], row["state"] == RunState.RUNNING
            return StartedRun(
                run=_run(await self._sql.start_run(borrowed, run_id=run_id, now=now)), is_resumed=is_resumed
            )

    async def _is_time(self, borrowed: Connection, system: str, now: datetime, interval: timedelta) -> bool:
        synced_at = await queries("procedures").synced_at(borrowed, system=system)
        ended_at = await self._sql.last_whole_end(borrowed, system=system)
        if synced_at is not None and now - synced_at < interval:
            return False
        return ended_at is None or now - ended_at >= min(interval, timedelta(minutes=1))

    async def request(
        self, system: str, codes: Sequence[str] | None, *, accepts_short_list: bool, now: datetime
    ) -> ProcedureRun:
        """Ask for a run; the same one that waits already is given instead. Raises TooManyWaitingRuns."""
        wanted = None if codes is None else sorted(set(codes))
        async with transaction(self._pool) as borrowed:
            await self._sql.lock_requests(borrowed, lock=Lock.PROCEDURE_WISHES, system=system)
            run_id = await self._sql.same_waiting_run(
                borrowed, system=system, codes=wanted, accepts_short_list=accepts_short_list
            )
            if run_id is None:
                if await self._sql.waiting_count(borrowed, system=system) >= MAX_WAITING_RUNS:
                    raise TooManyWaitingRuns
                run_id = await self._add(borrowed, system, RunOrigin.REQUEST, wanted, accepts_short_list, now)
            return _run(await self._sql.find_run(borrowed, system=system, run_id=run_id))

    async def _add(
        self,
        borrowed: Connection,
        system: str,
        origin: RunOrigin,
        codes: Sequence[str] | None,
        accepts_short_list: bool,
        now: datetime,
    ) -> int:
        run_id: int = await self._sql.add_run(
            borrowed, system=system, origin=origin, codes=codes, accepts_short_list=accepts_short_list, now=now
        )
        return run_id

    async def find(self, system: str, run_id: int | None = None) -> ProcedureRun | None:
        """Find a run; without a number the one under way, else the first that waits, else the last."""
        async with connection(self._pool) as borrowed:
            row = await self._sql.find_run(borrowed, system=system, run_id=run_id)
        return None if row is None else _run(row)

    async def note_plan(
        self,
        run_id: int,
        *,
        listed_count: int,
        to_read_count: int,
        done_count: int,
        skipped_count: int,
        is_held: bool,
        findings: Sequence[ListFinding],
    ) -> None:
        """Tell how much there is to do, before any of it is done."""
        async with connection(self._pool) as borrowed:
            await self._sql.note_plan(
                borrowed,
                run_id=run_id,
                listed=listed_count,
                to_read=to_read_count,
                done=done_count,
                skipped=skipped_count,
                is_held=is_held,
                findings_count=len(findings),
                findings=encode_findings(findings),
            )

    async def add_progress(self, run_id: int, done: RunCounts) -> None:
        """Add what was done."""
        async with connection(self._pool) as borrowed:
            counts = {name.removesuffix("_count"): count for name, count in asdict(done).items()}
            await self._sql.add_progress(borrowed, run_id=run_id, **counts)

    async def add_findings(self, run_id: int, findings: Sequence[ListFinding]) -> None:
        """Add findings to those of the plan."""
        async with connection(self._pool) as borrowed:
            await self._sql.add_findings(
                borrowed, run_id=run_id, count=len(findings), findings=encode_findings(findings)
            )

    async def end(self, run_id: int, now: datetime, *, failure: str = "") -> None:
        """End a run, well or with the code of what stopped it."""
        state = RunState.FAILED if failure else RunState.DONE
        async with connection(self._pool) as borrowed:
            await self._sql.end_run(borrowed, run_id=run_id, state=state, failure=failure, now=now)

    async def held(self, system: str) -> HeldList | None:
        async with connection(self._pool) as borrowed:
            return await read_held(borrowed, system, PROCEDURES_LIST)

    async def hold(self, system: str, held: HeldList | None) -> None:
        """Remember a list that was not believed; None forgets it."""
        async with connection(self._pool) as borrowed:
            await save_held(borrowed, system, PROCEDURES_LIST, held)


async def read_held(borrowed: Connection, system: str, name: str) -> HeldList | None:
    """Give the list that is not believed at present."""
    row = await queries("procedure_runs").read_held(borrowed, system=system, name=name)
    return None if row is None else HeldList(**dict(row))


async def save_held(borrowed: Connection, system: str, name: str, held: HeldList | None) -> None:
    """Remember a list that was not believed; None forgets it."""
    if held is None:
        await queries("procedure_runs").drop_held(borrowed, system=system, name=name)
    else:
        await queries("procedure_runs").save_held(borrowed, system=system, name=name, **asdict(held))


def encode_findings(findings: Sequence[ListFinding]) -> list[dict[str, Any]]:
    """Give findings as they are stored, the first 200 of them."""
    return [asdict(finding) for finding in findings[:MAX_SHOWN_FINDINGS]]


def decode_findings(rows: Sequence[dict[str, Any]]) -> tuple[ListFinding, ...]:
    """Read findings back."""
    return tuple(ListFinding(**{**row, "rule": ListRule(row["rule"])}) for row in rows)


def _run(row: Any) -> ProcedureRun:
    return ProcedureRun(
        run_id=row["run_id"],
        origin=RunOrigin(row["origin"]),
        codes=None if row["codes"] is None else tuple(row["codes"]),
        accepts_short_list=row["accepts_short_list"],
        state=RunState(row["state"]),
        requested_at=row["requested_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        listed_count=row["listed_count"],
        to_read_count=row["to_read_count"],
        skipped_count=row["skipped_count"],
        counts=RunCounts(**{f.name: row[f.name] for f in fields(RunCounts)}),
        is_held=row["is_held"],
        findings_count=row["findings_count"],
        findings=decode_findings(row["findings"]),
        failure=row["failure"],
    )
