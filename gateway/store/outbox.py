"""The outbox in PostgreSQL: leasing lanes, storing what became of them, and proof that nothing is lost."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from gateway.errors import StoreUnavailable
from gateway.model.delivery import Delivery, DeliveryKind, DeliveryState, Lane, RemotePresence
from gateway.ports.basics import Clock
from gateway.ports.store import LaneResult, LeasedLane, RevisionContent
from gateway.store.acceptance import append_events
from gateway.store.columns import columns
from gateway.store.locks import Lock
from gateway.store.pool import Connection, Pool, connection, transaction
from gateway.store.queries import queries

_TRY_LOCK = "SELECT pg_try_advisory_lock($1, $2)"


class WorkerPresence:
    """Says "this worker lives" to the other workers: a numbered lock that dies with its connection.

    When the connection breaks (a restart of the database), it is made anew under the same number where possible, so
    that the lanes of a worker that lives stay its own.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: Any = None
        self._number = 0
        self._connecting = asyncio.Lock()

    async def ensure(self) -> int:
        """Give the number under which lanes may be leased now. Raises StoreUnavailable."""
        async with self._connecting:
            if self._connection is None or self._connection.is_closed():
                await self._connect()
            return self._number

    async def _connect(self) -> None:
        try:
            connected = await asyncpg.connect(self._dsn, timeout=10, command_timeout=10)
            # The former number again, if it is free: what is leased under it stays this living worker's.
            is_same = bool(self._number) and await connected.fetchval(_TRY_LOCK, Lock.WORKERS, self._number)
            if not is_same:
                self._number = await connected.fetchval("SELECT nextval('worker_numbers')::integer")
                await connected.execute("SELECT pg_advisory_lock($1, $2)", Lock.WORKERS, self._number)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            raise StoreUnavailable(f"the database is not available ({type(error).__name__})") from error
        self._connection = connected

    async def close(self) -> None:
        if self._connection is not None:
            # Closing is a courtesy: the server drops the lock with the connection in any case.
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                await asyncio.wait_for(self._connection.close(), 2)
            self._connection = None


class PostgresOutbox:
    """Implements OutboxStore.

    `lease_seconds` must exceed the longest call with its in-call retries; `grace_seconds` is how long the lanes of a
    worker that died wait for a call that may still be under way.
    """

    def __init__(
        self, pool: Pool, presence: WorkerPresence, *, lease_seconds: float, grace_seconds: float = 2.0, clock: Clock
    ) -> None:
        self._pool = pool
        self._presence = presence
        self._lease_seconds = lease_seconds
        self._grace_seconds = grace_seconds
        self._clock = clock

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["_LeaseTransaction"]:
        holder = await self._presence.ensure()
        async with transaction(self._pool) as borrowed:
            yield _LeaseTransaction(borrowed, holder, self._lease_seconds, self._clock)

    async def release_leases_of_dead_workers(self) -> int:
        await self._presence.ensure()  # A break of our own connection is mended before anybody is called dead.
        async with connection(self._pool) as borrowed:
            expired = await queries("outbox").expire_leases_of_the_dead(
                borrowed, lock_class=Lock.WORKERS, grace=self._grace_seconds
            )
            return _affected(expired)


