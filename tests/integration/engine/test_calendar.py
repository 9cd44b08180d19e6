"""The worker and a closed portal: held without a trace while it is closed, released gently after, nothing lost."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from gateway.clocks import SystemClock
from gateway.engine.calls import pack
from gateway.engine.gates import SystemGate
from gateway.errors import InvalidInput
from gateway.operating import status
from gateway.ports.basics import KeyRing
from gateway.ports.observing import CallEnded, CircuitMoved
from gateway.store.gates import PostgresGates, announce_outage, pause_system, remove_outage, resume_system
from gateway.sync.calendar import read_hours
from gateway.sync.release import ReleasePolicy
from tests.support.changes import replacement
from tests.support.clocks import RunningClock, StillClock
from tests.support.town import CLOCK, PortalTown, portal_town

WHO = "operator"
ONE_AT_A_TIME = {"max_dossiers_per_call": 1}


@asynccontextmanager
async def town_with(dsn: str, pool: Any, key_ring: KeyRing, **options: Any) -> AsyncIterator[PortalTown]:
    async with portal_town(dsn, pool, key_ring, **options) as town:
        town.happenings.clear()
        yield town


async def submit(town: PortalTown, count: int) -> list[str]:
    codes = [f"H99.01-260105-{number:05}" for number in range(1, count + 1)]
    await town.accept(*(replacement(code, procedure_code=town.procedure_code) for code in codes))
    return codes


async def untouched(town: PortalTown, count: int) -> bool:
    """Nothing was claimed, counted or called, and the circuit is as it was."""
    rows = await town.pool.fetch(
        "SELECT state, attempts_count, lease_token, l.failures_count FROM deliveries d JOIN lanes l USING (dossier_id)"
    )
    system = await town.pool.fetchrow("SELECT circuit_state, circuit_failures FROM system_states")
    return (
        [("waiting", 0, None, 0)] * count == [tuple(row) for row in rows]
        and ("closed", 0) == tuple(system)
        and not [one for one in town.happenings if isinstance(one, CallEnded | CircuitMoved)]
    )


async def work(town: PortalTown, cycles: int = 5) -> None:
    for _ in range(cycles):
        await town.worker.cycle()


async def test_an_announced_outage_holds_and_its_end_releases(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """During an outage nothing is claimed, no attempt is counted, the circuit rests; after it everything arrives."""
    async with town_with(dsn, pool, key_ring) as town:
        now = CLOCK.now()
        line, is_new = await announce_outage(
            pool, "portal", starts_at=now, ends_at=now + timedelta(hours=1), note="bảo trì", who=WHO, now=now
        )
        assert is_new
        codes = await submit(town, 5)
        await work(town)
        assert await untouched(town, 5)

        assert await remove_outage(pool, "portal", line.outage_id, who=WHO, now=CLOCK.now()) is not None
        assert {"delivered": 5} == await town.work_until_settled()
        assert [1] * 5 == [town.sandbox.dossier(code).create_count for code in codes]  # type: ignore[union-attr]
        assert 0 == (await status(dsn))["systems"]["portal"]["difference"]
        events = await pool.fetch("SELECT type, data->>'by' AS who FROM events WHERE type LIKE 'system.%'")
        assert [("system.outage_announced", WHO), ("system.outage_removed", WHO)] == [tuple(row) for row in events]


async def test_opening_hours_hold_and_release(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """Outside the opening hours nothing is sent; the first minute inside them everything may be."""
    clock = RunningClock()
    clock.set(SystemClock().now())
    hours = read_hours(["sun 07:00-07:01"])
    async with town_with(dsn, pool, key_ring, hours=hours, worker_clock=clock) as town:
        await submit(town, 3)
        monday = clock.now() + timedelta(days=(7 - clock.now().weekday()) % 7)
        clock.set(monday.replace(hour=12))
        await work(town)
        assert await untouched(town, 3)

        # Sunday 07:00 in Vietnam is midnight between Saturday and Sunday in UTC.
        clock.set((monday + timedelta(days=6)).replace(hour=0, minute=0, second=30))
        assert {"delivered": 3} == await town.work_until_settled()


async def test_a_pause_holds_until_it_is_resumed(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """An operator's pause holds everything; a look beforehand changes nothing."""
    async with town_with(dsn, pool, key_ring) as town:
        looked = await pause_system(pool, "portal", who=WHO, reason="drill", now=CLOCK.now(), is_dry_run=True)
        assert looked.paused_at is None
        await pause_system(pool, "portal", who=WHO, reason="drill", now=CLOCK.now(), is_dry_run=False)
        await submit(town, 3)
        await work(town)
        assert await untouched(town, 3)

        paused = await resume_system(pool, "portal", who=WHO, now=CLOCK.now(), is_dry_run=True)
        assert ("drill", WHO) == (paused.reason, paused.paused_by)
        assert 0 == await town.worker.cycle()
        await resume_system(pool, "portal", who=WHO, now=CLOCK.now(), is_dry_run=False)
        assert {"delivered": 3} == await town.work_until_settled()


