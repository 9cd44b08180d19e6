"""Numbers, names and dates are refused when they have none of the forms that were seen; nothing is repaired."""

import unicodedata
from typing import Any

import pytest

from gateway.model.identity import EidCode, PartialDate, Precision
from mappings.identity.claims import read_birth_date
from tests.unit.mappings.identity_samples import ENTERPRISE, NUMBER, SEALED, read, refusal


@pytest.mark.parametrize(
    ("number", "rule"),
    [
        ("99919900001", "wrong_form"),
        ("0999199000012", "wrong_form"),
        (" 099919900001", "wrong_form"),
        ("0999 1990 0001", "wrong_form"),
        ("099919900001\n", "control_characters"),
        ("٠٩٩٩١٩٩٠٠٠٠١", "wrong_form"),
        ("０９９９１９９００００１", "wrong_form"),
        ("09991990000O", "wrong_form"),
        ("C9990001", "wrong_form"),
        (99919900001, "not_text"),
        (99919900001.0, "not_text"),
        (True, "not_text"),
        ([NUMBER], "not_text"),
        ({"so": NUMBER}, "not_text"),
    ],
)
def test_n84_a_personal_number_is_twelve_digits_as_text(number: Any, rule: str) -> None:
    """A number has lost its leading zeros; spaces, other digits and other lengths are not repaired."""
    assert (EidCode.CLAIMS_INVALID, f"personal_id_{rule}") == refusal(SoDinhDanh=number)
    assert (EidCode.CLAIMS_INVALID, f"personal_id_{rule}") == refusal({"citizenPid": number, "accountType": 1}, SEALED)


def test_leading_zeros_stay() -> None:
    """What came as text goes on as the same text."""
    assert "000000000001" == read(SoDinhDanh="000000000001").facts.personal_id


def test_n85_an_old_card_may_stand_beside_the_number() -> None:
    """Both are kept, each in its place; an old card alone is enough for an old account."""
    both, old = read(SoCMND="999000001"), read({"LoaiTaiKhoan": 1, "SoCMND": "999000001"})
    assert (NUMBER, "999000001") == (both.facts.personal_id, both.facts.old_card_number)
    assert ("", "999000001") == (old.facts.personal_id, old.facts.old_card_number)
    assert "999000000001" == read(SoCMND="999000000001").facts.old_card_number
    assert (EidCode.CLAIMS_INVALID, "old_card_number_wrong_form") == refusal(SoCMND="99900001")


@pytest.mark.parametrize("nationality", ["US", "Hoa Kỳ", "LAO"])
def test_a_foreigner_may_have_another_number(nationality: str) -> None:
    """With a foreign nationality told, the number may be that of a passport, and is no personal number then."""
    facts = read(SoDinhDanh="X9990001", QuocTich=nationality).facts
    assert ("", "X9990001") == (facts.personal_id, facts.foreign_id)
    assert NUMBER == read(QuocTich=nationality).facts.personal_id
    assert (EidCode.CLAIMS_INVALID, "personal_id_wrong_form") == refusal(SoDinhDanh="x-1", QuocTich=nationality)


@pytest.mark.parametrize("nationality", ["VN", "Việt Nam", "VIỆT NAM", "vietnam", "VNM", "00", "", None])
def test_a_vietnamese_has_twelve_digits(nationality: Any) -> None:
    """The word for Vietnam, in any spelling, opens no other form."""
    assert (EidCode.CLAIMS_INVALID, "personal_id_wrong_form") == refusal(SoDinhDanh="X9990001", QuocTich=nationality)


@pytest.mark.parametrize(
    "empty", [{}, {"SoDinhDanh": ""}, {"SoDinhDanh": None, "HoChieu": ""}, {"MaSoThue": "9990000001"}]
)
def test_a_citizen_needs_a_number(empty: dict[str, Any]) -> None:
    """A name alone is nobody; a tax code is no citizen's identity."""
    assert (EidCode.CLAIMS_INVALID, "number_missing") == refusal({"LoaiTaiKhoan": 1, "HoVaTen": "THỬ"}, **empty)


