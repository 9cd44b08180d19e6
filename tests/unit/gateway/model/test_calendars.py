"""Whose days and hours hold for an agency, and since when they were known (monitoring notes §3.2)."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidInput
from gateway.model.calendars import Calendars, HoursSince
from gateway.model.vocabulary import VIETNAM
from gateway.model.working_calendar import HOURS, CalendarDay, DayKind, OfficeHours

NOW = datetime(2026, 12, 1, tzinfo=VIETNAM)
TUESDAY, SATURDAY = date(2026, 3, 10), date(2026, 3, 14)
HOLIDAY = date(2026, 9, 2)


def line(day: date, kind: DayKind = DayKind.HOLIDAY, agency: str = "", told: str = "", **changes: bool) -> CalendarDay:
    told_on = date.fromisoformat(told) if told else None
    return CalendarDay(day=day, kind=kind, label="x", source="y", agency=agency, told_on=told_on, **changes)


COUNTRY = (line(date(2026, 1, 1)), line(HOLIDAY))


def calendars(*local: CalendarDay, hours: tuple[HoursSince, ...] = ()) -> Calendars:
    return Calendars("T", COUNTRY, local, hours)


def works(made: Calendars, agency: str, day: date, known_at: datetime = NOW) -> bool:
    return made.of(agency, known_at).is_working_day(day)


def test_nearer_lines_go_before_farther_ones() -> None:
    """A storm closes a commune's office; its province and its neighbour work, unless the province says otherwise."""
    storm = line(TUESDAY, DayKind.AGENCY_CLOSED, "H99.30")
    made = calendars(storm)
    assert [False, False, True, True] == [works(made, one, TUESDAY) for one in ("H99.30", "H99.30.01", "H99.3", "H99")]

    everywhere = calendars(line(TUESDAY), line(TUESDAY, DayKind.AGENCY_OPEN, "H99.30", counts=True))
    assert [True, False] == [works(everywhere, one, TUESDAY) for one in ("H99.30.01", "H99.31")]


@pytest.mark.parametrize(("day", "counts"), [(TUESDAY, True), (SATURDAY, False), (HOLIDAY, False)])
def test_open_counters_move_no_deadline(day: date, counts: bool) -> None:
    """Saturday-morning reception: counters take dossiers, and whether the day counts stays as it was."""
    made = calendars(line(day, DayKind.AGENCY_OPEN, "H99.01"))

    assert counts is works(made, "H99.01", day)
    assert made.of("H99.01", NOW).days[day].is_open_for_reception
    assert day not in made.of("H99.02", NOW).days or day == HOLIDAY


def test_closed_counters_take_nothing_and_a_made_up_day_does() -> None:
    days = calendars(line(TUESDAY, DayKind.AGENCY_CLOSED), line(SATURDAY, DayKind.MAKEUP_WORK)).of("", NOW).days
    assert [False, True] == [days[one].is_open_for_reception for one in (TUESDAY, SATURDAY)]
    assert not line(SATURDAY, DayKind.MAKEUP_WORK, is_open=False).is_open_for_reception


def test_a_day_is_as_it_was_known() -> None:
    """Before the notice a working day, from its day on a holiday, and one no more when it is taken back."""
    made = calendars(
        line(TUESDAY, told="2026-03-02"),
        line(TUESDAY, DayKind.TAKEN_BACK, told="2026-03-05"),
        line(SATURDAY, DayKind.MAKEUP_WORK, "H99.01", told="2026-03-04"),
    )
    told = [datetime(2026, 3, day, tzinfo=VIETNAM) for day in (2, 4, 5)]
    moment = timedelta(microseconds=1)

    assert told == [*made.told_at("H99.01")]
    assert [told[0], told[2]] == [*made.told_at("H99.02")]
    assert [True, False, False, True] == [
        works(made, "", TUESDAY, one) for one in (told[0] - moment, told[0], told[2] - moment, told[2])
    ]
    assert [False, True] == [works(made, "H99.01", SATURDAY, one) for one in (told[1] - moment, told[1])]
    assert [TUESDAY, SATURDAY] == [one.day for one in made.told_between("H99.01", told[0] - moment, told[1])]
    assert [] == made.told_between("H99.01", told[2], NOW)


def test_hours_hold_from_their_day_on_and_for_all_below() -> None:
    summer = (OfficeHours(time(7), time(11, 30)), OfficeHours(time(13, 30), time(17)))
    short = (OfficeHours(time(8), time(12)),)
    made = calendars(
        hours=(
            HoursSince(begins_on=date(2026, 4, 15), stretches=summer),
            HoursSince(begins_on=date(2026, 3, 1), stretches=short, agency="H99.30"),
        )
    )
    known = [
        [made.of(agency, NOW).hours_on(day) for day in (date(2026, 2, 27), date(2026, 3, 2), date(2026, 4, 15))]
        for agency in ("H99.30.02", "H99")
    ]
    assert [[HOURS, short, short], [HOURS, HOURS, summer]] == known
    begins = datetime(2026, 4, 14, 16, tzinfo=VIETNAM)
    assert datetime(2026, 4, 15, 8, tzinfo=VIETNAM) == made.of("", NOW).add_minutes(begins, 120)
    assert datetime(2026, 3, 2, 12, tzinfo=VIETNAM) == made.of("H99.30", NOW).end_of(date(2026, 3, 2))
    assert 240 == made.of("H99.30", NOW).minutes_between(begins.replace(day=13), begins)


