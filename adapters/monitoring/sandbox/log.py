"""The province's log of changes between versions, read on from where it was left. Source: monitoring notes §4.3."""

from adapters.monitoring.sandbox.findings import FindingKind
from adapters.monitoring.sandbox.paging import pages
from adapters.monitoring.sandbox.province import Province, Report
from adapters.monitoring.sandbox.restatements import Restatement, read_restatement
from adapters.monitoring.sandbox.rows import Key
from adapters.monitoring.sandbox.store import PulledStore

Place = tuple[str, str, Key]


class RestatementLog:
    """Reads entries into the store, and tells those that contradict it."""

    def __init__(self, province: Province, store: PulledStore, report: Report) -> None:
        self._province = province
        self._store = store
        self._report = report
        self._read_to = 0
        self._loose: set[Place] = set()
        """Entries about publications that were not known in the last round; they may only have been too new."""

    async def pull(self) -> None:
        """Read what is new. Raises Refused; what was read is kept."""
        settings, reached = self._province.settings, self._store.last_position
        is_delta = settings.is_restatements_since_position and self._read_to > 0
        query = [("since", str(self._read_to))] if is_delta else []
        seen: set[Place] = set()
        async for value in pages(self._province, "/restatements", "restatements", query, settings.page_limit):
            entry = read_restatement(value)
            if entry.place in seen:
                self._wrong(entry, "is explained twice")
            seen.add(entry.place)
            self._take(entry)
        self._read_to = reached
        known = self._store.snapshots.keys()
        loose = {place for place in self._store.restatements if not {place[0], place[1]} <= known}
        for place in loose & self._loose:
            self._wrong(self._store.restatements[place], "is explained between publications that there are not")
        self._loose = loose

    def _take(self, entry: Restatement) -> None:
        held = self._store.restatements.setdefault(entry.place, entry)
        if held != entry:
            self._wrong(entry, "is explained otherwise than before")
        after = self._store.snapshots.get(entry.to_snapshot)
        if after is not None and after.head.supersedes != entry.from_snapshot:
            self._wrong(entry, "is explained from a version that its publication does not supersede")

    def _wrong(self, entry: Restatement, message: str) -> None:
        self._report(FindingKind.RESTATEMENT_WRONG, entry.to_snapshot, f"{entry.key} {message}")
