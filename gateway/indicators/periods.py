"""Periods of both calendars as half-open intervals of local time.

`gregorian` is the calendar of the 766 index. `nd09` is that of administrative reports under Decree 09/2019/NĐ-CP, which
closes data on the 14th: a month runs from the 15th of the month before, a year from 15 December. Weeks are ISO weeks.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from gateway.errors import Fault, InvalidInput
from gateway.model.vocabulary import FIRST_YEAR, LAST_YEAR, VIETNAM


class Calendar(StrEnum):
    """Which calendar bounds months, quarters and years."""

    GREGORIAN = "gregorian"
    ND09 = "nd09"


class PeriodType(StrEnum):
    """What a period is. A half is "2026-H1"; nine months "2026-9M"; year to date names its last day, "2026-08-17";
    custom its first and last day, "2026-08-03/2026-08-17"."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    HALF = "half"
    NINE_MONTH = "nine_month"
    YEAR = "year"
    YTD = "ytd"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` to just before `end`, both at local midnight with their zone."""

    type: PeriodType
    label: str
    calendar: Calendar
    first_on: date
    after_on: date

    @property
    def start(self) -> datetime:
        """Give the first instant."""
        return datetime.combine(self.first_on, time(), VIETNAM)

    @property
    def end(self) -> datetime:
        """Give the instant just behind the period."""
        return datetime.combine(self.after_on, time(), VIETNAM)

    @property
    def last_on(self) -> date:
        """Give the last day."""
        return self.after_on - timedelta(days=1)

    def has(self, instant: datetime) -> bool:
        """Tell whether an instant lies inside."""
        return self.start <= instant < self.end

    def has_day(self, day: date) -> bool:
        """Tell whether a local day lies inside."""
        return self.first_on <= day < self.after_on

    @property
    def key(self) -> str:
        """Name the period beyond doubt, as external counts do."""
        return f"{self.calendar}:{self.type}:{self.label}"


_FORMS: dict[PeriodType, tuple[str, str]] = {
    PeriodType.DAY: (r"\d{4}-\d\d-\d\d", "2026-08-17"),
    PeriodType.WEEK: (r"(?P<year>\d{4})-W(?P<part>\d\d)", "2026-W34"),
    PeriodType.MONTH: (r"(?P<year>\d{4})-(?P<part>\d\d)", "2026-08"),
    PeriodType.QUARTER: (r"(?P<year>\d{4})-Q(?P<part>\d)", "2026-Q3"),
    PeriodType.HALF: (r"(?P<year>\d{4})-H(?P<part>\d)", "2026-H1"),
    PeriodType.NINE_MONTH: (r"(?P<year>\d{4})-9M(?P<part>)", "2026-9M"),
    PeriodType.YEAR: (r"(?P<year>\d{4})(?P<part>)", "2026"),
    PeriodType.YTD: (r"\d{4}-\d\d-\d\d", "2026-08-17"),
    PeriodType.CUSTOM: (r"\d{4}-\d\d-\d\d/\d{4}-\d\d-\d\d", "2026-08-03/2026-08-17"),
}
_MONTHS = {
    PeriodType.MONTH: 1,
    PeriodType.QUARTER: 3,
    PeriodType.HALF: 6,
    PeriodType.NINE_MONTH: 9,
    PeriodType.YEAR: 12,
}
_ONLY_GREGORIAN = (PeriodType.DAY, PeriodType.WEEK)


def period_of(kind: PeriodType, label: str, calendar: Calendar = Calendar.GREGORIAN) -> Period:
    """Give a period by its type and label.

    Raises InvalidInput (code `period_unknown`) when the label is of another form, when there is no such period (a week
    54, a 13th month, 30 February, an end before its start), and for days and weeks of `nd09`, which has none.
    """
    pattern, example = _FORMS[kind]
    # Digits of other alphabets match \d, and would be read as numbers.
    matched = re.fullmatch(pattern, label, re.ASCII)
    if matched is None:
        raise _no_period(label, f"must be written like {example}")
    if calendar is Calendar.ND09 and kind in _ONLY_GREGORIAN:
        raise _no_period(label, f"the calendar nd09 has no {kind} of its own; use gregorian")
    first, after = _bounds(kind, label, calendar, matched)
    if not (first.year >= FIRST_YEAR and after.year <= LAST_YEAR):
        raise _no_period(label, f"must lie in the years {FIRST_YEAR} to {LAST_YEAR}")
    return Period(kind, label, calendar, first, after)


def _bounds(kind: PeriodType, label: str, calendar: Calendar, matched: re.Match[str]) -> tuple[date, date]:
    if kind in (PeriodType.DAY, PeriodType.YTD, PeriodType.CUSTOM):
        return _bounds_of_days(kind, label, calendar)
    year = _existing(label, lambda: date(int(matched["year"]), 1, 1)).year
    if kind is PeriodType.WEEK:
        first = _existing(label, lambda: date.fromisocalendar(year, int(matched["part"]), 1))
        return first, _existing(label, lambda: first + timedelta(days=7))
    length = _MONTHS[kind]
    part = int(matched["part"] or 1)
    if not 1 <= part <= 12 // length:
        raise _no_period(label, f"there is no such {kind}")
    months = year * 12 + (part - 1) * length
    return (
        _existing(label, lambda: _month_start(months, calendar)),
        _existing(label, lambda: _month_start(months + length, calendar)),
    )


def _bounds_of_days(kind: PeriodType, label: str, calendar: Calendar) -> tuple[date, date]:
    first, *rest = [_existing(label, lambda text=text: date.fromisoformat(text)) for text in label.split("/")]  # type: ignore[misc]
    last = rest[0] if rest else first
    if kind is PeriodType.YTD:
        first = _year_start(last, calendar)
    if last < first:
        raise _no_period(label, "must not end before it begins")
    return first, _existing(label, lambda: last + timedelta(days=1))


def _month_start(months: int, calendar: Calendar) -> date:
    if calendar is Calendar.ND09:
        return date((months - 1) // 12, (months - 1) % 12 + 1, 15)
    return date(months // 12, months % 12 + 1, 1)


def _year_start(day: date, calendar: Calendar) -> date:
    begins_next = calendar is Calendar.ND09 and (day.month, day.day) >= (12, 15)
    return _month_start((day.year + begins_next) * 12, calendar)


def _existing(label: str, make: Callable[[], date]) -> date:
    try:
        return make()
    except (ValueError, OverflowError):
        raise _no_period(label, "there is no such day or week") from None


def _no_period(label: str, rule: str) -> InvalidInput:
    return InvalidInput(f"period: {rule}", [Fault("/period", rule, label[:40])], code="period_unknown")