def test_every_version_has_its_name() -> None:
    """What is published says which calendar it was counted by: another line, another name."""
    storm = line(TUESDAY, DayKind.AGENCY_CLOSED, "H99.30")
    hours = HoursSince(begins_on=date.min, stretches=HOURS)
    names = {one.version for one in (calendars(), calendars(storm), calendars(hours=(hours,)))}
    assert len(names) == 3
    assert calendars().version == "T"
    made_up = line(SATURDAY, DayKind.MAKEUP_WORK)
    assert calendars(storm, made_up).version == calendars(made_up, storm).version
    told = calendars(replace(storm, told_on=TUESDAY))
    assert told.of("H99.30", NOW).version != told.of("H99.30", NOW - timedelta(days=365)).version


FAULTY = [
    ((), (), "days", "a day"),
    (COUNTRY, (line(TUESDAY), line(TUESDAY)), "days[2026-03-10]", "once"),
    (COUNTRY, (line(SATURDAY),), "days[2026-03-14]", "weekend"),
    (COUNTRY, (line(TUESDAY, DayKind.MAKEUP_WORK),), "days[2026-03-10]", "weekend"),
    (COUNTRY, (line(date(2027, 1, 4)),), "days[2027-01-04]", "covered"),
    (COUNTRY, (line(TUESDAY, DayKind.TAKEN_BACK, told="2026-03-01"),), "days[2026-03-10]", "told of the day before"),
    (
        COUNTRY,
        (line(TUESDAY), line(TUESDAY, DayKind.TAKEN_BACK, "H99.1", "2026-03-01")),
        "days[H99.1 2026-03-10]",
        "take back",
    ),
    ((*COUNTRY, line(HOLIDAY)), (), "days[2026-09-02]", "once"),
]


@pytest.mark.parametrize(("country", "local", "field", "rule"), FAULTY)
def test_what_cannot_be_right_is_named(
    country: tuple[CalendarDay, ...], local: tuple[CalendarDay, ...], field: str, rule: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        Calendars("T", country, local)

    assert [field] == [one.field for one in caught.value.faults]
    assert rule in caught.value.faults[0].rule


@pytest.mark.parametrize(
    "stretches",
    [
        (),
        (OfficeHours(time(12), time(8)),),
        (OfficeHours(time(8), time(12)), OfficeHours(time(11), time(17))),
        (OfficeHours(time(8), time(8)),),
    ],
)
def test_hours_that_are_none_are_refused(stretches: tuple[OfficeHours, ...]) -> None:
    with pytest.raises(InvalidInput) as caught:
        calendars(hours=(HoursSince(begins_on=date.min, stretches=stretches),))
    assert ["hours[]"] == [one.field for one in caught.value.faults]


def test_hours_stand_once() -> None:
    hours = HoursSince(begins_on=TUESDAY, stretches=HOURS)
    with pytest.raises(InvalidInput) as caught:
        calendars(hours=(hours, hours))
    assert ["hours[2026-03-10]"] == [one.field for one in caught.value.faults]


AGENCIES = st.sampled_from(["", "H99", "H99.30", "H99.30.01", "H99.31"])
LINES = st.builds(
    CalendarDay,
    day=st.sampled_from([TUESDAY, SATURDAY, HOLIDAY]),
    kind=st.sampled_from([DayKind.AGENCY_CLOSED, DayKind.AGENCY_OPEN]),
    label=st.just("x"),
    source=st.just("y"),
    agency=AGENCIES,
    told_on=st.none() | st.dates(date(2026, 3, 1), date(2026, 3, 5)),
    counts=st.sampled_from([None, True, False]),
)


@given(
    st.lists(LINES, max_size=8, unique_by=lambda one: (one.agency, one.day, one.told_on)),
    AGENCIES,
    st.dates(date(2026, 2, 27), date(2026, 3, 7)),
)
def test_what_is_known_later_changes_nothing_before(lines: list[CalendarDay], agency: str, known_on: date) -> None:
    """The calendar of an instant is that of the lines which were told by then, however many came later."""
    known_at = datetime.combine(known_on, time(12), VIETNAM)
    then = Calendars("T", COUNTRY, [one for one in lines if one.told_on is None or one.told_on <= known_on])
    made = Calendars("T", COUNTRY, lines)

    assert then.of(agency, known_at).days == made.of(agency, known_at).days
    assert then.latest(agency).days == then.of(agency, known_at).days
