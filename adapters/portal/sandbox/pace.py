"""How fast the portal lets itself be called (§13-32)."""

from adapters.sandboxing import SandboxClock


class Pace:
    """A bucket that holds one second's worth of calls and fills evenly."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._tokens = 0.0
        self._filled_at: float | None = None

    def wait_seconds(self, max_calls_per_second: float | None) -> float:
        """Give 0 and count the call when it is within the limit; else how long until the next one is."""
        if max_calls_per_second is None:
            self._filled_at = None
            return 0.0
        now = self._clock.monotonic()
        room = max(1.0, max_calls_per_second)
        elapsed = room if self._filled_at is None else now - self._filled_at
        self._tokens = min(room, self._tokens + elapsed * max_calls_per_second)
        self._filled_at = now
        if self._tokens >= 1.0:
            self._tokens -= 1.0
            return 0.0
        return (1.0 - self._tokens) / max_calls_per_second
