"""What a fact says of an attempt, in one word; and the key under which a fact is told once.

The words are the columns of the table in `payments`. Everything that needs comparing is compared here: partner,
currency, order, amount, transaction (payment notes §9.3 no. 2), whether the fact decides at all, and whether it was
told before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from gateway.model.payment import CURRENCY, Answer, AttemptState, PaymentFact, RequestState, Source
from gateway.sync.payment_records import AttemptView, Debit, Hint, PaymentPolicy, RequestView
from gateway.sync.payment_words import Reason, Ruling, Standing


class Said(StrEnum):
    """What a fact comes to."""

    TOLD_BEFORE = "told before"
    HINT = "hint"
    """It does not decide, or does not tell the amount."""
    DEBIT = "debit"
    """Money was taken that was not known, and everything agrees."""
    SAME_DEBIT = "same debit"
    SAME_WRONG = "same wrong"
    """A debit that differs, and is known as such."""
    REVIVED = "revived"
    """A debit that a person disproved is asserted again, and not by the message from back then."""
    WRONG = "wrong"
    """Verified, and something differs from what was asked for."""
    FAILED = "failed"
    FOREIGN = "foreign"
    """A failure of somebody else's order."""
    PENDING = "pending"
    MISSING = "missing"
    """No money, asked after the payer's page had closed."""
    STALE = "stale"


class Stage(StrEnum):
    """Where an attempt stands, as far as facts are concerned."""

    LIVE = "live"
    ENDED = "ended"
    HELD = "held"
    """It holds money that was not touched."""
    REFUNDING = "refunding"
    REVIEWED = "reviewed"
    """A person is to decide."""


class Claim(StrEnum):
    """What the request would make of a new debit."""

    FREE = "free"
    CHANGED = "changed"
    """Nothing paid it, but it is not what the attempt was opened for any more."""
    TAKEN = "taken"
    VOUCHERED = "vouchered"
    """Paid by a voucher of the very same transaction."""


