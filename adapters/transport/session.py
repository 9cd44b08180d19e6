"""A shared session for one process: for tests, demonstrations and tools. Several processes share one in the store."""

import asyncio

from gateway.ports.basics import Clock
from gateway.ports.portal import Login


class InMemorySession:
    """Keeps one login for the tasks of one process; at most one login runs at a time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token: str | None = None
        self._ends_at = 0.0

    async def obtain(self, login: Login, *, refused: str | None = None) -> str:
        """Give the current token; log in when there is none, when it ran out, or when `refused` names it."""
        async with self._lock:
            token = self._token
            if token is not None and token != refused and self._clock.monotonic() < self._ends_at:
                return token
            # Forgotten first: a login that fails must not leave the refused token behind.
            self._token = None
            started_at = self._clock.monotonic()
            token, life_seconds = await login()
            # Counted from before the call, so that a slow login never makes the life look longer.
            self._token, self._ends_at = token, started_at + life_seconds
            return token
