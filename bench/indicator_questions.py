"""What is asked about indicators, and how long each answer took."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from random import Random
from statistics import median

from bench.province import Province
from gateway.engine.indicator_numbers import Numbers
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
    return [Question((code,), *rest) for *rest, code in product(scopes, periods, View, codes)]


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


async def time_all(
    numbers: Numbers, questions: Sequence[Question], times: int, tell: Callable[[str], None]
) -> list[Timed]:
    """Ask each question `times` times in a row after once that is not counted."""
    found = []
    for question in questions:
        await ask(numbers, question)
        found.append(Timed(question, [await ask(numbers, question) for _ in range(times)]))
    worst = max(found, key=lambda one: one.worst)
    tell(f"{len(found):,} questions; the slowest answer took {1e3 * worst.worst:.0f} ms: {worst.question.name}")
    return found
