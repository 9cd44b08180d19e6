"""The program as its operator meets it: bad settings, checks, clients, a graceful end."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from certs.commands import init
from gateway.clocks import SystemClock
from gateway.demo.stack import Child
from gateway.store.systems import PostgresSystems
from gateway.vault.keyring import create_key_ring

ROOT = Path(__file__).parents[3]


async def run(*arguments: str, **environment: str) -> tuple[int, str, str]:
    """Run a command to its end; give status, output and errors."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, **environment},
    )
    async with asyncio.timeout(60):
        output, errors = await process.communicate()
    return process.returncode or 0, output.decode(), errors.decode()


def store_of(folder: Path, dsn: str) -> str:
    """Give the settings of a database and a fresh key ring."""
    ring = folder / "ring.toml"
    create_key_ring(ring)
    return f'[store]\ndsn = "{dsn}"\ndata_folder = "{folder}"\n[keys]\nring_file = "{ring}"\n'


@pytest.fixture
async def settings(tmp_path: Path, dsn: str) -> Path:
    path = tmp_path / "gateway.toml"
    path.write_text(store_of(tmp_path, dsn) + "[api]\nport = 0\n")
    return path


@pytest.fixture
async def serving(settings: Path, tmp_path: Path) -> AsyncIterator[Child]:
    child = Child(
        "gateway",
        [sys.executable, "-m", "gateway", "serve"],
        tmp_path / "gateway.log",
        {"GATEWAY_CONFIG": str(settings)},
    )
    await child.start()
    yield child
    await child.stop()


async def test_bad_settings_stop_the_start_and_list_every_fault(tmp_path: Path) -> None:
    """All faults come at once with their names and rules, and status 2; no value is repeated."""
    path = tmp_path / "gateway.toml"
    path.write_text('[api]\nport = 99999\nprot = 1\n[engine]\nlease_seconds = "geheim"\n[store]\npool_size = 1\n')
    status, _, errors = await run("serve", GATEWAY_CONFIG=str(path))

    assert 2 == status
    for name in ("api.port", "api.prot", "engine.lease_seconds", "store.pool_size"):
        assert name in errors
    assert "geheim" not in errors
    assert "Traceback" not in errors


async def test_faults_of_all_sections_come_at_once(tmp_path: Path, dsn: str) -> None:
    """Adapters' own sections are opened one after the other: what is wrong with any of them is told with the others."""
    path = tmp_path / "gateway.toml"
    path.write_text(
        store_of(tmp_path, dsn)
        + '[portal]\nbase_url = "ftp://x"\n[population]\nnonsense = 1\n'
        + '[monitoring]\nprovince = "H99"\n'
        + '[monitoring.publication]\nsigning_key_files = ["missing.pem"]\nbegins_on = 2026-01-01\n'
        + '[[monitoring.publication.receivers]]\nurl = "nowhere"\n'
    )
    status, _, errors = await run("serve", GATEWAY_CONFIG=str(path))

    assert 2 == status
    for name in ("portal.base_url", "population.nonsense", "monitoring.publication.signing_key_files"):
        assert name in errors
    assert "monitoring.publication.receivers" in errors


@pytest.mark.parametrize("content", ["not toml [", None])
async def test_a_settings_file_that_cannot_be_read(tmp_path: Path, content: str | None) -> None:
    """A missing or broken file is a fault like any other."""
    path = tmp_path / "gateway.toml"
    if content is not None:
        path.write_text(content)
    status, _, errors = await run("check", GATEWAY_CONFIG=str(path))

    assert (2, True) == (status, "GATEWAY_CONFIG" in errors)


async def test_bad_portal_settings_are_listed_too(tmp_path: Path, dsn: str) -> None:
    """The adapter's own section is checked at the start like everything else."""
    path = tmp_path / "gateway.toml"
    path.write_text(store_of(tmp_path, dsn) + '[portal]\nbase_url = "ftp://x"\nunit_code = "h 9"\nnonsense = 1\n')
    status, _, errors = await run("serve", GATEWAY_CONFIG=str(path))

    assert 2 == status
    for name in ("portal.base_url", "portal.unit_code", "portal.nonsense"):
        assert name in errors


