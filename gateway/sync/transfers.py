"""Which attempt a credit in an account statement pays (payment notes §E, §10.3). Pure.

A transfer is found by the reference in its text alone: fees are the same for everybody, so an equal amount proves
nothing. Then account, amount and time must agree. Whatever does not is left for a person, with the reason, and counts
as nothing: a statement says what was moved, and never what the payer meant.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from uuid import UUID

from gateway.model.payment import Answer, PaymentFact
from gateway.model.settlement import StatementLine
from gateway.model.vocabulary import VIETNAM
from gateway.sync.payment_records import AttemptView

DEFAULT_WINDOW = timedelta(days=31)
"""How long after a code was opened its transfer is taken without a person's look. How long banks hold one back is not
documented; recommended default."""


class Unmatched(StrEnum):
    """Why a credit pays nothing by itself; a closed list, fit for labels."""

    NO_REFERENCE = "no_reference"
    """Its text holds nothing that was ever ours: the account takes other money too, or the text was cut."""
    UNKNOWN_REFERENCE = "unknown_reference"
    """Well formed, and never given."""
    SEVERAL_REFERENCES = "several_references"
    ANOTHER_ACCOUNT = "another_account"
    ANOTHER_AMOUNT = "another_amount"
    TOO_EARLY = "too_early"
    """Moved before the code was opened."""
    TOO_LATE = "too_late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An attempt whose reference stands in the text, with its request."""

    request_id: UUID
    attempt: AttemptView


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """What a line says of an attempt. `is_known`: the very movement is written down there already."""

    candidate: Candidate
    fact: PaymentFact
    is_known: bool


def match_line(
    line: StatementLine,
    references: Sequence[str],
    known: Mapping[str, Candidate],
    window: timedelta = DEFAULT_WINDOW,
) -> Matched | Unmatched:
    """Tell what a credit pays. `references` are those that stand in its text, `known` those that were given by us.

    A movement is named by the bank's reference, so the same line in two files says the same. Raises ValueError for a
    line that is no credit.
    """
    if line.amount_vnd <= 0:
        raise ValueError("only credits pay")
    candidates = [known[reference] for reference in dict.fromkeys(references) if reference in known]
    if not candidates:
        return Unmatched.UNKNOWN_REFERENCE if references else Unmatched.NO_REFERENCE
    if len(candidates) > 1:
        return Unmatched.SEVERAL_REFERENCES
    (candidate,) = candidates
    attempt = candidate.attempt
    is_known = line.account_number == attempt.beneficiary.account_number and any(
        (debit.transaction, debit.amount_vnd) == (line.bank_reference, line.amount_vnd) for debit in attempt.debits
    )
    reason = None if is_known else _difference(line, attempt, window)
    return reason or Matched(candidate=candidate, fact=_fact(line, attempt), is_known=is_known)


def _difference(line: StatementLine, attempt: AttemptView, window: timedelta) -> Unmatched | None:
    if line.account_number != attempt.beneficiary.account_number:
        return Unmatched.ANOTHER_ACCOUNT
    if line.amount_vnd != attempt.amount_vnd:
        return Unmatched.ANOTHER_AMOUNT
    # By days: many statements tell no time, and a bank's clock is not ours.
    if line.day < attempt.opened_at.astimezone(VIETNAM).date():
        return Unmatched.TOO_EARLY
    if line.day > (attempt.opened_at + window).astimezone(VIETNAM).date():
        return Unmatched.TOO_LATE
    return None


def _fact(line: StatementLine, attempt: AttemptView) -> PaymentFact:
    return PaymentFact(
        answer=Answer.PAID,
        reference=attempt.reference,
        partner_code=attempt.partner_code,
        amount_vnd=line.amount_vnd,
        currency=attempt.currency,
        transaction=line.bank_reference,
        paid_at=line.at or datetime.combine(line.day, time(), VIETNAM),
        paid_at_text=line.day.isoformat(),
    )
