"""A gateway's folder with certificates, a database and settings, before any process runs: for tests that kill them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp

from certs.commands import init
from gateway.clocks import SystemClock
from gateway.demo.stack import Files, free_port, write_settings
from gateway.store.embedded import start_embedded
from tests.support.folders import server_folder


@dataclass(frozen=True, slots=True)
class Installation:
    """Where everything is. What `cleanup` is given is stopped first, the database last."""

    files: Files
    dsn: str
    port: int
    session: aiohttp.ClientSession
    cleanup: contextlib.AsyncExitStack


@contextlib.asynccontextmanager
async def installation_without_portal() -> AsyncIterator[Installation]:
    """Prepare it. No portal runs: nothing is sent there."""
    with server_folder() as folder:
        files = Files(folder)
        init(files.certificates, ["localhost", "127.0.0.1"], SystemClock().now())
        dsn, server = await asyncio.to_thread(start_embedded, folder / "postgres")
        async with contextlib.AsyncExitStack() as cleanup:
            cleanup.callback(server.cleanup)
            session = await cleanup.enter_async_context(aiohttp.ClientSession())
            port = free_port()
            files.password.write_text("unused", encoding="utf-8")
            files.portal_secret.write_text("unused", encoding="utf-8")
            write_settings(files, dsn=dsn, portal_url="https://127.0.0.1:9", port=port)
            yield Installation(files, dsn, port, session, cleanup)