class _LeaseTransaction:
    def __init__(self, borrowed: Connection, holder: int, lease_seconds: float, clock: Clock) -> None:
        self._connection = borrowed
        self._holder = holder
        self._lease_seconds = lease_seconds
        self._clock = clock
        self._sql = queries("outbox")
        self._system = ""

    async def lease(self, system: str, limit: int) -> Sequence[LeasedLane]:
        self._system = system
        leased = self._sql.lease_lanes(
            self._connection, system=system, wanted=limit, holder=self._holder, seconds=self._lease_seconds
        )
        rows = [row async for row in leased]
        if not rows:
            return []
        deliveries = await open_deliveries(self._connection, system, [row["dossier_id"] for row in rows])
        return [
            LeasedLane(
                lane=lane_of(system, row, deliveries.get(row["dossier_id"], ())),
                token=row["lease_token"],
                changes_count=row["changes_count"],
                dossier_code=row["code"],
                agency_code=row["handling_agency_code"],
                procedure_code=row["procedure_code"],
                wrapped_key=row["wrapped_key"],
            )
            for row in rows
        ]

    async def contents(self, wanted: Sequence[tuple[int, int, DeliveryKind]]) -> Sequence[RevisionContent]:
        if not wanted:
            return []
        dossier_ids, revisions, kinds = zip(*wanted, strict=True)
        rows = self._sql.contents(self._connection, dossier_ids=dossier_ids, revisions=revisions, kinds=kinds)
        return [RevisionContent(**{**dict(row), "kind": DeliveryKind(row["kind"])}) async for row in rows]

    async def begin(self, deliveries: Sequence[Delivery], mapping_version: int | None = None) -> None:
        if not deliveries:
            return
        moves = columns("d", [moved_row(delivery) for delivery in deliveries], 4)
        await self._sql.move_deliveries(
            self._connection, now=self._clock.now(), mapping_version=mapping_version, **moves
        )
        skipped_count = sum(delivery.state is DeliveryState.SKIPPED for delivery in deliveries)
        if skipped_count:
            await self._sql.add_to_ledger(self._connection, system=self._system, delivered=0, skipped=skipped_count)

    async def extend(self, lanes: Sequence[LeasedLane]) -> Sequence[int]:
        if not lanes:
            return []
        rows = self._sql.extend_leases(
            self._connection,
            system=lanes[0].lane.system,
            seconds=self._lease_seconds,
            holder=self._holder,
            **columns("n", [(leased.lane.dossier_id, leased.token) for leased in lanes], 2),
        )
        return [row["dossier_id"] async for row in rows]

    async def settle(self, results: Sequence[LaneResult], now: datetime) -> Sequence[int]:
        if not results:
            return []
        system = results[0].lane.system
        lanes = [
            (
                result.lane.dossier_id,
                result.leased.token,
                result.lane.presence.value,
                result.lane.due_at,
                result.lane.failures_count,
                result.leased.changes_count,
            )
            for result in results
        ]
        moves = [(*moved_row(delivery), delivery.dossier_id) for result in results for delivery in result.changed]
        settled = self._sql.settle_lanes(
            self._connection, system=system, now=now, **columns("n", lanes, 6), **columns("d", moves, 5)
        )
        held = {row["dossier_id"] async for row in settled}
        await self._tell([result for result in results if result.lane.dossier_id in held], system, now)
        return sorted(held)

    async def _tell(self, results: Sequence[LaneResult], system: str, now: datetime) -> None:
        conflicts = [
            (result.lane.dossier_id, field, result.changed[0].revision)
            for result in results
            for field in result.conflict_fields
        ]
        if conflicts:
            dossier_ids, fields, revisions = zip(*conflicts, strict=True)
            await self._sql.record_conflicts(
                self._connection, system=system, now=now, dossier_ids=dossier_ids, fields=fields, revisions=revisions
            )
        ended = Counter(delivery.state for result in results for delivery in result.changed)
        delivered, skipped = ended[DeliveryState.DELIVERED], ended[DeliveryState.SKIPPED]
        ledger = [(system, 0, delivered, skipped)] if delivered or skipped else []
        events = [
            (
                event_type,
                result.leased.dossier_code,
                result.leased.agency_code,
                result.lane.dossier_id,
                data.get("revision"),
                msgspec.json.encode(data).decode(),
            )
            for result in results
            for event_type, data in result.events
        ]
        if events or ledger:
            await append_events(self._connection, events, ledger, now)


async def open_deliveries(borrowed: Connection, system: str, dossier_ids: Sequence[int]) -> dict[int, list[Delivery]]:
    """Read the open deliveries of lanes, in order, by dossier."""
    deliveries: dict[int, list[Delivery]] = {}
    async for row in queries("outbox").open_deliveries(borrowed, system=system, dossier_ids=dossier_ids):
        delivery = Delivery(
            delivery_id=row["delivery_id"],
            dossier_id=row["dossier_id"],
            revision=row["revision"],
            ordinal=row["ordinal"],
            kind=DeliveryKind(row["kind"]),
            state=DeliveryState(row["state"]),
            attempts_count=row["attempts_count"],
            reason=row["reason"],
        )
        deliveries.setdefault(delivery.dossier_id, []).append(delivery)
    return deliveries


def lane_of(system: str, row: Any, deliveries: Sequence[Delivery]) -> Lane:
    """Read a lane's row."""
    return Lane(
        system=system,
        dossier_id=row["dossier_id"],
        presence=RemotePresence(row["presence"]),
        due_at=row["due_at"],
        failures_count=row["failures_count"],
        deliveries=tuple(deliveries),
    )


def moved_row(delivery: Delivery) -> tuple[int, str, int, str]:
    """Give what `move_deliveries` wants of a delivery."""
    return (delivery.delivery_id, delivery.state.value, delivery.attempts_count, delivery.reason)


def _affected(status: str) -> int:
    """Read the row count of a command's answer ("UPDATE 3")."""
    return int(status.rpartition(" ")[2] or 0)
