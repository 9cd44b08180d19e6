"""Rules about when: late knowledge, re-opening, impossible times, due dates, pauses, unreturned results, zones."""

from datetime import date, datetime, time, timedelta
from itertools import pairwise

from gateway.indicators.findings import Finding, Treatment
from gateway.indicators.raw import RawDossier, RawSet
from gateway.model.status import DossierStatus
from gateway.model.vocabulary import VIETNAM

_DONE = (DossierStatus.COMPLETED, DossierStatus.RETURNED)
_WORKED_ON = (DossierStatus.PROCESSING, DossierStatus.SUPPLEMENT_REQUESTED, DossierStatus.PAYMENT_REQUESTED)
_ENDED_BY_AGENCY = (DossierStatus.STOPPED, DossierStatus.REFUSED)


def late_synced(raw: RawSet) -> list[Finding]:
    """DQ-04: known over a working day after it happened, or after the preliminary version; counted all the same."""
    found = []
    for one in raw.dossiers:
        if one.accepted_at is None or one.known_at is None:
            continue
        if raw.working_days(_day(one.accepted_at), _day(one.known_at)) > raw.limits.late_working_days:
            found.append(Finding("DQ-04", one.key, Treatment.FLAG, "late"))
        elif raw.published_at is not None and one.accepted_at < raw.published_at < one.known_at:
            found.append(Finding("DQ-04", one.key, Treatment.FLAG, "after_preliminary"))
    return found


def reopened(raw: RawSet) -> list[Finding]:
    """DQ-05: worked on after it was done; the first finish stays, the second is T1_reopen."""
    found = []
    for one in raw.dossiers:
        done_at = min((event.at for event in one.events if event.status in _DONE), default=None)
        if done_at is not None and any(event.status in _WORKED_ON and event.at > done_at for event in one.events):
            found.append(Finding("DQ-05", one.key, Treatment.FLAG, "worked_on_after_done"))
    return found


def impossible(raw: RawSet) -> list[Finding]:
    """DQ-07: finished before accepted, in the future, or events out of order: no part in indicators of time."""
    found = []
    for one in raw.dossiers:
        instants = [one.submitted_at, one.accepted_at, one.finished_at, *(event.at for event in one.events)]
        if one.accepted_at and one.finished_at and one.finished_at < one.accepted_at:
            sign = "finished_before_accepted"
        elif any(instant is not None and instant > raw.as_of for instant in instants):
            sign = "future"
        elif any(later.at < earlier.at for earlier, later in pairwise(one.events)):
            sign = "out_of_order"
        else:
            continue
        found.append(Finding("DQ-07", one.key, Treatment.QUARANTINE_TIMES, sign))
    return found


def wrong_due(raw: RawSet) -> list[Finding]:
    """DQ-08: a due date that is missing or is not the computed one; the 766 view keeps the source's."""
    return [
        Finding("DQ-08", one.key, Treatment.USE_COMPUTED_DUE, "missing" if one.due_at is None else "differs")
        for one in raw.dossiers
        if one.due_computed_at is not None and one.due_at != one.due_computed_at
    ]


def parked(raw: RawSet) -> list[Finding]:
    """DQ-09: asked for supplements just before the due date, several times, or for long."""
    found = []
    for one in raw.dossiers:
        due_at = one.due_computed_at or one.due_at
        if len(one.supplement_requests) > 1:
            sign = "several_requests"
        elif due_at and any(_is_near(request, due_at, raw) for request in one.supplement_requests):
            sign = "just_before_due"
        elif one.paused_days > raw.limits.long_pause_days:
            sign = "long_pause"
        else:
            continue
        found.append(Finding("DQ-09", one.key, Treatment.FLAG, sign))
    return found


