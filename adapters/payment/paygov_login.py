"""The LGSP's token: kept in memory only, renewed by one caller for all.

A login that fails is not tried again for a moment: those who wait would otherwise try one after the other, and an
account that is refused again and again is locked. Meanwhile everybody is told of the same failure.
"""

import asyncio
from collections.abc import Awaitable, Callable

from gateway.errors import RemoteError
from gateway.ports.basics import Clock

COOL_DOWN_SECONDS = 5.0
LogIn = Callable[[], Awaitable[tuple[str, float]]]


class LgspLogin:
    """Gives the token. `log_in` gives a new one and the seconds for which it may be used."""

    def __init__(self, log_in: LogIn, *, clock: Clock) -> None:
        self._log_in = log_in
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token = ""
        self._ends_at = 0.0
        self._failure: RemoteError | None = None
        self._failure_ends_at = 0.0

    async def obtain(self, *, refused: str = "") -> str:
        """Give a token that lives and is not the refused one. Raises RemoteError."""
        if self._is_usable(refused):
            return self._token
        async with self._lock:
            # Somebody may have renewed it while this caller waited.
            if self._is_usable(refused):
                return self._token
            if self._failure is not None and self._clock.monotonic() < self._failure_ends_at:
                raise self._failure.with_traceback(None)
            # Forgotten first: a login that fails must not leave the refused token behind.
            self._token, self._failure = "", None
            started_at = self._clock.monotonic()
            try:
                token, life_seconds = await self._log_in()
            except RemoteError as error:
                self._failure, self._failure_ends_at = error, self._clock.monotonic() + COOL_DOWN_SECONDS
                raise
            # Counted from before the call, so that a slow login never makes the life look longer.
            self._token, self._ends_at = token, started_at + life_seconds
            return token

    def _is_usable(self, refused: str) -> bool:
        return bool(self._token) and self._token != refused and self._clock.monotonic() < self._ends_at
