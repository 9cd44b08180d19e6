"""`gateway mappings` as an operator runs it."""

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.demo.mappings import held, in_force, load_sets, write_example_set
from gateway.demo.stack import Child
from tests.integration.process.test_commands import run, serving, settings
from tests.support.mapping_sets import procedure_files

__all__ = ["serving", "settings"]

LOCAL = "1.999001.000.00.00.H99"


def write(folder: Path, collection: dict[str, bytes]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in collection.items():
        (folder / name).write_bytes(content)
    return folder


async def mappings(settings: Path, *arguments: str) -> tuple[int, Any, str]:
    """Run a command with --json; give status, what it printed, and errors."""
    status, output, errors = await run("mappings", *arguments, "--json", GATEWAY_CONFIG=str(settings))
    return status, json.loads(output) if output else None, errors


async def test_from_lint_to_load(settings: Path, tmp_path: Path) -> None:
    """Good sets pass, are tried out without effect, are loaded once, and are then covered."""
    folder = str(write(tmp_path / "sets", procedure_files([(LOCAL, "1.999001")])))
    (tmp_path / "sets" / "README.md").write_text("Notes of the owner.\n")

    assert (0, {"sets_count": 1, "faults": []}) == (await mappings(settings, "lint", folder))[:2]
    tried = (await mappings(settings, "load", folder, "--dry-run"))[1]
    assert (None, ["+ test.procedure.out (none) -> 1.0.0"]) == (tried["version"], tried["sets"])
    assert tried == (await mappings(settings, "diff", folder))[1]
    first = (await mappings(settings, "load", folder, "--by", "operator"))[1]
    again = (await mappings(settings, "load", folder, "--by", "operator"))[1]
    assert (first["version"], True, False) == (again["version"], first["is_new"], again["is_new"])
    status, covered, _ = await mappings(settings, "coverage", "--gate")
    assert (0, ["test.procedure.out"]) == (status, [entry["set_id"] for entry in covered])
    for arguments, shown in (
        (("coverage",), "test.procedure.out"),
        (("diff", folder), "nothing would change"),
        (("lint", folder), "1 sets, no fault"),
        (("load", folder), f"version {first['version']} is in force already"),
    ):
        status, output, _ = await run("mappings", *arguments, GATEWAY_CONFIG=str(settings))
        assert (0, True) == (status, shown in output), output


async def test_faults_refuse_the_load_and_are_listed(settings: Path, tmp_path: Path) -> None:
    """Status 1, every fault with its place, nothing in force; the plain form goes to standard error."""
    collection = procedure_files([(LOCAL, "1.999001")])
    broken = {**collection, "procedures.csv": b"\xef\xbb\xbf" + collection["procedures.csv"]}
    folder = str(write(tmp_path / "sets", broken))
    status, told, _ = await mappings(settings, "load", folder)

    assert (1, ["procedures.csv, row 1"]) == (status, [fault["place"] for fault in told["faults"]])
    status, output, errors = await run("mappings", "lint", folder, GATEWAY_CONFIG=str(settings))
    assert (1, "") == (status, output)
    assert "procedures.csv, row 1: must not begin with a byte-order mark" in errors
    assert [] == (await mappings(settings, "coverage"))[1]
    assert 1 == (await mappings(settings, "lint", str(tmp_path / "nowhere")))[0]


async def test_a_running_gateway_takes_a_load_over(serving: Child, settings: Path, tmp_path: Path) -> None:
    """The demonstration's helpers load an example set by command, and the serving process follows within seconds."""
    pairs = {LOCAL: "1.999001", "1.999002.000.00.00.H99": "1.999002"}
    write_example_set(tmp_path / "demo", pairs, unmapped=["1.999002.000.00.00.H99"], version="1.0.0")
    added = await run(
        *("clients", "add", "operator", "--name", "O", "--scope", "mappings:read", "--agency", "*", "--json"),
        GATEWAY_CONFIG=str(settings),
    )
    token = json.loads(added[1])["token"]
    loaded = await load_sets(tmp_path / "demo", settings)

    assert 0 == loaded.status
    async with asyncio.timeout(30), aiohttp.ClientSession() as session:
        assert await in_force(session, serving.facts["url"], token, loaded.facts["version"])
        assert {} == await held(session, serving.facts["url"], token)


@pytest.mark.parametrize("day", ["2026-13-01", "today"])
async def test_a_day_must_be_one(settings: Path, tmp_path: Path, day: str) -> None:
    """A day that is none is refused before anything is read."""
    status, _, errors = await run("mappings", "coverage", "--on", day, GATEWAY_CONFIG=str(settings))

    assert (2, True) == (status, "--on" in errors)
