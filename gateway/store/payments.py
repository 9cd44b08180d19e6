"""Payments in PostgreSQL. The core's records stand whole in `record`, beside columns for finding and for uniqueness."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import msgspec

from gateway.model.payment import LIVE, AttemptState
from gateway.store.locks import Lock
from gateway.store.payment_changes import PostgresChange, PostgresDossiersChange
from gateway.store.payment_rows import keep, request_columns, voucher_of, with_attempts
from gateway.store.pool import Pool, connection, transaction
from gateway.store.queries import queries
from gateway.sync.payment_opening import is_owed_already
from gateway.sync.payment_records import AttemptView, Effect, RefundView, RequestView
from gateway.sync.payment_storing import (
    DueEffect,
    HistoryEntry,
    KeptMessage,
    KeyReused,
    NewRequest,
    OwedAlready,
    Share,
    StoredPayment,
    StoredVoucher,
)

UNSETTLED = (
    *LIVE,
    *(AttemptState.LATE_PAID, AttemptState.DUPLICATE_PAID, AttemptState.MISMATCH, AttemptState.DISPUTED),
)
"""States that a provider, time or a person still has to end."""
_requests = msgspec.json.Decoder(RequestView)
_attempts = msgspec.json.Decoder(AttemptView)
_effects = msgspec.json.Decoder(Effect)
_refunds = msgspec.json.Decoder(RefundView)


class PostgresPayments:
    """Implements PaymentStore."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._sql = queries("payments")

    async def add(self, request: NewRequest, now: datetime) -> tuple[UUID, bool]:
        view = request.view
        async with transaction(self._pool) as borrowed:
            await self._sql.lock_dossiers_payments(borrowed, lock=Lock.PAYMENTS, dossier_code=view.dossier_code)
            added: UUID | None = await self._sql.add_payment_request(
                borrowed,
                request_id=view.request_id,
                client_id=request.client_id,
                key_digest=request.key_digest,
                wish_digest=request.wish_digest,
                dossier_code=view.dossier_code,
                agency_code=request.agency_code,
                procedure_code=request.procedure_code,
                wrapped_key=request.wrapped_key,
                sealed=request.sealed,
                now=now,
                **request_columns(view),
            )
            if added is not None:
                rows = [row async for row in self._sql.payments_of_dossier(borrowed, dossier_code=view.dossier_code)]
                others = [_requests.decode(row["record"]) for row in rows if row["request_id"] != added]
                if is_owed_already(view.items, request.fees, others):
                    raise OwedAlready("another payment of the dossier asks for the same fee")
                return added, True
            known = await self._sql.find_payment_by_key(
                borrowed, client_id=request.client_id, key_digest=request.key_digest
            )
        if known["wish_digest"] != request.wish_digest:
            raise KeyReused("the idempotency key stands for another payment")
        return known["request_id"], False

    async def find(self, request_id: UUID) -> StoredPayment | None:
        async with connection(self._pool) as borrowed:
            row = await self._sql.find_payment(borrowed, request_id=request_id)
            return None if row is None else await with_attempts(borrowed, row)

    async def of_dossier(self, dossier_code: str) -> Sequence[StoredPayment]:
        if not dossier_code.isprintable():
            return []
        async with connection(self._pool) as borrowed:
            rows = [row async for row in self._sql.payments_of_dossier(borrowed, dossier_code=dossier_code)]
            return [await with_attempts(borrowed, row) for row in rows]

    async def refunds(self, request_id: UUID) -> Sequence[RefundView]:
        async with connection(self._pool) as borrowed:
            rows = queries("payment_refunds").refunds_of(borrowed, request_id=request_id)
            return [_refunds.decode(row["record"]) async for row in rows]

    async def vouchers(self, request_id: UUID) -> Sequence[StoredVoucher]:
        async with connection(self._pool) as borrowed:
            rows = queries("payment_vouchers").vouchers_of(borrowed, request_id=request_id)
            return [voucher_of(row) async for row in rows]

    async def voucher_evidence(self, request_id: UUID, voucher_id: UUID) -> tuple[bytes, bytes] | None:
        async with connection(self._pool) as borrowed:
            row = await queries("payment_vouchers").find_voucher(borrowed, voucher_id=voucher_id, request_id=request_id)
        return None if row is None or row["sealed"] is None else (row["wrapped_key"], row["sealed"])

    async def refund_account(self, refund_id: UUID) -> tuple[bytes, bytes] | None:
        async with connection(self._pool) as borrowed:
            row = await queries("payment_refunds").find_refund_account(borrowed, refund_id=refund_id)
        return None if row is None else (row["wrapped_key"], row["sealed"])

    async def history(self, request_id: UUID) -> Sequence[HistoryEntry]:
        async with connection(self._pool) as borrowed:
            rows = self._sql.payment_history_of(borrowed, request_id=request_id)
            return [HistoryEntry(**dict(row)) async for row in rows]

    async def request_of(self, provider: str, reference: str) -> UUID | None:
        if not reference.isprintable():
            # Whatever stands in a message is looked for, and PostgreSQL takes no text with a zero or a lone surrogate.
            return None
        async with connection(self._pool) as borrowed:
            row = await self._sql.find_reference(borrowed, provider=provider, reference=reference)
        return None if row is None else row["request_id"]

    @asynccontextmanager
    async def changing(self, request_id: UUID) -> AsyncIterator[PostgresChange | None]:
        async with transaction(self._pool) as borrowed:
            # The request's row first, its attempts' after it: everybody in this order.
            row = await self._sql.lock_payment(borrowed, request_id=request_id)
            change = None if row is None else PostgresChange(borrowed, await with_attempts(borrowed, row))
            yield change
            if change is not None:
                await change.tell()

    @asynccontextmanager
    async def changing_dossier(self, dossier_code: str) -> AsyncIterator[PostgresDossiersChange]:
        async with transaction(self._pool) as borrowed:
            found: list[PostgresChange] = []
            if dossier_code.isprintable():
                await self._sql.lock_dossiers_payments(borrowed, lock=Lock.PAYMENTS, dossier_code=dossier_code)
                rows = queries("payment_suspense").lock_dossiers_open_payments(borrowed, dossier_code=dossier_code)
                found = [
                    PostgresChange(borrowed, await with_attempts(borrowed, row)) for row in [one async for one in rows]
                ]
            change = PostgresDossiersChange(borrowed, found)
            yield change
            for one in found:
                await one.tell()

    async def keep_message(self, message: KeptMessage, now: datetime) -> None:
        async with connection(self._pool) as borrowed:
            await keep(borrowed, message, None, now)

    async def claim_polls(
        self, share: Share, now: datetime, until: datetime, limit: int
    ) -> Sequence[tuple[UUID, UUID]]:
        async with connection(self._pool) as borrowed:
            rows = self._sql.claim_polls(
                borrowed, providers=share.providers, is_among=share.is_among, now=now, until=until, wanted=limit
            )
            return [(row["request_id"], row["attempt_id"]) async for row in rows]

    async def claim_effects(self, share: Share, now: datetime, until: datetime, limit: int) -> Sequence[DueEffect]:
        async with connection(self._pool) as borrowed:
            rows = self._sql.claim_effects(
                borrowed, providers=share.providers, is_among=share.is_among, now=now, until=until, wanted=limit
            )
            return [
                DueEffect(
                    effect_id=row["effect_id"],
                    request_id=row["request_id"],
                    effect=_effects.decode(row["record"]),
                    tries_count=row["tries_count"],
                )
                async for row in rows
            ]

    async def count_unsettled(self) -> dict[tuple[str, str], tuple[int, datetime]]:
        """Count attempts that are not settled, by provider and state, each with the instant of the oldest."""
        async with connection(self._pool) as borrowed:
            rows = self._sql.count_unsettled(borrowed, states=[state.value for state in UNSETTLED])
            return {(row["provider"], row["state"]): (row["attempts_count"], row["oldest_at"]) async for row in rows}

    async def end_effect(self, effect_id: int, outcome: str, now: datetime) -> None:
        async with connection(self._pool) as borrowed:
            await self._sql.end_effect(borrowed, effect_id=effect_id, outcome=outcome, now=now)

    async def put_off_effect(self, effect_id: int, outcome: str, due_at: datetime) -> None:
        async with connection(self._pool) as borrowed:
            await self._sql.put_off_effect(borrowed, effect_id=effect_id, outcome=outcome, due_at=due_at)
