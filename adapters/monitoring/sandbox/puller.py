"""The national monitoring system as a province meets it: it pulls what is new, keeps it, and holds it against every
promise of the interface. Source: monitoring notes §4.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import aiohttp

from adapters.monitoring.sandbox import exercises, judging
from adapters.monitoring.sandbox.asking import Asked, Asker
from adapters.monitoring.sandbox.catalogue import read_catalogue
from adapters.monitoring.sandbox.chain import faults_of_history, faults_of_place
from adapters.monitoring.sandbox.figures import Fault
from adapters.monitoring.sandbox.findings import Finding, FindingKind, Refused
from adapters.monitoring.sandbox.habits import PullerSettings
from adapters.monitoring.sandbox.heads import Entry, read_entry
from adapters.monitoring.sandbox.keys import ProvinceKeys
from adapters.monitoring.sandbox.log import RestatementLog
from adapters.monitoring.sandbox.paging import pages
from adapters.monitoring.sandbox.province import Province, pause
from adapters.monitoring.sandbox.reading import SnapshotReader
from adapters.monitoring.sandbox.store import PulledStore
from adapters.sandboxing import MachineClock, SandboxClock

ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRound:
    """What one pull did."""

    number: int
    """From 1."""
    started_at: datetime
    ended_at: datetime
    is_complete: bool
    """False when the province did not answer all of it; what was got is kept, and the rest is pulled next time."""
    snapshot_ids: tuple[str, ...]
    """What was new, in the province's order."""
    findings: tuple[Finding, ...]
    """What was found wrong for the first time."""
    calls_count: int
    size_bytes: int
    """Of the bodies of all answers."""

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        return {
            "number": self.number,
            "started_at": self.started_at.isoformat(),
            "ended_at": self.ended_at.isoformat(),
            "is_complete": self.is_complete,
            "snapshot_ids": list(self.snapshot_ids),
            "findings": [finding.as_dict() for finding in self.findings],
            "calls_count": self.calls_count,
            "size_bytes": self.size_bytes,
        }


