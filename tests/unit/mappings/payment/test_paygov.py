"""PayGov against the vectors of payment notes §13, and the pitfalls of §11."""

import base64
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidInput
from gateway.model.dossier import FeeKind
from gateway.model.payment import Answer, Beneficiary, Payer, PaymentItem, PaymentOrder
from gateway.ports.payments import NotificationRefused
from mappings.payment import paygov
from mappings.payment.notices import Notice
from mappings.payment.paygov import OrderForm, Party, Voucher
from mappings.payment.times import MomentForm

PARTY = Party(
    partner_code="PAYGOV-SIM",
    access_key="SIMACCESS",
    secret_key="SIMSECRET",
    service_code="DVC",
    account_label="",
    unit_code="",
    order_form=OrderForm.UNIT,
)
ORDER = PaymentOrder(
    reference="100011736908200000",
    amount_vnd=150_000,
    items=(PaymentItem(name="Phí", kind=FeeKind.CHARGE, amount_vnd=150_000),),
    dossier_code="H0125-250115-0001",
    procedure_code="1.000001",
    procedure_name="Thủ tục mô phỏng",
    service_code="1.000001.01",
    service_name="Dịch vụ",
    agency_code="000.00.25.H01",
    agency_name="Sở Thử",
    beneficiary=Beneficiary(account_number="0011", account_name="SO THU", bank_code="VCB"),
    payer=Payer(full_name="Nguyễn Văn A", number="999099000001"),
    payer_address="203.0.113.7",
    return_url="https://pay.example/return",
    opened_at=datetime(2025, 1, 15, 2, 30, tzinfo=UTC),
)
CALLBACK: dict[str, Any] = {
    "amount": 150_000,
    "orderId": "000.00.25.H01-H0125-250115-0001-01",
    "orderInfo": "THU TUC",
    "requestCode": "100011736908200000",
    "transactionNo": "VNP1",
    "transactionCode": "PGTX0001",
    "payDate": "20250115093412",
    "paygate": "VNPAY",
    "errorCode": "00",
    "type": "1",
    "checksum": "ab" * 32,
    "activeCheckSum": "false",
}


def read(**changes: Any) -> Any:
    return paygov.read_callback("PAYGOV-SIM", {**CALLBACK, **changes}, may_lack=frozenset())


def test_vector_create() -> None:
    """§13 create: the order's checksum."""
    document = paygov.order_document(PARTY, ORDER)
    assert "000.00.25.H01-H0125-250115-0001-01" == document["orderId"]
    assert "436218991646e05631597abb0c00fca2e61424c0ada3a45591b6fc72e2d89a1d" == document["checksum"]


def test_vector_receipt() -> None:
    """§13 receipt: partner and access key the other way round, the date last."""
    fields = {
        "payerId": "001099000001",
        "payerName": "NGUYEN VAN A",
        "payerAddress": "SO 1 PHO SIM",
        "payerDistrict": "QUAN SIM",
        "payerProvince": "TINH SIM",
        "docCode": "H0125-250115-0001",
        "procedureName": "THU TUC MO PHONG",
        "paids": "WyJQR1RYMDAwMSJd",
        "otherInfo": "eyJiZW5lZmljaWFyeVVuaXRDb2RlIjoiQlUwMSIsImJlbmVmaWNpYXJ5VW5pdE5hbWUiOiJTTyBUVSBQSEFQIn0=",
        "decisionDate": "15-01-2025",
    }
    assert "f0b4e8e33af0dc83fdd516c095dfa15656bec30f3592ad79f7530165bcd19707" == paygov.receipt_checksum(PARTY, fields)


def test_a_voucher_is_asked_for_as_in_the_vector() -> None:
    """The two base64 texts of the vector, names without marks, no district since July 2025."""
    voucher = Voucher(
        transactions=("PGTX0001",),
        payer=Payer(full_name="Nguyễn Văn Đà", number="999099000001", address="Số 1 phố Thử", province="Tỉnh Thử"),
        dossier_code="H0125-250115-0001",
        procedure_name="Thủ tục mô phỏng",
        decided_on=date(2025, 1, 15),
        unit_code="BU01",
        unit_name="SO TU PHAP",
    )
    document = paygov.voucher_document(PARTY, voucher)
    assert "WyJQR1RYMDAwMSJd" == document["paids"]
    assert (
        "eyJiZW5lZmljaWFyeVVuaXRDb2RlIjoiQlUwMSIsImJlbmVmaWNpYXJ5VW5pdE5hbWUiOiJTTyBUVSBQSEFQIn0="
        == (document["otherInfo"])
    )
    assert ("NGUYEN VAN DA", "SO 1 PHO THU", "", "15-01-2025") == (
        document["payerName"],
        document["payerAddress"],
        document["payerDistrict"],
        document["decisionDate"],
    )
    assert document["checksum"] == paygov.receipt_checksum(PARTY, document)
    two = paygov.voucher_document(PARTY, replace(voucher, transactions=("PGTX0001", "PGTX0002")))
    assert ["PGTX0001", "PGTX0002"] == json.loads(base64.b64decode(two["paids"]))
    for broken in (replace(voucher, transactions=()), replace(voucher, transactions=("x\ny",))):
        with pytest.raises(InvalidInput):
            paygov.voucher_document(PARTY, broken)


