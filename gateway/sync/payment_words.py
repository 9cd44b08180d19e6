"""The closed lists of words of the payment core: fit for labels, for the history and for the caller's eyes."""

from enum import StrEnum


class Ruling(StrEnum):
    """What a fact was worth. The acknowledgement of a notification follows from it."""

    APPLIED = "applied"
    """Taken into account now, or before."""
    REFUSED = "refused"
    """Verified, but not for this request: nothing counts as paid because of it."""
    ASK_FIRST = "ask_first"
    """A hint. The provider is asked by its second way before anything moves; what it says then is judged anew."""


class Standing(StrEnum):
    """What one verified debit is to the request."""

    COUNTS = "counts"
    """It pays the request; at most one of all debits of a request."""
    DOUBTED = "doubted"
    """It pays the request, and something contradicts it: it goes on counting until a person decides."""
    SURPLUS = "surplus"
    """Taken once too often, or not wanted: to be given back."""
    OPEN = "open"
    """A person must say what it is."""
    ELSEWHERE = "elsewhere"
    """A person moved it to the suspense account: it belongs to something else."""
    DISPROVED = "disproved"
    """A person found that no money moved."""
    REPLACED = "replaced"
    """Known from a voucher; the provider has told of the same debit itself since."""


class Reason(StrEnum):
    """Why a decision came out as it did."""

    CONSISTENT = "consistent"
    LATE = "late"
    LATE_AND_CHANGED = "late_and_changed"
    """The request was cancelled, or its amount fixed anew, since the attempt was opened."""
    ANOTHER_PAID = "another_paid"
    SECOND_DEBIT = "second_debit"
    VOUCHER_CONFIRMED = "voucher_confirmed"
    WRONG_PARTNER = "wrong_partner"
    WRONG_CURRENCY = "wrong_currency"
    WRONG_DOSSIER = "wrong_dossier"
    WRONG_AMOUNT = "wrong_amount"
    WRONG_TRANSACTION = "wrong_transaction"
    """The transaction's number stands under another reference already."""
    NOT_DECISIVE = "not_decisive"
    AMOUNT_NOT_TOLD = "amount_not_told"
    CONTRADICTS_PAYMENT = "contradicts_payment"
    NO_MONEY_SEEN = "no_money_seen"
    CONTRADICTS_DECISION = "contradicts_decision"
    """A provider insists on a debit that a person disproved."""
    TOLD_BEFORE = "told_before"
    STALE = "stale"
    """The answer to a question that was asked before the attempt was decided."""
    NOTHING_NEW = "nothing_new"
    PROVIDER_SAYS_FAILED = "provider_says_failed"
    STILL_PENDING = "still_pending"
    WINDOW_CLOSED = "window_closed"
    NEVER_SETTLED = "never_settled"
    NEVER_SENT = "never_sent"
    UNKNOWN_REFERENCE = "unknown_reference"
    MATCHED_BY_DOSSIER = "matched_by_dossier"
    PROVIDER_REFUSED = "provider_refused"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    OUTCOME_UNKNOWN = "outcome_unknown"
    BY_PERSON = "by_person"
    """The person's own reason stands beside it."""
    OPENED = "opened"
    SENT = "sent"


class Refusal(StrEnum):
    """Why something that was asked for is not done."""

    NOT_DUE = "not_due"
    NOTHING_OWED = "nothing_owed"
    OWED_ALREADY = "owed_already"
    """Another payment of the dossier asks for the same fee: paying both would take it twice."""
    NOT_EXPIRED = "not_expired"
    DEADLINE_PASSED = "deadline_passed"
    UNDER_REVIEW = "under_review"
    """Money is there that a person must look at first; paying again would take it twice."""
    ATTEMPT_LIVES = "attempt_lives"
    BEING_OPENED = "being_opened"
    ASK_FIRST = "ask_first"
    """An earlier attempt's window closed, and the provider was not asked since."""
    NO_BENEFICIARY = "no_beneficiary"
    SAME_PERSON = "same_person"
    NO_PERSON = "no_person"
    NO_REASON = "no_reason"
    NO_ACCOUNT = "no_account"
    NO_EVIDENCE = "no_evidence"
    AMOUNT_DIFFERS = "amount_differs"
    AMOUNT_UNCHANGED = "amount_unchanged"
    MORE_THAN_PAID = "more_than_paid"
    NO_SUCH_DEBIT = "no_such_debit"
    KNOWN_TRANSACTION = "known_transaction"
    WRONG_STATE = "wrong_state"
    PAID_BY_ANOTHER = "paid_by_another"
    REFUNDED_ALREADY = "refunded_already"


