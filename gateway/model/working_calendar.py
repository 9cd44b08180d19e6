"""On which days and in which hours agencies work: weeks, holidays, swaps and make-up days as dated data. Pure.

Days are days of Viet Nam, which keeps UTC+7 without summer time. What a table does not cover is refused: a
deadline that ignored next year's Tết would be wrong by a week. Source: monitoring notes §3.2.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from gateway.errors import Fault, InvalidInput
from gateway.model.vocabulary import VIETNAM

_SATURDAY = 5
_ONE_DAY = timedelta(days=1)


class DayKind(StrEnum):
    """Why a day is not as its weekday says."""

    HOLIDAY = "holiday"
    SWAP_OFF = "swap_off"
    """A working day taken off by official notice, and made up for on another."""
    MAKEUP_WORK = "makeup_work"
    AGENCY_CLOSED = "agency_closed"
    """No work for a reason of its own: a storm, a move to other rooms."""
    AGENCY_OPEN = "agency_open"
    """Its counters take dossiers although it is no working day: no deadline counts it, unless the line says so."""
    TAKEN_BACK = "taken_back"
    """What was told before of the day holds no more."""


_COUNTED = frozenset({DayKind.MAKEUP_WORK})
_OPEN = frozenset({DayKind.MAKEUP_WORK, DayKind.AGENCY_OPEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarDay:
    """One line of a calendar; not confirmed: computed by rule, no official notice yet.

    `agency`: for whom and for all below it the line holds, "" for everybody of its calendar. `told_on`: the day from
    which it was known; None: always. `counts`, `is_open`: whether deadlines count the day and counters take dossiers,
    None as its kind says.
    """

    day: date
    kind: DayKind
    label: str
    source: str
    is_confirmed: bool = True
    agency: str = ""
    told_on: date | None = None
    counts: bool | None = None
    is_open: bool | None = None

    @property
    def counts_for_deadlines(self) -> bool:
        """Whether it is a working day."""
        return self.kind in _COUNTED if self.counts is None else self.counts

    @property
    def is_open_for_reception(self) -> bool:
        """Whether counters take dossiers."""
        if self.is_open is not None:
            return self.is_open
        return self.kind in _OPEN or self.counts_for_deadlines

    @property
    def fault(self) -> str:
        """Name the rule that the kind breaks on this weekday, "" for none."""
        is_weekend = self.day.weekday() >= _SATURDAY
        if self.kind is DayKind.MAKEUP_WORK and not is_weekend:
            return "a make-up day must be a weekend"
        if self.kind in (DayKind.HOLIDAY, DayKind.SWAP_OFF) and is_weekend:
            return "a day off must be none of a weekend: those are off anyway"
        return ""


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """One stretch of work on a working day."""

    opens: time
    closes: time


DayHours = tuple[OfficeHours, ...]
HOURS: DayHours = (OfficeHours(time(8), time(12)), OfficeHours(time(13), time(17)))
"""What most offices keep; 480 minutes a day."""


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """A version of a calendar. `first` and `last` bound what it covers.

    `hours` are the stretches of a working day, each with the first day on which they are kept, in order.
    """

    version: str
    first: date
    last: date
    days: Mapping[date, CalendarDay] = field(repr=False)
    hours: tuple[tuple[date, DayHours], ...] = ((date.min, HOURS),)

    def hours_on(self, day: date) -> DayHours:
        """Give the stretches of work of a working day."""
        return next(stretches for begins_on, stretches in reversed(self.hours) if begins_on <= day)

    def is_working_day(self, day: date) -> bool:
        """Tell whether a day counts for deadlines. Raises InvalidInput for a day that the calendar does not cover."""
        if not self.first <= day <= self.last:
            rule = f"must lie from {self.first} to {self.last}, which calendar {self.version} covers"
            raise InvalidInput("the calendar does not cover the day", [Fault("day", rule)])
        known = self.days.get(day)
        if known is not None:
            return known.counts_for_deadlines
        return day.weekday() < _SATURDAY

    def on_or_after(self, day: date) -> date:
        """Give the first working day from a day on."""
        while not self.is_working_day(day):
            day += _ONE_DAY
        return day

    def add_working_days(self, day: date, count: int) -> date:
        """Give the n-th working day after a day; with 0 the day itself, or the next that is one."""
        if count <= 0:
            return self.on_or_after(day)
        while count:
            day += _ONE_DAY
            count -= self.is_working_day(day)
        return day

    def subtract_working_days(self, day: date, count: int) -> date:
        """Give the n-th working day before a day."""
        while count:
            day -= _ONE_DAY
            count -= self.is_working_day(day)
        return day

    def working_days_between(self, after: date, until: date) -> int:
        """Count the working days d with after < d <= until."""
        count, day = 0, after
        while day < until:
            day += _ONE_DAY
            count += self.is_working_day(day)
        return count

    def minutes_between(self, begin: datetime, end: datetime) -> int:
        """Count the whole minutes of office hours from one instant to another; 0 when the second is not later."""
        begin, end = begin.astimezone(VIETNAM), end.astimezone(VIETNAM)
        day, total = begin.date(), timedelta()
        while day <= end.date():
            if self.is_working_day(day):
                for stretch in self.hours_on(day):
                    opens = max(begin, datetime.combine(day, stretch.opens, VIETNAM))
                    closes = min(end, datetime.combine(day, stretch.closes, VIETNAM))
                    total += max(timedelta(), closes - opens)
            day += _ONE_DAY
        return int(total.total_seconds()) // 60

    def end_of(self, day: date) -> datetime:
        """Give the instant at which the office closes on a day."""
        return datetime.combine(day, self.hours_on(day)[-1].closes, VIETNAM)

    def add_minutes(self, instant: datetime, minutes: int) -> datetime:
        """Walk through office hours; the instant at which so many minutes of work are over."""
        local = instant.astimezone(VIETNAM)
        day, moment, left = local.date(), local.timetz().replace(tzinfo=None), timedelta(minutes=minutes)
        if not self.is_working_day(day):
            day, moment = self.on_or_after(day), time()
        while True:
            for stretch in self.hours_on(day):
                begins = datetime.combine(day, max(moment, stretch.opens), VIETNAM)
                room = datetime.combine(day, stretch.closes, VIETNAM) - begins
                if room <= timedelta():
                    continue
                if left <= room:
                    return begins + left
                left -= room
            day, moment = self.on_or_after(day + _ONE_DAY), time()
