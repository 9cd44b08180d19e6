"""Leases, fencing and the nothing-lost equation on the real database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from gateway.clocks import SystemClock
from gateway.engine.acceptor import accept_batch
from gateway.model.delivery import DeliveryKind, DeliveryState
from gateway.ports.basics import KeyRing
from gateway.ports.store import LaneResult, LeasedLane
from gateway.store.acceptance import PostgresAcceptance
from gateway.store.ledger import compact_ledger, queue_facts
from gateway.store.outbox import PostgresOutbox, WorkerPresence
from tests.support.changes import replacement, step

CLOCK = SystemClock()


@asynccontextmanager
async def worker(dsn: str, pool: Any, lease_seconds: float = 60.0) -> AsyncIterator[PostgresOutbox]:
    presence = WorkerPresence(dsn)
    try:
        yield PostgresOutbox(pool, presence, lease_seconds=lease_seconds, grace_seconds=0.05, clock=CLOCK)
    finally:
        await presence.close()


async def accept(pool: Any, key_ring: KeyRing, *changes: Any) -> None:
    await accept_batch(PostgresAcceptance(pool), changes, systems=["portal"], key_ring=key_ring, clock=CLOCK)


async def lease(outbox: PostgresOutbox, limit: int = 100) -> list[LeasedLane]:
    async with outbox.transaction() as transaction:
        return list(await transaction.lease("portal", limit))


def delivered(leased: LeasedLane) -> LaneResult:
    done = tuple(replace(delivery, state=DeliveryState.DELIVERED) for delivery in leased.lane.deliveries)
    return LaneResult(leased, replace(leased.lane, deliveries=done, due_at=None), done, [])


async def settle(outbox: PostgresOutbox, *results: LaneResult) -> list[int]:
    async with outbox.transaction() as transaction:
        return list(await transaction.settle(results, CLOCK.now()))


async def test_two_workers_never_hold_the_same_lane(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """Whatever is leased by one is skipped by the other, also when both ask at the same moment."""
    await accept(pool, key_ring, *(replacement(f"H99.01-{n:03}") for n in range(60)))

    async with worker(dsn, pool) as first, worker(dsn, pool) as second:
        leases = await asyncio.gather(*(lease(outbox, 10) for outbox in (first, second) for _ in range(3)))

    ids = [leased.lane.dossier_id for batch in leases for leased in batch]
    assert 60 == len(ids) == len(set(ids))


async def test_a_leased_lane_comes_with_its_deliveries_in_order(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """A moving step owes its snapshot first; everything open of the dossier is there, in order."""
    await accept(pool, key_ring, replacement("H99.01-1"), step("H99.01-1", minutes=30))

    async with worker(dsn, pool) as outbox:
        (leased,) = await lease(outbox)

    assert [
        (1, 0, DeliveryKind.SNAPSHOT),
        (2, 0, DeliveryKind.SNAPSHOT),
        (2, 1, DeliveryKind.STEP),
    ] == [(delivery.revision, delivery.ordinal, delivery.kind) for delivery in leased.lane.deliveries]


async def test_a_result_under_a_lost_lease_changes_nothing(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """The token fences: whoever was too slow is told so, and what the new holder knows stays."""
    await accept(pool, key_ring, replacement("H99.01-1"))
    async with worker(dsn, pool, lease_seconds=0.05) as slow, worker(dsn, pool) as quick:
        (lost,) = await lease(slow)
        await asyncio.sleep(0.1)
        (held,) = await lease(quick)

        assert [] == await settle(slow, delivered(lost))
        assert ["waiting"] == [row["state"] for row in await pool.fetch("SELECT state FROM deliveries")]
        assert [held.lane.dossier_id] == await settle(quick, delivered(held))
    assert ["delivered"] == [row["state"] for row in await pool.fetch("SELECT state FROM deliveries")]


async def test_a_dead_workers_lanes_are_free_at_once(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """The lease of a worker whose connection is gone ends without waiting for its time."""
    await accept(pool, key_ring, replacement("H99.01-1"))
    async with worker(dsn, pool) as outlives:
        async with worker(dsn, pool) as dies:
            assert 1 == len(await lease(dies))
            assert 0 == await outlives.release_leases_of_dead_workers()
            assert [] == await lease(outlives)
        # The server drops the lock a moment after the connection; then comes the grace.
        async with asyncio.timeout(5):
            while not (leased := await lease(outlives)):
                await outlives.release_leases_of_dead_workers()
                await asyncio.sleep(0.02)
        assert 1 == len(leased)


async def test_a_living_worker_keeps_its_lanes_when_its_connection_breaks(
    dsn: str, pool: Any, key_ring: KeyRing
) -> None:
    """A worker whose presence is cut comes back under its number; nobody takes what it is working on."""
    await accept(pool, key_ring, replacement("H99.01-1"))
    async with worker(dsn, pool) as lives, worker(dsn, pool) as other:
        (leased,) = await lease(lives)
        await pool.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = 7201002 "
            "AND objid = (SELECT lease_holder FROM lanes)"
        )
        await asyncio.sleep(0.1)
        await lives.release_leases_of_dead_workers()
        assert 0 == await other.release_leases_of_dead_workers()
        await asyncio.sleep(0.2)
        assert [] == await lease(other)
        assert [leased.lane.dossier_id] == await settle(lives, delivered(leased))


async def test_a_call_is_not_made_under_a_lease_that_ended(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """Renewing just before the call tells whoever waited too long that the lane is another's; a held one lasts on."""
    await accept(pool, key_ring, replacement("H99.01-1"), replacement("H99.01-2"))
    async with worker(dsn, pool, lease_seconds=0.3) as slow, worker(dsn, pool) as quick:
        lost, held = await lease(slow)
        await pool.execute("UPDATE lanes SET lease_until = now() WHERE dossier_id = $1", lost.lane.dossier_id)
        assert 1 == len(await lease(quick, 1))
        async with slow.transaction() as transaction:
            assert [held.lane.dossier_id] == list(await transaction.extend([lost, held]))


