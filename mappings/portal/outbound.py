"""Canonical dossier and progress step to the portal's records. Pure and quick: one pass, plain dictionaries.

What decides is written where it is applied; the sources are portal wire notes §5 (fields), §5.4 (rules that tie
fields together), §6.1 (steps), §7 (codes) and §11.4 (what real clients got wrong: no dummy numbers, no invented
marks, no synthetic steps, no status but the true one).

Not carried, because the record has no place for it: receiving agency, agency codes, the province's own status code,
submitter and delegate, the owner's address, digests and sizes of files, and the list of extensions (the newest
promised date travels as NgayHenTra).
"""

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import TypeVar

from msgspec import UNSET, UnsetType

from gateway.errors import ConfigurationError, Fault
from gateway.model.dossier import Attachment, Channel, Dossier, Fee, ProgressStep, Reuse, Supplement
from gateway.model.party import IdentifierType
from gateway.model.procedure import Procedure
from mappings.codes.tables import Codes
from mappings.portal import wire
from mappings.portal.limits import Limits, Problem, empty_fields
from mappings.portal.rules import EmptyReceipt, ReceptionFallback, SupplementId, TechnicalId, WireRules
from mappings.portal.tables import PortalCodes, PortalTables
from mappings.portal.times import wire_time

ValueT = TypeVar("ValueT", bound=Hashable)

PAPER_ORDER = (
    IdentifierType.PERSONAL_ID,
    IdentifierType.OLD_ID_CARD,
    IdentifierType.PASSPORT,
    IdentifierType.TAX_CODE,
    IdentifierType.OTHER,
)
"""Which of the owner's numbers is *the* paper number (SoGiayToChuHoSo) when there are several."""

NOT_CARRIED = {
    "sign_in_evidence_id": "proves the applicant's marks, and stays in the province",
    "local_code": "goes with the status of a nationally filed dossier, not with the record",
    "receiving_agency": "the record names only the processing unit",
    "source_status": "the portal knows its own ten statuses",
    "submitter": "the record knows the owner only",
    "delegate": "the record knows the owner only",
    "extensions": "the record has no list of them; the newest promised date travels as due_at",
}
"""Canonical fields of the dossier that no field of the record can hold, with the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Why an item is not written: missing rows (table, code) and field rules. Codes and field names only."""

    missing: tuple[tuple[str, str], ...] = ()
    problems: tuple[Problem, ...] = ()


