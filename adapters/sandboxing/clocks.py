"""Time for sandboxes, passed in so that a test can move it."""

import time
from datetime import UTC, datetime
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
