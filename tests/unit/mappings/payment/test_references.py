"""References: opaque, in the forms that providers take, and found again in statements."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.payment import references

RANDOM = bytes(range(16))
SIXTEEN = st.binary(min_size=16, max_size=16)
OURS = references.checked_reference(RANDOM, "LT", 15)


@given(SIXTEEN)
def test_their_forms(random_bytes: bytes) -> None:
    """Letters at both ends where values are joined; no leading zero where a program may see a number."""
    assert re.fullmatch(
        r"[A-HJKMNP-TV-Z][0-9A-HJKMNP-TV-Z]{18}[A-HJKMNP-TV-Z]", references.mixed_reference(random_bytes, 20)
    )
    assert re.fullmatch(r"[1-9][0-9]{17}", references.digit_reference(random_bytes, 18))
    assert references.is_checked(references.checked_reference(random_bytes, "LT", 15), "LT", 15)


@given(SIXTEEN, SIXTEEN)
def test_randomness_is_not_lost(one: bytes, other: bytes) -> None:
    """Different random bytes give different references (up to chance of at most 2^-59)."""
    if one != other and int.from_bytes(one, "big") % 2**64 != int.from_bytes(other, "big") % 2**64:
        assert references.mixed_reference(one, 20) != references.mixed_reference(other, 20)


def test_too_little_randomness_is_refused() -> None:
    """Guessable references are none."""
    with pytest.raises(ValueError, match="16 random bytes"):
        references.mixed_reference(b"1234", 20)


@pytest.mark.parametrize(
    "text",
    [
        OURS,
        f"MBVCB.3278907687.{OURS} nop phi.CT tu 0011001234567 NGUYEN VAN A",
        f"Chuyển tiền phí hồ sơ {OURS.lower()}-291125",
        f"{OURS[:6]} {OURS[6:11]}\n{OURS[11:]}",
        f"ND:{OURS[:2]}.{OURS[2:]}",
        f"CTYLT{OURS}PHI",
    ],
)
def test_a_statement_tells_the_reference(text: str) -> None:
    """Whatever the bank made of spaces, capitals and neighbours."""
    assert (OURS,) == references.references_in(text, "LT", 15)


def test_a_misread_character_is_understood() -> None:
    """O is read as 0, I and L as 1."""
    assert "0" in OURS[2:]
    assert (OURS,) == references.references_in(OURS[:2] + OURS[2:].replace("0", "o").replace("1", "l"), "LT", 15)


def test_several_references_and_repeats() -> None:
    """All of them in order, each once."""
    other = references.checked_reference(bytes(range(1, 17)), "LT", 15)
    assert (other, OURS) == references.references_in(f"{other} {OURS} {other}", "LT", 15)


@pytest.mark.parametrize("text", ["", "LT", "nop phi LT2026", OURS[:-1], "LT" + "0" * 14 + "1"])
def test_what_is_no_reference_is_not_found(text: str) -> None:
    """The prefix alone, a torn one, one whose check character does not fit."""
    assert () == references.references_in(text, "LT", 15)


@given(SIXTEEN, st.integers(2, 16), st.sampled_from(references.ALPHABET))
def test_a_wrong_character_never_leads_to_another_payment(random_bytes: bytes, place: int, other: str) -> None:
    """Every single error is found."""
    ours = references.checked_reference(random_bytes, "LT", 15)
    wrong = ours[:place] + other + ours[place + 1 :]
    assert (wrong == ours) == references.is_checked(wrong, "LT", 15)