class Alert(StrEnum):
    """What a person is told at once."""

    MISMATCH = "mismatch"
    SECOND_DEBIT = "second_debit"
    CONTRADICTION = "contradiction"
    LATE_PAYMENT = "late_payment"
    NEVER_SETTLED = "never_settled"
    SUSPENSE = "suspense"
    FOREIGN_FACT = "foreign_fact"
    UNSENT_PAID = "unsent_paid"
    """A reference that was never sent was paid: the store may have been set back."""
    HINT_ONLY = "hint_only"
    FORGED = "forged"
    """A message that did not verify (no. 13); raised where messages are read, since nothing of it comes to the core."""
    PROVIDER_FAILING = "provider_failing"
    REFUND_FAILED = "refund_failed"
    REFUND_DIFFERS = "refund_differs"


class EffectKind(StrEnum):
    """What is to be done because of a decision, later, and once each."""

    ISSUE_RECEIPT = "issue_receipt"
    ADJUST_RECEIPT = "adjust_receipt"
    CANCEL_RECEIPT = "cancel_receipt"
    TELL_DOSSIER_PAID = "tell_dossier_paid"
    TELL_DOSSIER_UNPAID = "tell_dossier_unpaid"
    """A person decided that a payment was none."""
    HOLD_DOSSIER = "hold_dossier"
    RELEASE_DOSSIER = "release_dossier"
    NOTIFY_PAYER = "notify_payer"
    CONFIRM_TO_PROVIDER = "confirm_to_provider"
    FETCH_BILL = "fetch_bill"
    ASK_PROVIDER = "ask_provider"
    OPEN_REFUND_CASE = "open_refund_case"
    SEND_REFUND = "send_refund"
    PAY_BACK_BY_HAND = "pay_back_by_hand"
    ASK_REFUND = "ask_refund"
    RECONCILE_NEXT_DAY = "reconcile_next_day"
    RECORD_SUSPENSE = "record_suspense"
    ALERT = "alert"
    PUBLISH = "publish"


CALLING = frozenset(
    {
        EffectKind.ASK_PROVIDER,
        EffectKind.CONFIRM_TO_PROVIDER,
        EffectKind.FETCH_BILL,
        EffectKind.SEND_REFUND,
        EffectKind.ASK_REFUND,
    }
)
"""Effects for which the attempt's provider is called."""

RECEIPTS = frozenset({EffectKind.ISSUE_RECEIPT, EffectKind.ADJUST_RECEIPT, EffectKind.CANCEL_RECEIPT})
"""Effects for which a supplier of receipts may be called."""
RECEIPTS_SHARE = ":receipts"
"""Stands where the provider of an effect would; no provider can be named so."""


class PaymentEvent(StrEnum):
    """What subscribers are told of."""

    OPENED = "payment.opened"
    PAID = "payment.paid"
    FAILED = "payment.failed"
    EXPIRED = "payment.expired"
    DUPLICATED = "payment.duplicated"
    DISPUTED = "payment.disputed"
    RESOLVED = "payment.resolved"
    REFUNDED = "payment.refunded"
    CANCELLED = "payment.cancelled"
    REQUEST_EXPIRED = "payment.request_expired"


class Resolution(StrEnum):
    """What a person decides about one debit, or about an attempt that never settled."""

    ACCEPT = "accept"
    """It pays the request."""
    REFUND = "refund"
    """It goes back."""
    SUSPEND = "suspend"
    """It belongs to something else."""
    NO_MONEY = "no_money"
    """There is proof that nothing was taken."""


class RefundState(StrEnum):
    """How far a refund is."""

    ASKED = "asked"
    APPROVED = "approved"
    SENT = "sent"
    UNKNOWN = "unknown"
    """It may have been done: asked about, never sent again."""
    DONE = "done"
    FAILED = "failed"
    DECLINED = "declined"
    DISPUTED = "disputed"
    """Done, but not as it was ordered: a person books what really went back."""
