"""What happened, told to whoever counts or logs it. Labels come from closed lists and carry no personal data."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.model.audit import Checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryEnded:
    """A delivery left the queue, or went back into it: `outcome` is its new state's name."""

    system: str
    kind: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded:
    """One remote call ended. `outcome` is "ok" or the code of an error of gateway.errors."""

    system: str
    operation: str
    outcome: str
    items_count: int
    duration_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRaised:
    """Something a person should look at; `name` is from a closed list."""

    system: str
    name: str
    dossier_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitMoved:
    """The circuit of a system changed its state."""

    system: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DefectFound:
    """The gateway's own code failed where it must not. Only the error's type and traceback may be shown."""

    system: str
    operation: str
    error: BaseException


@dataclass(frozen=True, slots=True, kw_only=True)
class ProceduresSynced:
    """A reading of the procedure catalogue ended; counts of procedures."""

    system: str
    listed_count: int
    changed_count: int
    retired_count: int
    failed_count: int
    missing: tuple[tuple[str, str], ...]
    """Rows (table, code) that the code tables lack, for records that could therefore not be read."""
    duration_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRead:
    """One of the portal's lists was read or could not be; `outcome` is changed, unchanged, held, failed or
    not_offered, `name` is from a closed list."""

    system: str
    name: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFailed:
    """A job that is done again and again did not succeed this time; `code` is an error's code."""

    job: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftSeen:
    """A reply differed from what is known of the system; operation and kind come from closed lists."""

    system: str
    operation: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftOverflowed:
    """So many sightings of drift found no room and were forgotten."""

    system: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftFound:
    """A difference was seen for the first time ever. `place` holds wire names only, `detail` is from our own words."""

    system: str
    operation: str
    kind: str
    place: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInConcluded:
    """A sign-in that reached its callback ended well ("signed_in") or was refused; `outcome` is then the outward code,
    `reason` a word of ours. No label tells anything of a person."""

    provider: str
    outcome: str
    reason: str
    assurance: str
    duration_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInBegun:
    """A browser was sent to a provider."""

    provider: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInsEnded:
    """Sign-ins are over, for one of the reasons of `EndReason`."""

    reason: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentMoved:
    """The standing of a share consent changed; `code` says why nothing will be shared, "" otherwise."""

    hub: str
    standing: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditCheckpointed:
    """A checkpoint of the audit chain was made. It is written to the log whatever the log's level: there it is out of
    reach of whoever can change the database."""

    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class ManySubjectsSeen:
    """An officer or a client looked at unusually many different citizens in an hour: an alert, told once. `who` is for
    the log alone, never for a label."""

    kind: str
    who: str
    hour: datetime
    subjects_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MostSubjects:
    """The most different citizens that any one officer or client has looked at in the present hour."""

    kind: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CitizenAsked:
    """A question about a citizen ended; `action` and `outcome` are words of closed lists, `code` is an error's code."""

    action: str
    outcome: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsShredded:
    """The content of records was destroyed because they were kept long enough; `kind` is a RecordKind."""

    kind: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMessageRefused:
    """A message to a provider's callback was not taken; `reason` is from a closed list: a NotificationRefused's code,
    `unknown_reference`, or `network` for a caller from elsewhere."""

    provider: str
    reason: str


Happening = (
    SignInBegun
    | PaymentMessageRefused
    | CitizenAsked
    | RecordsShredded
    | AuditCheckpointed
    | ManySubjectsSeen
    | MostSubjects
    | ConsentMoved
    | SignInConcluded
    | SignInsEnded
    | DriftSeen
    | DriftOverflowed
    | DriftFound
    | JobFailed
    | DeliveryEnded
    | CallEnded
    | AlertRaised
    | CircuitMoved
    | DefectFound
    | ProceduresSynced
    | ListRead
)


class Observer(Protocol):
    """Hears of happenings; must not raise and must not block."""

    def __call__(self, happening: Happening, /) -> None: ...
