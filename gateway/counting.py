"""What an operator does with indicators from the command line: count from scratch, add up anew, publish at once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gateway.bootstrap import open_key_ring
from gateway.bootstrap.indicators import (
    counting_parts,
    make_checker,
    make_keeper,
    open_publication_signer,
)
from gateway.clocks import SystemClock
from gateway.config import Settings
from gateway.engine.indicator_check import Comparison
from gateway.errors import ConfigurationError, Fault
from gateway.store.pool import Pool, open_pool

_NEVER_AT_ONCE_SECONDS = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What counting came to. `comparison` None: another process was counting all the time."""

    changed_count: int
    comparison: Comparison | None


async def check(dsn: str, settings: Settings) -> Counted:
    """Count what is due, then every dossier from scratch, and compare. Opens every dossier; shows none."""
    key_ring = open_key_ring(settings)
    async with _pool(dsn) as pool:
        changed = await make_keeper(pool, key_ring, settings.monitoring, SystemClock()).run()
        comparison = await make_checker(pool, key_ring, settings.monitoring).check()
    return Counted(changed_count=changed, comparison=comparison)


async def add_up(dsn: str, settings: Settings) -> bool:
    """Add every cell up anew from the stored facts; False when another process is counting."""
    key_ring = open_key_ring(settings)
    async with _pool(dsn) as pool:
        return await make_checker(pool, key_ring, settings.monitoring).add_up()


async def publish(dsn: str, settings: Settings) -> list[str]:
    """Count what is due, then publish every period whose figures changed, without waiting for the night."""
    signer = open_publication_signer(settings)
    if signer is None:
        raise ConfigurationError([Fault("monitoring.publication", "must be configured before anything is published")])
    key_ring = open_key_ring(settings)
    async with _pool(dsn) as pool:
        keeper, publisher = counting_parts(pool, key_ring, settings.monitoring, SystemClock(), signer)
        await keeper.run()
        return await publisher.run(is_at_once=True)


@asynccontextmanager
async def _pool(dsn: str) -> AsyncIterator[Pool]:
    pool = await open_pool(dsn, max_size=3, command_timeout_seconds=_NEVER_AT_ONCE_SECONDS)
    try:
        yield pool
    finally:
        await pool.close()