async def test_after_an_opening_calls_grow_with_the_ramp(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """A crowd that waited goes out in a growing stream: one call at the opening, more each minute, all in the end."""
    clock = RunningClock()
    clock.set(SystemClock().now())
    release = ReleasePolicy(ramp_minutes=4, ramp_first_share=0.05, ramp_calls_per_second=0.5)
    async with town_with(dsn, pool, key_ring, worker_clock=clock, release=release, settings=ONE_AT_A_TIME) as town:
        now = clock.now()
        await announce_outage(
            pool, "portal", starts_at=now, ends_at=now + timedelta(hours=1), note="", who=WHO, now=now
        )
        await submit(town, 60)
        await work(town)
        assert await untouched(town, 60)

        clock.move(3_600)
        sent = await _calls_per_minute(town, clock, minutes=5)
        assert sent[0] <= 7
        assert sent[:4] == sorted(sent[:4])
        assert sent[3] > 2 * sent[0]
        assert {"delivered": 60} == await town.work_until_settled()
        assert 0 == (await status(dsn))["systems"]["portal"]["difference"]


async def _calls_per_minute(town: PortalTown, clock: RunningClock, *, minutes: int) -> Sequence[int]:
    """Let the worker work while simulated minutes pass; give the calls of each."""
    counts = []
    for _ in range(minutes):
        before = _made(town)
        for _ in range(30):
            await town.worker.cycle()
            clock.move(2)
        counts.append(_made(town) - before)
    return counts


def _made(town: PortalTown) -> int:
    return len([one for one in town.happenings if isinstance(one, CallEnded)])


async def test_the_rate_is_kept_in_ordinary_life(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """With a rate of two calls a second, no second of any length sees more than its share and one burst."""
    clock = RunningClock()
    clock.set(SystemClock().now())
    release = ReleasePolicy(ramp_minutes=0, calls_per_second=2.0)
    async with town_with(dsn, pool, key_ring, worker_clock=clock, release=release, settings=ONE_AT_A_TIME) as town:
        await submit(town, 12)
        await work(town, 10)
        assert _made(town) <= 2
        for _ in range(5):
            clock.move(1)
            await work(town, 4)
        assert 10 <= _made(town) <= 12


async def test_a_slow_rate_still_fills_its_calls(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """The rate counts calls: a crowd goes out in few of them, with many dossiers each, and each waits its turn."""
    clock = RunningClock()
    clock.set(SystemClock().now())
    began_at = clock.now()

    async def sleep(seconds: float) -> None:
        clock.move(seconds)

    release = ReleasePolicy(ramp_minutes=0, calls_per_second=2.0)
    async with town_with(dsn, pool, key_ring, worker_clock=clock, release=release, sleep=sleep) as town:
        await submit(town, 60)
        async with asyncio.timeout(20):
            while (await town.states()).get("delivered") != 60:
                if await town.worker.cycle() == 0:
                    clock.move(0.5)
        assert _made(town) <= 8
        assert _made(town) <= 1 + 2 * (clock.now() - began_at).total_seconds()


async def test_all_processes_share_one_bucket(pool: Any) -> None:
    """Whoever asks first gets the call; four gates together make no more calls than one would."""
    clock = StillClock()

    class Waits(Exception):
        pass

    async def sleep(_: float) -> None:
        raise Waits

    policy = ReleasePolicy(ramp_minutes=0, calls_per_second=5.0)
    gates = [SystemGate(PostgresGates(pool), "portal", policy=policy, clock=clock, sleep=sleep) for _ in range(4)]

    async def rush() -> int:
        ends = await asyncio.gather(*(gate.turn() for gate in gates for _ in range(5)), return_exceptions=True)
        assert {type(end) for end in ends} <= {type(None), Waits}
        return ends.count(None)

    assert 1 == await rush()
    clock.move(1)
    assert 5 == await rush()
    clock.move(3600)
    assert 5 == await rush()


async def test_a_system_that_closes_between_claim_and_call(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """What was claimed just before the closing is put back uncounted, and arrives after the opening."""
    async with town_with(dsn, pool, key_ring) as town:
        await submit(town, 1)
        async with town.worker._outbox.transaction() as transaction:
            lanes = await transaction.lease("portal", 10)
            items, _ = await town.worker._begin(transaction, lanes)
        await pause_system(pool, "portal", who=WHO, reason="drill", now=CLOCK.now(), is_dry_run=False)
        for call in pack(items, town.portal.limits):
            await town.worker._perform(call)
        assert await untouched(town, 1)
        await resume_system(pool, "portal", who=WHO, now=CLOCK.now(), is_dry_run=False)
        assert {"delivered": 1} == await town.work_until_settled()


@pytest.mark.parametrize(
    ("start", "end", "fields"),
    [
        (2, 1, ["/ends_at"]),
        (-3, -1, ["/ends_at"]),
        (0, 24 * 93, ["/ends_at"]),
        (24 * 800, 24 * 801, ["/starts_at"]),
    ],
)
async def test_bad_outages_are_refused(pool: Any, start: int, end: int, fields: list[str]) -> None:
    """An empty, past, endless or far stretch is refused with its field, and nothing is stored."""
    now = CLOCK.now()
    with pytest.raises(InvalidInput) as error:
        await announce_outage(
            pool,
            "portal",
            starts_at=now + timedelta(hours=start),
            ends_at=now + timedelta(hours=end),
            note="",
            who=WHO,
            now=now,
        )
    assert fields == [fault.field for fault in error.value.faults]
    assert 0 == await pool.fetchval("SELECT count(*) FROM outages")
