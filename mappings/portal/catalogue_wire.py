"""What the portal's procedure catalogue looks like (LayThuTuc, LayDanhSachTTHC; portal wire notes §3.1 and §3.2).

Keys are upper case on the wire; a record is read after its keys were made so, because the case of some keys varies
(`URL`, `Url`). Values are numbers or numeric text, lists may be missing or null.
"""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from mappings.portal.wire import Scalar


class FeeLine(msgspec.Struct, frozen=True, kw_only=True):
    """A fee of a time limit (PHILEPHI)."""

    kind: Scalar = msgspec.field(name="MAPHILEPHI", default=UNSET)
    amount: Scalar = msgspec.field(name="SOTIEN", default=UNSET)
    unit: Scalar = msgspec.field(name="DONVI", default=UNSET)
    description: Scalar = msgspec.field(name="MOTA", default=UNSET)
    file_name: Scalar = msgspec.field(name="TENTEP", default=UNSET)
    url: Scalar = msgspec.field(name="URL", default=UNSET)


class TimeLine(msgspec.Struct, frozen=True, kw_only=True):
    """A time limit of a channel (THOIGIAN)."""

    amount: Scalar = msgspec.field(name="THOIGIANGIAIQUYET", default=UNSET)
    unit: Scalar = msgspec.field(name="DONVITINH", default=UNSET)
    description: Scalar = msgspec.field(name="MOTA", default=UNSET)
    fees: list[FeeLine] | UnsetType | None = msgspec.field(name="PHILEPHI", default=UNSET)


class ChannelLine(msgspec.Struct, frozen=True, kw_only=True):
    """A way to hand the dossier in (CACHTHUCTHUCHIEN)."""

    channel: Scalar = msgspec.field(name="KENH", default=UNSET)
    time_limits: list[TimeLine] | UnsetType | None = msgspec.field(name="THOIGIAN", default=UNSET)


class StepLine(msgspec.Struct, frozen=True, kw_only=True):
    """One step (TRINHTU)."""

    name: Scalar = msgspec.field(name="TENTRINHTU", default=UNSET)


class ExecutionLine(msgspec.Struct, frozen=True, kw_only=True):
    """The steps of one case (TRINHTUTHUCHIEN)."""

    name: Scalar = msgspec.field(name="TRUONGHOP", default=UNSET)
    steps: list[StepLine] | UnsetType | None = msgspec.field(name="TRINHTU", default=UNSET)


class LevelLine(msgspec.Struct, frozen=True, kw_only=True):
    """An executing level (CAPTHUCHIEN)."""

    level: Scalar = msgspec.field(name="CAPTHUCHIEN", default=UNSET)
    name: Scalar = msgspec.field(name="TENCAP", default=UNSET)


class SectorLine(msgspec.Struct, frozen=True, kw_only=True):
    """A sector (LINHVUCTHUCHIEN)."""

    code: Scalar = msgspec.field(name="MALINHVUC", default=UNSET)
    name: Scalar = msgspec.field(name="TENLINHVUC", default=UNSET)


