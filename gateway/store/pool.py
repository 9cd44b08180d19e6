"""Connections to PostgreSQL, and its failures in our words."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
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


class _Borrowing:
    """A turn with a connection. A class, since every statement of the gateway passes here."""

    __slots__ = ("_connection", "_pool", "_timeout_seconds")

    def __init__(self, pool: Pool, timeout_seconds: float) -> None:
        self._pool = pool
        self._timeout_seconds = timeout_seconds

    async def __aenter__(self) -> Connection:
        try:
            # The pool's own limit would make a task for every turn.
            async with asyncio.timeout(self._timeout_seconds):
                self._connection = await self._pool.acquire()
        except _UNAVAILABLE as error:
            raise _unavailable(error) from error
        return self._connection

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        try:
            await self._pool.release(self._connection)
        except _UNAVAILABLE as failure:
            raise _unavailable(failure) from failure
        if isinstance(error, _UNAVAILABLE):
            raise _unavailable(error) from error


def _unavailable(error: BaseException) -> StoreUnavailable:
    return StoreUnavailable(f"the database is not available ({type(error).__name__})")


def connection(pool: Pool, *, timeout_seconds: float = 5.0) -> AbstractAsyncContextManager[Connection]:
    """Borrow a connection. Raises StoreUnavailable for every failure of the server or of the way to it."""
    return _Borrowing(pool, timeout_seconds)


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
