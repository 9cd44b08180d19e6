"""Storing accepted changes: set-based, one commit for a whole batch."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime

import asyncpg

from gateway.errors import StoreUnavailable
from gateway.model.dossier import Origin
from gateway.model.standing import Current
from gateway.model.status import DossierStatus
from gateway.ports.inbound import InboxBatch, InboxRow
from gateway.ports.store import AcceptedBatch, ConcurrentCreation, IdempotencyRecord, KnownDossier, Loaded
from gateway.store.columns import columns
from gateway.store.locks import Lock
from gateway.store.pool import Connection, Pool, connection, transaction
from gateway.store.queries import queries


class PostgresAcceptance:
    """Implements AcceptanceStore."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def inbox_transaction(self) -> AbstractAsyncContextManager["_Transaction"]:
        """Give the same kind of transaction, which also sees the inbox."""
        return self.transaction()

    async def kept_codes(self, system: str, after: str) -> Sequence[str]:
        async with connection(self._pool) as borrowed:
            return [row["code"] async for row in queries("inbox").kept_codes(borrowed, system=system, after=after)]

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["_Transaction"]:
        try:
            async with transaction(self._pool) as borrowed:
                yield _Transaction(borrowed)
        except StoreUnavailable as error:
            if isinstance(error.__cause__, asyncpg.DeadlockDetectedError | asyncpg.SerializationError):
                raise ConcurrentCreation from error
            raise


class _Transaction:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sql = queries("acceptance")

    async def load(self, codes: Sequence[str], keys: Sequence[tuple[str, str]], fresh_ids_count: int) -> Loaded:
        dossiers = {row["code"]: _known(row) async for row in self._sql.lock_dossiers(self._connection, codes=codes)}
        records = {}
        if keys:
            wanted_clients, wanted_keys = zip(*keys, strict=True)
            rows = self._sql.find_records(self._connection, clients=wanted_clients, keys=wanted_keys)
            records = {
                (row["client_id"], row["key"]): IdempotencyRecord(row["request_digest"], row["response"])
                async for row in rows
            }
        missing_count = min(fresh_ids_count, len(codes)) - len(dossiers)
        fresh_ids = []
        if missing_count > 0:
            fresh_ids = [row["id"] async for row in self._sql.fresh_ids(self._connection, wanted=missing_count)]
        return Loaded(dossiers, records, fresh_ids)

    async def documents(self, dossier_ids: Sequence[int]) -> dict[int, tuple[int, bytes]]:
        if not dossier_ids:
            return {}
        rows = queries("inbox").find_documents(self._connection, dossier_ids=dossier_ids)
        return {row["dossier_id"]: (row["document_revision"], row["sealed"]) async for row in rows}

    async def lock_codes(self, codes: Sequence[str]) -> None:
        await queries("inbox").lock_codes(self._connection, lock=Lock.NATIONAL_CODES, codes=codes)

    async def find_outcome(self, system: str, message_id: str) -> str | None:
        outcome: str | None = await queries("inbox").find_outcome(
            self._connection, system=system, message_id=message_id
        )
        return outcome

    async def kept(self, system: str, code: str) -> Sequence[InboxRow]:
        rows = queries("inbox").kept(self._connection, system=system, code=code)
        return [InboxRow(**dict(row)) async for row in rows]

    async def write_inbox(self, batch: InboxBatch, now: datetime) -> None:
        sql = queries("inbox")
        if batch.new:
            stored = [row async for row in sql.insert_messages(self._connection, **columns("n", batch.new, 9))]
            if len(stored) != len(batch.new):
                raise ConcurrentCreation
        if batch.handled:
            await sql.handle_messages(self._connection, now=now, **columns("h", batch.handled, 2))

    async def _write_national(self, batch: AcceptedBatch, now: datetime) -> None:
        """Store what concerns nationally filed dossiers only; most batches hold nothing of it."""
        sql = queries("inbox")
        if batch.waiting:
            await sql.mark_waiting(self._connection, now=now, dossier_ids=sorted(batch.waiting))
        if batch.answered:
            await sql.mark_answered(self._connection, dossier_ids=sorted(batch.answered))
        if batch.conflicts:
            await sql.record_conflicts(self._connection, now=now, **columns("n", batch.conflicts, 4))

    async def write(self, batch: AcceptedBatch, now: datetime) -> None:
        if batch.revisions or batch.records:
            await self._write_rows(batch, now)
        if batch.conflicts or batch.answered or batch.waiting:
            await self._write_national(batch, now)
        if batch.events:
            accepted: dict[str, int] = {}
            for delivery in batch.deliveries:
                accepted[delivery[0]] = accepted.get(delivery[0], 0) + 1
            ledger = [(system, count, 0, 0) for system, count in accepted.items()]
            await append_events(self._connection, batch.events, ledger, now)

    async def _write_rows(self, batch: AcceptedBatch, now: datetime) -> None:
        changed = columns("u", batch.changed, 20)
        for unused in ("u2", "u7", "u19"):
            del changed[unused]
        counts = await self._sql.write_rows(
            self._connection,
            now=now,
            **columns("c", batch.created, 20),
            **changed,
            **columns("p", batch.progressed, 5),
            **columns("r", batch.revisions, 10),
            **columns("o", batch.deliveries, 5),
            **columns("l", batch.lanes, 2),
            **columns("i", batch.records, 4),
            **columns("d", batch.parties, 3),
        )
        if counts["created_count"] != len(batch.created) or counts["remembered_count"] != len(batch.records):
            raise ConcurrentCreation


async def append_events(
    connection: Connection,
    events: Sequence[tuple[object, ...]],
    ledger: Sequence[tuple[str, int, int, int]],
    now: datetime,
) -> None:
    """Append to the feed and the ledger; the last statement of its transaction, since it holds the feed's lock."""
    await queries("acceptance").append_events(
        connection, lock=Lock.EVENTS, now=now, **columns("e", events, 6), **columns("g", ledger, 4)
    )


def _known(row: object) -> KnownDossier:
    values = dict(row)  # type: ignore[call-overload]
    wrapped_key = values.pop("wrapped_key")
    values.pop("code")
    agencies = (values.pop("receiving_agency_code"), values.pop("handling_agency_code"))
    status = DossierStatus(values.pop("status"))
    origin = Origin(values.pop("origin"))
    return KnownDossier(Current(status=status, agency_codes=agencies, origin=origin, **values), wrapped_key)
