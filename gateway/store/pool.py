"""Connections to PostgreSQL, and its failures in our words."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from gateway.errors import ConfigurationError, Fault, StoreUnavailable

Pool = Any  # asyncpg has no types of its own
Connection = Any

# Failures of the server or of the way to it. A full disk or a read-only standby refuses every write; the request may
# come again later. Everything else (a constraint, a bad value) is a defect of ours and must be seen as one.
_UNAVAILABLE = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.PostgresIOError,
    asyncpg.InterfaceError,
    asyncpg.ObjectNotInPrerequisiteStateError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    ConnectionError,
    TimeoutError,
    OSError,
)


class _Connection(asyncpg.Connection):  # type: ignore[misc]
    """Is handed on as it is: nobody here changes a session's settings, and what holds a lock of a session says so with
    `session_lock`. Asking the server to forget would cost every borrower a turn on the wire."""

    def get_reset_query(self) -> str:
        return ""

    async def reset(self, *, timeout: float | None = None) -> None:
        # What is left is local, but for a transaction that was broken off, which is rolled back.
        await self._reset()


async def _prepare(connection: Connection) -> None:
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)


async def open_pool(dsn: str, *, max_size: int, command_timeout_seconds: float = 30.0) -> Pool:
    """Open a pool. Raises ConfigurationError when the address or the credentials cannot be used."""
    try:
        return await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=max_size,
            command_timeout=command_timeout_seconds,
            init=_prepare,
            connection_class=_Connection,
            server_settings={"application_name": "gateway", "timezone": "UTC", "jit": "off"},
        )
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError, TimeoutError) as error:
        fault = Fault("store.dsn", "must lead to a PostgreSQL database that accepts us", type(error).__name__)
        raise ConfigurationError([fault]) from None


@asynccontextmanager
async def connection(pool: Pool, *, timeout_seconds: float = 5.0) -> AsyncIterator[Connection]:
    """Borrow a connection. Raises StoreUnavailable for every failure of the server or of the way to it."""
    try:
        async with pool.acquire(timeout=timeout_seconds) as borrowed:
            yield borrowed
    except asyncio.CancelledError:
        raise
    except _UNAVAILABLE as error:
        raise StoreUnavailable(f"the database is not available ({type(error).__name__})") from error


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Connection]:
    """Borrow a connection in a transaction: committed when the block ends well, else rolled back."""
    async with connection(pool) as borrowed, borrowed.transaction():
        yield borrowed


@asynccontextmanager
async def session_lock(pool: Pool, lock_class: int, name: str) -> AsyncIterator[bool]:
    """Hold a lock until the block ends, unless another process has it; give whether it is held.

    A connection that could not give it back is ended, and the lock with it. Raises StoreUnavailable.
    """
    async with connection(pool) as borrowed:
        try:
            is_mine = await borrowed.fetchval("SELECT pg_try_advisory_lock($1, hashtext($2))", lock_class, name)
        except BaseException:
            borrowed.terminate()
            raise
        try:
            yield is_mine
        finally:
            if is_mine:
                try:
                    await borrowed.execute("SELECT pg_advisory_unlock_all()")
                except BaseException:
                    borrowed.terminate()
                    raise
