"""What the pull interface of the monitoring systems works with."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from gateway.engine.indicator_numbers import Numbers
from gateway.engine.indicator_reasons import Explainer
from gateway.engine.period_ends import PeriodEnds
from gateway.engine.publication_parts import DetachedSigner
from gateway.engine.publishing import Publisher
from gateway.indicators.catalogue import Catalogue
from gateway.indicators.profiles import Profile
from gateway.model.calendars import Calendars
from gateway.ports.basics import Clock
from gateway.store.publications import PostgresPublications
from gateway.store.pushes import PostgresPushes
from gateway.store.registers import PostgresRegisters

_WINDOW_SECONDS = 60.0
_SCRAPE_KEPT_SECONDS = 30.0
_MAX_SCRAPES = 20


@dataclass(slots=True)
class PullRate:
    """How often a client pulls: so many requests in a minute, counted by this process."""

    per_minute: int = 600
    _windows: dict[str, tuple[float, int]] = field(default_factory=dict)

    def wait_seconds(self, client_id: str, now: float) -> int:
        """Count a request; give the seconds to wait when it is one too many, else 0."""
        began, count = self._windows.get(client_id, (now, 0))
        if now - began >= _WINDOW_SECONDS:
            began, count = now, 0
        self._windows[client_id] = (began, count + 1)
        return max(1, int(began + _WINDOW_SECONDS - now)) if count >= self.per_minute else 0


@dataclass(slots=True)
class Scrapes:
    """What Prometheus was told of periods, for a while: it takes every agency's numbers, so one is made at a time."""

    _kept: dict[str, tuple[float, bytes]] = field(default_factory=dict)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def get(self, period_key: str, clock: Clock, make: Callable[[], Awaitable[bytes]]) -> bytes:
        """Give what was told of a period at most half a minute ago, or make it."""
        async with self._lock:
            told_at, text = self._kept.get(period_key, (0.0, b""))
            if not text or clock.monotonic() >= told_at + _SCRAPE_KEPT_SECONDS:
                text = await make()
                self._kept.pop(period_key, None)
                self._kept = dict([*self._kept.items()][1 - _MAX_SCRAPES :])
                self._kept[period_key] = (clock.monotonic(), text)
            return text


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringDesk:
    """Numbers, registers and publications. `publisher` and `signer` are None where nothing is published.

    `receivers` are the names of those that publications are pushed to.
    """

    province: str
    numbers: Numbers
    explainer: Explainer
    registers: PostgresRegisters
    publications: PostgresPublications
    pushes: PostgresPushes
    catalogue: Catalogue
    profile: Profile
    calendars: Calendars
    period_ends: PeriodEnds
    publisher: Publisher | None = None
    signer: DetachedSigner | None = None
    receivers: tuple[str, ...] = ()
    rate: PullRate = field(default_factory=PullRate)
    scrapes: Scrapes = field(default_factory=Scrapes)
