"""Time that can be pushed forward or back by the control API, so that nobody waits 300 s for an expiry."""

from datetime import datetime, timedelta

from adapters.sandboxing import MachineClock, SandboxClock


class VirtualClock:
    """Implements SandboxClock: another clock, moved by hand."""

    def __init__(self, base: SandboxClock | None = None) -> None:
        self._base = base or MachineClock()
        self._wall_seconds = 0.0
        self._passed_seconds = 0.0

    def now(self) -> datetime:
        return self._base.now() + timedelta(seconds=self._wall_seconds)

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
