"""Deliveries: what an accepted change owes to one national system, and everything that can become of it.

Life of a delivery (the generated table in docs/states.md comes from DELIVERY_TRANSITIONS):

* it is born `waiting` in the transaction that accepts the change;
* a worker that leases its lane moves it to `in_flight` and counts the attempt *before* the call is made;
* the answer makes it `delivered`, `waiting` again (a failure without effect), `parked` (a person decides), or
  `unknown` when it was sent and no usable answer came. From `unknown` only a query leads on.
* `skipped` ends a delivery that needs no call, always with a reason (a later snapshot says everything it said).

All deliveries of one dossier to one system form a *lane*: they are worked on in the order of acceptance, and the lane
is leased as a whole, so at most one call concerns a dossier at any time.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType


class DeliveryKind(StrEnum):
    """What is carried: the dossier as a whole, one progress step, or the answer to what was filed over there."""

    SNAPSHOT = "snapshot"
    STEP = "step"
    NATIONAL_STATUS = "national_status"
    """How a dossier fares that was filed on the system itself; its lane carries nothing else."""


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"
    IN_FLIGHT = "in_flight"
    UNKNOWN = "unknown"
    DELIVERED = "delivered"
    PARKED = "parked"
    SKIPPED = "skipped"


_D = DeliveryState

DELIVERY_TRANSITIONS: MappingProxyType[DeliveryState, frozenset[DeliveryState]] = MappingProxyType(
    {
        _D.WAITING: frozenset({_D.IN_FLIGHT, _D.PARKED, _D.SKIPPED}),
        _D.IN_FLIGHT: frozenset({_D.DELIVERED, _D.WAITING, _D.UNKNOWN, _D.PARKED}),
        _D.UNKNOWN: frozenset({_D.DELIVERED, _D.WAITING, _D.PARKED}),
        _D.PARKED: frozenset({_D.WAITING, _D.SKIPPED}),
        _D.DELIVERED: frozenset(),
        _D.SKIPPED: frozenset(),
    }
)

FINAL_STATES = frozenset({_D.DELIVERED, _D.SKIPPED})


class RemotePresence(StrEnum):
    """What the gateway knows about the dossier's existence over there. `unknown` must be settled by a query."""

    ABSENT = "absent"
    PRESENT = "present"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One delivery as the store keeps it. Ordered within its lane by (revision, ordinal).

    `attempts_count` counts calls and queries since the last success or manual retry. `reason` is a stable code from
    a closed list plus codes of missing rows, never free text of a person.
    """

    delivery_id: int
    dossier_id: int
    revision: int
    ordinal: int
    kind: DeliveryKind
    state: DeliveryState
    attempts_count: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """The open deliveries of one dossier to one system: waiting, in flight, unknown or parked, in order.

    `due_at` is when the lane may be worked on next; None when only a person or a new change can move it.
    """

    system: str
    dossier_id: int
    presence: RemotePresence
    due_at: datetime | None
    failures_count: int
    """Consecutive failed attempts of the lane; the retry schedule grows with it, any success clears it."""
    deliveries: tuple[Delivery, ...]
