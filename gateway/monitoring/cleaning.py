"""What is remembered of a dossier as the rules of data quality read it. Pure."""

from datetime import date, datetime

from gateway.errors import InvalidInput
from gateway.indicators.raw import DueChange, RawDossier, RawEvent, RawResult
from gateway.model.vocabulary import VIETNAM
from gateway.model.working_calendar import WorkingCalendar
from gateway.monitoring.deadlines import Deadline
from gateway.monitoring.records import DossierRecord


def raw_of(
    record: DossierRecord,
    deadline: Deadline | None,
    limits_count: int,
    calendar: WorkingCalendar,
    *,
    counted_by: str = "",
) -> RawDossier:
    """Give a record as the one source has it; `limits_count` limits hold for its procedure and channel.

    `counted_by` names the calendar by which its date was promised, "" for `calendar`.
    """
    return RawDossier(
        key=record.code,
        procedure_code=record.procedure_code,
        # Whose applicant is not known, or was forgotten, is nobody else's.
        applicant_key=record.applicant_key or f"of {record.code}",
        submitter_key=record.account_key or (f"for {record.code}" if record.is_for_other else ""),
        has_delegation=record.has_delegation,
        receiving_agency=record.receiving_agency,
        resolving_agency=record.handling_agency,
        channel=record.channel,
        submitted_at=record.submitted_at,
        accepted_at=record.received_at,
        finished_at=record.finished_at,
        known_at=record.known_at,
        events=tuple(RawEvent(step.status, step.at, step.known_at) for step in record.steps),
        due_at=record.due_at,
        due_computed_at=_comparable(record, deadline, calendar),
        due_changes=tuple(DueChange(instant, has_form=False) for instant in record.overwritten_at),
        supplement_requests=tuple(pause.asked_at for pause in record.pauses),
        attachments_count=record.files_count,
        result=RawResult(digest=record.result_key) if record.result_key else None,
        content_digest=record.content_key,
        claims_digitised=record.claims_digitised,
        fee_lines_vnd=record.fee_lines_vnd,
        limits_count=limits_count,
        calendar_version=counted_by or calendar.version,
    )


def days_between(calendar: WorkingCalendar, first: date, last: date) -> int:
    """Count the working days d with first < d <= last; days of the calendar where the table does not reach."""
    try:
        return calendar.working_days_between(first, last)
    except InvalidInput:
        return max(0, (last - first).days)


def _comparable(record: DossierRecord, deadline: Deadline | None, calendar: WorkingCalendar) -> datetime | None:
    """Give the computed date where it differs from the stated one by over a working day (DQ-08), else the stated."""
    if deadline is None:
        return None
    if record.due_at is None:
        return deadline.current
    first, last = sorted(one.astimezone(VIETNAM).date() for one in (record.due_at, deadline.current))
    return deadline.current if days_between(calendar, first, last) > 1 else record.due_at
