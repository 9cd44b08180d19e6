"""Why a dossier counts, does not count, or stands outside: the formulas' own reasons, from what is stored of it."""

from dataclasses import dataclass, replace

from gateway.engine.indicator_judging import CountingRules, FactJudge
from gateway.engine.indicator_numbers import Numbers
from gateway.indicators.facts import DossierFact
from gateway.indicators.formulas import Verdict
from gateway.indicators.periods import Period
from gateway.indicators.readings import Readings
from gateway.indicators.registry import explain
from gateway.indicators.scope import Scope
from gateway.indicators.selection import Selection
from gateway.monitoring.deadlines import Deadline
from gateway.monitoring.observations import StateAt
from gateway.monitoring.storing import IndicatorStore


@dataclass(frozen=True, slots=True)
class Explained:
    """A verdict, and what it is about."""

    verdict: Verdict
    fact: DossierFact
    deadline: Deadline | None
    """How its due date came about; None where it is the stated one, or there is none."""


class Explainer:
    """Explains numbers by dossier. No dossier is opened for it."""

    def __init__(self, store: IndicatorStore, numbers: Numbers, *, rules: CountingRules) -> None:
        self._store = store
        self._numbers = numbers
        self._judge = FactJudge(rules)

    async def explain(
        self,
        code: str,
        indicator: str,
        period: Period,
        scope: Scope,
        readings: Readings,
        state_at: StateAt = StateAt.AS_OF,
    ) -> Explained | None:
        """Say where a dossier stands in an indicator; None for one that is not counted.

        Raises InvalidInput (`indicator_unknown`), StoreUnavailable.
        """
        numbers = self._numbers
        async with self._store.look(code) as found:
            if found is None:
                return None
            turn, stored = found
            is_past = state_at is StateAt.PERIOD_END and period.end <= turn.state.counted_at
            end = period.end if is_past else None
            fact = await self._judge.fact(turn, stored, end)
            deadline = await self._judge.deadline(turn, stored, end)
        if is_past:
            numbers = await numbers.at_end_of(period, numbers.cells)
        facts = await numbers.facts()
        facts = replace(facts, dossiers=[fact], as_of=max(facts.as_of, turn.state.counted_at))
        return Explained(explain(indicator, Selection(facts, period, scope, readings), code), fact, deadline)
