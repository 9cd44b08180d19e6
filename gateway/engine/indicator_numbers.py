"""Answering with numbers: what formulas divide is fetched as sums, everything else is read and kept for a while."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import inf
from typing import Any, Protocol

from gateway.errors import Fault, InvalidInput
from gateway.indicators.catalogue import Catalogue
from gateway.indicators.facts import FactSet
from gateway.indicators.formulas import Part
from gateway.indicators.known import Known
from gateway.indicators.measures import MEASURES, Membership
from gateway.indicators.periods import Period
from gateway.indicators.readings import Readings
from gateway.indicators.scope import PROVINCE, Scope, ScopeKind
from gateway.indicators.slices import Slice, slices_of
from gateway.indicators.tallies import CellSelection, Fetched, Wanted, percentiles, tally, wanted
from gateway.indicators.target_registry import EVERY_UNIT, TargetRegistry, read_targets
from gateway.model.calendars import Calendars
from gateway.model.procedure import ProcedureVersion
from gateway.monitoring.changed_facts import is_of_online, share_places
from gateway.monitoring.offers import procedure_facts, service_facts, with_eligibility
from gateway.monitoring.petitions import Petition, petition_fact, petitions_at
from gateway.monitoring.registers import (
    RegisterKind,
    agency_facts,
    eligible_by_code,
    external_counts,
    publication_facts,
    registered_services,
)
from gateway.monitoring.storing import CellReader, ListWanted, SumsWanted
from gateway.ports.basics import Clock

_KEPT_SECONDS = 5.0
_JUDGED_SECONDS = 60.0
FLAGS = {measure.rule: place for place, measure in enumerate(MEASURES) if measure.membership is Membership.FLAGGED}
"""Places that count what rules of data quality found, by rule."""


class RegisterStore(Protocol):
    """Reads everything but dossiers."""

    async def mark(self) -> tuple[object, ...]:
        """Give what differs when anything was changed."""
        ...

    async def registers(self) -> Mapping[RegisterKind, Sequence[Mapping[str, Any]]]:
        """Give the items of all registers."""
        ...

    async def versions(self) -> Mapping[str, Sequence[ProcedureVersion]]:
        """Give every version of every procedure, by code."""
        ...

    async def petitions(self) -> Sequence[Petition]:
        """Give all petitions."""
        ...

    async def targets_text(self) -> str | None:
        """Give the registry of targets as it was put in; None when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Measured:
    """Parts by indicator, and flagged dossiers by rule."""

    parts: Mapping[str, tuple[Part, ...]]
    flags: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Kept:
    mark: tuple[object, ...]
    until: float
    judged_at: float
    facts: FactSet
    known: Known
    petitions: Sequence[Petition]
    targets: TargetRegistry | None


