"""A real browser, driven without a window. Where it is missing, tests are skipped, or fail where it is required."""

import contextlib
import os
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import BrowserContext, async_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextlib.asynccontextmanager
async def real_browser() -> AsyncIterator[BrowserContext]:
    """Open a new profile of the browser, without cookies."""
    path = next((found for name in _NAMES if (found := shutil.which(name))), None)
    if path is None:
        message = "no Chromium is installed"
        if os.environ.get("CI") or os.environ.get("GATEWAY_REQUIRE_PEERS"):
            pytest.fail(message)
        pytest.skip(message)
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=path, args=[*_ARGUMENTS])
        try:
            context = await browser.new_context(locale="vi-VN")
            context.set_default_timeout(15_000)
            yield context
        finally:
            await browser.close()
