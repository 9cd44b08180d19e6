"""Draining the outbox to the portal's sandbox, against Procrastinate and against a plain relay doing the same calls."""

import asyncio
import importlib
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

from bench.children import Child, ChildFailed, CpuMeter, spent
from bench.database import TEMPLATE, fetch_value
from bench.plan import Bench, MeasureRound
from bench.results import Aim, Contender, Measurement, Round, Sample, middle_window, paired_ratio
from bench.serving import Installation, Sandbox, running_sandbox
from bench.traffic import PROCEDURES_COUNT, code_of
from gateway.clocks import SystemClock
from gateway.engine.acceptor import Change, accept_batch
from gateway.store.acceptance import PostgresAcceptance
from gateway.store.pool import open_pool
from gateway.vault.keyring import create_key_ring

GATEWAY = "gateway worker"
TLS = "gateway worker, mutual TLS"
JOBS = "Procrastinate, one job per dossier"
RELAY = "plain relay, one call per row"
_TEMPLATE = "bench_drain_template"
_SAMPLE_SECONDS = 0.03
_LIMIT_SECONDS = 180.0
_CUT = 0.1
_CHUNK = 500


async def measure_drain(bench: Bench, certificates: Path) -> Measurement:
    """Measure the drain. All three talk to one sandbox process over plain HTTP; the price of TLS is taken apart."""
    plan = bench.plan
    installation = Installation(bench.folder / "drain", "")
    remarks = ["rivals send records that were translated beforehand and are not sealed; one dossier per call"]
    async with running_sandbox(bench.folder) as sandbox:
        await _read_catalogue(bench, installation, sandbox)
        contenders: dict[str, MeasureRound] = {
            GATEWAY: _gateway(bench, replace(installation, portal_url=sandbox.url), sandbox),
            RELAY: _rival(bench, sandbox, "relay", plan.relay_count),
        }
        driver = _procrastinate_driver()
        if driver is None:
            remarks.append("Procrastinate or its database driver is not installed (extra `bench`): it was left out")
        else:
            contenders[JOBS] = _rival(bench, sandbox, "procrastinate", plan.jobs_count)
            remarks.append(f"Procrastinate runs on psycopg's {driver} implementation")
        rounds = await bench.interleave(plan.rounds, contenders)
    async with running_sandbox(bench.folder, certificates) as sandbox:
        secure = replace(installation, portal_url=sandbox.url, portal_certificates=certificates)
        rounds |= await bench.interleave(plan.side_rounds, {TLS: _gateway(bench, secure, sandbox)})
    measured = {name: Contender(name=name, unit="dossier", rounds=done) for name, done in rounds.items()}
    ours = measured[GATEWAY]
    aims = [Aim(name="drain / plain relay", value=paired_ratio(ours, measured[RELAY]), bound=0.7)]
    if JOBS in measured:
        aims.insert(0, Aim(name="drain / Procrastinate", value=paired_ratio(ours, measured[JOBS]), bound=10.0))
    plain_cpu, tls_cpu = (measured[name].cpu_microseconds()["sender"] for name in (GATEWAY, TLS))
    return Measurement(
        name="drain",
        contenders=list(measured.values()),
        aims=aims,
        prices={"mutual TLS towards the portal, per dossier": tls_cpu - plain_cpu},
        remarks=remarks,
    )


def _procrastinate_driver() -> str | None:
    """Name the implementation of psycopg that Procrastinate will use; None when one of them cannot be loaded."""
    try:
        importlib.import_module("procrastinate")
        return str(importlib.import_module("psycopg").pq.__impl__)
    except ImportError:
        # Without its binary extra, psycopg also needs the system's libpq.
        return None


async def _read_catalogue(bench: Bench, installation: Installation, sandbox: Sandbox) -> None:
    """Make the template of all rounds: a database in which a worker has read the portal's catalogue."""
    dsn = await bench.server.create(_TEMPLATE, TEMPLATE)
    known = replace(installation, dsn=dsn, portal_url=sandbox.url)
    known.write()
    async with known.serve("worker") as worker:
        await worker.read()
        await until(lambda: fetch_value(dsn, "SELECT count(*) FROM procedures"), PROCEDURES_COUNT)


