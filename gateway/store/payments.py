"""Payments in PostgreSQL. The core's records stand whole in `record`, beside columns for finding and for uniqueness."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from gateway.model.payment import LIVE, AttemptState, Source
from gateway.model.vocabulary import VIETNAM
from gateway.store.acceptance import append_events
from gateway.store.locks import Lock
from gateway.store.pool import Connection, Pool, connection, transaction
from gateway.store.queries import queries
from gateway.sync.payment_opening import RequestChange, is_owed_already
from gateway.sync.payment_people import Voucher
from gateway.sync.payment_records import AttemptView, Decision, Effect, RefundView, RequestView
from gateway.sync.payment_refunds import RefundChange
from gateway.sync.payment_storing import (
    DueEffect,
    HeldMoney,
    HistoryEntry,
    KeptMessage,
    KeyReused,
    NewRequest,
    OwedAlready,
    Share,
    StoredAttempt,
    StoredPayment,
    StoredVoucher,
    VoucherState,
)
from gateway.sync.payment_words import CALLING, EffectKind, Reason, RefundState, Ruling
from gateway.sync.settlement_sides import paid_on

UNSETTLED = (
    *LIVE,
    *(AttemptState.LATE_PAID, AttemptState.DUPLICATE_PAID, AttemptState.MISMATCH, AttemptState.DISPUTED),
)
"""States that a provider, time or a person still has to end."""
_OVER = frozenset({RefundState.DONE, RefundState.FAILED, RefundState.DECLINED})
_requests = msgspec.json.Decoder(RequestView)
_attempts = msgspec.json.Decoder(AttemptView)
_effects = msgspec.json.Decoder(Effect)
_refunds = msgspec.json.Decoder(RefundView)
_encode = msgspec.json.Encoder().encode


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
                **_request_columns(view),
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
            return [_voucher(row) async for row in rows]

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
    async def changing(self, request_id: UUID) -> AsyncIterator["_Change | None"]:
        async with transaction(self._pool) as borrowed:
            # The request's row first, its attempts' after it: everybody in this order.
            row = await self._sql.lock_payment(borrowed, request_id=request_id)
            change = None if row is None else _Change(borrowed, await with_attempts(borrowed, row))
            yield change
            if change is not None:
                await change.tell()

    @asynccontextmanager
    async def changing_dossier(self, dossier_code: str) -> AsyncIterator["_DossiersChange"]:
        async with transaction(self._pool) as borrowed:
            found: list[_Change] = []
            if dossier_code.isprintable():
                await self._sql.lock_dossiers_payments(borrowed, lock=Lock.PAYMENTS, dossier_code=dossier_code)
                rows = queries("payment_suspense").lock_dossiers_open_payments(borrowed, dossier_code=dossier_code)
                found = [_Change(borrowed, await with_attempts(borrowed, row)) for row in [one async for one in rows]]
            change = _DossiersChange(borrowed, found)
            yield change
            for one in found:
                await one.tell()

    async def keep_message(self, message: KeptMessage, now: datetime) -> None:
        async with connection(self._pool) as borrowed:
            await _keep(borrowed, message, None, now)

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


class _Change:
    """Implements PaymentChange."""

    def __init__(self, borrowed: Connection, payment: StoredPayment) -> None:
        self.payment = payment
        self._connection = borrowed
        self._sql = queries("payments")
        self._events: list[tuple[str, datetime, str]] = []

    async def add_attempt(self, attempt: StoredAttempt) -> None:
        view = attempt.view
        await self._sql.add_attempt(
            self._connection,
            request_id=self.payment.view.request_id,
            provider=view.provider,
            reference=view.reference,
            amount_vnd=view.amount_vnd,
            return_to=attempt.return_to,
            return_state=attempt.return_state,
            opened_at=view.opened_at,
            **_attempt_columns(view),
        )
        self._replace(attempts=(*self.payment.attempts, attempt))

    async def apply(self, decision: Decision, source: Source | None, now: datetime) -> None:
        request_id = self.payment.view.request_id
        # A voucher's attempt makes place before the provider's own takes it: only one may be paid.
        for view in (*([decision.replaced] if decision.replaced is not None else []), decision.attempt):
            await self._sql.save_attempt(self._connection, **_attempt_columns(view))
            self._take(view)
        await self._save_request(decision.request, now)
        for state in decision.path:
            await self._sql.note_payment(
                self._connection,
                request_id=request_id,
                attempt_id=decision.attempt.attempt_id,
                now=now,
                state=state.value,
                reason=decision.reason.value,
                source="" if source is None else source.value,
            )
        await self._owe(decision.effects, now)

    async def apply_request(self, change: RequestChange, now: datetime) -> None:
        await self._save_request(change.request, now)
        await self._sql.note_payment(
            self._connection,
            request_id=change.request.request_id,
            attempt_id=None,
            now=now,
            state=change.request.state.value,
            reason=Reason.BY_PERSON.value,
            source="",
        )
        await self._owe(change.effects, now)

    async def voucher(self, voucher_id: UUID) -> StoredVoucher | None:
        row = await queries("payment_vouchers").find_voucher(
            self._connection, voucher_id=voucher_id, request_id=self.payment.view.request_id
        )
        return None if row is None else _voucher(row)

    async def add_voucher(self, voucher: StoredVoucher, evidence: tuple[bytes, bytes], now: datetime) -> None:
        wrapped_key, sealed = evidence
        await queries("payment_vouchers").add_voucher(
            self._connection,
            voucher_id=voucher.voucher_id,
            request_id=self.payment.view.request_id,
            provider=voucher.provider,
            transaction=voucher.voucher.transaction,
            amount_vnd=voucher.voucher.amount_vnd,
            paid_at=voucher.voucher.paid_at,
            evidence_sha256=voucher.voucher.evidence_sha256,
            evidence_type=voucher.evidence_type,
            recorded_by=voucher.voucher.recorded_by,
            now=now,
            wrapped_key=wrapped_key,
            sealed=sealed,
        )

    async def decide_voucher(self, voucher_id: UUID, state: VoucherState, officer: str, now: datetime) -> None:
        await queries("payment_vouchers").decide_voucher(
            self._connection, voucher_id=voucher_id, state=state.value, officer=officer, now=now
        )

    async def refund(self, refund_id: UUID) -> RefundView | None:
        row = await queries("payment_refunds").find_refund(
            self._connection, refund_id=refund_id, request_id=self.payment.view.request_id
        )
        return None if row is None else _refunds.decode(row["record"])

    async def add_refund(self, refund: RefundView, account: tuple[bytes, bytes] | None, now: datetime) -> None:
        wrapped_key, sealed = account or (None, None)
        await queries("payment_refunds").add_refund(
            self._connection,
            refund_id=refund.refund_id,
            request_id=self.payment.view.request_id,
            attempt_id=refund.attempt_id,
            state=refund.state.value,
            amount_vnd=refund.amount_vnd,
            record=_text(refund),
            now=now,
            wrapped_key=wrapped_key,
            sealed=sealed,
        )

    async def apply_refund(self, change: RefundChange, now: datetime) -> None:
        refund, view = change.refund, change.attempt
        await queries("payment_refunds").save_refund(
            self._connection,
            refund_id=refund.refund_id,
            state=refund.state.value,
            record=_text(refund),
            is_over=refund.state in _OVER,
            done_on=None if refund.done_at is None else refund.done_at.astimezone(VIETNAM).date(),
            now=now,
        )
        known = self.payment.attempt(view.attempt_id)
        if known is not None and view != known.view:
            await self._sql.save_attempt(self._connection, **_attempt_columns(view))
            self._take(view)
            if view.state is not known.view.state:
                await self._sql.note_payment(
                    self._connection,
                    request_id=self.payment.view.request_id,
                    attempt_id=view.attempt_id,
                    now=now,
                    state=view.state.value,
                    reason=Reason.BY_PERSON.value,
                    source="",
                )
        await self._save_request(change.request, now)
        await self._owe(change.effects, now)

    async def _save_request(self, view: RequestView, now: datetime) -> None:
        if view != self.payment.view:
            await self._sql.save_payment_request(
                self._connection, request_id=view.request_id, now=now, **_request_columns(view)
            )
            self._replace(view=view)

    async def earlier(self, provider: str, fact_key: str) -> Ruling | None:
        word = await self._sql.ruling_of(self._connection, provider=provider, fact_key=fact_key)
        return None if word is None else Ruling(word)

    async def rule(self, provider: str, fact_key: str, ruling: Ruling, now: datetime) -> None:
        await self._sql.rule_fact(self._connection, provider=provider, fact_key=fact_key, ruling=ruling.value, now=now)

    async def keep_message(self, message: KeptMessage, now: datetime) -> None:
        await _keep(self._connection, message, self.payment.view.request_id, now)

    async def tell(self) -> None:
        """Append what subscribers are told; the feed's lock is held from here to the commit."""
        payment = self.payment
        events = [
            (name, payment.view.dossier_code, payment.agency_code, None, None, data) for name, _, data in self._events
        ]
        if events:
            await append_events(self._connection, events, [], self._events[-1][1])

    async def _owe(self, effects: Sequence[Effect], now: datetime) -> None:
        if not effects:
            return
        rows = self._sql.owe_effects(
            self._connection,
            request_id=self.payment.view.request_id,
            keys=[effect.key for effect in effects],
            records=[_text(effect) for effect in effects],
            providers=[self._called_for(effect) for effect in effects],
            told=[_is_event(effect) for effect in effects],
            now=now,
        )
        new = {row["effect_key"] async for row in rows}
        for effect in effects:
            if effect.event is not None and _is_event(effect) and effect.key in new:
                self._events.append((effect.event.value, now, self._told(effect)))

    def _called_for(self, effect: Effect) -> str:
        """Name the provider that is called for an effect, "" for none."""
        if effect.kind not in CALLING or effect.attempt_id is None:
            return ""
        attempt = self.payment.attempt(effect.attempt_id)
        return "" if attempt is None else attempt.view.provider

    def _told(self, effect: Effect) -> str:
        """Give what the feed says of an event."""
        view = self.payment.view
        return _text(
            {
                "payment_id": str(view.request_id),
                "attempt_id": None if effect.attempt_id is None else str(effect.attempt_id),
                "state": view.state.value,
                "is_disputed": view.is_disputed,
                "amount_vnd": view.amount_vnd,
                "transaction": effect.transaction,
            }
        )

    def _take(self, view: AttemptView) -> None:
        self._replace(attempts=tuple(_with_view(one, view) for one in self.payment.attempts))

    def _replace(self, **changes: Any) -> None:
        self.payment = replace(self.payment, **changes)


