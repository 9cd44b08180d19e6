"""Comparing both sides, against a bare loop that makes the same look-ups and compares nothing; and its memory."""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from typing import Any

from bench.children import Child, ChildFailed, CpuMeter, resident_mebibytes, spent
from bench.database import TEMPLATE, fetch_value
from bench.drain import accept_dossiers, until
from bench.plan import Bench, MeasureRound
from bench.results import Aim, Contender, Measurement, Round, Sample, middle_window, paired_ratio, spread
from bench.serving import Installation, Sandbox, running_sandbox
from bench.traffic import PROCEDURES_COUNT
from gateway.model.reconciliation import RunMode
from gateway.reconciling import begin

GATEWAY = "gateway reconciliation"
BARE = "bare look-ups"
CONCURRENCY = 16
_SETTINGS = (
    "[portal.transport]",
    "calls_per_second = 100000.0",
    "[reconciliation]",
    "interval_hours = 0",
    "full_interval_hours = 0",
    "calls_per_second = 10000.0",
    f"concurrency = {CONCURRENCY}",
    "page_size = 500",
)
_DAMAGE = {"lose": 20, "corrupt": 20, "revert": 0, "mispay": 20, "scramble": 20}
_KINDS = {"lost": "missing_there", "corrupted": "stale_there", "mispaid": "conflict", "scrambled": "unmapped"}
_SAMPLE_SECONDS = 0.05
_LIMIT_SECONDS = 600.0
_CUT = 0.1
_FOUND = "SELECT count(*) FROM reconciliation_findings WHERE state IN ('parked', 'repaired')"
_COMPARED = "SELECT coalesce(sum(total), 0)::bigint FROM reconciliation_counts WHERE name = 'compared'"


async def measure_reconcile(bench: Bench) -> Measurement:
    """Put dossiers on both sides, damage some over there, and measure a full run. One round: the filling takes most."""
    count = bench.plan.reconcile_count
    memory: list[float] = []
    async with running_sandbox(bench.folder) as sandbox, bench.server.fresh("bench_reconcile", TEMPLATE) as dsn:
        installation = Installation(bench.folder / "reconcile", dsn, portal_url=sandbox.url, more_settings=_SETTINGS)
        installation.write()
        async with installation.serve("worker") as worker:
            await worker.read()
            await until(lambda: fetch_value(dsn, "SELECT count(*) FROM procedures"), PROCEDURES_COUNT)
            await accept_dossiers(bench, installation, count)
            await _delivered(bench, dsn, count)
        damaged = await sandbox.damage(_DAMAGE)
        contenders: dict[str, MeasureRound] = {
            BARE: _bare(bench, sandbox, count),
            GATEWAY: _gateway(bench, installation, sandbox, damaged, memory),
        }
        rounds = await bench.interleave(1, contenders)
    measured = {name: Contender(name=name, unit="dossier", rounds=done) for name, done in rounds.items()}
    return Measurement(
        name="reconcile",
        contenders=list(measured.values()),
        aims=[
            Aim(
                name=f"memory growth over {count:,} dossiers",
                value=spread([memory[-1] - memory[0]]),
                bound=64.0,
                is_upper_bound=True,
                unit="MiB",
            ),
            Aim(name="reconcile / bare look-ups", value=paired_ratio(measured[GATEWAY], measured[BARE]), bound=0.3),
        ],
        remarks=[
            f"{len(damaged)} records were damaged, and found; the bare loop opens, translates and compares nothing",
            f"resident memory of the worker: {memory[0]:.0f} MiB when the run began, {max(memory):.0f} MiB at most",
        ],
    )


async def _delivered(bench: Bench, dsn: str, count: int) -> None:
    """Wait until everything is on the portal."""
    end = time.perf_counter() + _LIMIT_SECONDS
    while (done := await fetch_value(dsn, "SELECT count(*) FROM deliveries WHERE state = 'delivered'")) < count:
        if time.perf_counter() > end:
            raise ChildFailed(f"only {done} of {count} dossiers were delivered")
        await asyncio.sleep(1.0)
    bench.tell(f"{count:,} dossiers stand on both sides")


def _gateway(
    bench: Bench, installation: Installation, sandbox: Sandbox, damaged: Sequence[Any], memory: list[float]
) -> MeasureRound:
    async def measure(_: int) -> Round:
        dsn, count = installation.dsn, bench.plan.reconcile_count
        async with installation.serve("worker") as worker:
            await worker.read()
            await begin(dsn, RunMode.FULL, is_dry=False)
            meter = CpuMeter({"worker": worker.pid, "postgres": bench.server.pid, "sandbox": sandbox.pid})
            samples: list[Sample] = []
            while not samples or samples[-1].count < count:
                compared = await fetch_value(dsn, _COMPARED)
                samples.append(Sample(time.perf_counter(), compared, meter.read()))
                memory.append(resident_mebibytes(worker.pid))
                if samples[-1].at_seconds - samples[0].at_seconds > _LIMIT_SECONDS:
                    raise ChildFailed(f"only {compared} of {count} dossiers were compared")
                await asyncio.sleep(_SAMPLE_SECONDS)
            await until(lambda: fetch_value(dsn, _FOUND), len(damaged))
        rows = await fetch_value(dsn, "SELECT jsonb_object_agg(dossier_code, kind)::text FROM reconciliation_findings")
        is_exact = _same(rows, damaged)
        first, last = middle_window(samples, count, _CUT)
        return Round(
            operations_count=last.count - first.count,
            seconds=last.at_seconds - first.at_seconds,
            sent_count=count,
            stored_count=samples[-1].count if is_exact else 0,
            cpu_seconds=spent(first.cpu_seconds, last.cpu_seconds),
        )

    return measure


def _same(found: str, damaged: Sequence[Any]) -> bool:
    return bool(json.loads(found) == {one["code"]: _KINDS[one["kind"]] for one in damaged})


def _bare(bench: Bench, sandbox: Sandbox, count: int) -> MeasureRound:
    async def measure(number: int) -> Round:
        arguments = [sys.executable, "-m", "bench.rivals", "look_ups"]
        async with Child("look_ups", arguments, bench.folder / f"look_ups-{number}.log") as rival:
            await rival.say({"dsn": "", "url": sandbox.url, "count": count})
            await rival.read(_LIMIT_SECONDS)
            meter = CpuMeter({"sender": rival.pid, "sandbox": sandbox.pid})
            before, started = meter.read(), time.perf_counter()
            await rival.say({"go": True})
            facts = await rival.read(_LIMIT_SECONDS)
            seconds = time.perf_counter() - started
            after = meter.read()
            await rival.finish()
        return Round(
            operations_count=count,
            seconds=seconds,
            sent_count=count,
            stored_count=facts["done"],
            cpu_seconds=spent(before, after),
        )

    return measure
