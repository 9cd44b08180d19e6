"""Look-ups of citizens: the gateway's client beside zeep's own and npm soap's, asking one and the same server.

Each client is a process of its own; so is the server, the simulated population database. A round counts only when every
question was answered with the person that was asked for.
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench import node
from bench.children import Child, CpuMeter, resident_mebibytes, spent
from bench.plan import Bench, MeasureRound
from bench.results import Aim, Contender, Measurement, Round, paired_ratio, spread

OURS = "gateway look-up"
ZEEP = "zeep, asynchronous"
NPM = "npm soap"
CONCURRENCY = 16
_LIMIT_SECONDS = 300.0
_MAX_GROWTH_MEBIBYTES = 4.0
"""Less than 50 bytes a call in a full run: what is kept of calls would be more."""
_CONTRACT = Path(__file__).parents[1] / "adapters" / "population" / "contract" / "dancuquocgia.wsdl"
_ASKED = {
    "number": "999085000001",
    "full_name": "Nguyễn Văn An",
    "compact_name": "NGUYENVANAN",
    "birth_date": "1985-03-12",
}
"""Rivals are given the name as the database wants it; making it so is part of what ours does."""


async def measure_population(bench: Bench) -> Measurement:
    """Measure all three in turn, then ours for long."""
    profile = bench.folder / "population.json"
    profile.write_text(json.dumps({"is_request_id_kept": False}), encoding="utf-8")
    arguments = [sys.executable, "-m", "adapters.population.sandbox", "--profile", str(profile)]
    async with Child("population database", arguments, bench.folder / "population.log") as server:
        url = (await server.read())["url"]
        contenders: dict[str, MeasureRound] = {
            OURS: _round(bench, server, url, OURS, [sys.executable, "-m", "bench.population_client", "ours"], 4),
            ZEEP: _round(bench, server, url, ZEEP, [sys.executable, "-m", "bench.population_client", "zeep"], 1),
        }
        remarks = []
        reason = node.why_not()
        if reason is None:
            try:
                folder = node.install(Path(__file__).parent / "soap", "soap")
                contenders[NPM] = _round(bench, server, url, NPM, ["node", str(folder / "client.mjs")], 2)
            except (OSError, subprocess.SubprocessError) as error:
                reason = f"its packages cannot be installed ({type(error).__name__})"
        if reason is not None:
            remarks.append(f"npm soap was not measured: {reason}")
        rounds = await bench.interleave(bench.plan.rounds, contenders)
        before, after = await _long_run(bench, url)
        remarks.append(f"the client of the long run grew from {before:.1f} to {after:.1f} MiB")
    measured = {name: Contender(name=name, unit="look-up", rounds=done) for name, done in rounds.items()}
    aims = [
        Aim(name="look-ups / zeep's own client", value=paired_ratio(measured[OURS], measured[ZEEP]), bound=5.0),
    ]
    if NPM in measured:
        aims.append(Aim(name="look-ups / npm soap", value=paired_ratio(measured[OURS], measured[NPM]), bound=2.0))
    aims.append(
        Aim(
            name=f"memory growth over {_long_count(bench):,} look-ups",
            value=spread([after - before]),
            bound=_MAX_GROWTH_MEBIBYTES,
            is_upper_bound=True,
            unit="MiB",
        )
    )
    return Measurement(name="population", contenders=list(measured.values()), aims=aims, remarks=remarks)


def _order(url: str, run: str) -> dict[str, object]:
    return {"url": url, "wsdl": str(_CONTRACT), "concurrency": CONCURRENCY, "run": run, **_ASKED}


def _round(bench: Bench, server: Child, url: str, name: str, arguments: Sequence[str], weight: int) -> MeasureRound:
    count = bench.plan.look_up_count * weight // 4

    async def measure(number: int) -> Round:
        async with Child(name, arguments, bench.folder / f"look-ups-{number}.log") as client:
            await client.say(_order(url, f"{weight}-{number}"))
            await client.read()
            await client.say({"count": count // 10})  # Warm: connections open, code compiled.
            await client.read(_LIMIT_SECONDS)
            meter = CpuMeter({"client": client.pid, "server": server.pid})
            before, started = meter.read(), time.perf_counter()
            await client.say({"count": count})
            done = (await client.read(_LIMIT_SECONDS))["done"]
            seconds, after = time.perf_counter() - started, meter.read()
        return Round(
            operations_count=count,
            seconds=seconds,
            sent_count=count,
            stored_count=done,
            cpu_seconds=spent(before, after),
        )

    return measure


def _long_count(bench: Bench) -> int:
    return bench.plan.look_up_count * 5


async def _long_run(bench: Bench, url: str) -> tuple[float, float]:
    """Ask many times; give the client's memory in MiB before, once it is warm, and after."""
    count = _long_count(bench)
    arguments = [sys.executable, "-m", "bench.population_client", "ours"]
    async with Child("long run", arguments, bench.folder / "look-ups-long.log") as client:
        await client.say(_order(url, "long"))
        await client.read()
        await client.say({"count": count // 10})
        await client.read(_LIMIT_SECONDS)
        before = resident_mebibytes(client.pid)
        await client.say({"count": count})
        await client.read(_LIMIT_SECONDS)
        return before, resident_mebibytes(client.pid)
