"""Giving money back: asked by one person, approved by another, sent once, and booked on the debit it came from.

::

    asked --approved--> approved --committed--> sent --told--> done | failed
      \\--> declined         ^---certainly nothing---/  \\--no answer--> unknown --asked about--> done | failed
                                                         \\--other amount--> disputed --person--> done | failed

What may go back is counted on each debit: what went back, and what approved refunds will take, never exceed it (payment
notes §9.3 no. 10). A refund never makes a request due again. Surplus that goes back leaves the request as it is.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from gateway.errors import CredentialsRefused, GatewayError, InvalidInput, RateLimited, Rejected, TransientFailure
from gateway.model.payment import AttemptState, RequestState
from gateway.ports.payments import RefundFact
from gateway.sync.payment_moves import alert, at_rest, find_debit, is_refundable, published, with_debit
from gateway.sync.payment_records import (
    COUNTING,
    DEFAULT_POLICY,
    AttemptView,
    Debit,
    Effect,
    PaymentPolicy,
    RefundView,
    Refused,
    RequestView,
)
from gateway.sync.payment_words import Alert, EffectKind, PaymentEvent, RefundState, Refusal

_UNDER_WAY = frozenset({RefundState.SENT, RefundState.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundChange:
    """A refund as it becomes, with its attempt and request; stored as a whole."""

    refund: RefundView
    attempt: AttemptView
    request: RequestView
    effects: tuple[Effect, ...] = ()


def ask_refund(
    attempt: AttemptView,
    *,
    refund_id: UUID,
    transaction: str,
    amount_vnd: int,
    reason: str,
    account_ref: str,
    person: str,
    now: datetime,
) -> RefundView | Refused:
    """Ask for a refund of one debit; it needs an account, a reason and a person (§9.2 no. 14)."""
    debit = find_debit(attempt, transaction)
    refusal = _why_not(attempt, debit, amount_vnd)
    words = ((Refusal.NO_PERSON, person), (Refusal.NO_REASON, reason), (Refusal.NO_ACCOUNT, account_ref))
    refusal = refusal or next((missing for missing, text in words if not text.strip()), None)
    if refusal is not None:
        return Refused(refusal)
    return RefundView(
        refund_id=refund_id,
        attempt_id=attempt.attempt_id,
        transaction=transaction,
        amount_vnd=amount_vnd,
        reason=reason,
        account_ref=account_ref,
        asked_by=person,
        asked_at=now,
    )


def _why_not(attempt: AttemptView, debit: Debit | None, amount_vnd: int) -> Refusal | None:
    if debit is None:
        return Refusal.NO_SUCH_DEBIT
    if attempt.state in (AttemptState.DISPUTED, AttemptState.LATE_PAID) or not is_refundable(debit):
        return Refusal.UNDER_REVIEW
    if amount_vnd <= 0:
        return Refusal.NOTHING_OWED
    return Refusal.MORE_THAN_PAID if amount_vnd > debit.left_vnd else None


def approve_refund(
    request: RequestView,
    attempt: AttemptView,
    refund: RefundView,
    person: str,
    now: datetime,
    policy: PaymentPolicy = DEFAULT_POLICY,
) -> RefundChange | Refused:
    """Approve a refund. Nobody approves their own or twice; with enough persons it reserves its amount and is sent."""
    if refund.state is not RefundState.ASKED:
        return Refused(Refusal.WRONG_STATE)
    if not person.strip():
        return Refused(Refusal.NO_PERSON)
    if _is_same(person, refund.asked_by) or any(_is_same(person, other) for other in refund.approved_by):
        return Refused(Refusal.SAME_PERSON)
    # Judged again: another refund may have been approved since this one was asked for.
    debit = find_debit(attempt, refund.transaction)
    refusal = _why_not(attempt, debit, refund.amount_vnd)
    if refusal is not None or debit is None:
        return Refused(refusal or Refusal.NO_SUCH_DEBIT)
    refund = replace(refund, approved_by=(*refund.approved_by, person))
    if len(refund.approved_by) < policy.approvals_count:
        return RefundChange(refund=refund, attempt=attempt, request=request)
    reserved = replace(debit, reserved_vnd=debit.reserved_vnd + refund.amount_vnd)
    kind = EffectKind.SEND_REFUND if policy.can_refund else EffectKind.PAY_BACK_BY_HAND
    return RefundChange(
        refund=replace(
            refund, state=RefundState.APPROVED, is_reserved=True, is_by_hand=kind is EffectKind.PAY_BACK_BY_HAND
        ),
        attempt=at_rest(with_debit(attempt, reserved), now),
        request=request,
        effects=(_effect(kind, refund),),
    )


def decline_refund(refund: RefundView, person: str) -> RefundView | Refused:
    """End a refund that was not approved; nobody declines without a name, the one who asked may take it back."""
    if refund.state is not RefundState.ASKED:
        return Refused(Refusal.WRONG_STATE)
    return replace(refund, state=RefundState.DECLINED) if person.strip() else Refused(Refusal.NO_PERSON)


def refund_sent(refund: RefundView) -> RefundView | Refused:
    """Mark a refund as sent, to be committed before the call is made. Refused: it must not be sent (again)."""
    if refund.state is not RefundState.APPROVED:
        return Refused(Refusal.WRONG_STATE)
    return replace(refund, state=RefundState.SENT)


def refund_failed(
    request: RequestView, attempt: AttemptView, refund: RefundView, error: GatewayError, now: datetime
) -> RefundChange:
    """Take a call that gave no answer: sent again only when it certainly had no effect; else it is asked about."""
    kept = RefundChange(refund=refund, attempt=attempt, request=request)
    if refund.state is not RefundState.SENT:
        return kept
    match error:
        case Rejected() | InvalidInput():
            return _failed(kept, now)
        case TransientFailure() | RateLimited() | CredentialsRefused():
            again = replace(refund, state=RefundState.APPROVED)
            effect = _effect(EffectKind.SEND_REFUND, refund, moment=now.isoformat())
            return replace(kept, refund=again, effects=(effect,))
        case _:
            return _unknown(kept, now)


def refund_reported(
    request: RequestView, attempt: AttemptView, refund: RefundView, fact: RefundFact, now: datetime
) -> RefundChange:
    """Take what the provider, or an officer with the bank's evidence, says of a refund (no. 15).

    Harmless when repeated. What contradicts an end that was told before changes nothing and raises an alert; only a
    refund that was told to have failed and was done all the same is booked, or disputed where it took too much.
    """
    kept = RefundChange(refund=refund, attempt=attempt, request=request)
    match refund.state:
        case RefundState.ASKED | RefundState.DECLINED | RefundState.DISPUTED:
            return _alerted(kept, Alert.REFUND_DIFFERS) if fact.is_done else kept
        case RefundState.DONE:
            is_same = fact.is_done is not False and fact.amount_vnd in (0, refund.reported_vnd)
            return kept if is_same or fact.is_done is None else _alerted(kept, Alert.REFUND_DIFFERS)
        case RefundState.FAILED:
            return _booked_late(kept, fact, now) if fact.is_done else kept
        case RefundState.APPROVED | RefundState.SENT | RefundState.UNKNOWN:
            return _taken(kept, fact, now)


def resolve_refund(
    request: RequestView,
    attempt: AttemptView,
    refund: RefundView,
    *,
    paid_back_vnd: int,
    reason: str,
    person: str,
    now: datetime,
) -> RefundChange | Refused:
    """Book what really went back by a disputed refund, or one that stays unknown; 0: nothing did."""
    if refund.state not in (RefundState.DISPUTED, RefundState.UNKNOWN):
        return Refused(Refusal.WRONG_STATE)
    if not person.strip():
        return Refused(Refusal.NO_PERSON)
    if not reason.strip():
        return Refused(Refusal.NO_REASON)
    debit = find_debit(attempt, refund.transaction)
    if debit is None:
        return Refused(Refusal.NO_SUCH_DEBIT)
    if not 0 <= paid_back_vnd <= debit.left_vnd + _set_aside(refund):
        return Refused(Refusal.MORE_THAN_PAID)
    kept = RefundChange(refund=refund, attempt=attempt, request=request)
    return _failed(kept, now) if paid_back_vnd == 0 else _booked(kept, debit, paid_back_vnd, now)


def _taken(kept: RefundChange, fact: RefundFact, now: datetime) -> RefundChange:
    refund, debit = kept.refund, find_debit(kept.attempt, kept.refund.transaction)
    if fact.is_done is False:
        return _failed(kept, now)
    if fact.is_done is None or debit is None:
        return _unknown(kept, now, fact.transaction)
    told = replace(refund, refund_transaction=fact.transaction, reported_vnd=fact.amount_vnd)
    if fact.amount_vnd != refund.amount_vnd:
        disputed = replace(told, state=RefundState.DISPUTED)
        return _alerted(replace(kept, refund=disputed), Alert.REFUND_DIFFERS)
    return _booked(replace(kept, refund=told), debit, fact.amount_vnd, now)


def _booked_late(kept: RefundChange, fact: RefundFact, now: datetime) -> RefundChange:
    refund, debit = kept.refund, find_debit(kept.attempt, kept.refund.transaction)
    told = replace(refund, refund_transaction=fact.transaction, reported_vnd=fact.amount_vnd)
    if debit is None or fact.amount_vnd != refund.amount_vnd or fact.amount_vnd > debit.left_vnd:
        return _alerted(replace(kept, refund=replace(told, state=RefundState.DISPUTED)), Alert.REFUND_DIFFERS)
    return _booked(replace(kept, refund=told), debit, fact.amount_vnd, now)


def _booked(kept: RefundChange, debit: Debit, amount_vnd: int, now: datetime) -> RefundChange:
    # What a failure had freed is set aside again first, so that the attempt goes by the same states.
    aside = _set_aside(kept.refund)
    pending = replace(debit, reserved_vnd=debit.reserved_vnd - aside + amount_vnd)
    attempt = _rested(with_debit(kept.attempt, pending), now)
    paid_back = replace(
        pending, refunded_vnd=debit.refunded_vnd + amount_vnd, reserved_vnd=pending.reserved_vnd - amount_vnd
    )
    attempt = _rested(with_debit(attempt, paid_back), now)
    refund = replace(kept.refund, state=RefundState.DONE, reported_vnd=amount_vnd, is_reserved=False, done_at=now)
    request, effects = kept.request, [published(PaymentEvent.REFUNDED, attempt, str(refund.refund_id))]
    if debit.standing in COUNTING and request.paid_attempt_id == attempt.attempt_id:
        is_whole = paid_back.refunded_vnd == paid_back.amount_vnd
        state = RequestState.REFUNDED if is_whole else RequestState.PARTIALLY_REFUNDED
        request = replace(request, state=state, refunded_vnd=paid_back.refunded_vnd)
        kind = EffectKind.CANCEL_RECEIPT if is_whole else EffectKind.ADJUST_RECEIPT
        effects += [replace(_effect(kind, refund), fee_kind=fee_kind) for fee_kind, _ in request.totals()]
    return RefundChange(refund=refund, attempt=attempt, request=request, effects=tuple(effects))


def _failed(kept: RefundChange, now: datetime) -> RefundChange:
    debit = find_debit(kept.attempt, kept.refund.transaction)
    attempt = kept.attempt
    if debit is not None:
        freed = replace(debit, reserved_vnd=debit.reserved_vnd - _set_aside(kept.refund))
        attempt = _rested(with_debit(attempt, freed), now)
    failed = replace(kept.refund, state=RefundState.FAILED, is_reserved=False)
    return _alerted(replace(kept, refund=failed, attempt=attempt), Alert.REFUND_FAILED)


def _unknown(kept: RefundChange, now: datetime, transaction: str = "") -> RefundChange:
    number = transaction or kept.refund.refund_transaction
    unknown = replace(kept.refund, state=RefundState.UNKNOWN, refund_transaction=number)
    return replace(kept, refund=unknown, effects=(_effect(EffectKind.ASK_REFUND, unknown, moment=now.isoformat()),))


def _set_aside(refund: RefundView) -> int:
    return refund.amount_vnd if refund.is_reserved else 0


def _rested(attempt: AttemptView, now: datetime) -> AttemptView:
    # A dispute that came up meanwhile is a person's to end; the booking stands on the debit.
    return attempt if attempt.state is AttemptState.DISPUTED else at_rest(attempt, now)


def _alerted(kept: RefundChange, word: Alert) -> RefundChange:
    told = replace(alert(word, kept.attempt, kept.refund.transaction), refund_id=kept.refund.refund_id)
    return replace(kept, effects=(*kept.effects, told))


def _effect(kind: EffectKind, refund: RefundView, *, moment: str = "") -> Effect:
    return Effect(
        kind=kind,
        attempt_id=refund.attempt_id,
        transaction=refund.transaction,
        amount_vnd=refund.amount_vnd,
        refund_id=refund.refund_id,
        moment=moment,
    )


def _is_same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()
