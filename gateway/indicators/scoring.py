"""The 766 index of a scope and a period, as a profile scores it: an explanation beside the national score.

The national score is the authoritative one. Ours says where its points come from, by line and by dossier; the
difference of both is published, and neither replaces the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from gateway.indicators.facts import FactSet
from gateway.indicators.formulas import Part
from gateway.indicators.numbers import percent, shown
from gateway.indicators.periods import Period
from gateway.indicators.profiles import Component, NotApplicable, Profile, ZeroRule
from gateway.indicators.readings import Readings
from gateway.indicators.registry import measure
from gateway.indicators.scope import PROVINCE, Agencies, Scope, ScopeKind
from gateway.indicators.selection import Selection
from gateway.indicators.words import NullReason
from gateway.model.procedure import ExecutingLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One component's score. `points` is None where there is no verdict; `part` holds the dossiers behind it.

    `null_reason` also stands beside points that a zero rule gave.
    """

    component: Component
    ratio: Fraction | None
    points: Fraction | None
    null_reason: NullReason | None = None
    part: Part | None = None

    @property
    def percent(self) -> str:
        """Write the ratio; "N/A" when there is none."""
        return percent(self.ratio) or "N/A"

    @property
    def shown(self) -> str:
        """Write the points; "N/A" when there are none."""
        return "N/A" if self.points is None else shown(self.points)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The index by line. Sums are of exact points and rounded when shown; lines without a verdict add nothing."""

    profile: Profile
    lines: tuple[Line, ...]

    def group(self, code: str) -> Fraction:
        """Add up a group."""
        return sum((line.points or Fraction() for line in self.lines if line.component.group == code), Fraction())

    @property
    def total(self) -> Fraction:
        """Add up all lines."""
        return sum((line.points or Fraction() for line in self.lines), Fraction())

    @property
    def reachable(self) -> Fraction:
        """Give the points that the lines with a verdict could have given: the total is out of these."""
        return sum((line.component.max_points for line in self.lines if line.points is not None), Fraction())

    @property
    def without_verdict(self) -> tuple[str, ...]:
        """Name the lines that add nothing because there is no verdict."""
        return tuple(line.component.number for line in self.lines if line.points is None)

    def line(self, number: str) -> Line:
        """Give a line by its number. Raises KeyError."""
        return {line.component.number: line for line in self.lines}[number]

    def differs_by(self, national_points: Decimal) -> Fraction:
        """Give our total less the national one."""
        return self.total - Fraction(national_points)


def score(
    profile: Profile,
    facts: FactSet,
    period: Period,
    scope: Scope = PROVINCE,
    stated: Mapping[str, Fraction] | None = None,
) -> Score:
    """Score a scope. `stated` are ratios of lines that no indicator measures, by number (1 for 100 %)."""
    selections = {
        readings: Selection(facts, period, scope, readings)
        for readings in {component.readings for component in profile.components}
    }
    parts = {
        (readings, code): measure(code, selections[readings]) for readings, codes in asked(profile) for code in codes
    }
    return score_measured(profile, parts, level_of(Agencies(facts.agencies), period, scope), stated)


def asked(profile: Profile) -> list[tuple[Readings, tuple[str, ...]]]:
    """Give the indicators that a profile asks for, by reading."""
    found: dict[Readings, dict[str, None]] = {}
    for component in profile.components:
        if component.indicator:
            found.setdefault(component.readings, {})[component.indicator] = None
    return [(readings, tuple(codes)) for readings, codes in found.items()]


def score_measured(
    profile: Profile,
    parts: Mapping[tuple[Readings, str], Part],
    level: ExecutingLevel | None,
    stated: Mapping[str, Fraction] | None = None,
) -> Score:
    """Score numbers that were measured: every one of `asked`. `level` is that of the scope, None where it has none."""
    lines = []
    for component in profile.components:
        if level in component.not_for:
            lines.append(_inapplicable(component, profile.not_applicable))
        elif component.indicator:
            lines.append(_measured(component, parts[component.readings, component.indicator]))
        else:
            lines.append(_stated(component, (stated or {}).get(component.number)))
    return Score(profile=profile, lines=tuple(lines))


def points_of(component: Component, ratio: Fraction) -> Fraction:
    """Turn a ratio into points: max_points × R / threshold, at least none and at most all of them."""
    return component.max_points * min(Fraction(1), max(Fraction(), ratio / component.threshold))


def _measured(component: Component, part: Part) -> Line:
    if part.ratio is not None:
        return Line(component=component, ratio=part.ratio, points=points_of(component, part.ratio), part=part)
    points = None
    if part.null_reason is NullReason.ZERO_DENOMINATOR and component.zero is not ZeroRule.NULL:
        points = component.max_points if component.zero is ZeroRule.FULL else Fraction()
    return Line(component=component, ratio=None, points=points, null_reason=part.null_reason, part=part)


def _stated(component: Component, ratio: Fraction | None) -> Line:
    if ratio is None:
        return Line(component=component, ratio=None, points=None, null_reason=NullReason.NOT_GIVEN)
    return Line(component=component, ratio=ratio, points=points_of(component, ratio))


def _inapplicable(component: Component, rule: NotApplicable) -> Line:
    points = component.max_points if rule is NotApplicable.FULL else None
    return Line(component=component, ratio=None, points=points, null_reason=NullReason.NOT_APPLICABLE)


def level_of(agencies: Agencies, period: Period, scope: Scope) -> ExecutingLevel | None:
    """Give the level at which a scope is scored."""
    if scope.kind is ScopeKind.AGENCY:
        fact = agencies.on(scope.ref, period.last_on)
        return fact.level if fact else None
    return scope.level
