"""Cells in memory, asked as the database is: for tests that hold sums against the facts they were made of."""

from collections.abc import Iterable
from datetime import date
from math import ceil

from gateway.indicators.cells import CellKey, Counted, add
from gateway.indicators.facts import DossierFact, FactSet
from gateway.indicators.formulas import Part
from gateway.indicators.measures import MEASURES, Counter, Membership, time_amount
from gateway.indicators.periods import Period
from gateway.indicators.readings import Readings
from gateway.indicators.scope import Scope, ScopeKind
from gateway.indicators.selection import Selection
from gateway.indicators.slices import ALL, Grain, Slice, slices_of, spans_of
from gateway.indicators.tallies import CellSelection, Fetched, tally, wanted
from gateway.indicators.words import View


class MemoryCells:
    """Keeps what dossiers add, and the dossiers themselves for what is read off them."""

    def __init__(self, facts: FactSet, period: Period) -> None:
        bare = FactSet(
            as_of=facts.as_of,
            agencies=facts.agencies,
            procedures=facts.procedures,
            services=facts.services,
            petitions=facts.petitions,
            publications=facts.publications,
            external=facts.external,
            continuity=facts.continuity,
        )
        self.bare = bare
        self.cells: dict[CellKey, dict[int, int]] = {}
        self.counted: list[tuple[DossierFact, Counted]] = []
        counter = Counter([Selection(bare, period, readings=Readings(view=view)) for view in View])
        for fact in facts.dossiers:
            found = counter.contributions(fact)
            counted = Counted(
                agency=fact.resolving_agency,
                procedure=fact.procedure_code,
                is_group=fact.is_group,
                received=found.received,
                submitted=found.submitted,
                time_amount=time_amount(fact.processing_time),
            )
            self.counted.append((fact, counted))
            add(self.cells, counted)

    def parts(self, code: str, period: Period, scope: Scope, readings: Readings) -> tuple[Part, ...]:
        """Give an indicator's parts from sums alone."""
        selection = CellSelection(self.bare, period, scope, readings)
        slices = slices_of(selection, {counted.agency for _, counted in self.counted})
        asked = wanted(code, readings)
        online = selection.province.former_online_codes
        selection.fetched = Fetched(
            sums={place: self._sum(slices, place, scope) for place in asked.sums},
            online_sums={
                place: sum(self._by_procedure(slices, place, scope).get(one, 0) for one in online)
                for place in asked.online_sums
            },
            sets={place: frozenset(self._by_procedure(slices, place, scope)) for place in asked.sets},
            lags=self._lags(asked.ranks, asked.sums, slices, scope),
        )
        return tally(code, selection)

    def _sum(self, slices: Iterable[Slice], place: int, scope: Scope) -> int:
        return sum(
            self.cells.get(key, {}).get(place, 0)
            for one in slices
            for key in self._keys(one, one.procedure)
            if not key.is_group or _takes_groups(place, scope)
        )

    def _by_procedure(self, slices: Iterable[Slice], place: int, scope: Scope) -> dict[str, int]:
        found: dict[str, int] = {}
        for one in slices:
            procedures = {key.procedure for key in self.cells if key.procedure != ALL}
            for procedure in procedures if one.procedure == ALL else {one.procedure}:
                for key, cell in self.cells.items():
                    if key in self._keys(one, procedure) and (not key.is_group or _takes_groups(place, scope)):
                        found[procedure] = found.get(procedure, 0) + cell.get(place, 0)
                if one.agency != ALL and one.procedure == ALL:
                    found[procedure] = found.get(procedure, 0) + self._of_days(one, procedure, place, scope)
        return {procedure: count for procedure, count in found.items() if count}

    def _keys(self, one: Slice, procedure: str) -> set[CellKey]:
        spans = spans_of(one.first_on, one.after_on)
        return {
            key
            for key in self.cells
            if (key.agency, key.procedure) == (one.agency, procedure)
            and any(key.grain is span.grain and span.first_on <= key.begins_on < span.after_on for span in spans)
        }

    def _of_days(self, one: Slice, procedure: str, place: int, scope: Scope) -> int:
        days = [span for span in spans_of(one.first_on, one.after_on) if span.grain is Grain.DAY]
        return sum(
            any(_has(span.first_on, span.after_on, contribution.day) for span in days)
            for _, counted in self.counted
            if (counted.agency, counted.procedure) == (one.agency, procedure)
            and (not counted.is_group or _takes_groups(place, scope))
            for contribution in counted.contributions
            if place in contribution.places
        )

    def _lags(self, ranks: Iterable[int], places: Iterable[int], slices: list[Slice], scope: Scope) -> dict[int, int]:
        lags = sorted(
            int((fact.synced_at - fact.accepted_at).total_seconds())
            for fact, counted in self.counted
            if fact.synced_at is not None and fact.accepted_at is not None and counted.received is not None
            if all(place in counted.received.places for place in places)
            and any(
                one.agency in (ALL, counted.agency)
                and one.procedure in (ALL, counted.procedure)
                and _has(one.first_on, one.after_on, counted.received.day)
                and (not counted.is_group or scope.kind is ScopeKind.PROCEDURE)
                for one in slices
            )
        )
        return {rank: lags[max(0, ceil(rank * len(lags) / 100) - 1)] for rank in ranks if lags}


def _takes_groups(place: int, scope: Scope) -> bool:
    return scope.kind is ScopeKind.PROCEDURE or MEASURES[place].membership is not Membership.RECEIVED


def _has(first: date, after: date, day: date) -> bool:
    return first <= day < after
