"""Reading what was filed on a national portal: dossiers of national origin, and the messages about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.model.status import DossierStatus
from gateway.store.dossiers import EVERY_AGENCY
from gateway.store.pool import Pool, connection
from gateway.store.queries import queries


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationLine:
    """A nationally filed dossier. `waiting_since` is null once the province has said something after the citizen."""

    dossier_id: int
    code: str
    procedure_code: str
    receiving_agency_code: str
    handling_agency_code: str
    status: DossierStatus
    submitted_at: datetime
    revision: int
    waiting_since: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLine:
    """A message of the portal, without its content."""

    line: int
    message_id: str
    received_at: datetime
    kind: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedMessageLine(MessageLine):
    """A message of the portal with its content, sealed."""

    system: str
    wrapped_key: bytes
    sealed: bytes


async def list_applications(
    pool: Pool, *, prefixes: Sequence[str], is_waiting: bool | None, after: int, limit: int
) -> Sequence[ApplicationLine]:
    """Give up to `limit` nationally filed dossiers with an id above `after`, in the order of their ids."""
    async with connection(pool) as borrowed:
        rows = queries("inbox").list_applications(
            borrowed,
            after=after,
            is_waiting=is_waiting,
            prefixes=None if EVERY_AGENCY in prefixes else list(prefixes),
            wanted=limit,
        )
        return [ApplicationLine(**{**dict(row), "status": DossierStatus(row["status"])}) async for row in rows]


async def list_messages(pool: Pool, code: str, *, limit: int) -> Sequence[MessageLine]:
    """Give the first messages about a dossier, oldest first."""
    async with connection(pool) as borrowed:
        return [
            MessageLine(**dict(row)) async for row in queries("inbox").list_messages(borrowed, code=code, wanted=limit)
        ]


async def find_message(pool: Pool, code: str, message_id: str) -> SealedMessageLine | None:
    """Find one message about a dossier."""
    async with connection(pool) as borrowed:
        row = await queries("inbox").find_message(borrowed, code=code, message_id=message_id)
    return None if row is None else SealedMessageLine(**dict(row))


async def kept_facts(pool: Pool) -> tuple[int, datetime | None]:
    """Count the messages whose dossier has not come, and tell since when the oldest waits."""
    async with connection(pool) as borrowed:
        row = await queries("inbox").kept_facts(borrowed)
    return row["messages_count"], row["oldest_at"]
