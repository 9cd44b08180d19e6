"""A certified OpenID provider in a process of its own, written by other people: the judge of the gateway's sign-on.

Where Node.js, npm or their registry is
missing, tests are skipped with the reason; with `CI` or `GATEWAY_REQUIRE_PEERS` set they fail instead.
"""

import asyncio
import contextlib
import json
import os
import secrets
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bench import node

_SOURCE = Path(__file__).parents[1] / "peers" / "oidc_provider"
_START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Peer:
    """A running provider. `url` is its issuer."""

    url: str
    token: str
    session: aiohttp.ClientSession

    async def control(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Change the running server: "keys/announce", "keys/use", "keys/withdraw", "settings"."""
        headers = {"Control-Token": self.token}
        async with self.session.request(method, f"{self.url}/control/{path}", json=body, headers=headers) as answer:
            document = await answer.json()
            assert answer.status == 200, document
            return document


def installed_peer() -> Path:
    """Give the folder from which the provider can be run, installing it when that was not done yet.

    Skips the test where that cannot be done, or fails it where peers are required.
    """
    reason = node.why_not()
    if reason is None:
        try:
            return node.install(_SOURCE, "oidc-provider")
        except (subprocess.SubprocessError, OSError) as error:
            reason = f"its packages cannot be installed ({type(error).__name__})"
    message = f"the certified OpenID provider cannot be run: {reason}"
    if os.environ.get("CI") or os.environ.get("GATEWAY_REQUIRE_PEERS"):
        pytest.fail(message)
    pytest.skip(message)


@contextlib.asynccontextmanager
async def running_peer(
    *, clients: Sequence[Mapping[str, Any]], people: Mapping[str, Mapping[str, Any]], **settings: Any
) -> AsyncIterator[Peer]:
    """Run the provider on a free loopback port. Skips or fails the test where that cannot be done."""
    folder = await asyncio.to_thread(installed_peer)
    token = secrets.token_hex(16)
    told = {"clients": [*clients], "people": {**people}, "control_token": token, **settings}
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
        assert line, "the provider did not start; its settings may have been refused"
        async with aiohttp.ClientSession() as session:
            yield Peer(json.loads(line)["url"], token, session)
    finally:
        process.stdin.close()  # It ends with its standard input.
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            process.kill()
            await process.wait()
