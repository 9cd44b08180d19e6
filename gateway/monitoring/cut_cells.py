"""Sums as they stood at an instant: those that are kept, and beside them the few dossiers that were others then."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from gateway.indicators.cells import CellKey, Counted, add
from gateway.indicators.measures import TIMES, Contribution
from gateway.indicators.slices import ALL, Grain, Slice, Span, spans_of
from gateway.monitoring.storing import CellReader, CutFact, ListWanted, SumsWanted

_Places = tuple[str, str]
"""An agency and a procedure; either may be ALL."""


@dataclass(frozen=True, slots=True)
class _Turned:
    """A dossier that was another one: what the cells hold of it, and what it was."""

    code: str
    held: Counted
    held_lag: int | None
    was: Counted | None
    was_lag: int | None


class CutCells:
    """Implements CellReader over another one, which must hold what `facts` say is stored."""

    def __init__(self, base: CellReader, facts: Iterable[CutFact]) -> None:
        self._base = base
        places: dict[Contribution, Contribution] = {}
        self._turned = {
            one.stored.dossier_id: _Turned(
                one.stored.record.code,
                _shared(one.stored.counted, places),
                one.stored.lag_seconds,
                None if one.counted is None else _shared(one.counted, places),
                one.lag_seconds,
            )
            for one in facts
            if (one.counted, one.lag_seconds) != (one.stored.counted, one.stored.lag_seconds)
        }
        cells: dict[CellKey, dict[int, int]] = {}
        for one in self._turned.values():
            add(cells, one.held, -1)
            if one.was is not None:
                add(cells, one.was)
        self._cells: dict[_Places, list[tuple[CellKey, dict[int, int]]]] = {}
        for key, cell in cells.items():
            if any(cell.values()):
                self._cells.setdefault((key.agency, key.procedure), []).append((key, cell))
        self._procedures = frozenset(procedure for _, procedure in self._cells) - {ALL}

    @property
    def turned(self) -> Mapping[str, tuple[Counted, Counted | None]]:
        """Give, by code, the dossiers that were others: what the sums hold of them, and what they were."""
        return {one.code: (one.held, one.was) for one in self._turned.values()}

    async def agency_codes(self) -> frozenset[str]:
        # Nobody's agency was another one: what is known of a dossier's way through agencies has no instants.
        return await self._base.agency_codes()

    async def counted_at(self) -> datetime:
        return await self._base.counted_at()

    async def sums(self, wanted: SumsWanted) -> dict[int, int]:
        sums = Counter(await self._base.sums(wanted))
        for one in wanted.slices:
            for key, cell in self._within(one.agency, one.procedure, spans_of(one.first_on, one.after_on)):
                for place in wanted.places & cell.keys():
                    if wanted.takes(place, is_group=key.is_group):
                        sums[place] += cell[place]
        return dict(sums)

    async def sums_by_procedure(self, wanted: SumsWanted) -> dict[int, dict[str, int]]:
        base = await self._base.sums_by_procedure(wanted)
        sums = {place: Counter(base.get(place, {})) for place in wanted.places}
        for one in wanted.slices:
            spans = spans_of(one.first_on, one.after_on)
            if one.agency != ALL and one.procedure == ALL:
                # Of an agency's procedures there are cells of months only.
                days = [span for span in spans if span.grain is Grain.DAY]
                spans = [span for span in spans if span.grain is Grain.MONTH]
                self._add_days(sums, one, days, wanted)
            for procedure in self._procedures if one.procedure == ALL else (one.procedure,):
                for key, cell in self._within(one.agency, procedure, spans):
                    for place in wanted.places & cell.keys():
                        if wanted.takes(place, is_group=key.is_group):
                            sums[place][procedure] += cell[place]
        found = {place: {code: count for code, count in one.items() if count} for place, one in sums.items()}
        return {place: one for place, one in found.items() if one}

    async def lags(self, slices: Sequence[Slice], *, takes_groups: bool) -> dict[int, int]:
        lags = Counter(await self._base.lags(slices, takes_groups=takes_groups))
        for one in self._turned.values():
            for counted, lag, sign in ((one.held, one.held_lag, -1), (one.was, one.was_lag, 1)):
                if counted is None or lag is None or (counted.is_group and not takes_groups):
                    continue
                if _stands(counted, counted.received, slices):
                    lags[lag] += sign
        return {lag: count for lag, count in lags.items() if count}

    async def dossiers(self, wanted: ListWanted) -> list[tuple[int, str]]:
        own = [
            (dossier_id, one.code)
            for dossier_id, one in self._turned.items()
            if dossier_id > wanted.after and one.was is not None and _is_listed(one.was, wanted)
        ]
        found: list[tuple[int, str]] = []
        after, is_more = wanted.after, True
        while is_more and len(found) < wanted.limit:
            page = await self._base.dossiers(replace(wanted, after=after))
            found += [one for one in page if one[0] not in self._turned]
            is_more = len(page) == wanted.limit
            after = page[-1][0] if page else after
        # Behind the last page there may be others of those that are kept.
        own = [one for one in own if not is_more or one[0] <= after]
        return sorted(found + own)[: wanted.limit]

    def _within(
        self, agency: str, procedure: str, spans: Sequence[Span]
    ) -> Iterator[tuple[CellKey, Mapping[int, int]]]:
        for key, cell in self._cells.get((agency, procedure), ()):
            if any(key.grain is span.grain and span.first_on <= key.begins_on < span.after_on for span in spans):
                yield key, cell

    def _add_days(self, sums: Mapping[int, Counter[str]], one: Slice, days: Sequence[Span], wanted: SumsWanted) -> None:
        for turned in self._turned.values() if days else ():
            for counted, sign in ((turned.held, -1), (turned.was, 1)):
                if counted is None or counted.agency != one.agency:
                    continue
                for contribution in counted.contributions:
                    if not any(_has(span.first_on, span.after_on, contribution.day) for span in days):
                        continue
                    for place in wanted.places.intersection(contribution.places) - TIMES:
                        if wanted.takes(place, is_group=counted.is_group):
                            sums[place][counted.procedure] += sign


def _is_listed(counted: Counted, wanted: ListWanted) -> bool:
    if counted.is_group and not wanted.takes_groups:
        return False
    if wanted.procedures is not None and counted.procedure not in wanted.procedures:
        return False
    return any(
        wanted.place in one.places and wanted.without not in one.places and _stands(counted, one, wanted.slices)
        for one in counted.contributions
    )


def _stands(counted: Counted, contribution: Contribution | None, slices: Iterable[Slice]) -> bool:
    return contribution is not None and any(
        one.agency in (ALL, counted.agency)
        and one.procedure in (ALL, counted.procedure)
        and _has(one.first_on, one.after_on, contribution.day)
        for one in slices
    )


def _has(first: date, after: date, day: date) -> bool:
    return first <= day < after


def _shared(counted: Counted, known: dict[Contribution, Contribution]) -> Counted:
    """Give the same with contributions that equal ones share: most dossiers of a day count alike."""
    return replace(
        counted,
        received=None if counted.received is None else known.setdefault(counted.received, counted.received),
        submitted=None if counted.submitted is None else known.setdefault(counted.submitted, counted.submitted),
    )
