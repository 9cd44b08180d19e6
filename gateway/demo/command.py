"""`gateway demo`: starts everything, lives the day with faults on, checks it against the portal, says what it saw."""

import asyncio
import contextlib
import json
import secrets
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console
from rich.progress import Progress

from gateway.demo.driver import Driver, Log
from gateway.demo.stack import (
    Child,
    Control,
    Files,
    gateway_child,
    sandbox_child,
    write_password,
    write_settings,
)
from gateway.demo.statements import compare_statements, state_everything
from gateway.demo.verify import compare
from gateway.demo.world import Story, make_day

_DRAIN_SECONDS = 120.0
_MEASURED_SECONDS = 3.0

# Faults of the middle of the day: every way in which the portal has been seen to fail, some of the time. The lost
# answers matter most: the portal did the work, and nobody says so.
WEATHER: tuple[dict[str, Any], ...] = (
    {"kind": "drop_reply", "probability": 0.05},
    {"kind": "drop_reply", "variant": "reset", "probability": 0.03},
    {"kind": "reset_mid_answer", "probability": 0.03},
    {"kind": "refuse_connection", "probability": 0.02},
    {"kind": "server_error", "http_status": 500, "probability": 0.02, "after_work": True},
    {"kind": "server_error", "http_status": 503, "probability": 0.02},
    {"kind": "rate_limited", "retry_after_seconds": 1, "probability": 0.01},
    {"kind": "malformed_json", "probability": 0.02},
    {"kind": "html_page", "probability": 0.01},
    # One at a time: a session refused twice in a row is a refused credential, and that is retried slowly.
    {"kind": "expired_session", "calls": 1, "skip": 5},
    {"kind": "expired_session", "calls": 1, "skip": 40},
    {"kind": "expired_session", "calls": 1, "skip": 90},
    {"kind": "error_code_dialect", "variant": "string", "probability": 0.2},
    {"kind": "error_code_dialect", "variant": "double_zero", "probability": 0.2},
    {"kind": "wrapped_reply", "probability": 0.1},
    {"kind": "slow_trickle", "delay_seconds": 0.5, "probability": 0.05},
    {"kind": "stall_after_work", "delay_seconds": 6.0, "calls": 3},
)
OUTAGE: tuple[dict[str, Any], ...] = ({"kind": "maintenance", "lasts_seconds": 4.0, "retry_after_seconds": 1},)


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asked for."""

    folder: Path
    dossiers_count: int = 2000
    procedures_count: int = 240
    clerks_count: int = 32
    seed: int = 20260105
    port: int = 0
    is_quiet: bool = False


@dataclass(frozen=True, slots=True)
class Stack:
    """What is running: addresses, a token of the provincial system, and the sandbox's control."""

    url: str
    token: str
    control: Control
    control_url: str
    session: aiohttp.ClientSession


@asynccontextmanager
async def running_stack(options: Options) -> AsyncIterator[Stack]:
    """Start database, sandbox and gateway in a clean folder; stop them all at the end, in the other order."""
    from certs.commands import init
    from gateway.clocks import SystemClock
    from gateway.store.embedded import start_embedded

    shutil.rmtree(options.folder, ignore_errors=True)
    options.folder.mkdir(parents=True)
    files = Files(options.folder)
    init(files.certificates, ["localhost", "127.0.0.1"], SystemClock().now())
    token = secrets.token_hex(16)
    async with contextlib.AsyncExitStack() as stack:
        dsn, server = await asyncio.to_thread(start_embedded, options.folder / "postgres")
        stack.callback(server.cleanup)
        session = await stack.enter_async_context(
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60), connector=aiohttp.TCPConnector(limit=200))
        )
        sandbox = sandbox_child(
            files, password=write_password(files), token=token, procedures_count=options.procedures_count
        )
        stack.push_async_callback(sandbox.stop)
        addresses = await sandbox.start()
        write_settings(files, dsn=dsn, portal_url=addresses["url"], port=options.port)
        gateway = gateway_child(files)
        stack.push_async_callback(gateway.stop)
        url = (await gateway.start())["url"]
        client_token = await add_client(files)
        control = Control(session, addresses["control_url"], token)
        yield Stack(url, client_token, control, addresses["control_url"], session)


