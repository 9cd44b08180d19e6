"""Money given back: asked by one officer, approved by another, sent once, asked about when its answer is lost.

A refund is committed as sent before its call is made. An answer that does not come leaves it unknown: the provider is
asked by the number that it gave, and where it gave none a person finds out (payment notes §9.2 no. 14 and 15).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from uuid import UUID

import msgspec

from gateway.engine.payment_people import OpenCase
from gateway.engine.payment_records import SYSTEM, ConfiguredProvider, PaymentRecords, asked_attempt
from gateway.errors import (
    CredentialsRefused,
    GatewayError,
    InvalidInput,
    OutcomeUnknown,
    RateLimited,
    RemoteError,
    TransientFailure,
)
from gateway.ports.payments import RefundFact, RefundOrder
from gateway.sync.payment_records import Effect, PaymentPolicy, RefundView, Refused
from gateway.sync.payment_refunds import (
    RefundChange,
    approve_refund,
    ask_refund,
    decline_refund,
    refund_failed,
    refund_reported,
    refund_sent,
    resolve_refund,
)
from gateway.sync.payment_storing import PaymentChange, StoredPayment
from gateway.sync.payment_words import RefundState, Refusal

BACK_THE_WAY = "back the way it came"
"""Stands where a payer's account would."""


class RefundNotPossible(GatewayError):
    """What was asked for is not done; `refusal` says why, in a word of a closed list."""

    code = "refund_not_possible"

    def __init__(self, refusal: str) -> None:
        super().__init__(f"the refund is not possible: {refusal}")
        self.refusal = refusal


class PayerAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Where money goes that cannot go back the way it came."""

    bank_code: str
    account_number: str
    holder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundWish:
    """An officer's wish. `key` is the caller's idempotency key."""

    client_id: str
    key: str
    attempt_id: UUID
    transaction: str
    amount_vnd: int
    reason: str
    officer: str
    account: PayerAccount | None = field(default=None, repr=False)


class Refunds:
    """Asks, approves, sends and books."""

    def __init__(self, records: PaymentRecords, open_case: OpenCase) -> None:
        self._records = records
        self._open_case = open_case

    async def ask(self, request_id: UUID, wish: RefundWish) -> RefundView:
        """Write a wish down; the same key gives the refund that is there. Raises RefundNotPossible."""
        records, now = self._records, self._records.clock.now()
        digest = records.digest("refund", f"{wish.client_id}\0{request_id}\0{wish.key}".encode())
        refund_id = UUID(bytes=digest[:16], version=4)
        async with records.store.changing(request_id) as change:
            found = None if change is None else change.payment.attempt(wish.attempt_id)
            if change is None or found is None:
                raise RefundNotPossible("no_such_debit")
            account_ref = self._account_ref(wish, found.view.provider)
            known = await change.refund(refund_id)
            if known is not None:
                same = (wish.attempt_id, wish.transaction, wish.amount_vnd, wish.reason, wish.officer, account_ref)
                there = (known.attempt_id, known.transaction, known.amount_vnd, known.reason, known.asked_by)
                if same != (*there, known.account_ref):
                    raise RefundNotPossible("key_reused")
                return known
            judged = ask_refund(
                found.view,
                refund_id=refund_id,
                transaction=wish.transaction,
                amount_vnd=wish.amount_vnd,
                reason=wish.reason,
                account_ref=account_ref,
                person=wish.officer,
                now=now,
            )
            if isinstance(judged, Refused):
                raise RefundNotPossible(judged.refusal)
            await change.add_refund(judged, self._sealed(refund_id, wish.account), now)
        return judged

    async def approve(self, request_id: UUID, refund_id: UUID, officer: str) -> RefundView:
        """Approve one. Raises RefundNotPossible, same_person for whoever asked for it."""
        now = self._records.clock.now()

        def judge(change: PaymentChange, refund: RefundView) -> RefundChange | Refused:
            attempt = change.payment.attempt(refund.attempt_id)
            assert attempt is not None, "attempts are never deleted"
            policy = self._policy(attempt.view.provider)
            if not policy.can_refund and refund.account_ref == BACK_THE_WAY:
                # The provider gave money back by itself when this was asked for, and does not any more.
                return Refused(Refusal.NO_ACCOUNT)
            return approve_refund(change.payment.view, attempt.view, refund, officer, now, policy)

        return await self._judged(request_id, refund_id, judge)

    async def decline(self, request_id: UUID, refund_id: UUID, officer: str) -> RefundView:
        """End one that was not approved. Raises RefundNotPossible."""

        def judge(change: PaymentChange, refund: RefundView) -> RefundChange | Refused:
            declined = decline_refund(refund, officer)
            return declined if isinstance(declined, Refused) else _alone(change, declined)

        return await self._judged(request_id, refund_id, judge)

    async def resolve(
        self, request_id: UUID, refund_id: UUID, *, paid_back_vnd: int, reason: str, officer: str
    ) -> RefundView:
        """Book what really went back by one that is disputed or stays unknown. Raises RefundNotPossible."""
        now = self._records.clock.now()

        def judge(change: PaymentChange, refund: RefundView) -> RefundChange | Refused:
            attempt = change.payment.attempt(refund.attempt_id)
            assert attempt is not None, "attempts are never deleted"
            view = change.payment.view
            return resolve_refund(
                view, attempt.view, refund, paid_back_vnd=paid_back_vnd, reason=reason, person=officer, now=now
            )

        return await self._judged(request_id, refund_id, judge)

    async def account(self, refund_id: UUID) -> PayerAccount | None:
        """Open the payer's account of a refund; None where the money goes back the way it came, or it was erased."""
        kept = await self._records.store.refund_account(refund_id)
        if kept is None:
            return None
        plain = self._records.open_bytes(_context(refund_id), *kept)
        return msgspec.msgpack.decode(plain, type=PayerAccount)

    async def report(self, request_id: UUID, refund_id: UUID, fact: RefundFact) -> RefundView:
        """Take what a provider, or an officer with the bank's evidence, says. Raises RefundNotPossible."""
        now = self._records.clock.now()

        def judge(change: PaymentChange, refund: RefundView) -> RefundChange | Refused:
            attempt = change.payment.attempt(refund.attempt_id)
            assert attempt is not None, "attempts are never deleted"
            return refund_reported(change.payment.view, attempt.view, refund, fact, now)

        return await self._judged(request_id, refund_id, judge)

    async def send(self, payment: StoredPayment, effect: Effect) -> str:
        """Carry out SEND_REFUND: once, and never again after an answer that was lost."""
        request_id, refund_id, known = self._meant(payment, effect)
        if known is None:
            return "no_such_provider"
        if not known.circuit.is_available():
            raise TransientFailure("not called at present", system=SYSTEM, operation="refund", code="circuit_open")
        refund = await self._mark_sent(request_id, refund_id)
        if refund is None:
            return "sent_before"
        order = _order(payment, refund)
        try:
            fact = await known.call(lambda: known.provider.refund(order))
        except (TransientFailure, RateLimited, CredentialsRefused) as error:
            # Certainly nothing happened: this same effect is put off, and sends it when it is due again.
            await self._failed(request_id, refund_id, error, is_put_off=True)
            raise
        except (InvalidInput, RemoteError) as error:
            await self._failed(request_id, refund_id, error)
            return error.code
        return (await self.report(request_id, refund_id, fact)).state.value

    async def find_out(self, payment: StoredPayment, effect: Effect) -> str:
        """Carry out ASK_REFUND. Raises TransientFailure while the provider does not say: it is asked again."""
        request_id, refund_id, known = self._meant(payment, effect)
        async with self._records.store.changing(request_id) as change:
            refund = None if change is None else await change.refund(refund_id)
        if known is None or refund is None or refund.state is not RefundState.UNKNOWN:
            return "known_by_now"
        if not refund.refund_transaction:
            # There is nothing to ask by.
            await self._open_case(request_id, effect, self._records.clock.now())
            self._records.alert("payment_refund_unknown", payment.view.dossier_code, provider=known.provider.name)
            return "case"
        order = _order(payment, refund)
        fact = await known.call(lambda: known.provider.query_refund(order, refund.refund_transaction))
        if fact.is_done is None:
            raise TransientFailure("not known yet", system=SYSTEM, operation="query_refund", code="refund_unknown")
        return (await self.report(request_id, refund_id, fact)).state.value

    async def _mark_sent(self, request_id: UUID, refund_id: UUID) -> RefundView | None:
        """Commit that it is sent; None when it was before. One that was sent by a process that died is unknown."""
        now = self._records.clock.now()
        async with self._records.store.changing(request_id) as change:
            refund = None if change is None else await change.refund(refund_id)
            if change is None or refund is None:
                return None
            marked = refund_sent(refund)
            if not isinstance(marked, Refused):
                await change.apply_refund(_alone(change, marked), now)
                return marked
            if refund.state is RefundState.SENT:
                attempt = change.payment.attempt(refund.attempt_id)
                assert attempt is not None, "attempts are never deleted"
                lost = OutcomeUnknown("no answer", system=SYSTEM, operation="refund", code="no_answer")
                await change.apply_refund(refund_failed(change.payment.view, attempt.view, refund, lost, now), now)
        return None

    async def _failed(
        self, request_id: UUID, refund_id: UUID, error: GatewayError, *, is_put_off: bool = False
    ) -> None:
        now = self._records.clock.now()

        def judge(change: PaymentChange, refund: RefundView) -> RefundChange | Refused:
            attempt = change.payment.attempt(refund.attempt_id)
            assert attempt is not None, "attempts are never deleted"
            judged = refund_failed(change.payment.view, attempt.view, refund, error, now)
            return replace(judged, effects=()) if is_put_off else judged

        await self._judged(request_id, refund_id, judge)

    async def _judged(
        self,
        request_id: UUID,
        refund_id: UUID,
        judge: Callable[[PaymentChange, RefundView], RefundChange | Refused],
    ) -> RefundView:
        async with self._records.store.changing(request_id) as change:
            refund = None if change is None else await change.refund(refund_id)
            if change is None or refund is None:
                raise RefundNotPossible("no_such_refund")
            judged = judge(change, refund)
            if isinstance(judged, Refused):
                raise RefundNotPossible(judged.refusal)
            await change.apply_refund(judged, self._records.clock.now())
        return judged.refund

    def _meant(self, payment: StoredPayment, effect: Effect) -> tuple[UUID, UUID, ConfiguredProvider | None]:
        assert effect.refund_id is not None, "effects of refunds name them"
        assert effect.attempt_id is not None, "and their attempts"
        attempt = payment.attempt(effect.attempt_id)
        known = None if attempt is None else self._records.providers.get(attempt.view.provider)
        return payment.view.request_id, effect.refund_id, known

    def _account_ref(self, wish: RefundWish, provider: str) -> str:
        """Name the account by a keyed digest, so that the same key with another account is found out."""
        if self._policy(provider).can_refund:
            if wish.account is not None:
                raise RefundNotPossible("account_not_used")
            return BACK_THE_WAY
        if wish.account is None:
            return ""
        return self._records.digest("account", msgspec.msgpack.encode(wish.account)).hex()[:32]

    def _policy(self, provider: str) -> PaymentPolicy:
        known = self._records.providers.get(provider)
        return PaymentPolicy() if known is None else known.policy

    def _sealed(self, refund_id: UUID, account: PayerAccount | None) -> tuple[bytes, bytes] | None:
        if account is None:
            return None
        return self._records.seal_bytes(_context(refund_id), msgspec.msgpack.encode(account))


def _context(refund_id: UUID) -> bytes:
    return b"refund " + refund_id.bytes


def _alone(change: PaymentChange, refund: RefundView) -> RefundChange:
    """Give a change of the refund alone."""
    attempt = change.payment.attempt(refund.attempt_id)
    assert attempt is not None, "attempts are never deleted"
    return RefundChange(refund=refund, attempt=attempt.view, request=change.payment.view)


def _order(payment: StoredPayment, refund: RefundView) -> RefundOrder:
    attempt = payment.attempt(refund.attempt_id)
    assert attempt is not None, "attempts are never deleted"
    return RefundOrder(
        refund_id=str(refund.refund_id),
        attempt=asked_attempt(attempt.view, payment.view.dossier_code),
        amount_vnd=refund.amount_vnd,
        reason=refund.reason,
    )
