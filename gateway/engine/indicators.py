"""Keeping numbers: the feed is followed, facts are made again, and their cells change with them in one transaction."""

from datetime import datetime, timedelta

from gateway.engine.indicator_facts import FactMaker
from gateway.engine.indicator_judging import CountingRules
from gateway.indicators.cells import changes
from gateway.monitoring.storing import CountingTurn, IndicatorStore
from gateway.ports.basics import Clock, KeyRing
from gateway.ports.observing import AlertRaised, Observer

DOSSIERS_PER_TURN = 500
_MAX_TURNS = 200
_A_MOMENT = timedelta(microseconds=1)


def nobody(_: object) -> None:
    """Hear nothing."""


class IndicatorKeeper:
    """Counts what was accepted since it was counted last. Several processes may try: one does."""

    def __init__(
        self,
        store: IndicatorStore,
        *,
        key_ring: KeyRing,
        rules: CountingRules,
        clock: Clock,
        observer: Observer = nobody,
    ) -> None:
        self._store = store
        self._observer = observer
        self._maker = FactMaker(key_ring, rules)
        self._clock = clock

    async def run(self) -> int:
        """Count until nothing is left, or for many turns; give how many facts changed. Raises StoreUnavailable.

        A turn that breaks off leaves everything as it was: its dossiers are counted by the next one.
        """
        total = 0
        for _ in range(_MAX_TURNS):
            async with self._store.turn() as turn:
                if turn is None:
                    break
                # Later than the last counting, whatever clocks do: what a publication held is told by its instant.
                now = max(self._clock.now(), turn.state.counted_at + _A_MOMENT)
                changed_count, is_more = await self._turn(turn, now)
            total += changed_count
            if not is_more:
                break
        return total

    async def _turn(self, turn: CountingTurn, now: datetime) -> tuple[int, bool]:
        await turn.begin(self._maker.rules.name)
        due = await turn.due(now, DOSSIERS_PER_TURN)
        made = await self._maker.make(turn, sorted(due.dossier_ids), now)
        for code in made.unreadable:
            self._observer(AlertRaised(system="indicators", name="dossier_unreadable", dossier_code=code))
        if made.changes:
            pairs = [(None if old is None else old.counted, new.counted) for old, new in made.changes]
            await turn.save(made.changes, changes(pairs), now)
        if made.touched:
            await turn.wish_for(sorted(made.touched))
        is_more = due.is_more or bool(made.touched)
        judged = sorted(due.dossier_ids.union(new.dossier_id for _, new in made.changes))
        await turn.finish(due, self._maker.rules.name, now, is_complete=not is_more, judged=judged)
        return len(made.changes), is_more
