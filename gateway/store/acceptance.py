"""Storing accepted changes: set-based, one commit for a whole batch."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import asyncpg

from gateway.errors import StoreUnavailable
from gateway.model.standing import Current
from gateway.model.status import DossierStatus
from gateway.ports.store import AcceptedBatch, ConcurrentCreation, IdempotencyRecord, KnownDossier, Loaded
from gateway.store.columns import columns
from gateway.store.pool import Connection, Pool, transaction
from gateway.store.queries import queries

EVENTS_LOCK = 7_201_001
"""Key of the advisory lock under which event ids are drawn."""


class PostgresAcceptance:
    """Implements AcceptanceStore."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["_Transaction"]:
        try:
            async with transaction(self._pool) as connection:
                yield _Transaction(connection)
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

    async def write(self, batch: AcceptedBatch, now: datetime) -> None:
        if not batch.revisions and not batch.records:
            return
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
        )
        if counts["created_count"] != len(batch.created) or counts["remembered_count"] != len(batch.records):
            raise ConcurrentCreation
        if batch.events:
            accepted: dict[str, int] = {}
            for delivery in batch.deliveries:
                accepted[delivery[0]] = accepted.get(delivery[0], 0) + 1
            ledger = [(system, count, 0, 0) for system, count in accepted.items()]
            await append_events(self._connection, batch.events, ledger, now)


async def append_events(
    connection: Connection,
    events: Sequence[tuple[object, ...]],
    ledger: Sequence[tuple[str, int, int, int]],
    now: datetime,
) -> None:
    """Append to the feed and the ledger; the last statement of its transaction, since it holds the feed's lock."""
    await queries("acceptance").append_events(
        connection, lock=EVENTS_LOCK, now=now, **columns("e", events, 6), **columns("g", ledger, 4)
    )


def _known(row: object) -> KnownDossier:
    values = dict(row)  # type: ignore[call-overload]
    wrapped_key = values.pop("wrapped_key")
    values.pop("code")
    agencies = (values.pop("receiving_agency_code"), values.pop("handling_agency_code"))
    status = DossierStatus(values.pop("status"))
    return KnownDossier(Current(status=status, agency_codes=agencies, **values), wrapped_key)
