"""One change of a payment, or of all payments of a dossier, inside a transaction that holds their rows."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from gateway.model.payment import Source
from gateway.model.vocabulary import VIETNAM
from gateway.store.acceptance import append_events
from gateway.store.payment_rows import attempt_columns, keep, request_columns, text_of, voucher_of
from gateway.store.pool import Connection
from gateway.store.queries import queries
from gateway.sync.payment_opening import RequestChange
from gateway.sync.payment_records import AttemptView, Decision, Effect, RefundView, RequestView
from gateway.sync.payment_refunds import RefundChange
from gateway.sync.payment_storing import (
    HeldMoney,
    KeptMessage,
    StoredAttempt,
    StoredPayment,
    StoredVoucher,
    VoucherState,
)
from gateway.sync.payment_words import CALLING, RECEIPTS, RECEIPTS_SHARE, EffectKind, Reason, RefundState, Ruling

_OVER = frozenset({RefundState.DONE, RefundState.FAILED, RefundState.DECLINED})
_effects = msgspec.json.Decoder(Effect)
_refunds = msgspec.json.Decoder(RefundView)


class PostgresChange:
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
            **attempt_columns(view),
        )
        self._replace(attempts=(*self.payment.attempts, attempt))

    async def apply(self, decision: Decision, source: Source | None, now: datetime) -> None:
        request_id = self.payment.view.request_id
        # A voucher's attempt makes place before the provider's own takes it: only one may be paid.
        for view in (*([decision.replaced] if decision.replaced is not None else []), decision.attempt):
            await self._sql.save_attempt(self._connection, **attempt_columns(view))
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

    async def owe(self, effects: Sequence[Effect], now: datetime) -> None:
        await self._owe(effects, now)

    async def voucher(self, voucher_id: UUID) -> StoredVoucher | None:
        row = await queries("payment_vouchers").find_voucher(
            self._connection, voucher_id=voucher_id, request_id=self.payment.view.request_id
        )
        return None if row is None else voucher_of(row)

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
            record=text_of(refund),
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
            record=text_of(refund),
            is_over=refund.state in _OVER,
            done_on=None if refund.done_at is None else refund.done_at.astimezone(VIETNAM).date(),
            now=now,
        )
        known = self.payment.attempt(view.attempt_id)
        if known is not None and view != known.view:
            await self._sql.save_attempt(self._connection, **attempt_columns(view))
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
                self._connection, request_id=view.request_id, now=now, **request_columns(view)
            )
            self._replace(view=view)

    async def earlier(self, provider: str, fact_key: str) -> Ruling | None:
        word = await self._sql.ruling_of(self._connection, provider=provider, fact_key=fact_key)
        return None if word is None else Ruling(word)

    async def rule(self, provider: str, fact_key: str, ruling: Ruling, now: datetime) -> None:
        await self._sql.rule_fact(self._connection, provider=provider, fact_key=fact_key, ruling=ruling.value, now=now)

    async def keep_message(self, message: KeptMessage, now: datetime) -> None:
        await keep(self._connection, message, self.payment.view.request_id, now)

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
            records=[text_of(effect) for effect in effects],
            providers=[self._called_for(effect) for effect in effects],
            told=[_is_event(effect) for effect in effects],
            now=now,
        )
        new = {row["effect_key"] async for row in rows}
        for effect in effects:
            if effect.event is not None and _is_event(effect) and effect.key in new:
                self._events.append((effect.event.value, now, self._told(effect)))

    def _called_for(self, effect: Effect) -> str:
        """Name the provider that is called for an effect, or whose turn does it; "" for none."""
        if effect.kind in RECEIPTS:
            return RECEIPTS_SHARE
        if effect.kind not in CALLING or effect.attempt_id is None:
            return ""
        attempt = self.payment.attempt(effect.attempt_id)
        return "" if attempt is None else attempt.view.provider

    def _told(self, effect: Effect) -> str:
        """Give what the feed says of an event."""
        view = self.payment.view
        return text_of(
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


class PostgresDossiersChange:
    """Implements DossiersPayments."""

    def __init__(self, borrowed: Connection, changes: Sequence[PostgresChange]) -> None:
        self._connection = borrowed
        self._changes = {one.payment.view.request_id: one for one in changes}

    @property
    def payments(self) -> Sequence[StoredPayment]:
        return [one.payment for one in self._changes.values()]

    def of(self, request_id: UUID) -> PostgresChange:
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
        await keep(self._connection, message, None, now)


def _is_event(effect: Effect) -> bool:
    return effect.kind is EffectKind.PUBLISH and effect.event is not None


def _with_view(attempt: StoredAttempt, view: AttemptView) -> StoredAttempt:
    return replace(attempt, view=view) if attempt.view.attempt_id == view.attempt_id else attempt
