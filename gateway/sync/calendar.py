"""When a system may be called: weekly opening hours, announced outages, and an operator's pause. Pure.

All spans are half-open: a system that opens at 07:00 and closes at 22:00 is open at 07:00:00 and closed at 22:00:00.
Hours are Vietnamese wall time; the zone has one offset and no summer time, so a wall time names one instant. Outages
are absolute instants, since that is how they are announced.

Hours are kept as minutes of the week (0 is Monday 00:00), merged on a ring: spans that cross midnight or the week's
end, overlap or touch are one span.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES_PER_DAY = 1_440
MINUTES_PER_WEEK = 7 * MINUTES_PER_DAY
_LINE = re.compile(
    r"(?P<first>mon|tue|wed|thu|fri|sat|sun)(?:-(?P<last>mon|tue|wed|thu|fri|sat|sun))? "
    r"(?P<from>[0-9]{2}:[0-9]{2})-(?P<to>[0-9]{2}:[0-9]{2})"
)


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """When a system is open in an ordinary week.

    `spans` are (opens, closes) in minutes of the week: ordered, disjoint, not touching; `closes` may lie in the next
    week. No span means closed all week; `ALWAYS_OPEN` covers the week.
    """

    spans: tuple[tuple[int, int], ...]

    @property
    def is_always_open(self) -> bool:
        return self.spans == ((0, MINUTES_PER_WEEK),)

    def span_at(self, minute: float) -> tuple[int, int] | None:
        """Give the span that holds a minute of the week, None while closed. Its opening may lie in the week before."""
        for opens, closes in self.spans:
            if opens <= minute < closes:
                return opens, closes
            if opens <= minute + MINUTES_PER_WEEK < closes:
                return opens - MINUTES_PER_WEEK, closes - MINUTES_PER_WEEK
        return None

    def opening_after(self, minute: float) -> int | None:
        """Give the first opening after a minute, perhaps in the next week; None when there is none at all."""
        later = [opens for opens, _ in self.spans if opens > minute]
        if later:
            return later[0]
        return self.spans[0][0] + MINUTES_PER_WEEK if self.spans else None


ALWAYS_OPEN = OpeningHours(((0, MINUTES_PER_WEEK),))


def read_hours(lines: Sequence[str]) -> OpeningHours:
    """Read lines like "mon-fri 07:00-22:00" and "sat 22:00-04:00" (until Sunday morning); no lines mean always open.

    The end may be 24:00; an end at or before the beginning lies on the next day, and 00:00-00:00 is a whole day.
    Raises ValueError that names the line by its number and the rule.
    """
    if not lines:
        return ALWAYS_OPEN
    spans: list[tuple[int, int]] = []
    for number, line in enumerate(lines, 1):
        found = _LINE.fullmatch(line.strip().lower())
        if found is None:
            raise ValueError(f'line {number} must be like "mon-fri 07:00-22:00"')
        first = DAYS.index(found["first"])
        last = DAYS.index(found["last"] or found["first"])
        opens, closes = _minutes(found["from"], number), _minutes(found["to"], number)
        if opens == MINUTES_PER_DAY:
            raise ValueError(f"line {number} must begin before 24:00")
        if closes <= opens:
            closes += MINUTES_PER_DAY
        # "sat-mon" runs over the week's end.
        spans.extend(
            (day % 7 * MINUTES_PER_DAY + opens, day % 7 * MINUTES_PER_DAY + closes)
            for day in range(first, last + 1 if last >= first else last + 8)
        )
    return OpeningHours(_merged(spans))


def _minutes(text: str, number: int) -> int:
    hours, minutes = int(text[:2]), int(text[3:])
    if minutes > 59 or hours * 60 + minutes > MINUTES_PER_DAY:
        raise ValueError(f"line {number} must hold times between 00:00 and 24:00")
    return hours * 60 + minutes


def _merged(spans: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    # Three weeks side by side, so that what crosses the week's end meets what it runs into; the middle one is kept.
    three_weeks = sorted((o + week, c + week) for o, c in spans for week in (0, MINUTES_PER_WEEK, 2 * MINUTES_PER_WEEK))
    joined: list[list[int]] = []
    for opens, closes in three_weeks:
        if joined and opens <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], closes)
        else:
            joined.append([opens, closes])
    if any(closes - opens >= MINUTES_PER_WEEK for opens, closes in joined):
        return ((0, MINUTES_PER_WEEK),)
    return tuple(
        (opens - MINUTES_PER_WEEK, closes - MINUTES_PER_WEEK)
        for opens, closes in joined
        if MINUTES_PER_WEEK <= opens < 2 * MINUTES_PER_WEEK
    )


@dataclass(frozen=True, slots=True)
class Outage:
    """An announced stretch [starts_at, ends_at) of absolute time in which the system is not to be called."""

    starts_at: datetime
    ends_at: datetime

    def holds(self, now: datetime) -> bool:
        return self.starts_at <= now < self.ends_at


class Hold(StrEnum):
    """Why a system is not called though it may be well; a closed list, fit for labels."""

    PAUSED = "paused"
    OUTAGE = "outage"
    HOURS = "hours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Everything that decides whether one system may be called. `paused_at` None when no operator holds it."""

    hours: OpeningHours = ALWAYS_OPEN
    outages: tuple[Outage, ...] = field(default=())
    paused_at: datetime | None = None
    resumed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether a system may be called at one instant.

    `opens_at` is the next opening of a closed system, `closes_at` the next closing of an open one; each None when it is
    not known (a pause ends by a person's hand). `opened_at` is when the present opening began, None when ever open.
    """

    hold: Hold | None = None
    opens_at: datetime | None = None
    opened_at: datetime | None = None
    closes_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.hold is None


def standing_at(calendar: Calendar, now: datetime) -> Standing:
    """Tell how a system stands. A pause comes before everything; then an outage is named rather than the hours."""
    if calendar.paused_at is not None:
        return Standing(hold=Hold.PAUSED)
    hold = _hold_at(calendar, now)
    if hold is not None:
        return Standing(hold=hold, opens_at=_next_opening(calendar, now))
    return Standing(opened_at=_opened_at(calendar, now), closes_at=_next_closing(calendar, now))


def _hold_at(calendar: Calendar, now: datetime) -> Hold | None:
    if any(outage.holds(now) for outage in calendar.outages):
        return Hold.OUTAGE
    return None if _hours_span(calendar.hours, now) is not None or calendar.hours.is_always_open else Hold.HOURS


def _next_opening(calendar: Calendar, now: datetime) -> datetime | None:
    """Go from the end of what closes to the next opening, until nothing closes. Every turn leaves an outage behind."""
    at = now
    for _ in range(2 * len(calendar.outages) + 2):
        ends = [outage.ends_at for outage in calendar.outages if outage.holds(at)]
        if ends:
            at = max(ends)
            continue
        if calendar.hours.is_always_open or _hours_span(calendar.hours, at) is not None:
            return at
        week, minute = _week_of(at)
        opening = calendar.hours.opening_after(minute)
        if opening is None:
            return None
        at = _instant(week, opening)
    return None


def _next_closing(calendar: Calendar, now: datetime) -> datetime | None:
    closings = [outage.starts_at for outage in calendar.outages if outage.starts_at > now]
    if not calendar.hours.is_always_open:
        span = _hours_span(calendar.hours, now)
        closings.extend([span[1]] if span is not None else [])
    return min(closings, default=None)


def _opened_at(calendar: Calendar, now: datetime) -> datetime | None:
    """The end of whatever closed the system last: an open stretch begins where the latest of them ended."""
    openings = [outage.ends_at for outage in calendar.outages if outage.ends_at <= now]
    if calendar.resumed_at is not None and calendar.resumed_at <= now:
        openings.append(calendar.resumed_at)
    if not calendar.hours.is_always_open:
        span = _hours_span(calendar.hours, now)
        openings.extend([span[0]] if span is not None else [])
    return max(openings, default=None)


def _hours_span(hours: OpeningHours, at: datetime) -> tuple[datetime, datetime] | None:
    week, minute = _week_of(at)
    span = hours.span_at(minute)
    return None if span is None else (_instant(week, span[0]), _instant(week, span[1]))


def _week_of(at: datetime) -> tuple[datetime, float]:
    """Give the Monday 00:00 (wall time, without zone) before an instant, and the minutes since then."""
    wall = at.astimezone(VIETNAM).replace(tzinfo=None)
    monday = datetime(wall.year, wall.month, wall.day) - timedelta(days=wall.weekday())  # noqa: DTZ001 - wall time
    return monday, (wall - monday).total_seconds() / 60


def _instant(week: datetime, minute: int) -> datetime:
    return (week + timedelta(minutes=minute)).replace(tzinfo=VIETNAM).astimezone(UTC)
