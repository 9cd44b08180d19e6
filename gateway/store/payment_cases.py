"""What persons have to do about payments, and how many refunds are under way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.store.dossiers import EVERY_AGENCY
from gateway.store.pool import Pool, connection
from gateway.store.queries import queries
from gateway.sync.payment_records import Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentCase:
    """One thing to do; `closed_at` None: nobody has done it."""

    case_id: int
    request_id: UUID
    kind: str
    attempt_id: UUID | None
    refund_id: UUID | None
    transaction: str
    amount_vnd: int
    dossier_code: str
    agency_code: str
    opened_at: datetime
    reason: str
    closed_at: datetime | None
    outcome: str
    closed_by: str
    document_number: str


class PostgresPaymentCases:
    """The list of cases. Everything raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._sql = queries("payment_refunds")

    async def open(self, request_id: UUID, effect: Effect, now: datetime, *, reason: str = "") -> None:
        """Open the case of an effect, once; `reason` is a word that the kind does not say."""
        async with connection(self._pool) as borrowed:
            await self._sql.open_case(
                borrowed,
                request_id=request_id,
                effect_key=effect.key,
                kind=effect.kind.value,
                attempt_id=effect.attempt_id,
                refund_id=effect.refund_id,
                transaction=effect.transaction,
                amount_vnd=effect.amount_vnd,
                now=now,
                reason=reason,
            )

    async def page(
        self, agency_prefixes: Sequence[str], *, after: int, limit: int, with_closed: bool
    ) -> Sequence[PaymentCase]:
        """Give cases of these agencies after an id, the oldest first; "*" is every agency."""
        async with connection(self._pool) as borrowed:
            rows = self._sql.payment_cases(
                borrowed,
                prefixes=None if EVERY_AGENCY in agency_prefixes else list(agency_prefixes),
                after=after,
                wanted=limit,
                with_closed=with_closed,
            )
            return [_case(row) async for row in rows]

    async def find(self, case_id: int) -> PaymentCase | None:
        async with connection(self._pool) as borrowed:
            row = await self._sql.find_payment_case(borrowed, case_id=case_id)
        return None if row is None else _case(row)

    async def close(self, case_id: int, *, outcome: str, closed_by: str, document_number: str, now: datetime) -> bool:
        """Close a case; False when it is not there or was closed before."""
        async with connection(self._pool) as borrowed:
            closed = await self._sql.close_payment_case(
                borrowed,
                case_id=case_id,
                outcome=outcome,
                closed_by=closed_by,
                document_number=document_number,
                now=now,
            )
        return closed is not None

    async def waiting(self) -> Mapping[str, tuple[int, datetime]]:
        """Count open cases by kind, each with the instant of the oldest."""
        async with connection(self._pool) as borrowed:
            rows = self._sql.count_open_cases(borrowed)
            return {row["kind"]: (row["cases_count"], row["oldest_at"]) async for row in rows}

    async def refunds_under_way(self) -> Mapping[str, tuple[int, datetime]]:
        """Count refunds that have no end by state, each with the instant of the oldest."""
        async with connection(self._pool) as borrowed:
            rows = self._sql.count_open_refunds(borrowed)
            return {row["state"]: (row["refunds_count"], row["oldest_at"]) async for row in rows}


def _case(row: Any) -> PaymentCase:
    names = PaymentCase.__slots__
    return PaymentCase(**{name: row[name] for name in names})
