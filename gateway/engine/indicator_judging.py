"""Judging records beside each other: facts as they are, and as they were at an instant. No dossier is opened for it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from gateway.indicators.cells import Counted
from gateway.indicators.facts import DossierFact, FactSet, PetitionFact
from gateway.indicators.measures import Counter, time_amount
from gateway.indicators.periods import PeriodType, period_of
from gateway.indicators.raw import Limits
from gateway.indicators.readings import Readings
from gateway.indicators.selection import Selection
from gateway.indicators.tallies import lag_place
from gateway.indicators.words import Answering, View
from gateway.model.calendars import Calendars
from gateway.model.procedure import Procedure, ProcedureVersion
from gateway.model.vocabulary import VIETNAM
from gateway.monitoring.cutting import cut
from gateway.monitoring.deadlines import Deadline
from gateway.monitoring.judging import Judge, Judged
from gateway.monitoring.neighbours import NEAR, Group, Kin, concerned_since, groups_of, nearest, seen_by
from gateway.monitoring.offers import procedure_facts
from gateway.monitoring.records import POPULATION_CODES, DossierRecord
from gateway.monitoring.storing import CountingTurn, CutFact, StoredFact
from gateway.monitoring.terms import Policy

Near = Mapping[tuple[int, Group], Sequence[StoredFact]]
"""By a dossier and a group of it: the facts of others of that group."""
_AT_ONCE = 20
"""So many dossiers are judged before others in the process have their turn."""
_LAG_PLACE = lag_place(Readings())


@dataclass(frozen=True, slots=True, kw_only=True)
class CountingRules:
    """By what facts are made. `name` changes whenever one of them does: facts are then made anew."""

    name: str
    calendars: Calendars
    policy_of: Callable[[str], Policy]
    limits: Limits = field(default_factory=Limits)
    population_codes: frozenset[str] = POPULATION_CODES


class FactJudge:
    """Judges records as they are given."""

    def __init__(self, rules: CountingRules) -> None:
        self.rules = rules

    async def fact(self, turn: CountingTurn, stored: StoredFact, end: datetime | None = None) -> DossierFact:
        """Give the fact that a stored record makes as of the last counting, or made at `end`.

        Of a dossier that was not there at `end` it is the one of the last counting.
        """
        if end is not None:
            judged = (await self._judged_at(turn, [stored], end))[1]
            if judged:
                return judged[stored.dossier_id][0].fact
        records = {stored.dossier_id: stored.record}
        near = await self.neighbours(turn, records, records)
        return (await self.judge(turn, records, near, turn.state.counted_at))[stored.dossier_id][0].fact

    async def deadline(self, turn: CountingTurn, stored: StoredFact, end: datetime | None = None) -> Deadline | None:
        """Give how a dossier's due date came about, as of the last counting or of `end`; None where none is counted."""
        record = stored.record if end is None else cut(stored.record, end) or stored.record
        versions = await turn.procedures([record.procedure_code])
        procedure = _procedure_on(versions.get(record.procedure_code, ()), record)
        judge = Judge(calendars=self.rules.calendars, measured_at=end or turn.state.counted_at)
        return judge.deadline(record, procedure, self.rules.policy_of(record.procedure_code))

    async def cut(self, turn: CountingTurn, stored: Sequence[StoredFact], end: datetime) -> list[CutFact]:
        """Give facts as they stood at `end`, by what is known now, beside the stored ones."""
        records, judged = await self._judged_at(turn, stored, end)
        found = []
        for one in stored:
            made = judged.get(one.dossier_id)
            counted = None if made is None else made[1]
            lag = None if counted is None else lag_of(records[one.dossier_id], counted)
            found.append(CutFact(stored=one, counted=counted, lag_seconds=lag))
        return found

    async def _judged_at(
        self, turn: CountingTurn, stored: Sequence[StoredFact], end: datetime
    ) -> tuple[Mapping[int, DossierRecord], Mapping[int, tuple[Judged, Counted]]]:
        stood = {one.dossier_id: cut(one.record, end) for one in stored}
        records = {one: record for one, record in stood.items() if record is not None}
        near = await self.neighbours(turn, records, records)
        beside = {
            place: [
                replace(other, record=record)
                for other in others
                for record in [cut(other.record, end)]
                if record is not None
            ]
            for place, others in near.items()
        }
        return records, await self.judge(turn, records, beside, end, known_at=turn.state.counted_at)

    async def neighbours(
        self, turn: CountingTurn, records: Mapping[int, DossierRecord], without: Mapping[int, DossierRecord]
    ) -> Near:
        """Give, by dossier and group, the facts of others that it is judged beside, those in `without` left out."""
        wanted = [(one, group) for one, record in records.items() for group in groups_of(record)]
        return await turn.neighbours(wanted, sorted(without)) if wanted else {}

    async def judge(
        self,
        turn: CountingTurn,
        records: Mapping[int, DossierRecord],
        neighbours: Near,
        measured_at: datetime,
        *,
        known_at: datetime | None = None,
    ) -> dict[int, tuple[Judged, Counted]]:
        """Judge records at an instant, by what was known at `known_at` (None: at the same instant)."""
        versions = await turn.procedures(sorted({record.procedure_code for record in records.values()}))
        codes = [record.code for record in records.values()]
        petitioned, confirmed = await turn.petitioned(codes), await turn.confirmed(codes)
        by_then = frozenset(one for one, at in petitioned.items() if known_at is None or at < measured_at)
        counter = self._counter(versions, by_then, known_at or measured_at)
        judge = Judge(calendars=self.rules.calendars, measured_at=measured_at, limits=self.rules.limits)
        together: dict[Group, list[int]] = {}
        for one, record in sorted(records.items()):
            for group in groups_of(record):
                together.setdefault(group, []).append(one)
        found = {}
        for number, (one, record) in enumerate(records.items()):
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
            beside: dict[int, tuple[DossierRecord, set[Kin]]] = {}
            for group in groups_of(record):
                # What is judged in the same turn is taken as it is now, the others as they were stored.
                near = {other.dossier_id: other.record for other in neighbours.get((one, group), ())}
                near |= {other: records[other] for other in nearest(one, together[group], NEAR[group.kin])}
                for other in nearest(one, sorted(near), NEAR[group.kin]):
                    beside.setdefault(other, (near[other], set()))[1].add(group.kin)
            concerning = [concerned_since(kin, other) for other, kins in beside.values() for kin in kins]
            procedure = _procedure_on(versions.get(record.procedure_code, ()), record)
            policy = self.rules.policy_of(record.procedure_code)
            judged = judge.judge(
                record,
                procedure,
                policy,
                [seen_by(*beside[other]) for other in sorted(beside)],
                concerned_since=max([record.submitted_at, *concerning]),
                is_confirmed_artificial=record.code in confirmed,
            )
            if record.code in by_then:
                judged = replace(judged, holds_from=max(judged.holds_from, petitioned[record.code]))
            found[one] = (judged, counted_of(judged.fact, counter))
        return found

    def _counter(
        self, versions: Mapping[str, Sequence[ProcedureVersion]], petitioned: frozenset[str], now: datetime
    ) -> Counter:
        facts = FactSet(
            as_of=now,
            procedures=[fact for own in versions.values() for fact in procedure_facts(own)],
            petitions=[
                PetitionFact(
                    key=code, agency="", received_at=now, known_at=now, answering=Answering.IN_TIME, dossier_key=code
                )
                for code in sorted(petitioned)
            ],
        )
        period = period_of(PeriodType.DAY, now.astimezone(VIETNAM).date().isoformat())
        return Counter([Selection(facts, period, readings=Readings(view=view)) for view in View])


