"""How a number stands to its target: reached, on the way or missed, how far it is, and what the rest would have to be.

Compared exactly. The ratio is never altered by an excuse, and no forecast is made for a period that is over.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from gateway.indicators.facts import FactSet
from gateway.indicators.formulas import Part, Unit
from gateway.indicators.numbers import HUNDRED, meets, missing_to_meet, percent
from gateway.indicators.outlook import Outlook, outlook
from gateway.indicators.periods import Period
from gateway.indicators.readings import (
    Integrated,
    LevelCount,
    OnlineDossiers,
    OnlineServicesUsed,
    PaidProcedures,
    ProceduresUsed,
    Readings,
)
from gateway.indicators.registry import measure
from gateway.indicators.scope import Scope, ScopeKind
from gateway.indicators.selection import Selection
from gateway.indicators.target_registry import DISTRICTS_ENDED_ON, Target, TargetStatus
from gateway.model.procedure import ExecutingLevel

_OF_DOSSIERS = frozenset({"U2", "U2own", "U2s", "U2f"})
"""Shares whose numerator grows by a new online dossier together with their denominator."""


class Result(StrEnum):
    """The verdict of the registry."""

    MET = "met"
    NOT_MET = "not_met"
    NOT_MET_EXCUSED = "not_met_excused"
    NOT_APPLICABLE = "not_applicable"
    NO_DATA = "no_data"


class Progress(StrEnum):
    """The verdict for who works towards it: a target that is not reached is missed only when its time is over."""

    ACHIEVED = "achieved"
    ON_THE_WAY = "on_the_way"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Distance:
    """How far it is.

    `converted`: how many of what is there must count that do not yet. `added`: how many new ones reach it by
    themselves, each adding to the denominator too; None where that is no way (100 %, or shares of procedures).
    """

    converted: int
    added: int | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the rest of the period must bring, if dossiers keep coming as they came: so many, with such a share.

    `required` above 1 is out of reach; 0 means that none of them has to count.
    """

    expected_count: int
    required: Fraction

    @property
    def is_reachable(self) -> bool:
        """Tell whether the rest can still bring it."""
        return self.required <= 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A target and the number that it was held against."""

    target: Target
    result: Result
    progress: Progress | None = None
    part: Part | None = None
    distance: Distance | None = None
    forecast: Forecast | None = None
    outlook: Outlook | None = None
    excused: Mapping[str, str] = field(default_factory=dict)

    @property
    def sentence(self) -> tuple[str, str]:
        """Say how far it is, in Vietnamese and English; "" when there is nothing to say."""
        return _sentence(self)


def evaluate(
    target: Target,
    facts: FactSet,
    period: Period,
    unit: str = "",
    excuses: Mapping[str, str] | None = None,
    readings: Readings | None = None,
) -> Evaluation:
    """Hold a target against the facts of a period; `unit` is the agency that a group's target is judged for.

    `excuses` are procedures that could not be offered because central law was not amended, with the reason. They excuse
    a target that allows it when it would be reached with them; the number stays as it is.
    """
    if _does_not_apply(target, period):
        return Evaluation(target=target, result=Result.NOT_APPLICABLE)
    scope = Scope(ScopeKind.AGENCY, ref=unit) if unit else scope_of(target)
    selection = Selection(facts, period, scope, readings_of(target, readings or Readings()))
    return judge(target, measure(target.indicator, selection), period, facts.as_of, excuses)


def judge(
    target: Target, part: Part, period: Period, as_of: datetime, excuses: Mapping[str, str] | None = None
) -> Evaluation:
    """Hold a target against its indicator's number, measured in the target's own reading and scope."""
    value = target.value_percent
    if _does_not_apply(target, period):
        return Evaluation(target=target, result=Result.NOT_APPLICABLE)
    if value is None or part.ratio is None or part.unit is not Unit.PERCENT:
        return Evaluation(target=target, result=Result.NO_DATA, part=part)
    excuses = excuses or {}
    numerator, denominator = part.numerator or Fraction(), part.denominator or Fraction()
    is_running = as_of < period.end
    ahead = _outlook(target, part, period, as_of)
    if meets(numerator, denominator, value):
        return Evaluation(
            target=target,
            result=Result.MET,
            progress=Progress.ACHIEVED,
            part=part,
            distance=Distance(0, 0),
            outlook=ahead,
        )
    excused = {key: excuses[key] for key in sorted(part.among - part.counted) if key in excuses}
    is_excused = target.excuse_allowed and meets(numerator + len(excused), denominator, value)
    return Evaluation(
        target=target,
        result=Result.NOT_MET_EXCUSED if is_excused else Result.NOT_MET,
        progress=Progress.ON_THE_WAY if is_running else Progress.MISSED,
        part=part,
        distance=_distance(target, value, numerator, denominator),
        forecast=_forecast(target, value, part, period, as_of) if is_running else None,
        outlook=ahead,
        excused=excused if is_excused else {},
    )


def _distance(target: Target, value: Decimal, numerator: Fraction, denominator: Fraction) -> Distance | None:
    if numerator.denominator != 1 or denominator.denominator != 1:
        return None
    converted = missing_to_meet(int(numerator), int(denominator), value)
    if target.indicator not in _OF_DOSSIERS or value >= HUNDRED:
        return Distance(converted, None)
    # (n + k) / (d + k) >= T / 100 holds from k = (T·d − 100·n) / (100 − T).
    needed = (Fraction(value) * denominator - HUNDRED * numerator) / (HUNDRED - Fraction(value))
    return Distance(converted, -((-needed.numerator) // needed.denominator))


def _forecast(target: Target, value: Decimal, part: Part, period: Period, as_of: datetime) -> Forecast | None:
    elapsed = as_of - period.start
    seen, counted = int(part.denominator or 0), int(part.numerator or 0)
    if target.indicator not in _OF_DOSSIERS or elapsed.total_seconds() <= 0 or not seen:
        return None
    expected = seen * Fraction(int((period.end - as_of).total_seconds()), int(elapsed.total_seconds()))
    count = (2 * expected.numerator + expected.denominator) // (2 * expected.denominator)
    if count == 0:
        return None
    missing = Fraction(value) * (seen + count) / HUNDRED - counted
    return Forecast(count, max(Fraction(), missing / count))


def _outlook(target: Target, part: Part, period: Period, as_of: datetime) -> Outlook | None:
    if target.indicator not in _OF_DOSSIERS:
        return None
    return outlook(int(part.numerator or 0), int(part.denominator or 0), period, as_of)


def _does_not_apply(target: Target, period: Period) -> bool:
    if target.status is not TargetStatus.ACTIVE or not target.holds_on(period.last_on):
        return True
    return target.level is ExecutingLevel.DISTRICT and period.first_on >= DISTRICTS_ENDED_ON


def scope_of(target: Target) -> Scope:
    """Give the scope that a target is set for."""
    return Scope(target.scope, ref=target.ref, level=target.level)


def readings_of(target: Target, readings: Readings) -> Readings:
    """Give the reading in which a target's indicator is measured."""
    if not target.reading:
        return readings
    match target.indicator:
        case "U1":
            return replace(readings, u1=OnlineServicesUsed(target.reading))
        case "U2":
            return replace(readings, u2=OnlineDossiers(target.reading))
        case "U3":
            return replace(readings, u3=ProceduresUsed(target.reading))
        case "S3":
            return replace(readings, s3=LevelCount(target.reading))
        case "S4":
            return replace(readings, s4=Integrated(target.reading))
        case "F2":
            return replace(readings, f2=PaidProcedures(target.reading))
        case _:
            return readings


def _sentence(found: Evaluation) -> tuple[str, str]:
    value = found.target.value_percent
    if found.distance is None or value is None or found.part is None:
        return "", ""
    now, wanted = percent(found.part.ratio), f"{value.normalize():f}"
    if found.result is Result.MET:
        return f"Đạt {now} % / {wanted} %.", f"{now} % of {wanted} % reached."
    if found.distance.added is not None:
        count = found.distance.added
        return (
            f"Hiện {now} %. Cần thêm {count} hồ sơ trực tuyến để đạt {wanted} %.",
            f"{now} % now; {count} more online dossiers reach {wanted} %.",
        )
    count = found.distance.converted
    return (
        f"Hiện {now} %. Cần thêm {count} trong số còn lại để đạt {wanted} %.",
        f"{now} % now; {count} more of those that do not count yet reach {wanted} %.",
    )
