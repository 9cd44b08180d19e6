"""Money under a reference that is not ours: payments that began at the national portal (payment notes §A.8, U30).

The portal's reference may be empty or its own. The dossier then leads to what is owed: if it has one single open
request, of the very amount, the money is for that. Everything else goes to the suspense account and to a person; it is
never guessed, and never dropped.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from gateway.model.payment import CURRENCY, Answer, AttemptState, Beneficiary, PaymentFact, RequestState, Source
from gateway.sync.payment_facts import fact_key
from gateway.sync.payment_records import (
    DEFAULT_POLICY,
    UNPAID_STATES,
    AttemptView,
    Decision,
    Effect,
    PaymentPolicy,
    RequestView,
)
from gateway.sync.payment_words import Alert, EffectKind, Reason, Ruling
from gateway.sync.payments import judge_fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """A request of the dossier that a fact names, with all its attempts."""

    request: RequestView
    attempts: tuple[AttemptView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """A fact that belongs to no request; the effects belong to none either."""

    ruling: Ruling
    reason: Reason
    effects: tuple[Effect, ...] = ()


def judge_stray(
    owed: Sequence[Owed],
    fact: PaymentFact,
    source: Source,
    now: datetime,
    policy: PaymentPolicy = DEFAULT_POLICY,
    *,
    attempt_id: UUID,
    provider: str,
    partner_code: str,
    beneficiary: Beneficiary,
) -> Decision | Stray:
    """Judge a verified fact whose reference no attempt has. `owed` is everything of the dossier that the fact names;
    empty when it names none, or an unknown one. A Decision's attempt is new when its id is `attempt_id`."""
    if fact.answer is not Answer.PAID:
        return Stray(ruling=Ruling.REFUSED, reason=Reason.UNKNOWN_REFERENCE)
    if not fact.is_decisive:
        ask = Effect(kind=EffectKind.ASK_PROVIDER, transaction=fact.transaction, moment=now.isoformat())
        return Stray(ruling=Ruling.ASK_FIRST, reason=Reason.NOT_DECISIVE, effects=(ask,))
    if fact.partner_code != partner_code:
        return _suspense(provider, fact, Reason.WRONG_PARTNER)
    told = _told_already(owed, fact, provider)
    if told is not None:
        of, attempt = told
        siblings = [other for other in of.attempts if other is not attempt]
        own = replace(fact, reference=attempt.reference)
        return judge_fact(of.request, attempt, siblings, own, source, now, policy)
    match = _match(owed, fact, policy)
    if match is None:
        return _suspense(provider, fact, Reason.UNKNOWN_REFERENCE)
    attempt = AttemptView(
        attempt_id=attempt_id,
        reference=fact.reference,
        provider=provider,
        partner_code=partner_code,
        state=AttemptState.UNKNOWN,
        amount_vnd=match.request.amount_vnd,
        request_version=match.request.version,
        beneficiary=beneficiary,
        opened_at=now,
        expires_at=now + policy.page_lifetime,
    )
    decision = judge_fact(match.request, attempt, match.attempts, fact, source, now, policy)
    return replace(decision, reason=Reason.MATCHED_BY_DOSSIER)


def _told_already(owed: Sequence[Owed], fact: PaymentFact, provider: str) -> tuple[Owed, AttemptView] | None:
    if not fact.transaction:
        return None
    return next(
        (
            (of, attempt)
            for of in owed
            for attempt in of.attempts
            if attempt.provider == provider and any(debit.transaction == fact.transaction for debit in attempt.debits)
        ),
        None,
    )


def _match(owed: Sequence[Owed], fact: PaymentFact, policy: PaymentPolicy) -> Owed | None:
    wanted = UNPAID_STATES if policy.accepts_late else UNPAID_STATES - {RequestState.EXPIRED}
    unpaid = [of for of in owed if of.request.state in wanted]
    if not fact.transaction or len(unpaid) != 1:
        return None
    request = unpaid[0].request
    is_equal = (request.dossier_code, request.amount_vnd, CURRENCY) == (
        fact.dossier_code,
        fact.amount_vnd,
        fact.currency,
    )
    return unpaid[0] if is_equal and not request.is_disputed else None


def _suspense(provider: str, fact: PaymentFact, reason: Reason) -> Stray:
    # Named by its key: the same money told twice is recorded once, even where it has no number.
    record = Effect(
        kind=EffectKind.RECORD_SUSPENSE,
        transaction=fact.transaction,
        amount_vnd=fact.amount_vnd or 0,
        moment=fact_key(provider, fact),
    )
    told = replace(record, kind=EffectKind.ALERT, alert=Alert.SUSPENSE)
    return Stray(ruling=Ruling.REFUSED, reason=reason, effects=(record, told))
