"""PostgreSQL for tests: one embedded server for the session, one migrated template, one fresh copy for each test."""

import asyncio
import contextlib
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from gateway.store.embedded import start_embedded
from gateway.store.locks import Lock
from gateway.store.schema import migrate

_TEMPLATE = "template_of_tests"
_numbers = count(1)


class TestServer:
    """An embedded server in a folder of its own. Nothing in it is worth keeping, so it does not wait for the disk."""

    __test__ = False

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            # The package says where it keeps its locks on a machine without a login session; nothing to act on.
            warnings.simplefilter("ignore")
            self._address, self._handle = start_embedded(folder)
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            self._handle.psql(f"ALTER SYSTEM SET {name} = 'off';")
        self._handle.psql("SELECT pg_reload_conf();")
        self._handle.psql(f"CREATE DATABASE {_TEMPLATE};")
        asyncio.run(self._migrate_template())

    async def _migrate_template(self) -> None:
        await migrate(self.dsn_of(_TEMPLATE))

    def dsn_of(self, database: str) -> str:
        """Give the address of one database."""
        return urlunsplit(urlsplit(self._address)._replace(path=f"/{database}"))

    @property
    def handle(self) -> Any:
        """The server itself, for tests that stop and start it."""
        return self._handle

    @asynccontextmanager
    async def fresh_database(self) -> AsyncIterator[str]:
        """Copy the template, give its address, drop it afterwards whoever is still connected."""
        # Copying files asks for a checkpoint, which costs nothing where nothing waits for the disk.
        async with self._database(f"TEMPLATE {_TEMPLATE} STRATEGY FILE_COPY") as address:
            yield address

    @asynccontextmanager
    async def empty_database(self) -> AsyncIterator[str]:
        """Give the address of a database that was never migrated."""
        async with self._database("") as address:
            yield address

    @asynccontextmanager
    async def _database(self, options: str) -> AsyncIterator[str]:
        name = f"test_{next(_numbers)}"
        await self._execute(f"CREATE DATABASE {name} {options}")
        try:
            yield self.dsn_of(name)
        finally:
            await self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self._address, timeout=10)
        try:
            await connection.execute(statement, timeout=30)
        finally:
            await connection.close()

    def close(self) -> None:
        with contextlib.suppress(AssertionError):
            self._handle.cleanup()


@asynccontextmanager
async def acceptance_held(dsn: str) -> AsyncIterator[None]:
    """Let nothing be committed to the feed meanwhile: every acceptance stops just before its commit."""
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        await connection.execute(f"SELECT pg_advisory_lock({Lock.EVENTS})")
        yield
    finally:
        # The lock ends with its connection.
        await connection.close()
