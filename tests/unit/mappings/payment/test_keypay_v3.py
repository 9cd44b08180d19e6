"""KeyPay v3 against the vectors of payment notes §13, and the pitfalls of §11."""

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidInput
from gateway.model.payment import Answer
from gateway.ports.payments import NotificationRefused
from mappings.payment import keypay_v3
from mappings.payment.documents import DocumentRefused
from mappings.payment.keypay_v3 import Form
from mappings.payment.notices import Notice

FORM = Form(client_id="SIM_CLIENT", commands=frozenset({"PAY"}), answers={"0": Answer.PAID, "1": Answer.PENDING})
SIX = ("0", "SIM_CLIENT", "PAY", "150000", "20250115-1001", "3.0")
CALLBACK: dict[str, Any] = {
    "client_id": "SIM_CLIENT",
    "transaction_id": "20250115-1001",
    "transaction_code": "KP3-1",
    "trans_amount": "150000",
    "payment_fee": "1100",
    "addition_fee": "0",
    "command": "PAY",
    "version": "3.0",
    "currency_code": "VND",
    "status": "0",
    "bill_info": '{"MaHoSo":"H01.25-250115-0001"}',
    "check_sum": "659da90b59f29ca295fcf42171fbb76ba9b1ae0193202755461f61611a59998a",
}
SIGNED = ("addition_fee", "client_id", "command", "trans_amount", "transaction_id", "version")


@pytest.mark.parametrize(
    ("key", "digest"),
    [
        ("SIMKEY1", "7b6867f820966d816e3b2248c6a0b618dabbf719be3c1389318d8e0000ab9b16"),
        ("SIMKEY2", "659da90b59f29ca295fcf42171fbb76ba9b1ae0193202755461f61611a59998a"),
    ],
)
def test_vector_order(key: str, digest: str) -> None:
    """§13: an order with the first key, a callback with the second."""
    assert digest == keypay_v3.checksum(key, SIX)
    assert digest == keypay_v3.checksum(key, keypay_v3.order_values(dict(zip(SIGNED, SIX, strict=True))))


def test_vector_detail() -> None:
    """§13, detail."""
    expected = "55c9925a5a78aa33c894283fc2800cf7dfcb0947178ab532a70131835374e874"
    assert expected == keypay_v3.checksum("SIMKEY1", ("SIM_CLIENT", "PAYDETAIL", "20250115-1001"))


def test_vector_refund() -> None:
    """§13, refund."""
    expected = "edbdc3bb49cb80e9625fb0565f41d3f2c6c8719e28abd288dfcf90273c7b3d66"
    assert expected == keypay_v3.checksum("SIMKEY1", ("50000", "SIM_CLIENT", "REFUND", "NOP THUA", "20250115-1001"))


def test_pitfall_08_a_verified_callback_is_only_a_hint() -> None:
    """What decides is unsigned, so nothing is decided; the dossier's number is unsigned too and says so."""
    fact = keypay_v3.read_callback(FORM, ["SIMKEY2"], CALLBACK)
    assert (Answer.PAID, False, 150_000) == (fact.answer, fact.is_decisive, fact.amount_vnd)
    assert ("H01.25-250115-0001", (Notice.UNSIGNED_DOSSIER,)) == (fact.dossier_code, fact.notices)


def test_pitfall_08_a_turned_status_verifies_and_decides_nothing() -> None:
    """A captured "unpaid" can be turned into "paid": both verify, and neither is decisive."""
    unpaid = keypay_v3.read_callback(FORM, ["SIMKEY2"], {**CALLBACK, "status": 1})
    assert (Answer.PENDING, False) == (unpaid.answer, unpaid.is_decisive)
    assert not keypay_v3.read_callback(FORM, ["SIMKEY2"], {**CALLBACK, "status": 0}).is_decisive


@given(st.sampled_from(SIGNED), st.text(max_size=20) | st.integers() | st.none() | st.booleans() | st.floats())
def test_any_changed_signed_field_is_refused(name: str, value: object) -> None:
    """Whatever type it has; a whole number is the same as its digits."""
    if str(value) != CALLBACK[name] or isinstance(value, bool | float):
        with pytest.raises(NotificationRefused):
            keypay_v3.read_callback(FORM, ["SIMKEY2"], {**CALLBACK, name: value})


