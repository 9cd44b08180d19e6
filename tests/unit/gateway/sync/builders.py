"""Lanes and deliveries written short, and the settings that the tests of the sync core share."""

from datetime import UTC, datetime

from gateway.model.delivery import Delivery, DeliveryKind, DeliveryState, Lane, RemotePresence
from gateway.ports.portal import ChannelLimits, ItemVerdict, LookUp, Verdict
from gateway.sync.lanes import Action, Event, Judged, LookedUp, Reaction, begin, react
from gateway.sync.retry import RetryPolicy

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
STRICT = ChannelLimits(max_snapshots_per_call=50, max_steps_per_call=3, repeated_step_is_harmless=False)
LENIENT = ChannelLimits(max_snapshots_per_call=50, max_steps_per_call=3, repeated_step_is_harmless=True)
BLIND = ChannelLimits(
    max_snapshots_per_call=50, max_steps_per_call=3, repeated_step_is_harmless=True, has_look_up=False
)
RETRY = RetryPolicy()

_KINDS = {"S": DeliveryKind.SNAPSHOT, "p": DeliveryKind.STEP, "n": DeliveryKind.NATIONAL_STATUS}
_LETTERS = {kind: letter for letter, kind in _KINDS.items()}
_STATES = {
    "": DeliveryState.WAITING,
    "!": DeliveryState.IN_FLIGHT,
    "?": DeliveryState.UNKNOWN,
    "#": DeliveryState.PARKED,
    "=": DeliveryState.DELIVERED,
    "-": DeliveryState.SKIPPED,
}
_MARKS = {state: mark for mark, state in _STATES.items()}


def delivery(text: str, *, attempts_count: int = 0, reason: str = "") -> Delivery:
    """Read "S1" (a waiting snapshot of revision 1), "p2" (a step), with a mark for its state: ! ? # = - ."""
    revision = int(text[1:].rstrip("!?#=-"))
    state = _STATES[text[1 + len(str(revision)) :]]
    if not reason and state in (DeliveryState.PARKED, DeliveryState.SKIPPED):
        reason = "rejected"
    return Delivery(
        delivery_id=revision,
        dossier_id=7,
        revision=revision,
        ordinal=0,
        kind=_KINDS[text[0]],
        state=state,
        attempts_count=attempts_count,
        reason=reason,
    )


def lane(
    text: str | tuple[Delivery, ...],
    presence: RemotePresence = RemotePresence.PRESENT,
    *,
    failures_count: int = 0,
    due_at: datetime | None = NOW,
) -> Lane:
    """Read a lane such as "S1# p2 S3"."""
    deliveries = tuple(delivery(word) for word in text.split()) if isinstance(text, str) else text
    return Lane(
        system="portal",
        dossier_id=7,
        presence=presence,
        due_at=due_at,
        failures_count=failures_count,
        deliveries=deliveries,
    )


def shown(of: Lane) -> str:
    """Write a lane's deliveries the way `lane` reads them."""
    return " ".join(f"{_LETTERS[d.kind]}{d.revision}{_MARKS[d.state]}" for d in of.deliveries)


def reacted(
    before: Lane,
    action: Action,
    event: Event,
    *,
    limits: ChannelLimits = LENIENT,
    now: datetime = NOW,
    chance: float = 0.0,
    retry: RetryPolicy = RETRY,
) -> Reaction:
    """Begin the action on the lane and react to the event."""
    return react(begin(before, action), action, event, now=now, chance=chance, retry=retry, limits=limits)


def judged(*verdicts: tuple[int, Verdict], reason: str = "") -> Judged:
    return Judged(tuple(ItemVerdict(delivery_id=i, verdict=verdict, reason=reason) for i, verdict in verdicts))


def found(*differing: str, is_conclusive: bool = False) -> LookedUp:
    return LookedUp(LookUp(is_present=True, differing_fields=differing), is_conclusive)


ABSENT = LookedUp(LookUp(is_present=False))


def seconds_until_due(reaction: Reaction) -> float | None:
    """Give how long the lane waits after a reaction at NOW; None when nothing is due."""
    due_at = reaction.lane.due_at
    return None if due_at is None else (due_at - NOW).total_seconds()
