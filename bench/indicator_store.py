"""Databases full of counted dossiers: filled by as many processes as there are cores, and added up as operators do."""

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from bench.children import Child
from bench.counting import Tally, connect
from bench.dossier_years import MEASURED_AT
from bench.plan import Bench
from bench.province import Province, at_first
from gateway.engine.indicator_check import IndicatorChecker
from gateway.engine.indicator_judging import CountingRules
from gateway.engine.indicator_numbers import Numbers
from gateway.engine.period_ends import PeriodEnds
from gateway.indicators.catalogue import Catalogue, read_catalogue
from gateway.indicators.measures import VERSION
from gateway.model.vocabulary import VIETNAM
from gateway.monitoring.registers import RegisterKind, read_items
from gateway.monitoring.terms import Policy
from gateway.store.indicator_cells import PostgresCells
from gateway.store.indicators import PostgresIndicators
from gateway.store.pool import Pool
from gateway.store.procedures import PostgresProcedures
from gateway.store.registers import PostgresRegisters
from gateway.vault.keyring import create_key_ring
from mappings.calendars import national_calendars
from mappings.indicators import CATALOGUE, shipped_text

SEED = 1
RULES = CountingRules(name=f"{VERSION} bench", calendars=national_calendars(), policy_of=lambda _: Policy())
PROCESSES_COUNT = 2
_LIMIT_SECONDS = 1_800.0
_CATALOGUE_CHANGED = datetime(2025, 1, 15, 2, tzinfo=VIETNAM)
_CHANGED_EVERY = 10


class CountingClock:
    """Implements Clock: always the instant of counting; time to wait for passes as ever."""

    def now(self) -> datetime:
        return MEASURED_AT

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedUp:
    """What adding up did."""

    cells_count: int
    seconds: float


def catalogue() -> Catalogue:
    """Give the indicators that the gateway knows."""
    return read_catalogue(shipped_text(CATALOGUE))


def numbers_of(pool: Pool) -> Numbers:
    """Put together what answers with numbers."""
    return Numbers(
        PostgresCells(pool), PostgresRegisters(pool), catalogue(), calendars=national_calendars(), clock=CountingClock()
    )


async def ends_of(pool: Pool) -> PeriodEnds:
    """Put together what answers as things stood at the end of a period: everything is counted, by its own rules."""
    sql = "UPDATE indicator_state SET rules = $1, counted_at = $2, is_complete = true"
    await pool.execute(sql, RULES.name, MEASURED_AT)
    return PeriodEnds(PostgresIndicators(pool), rules=RULES)


async def first_read(numbers: Numbers) -> float:
    """Give the seconds that reading everything but dossiers takes, which the first question waits for."""
    started = time.perf_counter()
    await numbers.facts()
    return time.perf_counter() - started


async def found_province(pool: Pool, province: Province) -> None:
    """Store everything but dossiers: two states of the catalogue, registers, petitions."""
    clock, registers = CountingClock(), PostgresRegisters(pool)
    begun = datetime(2023, 12, 1, tzinfo=VIETNAM)
    former = [at_first(one) if not place % _CHANGED_EVERY else one for place, one in enumerate(province.procedures)]
    for procedures, now in ((former, begun), (province.procedures, _CATALOGUE_CHANGED)):
        await PostgresProcedures(pool, clock=clock).save(procedures, now)
    for kind, items in (
        (RegisterKind.AGENCIES, province.agency_items),
        (RegisterKind.ELIGIBILITY, province.eligibility_items),
        (RegisterKind.COUNTS, province.count_items),
    ):
        await registers.replace_register(kind, read_items(kind, items), MEASURED_AT)
    for petition in province.petitions():
        await registers.save_petition(petition, MEASURED_AT)


async def load(bench: Bench, dsn: str, first_on: date, after_on: date) -> Tally:
    """Let processes make and store the facts of all days of a time."""
    spec = {
        "dsn": dsn,
        "seed": SEED,
        "count": bench.plan.counted_count,
        "first_on": first_on.isoformat(),
        "after_on": after_on.isoformat(),
        "parts_count": PROCESSES_COUNT,
    }
    started = time.perf_counter()
    told = await asyncio.gather(*(_part(bench.folder, spec | {"part": part}) for part in range(PROCESSES_COUNT)))
    seconds = time.perf_counter() - started
    tally = together([Tally(**one) for one in told])
    bench.tell(f"{tally.facts_count:,} facts of {tally.judged_count:,} stories made and stored in {seconds:.0f} s")
    return tally


async def _part(folder: Path, spec: Mapping[str, Any]) -> dict[str, Any]:
    arguments = [sys.executable, "-m", "bench.counting_child"]
    async with Child("counting", arguments, folder / f"counting-{spec['part']}.log") as child:
        await child.say(json.loads(json.dumps(spec)))
        told = await child.read(_LIMIT_SECONDS)
        await child.finish()
    return told


def together(tallies: list[Tally]) -> Tally:
    """Add up what several processes did."""
    months = sorted({month for one in tallies for month in one.by_month})
    return Tally(
        judged_count=sum(one.judged_count for one in tallies),
        facts_count=sum(one.facts_count for one in tallies),
        made_seconds=sum(one.made_seconds for one in tallies),
        stored_seconds=sum(one.stored_seconds for one in tallies),
        by_month={month: sum(one.by_month.get(month, 0) for one in tallies) for month in months},
    )


async def add_up(bench: Bench, dsn: str, pool: Pool) -> AddedUp:
    """Add every cell up anew from the stored facts, as the operator's command does, and let statistics be taken."""
    connection = await connect(dsn)
    try:
        await connection.execute("VACUUM (ANALYZE) indicator_facts, dossiers")
        started = time.perf_counter()
        ring = create_key_ring(bench.folder / "counting" / f"ring-{started}.toml")
        is_done = await IndicatorChecker(PostgresIndicators(pool), key_ring=ring, rules=RULES).add_up()
        seconds = time.perf_counter() - started
        await connection.execute("VACUUM (ANALYZE) indicator_cells")
        cells_count = await connection.fetchval("SELECT count(*) FROM indicator_cells")
    finally:
        await connection.close()
    if not is_done:
        raise ValueError("somebody else was counting")
    bench.tell(f"{cells_count:,} cells added up in {seconds:.0f} s")
    return AddedUp(cells_count=cells_count, seconds=seconds)
