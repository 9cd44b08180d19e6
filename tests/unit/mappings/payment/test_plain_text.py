"""Text for providers' fields, and text of theirs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.payment.plain_text import label, plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Lệ phí hồ sơ", "LE PHI HO SO"),
        ("Đăng ký | hộ tịch", "DANG KY / HO TICH"),
        ("  hai   dòng\nmột ", "HAI DONG MOT"),
        ("𝔘 中文 x", "X"),
        ("", ""),
    ],
)
def test_plain(text: str, expected: str) -> None:
    """Capitals without marks; what has no such form is left out, and no separator is left in."""
    assert expected == plain(text, 50)


@given(st.text(), st.integers(0, 40))
def test_plain_fits_every_field(text: str, length: int) -> None:
    """ASCII, printable, without pipe, not too long, and stable."""
    made = plain(text, length)
    assert made.isascii()
    assert len(made) <= length
    assert "|" not in made
    assert made == plain(made, length)


@pytest.mark.parametrize("text", ["\x00", "a\u202eb", "a\nb", "x" * 101, "\ud800"])
def test_no_label(text: str) -> None:
    """Too long, or with what nobody sees."""
    assert "" == label(text)
    assert "Ngân hàng 1" == label("Ngân hàng 1")