async def test_check_says_what_is_well_and_what_is_not(tmp_path: Path, dsn: str) -> None:
    """A portal that cannot be reached is a finding with status 1; database, keys and certificates are well."""
    init(tmp_path / "certs", ["localhost"], SystemClock().now())
    path = tmp_path / "gateway.toml"
    certs = tmp_path / "certs"
    path.write_text(
        store_of(tmp_path, dsn)
        + '[portal]\nbase_url = "https://localhost:9"\nunit_code = "H99"\nusername = "u"\npassword = "p"\n'
        + 'destination_place = "none"\n'
        + f'[portal_tls]\nca = "{certs}/ca.pem"\ncertificate = "{certs}/client.pem"\nkey = "{certs}/client.key"\n'
    )
    status, output, _ = await run("check", "--json", GATEWAY_CONFIG=str(path))

    findings = {finding["subject"]: finding["is_ok"] for finding in json.loads(output)}
    assert 1 == status
    assert {"settings": True, "database": True, "key ring": True, "certificate portal_client": True} == {
        subject: findings[subject] for subject in ("settings", "database", "key ring", "certificate portal_client")
    }
    assert not all(findings.values())


async def test_a_client_is_registered_used_and_revoked(serving: Child, settings: Path) -> None:
    """A token works from its registration until shortly after its revocation, and is listed without itself."""
    environment = {"GATEWAY_CONFIG": str(settings)}
    added = await run(
        *("clients", "add", "one-stop", "--name", "One-stop", "--scope", "dossiers:read", "--agency", "H99", "--json"),
        **environment,
    )
    token = json.loads(added[1])["token"]
    headers = {"Authorization": f"Bearer {token}"}
    address = serving.facts["url"] + "/v1/dossiers"
    async with aiohttp.ClientSession() as session:
        async with session.get(address, headers=headers) as response:
            assert 200 == response.status
        listed = await run("clients", "list", "--json", **environment)
        assert ["one-stop"] == [row["client_id"] for row in json.loads(listed[1])]
        assert token not in listed[1]
        assert 0 == (await run("clients", "revoke", "one-stop", **environment))[0]
        async with asyncio.timeout(15):
            while True:
                async with session.get(address, headers=headers) as response:
                    if response.status == 401:
                        break
                await asyncio.sleep(0.3)
    assert 1 == (await run("clients", "revoke", "one-stop", **environment))[0]


async def test_unknown_scopes_are_refused(settings: Path) -> None:
    """A misspelt scope registers nobody."""
    arguments = ("clients", "add", "x1", "--name", "X", "--scope", "dossier:read", "--agency", "H99")
    status, output, errors = await run(*arguments, GATEWAY_CONFIG=str(settings))

    assert (2, "") == (status, output)
    assert "--scope" in errors


async def test_told_to_stop_it_ends_in_order(serving: Child, tmp_path: Path) -> None:
    """SIGTERM ends it with status 0 and the word that everything under way was finished."""
    async with aiohttp.ClientSession() as session, session.get(serving.facts["url"] + "/readyz") as response:
        assert 200 == response.status
    assert 0 == await serving.stop()

    last = json.loads((tmp_path / "gateway.log").read_text().splitlines()[-1])
    assert ("gateway.stopped", True) == (last["event"], last["is_complete"])


async def test_several_processes_share_a_port_and_end_together(settings: Path, tmp_path: Path) -> None:
    """One address serves them all, their metrics are one, and the parent's end is theirs."""
    child = Child(
        "gateways",
        [sys.executable, "-m", "gateway", "serve", "--processes", "2"],
        tmp_path / "gateways.log",
        {"GATEWAY_CONFIG": str(settings)},
    )
    await child.start()
    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session:
            async with asyncio.timeout(30):
                for _ in range(20):
                    async with session.get(child.facts["url"] + "/healthz") as response:
                        assert 200 == response.status
                async with session.get(child.facts["url"] + "/metrics") as response:
                    assert "gateway_requests_total" in await response.text()
    finally:
        status = await child.stop()
    assert 0 == status


async def test_a_database_address_wants_a_key_ring(tmp_path: Path, dsn: str) -> None:
    """Without a ring of the installation's own nothing starts; the command that makes one is named and works."""
    path = tmp_path / "gateway.toml"
    path.write_text(f'[store]\ndsn = "{dsn}"\n')
    status, _, errors = await run("serve", GATEWAY_CONFIG=str(path))
    assert (2, True, True) == (status, "keys.ring_file" in errors, "gateway keys init" in errors)

    status, output, _ = await run("keys", "init", str(tmp_path / "ring.toml"))
    assert (0, str(tmp_path / "ring.toml")) == (status, output.strip())


