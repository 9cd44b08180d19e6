"""The national working calendar, as dated data with its sources, and how tables of a province are read.

The table holds what the yearly notices fix: Tết, the National Day's neighbour, swaps and make-up days. It is what the
rules of the package `holidays` 0.109 give, put right where they miss something (2026-01-02, 2026-01-10); no package is
asked at run time, since a newer one must not move deadlines. Source: monitoring notes §3.1, §3.3.
"""

import csv
import io
from collections.abc import Iterable
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from gateway.errors import Fault, InvalidInput
from gateway.model.calendars import Calendars, HoursSince
from gateway.model.vocabulary import AgencyCode
from gateway.model.working_calendar import CalendarDay, DayKind, WorkingCalendar

VERSION = "VN-2026.5"
_WORDS = {"yes": True, "no": False, "": None}
_MAX_LINES = 20_000
_EMPTY = BeforeValidator(lambda value: None if value == "" else value)
_Word = Annotated[bool | None, BeforeValidator(lambda value: _WORDS.get(value, "neither yes nor no"))]
_Told = Annotated[str, Field(min_length=1, max_length=300)]


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    day: date
    kind: DayKind
    label: _Told
    source: _Told
    agency: Annotated[AgencyCode | None, _EMPTY] = None
    confirmed: _Word = True
    told_on: Annotated[date | None, _EMPTY] = None
    counts: _Word = None
    open: _Word = None

    def said(self) -> CalendarDay:
        return CalendarDay(
            day=self.day,
            kind=self.kind,
            label=self.label,
            source=self.source,
            is_confirmed=self.confirmed is not False,
            agency=self.agency or "",
            told_on=self.told_on,
            counts=self.counts,
            is_open=self.open,
        )


COLUMNS = tuple(_Line.model_fields)
_NEEDED = COLUMNS[:4]
"""Cells of the other columns may be empty."""


def read_days(text: str) -> list[CalendarDay]:
    """Read the lines of a calendar from comma-separated values under a line of their columns.

    Raises InvalidInput naming every line that cannot be read, and why.
    """
    faults, days = list[Fault](), list[CalendarDay]()
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = rows.fieldnames or ()
        if not set(_NEEDED) <= set(columns) <= set(COLUMNS) or len(set(columns)) < len(columns):
            rule = f"must name the columns {', '.join(_NEEDED)}, and of {', '.join(COLUMNS[len(_NEEDED) :])} any"
            raise InvalidInput("the calendar cannot be read", [Fault("line 1", rule)], code="calendar_faulty")
        for row in rows:
            number = rows.line_num
            if number > _MAX_LINES:
                faults.append(Fault("", f"must hold at most {_MAX_LINES} lines"))
                break
            if None in row or None in row.values():
                faults.append(Fault(f"line {number}", f"must have {len(columns)} cells"))
                continue
            try:
                days.append(_Line.model_validate(row).said())
            except ValidationError as error:
                faults += _faults(f"line {number}", error)
    except csv.Error:
        faults.append(Fault("", "must be comma-separated values with paired quotes"))
    if faults:
        raise InvalidInput("the calendar cannot be read", faults, code="calendar_faulty")
    return days


def open_calendars(local: Iterable[CalendarDay] = (), hours: Iterable[HoursSince] = ()) -> Calendars:
    """Give the calendars of a province and its agencies over that of the country. Raises InvalidInput."""
    return Calendars(VERSION, _country(), local, hours)


@cache
def national_calendars() -> Calendars:
    """Give the calendars of a province that says nothing of its own."""
    return open_calendars()


@cache
def national_calendar() -> WorkingCalendar:
    """Give the calendar of the whole country as it is known now. Raises InvalidInput when the table is damaged."""
    return national_calendars().latest("")


@cache
def _country() -> tuple[CalendarDay, ...]:
    text = files("mappings.calendars").joinpath("vietnam.csv").read_text(encoding="utf-8")
    return tuple(read_days(text))


def _faults(place: str, error: ValidationError) -> list[Fault]:
    return [
        Fault(f"{place} {one['loc'][0]}", one["msg"][:1].lower() + one["msg"][1:])
        for one in error.errors(include_input=False, include_url=False, include_context=False)
    ]