@pytest.mark.parametrize("name", SIGNED)
def test_pitfall_13_a_missing_member_is_malformed(name: str) -> None:
    """Never hashed as nothing."""
    document = {**CALLBACK, name: ""}
    document["check_sum"] = keypay_v3.checksum("SIMKEY2", keypay_v3.order_values(document))
    for broken in (document, {member: value for member, value in document.items() if member != name}):
        with pytest.raises(NotificationRefused) as caught:
            keypay_v3.read_callback(FORM, ["SIMKEY2"], broken)
        assert "malformed" == caught.value.code


@pytest.mark.parametrize(
    "given", [None, "", 5, "x", CALLBACK["check_sum"].upper(), CALLBACK["check_sum"][:-1], "é" * 64, "\ud800" * 64]
)
def test_a_checksum_of_another_form_is_refused(given: object) -> None:
    """F10, F11."""
    with pytest.raises(NotificationRefused) as caught:
        keypay_v3.read_callback(FORM, ["SIMKEY2"], {**CALLBACK, "check_sum": given})
    assert "bad_checksum" == caught.value.code


def test_the_key_of_the_other_direction_does_not_verify() -> None:
    """What we sent cannot be sent back to us."""
    ours = {**CALLBACK, "check_sum": keypay_v3.checksum("SIMKEY1", SIX)}
    with pytest.raises(NotificationRefused):
        keypay_v3.read_callback(FORM, ["SIMKEY2"], ours)
    fact = keypay_v3.read_callback(FORM, ["SIMKEY2", "SIMKEY1"], ours)
    assert Notice.PREVIOUS_SECRET in fact.notices


def test_a_callback_inside_data_is_read() -> None:
    """Pay-later answers and callbacks hold their members one level deeper."""
    inner = {name: value for name, value in CALLBACK.items() if name not in ("transaction_id", "check_sum")}
    outer = {"error": "0", "data": inner, **{name: CALLBACK[name] for name in ("transaction_id", "check_sum")}}
    assert Answer.PAID is keypay_v3.read_callback(FORM, ["SIMKEY2"], outer).answer


@pytest.mark.parametrize("layers", [1, 2])
def test_f16_data_handed_on_as_text_is_unwrapped(layers: int) -> None:
    """At most twice."""
    inner: Any = {"status": "0"}
    for _ in range(layers):
        inner = json.dumps(inner)
    assert {"error": "0", "status": "0"} == keypay_v3.flattened({"error": "0", "data": inner})
    thrice = {"error": "0", "data": json.dumps(json.dumps(json.dumps({"status": "0"})))}
    assert thrice == keypay_v3.flattened(thrice)


def test_two_levels_that_disagree_are_refused() -> None:
    """Otherwise one reader sees another amount than the next."""
    with pytest.raises(NotificationRefused) as caught:
        keypay_v3.read_callback(FORM, ["SIMKEY2"], {**CALLBACK, "data": {"status": "1"}})
    assert "duplicate_member" == caught.value.code
    with pytest.raises(DocumentRefused):
        keypay_v3.flattened({"a": 1, "data": {"a": 2}})


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"client_id": "OTHER"}, "unknown_partner"),
        ({"transaction_refund_code": "R1"}, "not_offered"),
        ({"error": "5"}, "malformed"),
        ({"error": ["5"]}, "malformed"),
        ({"data": "no JSON"}, "malformed"),
        ({"trans_amount": "150000.0"}, "malformed"),
        ({"trans_amount": 150000.0}, "malformed"),
    ],
)
def test_what_else_is_refused(change: Mapping[str, Any], code: str) -> None:
    """Each with its word."""
    with pytest.raises(NotificationRefused) as caught:
        keypay_v3.read_callback(FORM, ["SIMKEY2"], {**CALLBACK, **change})
    assert code == caught.value.code