def counted_of(fact: DossierFact, counter: Counter) -> Counted:
    """Say what a fact adds to which cells."""
    contributions = counter.contributions(fact)
    return Counted(
        agency=fact.resolving_agency,
        procedure=fact.procedure_code,
        is_group=fact.is_group,
        received=contributions.received,
        submitted=contributions.submitted,
        time_amount=time_amount(fact.processing_time),
    )


def lag_of(record: DossierRecord, counted: Counted) -> int | None:
    """Give the seconds from acceptance to the national portal, None for a dossier whose lag is not counted.

    It is counted in both views or in none: what is left out of the portal's view alone was not synced.
    """
    if record.synced_at is None or record.received_at is None:
        return None
    is_counted = counted.received is not None and _LAG_PLACE in counted.received.places
    return int((record.synced_at - record.received_at).total_seconds()) if is_counted else None


def _procedure_on(versions: Sequence[ProcedureVersion], record: DossierRecord) -> Procedure | None:
    """Give the procedure as it was when the dossier came in, its first version before anything was known."""
    day = (record.received_at or record.submitted_at).astimezone(VIETNAM).date()
    fitting = [version for version in versions if version.seen_on <= day]
    found = fitting[-1] if fitting else (versions[0] if versions else None)
    return None if found is None else found.procedure
