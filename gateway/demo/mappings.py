"""Mapping sets in the demonstration: an example set with rows left out, loaded as an operator does, and what waits.

Only the command line and the public API are used.
"""

import asyncio
import csv
import io
import json
import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

_WAIT_SECONDS = 60.0
_COLUMNS = (
    "source_code",
    "target_code",
    "relation",
    "valid_from",
    "valid_to",
    "justification",
    "reviewed_by",
    "reviewed_on",
    "note",
)
_HEADER = """set_id = "demo.procedure.out"
version = "{version}"
status = "active"
kind = "procedure"
direction = "outbound"
valid_from = 2020-01-01
owner = "Tỉnh Thử nghiệm"
reviewers = ["Trung tâm phục vụ hành chính công"]
legal_basis = "dữ liệu minh họa"
licence = "public domain"
sources = ["invented for the demonstration"]

[source]
system = "h99-procedures"
version = "2026"

[target]
system = "national-procedures"
version = "2026"

[unmapped]
mode = "hold"

[[samples]]
code = "{code}"
on = 2026-01-05
out = "{target}"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadResult:
    """What the command said: its status, and its JSON (the load, or the faults)."""

    status: int
    facts: Mapping[str, Any]


def write_example_set(folder: Path, pairs: Mapping[str, str], *, unmapped: Iterable[str], version: str) -> None:
    """Write a set of procedure codes, local to national, without the rows of `unmapped`.

    `version` ("1.0.0") must rise with every change of the rows. At least one pair must be left.
    """
    left_out = frozenset(unmapped)
    kept = sorted((code, target) for code, target in pairs.items() if code not in left_out)
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows((code, target, "equivalent", "2020-01-01", "", "manual", "", "", "") for code, target in kept)
    folder.mkdir(parents=True, exist_ok=True)
    header = _HEADER.format(version=version, code=kept[0][0], target=kept[0][1])
    (folder / "procedures.toml").write_text(header, encoding="utf-8")
    (folder / "procedures.csv").write_text(table.getvalue(), encoding="utf-8")


async def load_sets(folder: Path, settings: Path, *, by: str = "demonstration", is_trial: bool = False) -> LoadResult:
    """Run `gateway mappings load` on a folder with a settings file, as an operator does."""
    arguments = ["mappings", "load", str(folder), "--by", by, "--json", *(["--dry-run"] if is_trial else [])]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", *arguments),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "GATEWAY_CONFIG": str(settings)},
    )
    output, _ = await process.communicate()
    return LoadResult(status=process.returncode or 0, facts=json.loads(output or b"{}"))


async def held(session: aiohttp.ClientSession, url: str, token: str) -> dict[str, int]:
    """Give the procedure codes that deliveries wait for, each with the number of deliveries (scope mappings:read)."""
    headers = {"Authorization": f"Bearer {token}"}
    async with session.get(f"{url}/v1/mappings/missing?kind=procedure", headers=headers) as response:
        response.raise_for_status()
        rows: Sequence[Mapping[str, Any]] = (await response.json())["rows"]
    return {row["code"]: row["deliveries_count"] for row in rows}


async def in_force(session: aiohttp.ClientSession, url: str, token: str, version: int) -> bool:
    """Wait until the answering process uses a load; False when it does not within a minute."""
    headers = {"Authorization": f"Bearer {token}"}
    end = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < end:
        async with session.get(f"{url}/v1/mappings", headers=headers) as response:
            response.raise_for_status()
            if (await response.json())["answering_version"] == version:
                return True
        await asyncio.sleep(0.3)
    return False
