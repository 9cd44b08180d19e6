"""The national working calendar, as dated data with its sources.

The table holds what the yearly notices fix: Tết, the National Day's neighbour, swaps and make-up days. It is what the
rules of the package `holidays` 0.109 give, put right where they miss something (2026-01-02, 2026-01-10); no package is
asked at run time, since a newer one must not move deadlines. Source: monitoring notes §3.1, §3.3.
"""

import csv
from datetime import date
from functools import cache
from importlib.resources import files

from gateway.model.working_calendar import CalendarDay, DayKind, WorkingCalendar, make_calendar

VERSION = "VN-2026.4"


@cache
def national_calendar() -> WorkingCalendar:
    """Give the calendar of the whole country. Raises InvalidInput when the table is damaged."""
    text = files("mappings.calendars").joinpath("vietnam.csv").read_text(encoding="utf-8")
    return make_calendar(
        VERSION,
        (
            CalendarDay(
                day=date.fromisoformat(row["day"]),
                kind=DayKind(row["kind"]),
                label=row["label"],
                source=row["source"],
                is_confirmed=row["confirmed"] == "yes",
            )
            for row in csv.DictReader(text.splitlines())
        ),
    )
