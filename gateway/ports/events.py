"""What the engine asks of the store about the feed and those who subscribed to it.

Raises StoreUnavailable throughout when the database cannot be asked.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event as the feed tells it. `data` is JSON text without personal data."""

    event_id: int
    occurred_at: datetime
    type: str
    subject: str
    agency_code: str
    revision: int | None
    data: str


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events in order, and the id after which to go on: everything up to it has been looked at."""

    events: Sequence[Event]
    next_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeasedSubscription:
    """A subscription that this sender holds; `token` fences what it stores. Empty `event_types` means all."""

    subscription_id: str
    url: str
    event_types: tuple[str, ...]
    wrapped_key: bytes
    sealed_secret: bytes
    after_event_id: int
    failures_count: int
    token: int
    agency_prefixes: tuple[str, ...]


class FeedSignal(Protocol):
    """Wakes those who wait for the feed to grow."""

    def moment(self) -> asyncio.Event:
        """Give an event that is set when the feed grows after this call."""
        ...


class WebhookStore(Protocol):
    """Where subscriptions are leased, and where their progress is kept."""

    async def lease(self, *, limit: int, lease_seconds: float) -> Sequence[LeasedSubscription]:
        """Lease subscriptions that are due and have not yet looked at the newest event."""
        ...

    async def events_for(self, leased: LeasedSubscription, *, limit: int) -> EventPage:
        """Give the next events that the subscriber asked for and may see."""
        ...

    async def advance(self, leased: LeasedSubscription, *, after: int, lease_seconds: float) -> bool:
        """Store that everything up to `after` was delivered, and keep the lease; False when the lease is lost."""
        ...

    async def release(
        self, leased: LeasedSubscription, *, delay_seconds: float, failures_count: int = 0, last_failure: str = ""
    ) -> bool:
        """Give the lease back, to be due after a delay; False when it was lost already."""
        ...
