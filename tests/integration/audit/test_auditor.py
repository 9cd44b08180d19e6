"""Appending: gathered, gap-free from many processes, and nothing acknowledged that is not there."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from gateway.engine.audit_check import verify_stored
from gateway.errors import InvalidInput, StoreUnavailable
from gateway.model.audit import Outcome
from gateway.ports.observing import AlertRaised, AuditCheckpointed
from gateway.store.audit import PostgresAudit
from gateway.store.pool import open_pool
from gateway.vault.keyring import FileKeyRing
from tests.support.audit import FOUND, LOOK, Heard, checkpointer, found, running_auditor, tamper, write_lines
from tests.support.clocks import StillClock

ROOT = Path(__file__).parents[3]
WRITER = """
import asyncio, sys
from gateway.clocks import SystemClock
from gateway.store.audit import PostgresAudit
from gateway.store.pool import open_pool
from tests.support.audit import FOUND, LOOK, running_auditor
from tests.support.keys import make_key_ring

async def main(dsn):
    pool = await open_pool(dsn, max_size=4)
    async with running_auditor(PostgresAudit(pool), make_key_ring(), SystemClock(), max_batch_count=7) as auditor:
        async def write():
            for _ in range(1000):
                await auditor.note(LOOK, FOUND)
                print("kept", flush=True)
        await asyncio.gather(*(write() for _ in range(16)))

asyncio.run(main(sys.argv[1]))
"""


async def test_many_processes_leave_no_gap(dsn: str, key_ring: FileKeyRing, clock: StillClock) -> None:
    """Auditors on pools of their own share one chain: every line stands in it once, at its own place."""
    pools = [await open_pool(dsn, max_size=4) for _ in range(3)]

    async def write(pool: Any) -> None:
        async with running_auditor(PostgresAudit(pool), key_ring, clock, max_batch_count=9) as auditor:
            await asyncio.gather(*(auditor.note(LOOK, FOUND) for _ in range(200)))

    await asyncio.gather(*(write(pool) for pool in pools))

    assert [] == await found(pools[0], key_ring)
    [page] = [page async for page in PostgresAudit(pools[0]).chain(0)]
    assert list(range(1, 601)) == [line.position for line in page]
    assert 600 == len({line.line.line_id for line in page})
    for pool in pools:
        await pool.close()


async def test_a_killed_process_loses_only_what_it_had_not_acknowledged(
    pool: Any, dsn: str, key_ring: FileKeyRing
) -> None:
    """Whatever kill -9 meets, acknowledged lines are there and the chain is whole."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "ignore", "-c", WRITER, dsn), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    kept = 0
    async with asyncio.timeout(60):
        while kept < 300:
            assert b"kept\n" == await process.stdout.readline()
            kept += 1
        process.kill()
        kept += (await process.stdout.read()).count(b"kept\n")
        await process.wait()

    stored = await PostgresAudit(pool).head()
    assert stored is not None
    assert kept <= stored.head.position
    assert [] == await found(pool, key_ring)


async def test_a_chain_that_grows_meanwhile_is_whole(pool: Any, key_ring: FileKeyRing, clock: StillClock) -> None:
    """What is appended while somebody verifies is no finding."""
    await write_lines(pool, key_ring, clock, 3)

    class Growing(PostgresAudit):
        async def chain(self, after: int, **bounds: Any) -> Any:
            await write_lines(pool, key_ring, clock, 2)
            async for page in super().chain(after, **bounds):
                yield page
            await write_lines(pool, key_ring, clock, 2)

    report = await verify_stored(Growing(pool), key_ring=key_ring, verifier=None)

    assert [] == report.findings
    assert 7 <= report.lines_count