def ended_near_due(raw: RawSet) -> list[Finding]:
    """DQ-10: stopped or refused about the due date, then filed again: both are one case."""
    found = []
    for one in raw.dossiers:
        due_at = one.due_computed_at or one.due_at
        ended_at = max((event.at for event in one.events if event.status in _ENDED_BY_AGENCY), default=None)
        if due_at is None or ended_at is None or not _is_near(ended_at, due_at, raw):
            continue
        for again in raw.dossiers:
            if _is_filed_again(one, again, ended_at, raw):
                found.append(Finding("DQ-10", one.key, Treatment.LINK_CASE, "ended_near_due", one.key))
                found.append(Finding("DQ-10", again.key, Treatment.LINK_CASE, "filed_again", one.key))
                break
    return found


def due_overwritten(raw: RawSet) -> list[Finding]:
    """DQ-11: the promised date was changed after acceptance without form 04."""
    return [
        Finding("DQ-11", one.key, Treatment.USE_PROMISED_DUE, "without_form")
        for one in raw.dossiers
        if any(
            not change.has_form and one.accepted_at is not None and change.at > one.accepted_at
            for change in one.due_changes
        )
    ]


def unreturned(raw: RawSet) -> list[Finding]:
    """DQ-12: done for more than five working days and not returned."""
    found = []
    for one in raw.dossiers:
        statuses = {event.status for event in one.events}
        done_at = min((event.at for event in one.events if event.status is DossierStatus.COMPLETED), default=None)
        if done_at is None or DossierStatus.RETURNED in statuses:
            continue
        if raw.working_days(_day(done_at), _day(raw.as_of)) > raw.limits.unreturned_working_days:
            found.append(Finding("DQ-12", one.key, Treatment.FLAG, "not_returned"))
    return found


def corrected_calendar(raw: RawSet) -> list[Finding]:
    """DQ-22: counted by an older calendar; it is counted again, and that is a restatement."""
    return [
        Finding("DQ-22", one.key, Treatment.COUNT_AGAIN, "older_calendar", one.calendar_version)
        for one in raw.dossiers
        if one.calendar_version and one.calendar_version != raw.calendar_version
    ]


def zones(raw: RawSet) -> list[Finding]:
    """DQ-24: instants without their offset, in another one, or a day only."""
    found = []
    for one in raw.dossiers:
        for name, text in sorted(one.stamps.items()):
            _, sign = read_instant(text, is_due=name.startswith("due"))
            if sign:
                found.append(Finding("DQ-24", one.key, Treatment.NORMALISE, f"{name}:{sign}"))
    return found


def read_instant(text: str, *, is_due: bool) -> tuple[datetime | None, str]:
    """Read an instant of a source into local time, and say what had to be assumed ("" when nothing).

    A day alone is its end for a due date and its start for everything else; an instant without offset is local.
    """
    try:
        if len(text) == len("2026-08-17"):
            day = date.fromisoformat(text)
            start = datetime.combine(day, time(), VIETNAM)
            return (start + timedelta(days=1) - timedelta(microseconds=1) if is_due else start), "day_only"
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None, "unreadable"
    if instant.tzinfo is None:
        return instant.replace(tzinfo=VIETNAM), "no_offset"
    local = instant.astimezone(VIETNAM)
    return local, "" if instant.utcoffset() == local.utcoffset() else "other_offset"


def _is_filed_again(ended: RawDossier, again: RawDossier, ended_at: datetime, raw: RawSet) -> bool:
    if again.key == ended.key or not ended.applicant_key or again.submitted_at is None:
        return False
    same = (ended.applicant_key, ended.procedure_code) == (again.applicant_key, again.procedure_code)
    return same and ended_at <= again.submitted_at <= ended_at + raw.limits.resubmitted_within


def _is_near(instant: datetime, due_at: datetime, raw: RawSet) -> bool:
    first, last = sorted((_day(instant), _day(due_at)))
    return raw.working_days(first, last) <= raw.limits.near_due_working_days


def _day(instant: datetime) -> date:
    return instant.astimezone(VIETNAM).date()
