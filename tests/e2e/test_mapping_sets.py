"""Mapping sets in whole processes: a code waits, an operator loads its row, and the dossier arrives by itself."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.demo.command import Options, Stack, running_stack
from gateway.demo.mappings import held, in_force, load_sets, write_example_set
from gateway.demo.stack import Files
from tests.support.samples import as_json, make_dossier

pytestmark = pytest.mark.e2e

CODE = "H99.01-260105-00001"


async def national_code(stack: Stack) -> str:
    """Wait for the catalogue and give a procedure that the portal takes dossiers for."""
    headers = {"Authorization": f"Bearer {stack.token}"}
    while True:
        async with stack.session.get(f"{stack.url}/v1/procedures?limit=200", headers=headers) as response:
            for line in (await response.json())["procedures"]:
                address = f"{stack.url}/v1/procedures/{line['code']}"
                async with stack.session.get(address, headers=headers) as one:
                    procedure = (await one.json())["procedure"]
                if procedure["sectors"]:
                    return str(procedure["code"])
        await asyncio.sleep(0.3)


async def deliveries(stack: Stack) -> list[tuple[str, int | None]]:
    """Give state and mapping version of every delivery of the dossier."""
    headers = {"Authorization": f"Bearer {stack.token}"}
    async with stack.session.get(f"{stack.url}/v1/dossiers/{CODE}/deliveries", headers=headers) as response:
        found: list[dict[str, Any]] = (await response.json())["deliveries"]
    return [(delivery["state"], delivery["mapping_version"]) for delivery in found]


async def until(look: Callable[[], Awaitable[object]], expected: object) -> None:
    """Look until what is expected is seen; the test's own time limit ends it otherwise."""
    seen: list[object] = []
    while not seen or seen[-1] != expected:
        await asyncio.sleep(0.2)
        seen.append(await look())


async def test_a_missing_row_is_held_and_released_by_its_load(tmp_path: Path) -> None:
    """Accepted at once, held with its row named, delivered under the portal's code once the row is loaded."""
    folder = tmp_path / "demo"
    async with asyncio.timeout(120), running_stack(Options(folder=folder, procedures_count=20)) as stack:
        settings = Files(folder).settings
        operator = stack.operator_token
        code = await national_code(stack)
        local, other = f"{code}.000.00.00.H99", f"{code}.000.00.00.H98"
        write_example_set(tmp_path / "sets", {local: code, other: code}, unmapped=[local], version="1.0.0")
        first = await load_sets(tmp_path / "sets", settings)
        assert await in_force(stack.session, stack.url, operator, first.facts["version"])

        headers = {"Authorization": f"Bearer {stack.token}", "Idempotency-Key": "k1"}
        body = as_json(make_dossier(procedure_code=local, attachments=()))
        async with stack.session.put(f"{stack.url}/v1/dossiers/{CODE}", json=body, headers=headers) as response:
            assert 201 == response.status, await response.text()
        await until(lambda: held(stack.session, stack.url, operator), {local: 1})

        write_example_set(tmp_path / "sets", {local: code, other: code}, unmapped=[], version="1.1.0")
        second = await load_sets(tmp_path / "sets", settings)
        await until(lambda: deliveries(stack), [("delivered", second.facts["version"])])

        assert {} == await held(stack.session, stack.url, operator)
        portal = (await stack.control.dossiers())[CODE]
        assert 1 == portal["create_count"]
        assert code in json.dumps(portal)
