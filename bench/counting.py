"""Making facts of an invented province as the gateway makes them, and putting them where it keeps them."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import groupby
from typing import Any

import asyncpg

from bench.dossier_years import MEASURED_AT, Told, Years
from bench.province import Province
from gateway.engine.indicator_judging import counted_of, lag_of
from gateway.indicators.cells import Counted
from gateway.indicators.facts import DossierFact, FactSet
from gateway.indicators.measures import Counter
from gateway.indicators.periods import PeriodType, period_of
from gateway.indicators.readings import Readings
from gateway.indicators.selection import Selection
from gateway.indicators.words import View
from gateway.model.procedure import ProcedureVersion
from gateway.model.vocabulary import VIETNAM
from gateway.monitoring.judging import Judge, Judged
from gateway.monitoring.offers import procedure_facts
from gateway.monitoring.records import DossierRecord
from gateway.monitoring.storing import StoredFact
from gateway.monitoring.terms import Policy
from gateway.store.indicators import row_of
from mappings.calendars import national_calendars

FACT_COLUMNS = (
    *("dossier_id", "code", "agency_code", "procedure_code", "is_group", "received_on", "received"),
    *("submitted_on", "submitted", "time_amount", "lag_seconds", "applicant_key", "account_key"),
    *("content_key", "result_key", "holds_from", "turns_at", "recorded_at", "filed_on", "record"),
)
DOSSIER_COLUMNS = (
    *("dossier_id", "code", "procedure_code", "receiving_agency_code", "handling_agency_code", "channel", "origin"),
    *("status", "status_at", "submitted_at", "received_at", "due_at", "finished_at", "returned_at", "fees_total_vnd"),
    *("revision", "document_revision", "digest", "wrapped_key", "created_at", "updated_at"),
)


@dataclass(slots=True)
class Tally:
    """What was done: judged stories, facts, rows, seconds of each, and by month what must come out of counting."""

    judged_count: int = 0
    facts_count: int = 0
    made_seconds: float = 0.0
    stored_seconds: float = 0.0
    by_month: dict[str, int] = field(default_factory=dict)


class Maker:
    """Judges with the gateway's own rules, as of the instant of counting."""

    def __init__(self, province: Province) -> None:
        self._procedures = {one.code: one for one in province.procedures}
        self._judge = Judge(calendars=national_calendars(), measured_at=MEASURED_AT)
        self._counter = _counter(province)

    def judged(self, record: DossierRecord, neighbours: Sequence[DossierRecord] = ()) -> tuple[Judged, Counted]:
        """Judge a record and say what it adds to which cells."""
        judged = self._judge.judge(record, self._procedures[record.procedure_code], Policy(), neighbours)
        return judged, counted_of(judged.fact, self._counter)

    def facts(self, told: Sequence[Told]) -> Iterator[tuple[Told, DossierFact, StoredFact]]:
        """Give the facts of one day's dossiers: each story is judged once, the other dossiers of it differ by names."""
        near: dict[str, list[DossierRecord]] = {}
        for one in told:
            near.setdefault(one.record.applicant_key, []).append(one.record)
        for _, sharing in groupby(told, lambda one: one.story):
            first, *others = sharing
            beside = [one for one in near[first.record.applicant_key] if one is not first.record]
            judged, counted = self.judged(first.record, beside)
            yield first, judged.fact, stored_fact(first.dossier_id, first.record, judged, counted)
            for one in others:
                record = one.record
                fact = replace(
                    judged.fact,
                    key=record.code,
                    procedure_code=record.procedure_code,
                    resolving_agency=record.handling_agency,
                    receiving_agency=record.receiving_agency,
                )
                own = replace(counted, agency=record.handling_agency, procedure=record.procedure_code)
                yield one, fact, stored_fact(one.dossier_id, record, judged, own)


