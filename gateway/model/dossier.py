"""The canonical dossier (hồ sơ) and its progress steps, as the provincial system states them.

These frozen classes are at once the inside model and the border model: pydantic validates JSON straight into them
(unknown fields refused), msgspec writes them back. All instants are aware UTC, money is whole đồng. The document as
a whole is sealed at rest; only codes, status, instants, channel, amounts and agencies have plain columns.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from gateway.model.party import CLOSED, Party
from gateway.model.status import DossierStatus
from gateway.model.vocabulary import (
    AgencyCode,
    AmountVnd,
    Code,
    Count,
    DossierCode,
    FileName,
    Instant,
    LongText,
    Name,
    ProcedureCode,
    Sha256Hex,
    ShortText,
    WebAddress,
)


class Channel(StrEnum):
    """How the dossier was handed in (kênh thực hiện)."""

    IN_PERSON = "in_person"
    ONLINE = "online"
    POSTAL = "postal"


class SubmissionPlace(StrEnum):
    """Which system took the dossier in (nơi nộp hồ sơ)."""

    NATIONAL_PORTAL = "national_portal"
    PROVINCIAL_SYSTEM = "provincial_system"


class ResultDelivery(StrEnum):
    """How the result reaches the applicant (hình thức trả kết quả)."""

    DIRECT = "direct"
    POSTAL = "postal"


class OnlinePayment(StrEnum):
    """Whether and where fees were paid online (được thanh toán trực tuyến)."""

    NONE = "none"
    NATIONAL_PLATFORM = "national_platform"
    PROVINCIAL_GATEWAY = "provincial_gateway"


class FeeKind(StrEnum):
    """Phí (charge for a service) or lệ phí (levy)."""

    CHARGE = "charge"
    LEVY = "levy"


class FeeStage(StrEnum):
    """When a fee is collected (hình thức thu)."""

    RECEPTION = "reception"
    SUPPLEMENT = "supplement"
    RETURN = "return"


class FeePurpose(StrEnum):
    """What a fee is for (loại phí, lệ phí)."""

    NORMAL = "normal"
    APPRAISAL = "appraisal"
    EXTENSION = "extension"


class Reuse(StrEnum):
    """Whether a paper was handed in again or taken from an earlier result (được tái sử dụng)."""

    NONE = "none"
    PAPER = "paper"
    RESULT = "result"


class Origin(StrEnum):
    """Which side created the dossier; set by the gateway, never by a caller."""

    PROVINCE = "province"
    NATIONAL_PORTAL = "national_portal"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyRef:
    """An agency by code, with the name that it had when the dossier said so."""

    __pydantic_config__ = CLOSED

    code: AgencyCode
    name: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A submitted document, by reference: the file itself stays with the province."""

    __pydantic_config__ = CLOSED

    attachment_id: Annotated[str, Field(max_length=100)] = ""
    name: FileName
    component_code: Code | None = None
    """Code of the required document that this file answers (mã thành phần hồ sơ)."""
    url: WebAddress
    sha256: Sha256Hex | None = None
    size_bytes: Annotated[int, Field(ge=0, le=10**12, strict=True)] | None = None
    is_deleted: bool = False
    is_digitised: bool = False
    reuse: Reuse = Reuse.NONE
    is_from_national_store: bool = False
    replacing_result_code: Code | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherAttachment:
    """A paper outside the procedure's list: name, number of copies, foreign kind number (values not published)."""

    __pydantic_config__ = CLOSED

    name: FileName
    copies_count: Count = 1
    kind: Annotated[int, Field(ge=0, le=99, strict=True)] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """One charge or levy that the dossier owes."""

    __pydantic_config__ = CLOSED

    name: Name
    kind: FeeKind
    amount_vnd: AmountVnd
    stage: FeeStage = FeeStage.RECEPTION
    purpose: FeePurpose = FeePurpose.NORMAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplement:
    """A request for more papers and, once they came, their reception (yêu cầu bổ sung)."""

    __pydantic_config__ = CLOSED

    supplement_number: Annotated[int, Field(ge=1, le=10**9, strict=True)]
    requested_by: Name
    content: LongText
    requested_at: Instant
    received_by: ShortText = ""
    reception_note: LongText = ""
    received_at: Instant | None = None
    attachments: Annotated[tuple[Attachment, ...], Field(max_length=200)] = ()
    fees: Annotated[tuple[Fee, ...], Field(max_length=50)] = ()
    previous_due_at: Instant
    new_due_at: Instant | None = None

    @property
    def is_supplied(self) -> bool:
        return self.received_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """A new promised date with its reason (gia hạn, hẹn lại)."""

    __pydantic_config__ = CLOSED

    reason: LongText
    decided_at: Instant
    previous_due_at: Instant
    new_due_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultDocument:
    """A result paper, by reference (văn bản kết quả)."""

    __pydantic_config__ = CLOSED

    name: Annotated[FileName, Field(max_length=2000)]
    result_id: Annotated[str, Field(max_length=100)] = ""
    component_code: Code | None = None
    result_code: Code | None = None
    url: WebAddress
    sha256: Sha256Hex | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """A dossier as one whole: replacing it replaces every field. Its code is the key beside it, not inside."""

    __pydantic_config__ = CLOSED

    procedure_code: ProcedureCode
    local_code: DossierCode | None = None
    """The province's own code of a dossier that was filed under a national one; told to the portal with each answer."""
    receiving_agency: AgencyRef
    handling_agency: AgencyRef
    status: DossierStatus
    source_status: Annotated[str, Field(max_length=50)] = ""
    """The provincial system's own status code, kept beside the canonical one."""
    channel: Channel
    submission_place: SubmissionPlace = SubmissionPlace.PROVINCIAL_SYSTEM
    result_delivery: ResultDelivery = ResultDelivery.DIRECT
    acceptance_receipt_number: Annotated[str, Field(max_length=50)] = ""
    applicant: Party
    sign_in_evidence_id: UUID | None = None
    """The sign-in by which it was filed, as its assertion names it. What it proves is then derived and not stated."""
    submitter: Party | None = None
    delegate: Party | None = None
    summary: Annotated[LongText, Field(min_length=1)]
    note: LongText = ""
    return_information: LongText = ""
    submitted_at: Instant
    received_at: Instant | None = None
    due_at: Instant | None = None
    refused_at: Instant | None = None
    finished_at: Instant | None = None
    returned_at: Instant | None = None
    online_payment: OnlinePayment = OnlinePayment.NONE
    attachments: Annotated[tuple[Attachment, ...], Field(max_length=200)] = ()
    other_attachments: Annotated[tuple[OtherAttachment, ...], Field(max_length=200)] = ()
    fees: Annotated[tuple[Fee, ...], Field(max_length=50)] = ()
    supplements: Annotated[tuple[Supplement, ...], Field(max_length=50)] = ()
    extensions: Annotated[tuple[Extension, ...], Field(max_length=50)] = ()
    results: Annotated[tuple[ResultDocument, ...], Field(max_length=100)] = ()
    consulted_databases: Annotated[tuple[Code, ...], Field(max_length=50)] = ()

    @property
    def fees_total_vnd(self) -> int:
        return sum(fee.amount_vnd for fee in self.fees)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressStep:
    """One step of the processing of a dossier, at the instant when it happened (bước xử lý)."""

    __pydantic_config__ = CLOSED

    officer_name: Annotated[Name, Field(max_length=200)]
    officer_title: ShortText = ""
    department: ShortText = ""
    content: LongText = ""
    status: DossierStatus
    occurred_at: Instant
    started_at: Instant | None = None
    statutory_end_at: Instant | None = None
