"""When a period begins and ends, in both calendars, by arithmetic of our own. Pure.

Intervals are half-open in Vietnam time (UTC+7, no daylight saving). `nd09` closes a month on the 14th: a month is the
15th of the one before to the 14th, and longer periods are made of such months. Days and weeks are the same in both.
Source: monitoring notes §4.2.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone

VIETNAM = timezone(timedelta(hours=7))
CALENDARS = ("gregorian", "nd09")
PERIOD_TYPES = ("day", "week", "month", "quarter", "half", "nine_month", "year", "ytd", "custom")
_ND09_FIRST_DAY = 15
_ONE_DAY = timedelta(days=1)
_NAMES = {
    "day": re.compile(r"(\d{4})-(\d\d)-(\d\d)"),
    "week": re.compile(r"(\d{4})-W(\d\d)"),
    "month": re.compile(r"(\d{4})-(\d\d)"),
    "quarter": re.compile(r"(\d{4})-Q([1-4])"),
    "half": re.compile(r"(\d{4})-H([12])"),
    "nine_month": re.compile(r"(\d{4})(?:-9M)?"),
    "year": re.compile(r"(\d{4})"),
}

Bounds = tuple[datetime, datetime]


def bounds_of(period_type: str, period: str, calendar: str = "gregorian") -> Bounds:
    """Give beginning and end (not included) of a period by its name. Raises ValueError for a name that means none.

    The names of half years and of nine months are not in the notes: `2026-H1` and `2026` are assumed.
    """
    pattern = _NAMES.get(period_type)
    found = None if pattern is None else pattern.fullmatch(period)
    if found is None or calendar not in CALENDARS:
        raise ValueError("there is no such period")
    numbers = [int(part) for part in found.groups()]
    match period_type:
        case "day":
            return _days(date(*numbers), 1)
        case "week":
            return _days(date.fromisocalendar(numbers[0], numbers[1], 1), 7)
        case "month":
            first_month, count = numbers[1], 1
        case "quarter":
            first_month, count = 3 * numbers[1] - 2, 3
        case "half":
            first_month, count = 6 * numbers[1] - 5, 6
        case _:
            first_month, count = 1, 9 if period_type == "nine_month" else 12
    if not 1 <= first_month <= 12:
        raise ValueError("there is no such month")
    return _months(numbers[0], first_month, count, calendar)


def bounds_fault(period_type: str, calendar: str, start: datetime, end: datetime) -> str | None:
    """Say what is wrong with the bounds of a publication; None when they are those of a period of its kind."""
    if start.utcoffset() != VIETNAM.utcoffset(None) or end.utcoffset() != VIETNAM.utcoffset(None):
        return "bounds are not written in local time (+07:00)"
    if not start < end:
        return "the period does not end after its beginning"
    if start.time() != time.min or end.time() != time.min:
        return "the period does not begin and end at midnight"
    last_day = (end - _ONE_DAY).date()
    if period_type == "custom":
        return None
    if period_type == "ytd":
        year = _counted_month(last_day, calendar)[0]
        expected_start = _months(year, 1, 12, calendar)[0]
        return None if start == expected_start else f"a year to date begins on {expected_start.date()}"
    expected = bounds_of(period_type, name_of(period_type, last_day, calendar), calendar)
    if (start, end) == expected:
        return None
    return f"a {period_type} ({calendar}) that holds {last_day} is {expected[0].date()} to {expected[1].date()}"


def name_of(period_type: str, day: date, calendar: str) -> str:
    """Give the name of the period that holds a day."""
    year, month = _counted_month(day, calendar)
    week = day.isocalendar()
    names: dict[str, Callable[[], str]] = {
        "day": day.isoformat,
        "week": lambda: f"{week.year:04d}-W{week.week:02d}",
        "month": lambda: f"{year:04d}-{month:02d}",
        "quarter": lambda: f"{year:04d}-Q{(month + 2) // 3}",
        "half": lambda: f"{year:04d}-H{(month + 5) // 6}",
        "nine_month": lambda: f"{year:04d}",
        "year": lambda: f"{year:04d}",
    }
    return names[period_type]()


def _counted_month(day: date, calendar: str) -> tuple[int, int]:
    """Give year and month to which a day is counted."""
    if calendar == "gregorian" or day.day < _ND09_FIRST_DAY:
        return day.year, day.month
    return (day.year, day.month + 1) if day.month < 12 else (day.year + 1, 1)


def _days(first: date, count: int) -> Bounds:
    return _midnight(first), _midnight(first + count * _ONE_DAY)


def _months(year: int, first_month: int, count: int, calendar: str) -> Bounds:
    return _month_start(year, first_month, calendar), _month_start(year, first_month + count, calendar)


def _month_start(year: int, month: int, calendar: str) -> datetime:
    """Give the beginning of a month; months past December are those of the next year."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    if calendar == "gregorian":
        return _midnight(date(year, month, 1))
    before = (year, month - 1) if month > 1 else (year - 1, 12)
    return _midnight(date(*before, _ND09_FIRST_DAY))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=VIETNAM)
