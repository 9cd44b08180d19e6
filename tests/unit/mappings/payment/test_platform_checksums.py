"""The vectors of payment notes §13 for the payment platform, each by its name."""

from typing import Any
from unicodedata import normalize

import pytest

from mappings.payment.platform import bill_request, init_request, query_request
from mappings.payment.platform_checksums import (
    INIT_ORDER,
    BadChecksum,
    confirm_values,
    find_secret,
    seal,
    values_of,
)
from mappings.payment.platform_rules import Digest
from tests.unit.mappings.payment.platform_samples import (
    CONFIRM,
    OLD_SECRET,
    OPENED_AT,
    ORDER,
    REFERENCE,
    RULES,
    SECRET,
    order,
    rules,
    sealed,
)

INIT = "4b713ca020de6095674672e692e7f58d6dfdb3a45207d4ed3659135acc41cce3"


def texts(document: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in document.items()}


def test_vector_init() -> None:
    """INIT of the notes, made from an order."""
    assert INIT == init_request(RULES, ORDER, SECRET)["MaXacThuc"]


def test_vector_init_legacy_hmac() -> None:
    """The keyed form of June 2020 over the same string without the secret."""
    document = init_request(rules(digest="legacy_hmac"), ORDER, SECRET)
    assert "3efea635c8fe357c58a861fb1e9c25b561be749f231b9ae36532335f9f31f4a7" == document["MaXacThuc"]


def test_vector_confirm() -> None:
    """The time stands before the description here."""
    values = confirm_values(Digest.SHA256, texts(CONFIRM))
    assert CONFIRM["MaXacThuc"] == seal(Digest.SHA256, values, SECRET)
    assert 0 == find_secret(Digest.SHA256, values, CONFIRM["MaXacThuc"], [SECRET])


def test_vector_confirm_with_another_amount() -> None:
    """A tenth of the amount has another checksum, which does not pass for the first."""
    values = confirm_values(Digest.SHA256, texts({**CONFIRM, "SoTien": 15_000}))
    other = "ff0830b08e2ed4ff34ea667bca2ee5fc4a5def2c90700f43aa1fba946db9be43"
    assert other == seal(Digest.SHA256, values, SECRET)
    with pytest.raises(BadChecksum):
        find_secret(Digest.SHA256, values, CONFIRM["MaXacThuc"], [SECRET])


def test_vector_query() -> None:
    """QUERY holds the time of INIT."""
    assert (
        "73d78121438247c8b7c7f4b78e0083d8d4eed5c529a2d7ba63e736256a5a9a88"
        == query_request(RULES, REFERENCE, OPENED_AT, SECRET)["MaXacThuc"]
    )


def test_vector_get_bill() -> None:
    """GET_BILL holds the time of the payment."""
    assert (
        "4d6f01e1c6bdadd9b99bbf792d397065821f24418834b9e3e0b7965f953fc1a0"
        == bill_request(RULES, REFERENCE, "20250115093412", SECRET)["MaXacThuc"]
    )


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("NFC", "6ce72b0c91a59873aa2a5e36159a8b09d2b60eb4ea83322a11edf96472f97c2f"),
        ("NFD", "910be046d23dc0351d681dbf3505d514821b620038b879bc20dc412783e162fb"),
    ],
)
def test_vector_unicode_forms(form: Any, expected: str) -> None:
    """The checksum covers bytes: composed and decomposed text are two different things."""
    init = texts(init_request(RULES, order(reference="REF0000000000000002"), SECRET))
    init["ThongTinGiaoDich"] = normalize(form, "Lệ phí hồ sơ")
    assert expected == seal(Digest.SHA256, values_of(INIT_ORDER, init), SECRET)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_u21_what_is_sent_is_composed(form: Any) -> None:
    """Whatever form the configured text has, NFC is signed and sent."""
    own = rules(description=normalize(form, "Lệ phí hồ sơ") + " {dossier_code}", is_description_ascii=False)
    document = init_request(own, ORDER, SECRET)
    assert normalize("NFC", "Lệ phí hồ sơ") + f" {ORDER.dossier_code}" == document["ThongTinGiaoDich"]


def test_pitfall_07_a_pipe_is_never_sealed() -> None:
    """It would shift the fields."""
    with pytest.raises(ValueError):
        values_of(("a", "b"), {"a": "1|2", "b": ""})


def test_pitfall_13_a_missing_value_is_never_sealed() -> None:
    """Neither as an empty text nor as the word null."""
    with pytest.raises(KeyError):
        values_of(("a", "b"), {"a": "1"})


def test_pitfall_13_leading_zeros_of_a_digest_stay() -> None:
    """Digests are written byte by byte, so that one that begins with a zero keeps it."""
    found = [seal(Digest.SHA256, (str(number),), SECRET) for number in range(64)]
    assert {64} == {len(digest) for digest in found}
    zeroed = next((str(number), digest) for number, digest in enumerate(found) if digest.startswith("0"))
    assert 0 == find_secret(Digest.SHA256, (zeroed[0],), zeroed[1], [SECRET])
    with pytest.raises(BadChecksum):
        find_secret(Digest.SHA256, (zeroed[0],), zeroed[1][1:], [SECRET])


@pytest.mark.parametrize("given", [None, "", 7, b"", [], "0" * 63, "0" * 65, "g" * 64, "０" * 64, "0" * 64 + "\n"])
@pytest.mark.parametrize("accepts", [False, True])
def test_pitfall_05_f11_other_forms_are_refused_before_comparing(given: object, accepts: bool) -> None:
    """Missing, short, long and other letters: one refusal, no exception of another kind."""
    with pytest.raises(BadChecksum):
        find_secret(Digest.SHA256, ("a",), given, [SECRET], accepts_upper_case=accepts)


def test_f10_capitals_only_where_agreed() -> None:
    """By default a checksum in capitals is refused."""
    capitals = seal(Digest.SHA256, ("a",), SECRET).upper()
    with pytest.raises(BadChecksum):
        find_secret(Digest.SHA256, ("a",), capitals, [SECRET])
    assert 0 == find_secret(Digest.SHA256, ("a",), capitals, [SECRET], accepts_upper_case=True)


def test_f33_the_place_of_the_secret_is_told() -> None:
    """Old and new overlap, and which one it was is known."""
    values = confirm_values(Digest.SHA256, texts(CONFIRM))
    by_old = sealed(OLD_SECRET)["MaXacThuc"]
    assert 1 == find_secret(Digest.SHA256, values, by_old, [SECRET, OLD_SECRET])
    with pytest.raises(BadChecksum):
        find_secret(Digest.SHA256, values, by_old, [SECRET])


def test_pitfall_06_the_legacy_confirm_ends_with_a_separator() -> None:
    """Eight values without result and transaction, the description before the time (§A.7)."""
    joined = "|".join(confirm_values(Digest.LEGACY_HMAC, texts(CONFIRM)))
    assert f"CONFIRM|PPSIM01|{REFERENCE}|150000|VND|VCB|THANH TOAN HO SO H01.25-250115-0001|20250115093412|" == joined