class Puller:
    """Pulls from one province. Not for threads; rounds asked for at once follow each other.

    The session is the caller's: it brings the client certificate where one is needed, and is not closed here.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        settings: PullerSettings,
        *,
        clock: SandboxClock | None = None,
        sleep: Callable[[float], Awaitable[object]] = pause,
    ) -> None:
        self._session = session
        self._clock = clock or MachineClock()
        self._sleep = sleep
        self._lock = asyncio.Lock()
        self.store = PulledStore()
        self.rounds: list[PullRound] = []
        self.province = Province(session, settings, clock=self._clock, sleep=sleep, report=self._report)
        self._keys = ProvinceKeys(lambda: self.province.document("/jwks.json"))
        self._reader = SnapshotReader(self.province, self._keys, self._clock, self._report)
        self._log = RestatementLog(self.province, self.store, self._report)
        self._asker = Asker(self.province, self.store, self._report)
        self._unjudged: list[str] = []
        """Publications whose changes are not yet held against the log of changes."""

    @property
    def settings(self) -> PullerSettings:
        """The settings in force."""
        return self.province.settings

    @settings.setter
    def settings(self, settings: PullerSettings) -> None:
        self.province.settings = settings

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that was found wrong so far, each once, in the order of finding."""
        return tuple(self.store.findings)

    async def pull(self) -> PullRound:
        """Do a round: what is new since the last one, whether the old is what it was, and what both say together.

        Never raises for what the province does: that is in the findings.
        """
        async with self._lock:
            return await self._round()

    async def ask(
        self, period_type: str, period: str, *, calendar: str = "gregorian", **query: str | Sequence[str]
    ) -> Asked | None:
        """Ask for indicators, as by `scope`, `agency`, `indicator` (several), `version` ("latest" or a number; live
        figures without it), and hold the answer against the contract; None when it could not be used."""
        async with self._lock:
            return await self._guarded(self._asker.ask(period_type, period, calendar, query))

    async def read(self, path: str, **query: str) -> dict[str, Any] | None:
        """Read another resource below the root, as `/quality`, `/calendar` or `/drilldown/{id}`; None, and a finding,
        when it is not an object that was given out."""
        async with self._lock:
            return await self._guarded(self.province.document(path, list(query.items())))

    def dump(self) -> dict[str, Any]:
        """Give everything that is held as plain JSON values."""
        return {"rounds": [held.as_dict() for held in self.rounds], **self.store.dump()}

    def alike(self, settings: PullerSettings) -> "Puller":
        """Give another puller with the same session, clock and waits, and nothing pulled."""
        return Puller(self._session, settings, clock=self._clock, sleep=self._sleep)

    def take_over(self, findings: Sequence[Finding]) -> None:
        """Make findings of another puller one's own."""
        for finding in findings:
            self._report(finding.kind, finding.snapshot_id, finding.message)

    async def _round(self) -> PullRound:
        started_at, known = self._clock.now(), set(self.store.findings)
        calls, size = self.province.calls_count, self.province.bytes_count
        new: list[str] = []
        self._keys.begin_round()
        refusals = [await self._does(exercises.exercise(self))]
        steps: tuple[Callable[[], Awaitable[None]], ...] = (
            lambda: read_catalogue(self.province, self.store),
            lambda: self._pull_new(new),
            self._hold_history,
            lambda: self._recheck(new),
            self._explain,
        )
        for step in steps:
            if FindingKind.UNAVAILABLE not in refusals:  # Whoever does not answer is not called in vain.
                refusals.append(await self._does(step()))
        done = PullRound(
            number=len(self.rounds) + 1,
            started_at=started_at,
            ended_at=self._clock.now(),
            is_complete=not any(refusals),
            snapshot_ids=tuple(new),
            findings=tuple(finding for finding in self.store.findings if finding not in known),
            calls_count=self.province.calls_count - calls,
            size_bytes=self.province.bytes_count - size,
        )
        self.rounds.append(done)
        return done

    async def _pull_new(self, new: list[str]) -> None:
        """Pull what was published since the last round, in order; `new` gets the id of each."""
        since = self.store.last_position
        query = [("since", str(since))] if since else []
        async for value in pages(self.province, "/snapshots", "snapshots", query, self.settings.page_limit):
            entry = read_entry(value)
            held = self.store.snapshots.get(entry.head.id)
            if held is not None and held.entry == entry:
                continue  # `since` may or may not mean the one at that position, too.
            await self._take(entry)
            if entry.head.id not in new:
                new.append(entry.head.id)

    async def _take(self, entry: Entry) -> None:
        store, name = self.store, entry.head.id
        known = {held.head.id: held.entry for held in store.snapshots.values()}
        misplaced = list(faults_of_place(entry, store.last_position, known))
        if name in known:
            self._report_all(name, misplaced)
            return
        pulled = await self._reader.read(entry, store.last_digest, is_in_place=not misplaced)
        self._report_all(name, misplaced)
        self._report_all(name, judging.faults_of_publication(pulled, store, self.settings))
        store.snapshots[name] = pulled
        self._unjudged.append(name)

    async def _hold_history(self) -> None:
        """Read the whole list and hold it against everything that was pulled."""
        if not self.settings.are_histories_listed:
            return
        listing = pages(self.province, "/snapshots", "snapshots", [], self.settings.page_limit)
        listed = [read_entry(value) async for value in listing]
        known = [held.entry for held in self.store.snapshots.values()]
        for name, fault in faults_of_history(known, listed):
            self._report_all(name, [fault])

    async def _recheck(self, new: Sequence[str]) -> None:
        """Ask for the newest of the older publications again."""
        older = [held for name, held in self.store.snapshots.items() if name not in new]
        for held in older[len(older) - min(len(older), self.settings.rechecks_count) :]:
            await self._reader.recheck(held)

    async def _explain(self) -> None:
        """Read the log of changes, and hold the changes of what is new against it."""
        await self._log.pull()
        for name in self._unjudged:
            self._report_all(name, judging.faults_of_changes_to(self.store.snapshots[name], self.store))
        self._unjudged.clear()

    async def _does(self, work: Awaitable[None]) -> FindingKind | None:
        """Do a step; give why it could not be done to its end, which is a finding."""
        try:
            await work
        except Refused as refused:
            self._report(refused.kind, None, str(refused))
            return refused.kind
        return None

    async def _guarded(self, work: Awaitable[ResultT]) -> ResultT | None:
        try:
            return await work
        except Refused as refused:
            self._report(refused.kind, None, str(refused))
            return None

    def _report(self, kind: FindingKind, snapshot_id: str | None, message: str) -> None:
        self.store.findings.setdefault(Finding(kind, snapshot_id, message), len(self.rounds) + 1)

    def _report_all(self, snapshot_id: str, faults: Iterable[Fault]) -> None:
        for kind, message in faults:
            self._report(kind, snapshot_id, message)
