"""Reading the procedure catalogue: the list, the records that may have changed, and what left it."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from gateway.errors import GatewayError, RemoteError, StoreUnavailable, Unmapped
from gateway.model.procedure import Procedure, ProcedureRef
from gateway.ports.basics import Clock
from gateway.ports.observing import AlertRaised, Observer, ProceduresSynced
from gateway.ports.portal import ProcedureCatalogue
from gateway.sync.listings import HeldList, ListFinding, ListRule, judge_length, judge_lines
from gateway.sync.procedure_reading import KnownProcedure, ReadingPolicy, list_digest, plan_reading
from gateway.sync.procedure_runs import RunCounts, SavedProcedures, StartedRun

_SAVED_TOGETHER = 50
_MAX_FAILURES_IN_A_ROW = 10


class RunStore(Protocol):
    """Where runs are asked for and watched."""

    async def begin(self, system: str, now: datetime, interval: timedelta | None) -> StartedRun | None: ...

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
    ) -> None: ...

    async def add_progress(self, run_id: int, done: RunCounts) -> None: ...

    async def add_findings(self, run_id: int, findings: Sequence[ListFinding]) -> None: ...

    async def end(self, run_id: int, now: datetime, *, failure: str = "") -> None: ...

    async def held(self, system: str) -> HeldList | None: ...

    async def hold(self, system: str, held: HeldList | None) -> None: ...


class ProcedureStore(Protocol):
    """Where the catalogue's copy is kept."""

    @property
    def runs(self) -> RunStore: ...

    async def known(self) -> Mapping[str, KnownProcedure]: ...

    async def save(
        self, procedures: Sequence[Procedure], now: datetime, list_digests: Mapping[str, str] | None = None
    ) -> SavedProcedures: ...

    async def retire(self, codes: Sequence[str], now: datetime) -> int: ...

    async def note_synced(self, system: str, now: datetime) -> None: ...

    def alone(self, system: str) -> AbstractAsyncContextManager[bool]: ...


async def sync_procedures(
    catalogue: ProcedureCatalogue,
    store: ProcedureStore,
    *,
    clock: Clock,
    observer: Observer,
    interval: timedelta | None = None,
    policy: ReadingPolicy | None = None,
    concurrency: int = 4,
) -> ProceduresSynced | None:
    """Do the next run, if there is one; None when another process does it, nobody asked, and it is not time either.

    One record that cannot be read or understood does not stop the others: it is counted as failed and the known
    version stays. A code that left the list is retired only when the list is long enough to be believed and the portal
    also says that it has no such record. Raises RemoteError when the list cannot be read, or when ten records in a row
    cannot; what was read until then is kept and the run is marked as failed. A run broken off with its process is
    taken up again, where it was.
    """
    async with store.alone(catalogue.system) as is_mine:
        if not is_mine:
            return None
        started = await store.runs.begin(catalogue.system, clock.now(), interval)
        if started is None:
            return None
        reading = _Reading(catalogue, store, clock, observer, policy or ReadingPolicy(), started, concurrency)
        try:
            result = await reading.perform()
        except StoreUnavailable:
            raise  # What cannot be noted now is taken up again when the store is back.
        except Exception as error:
            # Else a defect would be met again at every turn, and nobody else's run would have one.
            failure = error.code if isinstance(error, GatewayError) else "defect"
            await store.runs.end(started.run.run_id, clock.now(), failure=failure)
            raise
        await store.runs.end(started.run.run_id, clock.now())
    observer(result)
    return result


@dataclass(slots=True)
class _Work:
    """What is to be read, and what the list said of it."""

    codes: Sequence[str]
    digests: Mapping[str, str] = field(default_factory=dict)
    removed: frozenset[str] = frozenset()
    listed_count: int = 0
    is_held: bool = False


