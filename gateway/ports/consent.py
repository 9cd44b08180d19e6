"""What the adapter of a share-consent hub offers: ask a citizen for data, ask how it stands, fetch once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from gateway.model.consent import HubResult

NOT_RELEASED = "not_released"
"""Code of the Rejected with which a hub has no data (yet) that it may release."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareRequest:
    """Whom to ask. What is released is agreed with the hub and part of the adapter's settings."""

    citizen_pid: str = field(repr=False)
    """Personal number of 12 digits, of the signed-in citizen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareStarted:
    """The hub asks the citizen. `txn_id` is "" where the hub tells it later, by webhook."""

    transaction_code: str = field(repr=False)
    txn_id: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareStatus:
    """How a transaction stands by the hub's own word."""

    result: HubResult
    txn_id: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedData:
    """What the citizen released. Personal data throughout.

    `facts` holds the agreed fields only, by the hub's names. `left_out_count` is how many others came and were dropped.
    """

    citizen_pid: str = field(repr=False)
    facts: Mapping[str, Any] = field(repr=False)
    left_out_count: int = 0


class NoticeKind(StrEnum):
    """What a webhook is about."""

    TRANSCODE = "transcode"
    """`txn_id` is known: the application can be opened."""
    RESULT = "result"
    OTHER = "other"
    """Authentic, but it tells nothing that is understood: reason to ask, never an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubNotice:
    """A webhook whose signature holds. `event_id` is the hub's own and the same in every attempt."""

    event_id: str
    kind: NoticeKind
    transaction_code: str = field(repr=False)
    txn_id: str = field(default="", repr=False)
    result: HubResult | None = None
    """Set exactly when `kind` is RESULT."""
    attempt: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AppReturn:
    """The application came back to the browser. A wake-up: what it claims of the result is not even kept."""

    txn_id: str = field(repr=False)


class ConsentHub(Protocol):
    """One share-consent registration. Calls raise the RemoteError groups."""

    @property
    def name(self) -> str: ...

    async def start(self, request: ShareRequest) -> ShareStarted:
        """Ask the citizen. Never repeated by the adapter: after OutcomeUnknown the citizen may have been asked."""
        ...

    async def status(self, transaction_code: str) -> ShareStatus:
        """Ask how it stands; changes nothing and may be repeated. Raises Rejected for a code unknown there."""
        ...

    async def fetch(self, transaction_code: str) -> SharedData:
        """Fetch what was released. Raises Rejected, with the code NOT_RELEASED where there is nothing yet, and
        ContractBroken when it is not clear whom the data is about."""
        ...

    def universal_link(self, txn_id: str) -> str:
        """Give the address that opens the application on the citizen's own device. Raises InvalidInput."""
        ...

    def read_return(self, target: str) -> AppReturn:
        """Read the address (or path and query) that the application returned to. Raises InvalidInput."""
        ...

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> HubNotice:
        """Verify the signature over the raw body and read it. Raises IntegrityFailed, InvalidInput for its shape, and
        ConfigurationError when no key can be read."""
        ...
