"""What the pull interface answers with, for its document. Answers are written as canonical JSON from these names."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field

Percent = Annotated[str, Field(pattern=r"^-?[0-9]+\.[0-9]{2}$", examples=["53.85"])]


@dataclass(frozen=True, slots=True, kw_only=True)
class BothLanguages:
    """A text in Vietnamese and English."""

    vi: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionView:
    """An indicator, or a part of one under its own code."""

    code: str
    name: BothLanguages
    formula: BothLanguages
    denominators: dict[str, str]
    unit: str
    membership_field: str
    lower_is_better: bool
    not_computable: BothLanguages | None
    version: str
    laws: tuple[dict[str, str | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Definitions:
    """All definitions of one version."""

    version: str
    definitions: tuple[DefinitionView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetView:
    """A target. `value` is in percent, null where its document gives no figure."""

    target_id: str
    indicator: str
    reading: str | None
    scope: str
    ref: str | None
    level: str | None
    valid_from: date
    valid_to: date | None
    comparator: str
    value: Percent | None
    status: str
    excuse_allowed: bool
    source_document: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """The registry; version null where none is loaded."""

    version: str | None
    targets: tuple[TargetView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastView:
    """What the rest of a running period must bring."""

    expected_dossiers: int
    required_percent: str
    reachable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlookView:
    """Where a running period will end at the pace so far, and a range that holds nine times in ten if only chance
    moves it; null while it is too early to say."""

    too_early: bool
    expected_percent: Percent | None
    low_percent: Percent | None
    high_percent: Percent | None
    more_dossiers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetResultView:
    """A target and its number. `converted`: so many that are there must count; `added`: so many new ones reach it."""

    target: TargetView
    result: str
    progress: str | None
    percent: Percent | None
    converted: int | None
    added: int | None
    forecast: ForecastView | None
    outlook: OutlookView | None
    sentence: BothLanguages


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetResults:
    """The targets of a period."""

    period: str
    as_of: datetime
    evaluations: tuple[TargetResultView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeHoursView:
    """The stretches of a working day from a day on; null: from the beginning."""

    begins_on: date | None
    stretches: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarDayView:
    """A day that is not as its weekday says, and why."""

    day: Annotated[date, Field(alias="date")]
    kind: str
    label: str
    source: str
    confirmed: bool
    agency: str | None
    told_on: date | None
    counts_for_deadlines: bool
    open_for_reception: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarDocument:
    """The days of a year that are not as their weekday says."""

    version: str
    year: int
    agency: str | None
    hours: tuple[OfficeHoursView, ...]
    days: tuple[CalendarDayView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadView:
    """What a set of numbers is. `live` numbers have version 0 and no signature."""

    id: str
    period_type: str
    calendar: str
    start: datetime
    end: datetime
    version: int
    status: str
    state_at: str
    as_of: datetime
    supersedes: str | None
    definitions_version: str
    calendar_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationView:
    """A number."""

    indicator: str
    scope: str
    agency: str | None
    level: str | None
    unit_group: str | None
    procedure: str | None
    field: str | None
    numerator: int
    denominator: int
    percent: Percent | None
    null_reason: str | None
    membership_field: str
    target: dict[str, str] | None
    quality: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class NumbersDocument:
    """Numbers with their head; `next_cursor` where there are more."""

    snapshot: HeadView
    observations: tuple[ObservationView, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCount:
    """A rule of data quality, and how many dossiers it found something with."""

    rule: str
    dossiers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Findings of a period."""

    period_type: str
    period: str
    calendar: str
    findings: tuple[RuleCount, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierKey:
    """A dossier behind a number; `code` only for who may read every dossier."""

    key: str
    code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drilldown:
    """Dossiers behind a number."""

    indicator: str
    dossiers: tuple[DossierKey, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonView:
    """Why a dossier does not count, or stands outside."""

    reason: str
    vi: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DueStepView:
    """One step of a due date: `accepted`, `paused`, `restarted`, `extended`, or `recomputed` by a changed calendar."""

    step: str
    at: datetime
    due_at: datetime
    vi: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Where a dossier stands in an indicator."""

    indicator: str
    dossier: str
    standing: str
    reasons: tuple[ReasonView, ...]
    rule: str | None
    timeliness: dict[str, str]
    due_at: datetime | None
    due_steps: tuple[DueStepView, ...]
    """How the date came about; none where it is the stated one."""
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotLine(HeadView):
    """A published snapshot and its place in the chain."""

    position: int
    manifest_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshots:
    """Snapshots in the order of their publication."""

    snapshots: tuple[SnapshotLine, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestView:
    """A manifest with its detached signature (RFC 7515 appendix F) over its canonical JSON (RFC 8785)."""

    manifest: dict[str, Any]
    signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Restatements:
    """What changed between versions."""

    restatements: tuple[dict[str, Any], ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Public keys (RFC 7517)."""

    keys: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherCount:
    """Another count beside ours; `delta` is ours less theirs."""

    count: int
    delta: int
    explained_by: tuple[dict[str, str | int], ...]
    unexplained: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CountComparison:
    """Counts of received dossiers; null where the other side told nothing."""

    scope: str
    period_type: str
    period: str
    calendar: str
    local: int
    acknowledged: int
    portal: OtherCount | None
    national_report: OtherCount | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneView:
    """Something that is due for a service: `set_up` (the notice of its test) or `live`."""

    service: str
    procedure: str
    milestone: str
    due_on: date | None
    done_on: date | None
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestones:
    """How milestones stood on a day."""

    on: date
    milestones: tuple[MilestoneView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreLine:
    """A component of the index. `points` null: no verdict, and nothing is added."""

    number: str
    group: str
    name_vi: str
    indicator: str | None
    percent: Percent | None
    points: str | None
    max_points: str
    null_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreView:
    """The index as a profile scores it: an explanation beside the national score, which stays authoritative."""

    profile: str
    source: str
    scope: str
    period: str
    total: str
    reachable: str
    without_verdict: tuple[str, ...]
    groups: dict[str, str]
    lines: tuple[ScoreLine, ...]
