"""The outcomes of the table in `payments`, each a function of the case. Pure, and harmless when repeated."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from gateway.model.payment import AttemptState, Source
from gateway.sync.payment_facts import Case, Claim, Said, claim, hint_of, said
from gateway.sync.payment_moves import (
    alert,
    asked,
    effects_of_payment,
    freed,
    moved,
    paid_by,
    published,
    resting_state,
    reviewed,
    with_debit,
)
from gateway.sync.payment_polls import unknown_first, with_next_poll
from gateway.sync.payment_records import AttemptView, Debit, Decision, Effect, RequestView
from gateway.sync.payment_words import Alert, EffectKind, PaymentEvent, Reason, Ruling, Standing

Outcome = Callable[[Case], Decision]

_ENDED = (AttemptState.FAILED, AttemptState.EXPIRED)


def keep(case: Case) -> Decision:
    """Nothing changes; a transaction's number that was missing so far is learned."""
    known, number = case.known, case.fact.transaction
    attempt = case.attempt
    if known is not None and number and not known.transaction and case.fact.is_decisive:
        numbered = replace(known, transaction=number)
        attempt = replace(attempt, debits=tuple(numbered if own is known else own for own in attempt.debits))
    ruling = case.earlier if said(case)[0] is Said.TOLD_BEFORE and case.earlier else Ruling.APPLIED
    return _decided(case, case.request, attempt, (), [], ruling=ruling)


def refuse(case: Case) -> Decision:
    """Known already as not for this request."""
    return _decided(case, case.request, case.attempt, (), [], ruling=Ruling.REFUSED)


def refuse_loudly(case: Case) -> Decision:
    effects = [alert(Alert.FOREIGN_FACT, case.attempt, case.fact.transaction)]
    return _decided(case, case.request, case.attempt, (), effects, ruling=Ruling.REFUSED)


def ask_first(case: Case) -> Decision:
    """Remember the hint. What comes from outside leads to a question; what was asked for is not asked again at once."""
    attempt = replace(case.attempt, hint=hint_of(case))
    is_told = case.source is Source.NOTIFICATION
    effect = asked(case.attempt, case.now) if is_told else alert(Alert.HINT_ONLY, case.attempt, case.fact.transaction)
    return _decided(case, case.request, attempt, (), [effect], ruling=Ruling.ASK_FIRST)


def pay(case: Case) -> Decision:
    """No. 6: the request is paid, in the same transaction."""
    debit = _debit(case, Standing.COUNTS)
    late = (AttemptState.LATE_PAID,) if case.attempt.state in _ENDED else ()
    path = (*late, AttemptState.PAID)
    attempt = moved(with_debit(case.attempt, debit), path, case.now)
    effects = effects_of_payment(case.request, attempt, debit, confirms=case.policy.confirms)
    if case.attempt.state is AttemptState.CREATED:
        effects.append(alert(Alert.UNSENT_PAID, attempt, debit.transaction))
    return _decided(case, paid_by(case.request, attempt), attempt, path, effects)


def pay_late(case: Case) -> Decision:
    """No. 10: late money of a request that nothing paid counts by itself, where the policy says so."""
    return replace(pay(case), reason=Reason.LATE) if case.policy.accepts_late else review(case)


def review(case: Case) -> Decision:
    """No. 10: the money is there, a person says what it is."""
    path = (AttemptState.LATE_PAID,)
    attempt = moved(with_debit(case.attempt, _debit(case, Standing.OPEN)), path, case.now)
    number = case.fact.transaction
    effects = [alert(Alert.LATE_PAYMENT, attempt, number), published(PaymentEvent.DISPUTED, attempt, number)]
    decision = _decided(case, freed(case.request, case.siblings), attempt, path, effects)
    reason = Reason.LATE_AND_CHANGED if claim(case) is Claim.CHANGED else Reason.LATE
    return replace(_with_review(case, decision), reason=reason)


