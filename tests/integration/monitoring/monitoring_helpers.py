"""A puller before a province on loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp

from adapters.monitoring.sandbox import FindingKind, Puller, PullerSettings
from tests.support.clocks import StillClock
from tests.support.monitoring_province import TOKEN, Province


@dataclass
class Stage:
    """Everything that one test plays with."""

    province: Province
    puller: Puller
    clock: StillClock
    waits: list[float] = field(default_factory=list)

    def kinds(self) -> set[FindingKind]:
        """Give what kinds of findings there are."""
        return {finding.kind for finding in self.puller.findings}


@asynccontextmanager
async def stage(province: Province, **settings: object) -> AsyncIterator[Stage]:
    """Give a puller that waits for nothing; the clock moves instead."""
    clock, waits = StillClock(), list[float]()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        clock.move(seconds)

    async with province.serving() as url, aiohttp.ClientSession() as session:
        made = PullerSettings.parse({"province_url": url, "token": TOKEN, "page_limit": 2, **settings})
        yield Stage(province, Puller(session, made, clock=clock, sleep=sleep), clock, waits)


async def found(province: Province, **settings: object) -> dict[FindingKind, set[str | None]]:
    """Pull once and give what was found: each kind with the snapshots that it is about."""
    async with stage(province, **settings) as there:
        await there.puller.pull()
        by_kind: dict[FindingKind, set[str | None]] = {}
        for finding in there.puller.findings:
            by_kind.setdefault(finding.kind, set()).add(finding.snapshot_id)
        return by_kind