class ApplicantLine(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of applicant (DOITUONGTHUCHIEN)."""

    code: Scalar = msgspec.field(name="MADOITUONG", default=UNSET)
    name: Scalar = msgspec.field(name="TENDOITUONG", default=UNSET)


class AgencyLine(msgspec.Struct, frozen=True, kw_only=True):
    """An agency (COQUAN…)."""

    code: Scalar = msgspec.field(name="MADONVI", default=UNSET)
    name: Scalar = msgspec.field(name="TENDONVI", default=UNSET)


class PaperLine(msgspec.Struct, frozen=True, kw_only=True):
    """A required paper (GIAYTO). The same code may come again with another form."""

    code: Scalar = msgspec.field(name="MAGIAYTO", default=UNSET)
    name: Scalar = msgspec.field(name="TENGIAYTO", default=UNSET)
    originals_count: Scalar = msgspec.field(name="SOBANCHINH", default=UNSET)
    copies_count: Scalar = msgspec.field(name="SOBANSAO", default=UNSET)
    form_name: Scalar = msgspec.field(name="TENMAUDON", default=UNSET)
    form_url: Scalar = msgspec.field(name="URL", default=UNSET)
    replacing_result_code: Scalar = msgspec.field(name="MA_KQ_THAYTHE", default=UNSET)


class PaperCaseLine(msgspec.Struct, frozen=True, kw_only=True):
    """The papers of one case (THANHPHANHOSO)."""

    name: Scalar = msgspec.field(name="TRUONGHOP", default=UNSET)
    papers: list[PaperLine] | UnsetType | None = msgspec.field(name="GIAYTO", default=UNSET)


class ResultLine(msgspec.Struct, frozen=True, kw_only=True):
    """A result (KETQUATHUCHIEN)."""

    code: Scalar = msgspec.field(name="MAKETQUA", default=UNSET)
    name: Scalar = msgspec.field(name="TENKETQUA", default=UNSET)
    file_name: Scalar = msgspec.field(name="TENTEP", default=UNSET)
    url: Scalar = msgspec.field(name="URL", default=UNSET)


class LegalLine(msgspec.Struct, frozen=True, kw_only=True):
    """A legal document (CANCUPHAPLY)."""

    number: Scalar = msgspec.field(name="SOVANBAN", default=UNSET)
    title: Scalar = msgspec.field(name="TENVANBAN", default=UNSET)
    issued_on: Scalar = msgspec.field(name="NGAYBANHANH", default=UNSET)
    effective_on: Scalar = msgspec.field(name="NGAYHIEULUC", default=UNSET)
    issuing_agency: Scalar = msgspec.field(name="COQUANBANHANH", default=UNSET)
    url: Scalar = msgspec.field(name="DIACHITRUYCAP", default=UNSET)


class ProcedureRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One full procedure (LayThuTuc), in the order of the wire."""

    portal_id: Scalar = msgspec.field(name="ID", default=UNSET)
    code: Scalar = msgspec.field(name="MATTHC", default=UNSET)
    name: Scalar = msgspec.field(name="TENTTHC", default=UNSET)
    publishing_agency_code: Scalar = msgspec.field(name="MACOQUANCONGBO", default=UNSET)
    type_code: Scalar = msgspec.field(name="LOAITTHC", default=UNSET)
    state: Scalar = msgspec.field(name="TRANGTHAI", default=UNSET)
    applicant_description: Scalar = msgspec.field(name="MOTADOITUONGTHUCHIEN", default=UNSET)
    reception_address: Scalar = msgspec.field(name="DIACHITIEPNHAN", default=UNSET)
    requirements: Scalar = msgspec.field(name="YEUCAU", default=UNSET)
    keywords: Scalar = msgspec.field(name="TUKHOA", default=UNSET)
    description: Scalar = msgspec.field(name="MOTA", default=UNSET)
    executing_agency_description: Scalar = msgspec.field(name="MOTACOQUANTHUCHIEN", default=UNSET)
    competent_agency_description: Scalar = msgspec.field(name="MOTACOQUANTHAMQUYEN", default=UNSET)
    publication_decision_id: Scalar = msgspec.field(name="IDQUYETDINHCONGBO", default=UNSET)
    execution_cases: list[ExecutionLine] | UnsetType | None = msgspec.field(name="TRINHTUTHUCHIEN", default=UNSET)
    executing_levels: list[LevelLine] | UnsetType | None = msgspec.field(name="CAPTHUCHIEN", default=UNSET)
    sectors: list[SectorLine] | UnsetType | None = msgspec.field(name="LINHVUCTHUCHIEN", default=UNSET)
    channels: list[ChannelLine] | UnsetType | None = msgspec.field(name="CACHTHUCTHUCHIEN", default=UNSET)
    applicant_kinds: list[ApplicantLine] | UnsetType | None = msgspec.field(name="DOITUONGTHUCHIEN", default=UNSET)
    paper_cases: list[PaperCaseLine] | UnsetType | None = msgspec.field(name="THANHPHANHOSO", default=UNSET)
    results: list[ResultLine] | UnsetType | None = msgspec.field(name="KETQUATHUCHIEN", default=UNSET)
    legal_bases: list[LegalLine] | UnsetType | None = msgspec.field(name="CANCUPHAPLY", default=UNSET)
    related_codes: list[Scalar] | UnsetType | None = msgspec.field(name="TTHCLIENQUAN", default=UNSET)
    linked_codes: list[Scalar] | UnsetType | None = msgspec.field(name="TTHCLIENTHONG", default=UNSET)
    executing_agencies: list[AgencyLine] | UnsetType | None = msgspec.field(name="COQUANTHUCHIEN", default=UNSET)
    competent_agencies: list[AgencyLine] | UnsetType | None = msgspec.field(name="COQUANCOTHAMQUYEN", default=UNSET)
    delegated_agencies: list[AgencyLine] | UnsetType | None = msgspec.field(name="COQUANDUOCUYQUYEN", default=UNSET)
    coordinating_agencies: list[AgencyLine] | UnsetType | None = msgspec.field(name="COQUANPHOIHOP", default=UNSET)


class ListLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the list (LayDanhSachTTHC)."""

    code: Scalar = msgspec.field(name="MATTHC", default=UNSET)
    name: Scalar = msgspec.field(name="TENTTHC", default=UNSET)


def upper_keys(value: Any) -> Any:
    """Give the value with every key of every object in upper case; of two keys that meet, the filled one stays."""
    if isinstance(value, list):
        return [upper_keys(item) for item in value]
    if not isinstance(value, dict):
        return value
    result: dict[str, Any] = {}
    for key, item in value.items():
        upper = key.upper()
        if upper not in result or result[upper] in (None, "", []):
            result[upper] = upper_keys(item)
    return result
