"""Working days of 2021 to 2027, and walking through them (monitoring notes §3.3, §7)."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidInput
from gateway.model.vocabulary import VIETNAM
from mappings.calendars import national_calendar

CALENDAR = national_calendar()
DAYS = st.dates(date(2021, 1, 2), date(2027, 6, 30))


@pytest.mark.parametrize(
    ("year", "count"), [(2021, 250), (2022, 249), (2023, 249), (2024, 251), (2025, 250), (2026, 249), (2027, 249)]
)
def test_working_days_of_a_year(year: int, count: int) -> None:
    """The numbers of §3.3, table. The first of January is off in every year."""
    assert count == CALENDAR.working_days_between(date(year, 1, 1), date(year, 12, 31))


@pytest.mark.parametrize(
    ("start", "count", "due"),
    [
        ("2021-02-09", 1, "2021-02-17"),
        ("2022-04-29", 1, "2022-05-04"),
        ("2023-01-19", 2, "2023-01-30"),
        ("2024-04-26", 3, "2024-05-04"),
        ("2025-01-24", 5, "2025-02-07"),
        ("2025-04-25", 1, "2025-04-26"),
        ("2025-12-31", 5, "2026-01-09"),
        ("2026-01-08", 2, "2026-01-10"),
        ("2026-02-13", 5, "2026-02-27"),
        ("2026-04-24", 4, "2026-05-05"),
        ("2026-08-20", 2, "2026-08-22"),
        ("2026-08-27", 3, "2026-09-04"),
        ("2026-08-28", 15, "2026-09-23"),
        ("2026-11-23", 1, "2026-11-25"),
    ],
)
def test_vector_working_days(start: str, count: int, due: str) -> None:
    """§7, first table: the start day is not counted."""
    assert date.fromisoformat(due) == CALENDAR.add_working_days(date.fromisoformat(start), count)


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-08-28 15:30", 8, "2026-09-03 15:30"),
        ("2026-08-22 16:00", 2, "2026-08-24 09:00"),
        ("2026-08-29 10:00", 8, "2026-09-03 17:00"),
        ("2026-08-31 09:00", 2, "2026-09-03 10:00"),
    ],
)
def test_vector_working_hours(start: str, hours: int, due: str) -> None:
    """§7: hours are those of the office, 08-12 and 13-17."""
    begins = datetime.fromisoformat(start).replace(tzinfo=VIETNAM)

    assert datetime.fromisoformat(due).replace(tzinfo=VIETNAM) == CALENDAR.add_minutes(begins, hours * 60)


def test_days_without_a_notice_are_marked() -> None:
    """Everything of 2027 is computed by rule; nothing before is."""
    assert {2027} == {one.day.year for one in CALENDAR.days.values() if not one.is_confirmed}
    assert all(one.source for one in CALENDAR.days.values())


@pytest.mark.parametrize("day", [date(2020, 12, 31), date(2028, 1, 1)])
def test_what_is_not_covered_is_refused(day: date) -> None:
    with pytest.raises(InvalidInput, match="cover"):
        CALENDAR.is_working_day(day)


@given(DAYS, st.integers(1, 60), st.integers(1, 60))
def test_steps_add_up(day: date, first: int, second: int) -> None:
    """So many days, and then so many, are all of them together; always on a working day, and never back."""
    due = CALENDAR.add_working_days(CALENDAR.add_working_days(day, first), second)

    assert CALENDAR.add_working_days(day, first + second) == due
    assert CALENDAR.is_working_day(due)
    assert first + second == CALENDAR.working_days_between(day, due)
    assert day < due


@given(DAYS, st.integers(1, 60))
def test_back_and_forth(day: date, count: int) -> None:
    begins = CALENDAR.on_or_after(day)

    assert begins == CALENDAR.subtract_working_days(CALENDAR.add_working_days(begins, count), count)


@given(DAYS, st.integers(0, 24 * 60 - 1), st.integers(1, 5000), st.integers(1, 5000))
def test_minutes_end_in_office_hours(day: date, minute: int, first: int, second: int) -> None:
    """Never outside them, and in two steps as in one."""
    begins = datetime(day.year, day.month, day.day, tzinfo=VIETNAM) + timedelta(minutes=minute)
    due = CALENDAR.add_minutes(begins, first)

    assert CALENDAR.is_working_day(due.date())
    assert any(one.opens <= due.time() <= one.closes for one in CALENDAR.hours_on(due.date()))
    assert CALENDAR.add_minutes(begins, first + second) == CALENDAR.add_minutes(due, second)
    assert begins < due
