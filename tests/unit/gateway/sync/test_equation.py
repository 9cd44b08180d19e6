"""The nothing-lost equation."""

import pytest

from gateway.model.delivery import DeliveryState
from gateway.sync.equation import Balance, balance, count_states
from tests.unit.gateway.sync.builders import lane

COUNTS = dict(zip(DeliveryState, (1, 2, 3, 4, 5, 6), strict=True))


@pytest.mark.parametrize(("accepted", "expected"), [(21, 0), (22, 1), (20, -1)])
def test_the_difference_shows_what_was_lost_or_invented(accepted: int, expected: int) -> None:
    """Every state is on the other side of the equation; one delivery more or less shows."""
    assert expected == balance(accepted, COUNTS).difference


@pytest.mark.parametrize("state", list(DeliveryState))
def test_every_state_counts(state: DeliveryState) -> None:
    """A state left out of the sum would hide a loss."""
    assert 0 == balance(4, {state: 4}).difference


def test_balances_of_systems_add_up() -> None:
    """The sum over systems keeps every part apart."""
    one = Balance(accepted=21, waiting=1, in_flight=2, unknown=3, delivered=4, parked=5, skipped=6)
    assert balance(21, COUNTS) == one
    twice = Balance(accepted=42, waiting=2, in_flight=4, unknown=6, delivered=8, parked=10, skipped=12)
    assert twice == one + one


def test_counting_names_every_state() -> None:
    """States with nothing in them are counted as nothing."""
    counts = count_states(lane("S1= S2- p3? p4 p5 S6#").deliveries)
    assert [2, 0, 1, 1, 1, 1] == [counts[state] for state in DeliveryState]
