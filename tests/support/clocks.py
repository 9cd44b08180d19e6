"""Clocks and chance for tests: still until moved, so that nothing depends on when a test runs."""

import time
from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
"""The instant at which a `StillClock` begins unless told otherwise."""


class StillClock:
    """Implements Clock. Stands still until `move` or `set`."""

    def __init__(self, now: datetime = START) -> None:
        self._now = now
        self._monotonic = 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds

    def set(self, now: datetime) -> None:
        """Set the wall clock, also backwards; the monotonic one goes on."""
        self._now = now


class RunningClock(StillClock):
    """Implements Clock: the wall clock stands still until moved, the monotonic one is the machine's.

    For tests of things that really wait (long polls, time limits).
    """

    def monotonic(self) -> float:
        return time.monotonic()


class FixedChance:
    """Implements Chance: always gives the same."""

    def __init__(self, value: float = 0.0) -> None:
        self._value = value

    def random(self) -> float:
        return self._value


class ShiftedClock:
    """Implements Clock: the machine's clocks, both ahead by what was moved, the wall clock also by what it jumped.

    For tests against programs that have the machine's time.
    """

    def __init__(self) -> None:
        self._ahead = timedelta()
        self._jumped = timedelta()

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time(), UTC) + self._ahead + self._jumped

    def monotonic(self) -> float:
        return time.monotonic() + self._ahead.total_seconds()

    def move(self, seconds: float) -> None:
        """Let time pass here, and nowhere else."""
        self._ahead += timedelta(seconds=seconds)

    def jump(self, seconds: float) -> None:
        """Have the wall clock set wrong by so much more; no time passes."""
        self._jumped += timedelta(seconds=seconds)
