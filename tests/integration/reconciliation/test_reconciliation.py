"""Both sides compared against a portal that lost, corrupted, reverted, invented and duplicated records."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from adapters.portal.sandbox import PortalProfile
from adapters.portal.sandbox.damage import DamageOrder, damage
from adapters.sandboxing import FaultKind
from gateway.engine.reconciliation import ReconciledChannel, Reconciler, ReconciliationSettings, open_values
from gateway.model.dossier import Origin
from gateway.model.reconciliation import RunMode, RunPhase
from gateway.ports.basics import KeyRing
from gateway.store.reconciliation import PostgresRuns, cancel_run, dismiss_finding, list_findings, list_runs
from tests.support.changes import replacement, step
from tests.support.town import CLOCK, PortalTown, portal_town

LISTING = {"has_dossier_listing": True, "listing_page_size": 7}
SERVED = PortalProfile(is_listing_served=True)
FAST = ReconciliationSettings(calls_per_second=10_000, page_size=10, list_from=date(2026, 1, 1), interval=None)


def code_of(number: int) -> str:
    return f"H99.01-260105-{number:05}"


def reconciler_of(
    town: PortalTown, settings: ReconciliationSettings = FAST, channel: ReconciledChannel | None = None
) -> Reconciler:
    return Reconciler(
        "portal",
        PostgresRuns(town.pool),
        channel or town.portal,
        town.portal.national,
        town.procedures,
        town.breaker,
        key_ring=town.key_ring,
        clock=CLOCK,
        observer=town.happenings.append,
        settings=settings,
    )


async def deliver(town: PortalTown, count: int) -> None:
    """Put dossiers with two steps each on the portal."""
    for number in range(count):
        code = code_of(number)
        await town.accept(replacement(code, procedure_code=town.procedure_code))
        await town.work_until_settled()
        await town.accept(step(code, minutes=10), step(code, minutes=20, status="completed"))
    await town.work_until_settled()


async def begin(town: PortalTown, mode: RunMode = RunMode.FULL, *, is_dry: bool = False) -> int:
    run_id = await PostgresRuns(town.pool).begin(
        "portal", mode, phase=RunPhase.LISTING, is_dry=is_dry, requested_by="test", now=CLOCK.now()
    )
    assert run_id is not None
    return run_id


async def finish(town: PortalTown, reconciler: Reconciler, seconds: float = 20.0) -> None:
    """Let reconciler and worker work side by side until the run ends."""
    async with asyncio.timeout(seconds):
        while not await reconciler.work():
            if await town.worker.cycle() == 0:
                await asyncio.sleep(0.02)


async def findings(town: PortalTown) -> dict[str, tuple[str, str]]:
    found = await list_findings(town.pool, prefixes=("*",), state=None, kind=None, run_id=None, after=0, limit=1000)
    return {line.dossier_code: (line.kind.value, line.state.value) for line in found}


EXPECTED = {
    "lost": ("missing_there", "repaired"),
    "corrupted": ("stale_there", "repaired"),
    "reverted": ("stale_there", "repaired"),
    "mispaid": ("conflict", "parked"),
    "scrambled": ("unmapped", "parked"),
    "duplicated": ("duplicated", "parked"),
    "invented": ("missing_here", "parked"),
}


async def test_every_damage_is_classified_and_what_the_province_owns_is_repaired(
    dsn: str, pool: Any, key_ring: KeyRing
) -> None:
    """Two of each kind among twenty; afterwards the portal's own record shows the repaired ones whole, steps too."""
    async with portal_town(dsn, pool, key_ring, profile=SERVED, settings=LISTING) as town:
        await deliver(town, 20)
        before = {code_of(n): town.sandbox.dossier(code_of(n)).record() for n in range(20)}  # type: ignore[union-attr]
        done = damage(
            town.sandbox.state,
            DamageOrder(lose=2, corrupt=2, revert=2, mispay=2, scramble=2, duplicate=2, invent=2),
        )
        assert len(done) == 14
        run_id = await begin(town)
        await finish(town, reconciler_of(town))
        assert {one["code"]: EXPECTED[one["kind"]] for one in done} == await findings(town)

        for one in done:
            if one["kind"] not in ("lost", "corrupted", "reverted"):
                continue
            held = town.sandbox.dossier(one["code"])
            assert held is not None
            assert held.record() == before[one["code"]]
            assert [stored.content[3] for stored in held.steps] == ["20260105081000", "20260105082000"]
        [run] = await list_runs(town.pool, before=2**62, limit=5)
        assert (run.run_id, run.state, run.phase) == (run_id, "finished", "done")
        assert run.counts["compared"] == 20
        assert run.counts["repaired"] == 6
        assert run.counts["equal"] == 20 - 10