@pytest.mark.parametrize("kind", ["2", "3"])
def test_an_organisation_needs_a_code(kind: str) -> None:
    """Tax code or organisation code must be there; the representative's own number does not do."""
    assert (EidCode.CLAIMS_INVALID, "number_missing") == refusal(LoaiTaiKhoan=kind)
    assert "9990000001" == read(ENTERPRISE, LoaiTaiKhoan=kind).facts.tax_code
    assert "H99.1" == read({"LoaiTaiKhoan": kind, "MaSoDoanhNghiep": "H99.1"}).facts.org_code
    assert "CÔNG TY THỬ" == read(ENTERPRISE, LoaiTaiKhoan=kind, HoVaTen="NGUYỄN THỊ THỬ").facts.full_name


@pytest.mark.parametrize("code", ["999000001", "99900000011", "9990000001-01", "9990000001 001", "٩٩٩٠٠٠٠٠٠١"])
def test_a_tax_code_is_ten_digits_and_perhaps_three(code: str) -> None:
    """Anything else is refused for citizens and enterprises alike."""
    assert (EidCode.CLAIMS_INVALID, "tax_code_wrong_form") == refusal(MaSoThue=code)
    assert (EidCode.CLAIMS_INVALID, "tax_code_wrong_form") == refusal(ENTERPRISE, MaSoThue=code)


def test_n86_names_are_made_one_form() -> None:
    """Decomposed letters are joined; 500 characters count after that, and one more is refused, never cut."""
    decomposed = unicodedata.normalize("NFD", "NGUYỄN THỊ THỬ")
    assert "NGUYỄN THỊ THỬ" == read(HoVaTen=decomposed).facts.full_name
    long = "Ễ" * 500
    assert long == read(HoVaTen=unicodedata.normalize("NFD", long)).facts.full_name
    assert (EidCode.CLAIMS_INVALID, "full_name_too_long") == refusal(HoVaTen=long + "N")
    assert (EidCode.CLAIMS_INVALID, "full_name_too_long") == refusal(ENTERPRISE, TenDoanhNghiep="x" * 501)


@pytest.mark.parametrize(
    "sign",
    [
        "\x00",
        "\n",
        "\t",
        "\x7f",
        "\x85",
        "\u202e",
        "\u2066",
        "\u200b",
        "\ufeff",
        "\u00ad",
        "\u2028",
        "\u2029",
        "\ud800",
        "\ue000",
        "\ufffe",
    ],
)
def test_n86_signs_that_do_not_show_are_refused(sign: str) -> None:
    """Control, direction, zero-width, line-break, lone-surrogate, private and unassigned signs are in no name."""
    assert (EidCode.CLAIMS_INVALID, "full_name_control_characters") == refusal(HoVaTen=f"NGUYỄN{sign}THỬ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("19990131", PartialDate("1999-01-31", Precision.DAY)),
        ("1999-01-31", PartialDate("1999-01-31", Precision.DAY)),
        ("31/01/1999", PartialDate("1999-01-31", Precision.DAY)),
        ("20000229", PartialDate("2000-02-29", Precision.DAY)),
        ("199901", PartialDate("1999-01", Precision.MONTH)),
        ("1999", PartialDate("1999", Precision.YEAR)),
        ("", None),
    ],
)
def test_n87_birthdays_are_as_exact_as_they_came(text: str, expected: PartialDate | None) -> None:
    """Day, month or year are read with their precision; nothing is filled up."""
    assert expected == read_birth_date(text)
    assert expected == read(NgayThangNamSinh=text).facts.birth_date


@pytest.mark.parametrize(
    "text",
    [
        "19990231",
        "19000229",
        "19991301",
        "199913",
        "199900",
        "0000",
        "31/02/1999",
        "01/31/1999",
        "1/1/1999",
        "99",
        "١٩٩٩",
    ],
)
def test_n87_impossible_birthdays_are_refused(text: str) -> None:
    """30 February, a thirteenth month and other digits are no dates."""
    assert (EidCode.CLAIMS_INVALID, "birth_date_wrong_form") == refusal(NgayThangNamSinh=text)


@pytest.mark.parametrize(
    "text", ["1999-1-31", "1999013", "19990131000000", "1999-01-31T00:00:00Z", " 1999", "1999 ", "?"]
)
def test_n87_birthdays_of_another_form_are_refused(text: str) -> None:
    """Nothing is trimmed or guessed."""
    assert (EidCode.CLAIMS_INVALID, "birth_date_wrong_form") == refusal(NgayThangNamSinh=text)


def test_a_birthday_as_a_number_is_refused() -> None:
    """A number is no date, although its digits would be."""
    assert (EidCode.CLAIMS_INVALID, "birth_date_not_text") == refusal(NgayThangNamSinh=19990131)
