"""What the API answers with: one frozen class per shape, from which both the JSON and its schema are made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from gateway.api.services import SystemCondition
from gateway.model.delivery import DeliveryKind, DeliveryState, RemotePresence
from gateway.model.dossier import Channel, Dossier, Origin, ProgressStep
from gateway.model.party import CLOSED
from gateway.model.procedure import Procedure
from gateway.model.status import DossierStatus
from gateway.model.vocabulary import DossierCode
from gateway.sync.acceptance import Outcome
from gateway.sync.procedure_changes import ChangeKind
from gateway.sync.procedure_duties import Obligation

Revision = Annotated[int, Field(ge=0)]
Amount = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultView:
    """One thing that is wrong: JSON pointer of the field, the rule, the class of what was found (never the value)."""

    field: str
    rule: str
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemView:
    """A failure (RFC 9457). `type` is stable and meant for programs; `instance` names the request for the operator."""

    type: Annotated[str, Field(pattern=r"^urn:lien-thong:problem:[a-z-]+$")]
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str | None = None
    instance: str | None = None
    errors: tuple[FaultView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptView:
    """What became of a change. Once this is answered, the change survives any crash.

    `is_irregular` marks a move between statuses that is not ordinary, `is_late` a step that happened before the instant
    from which the present status holds; both are accepted.
    """

    code: str
    revision: Revision
    outcome: Outcome
    status: DossierStatus
    is_irregular: bool
    is_late: bool
    accepted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierSummary:
    """What may be known of a dossier without opening it: no personal data."""

    code: str
    procedure_code: str
    receiving_agency_code: str
    handling_agency_code: str
    channel: Channel
    origin: Origin
    status: DossierStatus
    status_at: datetime
    submitted_at: datetime
    received_at: datetime | None
    due_at: datetime | None
    finished_at: datetime | None
    returned_at: datetime | None
    fees_total_vnd: Amount
    revision: Revision
    accepted_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierPage:
    """A page of dossiers. `next_cursor` is null on the last page."""

    dossiers: tuple[DossierSummary, ...]
    next_cursor: str | None


class EntryKind(StrEnum):
    """Whether an entry of the timeline is a change that came in, or something that was observed."""

    CHANGE = "change"
    EVENT = "event"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One line of a dossier's life. `what` is "replacement" or "progress" for a change, else the event's type."""

    at: datetime
    kind: EntryKind
    what: str
    revision: Revision | None
    status: DossierStatus | None = None
    client_id: str | None = None
    is_irregular: bool = False
    is_late: bool = False
    event_id: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


