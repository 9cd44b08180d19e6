"""A reaction while it is being worked out, and what reactions to pushes and to queries have in common."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from gateway.model.delivery import Delivery, DeliveryState, Lane, RemotePresence
from gateway.model.dossier import Origin
from gateway.ports.portal import ChannelLimits
from gateway.sync import reasons
from gateway.sync.actions import Blocked, CallFailed, FailureKind, Idle, NotTranslated
from gateway.sync.moves import moved, own, unattempted, with_changed
from gateway.sync.planning import plan
from gateway.sync.retry import LONGEST_DELAY_SECONDS, RetryPolicy, delay_seconds

MAX_BROKEN_ANSWERS = 5
"""After so many answers in a row that cannot be understood, a person must look."""
MAX_CONTRADICTIONS = 3
"""So many answers in a row about existence that did not settle it, or refused queries, are followed; the next parks."""
HARD_STOP_ATTEMPTS = 100
"""From here on the second unsettling answer in a row parks, of whatever kinds: they may alternate."""


@dataclass(slots=True)
class Draft:
    """A reaction while it is being worked out."""

    lane: Lane
    now: datetime
    chance: float
    retry: RetryPolicy
    limits: ChannelLimits
    origin: Origin
    presence: RemotePresence
    has_success: bool = False
    has_failure: bool = False
    wait_seconds: float = 0.0
    changed: dict[int, Delivery] = field(default_factory=dict)
    alerts: dict[str, None] = field(default_factory=dict)
    seen: set[RemotePresence] = field(default_factory=set)

    def own(self, delivery: Delivery) -> Delivery:
        return own(self.lane, delivery.delivery_id)

    def put(self, delivery: Delivery, state: DeliveryState, reason: str = "") -> None:
        self.changed[delivery.delivery_id] = moved(delivery, state, reason)

    def note(self, delivery: Delivery, reason: str) -> None:
        """Write a reason on a delivery that stays in its state."""
        self.changed[delivery.delivery_id] = replace(delivery, reason=reason)

    def alert(self, code: str) -> None:
        self.alerts[code] = None

    def see(self, presence: RemotePresence) -> None:
        # Two items of one answer that contradict each other leave the question open: a query must settle it.
        self.seen.add(presence)
        self.presence = presence if len(self.seen) == 1 else RemotePresence.UNKNOWN

    @property
    def failures_count(self) -> int:
        """Consecutive failures of the lane so far; several items of one call are one attempt."""
        return (0 if self.has_success else self.lane.failures_count) + self.has_failure

    def succeed(self) -> None:
        self.has_success = True

    def fail(self) -> None:
        self.has_failure = True

    def wait(self, seconds: float) -> None:
        self.wait_seconds = max(self.wait_seconds, seconds)

    def scheduled_seconds(self) -> float:
        return delay_seconds(self.retry, self.failures_count, self.chance)

    def finished_lane(self) -> Lane:
        """Give the complete new lane, with the instant at which it is due."""
        deliveries = with_changed(self.lane, self.changed.values())
        lane = replace(
            self.lane, deliveries=deliveries, presence=self.presence, failures_count=self.failures_count, due_at=None
        )
        match plan(lane, self.limits):
            case Idle() | Blocked():
                return lane
            case _:
                return replace(lane, due_at=self.now + timedelta(seconds=self.wait_seconds))


def wait_out(draft: Draft, failure: CallFailed) -> None:
    """Wait as this kind of failure asks. A stated wish for patience is no failure and does not grow the schedule."""
    wish_seconds = failure.retry_after_seconds
    # Spread upwards only: nobody comes back before the stated time.
    spread = 1.0 + draft.retry.jitter_fraction * draft.chance
    if failure.kind is FailureKind.RATE_LIMITED and wish_seconds is not None:
        # In this order a wish that is not a number becomes the first delay.
        draft.wait(min(LONGEST_DELAY_SECONDS, max(draft.retry.first_delay_seconds, wish_seconds) * spread))
        return
    draft.fail()
    draft.wait(draft.scheduled_seconds())
    if failure.kind is FailureKind.CREDENTIALS:
        draft.wait(min(LONGEST_DELAY_SECONDS, draft.retry.credentials_delay_seconds * spread))


def raise_alerts(draft: Draft, failure: CallFailed) -> None:
    """Tell people what waiting alone will not mend."""
    if failure.kind is FailureKind.CREDENTIALS:
        draft.alert(reasons.ALERT_CREDENTIALS)
    if failure.kind is FailureKind.CONTRACT_BROKEN:
        draft.alert(reasons.ALERT_CONTRACT_BROKEN)


def park_untranslated(draft: Draft, mine: list[Delivery], event: NotTranslated) -> None:
    """Hand a delivery to a person with the list of what is missing. Raises ValueError when it is none of `mine`.

    Translation comes before the call, so nothing of the action was sent: an attempt that was counted is taken back,
    and the rest of the action waits again, due now.
    """
    if event.delivery_id not in {delivery.delivery_id for delivery in mine}:
        raise ValueError(f"delivery {event.delivery_id} is no part of this action")
    for delivery in mine:
        if delivery.delivery_id == event.delivery_id:
            if delivery.state is DeliveryState.UNKNOWN:
                # Parking hides the doubt about its earlier call; presence keeps it.
                draft.presence = RemotePresence.UNKNOWN
            reason = reasons.not_translated(event.missing, event.problems)
            draft.put(unattempted(delivery), DeliveryState.PARKED, reason)
        elif delivery.state is DeliveryState.IN_FLIGHT:
            draft.put(unattempted(delivery), DeliveryState.WAITING, delivery.reason)


def hold_back(draft: Draft, mine: Iterable[Delivery]) -> None:
    """Take back an attempt whose call was not made: nothing was learnt, nothing failed, and it is due as it was."""
    for delivery in mine:
        if delivery.state is DeliveryState.IN_FLIGHT:
            draft.put(unattempted(delivery), DeliveryState.WAITING, delivery.reason)
        else:
            draft.changed[delivery.delivery_id] = replace(delivery, attempts_count=max(0, delivery.attempts_count - 1))


def one_more(delivery: Delivery, code: str) -> str:
    """Give the counted reason after one more answer of this kind in a row."""
    return reasons.counted(code, reasons.count_of(delivery, frozenset({code})) + 1)


def is_spent(delivery: Delivery) -> bool:
    """Tell whether the hard stop is reached: very many attempts, and the last answer was an unsettling one."""
    return delivery.attempts_count >= HARD_STOP_ATTEMPTS and reasons.count_of(delivery, reasons.COUNTED) > 0


def is_broken_too_often(reason: str) -> bool:
    """Tell whether a counted reason has reached the bound for answers that cannot be understood."""
    return reasons.count_in(reason, frozenset({reasons.CONTRACT_BROKEN})) >= MAX_BROKEN_ANSWERS
