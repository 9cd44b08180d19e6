"""Answers of the platform in both envelopes, and what they say of a payment."""

import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.model.payment import Answer, PaymentFact
from mappings.payment.documents import DocumentRefused
from mappings.payment.notices import Notice
from mappings.payment.platform_checksums import BadChecksum
from mappings.payment.platform_replies import (
    MAX_REPLY_BYTES,
    Reply,
    ReplyBroken,
    absent_fact,
    is_page,
    is_pdf,
    pay_url_of,
    query_fact,
    refuse_others,
    unwrap,
)
from mappings.payment.platform_rules import PlatformRules, ResultClass
from tests.unit.mappings.payment.platform_samples import (
    BILL_HOSTS,
    HOSTS,
    OLD_SECRET,
    OPENED_AT,
    PAID_AT,
    REFERENCE,
    RULES,
    SECRET,
    SIGNED,
    answered,
    rules,
)

ACCEPTED = {"MaLoi": "00", "UrlThanhToan": "https://pay.example/p/1"}


def encoded(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def wrapped(document: object, error_code: object = "0") -> bytes:
    return encoded({"error_code": error_code, "message": json.dumps(document)})


def fact(document: dict[str, Any], own: PlatformRules = RULES, **parts: Any) -> PaymentFact:
    given = {"reference": REFERENCE, "opened_at": OPENED_AT, "secrets": [SECRET], "bill_hosts": BILL_HOSTS, **parts}
    return query_fact(own, unwrap(own, encoded(document)), **given)


@pytest.mark.parametrize(
    "body",
    [
        encoded(ACCEPTED),
        b"\xef\xbb\xbf" + encoded(ACCEPTED),
        wrapped(ACCEPTED),
        wrapped(ACCEPTED, 0),
        wrapped(json.dumps(ACCEPTED)),
        encoded({"error_code": "0", "message": ACCEPTED}),
    ],
    ids=["bare", "bom", "wrapped", "number", "F16 double", "F16 object"],
)
def test_f16_every_envelope(body: bytes) -> None:
    """Bare, wrapped, encoded twice, or an object already."""
    reply = unwrap(RULES, body)
    assert (ResultClass.SUCCESS, "00", True) == (reply.result, reply.code, reply.is_listed)
    assert "https://pay.example/p/1" == pay_url_of(reply, HOSTS)


@pytest.mark.parametrize("code", ["99", "07", "001", "0", " 00", "00 "])
def test_f17_the_inner_result_counts(code: str) -> None:
    """The adapter's 0 says nothing about the platform's result."""
    reply = unwrap(RULES, wrapped({"MaLoi": code, "MoTaLoi": "Lỗi"}))
    assert (ResultClass.FAILED, False) == (reply.result, reply.is_listed)


@pytest.mark.parametrize("message", ["Lỗi hệ thống", "", None, "{}", "[]", 5])
def test_an_error_of_the_adapter_leaves_everything_open(message: object) -> None:
    """Unless its code is listed; what it says in words is not shown."""
    body = encoded({"error_code": "500", "message": message})
    reply = unwrap(RULES, body)
    assert (ResultClass.UNKNOWN, "adapter 500") == (reply.result, reply.code)
    listed = rules(adapter_results={"0": "success", "500": "configuration"})
    assert ResultClass.CONFIGURATION == unwrap(listed, body).result


def test_a_platform_object_inside_an_adapter_error_counts() -> None:
    """What the platform itself said is the better word."""
    assert ResultClass.FAILED == unwrap(RULES, wrapped({"MaLoi": "07"}, "1")).result


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        encoded(ACCEPTED)[:-3],
        encoded(ACCEPTED).decode().encode("utf-16"),
        b"<html>",
        b"[]",
        b"{}",
        b'{"MaLoi":0}',
        b'{"MaLoi":""}',
        b'{"MaLoi":null}',
        b'{"MaLoi":"99","MaLoi":"00"}',
        b'{"error_code":"0"}',
        encoded({"error_code": "0", "message": ""}),
        encoded({"error_code": "0", "message": "{"}),
        encoded({"error_code": "0", "message": json.dumps(json.dumps(json.dumps(ACCEPTED)))}),
        encoded({"error_code": "0", "message": '{"MaLoi":"99","MaLoi":"00"}'}),
        b" " * MAX_REPLY_BYTES + encoded(ACCEPTED),
    ],
)
def test_f15_what_means_nothing_is_refused(body: bytes) -> None:
    """Always with the two errors that the caller expects."""
    with pytest.raises((ReplyBroken, DocumentRefused)):
        unwrap(RULES, body)


