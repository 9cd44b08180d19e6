"""Looking ahead: nothing from few dossiers, a range that holds as often as it says, none for what is over."""

import random
from datetime import datetime, timedelta
from fractions import Fraction

import pytest

from gateway.indicators.outlook import Outlook, outlook
from gateway.indicators.periods import PeriodType, period_of
from gateway.model.vocabulary import VIETNAM

MONTH = period_of(PeriodType.MONTH, "2026-09")
MIDDLE = datetime(2026, 9, 16, tzinfo=VIETNAM)


def test_it_goes_on_as_it_came() -> None:
    """Half a month with 40 of 100: 100 more are expected, and 40 %; the range stands around it."""
    found = outlook(40, 100, MONTH, MIDDLE)

    assert found is not None
    assert (Fraction(2, 5), 100) == (found.expected, found.more_dossiers)
    assert found.low is not None
    assert found.high is not None
    assert Fraction(3, 10) < found.low < Fraction(2, 5) < found.high < Fraction(1, 2)


@pytest.mark.parametrize(
    ("numerator", "denominator", "as_of"),
    [(20, 29, MIDDLE), (400, 1000, MONTH.start + timedelta(days=2))],
    ids=["few dossiers", "early in the month"],
)
def test_too_early_is_said(numerator: int, denominator: int, as_of: datetime) -> None:
    """Thin data give no number."""
    assert outlook(numerator, denominator, MONTH, as_of) == Outlook(is_too_early=True)


@pytest.mark.parametrize("as_of", [MONTH.start, MONTH.end, MONTH.end + timedelta(days=3)])
def test_nothing_is_foretold_of_what_has_not_begun_or_is_over(as_of: datetime) -> None:
    """A past period has its number."""
    assert outlook(40, 100, MONTH, as_of) is None


def test_certainty_is_not_claimed_from_a_clean_start() -> None:
    """All so far is not all for ever; and no share passes 100 %."""
    found = outlook(50, 50, MONTH, MIDDLE)

    assert found is not None
    assert found.low is not None
    assert found.low < 1
    assert found.high == 1


def test_the_range_holds_about_nine_times_in_ten() -> None:
    """Over many invented months with a rate that never changes."""
    chance, held, tries = random.Random(7), 0, 2000
    for _ in range(tries):
        rate = chance.uniform(0.1, 0.9)
        behind = sum(chance.random() < rate for _ in range(120))
        coming = sum(chance.random() < rate for _ in range(120))
        found = outlook(behind, 120, MONTH, MIDDLE)
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        held += found.low <= Fraction(behind + coming, 240) <= found.high

    assert 0.87 < held / tries < 0.94
