"""CONFIRM: verified before it is believed, and acknowledged in six fields."""

import hmac
import json
from datetime import UTC, datetime
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.model.payment import Answer, PaymentFact
from gateway.ports.payments import NotificationRefused, Verdict
from mappings.payment.notices import Notice
from mappings.payment.platform_notice import MAX_BYTES, acknowledge, read_confirm
from mappings.payment.platform_rules import PlatformRules
from tests.unit.mappings.payment.platform_samples import (
    BILL_HOSTS,
    CONFIRM,
    DESCRIPTION,
    DOSSIER,
    OLD_SECRET,
    OWN_REFERENCE,
    PAID_AT,
    REFERENCE,
    RULES,
    SECRET,
    SIGNED,
    raw,
    rules,
    sealed,
)


def read(document: object, own: PlatformRules = RULES, **parts: Any) -> PaymentFact:
    return read_confirm(own, raw(document), parts.pop("secrets", [SECRET]), **{"bill_hosts": BILL_HOSTS, **parts})


def refusal(document: object, own: PlatformRules = RULES, **parts: Any) -> str:
    with pytest.raises(NotificationRefused) as caught:
        read(document, own, **parts)
    for value in (SECRET, DESCRIPTION, REFERENCE):
        assert value not in str(caught.value)
    return caught.value.code


def test_the_example_of_the_notes() -> None:
    """Every value arrives, the time in UTC and as it was written."""
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
        result_code="00",
    ) == read(CONFIRM)


