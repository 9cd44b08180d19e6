"""Petitions about service (phản ánh, kiến nghị) against their limits. Pure.

Working days from reception: rejected within 2, asked for more within 5, answered within 15. Source: monitoring notes
§2.3 (PAKN), §2.5 5.2.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from gateway.indicators.facts import PetitionFact
from gateway.indicators.words import Answering
from gateway.model.calendars import Calendars
from gateway.model.vocabulary import VIETNAM
from gateway.monitoring.cleaning import days_between


class Reply(StrEnum):
    """What became of a petition."""

    NONE = "none"
    REJECTED = "rejected"
    ASKED_FOR_MORE = "asked_for_more"
    ANSWERED = "answered"


LIMITS: Mapping[Reply, int] = {Reply.NONE: 15, Reply.REJECTED: 2, Reply.ASKED_FOR_MORE: 5, Reply.ANSWERED: 15}
"""Working days within which each has to come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Petition:
    """A petition as it was told to the gateway. No text, and nobody's name."""

    petition_id: str
    agency_code: str
    received_at: datetime
    known_at: datetime
    procedure_code: str = ""
    dossier_code: str = ""
    kind: str = ""
    reply: Reply = Reply.NONE
    replied_at: datetime | None = None
    likes_count: int = 0
    dislikes_count: int = 0
    is_repeated: bool = False


def petitions_at(petitions: Iterable[Petition], end: datetime) -> list[Petition]:
    """Give petitions as they stood at an instant: replies from then on are taken away."""
    return [
        one if one.replied_at is None or one.replied_at < end else replace(one, reply=Reply.NONE, replied_at=None)
        for one in petitions
        if one.received_at < end
    ]


def petition_fact(petition: Petition, measured_at: datetime, calendars: Calendars) -> PetitionFact:
    """Say how a petition stands at an instant, by the days of its agency as they were known until it ended."""
    ended_at = petition.replied_at if petition.reply is not Reply.NONE else None
    first, last = (one.astimezone(VIETNAM).date() for one in (petition.received_at, ended_at or measured_at))
    calendar = calendars.of(petition.agency_code, min(ended_at or measured_at, measured_at))
    is_late = days_between(calendar, first, last) > LIMITS[petition.reply]
    answering = Answering.LATE if is_late else Answering.OPEN_IN_TERM if ended_at is None else Answering.IN_TIME
    return PetitionFact(
        key=petition.petition_id,
        agency=petition.agency_code,
        received_at=petition.received_at,
        known_at=petition.known_at,
        answering=answering,
        dossier_key=petition.dossier_code,
        procedure_code=petition.procedure_code,
        kind=petition.kind,
        likes_count=petition.likes_count,
        dislikes_count=petition.dislikes_count,
        is_repeated=petition.is_repeated,
    )
