"""From what the store knows of a dossier to its timeline: what came in, what went out, what is next and why."""

from collections.abc import Sequence

from gateway.api.representations import (
    ConflictView,
    EntryKind,
    NextStep,
    OpenDelivery,
    SystemStanding,
    Timeline,
    TimelineEntry,
)
from gateway.model.delivery import DeliveryState, RemotePresence
from gateway.store.dossiers import ConflictLine, DeliveryLine, DossierHistory, LaneLine

# The acceptance of a change is told by the change itself, so its twin in the feed would only repeat it.
_TOLD_BY_CHANGES = frozenset({"dossier.created", "dossier.replaced", "dossier.progressed"})


def make_timeline(history: DossierHistory, *, limit: int) -> Timeline:
    """Merge changes and events by time; within one instant a change comes before what it caused."""
    entries = [
        TimelineEntry(
            at=line.accepted_at,
            kind=EntryKind.CHANGE,
            what=line.kind,
            revision=line.revision,
            status=line.status,
            client_id=line.client_id,
            is_irregular=line.is_irregular,
            is_late=line.is_late,
        )
        for line in history.revisions
    ]
    entries += [
        TimelineEntry(
            at=event.occurred_at,
            kind=EntryKind.EVENT,
            what=event.type,
            revision=event.revision,
            event_id=event.event_id,
            data=event.data,
        )
        for event in history.events
        if event.type not in _TOLD_BY_CHANGES
    ]
    entries.sort(key=lambda entry: (entry.at, entry.event_id or 0, entry.revision or 0))
    dossier = history.dossier
    return Timeline(
        code=dossier.code,
        revision=dossier.revision,
        status=dossier.status,
        status_at=dossier.status_at,
        entries=tuple(entries),
        is_complete=len(history.revisions) < limit and len(history.events) < limit,
        systems=_standings(history),
    )


def _standings(history: DossierHistory) -> tuple[SystemStanding, ...]:
    standings = []
    for lane in history.lanes:
        owed = [line for line in history.open_deliveries if line.system == lane.system]
        conflicts = [line for line in history.conflicts if line.system == lane.system]
        step = next_step(lane, owed)
        standings.append(
            SystemStanding(
                system=lane.system,
                presence=lane.presence,
                next_step=step,
                next_at=lane.due_at if step in (NextStep.ATTEMPT, NextStep.QUERY) else None,
                reason=_reason(step, owed, conflicts),
                failures_count=lane.failures_count,
                open_deliveries=tuple(_open(line) for line in owed),
                conflicts=tuple(
                    ConflictView(field=line.field, revision=line.revision, detected_at=line.detected_at)
                    for line in conflicts
                ),
            )
        )
    return tuple(standings)


def next_step(lane: LaneLine, owed: Sequence[DeliveryLine]) -> NextStep:
    """Tell what happens next between the gateway and one system about one dossier."""
    if lane.is_leased:
        return NextStep.IN_PROGRESS
    if not owed:
        return NextStep.NOTHING
    if lane.due_at is None:
        # Work that is owed and has no time can be moved by a person (or by the next change) only.
        return NextStep.PERSON
    is_unsettled = lane.presence is RemotePresence.UNKNOWN or any(line.state is DeliveryState.UNKNOWN for line in owed)
    return NextStep.QUERY if is_unsettled else NextStep.ATTEMPT


def _reason(step: NextStep, owed: Sequence[DeliveryLine], conflicts: Sequence[ConflictLine]) -> str:
    if step is NextStep.NOTHING:
        return "conflict" if conflicts else ""
    stated = [line.reason for line in owed if line.reason]
    parked = [line.reason for line in owed if line.state is DeliveryState.PARKED and line.reason]
    return next(iter(parked or stated), "")


def _open(line: DeliveryLine) -> OpenDelivery:
    return OpenDelivery(
        delivery_id=line.delivery_id,
        revision=line.revision,
        ordinal=line.ordinal,
        kind=line.kind,
        state=line.state,
        attempts_count=line.attempts_count,
        reason=line.reason,
    )
