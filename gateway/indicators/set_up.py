"""By when an approved online service has to be set up, tested and live. Pure.

Days of the calendar, as the plans write "ngày" and not "ngày làm việc" (monitoring notes §1.3, M-03 to M-06): 45 days
from approval to the notice of the test; from there 15 days for departments, 30 for districts, two months for communes.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from gateway.indicators.facts import ServiceFact
from gateway.model.procedure import ExecutingLevel

_SET_UP_DAYS = 45
_GO_LIVE_DAYS = {ExecutingLevel.MINISTRY: 15, ExecutingLevel.PROVINCE: 15, ExecutingLevel.DISTRICT: 30}


class MilestoneState(StrEnum):
    """How a milestone stands on a day."""

    DONE = "done"
    DONE_LATE = "done_late"
    OPEN = "open"
    OVERDUE = "overdue"
    NOT_BEGUN = "not_begun"
    """What it is counted from has not happened."""


@dataclass(frozen=True, slots=True)
class Milestone:
    """Something that is due for a service: `set_up` (test notice) or `live`."""

    service_key: str
    procedure_code: str
    name: str
    due_on: date | None
    done_on: date | None
    state: MilestoneState


def set_up_due_on(approved_on: date) -> date:
    """Give the day by which the test must be noticed."""
    return approved_on + timedelta(days=_SET_UP_DAYS)


def live_due_on(level: ExecutingLevel, noticed_on: date) -> date:
    """Give the day by which a service must be live, by the level that carries it out."""
    if level in _GO_LIVE_DAYS:
        return noticed_on + timedelta(days=_GO_LIVE_DAYS[level])
    months = noticed_on.year * 12 + noticed_on.month + 1  # Two months on, counted from 0.
    year, month = divmod(months, 12)
    return date(year, month + 1, min(noticed_on.day, monthrange(year, month + 1)[1]))


def milestones_of(service: ServiceFact, today: date) -> tuple[Milestone, Milestone]:
    """Give both milestones of a service as they stand on a day."""
    noticed_due = None if service.approved_on is None else set_up_due_on(service.approved_on)
    live_due = None
    if service.test_noticed_on is not None:
        live_due = live_due_on(service.executing_level, service.test_noticed_on)
    return (
        _milestone(service, "set_up", noticed_due, service.test_noticed_on, today),
        _milestone(service, "live", live_due, service.live_on, today),
    )


def _milestone(service: ServiceFact, name: str, due_on: date | None, done_on: date | None, today: date) -> Milestone:
    if done_on is not None:
        state = MilestoneState.DONE_LATE if due_on is not None and done_on > due_on else MilestoneState.DONE
    elif due_on is None:
        state = MilestoneState.NOT_BEGUN
    else:
        state = MilestoneState.OVERDUE if today > due_on else MilestoneState.OPEN
    return Milestone(service.key, service.procedure_code, name, due_on, done_on, state)
