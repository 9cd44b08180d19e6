"""What sources say of a dossier before anything is cleaned: the input of the rules of data quality. No personal data.

People are keyed digests, content is a digest. What a source did not say is None.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from gateway.indicators.facts import AgencyFact, ExternalCounts
from gateway.indicators.words import ServiceState
from gateway.model.dossier import Channel
from gateway.model.status import DossierStatus

WorkingDays = Callable[[date, date], int]
"""Counts the working days d with first < d <= last."""


@dataclass(frozen=True, slots=True)
class RawEvent:
    """A step: what was reached, when it happened, when the gateway knew it."""

    status: DossierStatus
    at: datetime
    known_at: datetime


@dataclass(frozen=True, slots=True)
class DueChange:
    """A change of the promised date after acceptance; with form 04 (apology and new date) it is in order."""

    at: datetime
    has_form: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RawResult:
    """An electronic result as claimed, and what a look at it found."""

    is_reachable: bool = True
    size_bytes: int = 1
    is_signed: bool = True
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawDossier:
    """One record of one source. `fee_lines_vnd` are the synced prices. `parent_key` is the group's record of an
    inter-agency (liên thông) dossier. `limits_count` is how many time limits its procedure has."""

    key: str
    procedure_code: str
    national_code: str = ""
    applicant_key: str = ""
    submitter_key: str = ""
    is_submitter_staff: bool = False
    is_from_counter: bool = False
    has_delegation: bool = False
    receiving_agency: str = ""
    resolving_agency: str = ""
    channel: Channel | None = None
    submitted_at: datetime | None = None
    accepted_at: datetime | None = None
    finished_at: datetime | None = None
    known_at: datetime | None = None
    events: tuple[RawEvent, ...] = ()
    due_at: datetime | None = None
    due_computed_at: datetime | None = None
    due_changes: tuple[DueChange, ...] = ()
    supplement_requests: tuple[datetime, ...] = ()
    paused_days: int = 0
    is_test: bool = False
    is_test_account: bool = False
    is_test_procedure: bool = False
    is_test_identity: bool = False
    is_test_name: bool = False
    service_state: ServiceState = ServiceState.PUBLISHED
    attachments_count: int = 1
    claims_digitised: bool = False
    result: RawResult | None = None
    fee_lines_vnd: tuple[int, ...] = ()
    exemption_code: str = ""
    is_refunded: bool = False
    limits_count: int = 1
    case_code: str = ""
    parent_key: str = ""
    content_digest: str = ""
    calendar_version: str = ""
    stamps: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """From where on something is conspicuous. None of it is law; each is a setting."""

    duplicate_within: timedelta = timedelta(minutes=10)
    applicants_per_account: int = 5
    late_working_days: int = 1
    near_due_working_days: int = 1
    long_pause_days: int = 10
    resubmitted_within: timedelta = timedelta(days=30)
    unreturned_working_days: int = 5
    burst_count: int = 20
    burst_within: timedelta = timedelta(minutes=10)
    identical_count: int = 3
    too_fast: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawSet:
    """All that is looked at together. `confirmed` are keys of bulk dossiers that their owner confirmed as artificial;
    `published_at` is when the preliminary version was, None before that."""

    as_of: datetime
    working_days: WorkingDays
    dossiers: Sequence[RawDossier] = ()
    agencies: Sequence[AgencyFact] = ()
    external: Sequence[ExternalCounts] = ()
    continuity: Mapping[str, str] = field(default_factory=dict)
    calendar_version: str = ""
    published_at: datetime | None = None
    confirmed: Collection[str] = ()
    limits: Limits = field(default_factory=Limits)
