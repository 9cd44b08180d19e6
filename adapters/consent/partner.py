"""The login at the intermediary gateway: kept in memory only, renewed by one caller for all.

Renewal begins at 80 % of the life, with the refresh token while that lives, else by logging in again. When renewing
fails and the old token still lives, the old one is used on and the next try waits a little: a token that works is not
given up because its successor cannot be had.

A login that fails is tried again by nobody for a while: an account that is refused again and again is locked, and those
who wait for one that does not answer would wait one after the other. Meanwhile everybody is told of the same failure.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from adapters.consent.protocol import Tokens
from gateway.errors import CredentialsRefused, RateLimited, Rejected, RemoteError, TransientFailure
from gateway.ports.basics import Clock

COOL_DOWN_SECONDS = 30.0
PASSING_COOL_DOWN_SECONDS = 3.0
"""After a failure that may pass by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    tokens: Tokens = field(repr=False)
    renew_at: float
    ends_at: float
    refresh_ends_at: float


class PartnerLogin:
    """Gives the access token. Instants are of the monotonic clock, so that a set clock ends no login."""

    def __init__(
        self,
        *,
        log_in: Callable[[], Awaitable[Tokens]],
        refresh: Callable[[str], Awaitable[Tokens]],
        renew_at_life: float,
        clock: Clock,
    ) -> None:
        self._log_in = log_in
        self._refresh = refresh
        self._renew_at_life = renew_at_life
        self._clock = clock
        self._lock = asyncio.Lock()
        self._kept: _Kept | None = None
        self._failure: RemoteError | None = None
        self._failure_ends_at = 0.0

    async def obtain(self, *, refused: str = "") -> str:
        """Give a token that lives and is not the refused one. Raises RemoteError."""
        kept = self._kept
        if kept is not None and self._is_fresh(kept, refused):
            return kept.tokens.access
        async with self._lock:
            # Somebody may have renewed it while this caller waited.
            kept = self._kept
            if kept is not None and self._is_fresh(kept, refused):
                return kept.tokens.access
            if kept is not None and kept.tokens.access == refused:
                # Forgotten first: a login that fails must not leave the refused token behind.
                self._kept = kept = None
            return await self._renew(kept)

    def _is_fresh(self, kept: _Kept, refused: str) -> bool:
        return kept.tokens.access != refused and self._clock.monotonic() < kept.renew_at

    async def _renew(self, kept: _Kept | None) -> str:
        started_at = self._clock.monotonic()
        if self._failure is not None and started_at < self._failure_ends_at:
            raise self._failure.with_traceback(None)
        self._failure = None
        try:
            tokens = await self._renewed(kept, started_at)
        except RemoteError as error:
            if kept is None or started_at >= kept.ends_at:
                self._failure, self._failure_ends_at = error, self._clock.monotonic() + _cool_down_of(error)
                raise
            self._kept = _Kept(
                tokens=kept.tokens,
                renew_at=min(started_at + COOL_DOWN_SECONDS, kept.ends_at),
                ends_at=kept.ends_at,
                refresh_ends_at=kept.refresh_ends_at,
            )
            return kept.tokens.access
        # Lives are counted from before the call, so that a slow answer never makes them look longer.
        self._kept = _Kept(
            tokens=tokens,
            renew_at=started_at + tokens.life_seconds * self._renew_at_life,
            ends_at=started_at + tokens.life_seconds,
            refresh_ends_at=started_at + tokens.refresh_life_seconds,
        )
        return tokens.access

    async def _renewed(self, kept: _Kept | None, now: float) -> Tokens:
        if kept is not None and kept.tokens.refresh and now < kept.refresh_ends_at:
            try:
                return await self._refresh(kept.tokens.refresh)
            except (CredentialsRefused, Rejected):
                # The refresh token is no longer taken; the password may be.
                return await self._log_in()
        return await self._log_in()


def _cool_down_of(error: RemoteError) -> float:
    if isinstance(error, RateLimited):
        return min(max(error.retry_after_seconds or 0.0, PASSING_COOL_DOWN_SECONDS), COOL_DOWN_SECONDS)
    return PASSING_COOL_DOWN_SECONDS if isinstance(error, TransientFailure) else COOL_DOWN_SECONDS
