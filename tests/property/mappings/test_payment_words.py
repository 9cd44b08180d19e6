"""Words of any amount lead back to the amount, by a reader that shares nothing with the writer."""

from hypothesis import example, given
from hypothesis import strategies as st

from mappings.payment.words import number_in_words

DIGITS = {"không": 0, "một": 1, "mốt": 1, "hai": 2, "ba": 3, "bốn": 4, "năm": 5, "lăm": 5, "sáu": 6, "bảy": 7}
DIGITS |= {"tám": 8, "chín": 9}
UNITS = {"nghìn": 10**3, "triệu": 10**6}
NUMBERS = st.one_of(
    st.integers(0, 10**15),
    # Groups with zeros, at whose edges the words change.
    st.lists(st.sampled_from([0, 1, 5, 10, 11, 15, 21, 25, 100, 101, 105, 115, 121, 999]), min_size=1, max_size=5).map(
        lambda groups: int("".join(f"{group:03}" for group in groups))
    ),
)


def read(words: str) -> int:
    """Read a number aloud: figures gather in a group, a unit closes it, "tỷ" lifts all that was said before it."""
    total = closed = group = figure = 0
    for word in words.split():
        if word in DIGITS:
            figure = DIGITS[word]
        elif word == "trăm":
            group, figure = figure * 100, 0
        elif word == "mươi":
            group, figure = group + figure * 10, 0
        elif word == "mười":
            group, figure = group + 10, 0
        elif word in UNITS:
            closed, group, figure = closed + (group + figure) * UNITS[word], 0, 0
        elif word == "tỷ":
            total, closed, group, figure = (total + closed + group + figure) * 10**9, 0, 0, 0
        else:
            assert word in {"linh", "lẻ"}
    return total + closed + group + figure


@given(number=NUMBERS, missing_tens=st.sampled_from(["linh", "lẻ"]))
@example(number=10**15, missing_tens="linh")
def test_words_lead_back_to_the_number(number: int, missing_tens: str) -> None:
    """So no two amounts share their words."""
    words = number_in_words(number, missing_tens=missing_tens)
    assert number == read(words)
    assert words == words.strip()
    assert "  " not in words


@given(number=NUMBERS)
def test_forms_that_no_speaker_uses_never_occur(number: int) -> None:
    """Mươi không, mười mốt, mươi một, mươi năm."""
    words = f" {number_in_words(number)} "
    assert not [form for form in ("mười mốt ", "mươi một ", "mươi năm ", "mười năm ", "linh không ") if form in words]
