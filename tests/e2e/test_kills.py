"""Whole processes, killed without warning while a day goes on; at the end the promises must hold.

The API and the worker run apart and are killed in turn, again and again, at whatever they are doing; the database is
crashed and restarted under load. Nothing accepted may be lost, doubled, mixed up or out of order on the portal.
"""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import asyncpg
import pytest

from certs.commands import init
from gateway.clocks import SystemClock
from gateway.demo.command import PROVINCE_SCOPES, Stack, catalogue_loaded, drained
from gateway.demo.driver import Driver
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
from gateway.demo.starting import add_client
from gateway.demo.verify import compare
from gateway.demo.world import make_day
from gateway.store.embedded import restart, start_embedded
from tests.support.folders import server_folder

DOSSIERS_COUNT = 200
PROCEDURES_COUNT = 20
TURNS_COUNT = 12
# Lost answers, and calls that take effect only after their worker was killed (within the grace that is waited for).
FAULTS = (
    {"kind": "drop_reply", "probability": 0.05},
    {"kind": "stall_before_work", "delay_seconds": 1.0, "probability": 0.1},
)
DRAIN_SECONDS = 150.0
_IS_OPEN = "state IN ('waiting', 'in_flight', 'unknown')"
pytestmark = [pytest.mark.e2e]


@dataclass(slots=True)
class Town:
    """The processes of one town."""

    stack: Stack
    files: Files
    children: dict[str, Child]
    server: Any

    async def kill_and_revive(self, role: str) -> None:
        """End a process as a power cut would, and start it again."""
        await self.children[role].kill()
        child = gateway_child(self.files, role=role)
        self.children[role] = child
        # A process that meets a restarting database gives up at the start; whoever supervises it tries again.
        for _ in range(10):
            with contextlib.suppress(RuntimeError):
                await child.start()
                return
            await asyncio.sleep(0.5)
        raise AssertionError(f"{role} does not come up again")


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    with server_folder() as folder:
        async with running_town(Files(folder)) as started:
            yield started


@contextlib.asynccontextmanager
async def running_town(files: Files) -> AsyncIterator[Town]:
    init(files.certificates, ["localhost", "127.0.0.1"], SystemClock().now())
    dsn, server = await asyncio.to_thread(start_embedded, files.folder / "postgres")
    token = secrets.token_hex(16)
    async with contextlib.AsyncExitStack() as cleanup:
        cleanup.callback(server.cleanup)
        session = await cleanup.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)))
        sandbox = sandbox_child(files, password=write_password(files), token=token, procedures_count=PROCEDURES_COUNT)
        cleanup.push_async_callback(sandbox.stop)
        addresses = await sandbox.start()
        write_portal_secret(files)
        write_settings(files, dsn=dsn, portal_url=addresses["url"], port=free_port(), query_grace_seconds=2.0)
        children = {role: gateway_child(files, role=role) for role in ("api", "worker")}

        async def stop_all() -> None:
            for child in children.values():
                await child.stop()

        cleanup.push_async_callback(stop_all)
        for child in children.values():
            await child.start()
        client_token = await add_client(files, "one-stop", "H99", PROVINCE_SCOPES)
        control = Control(session, addresses["control_url"], token)
        stack = Stack(children["api"].facts["url"], client_token, "", "", control, addresses["control_url"], session)
        yield Town(stack, files, children, server)


async def _until_nothing_is_open(town: Town) -> None:
    """Ask the database itself: gauges may be some seconds old on a busy machine. Tells what stands when time is up."""
    connection = await asyncpg.connect(town.server.get_uri())
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                while await connection.fetchval(  # noqa: ASYNC110 - the database tells no end
                    f"SELECT count(*) FROM deliveries WHERE {_IS_OPEN}"
                ):
                    await asyncio.sleep(0.3)
                return
        standing = [
            *await connection.fetch(f"SELECT * FROM deliveries WHERE {_IS_OPEN} ORDER BY delivery_id LIMIT 20"),
            *await connection.fetch(
                f"SELECT * FROM lanes WHERE dossier_id IN (SELECT dossier_id FROM deliveries WHERE {_IS_OPEN}) LIMIT 20"
            ),
            *await connection.fetch(
                "SELECT system, circuit_state, circuit_failures, circuit_opened, circuit_retry_at, session_expires_at,"
                " last_success_at, last_failure_at, last_failure FROM system_states"
            ),
            *await connection.fetch("SELECT *, now() AS asked_at FROM system_gates"),
            *await connection.fetch("SELECT * FROM held_lists"),
        ]
    finally:
        await connection.close()
    log = (town.files.folder / "gateway.log").read_text(encoding="utf-8", errors="replace")
    ended = {role: child.status for role, child in town.children.items()}
    told = "\n".join([str(ended), *(str(dict(row)) for row in standing), *log.splitlines()[-40:]])
    raise AssertionError(f"deliveries stay open:\n{told}")


async def _disturb(town: Town) -> None:
    """Kill the worker, the API and the database in turn, a fixed number of times."""
    for turn in range(TURNS_COUNT):
        await asyncio.sleep(0.4)
        match turn % 3:
            case 0:
                await town.kill_and_revive("worker")
            case 1:
                await town.kill_and_revive("api")
            case _:
                await asyncio.to_thread(restart, town.server, mode=("immediate", "fast")[turn // 3 % 2])


async def test_promises_hold_while_everything_is_killed(town: Town) -> None:
    """Promises 1 to 5: what got a 2xx is on the portal once, in order and field by field, whatever was killed."""
    async with asyncio.timeout(60):
        procedures = await catalogue_loaded(town.stack, PROCEDURES_COUNT)
    usable = [procedure for procedure in procedures if procedure["sectors"] and procedure["is_public"]]
    stories = make_day(DOSSIERS_COUNT, usable, seed=7)
    for story in stories:
        story.is_imported = (
            False  # A bulk import that is killed is repeated by its caller; single requests repeat here.
        )
    await town.stack.control.post("faults", {"action": "replace", "faults": list(FAULTS)})
    driver = Driver(town.stack.session, town.stack.url, town.stack.token, lambda _: None)
    async with asyncio.timeout(180), asyncio.TaskGroup() as group:
        group.create_task(_disturb(town))
        group.create_task(driver.live(stories, clerks_count=3))
    await town.stack.control.post("faults", {"action": "clear"})

    await _until_nothing_is_open(town)
    async with asyncio.timeout(60):
        accepted_count = sum(len(changes) for changes in driver.log.accepted.values())
        sizes = await drained(town.stack, accepted_count)
        found = compare(driver.log.accepted, await town.stack.control.dossiers())
        counters = await town.stack.control.get("counters")

    assert driver.log.refused == []
    assert DOSSIERS_COUNT == len(driver.log.accepted)
    wrong = {name: count for name, count in found.items() if count and name not in ("steps_on_portal", "examples")}
    assert {} == wrong, found["examples"]
    assert driver.log.steps_count == found["steps_on_portal"]
    open_states = {state: sizes.get(state, 0) for state in ("waiting", "in_flight", "unknown", "parked", "lost")}
    assert dict.fromkeys(open_states, 0) == open_states
    assert 0 == counters["concurrent_same_dossier"]
