"""The token of an edge: kept in memory, renewed by one caller for all, and not asked for again at once after a failure.

With a hundred officers waiting, a token service that is down would else be asked a hundred times (population notes §18
N20). Instants are of the monotonic clock, so that a set clock ends no token.
"""

import asyncio
from collections.abc import Awaitable, Callable

from adapters.population.credentials import Token
from gateway.errors import RemoteError
from gateway.ports.basics import Clock

COOL_DOWN_SECONDS = 5.0


class TokenKeeper:
    """Gives the token that lives."""

    def __init__(self, fetch: Callable[[], Awaitable[Token]], *, margin_seconds: float, clock: Clock) -> None:
        self._fetch = fetch
        self._margin = margin_seconds
        self._clock = clock
        self._lock = asyncio.Lock()
        self._kept: Token | None = None
        self._renew_at = 0.0
        self._failed: RemoteError | None = None
        self._failed_until = 0.0

    async def obtain(self, *, refused: Token | None = None) -> Token:
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
            self._kept, started_at = None, self._clock.monotonic()
            try:
                token = await self._fetch()
            except RemoteError as error:
                self._failed, self._failed_until = error, self._clock.monotonic() + COOL_DOWN_SECONDS
                raise
            self._failed = None
            # A margin longer than half the life would renew a short-lived token at every call.
            life = token.life_seconds
            self._kept, self._renew_at = token, started_at + max(life - self._margin, life / 2)
            return token

    def _fresh(self, refused: Token | None) -> Token | None:
        kept = self._kept
        if kept is None or kept is refused or self._clock.monotonic() >= self._renew_at:
            return None
        return kept
