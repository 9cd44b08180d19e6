"""Money that belongs to no request, for those who look at it and settle it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.store.pool import Pool, connection
from gateway.store.queries import queries


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspenseItem:
    """One such sum, as its provider told of it; `settled_at` None: nobody has settled it."""

    suspense_id: int
    provider: str
    transaction: str
    amount_vnd: int
    reference: str
    dossier_code: str
    source: str
    reason: str
    recorded_at: datetime
    settled_at: datetime | None
    settlement: str
    settled_by: str
    document_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspenseStanding:
    """How much waits; `oldest_at` None: nothing does."""

    held_count: int
    amount_vnd: int
    oldest_at: datetime | None


class PostgresSuspense:
    """The suspense account. Everything raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._sql = queries("payment_suspense")

    async def page(self, *, after: int, limit: int, with_settled: bool) -> Sequence[SuspenseItem]:
        """Give items after an id, the oldest first."""
        async with connection(self._pool) as borrowed:
            rows = self._sql.held_money(borrowed, after=after, wanted=limit, with_settled=with_settled)
            return [SuspenseItem(**dict(row)) async for row in rows]

    async def find(self, suspense_id: int) -> SuspenseItem | None:
        async with connection(self._pool) as borrowed:
            row = await self._sql.find_held_money(borrowed, suspense_id=suspense_id)
        return None if row is None else SuspenseItem(**dict(row))

    async def settle(
        self, suspense_id: int, *, settlement: str, settled_by: str, document_number: str, now: datetime
    ) -> bool:
        """Settle it; False when it is not there or was settled before."""
        async with connection(self._pool) as borrowed:
            row = await self._sql.settle_held_money(
                borrowed,
                suspense_id=suspense_id,
                settlement=settlement,
                settled_by=settled_by,
                document_number=document_number,
                now=now,
            )
        return row is not None

    async def standing(self) -> SuspenseStanding:
        async with connection(self._pool) as borrowed:
            return SuspenseStanding(**dict(await self._sql.count_held_money(borrowed)))
