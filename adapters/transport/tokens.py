"""A token of another system: kept in memory, renewed by one caller for all.

A renewal that fails is not tried again for a moment: those who wait would otherwise try one after the other, a token
service that is down would be asked a hundred times, and an account that is refused again and again is locked.
Meanwhile everybody is told of the same failure. Instants are of the monotonic clock, so that a set clock ends no token.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from gateway.errors import RemoteError
from gateway.ports.basics import Clock

TokenT = TypeVar("TokenT")
COOL_DOWN_SECONDS = 5.0


class KeptToken(Generic[TokenT]):
    """Gives the token that lives. `fetch` gives a new one, and the seconds for which it is used."""

    def __init__(self, fetch: Callable[[], Awaitable[tuple[TokenT, float]]], *, clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = asyncio.Lock()
        self._kept: TokenT | None = None
        self._renew_at = 0.0
        self._failed: RemoteError | None = None
        self._failed_until = 0.0

    async def obtain(self, *, refused: TokenT | None = None) -> TokenT:
        """Give a token that lives and is not the refused one. Raises RemoteError."""
        if (kept := self._fresh(refused)) is not None:
            return kept
        async with self._lock:
            # Somebody may have renewed it while this caller waited, or tried in vain.
            if (kept := self._fresh(refused)) is not None:
                return kept
            if self._failed is not None and self._clock.monotonic() < self._failed_until:
                # One error for all: without this every caller's frames would be added to its trace.
                raise self._failed.with_traceback(None)
            # Forgotten first: a renewal that fails must not leave the refused token behind.
            self._kept, started_at = None, self._clock.monotonic()
            try:
                token, used_seconds = await self._fetch()
            except RemoteError as error:
                self._failed, self._failed_until = error, self._clock.monotonic() + COOL_DOWN_SECONDS
                raise
            # Counted from before the call, so that a slow one never makes the life look longer.
            self._failed, self._kept, self._renew_at = None, token, started_at + used_seconds
            return token

    def _fresh(self, refused: TokenT | None) -> TokenT | None:
        kept = self._kept
        if kept is None or kept is refused or self._clock.monotonic() >= self._renew_at:
            return None
        return kept
