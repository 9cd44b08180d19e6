"""Bringing the schema to the version that this code needs, by one process at a time.

Alembic keeps the books; this module gives it a connection and a lock. A database that is already at the newest step
costs one query at start, and Alembic is not even imported.
"""

from pathlib import Path
from typing import Any

import asyncpg

from gateway.errors import ConfigurationError, Fault, StoreUnavailable
from gateway.store.locks import Lock

NEWEST = "0027"
_FOLDER = Path(__file__).parent / "migrations"


async def current_version(dsn: str) -> str | None:
    """Give the step that the database is at; None when it was never migrated. Raises StoreUnavailable."""
    try:
        connection = await asyncpg.connect(dsn, timeout=10)
    except (ValueError, asyncpg.InterfaceError):
        # The cause is not shown: it quotes parts of the address, which may be parts of a password.
        raise ConfigurationError([Fault("store.dsn", "must be an address of PostgreSQL, percent-encoded")]) from None
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        raise StoreUnavailable(f"the database cannot be reached ({type(error).__name__})") from error
    try:
        version: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        return None
    finally:
        await connection.close()
    return version


async def migrate(dsn: str, to: str = NEWEST) -> str | None:
    """Apply all missing steps up to one; give the version that was there before. Safe when several processes start at
    once."""
    before = await current_version(dsn)
    if before == to:
        return before
    if before is not None and before > NEWEST:
        raise ConfigurationError([Fault("store", f"must not be newer than this program ({NEWEST})", before)])
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(dsn))
    try:
        async with engine.begin() as connection:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({Lock.SCHEMA})"))
            await connection.run_sync(_upgrade, to)
    finally:
        await engine.dispose()
    return before


def _upgrade(connection: Any, to: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
