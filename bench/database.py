"""The embedded PostgreSQL of a run: one server, a fresh database for every round."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg

from gateway.store.embedded import start_embedded
from gateway.store.schema import migrate

TEMPLATE = "bench_template"


class Server:
    """A running server. Databases are copies of a template, so that every round starts from the same state."""

    def __init__(self, handle: Any, folder: Path) -> None:
        self._handle = handle
        self.pid = int((folder / "postmaster.pid").read_text().split("\n", 1)[0])

    def dsn(self, database: str) -> str:
        """Give the address of a database."""
        address: str = self._handle.get_uri(database=database)
        return address

    def program(self, name: str) -> Path:
        """Give the path of one of PostgreSQL's own programs, of the version that is running."""
        path: Path = self._handle.bin_path / name
        return path

    async def create(self, database: str, template: str = "template1") -> str:
        """Make a database; gives its address. What is written is flushed, so that no round pays for another."""
        connection = await asyncpg.connect(self.dsn("postgres"))
        try:
            await connection.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
            await connection.execute("CHECKPOINT")
        finally:
            await connection.close()
        return self.dsn(database)

    async def drop(self, database: str) -> None:
        """Drop a database and whoever is connected to it."""
        connection = await asyncpg.connect(self.dsn("postgres"))
        try:
            await connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
        finally:
            await connection.close()

    @asynccontextmanager
    async def fresh(self, database: str, template: str = TEMPLATE) -> AsyncIterator[str]:
        """Lend a fresh database for one round."""
        address = await self.create(database, template)
        try:
            yield address
        finally:
            await self.drop(database)

    async def version(self) -> str:
        connection = await asyncpg.connect(self.dsn("postgres"))
        try:
            version: str = await connection.fetchval("SHOW server_version")
        finally:
            await connection.close()
        return version


@asynccontextmanager
async def running_server(folder: Path) -> AsyncIterator[Server]:
    """Start the server in a folder, with the migrated template; stop it at the end."""
    _, handle = await asyncio.to_thread(start_embedded, folder)
    with contextlib.closing(_Closing(handle)):
        server = Server(handle, folder)
        await migrate(await server.create(TEMPLATE))
        yield server


class _Closing:
    def __init__(self, handle: Any) -> None:
        self._handle = handle

    def close(self) -> None:
        self._handle.cleanup()


async def fetch_value(dsn: str, sql: str) -> Any:
    """Ask one value over a connection of its own."""
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()
