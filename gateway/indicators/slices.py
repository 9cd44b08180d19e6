"""Which cells make a scope and a period: agencies or procedures, each over the days on which it belongs to the scope.

What belongs where changes from day to day (a group of units, a field, a level), so a period falls into stretches in
which nothing changes. A stretch is then whole months and the days beside them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

from gateway.indicators.facts import Dated
from gateway.indicators.scope import RollUp, ScopeKind
from gateway.indicators.selection import Selection

ALL = ""
"""Stands for every agency, or every procedure, in a cell."""


class Grain(StrEnum):
    """How long the time of a cell is."""

    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Slice:
    """Cells of one agency and one procedure (ALL: of every one), from `first_on` to the day before `after_on`."""

    agency: str
    procedure: str
    first_on: date
    after_on: date


@dataclass(frozen=True, slots=True)
class Span:
    """Cells of one grain that begin from `first_on` to the day before `after_on`."""

    grain: Grain
    first_on: date
    after_on: date


def slices_of(selection: Selection, agency_codes: Iterable[str]) -> list[Slice]:
    """Give the slices whose cells, added up, are the selection's dossiers. `agency_codes` are those that have any."""
    scope, period = selection.scope, selection.period
    if scope.kind is ScopeKind.PROVINCE:
        return [Slice(ALL, ALL, period.first_on, period.after_on)]
    if scope.kind is ScopeKind.PROCEDURE:
        return [Slice(ALL, code, period.first_on, period.after_on) for code in _codes_of_procedure(selection)]
    if scope.kind is ScopeKind.FIELD:
        return [
            Slice(ALL, code, first, after)
            for code in selection.procedure_codes
            for first, after in _stretches(
                selection,
                selection.versions(code),
                lambda day, code=code: selection.lies_in_field(code, day),  # type: ignore[misc]
            )
        ]
    is_dated = scope.kind is not ScopeKind.AGENCY and selection.readings.roll_up is RollUp.HISTORICAL
    return [
        Slice(code, ALL, first, after)
        for code in sorted(agency_codes)
        for first, after in _stretches(
            selection,
            selection.agencies.versions(code) if is_dated else (),
            lambda day, code=code: selection.lies_in_scope_on(code, day),  # type: ignore[misc]
        )
    ]


def spans_of(first_on: date, after_on: date) -> list[Span]:
    """Cut a stretch into whole months and the days before and behind them."""
    month = first_on if first_on.day == 1 else _next_month(first_on)
    last = after_on.replace(day=1)
    if month >= last:
        return [Span(Grain.DAY, first_on, after_on)]
    spans = [Span(Grain.MONTH, month, last)]
    if first_on < month:
        spans.insert(0, Span(Grain.DAY, first_on, month))
    if last < after_on:
        spans.append(Span(Grain.DAY, last, after_on))
    return spans


def _codes_of_procedure(selection: Selection) -> list[str]:
    wanted = selection.current_code(selection.scope.ref)
    known = {*selection.facts.continuity, wanted, selection.scope.ref}
    return sorted(code for code in known if selection.current_code(code) == wanted)


def _stretches(
    selection: Selection, versions: Sequence[Dated], lies_in: Callable[[date], bool]
) -> list[tuple[date, date]]:
    period = selection.period
    edges = {period.first_on, period.after_on}
    for version in versions:
        edges |= {day for day in (version.valid_from, version.valid_to) if day is not None and period.has_day(day)}
    ordered = sorted(edges)
    found: list[tuple[date, date]] = []
    for first, after in pairwise(ordered):
        if not lies_in(first):
            continue
        if found and found[-1][1] == first:
            found[-1] = (found[-1][0], after)
        else:
            found.append((first, after))
    return found


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)