async def test_lines_that_wait_share_a_commit(pool: Any, key_ring: FileKeyRing, clock: StillClock) -> None:
    """A hundred lines at once need a few commits, not a hundred."""
    commits = 0

    class Counting(PostgresAudit):
        def appending(self) -> Any:
            nonlocal commits
            commits += 1
            return super().appending()

    async with running_auditor(Counting(pool), key_ring, clock) as auditor:
        await asyncio.gather(*(auditor.note(LOOK, FOUND) for _ in range(100)))

    assert commits <= 2


async def test_a_look_leaves_a_line_before_and_one_after(pool: Any, key_ring: FileKeyRing, clock: StillClock) -> None:
    """Both are tied together, the second says what was let out and how long it took."""
    async with running_auditor(PostgresAudit(pool), key_ring, clock) as auditor:
        look = await auditor.ask(LOOK, request_id="M-1")
        clock.move(0.25)
        await auditor.answer(look, FOUND)

    [[asked, answered]] = [page async for page in PostgresAudit(pool).chain(0)]
    assert ("asked", "asked", "M-1", (), None) == (
        *(asked.line.stage, asked.line.outcome, asked.line.request_id),
        *(asked.line.fields_released, asked.line.latency_ms),
    )
    assert ("answered", "found", ("HoVaTen",), 250) == (
        *(answered.line.stage, answered.line.outcome, answered.line.fields_released),
        answered.line.latency_ms,
    )
    assert asked.line.correlation_id == answered.line.correlation_id == look.correlation_id


@pytest.mark.parametrize("officer", ["999199000001", "999 199 000 001", "999199000", "cán bộ 999199000001"])
async def test_an_officer_named_by_a_citizens_number_is_a_digest(
    pool: Any, key_ring: FileKeyRing, clock: StillClock, officer: str
) -> None:
    """The number itself is stored nowhere."""
    from dataclasses import replace

    async with running_auditor(PostgresAudit(pool), key_ring, clock) as auditor:
        await auditor.note(replace(LOOK, officer=officer), FOUND)

    [[line]] = [page async for page in PostgresAudit(pool).chain(0)]
    assert line.line.officer.startswith("digest:")
    assert "999" not in line.line.officer.removeprefix("digest:") or "999199000" not in line.line.officer


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"purpose": "for 999199000001"}, "purpose"),
        ({"legal_basis": "x" * 201}, "legal_basis"),
        ({"client_id": "a\x00"}, "client_id"),
        ({"fields_requested": ("Nguyễn Thị Mẫu",)}, "fields_requested/0"),
        ({"subject_digest": b"999199000001"}, "subject_digest"),
    ],
)
async def test_what_no_line_may_hold_is_refused(
    pool: Any, key_ring: FileKeyRing, clock: StillClock, change: dict[str, Any], field: str
) -> None:
    """A number, a value in place of a field's name, control characters: nothing of it is stored."""
    from dataclasses import replace

    async with running_auditor(PostgresAudit(pool), key_ring, clock) as auditor:
        with pytest.raises(InvalidInput) as refused:
            await auditor.note(replace(LOOK, **change), FOUND)

    assert [field] == [fault.field for fault in refused.value.faults]
    assert await PostgresAudit(pool).head() is None


async def test_without_a_store_nothing_is_acknowledged(dsn: str, key_ring: FileKeyRing, clock: StillClock) -> None:
    """Who cannot be written down must not look; once closed, an auditor takes nothing more."""
    pool = await open_pool(dsn, max_size=2)
    async with running_auditor(PostgresAudit(pool), key_ring, clock) as auditor:
        await pool.close()
        with pytest.raises(StoreUnavailable):
            await auditor.ask(LOOK)
    with pytest.raises(StoreUnavailable):
        await auditor.note(LOOK, Outcome(outcome="read"))


