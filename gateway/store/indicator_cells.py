"""Reading sums from PostgreSQL: cells of months and days, and dossiers themselves where no cell is fine enough."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import date, datetime
from typing import Any

from gateway.indicators.slices import ALL, Grain, Slice, spans_of
from gateway.monitoring.storing import ListWanted, SumsWanted
from gateway.store.columns import columns
from gateway.store.indicators import TIME_PLACES
from gateway.store.pool import Connection, Pool, connection
from gateway.store.queries import queries

_PLACES_AT_ONCE = 8
_PLACES_OF_SUMS = 40


class PostgresCells:
    """Implements CellReader."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._sql = queries("indicators")

    async def agency_codes(self) -> frozenset[str]:
        async with connection(self._pool) as borrowed:
            return frozenset([row["agency_code"] async for row in self._sql.agency_codes(borrowed)])

    async def sums(self, wanted: SumsWanted) -> dict[int, int]:
        rows = [
            (one.agency, one.procedure, span.grain.value, span.first_on, span.after_on)
            for one in wanted.slices
            for span in spans_of(one.first_on, one.after_on)
        ]
        sums: dict[int, int] = {}
        places = sorted(wanted.places)
        if not rows or not places:
            return sums
        async with connection(self._pool) as borrowed:
            for first in range(0, len(places), _PLACES_OF_SUMS):
                some = places[first : first + _PLACES_OF_SUMS]
                async for row in self._sql.sums(borrowed, **columns("s", rows, 5), **_numbers(some, _PLACES_OF_SUMS)):
                    times = {place: row[f"time_{view}"] for view, place in TIME_PLACES.items()}
                    for place, total in zip(some, row["totals"], strict=False):
                        if wanted.takes(place, is_group=row["is_group"]):
                            sums[place] = sums.get(place, 0) + (times.get(place, total) or 0)
        return sums

    async def sums_by_procedure(self, wanted: SumsWanted) -> dict[int, dict[str, int]]:
        sums: dict[int, dict[str, int]] = {}
        places = sorted(wanted.places)
        if not places:
            return sums
        async with connection(self._pool) as borrowed:
            for first in range(0, len(places), _PLACES_AT_ONCE):
                some = places[first : first + _PLACES_AT_ONCE]
                async for row in self._by_procedure(borrowed, wanted.slices, some):
                    for place, total in zip(some, row["totals"], strict=False):
                        if total and wanted.takes(place, is_group=row["is_group"]):
                            of_place = sums.setdefault(place, {})
                            of_place[row["procedure_code"]] = of_place.get(row["procedure_code"], 0) + total
        return sums

    async def _by_procedure(
        self, borrowed: Connection, slices: Sequence[Slice], places: Sequence[int]
    ) -> AsyncIterator[Any]:
        numbers = _numbers(places, _PLACES_AT_ONCE)
        of_procedures, of_agencies, of_days = _by_procedure(slices)
        for query, rows, width in (
            (self._sql.sums_of_procedures, of_procedures, 5),
            (self._sql.sums_by_procedure, of_agencies, 4),
        ):
            if rows:
                async for row in query(borrowed, **columns("s", rows, width), **numbers):
                    yield row
        for (first_on, after_on), agencies in of_days.items():
            days = {"agencies": agencies, "first_on": first_on, "after_on": after_on}
            async for row in self._sql.days_by_procedure(borrowed, **days, **numbers):
                yield row

    async def lags(self, slices: Sequence[Slice], *, takes_groups: bool) -> dict[int, int]:
        counts: Counter[int] = Counter()
        async with connection(self._pool) as borrowed:
            for (first_on, after_on), together in _by_days(slices).items():
                rows = self._sql.lags(
                    borrowed,
                    first_on=first_on,
                    after_on=after_on,
                    agencies=_codes(one.agency for one in together),
                    procedures=_codes(one.procedure for one in together),
                    takes_groups=takes_groups,
                )
                async for row in rows:
                    counts[row["lag_seconds"]] += row["total"]
        return counts

    async def dossiers(self, wanted: ListWanted) -> list[tuple[int, str]]:
        async with connection(self._pool) as borrowed:
            rows = self._sql.list_dossiers(
                borrowed,
                **columns("s", _days(wanted.slices), 4),
                place=wanted.place,
                without=wanted.without,
                takes_groups=wanted.takes_groups,
                procedures=None if wanted.procedures is None else sorted(wanted.procedures),
                after=wanted.after,
                wanted=wanted.limit,
            )
            return [(row["dossier_id"], row["code"]) async for row in rows]

    async def counted_at(self) -> datetime:
        async with connection(self._pool) as borrowed:
            instant: datetime = await self._sql.counted_at(borrowed)
        return instant


def _numbers(places: Sequence[int], count: int) -> dict[str, int]:
    """Give the parameters p1, p2, … of a statement: places counted from 1, then 0."""
    numbers = [*(place + 1 for place in places), *(0 for _ in range(count - len(places)))]
    return {f"p{number}": place for number, place in enumerate(numbers, 1)}


def _days(slices: Iterable[Slice]) -> list[tuple[Any, ...]]:
    return [(one.agency, one.procedure, one.first_on, one.after_on) for one in slices]


def _by_days(slices: Iterable[Slice]) -> dict[tuple[date, date], list[Slice]]:
    found: dict[tuple[date, date], list[Slice]] = {}
    for one in slices:
        found.setdefault((one.first_on, one.after_on), []).append(one)
    return found


def _codes(codes: Iterable[str]) -> list[str] | None:
    """Give codes to ask for; None for all. Slices of one scope are all of agencies, all of procedures, or of all."""
    found = list(codes)
    return None if ALL in found else found


def _by_procedure(
    slices: Sequence[Slice],
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]], dict[tuple[date, date], list[str]]]:
    """Tell slices apart by how they are read: of procedures, of an agency's months, of agencies' days."""
    of_procedures: list[tuple[Any, ...]] = []
    of_agencies: list[tuple[Any, ...]] = []
    of_days: dict[tuple[date, date], list[str]] = {}
    for one in slices:
        for span in spans_of(one.first_on, one.after_on):
            if one.procedure != ALL:
                of_procedures.append((one.agency, one.procedure, span.grain.value, span.first_on, span.after_on))
            elif one.agency != ALL and span.grain is Grain.DAY:
                of_days.setdefault((span.first_on, span.after_on), []).append(one.agency)
            else:
                of_agencies.append((one.agency, span.grain.value, span.first_on, span.after_on))
    return of_procedures, of_agencies, of_days