class Writer:
    """Writes records under fixed rules. Raises ConfigurationError when rules and tables do not fit together."""

    def __init__(self, tables: PortalTables, rules: WireRules) -> None:
        faults = rules.faults()
        faults += [
            Fault(f"tables.{table_id}", f"writes codes longer than {rules.max_code_length} characters")
            for table_id in _NARROW_TABLES
            if tables.longest_code(table_id) > rules.max_code_length
        ]
        if faults:
            raise ConfigurationError(faults)
        attribute_of = {wire_name: attribute for attribute, wire_name in wire.DOSSIER_NAMES.items()}
        self._non_empty = tuple(attribute_of[name] for name in rules.non_empty)
        # attrgetter gives a tuple for two names and more; one of a pair of the first does no harm.
        names = self._non_empty or ("dossier_code",)
        self._required = attrgetter(*names, names[0])
        self._limits = Limits(wire.DossierRecord, rules, dict(wire.DOSSIER_CANONICAL))
        self._step_limits = Limits(wire.StepRecord, rules, {})
        self._document_limits = Limits(wire.DocumentRecord, rules, {"file_name": "name"})
        self._fee_limits = Limits(wire.FeeRecord, rules, {})
        self._other_limits = Limits(wire.OtherAttachmentRecord, rules, {})
        self._supplement_limits = Limits(wire.SupplementRecord, rules, {})
        self._result_limits = Limits(wire.ResultRecord, rules, {})
        self._falls_back = rules.reception_fallback is ReceptionFallback.SUBMITTED_AT
        self._always_technical_id = rules.technical_id is TechnicalId.ALWAYS
        self._empty_receipt: str | UnsetType = UNSET if rules.empty_receipt is EmptyReceipt.OMIT else ""
        self._numbers_supplements = rules.supplement_id is SupplementId.NUMBER

    def dossier(
        self, dossier_code: str, dossier: Dossier, procedure: Procedure | None, codes: PortalCodes
    ) -> wire.DossierRecord | Held:
        """Write a dossier as a whole, checked, or tell why it must not be sent. Never raises for its content."""
        if procedure is None:
            return Held(
                missing=(("procedure", dossier.procedure_code), *_missing(dossier, codes)),
                problems=tuple(_reuse_problems(dossier)),
            )
        if not procedure.sectors:
            return Held(
                missing=(("procedure.sector", procedure.code), *_missing(dossier, codes)),
                problems=tuple(_reuse_problems(dossier)),
            )
        try:
            record = self._dossier(dossier_code, dossier, procedure, codes)
        except KeyError:
            return Held(missing=tuple(_missing(dossier, codes)), problems=tuple(_reuse_problems(dossier)))
        problems: list[Problem] = []
        record = self._limits.fit(record, "", problems)
        self._document_limits.fit_all(record.documents, "attachments", problems)
        self._fee_limits.fit_all(record.fees, "fees", problems)
        self._other_limits.fit_all(record.other_attachments, "other_attachments", problems)
        self._result_limits.fit_all(record.results, "results", problems)
        if record.supplements:
            self._fit_supplements(record.supplements, problems)
        problems += _reuse_problems(dossier)
        if not all(self._required(record)):
            problems += [
                (wire.DOSSIER_CANONICAL[attribute], "required by the portal")
                for attribute in empty_fields(record, self._non_empty)
            ]
        return Held(problems=tuple(problems)) if problems else record

    def step(self, dossier_code: str, step: ProgressStep, codes: PortalCodes) -> wire.StepRecord | Held:
        """Write one progress step. Texts that are not there are empty, never null: a null content refuses the step."""
        status = codes.status.outbound.get(step.status)
        if status is None:
            return Held(missing=((codes.status.table_id, step.status),))
        problems: list[Problem] = []
        record = self._step_limits.fit(
            wire.StepRecord(
                dossier_code=dossier_code,
                officer_name=step.officer_name,
                officer_title=step.officer_title,
                occurred_at=wire_time(step.occurred_at),
                department=step.department,
                content=step.content,
                status=status,
                started_at=wire_time(step.started_at),
                statutory_end_at=wire_time(step.statutory_end_at),
            ),
            "",
            problems,
        )
        return Held(problems=tuple(problems)) if problems else record

    def _dossier(
        self, dossier_code: str, dossier: Dossier, procedure: Procedure, codes: PortalCodes
    ) -> wire.DossierRecord:
        owner = dossier.applicant
        sector = procedure.sectors[0]
        documents = [_document(attachment, codes) for attachment in dossier.attachments]
        mark = codes.mark.outbound
        received_at = dossier.received_at
        if received_at is None and self._falls_back:
            received_at = dossier.submitted_at
        # The technical id stands for the account that handed the dossier in online; for other channels it is not sent.
        with_technical_id = self._always_technical_id or dossier.channel is Channel.ONLINE
        kinds = codes.identifier_type.outbound
        return wire.DossierRecord(
            dossier_code=dossier_code,
            procedure_code=procedure.code,
            procedure_name=procedure.name,
            sector_code=sector.code,
            sector_name=sector.name,
            receipt_number=dossier.acceptance_receipt_number or self._empty_receipt,
            channel=codes.channel.outbound[dossier.channel],
            owner_name=owner.name,
            owner_paper_number=_paper_number(dossier) if owner.identifiers else "",
            owner_kind=codes.owner_kind.outbound[owner.kind],
            owner_technical_id=owner.technical_id if with_technical_id else "",
            other_information=owner.other_information,
            email=owner.email,
            fax=owner.fax,
            phone=owner.phone,
            summary=dossier.summary,
            submitted_at=wire_time(dossier.submitted_at),
            received_at=wire_time(received_at),
            due_at=wire_time(dossier.due_at),
            status=codes.status.outbound[dossier.status],
            returned_at=wire_time(dossier.returned_at),
            return_information=dossier.return_information,
            result_delivery=codes.result_delivery.outbound[dossier.result_delivery],
            finished_at=wire_time(dossier.finished_at),
            handling_unit_name=dossier.handling_agency.name,
            note=dossier.note,
            submission_place=codes.submission_place.outbound[dossier.submission_place],
            # Derived, never stated: one digitised document makes the dossier one with digitised components.
            has_digitised=mark[any(attachment.is_digitised for attachment in dossier.attachments)],
            is_verified=mark[owner.is_verified_by_national_identity],
            online_payment=codes.online_payment.outbound[dossier.online_payment],
            refused_at=wire_time(dossier.refused_at),
            identifiers=[
                wire.IdentifierRecord(kind=kinds[identifier.type], number=identifier.number)
                for identifier in owner.identifiers
            ],
            databases=[wire.DatabaseRecord(code=code) for code in dossier.consulted_databases],
            documents=documents,
            fees=[_fee(fee, codes) for fee in dossier.fees],
            other_attachments=[
                wire.OtherAttachmentRecord(name=other.name, copies_count=other.copies_count, kind=other.kind)
                for other in dossier.other_attachments
            ],
            supplements=[self._supplement(supplement, codes) for supplement in dossier.supplements],
            results=[
                wire.ResultRecord(
                    name=result.name,
                    component_code=result.component_code or "",
                    result_id=result.result_id,
                    url=result.url,
                    result_code=result.result_code or "",
                )
                for result in dossier.results
            ],
        )

    def _supplement(self, supplement: Supplement, codes: PortalCodes) -> wire.SupplementRecord:
        number = supplement.supplement_number
        return wire.SupplementRecord(
            supplement_id=number if self._numbers_supplements else str(number),
            requested_by=supplement.requested_by,
            content=supplement.content,
            requested_at=wire_time(supplement.requested_at),
            received_by=supplement.received_by,
            reception_note=supplement.reception_note,
            received_at=wire_time(supplement.received_at),
            state=codes.supplement_state.outbound[supplement.is_supplied],
            documents=[_document(attachment, codes) for attachment in supplement.attachments],
            fees=[_fee(fee, codes) for fee in supplement.fees],
            previous_due_at=wire_time(supplement.previous_due_at),
            new_due_at=wire_time(supplement.new_due_at),
        )

    def _fit_supplements(self, supplements: list[wire.SupplementRecord], problems: list[Problem]) -> None:
        for index, supplement in enumerate(supplements):
            path = f"supplements/{index}/"
            supplements[index] = self._supplement_limits.fit(supplement, path, problems)
            self._document_limits.fit_all(supplement.documents, f"{path}attachments", problems)
            self._fee_limits.fit_all(supplement.fees, f"{path}fees", problems)


