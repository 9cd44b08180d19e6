"""Procedures of the portal's catalogue to the canonical model.

Reading is tolerant of form (numbers as text, missing and null lists, stray apostrophes, key case) and strict about
meaning: a code that no row covers raises Unmapped, and the procedure keeps its last known version. What a record
repeats is merged; what it only words is kept as words. Source: portal wire notes §3.2, §7.4, §7.8, §7.9, §11.4.
"""

from collections.abc import Hashable, Iterable, Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from gateway.errors import Fault, InvalidInput, Unmapped
from gateway.model.dossier import FeeKind
from gateway.model.procedure import (
    DocumentCase,
    ExecutionCase,
    FormTemplate,
    LegalBasis,
    Named,
    Procedure,
    ProcedureChannel,
    ProcedureFee,
    ProcedureRef,
    ProcedureResult,
    RequiredDocument,
    TimeLimit,
    TimeUnit,
)
from mappings.codes.tables import Codes
from mappings.portal import catalogue_wire as wire
from mappings.portal.amounts import read_amount
from mappings.portal.inbound import safe_code
from mappings.portal.scalars import clean_text_of, whole_number_of
from mappings.portal.tables import PortalCodes, folded
from mappings.portal.wire import Scalar

ItemT = TypeVar("ItemT")
HashableT = TypeVar("HashableT", bound=Hashable)
ValueT = TypeVar("ValueT")
Listed = list[ItemT] | UnsetType | None


def read_list(result: Iterable[Any], mark_field: str = "") -> list[ProcedureRef]:
    """Read the list of the catalogue, duplicates as they come.

    `mark_field` is the wire name of the field that changes with the record; empty when the portal's list has none. No
    client reads one, though further fields may exist (portal wire notes §3.1).

    Raises InvalidInput when a line has no code: a list that was read in part would retire procedures that are there.
    """
    refs: list[ProcedureRef] = []
    faults: list[Fault] = []
    for index, raw in enumerate(result):
        try:
            line = msgspec.convert(wire.upper_keys(raw), wire.ListLine)
        except msgspec.ValidationError:
            faults.append(Fault(f"result/{index}", "must be an object with MATTHC and TENTTHC"))
            continue
        code = clean_text_of(line.code)
        if not code:
            faults.append(Fault(f"result/{index}/MATTHC", "must not be empty"))
            continue
        refs.append(ProcedureRef(code=code, name=clean_text_of(line.name), mark=_mark(raw, mark_field)))
    if faults:
        raise InvalidInput("the list of procedures cannot be read in full", faults[:20])
    return refs


def _mark(raw: Any, mark_field: str) -> str:
    # Anything but a plain value marks nothing, so that the record is read every time.
    mark = wire.upper_keys(raw).get(mark_field.upper()) if mark_field else None
    return clean_text_of(mark) if isinstance(mark, str | int | float) and not isinstance(mark, bool) else ""


def read_procedure(raw: Mapping[str, Any], codes: PortalCodes) -> Procedure:
    """Read one full record. Raises InvalidInput when it has another shape, Unmapped for codes without a row."""
    try:
        record = msgspec.convert(wire.upper_keys(raw), wire.ProcedureRecord)
    except msgspec.ValidationError as error:
        # The message of the decoder names place and type, never a value.
        raise InvalidInput("the procedure cannot be read", [Fault("result/0", str(error))]) from error
    reading = _Reading(codes)
    procedure = reading.procedure(record)
    if not procedure.code:
        raise InvalidInput("the procedure cannot be read", [Fault("result/0/MATTHC", "must not be empty")])
    if reading.missing:
        raise Unmapped(tuple(dict.fromkeys(reading.missing)))
    return procedure


