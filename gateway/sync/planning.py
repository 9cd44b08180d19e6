"""What a lane needs next. The rules, and why they are so, stand at the top of `gateway.sync.lanes`."""

from itertools import takewhile
from typing import assert_never

from gateway.model.delivery import Delivery, DeliveryKind, DeliveryState, Lane, RemotePresence
from gateway.ports.portal import ChannelLimits
from gateway.sync.actions import Action, Blocked, Idle, Park, PushSnapshot, PushStatus, PushSteps, Query
from gateway.sync.moves import in_order
from gateway.sync.reasons import DOSSIER_MISSING, NOT_JUDGED, NOT_ON_THE_SYSTEM, OUTCOME_UNKNOWN, count_of

UNSETTLED_STATES = frozenset({DeliveryState.IN_FLIGHT, DeliveryState.UNKNOWN})
MAX_REFUSALS_IN_COMPANY = 3
"""So often in a row a delivery may stay unjudged because of others before it is sent in a call of its own."""


def plan(lane: Lane, limits: ChannelLimits) -> Action:
    """Give the one thing to do next. To be asked only while holding the lane's lease, with no call under way."""
    deliveries = in_order(lane)
    unsettled = [delivery for delivery in deliveries if delivery.state in UNSETTLED_STATES]
    if unsettled:
        return _settle(unsettled, limits)
    position = next((i for i, delivery in enumerate(deliveries) if not _is_parked_step(delivery)), None)
    if position is None:
        return Blocked(f"parked step: {deliveries[0].reason}") if deliveries else Idle()
    ahead = deliveries[position:]
    match ahead[0].kind:
        case DeliveryKind.SNAPSHOT:
            return _plan_snapshot(lane, ahead, limits)
        case DeliveryKind.STEP:
            return _plan_steps(lane, ahead, limits)
        case DeliveryKind.NATIONAL_STATUS:
            return _plan_status(ahead)
    assert_never(ahead[0].kind)


def _settle(unsettled: list[Delivery], limits: ChannelLimits) -> Action:
    if unsettled[0].kind is DeliveryKind.NATIONAL_STATUS:
        # Nothing can be asked about it. A later answer must not overtake it, so it goes again by itself.
        if limits.repeated_status_is_harmless:
            return PushStatus(unsettled[0], ())
        return Park(unsettled[0], OUTCOME_UNKNOWN)
    if not limits.has_look_up:
        return Park(unsettled[0], OUTCOME_UNKNOWN)
    for delivery in unsettled:
        if delivery.kind is DeliveryKind.STEP and not limits.repeated_step_is_harmless:
            return Park(delivery, OUTCOME_UNKNOWN)
    return Query(unsettled[0])


def _plan_snapshot(lane: Lane, ahead: list[Delivery], limits: ChannelLimits) -> Action:
    # Any step ends the run, a parked one too: whoever retries it finds the same snapshots before and after it.
    *older, newest = takewhile(lambda delivery: delivery.kind is DeliveryKind.SNAPSHOT, ahead)
    if newest.state is DeliveryState.PARKED:
        return Blocked(f"parked snapshot of revision {newest.revision}: {newest.reason}")
    if lane.presence is RemotePresence.UNKNOWN and limits.has_look_up:
        return Query(newest)
    # Where nothing can be asked, unknown presence is tried as a create: "exists already" turns it into an update.
    return PushSnapshot(
        newest,
        tuple(older),
        is_update=lane.presence is RemotePresence.PRESENT,
        is_alone=_needs_own_call(newest),
    )


def _plan_status(ahead: list[Delivery]) -> Action:
    # As with snapshots, the newest says how the dossier fares; what was parked or waits before it is out of date.
    *older, newest = takewhile(lambda delivery: delivery.kind is DeliveryKind.NATIONAL_STATUS, ahead)
    if newest.state is DeliveryState.PARKED:
        return Blocked(f"parked national status of revision {newest.revision}: {newest.reason}")
    return PushStatus(newest, tuple(older))


def _plan_steps(lane: Lane, ahead: list[Delivery], limits: ChannelLimits) -> Action:
    match lane.presence:
        case RemotePresence.UNKNOWN if limits.has_look_up:
            return Query(ahead[0])
        case RemotePresence.ABSENT:
            if any(_is_waiting_snapshot(delivery) for delivery in ahead):
                return Park(ahead[0], DOSSIER_MISSING)
            return Blocked(NOT_ON_THE_SYSTEM)
        case RemotePresence.PRESENT | RemotePresence.UNKNOWN:
            if _needs_own_call(ahead[0]):
                return PushSteps((ahead[0],), is_alone=True)
            before_snapshot = takewhile(lambda delivery: delivery.kind is DeliveryKind.STEP, ahead)
            waiting = [delivery for delivery in before_snapshot if not _is_parked_step(delivery)]
            in_company = takewhile(lambda delivery: not _needs_own_call(delivery), waiting)
            return PushSteps(tuple(in_company)[: max(1, limits.max_steps_per_call)])
    assert_never(lane.presence)


def _needs_own_call(delivery: Delivery) -> bool:
    return count_of(delivery, frozenset({NOT_JUDGED})) >= MAX_REFUSALS_IN_COMPANY


def _is_parked_step(delivery: Delivery) -> bool:
    return delivery.kind is DeliveryKind.STEP and delivery.state is DeliveryState.PARKED


def _is_waiting_snapshot(delivery: Delivery) -> bool:
    return delivery.kind is DeliveryKind.SNAPSHOT and delivery.state is DeliveryState.WAITING