class Numbers:
    """Gives indicators of any scope and period, as of the last counting."""

    def __init__(
        self,
        cells: CellReader,
        registers: RegisterStore,
        catalogue: Catalogue,
        *,
        calendars: Calendars,
        clock: Clock,
    ) -> None:
        self.cells = cells
        self._catalogue = catalogue
        self._registers = registers
        self._calendars = calendars
        self._clock = clock
        self._kept: _Kept | None = None

    async def mark(self) -> tuple[object, ...]:
        """Give what differs when any register, procedure or petition was changed. Raises StoreUnavailable."""
        return await self._registers.mark()

    async def facts(self) -> FactSet:
        """Give all facts but dossiers; at most some seconds old. Raises StoreUnavailable."""
        return (await self._known()).facts

    async def targets(self) -> TargetRegistry | None:
        """Give the registry of targets, None when there is none; at most some seconds old. Raises StoreUnavailable."""
        return (await self._known()).targets

    async def pinned(self) -> "Numbers":
        """Give the same over the registers and the catalogue as they are now, for good. Raises StoreUnavailable."""
        found = Numbers(self.cells, self._registers, self._catalogue, calendars=self._calendars, clock=self._clock)
        found._kept = replace(await self._known(), until=inf)
        return found

    async def at_end_of(self, period: Period, cells: CellReader) -> "Numbers":
        """Give the same over cells as they stood at the end of a period, and petitions and publications so too.

        Agencies are rolled up as now, procedures and services stated with their dates. Raises StoreUnavailable.
        """
        kept = await self._known()
        ended_on = period.after_on
        publications = [
            one if one.published_on is None or one.published_on < ended_on else replace(one, published_on=None)
            for one in kept.facts.publications
        ]
        stood = petitions_at(kept.petitions, period.end)
        petitions = [petition_fact(one, period.end, self._calendars) for one in stood]
        facts = replace(kept.facts, petitions=petitions, publications=publications)
        found = Numbers(cells, self._registers, self._catalogue, calendars=self._calendars, clock=self._clock)
        found._kept = replace(kept, until=inf, facts=facts)
        return found

    def forget(self) -> None:
        """Read everything again at the next question: this process has changed it."""
        self._kept = None

    async def _known(self) -> _Kept:
        kept, now = self._kept, self._clock.monotonic()
        if kept is not None and kept.until > now:
            return kept
        mark = await self._registers.mark()
        if kept is None or kept.mark != mark:
            petitions, facts = await self._read()
            kept = _Kept(mark, now, now, facts, Known(facts), petitions, await self._read_targets())
        elif now >= kept.judged_at + _JUDGED_SECONDS:
            kept = replace(kept, judged_at=now, facts=self._judged_now(kept.facts, kept.petitions))
        kept = replace(kept, until=now + _KEPT_SECONDS)
        self._kept = kept
        return kept

    async def _read_targets(self) -> TargetRegistry | None:
        text = await self._registers.targets_text()
        # Its units were held against the agencies when it was put in; agencies may have gone since.
        return None if text is None else read_targets(text, self._catalogue, EVERY_UNIT)

    async def measure(
        self, codes: Sequence[str], period: Period, scope: Scope, readings: Readings
    ) -> Mapping[str, tuple[Part, ...]]:
        """Give the parts of indicators by code. Raises InvalidInput (`indicator_unknown`), StoreUnavailable."""
        return (await self.look(codes, period, scope, readings)).parts

    async def look(
        self, codes: Sequence[str], period: Period, scope: Scope, readings: Readings, *, counts_flags: bool = False
    ) -> Measured:
        """Give the same, and with `counts_flags` how many dossiers each rule of data quality found something with."""
        selection = await self._selection(period, scope, readings)
        asked = Wanted(sums=frozenset(FLAGS.values()) if counts_flags else frozenset())
        for code in codes:
            asked |= wanted(code, readings)
        selection.fetched = await self._fetch(selection, asked)
        flags = {rule: selection.fetched.sums.get(place, 0) for rule, place in FLAGS.items()} if counts_flags else {}
        return Measured({code: tally(code, selection) for code in codes}, flags)

    async def dossiers(
        self, code: str, period: Period, scope: Scope, readings: Readings, *, counts: bool, after: int, limit: int
    ) -> Sequence[tuple[int, str]]:
        """Give the dossiers that make an indicator's number, or those of its denominator that do not count.

        Raises InvalidInput (`indicator_unknown`, `indicator_without_dossiers`).
        """
        places = share_places(code, readings)
        if places is None:
            raise InvalidInput(
                "the indicator counts no dossiers",
                [Fault("/indicator", "must be a share of dossiers", code[:20])],
                code="indicator_without_dossiers",
            )
        among, counted = places
        online = await self.online_codes(period, readings) if is_of_online(code, readings) else None
        return await self.cells.dossiers(
            ListWanted(
                slices=await self.slices(period, scope, readings),
                place=counted if counts else among,
                without=None if counts else counted,
                takes_groups=takes_groups_in(scope, among),
                procedures=online,
                after=after,
                limit=limit,
            )
        )

    async def online_codes(self, period: Period, readings: Readings) -> frozenset[str]:
        """Give the codes, former ones too, of the procedures that are offered online at the end of a period."""
        return (await self._selection(period, PROVINCE, readings)).province.former_online_codes

    async def slices(self, period: Period, scope: Scope, readings: Readings) -> list[Slice]:
        """Give the slices that make a scope and a period."""
        return await self._slices(await self._selection(period, scope, readings))

    async def _selection(self, period: Period, scope: Scope, readings: Readings) -> CellSelection:
        kept = await self._known()
        return CellSelection(kept.facts, period, scope, readings, known=kept.known)

    async def _slices(self, selection: CellSelection) -> list[Slice]:
        is_of_agencies = selection.scope.kind in (ScopeKind.AGENCY, ScopeKind.LEVEL, ScopeKind.UNIT_GROUP)
        return slices_of(selection, await self.cells.agency_codes() if is_of_agencies else ())

    async def _fetch(self, selection: CellSelection, asked: Wanted) -> Fetched:
        slices = await self._slices(selection)
        takes_groups = takes_groups_in(selection.scope)
        # Each reads by a connection of its own, so that the database works on all of them at once.
        sums, by_procedure, lags = await asyncio.gather(
            self.cells.sums(SumsWanted(slices=slices, places=asked.sums, takes_groups=takes_groups)),
            self.cells.sums_by_procedure(
                SumsWanted(slices=slices, places=asked.online_sums | asked.sets, takes_groups=takes_groups)
            ),
            self._lags(slices, asked.ranks, takes_groups=takes_groups),
        )
        online = selection.province.former_online_codes if asked.online_sums else frozenset()
        return Fetched(
            sums=sums,
            online_sums={
                place: sum(count for code, count in by_procedure.get(place, {}).items() if code in online)
                for place in asked.online_sums
            },
            sets={place: frozenset(by_procedure.get(place, {})) for place in asked.sets},
            lags=lags,
        )

    async def _lags(self, slices: Sequence[Slice], ranks: Sequence[int], *, takes_groups: bool) -> Mapping[int, int]:
        return percentiles(await self.cells.lags(slices, takes_groups=takes_groups), ranks) if ranks else {}

    def _judged_now(self, facts: FactSet, petitions: Sequence[Petition]) -> FactSet:
        """Give facts as of now: time alone makes a petition late, and an agency another one's successor."""
        now = self._clock.now()
        return replace(facts, as_of=now, petitions=[petition_fact(one, now, self._calendars) for one in petitions])

    async def _read(self) -> tuple[Sequence[Petition], FactSet]:
        now = self._clock.now()
        registers = await self._registers.registers()
        versions = await self._registers.versions()
        petitions = await self._registers.petitions()
        return petitions, facts_of(registers, versions, petitions, now, self._calendars)


