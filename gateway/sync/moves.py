"""The only place where a delivery changes its state: every move is checked against the table of the model."""

from collections.abc import Iterable
from dataclasses import replace

from gateway.model.delivery import DELIVERY_TRANSITIONS, FINAL_STATES, Delivery, DeliveryState, Lane


def moved(delivery: Delivery, state: DeliveryState, reason: str) -> Delivery:
    """Give the delivery in its new state. Raises ValueError when DELIVERY_TRANSITIONS does not allow the move."""
    if state not in DELIVERY_TRANSITIONS[delivery.state]:
        raise ValueError(f"delivery {delivery.delivery_id} cannot go from {delivery.state} to {state}")
    return replace(delivery, state=state, reason=reason)


def attempted(delivery: Delivery) -> Delivery:
    """Count an attempt (a call or a query)."""
    return replace(delivery, attempts_count=delivery.attempts_count + 1)


def unattempted(delivery: Delivery) -> Delivery:
    """Take back the attempt of a delivery that is in flight, when its call was not made after all."""
    if delivery.state is not DeliveryState.IN_FLIGHT:
        return delivery
    return replace(delivery, attempts_count=max(0, delivery.attempts_count - 1))


def in_order(lane: Lane) -> list[Delivery]:
    """Give the deliveries that are not final, in the order in which they are to reach the system."""
    return sorted(
        (delivery for delivery in lane.deliveries if delivery.state not in FINAL_STATES),
        key=lambda delivery: (delivery.revision, delivery.ordinal, delivery.delivery_id),
    )


def find(lane: Lane, delivery_id: int) -> Delivery | None:
    """Give the lane's own copy of a delivery; None when the lane does not hold it."""
    return next((delivery for delivery in lane.deliveries if delivery.delivery_id == delivery_id), None)


def own(lane: Lane, delivery_id: int) -> Delivery:
    """Give the lane's own copy. Raises ValueError when the lane does not hold it: the action was for another lane."""
    delivery = find(lane, delivery_id)
    if delivery is None:
        raise ValueError(f"delivery {delivery_id} is not in the lane")
    return delivery


def with_changed(lane: Lane, changed: Iterable[Delivery]) -> tuple[Delivery, ...]:
    """Give all deliveries of the lane, the changed ones in the places of their former selves."""
    by_id = {delivery.delivery_id: delivery for delivery in changed}
    return tuple(by_id.get(delivery.delivery_id, delivery) for delivery in lane.deliveries)
