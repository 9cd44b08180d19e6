"""What the engine keeps of questions about citizens: how many were asked, and replies for a few minutes, sealed."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How often was asked lately, the question at hand included."""

    by_officer: int
    """By this officer of this client, in the shorter window."""
    by_officer_long: int
    by_client: int
    """By all officers of the client, in the shorter window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptReply:
    """A reply that may be used again until `expires_at`; erased with its key."""

    key_digest: bytes
    """Of the question, the officer and the dossier: nobody else finds it."""
    correlation_id: UUID
    """Of the look that asked for it."""
    wrapped_key: bytes = field(repr=False)
    sealed: bytes = field(repr=False)
    expires_at: datetime


class CitizenStore(Protocol):
    """Raises StoreUnavailable."""

    async def count(self, client_id: str, officer: str, now: datetime, *, short: datetime, long: datetime) -> Usage:
        """Count a question, and give how many there were since `short` and since `long`.

        `officer` is a code, or the digest of a citizen's number: never the number.
        """
        ...

    async def agencies_of(self, dossier_code: str) -> tuple[str, ...] | None:
        """Give the agencies of a dossier; None for one that was never accepted."""
        ...

    async def find_reply(self, key_digest: bytes, now: datetime) -> KeptReply | None:
        """Give a reply that is kept and still may be used."""
        ...

    async def keep_reply(self, reply: KeptReply) -> None:
        """Keep a reply, in the place of an older one to the same question."""
        ...

    async def sweep(self, *, replies_before: datetime, usage_before: datetime) -> None:
        """Erase what is over."""
        ...
