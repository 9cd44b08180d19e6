"""Amounts in Vietnamese words, as a person would write them."""

import pytest

from mappings.payment.words import amount_in_words, number_in_words


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, "không"),
        (1, "một"),
        (5, "năm"),
        (9, "chín"),
        # Ten is mười, more tens are mươi.
        (10, "mười"),
        (11, "mười một"),
        (14, "mười bốn"),
        (15, "mười lăm"),
        (20, "hai mươi"),
        (21, "hai mươi mốt"),
        (24, "hai mươi bốn"),
        (25, "hai mươi lăm"),
        (31, "ba mươi mốt"),
        (50, "năm mươi"),
        (55, "năm mươi lăm"),
        (91, "chín mươi mốt"),
        (99, "chín mươi chín"),
        # Missing tens are said.
        (100, "một trăm"),
        (101, "một trăm linh một"),
        (105, "một trăm linh năm"),
        (110, "một trăm mười"),
        (111, "một trăm mười một"),
        (115, "một trăm mười lăm"),
        (121, "một trăm hai mươi mốt"),
        (155, "một trăm năm mươi lăm"),
        (500, "năm trăm"),
        (999, "chín trăm chín mươi chín"),
        # A group behind another is said whole, an empty one not at all.
        (1_000, "một nghìn"),
        (1_001, "một nghìn không trăm linh một"),
        (1_010, "một nghìn không trăm mười"),
        (1_015, "một nghìn không trăm mười lăm"),
        (1_100, "một nghìn một trăm"),
        (10_000, "mười nghìn"),
        (15_000, "mười lăm nghìn"),
        (21_000, "hai mươi mốt nghìn"),
        (105_000, "một trăm linh năm nghìn"),
        (150_000, "một trăm năm mươi nghìn"),
        (200_005, "hai trăm nghìn không trăm linh năm"),
        (1_000_000, "một triệu"),
        (1_000_001, "một triệu không trăm linh một"),
        (1_005_000, "một triệu không trăm linh năm nghìn"),
        (1_234_567, "một triệu hai trăm ba mươi bốn nghìn năm trăm sáu mươi bảy"),
        (2_147_483_648, "hai tỷ một trăm bốn mươi bảy triệu bốn trăm tám mươi ba nghìn sáu trăm bốn mươi tám"),
        (1_000_000_000, "một tỷ"),
        (1_000_000_005, "một tỷ không trăm linh năm"),
        (1_000_001_000, "một tỷ không trăm linh một nghìn"),
        (1_000_200_000, "một tỷ hai trăm nghìn"),
        (15_000_000_000, "mười lăm tỷ"),
        # Beyond nine figures tỷ is repeated.
        (1_000_000_000_000, "một nghìn tỷ"),
        (1_005_000_000_000, "một nghìn không trăm linh năm tỷ"),
        (1_000_000_000_001, "một nghìn tỷ không trăm linh một"),
        (21_000_000_000_021, "hai mươi mốt nghìn tỷ không trăm hai mươi mốt"),
        (999_999_999_999_999, " ".join([
            "chín trăm chín mươi chín nghìn chín trăm chín mươi chín tỷ",
            "chín trăm chín mươi chín triệu chín trăm chín mươi chín nghìn chín trăm chín mươi chín",
        ])),
        (10**15, "một triệu tỷ"),
    ],
)  # fmt: skip
def test_a_number_is_said_as_a_person_says_it(number: int, expected: str) -> None:
    """Every rule of the spoken forms, at its edges."""
    assert expected == number_in_words(number)


def test_the_southern_word_for_missing_tens_may_be_chosen() -> None:
    """Lẻ instead of linh, and nothing else changes."""
    assert number_in_words(1_000_105, missing_tens="lẻ") == "một triệu một trăm lẻ năm"


def test_an_amount_is_written_as_a_document_shows_it() -> None:
    """With a capital and the unit."""
    assert amount_in_words(150_000) == "Một trăm năm mươi nghìn đồng"
    assert amount_in_words(0) == "Không đồng"


@pytest.mark.parametrize("number", [-1, 10**15 + 1, True])
def test_what_is_no_amount_is_refused(number: int) -> None:
    """Below zero, beyond the bound, or a truth value."""
    with pytest.raises(ValueError, match="between 0 and"):
        number_in_words(number)
