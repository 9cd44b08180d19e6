"""Fixtures for everything that needs a database, a key ring or a clock."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from gateway.store.pool import open_pool
from gateway.vault.keyring import FileKeyRing
from tests.support.clocks import StillClock
from tests.support.databases import TestServer
from tests.support.folders import server_folder
from tests.support.keys import make_key_ring

# The first example of a process that draws text makes tables for it: its time says something of the machine only.
settings.register_profile("gateway", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("gateway")


@pytest.fixture(scope="session")
def database_server() -> Iterator[TestServer]:
    """Give the session's embedded PostgreSQL with its migrated template."""
    with server_folder(prefers_memory=True) as folder:
        server = TestServer(folder)
        try:
            yield server
        finally:
            server.close()


@pytest.fixture
async def dsn(database_server: TestServer) -> AsyncIterator[str]:
    """Give the address of a fresh, migrated database that only this test uses."""
    async with database_server.fresh_database() as address:
        yield address


@pytest.fixture
async def pool(dsn: str) -> AsyncIterator[Any]:
    """Give a pool on the test's own database."""
    made = await open_pool(dsn, max_size=10)
    yield made
    await made.close()


@pytest.fixture
def key_ring() -> FileKeyRing:
    """Give a key ring that is the same in every test."""
    return make_key_ring()


@pytest.fixture
def clock() -> StillClock:
    """Give a clock that stands still until the test moves it."""
    return StillClock()
