"""`gateway demo`: starts everything, lives the day with faults on, checks it against the portal, says what it saw."""

import asyncio
import contextlib
import json
import secrets
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console
from rich.progress import Progress

from gateway.demo.citizens import Questions, ask_about_citizens
from gateway.demo.clear_text import (
    Scan,
    citizens_of,
    people_filed,
    people_of_hub,
    people_of_portal,
    people_of_sign_ons,
    scan,
    values_of,
)
from gateway.demo.consents import ask_for_consents
from gateway.demo.driver import Driver, Log
from gateway.demo.held import hold_and_release
from gateway.demo.inbound import Inbound, file_and_answer
from gateway.demo.monitoring import SCOPES as MONITORING_SCOPES
from gateway.demo.monitoring import MonitoringFiles, watch_numbers
from gateway.demo.needles import Value
from gateway.demo.payment_day import live_with_fees
from gateway.demo.payments import Caller
from gateway.demo.proven import file_proven
from gateway.demo.reconciliation import damage_and_reconcile
from gateway.demo.sign_ins import SignedIns, sign_in_all_day
from gateway.demo.sign_ons import SignOn
from gateway.demo.stack import (
    Child,
    Control,
    Files,
    free_port,
    gateway_child,
    sandbox_child,
    write_password,
    write_portal_secret,
    write_settings,
)
from gateway.demo.starting import add_client, start_monitoring, start_payments, start_population, start_sign_ons
from gateway.demo.statements import Stated, state_everything
from gateway.demo.summary import Day, PortalRecord, summarise
from gateway.demo.world import OFFICERS, Story, make_day

_DRAIN_SECONDS = 120.0
PROVINCE_SCOPES = (
    *("dossiers:read", "dossiers:write", "procedures:read", "events:read", "operations:read", "questions:read"),
    *("statements:read", "statements:write", "identity:sign-in", "technical-ids:read", "consents:request"),
    *("citizens:verify", "citizens:lookup", "payments:read", "payments:write"),
)
OPERATOR_SCOPES = (
    *("dossiers:read", "dossiers:write", "operations:read", "operations:write", "mappings:read"),
    "account-statements:write",
)
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
    """What is running: addresses, tokens of the provincial system and of an operator, the portal's key, its control."""

    url: str
    token: str
    operator_token: str
    portal_secret: str
    control: Control
    control_url: str
    session: aiohttp.ClientSession
    sign_ons: tuple[SignOn, ...] = ()
    population: Control | None = None
    payments: Control | None = None
    monitoring: Control | None = None
    watcher_token: str = ""


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
        port = options.port or free_port()
        secret = write_portal_secret(files)
        write_settings(files, dsn=dsn, portal_url=addresses["url"], port=port)
        sign_ons = await start_sign_ons(stack, files, port)
        population = await start_population(stack, files, session)
        payments = await start_payments(stack, files, session, port)
        watching = MonitoringFiles(files)
        with files.settings.open("a", encoding="utf-8") as settings:
            settings.write(watching.settings())
        gateway = gateway_child(files)
        stack.push_async_callback(gateway.stop)
        url = (await gateway.start())["url"]
        client_token = await add_client(files, "one-stop", "H99", PROVINCE_SCOPES)
        operator_token = await add_client(files, "operator", "*", OPERATOR_SCOPES)
        watcher_token = await add_client(files, "watcher", "*", MONITORING_SCOPES)
        monitoring = await start_monitoring(stack, watching, files, session, url)
        control = Control(session, addresses["control_url"], token)
        yield Stack(
            url,
            client_token,
            operator_token,
            secret,
            control,
            addresses["control_url"],
            session,
            tuple(sign_ons),
            population,
            payments,
            monitoring,
            watcher_token,
        )


