"""The portal's records to canonical facts. Pure; tolerant of types, strict about meaning.

Numbers and numeric text, null and absent keys are all read. A code that no row covers raises Unmapped with every
missing row; a time or amount that is not one raises InvalidInput with every fault. Neither names a value that could
belong to a person.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from operator import attrgetter
from typing import TypeVar

from msgspec import UNSET, UnsetType

from gateway.errors import Fault, InvalidInput, Unmapped
from gateway.model.dossier import (
    Attachment,
    Fee,
    FeeKind,
    FeePurpose,
    FeeStage,
    OtherAttachment,
    ResultDocument,
    Reuse,
    Supplement,
)
from gateway.model.party import Identifier, IdentifierType
from mappings.codes.tables import Codes
from mappings.portal import wire
from mappings.portal.facts import DossierFacts, StepFacts
from mappings.portal.scalars import text_of, whole_number_of
from mappings.portal.tables import PortalCodes
from mappings.portal.times import read_time
from mappings.portal.wire import Scalar

ValueT = TypeVar("ValueT")
FoundT = TypeVar("FoundT")
PartT = TypeVar("PartT")
Listed = list[FoundT] | UnsetType | None
_DOSSIER_FIELDS = wire.FoundDossier.__struct_fields__
_ALL_STATED = frozenset(_DOSSIER_FIELDS)
_all_values = attrgetter(*_DOSSIER_FIELDS)
# Stands in while a record is read that will be refused at the end.
_NO_TIME = datetime(1990, 1, 1, tzinfo=UTC)


def dossier_facts(found: wire.FoundDossier, codes: PortalCodes) -> DossierFacts:
    """Read a dossier record. Raises Unmapped or InvalidInput."""
    reading = _Reading(codes)
    facts = reading.dossier(found)
    reading.finish()
    return facts


def step_facts(found: wire.FoundStep, codes: PortalCodes) -> StepFacts:
    """Read a progress step. Raises Unmapped or InvalidInput."""
    reading = _Reading(codes)
    facts = StepFacts(
        dossier_code=text_of(found.dossier_code),
        officer_name=text_of(found.officer_name),
        officer_title=text_of(found.officer_title),
        department=text_of(found.department),
        content=text_of(found.content),
        status=reading.code(codes.status, found.status),
        occurred_at=reading.time(found.occurred_at, "occurred_at"),
        started_at=reading.time(found.started_at, "started_at"),
        statutory_end_at=reading.time(found.statutory_end_at, "statutory_end_at"),
    )
    reading.finish()
    return facts


class _Reading:
    """One record being read; collects what is wrong until `finish`."""

    __slots__ = ("codes", "faults", "missing")

    def __init__(self, codes: PortalCodes) -> None:
        self.codes = codes
        self.missing: list[tuple[str, str]] = []
        self.faults: list[Fault] = []

    def finish(self) -> None:
        if self.faults:
            raise InvalidInput("the record cannot be read", self.faults)
        if self.missing:
            raise Unmapped(tuple(dict.fromkeys(self.missing)))

    def code(self, table: Codes[ValueT], value: Scalar) -> ValueT | None:
        """Translate a code; nothing stated is None unless the table reads the empty code."""
        if value is UNSET:
            return None
        text = value if value.__class__ is str else text_of(value)
        known = table.inbound.get(text)
        if known is None and text:
            known = table.inbound.get(text.strip())
            if known is None:
                self.missing.append((table.table_id, safe_code(text)))
        return known

    def needed(self, table: Codes[ValueT], value: Scalar, otherwise: ValueT) -> ValueT:
        """Translate a code that the canonical value cannot do without; nothing stated is a missing row."""
        known = self.code(table, value)
        if known is None:
            if not text_of(value):
                self.missing.append((table.table_id, ""))
            return otherwise
        return known

    def time(self, value: Scalar, field: str) -> datetime | None:
        text = value if value.__class__ is str else text_of(value)
        if not text:
            return None
        try:
            return read_time(text)
        except ValueError as error:
            self.faults.append(Fault(field, str(error) if "must" in str(error) else "must be a real time"))
            return None

    def needed_time(self, value: Scalar, field: str) -> datetime:
        instant = self.time(value, field)
        if instant is None:
            if not text_of(value):
                self.faults.append(Fault(field, "must be stated"))
            return _NO_TIME
        return instant

    def number(self, value: Scalar, field: str) -> int:
        number = whole_number_of(value)
        if number is None:
            self.faults.append(Fault(field, "must be a whole number"))
            return 0
        return number

    def dossier(self, found: wire.FoundDossier) -> DossierFacts:
        codes, code, time, text = self.codes, self.code, self.time, _text_or_none
        return DossierFacts(
            stated=_stated(found),
            dossier_code=text(found.dossier_code),
            procedure_code=text(found.procedure_code),
            procedure_name=text(found.procedure_name),
            sector_code=text(found.sector_code),
            sector_name=text(found.sector_name),
            acceptance_receipt_number=text(found.receipt_number),
            channel=code(codes.channel, found.channel),
            status=code(codes.status, found.status),
            submission_place=code(codes.submission_place, found.submission_place),
            result_delivery=code(codes.result_delivery, found.result_delivery),
            online_payment=code(codes.online_payment, found.online_payment),
            applicant_name=text(found.owner_name),
            applicant_kind=code(codes.owner_kind, found.owner_kind),
            applicant_technical_id=text(found.owner_technical_id),
            applicant_paper_number=text(found.owner_paper_number),
            applicant_identifiers=self.identifiers(found.identifiers),
            applicant_is_verified=code(codes.mark, found.is_verified),
            applicant_email=text(found.email),
            applicant_fax=text(found.fax),
            applicant_phone=text(found.phone),
            applicant_other_information=text(found.other_information),
            handling_agency_name=text(found.handling_unit_name),
            summary=text(found.summary),
            note=text(found.note),
            return_information=text(found.return_information),
            submitted_at=time(found.submitted_at, "submitted_at"),
            received_at=time(found.received_at, "received_at"),
            due_at=time(found.due_at, "due_at"),
            refused_at=time(found.refused_at, "refused_at"),
            finished_at=time(found.finished_at, "finished_at"),
            returned_at=time(found.returned_at, "returned_at"),
            has_digitised_attachments=code(codes.mark, found.has_digitised),
            attachments=self.attachments(found.documents),
            other_attachments=self.other_attachments(found.other_attachments),
            fees=self.fees(found.fees),
            supplements=self.supplements(found.supplements),
            results=self.results(found.results),
            consulted_databases=_tuple(found.databases, lambda database: text_of(database.code)),
        )

    def identifiers(self, found: Listed[wire.FoundIdentifier]) -> tuple[Identifier, ...] | None:
        def one(identifier: wire.FoundIdentifier) -> Identifier:
            kind = self.needed(self.codes.identifier_type, identifier.kind, IdentifierType.OTHER)
            return Identifier(type=kind, number=text_of(identifier.number))

        return _tuple(found, one)

    def attachments(self, found: Listed[wire.FoundDocument]) -> tuple[Attachment, ...] | None:
        codes, code = self.codes, self.code

        def one(document: wire.FoundDocument) -> Attachment:
            return Attachment(
                attachment_id=text_of(document.attachment_id),
                name=text_of(document.file_name),
                component_code=text_of(document.component_code) or None,
                url=text_of(document.url),
                is_deleted=code(codes.truth, document.is_deleted) or False,
                is_digitised=code(codes.mark, document.is_digitised) or False,
                reuse=code(codes.reuse, document.reuse) or Reuse.NONE,
                is_from_national_store=code(codes.mark, document.is_from_national_store) or False,
                replacing_result_code=text_of(document.replacing_result_code) or None,
            )

        return _tuple(found, one)

    def other_attachments(self, found: Listed[wire.FoundOtherAttachment]) -> tuple[OtherAttachment, ...] | None:
        def one(other: wire.FoundOtherAttachment) -> OtherAttachment:
            return OtherAttachment(
                name=text_of(other.name),
                copies_count=self.number(other.copies_count, "other_attachments/copies_count"),
                kind=self.number(other.kind, "other_attachments/kind"),
            )

        return _tuple(found, one)

    def fees(self, found: Listed[wire.FoundFee]) -> tuple[Fee, ...] | None:
        codes = self.codes

        def one(fee: wire.FoundFee) -> Fee:
            return Fee(
                name=text_of(fee.name),
                kind=self.needed(codes.fee_kind, fee.kind, FeeKind.CHARGE),
                amount_vnd=self.number(fee.amount, "fees/amount_vnd"),
                stage=self.needed(codes.fee_stage, fee.stage, FeeStage.RECEPTION),
                purpose=self.needed(codes.fee_purpose, fee.purpose, FeePurpose.NORMAL),
            )

        return _tuple(found, one)

    def supplements(self, found: Listed[wire.FoundSupplement]) -> tuple[Supplement, ...] | None:
        def one(supplement: wire.FoundSupplement) -> Supplement:
            # The state repeats what the reception time says; it is read to find codes that no row covers.
            self.code(self.codes.supplement_state, supplement.state)
            return Supplement(
                supplement_number=self.number(supplement.supplement_id, "supplements/supplement_number"),
                requested_by=text_of(supplement.requested_by),
                content=text_of(supplement.content),
                requested_at=self.needed_time(supplement.requested_at, "supplements/requested_at"),
                received_by=text_of(supplement.received_by),
                reception_note=text_of(supplement.reception_note),
                received_at=self.time(supplement.received_at, "supplements/received_at"),
                attachments=self.attachments(supplement.documents) or (),
                fees=self.fees(supplement.fees) or (),
                previous_due_at=self.needed_time(supplement.previous_due_at, "supplements/previous_due_at"),
                new_due_at=self.time(supplement.new_due_at, "supplements/new_due_at"),
            )

        return _tuple(found, one)

    def results(self, found: Listed[wire.FoundResult]) -> tuple[ResultDocument, ...] | None:
        def one(result: wire.FoundResult) -> ResultDocument:
            return ResultDocument(
                name=text_of(result.name),
                result_id=text_of(result.result_id),
                component_code=text_of(result.component_code) or None,
                result_code=text_of(result.result_code) or None,
                url=text_of(result.url),
            )

        return _tuple(found, one)


def safe_code(text: str) -> str:
    """Give a foreign code for an operator's list: eight characters at most, so never a name or number of a person."""
    return text if len(text) <= 8 and text.isprintable() else "(not a code)"


def _text_or_none(value: Scalar) -> str | None:
    if value.__class__ is str:
        return value
    return None if value is UNSET else text_of(value)


def _tuple(found: Listed[FoundT], one: Callable[[FoundT], PartT]) -> tuple[PartT, ...] | None:
    if found is UNSET:
        return None
    return tuple([one(item) for item in found]) if found else ()


def _stated(found: wire.FoundDossier) -> frozenset[str]:
    values = _all_values(found)
    if UNSET not in values:
        return _ALL_STATED
    return frozenset(name for name, value in zip(_DOSSIER_FIELDS, values, strict=True) if value is not UNSET)
