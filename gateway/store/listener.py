"""Hearing of changes: one connection per process listens, everybody who waits is woken."""

import asyncio
import contextlib
from typing import Any

import asyncpg

_CHANNEL = "gateway_events"
_RECONNECT_SECONDS = 1.0


class Listener:
    """Wakes waiters when something was appended to the feed.

    A notification is a hint, never the truth: while the connection is down nothing is heard, so every waiter gives a
    time limit and looks for itself afterwards.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._listen_forever())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def wait(self, timeout_seconds: float) -> None:
        """Return at the next notification or after the time limit, whichever comes first."""
        changed = self._changed
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(changed.wait(), timeout_seconds)

    def wake(self, *_: Any) -> None:
        """Wake everybody who waits now."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def _listen_forever(self) -> None:
        while True:
            closed = asyncio.Event()
            try:
                connection = await asyncpg.connect(self._dsn, timeout=10)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                await asyncio.sleep(_RECONNECT_SECONDS)
                continue
            try:
                connection.add_termination_listener(lambda *_, event=closed: event.set())
                await connection.add_listener(_CHANNEL, self.wake)
                self.wake()  # Whatever was missed while nobody listened.
                await closed.wait()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                await asyncio.sleep(_RECONNECT_SECONDS)
            finally:
                with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                    await connection.close(timeout=2)
