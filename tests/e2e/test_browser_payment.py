"""Payers in a real browser, at every provider: back, a second tab, a tab that is closed; one payment each time."""

import contextlib
import re
from collections.abc import AsyncIterator
from urllib.parse import parse_qsl, urlsplit

import pytest
from aiohttp import web
from playwright.async_api import Page

from gateway.demo.payment_files import PROVIDERS
from tests.e2e.test_payment_kills import Stack, created, debits, running, wish
from tests.support.chromium import real_browser

pytestmark = [pytest.mark.e2e]


@contextlib.asynccontextmanager
async def portal() -> AsyncIterator[str]:
    """Serve the page of the province's portal to which payers come back; give its address."""

    async def show(_: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>Cổng tỉnh</title><h1>Cổng tỉnh</h1>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/paid", show)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/paid"
    finally:
        await runner.cleanup()


async def opened(stack: Stack, provider: str, return_to: str) -> tuple[str, str]:
    """Give a payment's id and the page at which it is paid."""
    payment_id = await created(stack)
    status, content = await stack.call("POST", f"/v1/payments/{payment_id}/attempts", wish(provider, return_to))
    assert 201 == status, content
    return payment_id, str(content["attempts"][-1]["pay_url"])


async def press_pay(page: Page) -> bool:
    """Press the button, if the page still has one."""
    button = page.get_by_role("button", name="Thanh toán")
    if not await button.count():
        return False
    banks = page.get_by_role("radio")
    if await banks.count():
        await banks.first.check()
    await button.first.click()
    return True


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_back_and_a_second_tab_pay_once(provider: str) -> None:
    """Paid, back, pressed again, the page opened in a second tab and pressed there: one debit, one payment."""
    async with portal() as address, running(address) as stack, real_browser() as browser:
        payment_id, pay_url = await opened(stack, provider, address)
        page, second = await browser.new_page(), await browser.new_page()
        await page.goto(pay_url)
        await second.goto(pay_url)
        assert await press_pay(page)
        await page.wait_for_url(re.compile(re.escape(address)))
        told = dict(parse_qsl(urlsplit(page.url).query))
        await page.go_back()
        await press_pay(page)
        await press_pay(second)
        await second.goto(pay_url)
        offered_again = await second.get_by_role("button", name="Thanh toán").count()
        seen = await stack.until_paid(payment_id)
        taken = await debits(stack)

    assert {"payment_id": payment_id} == told
    assert 0 == offered_again
    assert [150_000] == [debit["amount_vnd"] for debit in taken]
    assert [("paid", 1)] == [(one["state"], len(one["transactions"])) for one in seen["attempts"]]
    assert not seen["is_disputed"]


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_tab_closed_before_coming_back(provider: str) -> None:
    """The payer is gone once the provider has answered: the provider's own message is all that is needed."""
    async with portal() as address, running(address) as stack:
        payment_id, pay_url = await opened(stack, provider, address)
        # The whole browser is closed: closing one of its tabs in the middle of a redirect waits for ever at times.
        async with real_browser() as browser:
            page = await browser.new_page()
            await page.goto(pay_url)
            async with page.expect_request(re.compile("/callbacks/payments/.*/return")):
                assert await press_pay(page)
        seen = await stack.until_paid(payment_id)
        taken = await debits(stack)

    assert [150_000] == [debit["amount_vnd"] for debit in taken]
    assert ["paid"] == [one["state"] for one in seen["attempts"]]
