"""The audit chain: lines appended by callers at once, against one plain INSERT with a commit for each.

The plain way keeps the same columns and indexes, and proves nothing: no order, no chain, no end that is sealed.
"""

import asyncio
import itertools
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any

from bench.children import CpuMeter, spent
from bench.database import TEMPLATE, fetch_value
from bench.plan import Bench, MeasureRound
from bench.results import Aim, Contender, Measurement, Round, paired_ratio
from gateway.clocks import SystemClock
from gateway.engine.audit import Auditor
from gateway.model.audit import Access, AuditAction, Outcome
from gateway.store.audit import PostgresAudit
from gateway.store.pool import Pool, open_pool
from gateway.vault.keyring import FileKeyRing

CHAIN = "audit chain, 64 callers"
PLAIN = "plain INSERT, 64 callers on 12 connections"
CALLERS_COUNT = 64
_POOL_SIZE = 12
_ACCESS = Access(
    action=AuditAction.CITIZEN_LOOKUP,
    client_id="bench",
    officer="H99.01.007",
    agency_code="H99.01",
    procedure_code="1.999001",
    dossier_code="H99.01-260105-00017",
    purpose="residence",
    legal_basis="bench",
    subject_digest=b"s" * 32,
    fields_requested=("HoVaTen", "NgaySinh", "GioiTinh"),
    edge="bench",
)
_OUTCOME = Outcome(outcome="found", fields_released=("HoVaTen",), upstream_code="0", request_id="M-1")


async def measure_audit(bench: Bench) -> Measurement:
    """Measure both in turn."""
    ways: dict[str, MeasureRound] = {CHAIN: _chain(bench), PLAIN: _plain(bench)}
    rounds = await bench.interleave(bench.plan.rounds, ways)
    measured = {name: Contender(name=name, unit="line", rounds=done) for name, done in rounds.items()}
    return Measurement(
        name="audit",
        contenders=list(measured.values()),
        aims=[Aim(name="audit chain / plain INSERT", value=paired_ratio(measured[CHAIN], measured[PLAIN]), bound=1.0)],
        remarks=["both wait for the disk at every commit; a caller goes on after the commit of its own line"],
    )


def _chain(bench: Bench) -> MeasureRound:
    async def measure(_: int) -> Round:
        async with bench.server.fresh("bench_audit", TEMPLATE) as dsn:
            pool = await open_pool(dsn, max_size=_POOL_SIZE)
            auditor = Auditor(
                PostgresAudit(pool),
                key_ring=FileKeyRing({"k1": bytes(32)}, "k1"),
                clock=SystemClock(),
                random_bytes=os.urandom,
                version="bench",
            )
            auditor.start()
            try:
                return await _load(bench, dsn, lambda: auditor.note(_ACCESS, _OUTCOME))
            finally:
                await auditor.close()
                await pool.close()

    return measure


def _plain(bench: Bench) -> MeasureRound:
    async def measure(_: int) -> Round:
        async with bench.server.fresh("bench_audit", TEMPLATE) as dsn:
            pool = await open_pool(dsn, max_size=_POOL_SIZE)
            values = await _values_of_a_line(pool)
            names = ", ".join(values)
            marks = ", ".join(f"${number}" for number in range(1, len(values) + 1))
            statement = f"INSERT INTO audit_lines ({names}) VALUES ({marks})"
            places = itertools.count(2)

            async def insert() -> None:
                async with pool.acquire() as connection:
                    await connection.execute(statement, *{**values, "position": next(places)}.values())

            try:
                return await _load(bench, dsn, insert, already=1)
            finally:
                await pool.close()

    return measure


async def _values_of_a_line(pool: Pool) -> dict[str, Any]:
    """Have the auditor write one line, and give its columns."""
    auditor = Auditor(
        PostgresAudit(pool),
        key_ring=FileKeyRing({"k1": bytes(32)}, "k1"),
        clock=SystemClock(),
        random_bytes=os.urandom,
        version="bench",
    )
    auditor.start()
    await auditor.note(_ACCESS, _OUTCOME)
    await auditor.close()
    async with pool.acquire() as connection:
        return dict(await connection.fetchrow("SELECT * FROM audit_lines"))


async def _load(bench: Bench, dsn: str, write: Callable[[], Awaitable[None]], *, already: int = 0) -> Round:
    done, ends_at = 0, float("inf")

    async def call() -> None:
        nonlocal done
        while time.perf_counter() < ends_at:
            await write()
            done += 1

    callers = [asyncio.create_task(call()) for _ in range(CALLERS_COUNT)]
    await asyncio.sleep(bench.plan.warm_up_seconds)
    meter = CpuMeter({"gateway": os.getpid(), "postgres": bench.server.pid})
    before, count, started = meter.read(), done, time.perf_counter()
    await asyncio.sleep(bench.plan.measured_seconds)
    after, counted, seconds = meter.read(), done - count, time.perf_counter() - started
    ends_at = 0.0
    await asyncio.gather(*callers)
    return Round(
        operations_count=counted,
        seconds=seconds,
        sent_count=done,
        stored_count=await fetch_value(dsn, "SELECT count(*) FROM audit_lines") - already,
        cpu_seconds=spent(before, after),
    )
