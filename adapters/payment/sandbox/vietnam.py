"""Time as it is written on the wire: yyyyMMddHHmmss at UTC+7, where no summer time ever was (payment notes §0)."""

import re
from datetime import UTC, date, datetime, timedelta, timezone

ZONE = timezone(timedelta(hours=7))
_FORM = re.compile(r"[0-9]{14}")


def wire_time(at: datetime, *, is_twelve_hour: bool = False) -> str:
    """Write an instant. The twelve-hour form is a faulty peer's: afternoon looks like morning."""
    return at.astimezone(ZONE).strftime("%Y%m%d%I%M%S" if is_twelve_hour else "%Y%m%d%H%M%S")


def read_wire_time(text: str) -> datetime | None:
    """Read an instant, in UTC; None when it is none."""
    if _FORM.fullmatch(text) is None or not text.isascii():
        return None
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=ZONE).astimezone(UTC)
    except ValueError:
        return None


def local_day(at: datetime) -> date:
    """Give the day on which an instant falls in Viet Nam."""
    return at.astimezone(ZONE).date()


def at_hour(day: date, hour: int, minute: int = 0) -> datetime:
    """Give an instant of a day in Viet Nam, in UTC."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE).astimezone(UTC)


def next_working_day(day: date, count: int = 1) -> date:
    """Give the day so many working days later; Saturdays and Sundays are none. Public holidays are not known here."""
    while count > 0:
        day += timedelta(days=1)
        if day.weekday() < 5:
            count -= 1
    return day


def local_text(at: datetime) -> str:
    """Write an instant for people."""
    return at.astimezone(ZONE).strftime("%H:%M:%S ngày %d/%m/%Y")
