"""What a portal's record says of a dossier or a step, in canonical words.

A fact that the record does not state is None, and `stated` names the wire's share: an empty date that was stated and
a date that was not mentioned are different things to a comparison.
"""

from dataclasses import dataclass, field
from datetime import datetime

from gateway.model.dossier import (
    Attachment,
    Channel,
    Fee,
    OnlinePayment,
    OtherAttachment,
    ResultDelivery,
    ResultDocument,
    SubmissionPlace,
    Supplement,
)
from gateway.model.party import Identifier, PartyKind
from gateway.model.status import DossierStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierFacts:
    """The facts of one dossier record. Holds personal data."""

    stated: frozenset[str] = field(default_factory=frozenset)
    """Attribute names of the record's fields that were present."""
    dossier_code: str | None = None
    procedure_code: str | None = None
    procedure_name: str | None = None
    sector_code: str | None = None
    sector_name: str | None = None
    acceptance_receipt_number: str | None = None
    channel: Channel | None = None
    status: DossierStatus | None = None
    submission_place: SubmissionPlace | None = None
    result_delivery: ResultDelivery | None = None
    online_payment: OnlinePayment | None = None
    applicant_name: str | None = None
    applicant_kind: PartyKind | None = None
    applicant_technical_id: str | None = None
    applicant_paper_number: str | None = None
    applicant_identifiers: tuple[Identifier, ...] | None = None
    applicant_is_verified: bool | None = None
    applicant_email: str | None = None
    applicant_fax: str | None = None
    applicant_phone: str | None = None
    applicant_other_information: str | None = None
    handling_agency_name: str | None = None
    summary: str | None = None
    note: str | None = None
    return_information: str | None = None
    submitted_at: datetime | None = None
    received_at: datetime | None = None
    due_at: datetime | None = None
    refused_at: datetime | None = None
    finished_at: datetime | None = None
    returned_at: datetime | None = None
    has_digitised_attachments: bool | None = None
    attachments: tuple[Attachment, ...] | None = None
    other_attachments: tuple[OtherAttachment, ...] | None = None
    fees: tuple[Fee, ...] | None = None
    supplements: tuple[Supplement, ...] | None = None
    results: tuple[ResultDocument, ...] | None = None
    consulted_databases: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFacts:
    """The facts of one progress step. Holds personal data."""

    dossier_code: str
    officer_name: str
    officer_title: str
    department: str
    content: str
    status: DossierStatus | None
    occurred_at: datetime | None
    started_at: datetime | None
    statutory_end_at: datetime | None
