"""The gateway's side of a day's comparison, and the facts that correct it. Pure.

An attempt counts on the day in Viet Nam on which its provider took the money. Attempts at other providers take part as
far as they say that a request is paid already, on a day that no file is of.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from gateway.model.payment import CURRENCY, Answer, PaymentFact
from gateway.model.settlement import (
    Action,
    FileDay,
    FileRow,
    Finding,
    FindingClass,
    GatewayEntry,
    MoneyKind,
    OpenRequest,
    RowState,
    Standing,
    standing_of,
)
from gateway.model.vocabulary import VIETNAM
from gateway.sync.payment_records import UNPAID_STATES, AttemptView, RefundView
from gateway.sync.payment_storing import StoredPayment
from gateway.sync.payment_words import RefundState

ELSEWHERE = date(1970, 1, 1)
"""The day of money that another provider took."""


class Correction(StrEnum):
    """How a finding is corrected."""

    TAKE = "take"
    """The row is a fact about the attempt."""
    ABSENT = "absent"
    """That there is no row is a fact about the attempt."""
    STRAY = "stray"
    """The row is money that no attempt has a reference for."""


_CORRECTIONS: Mapping[Action, Correction] = {
    Action.APPLY_SUCCESS: Correction.TAKE,
    Action.DISPUTE: Correction.TAKE,
    Action.REFUND_DUPLICATE: Correction.TAKE,
    Action.MATCH_BY_DOSSIER: Correction.STRAY,
    Action.SUSPENSE: Correction.STRAY,
}


_PERSONS_ONLY = frozenset({FindingClass.ACCOUNT, FindingClass.DAY})
"""A fact says neither to whose account money went nor in which day's file it stood, so none can contradict there."""

_REFUNDS: Mapping[RefundState, Standing] = {
    RefundState.APPROVED: Standing.OPEN,
    RefundState.SENT: Standing.OPEN,
    RefundState.UNKNOWN: Standing.OPEN,
    RefundState.DONE: Standing.COUNTED,
    RefundState.DISPUTED: Standing.DISPUTED,
}
"""How a refund counts; one that was not approved, or failed, moved nothing."""


def paid_on(attempt: AttemptView) -> date | None:
    """Give the day in Viet Nam on which money of an attempt moved; None where none did."""
    debit = attempt.counting() or next(iter(attempt.debits), None)
    at = None if debit is None else debit.paid_at or attempt.decided_at
    return None if at is None else at.astimezone(VIETNAM).date()


def entries_of(payments: Iterable[StoredPayment], provider: str) -> list[GatewayEntry]:
    """Give all attempts of these requests as the comparison with a provider's file knows them."""
    return [_entry(payment, one.view, provider) for payment in payments for one in payment.attempts]


def _entry(payment: StoredPayment, attempt: AttemptView, provider: str) -> GatewayEntry:
    debit = attempt.counting() or next(iter(attempt.debits), None)
    standing, is_own = standing_of(attempt.state), attempt.provider == provider
    counted_on = None
    if standing is Standing.COUNTED:
        counted_on = (paid_on(attempt) or ELSEWHERE) if is_own else ELSEWHERE
    # A name that no row bears, for what is found by its transaction only and for what is not this provider's.
    reference = attempt.reference if is_own and attempt.reference else f"#{attempt.attempt_id}"
    return GatewayEntry(
        kind=MoneyKind.PAY,
        standing=standing,
        entry_id=str(attempt.attempt_id),
        reference=reference,
        request_id=str(payment.view.request_id),
        # A provider whose word is bound to the order need not repeat its amount.
        amount_vnd=attempt.amount_vnd if debit is None else debit.amount_vnd or attempt.amount_vnd,
        counted_on=counted_on,
        transaction="" if debit is None or not is_own else debit.transaction,
        account_number=attempt.beneficiary.account_number,
        agency_code=payment.agency_code,
        dossier_code=payment.view.dossier_code,
    )


