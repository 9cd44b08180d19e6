"""What a national portal says to the province, in canonical words, and what the inbox asks of the store.

The wire belongs to a translator; the core sees statements only. A statement names its dossier by the national code and
carries the body as it came, which is sealed. `stated` holds canonical fields of a dossier by name: exactly those that
the message speaks of.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from gateway.model.dossier import Dossier
from gateway.model.procedure import Procedure
from gateway.ports.store import AcceptanceTransaction


class InboundKind(StrEnum):
    """What a message is; also its kind in the inbox."""

    APPLICATION = "application"
    PROMOTION = "promotion"
    """An application in the form of a sales-promotion notice."""
    CHANGE = "change"
    AMENDMENT = "amendment"
    """An amendment of a sales-promotion notice."""
    RECEIPT = "receipt"
    TAX_NOTICE = "tax_notice"


class InboundOutcome(StrEnum):
    """What became of a message. `duplicate` is a refusal: nothing was stored."""

    RECEIVED = "received"
    APPLIED = "applied"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"
    """Stored, and something in it stands against what the province says: a person decides."""
    KEPT = "kept"
    """Stored, and waiting for its dossier to come in."""
    NOTED = "noted"
    UNREADABLE = "unreadable"
    """Kept until its dossier came, and then not to be understood any more: a person reads the original."""
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFact:
    """What the portal says of a payment. No person is in it."""

    is_paid: bool
    amount_vnd: int
    paid_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundApplication:
    """A citizen filed an application on the portal."""

    kind: InboundKind
    national_code: str
    dossier: Dossier = field(repr=False)
    payment: PaymentFact | None = None
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundChange:
    """The citizen changed, supplemented or withdrew an application."""

    kind: InboundKind
    national_code: str
    stated: Mapping[str, Any] = field(repr=False)
    is_withdrawal: bool = False
    payment: PaymentFact | None = None
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundNotice:
    """A paper about one dossier or several: a payment receipt, a tax notice."""

    kind: InboundKind
    national_codes: tuple[str, ...]
    payment: PaymentFact | None = None
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundLookUp:
    """The portal asks about a dossier. Nothing is stored."""

    code: str


Statement = InboundApplication | InboundChange | InboundNotice


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundFile:
    """A file that a message carries: its bytes, or the path by which the portal gives it out."""

    name: str = field(repr=False)
    content: bytes | None = field(default=None, repr=False)
    path: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundReply:
    """What the portal is answered."""

    status: int
    body: bytes
    is_json: bool = True


class Malformed(Exception):
    """The body is no message at all; nothing of it is shown."""


class InboundTranslator(Protocol):
    """Knows the wire. Pure."""

    def read(self, path: str, body: bytes, *, at: datetime) -> Statement | InboundLookUp:
        """Read a message. Raises Malformed, InvalidInput or Unmapped; none names a value of a person."""
        ...

    def files(self, kind: InboundKind, body: bytes) -> Sequence[InboundFile]:
        """Give the files of a message that was read, in the order in which their addresses count them."""
        ...

    def reply(self, outcome: InboundOutcome) -> InboundReply:
        """Write the answer to a message that was taken, or is here already."""
        ...

    def refusal(self, error: Exception, path: str) -> InboundReply:
        """Write the answer to a message that could not be taken (Malformed or a GatewayError)."""
        ...

    def found(self, code: str, dossier: Dossier | None, procedure: Procedure | None, *, at: datetime) -> InboundReply:
        """Write the answer to a look-up."""
        ...


@dataclass(frozen=True, slots=True)
class InboxRow:
    """A stored message. `line` orders messages as they were stored."""

    line: int
    message_id: str
    kind: str
    outcome: str
    wrapped_key: bytes
    sealed: bytes


@dataclass(slots=True)
class InboxBatch:
    """What a transaction adds to the inbox and settles there."""

    new: list[tuple[Any, ...]] = field(default_factory=list)
    """system, message_id, received_at, kind, dossier_code, wrapped_key, sealed, handled_at, outcome"""
    handled: list[tuple[int, str]] = field(default_factory=list)
    """line, outcome"""


class InboxTransaction(AcceptanceTransaction, Protocol):
    """An accepting transaction that also sees the inbox."""

    async def lock_codes(self, codes: Sequence[str]) -> None:
        """Let one message at a time concern a national code, known or not."""
        ...

    async def find_outcome(self, system: str, message_id: str) -> str | None: ...

    async def kept(self, system: str, code: str) -> Sequence[InboxRow]:
        """Give the messages that wait for a dossier, oldest first."""
        ...

    async def write_inbox(self, batch: InboxBatch, now: datetime) -> None:
        """Raises ConcurrentCreation when another process stored one of the messages just now."""
        ...


class InboxStore(Protocol):
    """Where messages go, in one transaction with what follows from them."""

    def inbox_transaction(self) -> AbstractAsyncContextManager[InboxTransaction]: ...

    async def kept_codes(self, system: str, after: str) -> Sequence[str]:
        """Give codes of dossiers that are here while messages about them still wait, up to a hundred above `after`."""
        ...