def duplicate(case: Case) -> Decision:
    """No. 10 and 11: taken twice for one request, so one of it goes back."""
    path = (AttemptState.DUPLICATE_PAID,)
    debit = _debit(case, Standing.SURPLUS)
    attempt = moved(with_debit(case.attempt, debit), path, case.now)
    effects = [
        Effect(
            kind=EffectKind.OPEN_REFUND_CASE,
            attempt_id=attempt.attempt_id,
            transaction=debit.transaction,
            amount_vnd=debit.amount_vnd,
        ),
        published(PaymentEvent.DUPLICATED, attempt, debit.transaction),
    ]
    return replace(_decided(case, case.request, attempt, path, effects), reason=Reason.ANOTHER_PAID)


def confirm_voucher(case: Case) -> Decision:
    """The provider tells of the debit that a voucher told of: its own attempt takes the voucher's place.

    Receipts and the dossier's step were owed once, and were done for the voucher.
    """
    voucher, debit = case.voucher, _debit(case, Standing.COUNTS)
    if voucher is None:
        raise ValueError("there is no voucher of this transaction")
    late = (AttemptState.LATE_PAID,) if case.attempt.state in _ENDED else ()
    holding = with_debit(case.attempt, debit)
    state = resting_state(holding)
    path = () if state is case.attempt.state else (*late, state)
    attempt = moved(holding, path, case.now)
    retold = tuple(
        replace(own, standing=Standing.REPLACED) if own.transaction == debit.transaction else own
        for own in voucher.debits
    )
    replaced = moved(replace(voucher, debits=retold), (AttemptState.FAILED,), case.now)
    kinds = [EffectKind.FETCH_BILL, *([EffectKind.CONFIRM_TO_PROVIDER] if case.policy.confirms else [])]
    effects = [Effect(kind=kind, attempt_id=attempt.attempt_id, transaction=debit.transaction) for kind in kinds]
    request = replace(case.request, paid_attempt_id=attempt.attempt_id)
    decision = _with_review(case, _decided(case, request, attempt, path, effects))
    return replace(decision, reason=Reason.VOUCHER_CONFIRMED, replaced=replaced)


def second_debit(case: Case) -> Decision:
    """§9.3 no. 4: another transaction under the same reference is another debit. What counted goes on counting."""
    path = () if case.attempt.state is AttemptState.DISPUTED else (AttemptState.DISPUTED,)
    is_first = not case.attempt.debits
    attempt = moved(with_debit(case.attempt, _debit(case, Standing.OPEN)), path, case.now)
    word = Alert.LATE_PAYMENT if is_first else Alert.SECOND_DEBIT
    decision = _disputed(case, attempt, path, word)
    return replace(decision, reason=Reason.LATE if is_first else Reason.SECOND_DEBIT)


def mismatch(case: Case) -> Decision:
    """No. 12: money that differs from what was asked for is kept, named and frozen; it pays nothing."""
    way = (AttemptState.MISMATCH, AttemptState.DISPUTED)
    # Whoever is on the way already goes the rest of it.
    path = way[way.index(case.attempt.state) + 1 :] if case.attempt.state in way else way
    attempt = moved(with_debit(case.attempt, _differing(case)), path, case.now)
    decision = _disputed(case, attempt, path, Alert.MISMATCH)
    return replace(decision, ruling=Ruling.REFUSED)


def fail(case: Case) -> Decision:
    """No. 7: soft; a later verified success is still money."""
    return _ended(case, (AttemptState.FAILED,), PaymentEvent.FAILED)


def lapse(case: Case) -> Decision:
    """No. 9: the window is closed, and the provider says that there is no money."""
    return _ended(case, (*unknown_first(case.attempt), AttemptState.EXPIRED), PaymentEvent.EXPIRED)


def wait(case: Case) -> Decision:
    """No. 8: the provider does not know the end either."""
    path = unknown_first(case.attempt)
    return _decided(case, case.request, moved(case.attempt, path, case.now), path, [])


def contradict(case: Case) -> Decision:
    """No. 16 and 17: no provider's word takes a payment back; a person decides."""
    path = (AttemptState.DISPUTED,)
    doubted = replace(case.attempt, debits=tuple(_doubted(debit) for debit in case.attempt.debits))
    return _disputed(case, moved(doubted, path, case.now), path, Alert.CONTRADICTION)


