"""Sign-ins in a real browser: against the simulated sign-on's page, and against the certified provider's.

The portal is a page on a loopback port of its own, as a province's is: what comes back is read from the address.
"""

import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from aiohttp import web
from playwright.async_api import Page

from adapters.identity.sandbox import Mode
from gateway.vault.keyring import FileKeyRing
from tests.integration.identity.test_peer import set_up
from tests.support.chromium import real_browser
from tests.support.sign_on import sign_on

pytestmark = [pytest.mark.e2e]


@contextlib.asynccontextmanager
async def portal() -> AsyncIterator[str]:
    """Serve the portal's two pages; give its address."""

    async def show(_: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>Cổng tỉnh</title><h1>Cổng tỉnh</h1>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/signed-in", show)
    app.router.add_get("/signed-out", show)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def clients(address: str) -> dict[str, Any]:
    return {"one-stop": {"returns": [f"{address}/signed-in"], "logout_returns": [f"{address}/signed-out"]}}


async def come_back(page: Page, address: str) -> dict[str, str]:
    await page.wait_for_url(re.compile(re.escape(address)))
    return dict(parse_qsl(urlsplit(page.url).query))


@pytest.mark.parametrize("mode", [Mode.P1, Mode.P3])
async def test_simulated_sign_on(pool: Any, key_ring: FileKeyRing, tmp_path: Path, mode: Mode) -> None:
    """A person chooses an account, comes back, is signed in; the way out ends the provider's session as well."""
    async with (
        portal() as address,
        sign_on(pool, key_ring, tmp_path, mode, identity={"clients": clients(address)}) as setup,
        real_browser() as browser,
    ):
        page = await browser.new_page()
        attempt = await setup.province.begin(return_to=f"{address}/signed-in")
        await page.goto(attempt.start_url)
        shown = await page.inner_text("body")
        await page.get_by_label("Nguyễn Thị Thử").check()
        await page.get_by_role("button", name="Đăng nhập").click()
        told = await come_back(page, f"{address}/signed-in")
        order = {"code": told["code"], "code_verifier": attempt.verifier}
        answered = await setup.province.api.call("POST", "/v1/identity/assertions", body=order)
        cookies = {cookie["name"]: cookie for cookie in await browser.cookies(setup.province.api.url)}
        body = {
            "sign_in_id": answered.json["sign_in"]["sign_in_id"],
            "return_to": f"{address}/signed-out",
            "state": "s1",
        }
        out = await setup.province.api.call("POST", "/v1/identity/logouts", body=body)
        logouts = 0
        if out.json["logout_url"] is not None:
            await page.goto(out.json["logout_url"])
            await page.get_by_role("button").click()
            ended = await come_back(page, f"{address}/signed-out")
            assert {"state": "s1"} == ended
            logouts = (await setup.control("GET", "counters"))["sign_on"]["logouts"]

    assert "SIMULATED" in shown
    assert attempt.state == told["state"]
    assert 200 == answered.status
    assert cookies["gateway-eid"]["httpOnly"]
    assert (1 if mode is Mode.P1 else 0) == logouts


async def test_cancelling_and_going_back(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Cancelling comes back; the browser's way back to the old form, sent once more, signs nobody in."""
    async with (
        portal() as address,
        sign_on(pool, key_ring, tmp_path, identity={"clients": clients(address)}) as setup,
        real_browser() as browser,
    ):
        page = await browser.new_page()
        attempt = await setup.province.begin(return_to=f"{address}/signed-in")
        await page.goto(attempt.start_url)
        await page.get_by_role("button", name="Huỷ").click()
        told = await come_back(page, f"{address}/signed-in")
        await page.go_back()
        again = await page.inner_text("body")
        sign_ins = await pool.fetchval("SELECT count(*) FROM sign_ins")

    assert {"error": "EID_CANCELLED", "state": attempt.state} == told
    assert "Cổng tỉnh" not in again
    assert 0 == sign_ins


async def test_certified_provider(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """The same with the page of a provider that other people wrote."""
    async with (
        portal() as address,
        set_up(
            pool, key_ring, tmp_path, identity={"clients": clients(address)}, logout={"method": "redirect"}
        ) as setup,
        real_browser() as browser,
    ):
        page = await browser.new_page()
        attempt = await setup.province.begin(return_to=f"{address}/signed-in")
        await page.goto(attempt.start_url)
        await page.get_by_role("button", name="Nguyễn Thị Thử").click()
        told = await come_back(page, f"{address}/signed-in")
        order = {"code": told["code"], "code_verifier": attempt.verifier}
        answered = await setup.province.api.call("POST", "/v1/identity/assertions", body=order)
        body = {"sign_in_id": answered.json["sign_in"]["sign_in_id"], "return_to": f"{address}/signed-out"}
        out = await setup.province.api.call("POST", "/v1/identity/logouts", body=body)
        await page.goto(out.json["logout_url"])
        await page.get_by_role("button", name="Yes, sign me out").click()
        await come_back(page, f"{address}/signed-out")

    assert 200 == answered.status
    assert {"code", "state"} == set(told)
