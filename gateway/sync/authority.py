"""Who owns which field, and what follows when somebody else states it.

The province owns processing; the national portal owns the procedure catalogue, ratings, questions and what a citizen
submitted there; the payment system owns payment facts; the gateway owns its own bookkeeping. A statement by a side that
does not own the field becomes a conflict record, never an overwrite.

Pushing is the mirror image: when a look-up shows that a portal has another value than ours, pushing ours repairs it,
unless the portal is the owner; then the difference is a conflict for a person.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from gateway.model.dossier import Origin


class Side(StrEnum):
    """Who may state a field."""

    PROVINCE = "province"
    NATIONAL_PORTAL = "national_portal"
    PAYMENT_SYSTEM = "payment_system"
    GATEWAY = "gateway"


class Ruling(StrEnum):
    """What becomes of a stated field."""

    APPLY = "apply"
    CONFLICT = "conflict"


FIELD_OWNERS: MappingProxyType[str, Side] = MappingProxyType(
    {
        # The dossier, as the province processes it.
        "procedure_code": Side.PROVINCE,
        "local_code": Side.PROVINCE,
        "sign_in_evidence_id": Side.PROVINCE,
        "receiving_agency": Side.PROVINCE,
        "handling_agency": Side.PROVINCE,
        "status": Side.PROVINCE,
        "source_status": Side.PROVINCE,
        "channel": Side.PROVINCE,
        "submission_place": Side.PROVINCE,
        "result_delivery": Side.PROVINCE,
        "acceptance_receipt_number": Side.PROVINCE,
        "applicant": Side.PROVINCE,
        "submitter": Side.PROVINCE,
        "delegate": Side.PROVINCE,
        "summary": Side.PROVINCE,
        "note": Side.PROVINCE,
        "return_information": Side.PROVINCE,
        "submitted_at": Side.PROVINCE,
        "received_at": Side.PROVINCE,
        "due_at": Side.PROVINCE,
        "refused_at": Side.PROVINCE,
        "finished_at": Side.PROVINCE,
        "returned_at": Side.PROVINCE,
        "attachments": Side.PROVINCE,
        "other_attachments": Side.PROVINCE,
        "fees": Side.PROVINCE,
        "supplements": Side.PROVINCE,
        "extensions": Side.PROVINCE,
        "results": Side.PROVINCE,
        "consulted_databases": Side.PROVINCE,
        # One progress step.
        "officer_name": Side.PROVINCE,
        "officer_title": Side.PROVINCE,
        "department": Side.PROVINCE,
        "content": Side.PROVINCE,
        "occurred_at": Side.PROVINCE,
        "started_at": Side.PROVINCE,
        "statutory_end_at": Side.PROVINCE,
        # What others own.
        "online_payment": Side.PAYMENT_SYSTEM,
        "payments": Side.PAYMENT_SYSTEM,
        "procedure": Side.NATIONAL_PORTAL,
        "ratings": Side.NATIONAL_PORTAL,
        "questions": Side.NATIONAL_PORTAL,
        "origin": Side.GATEWAY,
        "revision": Side.GATEWAY,
    }
)

SUBMITTED_FIELDS = frozenset(
    {
        "procedure_code",
        "channel",
        "submission_place",
        "result_delivery",
        "applicant",
        "submitter",
        "delegate",
        "summary",
        "submitted_at",
        "attachments",
    }
)
"""What a citizen states by submitting. Submitted on the national portal, these are the portal's."""


def owner_of(field: str, origin: Origin = Origin.PROVINCE) -> Side | None:
    """Give the owner of a canonical field; None for a name that the table does not know.

    A path into a field ("applicant/contact", "fees[0]") belongs to the owner of the field.
    """
    name = field.strip("/").split("/", 1)[0].split(".", 1)[0].split("[", 1)[0]
    if origin is Origin.NATIONAL_PORTAL and name in SUBMITTED_FIELDS:
        return Side.NATIONAL_PORTAL
    return FIELD_OWNERS.get(name)


def judge(field: str, claimed_by: Side, origin: Origin = Origin.PROVINCE) -> Ruling:
    """Rule on a field stated by a side: applied when the side owns it. An unknown field is nobody's: a conflict."""
    return Ruling.APPLY if owner_of(field, origin) is claimed_by else Ruling.CONFLICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A difference that a person must decide. Names the field only: the values stay sealed where they are."""

    dossier_code: str
    system: str
    field: str
    claimed_by: Side
    owner: Side | None
    revision: int
    detected_at: datetime


@dataclass(frozen=True, slots=True)
class Difference:
    """Fields whose value over there is not ours, in the order in which they were named, each once."""

    repairable: tuple[str, ...]
    conflicting: tuple[str, ...]


def difference(
    fields: Iterable[str], origin: Origin = Origin.PROVINCE, *, seen_at: Side = Side.NATIONAL_PORTAL
) -> Difference:
    """Part differing fields by what may be done: pushing repairs them, unless `seen_at` owns them or nobody does."""
    repairable: list[str] = []
    conflicting: list[str] = []
    for field in dict.fromkeys(fields):
        owner = owner_of(field, origin)
        (conflicting if owner in (None, seen_at) else repairable).append(field)
    return Difference(tuple(repairable), tuple(conflicting))
