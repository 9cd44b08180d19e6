"""Numbers as they stood at the end of a period: what happened later is taken away, what was learnt later is not.

Most dossiers of a period are what they were at its end; the others are judged for that instant and stand in memory
beside the sums, for as long as nothing is counted. Source: monitoring notes §4.3.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from gateway.engine.indicator_judging import CountingRules, FactJudge
from gateway.engine.indicator_numbers import Numbers
from gateway.indicators.facts import FactSet
from gateway.indicators.periods import Period
from gateway.monitoring.cut_cells import CutCells
from gateway.monitoring.storing import CutFact, IndicatorStore

ResultT = TypeVar("ResultT")
_PERIODS_KEPT_COUNT = 4
_PAUSE_SECONDS = 0.25


@dataclass(slots=True)
class _Kept:
    """What was made for a period. `ended` was made of the facts `source`, beside the cells."""

    mark: tuple[object, ...]
    cells: CutCells
    source: FactSet | None = None
    ended: Numbers | None = None


class PeriodEnds:
    """Gives numbers at the ends of periods. Dossiers of the last few periods are kept as they were judged."""

    def __init__(self, store: IndicatorStore, *, rules: CountingRules, tries_count: int = 20) -> None:
        self._store = store
        self._tries_count = tries_count
        self._judge = FactJudge(rules)
        self._kept: dict[str, _Kept] = {}
        self._at_work = asyncio.Lock()

    async def ask(
        self, numbers: Numbers, period: Period, ask: Callable[[Numbers], Awaitable[ResultT]]
    ) -> ResultT | None:
        """Give what `ask` makes of the numbers at a period's end; of a running period, of those that are now.

        None when dossiers are counted all the time, or not to the end. Raises StoreUnavailable.
        """
        if period.end > await numbers.cells.counted_at():
            return await ask(numbers)
        for number in range(self._tries_count):
            if number:
                await asyncio.sleep(_PAUSE_SECONDS)
            kept = await self._cells(numbers, period)
            if kept is None:
                continue
            found = await ask(await _ended(kept, numbers, period))
            # What was read in several questions is one state only if nothing was stored meanwhile.
            if (await self._mark(numbers)) == kept.mark:
                return found
        return None

    async def _cells(self, numbers: Numbers, period: Period) -> _Kept | None:
        async with self._at_work:
            kept = self._kept.get(period.key)
            if kept is not None and kept.mark == await self._mark(numbers):
                return kept
            mark = await numbers.mark()
            async with self._store.survey() as turn:
                if not turn.state.is_complete or turn.state.rules != self._judge.rules.name:
                    return None
                facts: list[CutFact] = []
                async for some in turn.of_period(period):
                    facts += await self._judge.cut(turn, some, period.end)
            kept = _Kept((turn.state.changes_count, *mark), CutCells(numbers.cells, facts))
            self._kept.pop(period.key, None)
            self._kept = dict([*self._kept.items()][1 - _PERIODS_KEPT_COUNT :])
            self._kept[period.key] = kept
            return kept

    async def _mark(self, numbers: Numbers) -> tuple[object, ...]:
        return ((await self._store.state()).changes_count, *await numbers.mark())


async def _ended(kept: _Kept, numbers: Numbers, period: Period) -> Numbers:
    """Give numbers over the kept cells; petitions and publications are cut again only when they changed."""
    source = await numbers.facts()
    if kept.ended is None or kept.source is not source:
        kept.ended, kept.source = await numbers.at_end_of(period, kept.cells), source
    return kept.ended
