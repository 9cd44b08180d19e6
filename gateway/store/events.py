"""The feed: reading it by cursor, and being woken when it grows.

An event's id is drawn under a lock that is held until the commit, so whoever has seen an id has seen every smaller one,
and "everything after this id" never misses a late comer.
"""

import asyncio
import contextlib
from collections.abc import Sequence

import asyncpg

from gateway.errors import StoreUnavailable
from gateway.ports.events import Event, EventPage
from gateway.store.pool import Connection, Pool, connection
from gateway.store.queries import queries

CHANNEL = "gateway_events"
EVERY_AGENCY = "*"
_FIRST_PAUSE_SECONDS = 0.2
_MAX_PAUSE_SECONDS = 5.0


async def read_events(
    pool: Pool, *, after: int, types: Sequence[str] | None, prefixes: Sequence[str], limit: int
) -> EventPage:
    """Give up to `limit` events above `after` that fit; types None means all. Raises StoreUnavailable.

    Events that belong to no agency are everybody's.
    """
    async with connection(pool) as borrowed:
        rows = [
            row
            async for row in queries("events").read_events(
                borrowed,
                after=after,
                types=None if types is None else list(types),
                prefixes=None if EVERY_AGENCY in prefixes else list(prefixes),
                wanted=limit,
            )
        ]
    events = [
        Event(
            event_id=row["event_id"],
            occurred_at=row["occurred_at"],
            type=row["type"],
            subject=row["subject"],
            agency_code=row["agency_code"],
            revision=row["revision"],
            data=row["data"],
        )
        for row in rows
        if row["event_id"] is not None
    ]
    if len(events) == limit:
        return EventPage(events, events[-1].event_id)
    return EventPage(events, max(after, rows[0]["newest"]))


async def newest_event_id(pool: Pool) -> int:
    """Give the id of the newest event, 0 when there is none."""
    async with connection(pool) as borrowed:
        newest: int = await queries("events").newest_event_id(borrowed)
    return newest


class EventSignal:
    """Wakes everybody who waits for the feed to grow, through one database connection.

    When that connection is lost it is made anew; waiting then falls back to a time limit, which callers set anyway.
    Takes one connection of the pool for as long as it runs.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._grown = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.is_listening = False
        """Whether growth is told at once; if not, ask again every second or so."""

    def start(self) -> None:
        self._task = asyncio.create_task(self._listen_forever())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def moment(self) -> asyncio.Event:
        """Give an event that is set when the feed grows after this call."""
        return self._grown

    def wake(self, *_: object) -> None:
        """Wake all who wait now."""
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()

    async def _listen_forever(self) -> None:
        pause_seconds = _FIRST_PAUSE_SECONDS
        while True:
            try:
                async with connection(self._pool) as borrowed:
                    await self._listen(borrowed)
                    pause_seconds = _FIRST_PAUSE_SECONDS
            except (StoreUnavailable, asyncpg.PostgresError):
                pass
            finally:
                self.is_listening = False
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(2 * pause_seconds, _MAX_PAUSE_SECONDS)

    async def _listen(self, borrowed: Connection) -> None:
        is_lost = asyncio.Event()

        def lose(_: object) -> None:
            is_lost.set()

        borrowed.add_termination_listener(lose)
        try:
            await borrowed.add_listener(CHANNEL, self.wake)
            self.is_listening = True
            # Whatever was appended before the connection listened is told now.
            self.wake()
            await is_lost.wait()
        finally:
            borrowed.remove_termination_listener(lose)
            if not borrowed.is_closed():
                with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                    await borrowed.remove_listener(CHANNEL, self.wake)