async def add_client(files: Files) -> str:
    """Register the provincial system as an operator would, and give its token."""
    adding = Child(
        "clients add",
        [
            *(sys.executable, "-m", "gateway", "clients", "add", "one-stop", "--name", "One-stop system", "--json"),
            *("--scope", "dossiers:read", "--scope", "dossiers:write", "--scope", "procedures:read"),
            *("--scope", "events:read", "--scope", "operations:read", "--scope", "questions:read"),
            *("--scope", "statements:read", "--scope", "statements:write", "--agency", "H99"),
        ],
        files.folder / "clients.log",
        {"GATEWAY_CONFIG": str(files.settings)},
    )
    token: str = (await adding.start())["token"]
    await adding.wait()
    return token


async def queue_sizes(stack: Stack) -> dict[str, float]:
    """Read the queue and the nothing-lost difference from the metrics."""
    headers = {"Authorization": f"Bearer {stack.token}"}
    async with stack.session.get(stack.url + "/metrics", headers=headers) as response:
        response.raise_for_status()
        text = await response.text()
    sizes: dict[str, float] = {}
    for line in text.splitlines():
        name, _, value = line.rpartition(" ")
        if name.startswith("gateway_queue_deliveries{"):
            state = name.partition('state="')[2].partition('"')[0]
            sizes[state] = sizes.get(state, 0) + float(value)
        elif name.startswith("gateway_lost_deliveries{"):
            sizes["lost"] = sizes.get("lost", 0) + float(value)
        elif name.startswith("gateway_accepted_deliveries{"):
            sizes["accepted"] = sizes.get("accepted", 0) + float(value)
    return sizes


async def drained(stack: Stack, minimum_accepted: int) -> dict[str, float]:
    """Wait until nothing is owed any more; give the last sizes also when time runs out."""
    await asyncio.sleep(_MEASURED_SECONDS)  # What the gauges say must be newer than the last acceptance.
    end = time.monotonic() + _DRAIN_SECONDS
    sizes: dict[str, float] = {}
    while time.monotonic() < end:
        before, sizes = sizes, await queue_sizes(stack)
        is_counted = sizes.get("accepted", 0) >= minimum_accepted
        is_quiet = not any(sizes.get(state, 0) for state in ("waiting", "in_flight", "unknown"))
        if is_counted and is_quiet and sizes == before:
            return sizes
        await asyncio.sleep(_MEASURED_SECONDS if is_quiet else 0.5)
    return sizes


async def catalogue_loaded(stack: Stack, procedures_count: int) -> list[dict[str, Any]]:
    """Wait until the gateway has read the portal's catalogue, and read it from there."""
    driver = Driver(stack.session, stack.url, stack.token, lambda _: None)
    end = time.monotonic() + _DRAIN_SECONDS
    while True:
        procedures = await driver.procedures()
        if len(procedures) >= procedures_count or time.monotonic() > end:
            return procedures
        await asyncio.sleep(0.5)


async def change_the_weather(stack: Stack, progress: Callable[[], float], lived: asyncio.Event) -> int:
    """Switch faults on after a fifth of the day, take the portal down for a while, and clear up before the end."""

    async def reached(share: float) -> None:
        while progress() < share and not lived.is_set():  # noqa: ASYNC110 - a share of a count is no event
            await asyncio.sleep(0.05)

    await reached(0.2)
    await stack.control.post("faults", {"action": "replace", "faults": list(WEATHER)})
    await reached(0.5)
    await stack.control.post("faults", {"action": "replace", "faults": list(OUTAGE)})
    await asyncio.sleep(4.0)
    await stack.control.post("faults", {"action": "replace", "faults": list(WEATHER)})
    await reached(0.9)
    await asyncio.sleep(2.0)
    await stack.control.post("faults", {"action": "clear"})
    injected = (await stack.control.get("faults"))["injected"]
    return sum(injected.values())


async def live(stack: Stack, options: Options, procedures: list[dict[str, Any]], told: Callable[[int], None]) -> Log:
    """Live the day with faults, and wait until everything has arrived."""
    usable = [procedure for procedure in procedures if procedure["sectors"] and procedure["is_public"]]
    stories: list[Story] = make_day(options.dossiers_count, usable, options.seed)
    total = sum(len(turn.requests) for story in stories for turn in story.turns)
    done = 0

    def count(requests: int) -> None:
        nonlocal done
        done += requests
        told(requests)

    driver = Driver(stack.session, stack.url, stack.token, count)
    lived = asyncio.Event()
    weather = asyncio.create_task(change_the_weather(stack, lambda: done / total, lived))
    try:
        await driver.live(stories, options.clerks_count)
    finally:
        lived.set()
        await weather
    return driver.log


