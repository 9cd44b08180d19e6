"""Claims as providers and clients have been seen to write them (electronic identity notes §3, N83-N93)."""

import re
import unicodedata
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.model.identity import AccountKind, EidCode, Precision, SignInRefused
from mappings.identity import P3_NAMES, ClaimRules, ReadClaims, read_claims

RULES = ClaimRules(level_claim="IAL")
CITIZEN: dict[str, Any] = {
    "sub": "s",
    "LoaiTaiKhoan": "1",
    "HoVaTen": "Nguyễn Thị Thử",
    "SoDinhDanh": "999199000001",
    "NgayThangNamSinh": "19990131",
}


def read(rules: ClaimRules = RULES, /, **changes: Any) -> ReadClaims:
    document = {name: value for name, value in (CITIZEN | changes).items() if value is not ...}
    return read_claims(document, rules, issuer="https://idp.example", subject="s")


def refused(**changes: Any) -> tuple[EidCode, str]:
    with pytest.raises(SignInRefused) as caught:
        read(**changes)
    assert "9991" not in str(caught.value)
    return caught.value.eid, caught.value.reason


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (1, AccountKind.CITIZEN),
        ("1", AccountKind.CITIZEN),
        (2, AccountKind.ENTERPRISE),
        ("3", AccountKind.ORGANISATION),
    ],
)
def test_n83_kinds_as_text_and_number(value: Any, kind: AccountKind) -> None:
    """Providers write the kind both ways."""
    assert kind is read(LoaiTaiKhoan=value, MaSoThue="9990000001").facts.account_kind


@pytest.mark.parametrize("value", [9, "9", ..., None, True, "", [1], 1.0])
def test_n83_kinds_that_are_none(value: Any) -> None:
    """A kind that is not known, or a truth value that Python takes for 1, is nobody's."""
    assert EidCode.ACCOUNT_KIND is refused(LoaiTaiKhoan=value)[0]


@pytest.mark.parametrize(
    "value", ["99919900001", "999 199 000 001", 999199000001, "٩٩٩١٩٩٠٠٠٠٠١", "9991990000012", "x" * 12]
)
def test_n84_numbers(value: Any) -> None:
    """A number whose zeros may be lost, or that is not twelve ASCII digits, is refused."""
    assert EidCode.CLAIMS_INVALID is refused(SoDinhDanh=value)[0]


def test_n85_both_numbers() -> None:
    """The old card stands beside the personal number and never in its place."""
    facts = read(SoCMND="999000001").facts

    assert ("999199000001", "999000001") == (facts.personal_id, facts.old_card_number)
    assert "999000001" == read(SoDinhDanh=..., SoCMND="999000001").facts.old_card_number
    assert (EidCode.CLAIMS_INVALID, "number_missing") == refused(SoDinhDanh=...)


def test_foreigners() -> None:
    """Another number is taken of somebody of another nationality, or with a passport where none is told."""
    others: tuple[dict[str, Any], ...] = (
        {"QuocTich": "Hoa Kỳ"},
        {"HoChieu": "X9990004"},
        {"QuocTich": "Lào", "HoChieu": "X9990004"},
    )
    for changes in others:
        facts = read(SoDinhDanh="NN9990000004", **changes).facts
        assert ("", "NN9990000004") == (facts.personal_id, facts.foreign_id)
    for changes in ({}, {"QuocTich": "Việt Nam"}, {"QuocTich": "VIET NAM", "HoChieu": "X9990004"}):
        assert EidCode.CLAIMS_INVALID is refused(SoDinhDanh="NN9990000004", **changes)[0]


def test_n86_names() -> None:
    """Names are kept composed; what turns text around, and what never ends, is refused."""
    assert "Nguyễn Thị Thử" == read(HoVaTen=unicodedata.normalize("NFD", "Nguyễn Thị Thử")).facts.full_name
    assert 500 == len(read(HoVaTen="N" * 500).facts.full_name)
    for name in ("N" * 501, "Nguyễn\u202e", "Nguyễn\x00", "Nguyễn\n", "a\ud800", 5, ["x"]):
        assert EidCode.CLAIMS_INVALID is refused(HoVaTen=name)[0]


@pytest.mark.parametrize(
    ("value", "kept", "precision"),
    [
        ("19990131", "1999-01-31", Precision.DAY),
        ("1999-01-31", "1999-01-31", Precision.DAY),
        ("31/01/1999", "1999-01-31", Precision.DAY),
        ("199901", "1999-01", Precision.MONTH),
        ("1952", "1952", Precision.YEAR),
    ],
)
def test_n87_birthdays(value: str, kept: str, precision: Precision) -> None:
    """Birthdays are kept as precise as they came."""
    birth = read(NgayThangNamSinh=value).facts.birth_date
    assert birth is not None
    assert (kept, precision) == (birth.value, birth.precision)


