"""Dossiers that citizens filed on a national portal: whose word counts for which field, and what a change becomes.

What the citizen submitted belongs to the portal, processing belongs to the province (`gateway.sync.authority`). Each
side states records as a whole, so each record also repeats fields of the other side. A repeated field that says
something else is a conflict for a person, and the owner's value stays. Two fields have two owners:

* a submitted paper is the portal's by what it is (id, name, component, address); what the province notes on it
  (digest, size, digitised, reuse) is the province's and is carried over to the same paper of a later statement;
* `online_payment` is a payment fact: the portal's word that it was paid there stays, whatever the province repeats.

A withdrawal is the citizen's, so it is applied wherever the ordinary table of states leads to `withdrawn`; where it
does not (the dossier is completed, refused …) it is a conflict on `status`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gateway.model.dossier import Attachment, Dossier, OnlinePayment, Origin
from gateway.model.standing import Current
from gateway.model.status import DossierStatus, is_ordinary
from gateway.sync.acceptance import Decision, Outcome, stated_at
from gateway.sync.authority import SUBMITTED_FIELDS, Ruling, Side, judge


@dataclass(frozen=True, slots=True)
class Merged:
    """A dossier after a statement, and the fields in which the statement was not followed."""

    dossier: Dossier
    conflicts: tuple[str, ...] = ()


def merge_province_statement(known: Dossier, stated: Dossier) -> Merged:
    """Follow the province in everything but what the portal owns of a nationally filed dossier."""
    kept: dict[str, Any] = {}
    conflicts: list[str] = []
    for field in sorted(SUBMITTED_FIELDS):
        ours, theirs = getattr(known, field), getattr(stated, field)
        if field == "attachments":
            if _papers(ours) != _papers(theirs):
                kept[field] = ours
                conflicts.append(field)
        elif ours != theirs:
            kept[field] = ours
            conflicts.append(field)
    if known.online_payment is OnlinePayment.NATIONAL_PLATFORM and stated.online_payment is not known.online_payment:
        kept["online_payment"] = known.online_payment
        conflicts.append("online_payment")
    return Merged(replace(stated, **kept) if kept else stated, tuple(conflicts))


def merge_portal_statement(known: Dossier, stated: Mapping[str, Any], origin: Origin) -> Merged:
    """Follow the portal in what it owns; a differing field of the province is a conflict and stays as it is."""
    taken: dict[str, Any] = {}
    conflicts: list[str] = []
    for field in sorted(stated):
        value = stated[field]
        if field == "applicant" and isinstance(value, Mapping):
            value = replace(known.applicant, **value)
        if field == "attachments":
            value = _with_marks(known.attachments, value)
        if value == getattr(known, field):
            continue
        if judge(field, Side.NATIONAL_PORTAL, origin) is Ruling.APPLY or _is_payment(field, value):
            taken[field] = value
        else:
            conflicts.append(field)
    return Merged(replace(known, **taken) if taken else known, tuple(conflicts))


def withdraw(known: Dossier, current: Current) -> Merged:
    """Withdraw a national dossier where that is ordinary; elsewhere it is a conflict on the status."""
    if current.origin is not Origin.NATIONAL_PORTAL:
        return Merged(known, ("status",))
    if current.status is DossierStatus.WITHDRAWN:
        return Merged(known)
    if is_ordinary(current.status, DossierStatus.WITHDRAWN):
        return Merged(replace(known, status=DossierStatus.WITHDRAWN, source_status=""))
    return Merged(known, ("status",))


def decide_application(dossier: Dossier) -> Decision:
    """Accept a new application; it owes the portal nothing, which knows it already."""
    is_irregular = not is_ordinary(None, dossier.status)
    return Decision(Outcome.CREATED, 1, dossier.status, stated_at(dossier), is_irregular=is_irregular)


def decide_portal_change(current: Current, dossier: Dossier, digest: bytes, now: datetime) -> Decision:
    """Judge a merged statement of the portal. A withdrawal holds from now; other changes leave the status's instant."""
    if digest == current.digest and dossier.status is current.status:
        return Decision(Outcome.UNCHANGED, current.revision, current.status, current.status_at)
    moves = dossier.status is not current.status
    return Decision(
        Outcome.REPLACED,
        current.revision + 1,
        dossier.status,
        max(now, current.status_at) if moves else current.status_at,
    )


def _is_payment(field: str, value: object) -> bool:
    return field == "online_payment" and value is OnlinePayment.NATIONAL_PLATFORM


def _paper(attachment: Attachment) -> tuple[object, ...]:
    return (attachment.attachment_id, attachment.name, attachment.component_code, attachment.url, attachment.is_deleted)


def _papers(attachments: tuple[Attachment, ...]) -> list[tuple[object, ...]]:
    return [_paper(attachment) for attachment in attachments]


def _with_marks(known: tuple[Attachment, ...], stated: tuple[Attachment, ...]) -> tuple[Attachment, ...]:
    marked = {_paper(attachment): attachment for attachment in known}
    return tuple(marked.get(_paper(attachment), attachment) for attachment in stated)
