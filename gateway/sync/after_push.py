"""What follows from a push: verdicts item by item, or a failure of the call as a whole."""

from collections.abc import Callable, Iterable
from types import MappingProxyType
from typing import assert_never

from gateway.model.delivery import Delivery, DeliveryKind, DeliveryState, RemotePresence
from gateway.ports.portal import ItemVerdict, Verdict
from gateway.sync import reasons
from gateway.sync.actions import CallFailed, CallHeld, Event, FailureKind, Judged, LeaseLost, LookedUp, NotTranslated
from gateway.sync.drafts import (
    MAX_CONTRADICTIONS,
    Draft,
    hold_back,
    is_broken_too_often,
    is_spent,
    one_more,
    park_untranslated,
    raise_alerts,
    wait_out,
)
from gateway.sync.planning import MAX_REFUSALS_IN_COMPANY

MAX_TIMES_NOT_JUDGED = 20


def follow_push(draft: Draft, deliveries: Iterable[Delivery], event: Event) -> None:
    """Work out what the event makes of the deliveries of a push. Raises ValueError when they do not fit."""
    mine = [draft.own(delivery) for delivery in deliveries]
    if isinstance(event, NotTranslated):
        park_untranslated(draft, mine, event)
        return
    sent = [delivery for delivery in mine if delivery.state is DeliveryState.IN_FLIGHT]
    if not sent:
        raise ValueError("nothing of this action is in flight: the lane was not begun")
    match event:
        case Judged(verdicts):
            _follow_verdicts(draft, sent, verdicts)
        case CallFailed():
            _follow_failed_push(draft, sent, event)
        case CallHeld():
            hold_back(draft, sent)
        case LeaseLost():
            _doubt(draft, sent, reasons.LEASE_LOST)
        case LookedUp():
            raise ValueError("a push is not answered by a look-up")
        case _:
            assert_never(event)


def _follow_verdicts(draft: Draft, sent: list[Delivery], verdicts: tuple[ItemVerdict, ...]) -> None:
    by_id = {verdict.delivery_id: verdict for verdict in verdicts}
    for delivery in sent:
        verdict = by_id.get(delivery.delivery_id)
        if verdict is None:
            # Sent, and left out of the answer: it may have been stored.
            draft.alert(reasons.ALERT_CONTRACT_BROKEN)
            _doubt(draft, [delivery], one_more(delivery, reasons.CONTRACT_BROKEN))
        else:
            FOLLOWERS[delivery.kind, verdict.verdict](draft, delivery, verdict)


Follower = Callable[[Draft, Delivery, ItemVerdict], None]


def _is_done(draft: Draft, delivery: Delivery, verdict: ItemVerdict) -> None:
    draft.see(RemotePresence.PRESENT)
    draft.succeed()
    draft.put(delivery, DeliveryState.DELIVERED)


def _exists_already(draft: Draft, delivery: Delivery, verdict: ItemVerdict) -> None:
    draft.see(RemotePresence.PRESENT)
    _try_the_other_way(draft, delivery, reasons.ALREADY_EXISTS)


def _does_not_exist(draft: Draft, delivery: Delivery, verdict: ItemVerdict) -> None:
    if draft.lane.presence is RemotePresence.PRESENT:
        draft.alert(reasons.ALERT_DOSSIER_MISSING)
    draft.see(RemotePresence.ABSENT)
    _try_the_other_way(draft, delivery, reasons.DOES_NOT_EXIST)


def _has_no_dossier(draft: Draft, delivery: Delivery, verdict: ItemVerdict) -> None:
    draft.see(RemotePresence.ABSENT)
    draft.alert(reasons.ALERT_DOSSIER_MISSING)
    draft.put(delivery, DeliveryState.PARKED, reasons.DOSSIER_MISSING)


def _is_rejected(draft: Draft, delivery: Delivery, verdict: ItemVerdict) -> None:
    draft.succeed()
    draft.put(delivery, DeliveryState.PARKED, reasons.with_detail(reasons.REJECTED, verdict.reason))


def _is_not_judged(draft: Draft, delivery: Delivery, verdict: ItemVerdict) -> None:
    count = reasons.count_of(delivery, frozenset({reasons.NOT_JUDGED})) + 1
    if count > MAX_TIMES_NOT_JUDGED or is_spent(delivery):
        draft.put(delivery, DeliveryState.PARKED, reasons.NOT_JUDGED)
        return
    if count > MAX_REFUSALS_IN_COMPANY:
        draft.fail()
        draft.wait(draft.scheduled_seconds())
    draft.put(delivery, DeliveryState.WAITING, reasons.counted(reasons.NOT_JUDGED, count))


