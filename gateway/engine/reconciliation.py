"""Comparing the two sides, dossier by dossier: resumable, within a rate, and nothing is sent that is not in the queue.

A run has phases: read what the system lists (where it lists anything), look at our dossiers one by one, look again at
what was repaired. Each page is stored with the place where the next one begins, so whoever is free goes on after an
interruption, and memory holds one page, or one window of the list. A system that does not answer stops the page where
it stands; nothing is concluded from not being able to look. Repairs are ordinary deliveries: they obey order, circuit
and lease like all others.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Protocol

import msgspec
from aiolimiter import AsyncLimiter

from gateway.engine.acceptor import revision_context
from gateway.engine.circuits import CircuitBreaker
from gateway.engine.codes import CodeTranslator, NotTranslatable
from gateway.errors import ContractBroken, IntegrityFailed, Rejected, RemoteError, StoreUnavailable
from gateway.model.dossier import Dossier
from gateway.model.procedure import Procedure
from gateway.model.reconciliation import DifferenceKind, FindingState, RunMode, RunPhase, finding_context
from gateway.model.status import DossierStatus
from gateway.model.vocabulary import VIETNAM
from gateway.ports.basics import Clock, KeyRing
from gateway.ports.observing import DefectFound, Observer
from gateway.ports.portal import Prepared, SnapshotToPush, Untranslatable
from gateway.ports.portal_services import DossierListing
from gateway.ports.reconciliation import (
    Candidate,
    FieldDifference,
    Inspection,
    Inspector,
    NewFinding,
    PageResult,
    Repairing,
    Run,
    RunStore,
    RunTransactions,
)
from gateway.sync.actions import call_failed
from gateway.sync.file_links import FileLinks
from gateway.sync.reconcile import Classified, after_repair, classify, duplicated, states

_dossiers = msgspec.json.Decoder(Dossier)
_MAX_UNREADABLE_IN_A_PAGE = 20
_MAX_STALLS = 5


class ReconciledChannel(Inspector, Protocol):
    """What a system must offer to be compared with."""

    def prepare_snapshot(self, item: SnapshotToPush) -> Prepared | Untranslatable: ...


class ScheduledRuns(RunStore, Protocol):
    """Where runs are kept, and begun by the schedule."""

    async def begin(
        self, system: str, mode: RunMode, *, phase: RunPhase, is_dry: bool, requested_by: str, now: datetime
    ) -> int | None: ...

    async def last_begun(self, system: str) -> tuple[datetime | None, datetime | None]: ...


class Procedures(Protocol):
    """The gateway's own copy of the catalogue."""

    async def get_many(self, codes: Sequence[str]) -> Mapping[str, Procedure]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationSettings:
    """How hard the other side is asked, and how often runs begin by themselves (None: only on demand)."""

    calls_per_second: float = 20.0
    concurrency: int = 4
    page_size: int = 100
    list_window: timedelta = timedelta(days=7)
    list_from: date = date(2020, 1, 1)
    interval: timedelta | None = timedelta(days=1)
    full_interval: timedelta | None = timedelta(days=30)
    idle_seconds: float = 2.0


@dataclass(frozen=True, slots=True)
class _Looked:
    """One dossier after looking: what was found, or why it could not be read."""

    candidate: Candidate
    inspection: Inspection | None
    problem: str = ""


class _Paused(Exception):
    """The circuit opened meanwhile: what was looked at counts, the rest is looked at another time."""


@dataclass(slots=True)
class _Page:
    """What a page came to so far."""

    findings: list[NewFinding] = field(default_factory=list)
    looked_at: list[str] = field(default_factory=list)
    whole: list[int] = field(default_factory=list)
    newest: list[int] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, name: str, number: int = 1) -> None:
        self.counts[name] = self.counts.get(name, 0) + number