class _Reading:
    """One run under way."""

    def __init__(
        self,
        catalogue: ProcedureCatalogue,
        store: ProcedureStore,
        clock: Clock,
        observer: Observer,
        policy: ReadingPolicy,
        started: StartedRun,
        concurrency: int,
    ) -> None:
        self._catalogue = catalogue
        self._store = store
        self._clock = clock
        self._observer = observer
        self._policy = policy
        self._run = started.run
        self._is_resumed = started.is_resumed
        self._concurrency = concurrency
        self._total = RunCounts()
        self._batch: list[Procedure] = []
        self._unsaved = RunCounts()

    async def perform(self) -> ProceduresSynced:
        started = self._clock.monotonic()
        codes = self._run.codes
        work = await self._plan_whole() if codes is None else await self._plan_some(codes)
        missing, gone, findings = await self._read_all(work)
        await self._note(work)
        retired_count = await self._store.retire(gone, self._clock.now()) if gone else 0
        await self._store.runs.add_progress(self._run.run_id, RunCounts(retired_count=retired_count))
        if findings:
            await self._store.runs.add_findings(self._run.run_id, findings)
        if codes is None:
            await self._store.note_synced(self._catalogue.system, self._clock.now())
        return ProceduresSynced(
            system=self._catalogue.system,
            listed_count=work.listed_count,
            changed_count=self._total.created_count + self._total.changed_count,
            retired_count=retired_count,
            failed_count=self._total.failed_count,
            missing=tuple(sorted(missing)),
            duration_seconds=self._clock.monotonic() - started,
        )

    async def _plan_some(self, codes: Sequence[str]) -> _Work:
        await self._store.runs.note_plan(
            self._run.run_id,
            listed_count=0,
            to_read_count=len(codes),
            done_count=0,
            skipped_count=0,
            is_held=False,
            findings=(),
        )
        return _Work(codes)

    async def _plan_whole(self) -> _Work:
        """Read the list and choose; remember it when it is too short, forget that when it is not."""
        system, runs, now = self._catalogue.system, self._store.runs, self._clock.now()
        lines = list(await self._catalogue.list_procedures())
        judged = judge_lines(
            lines, code=lambda line: line.code, name=lambda line: line.name, content=lambda line: line.name
        )
        # Which of two names is right, the record itself says.
        listed: dict[str, ProcedureRef] = {line.code: line for line in lines if line.code in judged.codes}
        known = await self._store.known()
        verdict = judge_length(
            known=known.keys(),
            listed=listed.keys(),
            held=await runs.held(system),
            policy=self._policy.short_list,
            is_confirmed=self._run.accepts_short_list,
            now=now,
        )
        await runs.hold(system, verdict.held)
        if verdict.held is not None:
            self._observer(AlertRaised(system=system, name="short_list"))
        plan = plan_reading(
            listed,
            known,
            verdict.removed,
            policy=self._policy,
            resumed_from=self._run.started_at if self._is_resumed else None,
            now=now,
        )
        await runs.note_plan(
            self._run.run_id,
            listed_count=len(listed),
            to_read_count=len(plan.worklist) + plan.done_count,
            done_count=plan.done_count,
            skipped_count=plan.skipped_count,
            is_held=verdict.held is not None,
            findings=(*((verdict.finding,) if verdict.finding is not None else ()), *judged.findings),
        )
        digests = {code: list_digest(listed[code]) for code in plan.worklist if code in listed}
        return _Work(plan.worklist, digests, verdict.removed, len(listed), verdict.held is not None)

    async def _read_all(self, work: _Work) -> tuple[set[tuple[str, str]], list[str], list[ListFinding]]:
        """Read every record; give the table rows that are missing, the codes that are gone, and what contradicts."""
        missing: set[tuple[str, str]] = set()
        gone: list[str] = []
        findings: list[ListFinding] = []
        failures_in_a_row = 0
        async for code, procedure, failure in _read(self._catalogue, work.codes, self._concurrency):
            failures_in_a_row = failures_in_a_row + 1 if isinstance(failure, RemoteError) else 0
            if isinstance(failure, RemoteError) and failures_in_a_row >= _MAX_FAILURES_IN_A_ROW:
                await self._note(work)
                raise failure  # The system is ill: the rest is read another time.
            if isinstance(failure, Unmapped):
                missing.update(failure.missing)
            if procedure is not None:
                self._batch.append(procedure)
                self._unsaved += RunCounts(read_count=1)
            elif failure is not None:
                self._unsaved += RunCounts(read_count=1, failed_count=1)
            else:
                self._unsaved += RunCounts(read_count=1, absent_count=1)
                if code in work.removed:
                    gone.append(code)
                elif code in work.digests:
                    findings.append(ListFinding(rule=ListRule.NO_RECORD, code=code))
            if self._unsaved.read_count >= _SAVED_TOGETHER:
                await self._note(work)
        return missing, gone, findings

    async def _note(self, work: _Work) -> None:
        """Store what was read, and how far the run has come."""
        done = self._unsaved
        if self._batch:
            saved = await self._store.save(self._batch, self._clock.now(), work.digests)
            done += RunCounts(
                created_count=saved.created_count,
                changed_count=saved.changed_count,
                restored_count=saved.restored_count,
                unchanged_count=saved.unchanged_count,
            )
        await self._store.runs.add_progress(self._run.run_id, done)
        self._total += done
        self._batch, self._unsaved = [], RunCounts()


async def _read(
    catalogue: ProcedureCatalogue, codes: Sequence[str], concurrency: int
) -> AsyncIterator[tuple[str, Procedure | None, RemoteError | Unmapped | None]]:
    """Read records, a few at a time; yields (code, record or None, why it could not be read)."""

    async def one(code: str) -> tuple[str, Procedure | None, RemoteError | Unmapped | None]:
        try:
            return code, await catalogue.get_procedure(code), None
        except (RemoteError, Unmapped) as error:
            return code, None, error

    for start in range(0, len(codes), concurrency):
        for result in await asyncio.gather(*(one(code) for code in codes[start : start + concurrency])):
            yield result
