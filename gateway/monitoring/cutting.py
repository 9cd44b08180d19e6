"""A record as it stood at an instant: what happened from then on is taken away, whenever it was learnt of. Pure.

What a dossier states without saying when (files, fees, payment, whose number it is) is taken as it was last told.
Source: monitoring notes §4.3 (`state_at = period_end`).
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from gateway.model.status import DossierStatus
from gateway.monitoring.records import DONE, ENDED, DossierRecord


def latest_at(record: DossierRecord) -> datetime:
    """Give the last instant at which anything happened that the record tells of."""
    return max(one for one in _instants(record) if one is not None)


def cut(record: DossierRecord, end: datetime) -> DossierRecord | None:
    """Give the record without what happened at `end` or later; None when the dossier was not there yet."""
    received_at = _before(record.received_at, end)
    if record.submitted_at >= end and received_at is None:
        return None
    if latest_at(record) < end:
        return record
    steps = tuple(step for step in record.steps if step.at < end)
    finished_at = _before(record.finished_at, end)
    if record.finished_at is not None and finished_at is None:
        if record.reopened_at is None and not any(step.status in ENDED for step in steps):
            # The document's own word for the finish is the better one, here too.
            steps = tuple(step for step in steps if step.status not in DONE)
        else:
            finished_at = next((one for one in reversed(record.former_finishes) if one < end), None)
    before = DossierStatus.REGISTERED if received_at is None else DossierStatus.RECEIVED
    stood = replace(
        record,
        status=steps[-1].status if steps else before,
        received_at=received_at,
        refused_at=_before(record.refused_at, end),
        finished_at=finished_at,
        returned_at=_before(record.returned_at, end),
        overwritten_at=tuple(one for one in record.overwritten_at if one < end),
        steps=steps,
        pauses=tuple(replace(one, given_at=_before(one.given_at, end)) for one in record.pauses if one.asked_at < end),
        new_dates=tuple(one for one in record.new_dates if one.decided_at < end),
        synced_at=_before(record.synced_at, end),
        rating=None if record.rated_at is not None and record.rated_at >= end else record.rating,
        rated_at=_before(record.rated_at, end),
    )
    stood = replace(stood, due_at=_due_at(record, stood))
    if not record.results_count or (record.resulted_at or record.finished_at or end) < end:
        return stood
    is_fully_online = record.is_fully_online and record.is_posted
    return replace(stood, results_count=0, resulted_at=None, result_key="", is_fully_online=is_fully_online)


def _due_at(record: DossierRecord, stood: DossierRecord) -> datetime | None:
    """Give the date that was promised: the last one, unless something later may have moved it."""
    if (record.new_dates, record.overwritten_at, record.pauses) == (
        stood.new_dates,
        stood.overwritten_at,
        stood.pauses,
    ):
        return record.due_at
    return stood.new_dates[-1].new_due_at if stood.new_dates else record.first_due_at


def _before(instant: datetime | None, end: datetime) -> datetime | None:
    return instant if instant is not None and instant < end else None


def _instants(record: DossierRecord) -> Iterator[datetime | None]:
    yield from (record.submitted_at, record.received_at, record.refused_at, record.finished_at, record.returned_at)
    yield from (record.resulted_at, record.synced_at, record.rated_at)
    yield from record.overwritten_at
    yield from (step.at for step in record.steps)
    yield from (moved.decided_at for moved in record.new_dates)
    for pause in record.pauses:
        yield pause.asked_at
        yield pause.given_at
