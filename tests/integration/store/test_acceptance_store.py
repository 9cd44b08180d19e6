"""Accepting on the real database: races, order of events, rows as they must be."""

import asyncio
from typing import Any

import msgspec
import pytest

from gateway.clocks import SystemClock
from gateway.engine.acceptor import Acceptor, Receipt, accept_batch, revision_context
from gateway.errors import StoreUnavailable
from gateway.model.dossier import Dossier
from gateway.ports.basics import KeyRing
from gateway.store.acceptance import PostgresAcceptance
from gateway.sync.acceptance import Outcome
from tests.support.changes import replacement, step

CLOCK = SystemClock()


async def accept(pool: Any, key_ring: KeyRing, *changes: Any) -> list[Receipt]:
    return await accept_batch(PostgresAcceptance(pool), changes, systems=["portal"], key_ring=key_ring, clock=CLOCK)


async def test_rivals_create_a_dossier_once(pool: Any, key_ring: KeyRing) -> None:
    """Many batches that create the same dossiers at the same moment end with one creation each, nothing failing."""
    codes = [f"H99.01-{n}" for n in range(5)]
    batches = await asyncio.gather(
        *(
            accept(pool, key_ring, *(replacement(code, note=f"{rival}") for code in codes[:: 1 if rival % 2 else -1]))
            for rival in range(6)
        )
    )

    outcomes = [receipt.outcome for receipts in batches for receipt in receipts]
    assert 5 == outcomes.count(Outcome.CREATED)
    assert 25 == outcomes.count(Outcome.REPLACED)
    assert [6] * 5 == [row["revision"] for row in await pool.fetch("SELECT revision FROM dossiers")]
    assert 30 == await pool.fetchval("SELECT count(*) FROM deliveries")


async def test_a_key_used_by_rivals_takes_effect_once(pool: Any, key_ring: KeyRing) -> None:
    """The same step with the same key from many processes is one step; everybody gets the same receipt."""
    await accept(pool, key_ring, replacement("H99.01-1"))
    batches = await asyncio.gather(*(accept(pool, key_ring, step("H99.01-1", minutes=5, key="k")) for _ in range(6)))

    receipts = [receipt for receipts in batches for receipt in receipts]
    assert {(Outcome.PROGRESSED, 2)} == {(receipt.outcome, receipt.revision) for receipt in receipts}
    assert 5 == sum(receipt.is_replayed for receipt in receipts)
    assert 2 == await pool.fetchval("SELECT revision FROM dossiers")


async def test_event_ids_appear_in_order(pool: Any, key_ring: KeyRing) -> None:
    """A reader that pages by id while many write never finds a smaller id later."""
    seen: list[int] = []
    is_done = asyncio.Event()

    async def read() -> None:
        while not is_done.is_set():
            after = seen[-1] if seen else 0
            rows = await pool.fetch("SELECT event_id FROM events WHERE event_id > $1 ORDER BY event_id", after)
            seen.extend(row["event_id"] for row in rows)
            await asyncio.sleep(0)

    reader = asyncio.create_task(read())
    await asyncio.gather(
        *(accept(pool, key_ring, *(replacement(f"H99.01-{writer}-{n}") for n in range(10))) for writer in range(20))
    )
    await asyncio.sleep(0.05)
    is_done.set()
    await reader

    assert [row["event_id"] for row in await pool.fetch("SELECT event_id FROM events ORDER BY event_id")] == seen


async def test_content_is_sealed_and_comes_back(pool: Any, key_ring: KeyRing) -> None:
    """No page of the table holds a person's data in clear; the record's key opens the revision."""
    change = replacement("H99.01-1")
    await accept(pool, key_ring, change)

    row = await pool.fetchrow(
        "SELECT d.*, r.sealed FROM dossiers d JOIN dossier_revisions r USING (dossier_id, revision)"
    )
    in_clear = msgspec.json.encode({name: str(value) for name, value in row.items()})
    assert "Mẫu".encode() not in in_clear
    assert "Mẫu".encode() not in row["sealed"]
    key = key_ring.open_record_key(row["wrapped_key"])
    plain = key.unseal(row["sealed"], context=revision_context(row["dossier_id"], 1))
    assert change.body == msgspec.json.decode(plain, type=Dossier)


async def test_replacement_after_step_in_one_batch_leaves_one_row_right(pool: Any, key_ring: KeyRing) -> None:
    """The dossier's row ends as the last change of the batch left it, whatever kinds came before."""
    await accept(pool, key_ring, replacement("H99.01-1"))
    receipts = await accept(
        pool,
        key_ring,
        step("H99.01-1", minutes=5),
        replacement("H99.01-1", note="a"),
        step("H99.01-1", minutes=60, status="completed"),
    )

    row = await pool.fetchrow("SELECT status, revision, document_revision FROM dossiers")
    assert ("completed", 4, 3) == (row["status"], row["revision"], row["document_revision"])
    assert [2, 3, 4] == [receipt.revision for receipt in receipts]


async def test_a_database_that_goes_away_refuses_and_comes_back(pool: Any, key_ring: KeyRing) -> None:
    """While connections are cut nothing is accepted silently; afterwards the same changes are taken once."""
    acceptor = Acceptor(PostgresAcceptance(pool), systems=["portal"], key_ring=key_ring, clock=CLOCK)
    acceptor.start()
    refused = 0
    try:
        for n in range(30):
            if n % 5 == 2:
                await pool.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            for _ in range(20):
                try:
                    await acceptor.submit(replacement(f"H99.01-{n}", key=f"k{n}"))
                    break
                except StoreUnavailable:
                    refused += 1
            else:
                pytest.fail("the database never comes back")
    finally:
        await acceptor.close()

    assert 30 == await pool.fetchval("SELECT count(*) FROM dossiers")
    assert 30 == await pool.fetchval("SELECT count(*) FROM deliveries")
