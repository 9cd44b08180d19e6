"""Requests, attempts and facts written short, and what the tests of the payment core share."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from gateway.model.dossier import FeeKind
from gateway.model.payment import Answer, AttemptState, Beneficiary, PaymentFact, PaymentItem, RequestState
from gateway.sync.payment_moves import paid_by
from gateway.sync.payment_records import AttemptView, Debit, Decision, Effect, RequestView
from gateway.sync.payment_words import Alert, EffectKind, PaymentEvent, Standing

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)
PROVIDER = "platform"
PARTNER = "PPSIM01"
DOSSIER = "H01.25-250115-0001"
ACCOUNT = Beneficiary(account_number="0011001234567", account_name="SO MO PHONG", bank_code="VCB")
ITEMS = (
    PaymentItem(name="Phí thẩm định", kind=FeeKind.CHARGE, amount_vnd=100_000),
    PaymentItem(name="Lệ phí cấp giấy phép", kind=FeeKind.LEVY, amount_vnd=50_000),
)
AMOUNT = 150_000
DUE = RequestView(
    request_id=UUID(int=100),
    state=RequestState.DUE,
    amount_vnd=AMOUNT,
    version=1,
    dossier_code=DOSSIER,
    items=ITEMS,
)
OWING = replace(DUE, state=RequestState.PENDING)


def attempt(state: AttemptState = AttemptState.PENDING, number: int = 1, **changes: Any) -> AttemptView:
    """Give an attempt as it stands in a state; the states that hold money hold the debit "T<number>"."""
    view = AttemptView(
        attempt_id=UUID(int=number),
        reference=f"REF{number}",
        provider=PROVIDER,
        partner_code=PARTNER,
        state=state,
        amount_vnd=AMOUNT,
        request_version=1,
        beneficiary=ACCOUNT,
        opened_at=NOW,
        expires_at=NOW + 15 * MINUTE,
        pay_url="https://pay.example/1",
    )
    standing = _HELD.get(state)
    if standing is not None:
        view = replace(view, debits=(debit(f"T{number}", standing),), decided_at=NOW + MINUTE)
    return replace(view, **changes)


_HELD = {
    AttemptState.PAID: Standing.COUNTS,
    AttemptState.LATE_PAID: Standing.OPEN,
    AttemptState.DUPLICATE_PAID: Standing.SURPLUS,
    AttemptState.REFUND_PENDING: Standing.SURPLUS,
    AttemptState.PARTIALLY_REFUNDED: Standing.COUNTS,
    AttemptState.REFUNDED: Standing.SURPLUS,
    AttemptState.DISPUTED: Standing.OPEN,
    AttemptState.MISMATCH: Standing.OPEN,
}


def debit(transaction: str, standing: Standing, **changes: Any) -> Debit:
    return replace(Debit(transaction=transaction, amount_vnd=AMOUNT, currency="VND", standing=standing), **changes)


def paid(by: AttemptView, **changes: Any) -> RequestView:
    return replace(paid_by(OWING, by), **changes)


def fact(answer: Answer = Answer.PAID, number: int = 1, **changes: Any) -> PaymentFact:
    """Give a fact about attempt `number` in which everything agrees; a success is of the transaction "T<number>"."""
    is_paid = answer is Answer.PAID
    told = PaymentFact(
        answer=answer,
        reference=f"REF{number}",
        partner_code=PARTNER,
        amount_vnd=AMOUNT if is_paid else None,
        currency="VND",
        transaction=f"T{number}" if is_paid else "",
        dossier_code=DOSSIER,
        result_code="00" if is_paid else "01",
        paid_at=NOW + MINUTE if is_paid else None,
        paid_at_text="20261125090100" if is_paid else "",
    )
    return replace(told, **changes)


def kinds(effects: Iterable[Effect]) -> list[EffectKind]:
    return [effect.kind for effect in effects]


def alerts(decision: Decision) -> list[Alert]:
    return [effect.alert for effect in decision.effects if effect.alert is not None]


def events(decision: Decision) -> list[PaymentEvent]:
    return [effect.event for effect in decision.effects if effect.event is not None]


def standings(view: AttemptView) -> dict[str, Standing]:
    return {own.transaction: own.standing for own in view.debits}


def as_decision(value: object) -> Decision:
    assert isinstance(value, Decision)
    return value