def test_oddities_are_noticed() -> None:
    """An unknown state is pending; a fee on top and another command are told."""
    document = {**CALLBACK, "addition_fee": "500", "command": "PAYLATER", "status": "7", "bill_info": "{"}
    document["check_sum"] = keypay_v3.checksum("SIMKEY2", keypay_v3.order_values(document))
    fact = keypay_v3.read_callback(FORM, ["SIMKEY2"], document)
    assert (Notice.UNKNOWN_STATE, Notice.UNEXPECTED_FEE, Notice.OTHER_MESSAGE_TYPE) == fact.notices
    assert (Answer.PENDING, "") == (fact.answer, fact.dossier_code)


def detail(**changes: Any) -> dict[str, Any]:
    return {"transaction_id": "20250115-1001", "trans_amount": 150_000, "status": "0", **changes}


def test_an_answer_about_a_transaction_is_decisive() -> None:
    """The second confirmation."""
    fact = keypay_v3.read_detail(FORM, detail(), reference="20250115-1001", partner_code="SIM_CLIENT")
    assert (Answer.PAID, True, 150_000) == (fact.answer, fact.is_decisive, fact.amount_vnd)


@pytest.mark.parametrize(
    "change",
    [{"transaction_id": "20250115-1002"}, {"client_id": "OTHER"}, {"trans_amount": None}, {"trans_amount": "1.5"}],
)
def test_an_answer_about_something_else_is_none(change: Mapping[str, Any]) -> None:
    """Another transaction, another client, paid without an amount."""
    with pytest.raises(ValueError):
        keypay_v3.read_detail(FORM, detail(**change), reference="20250115-1001", partner_code="SIM_CLIENT")


def test_an_unpaid_transaction_may_lack_its_amount() -> None:
    """Zero or nothing, as long as nothing is paid."""
    for amount in (None, 0, "0"):
        fact = keypay_v3.read_detail(
            FORM, detail(status="1", trans_amount=amount), reference="20250115-1001", partner_code="SIM_CLIENT"
        )
        assert (Answer.PENDING, None) == (fact.answer, fact.amount_vnd)


def test_no_value_with_a_separator_is_signed() -> None:
    """It would shift the fields."""
    with pytest.raises(InvalidInput):
        keypay_v3.signed({}, ("a|b",), "SIMKEY1")


def test_pictures() -> None:
    """Only PNG in a data address is a picture."""
    png = b"\x89PNG\r\n\x1a\n...."
    assert png == keypay_v3.picture_of("data:image/png;base64," + base64.b64encode(png).decode())
    for other in (None, "", "https://x.example/qr.png", "data:image/png;base64,!!", "data:image/png;base64,YWJj"):
        assert b"" == keypay_v3.picture_of(other)


@pytest.mark.parametrize(
    ("address", "expected", "notices"),
    [
        ("https://keypay3.example/bill.pdf", "https://keypay3.example/bill.pdf", ()),
        ("https://evil.example/bill.pdf", "", (Notice.FOREIGN_BILL_ADDRESS,)),
        ("http://keypay3.example/bill.pdf", "", (Notice.FOREIGN_BILL_ADDRESS,)),
        ("file:///etc/passwd", "", (Notice.FOREIGN_BILL_ADDRESS,)),
    ],
)
def test_pitfall_19_a_voucher_is_only_where_it_may_be(address: str, expected: str, notices: tuple[str, ...]) -> None:
    """Its address is unsigned; another host is dropped and noticed."""
    form = replace(FORM, bill_hosts=frozenset({"keypay3.example"}))
    fact = keypay_v3.read_callback(form, ["SIMKEY2"], {**CALLBACK, "url_invoice": address})
    assert (expected, (Notice.UNSIGNED_DOSSIER, *notices)) == (fact.bill_url, fact.notices)


@pytest.mark.parametrize("name", ["transaction_code", "currency_code", "update_at", "status", "bill_info"])
def test_unsigned_text_that_cannot_be_kept_is_dropped(name: str) -> None:
    """A zero character, which no database takes, and endless text."""
    for text in ("a\x00b", "x" * 5000):
        value = json.dumps({"MaHoSo": text}) if name == "bill_info" else text
        fact = keypay_v3.read_callback(FORM, ["SIMKEY2"], {**CALLBACK, name: value})
        assert text not in (fact.transaction, fact.currency, fact.paid_at_text, fact.result_code, fact.dossier_code)
