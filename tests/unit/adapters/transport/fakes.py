"""Time and chance by hand."""

from datetime import UTC, datetime, timedelta


class ManualClock:
    """Stands still until it is told to go on."""

    def __init__(self, at: datetime = datetime(2026, 1, 5, 3, 0, tzinfo=UTC)) -> None:
        self._at = at
        self._monotonic = 0.0

    def now(self) -> datetime:
        return self._at

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        self._at += timedelta(seconds=seconds)
        self._monotonic += seconds


class FixedChance:
    """Gives the same number each time."""

    def __init__(self, value: float) -> None:
        self._value = value

    def random(self) -> float:
        return self._value
