"""Indicators over three years of dossiers: how fast numbers are told, kept up to date, and whether they are right.

Dossiers stand in the tables as the gateway has them once they are counted: facts judged by its own rules, cells added
up by its own command. Their sealed content is not there, since no number needs it.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from statistics import median

from bench.counting import Maker, Tally
from bench.database import TEMPLATE
from bench.dossier_years import Years
from bench.indicator_changes import Changes
from bench.indicator_proof import accepted_count, agreeing_count, denominators, proof_questions
from bench.indicator_questions import (
    ENDED,
    LAST_YEAR,
    Asked,
    ask,
    ask_all,
    ask_at_end,
    computable,
    of_everything,
    sample,
    scopes_of,
    singles,
    time_all,
)
from bench.indicator_store import (
    SEED,
    AddedUp,
    add_up,
    catalogue,
    ends_of,
    first_read,
    found_province,
    load,
    numbers_of,
    together,
)
from bench.plan import Bench
from bench.province import AFTER_ON, FIRST_ON, Province
from bench.results import Aim, Contender, Measurement, Round, spread
from gateway.engine.indicator_numbers import Numbers
from gateway.garbage import settle_garbage
from gateway.indicators.words import View
from gateway.monitoring.cut_cells import CutCells
from gateway.store.pool import Pool, open_pool
from mappings.calendars import national_calendar

_POOL_SIZE = 4
_LAST_YEAR_ON = AFTER_ON.replace(year=AFTER_ON.year - 1)
_MAX_MILLISECONDS = 200.0
_MAX_GROWTH = 1.3
_TIMES = 3
_GROWTH_ROUNDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Filled:
    """Both databases, and what filling them took. `short` holds the last year only."""

    short: Pool
    pool: Pool
    tally: Tally
    added_up: AddedUp


async def measure_indicators(bench: Bench) -> Measurement:
    """Fill one database with the last year and its copy with two more, ask both, change dossiers, and prove it all."""
    province = Province()
    years = Years(province, national_calendar(), count=bench.plan.counted_count, seed=SEED)
    maker = Maker(province)
    async with _filled(bench, province) as filled:
        numbers = numbers_of(filled.pool)
        # As `gateway serve` does: what the run itself holds would else be gone through in the midst of answers.
        settle_garbage()
        first_seconds = await first_read(numbers)
        growth = await _growth(bench, province, numbers_of(filled.short), numbers)
        asked = await _asked(bench, province, numbers)
        questions = proof_questions(catalogue(), province)
        agreed_count = await agreeing_count(numbers, maker, years, questions)
        bench.tell(f"{agreed_count} of {len(questions)} answers are what the dossiers themselves give")
        changed = await _changed(bench, filled, maker, numbers)
        at_ends, first_times, later_time = await _asked_at_ends(bench, province, filled.pool, maker, numbers)
        rows_count = await filled.pool.fetchval("SELECT count(*) FROM indicator_facts")
        told_count = await accepted_count(numbers, filled.tally.by_month)
    tally, expected_count = filled.tally, sum(filled.tally.by_month.values())
    made = _once(tally.facts_count, tally.made_seconds, expected_count, told_count)
    stored = _once(tally.facts_count, tally.stored_seconds, bench.plan.counted_count, rows_count)
    added_up = _once(filled.added_up.cells_count, filled.added_up.seconds, len(questions), agreed_count)
    return Measurement(
        name="indicators",
        contenders=[
            Contender(name="facts made, per process", unit="fact", rounds=[made]),
            Contender(name="facts stored, per process", unit="row", rounds=[stored]),
            Contender(name="cells added up anew", unit="cell", rounds=[added_up]),
            Contender(name="one indicator", unit="question", rounds=[asked.singles.round]),
            Contender(name="all indicators of the province", unit="question", rounds=[asked.everything.round]),
            Contender(name="one indicator at a period's end", unit="question", rounds=[at_ends.round]),
            Contender(name="changed dossiers", unit="dossier", rounds=[changed]),
        ],
        aims=[*asked.aims, _slowest_aim("one indicator at a period's end", at_ends), _growth_aim(growth)],
        remarks=[
            *asked.remarks,
            _slowest("one at a period's end", at_ends),
            f"the first question about a period's end judges the dossiers that were others then: {first_times}",
            f"after {later_time}",
            f"{tally.judged_count:,} stories were judged for {tally.facts_count:,} dossiers of the same day, hour and"
            " kind of procedure; no dossier has sealed content here, and none is opened",
            f"the first question after a change of registers or catalogue reads them in {1e3 * first_seconds:.0f} ms",
        ],
    )


@asynccontextmanager
async def _filled(bench: Bench, province: Province) -> AsyncIterator[_Filled]:
    async with AsyncExitStack() as stack:
        short_dsn = await stack.enter_async_context(bench.server.fresh("bench_last_year", TEMPLATE))
        last_year = await _filled_last_year(bench, short_dsn, province)
        # A copy, while nobody is connected to the first: what both hold of the last year is the same to the page.
        dsn = await stack.enter_async_context(bench.server.fresh("bench_indicators", "bench_last_year"))
        pools = [await open_pool(one, max_size=_POOL_SIZE) for one in (short_dsn, dsn)]
        for one in pools:
            stack.push_async_callback(one.close)
        before = await load(bench, dsn, FIRST_ON, _LAST_YEAR_ON)
        added_up = await add_up(bench, dsn, pools[1])
        yield _Filled(short=pools[0], pool=pools[1], tally=together([before, last_year]), added_up=added_up)


async def _filled_last_year(bench: Bench, dsn: str, province: Province) -> Tally:
    pool = await open_pool(dsn, max_size=_POOL_SIZE)
    try:
        await found_province(pool, province)
        tally = await load(bench, dsn, _LAST_YEAR_ON, AFTER_ON)
        await add_up(bench, dsn, pool)
    finally:
        await pool.close()
    return tally


def _once(count: int, seconds: float, sent_count: int, stored_count: int) -> Round:
    return Round(operations_count=count, seconds=seconds, sent_count=sent_count, stored_count=stored_count)


# Asking


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answers:
    singles: Asked
    everything: Asked

    @property
    def aims(self) -> list[Aim]:
        return [
            _slowest_aim("one indicator", self.singles),
            _slowest_aim("all indicators of the province", self.everything),
        ]

    @property
    def remarks(self) -> list[str]:
        return [
            line
            for what, asked in (("one", self.singles), ("all", self.everything))
            for line in (_slowest(what, asked), _slow(what, asked))
        ]


def _slowest_aim(what: str, asked: Asked) -> Aim:
    return Aim(
        name=f"slowest answer about {what}",
        value=spread([1e3 * asked.slowest.worst]),
        bound=_MAX_MILLISECONDS,
        is_upper_bound=True,
        unit="ms",
    )


def _slowest(what: str, asked: Asked) -> str:
    slowest = max(asked.timed, key=lambda one: one.median)
    return (
        f"about {what}: slowest answer {1e3 * asked.slowest.worst:.0f} ms ({asked.slowest.question.name});"
        f" slowest median of {_TIMES} answers {1e3 * slowest.median:.0f} ms ({slowest.question.name})"
    )


def _slow(what: str, asked: Asked) -> str:
    limit = _MAX_MILLISECONDS / 1e3
    return (
        f"about {what}: {len(asked.timed):,} questions, {sum(one.worst > limit for one in asked.timed)} of them over"
        f" {_MAX_MILLISECONDS:.0f} ms once, {sum(one.median > limit for one in asked.timed)} in the median"
    )


async def _asked(bench: Bench, province: Province, numbers: Numbers) -> _Answers:
    codes = computable(catalogue())
    one_by_one = sample(singles(codes, scopes_of(province)), bench.plan.asked_count, seed=1)
    pid = bench.server.pid
    ask_one = partial(ask, numbers)
    return _Answers(
        singles=await ask_all(ask_one, one_by_one, _TIMES, bench.tell, pid),
        everything=await ask_all(ask_one, of_everything(codes), _TIMES, bench.tell, pid),
    )


async def _asked_at_ends(
    bench: Bench, province: Province, pool: Pool, maker: Maker, numbers: Numbers
) -> tuple[Asked, str, str]:
    """Ask about past periods as they stood at their ends; say also what the first question of each took, and what the
    next one of a period takes after dossiers changed."""
    ends, codes = await ends_of(pool), computable(catalogue())
    ask_one = partial(ask_at_end, ends, numbers)
    taken = []
    for question in of_everything(codes, ENDED)[:: len(View)]:
        seconds = await ask_one(question)
        count = await ends.ask(numbers, question.period, _turned_count)
        taken.append(f"{question.period.label} {count:,} in {seconds:.1f} s")
    questions = sample(singles(codes, scopes_of(province), ENDED), bench.plan.asked_count // 10, seed=3)
    asked = await ask_all(ask_one, questions, _TIMES, bench.tell, bench.server.pid)
    count, _, _ = await Changes(bench, pool, maker).apply()
    seconds = await ask_one(questions[-1])
    later = f"{count:,} changed dossiers, the next question about {questions[-1].period.label} takes {seconds:.2f} s"
    return asked, "; ".join(taken), later


async def _turned_count(numbers: Numbers) -> int:
    return len(numbers.cells.turned) if isinstance(numbers.cells, CutCells) else 0


# History


async def _growth(bench: Bench, province: Province, short: Numbers, numbers: Numbers) -> list[float]:
    """Ask the same of both databases, each question of one after the other; give for each round the medians' ratio."""
    codes = computable(catalogue())
    questions = sample(singles(codes, scopes_of(province), LAST_YEAR), bench.plan.history_count, seed=2)
    ratios = []
    for _ in range(_GROWTH_ROUNDS):
        asked = [
            [await time_all(partial(ask, one), [question], 1) for one in (short, numbers)] for question in questions
        ]
        with_one, with_all = (median(one.median for pair in asked for one in pair[place]) for place in (0, 1))
        ratios.append(with_all / with_one)
        bench.tell(f"about the last year: {1e3 * with_all:.1f} ms with all years, ratio {ratios[-1]:.2f}")
    return ratios


def _growth_aim(ratios: Sequence[float]) -> Aim:
    return Aim(
        name="answers about the last year: three years stored / that year alone",
        value=spread(ratios),
        bound=_MAX_GROWTH,
        is_upper_bound=True,
    )


# Changing


async def _changed(bench: Bench, filled: _Filled, maker: Maker, numbers: Numbers) -> Round:
    """Let dossiers be rated; in are those with a first rating, out is by how many more Q1 divides."""
    months = sorted(filled.tally.by_month)
    before = sum((await denominators(numbers, "Q1", months)).values())
    changes = Changes(bench, filled.pool, maker)
    count, seconds, cpu_seconds = await changes.apply()
    after = sum((await denominators(numbers, "Q1", months)).values())
    bench.tell(f"{count:,} dossiers changed in {seconds:.1f} s")
    return Round(
        operations_count=count,
        seconds=seconds,
        sent_count=changes.newly_rated_count,
        stored_count=after - before,
        cpu_seconds=cpu_seconds,
    )
