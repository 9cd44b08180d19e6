"""When a dossier is due, and why: limits, cut-offs, pauses, restarts, one extension. Pure.

The first due date is what the citizen was promised, and never moves. The current one moves by what the law lets move
it: a pause by the working days that the applicant took, a restart by beginning anew, an extension once. Every step is
kept, so that anybody can be told how a date came about. Source: monitoring notes §3.4, §3.5.
"""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from gateway.errors import Fault, InvalidInput
from gateway.model.vocabulary import VIETNAM
from gateway.model.working_calendar import WorkingCalendar

_MINUTES_A_DAY = 480


class LimitUnit(StrEnum):
    """In what a limit is counted."""

    HOUR = "hour"
    """Working hours (giờ)."""
    WORKING_DAY = "working_day"
    CALENDAR_DAY = "calendar_day"
    MONTH = "month"
    SAME_DAY = "same_day"
    """Trong ngày."""


class Precision(StrEnum):
    """How exact a due date is."""

    DATE = "date"
    MINUTE = "minute"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A procedure's time limit. `value` is in quarters where a limit is a part of a day: 0.5 days are 2.

    `cut_off`: what is accepted after it counts from the next working day; None: there is none.
    """

    unit: LimitUnit
    value: int = 0
    quarters: int = 0
    cut_off: time | None = None

    def __post_init__(self) -> None:
        is_same_day = self.unit is LimitUnit.SAME_DAY
        if is_same_day != (self.value == 0 and self.quarters == 0) or min(self.value, self.quarters) < 0:
            raise InvalidInput("the limit cannot be used", [Fault("value", "must be above 0, but for the same day")])
        if self.quarters and self.unit is not LimitUnit.WORKING_DAY:
            raise InvalidInput("the limit cannot be used", [Fault("quarters", "are parts of working days")])


class Step(StrEnum):
    """Why a due date is what it is."""

    ACCEPTED = "accepted"
    PAUSED = "paused"
    RESTARTED = "restarted"
    EXTENDED = "extended"
    RECOMPUTED = "recomputed"
    """The calendar was changed while the dossier was open (`due_recomputed`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One step: what happened, from when counting began, and what is due since."""

    step: Step
    at: datetime
    counted_from: date
    due: datetime
    days_added: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """When a dossier is due. `is_extended`: the one new date was given."""

    original: datetime
    current: datetime
    precision: Precision
    limit: Limit
    changes: tuple[Change, ...]
    is_extended: bool = False


def first_deadline(accepted_at: datetime, limit: Limit, calendar: WorkingCalendar) -> Deadline:
    """Count from the acceptance (§3.4). Raises InvalidInput for a day that the calendar does not cover."""
    begins, due, precision = _count(accepted_at, limit, calendar)
    change = Change(step=Step.ACCEPTED, at=accepted_at, counted_from=begins, due=due)
    return Deadline(original=due, current=due, precision=precision, limit=limit, changes=(change,))


def paused(
    deadline: Deadline, asked_at: datetime, given_at: datetime, calendar: WorkingCalendar, reason: str = ""
) -> Deadline:
    """Add the working days d with asked < d <= given: the applicant's time is not the agency's (PAUSE)."""
    if given_at < asked_at:
        raise InvalidInput("the pause cannot be counted", [Fault("given_at", "must not lie before asked_at")])
    days = calendar.working_days_between(_day(asked_at), _day(given_at))
    due = deadline.current
    if days:
        due = datetime.combine(calendar.add_working_days(_day(due), days), _time(due), VIETNAM)
    return _changed(deadline, Step.PAUSED, given_at, due, days_added=days, reason=reason)


def restarted(deadline: Deadline, complete_at: datetime, calendar: WorkingCalendar) -> Deadline:
    """Begin anew when an incomplete dossier becomes complete (RESTART)."""
    begins, due, _ = _count(complete_at, deadline.limit, calendar)
    changed = _changed(deadline, Step.RESTARTED, complete_at, due)
    last = replace(changed.changes[-1], counted_from=begins)
    return replace(changed, changes=(*changed.changes[:-1], last))


def extended(deadline: Deadline, told_at: datetime, new_due: datetime, reason: str) -> Deadline:
    """Take the new date of an apology (form 04), which is given once, before the old one is over, and lies later.

    Raises InvalidInput naming what is wrong.
    """
    faults = []
    if deadline.is_extended:
        faults.append(Fault("new_due", "a new date is given at most once"))
    if new_due <= deadline.current:
        faults.append(Fault("new_due", "must lie after the date that it replaces"))
    if told_at > deadline.current:
        faults.append(Fault("told_at", "must not lie after the date that is replaced"))
    if not reason.strip():
        faults.append(Fault("reason", "must be stated"))
    if faults:
        raise InvalidInput("the date cannot be moved", faults)
    return replace(_changed(deadline, Step.EXTENDED, told_at, new_due, reason=reason), is_extended=True)


def recomputed(deadline: Deadline, told_at: datetime, due: datetime, reason: str) -> Deadline:
    """Take the date that follows from a calendar as it was told at an instant after acceptance."""
    return _changed(deadline, Step.RECOMPUTED, told_at, due, reason=reason)


def effective_finish(finished_at: datetime, pauses: Sequence[tuple[datetime, datetime]]) -> datetime:
    """Give the finish less what supplements took, on timestamps: the national portal's view (SUBTRACT)."""
    return finished_at - sum((given - asked for asked, given in pauses), timedelta())


def _changed(
    deadline: Deadline, step: Step, at: datetime, due: datetime, *, days_added: int = 0, reason: str = ""
) -> Deadline:
    counted_from = deadline.changes[-1].counted_from
    change = Change(step=step, at=at, counted_from=counted_from, due=due, days_added=days_added, reason=reason)
    return replace(deadline, current=due, changes=(*deadline.changes, change))


def _count(accepted_at: datetime, limit: Limit, calendar: WorkingCalendar) -> tuple[date, datetime, Precision]:
    """Give the day from which is counted, what is due, and how exactly."""
    accepted = accepted_at.astimezone(VIETNAM)
    is_late = limit.cut_off is not None and accepted.timetz().replace(tzinfo=None) > limit.cut_off
    begins = calendar.on_or_after(accepted.date())
    if is_late and begins == accepted.date():
        begins = calendar.add_working_days(begins, 1)
    start = accepted if begins == accepted.date() else datetime.combine(begins, time(), VIETNAM)
    match limit.unit:
        case LimitUnit.HOUR:
            return begins, calendar.add_minutes(start, limit.value * 60), Precision.MINUTE
        case LimitUnit.WORKING_DAY if limit.quarters:
            minutes = limit.value * _MINUTES_A_DAY + limit.quarters * _MINUTES_A_DAY // 4
            return begins, calendar.add_minutes(start, minutes), Precision.MINUTE
        case LimitUnit.WORKING_DAY:
            due = calendar.add_working_days(begins, limit.value)
        case LimitUnit.CALENDAR_DAY:
            due = calendar.on_or_after(begins + timedelta(days=limit.value))
        case LimitUnit.MONTH:
            due = calendar.on_or_after(_months_later(begins, limit.value))
        case LimitUnit.SAME_DAY:
            due = begins
    return begins, calendar.end_of(due), Precision.DATE


def _months_later(day: date, months: int) -> date:
    """Give the same day number so many months later, or the last of a month that has none."""
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(years, month + 1, min(day.day, monthrange(years, month + 1)[1]))


def _day(instant: datetime) -> date:
    return instant.astimezone(VIETNAM).date()


def _time(instant: datetime) -> time:
    return instant.astimezone(VIETNAM).timetz().replace(tzinfo=None)
