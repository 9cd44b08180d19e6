"""Fee receipts: which are due, under which numbers, and what becomes of them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from gateway.errors import InvalidInput
from gateway.model.payment import RequestState
from gateway.model.receipt import MAX_NUMBER, Collector, ReceiptItem, ReceiptNumber, ReceiptSeries, ReceiptState
from gateway.sync.receipts import (
    ReceiptRefused,
    cancel,
    canonical_text,
    due_receipts,
    issue,
    next_number,
    read_verification_code,
    receipt_key,
    sign,
    verification_code,
)
from tests.support.receipts import CHARGE, LEVY, NOW, RANDOM, SERIES, SIGNATURE, TODAY, receipt, request


def code_of(refused: pytest.ExceptionInfo[ReceiptRefused]) -> str:
    return refused.value.code


def test_charges_and_levies_are_never_in_one_receipt() -> None:
    """One each, charges first, with their own items and keys."""
    charge, levy = due_receipts(request((LEVY, 50_000), (CHARGE, 60_000), (CHARGE, 40_000)), [])
    assert [(one.kind, one.key, one.amount_vnd) for one in (charge, levy)] == [
        (CHARGE, "phi-YC0001", 100_000),
        (LEVY, "lephi-YC0001", 50_000),
    ]
    assert [item.name for item in charge.items] == ["Khoản 2", "Khoản 3"]
    assert (charge.type_name, levy.type_name) == ("BIÊN LAI THU PHÍ", "BIÊN LAI THU LỆ PHÍ")


def test_of_zero_nothing_is_issued() -> None:
    """Neither a receipt, nor a line of one."""
    assert [one.kind for one in due_receipts(request((CHARGE, 0), (LEVY, 50_000)), [])] == [LEVY]
    (draft,) = due_receipts(request((CHARGE, 0), (CHARGE, 5)), [])
    assert [item.amount_vnd for item in draft.items] == [5]
    for wrong in ((), (ReceiptItem(name="a", amount_vnd=0),), (ReceiptItem(name="a", amount_vnd=-1),)):
        with pytest.raises(InvalidInput):
            replace(draft, items=wrong)


@pytest.mark.parametrize("state", sorted(set(RequestState) - {RequestState.PAID, RequestState.PARTIALLY_REFUNDED}))
def test_only_what_is_paid_has_a_receipt(state: RequestState) -> None:
    """Never before the money."""
    with pytest.raises(ReceiptRefused) as refused:
        due_receipts(request(state=state), [])
    assert code_of(refused) == "not_paid"


def test_what_has_a_live_receipt_is_not_due() -> None:
    """The key names it once."""
    drafts = due_receipts(request(), [])
    issued = [issue(draft, None, SERIES, NOW, RANDOM) for draft in drafts]
    assert due_receipts(request(), issued) == []
    assert [one.kind for one in due_receipts(request(), issued[:1])] == [LEVY]


def test_a_cancelled_receipt_is_issued_anew_under_a_new_key_and_number() -> None:
    """In the place of the one before, as often as need be; the other kind is left alone."""
    drafts = due_receipts(request(), [])
    charge = issue(drafts[0], None, SERIES, NOW, RANDOM)
    levy = issue(drafts[1], charge.number, SERIES, NOW, RANDOM)
    cancelled = cancel(charge, reason="sai tên", cancelled_by="officer-1", now=NOW)
    (again,) = due_receipts(request(), [cancelled, levy])
    assert (again.key, again.replaces) == ("phi-YC0001/2", "phi-YC0001")
    second = issue(again, levy.number, SERIES, NOW, RANDOM)
    assert second.number.number == 3
    twice = [cancelled, levy, cancel(second, reason="sai", cancelled_by="officer-1", now=NOW)]
    (third,) = due_receipts(request(), twice)
    assert (third.key, third.replaces) == ("phi-YC0001/3", "phi-YC0001/2")
    with pytest.raises(InvalidInput):
        due_receipts(request(), twice[2:])


def test_cancelling_keeps_what_was_issued() -> None:
    """Number, content and signature; and it happens once, for a reason, by somebody."""
    one = receipt()
    cancelled = cancel(one, reason=" sai tên ", cancelled_by="officer-1", now=NOW)
    assert (cancelled.state, cancelled.is_valid, cancelled.number) == (ReceiptState.CANCELLED, False, one.number)
    assert cancelled.signature == one.signature
    assert cancelled.cancellation is not None
    assert cancelled.cancellation.reason == "sai tên"
    for wrong, reason, by in ((cancelled, "x", "y"), (one, " ", "y"), (one, "x", "")):
        with pytest.raises(ReceiptRefused):
            cancel(wrong, reason=reason, cancelled_by=by, now=NOW)


def test_a_receipt_counts_once_it_is_signed() -> None:
    """And is signed once, while it lives."""
    one = receipt(is_signed=False)
    assert not one.is_valid
    signed = sign(one, SIGNATURE)
    assert signed.is_valid
    with pytest.raises(ReceiptRefused) as refused:
        sign(signed, SIGNATURE)
    assert code_of(refused) == "already_signed"
    with pytest.raises(ReceiptRefused) as refused:
        sign(cancel(one, reason="x", cancelled_by="y", now=NOW), SIGNATURE)
    assert code_of(refused) == "already_cancelled"


def test_numbers_begin_at_one_and_follow_each_other() -> None:
    """Shown with seven digits."""
    first = next_number(None, SERIES, TODAY)
    second = next_number(first, SERIES, TODAY)
    assert [(one.number, one.text) for one in (first, second)] == [(1, "0000001"), (2, "0000002")]


@pytest.mark.parametrize(
    ("last", "on", "code"),
    [
        (None, date(2027, 1, 1), "wrong_year"),
        (None, date(2025, 12, 31), "wrong_year"),
        (ReceiptNumber(series=SERIES, number=5, given_on=TODAY), TODAY - timedelta(days=1), "backdated"),
        (ReceiptNumber(series=SERIES, number=MAX_NUMBER, given_on=TODAY), TODAY, "series_exhausted"),
        (
            ReceiptNumber(series=replace(SERIES, receipt_symbol="AC-26E"), number=5, given_on=TODAY),
            TODAY,
            "other_series",
        ),
        (ReceiptNumber(series=replace(SERIES, unit_code="other"), number=5, given_on=TODAY), TODAY, "other_series"),
    ],
)
def test_a_number_outside_the_rules_is_refused(last: ReceiptNumber | None, on: date, code: str) -> None:
    """By year, day, length, and series."""
    with pytest.raises(ReceiptRefused) as refused:
        next_number(last, SERIES, on)
    assert code_of(refused) == code


def test_the_year_of_a_number_is_that_of_viet_nam() -> None:
    """At 17:00 UTC on 31 December the new year has begun there, and with it a new series from 1."""
    (draft,) = due_receipts(request((CHARGE, 1)), [])
    last = ReceiptNumber(series=SERIES, number=41, given_on=date(2026, 12, 31))
    eve, new_year = datetime(2026, 12, 31, 16, 59, 59, tzinfo=UTC), datetime(2026, 12, 31, 17, tzinfo=UTC)
    assert issue(draft, last, SERIES, eve, RANDOM).number.number == 42
    with pytest.raises(ReceiptRefused):
        issue(draft, last, SERIES, new_year, RANDOM)
    next_series = replace(SERIES, receipt_symbol="AB-27E", year=2027)
    assert issue(draft, None, next_series, new_year, RANDOM).number.number == 1
    with pytest.raises(ValueError, match="aware"):
        issue(draft, None, SERIES, datetime(2026, 3, 4), RANDOM)  # noqa: DTZ001 - what is refused


@pytest.mark.parametrize("symbol", ["AB-25E", "AB26FF", "ab-26E", "JW-26", "26", "", "AB-2026", "AB 26"])
def test_a_symbol_outside_the_rules_is_refused(symbol: str) -> None:
    """Vietnamese letters and the last two digits of the year."""
    with pytest.raises(InvalidInput):
        replace(SERIES, receipt_symbol=symbol)


@pytest.mark.parametrize("symbol", ["AB-26E", "AB26", "ĐA-26T", "BLP-26"])
def test_a_symbol_within_the_rules_is_taken(symbol: str) -> None:
    """With or without a letter behind the year."""
    assert replace(SERIES, receipt_symbol=symbol).year == 2026


@pytest.mark.parametrize("form", ["", "a", " 01", "x" * 30])
def test_a_form_symbol_outside_the_rules_is_refused(form: str) -> None:
    """And so is a series of no unit."""
    with pytest.raises(InvalidInput):
        replace(SERIES, form_symbol=form)
    with pytest.raises(InvalidInput):
        ReceiptSeries(unit_code="", form_symbol="01BLP", receipt_symbol="AB-26E", year=2026)


def test_a_draft_that_lacks_what_must_be_shown_is_refused_with_every_fault() -> None:
    """Nobody numbers what could not be a receipt."""
    (draft,) = due_receipts(request((CHARGE, 1)), [])
    nobody = Collector(name="", tax_code="12", address="", agency_code="")
    with pytest.raises(InvalidInput) as refused:
        replace(
            draft,
            collector=nobody,
            payer=replace(draft.payer, full_name=" "),
            dossier_code="",
            items=(ReceiptItem(name="", amount_vnd=10**15 + 1),),
        )
    assert {fault.field for fault in refused.value.faults} == {
        *("collector.name", "collector.tax_code", "payer.full_name", "dossier_code", "items[0].name", "items")
    }
    with pytest.raises(InvalidInput):
        replace(draft, procedure_name="x" * 501)
    with pytest.raises(InvalidInput):
        replace(draft, items=(ReceiptItem(name="x", amount_vnd=1),) * 1_001)
    # The relief of 2025: a unit may have no tax code yet.
    assert replace(draft, collector=replace(draft.collector, tax_code="")).collector.tax_code == ""


def test_keys_name_kind_request_and_issue() -> None:
    """As suppliers of receipts expect them."""
    assert (receipt_key(CHARGE, "YC1"), receipt_key(LEVY, "YC1", 2)) == ("phi-YC1", "lephi-YC1/2")


def test_what_is_signed_is_everything_and_cannot_be_shifted() -> None:
    """A changed word changes the text; a line break in a value begins no field."""
    one = receipt(is_signed=False)
    text = canonical_text(one)
    assert "number=0000001\n" in text
    assert "amount=150000\n" in text
    assert canonical_text(sign(one, SIGNATURE)) == text
    draft = one.draft
    for changed in (
        replace(one, draft=replace(draft, payer=replace(draft.payer, address="x"))),
        replace(one, draft=replace(draft, dossier_code="x")),
        replace(one, draft=replace(draft, items=(replace(draft.items[0], amount_vnd=150_001),))),
        replace(one, number=replace(one.number, number=2)),
        replace(one, issued_at=NOW + timedelta(seconds=1)),
    ):
        assert canonical_text(changed) != text
    shifted = replace(one, draft=replace(draft, dossier_code="a\nprocedure=b", procedure_name=""))
    assert canonical_text(shifted).count("\nprocedure=") == 1
    broken, spelled = (replace(one, draft=replace(draft, procedure_name=name)) for name in ("a\nb", "a\\nb"))
    assert canonical_text(broken) != canonical_text(spelled)


def test_people_are_not_shown_by_accident() -> None:
    """Neither in what Python shows of a receipt nor in its refusals."""
    one = receipt()
    assert "Nguyễn" not in repr(one)
    assert "999099000001" not in repr(one)


def test_verification_codes_are_read_as_people_type_them() -> None:
    """Any case, with or without hyphens, O for 0 and I or L for 1; nothing else."""
    code = verification_code(RANDOM)
    assert code == "000G-40R4-0M30-E209"
    for typed in (code, code.lower(), code.replace("-", ""), " ooog 4or4 oM3o e2o9 "):
        assert read_verification_code(typed) == code
    assert read_verification_code("IL00-0000-0000-0000") == "1100-0000-0000-0000"
    for wrong in ("", "000G-40R4-0M30-E20", code + "0", "U" * 16, "０" * 16, code + " " * 60):
        assert read_verification_code(wrong) is None
    with pytest.raises(ValueError):
        verification_code(b"short")