class _DossiersChange:
    """Implements DossiersPayments."""

    def __init__(self, borrowed: Connection, changes: Sequence[_Change]) -> None:
        self._connection = borrowed
        self._changes = {one.payment.view.request_id: one for one in changes}

    @property
    def payments(self) -> Sequence[StoredPayment]:
        return [one.payment for one in self._changes.values()]

    def of(self, request_id: UUID) -> _Change:
        return self._changes[request_id]

    async def hold(self, money: HeldMoney, now: datetime) -> bool:
        new = await queries("payment_suspense").hold_money(
            self._connection,
            provider=money.provider,
            fact_key=money.key,
            transaction=money.transaction,
            amount_vnd=money.amount_vnd,
            reference=money.reference,
            dossier_code=money.dossier_code,
            source=money.source.value,
            reason=money.reason.value,
            now=now,
        )
        return new is not None

    async def keep_message(self, message: KeptMessage, now: datetime) -> None:
        await _keep(self._connection, message, None, now)


def _voucher(row: Any) -> StoredVoucher:
    return StoredVoucher(
        voucher_id=row["voucher_id"],
        provider=row["provider"],
        voucher=Voucher(
            transaction=row["transaction"],
            amount_vnd=row["amount_vnd"],
            paid_at=row["paid_at"],
            evidence_sha256=row["evidence_sha256"],
            recorded_by=row["recorded_by"],
        ),
        evidence_type=row["evidence_type"],
        state=VoucherState(row["state"]),
        decided_by=row["decided_by"],
    )


