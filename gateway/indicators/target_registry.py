"""Registries of targets and unit groups, read and checked. A target is data: level, group, days, figure and source."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import combinations
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from gateway.errors import ConfigurationError, Fault
from gateway.indicators.catalogue import Catalogue, read_model
from gateway.indicators.scope import ScopeKind
from gateway.model.procedure import ExecutingLevel

DISTRICTS_ENDED_ON = date(2025, 7, 1)
"""Law 72/2025/QH15 on local government: no districts from this day."""


class Checkpoint(StrEnum):
    """When a target is judged."""

    YEAR_END = "year_end"
    QUARTER_END = "quarter_end"
    MONTH_END = "month_end"


class TargetStatus(StrEnum):
    """Whether a target is in use."""

    ACTIVE = "active"
    SUPERSEDED = "superseded"
    NOT_APPLICABLE = "not_applicable"


_Text = Annotated[str, Field(min_length=1, max_length=300)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class UnitGroup(_Entry):
    """Units of one level that share targets, to the last day of `valid_to`. Members are codes of agencies."""

    level: ExecutingLevel
    number: _Text
    members: tuple[_Text, ...]
    valid_from: date
    valid_to: date | None = None


class Target(_Entry):
    """A share that must be reached (`>=`, the only comparison that sources use), to the last day of `valid_to`.

    `value_percent` is None where a source announces a target and gives no figure. `reading` names the indicator's
    denominator where there are several; "" is the default. A target of a unit group is for each unit of it.
    """

    id: _Text
    indicator: _Text
    reading: str = ""
    value_percent: Annotated[Decimal, Field(ge=0, le=100)] | None = None
    scope: ScopeKind
    ref: str = ""
    level: ExecutingLevel | None = None
    valid_from: date
    valid_to: date | None = None
    checkpoint: Checkpoint
    document: _Text
    status: TargetStatus = TargetStatus.ACTIVE
    excuse_allowed: bool = False

    def holds_on(self, day: date) -> bool:
        """Tell whether a day lies in its time, the last day included."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class _Registry(_Entry):
    version: _Text
    unit_group: tuple[UnitGroup, ...] = ()
    target: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class TargetRegistry:
    """All targets and groups of one version."""

    version: str
    groups: tuple[UnitGroup, ...]
    targets: tuple[Target, ...]

    def target(self, target_id: str) -> Target:
        """Give a target by its id. Raises KeyError."""
        return {one.id: one for one in self.targets}[target_id]

    def for_unit(self, unit: str, level: ExecutingLevel, day: date) -> list[Target]:
        """Give the targets that a unit is judged by on a day: its own, its group's and its level's."""
        groups = {one.number for one in self.groups if one.level is level and unit in one.members and _holds(one, day)}
        return [
            one
            for one in self.targets
            if one.holds_on(day)
            and (
                (one.scope is ScopeKind.AGENCY and one.ref == unit)
                or (one.scope is ScopeKind.UNIT_GROUP and one.level is level and one.ref in groups)
                or (one.scope is ScopeKind.LEVEL and one.level is level)
            )
        ]


class _EveryUnit:
    def __contains__(self, unit: object) -> bool:
        return True


EVERY_UNIT: Container[str] = _EveryUnit()
"""Knows every unit: for a registry whose units were checked before."""


def read_targets(text: str, catalogue: Catalogue, known_units: Container[str]) -> TargetRegistry:
    """Read a registry from TOML.

    Raises ConfigurationError with every fault: unknown indicators, readings, units and groups, scopes that are not
    whole, times that end before they begin, a unit in two groups at once, two figures for the same thing at once.
    """
    found = read_model(text, "targets", _Registry)
    faults = [
        *(fault for one in found.target for fault in _faults_of_target(one, found, catalogue, known_units)),
        *(fault for one in found.unit_group for fault in _faults_of_group(one, known_units)),
        *_double_ids(found),
        *_double_groups(found),
        *_double_targets(found),
    ]
    if faults:
        raise ConfigurationError(faults)
    return TargetRegistry(found.version, found.unit_group, found.target)


def _faults_of_target(one: Target, found: _Registry, catalogue: Catalogue, known_units: Container[str]) -> list[Fault]:
    place, faults = f"targets, {one.id}", []
    definition = catalogue.definitions.get(one.indicator)
    if definition is None:
        faults.append(Fault(place, "names an indicator that is not defined", one.indicator))
    elif one.reading and one.reading not in definition.denominators:
        faults.append(Fault(place, "names a reading that its indicator does not have", one.reading))
    if one.scope in (ScopeKind.PROCEDURE, ScopeKind.FIELD):
        faults.append(Fault(place, "must be for the province, a level, a unit group or an agency", one.scope))
    if (one.level is None) != (one.scope in (ScopeKind.PROVINCE, ScopeKind.AGENCY)):
        faults.append(Fault(place, "must name the level where its scope is a level or a unit group, and only there"))
    if bool(one.ref) != (one.scope in (ScopeKind.UNIT_GROUP, ScopeKind.AGENCY)):
        faults.append(Fault(place, "must name the group or the agency where its scope is one, and only there"))
    if one.scope is ScopeKind.AGENCY and one.ref not in known_units:
        faults.append(Fault(place, "names a unit that is not known", one.ref))
    groups = {(group.level, group.number) for group in found.unit_group}
    if one.scope is ScopeKind.UNIT_GROUP and one.level is not None and (one.level, one.ref) not in groups:
        faults.append(Fault(place, "names a unit group that is not listed", f"{one.level} {one.ref}"))
    if one.valid_to is not None and one.valid_to < one.valid_from:
        faults.append(Fault(place, "must not end before it begins"))
    return faults


def _faults_of_group(one: UnitGroup, known_units: Container[str]) -> list[Fault]:
    place = f"targets, unit group {one.level} {one.number}"
    faults = [Fault(place, "names a unit that is not known", unit) for unit in one.members if unit not in known_units]
    if one.valid_to is not None and one.valid_to < one.valid_from:
        faults.append(Fault(place, "must not end before it begins"))
    return faults


def _double_ids(found: _Registry) -> list[Fault]:
    ids = [one.id for one in found.target]
    return [Fault(f"targets, {one}", "stands twice") for one in sorted({one for one in ids if ids.count(one) > 1})]


def _double_groups(found: _Registry) -> list[Fault]:
    return [
        Fault(
            f"targets, unit group {one.level} {one.number}", f"overlaps group {other.number}", ", ".join(sorted(both))
        )
        for one, other in combinations(found.unit_group, 2)
        if one.level is other.level and _overlap(one, other) and (both := set(one.members) & set(other.members))
    ]


def _double_targets(found: _Registry) -> list[Fault]:
    active = [one for one in found.target if one.status is TargetStatus.ACTIVE]
    return [
        Fault(f"targets, {one.id}", f"asks for something else than {other.id} at the same time")
        for one, other in combinations(active, 2)
        if _subject(one) == _subject(other) and _overlap(one, other) and one.value_percent != other.value_percent
    ]


def _subject(one: Target) -> tuple[str, str, str, str, str | None, str]:
    return one.indicator, one.reading, one.scope, one.ref, one.level, one.checkpoint


def _overlap(one: UnitGroup | Target, other: UnitGroup | Target) -> bool:
    return one.valid_from <= (other.valid_to or date.max) and other.valid_from <= (one.valid_to or date.max)


def _holds(one: UnitGroup, day: date) -> bool:
    return one.valid_from <= day and (one.valid_to is None or day <= one.valid_to)