async def test_settling_and_accepting_in_opposite_orders_never_lock_each_other(
    dsn: str, pool: Any, key_ring: KeyRing
) -> None:
    """Batches over the same dossiers, in any order, from both sides, all go through."""
    codes = [f"H99.01-{n:02}" for n in range(12)]
    await accept(pool, key_ring, *(replacement(code) for code in codes))
    async with worker(dsn, pool) as outbox:
        for turn in range(10):
            leases = await lease(outbox)
            rounds = [
                accept(pool, key_ring, *(step(code, minutes=turn * 10 + side) for code in order))
                for side, order in enumerate((codes, codes[::-1]))
            ]
            await asyncio.gather(settle(outbox, *(delivered(leased) for leased in leases[::-1])), *rounds)


async def test_what_is_accepted_during_a_lease_is_not_forgotten(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """A lane settled as idle is due again when something came in meanwhile."""
    await accept(pool, key_ring, replacement("H99.01-1"))
    async with worker(dsn, pool) as outbox:
        (leased,) = await lease(outbox)
        await accept(pool, key_ring, step("H99.01-1", minutes=30))
        await settle(outbox, delivered(leased))

        (again,) = await lease(outbox)

    assert [2, 2] == [delivery.revision for delivery in again.lane.deliveries]


async def test_the_equation_balances_and_can_fail(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """Both sides agree through accepting, delivering and folding the ledger; a lost row shows as a difference."""
    await accept(pool, key_ring, *(replacement(f"H99.01-{n}") for n in range(3)))
    async with worker(dsn, pool) as outbox:
        first, *_ = await lease(outbox)
        await settle(outbox, delivered(first))
    await compact_ledger(pool)

    balance = (await queue_facts(pool))["portal"].balance
    assert (3, 1, 2, 0) == (balance.accepted, balance.delivered, balance.waiting, balance.difference)

    await pool.execute(
        "DELETE FROM deliveries WHERE state = 'waiting' AND dossier_id = (SELECT max(dossier_id) FROM dossiers)"
    )
    assert 1 == (await queue_facts(pool))["portal"].balance.difference


async def test_folding_the_ledger_keeps_its_sums(pool: Any, key_ring: KeyRing) -> None:
    """Thousands of lines become a few, and nothing changes in the equation."""
    await accept(pool, key_ring, replacement("H99.01-1"))
    await pool.execute(
        "INSERT INTO delivery_ledger (system, accepted, delivered, skipped) "
        "SELECT 'portal', 2, 1, 1 FROM generate_series(1, 3000)"
    )
    before = (await queue_facts(pool))["portal"].balance
    await compact_ledger(pool)

    assert before == (await queue_facts(pool))["portal"].balance
    assert 1 == await pool.fetchval("SELECT count(*) FROM delivery_ledger")