class _Reading:
    """One procedure being read; collects codes without a row."""

    def __init__(self, codes: PortalCodes) -> None:
        self.codes = codes
        self.missing: list[tuple[str, str]] = []

    def code(self, table: Codes[ValueT], text: str) -> ValueT | None:
        # An empty code is a row that lacks something, whatever the dossier record means by an empty one.
        known = table.inbound.get(text) if text else None
        if known is None:
            self.missing.append((table.table_id, safe_code(text)))
        return known

    def procedure(self, record: wire.ProcedureRecord) -> Procedure:
        text = clean_text_of
        return Procedure(
            code=text(record.code),
            name=text(record.name),
            portal_id=text(record.portal_id),
            # Every state but the public one means not public, known to us or not (keep_wording table).
            is_public=self.codes.publication_state.inbound.get(text(record.state), False),
            publishing_agency_code=text(record.publishing_agency_code),
            publication_decision_id=text(record.publication_decision_id),
            type_code=text(record.type_code),
            sectors=_named(record.sectors),
            executing_levels=_once(
                level
                for line in _items(record.executing_levels)
                if (level := self.code(self.codes.executing_level, text(line.level))) is not None
            ),
            channels=_once(
                ProcedureChannel(channel=channel, time_limits=_once(map(self.time_limit, _items(line.time_limits))))
                for line in _items(record.channels)
                if (channel := self.code(self.codes.channel, text(line.channel))) is not None
            ),
            applicant_kinds=_named(record.applicant_kinds),
            applicant_description=text(record.applicant_description),
            document_cases=_once(
                DocumentCase(name=text(line.name), documents=_documents(_items(line.papers)))
                for line in _items(record.paper_cases)
            ),
            execution_cases=_once(
                ExecutionCase(name=text(line.name), steps=tuple(text(step.name) for step in _items(line.steps)))
                for line in _items(record.execution_cases)
            ),
            results=_once(
                ProcedureResult(
                    code=text(line.code), name=text(line.name), file_name=text(line.file_name), url=text(line.url)
                )
                for line in _items(record.results)
            ),
            legal_bases=_once(
                LegalBasis(
                    number=text(line.number),
                    title=text(line.title),
                    issued_on=text(line.issued_on),
                    effective_on=text(line.effective_on),
                    issuing_agency=text(line.issuing_agency),
                    url=text(line.url),
                )
                for line in _items(record.legal_bases)
            ),
            executing_agencies=_named(record.executing_agencies),
            competent_agencies=_named(record.competent_agencies),
            delegated_agencies=_named(record.delegated_agencies),
            coordinating_agencies=_named(record.coordinating_agencies),
            related_procedure_codes=_texts(record.related_codes),
            linked_procedure_codes=_texts(record.linked_codes),
            requirements=text(record.requirements),
            description=text(record.description),
            keywords=text(record.keywords),
            reception_address=text(record.reception_address),
            executing_agency_description=text(record.executing_agency_description),
            competent_agency_description=text(record.competent_agency_description),
        )

    def time_limit(self, line: wire.TimeLine) -> TimeLimit:
        wording = clean_text_of(line.unit)
        description = clean_text_of(line.description)
        unit = self.codes.time_unit.inbound.get(folded(wording))
        if unit is None:
            unit = TimeUnit.OTHER
            description = _joined(wording, description)
        amount_text = clean_text_of(line.amount)
        amount = whole_number_of(amount_text)
        if amount is None:
            description = _joined(amount_text, description)
        return TimeLimit(
            amount=amount, unit=unit, description=description, fees=_once(map(self.fee, _items(line.fees)))
        )

    def fee(self, line: wire.FeeLine) -> ProcedureFee:
        kind, amount_vnd, wording = read_amount(line.amount, line.unit)
        return ProcedureFee(
            kind=self.fee_kind(line.kind),
            amount_kind=kind,
            amount_vnd=amount_vnd,
            text=wording,
            unit=clean_text_of(line.unit),
            description=clean_text_of(line.description),
            file_name=clean_text_of(line.file_name),
            url=clean_text_of(line.url),
        )

    def fee_kind(self, value: Scalar) -> FeeKind | None:
        # "1'" is seen where 1 is meant; nothing stated is nothing known, which the model can say.
        text = clean_text_of(value).strip("'’` ")
        return self.code(self.codes.fee_kind, text) if text else None


def _documents(papers: Iterable[wire.PaperLine]) -> tuple[RequiredDocument, ...]:
    """Merge rows of the same code (or, without a code, of the same name): each brings one more form."""
    merged: dict[tuple[str, str], RequiredDocument] = {}
    for paper in papers:
        code, name = clean_text_of(paper.code), clean_text_of(paper.name)
        form_name, form_url = clean_text_of(paper.form_name), clean_text_of(paper.form_url)
        forms = (FormTemplate(name=form_name, url=form_url),) if form_name or form_url else ()
        key = (code, "" if code else name)
        known = merged.get(key)
        if known is None:
            merged[key] = RequiredDocument(
                code=code,
                name=name,
                originals_count=whole_number_of(paper.originals_count),
                copies_count=whole_number_of(paper.copies_count),
                forms=forms,
                replacing_result_code=clean_text_of(paper.replacing_result_code),
            )
            continue
        merged[key] = RequiredDocument(
            code=code,
            name=known.name or name,
            originals_count=_first(known.originals_count, whole_number_of(paper.originals_count)),
            copies_count=_first(known.copies_count, whole_number_of(paper.copies_count)),
            forms=tuple(dict.fromkeys((*known.forms, *forms))),
            replacing_result_code=known.replacing_result_code or clean_text_of(paper.replacing_result_code),
        )
    return tuple(merged.values())


def _named(lines: Listed[wire.SectorLine] | Listed[wire.AgencyLine] | Listed[wire.ApplicantLine]) -> tuple[Named, ...]:
    named = [Named(code=clean_text_of(line.code), name=clean_text_of(line.name)) for line in lines or ()]
    # A line that says nothing is not a sector or an agency.
    return _once(item for item in named if item.code or item.name)


def _items(lines: Listed[ItemT]) -> list[ItemT]:
    return [] if lines is UNSET or lines is None else lines


def _texts(values: Listed[Scalar]) -> tuple[str, ...]:
    return _once(text for value in _items(values) if (text := clean_text_of(value)))


def _once(items: Iterable[HashableT]) -> tuple[HashableT, ...]:
    """Give the items in their order, each once: a line that comes twice says nothing more."""
    return tuple(dict.fromkeys(items))


def _first(known: int | None, other: int | None) -> int | None:
    return other if known is None else known


def _joined(*parts: str) -> str:
    return ": ".join(part for part in parts if part)
