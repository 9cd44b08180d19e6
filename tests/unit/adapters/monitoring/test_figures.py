"""Percentages by whole numbers."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.monitoring.sandbox.figures import half_up
from adapters.monitoring.sandbox.persons import PersonalData


@pytest.mark.parametrize(
    ("expected", "n", "d"),
    [
        ("12.50", 1, 8),
        ("66.67", 2, 3),
        ("16.67", 1, 6),
        ("67.65", 6765, 10000),
        ("0.13", 125, 100_000),
        ("0.00", 0, 7),
        ("100.00", 7, 7),
        ("53.85", 7, 13),
    ],
)
def test_percentages_are_rounded_half_up(expected: str, n: int, d: int) -> None:
    """Vectors of the monitoring notes §7."""
    assert expected == half_up(n, d)


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_percentages_are_those_of_decimals(n: int, d: int) -> None:
    """Another arithmetic gives the same, wherever it is exact enough to tell."""
    exact = Decimal(100 * n * 10**20 // d) / Decimal(10**20)
    if 100 * n * 10**20 % d == 0 or str(exact)[-15:].strip("0") not in ("", "5"):
        assert half_up(n, d) == f"{exact.quantize(Decimal('0.01'), ROUND_HALF_UP):.2f}"


@pytest.mark.parametrize(
    ("is_found", "text"),
    [
        (True, '{"note":"999199000001"}'),
        (True, "H99,999199000001,1"),
        (True, "Nguyễn Văn Thử"),
        (False, "Nguyễn Văn Thửa"),
        (False, "9991990000012"),
        (False, "a999199000001f"),
        (False, "089199000001"),
    ],
)
def test_persons_are_found_as_whole_words(is_found: bool, text: str) -> None:
    """Samples and invented numbers; digests that happen to hold such digits are none."""
    assert is_found == PersonalData(["Nguyễn Văn Thử"]).is_in(text.encode())
