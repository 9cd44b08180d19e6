"""Starting the simulated national systems beside the portal, and adding them to the gateway's settings."""

import asyncio
import contextlib
import sys
from collections.abc import Sequence

import aiohttp

from gateway.demo.monitoring import MonitoringFiles
from gateway.demo.payment_files import PaymentFiles
from gateway.demo.payments import Caller
from gateway.demo.population import PopulationFiles
from gateway.demo.sign_ons import CONSENT_HUB, MODES, SignOn, SignOnFiles
from gateway.demo.stack import Child, Control, Files
from gateway.demo.world import VIETNAM


async def start_monitoring(
    stack: contextlib.AsyncExitStack, made: MonitoringFiles, files: Files, session: aiohttp.ClientSession, url: str
) -> Control:
    """Start the national monitoring system as a client that may read numbers, and nothing else.

    As a receiver of what is pushed it loses one answer.
    """
    token = await add_client(files, "national-monitoring", "H99", ("monitoring:read",))
    _, told = await Caller(session, url, token).call("GET", "/monitoring/v1/definitions")
    child = made.child(url, token, [], {one["code"]: one["unit"] for one in told["definitions"]})
    stack.push_async_callback(child.stop)
    addresses = await child.start()
    control = Control(session, addresses["control_url"], made.token)
    await control.post("faults", {"faults": [{"kind": "drop_reply", "operation": "push", "calls": 1}]})
    return control


async def start_sign_ons(stack: contextlib.AsyncExitStack, files: Files, port: int) -> list[SignOn]:
    """Start the national sign-ons and add them to the gateway's settings."""
    made = SignOnFiles(files, port)
    children = {name: made.child(name) for name in MODES}
    for child in children.values():
        stack.push_async_callback(child.stop)
    hub = made.hub()
    stack.push_async_callback(hub.stop)
    await asyncio.gather(hub.start(), *(child.start() for child in children.values()))
    with files.settings.open("a", encoding="utf-8") as settings:
        settings.write(made.settings(children, hub))
    return [
        SignOn(CONSENT_HUB, "", hub.facts["control_url"], made.token),
        *(SignOn(name, MODES[name], child.facts["control_url"], made.token) for name, child in children.items()),
    ]


async def start_population(stack: contextlib.AsyncExitStack, files: Files, session: aiohttp.ClientSession) -> Control:
    """Start the population database and add it to the gateway's settings."""
    made = PopulationFiles(files)
    child = made.child()
    stack.push_async_callback(child.stop)
    addresses = await child.start()
    with files.settings.open("a", encoding="utf-8") as settings:
        settings.write(made.settings(addresses["url"]))
    return Control(session, addresses["control_url"], made.token)


async def start_payments(
    stack: contextlib.AsyncExitStack, files: Files, session: aiohttp.ClientSession, port: int
) -> Control:
    """Start the payment providers and add them to the gateway's settings."""
    from gateway.clocks import SystemClock

    made = PaymentFiles(files, port, year=SystemClock().now().astimezone(VIETNAM).year)
    child = made.child()
    stack.push_async_callback(child.stop)
    addresses = await child.start()
    with files.settings.open("a", encoding="utf-8") as settings:
        settings.write(made.settings(addresses["url"]))
    return Control(session, addresses["control_url"], made.token)


async def add_client(files: Files, client_id: str, agency: str, scopes: Sequence[str]) -> str:
    """Register a client as an operator would, and give its token."""
    adding = Child(
        "clients add",
        [
            *(sys.executable, "-m", "gateway", "clients", "add", client_id, "--name", client_id, "--json"),
            *(part for scope in scopes for part in ("--scope", scope)),
            *("--agency", agency),
        ],
        files.folder / "clients.log",
        {"GATEWAY_CONFIG": str(files.settings)},
    )
    token: str = (await adding.start())["token"]
    await adding.wait()
    return token