async def test_an_end_that_moves_back_raises_an_alert(pool: Any, key_ring: FileKeyRing, clock: StillClock) -> None:
    """A process notices that lines which it wrote are gone, the end with them, and says so."""
    heard = Heard()
    await write_lines(pool, key_ring, clock, 2)
    async with pool.acquire() as connection:
        await connection.execute("CREATE TABLE kept_head AS SELECT * FROM audit_head")
    async with running_auditor(PostgresAudit(pool), key_ring, clock, observer=heard) as auditor:
        await auditor.note(LOOK, FOUND)
        await tamper(
            pool,
            "DELETE FROM audit_lines WHERE position = 3",
            "UPDATE audit_head SET position = k.position, digest = k.digest, mac = k.mac FROM kept_head k",
        )
        await auditor.note(LOOK, FOUND)

    assert [AlertRaised(system="gateway", name="audit_head_moved_back")] == heard.happenings


async def test_checkpoints_come_by_time_and_by_count(pool: Any, key_ring: FileKeyRing, clock: StillClock) -> None:
    """One a minute while there are new lines, one for so many lines, none when nothing is new."""
    from gateway.engine.audit import Checkpointer, CheckpointPolicy

    heard = Heard()
    maker = Checkpointer(
        PostgresAudit(pool),
        key_ring=key_ring,
        clock=clock,
        observer=heard,
        policy=CheckpointPolicy(lines_count=5),
    )
    made = []
    for count, seconds in ((0, 0), (2, 0), (2, 30), (0, 30), (0, 60), (6, 1), (0, 1)):
        await write_lines(pool, key_ring, clock, count)
        clock.move(seconds)
        before = len(heard.happenings)
        await maker.turn()
        made.append(len(heard.happenings) > before)

    assert [False, True, False, True, False, True, False] == made
    assert all(isinstance(one, AuditCheckpointed) for one in heard.happenings)


async def open_ended(store: PostgresAudit, digest: bytes) -> Any:
    """Give the looks at somebody of all time."""
    return await store.accesses_of([digest], None, None, before=None, limit=9)


async def test_who_looked_at_a_citizen(pool: Any, key_ring: FileKeyRing, clock: StillClock) -> None:
    """Looks at any of somebody's numbers, newest first, in pages, and of nobody else."""
    from dataclasses import replace
    from datetime import timedelta

    async with running_auditor(PostgresAudit(pool), key_ring, clock) as auditor:
        for number in (b"a", b"b", b"c", b"a"):
            await auditor.note(replace(LOOK, subject_digest=number * 32), FOUND)
        asked = await auditor.ask(replace(LOOK, subject_digest=b"d" * 32))
        await auditor.note(replace(LOOK, subject_digest=b"d" * 32), FOUND)
        await auditor.answer(asked, FOUND)
    store, now = PostgresAudit(pool), clock.now()

    async def positions(before: int | None, limit: int, *numbers: bytes) -> list[list[int]]:
        digests = [number * 32 for number in numbers]
        looks = await store.accesses_of(digests, now, now + timedelta(days=1), before=before, limit=limit)
        return [[line.position for line in look] for look in looks]

    assert [[4], [2]] == await positions(None, 2, b"a", b"b")
    assert [[1]] == await positions(2, 2, b"a", b"b")
    # Question and answer are one look, which stands where it began, on exactly one page.
    assert [[6]] == await positions(None, 1, b"d")
    assert [[5, 7]] == await positions(6, 1, b"d")
    assert [] == await positions(5, 1, b"d")
    assert [[4], [1]] == [[one.position for one in look] for look in await open_ended(store, b"a" * 32)]
    assert [] == list(await store.accesses_of([b"a" * 32], now - timedelta(days=1), now, before=None, limit=9))


async def test_the_maker_of_checkpoints_signs_no_forged_end(
    pool: Any, key_ring: FileKeyRing, clock: StillClock
) -> None:
    """An end that the gateway did not write gets no checkpoint."""
    from gateway.errors import IntegrityFailed

    await write_lines(pool, key_ring, clock, 2)
    await tamper(pool, "UPDATE audit_head SET position = 1")

    with pytest.raises(IntegrityFailed):
        await checkpointer(pool, key_ring, clock).turn()
