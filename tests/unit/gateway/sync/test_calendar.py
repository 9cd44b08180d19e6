"""Opening hours, outages and pauses: tables of instants, all in Vietnamese wall time for the reader."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.sync.calendar import (
    ALWAYS_OPEN,
    MINUTES_PER_WEEK,
    VIETNAM,
    Calendar,
    Hold,
    Outage,
    Standing,
    read_hours,
    standing_at,
)


def at(text: str) -> datetime:
    """Read "2026-11-23 07:00" (a Monday) as Vietnamese time."""
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM).astimezone(UTC)


def outage(start: str, end: str) -> Outage:
    return Outage(at(start), at(end))


OFFICE = ("mon-fri 07:00-22:00",)
NIGHT = ("mon-fri 06:00-18:00", "sat 22:00-04:00")


@pytest.mark.parametrize(
    ("lines", "spans"),
    [
        ((), ((0, MINUTES_PER_WEEK),)),
        (("mon 07:00-22:00",), ((420, 1320),)),
        (("mon 07:00-12:00", "mon 12:00-18:00"), ((420, 1080),)),
        (("mon 22:00-04:00",), ((1320, 1680),)),
        (("sun 22:00-04:00",), ((9960, 10320),)),
        (("sun 22:00-00:00", "mon 00:00-04:00"), ((9960, 10320),)),
        (("sun 22:00-04:00", "mon 03:00-05:00"), ((9960, 10380),)),
        (("mon-sun 00:00-24:00",), ((0, MINUTES_PER_WEEK),)),
        (("mon-sun 06:00-06:00",), ((0, MINUTES_PER_WEEK),)),
        (("sat-sun 00:00-24:00",), ((7200, 10080),)),
        (("sun-mon 08:00-09:00",), ((480, 540), (9120, 9180))),
    ],
)
def test_hours_are_read_and_merged(lines: tuple[str, ...], spans: tuple[tuple[int, int], ...]) -> None:
    """Lines become minutes of the week; what touches or crosses midnight or the week's end is one span."""
    assert spans == read_hours(lines).spans


@pytest.mark.parametrize(
    "line", ["mon 7:00-22:00", "mon 07:00", "T2 07:00-22:00", "mon 07:60-08:00", "mon 24:00-25:00", "mon 24:00-24:00"]
)
def test_bad_hours_name_their_line(line: str) -> None:
    """What cannot be read is refused with the number of the line and without repeating it."""
    with pytest.raises(ValueError, match="line 2") as error:
        read_hours(["mon 07:00-22:00", line])
    assert line not in str(error.value)


@pytest.mark.parametrize(
    ("hours", "outages", "now", "expected"),
    [
        # Half-open: open at the opening, closed at the closing.
        (OFFICE, (), "2026-11-23 07:00:00", (None, None, "2026-11-23 07:00", "2026-11-23 22:00")),
        (OFFICE, (), "2026-11-23 21:59:59.999999", (None, None, "2026-11-23 07:00", "2026-11-23 22:00")),
        (OFFICE, (), "2026-11-23 22:00:00", (Hold.HOURS, "2026-11-24 07:00", None, None)),
        (OFFICE, (), "2026-11-23 06:59:59", (Hold.HOURS, "2026-11-23 07:00", None, None)),
        (OFFICE, (), "2026-11-27 22:00", (Hold.HOURS, "2026-11-30 07:00", None, None)),
        # Over midnight, and over midnight into another week.
        (NIGHT, (), "2026-11-29 03:59", (None, None, "2026-11-28 22:00", "2026-11-29 04:00")),
        (NIGHT, (), "2026-11-29 04:00", (Hold.HOURS, "2026-11-30 06:00", None, None)),
        (("sun 22:00-04:00",), (), "2026-11-30 01:00", (None, None, "2026-11-29 22:00", "2026-11-30 04:00")),
        # Outages, alone and over hours.
        (
            (),
            (("2026-11-23 01:00", "2026-11-23 05:00"),),
            "2026-11-23 01:00",
            (Hold.OUTAGE, "2026-11-23 05:00", None, None),
        ),
        ((), (("2026-11-23 01:00", "2026-11-23 05:00"),), "2026-11-23 05:00", (None, None, "2026-11-23 05:00", None)),
        ((), (("2026-11-23 01:00", "2026-11-23 05:00"),), "2026-11-23 00:59", (None, None, None, "2026-11-23 01:00")),
        (
            OFFICE,
            (("2026-11-23 20:00", "2026-11-24 03:00"),),
            "2026-11-23 21:00",
            (Hold.OUTAGE, "2026-11-24 07:00", None, None),
        ),
        (
            OFFICE,
            (("2026-11-23 20:00", "2026-11-24 09:00"),),
            "2026-11-23 23:00",
            (Hold.OUTAGE, "2026-11-24 09:00", None, None),
        ),
        (
            OFFICE,
            (("2026-11-23 08:00", "2026-11-23 09:00"),),
            "2026-11-23 10:00",
            (None, None, "2026-11-23 09:00", "2026-11-23 22:00"),
        ),
        (
            OFFICE,
            (("2026-11-22 08:00", "2026-11-22 09:00"),),
            "2026-11-23 10:00",
            (None, None, "2026-11-23 07:00", "2026-11-23 22:00"),
        ),
        # Two that overlap, and two that touch, are one.
        (
            (),
            (("2026-11-23 01:00", "2026-11-23 05:00"), ("2026-11-23 04:00", "2026-11-23 06:00")),
            "2026-11-23 02:00",
            (Hold.OUTAGE, "2026-11-23 06:00", None, None),
        ),
        (
            (),
            (("2026-11-23 05:00", "2026-11-23 06:00"), ("2026-11-23 01:00", "2026-11-23 05:00")),
            "2026-11-23 02:00",
            (Hold.OUTAGE, "2026-11-23 06:00", None, None),
        ),
        # The last day of a year.
        (("fri 22:00-02:00",), (), "2027-01-02 01:59", (None, None, "2027-01-01 22:00", "2027-01-02 02:00")),
    ],
)
def test_standing(
    hours: tuple[str, ...],
    outages: tuple[tuple[str, str], ...],
    now: str,
    expected: tuple[Hold | None, str | None, str | None, str | None],
) -> None:
    """At each instant the calendar tells whether the system is open, since when, and when that changes."""
    hold, *instants = expected
    opens_at, opened_at, closes_at = (None if text is None else at(text) for text in instants)
    calendar = Calendar(hours=read_hours(hours), outages=tuple(outage(*span) for span in outages))
    wanted = Standing(hold=hold, opens_at=opens_at, opened_at=opened_at, closes_at=closes_at)
    assert wanted == standing_at(calendar, at(now))


def test_a_pause_comes_before_everything() -> None:
    """While an operator holds a system it is closed with no known end; afterwards it opened when it was resumed."""
    now = at("2026-11-23 10:00")
    paused = Calendar(hours=read_hours(OFFICE), paused_at=now - timedelta(hours=1))
    assert Standing(hold=Hold.PAUSED) == standing_at(paused, now)
    resumed = Calendar(hours=ALWAYS_OPEN, resumed_at=now - timedelta(minutes=5))
    assert now - timedelta(minutes=5) == standing_at(resumed, now).opened_at


def test_a_system_without_any_opening_says_so() -> None:
    """Hours that hold no span close for ever, and no instant is invented."""
    from gateway.sync.calendar import OpeningHours

    assert Standing(hold=Hold.HOURS) == standing_at(Calendar(hours=OpeningHours(())), at("2026-11-23 10:00"))
