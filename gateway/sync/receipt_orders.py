"""What becomes of receipts that suppliers are asked to write, adjust and cancel (payment notes §D.3). Pure.

::

    owed --committed--> sent --told so--> done
      ^ \\                 | \\--refused--> refused (a person) --again--> sent, or owed where nobody can be asked
      |  \\                |                                \\--done elsewhere--> dropped
      |  \\--not wanted--> dropped
      |                    |--certainly nothing happened, or asked and nothing there--> owed
      |                    \\--asked: there as ordered--> done; there otherwise --> refused

An order is committed as sent before its call is made. Whoever finds it so without an answer asks the supplier by the
key, and sends again only what the supplier does not know. A key that the supplier calls used is such a finding (F30):
the receipt is there, is asked for, and counts when key, series and amount are those of the order.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.errors import GatewayError
from gateway.model.dossier import FeeKind
from gateway.model.receipt import Receipt, ReceiptDraft, ReceiptItem, ReceiptNumber, ReceiptSeries, Supplied
from gateway.model.vocabulary import VIETNAM
from gateway.ports.receipts import SuppliedReceipt
from gateway.sync.payment_records import RequestView
from gateway.sync.receipts import verification_code

ANSWER_TIME = timedelta(minutes=3)
"""Longer than any call: until then somebody may be waiting for an answer, and a supplier may still be writing."""
_CANCEL_MOMENT = "receipt:"
_ADJUSTING = "/dc-"
"""Điều chỉnh: between the key of a receipt and the refund for which a part of it is taken back."""


class OrderKind(StrEnum):
    """What is asked for."""

    ISSUE = "issue"
    ADJUST = "adjust"
    CANCEL = "cancel"


class OrderState(StrEnum):
    """How far it is."""

    OWED = "owed"
    SENT = "sent"
    DONE = "done"
    REFUSED = "refused"
    """A person must look."""
    DROPPED = "dropped"
    """The payment was undone before anything was sent, or a person did elsewhere what was refused."""


OPEN = frozenset({OrderState.OWED, OrderState.SENT})
UNFINISHED = OPEN | {OrderState.REFUSED}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptOrder:
    """One thing that a supplier is asked for; what it is to write is sealed apart. No personal data."""

    key: str
    """Of the receipt that is written, or cancelled."""
    kind: OrderKind
    request_id: str
    fee_kind: FeeKind
    supplier: str
    supplier_key: str
    amount_vnd: int
    made_at: datetime
    changed_at: datetime
    state: OrderState = OrderState.OWED
    reason: str = ""
    """A word: why it was put back or refused, or what the call ended with that is asked about."""
    sent_at: datetime | None = None
    tries_count: int = 0
    officer: str = ""
    document_number: str = ""
    replaces: bool = False


class Step(StrEnum):
    """What is to be done with an order."""

    SEND = "send"
    ASK = "ask"
    WAIT = "wait"
    END = "end"


def next_step(order: ReceiptOrder, now: datetime) -> Step:
    """Tell what is to be done. What was sent is asked about once its call is known to be over, or must be."""
    if order.state is OrderState.OWED:
        return Step.SEND
    if order.state is not OrderState.SENT:
        return Step.END
    return Step.ASK if order.reason or not _may_be_written_yet(order, now) else Step.WAIT


class Verdict(StrEnum):
    """What the answer to a question means for an order."""

    THERE = "there"
    """Done as it was ordered."""
    ABSENT = "absent"
    """Not done: it may be sent (again)."""
    TOO_EARLY = "too_early"
    """Nothing there, but the supplier may still be at it."""
    DIFFERS = "differs"
    """A person must look."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict; `reason` is a word for one that differs."""

    verdict: Verdict
    reason: str = ""


