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
from gateway.monitoring.storing import IndicatorStore

ResultT = TypeVar("ResultT")
_PERIODS_KEPT_COUNT = 4
_PAUSE_SECONDS = 0.25


@dataclass(slots=True)
class _Kept:
    """What was made for a period, of the facts up to `changes_count`. `ended` was made of the facts `source`."""

    changes_count: int
    cells: CutCells
    source: FactSet | None = None
    ended: Numbers | None = None


class PeriodEnds:
    """Gives numbers at the ends of periods. Dossiers of the last few periods are kept as they were judged: once whoever
    was another one then has been judged, only those are judged again whose facts are made again."""

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
            mark = await numbers.mark()
            kept = await self._judged(numbers, period)
            if kept is None:
                continue
            changes_count = kept.changes_count
            found = await ask(await _ended(kept, numbers, period))
            # What was read in several questions is one state only if nothing was stored meanwhile.
            if (await self._store.state()).changes_count == changes_count and await numbers.mark() == mark:
                return found
        return None

    async def _judged(self, numbers: Numbers, period: Period) -> _Kept | None:
        """Give what is kept for a period, after all that changed was judged; None while something is to be counted."""
        async with self._at_work:
            state = await self._store.state()
            kept = self._kept.pop(period.key, None)
            if kept is None or kept.changes_count != state.changes_count:
                # What breaks off in the midst is not kept: half of it would be judged.
                kept = await self._judge_changed(kept, numbers, period)
            if kept is not None:
                self._kept = dict([*self._kept.items()][1 - _PERIODS_KEPT_COUNT :])
                self._kept[period.key] = kept
            return kept

    async def _judge_changed(self, kept: _Kept | None, numbers: Numbers, period: Period) -> _Kept | None:
        async with self._store.survey() as turn:
            if not turn.state.is_complete or turn.state.rules != self._judge.rules.name:
                return None
            changed = None if kept is None else await turn.judged_since(kept.changes_count)
            if kept is None or changed is None:
                kept = _Kept(turn.state.changes_count, CutCells(numbers.cells))
            else:
                kept.cells.forget(changed)
            async for some in turn.of_period(period, changed):
                kept.cells.put_in(await self._judge.cut(turn, some, period.end))
            kept.changes_count = turn.state.changes_count
            return kept


async def _ended(kept: _Kept, numbers: Numbers, period: Period) -> Numbers:
    """Give numbers over the kept cells; petitions and publications are cut again only when they changed."""
    source = await numbers.facts()
    if kept.ended is None or kept.source is not source:
        kept.ended, kept.source = await numbers.at_end_of(period, kept.cells), source
    return kept.ended
