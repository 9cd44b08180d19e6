"""Short in-call retries of calls that change nothing. Everything else is retried by the outbox schedule."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt

from adapters.transport.settings import TransportSettings
from gateway.errors import TransientFailure
from gateway.ports.basics import Chance

ResultT = TypeVar("ResultT")
Sleep = Callable[[float], Awaitable[None]]


class ReadRetry:
    """Tries a read a few times when it had no effect and no answer; waits grow, are capped and jittered.

    A wish for patience (RateLimited), a refusal or a broken contract is not tried again here.
    """

    def __init__(self, settings: TransportSettings, *, chance: Chance, sleep: Sleep = asyncio.sleep) -> None:
        self._settings = settings
        self._chance = chance
        self._sleep = sleep

    async def run(self, read: Callable[[], Awaitable[ResultT]]) -> ResultT:
        """Give the result of the first try that succeeds. Raises the last failure.

        The first try, which nearly always is the only one, goes past the machinery of retries.
        """
        try:
            return await read()
        except TransientFailure:
            if self._settings.read_attempts <= 1:
                raise
        await self._sleep(self._wait_seconds(1))

        async def again() -> ResultT:
            # As a coroutine function, since others that give something to await would not be awaited.
            return await read()

        retrying = AsyncRetrying(
            sleep=self._sleep,
            stop=stop_after_attempt(self._settings.read_attempts - 1),
            wait=lambda state: self._wait_seconds(state.attempt_number + 1),
            retry=retry_if_exception_type(TransientFailure),
            reraise=True,
        )
        return await retrying(again)

    def _wait_seconds(self, attempts_count: int) -> float:
        # The exponent is bounded before it is used, so that no number of attempts can overflow.
        growth = 2.0 ** min(attempts_count - 1, 20)
        ceiling = min(self._settings.read_retry_first_seconds * growth, self._settings.read_retry_max_seconds)
        return ceiling * (0.5 + self._chance.random() / 2)
