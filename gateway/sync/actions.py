"""The words between the core and the engine: what to do next (actions), and what came of it (events)."""

import re
from dataclasses import dataclass
from enum import StrEnum

from gateway.errors import (
    ContractBroken,
    CredentialsRefused,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    RemoteError,
    TransientFailure,
)
from gateway.model.delivery import Delivery
from gateway.ports.portal import ItemVerdict, LookUp


@dataclass(frozen=True, slots=True)
class PushSnapshot:
    """Send the dossier as it was at this revision; the older snapshots named beside it need no call of their own.

    `is_alone` asks for a call of its own: in company the portal refused to judge it too often.
    """

    delivery: Delivery
    superseded: tuple[Delivery, ...]
    is_update: bool
    is_alone: bool = False


@dataclass(frozen=True, slots=True)
class PushSteps:
    """Send these steps, in this order, in one call. `is_alone` as for a snapshot: then there is exactly one."""

    deliveries: tuple[Delivery, ...]
    is_alone: bool = False


@dataclass(frozen=True, slots=True)
class PushStatus:
    """Tell how a nationally filed dossier fares; the older answers named beside it need no call of their own.

    The delivery may be one that a dead worker left in flight, where telling it twice is harmless.
    """

    delivery: Delivery
    superseded: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """Ask the system about the dossier, with this delivery's content to compare. Changes nothing over there."""

    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Park:
    """Hand the delivery to a person, without a call."""

    delivery: Delivery
    reason: str


@dataclass(frozen=True, slots=True)
class Blocked:
    """Do nothing until a person or a new change moves the lane; `reason` says what it is waiting for."""

    reason: str


@dataclass(frozen=True, slots=True)
class Idle:
    """Do nothing: nothing is owed."""


Action = PushSnapshot | PushSteps | PushStatus | Query | Park | Blocked | Idle


class FailureKind(StrEnum):
    """Why a call as a whole gave nothing usable; the groups of `gateway.errors`."""

    TRANSIENT = "transient"
    RATE_LIMITED = "rate_limited"
    CREDENTIALS = "credentials"
    REJECTED = "rejected"
    CONTRACT_BROKEN = "contract_broken"
    OUTCOME_UNKNOWN = "outcome_unknown"


@dataclass(frozen=True, slots=True)
class Judged:
    """A push was answered. Verdicts of other lanes in the same call may stand among them; they are passed over."""

    verdicts: tuple[ItemVerdict, ...]


@dataclass(frozen=True, slots=True)
class CallFailed:
    """A push or a query gave no usable answer. `reason` is a stable code to show, e.g. "remote_code -7"."""

    kind: FailureKind
    retry_after_seconds: float | None = None
    effect_possible: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LookedUp:
    """A query was answered.

    `is_conclusive` is True when the look-up compared everything that the delivery carries. Portals show a part of a
    record only (portal wire notes §6.4), and an update may have changed just what is not shown; so an unanswered
    update that *looks* equal is sent again unless the caller knows better.
    """

    look_up: LookUp
    is_conclusive: bool = False


@dataclass(frozen=True, slots=True)
class NotTranslated:
    """One delivery of the action has no valid foreign form, so nothing of the action was sent.

    `missing` are (table, code), `problems` are (field, rule), as in `ports.portal.Untranslatable`.
    """

    delivery_id: int
    missing: tuple[tuple[str, str], ...] = ()
    problems: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class LeaseLost:
    """The worker's lease ended (it died, or was too slow) after the attempt had begun."""


@dataclass(frozen=True, slots=True)
class CallHeld:
    """The call was not made after all: the system closed (calendar, operator) between claiming and calling."""


Event = Judged | CallFailed | CallHeld | LookedUp | NotTranslated | LeaseLost

FAILURE_KINDS: tuple[tuple[type[RemoteError], FailureKind], ...] = (
    (TransientFailure, FailureKind.TRANSIENT),
    (RateLimited, FailureKind.RATE_LIMITED),
    (CredentialsRefused, FailureKind.CREDENTIALS),
    (Rejected, FailureKind.REJECTED),
    (ContractBroken, FailureKind.CONTRACT_BROKEN),
    (OutcomeUnknown, FailureKind.OUTCOME_UNKNOWN),
)
"""Which group of errors is which kind of failure; every group of RemoteError is here."""
_SAFE_CODE = re.compile(r"[A-Za-z0-9._-]{1,40}")


def call_failed(error: RemoteError) -> CallFailed:
    """Give the event for an error of a call. An error of no known group may have had an effect: outcome unknown."""
    kind = next((kind for group, kind in FAILURE_KINDS if isinstance(error, group)), FailureKind.OUTCOME_UNKNOWN)
    reason = ""
    if isinstance(error, Rejected) and _SAFE_CODE.fullmatch(error.remote_code):
        # Only what looks like a code: the foreign side decides what stands there, and it may be a sentence.
        reason = f"remote_code {error.remote_code}"
    return CallFailed(
        kind,
        retry_after_seconds=error.retry_after_seconds if isinstance(error, RateLimited) else None,
        effect_possible=(
            error.effect_possible if isinstance(error, ContractBroken) else kind is FailureKind.OUTCOME_UNKNOWN
        ),
        reason=reason,
    )
