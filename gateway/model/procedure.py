"""The canonical procedure (thủ tục hành chính): what may be asked for, where, how long it takes and what it costs.

The national portal owns the catalogue; the gateway keeps every version that it saw. A version is named by the hash of
its content, so that the same content read twice is the same version.
"""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from hashlib import sha256

import msgspec

from gateway.model.dossier import Channel, FeeKind


class ServiceLevel(StrEnum):
    """How much of the procedure can be done online (mức độ dịch vụ công)."""

    INFORMATION = "information"
    PARTIAL = "partial"
    FULL = "full"


class ExecutingLevel(StrEnum):
    """Which administrative level carries the procedure out; `district` exists in data of before 2025-07-01 only."""

    MINISTRY = "ministry"
    PROVINCE = "province"
    DISTRICT = "district"
    COMMUNE = "commune"


class TimeUnit(StrEnum):
    """Unit of a time limit; `other` keeps the wording in the description."""

    WORKING_DAY = "working_day"
    DAY = "day"
    HOUR = "hour"
    MONTH = "month"
    OTHER = "other"


class AmountKind(StrEnum):
    """What the catalogue's free-text amount says: a sum, explicitly nothing, or something only a person can read."""

    FIXED = "fixed"
    NONE = "none"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A coded thing with its name (sector, agency, kind of applicant)."""

    code: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureFee:
    """One fee line; `amount_vnd` is set only when `amount_kind` is fixed, `text` keeps the original wording."""

    kind: FeeKind | None
    amount_kind: AmountKind
    amount_vnd: int | None = None
    text: str = ""
    unit: str = ""
    description: str = ""
    file_name: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLimit:
    """One time limit of a channel with the fees that go with it. `amount` None means that none is stated."""

    amount: int | None
    unit: TimeUnit
    description: str = ""
    fees: tuple[ProcedureFee, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureChannel:
    """A way to hand the dossier in."""

    channel: Channel
    time_limits: tuple[TimeLimit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FormTemplate:
    """A form to fill in, by name and download address."""

    name: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredDocument:
    """A paper that the applicant must hand in (thành phần hồ sơ), forms of repeated catalogue rows merged."""

    code: str
    name: str
    originals_count: int | None = None
    copies_count: int | None = None
    forms: tuple[FormTemplate, ...] = ()
    replacing_result_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentCase:
    """The papers for one case (trường hợp) of the procedure; an empty name is the general case."""

    name: str
    documents: tuple[RequiredDocument, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionCase:
    """The steps for one case of the procedure."""

    name: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureResult:
    """What the applicant receives."""

    code: str
    name: str
    file_name: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalBasis:
    """A legal document behind the procedure; dates as published (their wire format is not documented)."""

    number: str
    title: str
    issued_on: str = ""
    effective_on: str = ""
    issuing_agency: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """One version of one procedure. No personal data."""

    code: str
    name: str
    portal_id: str = ""
    is_public: bool
    publishing_agency_code: str = ""
    publication_decision_id: str = ""
    type_code: str = ""
    service_level: ServiceLevel | None = None
    sectors: tuple[Named, ...] = ()
    executing_levels: tuple[ExecutingLevel, ...] = ()
    channels: tuple[ProcedureChannel, ...] = ()
    applicant_kinds: tuple[Named, ...] = ()
    applicant_description: str = ""
    document_cases: tuple[DocumentCase, ...] = ()
    execution_cases: tuple[ExecutionCase, ...] = ()
    results: tuple[ProcedureResult, ...] = ()
    legal_bases: tuple[LegalBasis, ...] = ()
    executing_agencies: tuple[Named, ...] = ()
    competent_agencies: tuple[Named, ...] = ()
    delegated_agencies: tuple[Named, ...] = ()
    coordinating_agencies: tuple[Named, ...] = ()
    related_procedure_codes: tuple[str, ...] = ()
    linked_procedure_codes: tuple[str, ...] = ()
    requirements: str = ""
    description: str = ""
    keywords: str = ""
    reception_address: str = ""
    executing_agency_description: str = ""
    competent_agency_description: str = ""

    def content_hash(self) -> str:
        """Name this version: SHA-256 (hex, 64 digits) of the canonical JSON of all fields."""
        return sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureRef:
    """A line of the catalogue's list. `mark` is the list's own word for the record's last change (an instant or a
    number, compared as text); empty when the list has none."""

    code: str
    name: str
    mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureVersion:
    """A procedure as known from `seen_on` (Vietnamese date) on; `retired_on` is when it left the catalogue."""

    procedure: Procedure
    content_hash: str
    version_number: int
    seen_on: date
    retired_on: date | None = field(default=None)
