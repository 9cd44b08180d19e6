"""Tokens that the province's platform gives for a while (§2.2 to §2.4)."""

from random import Random

from adapters.sandboxing import SandboxClock

TOKEN_MARK = "SIMTOKEN-"  # noqa: S105 - marks every token as simulated
_MAX_TOKENS = 50_000


class Tokens:
    """Knows the tokens it gave, each for one edge."""

    def __init__(self, random: Random, clock: SandboxClock) -> None:
        self._random = random
        self._clock = clock
        self._ends_at: dict[tuple[str, str], float] = {}
        self.given_count = 0

    def give(self, edge: str, seconds: float) -> str:
        """Give a fresh token."""
        if len(self._ends_at) >= _MAX_TOKENS:
            self._ends_at.clear()
        token = f"{TOKEN_MARK}{self._random.getrandbits(128):032x}"
        self._ends_at[edge, token] = self._clock.monotonic() + seconds
        self.given_count += 1
        return token

    def is_good(self, edge: str, token: str) -> bool:
        """Tell whether a token was given for this edge and has not ended."""
        return self._ends_at.get((edge, token), 0.0) > self._clock.monotonic()

    def end_all(self) -> int:
        """End every token; give how many there were."""
        count = len(self._ends_at)
        self._ends_at.clear()
        return count

    def forget(self) -> None:
        """End every token, and count anew."""
        self._ends_at.clear()
        self.given_count = 0