def refund_entries(
    payments: Iterable[StoredPayment], refunds: Mapping[UUID, Sequence[RefundView]], provider: str
) -> list[GatewayEntry]:
    """Give the refunds that a provider was told to make. What a person transferred stands in no file of it."""
    entries = []
    for payment in payments:
        for refund in refunds.get(payment.view.request_id, ()):
            attempt = payment.attempt(refund.attempt_id)
            standing = _REFUNDS.get(refund.state)
            if attempt is None or attempt.view.provider != provider or refund.is_by_hand or standing is None:
                continue
            is_counted = standing is Standing.COUNTED and refund.done_at is not None
            entry = GatewayEntry(
                kind=MoneyKind.REFUND,
                standing=standing,
                entry_id=str(refund.refund_id),
                reference=attempt.view.reference or f"#{refund.attempt_id}",
                request_id=str(payment.view.request_id),
                amount_vnd=refund.reported_vnd or refund.amount_vnd,
                counted_on=refund.done_at.astimezone(VIETNAM).date() if is_counted and refund.done_at else None,
                transaction=refund.refund_transaction,
                account_number=attempt.view.beneficiary.account_number,
                agency_code=payment.agency_code,
                dossier_code=payment.view.dossier_code,
            )
            entries.append(entry)
    return entries


def open_requests_of(payments: Iterable[StoredPayment]) -> list[OpenRequest]:
    """Give what of these is still owed."""
    return [
        OpenRequest(
            request_id=str(one.view.request_id),
            dossier_code=one.view.dossier_code,
            amount_vnd=one.view.amount_vnd,
            agency_code=one.agency_code,
        )
        for one in payments
        if one.view.state in UNPAID_STATES
    ]


def references_of(files: Iterable[FileDay | None]) -> list[str]:
    """Give every reference that rows name."""
    rows = (row for file in files if file is not None for row in file.rows)
    return sorted({row.reference for row in rows if row.reference})


def dossiers_of(file: FileDay) -> list[str]:
    """Give every dossier that rows name."""
    return sorted({row.dossier_code for row in file.rows if row.dossier_code})


def correction_of(finding: Finding) -> Correction | None:
    """Say how a finding is corrected; None for what a person must do, and for refunds, which persons book."""
    correction = _CORRECTIONS.get(finding.action)
    if correction is None or finding.kind is MoneyKind.REFUND or finding.finding_class in _PERSONS_ONLY:
        return None
    if correction is Correction.STRAY:
        return correction if finding.line is not None else None
    if not finding.entry_id:
        return None
    return correction if finding.line is not None else Correction.ABSENT


def row_of(file: FileDay, finding: Finding) -> FileRow | None:
    """Give the row that a finding is about."""
    return next((row for row in file.rows if row.line == finding.line), None)


def fact_of(row: FileRow, partner_code: str) -> PaymentFact:
    """Give what a row says, as a fact of the provider."""
    answers: Mapping[RowState, Answer] = {
        RowState.DONE: Answer.PAID,
        RowState.FAILED: Answer.FAILED,
        RowState.PENDING: Answer.PENDING,
    }
    return PaymentFact(
        answer=answers[row.state],
        reference=row.reference,
        partner_code=partner_code,
        amount_vnd=row.amount_vnd,
        currency=CURRENCY,
        transaction=row.transaction,
        bank_code=row.bank_code,
        dossier_code=row.dossier_code,
        paid_at=row.at,
        paid_at_text=row.at_text,
    )


def absent_fact(finding: Finding, partner_code: str) -> PaymentFact:
    """Give what it says that a paid attempt stands in no file: the provider knows no money of it."""
    return PaymentFact(
        answer=Answer.NOT_FOUND,
        reference="" if finding.reference.startswith("#") else finding.reference,
        partner_code=partner_code,
        amount_vnd=None,
        currency=CURRENCY,
        transaction="",
    )


def missing_days(
    taken: Sequence[date], first_on: date, now: datetime, *, available_hour: int, days_count: int
) -> list[date]:
    """Give the days whose files should be there and were not taken, the oldest first, at most so many days back."""
    local = now.astimezone(VIETNAM)
    last = local.date().toordinal() - (1 if local.hour >= available_hour else 2)
    first = max(first_on.toordinal(), last - days_count + 1)
    known = {one.toordinal() for one in taken}
    return [date.fromordinal(one) for one in range(first, last + 1) if one not in known]