def stored_fact(dossier_id: int, record: DossierRecord, judged: Judged, counted: Counted) -> StoredFact:
    """Give a fact as it is stored."""
    return StoredFact(
        dossier_id=dossier_id,
        counted=counted,
        record=record,
        lag_seconds=lag_of(record, counted),
        holds_from=judged.holds_from,
        turns_at=judged.turns_at,
        recorded_at=MEASURED_AT,
    )


def _counter(province: Province) -> Counter:
    versions = [
        ProcedureVersion(procedure=one, content_hash="", version_number=1, seen_on=date(2024, 1, 1))
        for one in province.procedures
    ]
    facts = FactSet(as_of=MEASURED_AT, procedures=[fact for one in versions for fact in procedure_facts([one])])
    period = period_of(PeriodType.DAY, MEASURED_AT.astimezone(VIETNAM).date().isoformat())
    return Counter([Selection(facts, period, readings=Readings(view=view)) for view in View])


async def store_days(connection: Any, maker: Maker, years: Years, days: Iterable[date], tally: Tally) -> None:
    """Make the facts of days and store them, a commit for each ten days or so."""
    dossiers: list[tuple[Any, ...]] = []
    facts: list[tuple[Any, ...]] = []
    ordered = list(days)
    for place, day in enumerate(ordered, 1):
        started = time.perf_counter()
        told = list(years.on(day))
        tally.judged_count += len({one.story for one in told})
        for one, _, stored in maker.facts(told):
            facts.append(_copied(stored))
            dossiers.append(_dossier_row(one))
            if one.counts and one.record.received_at is not None:
                month = f"{one.record.received_at.astimezone(VIETNAM):%Y-%m}"
                tally.by_month[month] = tally.by_month.get(month, 0) + 1
        tally.made_seconds += time.perf_counter() - started
        if place % 10 == 0 or place == len(ordered):
            started = time.perf_counter()
            async with connection.transaction():
                await connection.copy_records_to_table("dossiers", records=dossiers, columns=DOSSIER_COLUMNS)
                await connection.copy_records_to_table("indicator_facts", records=facts, columns=FACT_COLUMNS)
            tally.facts_count += len(facts)
            tally.stored_seconds += time.perf_counter() - started
            dossiers, facts = [], []


def facts_between(years: Years, maker: Maker, first_on: date, after_on: date) -> list[DossierFact]:
    """Give the facts of all dossiers that were submitted in a period or in the ten days before it: all that may have
    been accepted in it."""
    day, found = max(first_on - timedelta(days=10), min(years.counts)), list[DossierFact]()
    while day < after_on:
        found += [fact for _, fact, _ in maker.facts(list(years.on(day)))]
        day += timedelta(days=1)
    return found


def _copied(fact: StoredFact) -> tuple[Any, ...]:
    """Give a row as COPY takes it: arrays as arrays, where statements take them as text."""
    row = list(row_of(fact))
    for place, contribution in ((6, fact.counted.received), (8, fact.counted.submitted)):
        row[place] = [] if contribution is None else list(contribution.places)
    return tuple(row)


def _dossier_row(told: Told) -> tuple[Any, ...]:
    """Give the row of a dossier without content: nothing that is measured here opens one."""
    record = told.record
    return (
        told.dossier_id,
        record.code,
        record.procedure_code,
        record.receiving_agency,
        record.handling_agency,
        record.channel.value,
        "provincial_system",
        record.status.value,
        record.steps[-1].at,
        record.submitted_at,
        record.received_at,
        record.due_at,
        record.finished_at,
        record.returned_at,
        sum(record.fee_lines_vnd),
        record.revision,
        1,
        b"\0",
        b"\0",
        record.known_at,
        record.known_at,
    )


async def connect(dsn: str) -> Any:
    """Open a connection to store by; commits are not waited for on the disk."""
    return await asyncpg.connect(dsn, server_settings={"synchronous_commit": "off", "timezone": "UTC"})
