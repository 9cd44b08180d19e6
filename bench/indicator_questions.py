"""What is asked about indicators, and how long each answer took."""

import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from random import Random
from statistics import median

from bench.children import CpuMeter, spent
from bench.province import Province
from bench.results import Round, percentile
from gateway.engine.indicator_numbers import Measured, Numbers
from gateway.engine.period_ends import PeriodEnds
from gateway.indicators.catalogue import Catalogue
from gateway.indicators.periods import Calendar, Period, PeriodType, period_of
from gateway.indicators.readings import Readings
from gateway.indicators.scope import PROVINCE, Scope, ScopeKind
from gateway.indicators.words import View
from gateway.model.procedure import ExecutingLevel

PERIODS = (
    period_of(PeriodType.DAY, "2026-11-12"),
    period_of(PeriodType.MONTH, "2026-10"),
    period_of(PeriodType.QUARTER, "2026-Q4"),
    period_of(PeriodType.YEAR, "2026"),
    period_of(PeriodType.YEAR, "2025"),
    period_of(PeriodType.MONTH, "2026-10", Calendar.ND09),
    period_of(PeriodType.YEAR, "2026", Calendar.ND09),
    period_of(PeriodType.CUSTOM, "2026-03-04/2026-10-19"),
    period_of(PeriodType.YTD, "2026-11-23"),
)
ENDED = (
    period_of(PeriodType.MONTH, "2026-10"),
    period_of(PeriodType.QUARTER, "2026-Q3"),
    period_of(PeriodType.YEAR, "2025"),
    period_of(PeriodType.CUSTOM, "2026-03-04/2026-10-19"),
)
"""Periods that are asked about as they stood at their end; no more than are kept at once."""
LAST_YEAR = tuple(one for one in PERIODS if one.label != "2025")


@dataclass(frozen=True, slots=True)
class Question:
    """Some indicators in one scope, period and view."""

    codes: tuple[str, ...]
    scope: Scope
    period: Period
    view: View

    @property
    def name(self) -> str:
        """Say what is asked."""
        what = self.codes[0] if len(self.codes) == 1 else "all indicators"
        return f"{what}, {self.scope.label}, {self.period.key}, {self.view}"


AskOne = Callable[[Question], Awaitable[float]]
"""Gives the seconds that an answer took."""


@dataclass(slots=True)
class Timed:
    """A question with the seconds of each of its answers."""

    question: Question
    seconds: list[float]

    @property
    def median(self) -> float:
        return median(self.seconds)

    @property
    def worst(self) -> float:
        return max(self.seconds)


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions with their answers' times, and what CPU time all answers took, the uncounted ones too."""

    timed: Sequence[Timed]
    cpu_seconds: Mapping[str, float]

    @property
    def slowest(self) -> Timed:
        """Give the question with the slowest answer of all."""
        return max(self.timed, key=lambda one: one.worst)

    @property
    def round(self) -> Round:
        """Give all of it as a round; CPU time is that of the counted answers' share."""
        seconds = [second for one in self.timed for second in one.seconds]
        share = len(seconds) / (len(seconds) + len(self.timed))
        return Round(
            operations_count=len(seconds),
            seconds=sum(seconds),
            sent_count=len(seconds),
            stored_count=len(seconds),
            cpu_seconds={name: share * value for name, value in self.cpu_seconds.items()},
            p50_seconds=percentile(seconds, 0.5),
            p99_seconds=percentile(seconds, 0.99),
        )


def computable(catalogue: Catalogue) -> tuple[str, ...]:
    """Give the indicators that facts can give."""
    return tuple(one.code for one in catalogue.definitions.values() if one.is_computable)


def scopes_of(province: Province) -> tuple[Scope, ...]:
    """Give one scope of each kind, the one with the most dossiers, and an agency with all below it."""
    first = province.procedures[0]
    return (
        PROVINCE,
        Scope(ScopeKind.LEVEL, level=ExecutingLevel.COMMUNE),
        Scope(ScopeKind.UNIT_GROUP, "1", level=ExecutingLevel.COMMUNE),
        Scope(ScopeKind.AGENCY, next(iter(province.departments)), descends=True),
        Scope(ScopeKind.AGENCY, next(iter(province.communes))),
        Scope(ScopeKind.PROCEDURE, first.code),
        Scope(ScopeKind.FIELD, first.sectors[0].code),
    )


def singles(codes: Sequence[str], scopes: Sequence[Scope], periods: Sequence[Period] = PERIODS) -> list[Question]:
    """Give every question about one indicator."""
    return [
        Question((code,), scope, period, view) for scope, period, view, code in product(scopes, periods, View, codes)
    ]


def of_everything(codes: Sequence[str], periods: Sequence[Period] = PERIODS) -> list[Question]:
    """Give the questions about all indicators of the province."""
    return [Question(tuple(codes), PROVINCE, period, view) for period, view in product(periods, View)]


def sample(questions: Sequence[Question], count: int, seed: int) -> list[Question]:
    """Choose so many of the questions, always the same."""
    return Random(seed).sample(list(questions), min(count, len(questions)))


async def ask(numbers: Numbers, question: Question) -> float:
    """Ask as the interface does, data quality with it; give the seconds that the answer took."""
    readings = Readings(view=question.view)
    started = time.perf_counter()
    await numbers.cells.counted_at()
    await numbers.look(question.codes, question.period, question.scope, readings, counts_flags=True)
    await numbers.targets()
    return time.perf_counter() - started


async def ask_at_end(ends: PeriodEnds, numbers: Numbers, question: Question) -> float:
    """Ask as things stood at the period's end; give the seconds that the answer took."""
    readings = Readings(view=question.view)

    async def look(ended: Numbers) -> Measured:
        return await ended.look(question.codes, question.period, question.scope, readings, counts_flags=True)

    started = time.perf_counter()
    if await ends.ask(numbers, question.period, look) is None:
        raise ValueError("numbers did not hold still, though nobody counts")
    await numbers.targets()
    return time.perf_counter() - started


async def time_all(ask_one: AskOne, questions: Sequence[Question], times: int) -> list[Timed]:
    """Ask each question `times` times in a row after once that is not counted."""
    found = []
    for question in questions:
        await ask_one(question)
        found.append(Timed(question, [await ask_one(question) for _ in range(times)]))
    return found


async def ask_all(
    ask_one: AskOne, questions: Sequence[Question], times: int, tell: Callable[[str], None], database_pid: int
) -> Asked:
    """Ask at least one question, and say which answer was the slowest."""
    meter = CpuMeter({"gateway": os.getpid(), "postgres": database_pid})
    before = meter.read()
    timed = await time_all(ask_one, questions, times)
    asked = Asked(timed, spent(before, meter.read()))
    slowest = asked.slowest
    tell(f"{len(timed):,} questions; the slowest answer took {1e3 * slowest.worst:.0f} ms: {slowest.question.name}")
    return asked
