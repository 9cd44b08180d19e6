"""Due dates, classes, explanations: the vectors and the worked example of the monitoring notes (§3, §6.3, §7)."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidInput
from gateway.indicators.words import Timeliness
from gateway.model.vocabulary import VIETNAM
from gateway.monitoring.deadlines import (
    Limit,
    LimitUnit,
    Precision,
    effective_finish,
    extended,
    first_deadline,
    paused,
    restarted,
)
from gateway.monitoring.timeliness import IN_TIME, WORDS, Course, days_late, explain, timeliness
from mappings.calendars import national_calendar

CALENDAR = national_calendar()


def at(text: str) -> datetime:
    """Give an instant in Vietnam of 2026, from `dd/mm HH:MM`."""
    return datetime.strptime(f"2026 {text}", "%Y %d/%m %H:%M").replace(tzinfo=VIETNAM)


def working_days(value: int) -> Limit:
    return Limit(unit=LimitUnit.WORKING_DAY, value=value)


SAME_DAY = Limit(unit=LimitUnit.SAME_DAY, cut_off=time(15))
# §6.2 and §6.3: accepted, limit, due, finished, class.
WORKED = [
    ("D01", "03/08 09:00", working_days(5), "10/08 17:00", "06/08 15:00", "early"),
    ("D02", "05/08 10:00", working_days(5), "12/08 17:00", "12/08 10:00", "on_time"),
    ("D03", "10/08 09:00", working_days(5), "17/08 17:00", "18/08 09:00", "late"),
    ("D05", "20/08 14:00", working_days(7), "28/08 17:00", "04/09 09:00", "late"),
    ("D06", "24/08 09:00", working_days(7), "07/09 17:00", "07/09 16:00", "on_time"),
    ("D07", "21/08 15:40", SAME_DAY, "22/08 17:00", "22/08 11:00", "on_time"),
    ("D08", "25/08 08:30", SAME_DAY, "25/08 17:00", "25/08 16:00", "on_time"),
    ("D11", "12/08 09:00", working_days(3), "17/08 17:00", "14/08 16:00", "early"),
    ("D12", "18/08 10:00", SAME_DAY, "18/08 17:00", "18/08 15:00", "on_time"),
    ("D13", "28/08 10:00", working_days(5), "09/09 17:00", "08/09 10:00", "early"),
    ("D14", "06/08 09:00", working_days(15), "26/08 17:00", "26/08 14:00", "on_time"),
]


@pytest.mark.parametrize(
    ("name", "accepted", "limit", "due", "finished", "expected"), WORKED, ids=[one[0] for one in WORKED]
)
def test_the_worked_example(name: str, accepted: str, limit: Limit, due: str, finished: str, expected: str) -> None:
    """Every dossier of §6.3 but the three below."""
    deadline = first_deadline(at(accepted), limit, CALENDAR)
    found = timeliness(Course(finished_at=at(finished)), deadline.current, deadline.precision, at("30/09 17:00"))

    assert at(due) == deadline.current == deadline.original, name
    assert Timeliness(expected) is found, name


def test_d04_a_pause_adds_the_applicants_working_days() -> None:
    """Asked on 19/08, given on 26/08: six working days, the Saturday made up among them. Restarted, it would be 14/09;
    by the national view, four days before its first date are taken from the finish."""
    deadline = first_deadline(at("14/08 08:30"), working_days(10), CALENDAR)
    asked, given_back, finished = at("19/08 10:00"), at("26/08 10:00"), at("03/09 15:00")
    later = paused(deadline, asked, given_back, CALENDAR)

    assert (at("27/08 17:00"), at("09/09 17:00")) == (deadline.current, later.current)
    assert (deadline.original, 6) == (later.original, later.changes[-1].days_added)
    assert at("14/09 17:00") == restarted(deadline, given_back, CALENDAR).current
    assert Timeliness.EARLY is timeliness(Course(finished_at=finished), later.current, later.precision, finished)
    counted = effective_finish(finished, [(asked, given_back)])
    assert at("27/08 15:00") == counted
    assert Timeliness.ON_TIME is timeliness(Course(finished_at=counted), deadline.current, Precision.DATE, finished)
    assert Timeliness.LATE is timeliness(Course(finished_at=finished), deadline.current, Precision.DATE, finished)


def test_d10_withdrawn_before_it_was_due_is_in_time() -> None:
    deadline = first_deadline(at("28/08 09:00"), working_days(3), CALENDAR)
    course = Course(finished_at=at("01/09 10:00"), is_withdrawn=True)
    found = timeliness(course, deadline.current, deadline.precision, at("30/09 17:00"))

    assert (at("07/09 17:00"), Timeliness.WITHDRAWN_IN_TIME, True) == (deadline.current, found, found in IN_TIME)


def test_how_late_the_late_ones_were() -> None:
    """D03 by one working day; D05 by two: 31/08 to 02/09 were off."""
    assert [1, 2] == [
        days_late(at("18/08 09:00"), at("17/08 17:00"), CALENDAR),
        days_late(at("04/09 09:00"), at("28/08 17:00"), CALENDAR),
    ]
    assert 0 == days_late(at("03/08 09:00"), at("10/08 17:00"), CALENDAR)


@pytest.mark.parametrize(
    ("accepted", "limit", "due"),
    [
        ("17/08 09:00", Limit(unit=LimitUnit.CALENDAR_DAY, value=15), "03/09 17:00"),
        ("30/06 09:00", Limit(unit=LimitUnit.MONTH, value=2), "03/09 17:00"),
        ("28/08 15:30", Limit(unit=LimitUnit.HOUR, value=8), "03/09 15:30"),
        ("24/08 09:00", Limit(unit=LimitUnit.WORKING_DAY, quarters=2), "24/08 14:00"),
        ("24/08 09:00", Limit(unit=LimitUnit.WORKING_DAY, value=1, quarters=1), "25/08 11:00"),
        ("29/08 10:00", SAME_DAY, "03/09 17:00"),
        ("21/08 15:00", SAME_DAY, "21/08 17:00"),
        ("29/08 16:00", SAME_DAY, "03/09 17:00"),
    ],
    ids=["days", "months", "hours", "half a day", "a day and a quarter", "off", "at the cut-off", "off and late"],
)
def test_vector_other_units(accepted: str, limit: Limit, due: str) -> None:
    """§7; what is accepted on a day off counts from the next working day, whatever the hour."""
    assert at(due) == first_deadline(at(accepted), limit, CALENDAR).current


def test_months_without_such_a_day_end_on_their_last() -> None:
    """The last of February, in leap years as in others."""
    begins = [(datetime(2021, 12, 31, 9, tzinfo=VIETNAM), 2), (datetime(2023, 11, 30, 9, tzinfo=VIETNAM), 3)]

    assert [date(2022, 2, 28), date(2024, 2, 29)] == [
        first_deadline(one, Limit(unit=LimitUnit.MONTH, value=months), CALENDAR).current.date()
        for one, months in begins
    ]


def test_a_new_date_is_given_once_and_in_time() -> None:
    """Form 04: later than the old one, told before that is over, with a reason; the first promise stands."""
    deadline = first_deadline(at("10/08 09:00"), working_days(5), CALENDAR)
    moved = extended(deadline, at("14/08 09:00"), at("24/08 17:00"), "thiếu ý kiến phối hợp")

    assert (at("17/08 17:00"), at("24/08 17:00")) == (moved.original, moved.current)
    with pytest.raises(InvalidInput) as twice:
        extended(moved, at("20/08 09:00"), at("28/08 17:00"), "x")
    with pytest.raises(InvalidInput) as wrong:
        extended(deadline, at("18/08 09:00"), at("10/08 17:00"), " ")
    assert ["new_due"] == [fault.field for fault in twice.value.faults]
    assert ["new_due", "told_at", "reason"] == [fault.field for fault in wrong.value.faults]


@pytest.mark.parametrize(
    ("course", "measured", "expected"),
    [
        ({}, "17/08 23:00", "open_in_term"),
        ({}, "18/08 08:00", "open_overdue"),
        ({"is_waiting": True, "first_asked_at": "13/08 09:00", "supplements_count": 1}, "30/08 08:00", "paused"),
        ({"is_waiting": True, "first_asked_at": "19/08 09:00", "supplements_count": 1}, "30/08 08:00", "open_overdue"),
        ({"supplements_count": 2}, "12/08 08:00", "multi_supplement"),
        ({"finished_at": "20/08 08:00", "is_withdrawn": True}, "30/08 08:00", "withdrawn_late"),
    ],
)
def test_what_is_open(course: dict[str, Any], measured: str, expected: str) -> None:
    """Due on 17/08: by day, so that the evening is still in term."""
    known: dict[str, Any] = {name: at(value) if isinstance(value, str) else value for name, value in course.items()}

    assert Timeliness(expected) is timeliness(Course(**known), at("17/08 17:00"), Precision.DATE, at(measured))


def test_without_a_limit_nothing_is_late() -> None:
    assert Timeliness.NO_DUE is timeliness(
        Course(finished_at=at("20/08 08:00")), None, Precision.DATE, at("21/08 08:00")
    )
    assert set(Timeliness) == set(WORDS)


def test_by_the_minute_the_minute_counts() -> None:
    """A limit in hours is over at its minute, on the same day."""
    deadline = first_deadline(at("24/08 09:00"), Limit(unit=LimitUnit.HOUR, value=2), CALENDAR)
    found = [
        timeliness(Course(finished_at=at(text)), deadline.current, deadline.precision, at("30/08 08:00"))
        for text in ("24/08 11:00", "24/08 11:01")
    ]

    assert [Timeliness.ON_TIME, Timeliness.LATE] == found


def test_a_date_explains_itself() -> None:
    """A sentence a step, in both languages, with the days that were not counted."""
    deadline = first_deadline(at("14/08 08:30"), working_days(10), CALENDAR)
    deadline = paused(deadline, at("19/08 10:00"), at("26/08 10:00"), CALENDAR)
    deadline = extended(deadline, at("07/09 09:00"), at("11/09 17:00"), "xin ý kiến")

    sentences = explain(deadline)

    assert (
        "Tiếp nhận lúc 08:30 14/08/2026, tính từ 14/08/2026, thời hạn 10 ngày làm việc: hẹn trả 17:00 27/08/2026.",
        "Accepted at 08:30 14/08/2026, counted from 14/08/2026, limit 10 working days: due 17:00 27/08/2026.",
    ) == sentences[0]
    assert "không tính 6 ngày làm việc: hẹn trả 17:00 09/09/2026" in sentences[1][0]
    assert "xin ý kiến" in sentences[2][0]


@pytest.mark.parametrize(
    "values",
    [
        {"unit": LimitUnit.HOUR},
        {"unit": LimitUnit.SAME_DAY, "value": 1},
        {"unit": LimitUnit.WORKING_DAY, "value": -1},
        {"unit": LimitUnit.MONTH, "value": 1, "quarters": 1},
    ],
)
def test_limits_that_mean_nothing(values: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        Limit(**values)


INSTANTS = st.datetimes(
    datetime.fromisoformat("2021-01-04"), datetime.fromisoformat("2027-06-30"), timezones=st.just(VIETNAM)
)
LIMITS = st.builds(
    Limit,
    unit=st.sampled_from([LimitUnit.HOUR, LimitUnit.WORKING_DAY, LimitUnit.CALENDAR_DAY]),
    value=st.integers(1, 60),
    cut_off=st.none() | st.just(time(15)),
) | st.just(SAME_DAY)


@given(INSTANTS, INSTANTS, LIMITS)
def test_who_is_accepted_later_is_not_due_earlier(one: datetime, other: datetime, limit: Limit) -> None:
    first, second = (first_deadline(each, limit, CALENDAR).current for each in sorted((one, other)))

    assert first <= second


@given(INSTANTS, LIMITS, st.timedeltas(timedelta(), timedelta(days=40)), st.timedeltas(timedelta(), timedelta(days=40)))
def test_pauses_move_the_date_by_what_they_took(
    accepted: datetime, limit: Limit, before: timedelta, taken: timedelta
) -> None:
    """Never earlier, always on a working day, at the same hour, by exactly the working days of the pause."""
    deadline = first_deadline(accepted, limit, CALENDAR)
    later = paused(deadline, accepted + before, accepted + before + taken, CALENDAR)
    days = later.changes[-1].days_added

    assert deadline.original == later.original
    assert days == CALENDAR.working_days_between(deadline.current.date(), later.current.date())
    assert deadline.current <= later.current
    assert deadline.current.time() == later.current.time()
    assert CALENDAR.is_working_day(later.current.date())
