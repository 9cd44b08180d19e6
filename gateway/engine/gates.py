"""The gate of one system as this process uses it: calendar and pause decide whether, the bucket decides how fast.

The circuit hears how calls went; the gate knows what people have said. A closed gate is no failure: nothing is claimed,
no attempt is counted, and the circuit is not touched.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from gateway.ports.basics import Clock
from gateway.ports.gates import GateStore
from gateway.sync.calendar import ALWAYS_OPEN, Calendar, OpeningHours, Outage, Standing, standing_at
from gateway.sync.release import LONGEST_RAMP_MINUTES, Bucket, ReleasePolicy, filled, rate_at, share_at, take

_REMEMBERED = timedelta(minutes=LONGEST_RAMP_MINUTES)
"""So long an ended outage still matters: the ramp is counted from its end."""

_LONGEST_WAIT_SECONDS = 10.0
"""For a turn, when every record that was claimed needs a call of its own; well below the lease and the stop's grace."""


class SystemGate:
    """Says whether a system may be called and gives calls their turn.

    What people have said is read anew after `refresh_seconds`: so long a pause may take to be noticed.
    """

    def __init__(
        self,
        store: GateStore,
        system: str,
        *,
        hours: OpeningHours = ALWAYS_OPEN,
        policy: ReleasePolicy,
        clock: Clock,
        refresh_seconds: float = 1.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._system = system
        self._hours = hours
        self._policy = policy
        self._clock = clock
        self._refresh_seconds = refresh_seconds
        self._sleep = sleep
        self._calendar = Calendar(hours=hours)
        self._read_at = float("-inf")

    @property
    def is_shut(self) -> bool:
        """Whether the system is closed now, by what this process last read. A call that waited is then not made."""
        return not standing_at(self._calendar, self._clock.now()).is_open

    async def standing(self) -> Standing:
        """Tell how the system stands. Raises StoreUnavailable."""
        if self._clock.monotonic() - self._read_at >= self._refresh_seconds:
            facts = await self._store.facts(self._system, since=self._clock.now() - _REMEMBERED)
            self._calendar = Calendar(
                hours=self._hours,
                outages=tuple(Outage(starts_at, ends_at) for starts_at, ends_at in facts.outages),
                paused_at=facts.paused_at,
                resumed_at=facts.resumed_at,
            )
            self._read_at = self._clock.monotonic()
        return standing_at(self._calendar, self._clock.now())

    async def released_share(self) -> float:
        """Give how much of the full rate is released: 0 while closed, 1 in ordinary life. Raises StoreUnavailable."""
        standing = await self.standing()
        return share_at(self._policy, standing.opened_at, self._clock.now()) if standing.is_open else 0.0

    async def allowance(self, records_per_call: int = 1) -> int | None:
        """Give how many records may be claimed: None for any number, 0 while closed or until a call is earned.

        Records travel together, so that more are claimed than calls are earned; but never more than could go one by one
        within a short while, since what is claimed waits for its turn. Nothing is taken yet: each call takes its turn.
        Raises StoreUnavailable.
        """
        standing = await self.standing()
        if not standing.is_open:
            return 0
        now = self._clock.now()
        rate = rate_at(self._policy, standing.opened_at, now)
        if rate is None:
            return None
        async with self._store.changing_bucket(self._system) as change:
            bucket = filled(Bucket(change.tokens, change.at), self._policy, standing.opened_at, now)
            change.tokens, change.at = bucket.tokens, bucket.at
        calls_count = bucket.calls_count
        if calls_count == 0:
            return 0
        return max(calls_count, min(calls_count * records_per_call, int(rate * _LONGEST_WAIT_SECONDS)))

    async def turn(self) -> None:
        """Wait until one more call may be made under the rate. Returns at once where there is none, or when shut.

        Raises StoreUnavailable.
        """
        while True:
            standing = await self.standing()
            now = self._clock.now()
            if not standing.is_open or rate_at(self._policy, standing.opened_at, now) is None:
                return
            async with self._store.changing_bucket(self._system) as change:
                taken = take(Bucket(change.tokens, change.at), self._policy, standing.opened_at, now)
                change.tokens, change.at = taken.bucket.tokens, taken.bucket.at
            if taken.wait_seconds == 0:
                return
            await self._sleep(taken.wait_seconds)
