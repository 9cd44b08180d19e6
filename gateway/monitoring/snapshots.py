"""What a snapshot holds: which numbers of which scopes, under which name, in which files. Pure.

Only whole numbers are published. A share that is no quotient of two counts (U2x) is published as its own reduced
fraction, so that numerator over denominator always is the percentage that stands beside them. Source: monitoring notes
§4.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from gateway.indicators.catalogue import Catalogue
from gateway.indicators.facts import AgencyFact
from gateway.indicators.formulas import Part, Unit
from gateway.indicators.periods import Calendar, Period, PeriodType
from gateway.indicators.scope import PROVINCE, Scope, ScopeKind
from gateway.indicators.target_registry import Target, TargetRegistry, TargetStatus
from gateway.indicators.targets import judge, scope_of
from gateway.model.procedure import ExecutingLevel
from gateway.monitoring.documents import data_csv, data_json, data_lines
from gateway.monitoring.manifests import FileEntry
from gateway.monitoring.observations import Figures, Observation, ObservationKey, SnapshotHead, StateAt, TargetResult

ALL_LEVELS = "ALL"
MEDIA_TYPES = {
    "data.json": "application/json",
    "data.jsonl": "application/x-ndjson",
    "data.csv": "text/csv; charset=utf-8",
}
_QUALITY = {
    "on_behalf": "DQ-02",
    "late_synced": "DQ-04",
    "duplicates_removed": "DQ-01",
    "tests_removed": "DQ-03",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A scope, and how it is named in observations."""

    scope: Scope
    agency: str = ""
    level: str = ""
    unit_group: str = ""
    procedure: str = ""
    field: str = ""

    def key(self, indicator: str) -> ObservationKey:
        """Name an indicator's number of this scope."""
        return ObservationKey(
            indicator, self.scope.kind, self.agency, self.level, self.unit_group, self.procedure, self.field
        )


def cut_of(scope: Scope, province: str) -> Cut:
    """Name a scope. `province` is the province's own code."""
    match scope.kind:
        case ScopeKind.PROVINCE:
            return Cut(scope=scope, agency=province, level=ALL_LEVELS)
        case ScopeKind.AGENCY:
            return Cut(scope=scope, agency=scope.ref, level=ALL_LEVELS if scope.descends else "")
        case ScopeKind.LEVEL:
            return Cut(scope=scope, agency=province, level=str(scope.level))
        case ScopeKind.UNIT_GROUP:
            return Cut(scope=scope, agency=province, level=str(scope.level), unit_group=scope.ref)
        case ScopeKind.PROCEDURE:
            return Cut(scope=scope, agency=province, procedure=scope.ref)
        case ScopeKind.FIELD:
            return Cut(scope=scope, agency=province, field=scope.ref)


def cuts_of(agencies: Sequence[AgencyFact], counted: Iterable[str], province: str, period: Period) -> list[Cut]:
    """Give what every snapshot is cut into: the province, its levels and groups, and each agency by itself."""
    held = [one for one in agencies if _overlaps(one, period)]
    levels = [level for level in ExecutingLevel if any(one.level is level for one in held)]
    groups = sorted({(one.level, one.unit_group) for one in held if one.unit_group})
    codes = sorted({one.code for one in held} | set(counted))
    scopes = [
        PROVINCE,
        *(Scope(ScopeKind.LEVEL, level=level) for level in levels),
        *(Scope(ScopeKind.UNIT_GROUP, group, level=level) for level, group in groups),
        *(Scope(ScopeKind.AGENCY, code) for code in codes),
    ]
    return [cut_of(scope, province) for scope in scopes]


def published_codes(catalogue: Catalogue) -> list[str]:
    """Give the indicators that are published: shares that facts can give."""
    return [code for code, one in catalogue.definitions.items() if one.is_computable and one.unit is Unit.PERCENT]


def observations_of(
    code: str,
    parts: Sequence[Part],
    cut: Cut,
    *,
    membership: str,
    flags: Mapping[str, int],
    target: TargetResult | None = None,
) -> list[Observation]:
    """Give an indicator's numbers: its own, and named parts as `T2.late`; what is no share is left out."""
    quality = {name: flags.get(rule, 0) for name, rule in _QUALITY.items()}
    return [
        Observation(
            key=cut.key(f"{code}.{part.name}" if part.name else code),
            figures=figures_of(part),
            membership_field=membership,
            null_reason=None if part.null_reason is None else part.null_reason.value,
            target=target if place == 0 else None,
            quality=quality,
        )
        for place, part in enumerate(parts)
        if part.unit is Unit.PERCENT
    ]


def figures_of(part: Part) -> Figures:
    """Give whole numbers whose quotient is the part's ratio."""
    numerator, denominator = part.numerator or Fraction(), part.denominator or Fraction()
    if part.ratio is None:
        return Figures(int(numerator), 0)
    are_whole = numerator.denominator == denominator.denominator == 1
    if are_whole and denominator and numerator / denominator == part.ratio:
        return Figures(int(numerator), int(denominator))
    return Figures(part.ratio.numerator, part.ratio.denominator)


def target_result(
    registry: TargetRegistry | None, code: str, part: Part, scope: Scope, period: Period, as_of: datetime
) -> TargetResult | None:
    """Hold a number against the target that is set for its very scope; None when there is none."""
    target = None if registry is None else _target(registry, code, scope, period)
    if target is None or target.value_percent is None:
        return None
    found = judge(target, part, period, as_of)
    return TargetResult(
        target_id=target.id, comparator=">=", value=f"{target.value_percent:.2f}", result=found.result.value
    )


def _target(registry: TargetRegistry, code: str, scope: Scope, period: Period) -> Target | None:
    fitting = [
        one
        for one in registry.targets
        if one.indicator == code
        and not one.reading
        and one.status is TargetStatus.ACTIVE
        and one.holds_on(period.last_on)
        and one.scope is scope.kind
        and scope_of(one) == scope
    ]
    return fitting[0] if fitting else None


def snapshot_id(province: str, period: Period, version: int, state_at: StateAt = StateAt.AS_OF) -> str:
    """Name a snapshot: "H99-2026M08-v2"; other calendars than the Gregorian are named, and so is the period's end."""
    label = period.label.replace("-", "M" if period.type is PeriodType.MONTH else "").replace("/", "_")
    calendar = "" if period.calendar is Calendar.GREGORIAN else f"-{period.calendar}"
    kind = {PeriodType.YTD: "YTD", PeriodType.DAY: "D", PeriodType.CUSTOM: "C"}.get(period.type, "")
    view = "" if state_at is StateAt.AS_OF else "-end"
    return f"{province}-{kind}{label}{calendar}{view}-v{version}"


def files_of(head: SnapshotHead, observations: Sequence[Observation]) -> list[FileEntry]:
    """Give the snapshot's files."""
    count = len(observations)
    return [
        FileEntry(name="data.csv", body=data_csv(head, observations), rows_count=count),
        FileEntry(name="data.json", body=data_json(head, observations), rows_count=count),
        FileEntry(name="data.jsonl", body=data_lines(head, observations), rows_count=count),
    ]


def _overlaps(one: AgencyFact, period: Period) -> bool:
    begins = one.valid_from is None or one.valid_from < period.after_on
    return begins and (one.valid_to is None or one.valid_to > period.first_on)
