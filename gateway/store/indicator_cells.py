"""Reading sums from PostgreSQL: cells of months and days, and dossiers themselves where no cell is fine enough."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from gateway.indicators.measures import MEASURES, Membership
from gateway.indicators.slices import ALL, Grain, Slice, spans_of
from gateway.indicators.words import View
from gateway.monitoring.storing import ListWanted, SumsWanted
from gateway.store.columns import columns
from gateway.store.indicators import TIME_PLACES
from gateway.store.pool import Pool, connection
from gateway.store.queries import queries


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
        if not rows or not wanted.places:
            return {}
        async with connection(self._pool) as borrowed:
            found = self._sql.sums(
                borrowed,
                **columns("s", rows, 5),
                **_places(wanted),
                time_gateway=TIME_PLACES[View.GATEWAY],
                time_national=TIME_PLACES[View.NATIONAL],
            )
            return {row["place"]: row["total"] async for row in found}

    async def sums_by_procedure(self, wanted: SumsWanted) -> dict[int, dict[str, int]]:
        sums: dict[int, dict[str, int]] = {}
        if not wanted.places:
            return sums
        async with connection(self._pool) as borrowed:
            of_procedures, of_agencies, of_days = _by_procedure(wanted.slices)
            for query, rows, width in (
                (self._sql.sums_of_procedures, of_procedures, 5),
                (self._sql.sums_by_procedure, of_agencies, 4),
                (self._sql.days_by_procedure, of_days, 3),
            ):
                if rows:
                    async for row in query(borrowed, **columns("s", rows, width), **_places(wanted)):
                        of_place = sums.setdefault(row["place"], {})
                        of_place[row["procedure_code"]] = of_place.get(row["procedure_code"], 0) + row["total"]
        return sums

    async def lags(self, wanted: SumsWanted, ranks: Sequence[int]) -> dict[int, int]:
        rows = _days(wanted.slices)
        if not rows or not ranks:
            return {}
        (place,) = wanted.places
        async with connection(self._pool) as borrowed:
            found = await self._sql.lags(
                borrowed,
                **columns("s", rows, 4),
                shares=[rank / 100 for rank in ranks],
                place=place,
                takes_groups=wanted.takes_groups,
            )
        seconds = found["seconds"] or ()
        return {rank: value for rank, value in zip(ranks, seconds, strict=True) if value is not None} if seconds else {}

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


def _places(wanted: SumsWanted) -> Mapping[str, Any]:
    """Give places, each with whether groups count there: in Dos only in a procedure's own scope."""
    places = sorted(wanted.places)
    groups = [wanted.takes_groups or MEASURES[place].membership is not Membership.RECEIVED for place in places]
    return {"places": places, "group_places": groups}


def _days(slices: Iterable[Slice]) -> list[tuple[Any, ...]]:
    return [(one.agency, one.procedure, one.first_on, one.after_on) for one in slices]


def _by_procedure(slices: Sequence[Slice]) -> tuple[list[tuple[Any, ...]], ...]:
    """Tell slices apart by how they are read: of procedures, of an agency's months, of an agency's days."""
    of_procedures: list[tuple[Any, ...]] = []
    of_agencies: list[tuple[Any, ...]] = []
    of_days: list[tuple[Any, ...]] = []
    for one in slices:
        for span in spans_of(one.first_on, one.after_on):
            if one.procedure != ALL:
                of_procedures.append((one.agency, one.procedure, span.grain.value, span.first_on, span.after_on))
            elif one.agency != ALL and span.grain is Grain.DAY:
                of_days.append((one.agency, span.first_on, span.after_on))
            else:
                of_agencies.append((one.agency, span.grain.value, span.first_on, span.after_on))
    return of_procedures, of_agencies, of_days
