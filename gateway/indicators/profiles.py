"""Scoring profiles of the 766 index, read and checked: components, points, thresholds, zero rules, variants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from gateway.errors import ConfigurationError, Fault, InvalidInput
from gateway.indicators.catalogue import read_model
from gateway.indicators.readings import PaidProcedures, Readings
from gateway.indicators.registry import CODES
from gateway.indicators.words import Membership, ServiceState, View
from gateway.model.procedure import ExecutingLevel

_TOTAL_POINTS = 100


class ZeroRule(StrEnum):
    """What a zero denominator gives: no points and no verdict, all points, or none of them."""

    NULL = "null"
    FULL = "full"
    ZERO = "zero"


class NotApplicable(StrEnum):
    """What a component gives to a unit that it does not apply to."""

    NULL = "null"
    FULL = "full"


_Text = Annotated[str, Field(min_length=1, max_length=200)]
_Points = Annotated[Decimal, Field(gt=0, le=100)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Group(_Entry):
    code: _Text
    name_vi: _Text
    name_en: _Text
    max_points: _Points


class _Component(_Entry):
    number: _Text
    group: _Text
    name_vi: _Text
    metric: str = ""
    indicator: str = ""
    max_points: _Points
    threshold: _Points = Decimal(100)
    zero: ZeroRule = ZeroRule.NULL
    membership: Membership = Membership.RECEIVED_AT
    f2: PaidProcedures = PaidProcedures.FEE_IN_DATABASE
    not_for: frozenset[ExecutingLevel] = frozenset()


class _Variant(_Entry):
    name: _Text
    component: _Text
    indicator: str | None = None
    threshold: _Points | None = None
    zero: ZeroRule | None = None
    f2: PaidProcedures | None = None


class _Profile(_Entry):
    version: _Text
    source: _Text
    valid_from: date
    valid_to: date | None = None
    not_applicable: NotApplicable
    online_states: frozenset[ServiceState]
    group: tuple[_Group, ...]
    component: tuple[_Component, ...]
    variant: tuple[_Variant, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """A group of the index, with the points that its components can give."""

    code: str
    name_vi: str
    name_en: str
    max_points: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A line of the index. Without an `indicator` its ratio is stated from outside.

    `threshold` is a ratio (4/5 for 80 %). `not_for` are the levels that the line does not apply to.
    """

    number: str
    group: str
    name_vi: str
    metric: str
    indicator: str
    max_points: Fraction
    threshold: Fraction
    zero: ZeroRule
    readings: Readings
    not_for: frozenset[ExecutingLevel]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One version of the scoring. `chosen` names the variants that were taken."""

    version: str
    source: str
    valid_from: date
    valid_to: date | None
    not_applicable: NotApplicable
    groups: tuple[Group, ...]
    components: tuple[Component, ...]
    variants: Mapping[str, Component]
    chosen: tuple[str, ...] = ()

    def with_variants(self, names: Sequence[str]) -> "Profile":
        """Give the profile with other readings of single lines.

        Raises InvalidInput (`variant_unknown`) for a name that it does not know, or two for one line.
        """
        faults = [Fault("/variant", "must be known", name[:40]) for name in names if name not in self.variants]
        taken = {self.variants[name].number: self.variants[name] for name in names if name in self.variants}
        if not faults and len(taken) < len(names):
            faults = [Fault("/variant", "must be one for each line")]
        if faults:
            raise InvalidInput("these variants cannot be chosen", faults, code="variant_unknown")
        components = tuple(taken.get(component.number, component) for component in self.components)
        return replace(self, components=components, chosen=tuple(names))


def read_profile(text: str) -> Profile:
    """Read a profile from TOML.

    Raises ConfigurationError with every fault: shape, indicators and groups that nobody knows, lines twice, points that
    do not add up to their group, groups that do not add up to 100.
    """
    found = read_model(text, "profile", _Profile)
    faults = [*_faults_of_lines(found), *_faults_of_sums(found)]
    if faults:
        raise ConfigurationError(faults)
    components = {one.number: _component(one, found.online_states) for one in found.component}
    return Profile(
        version=found.version,
        source=found.source,
        valid_from=found.valid_from,
        valid_to=found.valid_to,
        not_applicable=found.not_applicable,
        groups=tuple(Group(one.code, one.name_vi, one.name_en, Fraction(one.max_points)) for one in found.group),
        components=tuple(components.values()),
        variants={one.name: _varied(components[one.component], one) for one in found.variant},
    )


def _faults_of_lines(found: _Profile) -> list[Fault]:
    groups, known = {group.code for group in found.group}, CODES | {""}
    numbers = [component.number for component in found.component]
    named = [component.indicator for component in found.component] + [one.indicator or "" for one in found.variant]
    return [
        *(
            Fault(f"profile, {one.number}", "names a group that is not listed", one.group)
            for one in found.component
            if one.group not in groups
        ),
        *(Fault("profile", "names an indicator that nobody computes", code) for code in named if code not in known),
        *(Fault(f"profile, {one}", "stands twice") for one in sorted({n for n in numbers if numbers.count(n) > 1})),
        *(
            Fault(f"profile, {one.name}", "varies a line that is not listed", one.component)
            for one in found.variant
            if one.component not in numbers
        ),
    ]


def _faults_of_sums(found: _Profile) -> list[Fault]:
    faults = []
    for group in found.group:
        points = sum(one.max_points for one in found.component if one.group == group.code)
        if points != group.max_points:
            faults.append(Fault(f"profile, {group.code}", f"must give {group.max_points} points", str(points)))
    total = sum(group.max_points for group in found.group)
    if total != _TOTAL_POINTS:
        faults.append(Fault("profile", f"must give {_TOTAL_POINTS} points", str(total)))
    return faults


def _component(entry: _Component, online_states: frozenset[ServiceState]) -> Component:
    return Component(
        number=entry.number,
        group=entry.group,
        name_vi=entry.name_vi,
        metric=entry.metric,
        indicator=entry.indicator,
        max_points=Fraction(entry.max_points),
        threshold=Fraction(entry.threshold) / 100,
        zero=entry.zero,
        readings=Readings(view=View.NATIONAL, membership=entry.membership, f2=entry.f2, online_states=online_states),
        not_for=entry.not_for,
    )


def _varied(component: Component, entry: _Variant) -> Component:
    return replace(
        component,
        indicator=component.indicator if entry.indicator is None else entry.indicator,
        threshold=component.threshold if entry.threshold is None else Fraction(entry.threshold) / 100,
        zero=entry.zero or component.zero,
        readings=replace(component.readings, f2=entry.f2 or component.readings.f2),
    )
