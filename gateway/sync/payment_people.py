"""What persons decide about money: vouchers (payment notes §9.2 no. 18) and disputes. Each with a name and a reason."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from re import fullmatch
from uuid import UUID

from gateway.model.payment import CURRENCY, AttemptState, Beneficiary, RequestState
from gateway.sync.payment_moves import (
    at_rest,
    effects_of_payment,
    find_debit,
    freed,
    paid_by,
    published,
    reviewed,
    with_debit,
)
from gateway.sync.payment_polls import with_next_poll
from gateway.sync.payment_records import (
    DEFAULT_POLICY,
    REVIEWED_STATES,
    UNDECIDED,
    AttemptView,
    Debit,
    Decision,
    Effect,
    PaymentPolicy,
    Refused,
    RequestView,
)
from gateway.sync.payment_words import EffectKind, PaymentEvent, Reason, Refusal, Resolution, Ruling, Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Voucher:
    """A payment voucher that a citizen handed in, as an officer recorded it."""

    transaction: str
    amount_vnd: int
    paid_at: datetime
    evidence_sha256: str
    """Of the file that was kept (hex, 64 small digits)."""
    recorded_by: str = field(repr=False)


def accept_voucher(
    request: RequestView,
    attempts: Sequence[AttemptView],
    voucher: Voucher,
    approver: str,
    now: datetime,
    *,
    attempt_id: UUID,
    provider: str,
    partner_code: str,
    beneficiary: Beneficiary,
) -> Decision | Refused:
    """Count a voucher as the payment, when a second person accepts it (no. 18); it is reconciled the next day.

    Also while an earlier attempt is not settled, if its window is closed: a payment that was not told is why a citizen
    comes with a voucher. The voucher's attempt has no reference of any provider.
    """
    refusal = _why_no_voucher(request, attempts, voucher, approver, now)
    if refusal is not None:
        return Refused(refusal)
    debit = Debit(
        transaction=voucher.transaction,
        amount_vnd=voucher.amount_vnd,
        currency=CURRENCY,
        standing=Standing.COUNTS,
        is_accepted=True,
        paid_at=voucher.paid_at,
    )
    attempt = AttemptView(
        attempt_id=attempt_id,
        reference="",
        provider=provider,
        partner_code=partner_code,
        state=AttemptState.PAID,
        amount_vnd=request.amount_vnd,
        request_version=request.version,
        beneficiary=beneficiary,
        opened_at=now,
        expires_at=now,
        debits=(debit,),
        decided_at=now,
        is_voucher=True,
    )
    reconcile = Effect(
        kind=EffectKind.RECONCILE_NEXT_DAY, attempt_id=attempt_id, transaction=debit.transaction, moment=str(now.date())
    )
    told = [
        effect
        for effect in effects_of_payment(request, attempt, debit, confirms=False)
        if effect.kind is not EffectKind.FETCH_BILL
    ]
    return Decision(
        request=paid_by(request, attempt),
        attempt=attempt,
        ruling=Ruling.APPLIED,
        reason=Reason.BY_PERSON,
        path=(AttemptState.PAID,),
        effects=(*told, reconcile),
    )


def _why_no_voucher(
    request: RequestView, attempts: Sequence[AttemptView], voucher: Voucher, approver: str, now: datetime
) -> Refusal | None:
    persons = (voucher.recorded_by.strip().casefold(), approver.strip().casefold())
    known = {debit.transaction for attempt in attempts for debit in attempt.debits}
    rules = (
        (Refusal.NO_PERSON, not all(persons)),
        (Refusal.SAME_PERSON, persons[0] == persons[1]),
        (Refusal.UNDER_REVIEW, request.is_disputed),
        (Refusal.NOT_DUE, request.state not in (RequestState.DUE, RequestState.PENDING)),
        (Refusal.ATTEMPT_LIVES, any(attempt.is_live and now < attempt.expires_at for attempt in attempts)),
        (Refusal.NO_EVIDENCE, fullmatch("[0-9a-f]{64}", voucher.evidence_sha256) is None),
        (Refusal.NO_EVIDENCE, not voucher.transaction.strip() or voucher.paid_at > now),
        (Refusal.KNOWN_TRANSACTION, voucher.transaction in known),
        (Refusal.AMOUNT_DIFFERS, voucher.amount_vnd != request.amount_vnd),
        (Refusal.NOTHING_OWED, request.amount_vnd <= 0),
    )
    return next((refusal for refusal, applies in rules if applies), None)


def resolve_dispute(
    request: RequestView,
    attempt: AttemptView,
    siblings: Sequence[AttemptView],
    resolution: Resolution,
    now: datetime,
    policy: PaymentPolicy = DEFAULT_POLICY,
    *,
    transaction: str,
    person: str,
    reason: str,
) -> Decision | Refused:
    """Decide about one debit of an attempt; `transaction` "" with no such debit: about an attempt that never settled.

    The attempt leaves the dispute with its last undecided debit, and the request with its last attempt in review. What
    does not agree in amount or currency never counts, whoever decides it (§9.3 no. 2).
    """
    if not person.strip():
        return Refused(Refusal.NO_PERSON)
    if not reason.strip():
        return Refused(Refusal.NO_REASON)
    debit = find_debit(attempt, transaction)
    if debit is None:
        is_empty = attempt.state is AttemptState.DISPUTED and not any(d.standing in UNDECIDED for d in attempt.debits)
        if transaction or not is_empty:
            return Refused(Refusal.NO_SUCH_DEBIT)
        if resolution is not Resolution.NO_MONEY:
            return Refused(Refusal.NO_EVIDENCE)
        return _resolved(request, attempt, siblings, now, policy, [])
    refusal = _why_not_so(request, attempt, debit, resolution)
    if refusal is None and resolution in (Resolution.ACCEPT, Resolution.REFUND) and _stands_twice(debit, siblings):
        refusal = Refusal.KNOWN_TRANSACTION
    if refusal is not None:
        return Refused(refusal)
    return _decide(request, attempt, siblings, debit, resolution, now, policy)


def _why_not_so(request: RequestView, attempt: AttemptView, debit: Debit, resolution: Resolution) -> Refusal | None:
    is_counting = debit.standing is Standing.DOUBTED
    is_touched = bool(debit.refunded_vnd or debit.reserved_vnd)
    # A duplicate becomes the payment after all when the payment turned out to be none.
    is_spare = attempt.state is AttemptState.DUPLICATE_PAID and debit.standing is Standing.SURPLUS
    is_reviewed = attempt.state in REVIEWED_STATES and debit.standing in UNDECIDED
    is_equal = debit.amount_vnd == request.amount_vnd and debit.currency == CURRENCY
    if not is_reviewed and not (is_spare and resolution is Resolution.ACCEPT):
        return Refusal.WRONG_STATE
    match resolution:
        case Resolution.ACCEPT if not is_counting:
            if request.is_paid:
                return Refusal.PAID_BY_ANOTHER
            if is_touched:
                return Refusal.REFUNDED_ALREADY
            return None if is_equal else Refusal.AMOUNT_DIFFERS
        case Resolution.REFUND:
            # What counts is accepted first; giving it back is a refund like any other.
            return Refusal.WRONG_STATE if is_counting or debit.currency != CURRENCY or not debit.amount_vnd else None
        case Resolution.SUSPEND | Resolution.NO_MONEY:
            return Refusal.REFUNDED_ALREADY if is_touched else None
        case _:
            return None


def _stands_twice(debit: Debit, siblings: Sequence[AttemptView]) -> bool:
    """Tell whether another reference holds the same transaction: it is one debit, and goes one way."""
    held = (Standing.COUNTS, Standing.DOUBTED, Standing.SURPLUS)
    return any(
        own.transaction == debit.transaction and own.standing in held for sibling in siblings for own in sibling.debits
    )


def _decide(
    request: RequestView,
    attempt: AttemptView,
    siblings: Sequence[AttemptView],
    debit: Debit,
    resolution: Resolution,
    now: datetime,
    policy: PaymentPolicy,
) -> Decision:
    named = Effect(
        kind=EffectKind.OPEN_REFUND_CASE,
        attempt_id=attempt.attempt_id,
        transaction=debit.transaction,
        amount_vnd=debit.amount_vnd,
    )
    effects: list[Effect] = []
    standing = _STANDINGS[resolution]
    if resolution is Resolution.ACCEPT and debit.standing is not Standing.DOUBTED:
        request = paid_by(request, attempt)
        effects += effects_of_payment(request, attempt, debit, confirms=policy.confirms)
    elif resolution is Resolution.REFUND:
        effects.append(named)
    elif resolution is Resolution.SUSPEND:
        effects.append(replace(named, kind=EffectKind.RECORD_SUSPENSE))
    if standing in (Standing.ELSEWHERE, Standing.DISPROVED) and debit.standing is Standing.DOUBTED:
        # No message may do this (no. 16); a person with a name and a reason just did.
        unpaid = replace(named, kind=EffectKind.TELL_DOSSIER_UNPAID)
        receipts = [replace(named, kind=EffectKind.CANCEL_RECEIPT, fee_kind=kind) for kind, _ in request.totals()]
        effects += [unpaid, *receipts]
        is_pending = any(sibling.is_live for sibling in siblings)
        state = RequestState.PENDING if is_pending else RequestState.DUE
        request = replace(request, state=state, paid_attempt_id=None, refunded_vnd=0)
    # Whatever was done for this debit before may have been taken back by a person, so it is done anew.
    effects = [replace(effect, moment=now.isoformat()) for effect in effects]
    judged = replace(debit, standing=standing, is_accepted=resolution is Resolution.ACCEPT)
    return _resolved(request, with_debit(attempt, judged), siblings, now, policy, effects)


_STANDINGS = {
    Resolution.ACCEPT: Standing.COUNTS,
    Resolution.REFUND: Standing.SURPLUS,
    Resolution.SUSPEND: Standing.ELSEWHERE,
    Resolution.NO_MONEY: Standing.DISPROVED,
}


def _resolved(
    request: RequestView,
    attempt: AttemptView,
    siblings: Sequence[AttemptView],
    now: datetime,
    policy: PaymentPolicy,
    effects: list[Effect],
) -> Decision:
    is_late = attempt.state is AttemptState.LATE_PAID and any(d.standing in UNDECIDED for d in attempt.debits)
    rested = attempt if is_late else with_next_poll(at_rest(attempt, now), now, policy)
    path = () if rested.state is attempt.state else (rested.state,)
    was_disputed = request.is_disputed
    request = reviewed(freed(request, siblings), (rested, *siblings))
    if path:
        effects = [*effects, replace(published(PaymentEvent.RESOLVED, rested), moment=now.isoformat())]
    if was_disputed and not request.is_disputed:
        release = Effect(kind=EffectKind.RELEASE_DOSSIER, attempt_id=rested.attempt_id, moment=now.isoformat())
        effects = [*effects, release]
    return Decision(
        request=request,
        attempt=rested,
        ruling=Ruling.APPLIED,
        reason=Reason.BY_PERSON,
        path=path,
        effects=tuple(effects),
    )