@pytest.mark.parametrize("value", ["19990231", "30/02/1999", "1999-13-01", "199913", "0000", "hôm qua", 19990131])
def test_n87_birthdays_that_are_none(value: Any) -> None:
    """A day that never was is refused; none at all is none."""
    assert EidCode.CLAIMS_INVALID is refused(NgayThangNamSinh=value)[0]
    assert read(NgayThangNamSinh="").facts.birth_date is None


@pytest.mark.parametrize(
    ("value", "read_as"),
    [(2, "2"), ("2", "2"), (0, "0"), (None, None), (..., None), (True, "?"), (2.0, "?"), ([2], "?")],
)
def test_n88_levels(value: Any, read_as: str | None) -> None:
    """A level is read as it stands; what is no level is a word that no table knows."""
    assert read_as == read(IAL=value).level_value


def test_n90_n91_what_is_not_known() -> None:
    """Claims that nobody asked for are counted, and kept nowhere."""
    found = read(loAs="x" * 100_000, TruongLa={"a": 1}, TonGiao="Không")

    assert 4 == found.unknown_count  # `sub` is the token's to check.
    assert "Không" not in repr(found.facts)


def test_minimisation() -> None:
    """What the agreement does not cover is checked and dropped."""
    claims: dict[str, Any] = {"ThuDienTu": "a@b.example", "SoDienThoai": "0900000000"}

    assert "" == read(**claims).facts.email
    assert "a@b.example" == read(ClaimRules(kept=frozenset({"email"})), **claims).facts.email
    assert EidCode.CLAIMS_INVALID is refused(ThuDienTu="no address")[0]


def test_sealed_names() -> None:
    """The sealed profile's English names lead to the same facts."""
    document = {"citizenPid": "999199000001", "fullName": "NGUYỄN", "birthDate": "31/01/1999", "accountType": 1}
    facts = read_claims(document, ClaimRules(names=P3_NAMES), issuer="i", subject="s").facts

    assert ("999199000001", "NGUYỄN", "1999-01-31") == (
        facts.personal_id,
        facts.full_name,
        facts.birth_date and facts.birth_date.value,
    )


ANYTHING = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40) | st.lists(st.integers(), max_size=2)
)
LIKELY: dict[str, list[Any]] = {
    "LoaiTaiKhoan": [1, 2, "3"],
    "HoVaTen": [unicodedata.normalize("NFD", "Nguyễn Thị Thử"), "N" * 501],
    "SoDinhDanh": ["999199000002", "NN9990000004", "99919900001"],
    "SoCMND": ["999000001", "99900000"],
    "QuocTich": ["Lào", "Việt Nam"],
    "HoChieu": ["X9990004"],
    "MaSoThue": ["9990000001"],
    "TenDoanhNghiep": ["Công ty Thử"],
    "NgayThangNamSinh": ["1952", "19990231"],
    "IAL": [2, "2"],
}


@given(
    st.booleans(),
    st.fixed_dictionaries(
        {}, optional={name: st.sampled_from([..., *values]) | ANYTHING for name, values in LIKELY.items()}
    ),
)
@example(True, {})
@example(True, {"SoDinhDanh": ..., "SoCMND": "999000001"})
@example(True, {"LoaiTaiKhoan": 2, "MaSoThue": "9990000001", "TenDoanhNghiep": "Công ty Thử"})
def test_any_document_is_read_or_refused(is_citizen: bool, changes: dict[str, Any]) -> None:
    """Whatever a provider says, it is understood or refused as claims, and never by another error: whom it names is
    named as they were told, and has a number of their kind."""
    document = {name: value for name, value in ((CITIZEN if is_citizen else {}) | changes).items() if value is not ...}
    try:
        facts = read_claims(document, RULES, issuer="i", subject="s").facts
    except SignInRefused:
        return
    is_person = facts.account_kind is AccountKind.CITIZEN
    name = document.get("HoVaTen" if is_person else "TenDoanhNghiep")
    assert unicodedata.normalize("NFC", name or "") == facts.full_name
    own = (facts.personal_id, facts.foreign_id, facts.old_card_number, facts.passport_number)
    assert any(own if is_person else (facts.tax_code, facts.org_code))
    assert re.fullmatch("([0-9]{12})?", facts.personal_id)
    assert (document.get("SoDinhDanh") or "") == facts.personal_id + facts.foreign_id
    assert (document.get("SoCMND") or "") == facts.old_card_number
