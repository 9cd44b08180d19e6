"""Reading dossiers: one with its sealed document, pages of what carries no person, and all that happened to one."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar

from gateway.model.delivery import DeliveryKind, DeliveryState, RemotePresence
from gateway.model.dossier import Channel, Origin
from gateway.model.status import DossierStatus
from gateway.store.pool import Pool, connection, transaction
from gateway.store.queries import queries

EVERY_AGENCY = "*"

_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedDossier:
    """A dossier with its last document, sealed; the document's own status may be older than `status`."""

    dossier_id: int
    code: str
    receiving_agency_code: str
    handling_agency_code: str
    status: DossierStatus
    revision: int
    document_revision: int
    updated_at: datetime
    wrapped_key: bytes
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierLine:
    """What may be known of a dossier without opening it."""

    dossier_id: int
    code: str
    procedure_code: str
    receiving_agency_code: str
    handling_agency_code: str
    channel: Channel
    origin: Origin
    status: DossierStatus
    status_at: datetime
    submitted_at: datetime
    received_at: datetime | None
    due_at: datetime | None
    finished_at: datetime | None
    returned_at: datetime | None
    fees_total_vnd: int
    revision: int
    document_revision: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierFilter:
    """Which dossiers are wanted; None leaves a column open. `agency` means the agency and all below it."""

    prefixes: tuple[str, ...]
    statuses: tuple[DossierStatus, ...] | None = None
    agency: str | None = None
    procedure_code: str | None = None
    channel: Channel | None = None
    changed_after: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionLine:
    """One accepted change."""

    revision: int
    kind: str
    status: DossierStatus
    is_irregular: bool
    is_late: bool
    client_id: str
    accepted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryLine:
    """One delivery with its times."""

    delivery_id: int
    system: str
    revision: int
    ordinal: int
    kind: DeliveryKind
    state: DeliveryState
    attempts_count: int
    reason: str
    created_at: datetime
    changed_at: datetime
    mapping_version: int | None = None
    """Which load of mapping sets translated what was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneLine:
    """How one system stands to the dossier, and when it is worked on next."""

    system: str
    presence: RemotePresence
    due_at: datetime | None
    failures_count: int
    is_leased: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLine:
    """One event about the dossier."""

    event_id: int
    occurred_at: datetime
    type: str
    revision: int | None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictLine:
    """One field that differs over there and that a person must decide."""

    system: str
    field: str
    revision: int
    detected_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierHistory:
    """Everything about one dossier as of one instant. Revisions and events are the newest ones, oldest first."""

    dossier: DossierLine
    revisions: Sequence[RevisionLine]
    events: Sequence[EventLine]
    open_deliveries: Sequence[DeliveryLine]
    lanes: Sequence[LaneLine]
    conflicts: Sequence[ConflictLine]


_ENUMS: dict[str, Any] = {
    "status": DossierStatus,
    "channel": Channel,
    "origin": Origin,
    "state": DeliveryState,
    "presence": RemotePresence,
}


def _line(kind: type[_Row], row: Any) -> _Row:
    values = {}
    for field in fields(kind):  # type: ignore[arg-type]
        value = row[field.name]
        as_enum = _ENUMS.get(field.name)
        values[field.name] = value if as_enum is None else as_enum(value)
    if kind is DeliveryLine:
        values["kind"] = DeliveryKind(values["kind"])
    return kind(**values)


async def find_dossier(pool: Pool, code: str) -> SealedDossier | None:
    """Find a dossier with its last document; None when it was never accepted. Raises StoreUnavailable."""
    async with connection(pool) as borrowed:
        row = await queries("dossiers").find_dossier(borrowed, code=code)
    return None if row is None else _line(SealedDossier, row)


async def find_standing(pool: Pool, code: str) -> DossierLine | None:
    """Find what may be known of a dossier without opening it."""
    async with connection(pool) as borrowed:
        row = await queries("dossiers").find_standing(borrowed, code=code)
    return None if row is None else _line(DossierLine, row)


async def list_dossiers(pool: Pool, wanted: DossierFilter, *, after: int, limit: int) -> Sequence[DossierLine]:
    """Give up to `limit` dossiers with an id above `after`, in the order of their ids."""
    async with connection(pool) as borrowed:
        rows = queries("dossiers").list_dossiers(
            borrowed,
            after=after,
            statuses=None if wanted.statuses is None else [status.value for status in wanted.statuses],
            procedure_code=wanted.procedure_code,
            channel=None if wanted.channel is None else wanted.channel.value,
            changed_after=wanted.changed_after,
            agency=wanted.agency,
            prefixes=None if EVERY_AGENCY in wanted.prefixes else list(wanted.prefixes),
            wanted=limit,
        )
        return [_line(DossierLine, row) async for row in rows]


async def list_deliveries(
    pool: Pool, dossier_id: int, *, system: str | None, after: int, limit: int
) -> Sequence[DeliveryLine]:
    """Give up to `limit` deliveries of a dossier with an id above `after`, in the order of acceptance."""
    async with connection(pool) as borrowed:
        rows = queries("dossiers").list_deliveries(
            borrowed, dossier_id=dossier_id, system=system, after=after, wanted=limit
        )
        return [_line(DeliveryLine, row) async for row in rows]


async def read_history(pool: Pool, code: str, *, limit: int) -> DossierHistory | None:
    """Read everything about a dossier in one snapshot; None when it was never accepted."""
    sql = queries("dossiers")
    async with transaction(pool) as borrowed:
        await borrowed.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        row = await sql.find_standing(borrowed, code=code)
        if row is None:
            return None
        dossier = _line(DossierLine, row)

        async def lines(kind: type[_Row], query: Any, **values: int) -> list[_Row]:
            return [_line(kind, found) async for found in query(borrowed, dossier_id=dossier.dossier_id, **values)]

        return DossierHistory(
            dossier=dossier,
            revisions=(await lines(RevisionLine, sql.list_revisions, wanted=limit))[::-1],
            events=(await lines(EventLine, sql.list_dossier_events, wanted=limit))[::-1],
            open_deliveries=await lines(DeliveryLine, sql.list_open_deliveries),
            lanes=await lines(LaneLine, sql.list_lanes),
            conflicts=await lines(ConflictLine, sql.list_open_conflicts),
        )
