"""Time for sandboxes, passed in so that a test can move it."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class SandboxClock(Protocol):
    """Tells the instant and measures spans."""

    def now(self) -> datetime:
        """Give the current instant, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Give seconds that never step backwards; only differences mean something."""
        ...


class MachineClock:
    """Gives the machine's own time."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - a sandbox is a process of its own; here is its IO edge

    def monotonic(self) -> float:
        return time.monotonic()


class MovedClock:
    """Another clock, moved by hand, so that nobody waits for a token to end."""

    def __init__(self, base: SandboxClock | None = None) -> None:
        self._base = base or MachineClock()
        self._wall_seconds = 0.0
        self._passed_seconds = 0.0

    def now(self) -> datetime:
        now = self._base.now()
        return now + timedelta(seconds=self._wall_seconds) if self._wall_seconds else now

    def monotonic(self) -> float:
        return self._base.monotonic() + self._passed_seconds

    def advance(self, seconds: float) -> None:
        """Let time pass. Raises ValueError for a negative span."""
        if seconds < 0:
            raise ValueError("time passes forward only")
        self._wall_seconds += seconds
        self._passed_seconds += seconds

    def shift(self, seconds: float) -> None:
        """Set the wall clock off by so much, in either direction; no time passes."""
        self._wall_seconds += seconds
