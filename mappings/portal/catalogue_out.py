"""Canonical procedures written as catalogue records: for exports, comparisons and a catalogue of one's own.

The portal owns its catalogue and takes no procedures from a province; writing what was read and reading it again
gives the same procedure. Not carried: the service level, which the portal tells per online service (LayDVC).
"""

from collections.abc import Iterator

from gateway.errors import Unmapped
from gateway.model.procedure import Named, Procedure, ProcedureChannel, ProcedureFee, RequiredDocument, TimeLimit
from mappings.portal import catalogue_wire as wire
from mappings.portal.tables import PortalCodes

_LEVEL_NAMES = {"ministry": "Cấp Bộ", "province": "Cấp Tỉnh", "district": "Cấp Huyện", "commune": "Cấp Xã"}


def procedure_record(procedure: Procedure, codes: PortalCodes) -> wire.ProcedureRecord:
    """Write one procedure. Raises Unmapped when a table has no code for it on the day of `codes`."""
    try:
        return _record(procedure, codes)
    except KeyError as error:
        raise Unmapped((("catalogue", str(error.args[0])),)) from error


def _record(procedure: Procedure, codes: PortalCodes) -> wire.ProcedureRecord:
    return wire.ProcedureRecord(
        portal_id=procedure.portal_id,
        code=procedure.code,
        name=procedure.name,
        publishing_agency_code=procedure.publishing_agency_code,
        type_code=procedure.type_code,
        state=codes.publication_state.outbound[procedure.is_public],
        applicant_description=procedure.applicant_description,
        reception_address=procedure.reception_address,
        requirements=procedure.requirements,
        keywords=procedure.keywords,
        description=procedure.description,
        executing_agency_description=procedure.executing_agency_description,
        competent_agency_description=procedure.competent_agency_description,
        publication_decision_id=procedure.publication_decision_id,
        execution_cases=[
            wire.ExecutionLine(name=case.name, steps=[wire.StepLine(name=step) for step in case.steps])
            for case in procedure.execution_cases
        ],
        executing_levels=[
            wire.LevelLine(level=codes.executing_level.outbound[level], name=_LEVEL_NAMES[level])
            for level in procedure.executing_levels
        ],
        sectors=[wire.SectorLine(code=sector.code, name=sector.name) for sector in procedure.sectors],
        channels=[_channel(channel, codes) for channel in procedure.channels],
        applicant_kinds=[wire.ApplicantLine(code=kind.code, name=kind.name) for kind in procedure.applicant_kinds],
        paper_cases=[
            wire.PaperCaseLine(name=case.name, papers=[line for paper in case.documents for line in _papers(paper)])
            for case in procedure.document_cases
        ],
        results=[
            wire.ResultLine(code=result.code, name=result.name, file_name=result.file_name, url=result.url)
            for result in procedure.results
        ],
        legal_bases=[
            wire.LegalLine(
                number=basis.number,
                title=basis.title,
                issued_on=basis.issued_on,
                effective_on=basis.effective_on,
                issuing_agency=basis.issuing_agency,
                url=basis.url,
            )
            for basis in procedure.legal_bases
        ],
        related_codes=list(procedure.related_procedure_codes),
        linked_codes=list(procedure.linked_procedure_codes),
        executing_agencies=_agencies(procedure.executing_agencies),
        competent_agencies=_agencies(procedure.competent_agencies),
        delegated_agencies=_agencies(procedure.delegated_agencies),
        coordinating_agencies=_agencies(procedure.coordinating_agencies),
    )


def _agencies(agencies: tuple[Named, ...]) -> list[wire.AgencyLine]:
    return [wire.AgencyLine(code=agency.code, name=agency.name) for agency in agencies]


def _channel(channel: ProcedureChannel, codes: PortalCodes) -> wire.ChannelLine:
    return wire.ChannelLine(
        channel=codes.channel.outbound[channel.channel],
        time_limits=[_time_limit(limit, codes) for limit in channel.time_limits],
    )


def _time_limit(limit: TimeLimit, codes: PortalCodes) -> wire.TimeLine:
    return wire.TimeLine(
        amount="" if limit.amount is None else str(limit.amount),
        unit=codes.time_unit.outbound[limit.unit],
        description=limit.description,
        fees=[_fee(fee, codes) for fee in limit.fees],
    )


def _fee(fee: ProcedureFee, codes: PortalCodes) -> wire.FeeLine:
    wording = fee.text or ("" if fee.amount_vnd is None else str(fee.amount_vnd))
    return wire.FeeLine(
        kind="" if fee.kind is None else codes.fee_kind.outbound[fee.kind],
        amount=wording,
        unit=fee.unit,
        description=fee.description,
        file_name=fee.file_name,
        url=fee.url,
    )


def _papers(document: RequiredDocument) -> Iterator[wire.PaperLine]:
    """Give one row per form, and one row without a form when there is none."""
    forms = [(form.name, form.url) for form in document.forms] or [("", "")]
    for form_name, form_url in forms:
        yield wire.PaperLine(
            code=document.code,
            name=document.name,
            originals_count="" if document.originals_count is None else str(document.originals_count),
            copies_count="" if document.copies_count is None else str(document.copies_count),
            form_name=form_name,
            form_url=form_url,
            replacing_result_code=document.replacing_result_code,
        )
