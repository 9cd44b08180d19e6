"""How the deliveries of one dossier reach one system: the theory, and the moves around a call.

At least one attempt, exactly one effect
    A network gives no exactly-once call. A request may be lost before its effect, or its answer after it, and both
    look the same from here. What can be had is *attempts until there is an answer* together with *an effect that does
    not multiply*. Attempts are kept by the store: a delivery is `in_flight`, its attempt counted, before the call is
    made (`begin`), so a worker that dies at any instant leaves a trace. Whoever finds that trace (`in_flight` in a
    lane that nobody holds) knows only that a call may have happened: it is `unknown`, like a call without an answer.

Why a query
    From `unknown` nothing is sent. A blind second create is at best refused as a duplicate, and a blind second update
    may overwrite what the first one, arriving late, is about to be followed by. So the system is asked first
    (`Query`), after a moment of grace in which the lost call may still arrive. The answer settles two things: whether
    the dossier is there (`presence`, which decides create or update) and whether this content arrived:

    * absent: the call had no effect; the snapshot waits again, as a create;
    * present and different in a field that we may push: it waits again, as an update;
    * present and different only in fields that the portal owns: delivered, and each such field is a conflict;
    * present and equal: a *create* is delivered, since creating is one act. An *update* is delivered only when the
      look-up compared everything (`LookedUp.is_conclusive`): portals show a part of the record, and what changed
      may be just what is not shown. Otherwise the update, whole and harmless to repeat, is sent again.

    A query that fails settles nothing. Not being able to look never means "absent". A query that is *refused* is asked
    again a few times, counted in the reason ("query_rejected: 2"), and then what it asked about is parked: waiting
    mends an outage, but not a system that will not say.

    A step cannot be looked up, only its dossier can. Where the portal stores an identical step once
    (`repeated_step_is_harmless`) an unknown step is sent again, unchanged, once the query has shown the dossier to be
    there; elsewhere only a person can know, and it is parked.

    `presence` is `unknown` whenever a create is unsettled, and after an unsettled delivery was parked, since parking
    hides the doubt and the next send must still be preceded by a query. A delivery is the other place where doubt is
    kept: an unknown update or step leaves `presence` alone. That is also how the two are told apart later: an unknown
    snapshot with presence `present` was an update.

Where nothing can be asked
    Some channels have no look-up (`has_look_up`). Nobody but a person can settle doubt there, so an unsettled delivery,
    snapshot or step, is parked ("outcome_unknown"), and never sent again without a person. Unknown presence alone
    holds nothing back: the system itself tells, by how it answers the next push. A snapshot goes as a *create*, since
    a create of what is there is refused as "exists already", without effect, and then goes as an update; trying the
    update first would rest on the refusal of updates of what is not there, which is less certain to be made. A step is
    sent as it is; without its dossier it is refused and parked. A newer snapshot may so supersede a parked unknown
    one: it says everything, and the moment of grace has passed.

Order
    All open deliveries of one dossier to one system form a lane, worked on by one worker at a time in the order
    (revision, ordinal). What follows an unsettled delivery waits: if its effect may still come, nothing may overtake.

    Snapshots say everything, so of directly consecutive waiting or parked snapshots only the newest is sent; the older
    ones end as `skipped`, "superseded by revision N". Never across a step, not even a parked one: a step belongs
    between the snapshot before and the one after it. An unknown snapshot is not superseded while it is unknown: the
    query comes first, and then it is delivered, or waits and is superseded like any other.

    A parked snapshot holds back everything behind it, because steps and later snapshots rest on it and usually fail
    for the same reason (a missing code row); when the row is added and the snapshot retried, everything follows in
    order. The newest snapshot of its own run supersedes it; a person retries or skips it. A parked step holds back
    nothing. When a person retries it later it is sent ahead of whatever still waits; acceptance then restates the
    dossier, so that the portal ends with the present status.

    A step needs its dossier. When the dossier is not there and no snapshot waits, the lane is blocked. When one waits
    *behind* the step, the step is parked ("dossier_missing") rather than sent after it: an older step arriving after a
    newer snapshot could turn the status back, and nothing would restate it.

Dossiers that were filed over there
    Such a dossier is there already, and belongs to the system: no snapshot and no step is owed, but an *answer*, how
    the dossier fares, for each accepted change (`national_status`). A lane holds answers only or none. The newest says
    it all, so older waiting or parked ones are superseded. There is nothing to ask about: an answer without a usable
    reply is told again where that is harmless (`repeated_status_is_harmless`), in its turn and by the schedule;
    elsewhere it is parked at once ("outcome_unknown"), and a person or a newer answer moves the lane. An answer is
    therefore never `unknown`, unless the setting changed while one was.

Nothing spins
    Failures wait by the schedule. Answers that are no failure but no success either (exists already, does not exist,
    was not judged) are followed at once a few times, and are counted in the delivery's `reason`, so that no two
    contradicting answers can alternate for ever, whichever processes hear them.

The engine's cycle: lease; `plan`; `begin`, stored and committed; the call; `react`, stored and committed. `Park`,
`Blocked` and `Idle` need no call: what `begin` gives for them is already the lane to store.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import assert_never

from gateway.errors import Fault, InvalidInput
from gateway.model.delivery import Delivery, DeliveryKind, DeliveryState, Lane, RemotePresence
from gateway.sync.actions import (
    Action,
    Blocked,
    CallFailed,
    CallHeld,
    Event,
    FailureKind,
    Idle,
    Judged,
    LeaseLost,
    LookedUp,
    NotTranslated,
    Park,
    PushSnapshot,
    PushStatus,
    PushSteps,
    Query,
    call_failed,
)
from gateway.sync.moves import attempted, find, moved, own, with_changed
from gateway.sync.planning import UNSETTLED_STATES, plan
from gateway.sync.reactions import Reaction, react
from gateway.sync.reasons import LEASE_LOST, kept_or, reason_code, superseded_by

__all__ = [
    "LONG_AGO",
    "Action",
    "Blocked",
    "CallFailed",
    "CallHeld",
    "Event",
    "FailureKind",
    "Idle",
    "Judged",
    "LeaseLost",
    "LookedUp",
    "NotTranslated",
    "Park",
    "PushSnapshot",
    "PushStatus",
    "PushSteps",
    "Query",
    "Reaction",
    "begin",
    "call_failed",
    "plan",
    "react",
    "reason_code",
    "retry_parked",
    "skip_parked",
]

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
"""Due since ever: for a caller that moves a lane without telling the time."""


def begin(lane: Lane, action: Action) -> Lane:
    """Give the lane as it must be stored before the action's call is made.

    What is sent is `in_flight` with its attempt counted; what it supersedes is `skipped`. A query leaves its delivery
    as it is, but deliveries that a dead worker left `in_flight` become `unknown` now. For `Park`, `Blocked` and `Idle`
    the result is final: no call follows. Raises ValueError when the action was planned on another lane.
    """
    match action:
        case PushSnapshot(delivery, superseded) | PushStatus(delivery, superseded):
            reason = superseded_by(delivery.revision)
            skipped = [moved(own(lane, old.delivery_id), DeliveryState.SKIPPED, reason) for old in superseded]
            return replace(lane, deliveries=with_changed(lane, [*skipped, _sent(lane, delivery)]))
        case PushSteps(deliveries):
            return replace(lane, deliveries=with_changed(lane, [_sent(lane, step) for step in deliveries]))
        case Query(delivery):
            doubted = _with_lost_calls_doubted(lane)
            asked = attempted(own(doubted, delivery.delivery_id))
            return replace(doubted, deliveries=with_changed(doubted, [asked]))
        case Park(delivery, reason):
            return _parked(lane, own(lane, delivery.delivery_id), reason)
        case Blocked() | Idle():
            return replace(lane, due_at=None)
    assert_never(action)


def _sent(lane: Lane, delivery: Delivery) -> Delivery:
    current = own(lane, delivery.delivery_id)
    if current.kind is DeliveryKind.NATIONAL_STATUS and current.state in UNSETTLED_STATES:
        # Only what may be repeated is sent again from doubt; by the table the way leads over waiting.
        current = moved(current, DeliveryState.WAITING, current.reason)
    return attempted(moved(current, DeliveryState.IN_FLIGHT, current.reason))


def _parked(lane: Lane, delivery: Delivery, reason: str) -> Lane:
    parked = moved(delivery, DeliveryState.PARKED, reason)
    rest = _with_lost_calls_doubted(replace(lane, deliveries=with_changed(lane, [parked])))
    is_doubtful = delivery.state in UNSETTLED_STATES
    presence = RemotePresence.UNKNOWN if is_doubtful else rest.presence
    # Due as it was: the next plan follows at once, or finds the lane blocked or idle.
    return replace(rest, presence=presence, due_at=rest.due_at or LONG_AGO)


def _with_lost_calls_doubted(lane: Lane) -> Lane:
    lost = [delivery for delivery in lane.deliveries if delivery.state is DeliveryState.IN_FLIGHT]
    doubted = [moved(delivery, DeliveryState.UNKNOWN, kept_or(delivery, LEASE_LOST)) for delivery in lost]
    was_create = lane.presence is RemotePresence.ABSENT and any(d.kind is DeliveryKind.SNAPSHOT for d in lost)
    presence = RemotePresence.UNKNOWN if was_create else lane.presence
    return replace(lane, deliveries=with_changed(lane, doubted), presence=presence)


def retry_parked(lane: Lane, delivery_id: int, now: datetime) -> Lane:
    """Send a parked delivery again, as if never tried: it waits, and the lane is due now.

    Raises InvalidInput when the lane does not hold the delivery parked.
    """
    delivery = _held(lane, delivery_id)
    waiting = replace(moved(delivery, DeliveryState.WAITING, ""), attempts_count=0)
    return replace(lane, deliveries=with_changed(lane, [waiting]), due_at=now, failures_count=0)


def skip_parked(lane: Lane, delivery_id: int, reason: str, now: datetime = LONG_AGO) -> Lane:
    """End a parked delivery without sending it; whatever it held back is due now.

    `reason` is a code from the operator's list, never a person's free text. Raises InvalidInput when it is empty, or
    when the lane does not hold the delivery parked.
    """
    if not reason.strip():
        raise InvalidInput("a skipped delivery needs a reason", [Fault("/reason", "must not be empty")])
    skipped = moved(_held(lane, delivery_id), DeliveryState.SKIPPED, reason)
    return replace(lane, deliveries=with_changed(lane, [skipped]), due_at=now, failures_count=0)


def _held(lane: Lane, delivery_id: int) -> Delivery:
    delivery = find(lane, delivery_id)
    if delivery is None or delivery.state is not DeliveryState.PARKED:
        state = "nothing" if delivery is None else delivery.state.value
        raise InvalidInput(
            "only a parked delivery can be retried or skipped",
            [Fault("/delivery_id", "must name a parked delivery", state)],
            code="delivery_not_parked",
        )
    return delivery
