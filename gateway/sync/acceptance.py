"""What accepting a change means: outcome, new revision, and the deliveries that it causes.

Two kinds of change exist. A *replacement* states the dossier as a whole; a *progress step* adds one step and, unless it
is late, moves the status. Both raise the revision by one, and (revision, ordinal) is the order in which everything
reaches each national system.

Which deliveries a step causes follows from how national portals read steps (portal wire notes §6.1, §6.2, §13 row 18):
a portal may take the status of the latest step as the dossier's own. So

* a step that moves the status sends the dossier with its new status first, then the step, as all known clients do;
* a late step (it happened before the instant that the present status is stated for) sends the step, and then the
  dossier once more, so that the portal ends with the present status whichever way it reads steps;
* a step that changes nothing about the status sends only itself.

Lateness needs the instant from which the present status holds, `status_at`. It never moves backwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.model.delivery import DeliveryKind
from gateway.model.dossier import Dossier, Origin, ProgressStep
from gateway.model.standing import Current
from gateway.model.status import DossierStatus, is_ordinary


class Outcome(StrEnum):
    """What became of a request to change a dossier."""

    CREATED = "created"
    REPLACED = "replaced"
    PROGRESSED = "progressed"
    UNCHANGED = "unchanged"
    NOT_FOUND = "not_found"
    STALE_REVISION = "stale_revision"
    ALREADY_EXISTS = "already_exists"
    KEY_REUSED = "key_reused"
    OTHER_AGENCY = "other_agency"
    ERASED = "erased"
    """Its content was erased; what was erased does not come back by being stated again."""


CHANGES = frozenset({Outcome.CREATED, Outcome.REPLACED, Outcome.PROGRESSED})
ACCEPTED = frozenset({Outcome.CREATED, Outcome.REPLACED, Outcome.PROGRESSED, Outcome.UNCHANGED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """The precondition of the caller: `revision` from If-Match, or `must_not_exist` from If-None-Match: *."""

    revision: int | None = None
    must_not_exist: bool = False


ANYTHING = Expectation()


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from one change. `deliveries` are kinds in order; empty when nothing changed, was refused, or
    needs no telling: what a portal itself stated is not told back to it."""

    outcome: Outcome
    revision: int
    status: DossierStatus | None
    status_at: datetime | None = None
    is_irregular: bool = False
    is_late: bool = False
    deliveries: tuple[DeliveryKind, ...] = ()

    @property
    def is_change(self) -> bool:
        return self.outcome in CHANGES


def stated_at(dossier: Dossier) -> datetime:
    """Give the latest instant of which the dossier itself speaks (promised dates excepted)."""
    instants = [dossier.submitted_at]
    instants.extend(
        instant
        for instant in (dossier.received_at, dossier.refused_at, dossier.finished_at, dossier.returned_at)
        if instant is not None
    )
    instants.extend(supplement.received_at or supplement.requested_at for supplement in dossier.supplements)
    instants.extend(extension.decided_at for extension in dossier.extensions)
    return max(instants)


def owed_for(kinds: Sequence[DeliveryKind], origin: Origin) -> tuple[DeliveryKind, ...]:
    """Give what a change by the province owes: to a dossier filed on the portal, one answer whatever the change.

    A late step restates the present status with its own, older time: harmless whether the portal goes by the order of
    arrival or by the time stated.
    """
    return tuple(kinds) if origin is Origin.PROVINCE else (DeliveryKind.NATIONAL_STATUS,)


def _unmet(current: Current | None, expected: Expectation) -> Decision | None:
    if expected.must_not_exist and current is not None:
        return Decision(Outcome.ALREADY_EXISTS, current.revision, current.status)
    if expected.revision is not None and (current is None or current.revision != expected.revision):
        revision = current.revision if current else 0
        return Decision(Outcome.STALE_REVISION, revision, current.status if current else None)
    return None


def decide_replacement(
    current: Current | None, dossier: Dossier, digest: bytes, expected: Expectation = ANYTHING
) -> Decision:
    """Judge a replacement; `digest` stands for the whole content, so equal digest and status mean nothing changed."""
    refusal = _unmet(current, expected)
    if refusal is not None:
        return refusal
    if current is None:
        return Decision(
            Outcome.CREATED,
            1,
            dossier.status,
            stated_at(dossier),
            is_irregular=not is_ordinary(None, dossier.status),
            deliveries=(DeliveryKind.SNAPSHOT,),
        )
    if current.digest == digest and current.status == dossier.status:
        return Decision(Outcome.UNCHANGED, current.revision, current.status)
    return Decision(
        Outcome.REPLACED,
        current.revision + 1,
        dossier.status,
        max(stated_at(dossier), current.status_at),
        is_irregular=not is_ordinary(current.status, dossier.status),
        deliveries=owed_for((DeliveryKind.SNAPSHOT,), current.origin),
    )


def decide_progress(current: Current | None, step: ProgressStep, expected: Expectation = ANYTHING) -> Decision:
    """Judge a progress step. A step for a dossier that was never accepted is refused as not found."""
    refusal = _unmet(current, expected)
    if refusal is not None:
        return refusal
    if current is None:
        return Decision(Outcome.NOT_FOUND, 0, None)
    revision = current.revision + 1
    if step.occurred_at < current.status_at:
        restates = step.status != current.status
        kinds: Sequence[DeliveryKind] = (DeliveryKind.STEP, DeliveryKind.SNAPSHOT) if restates else (DeliveryKind.STEP,)
        return Decision(
            Outcome.PROGRESSED,
            revision,
            current.status,
            current.status_at,
            is_late=True,
            deliveries=owed_for(kinds, current.origin),
        )
    moves = step.status != current.status
    return Decision(
        Outcome.PROGRESSED,
        revision,
        step.status,
        step.occurred_at,
        is_irregular=not is_ordinary(current.status, step.status),
        deliveries=owed_for(
            (DeliveryKind.SNAPSHOT, DeliveryKind.STEP) if moves else (DeliveryKind.STEP,), current.origin
        ),
    )
