"""What receivers of publications have, in PostgreSQL."""

import zlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from gateway.ports.monitoring import DuePush, PushedSnapshot, PushReceipt, ReceiverStanding
from gateway.store.locks import Lock
from gateway.store.pool import Pool, connection, session_lock, transaction
from gateway.store.queries import queries


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptReceipt:
    """A receiver's word for one publication."""

    receiver: str
    status: int
    sha256: str
    answer: str
    taken_at: datetime


class PostgresPushes:
    """Implements PushStore, and tells how far receivers are."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._sql = queries("pushes")

    @asynccontextmanager
    async def turn(self, receiver: str) -> AsyncIterator[bool]:
        async with session_lock(self._pool, Lock.INDICATORS, f"push {receiver}") as is_mine:
            yield is_mine

    async def due(self, receiver: str, now: datetime) -> DuePush | None:
        async with connection(self._pool) as borrowed:
            row = await self._sql.next_push(borrowed, receiver=receiver, now=now)
        if row is None:
            return None
        return DuePush(
            position=row["position"],
            failures_count=row["failures_count"],
            snapshot=PushedSnapshot(
                snapshot_id=row["snapshot_id"],
                manifest=row["manifest"],
                signature=row["signature"],
                data=zlib.decompress(row["packed"]),
            ),
        )

    async def note_taken(self, receiver: str, position: int, receipt: PushReceipt, now: datetime) -> None:
        async with transaction(self._pool) as borrowed:
            await self._sql.note_push_taken(borrowed, receiver=receiver, position=position)
            await self._sql.add_push_receipt(
                borrowed,
                receiver=receiver,
                position=position,
                status=receipt.status,
                sha256=receipt.sha256,
                answer=receipt.text,
                now=now,
            )

    async def note_failed(self, receiver: str, reason: str, next_at: datetime) -> None:
        async with connection(self._pool) as borrowed:
            await self._sql.note_push_failed(borrowed, receiver=receiver, reason=reason, next_at=next_at)

    async def standing(self, receivers: Sequence[str]) -> list[ReceiverStanding]:
        """Tell how far each receiver is."""
        async with connection(self._pool) as borrowed:
            rows = self._sql.standing_of_receivers(borrowed, receivers=list(receivers))
            return [ReceiverStanding(**dict(row)) async for row in rows]

    async def receipts(self, snapshot_id: str) -> list[KeptReceipt]:
        """Give what receivers said of a publication."""
        async with connection(self._pool) as borrowed:
            rows = self._sql.receipts_of_snapshot(borrowed, snapshot_id=snapshot_id)
            return [KeptReceipt(**dict(row)) async for row in rows]
