"""KeyPay v1 and v2 against the vectors of payment notes §13, and the pitfalls of §11."""

import re
from collections.abc import Mapping
from hashlib import md5
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidInput
from gateway.model.payment import Answer
from gateway.ports.payments import NotificationRefused
from mappings.payment import keypay_v1
from mappings.payment.keypay_v1 import Algorithm, Form, SecretPlace
from mappings.payment.notices import Notice

SECRET = "SIMKEY"
VECTOR_REQUEST = {
    "merchant_code": "SIMMC",
    "merchant_trans_id": "1001",
    "good_code": "H0125-250115-0001",
    "net_cost": "150000",
    "ship_fee": "0",
    "tax": "0",
    "return_url": "https://mc.example.vn/ket-qua",
    "version": "1.0",
    "command": "pay",
    "current_locale": "vn",
    "currency_code": "704",
    "service_code": "720",
    "country_code": "+84",
}
VECTOR_RESPONSE = {
    "bank_code": "970436",
    "command": "pay",
    "currency_code": "704",
    "good_code": "H0125-250115-0001",
    "merchant_code": "SIMMC",
    "merchant_trans_id": "1001",
    "net_cost": "150000",
    "response_code": "00",
    "service_code": "720",
    "ship_fee": "0",
    "tax": "0",
    "trans_id": "KP900001",
}
REFERENCE = keypay_v1.make_reference(bytes(range(16)))
RESPONSE = {**VECTOR_RESPONSE, "merchant_trans_id": REFERENCE}
FORMS = [
    Form(merchant_code="SIMMC", service_code="720", algorithm=algorithm, secret_place=place)
    for algorithm in Algorithm
    for place in SecretPlace
]
FORM = FORMS[0]


def signed(fields: Mapping[str, str], form: Form = FORM, secret: str = SECRET) -> list[tuple[str, str]]:
    """Give a return as KeyPay sends it."""
    made = keypay_v1.response_hash(secret, fields, form.algorithm, form.secret_place)
    return [*fields.items(), ("desc_1", "text"), ("secure_hash", made)]


@pytest.mark.parametrize(
    ("algorithm", "digest"),
    [
        (Algorithm.MD5, "E39C183823B624569175578DFC8E0420"),
        (Algorithm.SHA256, "015F0F79E8CAD6AA653A027FC030627A853C914B58271E9C265203D09833FB55"),
    ],
)
def test_vector_request(algorithm: Algorithm, digest: str) -> None:
    """§13 request, MD5 and SHA-256."""
    assert digest == keypay_v1.request_hash(SECRET, VECTOR_REQUEST, algorithm)


@pytest.mark.parametrize(
    ("transaction", "digest"),
    [("KP900001", "AA31280B7DE7175B8B31F5BA3258BA44"), ("KP900002", "06748A0154CD2CA6A60EEAC5196446EC")],
)
def test_vector_response(transaction: str, digest: str) -> None:
    """§13 response; the digest of the second begins with a zero that must not be lost (pitfall 13)."""
    fields = {**VECTOR_RESPONSE, "trans_id": transaction}
    assert digest == keypay_v1.response_hash(SECRET, fields, Algorithm.MD5, SecretPlace.PREFIX)


def test_vector_query_v1() -> None:
    """§13 query v1."""
    values = ["1001", "H0125-250115-0001", "KP900001", "SIMMC"]
    assert "b773cd87057be9cc8cd97d5e441ff4d8" == keypay_v1.question_hash(SECRET, values)


def test_vector_query_v2() -> None:
    """§13 query v2."""
    values = ["SIMMC", "1001", "H0125-250115-0001", "20250115093000"]
    assert "08e11043b6b24d98eccece5261748d76" == keypay_v1.question_hash(SECRET, values)


def test_vector_confirm() -> None:
    """§13 confirm, trans_result 0."""
    values = ["SIMMC", "H0125-250115-0001", "1001", "KP900001", "0"]
    assert "0909af044c28a80588d0ba7a158802ee" == keypay_v1.question_hash(SECRET, values)


def test_the_secret_in_place_stands_behind_the_merchants_code() -> None:
    """§C.1, the second variant: no prefix, the secret at the sorted place of merchant_secure_key."""
    text = "970436pay704H0125-250115-0001SIMMC" + SECRET + "10011500000072000KP900001"
    expected = md5(text.encode(), usedforsecurity=False).hexdigest().upper()
    assert expected == keypay_v1.response_hash(SECRET, VECTOR_RESPONSE, Algorithm.MD5, SecretPlace.IN_PLACE)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_signed_return_is_read(form: Form) -> None:
    """Amount, order and result, in every form of the hash."""
    fact = keypay_v1.read_return(form, [SECRET], signed(RESPONSE, form))
    assert (Answer.PAID, REFERENCE, 150_000, "VND") == (fact.answer, fact.reference, fact.amount_vnd, fact.currency)
    assert ("KP900001", "970436", "H0125-250115-0001") == (fact.transaction, fact.bank_code, fact.dossier_code)
    assert fact.is_decisive


