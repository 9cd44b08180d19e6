"""Publications for receivers that do not pull: what is sent, and what is known of each (monitoring notes §4.5)."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class PushedSnapshot:
    """A publication as it is sent: the files' own bytes, so that digests and signature hold over there."""

    snapshot_id: str
    manifest: bytes = field(repr=False)
    signature: str = field(repr=False)
    data: bytes = field(repr=False)
    """The file data.json."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushReceipt:
    """A receiver's word that it has a publication. Kept as evidence."""

    status: int
    sha256: str
    """Of the body that was sent, in hexadecimal digits."""
    text: str
    """What was answered, when it is text of a moderate size; else ""."""


class SnapshotReceiver(Protocol):
    """Takes publications, each once: the same again, under its id, gets the same word."""

    async def push(self, snapshot: PushedSnapshot) -> PushReceipt:
        """Send a publication. Raises RemoteError; whatever it says, sending the same again does no harm."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DuePush:
    """The publication that a receiver is owed next. `failures_count`: how often it failed in a row."""

    position: int
    failures_count: int
    snapshot: PushedSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverStanding:
    """How far a receiver is. `waiting_since` is when the oldest publication that it has not was made."""

    receiver: str
    position: int
    waiting_count: int
    waiting_since: datetime | None
    failures_count: int
    reason: str
    next_at: datetime | None


class PushStore(Protocol):
    """Knows what each receiver has."""

    def turn(self, receiver: str) -> AbstractAsyncContextManager[bool]:
        """Hold a receiver's turn until the context ends; False when another process has it."""
        ...

    async def due(self, receiver: str, now: datetime) -> DuePush | None:
        """Give what is to be sent next; None when the receiver has everything, or is given time."""
        ...

    async def note_taken(self, receiver: str, position: int, receipt: PushReceipt, now: datetime) -> None:
        """Keep a receiver's word that it has a publication."""
        ...

    async def note_failed(self, receiver: str, reason: str, next_at: datetime) -> None:
        """Note that sending failed, and when it is tried again."""
        ...
