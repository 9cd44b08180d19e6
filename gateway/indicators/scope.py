"""Where indicators look: scopes, and agencies as they were on a day or as they are now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from gateway.errors import Fault, InvalidInput
from gateway.indicators.facts import AgencyFact
from gateway.model.procedure import ExecutingLevel
from gateway.model.subtrees import is_within


class ScopeKind(StrEnum):
    """What narrows the facts."""

    PROVINCE = "province"
    AGENCY = "agency"
    LEVEL = "level"
    UNIT_GROUP = "unit_group"
    PROCEDURE = "procedure"
    FIELD = "field"


class RollUp(StrEnum):
    """How a dossier's agency is read: as it was at the dossier's reception, or as its successor at `as_of`."""

    HISTORICAL = "historical"
    CURRENT = "current"


@dataclass(frozen=True, slots=True)
class Scope:
    """A part of the province. `ref` is the agency's, procedure's or field's code, or the unit group's number; `level`
    names the level of scopes `level` and `unit_group`; `descends` takes in everything below an agency.

    Raises InvalidInput when a part that its kind needs is missing or one that it does not know is given.
    """

    kind: ScopeKind = ScopeKind.PROVINCE
    ref: str = ""
    level: ExecutingLevel | None = None
    descends: bool = False

    def __post_init__(self) -> None:
        needs_ref = self.kind not in (ScopeKind.PROVINCE, ScopeKind.LEVEL)
        needs_level = self.kind in (ScopeKind.LEVEL, ScopeKind.UNIT_GROUP)
        faults = []
        if needs_ref != bool(self.ref):
            faults.append(Fault("/ref", "must be given" if needs_ref else "must not be given"))
        if needs_level != (self.level is not None):
            faults.append(Fault("/level", "must be given" if needs_level else "must not be given"))
        if self.descends and self.kind is not ScopeKind.AGENCY:
            faults.append(Fault("/descend", "belongs to the scope agency"))
        if faults:
            raise InvalidInput(f"scope {self.kind} is not complete", faults, code="scope_incomplete")

    @property
    def label(self) -> str:
        """Name the scope, as external counts do."""
        return ":".join(part for part in (self.kind, self.level or "", self.ref, "*" if self.descends else "") if part)


PROVINCE = Scope()


class Agencies:
    """The agencies by code and day. An agency that is not known is in no level and no group."""

    def __init__(self, facts: Sequence[AgencyFact]) -> None:
        self._versions: dict[str, list[AgencyFact]] = {}
        for fact in facts:
            self._versions.setdefault(fact.code, []).append(fact)

    def versions(self, code: str) -> Sequence[AgencyFact]:
        """Give the agency's versions, none for one that is not known."""
        return self._versions.get(code, ())

    def on(self, code: str, day: date) -> AgencyFact | None:
        """Give the agency as it was on a day, or as it was last or first known around it."""
        versions = self._versions.get(code, [])
        for version in versions:
            if version.holds_on(day):
                return version
        before = [version for version in versions if version.valid_to is not None and version.valid_to <= day]
        return max(before, key=lambda version: version.valid_to or date.min, default=versions[0] if versions else None)

    def successor(self, code: str, day: date) -> str:
        """Follow successor links to the agency that holds on a day; a circle ends where it began."""
        seen = {code}
        while True:
            fact = self.on(code, day)
            if fact is None or fact.holds_on(day) or not fact.successor or fact.successor in seen:
                return code
            code = fact.successor
            seen.add(code)

    def lies_in(self, code: str, scope: Scope, day: date) -> bool:
        """Tell whether an agency belongs to a scope that is told by agencies; other scopes take every agency."""
        if scope.kind is ScopeKind.AGENCY:
            return is_within(code, [scope.ref]) if scope.descends else code == scope.ref
        if scope.kind not in (ScopeKind.LEVEL, ScopeKind.UNIT_GROUP):
            return True
        fact = self.on(code, day)
        if fact is None or fact.level is not scope.level:
            return False
        return scope.kind is ScopeKind.LEVEL or fact.unit_group == scope.ref