def test_an_order_holds_texts_and_one_number() -> None:
    """Identifiers stay texts, also those of digits only; the amount is a number (§B.3)."""
    document = paygov.order_document(PARTY, ORDER)
    assert {"amount"} == {name for name, value in document.items() if not isinstance(value, str)}
    assert (150_000, "100011736908200000", "THU TUC MO PHONG H0125-250115-0001") == (
        document["amount"],
        document["requestCode"],
        document["orderInfo"],
    )


def test_an_order_that_the_lgsp_signs() -> None:
    """The other variant: no key, no checksum, a label for the account."""
    party = replace(PARTY, order_form=OrderForm.LGSP, account_label="TAI KHOAN SO THU", secret_key="", access_key="")
    document = paygov.order_document(party, ORDER)
    assert ("", "TAI KHOAN SO THU") == (document["beneficiaryCode"], document["accountPay"])
    assert document.keys().isdisjoint({"accessKey", "serviceCode", "checksum"})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("agency_code", "H01"),
        ("agency_code", "000.00.25-H01"),
        ("dossier_code", "H01 25"),
        ("dossier_code", ""),
        ("reference", "010011736908200000"),
        ("reference", "10001173690820000"),
        ("amount_vnd", 0),
        ("return_url", "ftp://x"),
        ("payer_address", "unknown"),
        ("payer_address", "127.0.0.1"),
        ("payer_address", "::1"),
        ("payer_address", "0.0.0.0"),
        ("payer_address", "203.0.113.7.1"),
    ],
)
def test_pitfall_07_nothing_ambiguous_is_signed(field: str, value: Any) -> None:
    """Every value has its pattern before it is hashed."""
    changes: dict[str, Any] = {field: value}
    with pytest.raises(InvalidInput) as caught:
        paygov.order_document(PARTY, replace(ORDER, **changes))
    assert [field] == [fault.field for fault in caught.value.faults]


DOSSIERS = st.from_regex(r"[A-Z0-9]{1,6}(?:[.-][A-Z0-9]{1,6}){0,3}", fullmatch=True)


@given(DOSSIERS, st.binary(min_size=16, max_size=16), st.integers(1, 10**12))
def test_pitfall_07_what_is_signed_can_be_read_in_one_way_only(dossier: str, seed: bytes, amount: int) -> None:
    """The last hyphen, the suffix and eighteen digits show where each value ends."""
    request_code = paygov.make_reference(seed)
    order_id = f"000.00.25.H01-{dossier}-01"
    joined = f"{order_id}{request_code}{amount}"
    end = joined.rindex("-") + 3
    assert (order_id, request_code, str(amount)) == (joined[:end], joined[end : end + 18], joined[end + 18 :])
    assert dossier == paygov.dossier_of(order_id)


def test_pitfall_02_a_callback_is_never_trusted_by_its_error_code() -> None:
    """It says "paid", with any checksum at all, and decides nothing."""
    fact = read()
    assert (Answer.PAID, False) == (fact.answer, fact.is_decisive)
    assert ("100011736908200000", 150_000, "VND", "PGTX0001", "VNPAY") == (
        fact.reference,
        fact.amount_vnd,
        fact.currency,
        fact.transaction,
        fact.bank_code,
    )
    assert ("H0125-250115-0001", datetime(2025, 1, 15, 2, 34, 12, tzinfo=UTC)) == (fact.dossier_code, fact.paid_at)


@pytest.mark.parametrize("code", ["01", "99", "0", "000", "O0", "24"])
def test_whatever_is_not_00_is_not_paid(code: str) -> None:
    """U24: no list of codes is known."""
    fact = read(errorCode=code)
    assert (Answer.FAILED, code, False) == (fact.answer, fact.result_code, fact.is_decisive)


