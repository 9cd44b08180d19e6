"""A SOAP server in a process of its own, written by other people, that serves the gateway's own WSDL.

Its packages are installed once per state of its folder, below `var/peers/`. Where Node.js, npm or their registry is
missing, tests are skipped with the reason; with `CI` or `GATEWAY_REQUIRE_PEERS` set they fail instead.
"""

import asyncio
import contextlib
import json
import os
import subprocess
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from adapters.population.settings import Operation
from bench import node

_SOURCE = Path(__file__).parents[1] / "peers" / "soap_server"
_WSDL = Path(__file__).parents[2] / "adapters" / "population" / "contract" / "dancuquocgia.wsdl"
_START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class SoapPeer:
    """A running server."""

    url: str
    session: aiohttp.ClientSession

    async def seen(self) -> list[dict[str, Any]]:
        """Give what it understood of every request."""
        async with self.session.get(f"{self.url}/seen") as answer:
            document: list[dict[str, Any]] = await answer.json()
            return document


def _installed() -> Path:
    reason = node.why_not()
    if reason is None:
        try:
            return node.install(_SOURCE, "soap-server")
        except (subprocess.SubprocessError, OSError) as error:
            reason = f"its packages cannot be installed ({type(error).__name__})"
    message = f"the independent SOAP server cannot be run: {reason}"
    if os.environ.get("CI") or os.environ.get("GATEWAY_REQUIRE_PEERS"):
        pytest.fail(message)
    pytest.skip(message)


@contextlib.asynccontextmanager
async def running_soap_peer(
    *, people: Mapping[str, Mapping[str, Any]], faults: Mapping[str, str]
) -> AsyncIterator[SoapPeer]:
    """Run the server on a free loopback port. Skips or fails the test where that cannot be done."""
    folder = await asyncio.to_thread(_installed)
    told = {
        "wsdl": str(_WSDL),
        "people": {**people},
        "faults": {**faults},
        "operations": [operation.value for operation in Operation],
    }
    process = await asyncio.create_subprocess_exec(
        "node",
        "server.mjs",
        cwd=folder,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(told).encode() + b"\n")
        await process.stdin.drain()
        line = await asyncio.wait_for(process.stdout.readline(), _START_SECONDS)
        assert line, "the server did not start"
        async with aiohttp.ClientSession() as session:
            yield SoapPeer(json.loads(line)["url"], session)
    finally:
        process.stdin.close()  # It ends with its standard input.
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            process.kill()
            await process.wait()
