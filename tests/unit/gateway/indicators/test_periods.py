"""Periods of both calendars, and labels of periods that do not exist."""

from datetime import date, datetime, timedelta

import pytest

from gateway.errors import InvalidInput
from gateway.indicators.periods import Calendar, PeriodType, period_of
from gateway.model.vocabulary import VIETNAM

G, N = Calendar.GREGORIAN, Calendar.ND09
T = PeriodType


@pytest.mark.parametrize(
    ("first", "last", "kind", "label", "calendar"),
    [
        ("2026-08-17", "2026-08-17", T.DAY, "2026-08-17", G),
        ("2026-08-17", "2026-08-23", T.WEEK, "2026-W34", G),
        ("2026-12-28", "2027-01-03", T.WEEK, "2026-W53", G),
        ("2026-08-01", "2026-08-31", T.MONTH, "2026-08", G),
        ("2024-02-01", "2024-02-29", T.MONTH, "2024-02", G),
        ("2026-07-01", "2026-09-30", T.QUARTER, "2026-Q3", G),
        ("2026-01-01", "2026-06-30", T.HALF, "2026-H1", G),
        ("2026-07-01", "2026-12-31", T.HALF, "2026-H2", G),
        ("2026-01-01", "2026-09-30", T.NINE_MONTH, "2026-9M", G),
        ("2026-01-01", "2026-12-31", T.YEAR, "2026", G),
        ("2026-01-01", "2026-08-17", T.YTD, "2026-08-17", G),
        ("2026-08-03", "2026-08-17", T.CUSTOM, "2026-08-03/2026-08-17", G),
        ("2026-07-15", "2026-08-14", T.MONTH, "2026-08", N),
        ("2025-12-15", "2026-01-14", T.MONTH, "2026-01", N),
        ("2026-06-15", "2026-09-14", T.QUARTER, "2026-Q3", N),
        ("2025-12-15", "2026-03-14", T.QUARTER, "2026-Q1", N),
        ("2025-12-15", "2026-06-14", T.HALF, "2026-H1", N),
        ("2026-06-15", "2026-12-14", T.HALF, "2026-H2", N),
        ("2025-12-15", "2026-09-14", T.NINE_MONTH, "2026-9M", N),
        ("2025-12-15", "2026-12-14", T.YEAR, "2026", N),
        ("2025-12-15", "2026-08-17", T.YTD, "2026-08-17", N),
        ("2025-12-15", "2026-12-14", T.YTD, "2026-12-14", N),
        ("2026-12-15", "2026-12-15", T.YTD, "2026-12-15", N),
    ],
)
def test_bounds(first: str, last: str, kind: PeriodType, label: str, calendar: Calendar) -> None:
    """A period runs from its first to its last day; Decree 09/2019 closes months on the 14th."""
    period = period_of(kind, label, calendar)
    assert (date.fromisoformat(first), date.fromisoformat(last)) == (period.first_on, period.last_on)


@pytest.mark.parametrize(
    ("kind", "label"),
    [
        (T.WEEK, "2026-W54"),
        (T.WEEK, "2025-W53"),
        (T.WEEK, "2026-W00"),
        (T.MONTH, "2026-13"),
        (T.MONTH, "2026-00"),
        (T.MONTH, "2026-8"),
        (T.MONTH, "２０２６-08"),
        (T.MONTH, "2026-08\n"),
        (T.QUARTER, "2026-Q5"),
        (T.QUARTER, "2026-Q0"),
        (T.HALF, "2026-H3"),
        (T.YEAR, "0000"),
        (T.YEAR, "1066"),
        (T.YEAR, "9999"),
        (T.DAY, "2026-02-30"),
        (T.DAY, "2026-W34"),
        (T.YTD, "2026-02-29"),
        (T.CUSTOM, "2026-08-17/2026-08-03"),
        (T.CUSTOM, "2026-08-17"),
    ],
)
def test_a_period_that_does_not_exist_is_refused(kind: PeriodType, label: str) -> None:
    """A label without a period is a fault of the caller, named by its rule."""
    with pytest.raises(InvalidInput) as caught:
        period_of(kind, label)
    assert caught.value.code == "period_unknown"
    assert [fault.field for fault in caught.value.faults] == ["/period"]


@pytest.mark.parametrize(("kind", "label"), [(T.DAY, "2026-08-17"), (T.WEEK, "2026-W34")])
def test_the_calendar_of_reports_has_no_days_and_weeks(kind: PeriodType, label: str) -> None:
    """Days and weeks are the same everywhere: asking for them under nd09 is a mistake."""
    with pytest.raises(InvalidInput, match="nd09 has no"):
        period_of(kind, label, N)


def test_intervals_are_half_open_in_local_time() -> None:
    """The first instant of September is not in August, whatever UTC says."""
    august = period_of(T.MONTH, "2026-08")
    start, end = datetime(2026, 8, 1, tzinfo=VIETNAM), datetime(2026, 9, 1, tzinfo=VIETNAM)
    assert (True, True, False) == (
        august.has(start),
        august.has(end - timedelta(microseconds=1)),
        august.has(end),
    )
    assert timedelta(hours=7) == august.start.utcoffset()
    assert not august.has_day(date(2026, 9, 1))


@pytest.mark.parametrize("calendar", [G, N])
def test_months_quarters_and_halves_make_the_year(calendar: Calendar) -> None:
    """Shorter periods follow each other without gap or overlap, and fill the year."""
    year = period_of(T.YEAR, "2026", calendar)
    for kind, labels in {
        T.MONTH: [f"2026-{month:02}" for month in range(1, 13)],
        T.QUARTER: [f"2026-Q{quarter}" for quarter in range(1, 5)],
        T.HALF: ["2026-H1", "2026-H2"],
    }.items():
        parts = [period_of(kind, label, calendar) for label in labels]
        assert (year.start, year.end) == (parts[0].start, parts[-1].end)
        assert [part.end for part in parts[:-1]] == [part.start for part in parts[1:]]
