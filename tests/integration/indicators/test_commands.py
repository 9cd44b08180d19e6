"""`gateway indicators …` as an operator runs it: checked, damaged, added up, published, and portals looked at."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from gateway.counting import look_at_sites
from gateway.monitoring.registers import RegisterKind, read_items
from gateway.monitoring.sites import SiteFault
from gateway.ports.basics import KeyRing
from gateway.vault.assertions import create_signing_key
from gateway.vault.keyring import FileKeyRing, create_key_ring
from gateway.vault.ring_file import read_ring
from tests.support.clocks import START
from tests.support.counting import counting_town


async def run(settings: Path, *arguments: str) -> tuple[int, str]:
    """Run a command; give status and output."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "indicators", *arguments),
        env={**os.environ, "GATEWAY_CONFIG": str(settings)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 120)
    return process.returncode or 0, output.decode()


@pytest.fixture
def ring(tmp_path: Path) -> FileKeyRing:
    """Make a key ring that commands can read."""
    create_key_ring(tmp_path / "ring.toml")
    return FileKeyRing.of(read_ring(tmp_path / "ring.toml"))


def write_settings(folder: Path, dsn: str) -> Path:
    """Write settings that publish months from July 2026 on."""
    create_signing_key(folder / "publications.pem")
    settings = folder / "gateway.toml"
    settings.write_text(
        f"""
[store]
dsn = {json.dumps(dsn)}
[keys]
ring_file = {json.dumps(str(folder / "ring.toml"))}
[monitoring]
province = "H99"
[monitoring.publication]
signing_key_files = [{json.dumps(str(folder / "publications.pem"))}]
begins_on = 2026-07-01
period_types = ["month"]
""",
        encoding="utf-8",
    )
    return settings


async def test_an_operator_checks_repairs_and_publishes(dsn: str, pool: Any, ring: FileKeyRing, tmp_path: Path) -> None:
    """Status 0 while both countings agree, 1 when they differ; cells are made anew; figures are published."""
    settings = write_settings(tmp_path, dsn)
    async with counting_town(pool, ring) as town:
        await town.live(20)
        dossiers_count = len(town.documents)
    status, told = await run(settings, "check", "--json")
    checked = json.loads(told)
    assert (0, True, dossiers_count) == (status, checked["is_equal"], checked["dossiers_count"])

    await pool.execute("UPDATE indicator_cells SET counts[1] = counts[1] + 1 WHERE grain = 'month'")
    status, told = await run(settings, "check")
    assert status == 1
    assert "differing: 0 facts" in told
    assert (0, "added up\n") == await run(settings, "add-up")
    assert 0 == (await run(settings, "check"))[0]

    status, told = await run(settings, "publish")
    assert status == 0
    assert "H99-2026M07-v1" in told
    # July ended over a month ago: what was preliminary is final at once, and then nothing is left to say.
    assert "H99-2026M07-v2" in (await run(settings, "publish"))[1]
    assert (0, "nothing is to be published\n") == await run(settings, "publish")


async def test_portals_are_looked_at(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """A page that cannot be read is unreachable, and nothing else is said of it."""
    async with counting_town(pool, key_ring) as town:
        sites = [{"url": "https://127.0.0.1:9/", "site_id": 271}, {"url": "https://127.0.0.1:9/b", "site_id": 3}]
        items = read_items(RegisterKind.SITES, sites)
        await town.registers.replace_register(RegisterKind.SITES, items, START)

    assert [[SiteFault.UNREACHABLE]] * 2 == [faults for _, faults in await look_at_sites(dsn)]
