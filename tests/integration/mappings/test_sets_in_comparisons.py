"""Comparisons with a system look at dossiers in the codes that they were sent in."""

import asyncio
from datetime import date
from typing import Any

from gateway.bootstrap.mapping import read_stored
from gateway.engine.codes import CodeTranslator, SeenCodes, UncountedCodes
from gateway.engine.reconciliation import Reconciler, ReconciliationSettings
from gateway.model.reconciliation import RunMode, RunPhase
from gateway.ports.basics import KeyRing
from gateway.ports.mapping import CurrentMapper, StoredSets
from gateway.store.reconciliation import PostgresRuns, list_runs
from tests.support.changes import replacement, step
from tests.support.mapping_sets import procedure_files
from tests.support.town import CLOCK, PortalTown, portal_town

LOCAL, UNKNOWN = "1.999001.000.00.00.H99", "1.999002.000.00.00.H99"
CODE = "H99.01-260105-00001"


def in_force(*pairs: tuple[str, str], version: int) -> Any:
    return read_stored(StoredSets(version=version, files=procedure_files(pairs)))


async def compared(town: PortalTown, current: CurrentMapper) -> dict[str, int]:
    """Compare everything once, and give what was counted."""
    runs = PostgresRuns(town.pool)
    await runs.begin(
        "portal", RunMode.FULL, phase=RunPhase.COMPARING, is_dry=True, requested_by="test", now=CLOCK.now()
    )
    reconciler = Reconciler(
        "portal",
        runs,
        town.portal,
        town.portal.national,
        town.procedures,
        town.breaker,
        key_ring=town.key_ring,
        clock=CLOCK,
        observer=town.happenings.append,
        settings=ReconciliationSettings(calls_per_second=10_000, list_from=date(2026, 1, 1), interval=None),
        codes=CodeTranslator(current, UncountedCodes()),
    )
    async with asyncio.timeout(20):
        while not await reconciler.work():
            if await town.worker.cycle() == 0:
                await asyncio.sleep(0.02)
    newest = (await list_runs(town.pool, before=2**62, limit=1))[0]
    return {name: count for name, count in newest.counts.items() if count}


async def test_what_was_translated_compares_equal(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """A delivered dossier equals the portal's record; where a row is missing now, nothing is compared nor counted."""
    current, seen = CurrentMapper(), SeenCodes()
    async with portal_town(dsn, pool, key_ring, codes=CodeTranslator(current, seen)) as town:
        current.mapper = in_force((LOCAL, town.procedure_code), version=1)
        await town.accept(replacement(CODE, procedure_code=LOCAL), step(CODE, minutes=30))
        await town.work_until_settled()
        seen.take()

        assert {"compared": 1, "equal": 1} == await compared(town, current)
        current.mapper = in_force((UNKNOWN, town.procedure_code), version=2)
        assert {"not_translatable": 1} == {
            name: count for name, count in (await compared(town, current)).items() if name != "compared"
        }
        assert [] == seen.take()
