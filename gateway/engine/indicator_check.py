"""Counting from scratch: every dossier is read from its beginning, every cell added up anew, and both are compared."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from gateway.engine.indicator_facts import FactMaker
from gateway.engine.indicator_judging import CountingRules
from gateway.indicators.cells import CellKey, Counted, add
from gateway.monitoring.storing import CountingTurn, IndicatorStore, StoredFact
from gateway.ports.basics import KeyRing

_PAGE = 500
_MAX_NAMED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What counting from scratch gave. `codes` name some of the dossiers whose facts differ."""

    dossiers_count: int
    cells_count: int
    differing_facts_count: int
    differing_cells_count: int
    codes: tuple[str, ...] = field(default=())

    @property
    def is_equal(self) -> bool:
        """Tell whether both countings say the same."""
        return not self.differing_facts_count and not self.differing_cells_count


class IndicatorChecker:
    """Compares with the store, as of the instant of the last counting; nobody counts meanwhile."""

    def __init__(self, store: IndicatorStore, *, key_ring: KeyRing, rules: CountingRules) -> None:
        self._store = store
        self._maker = FactMaker(key_ring, rules)

    async def check(self) -> Comparison | None:
        """Read every dossier from its beginning; None when another process is counting. Raises StoreUnavailable."""
        async with self._store.turn() as turn:
            if turn is None:
                return None
            dossiers_count, differing = await self._facts(turn)
            cells_count, differing_cells_count = await self._cells(turn)
        return Comparison(
            dossiers_count=dossiers_count,
            cells_count=cells_count,
            differing_facts_count=len(differing),
            differing_cells_count=differing_cells_count,
            codes=tuple(sorted(differing)[:_MAX_NAMED]),
        )

    async def add_up(self) -> bool:
        """Add every cell up anew from the stored facts; False when another process is counting."""
        async with self._store.turn() as turn:
            if turn is None:
                return False
            for first, after in _months(await turn.counted_days()):
                await turn.replace_cells(first, after, await _added_up(turn, first, after))
        return True

    async def _facts(self, turn: CountingTurn) -> tuple[int, list[str]]:
        after, count, differing = 0, 0, list[str]()
        while ids := await turn.dossiers_after(after, _PAGE):
            made = await self._maker.make_anew(turn, ids, turn.state.counted_at)
            differing += [new.record.code for old, new in made.changes if not _is_same(old, new)]
            differing += made.unreadable
            count += len(ids)
            after = ids[-1]
        return count, differing

    async def _cells(self, turn: CountingTurn) -> tuple[int, int]:
        count = differing_count = 0
        for first, after in _months(await turn.counted_days()):
            stored, added_up = await turn.cells_between(first, after), await _added_up(turn, first, after)
            count += len(stored)
            differing_count += sum(stored.get(key) != added_up.get(key) for key in stored.keys() | added_up.keys())
        return count, differing_count


async def _added_up(turn: CountingTurn, first: date, after: date) -> dict[CellKey, dict[int, int]]:
    cells: dict[CellKey, dict[int, int]] = {}
    for counted in await turn.counted_between(first, after):
        add(cells, _within(counted, first, after))
    cleaned = {key: {place: amount for place, amount in cell.items() if amount} for key, cell in cells.items()}
    return {key: cell for key, cell in cleaned.items() if cell}


def _within(counted: Counted, first: date, after: date) -> Counted:
    received, submitted = counted.received, counted.submitted
    return replace(
        counted,
        received=received if received is not None and first <= received.day < after else None,
        submitted=submitted if submitted is not None and first <= submitted.day < after else None,
    )


def _is_same(old: StoredFact | None, new: StoredFact) -> bool:
    """Compare what is counted; when it was written down does not matter.

    Beside a dossier that was erased since, a fact seems to be younger than it is: that only costs looking at it again.
    """
    if old is None or (old.holds_from is not None and new.holds_from is not None and old.holds_from < new.holds_from):
        return False
    return replace(new, recorded_at=old.recorded_at, holds_from=old.holds_from) == old


def _months(days: tuple[date, date] | None) -> list[tuple[date, date]]:
    if days is None:
        return []
    months, first = [], days[0].replace(day=1)
    while first <= days[1]:
        after = (first + timedelta(days=31)).replace(day=1)
        months.append((first, after))
        first = after
    return months