def _is_event(effect: Effect) -> bool:
    return effect.kind is EffectKind.PUBLISH and effect.event is not None


def _with_view(attempt: StoredAttempt, view: AttemptView) -> StoredAttempt:
    return replace(attempt, view=view) if attempt.view.attempt_id == view.attempt_id else attempt


async def _keep(borrowed: Connection, message: KeptMessage, request_id: UUID | None, now: datetime) -> None:
    await queries("payments").keep_payment_message(
        borrowed,
        provider=message.provider,
        now=now,
        request_id=request_id,
        verdict=message.verdict,
        reason=message.reason,
        wrapped_key=message.wrapped_key,
        sealed=message.sealed,
    )


async def with_attempts(borrowed: Connection, row: Any) -> StoredPayment:
    """Give the request of a row, with all its attempts."""
    rows = queries("payments").attempts_of(borrowed, request_ids=[row["request_id"]])
    attempts = [
        StoredAttempt(
            view=_attempts.decode(one["record"]), return_to=one["return_to"], return_state=one["return_state"]
        )
        async for one in rows
    ]
    return StoredPayment(
        view=_requests.decode(row["record"]),
        client_id=row["client_id"],
        agency_code=row["agency_code"],
        procedure_code=row["procedure_code"],
        created_at=row["created_at"],
        attempts=tuple(attempts),
        wrapped_key=row["wrapped_key"],
        sealed=row["sealed"],
    )


def _request_columns(view: RequestView) -> dict[str, Any]:
    return {
        "state": view.state.value,
        "is_disputed": view.is_disputed,
        "amount_vnd": view.amount_vnd,
        "record": _text(view),
    }


def _attempt_columns(view: AttemptView) -> dict[str, Any]:
    return {
        "attempt_id": view.attempt_id,
        "state": view.state.value,
        "record": _text(view),
        "next_poll_at": view.next_poll_at,
        "paid_on": paid_on(view),
    }


def _text(record: object) -> str:
    return _encode(record).decode()