def _gateway(bench: Bench, installation: Installation, sandbox: Sandbox) -> MeasureRound:
    count = bench.plan.drain_count

    async def measure(_: int) -> Round:
        await sandbox.reset()
        async with bench.server.fresh("bench_drain", _TEMPLATE) as dsn:
            ours = replace(installation, dsn=dsn)
            ours.write()
            await accept_dossiers(bench, ours, count)
            async with ours.serve("worker") as worker:
                await worker.read()
                samples = await _watch(bench, sandbox, worker.pid, count)
                await until(lambda: _delivered_count(dsn), count)
            return await _finished(samples, sandbox, count, await _delivered_count(dsn))

    return measure


async def _delivered_count(dsn: str) -> int:
    # What was promised must also be what the ledger and the rows say at the end.
    delivered: int = await fetch_value(dsn, "SELECT count(*) FROM deliveries WHERE state = 'delivered'")
    ledger: int = await fetch_value(dsn, "SELECT coalesce(sum(delivered), 0)::bigint FROM delivery_ledger")
    return min(delivered, ledger)


async def accept_dossiers(bench: Bench, installation: Installation, count: int) -> None:
    """Accept dossiers by the gateway's own code, without HTTP: only their delivery is measured here."""
    ring = create_key_ring(installation.folder / "ring.toml")
    pool = await open_pool(installation.dsn, max_size=4)
    clock, day = SystemClock(), bench.day
    try:
        for first in range(0, count, _CHUNK):
            changes = [
                Change(
                    client_id="bench",
                    agency_prefixes=("*",),
                    code=code_of(number),
                    body=day.dossiers[number % len(day.dossiers)],
                    request_digest=b"",
                )
                for number in range(first, min(count, first + _CHUNK))
            ]
            receipts = await accept_batch(
                PostgresAcceptance(pool), changes, systems=["portal"], key_ring=ring, clock=clock
            )
            if not all(receipt.is_accepted for receipt in receipts):
                raise ChildFailed("a dossier of the drain was not accepted")
        await pool.execute("VACUUM ANALYZE")
        await pool.execute("CHECKPOINT")
    finally:
        await pool.close()


def _rival(bench: Bench, sandbox: Sandbox, name: str, count: int) -> MeasureRound:
    async def measure(number: int) -> Round:
        await sandbox.reset()
        arguments = [sys.executable, "-m", "bench.rivals", name]
        async with bench.server.fresh("bench_rival", "template1") as dsn:
            async with Child(name, arguments, bench.folder / f"{name}-{number}.log") as rival:
                await rival.say({"dsn": dsn, "url": sandbox.url, "count": count})
                await rival.read(_LIMIT_SECONDS)
                await rival.say({"go": True})
                samples = await _watch(bench, sandbox, rival.pid, count)
                facts = await rival.read(_LIMIT_SECONDS)
                await rival.finish()
            return await _finished(samples, sandbox, count, facts["done"])

    return measure


async def _watch(bench: Bench, sandbox: Sandbox, sender_pid: int, count: int) -> Sequence[Sample]:
    """Look at the sandbox's own tally until everything has arrived, or nothing has for a long time."""
    meter = CpuMeter({"sender": sender_pid, "postgres": bench.server.pid, "sandbox": sandbox.pid})
    samples: list[Sample] = []
    last_change = time.perf_counter()
    while True:
        applied: int = (await sandbox.counters())["creates_applied"]
        now = time.perf_counter()
        if not samples or applied != samples[-1].count:
            samples.append(Sample(now, applied, meter.read()))
            last_change = now
        if applied >= count:
            return samples
        if now - last_change > 30.0:
            raise ChildFailed(f"only {applied} of {count} dossiers arrived at the sandbox")
        await asyncio.sleep(_SAMPLE_SECONDS)


async def until(counted: Callable[[], Awaitable[int]], count: int) -> None:
    """Wait a while for a count to be reached; a shortage shows in what is counted afterwards."""
    for _ in range(400):
        if await counted() >= count:
            return
        await asyncio.sleep(0.05)


async def _finished(samples: Sequence[Sample], sandbox: Sandbox, count: int, done_count: int) -> Round:
    held = await sandbox.codes()
    wanted = {code_of(number) for number in range(count)}
    tally = (await sandbox.counters())["creates_applied"]
    first, last = middle_window(samples, count, _CUT)
    # Each dossier once: held, created exactly once, and known to the sender as done.
    is_exact = held == wanted and tally == count
    return Round(
        operations_count=last.count - first.count,
        seconds=last.at_seconds - first.at_seconds,
        sent_count=count,
        stored_count=done_count if is_exact else len(held & wanted) - abs(tally - count),
        cpu_seconds=spent(first.cpu_seconds, last.cpu_seconds),
    )
