"""Periods begin and end as their calendar says."""

from datetime import date, datetime, time

import pytest

from adapters.monitoring.sandbox.periods import VIETNAM, bounds_fault, bounds_of

BOUNDS = [
    ("day", "2026-08-17", "gregorian", "2026-08-17", "2026-08-18"),
    ("day", "2028-02-29", "nd09", "2028-02-29", "2028-03-01"),
    ("week", "2026-W34", "gregorian", "2026-08-17", "2026-08-24"),
    ("week", "2026-W53", "nd09", "2026-12-28", "2027-01-04"),
    ("month", "2026-08", "gregorian", "2026-08-01", "2026-09-01"),
    ("month", "2026-12", "gregorian", "2026-12-01", "2027-01-01"),
    ("month", "2026-08", "nd09", "2026-07-15", "2026-08-15"),
    ("month", "2026-01", "nd09", "2025-12-15", "2026-01-15"),
    ("quarter", "2026-Q3", "gregorian", "2026-07-01", "2026-10-01"),
    ("quarter", "2026-Q3", "nd09", "2026-06-15", "2026-09-15"),
    ("quarter", "2026-Q1", "nd09", "2025-12-15", "2026-03-15"),
    ("half", "2026-H1", "nd09", "2025-12-15", "2026-06-15"),
    ("half", "2026-H2", "gregorian", "2026-07-01", "2027-01-01"),
    ("nine_month", "2026", "nd09", "2025-12-15", "2026-09-15"),
    ("nine_month", "2026", "gregorian", "2026-01-01", "2026-10-01"),
    ("year", "2026", "nd09", "2025-12-15", "2026-12-15"),
    ("year", "2026", "gregorian", "2026-01-01", "2027-01-01"),
]


def at(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(), VIETNAM)


@pytest.mark.parametrize(("period_type", "period", "calendar", "start", "end"), BOUNDS)
def test_a_period_is_half_open_between_two_midnights(
    period_type: str, period: str, calendar: str, start: str, end: str
) -> None:
    """Monitoring notes §4.2; bounds are recognised as those of such a period."""
    assert (at(start), at(end)) == bounds_of(period_type, period, calendar)
    assert bounds_fault(period_type, calendar, at(start), at(end)) is None


@pytest.mark.parametrize(
    ("period_type", "period"),
    [
        ("month", "2026-13"),
        ("month", "2026-00"),
        ("month", "2026-8"),
        ("quarter", "2026-Q5"),
        ("week", "2025-W53"),
        ("day", "2026-02-30"),
        ("year", "26"),
        ("custom", "2026"),
        ("month", "2026-08\n"),
    ],
)
def test_names_that_mean_no_period_are_refused(period_type: str, period: str) -> None:
    """No period is guessed."""
    with pytest.raises(ValueError):
        bounds_of(period_type, period)


@pytest.mark.parametrize(
    ("period_type", "calendar", "start", "end", "is_right"),
    [
        ("ytd", "gregorian", "2026-01-01", "2026-08-15", True),
        ("ytd", "nd09", "2025-12-15", "2026-08-15", True),
        ("ytd", "nd09", "2026-01-01", "2026-08-15", False),
        ("custom", "gregorian", "2026-03-03", "2026-03-04", True),
        ("custom", "gregorian", "2026-03-04", "2026-03-04", False),
        ("month", "nd09", "2026-08-01", "2026-09-01", False),
        ("month", "gregorian", "2026-08-01", "2026-08-31", False),
        ("quarter", "gregorian", "2026-08-01", "2026-11-01", False),
        ("week", "gregorian", "2026-08-16", "2026-08-23", False),
    ],
)
def test_bounds_are_held_against_their_kind(
    period_type: str, calendar: str, start: str, end: str, is_right: bool
) -> None:
    """Free periods may begin anywhere; a year to date begins with its year."""
    assert is_right == (bounds_fault(period_type, calendar, at(start), at(end)) is None)