async def test_both_values_of_a_parked_difference_are_kept_sealed(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """A person sees ours and theirs; a person's decision ends it; a later run that does not find it ends it too."""
    async with portal_town(dsn, pool, key_ring) as town:
        await deliver(town, 2)
        damage(town.sandbox.state, DamageOrder(mispay=2))
        await begin(town)
        await finish(town, reconciler_of(town))
        lines = await list_findings(town.pool, prefixes=("H99",), state=None, kind=None, run_id=None, after=0, limit=10)
        assert [line.fields for line in lines] == [("online_payment",)] * 2
        first = lines[0]
        assert first.wrapped_key is not None
        assert first.sealed is not None
        [value] = open_values(key_ring, "portal", first.dossier_code, first.wrapped_key, first.sealed)
        assert (value.ours, value.theirs) == ("0", "2")
        assert await dismiss_finding(town.pool, first.finding_id, CLOCK.now())
        assert not await dismiss_finding(town.pool, first.finding_id, CLOCK.now())

        for code in (code_of(0), code_of(1)):
            held = town.sandbox.dossier(code)
            assert held is not None
            held.body = held.body.replace(b'"DuocThanhToanTrucTuyen":"2"', b'"DuocThanhToanTrucTuyen":"0"')
        await begin(town)
        await finish(town, reconciler_of(town))
        assert {state for _, state in (await findings(town)).values()} == {"settled"}
        assert (
            await list_findings(town.pool, prefixes=("H98",), state=None, kind=None, run_id=None, after=0, limit=10)
            == []
        )


async def test_a_dry_run_sends_nothing(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """It classifies all the same, and leaves everything to a person."""
    async with portal_town(dsn, pool, key_ring) as town:
        await deliver(town, 3)
        damage(town.sandbox.state, DamageOrder(lose=1, corrupt=1))
        await begin(town, is_dry=True)
        await finish(town, reconciler_of(town))
        assert Counter((await findings(town)).values()) == {
            ("missing_there", "parked"): 1,
            ("stale_there", "parked"): 1,
        }
        assert await town.states() == {"delivered": await pool.fetchval("SELECT count(*) FROM deliveries")}


async def test_an_interrupted_run_goes_on_where_it_stood(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """An outage in the middle concludes nothing; afterwards every dossier is compared exactly once."""
    async with portal_town(dsn, pool, key_ring) as town:
        await deliver(town, 12)
        damage(town.sandbox.state, DamageOrder(lose=1))
        run_id = await begin(town)
        settings = replace(FAST, page_size=5, concurrency=1)
        town.fault(FaultKind.SERVER_ERROR, http_status=503, skip=7, operation="TraCuuHoSo")
        assert not await reconciler_of(town, settings).work()
        [run] = await list_runs(town.pool, before=2**62, limit=1)
        assert 5 <= run.counts["compared"] <= 7
        assert run.state == "running"
        town.sandbox.faults.clear()
        await asyncio.sleep(0.4)
        await finish(town, reconciler_of(town, settings))
        [run] = await list_runs(town.pool, before=2**62, limit=1, run_id=run_id)
        assert run.counts["compared"] == 12
        assert Counter(kind for kind, _ in (await findings(town)).values()) == {"missing_there": 1}


async def test_what_is_under_way_is_not_compared_and_the_next_run_looks_at_it(
    dsn: str, pool: Any, key_ring: KeyRing
) -> None:
    """A dossier to which something is owed differs by nature; an incremental run finds it once it is delivered."""
    async with portal_town(dsn, pool, key_ring) as town:
        await deliver(town, 2)
        await begin(town)
        await finish(town, reconciler_of(town))
        await town.accept(replacement(code_of(0), note="Mới", procedure_code=town.procedure_code))
        await begin(town, RunMode.INCREMENTAL)
        reconciler = reconciler_of(town)
        assert await reconciler.work()
        await town.work_until_settled()
        await begin(town, RunMode.INCREMENTAL)
        assert await reconciler.work()
        third, second, _ = await list_runs(town.pool, before=2**62, limit=3)
        assert second.counts == {"under_way": 1, "compared": 1, "equal": 1} or second.counts == {"under_way": 1}
        assert third.counts == {"compared": 1, "equal": 1}


async def test_one_run_at_a_time_and_a_cancelled_one_ends(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """A second run of the system is not begun; cancelling frees the way."""
    async with portal_town(dsn, pool, key_ring) as town:
        runs = PostgresRuns(town.pool)
        run_id = await begin(town)
        again = await runs.begin(
            "portal", RunMode.FULL, phase=RunPhase.LISTING, is_dry=False, requested_by="x", now=CLOCK.now()
        )
        assert again is None
        async with runs.alone("portal") as first, runs.alone("portal") as second:
            assert first is not None
            assert second is None
        assert await cancel_run(town.pool, run_id, CLOCK.now())
        assert await reconciler_of(town).work()
        assert not await cancel_run(town.pool, run_id, CLOCK.now())


async def test_a_repair_of_a_cancelled_run_is_settled_by_the_next(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """What the cancelled run put into the queue is delivered; nothing stays "repairing" for ever."""
    async with portal_town(dsn, pool, key_ring) as town:
        await deliver(town, 2)
        damage(town.sandbox.state, DamageOrder(corrupt=1))
        run_id = await begin(town)
        assert not await reconciler_of(town).work()
        assert await cancel_run(town.pool, run_id, CLOCK.now())
        await town.work_until_settled()
        await begin(town)
        await finish(town, reconciler_of(town))
        assert {state for _, state in (await findings(town)).values()} == {"settled"}


async def test_runs_begin_by_the_schedule(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """A full run where there was none, then one over what changed when its interval has passed."""
    async with portal_town(dsn, pool, key_ring) as town:
        settings = replace(FAST, interval=timedelta(0), full_interval=timedelta(days=30))
        reconciler = reconciler_of(town, settings)
        await reconciler.begin_if_due()
        assert await reconciler.work()
        await reconciler.begin_if_due()
        assert await reconciler.work()
        runs = await list_runs(town.pool, before=2**62, limit=5)
        assert [(run.mode, run.requested_by) for run in runs] == [("incremental", "schedule"), ("full", "schedule")]


@pytest.mark.parametrize("fault", [{"message": "Không được phép tra cứu"}, {}])
async def test_a_record_that_the_portal_will_not_show_holds_up_no_other(
    dsn: str, pool: Any, key_ring: KeyRing, fault: dict[str, str]
) -> None:
    """Refused, or answered "busy" over and over while others are shown: counted, and nothing is concluded about it."""
    async with portal_town(dsn, pool, key_ring) as town:
        await deliver(town, 4)
        town.fault(FaultKind.BUSINESS_REJECTION, item_code=code_of(2), operation="TraCuuHoSo", **fault)
        await begin(town)
        await finish(town, reconciler_of(town))
        [run] = await list_runs(town.pool, before=2**62, limit=1)
        assert run.counts == {"compared": 3, "equal": 3, "not_shown": 1}


async def test_a_dossier_of_national_origin_is_not_missed(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """The portal's own dossier need not show in its look-up; nothing is sent for it."""
    async with portal_town(dsn, pool, key_ring) as town:
        change = replace(replacement(code_of(1), procedure_code=town.procedure_code), origin=Origin.NATIONAL_PORTAL)
        await town.accept(change)
        await pool.execute("UPDATE deliveries SET state = 'delivered'")
        await begin(town)
        await finish(town, reconciler_of(town))
        assert await findings(town) == {}
