"""How long to wait before the next attempt: growth, a ceiling, and jitter that stays under both.

The schedule is durable, not a loop inside a call: its only memory is the number of consecutive failures, which the
store keeps. That number may grow for weeks while a system is closed, so the growth is computed through logarithms and
can overflow at no count.

Jitter only ever shortens a wait. Spreading both ways and cutting at the ceiling would put half of all waiting lanes
exactly on the ceiling, and they would come back together, which is what jitter is there to prevent.
"""

from dataclasses import dataclass
from math import isfinite, log

LONGEST_DELAY_SECONDS = 86_400.0
"""A day: nothing waits longer, whatever a foreign system asks for."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The schedule of one system. Raises ValueError that lists everything wrong at once.

    `credentials_delay_seconds` is the shortest wait after a refused login, `query_grace_seconds` the shortest wait
    between a call without an answer and the query that asks what became of it: the call may still be under way.
    """

    first_delay_seconds: float = 1.0
    factor: float = 2.0
    ceiling_seconds: float = 900.0
    jitter_fraction: float = 0.25
    credentials_delay_seconds: float = 60.0
    query_grace_seconds: float = 2.0

    def __post_init__(self) -> None:
        first, ceiling = self.first_delay_seconds, self.ceiling_seconds
        rules = {
            "first_delay_seconds must be above 0": isfinite(first) and first > 0,
            f"ceiling_seconds must lie between first_delay_seconds and {LONGEST_DELAY_SECONDS:.0f}": (
                isfinite(ceiling) and first <= ceiling <= LONGEST_DELAY_SECONDS
            ),
            "factor must be at least 1": isfinite(self.factor) and self.factor >= 1,
            "jitter_fraction must be at least 0 and below 1": 0 <= self.jitter_fraction < 1,
            "credentials_delay_seconds must be above 0 and at most a day": (
                0 < self.credentials_delay_seconds <= LONGEST_DELAY_SECONDS
            ),
            "query_grace_seconds must be at least 0 and at most a day": (
                0 <= self.query_grace_seconds <= LONGEST_DELAY_SECONDS
            ),
        }
        raise_unmet(rules)


def raise_unmet(rules: dict[str, bool]) -> None:
    """Raise ValueError with the text of every rule that is not kept."""
    unmet = [text for text, is_kept in rules.items() if not is_kept]
    if unmet:
        raise ValueError("; ".join(unmet))


def grown_seconds(first_seconds: float, factor: float, ceiling_seconds: float, growths_count: int) -> float:
    """Give first x factor^growths, never above the ceiling, for any count without overflow."""
    if factor == 1.0 or growths_count <= 0:
        return min(first_seconds, ceiling_seconds)
    if growths_count * log(factor) >= log(ceiling_seconds) - log(first_seconds):
        return ceiling_seconds
    return min(first_seconds * factor**growths_count, ceiling_seconds)


def jittered_seconds(seconds: float, jitter_fraction: float, chance: float) -> float:
    """Shorten a wait by up to `jitter_fraction` of it; `chance` lies in [0, 1)."""
    return seconds * (1.0 - jitter_fraction * min(max(chance, 0.0), 1.0))


def delay_seconds(policy: RetryPolicy, failures_count: int, chance: float) -> float:
    """Give the wait after so many consecutive failures: above 0, at most the ceiling, spread by `chance` in [0, 1)."""
    grown = grown_seconds(policy.first_delay_seconds, policy.factor, policy.ceiling_seconds, failures_count - 1)
    return jittered_seconds(grown, policy.jitter_fraction, chance)
