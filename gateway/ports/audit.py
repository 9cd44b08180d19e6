"""What the gateway's parts use to write down looks at personal data, and what keeps the lines."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from gateway.model.audit import Access, ChainedLine, ChainHead, Checkpoint, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedLook:
    """A look whose first line is stored: now, and only now, the other system may be asked."""

    access: Access
    correlation_id: UUID
    began_seconds: float
    """Of the clock's monotonic reading."""


class Audit(Protocol):
    """Writes down looks. Every method returns after the commit.

    All raise StoreUnavailable or AuditBroken when the line is not known to be stored: then nothing may be looked
    at, and nothing that was found may be handed out. InvalidInput when a line must not hold what it is given.
    """

    async def ask(
        self, access: Access, *, request_id: str = "", correlation_id: UUID | None = None, edge: str | None = None
    ) -> AskedLook:
        """Write the line before a question to another system. A repeat of the question takes the look's own
        `correlation_id`, and its own `request_id`."""
        ...

    async def answer(self, look: AskedLook, outcome: Outcome) -> None:
        """Write the line after it, also when the answer never came."""
        ...

    async def note(self, access: Access, outcome: Outcome) -> None:
        """Write the one line of a look that asks nobody."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredHead:
    """The chain's end as it is stored; `mac` says whether the gateway itself wrote it."""

    head: ChainHead
    mac: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEnd:
    """Where the chain ends by its head, and by its lines (0 without any)."""

    head: StoredHead | None
    last_position: int


class AuditAppending(Protocol):
    """A transaction that holds the chain's end: nobody else appends until it ends."""

    async def head(self) -> StoredHead | None:
        """Give the end; None when no chain was begun. Raises AuditBroken when there are lines without one."""
        ...

    async def begin(self, head: StoredHead) -> None:
        """Begin a chain."""
        ...

    async def write(self, lines: Sequence[ChainedLine], head: StoredHead) -> None:
        """Put lines behind the end. Raises AuditBroken when something stands there already."""
        ...

    async def end(self) -> StoredEnd:
        """Hold the end, whatever is wrong with it, and give it."""
        ...

    async def reseal(self, line: ChainedLine, head: StoredHead, checkpoint: Checkpoint) -> None:
        """Put the first line of a new stretch, an end in place of the wrong one, and a checkpoint of it.

        Raises AuditBroken when something stands there already.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFilter:
    """Which lines are wanted; None leaves a column open. `prefixes` None sees lines of every agency and of none."""

    prefixes: tuple[str, ...] | None = None
    dossier_code: str | None = None
    officer: str | None = None
    client_id: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Lines of `at` from `since` on and before `until`."""


class AuditStore(Protocol):
    """Keeps the chain. Every method raises StoreUnavailable."""

    def appending(self) -> AbstractAsyncContextManager[AuditAppending]:
        """Open a transaction that appends; committed when the block ends well."""
        ...

    async def head(self) -> StoredHead | None:
        """Give the chain's end without holding it."""
        ...

    async def end(self) -> StoredEnd:
        """Give the chain's end and its last line as of one moment."""
        ...

    async def lines(self, wanted: LineFilter, *, before: int | None, limit: int) -> Sequence[ChainedLine]:
        """Give up to `limit` lines at positions below `before`, newest first, in one statement."""
        ...

    async def accesses_of(
        self,
        subject_digests: Sequence[bytes],
        since: datetime | None,
        until: datetime | None,
        *,
        before: int | None,
        limit: int,
    ) -> Sequence[Sequence[ChainedLine]]:
        """Give up to `limit` looks at any of the subjects, newest first, each with its lines in order.

        A look stands in time and in the chain where its first line stands, which is below `before`.
        """
        ...

    def chain(self, after: int, *, until: int = ...) -> AsyncIterator[Sequence[ChainedLine]]:
        """Give all lines behind a position, up to another, in order, page by page."""
        ...

    async def checkpoints(self, after: int) -> Sequence[Checkpoint]:
        """Give the checkpoints at or behind a position, in order."""
        ...

    async def digest_at(self, position: int) -> bytes | None:
        """Give the stored digest of a line; None when there is no such line."""
        ...

    async def newest_checkpoint(self) -> Checkpoint | None:
        """Give the last one."""
        ...

    async def add_checkpoint(self, checkpoint: Checkpoint) -> bool:
        """Keep one; False when its place has one already."""
        ...


class LookerKind(StrEnum):
    """Whose looks are counted together."""

    OFFICER = "officer"
    CLIENT = "client"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectsSeen:
    """At how many different citizens somebody looked in a clock hour; `who` as lines name them."""

    kind: LookerKind
    who: str
    hour: datetime
    subjects_count: int


class AuditWarnings(Protocol):
    """Counts who was looked at by whom, and keeps who was told of. Every method raises StoreUnavailable."""

    async def subjects_by_hour(self, since: datetime, left_out: Sequence[str]) -> Sequence[SubjectsSeen]:
        """Give the counts of every hour from an instant on, without lines of some actions, in no order."""
        ...

    async def claim_warning(self, seen: SubjectsSeen, now: datetime, old_before: datetime) -> bool:
        """Note that somebody is told of for an hour, and forget what was noted long ago; False when it is noted
        already."""
        ...


class CheckpointSigner(Protocol):
    """Signs checkpoints so that others can verify them."""

    @property
    def key_id(self) -> str:
        """The signing key's thumbprint."""
        ...

    def sign_checkpoint(self, claims: dict[str, Any]) -> str:
        """Give a compact JWS."""
        ...

    def public_keys(self) -> Sequence[dict[str, Any]]:
        """Give public keys as JWKs, the signing one first."""
        ...


class CheckpointVerifier(Protocol):
    """Knows public keys by which checkpoints may be signed."""

    def knows(self, key_id: str) -> bool:
        """Tell whether there is such a key."""
        ...

    def read_checkpoint(self, signature: str, key_id: str) -> dict[str, Any]:
        """Give the signed claims. Raises IntegrityFailed when the signature does not hold."""
        ...
