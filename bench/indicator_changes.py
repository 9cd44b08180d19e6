"""Dossiers that change after they were counted: facts and cells follow in one transaction of some hundred dossiers."""

import os
import time
from collections.abc import Sequence
from dataclasses import replace

from bench.children import CpuMeter, spent
from bench.counting import Maker, stored_fact
from bench.dossier_years import MEASURED_AT
from bench.plan import Bench
from gateway.engine.indicators import DOSSIERS_PER_TURN
from gateway.indicators.cells import changes
from gateway.indicators.words import Rating
from gateway.monitoring.neighbours import groups_of
from gateway.monitoring.records import DossierRecord
from gateway.monitoring.storing import CountingTurn, Due, StoredFact
from gateway.store.indicators import PostgresIndicators
from gateway.store.pool import Pool

_CHOSEN = """SELECT dossier_id FROM indicator_facts WHERE dossier_id % $1::int = 0 ORDER BY dossier_id LIMIT $2::int"""


class Changes:
    """Lets dossiers, spread over all years, be rated; counts those that belong to the indicators of ratings since."""

    def __init__(self, bench: Bench, pool: Pool, maker: Maker) -> None:
        self._bench, self._pool, self._maker = bench, pool, maker
        self.newly_rated_count = 0

    async def apply(self) -> tuple[int, float, dict[str, float]]:
        """Change them in turns of counting; give how many changed, and what time that took by the clock and by CPU."""
        plan = self._bench.plan
        step = max(1, plan.counted_count // plan.changed_count)
        rows = await self._pool.fetch(_CHOSEN, step, plan.changed_count)
        meter = CpuMeter({"gateway": os.getpid(), "postgres": self._bench.server.pid})
        before, started = meter.read(), time.perf_counter()
        for first in range(0, len(rows), DOSSIERS_PER_TURN):
            ids = [row["dossier_id"] for row in rows[first : first + DOSSIERS_PER_TURN]]
            async with PostgresIndicators(self._pool).turn() as turn:
                if turn is None:
                    raise ValueError("somebody else was counting")
                await self._turn(turn, ids)
        return len(rows), time.perf_counter() - started, spent(before, meter.read())

    async def _turn(self, turn: CountingTurn, ids: Sequence[int]) -> None:
        stored = await turn.facts(ids)
        wanted = [(one, group) for one, fact in stored.items() for group in groups_of(fact.record)]
        near: dict[int, list[DossierRecord]] = {}
        for (one, _), others in (await turn.neighbours(wanted, ())).items():
            near.setdefault(one, []).extend(other.record for other in others)
        changed = [(old, self._rated(old, near.get(one, []))) for one, old in stored.items()]
        await turn.save(changed, changes([(old.counted, new.counted) for old, new in changed]), MEASURED_AT)
        state = turn.state
        due = Due(dossier_ids=frozenset(ids), event_id=state.event_id, revalued_to=state.revalued_to, is_more=False)
        await turn.finish(due, state.rules, MEASURED_AT, is_complete=state.is_complete, judged=ids)

    def _rated(self, old: StoredFact, near: Sequence[DossierRecord]) -> StoredFact:
        rating = Rating.UNSATISFIED if old.record.rating is Rating.SATISFIED else Rating.SATISFIED
        record = replace(old.record, revision=old.record.revision + 1, rating=rating)
        judged, counted = self._maker.judged(record, near)
        is_counted = judged.fact.accepted_at is not None and not judged.fact.excluded_by
        self.newly_rated_count += is_counted and old.record.rating is None
        return stored_fact(old.dossier_id, record, judged, counted)
