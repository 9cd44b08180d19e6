"""Answers to nationally filed dossiers: making them of sealed content, and carrying them one by one."""

from datetime import datetime

from gateway.errors import InvalidInput, Unmapped
from gateway.model.dossier import Dossier, ProgressStep
from gateway.ports.portal import ItemVerdict, Prepared, Untranslatable, Verdict
from gateway.ports.portal_services import HandledDocument, NationalStatus, NationalStatusChannel
from gateway.sync.acceptance import stated_at
from gateway.sync.actions import Event, Judged, NotTranslated


def prepare_status(
    delivery_id: int,
    code: str,
    dossier: Dossier,
    step: ProgressStep | None,
    *,
    accepted_at: datetime,
    channel: NationalStatusChannel | None,
) -> Prepared | Untranslatable:
    """Say how the dossier fares. Held when this installation has no channel for it: visible, never dropped."""
    if channel is None:
        problem = ("national_status", "is not carried by the portal adapter")
        return Untranslatable(delivery_id=delivery_id, problems=(problem,))
    record = NationalStatus(
        national_code=code,
        dossier_code=dossier.local_code or code,
        technical_id=dossier.applicant.technical_id,
        content=_content(dossier, step),
        handled_at=_handled_at(dossier, step, accepted_at),
        status=dossier.status,
        documents=tuple(
            HandledDocument(
                attachment_id=result.result_id,
                name=result.name,
                component_code=result.component_code or "",
                url=result.url,
            )
            for result in dossier.results
        ),
    )
    return Prepared(delivery_id=delivery_id, dossier_code=code, record=record)


def _content(dossier: Dossier, step: ProgressStep | None) -> str:
    if step is not None:
        return step.content
    pending = [supplement.content for supplement in dossier.supplements if not supplement.is_supplied]
    return pending[-1] if pending else dossier.note or dossier.return_information


def _handled_at(dossier: Dossier, step: ProgressStep | None, accepted_at: datetime) -> datetime:
    """Give the instant of the step or the latest that the province states; else when it told the gateway."""
    if step is not None:
        return step.occurred_at
    stated = stated_at(dossier)
    return stated if stated > dossier.submitted_at else accepted_at


async def push_status(channel: NationalStatusChannel, prepared: Prepared) -> Event:
    """Tell one answer. Raises RemoteError; what has no foreign form is told as such, since nothing was sent."""
    try:
        await channel.push_national_status(prepared.record)
    except Unmapped as error:
        return NotTranslated(prepared.delivery_id, missing=tuple(error.missing))
    except InvalidInput as error:
        problems = tuple((fault.field, fault.rule) for fault in error.faults)
        return NotTranslated(prepared.delivery_id, problems=problems or (("record", "cannot be written"),))
    return Judged((ItemVerdict(delivery_id=prepared.delivery_id, verdict=Verdict.DONE),))
