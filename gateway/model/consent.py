"""A citizen's consent to share named data for one transaction, given in the VNeID application.

A consent is no sign-in: it proves that the holder of one personal number agreed to one release of data (electronic
identity notes §7). What the citizen decided and what became of the data are two things and kept apart, so that a
decision, once made, never changes; the outside sees both as one `standing`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from gateway.errors import GatewayError


class ConsentState(StrEnum):
    """How far the citizen's decision is (electronic identity notes §7.6)."""

    CREATED = "created"
    INITIATED = "initiated"
    """The hub has given its transaction code and asks the citizen."""
    LINKED = "linked"
    """The hub has given the id by which the application can be opened on the same device."""
    APPROVED = "approved"
    DECLINED = "declined"
    EXPIRED = "expired"
    FAILED = "failed"


FINAL_CONSENT_STATES = frozenset(
    {ConsentState.APPROVED, ConsentState.DECLINED, ConsentState.EXPIRED, ConsentState.FAILED}
)


class DataState(StrEnum):
    """What became of the data of an approved consent."""

    NONE = "none"
    """Nothing was released (yet)."""
    WANTED = "wanted"
    HELD = "held"
    """Fetched, about the right person, waiting for the one consumer."""
    DELIVERED = "delivered"
    REFUSED = "refused"
    """About another person, or not to be had; nothing was or will be handed on."""
    PURGED = "purged"


class HubResult(StrEnum):
    """What the hub says of a transaction, by webhook or when asked."""

    PENDING = "pending"
    AGREED = "agreed"
    DECLINED = "declined"
    EXPIRED = "expired"
    FAILED = "failed"


class ConsentCode(StrEnum):
    """Outward codes of consents that gave nothing (electronic identity notes §11.2): stable, without foreign text."""

    DECLINED = "EID_CONSENT_DECLINED"
    EXPIRED = "EID_CONSENT_EXPIRED"
    PROVIDER_ERROR = "EID_PROVIDER_ERROR"
    PROVIDER_UNAVAILABLE = "EID_PROVIDER_UNAVAILABLE"
    SUBJECT_MISMATCH = "EID_SUBJECT_MISMATCH"
    CONFIGURATION = "EID_CONFIGURATION"
    """The gateway cannot read its own record any more."""
    NOT_FOUND = "EID_CONSENT_NOT_FOUND"
    """No such transaction, or none of the asking session: nobody learns which."""
    NOT_READY = "EID_CONSENT_NOT_READY"
    """There is no data to hand over: not yet, not any more, or not at all."""


class ConsentRefused(GatewayError):
    """Somebody asked for a consent or its data and must not have it. Holds nothing of a person."""

    code = "consent_refused"

    def __init__(self, consent_code: ConsentCode, reason: str) -> None:
        super().__init__(f"{consent_code.value}: {reason}", code=consent_code.value)
        self.consent_code = consent_code
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentTransaction:
    """One consent from its creation to the purge of what it released.

    `client_id` is the one consumer, named at creation. The digests are keyed and of the personal number and of the
    session that created the transaction: the codes of the hub alone open nothing here.
    """

    transaction_id: UUID
    client_id: str
    subject_digest: bytes = field(repr=False)
    session_digest: bytes = field(repr=False)
    created_at: datetime
    deadline_at: datetime
    """From this instant on the consent is expired, whatever comes."""
    state: ConsentState = ConsentState.CREATED
    data: DataState = DataState.NONE
    transaction_code: str = field(default="", repr=False)
    """The hub's code, by which it is asked; "" until it is known."""
    txn_id: str = field(default="", repr=False)
    """The hub's id in links to the application; "" until it is known."""
    code: ConsentCode | None = None
    """Why nothing was or will be shared."""
    decided_at: datetime | None = None
    data_due_at: datetime | None = None
    """Until when wanted data must have come; afterwards, when held or delivered data is purged."""
    event_ids: tuple[str, ...] = ()
    """Ids of the hub's events that were taken, oldest first; no more than the machine remembers."""

    @property
    def is_decided(self) -> bool:
        return self.state in FINAL_CONSENT_STATES

    @property
    def standing(self) -> ConsentState:
        """What the outside is told. An approval is told when its data is there and right; until then it is `linked`."""
        if self.state is not ConsentState.APPROVED:
            return self.state
        match self.data:
            case DataState.NONE | DataState.WANTED:
                return ConsentState.LINKED
            case DataState.REFUSED:
                return ConsentState.FAILED
            case DataState.HELD | DataState.DELIVERED | DataState.PURGED:
                return ConsentState.APPROVED

    @property
    def is_settled(self) -> bool:
        """Whether the standing never changes again."""
        return self.standing in FINAL_CONSENT_STATES
