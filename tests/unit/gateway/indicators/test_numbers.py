"""Numbers are compared exactly and shown half up."""

from decimal import Decimal
from fractions import Fraction

import pytest

from gateway.indicators.numbers import meets, missing_to_meet, percent, shown


@pytest.mark.parametrize(
    ("text", "ratio"),
    [
        ("12.50", Fraction(1, 8)),
        ("66.67", Fraction(2, 3)),
        ("16.67", Fraction(1, 6)),
        ("67.65", Fraction(6765, 10000)),
        ("0.13", Fraction(125, 100000)),
        ("0.00", Fraction(0)),
        ("100.00", Fraction(1)),
        ("-0.13", Fraction(-125, 100000)),
        ("0.00", Fraction(-1, 10**9)),
        (None, None),
    ],
)
def test_percentages_are_shown_half_up(text: str | None, ratio: Fraction | None) -> None:
    """Two places, half away from zero, no negative zero; what has no value shows none."""
    assert text == percent(ratio)


def test_other_places() -> None:
    """Thông tư 01/2018 rounds to one place."""
    assert ("4.5", "5") == (shown(Fraction(9, 2), 1), shown(Fraction(9, 2), 0))


@pytest.mark.parametrize(
    ("is_met", "numerator", "denominator", "target"),
    [(True, 3, 5, "60"), (False, 599999, 1000000, "60"), (True, 4, 8, "50.00"), (False, 0, 1, "0.01")],
)
def test_equality_meets_a_target(is_met: bool, numerator: int, denominator: int, target: str) -> None:
    """59.9999 % is shown as 60.00 and does not reach 60."""
    assert is_met is meets(numerator, denominator, Decimal(target))


def test_a_share_of_nothing_meets_nothing() -> None:
    """A zero denominator must be told by its reason, never compared."""
    with pytest.raises(ZeroDivisionError):
        meets(0, 0, Decimal(0))


@pytest.mark.parametrize(
    ("missing", "numerator", "denominator", "target"),
    [(0, 5, 10, "50"), (37, 463, 1000, "50"), (1, 1, 3, "66.66"), (2, 1, 3, "66.67"), (0, 9, 10, "50")],
)
def test_distance_to_a_target(missing: int, numerator: int, denominator: int, target: str) -> None:
    """So many more must count, no fewer: one less does not reach it."""
    assert missing == missing_to_meet(numerator, denominator, Decimal(target))
    if missing:
        assert meets(numerator + missing, denominator, Decimal(target))
        assert not meets(numerator + missing - 1, denominator, Decimal(target))
