"""Whether a dossier was, or is, in time, and how a deadline is explained to a person. Pure.

Source: monitoring notes §3.6; the words of the classes are those of provincial reports.
"""

from dataclasses import dataclass
from datetime import date, datetime

from gateway.indicators.words import Timeliness
from gateway.model.vocabulary import VIETNAM
from gateway.model.working_calendar import WorkingCalendar
from gateway.monitoring.deadlines import Change, Deadline, LimitUnit, Precision, Step

WORDS = {
    Timeliness.EARLY: ("trước hạn", "early"),
    Timeliness.ON_TIME: ("đúng hạn", "on time"),
    Timeliness.LATE: ("trễ hạn", "late"),
    Timeliness.OPEN_IN_TERM: ("đang xử lý trong hạn", "in progress, in term"),
    Timeliness.OPEN_OVERDUE: ("đang xử lý quá hạn", "in progress, overdue"),
    Timeliness.PAUSED: ("chờ bổ sung", "waits for a supplement"),
    Timeliness.PAUSED_OVERDUE: ("chờ bổ sung, quá hạn", "waits for a supplement, overdue"),
    Timeliness.MULTI_SUPPLEMENT: ("yêu cầu bổ sung nhiều lần", "asked for supplements more than once"),
    Timeliness.WITHDRAWN_IN_TIME: ("rút hoặc dừng trong hạn", "withdrawn or stopped in time"),
    Timeliness.WITHDRAWN_LATE: ("rút hoặc dừng quá hạn", "withdrawn or stopped late"),
    Timeliness.STOPPED_IN_TIME: ("dừng trong hạn", "stopped in time"),
    Timeliness.STOPPED_LATE: ("dừng quá hạn", "stopped late"),
    Timeliness.WITHIN_MAXIMUM: ("trong thời hạn tối đa công bố", "within the longest published limit"),
    Timeliness.NO_DUE: ("không có hạn", "without a limit"),
    Timeliness.INVALID: ("thời điểm không hợp lệ", "impossible times"),
}
IN_TIME = frozenset(
    {
        Timeliness.EARLY,
        Timeliness.ON_TIME,
        Timeliness.OPEN_IN_TERM,
        Timeliness.PAUSED,
        Timeliness.WITHDRAWN_IN_TIME,
    }
)
"""What counts as in time in indicator T1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How a dossier went, as far as it is known at the measuring instant."""

    finished_at: datetime | None = None
    is_withdrawn: bool = False
    """Ended by the applicant, or stopped, after it was accepted."""
    first_asked_at: datetime | None = None
    """When a supplement was first asked for."""
    is_waiting: bool = False
    """For a supplement."""
    supplements_count: int = 0


def timeliness(course: Course, due: datetime | None, precision: Precision, measured_at: datetime) -> Timeliness:
    """Name how a dossier stands. `due` None: no limit is known."""
    if due is None:
        return Timeliness.NO_DUE
    if course.finished_at is not None:
        is_late = _is_after(course.finished_at, due, precision)
        if course.is_withdrawn:
            return Timeliness.WITHDRAWN_LATE if is_late else Timeliness.WITHDRAWN_IN_TIME
        if is_late:
            return Timeliness.LATE
        return Timeliness.EARLY if _day(course.finished_at) < _day(due) else Timeliness.ON_TIME
    if course.supplements_count > 1:
        return Timeliness.MULTI_SUPPLEMENT
    asked_at = course.first_asked_at
    if course.is_waiting and asked_at is not None and not _is_after(asked_at, due, precision):
        return Timeliness.PAUSED
    return Timeliness.OPEN_OVERDUE if _is_after(measured_at, due, precision) else Timeliness.OPEN_IN_TERM


def days_late(finished_at: datetime, due: datetime, calendar: WorkingCalendar) -> int:
    """Count the working days d with due < d <= finish; 0 for what is not late."""
    return calendar.working_days_between(_day(due), _day(finished_at))


def explain(deadline: Deadline) -> tuple[tuple[str, str], ...]:
    """Tell how a due date came about, a sentence a step, in Vietnamese and English."""
    return tuple(_sentence(deadline, change) for change in deadline.changes)


def _sentence(deadline: Deadline, change: Change) -> tuple[str, str]:
    due, at, begins = _told(change.due), _told(change.at), f"{change.counted_from:%d/%m/%Y}"
    value = deadline.limit.value or ""
    units = {
        LimitUnit.HOUR: (f"{value} giờ làm việc", f"{value} working hours"),
        LimitUnit.WORKING_DAY: (f"{_days(deadline)} ngày làm việc", f"{_days(deadline)} working days"),
        LimitUnit.CALENDAR_DAY: (f"{value} ngày", f"{value} days"),
        LimitUnit.MONTH: (f"{value} tháng", f"{value} months"),
        LimitUnit.SAME_DAY: ("trong ngày", "the same day"),
    }
    vi, en = units[deadline.limit.unit]
    match change.step:
        case Step.ACCEPTED:
            return (
                f"Tiếp nhận lúc {at}, tính từ {begins}, thời hạn {vi}: hẹn trả {due}.",
                f"Accepted at {at}, counted from {begins}, limit {en}: due {due}.",
            )
        case Step.RESTARTED:
            return (
                f"Hồ sơ hợp lệ lúc {at}, tính lại từ {begins}, thời hạn {vi}: hẹn trả {due}.",
                f"Complete at {at}, counted anew from {begins}, limit {en}: due {due}.",
            )
        case Step.PAUSED:
            return (
                f"Chờ bổ sung đến {at}, không tính {change.days_added} ngày làm việc: hẹn trả {due}.",
                f"Waited for a supplement until {at}, {change.days_added} working days not counted: due {due}.",
            )
        case Step.EXTENDED:
            return (
                f"Xin lỗi và hẹn lại lúc {at} ({change.reason}): hẹn trả {due}.",
                f"Apology and new date at {at} ({change.reason}): due {due}.",
            )
        case Step.RECOMPUTED:
            return (
                f"Lịch làm việc thay đổi từ {change.at.astimezone(VIETNAM):%d/%m/%Y}: {change.reason}: hẹn trả {due}.",
                f"Working calendar changed on {change.at.astimezone(VIETNAM):%d/%m/%Y}: {change.reason}: due {due}.",
            )


def _days(deadline: Deadline) -> str:
    limit = deadline.limit
    part = {0: "", 1: ",25", 2: ",5", 3: ",75"}[limit.quarters % 4]
    return f"{limit.value + limit.quarters // 4}{part}"


def _is_after(instant: datetime, due: datetime, precision: Precision) -> bool:
    return instant > due if precision is Precision.MINUTE else _day(instant) > _day(due)


def _day(instant: datetime) -> date:
    return instant.astimezone(VIETNAM).date()


def _told(instant: datetime) -> str:
    return f"{instant.astimezone(VIETNAM):%H:%M %d/%m/%Y}"