tampering = st.one_of(
    st.text(max_size=40),
    st.integers(min_value=-(10**12), max_value=10**12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
    st.lists(st.text(max_size=3), max_size=2),
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
)


@given(st.sampled_from(SIGNED), tampering)
def test_pitfall_01_f09_any_changed_field_is_refused(name: str, value: object) -> None:
    """With the old checksum no other value of any signed field is taken."""
    assume(value != CONFIRM[name] and str(value) != str(CONFIRM[name]))
    assert refusal({**CONFIRM, name: value}) in {"bad_checksum", "malformed", "unknown_partner"}


@given(st.sampled_from(SIGNED), st.integers(min_value=0), st.characters(codec="utf-8"))
def test_f09_one_changed_character_is_refused(name: str, place: int, character: str) -> None:
    """Also the smallest change of a text is seen."""
    text = str(CONFIRM[name])
    place %= len(text)
    assume(text[place] != character)
    changed = text[:place] + character + text[place + 1 :]
    assert refusal({**CONFIRM, name: changed}) in {"bad_checksum", "malformed", "unknown_partner"}


@given(st.sampled_from(SIGNED), st.sampled_from(SIGNED))
def test_f09_swapped_fields_are_refused(one: str, other: str) -> None:
    """Values that change places do not give the same string."""
    assume(CONFIRM[one] != CONFIRM[other])
    swapped = {**CONFIRM, one: CONFIRM[other], other: CONFIRM[one]}
    assert refusal(swapped) in {"bad_checksum", "malformed", "unknown_partner"}


@given(st.data())
def test_pitfall_07_moved_boundaries_are_refused(data: st.DataObject) -> None:
    """A text that wanders from one field to the next, with the separator or without, is not the same message."""
    place = data.draw(st.integers(min_value=5, max_value=len(SIGNED) - 2))
    first, second = SIGNED[place], SIGNED[place + 1]
    cut = data.draw(st.integers(min_value=0, max_value=len(CONFIRM[second])))
    text = CONFIRM[second]
    assume(cut)
    for between in ("", "|"):
        moved = {**CONFIRM, first: CONFIRM[first] + between + text[:cut], second: text[cut:].lstrip("|")}
        assert refusal(moved) in {"bad_checksum", "malformed"}


@pytest.mark.parametrize("name", [*SIGNED, "MaXacThuc"])
def test_pitfall_13_a_missing_member_is_malformed(name: str) -> None:
    """It is hashed neither as nothing nor as the word null."""
    document = {key: value for key, value in CONFIRM.items() if key != name}
    assert ("bad_checksum" if name == "MaXacThuc" else "malformed") == refusal(document)
    assert ("bad_checksum" if name == "MaXacThuc" else "malformed") == refusal({**document, name: None})


@pytest.mark.parametrize("given_checksum", ["", "eb6c", "z" * 64, 5, ["x"], "0" * 64])
def test_pitfall_02_f11_a_checksum_of_another_form(given_checksum: object) -> None:
    """Refused, without any other exception."""
    assert "bad_checksum" == refusal({**CONFIRM, "MaXacThuc": given_checksum})


def test_f10_capitals() -> None:
    """Refused by default; where agreed they are taken and noticed."""
    document = {**CONFIRM, "MaXacThuc": CONFIRM["MaXacThuc"].upper()}
    assert "bad_checksum" == refusal(document)
    assert (Notice.UPPER_CASE_CHECKSUM,) == read(document, rules(accepts_upper_case=True)).notices


def test_f12_digits_as_text() -> None:
    """The same digits make the same checksum."""
    assert read(CONFIRM) == read({**CONFIRM, "SoTien": "150000"})


@pytest.mark.parametrize(
    "written", ["150000.00", "150000.0", "1.5e5", "150000e0", "-150000", "0", "true", "null", '"0150000"', '"+150000"']
)
def test_f12_other_amounts_are_malformed(written: str) -> None:
    """Whatever their checksum covers: 150000 or what was written."""
    for covered in (150_000, written.strip('"')):
        document = sealed(SoTien=covered) | {"SoTien": "@"}
        body = json.dumps(document).replace('"@"', written).encode()
        assert "malformed" == refusal(body)


def test_pitfall_24_large_obligations() -> None:
    """An amount beyond 32 bits arrives whole."""
    assert 3_000_000_000_000 == read(sealed(SoTien=3_000_000_000_000)).amount_vnd


def test_pitfall_09_f07_f08_differing_values_arrive_as_they_are() -> None:
    """A right checksum with another amount, currency or order is a fact that differs, and no forgery."""
    assert 151_000 == read(sealed(SoTien=151_000)).amount_vnd
    assert "USD" == read(sealed(MaTienTe="USD")).currency
    other = read({**sealed(MaThamChieu=OWN_REFERENCE), "MaHoSo": "H99-X-1"})
    assert ("H99-X-1", True, (Notice.UNSIGNED_DOSSIER,)) == (other.dossier_code, other.is_decisive, other.notices)


def test_f08_another_partner_is_told_before_the_checksum() -> None:
    """Right or wrong checksum: it is not for us."""
    assert "unknown_partner" == refusal(sealed(MaDoiTac="PPSIM99")) == refusal({**CONFIRM, "MaDoiTac": "PPSIM99"})


def test_f13_u30_payments_from_the_portal() -> None:
    """Without a reference the dossier tells whose money it is: it counts where the checksum covers it."""
    named = read({**sealed(MaThamChieu=""), "MaHoSo": DOSSIER})
    assert ("", DOSSIER, True, ()) == (named.reference, named.dossier_code, named.is_decisive, named.notices)
    for reference in ("", "PORTAL-1"):
        document = {**sealed(MaThamChieu=reference, ThongTinGiaoDich="Nop le phi"), "MaHoSo": DOSSIER}
        assert read(document).is_decisive is False
        assert read(document, rules(trusts_unsigned_dossier=True)).is_decisive is True


def test_pitfall_08_another_dossier_put_in_does_not_decide() -> None:
    """MaHoSo is outside the checksum, so whoever changes it gets a question asked, and no money."""
    changed = read({**sealed(MaThamChieu=""), "MaHoSo": "H01.25-250115-0002"})
    assert (False, (Notice.UNSIGNED_DOSSIER,)) == (changed.is_decisive, changed.notices)
    part = read({**sealed(MaThamChieu=""), "MaHoSo": "H01.25-250115-000"})
    assert part.is_decisive is False


def test_f31_text_is_verified_as_it_came() -> None:
    """A decomposed description verifies by its own bytes, and its composed twin does not pass for it."""
    text = f"Lệ phí hồ sơ {DOSSIER}"
    decomposed = sealed(ThongTinGiaoDich=normalize("NFD", text))
    assert Answer.PAID == read(decomposed).answer
    assert "bad_checksum" == refusal({**decomposed, "ThongTinGiaoDich": normalize("NFC", text)})


def test_pitfall_14_f32_twelve_hour_clock() -> None:
    """Verified as it was sent, and noticed."""
    fact = read(CONFIRM, seen_at=datetime(2025, 1, 15, 14, 34, 20, tzinfo=UTC))
    assert ((Notice.TWELVE_HOUR_CLOCK,), "20250115093412", PAID_AT) == (fact.notices, fact.paid_at_text, fact.paid_at)
    assert () == read(CONFIRM, seen_at=datetime(2025, 1, 15, 2, 34, 20, tzinfo=UTC)).notices


def test_f33_two_secrets_while_one_is_changed() -> None:
    """Both are taken; that it was the older one is noticed."""
    assert (Notice.PREVIOUS_SECRET,) == read(sealed(OLD_SECRET), secrets=[SECRET, OLD_SECRET]).notices
    assert () == read(sealed(), secrets=[SECRET, OLD_SECRET]).notices
    assert "bad_checksum" == refusal(sealed(OLD_SECRET))


@pytest.mark.parametrize(
    ("code", "answer", "notices"),
    [
        ("00", Answer.PAID, ()),
        ("99", Answer.FAILED, (Notice.UNKNOWN_RESULT,)),
        ("0", Answer.FAILED, (Notice.UNKNOWN_RESULT,)),
        ("000", Answer.FAILED, (Notice.UNKNOWN_RESULT,)),
        ("24", Answer.FAILED, ()),
        ("08", Answer.PENDING, ()),
        ("02", Answer.FAILED, (Notice.CONFIGURATION_RESULT,)),
    ],
)
def test_u4_results_come_from_a_table(code: str, answer: Answer, notices: tuple[Notice, ...]) -> None:
    """Four classes; what is not listed is not paid, and the code is kept."""
    table = {"00": "success", "24": "failed", "08": "unknown", "02": "configuration"}
    fact = read(sealed(MaLoi=code), rules(results=table))
    assert (answer, notices, code) == (fact.answer, fact.notices, fact.result_code)


def test_u2_another_name_of_the_message_is_noticed() -> None:
    """Whatever it calls itself is hashed."""
    assert (Notice.OTHER_MESSAGE_TYPE,) == read(sealed(LoaiBanTin="THONGBAO")).notices


def test_a_failure_needs_no_transaction() -> None:
    """A success does."""
    assert Answer.FAILED == read(sealed(MaLoi="99", MaGiaoDich="", MaNganHang="")).answer
    assert "malformed" == refusal(sealed(MaGiaoDich=""))


def test_an_odd_time_drops_no_money() -> None:
    """It is kept as text and noticed."""
    fact = read(sealed(ThoiGianGD="15/01/2025 09:34"))
    assert (None, "15/01/2025 09:34", (Notice.UNREADABLE_TIME,)) == (fact.paid_at, fact.paid_at_text, fact.notices)


@pytest.mark.parametrize("name", ["MaGiaoDich", "MaNganHang", "MaThamChieu", "ThoiGianGD", "MaTienTe"])
@pytest.mark.parametrize("text", ["a|b", "a\x00b", "a\nb", "x" * 256])
def test_pitfall_07_fields_have_strict_forms(name: str, text: str) -> None:
    """Separators, control characters and endless texts are refused whatever their checksum."""
    assert "malformed" == refusal(sealed(**{name: text}))


def test_a_pipe_in_the_last_field_is_harmless() -> None:
    """Nothing but the secret follows it, so there is one way to read the string."""
    assert Answer.PAID == read(sealed(ThongTinGiaoDich="Phi|Le phi")).answer


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"x" * (MAX_BYTES + 1), "too_large"),
        (b"", "malformed"),
        (b"{}", "malformed"),
        (b"[1]", "malformed"),
        (b"MaLoi=00", "malformed"),
        (b"\xef\xbb\xbf" + json.dumps(CONFIRM).encode(), "malformed"),
        (json.dumps(CONFIRM).encode("utf-16"), "malformed"),
        (json.dumps(CONFIRM)[:-1].encode() + b',"MaLoi":"00"}', "duplicate_member"),
        (json.dumps(CONFIRM)[:-1].encode() + b',"SoTien":1}', "duplicate_member"),
    ],
)
def test_what_has_no_one_meaning_is_refused(body: bytes, code: str) -> None:
    """Size first, then JSON, then members that occur twice."""
    assert code == refusal(body)


