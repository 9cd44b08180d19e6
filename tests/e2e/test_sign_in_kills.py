"""A gateway that dies in the middle of a sign-in: nobody is half signed in, and the citizen begins again (N183)."""

import asyncio
import contextlib
import secrets
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import asyncpg
import pytest

from gateway.demo.browser import Page, new_browser
from gateway.demo.command import PROVINCE_SCOPES
from gateway.demo.sign_ons import LOGOUT_RETURN, RETURN, SignOnFiles
from gateway.demo.stack import Child, Control, Files, gateway_child
from gateway.demo.starting import add_client
from tests.support.installation import installation_without_portal

pytestmark = [pytest.mark.e2e]
_STALL = {"kind": "stall_after_work", "operation": "token", "calls": 1, "delay_seconds": 3.0}


@dataclass(slots=True)
class Stack:
    """One gateway, one sign-on, one client."""

    files: Files
    gateway: Child
    control: Control
    session: aiohttp.ClientSession
    token: str
    dsn: str

    async def call(self, path: str, body: Any) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"{self.gateway.facts['url']}/v1/identity/{path}"
        async with self.session.post(url, json=body, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)


@contextlib.asynccontextmanager
async def running() -> AsyncIterator[Stack]:
    async with installation_without_portal() as installed:
        files = installed.files
        made = SignOnFiles(files, installed.port)
        sign_on, hub = made.child("dvcqg"), made.hub()
        for child in (sign_on, hub):
            installed.cleanup.push_async_callback(child.stop)
            await child.start()
        with files.settings.open("a", encoding="utf-8") as settings:
            settings.write(made.settings({"dvcqg": sign_on}, hub))
        gateway = gateway_child(files, role="api")
        stack = Stack(
            files,
            gateway,
            Control(installed.session, sign_on.facts["control_url"], made.token),
            installed.session,
            "",
            installed.dsn,
        )
        installed.cleanup.push_async_callback(lambda: stack.gateway.stop())
        await gateway.start()
        stack.token = await add_client(files, "one-stop", "H99", PROVINCE_SCOPES)
        yield stack


async def begin(stack: Stack) -> str:
    wish = {"provider": "dvcqg", "return_to": RETURN, "code_challenge": secrets.token_urlsafe(32)}
    status, begun = await stack.call("logins", wish)
    assert status == 201, begun
    return str(begun["start_url"])


async def test_n183_killed_after_the_exchange_of_the_code() -> None:
    """The code was exchanged, and nobody remembers: no sign-in, no second exchange, and a new one works at once."""
    async with running() as stack:
        trust = ssl.create_default_context(cafile=str(stack.files.certificates / "ca.pem"))
        await stack.control.post("faults", {"action": "add", "faults": [_STALL]})
        async with new_browser((RETURN, LOGOUT_RETURN), trust) as browser:
            page = await browser.open(await begin(stack))
            assert isinstance(page, Page)
            landing = asyncio.create_task(browser.submit(page, person="citizen-2", action="sign_in"))
            async with asyncio.timeout(20):
                while not (await stack.control.get("counters"))["sign_on"].get("codes_redeemed"):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            await stack.gateway.kill()
            with pytest.raises(aiohttp.ClientError):
                await landing
            connection = await asyncpg.connect(stack.dsn)
            half = await connection.fetchval("SELECT count(*) FROM sign_ins")
            consumed = await connection.fetchval("SELECT count(*) FROM sign_in_flights WHERE consumed_at IS NOT NULL")
            stack.gateway = gateway_child(stack.files, role="api")
            await stack.gateway.start()
            again = await browser.open(await begin(stack))
            whole = await connection.fetchval("SELECT count(*) FROM sign_ins")
            await connection.close()
        counts = (await stack.control.get("counters"))["sign_on"]

    assert (0, 1, 1) == (half, consumed, whole)
    assert again.url.startswith(RETURN)
    assert 0 == counts.get("codes_tried_again", 0)
    assert 2 == counts["codes_redeemed"]
