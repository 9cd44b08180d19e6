"""What becomes of orders to suppliers of receipts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from gateway.model.dossier import FeeKind
from gateway.model.payment import PaymentItem, RequestState
from gateway.model.receipt import ReceiptItem
from gateway.ports.receipts import SuppliedReceipt
from gateway.sync.payment_records import RequestView
from gateway.sync.receipt_orders import (
    ANSWER_TIME,
    NotAdjustable,
    OrderKind,
    OrderState,
    ReceiptOrder,
    Step,
    Verdict,
    adjusted_key,
    adjusting_draft,
    cancel_moment,
    judge_cancelled,
    judge_written,
    named_receipt,
    next_step,
    reopened,
    supplied,
)
from gateway.sync.receipts import due_receipts, receipt_key
from tests.support.receipts import RANDOM, SERIES, receipt, request

NOW = datetime(2026, 3, 4, 17, 30, tzinfo=UTC)
"""The 5th in Viet Nam."""


def order(**changes: Any) -> ReceiptOrder:
    given: dict[str, Any] = {
        "key": "phi-YC0001",
        "kind": OrderKind.ISSUE,
        "request_id": "req-1",
        "fee_kind": FeeKind.CHARGE,
        "supplier": "vnpt",
        "supplier_key": "phi-YC0001",
        "amount_vnd": 100_000,
        "made_at": NOW,
        "changed_at": NOW,
        **changes,
    }
    return ReceiptOrder(**given)


def sent(ago: timedelta, reason: str = "") -> ReceiptOrder:
    return order(state=OrderState.SENT, sent_at=NOW - ago, reason=reason)


LONG, SHORT = ANSWER_TIME, ANSWER_TIME - timedelta(seconds=1)


@pytest.mark.parametrize(
    ("given", "step"),
    [
        (order(), Step.SEND),
        (sent(SHORT), Step.WAIT),
        (sent(LONG), Step.ASK),
        (sent(SHORT, "timeout"), Step.ASK),
        (order(state=OrderState.DONE), Step.END),
        (order(state=OrderState.REFUSED), Step.END),
        (order(state=OrderState.DROPPED), Step.END),
    ],
)
def test_what_was_sent_is_never_sent_again_unasked(given: ReceiptOrder, step: Step) -> None:
    """Somebody may be waiting for the answer; afterwards it is asked about."""
    assert step is next_step(given, NOW)


@pytest.mark.parametrize(
    ("found", "verdict", "reason"),
    [
        (SuppliedReceipt(number=1), Verdict.THERE, ""),
        (SuppliedReceipt(number=1, amount_vnd=100_000, is_cancelled=False), Verdict.THERE, ""),
        (SuppliedReceipt(number=1, form_symbol="01BLP", receipt_symbol="AB-26E"), Verdict.THERE, ""),
        (SuppliedReceipt(number=1, amount_vnd=99_999), Verdict.DIFFERS, "amount_differs"),
        (SuppliedReceipt(number=1, form_symbol="02BLP"), Verdict.DIFFERS, "series_differs"),
        (SuppliedReceipt(number=1, receipt_symbol="AC-26E"), Verdict.DIFFERS, "series_differs"),
        (SuppliedReceipt(number=1, is_cancelled=True), Verdict.DIFFERS, "cancelled_there"),
        (None, Verdict.ABSENT, ""),
    ],
)
def test_f30_what_is_there_counts_when_it_is_what_was_ordered(
    found: SuppliedReceipt | None, verdict: Verdict, reason: str
) -> None:
    """Key, amount and series; anything else is a person's."""
    judged = judge_written(sent(LONG), SERIES, found, NOW)
    assert (verdict, reason) == (judged.verdict, judged.reason)


def test_nothing_there_counts_only_once_nobody_can_be_writing() -> None:
    """A slow supplier may write it still."""
    assert Verdict.TOO_EARLY is judge_written(sent(SHORT, "timeout"), SERIES, None, NOW).verdict


def test_cancelling_is_told_again_unless_it_is_seen() -> None:
    """A state that is not told is none."""
    assert Verdict.THERE is judge_cancelled(SuppliedReceipt(number=1, is_cancelled=True)).verdict
    for state in (False, None):
        assert Verdict.ABSENT is judge_cancelled(SuppliedReceipt(number=1, is_cancelled=state)).verdict
    assert Verdict.DIFFERS is judge_cancelled(None).verdict