_NARROW_TABLES = (
    "status", "owner_kind", "result_delivery", "channel", "submission_place", "online_payment", "fee_stage",
    "fee_kind", "fee_purpose", "identifier_type", "reuse", "mark", "supplement_state",
)  # fmt: skip


def _document(attachment: Attachment, codes: PortalCodes) -> wire.DocumentRecord:
    mark = codes.mark.outbound
    return wire.DocumentRecord(
        attachment_id=attachment.attachment_id,
        file_name=attachment.name,
        is_deleted=codes.truth.outbound[attachment.is_deleted],
        component_code=attachment.component_code or "",
        url=attachment.url,
        is_digitised=mark[attachment.is_digitised],
        reuse=codes.reuse.outbound[attachment.reuse],
        is_from_national_store=mark[attachment.is_from_national_store],
        replacing_result_code=attachment.replacing_result_code or "",
    )


def _fee(fee: Fee, codes: PortalCodes) -> wire.FeeRecord:
    return wire.FeeRecord(
        name=fee.name,
        kind=codes.fee_kind.outbound[fee.kind],
        stage=codes.fee_stage.outbound[fee.stage],
        amount=str(fee.amount_vnd),
        purpose=codes.fee_purpose.outbound[fee.purpose],
    )


def _paper_number(dossier: Dossier) -> str:
    identifiers = dossier.applicant.identifiers
    if len(identifiers) == 1:
        return identifiers[0].number
    return min(identifiers, key=lambda identifier: PAPER_ORDER.index(identifier.type)).number


def _reuse_problems(dossier: Dossier) -> list[Problem]:
    # Portal wire notes §5.4: re-use "2" goes with the code of the result that replaces the paper.
    def of(attachments: tuple[Attachment, ...], path: str) -> Iterator[Problem]:
        for index, attachment in enumerate(attachments):
            if attachment.reuse is Reuse.RESULT and not attachment.replacing_result_code:
                yield f"{path}attachments/{index}/replacing_result_code", "required when reuse is result"

    problems = list(of(dossier.attachments, ""))
    for index, supplement in enumerate(dossier.supplements):
        problems += of(supplement.attachments, f"supplements/{index}/")
    return problems


def _missing(dossier: Dossier, codes: PortalCodes) -> list[tuple[str, str]]:
    """List every row that the dossier needs and the tables lack, each once."""
    supplements = dossier.supplements
    attachments = [*dossier.attachments, *(a for supplement in supplements for a in supplement.attachments)]
    fees = [*dossier.fees, *(fee for supplement in supplements for fee in supplement.fees)]
    marks = [dossier.applicant.is_verified_by_national_identity, any(a.is_digitised for a in dossier.attachments)]
    marks += [mark for a in attachments for mark in (a.is_digitised, a.is_from_national_store)]
    rows = [
        *_lacking(codes.channel, [dossier.channel]),
        *_lacking(codes.owner_kind, [dossier.applicant.kind]),
        *_lacking(codes.status, [dossier.status]),
        *_lacking(codes.result_delivery, [dossier.result_delivery]),
        *_lacking(codes.submission_place, [dossier.submission_place]),
        *_lacking(codes.online_payment, [dossier.online_payment]),
        *_lacking(codes.identifier_type, [identifier.type for identifier in dossier.applicant.identifiers]),
        *_lacking(codes.mark, marks),
        *_lacking(codes.truth, [a.is_deleted for a in attachments]),
        *_lacking(codes.reuse, [a.reuse for a in attachments]),
        *_lacking(codes.fee_kind, [fee.kind for fee in fees]),
        *_lacking(codes.fee_stage, [fee.stage for fee in fees]),
        *_lacking(codes.fee_purpose, [fee.purpose for fee in fees]),
        *_lacking(codes.supplement_state, [supplement.is_supplied for supplement in supplements]),
    ]
    return list(dict.fromkeys(rows))


def _lacking(table: Codes[ValueT], values: Iterable[ValueT]) -> Iterator[tuple[str, str]]:
    for value in values:
        if value not in table.outbound:
            yield table.table_id, ("yes" if value else "no") if isinstance(value, bool) else str(value)
