"""Payers' vouchers in PostgreSQL, sealed, one for each attempt."""

from datetime import datetime
from uuid import UUID

from gateway.store.pool import Pool, connection
from gateway.store.queries import queries


class PostgresBills:
    """Implements BillStore."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._sql = queries("payment_bills")

    async def keep(
        self,
        request_id: UUID,
        attempt_id: UUID,
        *,
        media_type: str,
        sha256: str,
        content: tuple[bytes, bytes],
        now: datetime,
    ) -> None:
        wrapped_key, sealed = content
        async with connection(self._pool) as borrowed:
            await self._sql.keep_bill(
                borrowed,
                request_id=request_id,
                attempt_id=attempt_id,
                media_type=media_type,
                sha256=sha256,
                now=now,
                wrapped_key=wrapped_key,
                sealed=sealed,
            )

    async def has(self, attempt_id: UUID) -> bool:
        async with connection(self._pool) as borrowed:
            return await self._sql.has_bill(borrowed, attempt_id=attempt_id) is not None

    async def find(self, attempt_id: UUID) -> tuple[str, bytes, bytes] | None:
        async with connection(self._pool) as borrowed:
            row = await self._sql.find_bill(borrowed, attempt_id=attempt_id)
        if row is None or row["sealed"] is None:
            return None
        return row["media_type"], row["wrapped_key"], row["sealed"]
