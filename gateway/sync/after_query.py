"""What follows from a query: doubt is settled by an answer, and by nothing else."""

from typing import assert_never

from gateway.model.delivery import Delivery, DeliveryKind, DeliveryState, RemotePresence
from gateway.sync import reasons
from gateway.sync.actions import CallFailed, CallHeld, Event, FailureKind, Judged, LeaseLost, LookedUp, NotTranslated
from gateway.sync.authority import difference
from gateway.sync.drafts import (
    MAX_CONTRADICTIONS,
    Draft,
    hold_back,
    is_broken_too_often,
    is_spent,
    park_untranslated,
    raise_alerts,
    wait_out,
)
from gateway.sync.moves import in_order
from gateway.sync.planning import UNSETTLED_STATES


def follow_query(draft: Draft, delivery: Delivery, event: Event) -> None:
    """Work out what the event makes of the lane. Raises ValueError when it does not fit a query."""
    asked = draft.own(delivery)
    match event:
        case LookedUp():
            _follow_look_up(draft, asked, event)
        case CallFailed():
            # Whatever went wrong: nothing was learnt, and a query has no effect. Everything stays as it is.
            raise_alerts(draft, event)
            wait_out(draft, event)
            if event.kind is FailureKind.REJECTED:
                _follow_refusal(draft, asked, event)
        case CallHeld():
            hold_back(draft, [asked])
        case NotTranslated():
            park_untranslated(draft, [asked], event)
        case LeaseLost():
            draft.fail()
            draft.wait(draft.scheduled_seconds())
        case Judged():
            raise ValueError("a query is not answered by verdicts")
        case _:
            assert_never(event)


def _follow_refusal(draft: Draft, asked: Delivery, failure: CallFailed) -> None:
    """Count a refused query: waiting mends an outage, but not a system that will not say."""
    draft.alert(reasons.ALERT_QUERY_REJECTED)
    count = reasons.count_of(asked, frozenset({reasons.QUERY_REJECTED})) + 1
    if count <= MAX_CONTRADICTIONS and not is_spent(asked):
        draft.note(asked, reasons.counted(reasons.QUERY_REJECTED, count))
        return
    is_doubtful = asked.state in UNSETTLED_STATES
    if is_doubtful:
        # Parking hides the doubt; presence keeps it.
        draft.presence = RemotePresence.UNKNOWN
    reason = reasons.with_detail(reasons.QUERY_REJECTED, failure.reason)
    draft.put(asked, DeliveryState.PARKED, reason)
    if is_doubtful and asked.kind is DeliveryKind.STEP:
        # One call carried all unsettled steps of a lane, so the answer that is refused is owed to all of them.
        for delivery in in_order(draft.lane):
            if delivery.state in UNSETTLED_STATES and delivery.kind is DeliveryKind.STEP:
                draft.put(delivery, DeliveryState.PARKED, reason)


def _follow_look_up(draft: Draft, asked: Delivery, event: LookedUp) -> None:
    is_present, before = event.look_up.is_present, draft.lane.presence
    draft.see(RemotePresence.PRESENT if is_present else RemotePresence.ABSENT)
    if not is_present and (before is RemotePresence.PRESENT or asked.kind is DeliveryKind.STEP):
        draft.alert(reasons.ALERT_DOSSIER_MISSING)
    for delivery in in_order(draft.lane):
        if delivery.state not in UNSETTLED_STATES:
            continue
        if delivery.kind is DeliveryKind.STEP:
            _settle_step(draft, delivery, is_present=is_present)
        elif delivery.delivery_id == asked.delivery_id:
            _settle_snapshot(draft, delivery, event, was_create=before is not RemotePresence.PRESENT)


def _settle_step(draft: Draft, delivery: Delivery, *, is_present: bool) -> None:
    # One call carried all unsettled steps of a lane, so one look at their dossier settles all of them.
    if not draft.limits.repeated_step_is_harmless:
        draft.put(delivery, DeliveryState.PARKED, reasons.OUTCOME_UNKNOWN)
    elif is_present:
        _wait_again(draft, delivery)
    else:
        draft.put(delivery, DeliveryState.PARKED, reasons.DOSSIER_MISSING)


def _settle_snapshot(draft: Draft, delivery: Delivery, event: LookedUp, *, was_create: bool) -> None:
    if not event.look_up.is_present:
        _wait_again(draft, delivery)
        return
    found = difference(event.look_up.differing_fields, draft.origin)
    for name in found.conflicting:
        draft.alert(f"{reasons.CONFLICT_PREFIX}{name}")
    if found.repairable or not (was_create or event.is_conclusive):
        _wait_again(draft, delivery)
        return
    draft.succeed()
    draft.put(delivery, DeliveryState.DELIVERED)


def _wait_again(draft: Draft, delivery: Delivery) -> None:
    if is_broken_too_often(delivery.reason):
        draft.put(delivery, DeliveryState.PARKED, reasons.CONTRACT_BROKEN)
    else:
        draft.put(delivery, DeliveryState.WAITING, reasons.kept_or(delivery, ""))
