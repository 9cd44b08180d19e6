"""Whole processes reading the portal's lists: asked for by API and command, killed in the middle, taken up again."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.demo.stack import Files
from gateway.demo.starting import add_client
from tests.e2e.test_kills import PROCEDURES_COUNT, Town, running_town
from tests.support.folders import server_folder

SCOPES = ("procedures:read", "catalogues:read", "catalogues:sync")
pytestmark = [pytest.mark.e2e]


class Reader:
    """A caller who asks for readings and watches them."""

    def __init__(self, town: Town, token: str) -> None:
        self._town = town
        self._headers = {"Authorization": f"Bearer {token}"}

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        stack = self._town.stack
        async with stack.session.request(method, stack.url + path, json=body, headers=self._headers) as response:
            assert response.status in (200, 202, 404), await response.text()
            return await response.json(content_type=None)

    async def until(self, path: str, is_there: Any) -> Any:
        async with asyncio.timeout(60):
            while not is_there(found := await self.call("GET", path)):  # noqa: ASYNC110 - another process works
                await asyncio.sleep(0.1)
        return found


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    with server_folder() as folder:
        async with running_town(Files(folder)) as started:
            yield started


async def test_readings_of_whole_processes(town: Town) -> None:
    """A worker killed in the middle of a reading loses nothing: the same run ends with every record read once more."""
    reader = Reader(town, await add_client(town.files, "reader", "H99", SCOPES))
    latest = "/v1/procedures/synchronisation"
    await reader.until(latest, lambda run: run.get("state") == "done")

    slow = {"kind": "stall_before_work", "operation": "LayThuTuc", "delay_seconds": 0.4}
    await town.stack.control.post("faults", {"action": "replace", "faults": [slow]})
    run = await reader.call("POST", "/v1/procedures:synchronise", {})
    watched = f"{latest}?run_id={run['run_id']}"
    await reader.until(watched, lambda run: run["state"] == "running" and run["to_read_count"])
    await town.kill_and_revive("worker")
    ended = await reader.until(watched, lambda run: run["state"] in ("done", "failed"))
    assert ("done", PROCEDURES_COUNT, 0) == (ended["state"], ended["read_count"], ended["failed_count"])

    lists = await reader.until(
        "/v1/catalogues", lambda found: all(line["attempted_at"] for line in found["catalogues"])
    )
    assert {(True, "", False)} == {
        (line["is_offered"], line["failure"], line["is_held"]) for line in lists["catalogues"]
    }
    await reader.call("POST", "/v1/catalogues/agencies:refresh")
    page = await reader.until(
        "/v1/catalogues/agencies", lambda page: page["catalogue"]["requested_at"] is None and page["items"]
    )
    assert page["version"]["items_count"] == page["catalogue"]["items_count"] > 0

    (first, *_) = (await reader.call("GET", "/v1/procedures"))["procedures"]
    command = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "sync", "procedures", first["code"], "--json"),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "GATEWAY_CONFIG": str(town.files.settings)},
    )
    output, _ = await asyncio.wait_for(command.communicate(), 60)
    told = json.loads(output)
    assert (0, "done", 1) == (command.returncode, told["state"], told["read_count"])
