"""What an operator does with indicators from the command line: count from scratch, add up anew, publish at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from gateway.bootstrap import open_key_ring
from gateway.bootstrap.indicators import (
    counting_rules,
    make_checker,
    make_keeper,
    make_numbers,
    make_publisher,
    open_publication_signer,
)
from gateway.clocks import SystemClock
from gateway.config import Settings
from gateway.engine.indicator_check import Comparison
from gateway.errors import ConfigurationError, Fault
from gateway.monitoring.registers import RegisterKind, registered_sites
from gateway.monitoring.sites import Site, SiteFault, judge_site
from gateway.store.indicators import PostgresIndicators
from gateway.store.pool import Pool, open_pool
from gateway.store.publications import PostgresPublications
from gateway.store.registers import PostgresRegisters

_NEVER_AT_ONCE_SECONDS = 600.0
_SITE_SECONDS = 20.0
_WAITS = 60
_A_WAIT_SECONDS = 0.5
_MAX_PAGE_BYTES = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What counting came to. `comparison` None: another process was counting all the time."""

    changed_count: int
    comparison: Comparison | None


async def check(dsn: str, settings: Settings) -> Counted:
    """Count what is due, then every dossier from scratch, and compare. Opens every dossier; shows none."""
    key_ring, rules = open_key_ring(settings), counting_rules(settings.monitoring)
    async with _pool(dsn) as pool:
        changed = await make_keeper(pool, key_ring, rules, SystemClock()).run()
        comparison = await make_checker(pool, key_ring, rules).check()
    return Counted(changed_count=changed, comparison=comparison)


async def add_up(dsn: str, settings: Settings) -> bool:
    """Add every cell up anew from the stored facts; False when another process is counting."""
    key_ring, rules = open_key_ring(settings), counting_rules(settings.monitoring)
    async with _pool(dsn) as pool:
        return await make_checker(pool, key_ring, rules).add_up()


async def publish(dsn: str, settings: Settings) -> tuple[list[str], int] | None:
    """Count what is due, then publish every period whose figures changed, without waiting for the night.

    Gives the new snapshots, and how many periods' final figures wait for a person; None when something is left to be
    counted, since another process is at it.
    """
    signer = open_publication_signer(settings)
    if signer is None:
        raise ConfigurationError([Fault("monitoring.publication", "must be configured before anything is published")])
    key_ring, rules, clock = open_key_ring(settings), counting_rules(settings.monitoring), SystemClock()
    async with _pool(dsn) as pool:
        keeper = make_keeper(pool, key_ring, rules, clock)
        publisher = make_publisher(pool, settings.monitoring, rules, make_numbers(pool, rules, clock), signer, clock)
        store, publications = PostgresIndicators(pool), PostgresPublications(pool)
        counted_at, waits_count = (await store.standing()).counted_at, 0
        await keeper.run()
        while await publications.completed_at(rules.name) is None:
            before, counted_at = counted_at, (await store.standing()).counted_at
            waits_count = waits_count + 1 if counted_at == before else 0
            if waits_count > _WAITS:
                return None
            await asyncio.sleep(_A_WAIT_SECONDS if waits_count else 0)
            await keeper.run()
        done = await publisher.run(is_at_once=True)
        return done, len(await publications.owed())


async def look_at_sites(dsn: str) -> list[tuple[Site, list[SiteFault]]]:
    """Read the page of each registered portal, and say what keeps it from being measured. Sends nothing else."""
    async with _pool(dsn) as pool:
        sites = registered_sites((await PostgresRegisters(pool).registers())[RegisterKind.SITES])
    found = []
    timeout = aiohttp.ClientTimeout(total=_SITE_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session:
        for site in sites:
            try:
                async with session.get(site.url) as answer:
                    page = (await answer.content.read(_MAX_PAGE_BYTES)).decode("utf-8", "replace")
                    faults = judge_site(site, answer.headers, page) if answer.ok else [SiteFault.UNREACHABLE]
            except (aiohttp.ClientError, TimeoutError):
                faults = [SiteFault.UNREACHABLE]
            found.append((site, faults))
    return found


@asynccontextmanager
async def _pool(dsn: str) -> AsyncIterator[Pool]:
    pool = await open_pool(dsn, max_size=3, command_timeout_seconds=_NEVER_AT_ONCE_SECONDS)
    try:
        yield pool
    finally:
        await pool.close()
