"""A provider's public keys, remembered: fresh for a while, kept when the provider cannot be asked, and looked at again
at once, but seldom, when a token names a key that is not among them.

The last good set outlives failed look-ups up to a limit. Whoever sends tokens with invented key ids causes one look-up
a minute, not one each (electronic identity notes §10, §17 N48-N54).
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from adapters.identity.tokens import PublicKeys
from gateway.errors import RemoteError
from gateway.ports.basics import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPolicy:
    """Seconds: how long a set is fresh, how long it serves while no newer one can be had, how seldom it is forced."""

    fresh_seconds: float = 900.0
    stale_seconds: float = 86_400.0
    cool_down_seconds: float = 60.0


class KeyMemory:
    """Keeps one provider's keys. `fetch` reads them anew and raises RemoteError."""

    def __init__(self, fetch: Callable[[], Awaitable[PublicKeys]], *, clock: Clock, policy: KeyPolicy) -> None:
        self._fetch = fetch
        self._clock = clock
        self._policy = policy
        self._keys: PublicKeys | None = None
        self._read_at = float("-inf")
        self._tried_at = float("-inf")
        self._forced_at = float("-inf")
        self._failure: RemoteError | None = None
        self._under_way: asyncio.Task[None] | None = None
        self.refreshes_count = 0
        self.unknown_count = 0

    @property
    def age_seconds(self) -> float | None:
        """Age of the set in use; None while there is none."""
        return None if self._keys is None else self._clock.monotonic() - self._read_at

    async def current(self) -> PublicKeys:
        """Give the keys. Raises RemoteError when there are none that may still be used."""
        age = self.age_seconds
        if self._keys is not None and age is not None and age <= self._policy.fresh_seconds:
            return self._keys
        try:
            # While the provider is away it is asked again only after the cool-down.
            if self._keys is None or self._is_cool(self._tried_at):
                await self._refresh()
        except RemoteError:
            age = self.age_seconds
            if self._keys is None or age is None or age > self._policy.stale_seconds:
                raise
        assert self._keys is not None, "a refresh gives keys or raises"
        if self._clock.monotonic() - self._read_at > self._policy.stale_seconds:
            await self._refresh()
        return self._keys

    async def after_unknown(self, tried: PublicKeys) -> PublicKeys | None:
        """Give a newer set than the one that was tried, because a token named a key that is not in it.

        None when it is too soon to ask for one again. Raises RemoteError, also when the last look failed and it is too
        soon: the key may well be right, and nobody could tell.
        """
        self.unknown_count += 1
        if self._keys is tried and self._under_way is None:
            if not self._is_cool(self._forced_at):
                if self._failure is not None:
                    raise self._failure.with_traceback(None)
                return None
            self._forced_at = self._clock.monotonic()
        if self._keys is tried:
            await self._refresh()
        return self._keys

    def _is_cool(self, since: float) -> bool:
        return self._clock.monotonic() - since >= self._policy.cool_down_seconds

    async def _refresh(self) -> None:
        # One question for everybody who needs the answer; a caller that goes away does not take it from the others.
        task = self._under_way
        if task is None:
            task = asyncio.ensure_future(self._read())
            self._under_way = task
            task.add_done_callback(self._landed)
        await asyncio.shield(task)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._under_way = None
        if not task.cancelled():
            task.exception()  # Seen, even when every caller has gone away.

    async def _read(self) -> None:
        self._tried_at = self._clock.monotonic()
        self.refreshes_count += 1
        try:
            self._keys = await self._fetch()
        except RemoteError as error:
            self._failure = error
            raise
        self._failure = None
        self._read_at = self._clock.monotonic()