def test_what_was_refused_is_asked_about_first() -> None:
    """Unless nobody can be asked, or it was never sent."""
    refused = replace(sent(LONG), state=OrderState.REFUSED)
    assert OrderState.SENT is reopened(refused, can_ask=True)
    assert OrderState.OWED is reopened(refused, can_ask=False)
    assert OrderState.OWED is reopened(order(state=OrderState.REFUSED), can_ask=True)
    with pytest.raises(ValueError, match="refused"):
        reopened(order(), can_ask=True)


def test_a_receipt_of_a_supplier() -> None:
    """Its instant is the supplier's, or the order's, whose day it shows; it is signed there."""
    (draft,) = due_receipts(request((FeeKind.CHARGE, 100_000)), [])
    made = supplied(order(), draft, SERIES, SuppliedReceipt(number=7, lookup_code="LOOKED-UP"), RANDOM)
    assert (7, NOW, "2026-03-05", True) == (
        made.number.number,
        made.issued_at,
        made.number.given_on.isoformat(),
        made.is_valid,
    )
    assert "LOOKED-UP" not in repr(made)
    told = SuppliedReceipt(number=7, issued_at=NOW - timedelta(days=1), issued_stamp="177")
    made = supplied(order(), draft, SERIES, told, RANDOM)
    assert made.supplied is not None
    assert ("2026-03-04", "177") == (made.number.given_on.isoformat(), made.supplied.issued_stamp)


def view(*items: tuple[FeeKind, int]) -> RequestView:
    made = tuple(PaymentItem(name=f"Khoản {kind}", kind=kind, amount_vnd=amount) for kind, amount in items)
    return RequestView(
        request_id=UUID(int=1),
        state=RequestState.PARTIALLY_REFUNDED,
        amount_vnd=sum(item.amount_vnd for item in made),
        version=1,
        dossier_code="H01",
        items=made,
    )


def test_a_part_is_taken_back_where_there_is_one_kind_of_fee() -> None:
    """The adjusting receipt names the other; of one item it bears its name, of several the procedure's."""
    one = receipt(150_000).draft
    adjusting = adjusting_draft(view((FeeKind.CHARGE, 150_000)), one, "r-1", 40_000)
    assert (one.key, 40_000, one.items[0].name) == (adjusting.adjusts, adjusting.amount_vnd, adjusting.items[0].name)
    assert one.key == adjusted_key(adjusting.key)
    several = replace(one, items=(*one.items, ReceiptItem(name="Khác", amount_vnd=1)))
    assert several.procedure_name == adjusting_draft(view((FeeKind.CHARGE, 1)), several, "r", 5).items[0].name
    assert "" == adjusted_key(receipt_key(FeeKind.LEVY, "YC1", 2))


@pytest.mark.parametrize(
    ("items", "amount", "code"),
    [
        (((FeeKind.CHARGE, 100_000), (FeeKind.LEVY, 50_000)), 10_000, "kind_unknown"),
        (((FeeKind.CHARGE, 150_000),), 150_000, "amount_differs"),
        (((FeeKind.CHARGE, 150_000),), 0, "amount_differs"),
    ],
)
def test_what_no_program_can_adjust(items: tuple[tuple[FeeKind, int], ...], amount: int, code: str) -> None:
    """Of several kinds nobody says which one went back; the whole is cancelled, not adjusted."""
    with pytest.raises(NotAdjustable) as caught:
        adjusting_draft(view(*items), receipt(150_000).draft, "r-1", amount)
    assert code == caught.value.code


def test_adjusting_receipts_owe_no_other() -> None:
    """They neither stand for a receipt nor count as one that was issued before."""
    first = receipt(100_000, 50_000)
    adjusting = replace(first, draft=replace(first.draft, key=f"{first.draft.key}/dc-1", adjusts=first.draft.key))
    paid = request((FeeKind.CHARGE, 100_000), (FeeKind.CHARGE, 50_000))
    assert [] == due_receipts(paid, [first, adjusting])


def test_an_effect_names_one_receipt() -> None:
    """Or none: then it is about all of its kind."""
    assert "phi-1/2" == named_receipt(cancel_moment("phi-1/2", "case 7"))
    assert "" == named_receipt("2026-03-04T00:00:00")
