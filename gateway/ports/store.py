"""What the engine asks of the store. One implementation exists (PostgreSQL); the protocol keeps decisions apart.

Every method that writes does so in one transaction; when it raises, nothing was stored. StoreUnavailable means that
the database could not be reached or could not write. After a lost connection during the commit itself nobody can tell
whether it happened; callers repeat with the same idempotency key.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from gateway.model.delivery import Delivery, DeliveryKind, Lane
from gateway.model.standing import Current


@dataclass(frozen=True, slots=True)
class KnownDossier:
    """A dossier before the batch, locked until its end, with its wrapped data key: empty once it was erased."""

    current: Current
    wrapped_key: bytes


@dataclass(frozen=True, slots=True)
class IdempotencyRecord:
    """What was answered to an earlier request with this key."""

    request_digest: bytes
    response: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the batch needs to be judged. `fresh_ids` are as many unused dossier ids as were asked for."""

    dossiers: Mapping[str, KnownDossier]
    records: Mapping[tuple[str, str], IdempotencyRecord]
    fresh_ids: Sequence[int]


@dataclass(slots=True)
class AcceptedBatch:
    """Rows to store, as tuples in the order of the columns named beside each list."""

    created: list[tuple[Any, ...]] = field(default_factory=list)
    """dossier_id, code, procedure_code, receiving_agency_code, handling_agency_code, channel, origin, status,
    status_at, submitted_at, received_at, due_at, finished_at, returned_at, fees_total_vnd, revision,
    document_revision, digest, wrapped_key, at"""
    changed: list[tuple[Any, ...]] = field(default_factory=list)
    """the same columns; `wrapped_key` and `origin` are left as they are"""
    progressed: list[tuple[Any, ...]] = field(default_factory=list)
    """dossier_id, status, status_at, revision, at"""
    revisions: list[tuple[Any, ...]] = field(default_factory=list)
    """dossier_id, revision, document_revision, kind, status, is_irregular, is_late, client_id, at, sealed"""
    deliveries: list[tuple[Any, ...]] = field(default_factory=list)
    """system, dossier_id, revision, ordinal, kind"""
    lanes: list[tuple[Any, ...]] = field(default_factory=list)
    """system, dossier_id; each pair once"""
    events: list[tuple[Any, ...]] = field(default_factory=list)
    """type, subject, agency_code, dossier_id, revision, data (JSON text)"""
    records: list[tuple[Any, ...]] = field(default_factory=list)
    """client_id, key, request_digest, response (JSON text)"""
    parties: list[tuple[bytes, int, int]] = field(default_factory=list)
    """number_digest, dossier_id, role; lines that are there already stay"""
    conflicts: list[tuple[Any, ...]] = field(default_factory=list)
    """system, dossier_id, field, revision"""
    answered: set[int] = field(default_factory=set)
    """dossier ids of nationally filed dossiers that the province has now said something of"""
    waiting: set[int] = field(default_factory=set)
    """dossier ids that now wait for the province"""


class ConcurrentCreation(Exception):
    """Another process created one of the dossiers, or used one of the keys, just now. Judge the batch anew."""


class AcceptanceTransaction(Protocol):
    """One batch under way; locks are held until the context ends."""

    async def load(self, codes: Sequence[str], keys: Sequence[tuple[str, str]], fresh_ids_count: int) -> Loaded: ...

    async def documents(self, dossier_ids: Sequence[int]) -> Mapping[int, tuple[int, bytes]]:
        """Give the last sealed document of dossiers that this transaction has loaded, with its revision."""
        ...

    async def write(self, batch: AcceptedBatch, now: datetime) -> None:
        """Store everything. Raises ConcurrentCreation when the batch must be judged anew."""
        ...


class AcceptanceStore(Protocol):
    """Where accepted changes go."""

    def transaction(self) -> AbstractAsyncContextManager[AcceptanceTransaction]:
        """Open a transaction; it commits when the context ends well, else rolls back."""
        ...


@dataclass(frozen=True, slots=True)
class LeasedLane:
    """A lane that this worker holds. `token` fences: results are stored only while it is still the lane's token."""

    lane: Lane
    token: int
    changes_count: int
    dossier_code: str
    agency_code: str
    procedure_code: str
    wrapped_key: bytes


@dataclass(frozen=True, slots=True)
class RevisionContent:
    """The sealed content of one revision: a document (with the status to give it) or a step."""

    kind: DeliveryKind
    dossier_id: int
    revision: int
    status: str
    content_revision: int
    sealed: bytes
    step_sealed: bytes | None = None
    """For an answer to a nationally filed dossier whose change was a step: the step of `revision`, beside the
    document."""
    accepted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LaneResult:
    """A lane after a reaction: only the deliveries that differ from what was leased, and what to tell the feed."""

    leased: LeasedLane
    lane: Lane
    changed: Sequence[Delivery]
    events: Sequence[tuple[str, Mapping[str, Any]]]
    conflict_fields: Sequence[str] = ()


class LeaseTransaction(Protocol):
    """The first half of a work cycle: nothing is sent before it is committed."""

    async def lease(self, system: str, limit: int) -> Sequence[LeasedLane]: ...

    async def contents(self, wanted: Sequence[tuple[int, int, DeliveryKind]]) -> Sequence[RevisionContent]:
        """Load contents by (dossier_id, revision, kind)."""
        ...

    async def begin(self, deliveries: Sequence[Delivery], mapping_version: int | None = None) -> None:
        """Store the states of deliveries that are about to be sent, or that end here.

        `mapping_version` is the load of mapping sets that translated what is sent, None when there was none.
        """
        ...

    async def extend(self, lanes: Sequence[LeasedLane]) -> Sequence[int]:
        """Renew leases that still hold, just before a call; give their dossier ids. The others must not be sent."""
        ...

    async def settle(self, results: Sequence[LaneResult], now: datetime) -> Sequence[int]:
        """Store results and free the lanes; give the dossier ids whose lease still held (others changed nothing)."""
        ...


class OutboxStore(Protocol):
    """Where workers find deliveries and leave their results."""

    def transaction(self) -> AbstractAsyncContextManager[LeaseTransaction]: ...

    async def release_leases_of_dead_workers(self) -> int:
        """Free the lanes of workers whose database connection is gone; give their number."""
        ...
