"""Import: NDJSON through the API, against COPY of exactly the rows that it made."""

import io
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from bench.accept import STORED
from bench.children import Child, CpuMeter, spent
from bench.database import fetch_value
from bench.plan import Bench
from bench.results import Aim, Contender, Measurement, Round, paired_ratio
from bench.serving import Installation
from bench.traffic import import_lines

GATEWAY = "gateway, one NDJSON stream"
COPY = "COPY, one connection"
_TABLES = (
    "dossiers",
    "dossier_revisions",
    "deliveries",
    "lanes",
    "idempotency_records",
    "events",
    "delivery_ledger",
)
_WARM_UP_LINES = 500
_IMPORT_SECONDS = 300.0

Rows = dict[str, bytes]


async def measure_import(bench: Bench) -> Measurement:
    """Measure the import; each COPY takes the rows of the import before it."""
    rows: Rows = {}

    async def gateway(number: int) -> Round:
        async with bench.server.fresh("bench_import") as dsn:
            done = await _import_once(bench, Installation(bench.folder / f"import-{number}", dsn))
            rows.update(await _copy_out(dsn))
        return done

    async def copy(_: int) -> Round:
        async with bench.server.fresh("bench_copy") as dsn:
            return await _copy_in(dsn, rows, bench.server.pid)

    measured = await bench.interleave(bench.plan.rounds, {GATEWAY: gateway, COPY: copy})
    ours, theirs = (Contender(name=name, unit="dossier", rounds=measured[name]) for name in (GATEWAY, COPY))
    return Measurement(
        name="import",
        contenders=[ours, theirs],
        aims=[Aim(name="import / COPY", value=paired_ratio(ours, theirs), bound=0.3)],
        remarks=[
            f"COPY takes {len(rows)} tables in binary form, {sum(map(len, rows.values())) / 1e6:,.0f} MB, one commit."
        ],
    )


async def _import_once(bench: Bench, installation: Installation) -> Round:
    plan = bench.plan
    installation.write()
    token = await installation.add_client()
    warm_up, body = installation.folder / "warm-up.ndjson", installation.folder / "body.ndjson"
    warm_up.write_bytes(import_lines(bench.day.bodies, 0, _WARM_UP_LINES))
    body.write_bytes(import_lines(bench.day.bodies, _WARM_UP_LINES, plan.import_count))
    async with installation.serve("api") as gateway:
        address = urlsplit((await gateway.read())["url"])
        sender = Child("sender", [sys.executable, "-m", "bench.stream"], installation.folder / "sender.log")
        async with sender:
            await sender.say(
                {
                    "host": address.hostname,
                    "port": address.port,
                    "token": token,
                    "warm_up": str(warm_up),
                    "body": str(body),
                }
            )
            for _ in range(3):
                await sender.read(_IMPORT_SECONDS)
            meter = CpuMeter({"gateway": gateway.pid, "postgres": bench.server.pid, "sender": sender.pid})
            before = meter.read()
            await sender.say({"go": True})
            facts = await sender.read(_IMPORT_SECONDS)
            after = meter.read()
            await sender.finish()
    _forget(warm_up, body)
    stored_count = await fetch_value(installation.dsn, STORED)
    return Round(
        operations_count=facts["created"],
        seconds=facts["seconds"],
        sent_count=plan.import_count,
        stored_count=stored_count - _WARM_UP_LINES,
        cpu_seconds=spent(before, after),
    )


def _forget(*paths: Path) -> None:
    for path in paths:
        path.unlink()


async def _copy_out(dsn: str) -> Rows:
    connection = await asyncpg.connect(dsn)
    rows: Rows = {}
    try:
        for table in _TABLES:
            target = io.BytesIO()
            await connection.copy_from_table(table, output=target, format="binary")
            rows[table] = target.getvalue()
    finally:
        await connection.close()
    return rows


async def _copy_in(dsn: str, rows: Rows, postgres_pid: int) -> Round:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.fetchval("SELECT count(*) FROM dossiers")
        meter = CpuMeter({"postgres": postgres_pid})
        before = meter.read()
        started = time.perf_counter()
        lines_count = 0
        async with connection.transaction():
            for table, content in rows.items():
                status: str = await connection.copy_to_table(table, source=io.BytesIO(content), format="binary")
                if table == "dossiers":
                    lines_count = int(status.rpartition(" ")[2])
        seconds = time.perf_counter() - started
        after = meter.read()
    finally:
        await connection.close()
    return Round(
        operations_count=lines_count,
        seconds=seconds,
        sent_count=lines_count,
        stored_count=await fetch_value(dsn, STORED),
        cpu_seconds=spent(before, after),
    )
