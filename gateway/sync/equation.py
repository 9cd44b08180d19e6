"""The nothing-lost equation: what was accepted equals what was delivered, is still owed, or ended with a reason.

The two sides must be counted apart (acceptance counts what it promises, the states are counted as they are), or the
equation could not fail.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.model.delivery import Delivery, DeliveryState


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """Deliveries of one system (or of several, added up) by state, beside the number that was ever accepted."""

    accepted: int
    delivered: int = 0
    waiting: int = 0
    in_flight: int = 0
    unknown: int = 0
    parked: int = 0
    skipped: int = 0

    @property
    def difference(self) -> int:
        """Accepted minus accounted for: 0 when nothing was lost (above 0) and nothing invented (below 0)."""
        accounted = self.delivered + self.waiting + self.in_flight + self.unknown + self.parked + self.skipped
        return self.accepted - accounted

    def __add__(self, other: "Balance") -> "Balance":
        return Balance(
            accepted=self.accepted + other.accepted,
            delivered=self.delivered + other.delivered,
            waiting=self.waiting + other.waiting,
            in_flight=self.in_flight + other.in_flight,
            unknown=self.unknown + other.unknown,
            parked=self.parked + other.parked,
            skipped=self.skipped + other.skipped,
        )


def balance(accepted: int, counts: Mapping[DeliveryState, int]) -> Balance:
    """Weigh the number of accepted deliveries against the counts per state; a missing state counts 0."""
    return Balance(accepted=accepted, **{state.value: counts.get(state, 0) for state in DeliveryState})


def count_states(deliveries: Iterable[Delivery]) -> dict[DeliveryState, int]:
    """Count deliveries per state; every state is named."""
    counts = Counter(delivery.state for delivery in deliveries)
    return {state: counts[state] for state in DeliveryState}