STAGES = {
    AttemptState.CREATED: Stage.LIVE,
    AttemptState.INIT_SENT: Stage.LIVE,
    AttemptState.PENDING: Stage.LIVE,
    AttemptState.UNKNOWN: Stage.LIVE,
    AttemptState.FAILED: Stage.ENDED,
    AttemptState.EXPIRED: Stage.ENDED,
    AttemptState.PAID: Stage.HELD,
    AttemptState.DUPLICATE_PAID: Stage.HELD,
    AttemptState.REFUND_PENDING: Stage.REFUNDING,
    AttemptState.PARTIALLY_REFUNDED: Stage.REFUNDING,
    AttemptState.REFUNDED: Stage.REFUNDING,
    AttemptState.LATE_PAID: Stage.REVIEWED,
    AttemptState.MISMATCH: Stage.REVIEWED,
    AttemptState.DISPUTED: Stage.REVIEWED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A fact beside everything that it is judged by."""

    request: RequestView
    attempt: AttemptView
    siblings: Sequence[AttemptView]
    fact: PaymentFact
    source: Source
    now: datetime
    policy: PaymentPolicy
    earlier: Ruling | None = None
    asked_at: datetime | None = None

    @property
    def amount_vnd(self) -> int | None:
        """What the fact tells, or what an earlier hint of the same transaction told."""
        hint = self.attempt.hint
        if self.fact.amount_vnd is None and hint is not None and hint.transaction == self.fact.transaction:
            return hint.amount_vnd
        return self.fact.amount_vnd

    @property
    def known(self) -> Debit | None:
        """The debit of this attempt that the fact is about, if it is known. A number that is missing on one side
        says nothing, so it is the same debit."""
        number, debits = self.fact.transaction, self.attempt.debits
        if not number:
            return self.attempt.counting() or next(iter(debits), None)
        exact = next((debit for debit in debits if debit.transaction == number), None)
        return exact or next((debit for debit in debits if not debit.transaction), None)

    @property
    def voucher(self) -> AttemptView | None:
        """The voucher's attempt that pays the request by the very transaction of this fact."""
        for sibling in self.siblings:
            held = sibling.counting()
            if not sibling.is_voucher or sibling.state is not AttemptState.PAID or held is None:
                continue
            if sibling.provider == self.attempt.provider and held.transaction == self.fact.transaction:
                is_whole = held.amount_vnd == self.fact.amount_vnd and not held.refunded_vnd and not held.reserved_vnd
                return sibling if is_whole else None
        return None


def said(case: Case) -> tuple[Said, Reason]:
    """Give the word for the fact, and the reason in short."""
    if case.earlier in (Ruling.APPLIED, Ruling.REFUSED) and case.source is Source.NOTIFICATION:
        # Whoever can store a message can send it for ever; our own questions are always asked anew.
        return Said.TOLD_BEFORE, Reason.TOLD_BEFORE
    match case.fact.answer:
        case Answer.PAID:
            return _said_of_payment(case)
        case Answer.FAILED:
            return _said_of_failure(case)
        case Answer.NOT_FOUND if case.source is not Source.NOTIFICATION:
            return _said_of_absence(case)
        case _:
            return Said.PENDING, Reason.STILL_PENDING


def claim(case: Case) -> Claim:
    """Tell what the request would make of a new debit."""
    request, attempt = case.request, case.attempt
    if case.voucher is not None:
        return Claim.VOUCHERED
    if request.is_paid:
        return Claim.TAKEN
    is_same = request.version == attempt.request_version and request.amount_vnd == attempt.amount_vnd
    return Claim.FREE if is_same and request.state is not RequestState.CANCELLED else Claim.CHANGED


def difference(case: Case) -> Reason | None:
    """Name the first thing in which a success differs from what was asked for; None: everything agrees."""
    fact, attempt = case.fact, case.attempt
    return _foreign(case) or next(
        (
            reason
            for reason, differs in (
                (Reason.WRONG_CURRENCY, fact.currency != attempt.currency or fact.currency != CURRENCY),
                (Reason.WRONG_AMOUNT, case.amount_vnd is not None and case.amount_vnd != attempt.amount_vnd),
                (Reason.WRONG_TRANSACTION, _is_anothers(case)),
            )
            if differs
        ),
        None,
    )


def fact_key(provider: str, fact: PaymentFact) -> str:
    """Name a fact for idempotency (§9.3 no. 3): equal for what says the same, however often and by whatever way.

    SHA-256 (hex) over provider, partner, reference, transaction and result, and, beyond the notes, over what else is
    checked: otherwise a message with another amount would pass for a repeat of the one with the right amount.
    """
    values = (
        provider,
        fact.partner_code,
        fact.reference,
        fact.transaction,
        fact.answer.value,
        fact.result_code,
        "" if fact.amount_vnd is None else str(fact.amount_vnd),
        fact.currency,
        fact.dossier_code,
    )
    # Lengths in front: no two lists of values give the same text.
    return sha256("".join(f"{len(value)}:{value}" for value in values).encode("utf-8", "surrogatepass")).hexdigest()


def hint_of(case: Case) -> Hint:
    fact = case.fact
    return Hint(source=case.source, answer=fact.answer, transaction=fact.transaction, amount_vnd=fact.amount_vnd)


def _said_of_payment(case: Case) -> tuple[Said, Reason]:
    known, wrong = case.known, difference(case)
    is_deciding = _decides(case)
    if known is not None:
        is_recorded = case.amount_vnd in (None, known.amount_vnd) and case.fact.currency == known.currency
        if wrong is None and is_recorded:
            is_insisting = known.standing is Standing.DISPROVED and case.source is not Source.NOTIFICATION
            if is_insisting and is_deciding:
                return Said.REVIVED, Reason.CONTRADICTS_DECISION
            return Said.SAME_DEBIT, Reason.NOTHING_NEW
        if is_recorded and (known.is_accepted or known.standing is not Standing.COUNTS):
            return Said.SAME_WRONG, wrong or Reason.WRONG_AMOUNT
        wrong = wrong or Reason.WRONG_AMOUNT
    if not is_deciding:
        return Said.HINT, Reason.NOT_DECISIVE
    if wrong is not None:
        return Said.WRONG, wrong
    if case.amount_vnd is None and not case.policy.accepts_without_amount:
        return Said.HINT, Reason.AMOUNT_NOT_TOLD
    return Said.DEBIT, Reason.CONSISTENT


def _said_of_failure(case: Case) -> tuple[Said, Reason]:
    # Nothing was taken, so there is no amount to compare, and nothing to freeze a dossier for.
    foreign = _foreign(case)
    if foreign is not None:
        return Said.FOREIGN, foreign
    if not _decides(case):
        return Said.HINT, Reason.NOT_DECISIVE
    if _is_stale(case):
        return Said.STALE, Reason.STALE
    is_held = STAGES[case.attempt.state] is Stage.HELD
    return Said.FAILED, Reason.CONTRADICTS_PAYMENT if is_held else Reason.PROVIDER_SAYS_FAILED


def _said_of_absence(case: Case) -> tuple[Said, Reason]:
    if _is_stale(case):
        return Said.STALE, Reason.STALE
    if STAGES[case.attempt.state] is Stage.LIVE:
        # An end on which late money is accepted may rest on a hint.
        is_late_enough = (case.asked_at or case.now) >= case.attempt.expires_at
        return (Said.MISSING, Reason.WINDOW_CLOSED) if is_late_enough else (Said.PENDING, Reason.STILL_PENDING)
    return (Said.MISSING, Reason.NO_MONEY_SEEN) if case.fact.is_decisive else (Said.HINT, Reason.NOT_DECISIVE)


def _foreign(case: Case) -> Reason | None:
    if case.fact.partner_code != case.attempt.partner_code:
        return Reason.WRONG_PARTNER
    return Reason.WRONG_DOSSIER if case.fact.dossier_code not in ("", case.request.dossier_code) else None


def _is_anothers(case: Case) -> bool:
    number, voucher = case.fact.transaction, case.voucher
    return bool(number) and any(
        debit.transaction == number and debit.standing is not Standing.REPLACED
        for sibling in case.siblings
        if sibling is not voucher and sibling.provider == case.attempt.provider
        for debit in sibling.debits
    )


def _decides(case: Case) -> bool:
    """Tell whether the fact counts: by itself, or because another source had hinted at the same."""
    hint, fact = case.attempt.hint, case.fact
    if fact.is_decisive:
        return True
    return (
        hint is not None
        and hint.source is not case.source
        and hint.answer is fact.answer
        and hint.transaction == fact.transaction
        and (hint.amount_vnd == fact.amount_vnd or None in (hint.amount_vnd, fact.amount_vnd))
    )


def _is_stale(case: Case) -> bool:
    decided_at, asked_at = case.attempt.decided_at, case.asked_at
    is_ended = STAGES[case.attempt.state] is not Stage.LIVE
    return is_ended and decided_at is not None and asked_at is not None and asked_at < decided_at