@pytest.mark.parametrize("form", FORMS, ids=str)
@given(name=st.sampled_from(keypay_v1.SIGNED_RESPONSE), value=st.text(max_size=30))
def test_any_changed_signed_field_is_refused(form: Form, name: str, value: str) -> None:
    """Pitfalls 1, 2 and 3: a check that fails is a refusal, whatever else the message says."""
    if value != RESPONSE[name]:
        pairs = [(field, value if field == name else given) for field, given in signed(RESPONSE, form)]
        with pytest.raises(NotificationRefused):
            keypay_v1.read_return(form, [SECRET], pairs)


@given(st.sampled_from(keypay_v1.SIGNED_RESPONSE), st.sampled_from(keypay_v1.SIGNED_RESPONSE), st.integers(1, 20))
def test_pitfall_07_characters_cannot_move_between_fields(one: str, other: str, count: int) -> None:
    """The joined string stays the same when characters move to a neighbour, and so does its hash; the patterns refuse
    what the hash cannot."""
    names = list(keypay_v1.SIGNED_RESPONSE)
    if names.index(other) != names.index(one) + 1:
        return
    joined = RESPONSE[one] + RESPONSE[other]
    for cut in range(len(joined) + 1):
        moved = {**RESPONSE, one: joined[:cut], other: joined[cut:]}
        pairs = [*moved.items(), ("secure_hash", signed(RESPONSE)[-1][1])]
        if moved == RESPONSE:
            continue
        with pytest.raises(NotificationRefused):
            keypay_v1.read_return(FORM, [SECRET], pairs)


def test_pitfall_07_a_hash_cannot_be_lengthened() -> None:
    """The padding that lengthens a hash without the secret holds bytes that no field may hold."""
    longer = {**RESPONSE, "trans_id": RESPONSE["trans_id"] + "\x80\x00\x00"}
    with pytest.raises(NotificationRefused) as caught:
        keypay_v1.read_return(FORM, [SECRET], signed(longer))
    assert "malformed" == caught.value.code


@pytest.mark.parametrize("name", keypay_v1.SIGNED_RESPONSE)
def test_pitfall_13_a_missing_field_is_malformed(name: str) -> None:
    """It is hashed neither as nothing nor as the word null, even where the sender did so."""
    for stand_in in ("", "null"):
        fields = {**RESPONSE, name: stand_in}
        pairs = [pair for pair in signed(fields) if pair[0] != name]
        with pytest.raises(NotificationRefused) as caught:
            keypay_v1.read_return(FORM, [SECRET], pairs)
        assert "malformed" == caught.value.code


def test_pitfall_13_a_leading_zero_of_the_digest_counts() -> None:
    """Of 64 transactions some digest begins with a zero; with it the return is read, without it refused."""
    pairs = next(
        found
        for number in range(64)
        if (found := signed({**RESPONSE, "trans_id": f"KP{number}"}))[-1][1].startswith("0")
    )
    assert Answer.PAID is keypay_v1.read_return(FORM, [SECRET], pairs).answer
    without = [*pairs[:-1], ("secure_hash", pairs[-1][1].lstrip("0"))]
    with pytest.raises(NotificationRefused) as caught:
        keypay_v1.read_return(FORM, [SECRET], without)
    assert "bad_checksum" == caught.value.code


@pytest.mark.parametrize("given", ["", "0", "zz", "é" * 32, "\ud800"])
def test_a_checksum_of_another_form_is_refused_without_stumbling(given: str) -> None:
    """F11: missing, short, no hex, no ASCII."""
    with pytest.raises(NotificationRefused) as caught:
        keypay_v1.read_return(FORM, [SECRET], [*RESPONSE.items(), ("secure_hash", given)])
    assert "bad_checksum" == caught.value.code


def test_both_secrets_verify_while_one_is_exchanged_for_another() -> None:
    """F33, U29."""
    for secret, notices in (("new", ()), ("old", (Notice.PREVIOUS_SECRET,))):
        assert notices == keypay_v1.read_return(FORM, ["new", "old"], signed(RESPONSE, secret=secret)).notices
    with pytest.raises(NotificationRefused):
        keypay_v1.read_return(FORM, ["new", "old"], signed(RESPONSE, secret="older"))