@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["MaLoi", "error_code", "message", "SoTien"]), inner, max_size=4)
        ),
        max_leaves=8,
    ).map(lambda document: json.dumps(document).encode())
)
def test_f15_no_answer_crashes_the_reader(body: bytes) -> None:
    """Whatever comes: a reply, or one of the two errors."""
    try:
        reply = unwrap(RULES, body)
    except (ReplyBroken, DocumentRefused):
        return
    assert reply.code


def test_codes_of_strange_forms_are_not_shown() -> None:
    """A foreign code goes into messages and labels, so only a plain one does."""
    assert "other" == unwrap(RULES, encoded({"MaLoi": "NGUYỄN VĂN A 999099000001"})).code


@pytest.mark.parametrize(
    ("address", "code"),
    [
        (None, "no_page"),
        ("", "no_page"),
        (5, "no_page"),
        ("http://pay.example/p/1", "foreign_page"),
        ("https://evil.example/p/1", "foreign_page"),
        ("/p/1", "foreign_page"),
        ("javascript:alert(1)", "foreign_page"),
    ],
)
def test_pitfall_19_payers_are_led_to_listed_hosts_only(address: object, code: str) -> None:
    """Accepted or not: an address that nobody trusts is shown to nobody."""
    with pytest.raises(ReplyBroken) as caught:
        pay_url_of(unwrap(RULES, encoded({"MaLoi": "00", "UrlThanhToan": address})), HOSTS)
    assert code == caught.value.code


@pytest.mark.parametrize(
    ("members", "code"), [({"MaThamChieu": "OTHER"}, "other_reference"), ({"MaDoiTac": "OTHER"}, "other_partner")]
)
def test_answers_about_others_are_refused(members: dict[str, Any], code: str) -> None:
    """An answer that went astray is no answer; one that names nothing is."""
    with pytest.raises(ReplyBroken) as caught:
        refuse_others(RULES, unwrap(RULES, encoded(ACCEPTED | members)), REFERENCE)
    assert code == caught.value.code
    refuse_others(RULES, unwrap(RULES, encoded(ACCEPTED | {"MaThamChieu": "", "MaDoiTac": None})), REFERENCE)


def test_a_paid_answer() -> None:
    """Everything that CONFIRM would tell but the dossier."""
    assert PaymentFact(
        answer=Answer.PAID,
        reference=REFERENCE,
        partner_code="PPSIM01",
        amount_vnd=150_000,
        currency="VND",
        transaction="PPTX202501150001",
        bank_code="VCB",
        paid_at=PAID_AT,
        paid_at_text="20250115093412",
        result_code="1",
    ) == fact(answered())


@pytest.mark.parametrize(
    ("state", "answer", "notices"),
    [
        ("1", Answer.PAID, ()),
        ("2", Answer.PENDING, ()),
        ("3", Answer.PENDING, ()),
        ("4", Answer.FAILED, ()),
        ("5", Answer.PENDING, (Notice.UNKNOWN_STATE,)),
        ("", Answer.PENDING, (Notice.UNKNOWN_STATE,)),
        (None, Answer.PENDING, (Notice.UNKNOWN_STATE,)),
        (1, Answer.PAID, ()),
        (True, Answer.PENDING, (Notice.UNKNOWN_STATE,)),
    ],
)
def test_u5_states_come_from_a_table(state: object, answer: Answer, notices: tuple[Notice, ...]) -> None:
    """What is not listed is pending, and noticed; MaLoi 00 alone says nothing of the payment."""
    found = fact(answered(TrangThaiGD=state))
    assert (answer, notices) == (found.answer, found.notices)


def test_u5_the_table_can_be_set() -> None:
    """A state that turns out to mean failed."""
    assert Answer.FAILED == fact(answered(TrangThaiGD="2"), rules(states={"1": "paid", "2": "failed"})).answer


@given(st.sampled_from(SIGNED), st.text(max_size=30) | st.integers(min_value=0))
def test_u6_any_changed_value_is_refused(name: str, value: object) -> None:
    """Nothing changes on an answer whose checksum does not fit."""
    document = answered()
    assume(str(document[name]) != str(value))
    changed = document | {name: value}
    with pytest.raises((BadChecksum, ReplyBroken, DocumentRefused)):
        fact(changed)


@pytest.mark.parametrize("checksum", [None, "", "0" * 64])
def test_u6_unsigned_answers_decide_only_a_question(checksum: object) -> None:
    """By default they are refused; where the platform signs none they are hints."""
    document = answered() | {"MaXacThuc": checksum}
    with pytest.raises(BadChecksum):
        fact(document)
    found = fact(document, rules(is_query_signed=False))
    assert (Answer.PAID, False, (Notice.NO_CHECKSUM,)) == (found.answer, found.is_decisive, found.notices)


