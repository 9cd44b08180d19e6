"""The simulated platform's own seals against the vectors of payment notes §13."""

import unicodedata

import pytest

from adapters.payment.sandbox.platform_checksums import (
    ASK_ORDER,
    INIT_ORDER,
    Scheme,
    confirm_values,
    find_secret,
    request_values,
    seal,
)
from tests.integration.payment_sandbox import platform_helpers

SECRET = "SIM-SECRET-0001"
INIT = {
    "LoaiBanTin": "INIT",
    "PhienBan": "1.0.6",
    "MaDoiTac": "PPSIM01",
    "MaThamChieu": "REF0000000000000001",
    "SoTien": "150000",
    "LoaiHinhThanhToan": "PAY",
    "MaKenhThanhToan": "1",
    "MaThietBi": "1",
    "NgonNgu": "vi-VN",
    "MaTienTe": "VND",
    "MaNganHang": "PAYMENT",
    "ThongTinGiaoDich": "THANH TOAN HO SO H01.25-250115-0001",
    "ThoiGianGD": "20250115093000",
    "Ip": "203.0.113.7",
}
CONFIRM = {
    "LoaiBanTin": "CONFIRM",
    "MaLoi": "00",
    "MaDoiTac": "PPSIM01",
    "MaThamChieu": "REF0000000000000001",
    "SoTien": 150000,
    "MaTienTe": "VND",
    "MaGiaoDich": "PPTX202501150001",
    "MaNganHang": "VCB",
    "ThoiGianGD": "20250115093412",
    "ThongTinGiaoDich": "THANH TOAN HO SO H01.25-250115-0001",
}
DESCRIPTION = "Lệ phí hồ sơ"


@pytest.mark.parametrize(
    ("digest", "changes"),
    [
        ("4b713ca020de6095674672e692e7f58d6dfdb3a45207d4ed3659135acc41cce3", {}),
        (
            "6ce72b0c91a59873aa2a5e36159a8b09d2b60eb4ea83322a11edf96472f97c2f",
            {"MaThamChieu": "REF0000000000000002", "ThongTinGiaoDich": unicodedata.normalize("NFC", DESCRIPTION)},
        ),
        (
            "910be046d23dc0351d681dbf3505d514821b620038b879bc20dc412783e162fb",
            {"MaThamChieu": "REF0000000000000002", "ThongTinGiaoDich": unicodedata.normalize("NFD", DESCRIPTION)},
        ),
    ],
)
def test_init_is_sealed_as_printed(digest: str, changes: dict[str, str]) -> None:
    """INIT in today's scheme, composed and decomposed."""
    assert digest == seal(Scheme.SHA256, SECRET, request_values(INIT_ORDER, {**INIT, **changes}))


def test_legacy_init_is_sealed_as_printed() -> None:
    """INIT in the scheme of the first draft."""
    expected = "3efea635c8fe357c58a861fb1e9c25b561be749f231b9ae36532335f9f31f4a7"
    assert expected == seal(Scheme.HMAC, SECRET, request_values(INIT_ORDER, INIT))


@pytest.mark.parametrize(
    ("digest", "amount"),
    [
        ("eb6c40358c6e8d472599738c90e774d380bba2c4d05e031d9bf281e00b33b155", 150_000),
        ("ff0830b08e2ed4ff34ea667bca2ee5fc4a5def2c90700f43aa1fba946db9be43", 15_000),
    ],
)
def test_confirm_is_sealed_as_printed(digest: str, amount: int) -> None:
    """CONFIRM, whose time comes before its description; another amount gives another digest."""
    assert digest == seal(Scheme.SHA256, SECRET, confirm_values(Scheme.SHA256, {**CONFIRM, "SoTien": amount}))


@pytest.mark.parametrize(
    ("digest", "kind", "time"),
    [
        ("73d78121438247c8b7c7f4b78e0083d8d4eed5c529a2d7ba63e736256a5a9a88", "QUERY", "20250115093000"),
        ("4d6f01e1c6bdadd9b99bbf792d397065821f24418834b9e3e0b7965f953fc1a0", "GET_BILL", "20250115093412"),
    ],
)
def test_questions_are_sealed_as_printed(digest: str, kind: str, time: str) -> None:
    """QUERY and GET_BILL."""
    document = {**INIT, "LoaiBanTin": kind, "ThoiGianGD": time}
    assert digest == seal(Scheme.SHA256, SECRET, request_values(ASK_ORDER, document))


def test_legacy_confirm_is_another_string() -> None:
    """The draft's CONFIRM leaves out MaLoi and MaGiaoDich, and ends with a pipe."""
    joined = "|".join(confirm_values(Scheme.HMAC, CONFIRM))
    expected = "CONFIRM|PPSIM01|REF0000000000000001|150000|VND|VCB|THANH TOAN HO SO H01.25-250115-0001|20250115093412|"
    assert expected == joined


def test_a_missing_member_is_empty_or_the_word_null() -> None:
    """Both habits of other stacks can be had."""
    document = {name: value for name, value in INIT.items() if name != "Ip"}
    assert [request_values(INIT_ORDER, document, word)[-1] for word in ("", "null")] == ["", "null"]


def test_either_secret_is_found_and_no_other() -> None:
    """The place of the secret is told; a digest in capitals, of another secret or none is not found."""
    values = request_values(INIT_ORDER, INIT)
    digest = seal(Scheme.SHA256, SECRET, values)
    given = [digest, digest.upper(), digest[:63], "", None, 5, seal(Scheme.SHA256, "another", values)]
    found = [find_secret(Scheme.SHA256, ("newer", SECRET), values, each) for each in given]
    assert [1, None, None, None, None, None, None] == found


def test_seals_of_the_tests_own_writing_are_those_of_the_notes() -> None:
    """The province of these tests seals INIT and QUERY, and checks CONFIRM, as §13 prints it."""
    expected = {
        "INIT": "4b713ca020de6095674672e692e7f58d6dfdb3a45207d4ed3659135acc41cce3",
        "QUERY": "73d78121438247c8b7c7f4b78e0083d8d4eed5c529a2d7ba63e736256a5a9a88",
        "CONFIRM": "eb6c40358c6e8d472599738c90e774d380bba2c4d05e031d9bf281e00b33b155",
    }
    told = {
        "LoaiBanTin": "CONFIRM",
        "MaLoi": "00",
        "MaDoiTac": "PPSIM01",
        "MaThamChieu": "REF0000000000000001",
        "SoTien": 150000,
        "MaTienTe": "VND",
        "MaGiaoDich": "PPTX202501150001",
        "MaNganHang": "VCB",
        "ThoiGianGD": "20250115093412",
        "ThongTinGiaoDich": "THANH TOAN HO SO H01.25-250115-0001",
    }
    assert expected == {
        "INIT": platform_helpers.init_document()["MaXacThuc"],
        "QUERY": platform_helpers.question("QUERY", platform_helpers.ONE)["MaXacThuc"],
        "CONFIRM": platform_helpers.confirm_seal(told),
    }
