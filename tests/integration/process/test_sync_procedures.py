"""The command that reads procedures, as its operator meets it: with a worker and a portal beside it."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from gateway.engine.procedures import sync_procedures
from gateway.store.procedures import PostgresProcedures
from gateway.store.systems import PostgresSystems
from tests.integration.process.test_commands import run, store_of
from tests.support.catalogues import ListPortal
from tests.support.clocks import RunningClock

PORTAL = (
    '[portal]\nbase_url = "https://localhost:9"\nunit_code = "H99"\nusername = "u"\npassword = "p"\n'
    'destination_place = "none"\n'
)


@pytest.fixture
async def settings(tmp_path: Path, dsn: str) -> Path:
    """Write settings with a portal."""
    path = tmp_path / "gateway.toml"
    path.write_text(store_of(tmp_path, dsn) + PORTAL)
    return path


@pytest.fixture
async def portal(pool: Any) -> ListPortal:
    """Give a portal of twelve procedures for whoever works."""
    await PostgresSystems(pool).ensure("portal")
    made = ListPortal()
    made.add(12)
    return made


async def work_once(pool: Any, portal: ListPortal) -> None:
    """Do the next run."""
    clock = RunningClock()
    await sync_procedures(portal, PostgresProcedures(pool, clock=clock), clock=clock, observer=lambda _: None)


async def work_when_asked(pool: Any, portal: ListPortal, run_id: int) -> None:
    """Do the run with this number as soon as it waits."""
    clock = RunningClock()
    store = PostgresProcedures(pool, clock=clock)
    async with asyncio.timeout(30):
        # Asked for by another process: nothing in this one could set an event.
        while await store.runs.find("portal", run_id) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await sync_procedures(portal, store, clock=clock, observer=lambda _: None)


async def test_it_asks_watches_and_tells(pool: Any, settings: Path, portal: ListPortal) -> None:
    """The command ends with the run, with status 0 and its counts; the plain lines say where it stood."""
    working = asyncio.create_task(work_when_asked(pool, portal, 1))
    status, output, errors = await run("sync", "procedures", GATEWAY_CONFIG=str(settings))
    await working
    assert (0, True) == (status, "listed=12 read=12 created=12" in output)
    assert "run 1 waiting" in errors
    assert "run 1 done" in errors


async def test_a_held_list_ends_with_status_1(pool: Any, settings: Path, portal: ListPortal) -> None:
    """What went wrong is told with what may be done; with the operator's word the same list is believed."""
    await work_once(pool, portal)
    portal.records = dict(list(portal.records.items())[:3])
    working = asyncio.create_task(work_when_asked(pool, portal, 2))
    status, _, errors = await run("sync", "procedures", GATEWAY_CONFIG=str(settings))
    await working
    assert (1, True, True) == (status, "--accept-short" in errors, "too_short" in errors)
    working = asyncio.create_task(work_when_asked(pool, portal, 3))
    status, output, _ = await run("sync", "procedures", "--accept-short", "--json", GATEWAY_CONFIG=str(settings))
    await working
    told = json.loads(output)
    assert (0, "done", 9) == (status, told["state"], told["retired_count"])


async def test_only_asking_waits_for_nobody(pool: Any, settings: Path) -> None:
    """With --wait 0 the run is left to the workers, its codes as they were given."""
    status, output, _ = await run(
        *("sync", "procedures", "1.999002", "1.999001", "--wait", "0", "--json"), GATEWAY_CONFIG=str(settings)
    )
    told = json.loads(output)
    assert (0, "waiting", ["1.999001", "1.999002"]) == (status, told["state"], told["codes"])
    status, _, errors = await run("sync", "procedures", "--wait", "1", GATEWAY_CONFIG=str(settings))
    assert (1, True) == (status, "waiting" in errors)


async def test_what_cannot_be_asked_for(tmp_path: Path, dsn: str, settings: Path) -> None:
    """A code that is none is refused, and so is the command where no portal is configured."""
    status, _, errors = await run("sync", "procedures", "x", GATEWAY_CONFIG=str(settings))
    assert (2, True) == (status, "procedure code" in errors)
    path = tmp_path / "without.toml"
    path.write_text(f'[store]\ndsn = "{dsn}"\n[keys]\nring_file = "{tmp_path}/ring.toml"\n')
    status, _, errors = await run("sync", "procedures", GATEWAY_CONFIG=str(path))
    assert (2, True) == (status, "portal" in errors)
