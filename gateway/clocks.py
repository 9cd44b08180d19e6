"""The machine's own time and chance, for the composition root."""

import random
import time
from datetime import UTC, datetime


class SystemClock:
    """Implements Clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - this is where time comes from

    def monotonic(self) -> float:
        return time.monotonic()


class SystemChance:
    """Implements Chance."""

    def random(self) -> float:
        return random.random()  # noqa: S311, TID251 - jitter, not secrets; this is where chance comes from
