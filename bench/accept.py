"""Durable accept: `PUT /v1/dossiers/{code}` with everything on, against pgbench committing dossiers one by one."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.children import Child, ChildFailed, CpuMeter, spent
from bench.database import fetch_value
from bench.pgbench import CLIENTS_COUNT, make_script, run_pgbench, typical_row
from bench.plan import Bench
from bench.results import Aim, Contender, Measurement, Round, paired_ratio
from bench.serving import Installation

GATEWAY = "gateway, 64 connections"
MANY = "gateway, 256 connections"
TWO = "gateway, 2 processes, 64 connections"
TLS = "gateway, TLS, 64 connections"
PGBENCH = f"pgbench, {CLIENTS_COUNT} clients"
PGBENCH_SILENT = f"pgbench without NOTIFY, {CLIENTS_COUNT} clients"

# Every row that one accepted dossier must have left behind.
STORED = """
SELECT count(*) FROM dossiers d
JOIN dossier_revisions r USING (dossier_id) JOIN deliveries o USING (dossier_id) JOIN lanes l USING (dossier_id)
JOIN events e ON e.dossier_id = d.dossier_id AND e.type = 'dossier.created'
JOIN idempotency_records i ON i.response ->> 'code' = d.code
WHERE (SELECT sum(accepted) FROM delivery_ledger) = (SELECT count(*) FROM deliveries)
"""


@dataclass(frozen=True, slots=True)
class Shape:
    """How the gateway runs in a round, and how it is called."""

    connections_count: int
    processes_count: int = 1
    certificates: Path | None = None


async def measure_accept(bench: Bench, certificates: Path) -> Measurement:
    """Measure the accept path. Starts every round on a fresh database."""
    plan = bench.plan
    scripts = await make_scripts(bench)

    def gateway(shape: Shape, label: str) -> "_GatewayRound":
        return _GatewayRound(bench, shape, label)

    def rival(name: str) -> "PgbenchRound":
        return PgbenchRound(bench, scripts[name])

    rounds = await bench.interleave(
        plan.rounds,
        {
            GATEWAY: gateway(Shape(64), "accept-64"),
            PGBENCH: rival(PGBENCH),
            PGBENCH_SILENT: rival(PGBENCH_SILENT),
        },
    )
    rounds |= await bench.interleave(
        plan.side_rounds,
        {
            MANY: gateway(Shape(256), "accept-256"),
            TWO: gateway(Shape(64, processes_count=2), "accept-2"),
            TLS: gateway(Shape(64, certificates=certificates), "accept-tls"),
        },
    )
    contenders = {name: Contender(name=name, unit="dossier", rounds=measured) for name, measured in rounds.items()}
    ours = contenders[GATEWAY]
    plain_cpu, tls_cpu = (contenders[name].cpu_microseconds()["gateway"] for name in (GATEWAY, TLS))
    return Measurement(
        name="accept",
        contenders=list(contenders.values()),
        aims=[
            Aim(name="accept / pgbench", value=paired_ratio(ours, contenders[PGBENCH]), bound=1.0),
            Aim(
                name="accept / pgbench without NOTIFY", value=paired_ratio(ours, contenders[PGBENCH_SILENT]), bound=1.0
            ),
            _latency_aim("accept p99 at 64 connections", ours, 50.0),
            _latency_aim("accept p99 at 256 connections", contenders[MANY], 100.0),
        ],
        prices={"TLS on the listener, per request": tls_cpu - plain_cpu},
        remarks=[
            "pgbench stores the same rows, one dossier per commit, without HTTP, validation or sealing, and without "
            "the lock that orders the feed's ids (only a batch can afford it).",
        ],
    )


def _latency_aim(name: str, contender: Contender, bound: float) -> Aim:
    latency = contender.latency_milliseconds("p99")
    assert latency is not None
    return Aim(name=name, value=latency, bound=bound, is_upper_bound=True, unit="ms")


async def make_scripts(bench: Bench) -> dict[str, Path]:
    """Let the gateway store some dossiers, and write pgbench's scripts from a typical one."""
    async with bench.server.fresh("bench_sample") as dsn:
        await run_load(bench, Installation(bench.folder / "accept-sample", dsn), Shape(8), 0.0, 0.5)
        row = await typical_row(dsn)
    scripts = {}
    for name, with_notify in ((PGBENCH, True), (PGBENCH_SILENT, False)):
        scripts[name] = bench.folder / f"accept-{'notify' if with_notify else 'silent'}.sql"
        scripts[name].write_text(make_script(row, with_notify=with_notify), encoding="utf-8")
    return scripts


async def run_load(
    bench: Bench, installation: Installation, shape: Shape, warm_up_seconds: float, measured_seconds: float
) -> Round:
    """Start a gateway, put load on it, stop it; give the round. Raises ChildFailed when an answer was not 201."""
    installation.write()
    token = await installation.add_client()
    async with installation.serve("api", shape.processes_count) as gateway:
        address = urlsplit((await gateway.read())["url"])
        generator = Child("load generator", [sys.executable, "-m", "bench.load"], installation.folder / "load.log")
        async with generator:
            await generator.say(
                {
                    "host": address.hostname,
                    "port": address.port,
                    "ca": None if shape.certificates is None else str(shape.certificates / "ca.pem"),
                    "token": token,
                    "connections": shape.connections_count,
                    "first_number": 1,
                    "warm_up_seconds": warm_up_seconds,
                    "measured_seconds": measured_seconds,
                    "bodies": [body.decode() for body in bench.day.bodies],
                }
            )
            meter = CpuMeter({"gateway": gateway.pid, "postgres": bench.server.pid, "load": generator.pid})
            await _event(generator, "opened")
            before = meter.read()
            await _event(generator, "closed")
            after = meter.read()
            facts = await _event(generator, "ended")
            await generator.finish()
    if set(facts["statuses"]) != {"201"}:
        raise ChildFailed(f"the gateway did not create every dossier: {facts['statuses']}")
    return Round(
        operations_count=facts["operations"],
        seconds=facts["seconds"],
        sent_count=facts["sent"],
        stored_count=await fetch_value(installation.dsn, STORED),
        cpu_seconds=spent(before, after),
        p50_seconds=facts["p50_seconds"],
        p99_seconds=facts["p99_seconds"],
    )


async def _event(generator: Child, name: str) -> dict[str, Any]:
    facts = await generator.read()
    if facts.get("event") != name:
        raise ChildFailed(f"the load generator said {facts.get('event')} where {name} was due")
    return facts


class _GatewayRound:
    def __init__(self, bench: Bench, shape: Shape, label: str) -> None:
        self._bench = bench
        self._shape = shape
        self._label = label

    async def __call__(self, number: int) -> Round:
        bench = self._bench
        async with bench.server.fresh("bench_accept") as dsn:
            folder = bench.folder / f"{self._label}-{number}"
            installation = Installation(folder, dsn, certificates=self._shape.certificates)
            plan = bench.plan
            return await run_load(
                bench, installation, self._shape, float(plan.warm_up_seconds), float(plan.measured_seconds)
            )


class PgbenchRound:
    """One round of pgbench with a script, on a fresh database."""

    def __init__(self, bench: Bench, script: Path) -> None:
        self._bench = bench
        self._script = script

    async def __call__(self, number: int) -> Round:
        bench = self._bench
        async with bench.server.fresh("bench_pgbench") as dsn:
            return await run_pgbench(
                bench.server.program("pgbench"),
                dsn,
                self._script,
                warm_up_seconds=bench.plan.warm_up_seconds,
                measured_seconds=bench.plan.measured_seconds,
                postgres_pid=bench.server.pid,
            )
