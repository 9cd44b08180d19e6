"""Sums as they stood at an instant: those that are kept, and beside them the few dossiers that were others then."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from gateway.indicators.cells import CellKey, Counted, add
from gateway.indicators.measures import TIMES, Contribution
from gateway.indicators.slices import ALL, Grain, Slice, Span, spans_of
from gateway.monitoring.storing import CellReader, CutFact, ListWanted, SumsWanted


@dataclass(frozen=True, slots=True)
class _Turned:
    """A dossier that was another one: what the cells hold of it, and what it was."""

    code: str
    held: Counted
    held_lag: int | None
    was: Counted | None
    was_lag: int | None

    @property
    def signed(self) -> list[tuple[Counted, int]]:
        """Give what it takes from the sums, and what it adds to them."""
        return [(self.held, -1)] if self.was is None else [(self.held, -1), (self.was, 1)]


class CutCells:
    """Implements CellReader over another one, which must hold what the facts that were put in say is stored."""

    def __init__(self, base: CellReader) -> None:
        self._base = base
        self._turned: dict[int, _Turned] = {}
        self._cells: dict[str, dict[str, dict[CellKey, dict[int, int]]]] = {}
        """By agency and procedure, each of which may be ALL: by how much cells were others."""
        self._by_agency: dict[str, dict[int, list[tuple[Counted, int]]]] = {}
        self._shared: dict[Contribution, Contribution] = {}

    def put_in(self, facts: Iterable[CutFact]) -> None:
        """Add dossiers that are not in it, where they were others."""
        for fact in facts:
            stored = fact.stored
            if (fact.counted, fact.lag_seconds) == (stored.counted, stored.lag_seconds):
                continue
            was = None if fact.counted is None else self._with_shared(fact.counted)
            held = self._with_shared(stored.counted)
            one = _Turned(stored.record.code, held, stored.lag_seconds, was, fact.lag_seconds)
            self._turned[stored.dossier_id] = one
            for counted, sign in one.signed:
                self._by_agency.setdefault(counted.agency, {}).setdefault(stored.dossier_id, []).append((counted, sign))
            self._add(one, 1)

    def forget(self, dossier_ids: Iterable[int]) -> None:
        """Take dossiers out, whether they are in it or not."""
        for dossier_id in dossier_ids:
            one = self._turned.pop(dossier_id, None)
            if one is None:
                continue
            for counted, _ in one.signed:
                self._by_agency[counted.agency].pop(dossier_id, None)
            self._add(one, -1)

    def _add(self, one: _Turned, sign: int) -> None:
        cells: dict[CellKey, dict[int, int]] = {}
        for counted, own_sign in one.signed:
            add(cells, counted, sign * own_sign)
        for key, changes in cells.items():
            there = self._cells.setdefault(key.agency, {}).setdefault(key.procedure, {})
            cell = there.setdefault(key, {})
            for place, amount in changes.items():
                if amount:
                    cell[place] = cell.get(place, 0) + amount
                    if not cell[place]:
                        del cell[place]
            if not cell:
                del there[key]

    def _with_shared(self, counted: Counted) -> Counted:
        """Give the same with contributions that equal ones share: most dossiers of a day count alike."""
        known = self._shared
        return replace(
            counted,
            received=None if counted.received is None else known.setdefault(counted.received, counted.received),
            submitted=None if counted.submitted is None else known.setdefault(counted.submitted, counted.submitted),
        )

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
            own = self._cells.get(one.agency, {}).keys() - {ALL} if one.procedure == ALL else (one.procedure,)
            for procedure in own:
                for key, cell in self._within(one.agency, procedure, spans):
                    for place in wanted.places & cell.keys():
                        if wanted.takes(place, is_group=key.is_group):
                            sums[place][procedure] += cell[place]
        found = {place: {code: count for code, count in one.items() if count} for place, one in sums.items()}
        return {place: one for place, one in found.items() if one}

    async def lags(self, slices: Sequence[Slice], *, takes_groups: bool) -> dict[int, int]:
        lags, places = dict(await self._base.lags(slices, takes_groups=takes_groups)), _Places(slices)
        for one in self._turned.values():
            for counted, lag, sign in ((one.held, one.held_lag, -1), (one.was, one.was_lag, 1)):
                if counted is None or lag is None or (counted.is_group and not takes_groups):
                    continue
                if places.have(counted, counted.received):
                    lags[lag] = lags.get(lag, 0) + sign
        # Of the many lags that are read few become 0.
        touched = {lag for one in self._turned.values() for lag in (one.held_lag, one.was_lag) if lag is not None}
        for lag in touched.intersection(lags):
            if not lags[lag]:
                del lags[lag]
        return lags

    async def dossiers(self, wanted: ListWanted) -> list[tuple[int, str]]:
        places = _Places(wanted.slices)
        own = [
            (dossier_id, one.code)
            for dossier_id, one in self._turned.items()
            if dossier_id > wanted.after and one.was is not None and _is_listed(one.was, wanted, places)
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
        for key, cell in self._cells.get(agency, {}).get(procedure, {}).items():
            if any(key.grain is span.grain and span.first_on <= key.begins_on < span.after_on for span in spans):
                yield key, cell

    def _add_days(self, sums: Mapping[int, Counter[str]], one: Slice, days: Sequence[Span], wanted: SumsWanted) -> None:
        own = self._by_agency.get(one.agency, {}) if days else {}
        for counted, sign in (signed for both in own.values() for signed in both):
            for contribution in counted.contributions:
                if not any(span.first_on <= contribution.day < span.after_on for span in days):
                    continue
                for place in wanted.places.intersection(contribution.places) - TIMES:
                    if wanted.takes(place, is_group=counted.is_group):
                        sums[place][counted.procedure] += sign


class _Places:
    """Slices by agency and procedure, so that a dossier is held against few of them."""

    def __init__(self, slices: Iterable[Slice]) -> None:
        self._days: dict[tuple[str, str], list[tuple[date, date]]] = {}
        for one in slices:
            self._days.setdefault((one.agency, one.procedure), []).append((one.first_on, one.after_on))

    def have(self, counted: Counted, contribution: Contribution | None) -> bool:
        """Tell whether a dossier stands in one of them with one of its days."""
        agency, procedure = counted.agency, counted.procedure
        return contribution is not None and any(
            first <= contribution.day < after
            for key in ((ALL, ALL), (agency, ALL), (ALL, procedure), (agency, procedure))
            for first, after in self._days.get(key, ())
        )


def _is_listed(counted: Counted, wanted: ListWanted, places: _Places) -> bool:
    if counted.is_group and not wanted.takes_groups:
        return False
    if wanted.procedures is not None and counted.procedure not in wanted.procedures:
        return False
    return any(
        wanted.place in one.places and wanted.without not in one.places and places.have(counted, one)
        for one in counted.contributions
    )
