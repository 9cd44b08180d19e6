"""Messages of the receipt supplier with JSON."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.errors import InvalidInput
from gateway.model.receipt import PaymentMeans
from mappings.payment import receipt_viettel as wire
from mappings.payment.receipt_rules import ViettelRules
from tests.unit.adapters.payment.supplier_samples import KEY, VIETTEL_SERIES, make_order, make_receipt

RULES = ViettelRules()
UUID = wire.make_key(KEY)


def result(**changes: Any) -> dict[str, Any]:
    return {
        "invoiceNo": "BL26E0000007",
        "reservationCode": "ABC123",
        "codeOfTax": "CQT1",
        "issueDate": 1_772_600_000_000,
        **changes,
    }


def test_a_receipt_as_json() -> None:
    """The members of §D.3, the key with them; no personal number."""
    order = make_order(UUID, series=VIETTEL_SERIES, means=PaymentMeans.CASH)
    document = wire.create_document(ViettelRules(general_extra={"invoiceType": "01BLP"}), order)
    general = document["generalInvoiceInfo"]
    assert ("01BLP", "BL26E", "VND", UUID, "01BLP") == tuple(
        general[name] for name in ("templateCode", "invoiceSeries", "currencyCode", "transactionUuid", "invoiceType")
    )
    assert [{"paymentMethod": "6"}] == document["payments"]
    assert [(100_000, -2)] == [
        (item["itemTotalAmountWithoutTax"], item["taxPercentage"]) for item in document["itemInfo"]
    ]
    assert "999099000001" not in str(document)


def test_keys_are_short_and_follow_from_ours() -> None:
    """The same each time, another for another receipt, 32 characters."""
    assert 32 == len(UUID)
    assert UUID == wire.make_key(KEY) != wire.make_key(f"{KEY}/2")


def test_issued() -> None:
    """Number, codes, the instant and how it was written."""
    order = make_order(UUID, series=VIETTEL_SERIES)
    read = wire.read_issued(RULES, order, {"errorCode": None, "result": result()})
    assert (7, "ABC123", "CQT1", "1772600000000", datetime(2026, 3, 4, 4, 53, 20, tzinfo=UTC)) == (
        read.number,
        read.lookup_code,
        read.tax_office_code,
        read.issued_stamp,
        read.issued_at,
    )
    assert (None, None) == (read.amount_vnd, read.is_cancelled)
    assert "ABC123" not in repr(read)


@pytest.mark.parametrize(
    "given",
    [
        None,
        {},
        result(invoiceNo=None),
        result(invoiceNo="XX26E0000007"),
        result(invoiceNo="BL26E"),
        result(invoiceNo="BL26E0000000"),
        result(invoiceNo=7),
        result(totalAmount=-5),
        result(totalAmount=1.5),
    ],
)
def test_what_is_no_receipt_of_the_order(given: object) -> None:
    """Another series or no number may still have been written, so it is asked about."""
    with pytest.raises(wire.Unreadable):
        wire.read_issued(RULES, make_order(UUID, series=VIETTEL_SERIES), {"result": given})


def test_found() -> None:
    """One, none, or more than there may be."""
    told = result(totalAmount="100000", status="CANCELLED", issueDate="later")
    read = wire.read_found(RULES, {"result": [told]}, "BL26E")
    assert read is not None
    assert (100_000, True, "", None) == (read.amount_vnd, read.is_cancelled, read.issued_stamp, read.issued_at)
    assert wire.read_found(RULES, {"result": []}, "BL26E") is None
    with pytest.raises(wire.Unreadable):
        wire.read_found(RULES, {"result": [told, told]}, "BL26E")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"errorCode": None}, None),
        ({"errorCode": ""}, None),
        ({"code": 200}, None),
        ({"errorCode": "INVOICE_DUPLICATED"}, "INVOICE_DUPLICATED"),
        ({"code": 400, "message": "NOT_FOUND_DATA"}, "NOT_FOUND_DATA"),
        ({"code": 400, "message": "Nguyễn Văn A không có"}, ""),
        ({"errorCode": 17}, "17"),
    ],
)
def test_refusals(answer: dict[str, Any], code: str | None) -> None:
    """By a word that is one; a sentence may quote a person and is not told."""
    assert code == wire.refusal_of(RULES, answer)


def test_cancelling_gives_back_what_was_told() -> None:
    """Form, number, instant as it was written, and why; without the instant it cannot be done."""
    receipt = make_receipt(UUID, number=7, series=VIETTEL_SERIES, stamp="1772600000000")
    assert {
        "supplierTaxCode": "9990000001",
        "templateCode": "01BLP",
        "invoiceNo": "BL26E0000007",
        "strIssueDate": "1772600000000",
        "additionalReferenceDesc": "Hoàn phí",
    } == wire.cancel_members(RULES, "9990000001", receipt, "Hoàn phí")
    with pytest.raises(InvalidInput):
        wire.cancel_members(RULES, "9990000001", make_receipt(UUID, series=VIETTEL_SERIES), "Hoàn phí")


def test_documents_are_pdf() -> None:
    """Nothing else is shown as one."""
    assert b"%PDF-1.4" == wire.read_document({"fileToBytes": base64.b64encode(b"%PDF-1.4").decode()})
    for given in (None, "no base64!", base64.b64encode(b"<html>").decode()):
        with pytest.raises(wire.Unreadable):
            wire.read_document({"fileToBytes": given})