def complain(case: Case) -> Decision:
    """Contradicted, but a person or a refund is at it already, or what went back explains it."""
    effects = [alert(Alert.CONTRADICTION, case.attempt, case.fact.transaction)]
    return _decided(case, case.request, case.attempt, (), effects)


def revive(case: Case) -> Decision:
    """The provider insists on what a person disproved: that is for a person again."""
    known = case.known
    if known is None:
        raise ValueError("there is no such debit")
    path = () if case.attempt.state is AttemptState.DISPUTED else (AttemptState.DISPUTED,)
    attempt = moved(with_debit(case.attempt, replace(known, standing=Standing.OPEN)), path, case.now)
    return _disputed(case, attempt, path, Alert.CONTRADICTION)


def _debit(case: Case, standing: Standing) -> Debit:
    fact = case.fact
    amount_vnd = case.amount_vnd
    if amount_vnd is None:
        # A success that may count without an amount is one of the whole order; a differing one tells nothing.
        amount_vnd = case.attempt.amount_vnd if case.policy.accepts_without_amount else 0
    return Debit(
        transaction=fact.transaction,
        amount_vnd=amount_vnd,
        currency=fact.currency,
        standing=standing,
        paid_at=fact.paid_at,
        paid_at_text=fact.paid_at_text,
    )


def _differing(case: Case) -> Debit:
    known, told = case.known, _debit(case, Standing.OPEN)
    if known is None:
        return told
    is_free = known.standing in (Standing.OPEN, Standing.SURPLUS, Standing.DISPROVED)
    if not is_free or known.refunded_vnd or known.reserved_vnd:
        # What counts keeps the amount by which it counted; what goes back keeps what it goes back from.
        return _doubted(known)
    amount_vnd = known.amount_vnd if case.amount_vnd is None else told.amount_vnd
    return replace(known, standing=Standing.OPEN, amount_vnd=amount_vnd, currency=told.currency)


def _doubted(debit: Debit) -> Debit:
    word = {Standing.COUNTS: Standing.DOUBTED, Standing.SURPLUS: Standing.OPEN}.get(debit.standing)
    return debit if word is None else replace(debit, standing=word)


def _ended(case: Case, path: tuple[AttemptState, ...], event: PaymentEvent) -> Decision:
    attempt = with_next_poll(moved(case.attempt, path, case.now), case.now, case.policy)
    effects = [published(event, attempt)]
    return _decided(case, freed(case.request, case.siblings), attempt, path, effects)


def _disputed(case: Case, attempt: AttemptView, path: tuple[AttemptState, ...], word: Alert) -> Decision:
    number = case.fact.transaction
    effects = [alert(word, attempt, number)]
    if path:
        # A dispute that comes up anew is told anew; within one dispute the same alert is one.
        effects = [*effects, published(PaymentEvent.DISPUTED, attempt, number)]
        effects = [replace(effect, moment=case.now.isoformat()) for effect in effects]
    return _with_review(case, _decided(case, freed(case.request, case.siblings), attempt, path, effects))


def _with_review(case: Case, decision: Decision) -> Decision:
    request = reviewed(decision.request, (decision.attempt, *case.siblings))
    if request.is_disputed == case.request.is_disputed:
        return replace(decision, request=request)
    kind = EffectKind.HOLD_DOSSIER if request.is_disputed else EffectKind.RELEASE_DOSSIER
    effect = Effect(kind=kind, attempt_id=decision.attempt.attempt_id, moment=case.now.isoformat())
    return replace(decision, request=request, effects=(*decision.effects, effect))


def _decided(
    case: Case,
    request: RequestView,
    attempt: AttemptView,
    path: tuple[AttemptState, ...],
    effects: Sequence[Effect],
    *,
    ruling: Ruling = Ruling.APPLIED,
) -> Decision:
    if attempt.state is not case.attempt.state:
        # Only what could still be answered, or paid late, is asked about.
        attempt = replace(with_next_poll(attempt, case.now, case.policy), hint=None)
    return Decision(
        request=request,
        attempt=attempt,
        ruling=ruling,
        reason=said(case)[1],
        path=path,
        effects=tuple(effects),
    )