class NextStep(StrEnum):
    """What happens next between the gateway and one system."""

    NOTHING = "nothing"
    """Everything that was owed has arrived or was skipped with a reason."""
    IN_PROGRESS = "in_progress"
    """A worker is at it now."""
    ATTEMPT = "attempt"
    """It will be sent at `next_at`."""
    QUERY = "query"
    """It was sent and no answer came; at `next_at` the system is asked before anything is sent again."""
    PERSON = "person"
    """It is parked: a person decides, see the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDelivery:
    """Something that is still owed to a system."""

    delivery_id: int
    revision: Revision
    ordinal: int
    kind: DeliveryKind
    state: DeliveryState
    attempts_count: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictView:
    """A field that differs over there and that a person must decide."""

    field: str
    revision: Revision
    detected_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemStanding:
    """How one national system stands to the dossier, what is next and why."""

    system: str
    presence: RemotePresence
    next_step: NextStep
    next_at: datetime | None
    reason: str
    failures_count: int
    open_deliveries: tuple[OpenDelivery, ...]
    conflicts: tuple[ConflictView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A dossier's life, oldest entry first. `is_complete` is false when older entries were left out."""

    code: str
    revision: Revision
    status: DossierStatus
    status_at: datetime
    entries: tuple[TimelineEntry, ...]
    is_complete: bool
    systems: tuple[SystemStanding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryView:
    """One delivery to one system; `reason` is a stable code that says why it is where it is.

    `mapping_version` is the load of mapping sets that translated what was sent, null when there was none.
    """

    delivery_id: int
    system: str
    revision: Revision
    ordinal: int
    kind: DeliveryKind
    state: DeliveryState
    attempts_count: int
    reason: str
    mapping_version: int | None
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPage:
    """A page of deliveries in the order of acceptance."""

    deliveries: tuple[DeliveryView, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportDossierLine:
    """One line of an import that creates or replaces. `if_match` is a revision, or the tag that ETag gave."""

    __pydantic_config__ = CLOSED

    code: DossierCode
    dossier: Dossier
    idempotency_key: str | None = None
    if_match: int | str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportProgressLine:
    """One line of an import that adds a step."""

    __pydantic_config__ = CLOSED

    code: DossierCode
    progress: ProgressStep
    idempotency_key: str
    if_match: int | str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """One line of an import's answer: `outcome` and `revision` when it was accepted, else `problem`.

    `line` counts from 1; `code` is null when the line does not say one that can be read.
    """

    line: Annotated[int, Field(ge=1)]
    status: int
    code: str | None
    outcome: Outcome | None = None
    revision: Revision | None = None
    is_replayed: bool = False
    problem: ProblemView | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureSummary:
    """A line of the catalogue. `missing_obligations` are kinds of what it must show and does not, null until judged."""

    code: str
    name: str
    version_number: int
    content_hash: str
    is_public: bool
    missing_obligations: tuple[Obligation, ...] | None
    checked_at: datetime
    retired_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedurePage:
    """A page of the catalogue in the order of the codes."""

    procedures: tuple[ProcedureSummary, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureView:
    """One version of a procedure. `seen_at` is when this version was first seen."""

    code: str
    version_number: int
    content_hash: str
    seen_at: datetime
    checked_at: datetime
    retired_at: datetime | None
    procedure: Procedure


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """One version that was seen."""

    version_number: int
    content_hash: str
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureChangeView:
    """One change between two versions. `kind` is stable; `path` leads to the place by codes.

    `before` and `after` are values cut to 200 characters, empty for long texts, of which only the name is told.
    """

    kind: ChangeKind
    path: str
    subject: str
    before: str
    after: str
    sentence_vi: str
    sentence_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureChangeList:
    """What changed in a procedure from one version to another."""

    code: str
    since: Annotated[int, Field(ge=1)]
    version_number: Annotated[int, Field(ge=1)]
    changes: tuple[ProcedureChangeView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionList:
    """Every version of a procedure that was seen, oldest first."""

    code: str
    versions: tuple[VersionView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """One event. Ids grow; `subject` is the code of what it is about."""

    event_id: Annotated[int, Field(ge=1)]
    occurred_at: datetime
    type: str
    subject: str
    agency_code: str
    revision: Revision | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPage:
    """Events in order. Ask again with `after` = `next_after`; it also moves past events that do not fit."""

    events: tuple[EventView, ...]
    next_after: Annotated[int, Field(ge=0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionView:
    """A webhook subscription. Everything up to `after_event_id` was delivered; `last_failure` is a stable code."""

    subscription_id: str
    url: str
    event_types: tuple[str, ...]
    after_event_id: int
    failures_count: int
    next_at: datetime
    last_failure: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSubscriptionView:
    """A subscription just made, with its signing secret. The secret is shown here and never again."""

    subscription_id: str
    url: str
    event_types: tuple[str, ...]
    after_event_id: int
    created_at: datetime
    secret: Annotated[str, Field(pattern=r"^whsec_[A-Za-z0-9+/]+=*$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionList:
    """The client's open subscriptions, oldest first."""

    subscriptions: tuple[SubscriptionView, ...]


class Ability(StrEnum):
    """Whether the gateway can do its work."""

    READY = "ready"
    DEGRADED = "degraded"
    """Changes are accepted; something that carries them on is not well."""
    UNAVAILABLE = "unavailable"
    """Changes cannot be accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemView:
    """One system that the gateway depends on."""

    system: str
    condition: SystemCondition
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether the gateway can work, and how each system is doing."""

    status: Ability
    systems: tuple[SystemView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Aliveness:
    """The process answers."""

    status: str
    version: str
