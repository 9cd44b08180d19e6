"""The only place where an attempt changes its state: every move is checked against the table (payment notes §9.1)."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from gateway.model.payment import CURRENCY, AttemptState, RequestState
from gateway.sync.payment_records import (
    COUNTING,
    REVIEWED_STATES,
    UNDECIDED,
    AttemptView,
    Debit,
    Effect,
    RequestView,
)
from gateway.sync.payment_words import Alert, EffectKind, PaymentEvent, Standing

_S = AttemptState
_MONEY = frozenset({_S.PAID, _S.DUPLICATE_PAID, _S.LATE_PAID, _S.MISMATCH})
"""What a verified success may make of an attempt that holds no money."""

ATTEMPT_MOVES: Mapping[AttemptState, frozenset[AttemptState]] = {
    # A reference that was never sent ends without anybody being asked. A provider that knows it all the same is heard:
    # the store may have been set back.
    _S.CREATED: _MONEY | {_S.INIT_SENT, _S.FAILED, _S.UNKNOWN},
    _S.INIT_SENT: _MONEY | {_S.PENDING, _S.FAILED, _S.UNKNOWN},
    _S.PENDING: _MONEY | {_S.UNKNOWN, _S.FAILED, _S.EXPIRED, _S.DISPUTED},
    _S.UNKNOWN: _MONEY | {_S.PENDING, _S.FAILED, _S.EXPIRED, _S.DISPUTED},
    # Soft ends: late success is money.
    _S.FAILED: frozenset({_S.LATE_PAID, _S.DUPLICATE_PAID, _S.MISMATCH, _S.DISPUTED}),
    _S.EXPIRED: frozenset({_S.LATE_PAID, _S.DUPLICATE_PAID, _S.MISMATCH, _S.DISPUTED}),
    # Never downgraded by what a provider says. Only a voucher's attempt fails: the provider's own takes its place.
    _S.PAID: frozenset({_S.REFUND_PENDING, _S.MISMATCH, _S.DISPUTED, _S.FAILED}),
    _S.LATE_PAID: frozenset({_S.PAID, _S.REFUND_PENDING, _S.MISMATCH, _S.DISPUTED, _S.FAILED}),
    _S.DUPLICATE_PAID: frozenset({_S.PAID, _S.REFUND_PENDING, _S.MISMATCH, _S.DISPUTED}),
    _S.MISMATCH: frozenset({_S.DISPUTED}),
    _S.REFUND_PENDING: frozenset({_S.PARTIALLY_REFUNDED, _S.REFUNDED, _S.PAID, _S.MISMATCH, _S.DISPUTED}),
    # Back to paid only when a voucher's debit turns out to be under a reference whose surplus went back.
    _S.PARTIALLY_REFUNDED: frozenset({_S.REFUND_PENDING, _S.PAID, _S.MISMATCH, _S.DISPUTED}),
    _S.REFUNDED: frozenset({_S.PAID, _S.MISMATCH, _S.DISPUTED}),
    # A person decides.
    _S.DISPUTED: frozenset({_S.PAID, _S.REFUND_PENDING, _S.PARTIALLY_REFUNDED, _S.REFUNDED, _S.FAILED}),
}


def moved(attempt: AttemptView, path: Iterable[AttemptState], now: datetime) -> AttemptView:
    """Give the attempt at the end of its path. Raises ValueError when ATTEMPT_MOVES does not allow a step of it."""
    current = attempt
    for state in path:
        if state not in ATTEMPT_MOVES[current.state]:
            raise ValueError(f"an attempt cannot go from {current.state} to {state}")
        current = replace(current, state=state, decided_at=now)
    return current


def resting_state(attempt: AttemptView) -> AttemptState:
    """Tell from its debits in which state an attempt rests once persons and refunds are through with it."""
    if any(debit.standing in UNDECIDED for debit in attempt.debits):
        return _S.DISPUTED
    surplus = [debit for debit in attempt.debits if debit.standing is Standing.SURPLUS]
    # Of several the one with most left: the attempt is through when the last of them is.
    held = attempt.counting() or max(surplus, key=lambda debit: debit.amount_vnd - debit.refunded_vnd, default=None)
    if held is None:
        return _S.FAILED
    if held.refunded_vnd == held.amount_vnd:
        return _S.REFUNDED
    if held.reserved_vnd:
        return _S.REFUND_PENDING
    if held.refunded_vnd:
        return _S.PARTIALLY_REFUNDED
    return _S.PAID if held.standing in COUNTING else _S.REFUND_PENDING


def at_rest(attempt: AttemptView, now: datetime) -> AttemptView:
    """Give the attempt in the state that its debits tell. Raises ValueError for a move that is not in the table."""
    state = resting_state(attempt)
    return attempt if state is attempt.state else moved(attempt, (state,), now)


def with_debit(attempt: AttemptView, debit: Debit) -> AttemptView:
    """Add a debit, or put it in the place of the one with the same transaction."""
    if any(own.transaction == debit.transaction for own in attempt.debits):
        debits = tuple(debit if own.transaction == debit.transaction else own for own in attempt.debits)
        return replace(attempt, debits=debits)
    return replace(attempt, debits=(*attempt.debits, debit))


def find_debit(attempt: AttemptView, transaction: str) -> Debit | None:
    return next((debit for debit in attempt.debits if debit.transaction == transaction), None)


def paid_by(request: RequestView, attempt: AttemptView) -> RequestView:
    """Give the request, paid by the attempt."""
    return replace(request, state=RequestState.PAID, paid_attempt_id=attempt.attempt_id, refunded_vnd=0)


def freed(request: RequestView, siblings: Iterable[AttemptView]) -> RequestView:
    """Give the request after an attempt ended without money: due again, unless another one lives or has paid it."""
    if request.state is not RequestState.PENDING or any(sibling.is_live for sibling in siblings):
        return request
    return replace(request, state=RequestState.DUE)


def reviewed(request: RequestView, attempts: Iterable[AttemptView]) -> RequestView:
    """Give the request with `is_disputed` as its attempts tell it."""
    return replace(request, is_disputed=any(attempt.state in REVIEWED_STATES for attempt in attempts))


def effects_of_payment(request: RequestView, attempt: AttemptView, debit: Debit, *, confirms: bool) -> list[Effect]:
    """List what follows once a debit counts: a receipt for each kind, the dossier's step, the payer's notice."""
    first = Effect(
        kind=EffectKind.TELL_DOSSIER_PAID,
        attempt_id=attempt.attempt_id,
        transaction=debit.transaction,
        amount_vnd=debit.amount_vnd,
    )
    receipts = [
        replace(first, kind=EffectKind.ISSUE_RECEIPT, fee_kind=kind, amount_vnd=total)
        for kind, total in request.totals()
    ]
    kinds = [EffectKind.NOTIFY_PAYER, EffectKind.FETCH_BILL, *([EffectKind.CONFIRM_TO_PROVIDER] if confirms else [])]
    told = [replace(first, kind=kind) for kind in kinds]
    return [*receipts, first, *told, published(PaymentEvent.PAID, attempt, debit.transaction)]


def alert(word: Alert, attempt: AttemptView, transaction: str = "") -> Effect:
    return Effect(kind=EffectKind.ALERT, alert=word, attempt_id=attempt.attempt_id, transaction=transaction)


def published(event: PaymentEvent, attempt: AttemptView, transaction: str = "") -> Effect:
    return Effect(kind=EffectKind.PUBLISH, event=event, attempt_id=attempt.attempt_id, transaction=transaction)


def asked(attempt: AttemptView, now: datetime) -> Effect:
    """Have the provider asked about the reference."""
    return Effect(kind=EffectKind.ASK_PROVIDER, attempt_id=attempt.attempt_id, moment=now.isoformat())


def is_refundable(debit: Debit) -> bool:
    return debit.standing in (Standing.COUNTS, Standing.SURPLUS) and debit.currency == CURRENCY
