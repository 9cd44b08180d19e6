"""Deadlines under calendars that are changed while dossiers are open (monitoring notes §3.2, DQ-22)."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.indicators.words import Acceptance, Timeliness
from gateway.model.calendars import Calendars
from gateway.model.dossier import Extension
from gateway.model.procedure import TimeUnit
from gateway.model.status import DossierStatus
from gateway.model.working_calendar import CalendarDay, DayKind
from gateway.monitoring.deadlines import Deadline, Step
from gateway.monitoring.judging import Judge, Judged
from gateway.monitoring.records import DossierRecord
from gateway.monitoring.terms import Policy
from gateway.monitoring.timeliness import explain
from mappings.calendars import open_calendars
from tests.support.judging import LATER, at, document, procedure, record, supplement

AGENCY = record(document("03/08 09:00")).handling_agency
STORM = CalendarDay(
    day=date(2026, 8, 7),
    kind=DayKind.AGENCY_CLOSED,
    label="Bão số 2",
    source="12/QĐ-UBND",
    agency=AGENCY,
    told_on=date(2026, 8, 6),
)
CALENDARS = open_calendars([STORM])


def judged(found: DossierRecord, measured_at: datetime = LATER, calendars: Calendars = CALENDARS) -> Judged:
    return Judge(calendars=calendars, measured_at=measured_at).judge(found, procedure(5), Policy())


def deadline(found: DossierRecord, measured_at: datetime = LATER, calendars: Calendars = CALENDARS) -> Deadline:
    counted = Judge(calendars=calendars, measured_at=measured_at).deadline(found, procedure(5), Policy())
    assert counted is not None
    return counted


def test_a_notice_moves_what_is_open_and_keeps_what_was_promised() -> None:
    """Five working days from 3 August are the 10th; the storm makes them the 11th, and the promise stays."""
    found = record(document("03/08 09:00"))
    counted, fact = deadline(found), judged(found).fact

    assert (at("10/08 17:00"), at("11/08 17:00")) == (counted.original, counted.current)
    assert (at("10/08 17:00"), at("11/08 17:00")) == (fact.due_promised_at, fact.due_at)
    assert [Step.ACCEPTED, Step.RECOMPUTED] == [one.step for one in counted.changes]
    assert (
        "Lịch làm việc thay đổi từ 06/08/2026: Bão số 2 (07/08/2026, 12/QĐ-UBND): hẹn trả 17:00 11/08/2026.",
        "Working calendar changed on 06/08/2026: Bão số 2 (07/08/2026, 12/QĐ-UBND): due 17:00 11/08/2026.",
    ) == explain(counted)[-1]
    assert "DQ-22" in fact.flags


def test_who_finished_on_the_moved_day_was_in_time() -> None:
    found = record(document("03/08 09:00", "11/08 10:00"))
    assert Timeliness.ON_TIME is judged(found).fact.timeliness
    assert Timeliness.LATE is judged(found).fact.timeliness_promised
    assert Timeliness.LATE is judged(found, calendars=open_calendars()).fact.timeliness


@pytest.mark.parametrize("finished", ["05/08 10:00", "05/08 23:59"])
def test_what_had_ended_is_judged_as_it_was(finished: str) -> None:
    """It keeps the calendar that was known when it ended."""
    found = record(document("03/08 09:00", finished))
    counted = deadline(found)
    assert at("10/08 17:00") == counted.original == counted.current
    assert judged(found) == judged(found, calendars=open_calendars())


def test_who_was_accepted_after_the_notice_was_promised_by_it() -> None:
    counted = deadline(record(document("06/08 09:00")))
    assert at("14/08 17:00") == counted.original == counted.current
    assert "DQ-22" not in judged(record(document("06/08 09:00"))).fact.flags


def test_others_days_are_nobody_elses() -> None:
    """An agency beside it keeps its date."""
    elsewhere = open_calendars([replace(STORM, agency="H99.77")])
    assert at("10/08 17:00") == deadline(record(document("03/08 09:00")), calendars=elsewhere).current


def test_a_dossier_that_is_opened_again_is_open() -> None:
    """Its second finish is held against the date as it is known now."""
    dossier = document("03/08 09:00", "05/08 10:00")
    again = replace(dossier, status=DossierStatus.PROCESSING, finished_at=None)
    found = record(dossier, again, known="04/08 00:00")
    assert found.reopened_at is not None
    assert at("11/08 17:00") == deadline(found).current


def test_pauses_and_new_dates_stand_on_the_moved_date() -> None:
    """A supplement of two working days, one of which the storm takes; then a new date in form, which says it all."""
    asked = document("03/08 09:00", supplements=(supplement("06/08 10:00", "10/08 10:00"),))
    counted = deadline(record(asked))
    assert (at("12/08 17:00"), at("12/08 17:00")) == (counted.current, counted.changes[-1].due)

    moved = Extension(
        reason="Quá tải", decided_at=at("10/08 11:00"), previous_due_at=at("12/08 17:00"), new_due_at=at("20/08 17:00")
    )
    later = deadline(record(replace(asked, due_at=at("20/08 17:00"), extensions=(moved,))))
    assert (at("20/08 17:00"), Step.EXTENDED) == (later.current, later.changes[-1].step)
    assert counted.original == later.original


def test_a_submission_is_answered_in_the_hours_of_whoever_receives_it() -> None:
    """Sent on the eve of the storm: eight working hours end on Monday, not on Friday."""
    sent = record(document(None, submitted_at=at("06/08 15:00")))
    assert Acceptance.WAITING_IN_TERM is judged(sent, at("10/08 11:00")).fact.acceptance
    assert Acceptance.WAITING_OVERDUE is judged(sent, at("10/08 11:00"), open_calendars()).fact.acceptance


def test_an_answer_is_judged_by_what_was_known_when_it_came() -> None:
    """A closure that is told of afterwards makes no late answer one in time."""
    closed = open_calendars([replace(STORM, day=date(2026, 8, 4), told_on=date(2026, 8, 5))])
    answered = document("04/08 16:00", submitted_at=at("03/08 15:00"))
    assert Acceptance.LATE is judged(record(answered), calendars=closed).fact.acceptance
    before = open_calendars([replace(STORM, day=date(2026, 8, 4), told_on=date(2026, 8, 4))])
    assert Acceptance.IN_TIME is judged(record(answered), calendars=before).fact.acceptance


def test_a_notice_is_a_turn_of_what_is_open() -> None:
    """Told in advance, the notice of the 6th makes the fact anew on the 6th; of what ended before it, it does not."""
    told_at = at("06/08 00:00")
    is_open, ended = record(document("03/08 09:00")), record(document("03/08 09:00", "05/08 10:00"))
    assert told_at == judged(is_open, at("05/08 12:00")).turns_at
    assert told_at == judged(is_open, at("07/08 12:00")).holds_from
    assert told_at != judged(ended, at("05/08 12:00")).turns_at


DAYS = st.dates(date(2026, 8, 3), date(2026, 8, 21))
NOTICES = st.builds(
    CalendarDay,
    day=DAYS,
    kind=st.sampled_from([DayKind.AGENCY_CLOSED, DayKind.AGENCY_OPEN]),
    label=st.just("x"),
    source=st.just("y"),
    agency=st.sampled_from(["", AGENCY]),
    told_on=st.none() | DAYS,
    counts=st.sampled_from([None, True, False]),
)


@settings(max_examples=300, deadline=None)
@given(
    notices=st.lists(NOTICES, max_size=4, unique_by=lambda one: (one.agency, one.day, one.told_on)),
    measured=st.integers(0, 24 * 30),
    step=st.integers(1, 24 * 20),
    finished=st.none() | st.integers(1, 400),
    is_accepted=st.booleans(),
    limit=st.integers(1, 8),
    unit=st.sampled_from([TimeUnit.WORKING_DAY, TimeUnit.HOUR, TimeUnit.DAY]),
)
def test_a_fact_holds_from_turn_to_turn(
    notices: list[CalendarDay],
    measured: int,
    step: int,
    finished: int | None,
    is_accepted: bool,
    limit: int,
    unit: TimeUnit,
) -> None:
    """Between two turns nothing changes by time alone, whatever is told about days meanwhile."""
    calendars, accepted = open_calendars(notices), "03/08 09:00"
    dossier = document(accepted if is_accepted else None, submitted_at=at(accepted))
    if is_accepted and finished is not None:
        done = at(accepted) + timedelta(hours=finished)
        dossier = replace(dossier, status=DossierStatus.COMPLETED, finished_at=done)
    found, first = record(dossier), at("01/08 00:00") + timedelta(hours=measured)
    now = Judge(calendars=calendars, measured_at=first).judge(found, procedure(limit, unit), Policy())
    then = first + timedelta(hours=step)
    if now.turns_at is not None and now.turns_at <= then:
        then = now.turns_at - timedelta(microseconds=1)
    later = Judge(calendars=calendars, measured_at=then).judge(found, procedure(limit, unit), Policy())

    assert (now.fact, now.holds_from) == (later.fact, later.holds_from)
    assert first < now.holds_from or now.holds_from <= then