async def verify_audit(files: Files) -> dict[str, Any]:
    """Have the audit chain verified, as an auditor would."""
    arguments = [sys.executable, "-m", "gateway", "audit", "verify", "--json"]
    verifying = Child("audit verify", arguments, files.folder / "audit.log", {"GATEWAY_CONFIG": str(files.settings)})
    facts = await verifying.start()
    await verifying.wait()
    return facts


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
    stories: list[Story] = make_day(options.dossiers_count, _usable(procedures), options.seed)
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
    """Live the day, let the record be damaged and mended, and give the summary."""
    started = time.monotonic()
    procedures = await catalogue_loaded(stack, options.procedures_count)
    files = Files(options.folder)
    log, stated, inbound, signed_in, questions = await _live_together(stack, options, files, procedures)
    accepted_count = sum(len(changes) for changes in log.accepted.values()) + len(inbound.answered)
    await drained(stack, accepted_count)
    portal = await read_portal(stack)
    reconciled = await damage_and_reconcile(stack.session, stack.control, stack.url, stack.operator_token)
    proven = await file_proven(
        stack.session,
        stack.control,
        stack.url,
        stack.token,
        signed_in=signed_in,
        procedure_code=_usable(procedures)[0]["code"],
        now=datetime.now(UTC),  # noqa: TID251 - the demonstration is a caller from outside
    )
    assert stack.payments is not None, "the whole stack runs"
    payments = await live_with_fees(
        Caller(stack.session, stack.url, stack.token),
        Caller(stack.session, stack.url, stack.operator_token),
        stack.payments,
        stack.control,
        procedure_code=_usable(procedures)[0]["code"],
    )
    hub = stack.sign_ons[0]
    consents = await ask_for_consents(
        stack.session, Control(stack.session, hub.control_url, hub.token), stack.url, stack.token, signed_in
    )
    held = await hold_and_release(
        stack.session,
        stack.control,
        stack.url,
        stack.operator_token,
        procedures=_usable(procedures),
        folder=options.folder / "mapping-sets",
        settings=files.settings,
    )
    assert stack.monitoring is not None, "the whole stack runs"
    sizes = await drained(stack, accepted_count + len(held.sent) + len(proven.sent) + payments.changes_count)
    watched = await watch_numbers(Caller(stack.session, stack.url, stack.watcher_token), stack.monitoring, files)
    day = Day(
        log=log,
        watched=watched,
        stated=stated,
        inbound=inbound,
        reconciled=reconciled,
        held=held,
        questions=questions,
        audit=await verify_audit(files),
        signed_in=signed_in,
        proven=proven,
        consents=consents,
        payments=payments,
        portal=portal,
        procedures_count=len(procedures),
        sizes=sizes,
        scan=await _scan(stack, options, log, portal, inbound, questions, payments.documents),
        elapsed_seconds=time.monotonic() - started,
    )
    return summarise(day, options.dossiers_count)


async def _live_together(
    stack: Stack, options: Options, files: Files, procedures: list[dict[str, Any]]
) -> tuple[Log, Stated, Inbound, SignedIns, Questions]:
    """Live the day, with everything beside dossiers going on at the same time."""
    assert stack.population is not None, "the whole stack runs"
    session, url, token = stack.session, stack.url, stack.token
    with _bar(options) as told:
        stating = asyncio.create_task(state_everything(session, url, token))
        filing = asyncio.create_task(_file(stack, options))
        authority = files.certificates / "ca.pem"
        signing_in = asyncio.create_task(sign_in_all_day(session, url, token, stack.sign_ons[1:], authority))
        asking = asyncio.create_task(ask_about_citizens(session, stack.population, url, token))
        log = await live(stack, options, procedures, told)
        return log, await stating, await filing, await signing_in, await asking


async def _scan(
    stack: Stack,
    options: Options,
    log: Log,
    portal: PortalRecord,
    inbound: Inbound,
    questions: Questions,
    paid: Sequence[Mapping[str, Any]],
) -> Scan:
    """Look for everybody in whatever the gateway has written."""
    records = [held["record"] for held in portal.dossiers.values()]
    hub, *sign_ons = (Control(stack.session, one.control_url, one.token) for one in stack.sign_ons)
    values = {Value("officer", name) for name in OFFICERS}
    values |= values_of(one.request.body for changes in log.accepted.values() for one in changes.values())
    values |= values_of(paid)
    values |= people_of_portal(records) | people_filed(inbound.filed) | citizens_of(questions.people)
    values |= people_of_hub((await hub.get("people"))["data"])
    for sign_on in sign_ons:
        values |= people_of_sign_ons((await sign_on.get("people"))["people"])
    return await scan(
        stack.session,
        stack.url,
        stack.token,
        folder=options.folder,
        values=values,
        control=json.dumps(records, ensure_ascii=False).encode(),
    )


async def _file(stack: Stack, options: Options) -> Inbound:
    count = max(12, options.dossiers_count // 25)
    return await file_and_answer(stack.session, stack.control, stack.url, stack.token, stack.portal_secret, count)


async def read_portal(stack: Stack) -> PortalRecord:
    """Read what the portal itself says that it holds."""
    control = stack.control
    return PortalRecord(
        dossiers=await control.dossiers(),
        counters=await control.get("counters"),
        injected=(await control.get("faults"))["injected"],
        procedures_count=len((await control.get("procedures"))["procedures"]),
        statements=(await control.get("statements"))["statements"],
        national_statuses=(await control.get("national-statuses"))["statuses"],
    )


def _usable(procedures: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [procedure for procedure in procedures if procedure["sectors"] and procedure["is_public"]]


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
            line = f"Staying up. Try: curl -H 'Authorization: Bearer {stack.token}' {stack.url}/v1/dossiers"
            console.print(line, soft_wrap=True, highlight=False)
            console.print("Ctrl-C ends it.")
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
    return 0 if summary["ok"] else 1