async def run_once(stack: Stack, options: Options) -> dict[str, Any]:
    """Live the day and give the summary; `ok` tells whether every promise was kept."""
    started = time.monotonic()
    procedures = await catalogue_loaded(stack, options.procedures_count)
    with _bar(options) as told:
        stating = asyncio.create_task(state_everything(stack.session, stack.url, stack.token))
        log = await live(stack, options, procedures, told)
        stated = await stating
    accepted_count = sum(len(changes) for changes in log.accepted.values())
    sizes = await drained(stack, accepted_count)
    held = await stack.control.dossiers()
    counters = await stack.control.get("counters")
    injected = (await stack.control.get("faults"))["injected"]
    on_portal = await stack.control.get("procedures")
    found = compare(log.accepted, held)
    statements_accepted, statements_right = compare_statements(
        stated, (await stack.control.get("statements"))["statements"]
    )
    summary: dict[str, Any] = {
        "dossiers.accepted": len(log.accepted),
        "dossiers.on_portal": len(held),
        "dossiers.lost": found["lost"],
        "dossiers.duplicated": found["duplicated"],
        "dossiers.mismatched": found["mismatched"],
        "changes.accepted": accepted_count,
        "changes.replayed": log.replayed_count,
        "changes.refused": len(log.refused),
        "progress.accepted": log.steps_count,
        "progress.on_portal": found["steps_on_portal"],
        "progress.lost": found["steps_lost"],
        "progress.out_of_order": found["out_of_order"],
        "procedures.on_portal": len(on_portal["procedures"]),
        "procedures.in_gateway": len(procedures),
        "deliveries.accepted": int(sizes.get("accepted", 0)),
        "deliveries.unaccounted": int(sizes.get("lost", 0)),
        "deliveries.parked": int(sizes.get("parked", 0)),
        "deliveries.open": int(sum(sizes.get(state, 0) for state in ("waiting", "in_flight", "unknown"))),
        "portal.concurrent_calls_for_one_dossier": counters.get("concurrent_same_dossier", 0),
        "questions.answered": len(stated.answers),
        "statements.accepted": statements_accepted,
        "statements.on_portal": statements_right,
        "statements.unexpected": len(stated.unexpected),
        "faults.injected": sum(injected.values()),
        "faults.by_kind": injected,
        "elapsed_seconds": round(time.monotonic() - started, 1),
    }
    zeros = (
        *("dossiers.lost", "dossiers.duplicated", "dossiers.mismatched", "changes.refused", "progress.lost"),
        *("progress.out_of_order", "deliveries.unaccounted", "deliveries.parked", "deliveries.open"),
        *("portal.concurrent_calls_for_one_dossier", "statements.unexpected"),
    )
    summary["ok"] = (
        all(summary[name] == 0 for name in zeros)
        and summary["dossiers.accepted"] == summary["dossiers.on_portal"] == options.dossiers_count
        and summary["progress.accepted"] == summary["progress.on_portal"]
        and summary["statements.accepted"] == summary["statements.on_portal"]
        and summary["questions.answered"] > 0
        and summary["procedures.in_gateway"] == summary["procedures.on_portal"]
        and summary["faults.injected"] > 0
    )
    if not summary["ok"]:
        summary["examples"] = [
            *found["examples"],
            *(f"{code}: {status} {kind}" for code, status, kind in log.refused[:10]),
        ]
    return summary


@contextlib.contextmanager
def _bar(options: Options) -> Any:
    """Show progress on a terminal; say nothing elsewhere."""
    console = Console(stderr=True)
    if options.is_quiet or not console.is_terminal:
        yield lambda _: None
        return
    with Progress(console=console) as progress:
        task = progress.add_task("A provincial system's day", total=None)
        yield lambda requests: progress.update(task, advance=requests)


def run(options: Options, *, is_once: bool, is_json: bool) -> int:
    """Run the demonstration; give the exit status."""
    return asyncio.run(_run(options, is_once=is_once, is_json=is_json))


async def _run(options: Options, *, is_once: bool, is_json: bool) -> int:
    console = Console()
    async with running_stack(options) as stack:
        if not is_json:
            console.print(
                f"Gateway {stack.url}  ·  documents {stack.url}/docs  ·  portal's own record {stack.control_url}"
            )
        summary = await run_once(stack, options)
        if is_json:
            sys.stdout.write(json.dumps(summary, ensure_ascii=False, indent=2) + "\n")
        else:
            for name, value in summary.items():
                console.print(f"  {name:42} {value}")
        sys.stdout.flush()
        if not is_once:
            console.print(f"Staying up. Try: curl -H 'Authorization: Bearer {stack.token}' {stack.url}/v1/dossiers")
            console.print("Ctrl-C ends it.")
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
    return 0 if summary["ok"] else 1