def test_f33_answers_by_the_older_secret() -> None:
    """Taken during the overlap, and noticed."""
    assert (Notice.PREVIOUS_SECRET,) == fact(answered(OLD_SECRET), secrets=[SECRET, OLD_SECRET]).notices


def test_unpaid_answers_may_lack_the_payment() -> None:
    """Transaction, bank, amount and time are told once there is a payment."""
    document = answered(TrangThaiGD="3", MaGiaoDich="", MaNganHang="", SoTien=0, ThoiGianGD="")
    found = fact(document)
    shown = (found.answer, found.amount_vnd, found.transaction, found.paid_at, found.paid_at_text)
    assert (Answer.PENDING, None, "", None, "") == shown
    assert () == found.notices


@pytest.mark.parametrize("change", [{"MaGiaoDich": ""}, {"SoTien": 0}, {"MaThamChieu": ""}])
def test_paid_answers_must_be_whole(change: dict[str, Any]) -> None:
    """Money without amount, number or reference is no answer."""
    with pytest.raises(ReplyBroken):
        fact(answered(**change))


@pytest.mark.parametrize("change", [{"MaGiaoDich": 5}, {"SoTien": 1.5}, {"MaNganHang": "A|B"}, {"MaTienTe": None}])
def test_other_types_are_refused(change: dict[str, Any]) -> None:
    """Before anything is compared."""
    with pytest.raises(ReplyBroken):
        fact(answered() | change)


def test_pitfall_14_f32_times_before_the_opening_are_noticed() -> None:
    """Paid at 13:30 by an order of 13:25, written as 01:30."""
    found = fact(answered(ThoiGianGD="20250115013000"), opened_at=OPENED_AT.replace(hour=6, minute=25))
    assert (Notice.TWELVE_HOUR_CLOCK,) == found.notices


def test_pitfall_19_addresses_of_bills() -> None:
    """Kept from trusted hosts only."""
    assert "https://bill.example/1" == fact(answered(UrlBienLai="https://bill.example/1")).bill_url
    foreign = fact(answered(UrlBienLai="https://evil.example/1"))
    assert ("", (Notice.FOREIGN_BILL_ADDRESS,)) == (foreign.bill_url, foreign.notices)


def test_an_unknown_reference_is_a_value() -> None:
    """Where the code for it is known."""
    reply = unwrap(rules(results={"00": "success", "05": "not_found"}), encoded({"MaLoi": "05"}))
    assert ResultClass.NOT_FOUND == reply.result
    assert (Answer.NOT_FOUND, None, "05") == (
        (found := absent_fact(RULES, reply, reference=REFERENCE)).answer,
        found.amount_vnd,
        found.result_code,
    )


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("application/pdf", b"%PDF-1.7", True),
        ("application/octet-stream", b"%PDF-1.7", True),
        ("", b"%PDF-1.7", True),
        ("application/json", b'{"MaLoi":"00"}', False),
        ("text/html", b"<html>", False),
    ],
)
def test_u11_f25_vouchers_are_told_by_type_and_bytes(content_type: str, body: bytes, expected: bool) -> None:
    """A PDF is one by both."""
    assert expected is is_pdf(content_type, body)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/html", b"%PDF-1.7"),
        ("application/json", b"%PDF-"),
        ("application/pdf", b"<html>"),
        ("application/pdf", b""),
    ],
)
def test_u11_f25_contradictions_are_refused(content_type: str, body: bytes) -> None:
    """What is named one thing and is another is no voucher."""
    with pytest.raises(ReplyBroken):
        is_pdf(content_type, body)


def test_pages_are_told_apart() -> None:
    """By type or by their first character."""
    assert is_page("text/html", b"")
    assert is_page("application/json", b"\n <!DOCTYPE html>")
    assert not is_page("application/json", b"{}")


def test_replies_hide_their_content() -> None:
    """Their repr may be logged."""
    assert "secret" not in repr(Reply(result=ResultClass.SUCCESS, code="00", is_listed=True, document={"a": "secret"}))


def test_f10_capitals_in_the_checksum_of_an_answer_are_told() -> None:
    """As those of a notification are: taken only where it is configured."""
    document = answered()
    document["MaXacThuc"] = document["MaXacThuc"].upper()
    assert (Notice.UPPER_CASE_CHECKSUM,) == fact(document, rules(accepts_upper_case=True)).notices
    with pytest.raises(BadChecksum):
        fact(document)