def facts_of(
    registers: Mapping[RegisterKind, Sequence[Mapping[str, Any]]],
    versions: Mapping[str, Sequence[ProcedureVersion]],
    petitions: Sequence[Petition],
    now: datetime,
    calendars: Calendars,
) -> FactSet:
    """Put facts together. What a register says of a procedure's services stands in place of its catalogue entry."""
    services = registered_services(registers[RegisterKind.SERVICES])
    registered = {service.procedure_code for service in services}
    services += [service for code, own in versions.items() if code not in registered for service in service_facts(own)]
    eligible = eligible_by_code(registers[RegisterKind.ELIGIBILITY])
    return FactSet(
        as_of=now,
        agencies=agency_facts(registers[RegisterKind.AGENCIES]),
        procedures=[
            part
            for code, own in versions.items()
            for fact in procedure_facts(own)
            for part in with_eligibility(fact, eligible.get(code, ()))
        ],
        services=services,
        petitions=[petition_fact(one, now, calendars) for one in petitions],
        publications=publication_facts(registers[RegisterKind.PUBLICATIONS]),
        external=external_counts(registers[RegisterKind.COUNTS]),
        continuity={str(one["former_code"]): str(one["code"]) for one in registers[RegisterKind.CONTINUITY]},
    )


def takes_groups_in(scope: Scope, place: int | None = None) -> bool:
    """Tell whether groups of dossiers count in a scope: in that of a procedure they do, and where services are used."""
    is_of_dos = place is None or MEASURES[place].membership is Membership.RECEIVED
    return scope.kind is ScopeKind.PROCEDURE or not is_of_dos