def test_the_size_limit_is_64_kib() -> None:
    """One byte less than too much is read."""
    body = json.dumps(CONFIRM).encode()
    assert read(CONFIRM) == read(body + b" " * (64 * 1024 - len(body)))
    assert "too_large" == refusal(body + b" " * (64 * 1024 - len(body) + 1))


@pytest.mark.parametrize(
    ("address", "kept", "notices"),
    [
        ("https://bill.example/1.pdf", "https://bill.example/1.pdf", ()),
        ("http://bill.example/1.pdf", "", (Notice.FOREIGN_BILL_ADDRESS,)),
        ("https://169.254.169.254/latest", "", (Notice.FOREIGN_BILL_ADDRESS,)),
        ("", "", ()),
        (None, "", ()),
    ],
)
def test_pitfall_19_addresses_of_bills(address: str | None, kept: str, notices: tuple[Notice, ...]) -> None:
    """Only trusted hosts are kept; the payment counts all the same."""
    fact = read({**CONFIRM, "UrlBienLai": address})
    assert (kept, notices, Answer.PAID) == (fact.bill_url, fact.notices, fact.answer)
    assert "malformed" == refusal({**CONFIRM, "UrlBienLai": 5})


def test_the_legacy_checksum_decides_nothing() -> None:
    """It leaves out result and transaction, so the platform is asked."""
    text = f"CONFIRM|PPSIM01|{REFERENCE}|150000|VND|VCB|{DESCRIPTION}|20250115093412|"
    digest = hmac.new(SECRET.encode(), text.encode(), "sha256").hexdigest()
    fact = read({**CONFIRM, "MaXacThuc": digest}, rules(digest="legacy_hmac"))
    assert (False, (Notice.LEGACY_CHECKSUM,)) == (fact.is_decisive, fact.notices)
    assert "bad_checksum" == refusal(CONFIRM, rules(digest="legacy_hmac"))


