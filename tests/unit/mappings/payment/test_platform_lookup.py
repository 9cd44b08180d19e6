"""What the national portal is told about a dossier."""

import json
from typing import Any

import pytest

from gateway.errors import InvalidInput
from gateway.ports.payments import DueAnswer, NotificationRefused
from mappings.payment.platform_lookup import MAX_BYTES, answer_lookup, masked_name, masked_number, read_lookup
from mappings.payment.platform_receipt import NEEDS, total_of
from tests.unit.mappings.payment.platform_samples import DESCRIPTION, DOSSIER, ORDER, RULES, order, raw, rules


def answer(due: DueAnswer, **changes: Any) -> dict[str, Any]:
    written = answer_lookup(rules(**changes), due)
    assert (200, "application/json; charset=utf-8") == (written.status, written.content_type)
    document: dict[str, Any] = json.loads(written.body)
    return document


def test_the_number_is_read() -> None:
    """The one member that the notes show; others are let be."""
    assert DOSSIER == read_lookup(raw({"MaHoSo": DOSSIER, "x": 1}))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "malformed"),
        (b"{}", "malformed"),
        (b'{"MaHoSo":""}', "malformed"),
        (b'{"MaHoSo":5}', "malformed"),
        (b'{"MaHoSo":"\' OR 1=1"}', "malformed"),
        (json.dumps({"MaHoSo": "H" * 51}).encode(), "malformed"),
        (b'{"MaHoSo":"A","MaHoSo":"B"}', "duplicate_member"),
        (b" " * (MAX_BYTES + 1), "too_large"),
    ],
)
def test_pitfall_20_anything_else_is_refused(body: bytes, code: str) -> None:
    """Before it comes near a query."""
    with pytest.raises(NotificationRefused) as caught:
        read_lookup(raw(body))
    assert code == caught.value.code


def test_what_is_due() -> None:
    """The fields of the receipt beside reference, partner and look-up id; sums as the sources have them."""
    document = answer(DueAnswer(order=ORDER))
    message = document["message"]
    assert 1 == document["error_code"]
    assert {*NEEDS, "transaction_id", "client_id", "MaTraCuuTT"} == set(message)
    assert (ORDER.reference, "PPSIM01") == (message["transaction_id"], message["client_id"])
    assert f"{DOSSIER}20250115093000" == message["MaTraCuuTT"]
    assert DESCRIPTION == message["NoiDungThanhToan"]
    assert [100_000, 50_000] == [row["SoTien"] for row in message["PhiLePhi"]]
    assert ["100000", "50000"] == [row["SoTien"] for row in message["DSKhoanNop"]]
    assert 150_000 == total_of(message["PhiLePhi"]) == total_of(message["DSKhoanNop"])


def test_the_open_order_is_stable() -> None:
    """Asked again, the same is answered: no reference is made by a look-up."""
    due = DueAnswer(order=ORDER)
    assert answer_lookup(RULES, due) == answer_lookup(RULES, due)


@pytest.mark.parametrize(
    ("due", "code"),
    [(DueAnswer(order=None), 0), (DueAnswer(order=None, is_known=False), -1)],
    ids=["nothing", "unknown"],
)
def test_nothing_due(due: DueAnswer, code: int) -> None:
    """An empty array in the place of the object."""
    assert {"error_code": code, "message": []} == answer(due)


def test_pitfall_18_the_payer_is_hidden() -> None:
    """Enough for the payer to see that it is them."""
    text = json.dumps(answer(DueAnswer(order=ORDER)), ensure_ascii=False)
    for value in (ORDER.payer.full_name, ORDER.payer.number, ORDER.payer.address):
        assert value not in text
    message = answer(DueAnswer(order=ORDER))["message"]
    assert ("N*** V*** A***", "***001", "***") == (
        message["HoTenNguoiNop"],
        message["SoCMNDNguoiNop"],
        message["DiaChiNguoiNop"],
    )
    assert ORDER.payer.full_name == answer(DueAnswer(order=ORDER), masks_payer=False)["message"]["HoTenNguoiNop"]


def test_masks_of_short_values() -> None:
    """A short number is hidden whole."""
    assert ("***", "") == (masked_number("1234"), masked_name(""))


def test_settings_of_the_answer() -> None:
    """Amounts of both lists as texts."""
    message = answer(DueAnswer(order=ORDER), are_lookup_amounts_numbers=False)["message"]
    assert ["100000", "50000"] == [row["SoTien"] for row in message["PhiLePhi"]]


def test_a_number_that_could_not_be_signed_is_shown_all_the_same() -> None:
    """Nothing is signed in this answer."""
    long = "H" * 99
    assert long == answer(DueAnswer(order=order(dossier_code=long)), limits={"code": 99})["message"]["NoiDungThanhToan"]


def test_what_does_not_add_up_is_not_told() -> None:
    """An order that could not be opened cannot be looked up."""
    with pytest.raises(InvalidInput):
        answer_lookup(RULES, DueAnswer(order=order(amount_vnd=1)))