FOLLOWERS: MappingProxyType[tuple[DeliveryKind, Verdict], Follower] = MappingProxyType(
    {
        (DeliveryKind.SNAPSHOT, Verdict.DONE): _is_done,
        (DeliveryKind.SNAPSHOT, Verdict.ALREADY_EXISTS): _exists_already,
        (DeliveryKind.SNAPSHOT, Verdict.DOES_NOT_EXIST): _does_not_exist,
        (DeliveryKind.SNAPSHOT, Verdict.REJECTED): _is_rejected,
        (DeliveryKind.SNAPSHOT, Verdict.NOT_JUDGED): _is_not_judged,
        (DeliveryKind.STEP, Verdict.DONE): _is_done,
        # The very step is there already, so it has arrived.
        (DeliveryKind.STEP, Verdict.ALREADY_EXISTS): _is_done,
        (DeliveryKind.STEP, Verdict.DOES_NOT_EXIST): _has_no_dossier,
        (DeliveryKind.STEP, Verdict.REJECTED): _is_rejected,
        (DeliveryKind.STEP, Verdict.NOT_JUDGED): _is_not_judged,
        (DeliveryKind.NATIONAL_STATUS, Verdict.DONE): _is_done,
        (DeliveryKind.NATIONAL_STATUS, Verdict.ALREADY_EXISTS): _is_done,
        (DeliveryKind.NATIONAL_STATUS, Verdict.DOES_NOT_EXIST): _has_no_dossier,
        (DeliveryKind.NATIONAL_STATUS, Verdict.REJECTED): _is_rejected,
        (DeliveryKind.NATIONAL_STATUS, Verdict.NOT_JUDGED): _is_not_judged,
    }
)


def _try_the_other_way(draft: Draft, delivery: Delivery, code: str) -> None:
    count = reasons.count_of(delivery, reasons.EXISTENCE) + 1
    if count > MAX_CONTRADICTIONS or is_spent(delivery):
        draft.alert(reasons.ALERT_CONTRADICTORY)
        draft.put(delivery, DeliveryState.PARKED, reasons.CONTRADICTORY_EXISTENCE)
    else:
        draft.put(delivery, DeliveryState.WAITING, reasons.counted(code, count))


def _follow_failed_push(draft: Draft, sent: list[Delivery], failure: CallFailed) -> None:
    raise_alerts(draft, failure)
    is_broken = failure.kind is FailureKind.CONTRACT_BROKEN
    if failure.effect_possible or failure.kind is FailureKind.OUTCOME_UNKNOWN:
        for delivery in sent:
            fresh = one_more(delivery, reasons.CONTRACT_BROKEN) if is_broken else failure.kind.value
            _doubt(draft, [delivery], fresh)
        return
    if failure.kind is FailureKind.REJECTED:
        draft.succeed()
        for delivery in sent:
            draft.put(delivery, DeliveryState.PARKED, reasons.with_detail(reasons.REJECTED, failure.reason))
        return
    wait_out(draft, failure)
    for delivery in sent:
        reason = one_more(delivery, reasons.CONTRACT_BROKEN) if is_broken else failure.kind.value
        if is_broken and is_broken_too_often(reason):
            draft.put(delivery, DeliveryState.PARKED, reasons.CONTRACT_BROKEN)
        else:
            draft.put(delivery, DeliveryState.WAITING, reason if is_broken else reasons.kept_or(delivery, reason))


def _doubt(draft: Draft, sent: list[Delivery], reason: str) -> None:
    """Mark what may have had an effect. A counted reason is stored as it is; others never wipe out a count."""
    draft.fail()
    draft.wait(max(draft.retry.query_grace_seconds, draft.scheduled_seconds()))
    is_count = reasons.reason_code(reason) in reasons.COUNTED
    for delivery in sent:
        if delivery.kind is DeliveryKind.NATIONAL_STATUS:
            _repeat_or_park(draft, delivery, reason)
            continue
        draft.put(delivery, DeliveryState.UNKNOWN, reason if is_count else reasons.kept_or(delivery, reason))
        if delivery.kind is DeliveryKind.SNAPSHOT and draft.lane.presence is not RemotePresence.PRESENT:
            draft.presence = RemotePresence.UNKNOWN


def _repeat_or_park(draft: Draft, delivery: Delivery, reason: str) -> None:
    """Settle doubt about an answer, of which nothing can be asked: again by the schedule, or a person."""
    if not draft.limits.repeated_status_is_harmless:
        draft.put(delivery, DeliveryState.PARKED, reasons.OUTCOME_UNKNOWN)
    elif is_broken_too_often(reason):
        draft.put(delivery, DeliveryState.PARKED, reasons.CONTRACT_BROKEN)
    else:
        draft.put(delivery, DeliveryState.WAITING, reason)
