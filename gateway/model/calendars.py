"""Which calendar an agency counts by: lines of country, province and agency, as they were known at an instant.

Nearer lines go before farther ones, and of lines about one day what was told last. A dossier that ended before a notice
came is not judged by it. Pure. Source: monitoring notes §3.2.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from hashlib import sha256
from itertools import pairwise

from gateway.errors import Fault, InvalidInput
from gateway.model.vocabulary import VIETNAM
from gateway.model.working_calendar import HOURS, CalendarDay, DayHours, DayKind, WorkingCalendar


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursSince:
    """The stretches of a working day that an agency and all below it keep from a day on; "" for all agencies."""

    begins_on: date
    stretches: DayHours
    agency: str = ""

    @property
    def fault(self) -> str:
        """Name the rule that the stretches break, "" for none."""
        bounds = [bound for one in self.stretches for bound in (one.opens, one.closes)]
        if not bounds or any(first >= last for first, last in pairwise(bounds)):
            return "must be stretches in order that end after they begin"
        return ""


@dataclass(frozen=True, slots=True)
class _Versions:
    """What holds for one agency: a calendar before the first instant of `told_at`, and one from each of them on."""

    told_at: tuple[datetime, ...]
    calendars: tuple[WorkingCalendar, ...]
    lines: tuple[CalendarDay, ...]


class Calendars:
    """The country's lines, with those of a province and its agencies over them."""

    def __init__(
        self,
        version: str,
        country: Iterable[CalendarDay],
        local: Iterable[CalendarDay] = (),
        hours: Iterable[HoursSince] = (),
    ) -> None:
        """Put calendars together: they cover whole years, from that of the country's first line to that of its last.

        Raises InvalidInput listing every fault by its day and agency: no line of the country, a day told twice at once,
        a day off on a weekend, a make-up day on none, a local day beyond what is covered, hours that are none.
        """
        self._country, self._local, self._hours = tuple(country), tuple(local), tuple(hours)
        days = [one.day for one in self._country] or [date.min]
        self.first, self.last = date(min(days).year, 1, 1), date(max(days).year, 12, 31)
        faults = [*self._faults()]
        if faults:
            raise InvalidInput("the calendar cannot be used", faults, code="calendar_faulty")
        self.version = version
        if self._local or self._hours:
            told = sha256(repr(sorted(map(repr, (*self._local, *self._hours)))).encode()).hexdigest()
            self.version = f"{version}+{told[:8]}"
        self._by_agency: dict[str, list[CalendarDay]] = {}
        for line in self._local:
            self._by_agency.setdefault(line.agency, []).append(line)
        owners = {"", *(one.agency for one in self._local), *(one.agency for one in self._hours)}
        self._versions = {owner: self._put_together(owner) for owner in owners}

    def of(self, agency: str, known_at: datetime) -> WorkingCalendar:
        """Give the calendar of an agency as it was known at an instant."""
        versions = self._of(agency)
        return versions.calendars[bisect_right(versions.told_at, known_at)]

    def latest(self, agency: str) -> WorkingCalendar:
        """Give the calendar of an agency with everything that was ever told."""
        return self._of(agency).calendars[-1]

    def told_at(self, agency: str) -> Sequence[datetime]:
        """Give the instants, in order, at which something about an agency's days became known."""
        return self._of(agency).told_at

    def told_between(self, agency: str, after: datetime, until: datetime) -> Sequence[CalendarDay]:
        """Give what became known about an agency's days after one instant, until another."""
        return [
            one for one in self._of(agency).lines if one.told_on is not None and after < _begin(one.told_on) <= until
        ]

    def _of(self, agency: str) -> _Versions:
        return next(self._versions[one] for one in _line_of(agency) if one in self._versions)

    # Putting together

    def _faults(self) -> Iterator[Fault]:
        if not self._country:
            yield Fault("days", "must hold a day of the country")
        for lines in (self._country, self._local):
            first_told: dict[tuple[str, date], date] = {}
            seen = set()
            for line in sorted(lines, key=_told_on):
                place, key = _named("days", line.agency, line.day), (line.agency, line.day)
                if (*key, line.told_on) in seen:
                    yield Fault(place, "must stand once for an agency, a day, and the day on which it was told")
                seen.add((*key, line.told_on))
                if line.fault:
                    yield Fault(place, line.fault)
                if line.kind is DayKind.TAKEN_BACK and first_told.get(key, date.max) >= _told_on(line):
                    yield Fault(place, "must take back what was told of the day before")
                first_told.setdefault(key, _told_on(line))
                if not self.first <= line.day <= self.last:
                    yield Fault(place, f"must lie from {self.first} to {self.last}, which is covered")
        begun = set()
        for hours in self._hours:
            place = _named("hours", hours.agency, hours.begins_on)
            if hours.fault:
                yield Fault(place, hours.fault)
            if place in begun:
                yield Fault(place, "must stand once for an agency and a first day")
            begun.add(place)

    def _put_together(self, owner: str) -> _Versions:
        nearest_last = [*reversed(_line_of(owner))]
        layers = [self._country, *(self._by_agency.get(name, ()) for name in nearest_last)]
        lines = tuple(line for layer in layers for line in layer)
        told_on = sorted({line.told_on for line in lines if line.told_on is not None})
        hours = self._hours_of(nearest_last)
        calendars = []
        for known_on in [None, *told_on]:
            days: dict[date, CalendarDay] = {}
            for layer in layers:
                days.update(_said(layer, known_on, days))
            name = " ".join([self.version, *([owner] if owner else []), *([f"of {known_on}"] if known_on else [])])
            calendars.append(WorkingCalendar(name, self.first, self.last, days, hours))
        return _Versions(tuple(map(_begin, told_on)), tuple(calendars), lines)

    def _hours_of(self, names: Sequence[str]) -> tuple[tuple[date, DayHours], ...]:
        """Give an agency's hours; those of a nearer name end what farther ones say from their first day on."""
        found: list[tuple[date, DayHours]] = [(date.min, HOURS)]
        for name in names:
            own = sorted(
                ((one.begins_on, one.stretches) for one in self._hours if one.agency == name), key=lambda one: one[0]
            )
            if own:
                found = [one for one in found if one[0] < own[0][0]] + own
        return tuple(found)


def _said(
    layer: Iterable[CalendarDay], known_on: date | None, below: Mapping[date, CalendarDay]
) -> dict[date, CalendarDay]:
    """Give what a layer says of its days by what was told last until `known_on`."""
    said: dict[date, CalendarDay] = {}
    for line in sorted(layer, key=_told_on):
        if _told_on(line) > (known_on or date.min):
            break
        said.pop(line.day, None)
        if line.kind is DayKind.AGENCY_OPEN and line.counts is None:
            line = replace(line, counts=_counts(below, line.day))
        if line.kind is not DayKind.TAKEN_BACK:
            said[line.day] = line
    return said


def _named(list_name: str, agency: str, day: date) -> str:
    told = [agency, "" if day == date.min else str(day)]
    return f"{list_name}[{' '.join(filter(None, told))}]"


def _told_on(line: CalendarDay) -> date:
    return line.told_on or date.min


def _counts(days: Mapping[date, CalendarDay], day: date) -> bool:
    return days[day].counts_for_deadlines if day in days else day.isoweekday() <= 5


def _line_of(agency: str) -> list[str]:
    """Give an agency's code and the codes above it, the province ("") last."""
    parts = agency.split(".") if agency else []
    return [".".join(parts[:count]) for count in range(len(parts), 0, -1)] + [""]


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), VIETNAM)
