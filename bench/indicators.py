"""Indicators over three years of dossiers: how fast numbers are told, kept up to date, and whether they are right.

Dossiers stand in the tables as the gateway has them once they are counted: facts judged by its own rules, cells added
up by its own command. What they were accepted from is not there, since no number needs it.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from bench.children import CpuMeter, spent
from bench.counting import Maker
from bench.database import TEMPLATE
from bench.dossier_years import Years
from bench.indicator_changes import change
from bench.indicator_proof import agreeing_count, counted_sums, proof_questions
from bench.indicator_questions import (
    LAST_YEAR,
    Question,
    Timed,
    computable,
    of_everything,
    sample,
    scopes_of,
    singles,
    time_all,
)
from bench.indicator_store import SEED, AddedUp, Loaded, add_up, catalogue, found_province, load, numbers_of
from bench.plan import Bench
from bench.province import AFTER_ON, FIRST_ON, Province
from bench.results import Aim, Contender, Measurement, Round, percentile, spread
from gateway.engine.indicator_numbers import Numbers
from gateway.store.pool import Pool, open_pool
from mappings.calendars import national_calendar

_POOL_SIZE = 4
_LAST_YEAR_ON = AFTER_ON.replace(year=AFTER_ON.year - 1)
_MAX_MILLISECONDS = 200.0
_MAX_GROWTH = 1.3
_GROWTH_ROUNDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answers:
    """Answers about single indicators and about all of them, with what they cost."""

    singles: Sequence[Timed]
    everything: Sequence[Timed]
    rounds: Sequence[Round]
    remarks: Sequence[str]

    @property
    def worst(self) -> Timed:
        return max((*self.singles, *self.everything), key=lambda one: one.worst)


async def measure_indicators(bench: Bench) -> Measurement:
    """Fill one database with the last year and its copy with two more, ask both, change dossiers, and prove it all."""
    province = Province()
    years = Years(province, national_calendar(), count=bench.plan.counted_count, seed=SEED)
    async with bench.server.fresh("bench_last_year", TEMPLATE) as short_dsn:
        pool = await open_pool(short_dsn, max_size=_POOL_SIZE)
        try:
            await found_province(pool, province)
            await load(bench, short_dsn, _LAST_YEAR_ON, AFTER_ON)
            await add_up(bench, short_dsn, pool)
        finally:
            await pool.close()
        async with bench.server.fresh("bench_indicators", "bench_last_year") as dsn:
            short, pool = await open_pool(short_dsn, max_size=_POOL_SIZE), await open_pool(dsn, max_size=_POOL_SIZE)
            try:
                loaded = await load(bench, dsn, FIRST_ON, _LAST_YEAR_ON)
                added_up = await add_up(bench, dsn, pool)
                return await _measured(bench, province, years, short, pool, loaded, added_up)
            finally:
                await short.close()
                await pool.close()


async def _measured(
    bench: Bench, province: Province, years: Years, short: Pool, pool: Pool, loaded: Loaded, added_up: AddedUp
) -> Measurement:
    numbers, maker = numbers_of(pool), Maker(province)
    growth = await _growth(bench, province, numbers_of(short), numbers)
    answers = await _answers(bench, province, numbers)
    asked = proof_questions(province)
    agreed_count = await agreeing_count(numbers, maker, years, asked)
    bench.tell(f"{agreed_count} of {len(asked)} numbers are those of the dossiers themselves")
    changed = await change(bench, pool, maker, numbers)
    rows, stored = await _stored(pool, bench.plan.counted_count)
    facts_count = await counted_sums(numbers)
    expected = await _expected(pool)
    return Measurement(
        name="indicators",
        contenders=[
            _once("facts made", "fact", loaded.tally.facts_count, loaded.tally.made_seconds, expected, facts_count),
            _once("rows stored", "row", loaded.tally.facts_count, loaded.tally.stored_seconds, stored, rows),
            _once("cells added up", "cell", added_up.cells_count, added_up.seconds, len(asked), agreed_count),
            Contender(name="one indicator", unit="question", rounds=answers.rounds[:1]),
            Contender(name="all indicators of the province", unit="question", rounds=answers.rounds[1:]),
            Contender(name="changed dossiers", unit="dossier", rounds=[changed]),
        ],
    )