def test_the_other_variant_is_not_taken_by_chance() -> None:
    """U26: one variant is agreed, and only that one verifies."""
    with pytest.raises(NotificationRefused):
        keypay_v1.read_return(FORM, [SECRET], signed(RESPONSE, FORMS[1]))


def test_repeated_parameters_and_other_merchants() -> None:
    """Two readers of a repeated parameter would see two messages."""
    for code, pairs in (
        ("duplicate_member", [*signed(RESPONSE), ("net_cost", "1")]),
        ("unknown_partner", signed({**RESPONSE, "merchant_code": "OTHER"})),
        ("too_large", [*signed(RESPONSE), *((f"x{number}", "") for number in range(60))]),
    ):
        with pytest.raises(NotificationRefused) as caught:
            keypay_v1.read_return(FORM, [SECRET], pairs)
        assert code == caught.value.code


def test_pitfall_09_amount_and_currency_are_told_as_signed() -> None:
    """F07, F08: a fee that was never asked for counts to the amount, so that it differs from the order's."""
    fields = {**RESPONSE, "ship_fee": "1000", "tax": "5", "currency_code": "840"}
    fact = keypay_v1.read_return(FORM, [SECRET], signed(fields))
    assert (151_005, "840") == (fact.amount_vnd, fact.currency)


def test_pitfall_24_an_amount_above_32_bits() -> None:
    """Land obligations are that high."""
    assert (
        5_000_000_000
        == keypay_v1.read_return(FORM, [SECRET], signed({**RESPONSE, "net_cost": "5000000000"})).amount_vnd
    )


def test_the_address_holds_every_signed_field_and_no_secret() -> None:
    """Pitfall 11; the plus of the country's code is written so that it stays one."""
    fields = {**VECTOR_REQUEST, "merchant_trans_id": REFERENCE}
    address = keypay_v1.pay_url("https://keypay.example/process", fields, SECRET, Algorithm.MD5)
    found = dict(parse_qsl(urlsplit(address).query, strict_parsing=True))
    assert {**fields, "secure_hash": keypay_v1.request_hash(SECRET, fields, Algorithm.MD5)} == found
    assert "country_code=%2B84" in address
    assert SECRET not in address
    assert "merchant_secure_key" not in address


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("merchant_trans_id", "1001"),
        ("good_code", "H01|2"),
        ("good_code", ""),
        ("net_cost", "0"),
        ("net_cost", "015"),
        ("return_url", "javascript:1"),
    ],
)
def test_pitfall_07_nothing_ambiguous_is_signed(name: str, value: str) -> None:
    """Strict patterns before hashing."""
    fields = {**VECTOR_REQUEST, "merchant_trans_id": REFERENCE, name: value}
    with pytest.raises(InvalidInput) as caught:
        keypay_v1.pay_url("https://keypay.example/process", fields, SECRET, Algorithm.MD5)
    assert [name] == [fault.field for fault in caught.value.faults]


@given(st.binary(min_size=16, max_size=16))
def test_references_begin_and_end_with_a_letter(random_bytes: bytes) -> None:
    """So they run into no neighbour."""
    assert re.fullmatch(r"[A-Z][0-9A-Z]{16}[A-Z]", keypay_v1.make_reference(random_bytes))


@pytest.mark.parametrize("text", ["KP900001|00|x", '"KP900001|00|x"', " a|00 \r\n", "|00"])
def test_the_code_of_an_answer(text: str) -> None:
    """The second of the parts between pipes, in plain text or a JSON string."""
    assert "00" == keypay_v1.read_code(text)


def test_a_code_alone_is_an_answer_of_the_first_version_only() -> None:
    """How that one answers is not known."""
    assert "08" == keypay_v1.read_code(" 08 ", may_stand_alone=True)
    for wrong in ("8", "008", "x"):
        with pytest.raises(ValueError):
            keypay_v1.read_code(wrong, may_stand_alone=True)


@pytest.mark.parametrize("text", ["", "00", "a|0|b", "a|000", "<html>", "a||00"])
def test_an_answer_without_a_code_is_no_answer(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match="second place"):
        keypay_v1.read_code(text)


def test_the_answer_to_a_confirmation_is_verified() -> None:
    """§C.2: its hash covers both other parts and the secret; digits of any case."""
    made = keypay_v1.question_hash(SECRET, ["yyy", "00"])
    assert "00" == keypay_v1.read_confirmation(f"yyy|00|{made}", [SECRET])
    assert "00" == keypay_v1.read_confirmation(f"yyy|00 |{made.upper()}", ["new", SECRET])
    for wrong in (f"yyy|06|{made}", f"yyy|00|{made[:-1]}", "yyy|00", f"yyy|00|{made}|x"):
        with pytest.raises(ValueError):
            keypay_v1.read_confirmation(wrong, [SECRET])
