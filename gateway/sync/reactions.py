"""What a lane becomes when something came of an attempt. The theory stands at the top of `gateway.sync.lanes`."""

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from gateway.model.delivery import Lane
from gateway.model.dossier import Origin
from gateway.ports.portal import ChannelLimits
from gateway.sync import reasons
from gateway.sync.actions import Action, Blocked, Event, Idle, Park, PushSnapshot, PushStatus, PushSteps, Query
from gateway.sync.after_push import follow_push
from gateway.sync.after_query import follow_query
from gateway.sync.drafts import Draft
from gateway.sync.retry import RetryPolicy


@dataclass(frozen=True, slots=True)
class Reaction:
    """The lane as it must be stored, with the deliveries that became final still in it, and what to tell people.

    Alerts are codes of `gateway.sync.reasons`, each named once; a conflict carries its field ("conflict: applicant").
    """

    lane: Lane
    alerts: tuple[str, ...] = ()

    @property
    def conflict_fields(self) -> tuple[str, ...]:
        """Fields for which a conflict record is due."""
        return tuple(
            alert.removeprefix(reasons.CONFLICT_PREFIX)
            for alert in self.alerts
            if alert.startswith(reasons.CONFLICT_PREFIX)
        )


def react(
    lane: Lane,
    action: Action,
    event: Event,
    *,
    now: datetime,
    chance: float,
    retry: RetryPolicy,
    limits: ChannelLimits,
    origin: Origin = Origin.PROVINCE,
) -> Reaction:
    """Give what follows from an event of an action that `begin` has started on this lane.

    `due_at` of the result is None when the lane is idle or blocked. Raises ValueError when event and action do not
    belong together, or when the lane was not begun: those are mistakes of the caller, and going on would lose track.
    """
    draft = Draft(lane, now, chance, retry, limits, origin, lane.presence)
    match action:
        case PushSnapshot(delivery) | PushStatus(delivery):
            follow_push(draft, (delivery,), event)
        case PushSteps(deliveries):
            follow_push(draft, deliveries, event)
        case Query(delivery):
            follow_query(draft, delivery, event)
        case Park() | Blocked() | Idle():
            raise ValueError(f"{type(action).__name__} makes no call, so nothing can come of it")
        case _:
            assert_never(action)
    return Reaction(draft.finished_lane(), tuple(draft.alerts))
