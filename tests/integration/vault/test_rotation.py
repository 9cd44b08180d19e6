"""Rotation of the key ring: online, resumable, complete, and written down."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.clocks import SystemClock
from gateway.demo.stack import Child
from gateway.engine.acceptor import accept_batch
from gateway.engine.rewrapping import rewrap_all
from gateway.errors import GatewayError
from gateway.store.acceptance import PostgresAcceptance
from gateway.store.pool import open_pool
from gateway.store.vault import PostgresWrappedKeys, wrapped_columns
from gateway.vault.keyring import FileKeyRing, ReloadingKeyRing, load_key_ring
from gateway.vault.ring_file import read_ring
from tests.integration.process.test_commands import ROOT, run, store_of
from tests.support.changes import replacement

KNOWN = {
    "citizen_replies.wrapped_key",
    *("dossiers.wrapped_key", "early_consent_notices.wrapped_key", "inbox.wrapped_key", "questions.wrapped_key"),
    *("payment_messages.wrapped_key", "payment_requests.wrapped_key", "settlement_files.wrapped_key"),
    "account_statements.wrapped_key",
    "payment_bills.wrapped_key",
    "payment_refunds.wrapped_key",
    "payment_vouchers.wrapped_key",
    "receipt_contents.wrapped_key",
    "receipt_orders.wrapped_key",
    *("reconciliation_findings.wrapped_key", "share_consents.wrapped_key", "sign_in_flights.wrapped_key"),
    *("sign_ins.wrapped_key", "statements.wrapped_key", "subscriptions.wrapped_key"),
    *("system_states.session_wrapped_key", "technical_ids.wrapped_key"),
}


@pytest.fixture
async def settings(tmp_path: Path, dsn: str) -> Path:
    path = tmp_path / "gateway.toml"
    path.write_text(store_of(tmp_path, dsn) + "[api]\nport = 0\n")
    return path


@pytest.fixture
async def pool(dsn: str) -> AsyncIterator[Any]:
    made = await open_pool(dsn, max_size=6)
    yield made
    await made.close()


async def store(pool: Any, ring: FileKeyRing | ReloadingKeyRing, count: int, first: int = 0) -> None:
    """Store dossiers as the API does."""
    changes = [replacement(f"H99.01-{first + number}") for number in range(count)]
    for begin in range(0, count, 500):
        batch = changes[begin : begin + 500]
        await accept_batch(PostgresAcceptance(pool), batch, systems=[], key_ring=ring, clock=SystemClock())


async def key_ids(pool: Any) -> dict[str, int]:
    """Count dossiers by the key that they need."""
    usage = await PostgresWrappedKeys(pool, bytes).usage()
    return usage["dossiers.wrapped_key"]


async def every_dossier_opens(pool: Any, ring: FileKeyRing) -> int:
    """Open every document; give how many."""
    rows = await pool.fetch(
        "SELECT dossier_id, wrapped_key, sealed, r.revision FROM dossiers d JOIN dossier_revisions r USING (dossier_id)"
    )
    for row in rows:
        context = b"dossier:%d:%d" % (row["dossier_id"], row["revision"])
        assert b"999199000001" in ring.open_record_key(row["wrapped_key"]).unseal(row["sealed"], context=context)
    return len(rows)


async def test_every_column_of_every_table_that_holds_a_wrapped_key_is_rotated(pool: Any) -> None:
    """The catalogue of the database is asked, and knows what the code knows; whatever is sealed has its key beside."""
    assert KNOWN == {str(column) for column in await wrapped_columns(pool)}
    sealed = await pool.fetch(
        "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND data_type = 'bytea' "
        "AND column_name LIKE '%sealed%'"
    )
    tables = {name.partition(".")[0] for name in KNOWN}
    # A revision is sealed by the key of its dossier.
    assert {row["table_name"] for row in sealed} - tables == {"dossier_revisions"}


async def test_a_rotation_leaves_no_row_behind_and_everything_opens(settings: Path, pool: Any, tmp_path: Path) -> None:
    """Shown first, done with --yes, with lines in the audit; then the old key may go, and another rotation come."""
    ring_path = tmp_path / "ring.toml"
    await store(pool, load_key_ring(ring_path), 1200)
    status, output, errors = await run("keys", "rotate", GATEWAY_CONFIG=str(settings))
    assert (0, True) == (status, output.startswith("k2 would be made")), errors
    assert {"k1": 1200} == await key_ids(pool)

    status, output, errors = await run("keys", "rotate", "--yes", "--json", GATEWAY_CONFIG=str(settings))
    assert 0 == status, errors
    assert {"before": "k1", "active": "k2", "rewrapped": {"dossiers.wrapped_key": 1200}} == json.loads(output)
    assert {"k2": 1200} == await key_ids(pool)
    assert 1200 == await every_dossier_opens(pool, load_key_ring(ring_path))
    lines = await pool.fetch("SELECT action, stage, outcome, purpose FROM audit_lines ORDER BY position")
    assert [
        ("keys.rotated", "asked", "asked", "rotate to k2"),
        ("keys.rotated", "answered", "rotated", "rotate to k2"),
    ] == [tuple(line) for line in lines]

    status, output, errors = await run("keys", "status", "--json", GATEWAY_CONFIG=str(settings))
    facts = json.loads(output)
    assert (0, ["k1"], {"k2": 1200}) == (status, facts["retirable"], facts["tables"]["dossiers.wrapped_key"]), errors
    retired = await run("keys", "retire", "k1", "--settle", "1", "--yes", GATEWAY_CONFIG=str(settings))
    assert (0, ["k2"]) == (retired[0], sorted(read_ring(ring_path).keys)), retired
    assert 0 == (await run("audit", "verify", GATEWAY_CONFIG=str(settings)))[0]

    assert 0 == (await run("keys", "rotate", "--yes", GATEWAY_CONFIG=str(settings)))[0]
    assert {"k3": 1200} == await key_ids(pool)
    assert 1 == (await run("keys", "retire", "k3", GATEWAY_CONFIG=str(settings)))[0]


async def test_killed_in_the_middle_it_goes_on(settings: Path, pool: Any, tmp_path: Path) -> None:
    """Whatever was wrapped by which key, everything opens at every moment, and the next call finishes the same one."""
    ring_path = tmp_path / "ring.toml"
    await store(pool, load_key_ring(ring_path), 6000)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "keys", "rotate", "--yes"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=ROOT,
        env={"GATEWAY_CONFIG": str(settings), "PATH": "/usr/bin:/bin"},
    )
    async with asyncio.timeout(60):
        while "k2" not in await key_ids(pool):  # noqa: ASYNC110 - another process has no event for it
            await asyncio.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        await process.wait()
    half = await key_ids(pool)
    assert 6000 == sum(half.values())
    assert 6000 == await every_dossier_opens(pool, load_key_ring(ring_path))
    assert "k1" in half, "it was finished before it could be killed"

    status, output, errors = await run("keys", "rotate", "--yes", "--json", GATEWAY_CONFIG=str(settings))
    assert (0, "k2") == (status, json.loads(output)["active"]), errors
    assert {"k2": 6000} == await key_ids(pool)
    assert ["k1", "k2"] == sorted(read_ring(ring_path).keys)
    assert 6000 == await every_dossier_opens(pool, load_key_ring(ring_path))


async def test_a_serving_gateway_takes_the_new_key_while_it_works(settings: Path, pool: Any, tmp_path: Path) -> None:
    """No restart: the rotation waits for the process, which then wraps by the new key and says so in the log."""
    child = Child(
        "gateway",
        [sys.executable, "-m", "gateway", "serve"],
        tmp_path / "gateway.log",
        {"GATEWAY_CONFIG": str(settings)},
    )
    await child.start()
    try:
        status, _, errors = await run("keys", "rotate", "--yes", GATEWAY_CONFIG=str(settings))
        assert 0 == status, errors
        async with asyncio.timeout(20):
            while True:
                facts = json.loads((await run("keys", "status", "--json", GATEWAY_CONFIG=str(settings)))[1])
                if [("k2", True)] == [(one["active"], one["is_current"]) for one in facts["processes"]]:
                    break
                await asyncio.sleep(0.2)
    finally:
        await child.stop()
    log = [json.loads(line) for line in (tmp_path / "gateway.log").read_text().splitlines() if line.startswith("{")]
    assert "k2" == [line["active"] for line in log if line["event"] == "key_ring.reloaded"][-1]


async def test_a_process_that_does_not_take_the_key_holds_the_rotation(
    settings: Path, pool: Any, tmp_path: Path
) -> None:
    """A host whose file was not changed is named; nothing is wrapped by a key that it could not open."""
    await store(pool, load_key_ring(tmp_path / "ring.toml"), 10)
    await pool.execute(
        "INSERT INTO key_ring_readers VALUES "
        "(gen_random_uuid(), 'elsewhere', 7, 'all', '{k1:000000000000}', 'k1', '', now())"
    )
    status, _, errors = await run("keys", "rotate", "--yes", "--wait", "0", GATEWAY_CONFIG=str(settings))
    assert (2, True) == (status, "elsewhere process 7" in errors), errors
    assert ({"k1": 10}, "k2") == (await key_ids(pool), read_ring(tmp_path / "ring.toml").next)

    await pool.execute("UPDATE key_ring_readers SET seen_at = now() - interval '1 hour'")
    assert 0 == (await run("keys", "rotate", "--yes", GATEWAY_CONFIG=str(settings)))[0]
    assert {"k2": 10} == await key_ids(pool)


async def test_dossiers_are_stored_all_through_a_walk(pool: Any) -> None:
    """Rivals that write and rows that somebody holds cost another walk, and nothing else."""
    old, keys = FileKeyRing({"k1": b"1" * 32}, "k1"), {"k1": b"1" * 32, "k2": b"2" * 32}
    new = FileKeyRing(keys, "k2")
    await store(pool, old, 1500)
    held = await pool.acquire()
    transaction = held.transaction()
    await transaction.start()
    await held.execute("SELECT 1 FROM dossiers WHERE code = 'H99.01-7' FOR UPDATE")

    async def let_go() -> None:
        nonlocal held
        if held is not None:
            assert {"k1": 1} == {name: n for name, n in (await key_ids(pool)).items() if name == "k1"}
            await transaction.commit()
            await pool.release(held)
            held = None

    walking = rewrap_all(PostgresWrappedKeys(pool, new.rewrap), "k2", tell=lambda *_: None, pause=let_go)
    done, _ = await asyncio.gather(walking, store(pool, new, 1500, first=5000))

    assert 1500 == done.rows_count
    assert {"k2": 3000} == await key_ids(pool)
    assert 3000 == await every_dossier_opens(pool, new)


async def test_a_row_of_an_unknown_key_stops_the_walk(pool: Any) -> None:
    """It is an integrity failure: nothing of its page is changed."""
    await store(pool, FileKeyRing({"k0": b"0" * 32}, "k0"), 3)
    new = FileKeyRing({"k1": b"1" * 32}, "k1")

    async def pause() -> None: ...

    with pytest.raises(GatewayError, match="no key for a record"):
        await rewrap_all(PostgresWrappedKeys(pool, new.rewrap), "k1", tell=lambda *_: None, pause=pause)
    assert {"k0": 3} == await key_ids(pool)


async def test_a_ring_with_another_digest_key_does_not_start(settings: Path, pool: Any, tmp_path: Path) -> None:
    """Its digests would find nobody in this database, and its audit would look forged."""
    await pool.execute("INSERT INTO key_ring_digest (proof) VALUES ('another')")

    status, _, errors = await run("keys", "rotate", "--yes", GATEWAY_CONFIG=str(settings))

    assert (2, True) == (status, "digest_key" in errors), errors
