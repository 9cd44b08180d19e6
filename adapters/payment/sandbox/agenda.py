"""What a simulated system still has to do: repeats of notifications, late successes, ends of payment pages.

Time is the sandbox's own, so a clock that is pushed forward makes things due. Works run beside each other.
"""

import asyncio
import contextlib
import heapq
from collections.abc import Callable, Coroutine
from typing import Any

from adapters.sandboxing import SandboxClock

Work = Callable[[], Coroutine[Any, Any, None]]
_TICK_SECONDS = 0.02


class Agenda:
    """Does each work once its moment has come. For one event loop."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._waiting: list[tuple[float, int, Work]] = []
        self._last = 0
        self._running: set[asyncio.Task[None]] = set()
        self._runner: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._failures: list[BaseException] = []

    @property
    def waiting_count(self) -> int:
        """How many works are not yet due, or under way."""
        return len(self._waiting) + len(self._running)

    def after(self, seconds: float, work: Work) -> None:
        """Do `work` when so many seconds of the sandbox's time have passed; 0 means as soon as possible."""
        self._last += 1
        heapq.heappush(self._waiting, (self._clock.monotonic() + seconds, self._last, work))
        self.wake()
        if self._runner is None or self._runner.done():
            self._runner = asyncio.get_running_loop().create_task(self._run())

    def wake(self) -> None:
        """Look at once at what is due, as after a clock was moved."""
        self._wake.set()

    async def settled(self) -> None:
        """Wait until nothing is due and nothing is under way. Raises what a work raised, which is always a defect."""
        while self._running or self._is_due():
            if self._running:
                await asyncio.wait(set(self._running))
            else:
                await asyncio.sleep(0)
        if self._failures:
            raise self._failures.pop(0)

    def forget(self) -> None:
        """Drop what waits; what is under way goes on."""
        self._waiting.clear()

    async def stop(self) -> None:
        """End everything."""
        self.forget()
        tasks = {*self._running, *(() if self._runner is None else (self._runner,))}
        self._runner = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _is_due(self) -> bool:
        return bool(self._waiting) and self._waiting[0][0] <= self._clock.monotonic()

    def _end(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        failure = None if task.cancelled() else task.exception()
        if failure is not None:
            self._failures.append(failure)
            # So that a process of its own leaves a trace of it.
            context = {"message": "a work of the sandbox failed", "exception": failure, "task": task}
            asyncio.get_running_loop().call_exception_handler(context)

    async def _run(self) -> None:
        while self._waiting:
            if self._is_due():
                _, _, work = heapq.heappop(self._waiting)
                task = asyncio.get_running_loop().create_task(work())
                self._running.add(task)
                task.add_done_callback(self._end)
                continue
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _TICK_SECONDS)