@pytest.mark.parametrize("address", ["postgresql://u:s/ecret@localhost/x", "postgresql://u:sec:ret@localhost:5x/x"])
async def test_an_address_that_cannot_be_read_is_not_repeated(tmp_path: Path, address: str) -> None:
    """A password with signs that break the address ends in a fault, not in a traceback that quotes it."""
    path = tmp_path / "gateway.toml"
    path.write_text(f'[store]\ndsn = "{address}"\n')
    status, output, errors = await run("migrate", GATEWAY_CONFIG=str(path))

    assert (2, True) == (status, "store.dsn" in errors)
    assert "Traceback" not in errors
    assert "ecret" not in output + errors
    assert "sec" not in (output + errors).replace("second", "")


async def test_workers_alone_open_no_port(settings: Path, tmp_path: Path) -> None:
    """Processes that only work on deliveries leave the API's port to others."""
    child = Child(
        "workers",
        [sys.executable, "-m", "gateway", "serve", "--role", "worker", "--processes", "2"],
        tmp_path / "workers.log",
        {"GATEWAY_CONFIG": str(settings)},
    )
    facts = await child.start()
    assert "url" not in facts
    assert 0 == await child.stop()


async def test_operators_verbs_show_first_and_act_with_yes(settings: Path, dsn: str, pool: Any) -> None:
    """Pause, calendar and replay change nothing without --yes; with it they do, and say who did it."""
    environment = {"GATEWAY_CONFIG": str(settings)}
    status, _, errors = await run("sync", "pause", "portal", "--because", "drill", "--yes", **environment)
    assert (2, True) == (status, "never configured" in errors)
    await PostgresSystems(pool).ensure("portal")

    _, output, _ = await run("sync", "pause", "portal", "--because", "drill", **environment)
    assert "repeat with --yes" in output
    _, output, _ = await run("sync", "pause", "portal", "--because", "drill", "--yes", **environment)
    assert "portal is paused" in output
    _, output, _ = await run("calendar", "list", "--json", **environment)
    assert "paused" == json.loads(output)["standing"]["hold"]
    _, output, _ = await run("sync", "resume", "portal", "--yes", **environment)
    assert "portal is called again" in output

    stretch = (
        f"{SystemClock().now() + timedelta(days=1):%Y-%m-%dT22:00}",
        f"{SystemClock().now() + timedelta(days=2):%Y-%m-%d}",
    )
    _, output, _ = await run("calendar", "add", *stretch, **environment)
    assert "would be closed" in output
    _, output, _ = await run("calendar", "add", *stretch, "--note", "bảo trì", "--yes", **environment)
    assert "outage 1" in output
    _, output, _ = await run("calendar", "list", **environment)
    assert "portal: open until" in output
    assert "bảo trì" in output
    _, output, _ = await run("calendar", "remove", "1", "--yes", **environment)
    assert "taken back" in output

    status, output, errors = await run("sync", "replay", "H99.01-260105-00001", "--because", "drill", **environment)
    assert (1, True, True) == (status, "0 would be sent again" in output, "not known" in errors)
    authors = await pool.fetch("SELECT DISTINCT split_part(data->>'by', ':', 1) AS who FROM events")
    assert ["cli"] == [row["who"] for row in authors]


def add_closed_portal(settings: Path) -> None:
    """Configure a portal that is open for a minute in three days."""
    day = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[(SystemClock().now() + timedelta(days=3)).weekday()]
    sections = (
        f'[calendar.portal]\nhours = ["{day} 12:00-12:01"]\n'
        '[portal]\nbase_url = "http://127.0.0.1:9"\nunit_code = "H99"\nusername = "demo"\npassword = "demo"\n'
        'destination_code = "VN:GOV:000.00.00.G22:vpcpdvcprovider"\n'
    )
    settings.write_text(settings.read_text() + sections)


async def test_a_closed_portal_is_said_and_not_called(settings: Path, tmp_path: Path) -> None:
    """Outside its hours /readyz and metrics say that the portal is closed, and a whole process calls nothing."""
    add_closed_portal(settings)
    log = tmp_path / "gateway.log"
    child = Child("gateway", [sys.executable, "-m", "gateway", "serve"], log, {"GATEWAY_CONFIG": str(settings)})
    await child.start()
    try:
        async with aiohttp.ClientSession() as session:
            async with session.get(child.facts["url"] + "/readyz") as response:
                portal = next(one for one in (await response.json())["systems"] if one["system"] == "portal")
            metrics = ""
            async with asyncio.timeout(15):
                while 'gateway_system_held{reason="hours",system="portal"} 1.0' not in metrics:
                    async with session.get(child.facts["url"] + "/metrics") as response:
                        metrics = await response.text()
    finally:
        await child.stop()
    assert any(reason.startswith("closed until ") for reason in portal["reasons"])
    assert "gateway_remote_exchanges_total{" not in metrics
    assert "job.failed" not in log.read_text()
