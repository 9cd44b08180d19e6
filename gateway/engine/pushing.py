"""Sending publications to receivers that do not pull: in the order of the chain, until each has said that it has them.

Nothing is passed over: a chain with a gap proves nothing. What a receiver refuses is sent again after a growing wait,
at most an hour, and operators are told how long it has been waiting.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from gateway.errors import CredentialsRefused, RateLimited, RemoteError
from gateway.ports.basics import Chance, Clock
from gateway.ports.monitoring import PushStore, SnapshotReceiver
from gateway.sync.retry import RetryPolicy, delay_seconds

PUSH_POLICY = RetryPolicy(first_delay_seconds=5.0, ceiling_seconds=3_600.0)


class Pusher:
    """Serves all receivers, side by side."""

    def __init__(
        self,
        receivers: Mapping[str, SnapshotReceiver],
        store: PushStore,
        *,
        clock: Clock,
        chance: Chance,
        policy: RetryPolicy = PUSH_POLICY,
    ) -> None:
        self._receivers = receivers
        self._store = store
        self._clock = clock
        self._chance = chance
        self._policy = policy

    async def run(self) -> int:
        """Send every receiver what it is owed; give how many publications were taken. Raises StoreUnavailable."""
        return sum(await asyncio.gather(*(self._serve(name, one) for name, one in self._receivers.items())))

    async def _serve(self, name: str, receiver: SnapshotReceiver) -> int:
        count = 0
        async with self._store.turn(name) as is_mine:
            while is_mine:
                due = await self._store.due(name, self._clock.now())
                if due is None:
                    break
                try:
                    receipt = await receiver.push(due.snapshot)
                except RemoteError as error:
                    wait = timedelta(seconds=self._wait_seconds(error, due.failures_count + 1))
                    await self._store.note_failed(name, error.code, self._clock.now() + wait)
                    break
                await self._store.note_taken(name, due.position, receipt, self._clock.now())
                count += 1
        return count

    def _wait_seconds(self, error: RemoteError, failures_count: int) -> float:
        seconds = delay_seconds(self._policy, failures_count, self._chance.random())
        if isinstance(error, CredentialsRefused):
            seconds = max(seconds, self._policy.credentials_delay_seconds)
        if isinstance(error, RateLimited):
            seconds = max(seconds, error.retry_after_seconds or 0.0)
        return seconds
