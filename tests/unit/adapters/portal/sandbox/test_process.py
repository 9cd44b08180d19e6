"""The sandbox runs as a process of its own: it says when it is ready, and stops when told."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from adapters.portal.sandbox.__main__ import main
from tests.unit.adapters.portal.sandbox.portal_helpers import BASE, LIMIT
from tests.unit.adapters.sandboxing.sandboxing_helpers import TestAuthority

ROOT = Path(__file__).resolve().parents[5]
LOGIN = BASE + "login"
CREDENTIALS = {"username": "demo_province", "password": "demo-secret"}


@asynccontextmanager
async def process(*arguments: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, dict[str, Any]]]:
    """Run the sandbox's command line; give the process and its first line."""
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "adapters.portal.sandbox",
        *arguments,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert started.stdout is not None
    try:
        async with asyncio.timeout(20):
            facts = json.loads(await started.stdout.readline())
        yield started, facts
    finally:
        if started.returncode is None:
            started.kill()
        await started.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_is_ready_when_it_says_so_and_stops_in_order(number: signal.Signals) -> None:
    """One JSON line with addresses; the size of the catalogue and settings are as asked; exit status 0."""
    arguments = ("--procedures", "205", "--seed", "9", "--control-port", "0", "--control-token", "t0ken")
    async with process(*arguments, "--set", 'code_dialect="string"') as (started, facts):
        async with aiohttp.ClientSession(timeout=LIMIT) as client:
            async with client.post(facts["url"] + LOGIN, json=CREDENTIALS) as response:
                assert "0" == (await response.json())["error_code"]
            headers = {"X-Sandbox-Token": "t0ken"}
            async with client.get(facts["control_url"] + "/_sandbox/counters", headers=headers) as response:
                assert 205 == (await response.json())["procedures"]
            async with client.get(facts["control_url"] + "/_sandbox/counters") as response:
                assert 401 == response.status
        started.send_signal(number)
        async with asyncio.timeout(10):
            assert 0 == await started.wait()


async def test_it_speaks_tls_with_files(tmp_path: Path) -> None:
    """Server and client certificates, and a spoiled one by switch."""
    authority = TestAuthority(tmp_path)
    server = authority.issue("localhost", addresses=["127.0.0.1"])
    expired = authority.issue("expired", days=(-9, -2), addresses=["127.0.0.1"])
    member = authority.client_context(authority.issue("member"))
    arguments = ["--tls-cert", str(server.certificate), "--tls-key", str(server.private_key)]
    arguments += ["--expired-cert", str(expired.certificate), "--expired-key", str(expired.private_key)]
    arguments += ["--client-ca", str(authority.certificate_file), "--control-port", "0"]
    async with process(*arguments) as (_, facts), aiohttp.ClientSession(timeout=LIMIT) as client:
        assert facts["url"].startswith("https://")
        async with client.post(facts["url"] + LOGIN, json=CREDENTIALS, ssl=member) as response:
            assert 0 == (await response.json())["error_code"]
        order = {"faults": [{"kind": "expired_certificate"}]}
        async with client.post(facts["control_url"] + "/_sandbox/faults", json=order) as response:
            assert 200 == response.status
        await asyncio.sleep(0.05)  # the client's pool learns that its idle connection has ended
        with pytest.raises(aiohttp.ClientConnectorCertificateError, match="expired"):
            await client.post(facts["url"] + LOGIN, json=CREDENTIALS, ssl=member)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--set", "colour=1"], "colour"),
        (["--set", "colour"], "NAME=JSON"),
        (["--set", "code_dialect=string"], "code_dialect"),
        (["--tls-cert", "server.pem"], "--tls-key"),
        (["--tls-cert", "/nowhere.pem", "--tls-key", "/nowhere.key"], "No such file"),
        (["--profile", "/nowhere.json"], "No such file"),
        (["--procedures", "9999"], "8000"),
    ],
)
def test_a_command_line_that_cannot_be_obeyed_is_explained(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 2 and one line that names the trouble; nothing is started."""
    assert 2 == main(arguments)
    assert named in capsys.readouterr().err


def test_a_profile_comes_from_a_file_and_single_settings_go_before_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong after both were read is reported, so both were read."""
    file = tmp_path / "profile.json"
    file.write_text('{"max_steps_per_call": 10, "code_dialect": "integer"}')
    assert 2 == main(["--profile", str(file), "--set", "max_steps_per_call=0"])
    assert "max_steps_per_call" in capsys.readouterr().err
    file.write_text("[]")
    assert 2 == main(["--profile", str(file)])
    assert "must be an object" in capsys.readouterr().err
