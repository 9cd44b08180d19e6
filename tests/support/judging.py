"""Records of single dossiers, and what is made of them at an instant."""

from datetime import datetime, timedelta
from typing import Any

from gateway.model.dossier import Channel, Dossier, Supplement
from gateway.model.procedure import Procedure, ProcedureChannel, TimeLimit, TimeUnit
from gateway.model.status import DossierStatus
from gateway.model.vocabulary import VIETNAM
from gateway.monitoring.judging import Judge, Judged
from gateway.monitoring.records import DossierRecord, Revision, follow
from gateway.monitoring.terms import Policy
from mappings.calendars import national_calendars
from tests.support.samples import make_dossier

CALENDARS = national_calendars()
LATER = datetime(2026, 10, 1, tzinfo=VIETNAM)


def at(text: str) -> datetime:
    """Give an instant in Vietnam of 2026, from `dd/mm HH:MM`."""
    return datetime.strptime(f"2026 {text}", "%Y %d/%m %H:%M").replace(tzinfo=VIETNAM)


def procedure(days: int, unit: TimeUnit = TimeUnit.WORKING_DAY) -> Procedure:
    """Give a procedure with one limit for every channel."""
    limits = (TimeLimit(amount=days, unit=unit),)
    return Procedure(
        code="P1",
        name="Thủ tục",
        is_public=True,
        channels=tuple(ProcedureChannel(channel=channel, time_limits=limits) for channel in Channel),
    )


def supplement(asked: str, given_at: str | None = None, number: int = 1) -> Supplement:
    """Give a request for papers."""
    return Supplement(
        supplement_number=number,
        requested_by="Cán bộ",
        content="Thiếu giấy tờ",
        requested_at=at(asked),
        received_at=None if given_at is None else at(given_at),
        previous_due_at=at("01/01 00:00"),
    )


def document(accepted: str | None, finished: str | None = None, **changes: Any) -> Dossier:
    """Give a dossier without a stated date that was submitted when it was accepted."""
    received = None if accepted is None else at(accepted)
    done = None if finished is None else at(finished)
    known: dict[str, Any] = {
        "status": DossierStatus.COMPLETED
        if done
        else DossierStatus.PROCESSING
        if received
        else DossierStatus.REGISTERED,
        "submitted_at": received or at("03/08 08:00"),
        "received_at": received,
        "finished_at": done,
        "due_at": None,
        "fees": (),
    }
    return make_dossier(**(known | changes))


def record(*documents: Dossier, known: str = "01/08 00:00") -> DossierRecord:
    """Follow documents, each a day after the other."""
    revisions = [
        Revision(revision=number, status=one.status, known_at=at(known) + timedelta(days=number), content=one)
        for number, one in enumerate(documents, 1)
    ]
    return follow(None, "D", revisions)


def judge(found: DossierRecord, days: int = 5, measured_at: datetime = LATER, policy: Policy | None = None) -> Judged:
    """Judge under a limit in working days."""
    return Judge(calendars=CALENDARS, measured_at=measured_at).judge(found, procedure(days), policy or Policy())
