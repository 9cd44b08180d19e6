"""The simulated database runs as a process of its own: it says when it is ready, and stops when told."""

import asyncio
import json
import signal
import sys
from pathlib import Path

import aiohttp
import pytest

from adapters.population.sandbox.__main__ import main

ROOT = Path(__file__).resolve().parents[5]


async def test_it_is_ready_when_it_says_so_and_stops_in_order() -> None:
    """One JSON line with addresses; settings are as asked; exit status 0."""
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "adapters.population.sandbox",
        "--control-port",
        "0",
        "--set",
        'c06_username="T99"',
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert started.stdout is not None
    try:
        async with asyncio.timeout(20):
            facts = json.loads(await started.stdout.readline())
            async with aiohttp.ClientSession() as client:
                async with client.get(facts["control_url"] + "/_sandbox/profile") as answer:
                    assert "T99" == (await answer.json())["c06_username"]
                async with client.get(facts["url"] + "/?wsdl") as answer:
                    assert facts["url"] in await answer.text()
            started.send_signal(signal.SIGTERM)
            assert 0 == await started.wait()
    finally:
        if started.returncode is None:
            started.kill()
        await started.communicate()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--host", "0.0.0.0"], "--allow-other-hosts"),
        (["--host", "database.example"], "--allow-other-hosts"),
        (["--set", "colour=1"], "colour"),
        (["--set", "colour"], "NAME=JSON"),
        (["--set", "reply_form=flat"], "reply_form"),
        (["--tls-cert", "server.pem"], "--tls-key"),
        (["--tls-cert", "/nowhere.pem", "--tls-key", "/nowhere.key"], "No such file"),
        (["--profile", "/nowhere.json"], "No such file"),
    ],
)
def test_a_command_line_that_cannot_be_obeyed_is_explained(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 2 and one line that names the trouble; nothing is started."""
    assert 2 == main(arguments)
    assert named in capsys.readouterr().err


def test_a_profile_comes_from_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is wrong in it is reported, so it was read."""
    file = tmp_path / "profile.json"
    for content, named in (('{"people_count": -1}', "people_count"), ("[]", "must be an object")):
        file.write_text(content)
        assert 2 == main(["--profile", str(file)])
        assert named in capsys.readouterr().err