def judge_written(order: ReceiptOrder, series: ReceiptSeries, found: SuppliedReceipt | None, now: datetime) -> Judged:
    """Judge what a supplier has under the key of an order.

    The key alone names the receipt: it follows from request, kind and issue, whose amount is fixed once it is paid.
    Where the supplier tells amount and series as well, they must agree.
    """
    if found is None:
        return Judged(Verdict.TOO_EARLY if _may_be_written_yet(order, now) else Verdict.ABSENT)
    told = (
        ("cancelled_there", bool(found.is_cancelled)),
        ("amount_differs", found.amount_vnd not in (None, order.amount_vnd)),
        ("series_differs", found.form_symbol not in ("", series.form_symbol)),
        ("series_differs", found.receipt_symbol not in ("", series.receipt_symbol)),
    )
    reason = next((word for word, is_so in told if is_so), "")
    return Judged(Verdict.DIFFERS, reason) if reason else Judged(Verdict.THERE)


def judge_cancelled(found: SuppliedReceipt | None) -> Judged:
    """Judge what a supplier says of a receipt that it was told to cancel. Telling it again harms nothing, since one
    receipt is named, so a state that is not told counts as not cancelled."""
    if found is None:
        return Judged(Verdict.DIFFERS, "absent_there")
    return Judged(Verdict.THERE if found.is_cancelled else Verdict.ABSENT)


def reopened(order: ReceiptOrder, *, can_ask: bool) -> OrderState:
    """Give the state in which a refused order is taken up again: the supplier is asked first where that is possible."""
    if order.state is not OrderState.REFUSED:
        raise ValueError("only what was refused is taken up again")
    return OrderState.SENT if can_ask and order.sent_at is not None else OrderState.OWED


def supplied(
    order: ReceiptOrder, draft: ReceiptDraft, series: ReceiptSeries, told: SuppliedReceipt, random_bytes: bytes
) -> Receipt:
    """Make the receipt that a supplier wrote. Its instant is the supplier's, or where that is not told the order's,
    whose day the receipt shows."""
    issued_at = told.issued_at or order.made_at
    given_on = issued_at.astimezone(VIETNAM).date()
    return Receipt(
        draft=draft,
        number=ReceiptNumber(series=series, number=told.number, given_on=given_on),
        issued_at=issued_at,
        verification_code=verification_code(random_bytes),
        supplied=Supplied(
            supplier=order.supplier,
            key=order.supplier_key,
            issued_stamp=told.issued_stamp,
            lookup_code=told.lookup_code,
            tax_office_code=told.tax_office_code,
        ),
    )


class NotAdjustable(GatewayError):
    """A receipt that a program cannot adjust, so that a person does. `code` is a word from a closed list: kind_unknown,
    amount_differs."""

    code = "not_adjustable"


def adjusting_draft(view: RequestView, original: ReceiptDraft, refund_id: str, amount_vnd: int) -> ReceiptDraft:
    """Draft the receipt that takes a part of another back, after that much was given back.

    Money goes back from a debit, which is of all fees at once: of which kind it was is known only where the request has
    a single one. Raises NotAdjustable.
    """
    if len(list(view.totals())) != 1:
        raise NotAdjustable("the payment is of several kinds of fees", code="kind_unknown")
    if not 0 < amount_vnd < original.amount_vnd:
        raise NotAdjustable("the amount is not a part of the receipt's", code="amount_differs")
    [first, *more] = original.items
    named = (
        first if not more else ReceiptItem(name=original.procedure_name or original.type_name, amount_vnd=amount_vnd)
    )
    return replace(
        original,
        key=f"{original.key}{_ADJUSTING}{refund_id}",
        items=(replace(named, amount_vnd=amount_vnd),),
        replaces="",
        adjusts=original.key,
    )


def adjusted_key(key: str) -> str:
    """Give the key of the receipt that an adjusting one takes a part back from; "" for one that adjusts none."""
    adjusted, mark, _ = key.rpartition(_ADJUSTING)
    return adjusted if mark else ""


def cancel_moment(key: str, why: str) -> str:
    """Name the effect by which one receipt is cancelled, and what it is owed to."""
    return f"{_CANCEL_MOMENT}{key} {why}"


def named_receipt(moment: str) -> str:
    """Give the key of the one receipt that an effect is about; "" where it is about all of its kind."""
    return moment.removeprefix(_CANCEL_MOMENT).partition(" ")[0] if moment.startswith(_CANCEL_MOMENT) else ""


def _may_be_written_yet(order: ReceiptOrder, now: datetime) -> bool:
    return order.sent_at is not None and now < order.sent_at + ANSWER_TIME