def test_a_code_may_be_known_to_end_nothing() -> None:
    """A setting; none is known."""
    members = {**CALLBACK, "errorCode": "01"}
    fact = paygov.read_callback("PAYGOV-SIM", members, may_lack=frozenset(), pending_codes=frozenset({"01"}))
    assert (Answer.PENDING, ()) == (fact.answer, fact.notices)


@pytest.mark.parametrize("name", paygov.CALLBACK_FIELDS)
def test_pitfall_13_a_missing_field_is_malformed(name: str) -> None:
    """Unless it is known that PayGov leaves it out, which is possible for what decides nothing."""
    members = {member: value for member, value in CALLBACK.items() if member != name}
    for broken in (members, {**members, name: None}):
        with pytest.raises(NotificationRefused) as caught:
            paygov.read_callback("PAYGOV-SIM", broken, may_lack=frozenset())
        assert "malformed" == caught.value.code
    if name not in paygov.DECISIVE_FIELDS:
        assert paygov.read_callback("PAYGOV-SIM", members, may_lack=frozenset({name})).reference


@pytest.mark.parametrize("amount", ["150000", 150_000])
def test_amounts_as_text_and_number(amount: object) -> None:
    """Both are seen."""
    assert 150_000 == read(amount=amount).amount_vnd


@pytest.mark.parametrize("amount", [150_000.0, "1e5", "-1", "0150000", "", True, None, "150,000"])
def test_other_amounts_are_refused(amount: object) -> None:
    """F12."""
    with pytest.raises(NotificationRefused):
        read(amount=amount)


def test_an_identifier_that_became_a_number_is_read() -> None:
    """An earlier client made numbers of them; ours has no leading zero that could have been lost."""
    assert "100011736908200000" == read(requestCode=100_011_736_908_200_000).reference


@pytest.mark.parametrize("order_id", ["", "01", "000.00.25.H01-H0125-250115-0001-02", "x" * 60])
def test_an_order_code_of_another_layout_names_no_dossier(order_id: str) -> None:
    """It is decoded by position; what does not fit is not guessed."""
    assert "" == read(orderId=order_id).dossier_code


@pytest.mark.parametrize(
    ("form", "written", "expected"),
    [
        (MomentForm.COMPACT, "20250115093412", datetime(2025, 1, 15, 2, 34, 12, tzinfo=UTC)),
        (MomentForm.FULL, "15/01/2025 09:34:12", datetime(2025, 1, 15, 2, 34, 12, tzinfo=UTC)),
        (MomentForm.ISO, "2025-01-15 09:34:12", datetime(2025, 1, 15, 2, 34, 12, tzinfo=UTC)),
        (MomentForm.COMPACT, "15/01/2025 09:34:12", None),
        (MomentForm.FULL, "20250115093412", None),
        (MomentForm.FULL, "31/02/2025 09:34:12", None),
    ],
)
def test_u24_the_form_of_the_date_may_be_another(form: MomentForm, written: str, expected: datetime | None) -> None:
    """One that is written otherwise is told and kept as text: money is not dropped for it."""
    callback = {**CALLBACK, "payDate": written}
    fact = paygov.read_callback("PAYGOV-SIM", callback, may_lack=frozenset(), pay_date_form=form)
    assert (Answer.PAID, expected, written) == (fact.answer, fact.paid_at, fact.paid_at_text)
    assert (() if expected else (Notice.UNREADABLE_TIME,)) == fact.notices


def test_what_is_verified_is_what_came() -> None:
    """All eleven fields as they were written, and not the province's own switch."""
    document = paygov.verification_document(CALLBACK)
    assert set(paygov.CALLBACK_FIELDS) == document.keys()
    assert all(document[name] is CALLBACK[name] for name in document)


def test_the_header_of_the_lgsp() -> None:
    """Base64 of a JSON object (§B.2)."""
    value = paygov.lgsp_header(
        access_key="a", secret_key="s", app_name="APP", partner_code="P", extra={"PartnerCodeCus": "C"}
    )
    assert re.fullmatch(r"[A-Za-z0-9+/]+=*", value)
    assert {"AccessKey": "a", "SecretKey": "s", "AppName": "APP", "PartnerCode": "P", "PartnerCodeCus": "C"} == (
        json.loads(base64.b64decode(value))
    )


@pytest.mark.parametrize("name", ["transactionNo", "transactionCode", "payDate", "paygate", "orderId"])
def test_text_that_cannot_be_kept_is_dropped(name: str) -> None:
    """A zero character, which no database takes, and endless text; the callback says that nothing was paid."""
    for text in ("a\x00b", "x" * 5000):
        fact = read(errorCode="99", **{name: text})
        assert text not in (fact.transaction, fact.bank_code, fact.paid_at_text, fact.dossier_code)
