"""Questions for indicators of one period, live or published, and whether the answers are as agreed. Source: monitoring
notes §4.1 to §4.4.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.monitoring.sandbox import judging
from adapters.monitoring.sandbox.catalogue import read_catalogue
from adapters.monitoring.sandbox.figures import Fault
from adapters.monitoring.sandbox.findings import FindingKind, broken
from adapters.monitoring.sandbox.heads import Head, read_head
from adapters.monitoring.sandbox.paging import documents
from adapters.monitoring.sandbox.periods import bounds_of
from adapters.monitoring.sandbox.province import Province, Report
from adapters.monitoring.sandbox.rows import Observation, read_observations, refuse_doubles
from adapters.monitoring.sandbox.store import PulledStore

_PATH = "/indicators"
_OF_SIGNED = ("signature", "manifest", "manifest_sha256", "position")


@dataclass(frozen=True, slots=True)
class Asked:
    """An answer, its pages put together."""

    head: Head
    observations: tuple[Observation, ...] = field(repr=False)


class Asker:
    """Asks, and reports what is wrong with the answer."""

    def __init__(self, province: Province, store: PulledStore, report: Report) -> None:
        self._province = province
        self._store = store
        self._report = report

    async def ask(self, period_type: str, period: str, calendar: str, more: Mapping[str, str | Sequence[str]]) -> Asked:
        """Ask for a period. Raises Refused for an answer that cannot be used."""
        if self._store.units is None:
            await read_catalogue(self._province, self._store)
        query = [("period_type", period_type), ("period", period), ("calendar", calendar)]
        for name, value in more.items():
            query += [(name, each) for each in ([value] if isinstance(value, str) else value)]
        raw_head: dict[str, Any] | None = None
        found: list[Observation] = []
        async for page in documents(self._province, _PATH, query, self._province.settings.page_limit):
            head = read_head(page.get("snapshot"), _PATH)
            if raw_head is not None and page["snapshot"] != raw_head:
                raise broken(f"{_PATH}: pages of one answer have different heads")
            raw_head = page["snapshot"]
            if head.status == "live" and any(page.get(name) is not None for name in _OF_SIGNED):
                raise broken(f"{_PATH}: live figures come as if they were signed")
            found += read_observations(page.get("observations"), _PATH)
        refuse_doubles(found, _PATH)
        head = read_head(raw_head, _PATH)
        asked = Asked(head, tuple(found))
        for kind, message in self._faults(asked, period_type, period, calendar):
            self._report(kind, None if head.status == "live" else head.id, f"{_PATH}: {message}")
        return asked

    def _faults(self, asked: Asked, period_type: str, period: str, calendar: str) -> Iterator[Fault]:
        head = asked.head
        fault = _bounds_fault(head, period_type, period, calendar)
        if fault is not None:
            yield FindingKind.BOUNDS_WRONG, fault
        if (head.period_type, head.calendar) != (period_type, calendar):
            yield FindingKind.CONTRACT_BROKEN, "is of another kind of period, or calendar, than was asked for"
        yield from judging.faults_of_numbers(asked.observations, self._store, self._province.settings)
        if head.status != "live":
            yield from self._faults_of_published(asked)
        elif head.version != 0 or head.supersedes is not None:
            yield FindingKind.VERSION_ORDER_WRONG, "live figures have a version, or supersede one"

    def _faults_of_published(self, asked: Asked) -> Iterator[Fault]:
        """Hold the answer against the publication that it says to be, where that was pulled."""
        held = self._store.snapshots.get(asked.head.id)
        if held is None:
            if asked.head.version < 1:
                yield FindingKind.VERSION_ORDER_WRONG, "published figures have no version"
            return
        if held.head != asked.head:
            yield FindingKind.ROWS_DIFFER, "the head is not that of the snapshot"
        published = held.figures()
        if held.observations is None:
            return
        for one in asked.observations:
            if one.key not in published or published[one.key].raw != one.raw:
                yield FindingKind.ROWS_DIFFER, f"{one.key} is not what the snapshot says"


def _bounds_fault(head: Head, period_type: str, period: str, calendar: str) -> str | None:
    """Say what is wrong with the bounds of what was asked for; free periods are told by other parameters."""
    if period_type in ("ytd", "custom"):
        return None
    try:
        expected = bounds_of(period_type, period, calendar)
    except ValueError:
        return f"{period_type} {period} ({calendar}) is no period, and is answered"
    if (head.start, head.end) == expected:
        return None
    return f"{period_type} {period} ({calendar}) is {expected[0].date()} to {expected[1].date()}"
