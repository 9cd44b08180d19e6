"""Sightings of contract drift on their way to the store: gathered in memory, bounded, written down by a job.

Whoever sees a difference is in the middle of a call, so telling costs a look into a dictionary. What finds no room is
counted and forgotten: it will be seen again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.errors import StoreUnavailable
from gateway.ports.basics import Clock
from gateway.ports.observing import DriftFound, DriftOverflowed, DriftSeen, Observer
from gateway.ports.portal_services import DriftSighting

MAX_GATHERED = 500
"""Different sightings between two flushes."""

Key = tuple[str, str, str, str]


@dataclass(slots=True)
class Gathered:
    """One difference with how often it was seen since the last flush."""

    sighting: DriftSighting
    count: int
    first_seen_at: datetime
    last_seen_at: datetime


class DriftStore(Protocol):
    """Where differences are kept."""

    async def record(self, gathered: Sequence[Gathered]) -> Sequence[DriftSighting]:
        """Add to the counts; give those that were never seen before. Raises StoreUnavailable."""
        ...


class DriftBuffer:
    """Implements DriftWatch."""

    def __init__(self, store: DriftStore, *, clock: Clock, observer: Observer, capacity: int = MAX_GATHERED) -> None:
        self._store = store
        self._clock = clock
        self._observe = observer
        self._capacity = capacity
        self._gathered: dict[Key, Gathered] = {}

    def __call__(self, sighting: DriftSighting, /) -> None:
        self._observe(DriftSeen(system=sighting.system, operation=sighting.operation, kind=sighting.kind.value))
        now = self._clock.now()
        self._add(Gathered(sighting, 1, now, now))

    async def flush(self) -> int:
        """Write down what was gathered; give the number of differences. Raises StoreUnavailable and keeps them."""
        if not self._gathered:
            return 0
        taken, self._gathered = list(self._gathered.values()), {}
        try:
            fresh = await self._store.record(taken)
        except StoreUnavailable:
            for gathered in taken:
                self._add(gathered)
            raise
        for sighting in fresh:
            self._observe(
                DriftFound(
                    system=sighting.system,
                    operation=sighting.operation,
                    kind=sighting.kind.value,
                    place=sighting.place,
                    detail=sighting.detail,
                )
            )
        return len(taken)

    def _add(self, gathered: Gathered) -> None:
        sighting = gathered.sighting
        key = (sighting.system, sighting.operation, sighting.kind.value, sighting.place)
        known = self._gathered.get(key)
        if known is not None:
            known.count += gathered.count
            known.first_seen_at = min(known.first_seen_at, gathered.first_seen_at)
            known.last_seen_at = max(known.last_seen_at, gathered.last_seen_at)
        elif len(self._gathered) < self._capacity:
            self._gathered[key] = gathered
        else:
            self._observe(DriftOverflowed(system=sighting.system, count=gathered.count))
