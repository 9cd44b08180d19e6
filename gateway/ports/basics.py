"""Time, chance and secrecy as things that are passed in."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the instant."""

    def now(self) -> datetime:
        """Give the current instant, aware, in UTC. May step backwards when the machine's clock is set."""
        ...

    def monotonic(self) -> float:
        """Give seconds that never step backwards; only differences mean something."""
        ...


class Chance(Protocol):
    """Gives randomness for jitter (never for keys)."""

    def random(self) -> float:
        """Give a float in [0, 1)."""
        ...


class RecordKey(Protocol):
    """The opened data key of one record (a dossier, a session): all its sealed blobs use it."""

    @property
    def wrapped(self) -> bytes:
        """The key wrapped by the key ring, as it is stored beside the record; destroying it erases the record."""
        ...

    def seal(self, plain: bytes, *, context: bytes) -> bytes:
        """Encrypt and authenticate. `context` is bound in: a blob cannot be moved to another place."""
        ...

    def unseal(self, sealed: bytes, *, context: bytes) -> bytes:
        """Decrypt. Raises IntegrityFailed when anything was changed."""
        ...


class KeyRing(Protocol):
    """Wraps data keys with the installation's own keys."""

    def new_record_key(self) -> RecordKey:
        """Make a fresh random data key."""
        ...

    def open_record_key(self, wrapped: bytes) -> RecordKey:
        """Unwrap. Raises IntegrityFailed when the ring has no key for it or it was changed."""
        ...

    def digest(self, content: bytes) -> bytes:
        """Give a keyed 32-byte digest: equal content compares equal, and nobody without the ring can guess content."""
        ...
