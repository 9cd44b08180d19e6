"""Packing lanes into calls."""

from datetime import UTC, datetime

from gateway.engine.calls import Item, pack
from gateway.model.delivery import Delivery, DeliveryKind, DeliveryState, Lane, RemotePresence
from gateway.ports.portal import ChannelLimits, Prepared
from gateway.ports.store import LeasedLane
from gateway.sync.actions import Action, PushSnapshot, PushSteps, Query

LIMITS = ChannelLimits(max_snapshots_per_call=2, max_steps_per_call=3, repeated_step_is_harmless=True)


def delivery(number: int, kind: DeliveryKind = DeliveryKind.SNAPSHOT) -> Delivery:
    return Delivery(
        delivery_id=number, dossier_id=number, revision=1, ordinal=0, kind=kind, state=DeliveryState.WAITING
    )


def item(action: Action, *numbers: int) -> Item:
    lane = Lane(
        system="portal",
        dossier_id=numbers[0],
        presence=RemotePresence.ABSENT,
        due_at=datetime(2026, 1, 5, tzinfo=UTC),
        failures_count=0,
        deliveries=(),
    )
    leased = LeasedLane(lane, 1, 1, f"code-{numbers[0]}", "H99", "1.999001", b"")
    records = tuple(Prepared(delivery_id=n, dossier_code=f"code-{n}", record=None) for n in numbers)
    return Item(leased, lane, action, records)


def create(number: int, *, is_alone: bool = False) -> Item:
    return item(PushSnapshot(delivery(number), (), is_update=False, is_alone=is_alone), number)


def update(number: int) -> Item:
    return item(PushSnapshot(delivery(number), (), is_update=True), number)


def steps(*numbers: int) -> Item:
    return item(PushSteps(tuple(delivery(n, DeliveryKind.STEP) for n in numbers)), *numbers)


def packed(*items: Item) -> list[tuple[str, list[int]]]:
    return [
        (call.operation, [record.delivery_id for each in call.items for record in each.prepared])
        for call in pack(items, LIMITS)
    ]


def test_creates_and_updates_never_share_a_call() -> None:
    """One flag covers a whole batch, so the two travel apart, in order, up to the limit."""
    assert [("create", [1, 3]), ("create", [5]), ("update", [2, 4])] == packed(
        create(1), update(2), create(3), update(4), create(5)
    )


def test_a_lane_is_never_torn_apart() -> None:
    """Steps of one dossier stay together and in order; a chunk ends before a lane that would overflow it."""
    assert [("steps", [1, 2]), ("steps", [3, 4, 5])] == packed(steps(1, 2), steps(3, 4, 5))


def test_queries_and_lonely_records_travel_alone() -> None:
    """A query concerns one dossier; a record that the portal refused to judge in company gets its own call."""
    assert [("query", [1]), ("create", [2]), ("create", [3, 4])] == packed(
        item(Query(delivery(1)), 1), create(2, is_alone=True), create(3), create(4)
    )


def test_nothing_packs_to_nothing() -> None:
    """No items, no calls."""
    assert [] == packed()
