"""Dates of a dossier that cannot all be true.

A rule stands here only if no honest dossier can break it. Therefore instants are compared by their Vietnamese calendar
day: several provincial systems know only the day of some events and send midnight, so a dossier handed in at 08:30 may
well have been "received" at 00:00 of the same day. Clocks of two systems may differ, so an hour is granted on top, and
an instant lies in the future only when it is more than a day ahead of the gateway's own clock.

Rules on purpose absent:

* a final status without its instant: systems send the status first and the instant with a later correction;
* a promised date before the reception: late receptions of online dossiers keep the date promised at submission;
* returned before finished: some systems close the file only after the applicant has fetched the result;
* an extension that shortens the promise or is decided after it has passed: both are ordinary corrections;
* anything about a status: the province owns processing (see gateway.model.status).

Instants in the future are refused for a reason beyond tidiness: the present status holds from the latest instant that a
dossier states, and a typing error of a year would make every later step look late.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from gateway.errors import Fault
from gateway.model.dossier import Dossier, ProgressStep, Supplement
from gateway.model.vocabulary import VIETNAM

CLOCK_DIFFERENCE = timedelta(hours=1)
MAX_AHEAD = timedelta(days=1)

_FOUND = "instant on an earlier day"
_FUTURE_RULE = "must not lie in the future"
_FUTURE_FOUND = "instant more than a day ahead"

_Moment = tuple[str, datetime | None]


def _day_is_before(later: datetime, earlier: datetime) -> bool:
    return (later + CLOCK_DIFFERENCE).astimezone(VIETNAM).date() < earlier.astimezone(VIETNAM).date()


def _not_before(field: str, later: datetime | None, other: str, earlier: datetime | None) -> Iterator[Fault]:
    # Two comparisons of instants settle nearly every case; calendar days are looked at only when the order is wrong.
    if later is not None and earlier is not None and later < earlier and _day_is_before(later, earlier):
        yield Fault(field, f"must not lie on a day before {other}", _FOUND)


def _not_ahead(now: datetime, moments: Iterator[_Moment]) -> Iterator[Fault]:
    limit = now + MAX_AHEAD
    for field, instant in moments:
        if instant is not None and instant > limit:
            yield Fault(field, _FUTURE_RULE, _FUTURE_FOUND)


def _past_moments(dossier: Dossier) -> Iterator[_Moment]:
    yield "/submitted_at", dossier.submitted_at
    yield "/received_at", dossier.received_at
    yield "/refused_at", dossier.refused_at
    yield "/finished_at", dossier.finished_at
    yield "/returned_at", dossier.returned_at
    for place, supplement in enumerate(dossier.supplements):
        yield f"/supplements/{place}/requested_at", supplement.requested_at
        yield f"/supplements/{place}/received_at", supplement.received_at
    for place, extension in enumerate(dossier.extensions):
        yield f"/extensions/{place}/decided_at", extension.decided_at


def _supplement_faults(path: str, supplement: Supplement, submitted_at: datetime) -> Iterator[Fault]:
    yield from _not_before(f"{path}/requested_at", supplement.requested_at, "/submitted_at", submitted_at)
    yield from _not_before(
        f"{path}/received_at", supplement.received_at, f"{path}/requested_at", supplement.requested_at
    )
    yield from _not_before(f"{path}/new_due_at", supplement.new_due_at, "/submitted_at", submitted_at)


def _dossier_faults(dossier: Dossier, now: datetime) -> Iterator[Fault]:
    submitted_at, received_at = dossier.submitted_at, dossier.received_at
    # Nothing can happen to a dossier, and nothing can be promised for it, before it was handed in.
    yield from _not_before("/received_at", received_at, "/submitted_at", submitted_at)
    yield from _not_before("/due_at", dossier.due_at, "/submitted_at", submitted_at)
    yield from _not_before("/refused_at", dossier.refused_at, "/submitted_at", submitted_at)
    yield from _not_before("/finished_at", dossier.finished_at, "/submitted_at", submitted_at)
    yield from _not_before("/returned_at", dossier.returned_at, "/submitted_at", submitted_at)
    # Processing ends, and the result goes out, after the dossier was taken in.
    yield from _not_before("/finished_at", dossier.finished_at, "/received_at", received_at)
    yield from _not_before("/returned_at", dossier.returned_at, "/received_at", received_at)
    for place, supplement in enumerate(dossier.supplements):
        yield from _supplement_faults(f"/supplements/{place}", supplement, submitted_at)
    for place, extension in enumerate(dossier.extensions):
        path = f"/extensions/{place}"
        yield from _not_before(f"{path}/decided_at", extension.decided_at, "/submitted_at", submitted_at)
        yield from _not_before(f"{path}/new_due_at", extension.new_due_at, "/submitted_at", submitted_at)
    yield from _not_ahead(now, _past_moments(dossier))


def dossier_faults(dossier: Dossier, now: datetime) -> tuple[Fault, ...]:
    """List every date of the dossier that cannot be true; empty for a possible dossier. `now` is aware."""
    return tuple(_dossier_faults(dossier, now))


def step_faults(step: ProgressStep, now: datetime) -> tuple[Fault, ...]:
    """List every date of the step that cannot be true. Its start may follow it: the next officer's begins then."""
    moments: tuple[_Moment, ...] = (("/occurred_at", step.occurred_at), ("/started_at", step.started_at))
    return tuple(_not_ahead(now, iter(moments)))
