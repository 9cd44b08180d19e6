"""What a share transaction is told and what follows from it: the vocabulary of `consents`. Data only."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from gateway.model.consent import ConsentCode, ConsentTransaction, HubResult


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentLives:
    """How long things last. `decision` lies above the hub's own 300 s (electronic identity notes §10)."""

    decision: timedelta = timedelta(seconds=330)
    fetch: timedelta = timedelta(minutes=15)
    """How long after the approval its data may still come."""
    held: timedelta = timedelta(minutes=30)
    """How long data waits for its consumer."""
    delivered: timedelta = timedelta(minutes=5)
    """How long delivered data is kept, so that a consumer that lost the answer may ask again."""


DEFAULT_CONSENT_LIVES = ConsentLives()


@dataclass(frozen=True, slots=True, kw_only=True)
class Initiated:
    """The hub answered the first call."""

    transaction_code: str = field(repr=False)
    txn_id: str = field(default="", repr=False)
    event_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InitFailed:
    """The first call was refused, or its outcome is not known: it is not repeated, the citizen would be asked twice."""

    code: ConsentCode = ConsentCode.PROVIDER_ERROR
    event_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscodeTold:
    """The hub told the id under which the application can be opened."""

    transaction_code: str = field(repr=False)
    txn_id: str = field(repr=False)
    event_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultTold:
    """The hub told how it stands, by webhook or when asked (then without an event id)."""

    transaction_code: str = field(repr=False)
    result: HubResult
    txn_id: str = field(default="", repr=False)
    event_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Woken:
    """The application returned to the browser, or the hub sent something that tells nothing: reason to ask."""

    txn_id: str = field(default="", repr=False)
    event_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFetched:
    """The hub gave the data; `subject_digest` is of the personal number that the data is about."""

    subject_digest: bytes = field(repr=False)
    event_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataUnavailable:
    """The hub will not give the data, or gave what cannot be used; asking again is pointless."""

    event_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentLost:
    """What was sealed of it cannot be opened: without number, codes and data there is nothing to go on with."""

    event_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataDelivered:
    """The consumer has the data."""

    event_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePassed:
    """It is later. Deadline and purge follow from the record's own instants."""

    event_id: str = ""


ConsentEvent = (
    Initiated
    | InitFailed
    | TranscodeTold
    | ResultTold
    | Woken
    | DataFetched
    | DataUnavailable
    | ContentLost
    | DataDelivered
    | TimePassed
)


class ConsentEffect(StrEnum):
    """What is to be done after the new record is stored."""

    QUERY_HUB = "query_hub"
    FETCH_DATA = "fetch_data"
    TELL_SUBSCRIBER = "tell_subscriber"
    """Tell the new standing to the consumer."""
    PURGE = "purge"
    """Erase personal number and data, in the transaction that stores the record."""
    ALERT = "alert"
    """Somebody must look: what was told contradicts the record, or the record is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRuling:
    """The new record and what follows. Effects are in the order in which they are to be done."""

    transaction: ConsentTransaction
    effects: tuple[ConsentEffect, ...] = ()
