"""What the engine asks of the store about a system's gate: announced outages, an operator's pause, the shared bucket.

Raises StoreUnavailable throughout when the database cannot be asked.
"""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFacts:
    """What people have said about one system. `outages` are (starts_at, ends_at) of those that are not long over."""

    outages: tuple[tuple[datetime, datetime], ...] = ()
    paused_at: datetime | None = None
    resumed_at: datetime | None = None


class ChangingBucket(Protocol):
    """The bucket's row, locked; what is set here is stored when the context ends."""

    tokens: float
    at: datetime | None


class GateStore(Protocol):
    """Where gates are kept."""

    async def facts(self, system: str, *, since: datetime) -> GateFacts:
        """Give what holds; outages that ended before `since` are left out."""
        ...

    def changing_bucket(self, system: str) -> AbstractAsyncContextManager[ChangingBucket]: ...