class Reconciler:
    """Works on the runs of one system."""

    def __init__(
        self,
        system: str,
        store: ScheduledRuns,
        channel: ReconciledChannel,
        listing: DossierListing,
        procedures: Procedures,
        breaker: CircuitBreaker,
        *,
        key_ring: KeyRing,
        clock: Clock,
        observer: Observer,
        settings: ReconciliationSettings,
        links: FileLinks | None = None,
        codes: CodeTranslator | None = None,
    ) -> None:
        self._system = system
        self._store = store
        self._channel = channel
        self._listing = listing
        self._procedures = procedures
        self._breaker = breaker
        self._key_ring = key_ring
        self._clock = clock
        self._observe = observer
        self._settings = settings
        self._links = links
        self._codes = codes
        self._stalled = (0, 0)
        """The dossier at which the last page stopped, and how often in a row."""
        self._witness: Candidate | None = None
        """The last dossier that the system showed: asked again to tell an outage from one bad record."""
        self._turns = asyncio.Semaphore(settings.concurrency)
        self._rate = AsyncLimiter(max(1.0, settings.calls_per_second / 10), max(0.1, 1 / settings.calls_per_second))

    async def run(self, stopping: asyncio.Event) -> None:
        """Begin runs by the schedule and work on whatever run is under way, until told to stop."""
        while not stopping.is_set():
            try:
                await self.begin_if_due()
                await self.work(stopping)
            except StoreUnavailable:
                pass  # The run stands where it stood.
            except Exception as error:  # noqa: BLE001 - one bad turn must not end it
                self._observe(DefectFound(system=self._system, operation="reconcile", error=error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), self._settings.idle_seconds)

    async def begin_if_due(self) -> None:
        """Begin a run when the schedule says so. Raises StoreUnavailable."""
        now = self._clock.now()
        mode = due_mode(*await self._store.last_begun(self._system), now, self._settings)
        if mode is not None:
            await self._store.begin(
                self._system, mode, phase=RunPhase.LISTING, is_dry=False, requested_by="schedule", now=now
            )

    async def work(self, stopping: asyncio.Event | None = None) -> bool:
        """Go on with the run that is under way until it ends, pauses or is told to stop; tell whether it ended.

        It pauses while the system does not answer and while repairs are on their way. Raises StoreUnavailable.
        """
        async with self._store.alone(self._system) as mine:
            if mine is None:
                return False
            while stopping is None or not stopping.is_set():
                run = await mine.run()
                if run is None:
                    return True
                if not await self._advance(mine, run):
                    return False
        return False

    async def _advance(self, mine: RunTransactions, run: Run) -> bool:
        """Do one page; tell whether there is more to do now."""
        if await self._breaker.allowance() == 0:
            return False
        try:
            match run.phase:
                case RunPhase.LISTING:
                    return await self._list(mine, run)
                case RunPhase.COMPARING:
                    return await self._compare(mine, run)
                case _:
                    return await self._verify(mine, run)
        except _Paused:
            return False
        except RemoteError as error:
            await self._breaker.failed(call_failed(error))
            return False

    async def _list(self, mine: RunTransactions, run: Run) -> bool:
        """Read one window of the list whole, and note what is not here and what stands there twice."""
        today = self._clock.now().astimezone(VIETNAM).date()
        begin = date.fromisoformat(run.list_cursor) if run.list_cursor else self._first_day(run)
        if not self._listing.has_listing or begin > today:
            result = self._result(run, RunPhase.COMPARING, _Page())
            result = replace(result, has_listed_all=self._listing.has_listing)
            return await mine.store(result, self._clock.now())
        end = begin + self._settings.list_window
        codes: list[str] = []
        page_number: int | None = 1
        while page_number is not None:
            try:
                async with self._rate:
                    listed = await self._listing.list_dossiers(received_from=begin, received_to=end, page=page_number)
            except (Rejected, ContractBroken):
                # It answers, but gives no list: the dossiers are compared all the same, and nothing is settled.
                page = _Page()
                page.count("not_listed")
                return await mine.store(self._result(run, RunPhase.COMPARING, page), self._clock.now())
            await self._breaker.answered()
            codes.extend(listed.codes)
            page_number = listed.next_page
        page = _Page()
        page.count("listed", len(codes))
        for kind, found in (
            (DifferenceKind.MISSING_HERE, await mine.unknown_codes(sorted(set(codes)))),
            (DifferenceKind.DUPLICATED, duplicated(codes)),
        ):
            for code in found:
                page.count(kind.value)
                page.findings.append(
                    NewFinding(dossier_code=code, dossier_id=None, kind=kind, fields=(), state=FindingState.PARKED)
                )
        result = replace(self._result(run, RunPhase.LISTING, page), list_cursor=end.isoformat())
        return await mine.store(result, self._clock.now())

    def _first_day(self, run: Run) -> date:
        if run.since is None:
            return self._settings.list_from
        return run.since.astimezone(VIETNAM).date() - self._settings.list_window

    async def _compare(self, mine: RunTransactions, run: Run) -> bool:
        candidates = await mine.candidates(run, self._settings.page_size)
        if not candidates:
            return await mine.store(self._result(run, RunPhase.VERIFYING, _Page()), self._clock.now())
        looked, failure = await self._look_at(candidates)
        page = _Page()
        for one in looked:
            self._note(page, one, is_dry=run.is_dry)
        if looked:
            result = replace(self._result(run, RunPhase.COMPARING, page), cursor=looked[-1].candidate.dossier_id)
            if not await mine.store(result, self._clock.now()):
                return True  # Cancelled, or another process went on: look anew.
        if failure is not None:
            raise failure
        return True

    async def _verify(self, mine: RunTransactions, run: Run) -> bool:
        """Look again at repairs that were delivered; the run ends when none is open any more."""
        after = 0
        while repairs := await mine.delivered_repairs(run, after, self._settings.page_size):
            after = repairs[-1].finding_id
            looked, failure = await self._look_at([repair.candidate for repair in repairs])
            states = [(repair.finding_id, _judged(repair, one)) for repair, one in zip(repairs, looked, strict=False)]
            if states:
                await mine.settle(run, states, self._clock.now())
            if failure is not None:
                raise failure
        if await mine.has_open_repairs(run):
            return False
        return await mine.store(self._result(run, RunPhase.DONE, _Page()), self._clock.now())

    async def _look_at(self, candidates: Sequence[Candidate]) -> tuple[list[_Looked], Exception | None]:
        """Look at dossiers together; give those before the first that could not be asked about, and why not."""
        procedures = await self._procedures.get_many(sorted({candidate.procedure_code for candidate in candidates}))
        ends = await asyncio.gather(
            *(self._look_at_one(candidate, procedures.get(candidate.procedure_code)) for candidate in candidates),
            return_exceptions=True,
        )
        if any(isinstance(end, _Looked) and end.inspection is not None for end in ends):
            await self._breaker.answered()
        looked: list[_Looked] = []
        unreadable_count = 0
        for candidate, end in zip(candidates, ends, strict=True):
            if isinstance(end, _Looked):
                looked.append(end)
                if end.inspection is not None:
                    self._witness = candidate
            elif isinstance(end, Rejected | ContractBroken) and unreadable_count < _MAX_UNREADABLE_IN_A_PAGE:
                # The system answers, but not about this one: the others are looked at all the same.
                unreadable_count += 1
                looked.append(_Looked(candidate, None, "not_shown"))
            elif isinstance(end, RemoteError) and await self._is_the_only_trouble(candidate, ends):
                looked.append(_Looked(candidate, None, "not_shown"))
            elif isinstance(end, RemoteError | _Paused):
                return looked, end
            elif isinstance(end, StoreUnavailable):
                raise end
            elif isinstance(end, Exception):
                self._observe(DefectFound(system=self._system, operation="reconcile", error=end))
                looked.append(_Looked(candidate, None, "defect"))
            else:
                raise end
        return looked, None

    async def _is_the_only_trouble(self, candidate: Candidate, ends: Sequence[_Looked | BaseException]) -> bool:
        """Tell whether the system has failed on this one several times while it answered about others."""
        stalled_id, count = self._stalled
        self._stalled = (candidate.dossier_id, count + 1 if stalled_id == candidate.dossier_id else 1)
        if self._stalled[1] < _MAX_STALLS:
            return False
        if any(isinstance(end, _Looked) and end.inspection is not None for end in ends):
            return True
        return await self._is_another_shown()

    async def _is_another_shown(self) -> bool:
        # No other of the page was shown, perhaps since there is no other: one that was shown before is asked about.
        if self._witness is None:
            return False
        code = self._witness.procedure_code
        try:
            shown = await self._look_at_one(self._witness, (await self._procedures.get_many([code])).get(code))
        except (RemoteError, _Paused):
            return False
        if shown.inspection is not None:
            await self._breaker.answered()
        return shown.inspection is not None

    async def _look_at_one(self, candidate: Candidate, procedure: Procedure | None) -> _Looked:
        if not candidate.is_settled:
            return _Looked(candidate, None, "under_way")
        try:
            dossier = self._open(candidate)
        except IntegrityFailed:
            return _Looked(candidate, None, "unreadable_here")
        if self._codes is not None:
            translated = self._codes.pinned().translated(dossier)
            if isinstance(translated, NotTranslatable):
                return _Looked(candidate, None, "not_translatable")
            if translated.procedure_code != candidate.procedure_code:
                code = translated.procedure_code
                procedure = (await self._procedures.get_many([code])).get(code)
            dossier = translated
        prepared = self._channel.prepare_snapshot(
            SnapshotToPush(delivery_id=0, dossier_code=candidate.code, dossier=dossier, procedure=procedure)
        )
        if isinstance(prepared, Untranslatable):
            return _Looked(candidate, None, "not_translatable")
        async with self._turns:
            await self._breaker.turn()
            if self._breaker.is_open or self._breaker.is_shut:
                raise _Paused
            async with self._rate:
                inspection = await self._channel.inspect(prepared)
        return _Looked(candidate, inspection)

    def _open(self, candidate: Candidate) -> Dossier:
        key = self._key_ring.open_record_key(candidate.wrapped_key)
        context = revision_context(candidate.dossier_id, candidate.content_revision)
        dossier = _dossiers.decode(key.unseal(candidate.sealed, context=context))
        if candidate.status != dossier.status:
            # A step has moved it on since; the province's own code beside it was that of the former status.
            dossier = replace(dossier, status=DossierStatus(candidate.status), source_status="")
        if self._links is None:
            return dossier
        return self._links.rewritten(
            dossier,
            dossier_id=candidate.dossier_id,
            revision=candidate.content_revision,
            now=self._clock.now(),
        )

    def _note(self, page: _Page, one: _Looked, *, is_dry: bool) -> None:
        if one.inspection is None:
            page.count(one.problem)
            return
        candidate = one.candidate
        page.count("compared")
        page.looked_at.append(candidate.code)
        found = classify(candidate.origin, one.inspection, is_expected=candidate.is_expected)
        if not found:
            page.count("equal")
        for classified, state in zip(found, states(found, is_dry=is_dry), strict=True):
            page.count(classified.kind.value)
            page.findings.append(self._finding(candidate, classified, one.inspection, state))
            if state is FindingState.REPAIRING:
                is_whole = classified.kind is DifferenceKind.MISSING_THERE
                (page.whole if is_whole else page.newest).append(candidate.dossier_id)

    def _finding(
        self, candidate: Candidate, classified: Classified, inspection: Inspection, state: FindingState
    ) -> NewFinding:
        values = [one for one in inspection.differences if one.name in classified.fields]
        wrapped_key, sealed = None, None
        if values:
            key = self._key_ring.new_record_key()
            context = finding_context(self._system, candidate.code)
            wrapped_key, sealed = key.wrapped, key.seal(msgspec.json.encode(values), context=context)
        return NewFinding(
            dossier_code=candidate.code,
            dossier_id=candidate.dossier_id,
            kind=classified.kind,
            fields=classified.fields,
            state=state,
            wrapped_key=wrapped_key,
            sealed=sealed,
        )

    @staticmethod
    def _result(run: Run, next_phase: RunPhase, page: _Page) -> PageResult:
        return PageResult(
            run=run,
            next_phase=next_phase,
            cursor=run.cursor,
            list_cursor=run.list_cursor,
            findings=page.findings,
            looked_at=page.looked_at,
            repairs_whole=page.whole,
            repairs_newest=page.newest,
            counts=tuple(page.counts.items()),
        )


def open_values(
    key_ring: KeyRing, system: str, dossier_code: str, wrapped_key: bytes, sealed: bytes
) -> Sequence[FieldDifference]:
    """Open both values of a finding's fields. Raises IntegrityFailed."""
    key = key_ring.open_record_key(wrapped_key)
    plain = key.unseal(sealed, context=finding_context(system, dossier_code))
    return msgspec.json.decode(plain, type=tuple[FieldDifference, ...])


def due_mode(
    last_full_at: datetime | None, last_any_at: datetime | None, now: datetime, settings: ReconciliationSettings
) -> RunMode | None:
    """Say which run is due by the schedule; None for none. Without a full run there is nothing to add to."""
    if settings.full_interval is not None and (last_full_at is None or now - last_full_at >= settings.full_interval):
        return RunMode.FULL
    if settings.interval is not None and last_any_at is not None and now - last_any_at >= settings.interval:
        return RunMode.INCREMENTAL
    return None


def _judged(repair: Repairing, one: _Looked) -> FindingState:
    if one.inspection is None:
        return FindingState.PARKED
    found = classify(one.candidate.origin, one.inspection, is_expected=True)
    return after_repair(repair.kind, found)
