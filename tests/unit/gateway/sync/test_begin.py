"""What is stored before a call is made, and what a person may do."""

from datetime import datetime, timedelta

import pytest

from gateway.errors import InvalidInput
from gateway.model.delivery import Lane, RemotePresence
from gateway.sync.lanes import (
    LONG_AGO,
    Action,
    Blocked,
    Idle,
    Park,
    PushSteps,
    begin,
    plan,
    retry_parked,
    skip_parked,
)
from tests.unit.gateway.sync.builders import LENIENT, NOW, STRICT, delivery, lane, shown

THERE, ABSENT, UNSURE = RemotePresence.PRESENT, RemotePresence.ABSENT, RemotePresence.UNKNOWN


@pytest.mark.parametrize(
    ("before", "presence", "after", "presence_after"),
    [
        # What is sent is in flight, what it says too is skipped, the rest untouched.
        ("S1 S2 p3", ABSENT, "S1- S2! p3", ABSENT),
        ("S1# S2", THERE, "S1- S2!", THERE),
        ("p1# p2 p3 S4", THERE, "p1# p2! p3! S4", THERE),
        # A query moves nothing but the traces of a dead worker; only a create puts presence in doubt.
        ("S1? S2", UNSURE, "S1? S2", UNSURE),
        ("S1", UNSURE, "S1", UNSURE),
        ("S1! S2", ABSENT, "S1? S2", UNSURE),
        ("S1! S2", THERE, "S1? S2", THERE),
        ("p1! p2! S3", THERE, "p1? p2? S3", THERE),
        # Parking a step that waits leaves presence alone.
        ("p1 S2", ABSENT, "p1# S2", ABSENT),
    ],
)
def test_begin(before: str, presence: RemotePresence, after: str, presence_after: RemotePresence) -> None:
    """The lane to store before the call says what may happen, so that a death in between leaves a trace."""
    start = lane(before, presence)
    begun = begin(start, plan(start, LENIENT))
    assert (after, presence_after) == (shown(begun), begun.presence)


@pytest.mark.parametrize(("before", "after"), [("p1? S2", "p1# S2"), ("p1! p2! S3", "p1# p2? S3")])
def test_parking_a_doubtful_step_leaves_a_query_to_do(before: str, after: str) -> None:
    """The doubt moves from the delivery to presence, so nothing is sent before the system was asked."""
    start = lane(before)
    begun = begin(start, plan(start, STRICT))
    assert (after, UNSURE) == (shown(begun), begun.presence)
    parked = next(item for item in begun.deliveries if item.delivery_id == 1)
    assert "outcome_unknown" == parked.reason


def test_attempts_are_counted_before_they_are_made() -> None:
    """Calls count for everything that they carry, queries for the delivery that they ask about."""
    steps = lane((delivery("p1", attempts_count=4), delivery("p2")))
    assert [5, 1] == [item.attempts_count for item in begin(steps, plan(steps, LENIENT)).deliveries]
    doubtful = lane((delivery("p1?", attempts_count=4), delivery("p2?")))
    assert [5, 0] == [item.attempts_count for item in begin(doubtful, plan(doubtful, LENIENT)).deliveries]


def test_a_superseded_snapshot_names_its_successor() -> None:
    """The reason of a skipped delivery tells which revision says the same and more."""
    start = lane("S1 S2")
    assert "superseded by revision 2" == begin(start, plan(start, LENIENT)).deliveries[0].reason


@pytest.mark.parametrize("action", [Idle(), Blocked("dossier not on the system")])
def test_a_lane_at_rest_is_due_never(action: Action) -> None:
    """Only a person or a new change wakes it; the lane would be leased for nothing otherwise."""
    assert begin(lane("p1"), action).due_at is None


@pytest.mark.parametrize("due_at", [None, NOW])
def test_a_lane_is_planned_again_after_parking(due_at: datetime | None) -> None:
    """Parking is no call, so what follows is due at once."""
    begun = begin(lane("p1 S2", ABSENT, due_at=due_at), Park(delivery("p1"), "dossier_missing"))
    assert (due_at or LONG_AGO) == begun.due_at


@pytest.mark.parametrize("present", ["p1!", "p1?", "p1#", "p1=", "p2"])
def test_an_action_of_another_lane_is_a_mistake(present: str) -> None:
    """An action planned on an older state must not be begun: somebody else may have sent it."""
    with pytest.raises(ValueError, match="delivery 1"):
        begin(lane(present), PushSteps((delivery("p1"),)))


def test_a_retried_delivery_starts_afresh() -> None:
    """It waits with no attempts and no reason, and the lane is due now with a schedule that starts anew."""
    held = lane((delivery("S1#", attempts_count=9, reason="rejected: remote_code -1"),), due_at=None, failures_count=6)
    now = NOW + timedelta(hours=1)
    assert lane("S1", due_at=now) == retry_parked(held, 1, now)


def test_a_skipped_delivery_frees_what_it_held_back() -> None:
    """The reason is kept; what waited behind is due."""
    held = lane("S1# p2", due_at=None, failures_count=6)
    freed = skip_parked(held, 1, "withdrawn_by_operator", NOW)
    assert ("S1- p2", NOW, 0) == (shown(freed), freed.due_at, freed.failures_count)
    assert "withdrawn_by_operator" == freed.deliveries[0].reason
    assert LONG_AGO == skip_parked(held, 1, "withdrawn_by_operator").due_at


@pytest.mark.parametrize("present", ["S1", "S1!", "S1?", "S1=", "S1-", "S2#"])
def test_only_parked_deliveries_are_a_persons_to_move(present: str) -> None:
    """Retrying what is under way could send it twice; skipping what waits would lose it."""
    with pytest.raises(InvalidInput) as retried:
        retry_parked(lane(present), 1, NOW)
    with pytest.raises(InvalidInput) as skipped:
        skip_parked(lane(present), 1, "withdrawn_by_operator", NOW)
    assert ["delivery_not_parked"] * 2 == [retried.value.code, skipped.value.code]


@pytest.mark.parametrize("reason", ["", "  "])
def test_skipping_needs_a_reason(reason: str) -> None:
    """Nothing ends without saying why."""
    with pytest.raises(InvalidInput):
        skip_parked(lane("S1#"), 1, reason, NOW)


def test_a_retried_step_finds_doubt_settled_first() -> None:
    """A person's retry does not overtake a query: it is asked first, then sent."""
    held: Lane = lane("p1# S2?", due_at=None)
    retried = retry_parked(held, 1, NOW)
    assert 2 == plan(retried, LENIENT).delivery.delivery_id  # type: ignore[union-attr]
