"""The deadline of a dossier: from what is remembered of it, its limit, and the calendars that were known. Pure.

What was promised follows from the calendar as it was known at acceptance. A notice that comes later moves what is still
open, and nothing that has ended. Source: monitoring notes §3.2, §3.5.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from gateway.errors import InvalidInput
from gateway.model.calendars import Calendars
from gateway.model.vocabulary import VIETNAM
from gateway.model.working_calendar import CalendarDay, WorkingCalendar
from gateway.monitoring.deadlines import Deadline, Limit, extended, first_deadline, paused, recomputed, restarted
from gateway.monitoring.records import DossierRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How a procedure's deadlines are counted where sector law differs; the defaults are the notes' (§3.5).

    `restarts_within_days`: a supplement asked for within so many working days of acceptance belongs to the check of
    completeness and begins the limit anew; None: every supplement pauses. `pauses` False: none does.
    """

    cut_off: time | None = None
    pauses: bool = True
    restarts_within_days: int | None = None
    acceptance_hours: int = 8
    """Working hours within which an online submission is accepted, refused or answered (45/2020/NĐ-CP)."""


def counted_until(record: DossierRecord, measured_at: datetime) -> datetime:
    """Give the instant whose knowledge of the calendar a dossier is judged by: its end, or now while it is open."""
    ended_at = record.first_finished_at if record.reopened_at is None else None
    until = measured_at if ended_at is None else min(ended_at, measured_at)
    return until if record.received_at is None else max(until, record.received_at)


def deadline_of(
    record: DossierRecord, limits: Sequence[Limit], policy: Policy, calendars: Calendars, measured_at: datetime
) -> Deadline | None:
    """Give the deadline, None for a dossier without a limit, not accepted, or beyond what the calendar covers."""
    received_at, agency = record.received_at, record.handling_agency
    if received_at is None or not limits:
        return None
    limit, until = replace(limits[0], cut_off=policy.cut_off), counted_until(record, measured_at)
    then, now = calendars.of(agency, received_at), calendars.of(agency, until)
    try:
        deadline = _counted(record, received_at, limit, policy, then)
        if now is not then:
            due = _counted(record, received_at, limit, policy, now).current
            told = calendars.told_between(agency, received_at, until)
            deadline = _moved(deadline, due, told, received_at)
    except InvalidInput:
        # Days that the calendar does not cover: the stated date stands.
        return None
    for moved in record.new_dates:
        # A second new date, or one given too late, moves nothing.
        with suppress(InvalidInput):
            deadline = extended(deadline, moved.decided_at, moved.new_due_at, "form 04")
    return deadline


def _counted(
    record: DossierRecord, received_at: datetime, limit: Limit, policy: Policy, calendar: WorkingCalendar
) -> Deadline:
    deadline = first_deadline(received_at, limit, calendar)
    for pause in record.pauses:
        if pause.given_at is None or pause.asked_at < received_at or pause.given_at < pause.asked_at:
            continue
        if policy.restarts_within_days is not None:
            passed = calendar.working_days_between(_day(received_at), _day(pause.asked_at))
            if passed <= policy.restarts_within_days:
                deadline = restarted(deadline, pause.given_at, calendar)
                continue
        if policy.pauses:
            deadline = paused(deadline, pause.asked_at, pause.given_at, calendar)
    return deadline


def _moved(deadline: Deadline, due: datetime, told: Sequence[CalendarDay], received_at: datetime) -> Deadline:
    """Move the due date where what was told since does; its reason is the days that lie between."""
    if due == deadline.current:
        return deadline
    days = _day(received_at), max(_day(due), _day(deadline.current))
    moving = [one for one in told if days[0] <= one.day <= days[1]]
    reason = "; ".join(f"{one.label} ({one.day:%d/%m/%Y}, {one.source})" for one in moving)
    told_on = max((one.told_on for one in moving if one.told_on is not None), default=days[0])
    return recomputed(deadline, datetime.combine(told_on, time(), VIETNAM), due, reason)


def _day(instant: datetime) -> date:
    return instant.astimezone(VIETNAM).date()