@pytest.mark.parametrize(
    ("verdict", "code", "words"),
    [
        (Verdict.APPLIED, "00", "Thành công"),
        (Verdict.REFUSED, "99", "Các lỗi khác"),
        (Verdict.FORGED, "99", "Các lỗi khác"),
        (Verdict.UNAVAILABLE, "99", "Các lỗi khác"),
    ],
)
def test_pitfall_25_acknowledgements(verdict: Verdict, code: str, words: str) -> None:
    """HTTP 200 and six fields, four of them echoes; 00 only for what is committed."""
    answer = acknowledge(RULES, raw(CONFIRM), verdict)
    assert (200, "application/json; charset=utf-8") == (answer.status, answer.content_type)
    assert {
        "MaLoi": code,
        "MoTaLoi": words,
        "MaDoiTac": "PPSIM01",
        "MaThamChieu": REFERENCE,
        "ThoiGianGD": "20250115093412",
        "MaXacThuc": CONFIRM["MaXacThuc"],
    } == json.loads(answer.body)


@pytest.mark.parametrize("body", [b"", b"{", b"x" * (MAX_BYTES + 1), b"[]", b'{"MaDoiTac":5,"MaThamChieu":null}'])
def test_pitfall_23_what_is_unreadable_is_acknowledged_too(body: bytes) -> None:
    """With empty echoes, and without any detail of what went wrong."""
    answer = json.loads(acknowledge(RULES, raw(body), Verdict.FORGED).body)
    echoes = {"MaDoiTac": "", "MaThamChieu": "", "ThoiGianGD": "", "MaXacThuc": ""}
    assert {"MaLoi": "99", "MoTaLoi": "Các lỗi khác", **echoes} == answer


def test_u3_the_checksum_need_not_be_echoed() -> None:
    """A setting; the field stays."""
    answer = json.loads(acknowledge(rules(is_checksum_echoed=False), raw(CONFIRM), Verdict.APPLIED).body)
    assert "" == answer["MaXacThuc"]
