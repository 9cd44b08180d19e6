"""What the portal's dossier and progress messages look like: every field, in the order of the wire.

Foreign names live here and nowhere else; the attributes are English. Two families of records:

* outbound (`DossierRecord`, `StepRecord` and their parts): strictly typed, every field always present;
* found (`Found…`): what may come back. Any field may be absent, null, a number or text, because the portal's own
  record is not documented.

Source: portal wire notes §5.1 and §5.2 (the 38 fields and the nested lists), §6.1 (progress), §1.5 (envelope).
"""

from types import MappingProxyType

import msgspec
from msgspec import UNSET, UnsetType

Scalar = str | int | float | bool | None | UnsetType
"""A single value as others write it."""

DOCUMENT_NAMES = {
    "attachment_id": "TepDinhKemId",
    "file_name": "TenTepDinhKem",
    "is_deleted": "IsDeleted",
    "component_code": "MaThanhPhanHoSo",
    "url": "DuongDanTaiTepTin",
    "is_digitised": "DuocSoHoa",
    "reuse": "DuocTaiSuDung",
    "is_from_national_store": "DuocLayTuKhoDMQG",
    "replacing_result_code": "MaKetQuaThayThe",
}
FEE_NAMES = {
    "name": "TenPhiLePhi",
    "kind": "MaPhiLePhi",
    "stage": "HinhThucThu",
    "amount": "Gia",
    "purpose": "LoaiPhiLePhi",
}
OTHER_ATTACHMENT_NAMES = {"name": "TenGiayTo", "copies_count": "SoLuong", "kind": "LoaiGiayTo"}
SUPPLEMENT_NAMES = {
    "supplement_id": "HoSoBoSungId",
    "requested_by": "NguoiYeuCauBoSung",
    "content": "NoiDungBoSung",
    "requested_at": "NgayBoSung",
    "received_by": "NguoiTiepNhanBoSung",
    "reception_note": "ThongTinTiepNhan",
    "received_at": "NgayTiepNhanBoSung",
    "state": "TrangThaiBoSung",
    "documents": "DanhSachGiayToBoSung",
    "fees": "DanhSachLePhiBoSung",
    "previous_due_at": "NgayHenTraTruoc",
    "new_due_at": "NgayHenTraMoi",
}
RESULT_NAMES = {
    "name": "TenGiayTo",
    "component_code": "MaThanhPhanHoSo",
    "result_id": "GiayToId",
    "url": "DuongDanTepTinKetQua",
    "result_code": "MaGiayToKetQua",
}
IDENTIFIER_NAMES = {"kind": "LoaiDinhDanh", "number": "SoDinhDanh"}
DATABASE_NAMES = {"code": "MaCSDL"}
DOSSIER_NAMES = {
    "dossier_code": "MaHoSo",
    "procedure_code": "MaTTHC",
    "procedure_name": "TenTTHC",
    "sector_code": "MaLinhVuc",
    "sector_name": "TenLinhVuc",
    "receipt_number": "SoBienNhan",
    "channel": "KenhThucHien",
    "owner_name": "ChuHoSo",
    "owner_paper_number": "SoGiayToChuHoSo",
    "owner_kind": "LoaiDoiTuong",
    "owner_technical_id": "MaDoiTuong",
    "other_information": "ThongTinKhac",
    "email": "Email",
    "fax": "Fax",
    "phone": "SoDienThoai",
    "summary": "TrichYeuHoSo",
    "submitted_at": "NgayNopHoSo",
    "received_at": "NgayTiepNhan",
    "due_at": "NgayHenTra",
    "status": "TrangThaiHoSo",
    "returned_at": "NgayTra",
    "return_information": "ThongTinTra",
    "result_delivery": "HinhThuc",
    "finished_at": "NgayKetThucXuLy",
    "handling_unit_name": "DonViXuLy",
    "note": "GhiChu",
    "submission_place": "NoiNopHoSo",
    "has_digitised": "HoSoCoThanhPhanSoHoa",
    "is_verified": "TaiKhoanDuocXacThucVoiVNeID",
    "online_payment": "DuocThanhToanTrucTuyen",
    "refused_at": "NgayTuChoi",
    "identifiers": "DinhDanhCHS",
    "databases": "DSKetNoiCSDL",
    "documents": "TaiLieuNop",
    "fees": "DanhSachLePhi",
    "other_attachments": "DanhSachTepDinhKemKhac",
    "supplements": "DanhSachHoSoBoSung",
    "results": "DanhSachGiayToKetQua",
}
STEP_NAMES = {
    "dossier_code": "MaHoSo",
    "officer_name": "NguoiXuLy",
    "officer_title": "ChucDanh",
    "occurred_at": "ThoiDiemXuLy",
    "department": "PhongBanXuLy",
    "content": "NoiDungXuLy",
    "status": "TrangThai",
    "started_at": "NgayBatDau",
    "statutory_end_at": "NgayKetThucTheoQuyDinh",
}

NEWER_DOSSIER_FIELDS = frozenset(
    {
        "channel", "owner_paper_number", "submission_place", "has_digitised", "is_verified", "online_payment",
        "refused_at", "identifiers", "submitted_at", "databases",
    }
)  # fmt: skip
"""Rows 29 to 38 of §5.1: not known to a portal of before the 2023 profile."""
NEWER_DOCUMENT_FIELDS = frozenset({"is_digitised", "reuse", "is_from_national_store", "replacing_result_code"})
NEWER_RESULT_FIELDS = frozenset({"result_code"})

DOSSIER_CANONICAL = MappingProxyType(
    {
        **{name: name for name in DOSSIER_NAMES},
        "procedure_name": "procedure.name",
        "sector_code": "procedure.sectors",
        "sector_name": "procedure.sectors",
        "receipt_number": "acceptance_receipt_number",
        "owner_name": "applicant.name",
        "owner_paper_number": "applicant.identifiers",
        "owner_kind": "applicant.kind",
        "owner_technical_id": "applicant.technical_id",
        "other_information": "applicant.other_information",
        "email": "applicant.email",
        "fax": "applicant.fax",
        "phone": "applicant.phone",
        "handling_unit_name": "handling_agency.name",
        "has_digitised": "attachments",
        "is_verified": "applicant.is_verified_by_national_identity",
        "identifiers": "applicant.identifiers",
        "databases": "consulted_databases",
        "documents": "attachments",
    }
)
"""The canonical field behind each field of the dossier record; derived fields name what they derive from."""


class DocumentRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=DOCUMENT_NAMES):
    """A submitted document (TaiLieuNop)."""

    attachment_id: str
    file_name: str
    is_deleted: str
    component_code: str
    url: str
    is_digitised: str
    reuse: str
    is_from_national_store: str
    replacing_result_code: str


class FeeRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=FEE_NAMES):
    """A fee (DanhSachLePhi); the amount is whole đồng as text."""

    name: str
    kind: str
    stage: str
    amount: str
    purpose: str


class OtherAttachmentRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=OTHER_ATTACHMENT_NAMES):
    """A paper outside the procedure's list; the only record with numbers on the wire."""

    name: str
    copies_count: int
    kind: int


class SupplementRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=SUPPLEMENT_NAMES):
    """A request for more papers (DanhSachHoSoBoSung)."""

    supplement_id: int | str
    requested_by: str
    content: str
    requested_at: str
    received_by: str
    reception_note: str
    received_at: str
    state: str
    documents: list[DocumentRecord]
    fees: list[FeeRecord]
    previous_due_at: str
    new_due_at: str


class ResultRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=RESULT_NAMES):
    """A result paper (DanhSachGiayToKetQua)."""

    name: str
    component_code: str
    result_id: str
    url: str
    result_code: str


class IdentifierRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=IDENTIFIER_NAMES):
    """An identification of the owner (DinhDanhCHS)."""

    kind: str
    number: str


class DatabaseRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=DATABASE_NAMES):
    """A database that was consulted (DSKetNoiCSDL)."""

    code: str


class DossierRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=DOSSIER_NAMES):
    """One dossier as it is pushed (DongBoHoSoMC). Times are yyyyMMddHHmmss in Vietnam, "" for none."""

    dossier_code: str
    procedure_code: str
    procedure_name: str
    sector_code: str
    sector_name: str
    receipt_number: str | UnsetType
    channel: str
    owner_name: str
    owner_paper_number: str
    owner_kind: str
    owner_technical_id: str
    other_information: str
    email: str
    fax: str
    phone: str
    summary: str
    submitted_at: str
    received_at: str
    due_at: str
    status: str
    returned_at: str
    return_information: str
    result_delivery: str
    finished_at: str
    handling_unit_name: str
    note: str
    submission_place: str
    has_digitised: str
    is_verified: str
    online_payment: str
    refused_at: str
    identifiers: list[IdentifierRecord]
    databases: list[DatabaseRecord]
    documents: list[DocumentRecord]
    fees: list[FeeRecord]
    other_attachments: list[OtherAttachmentRecord]
    supplements: list[SupplementRecord]
    results: list[ResultRecord]


class StepRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=STEP_NAMES):
    """One progress step (CapNhatTienDoHoSoMC): nine fields, none ever null."""

    dossier_code: str
    officer_name: str
    officer_title: str
    occurred_at: str
    department: str
    content: str
    status: str
    started_at: str
    statutory_end_at: str


class PushEnvelope(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a push; `isUpdating` only goes with dossiers."""

    session: str
    madonvi: str
    service: str
    isUpdating: str | UnsetType = UNSET  # noqa: N815
    data: list[object]


class FoundDocument(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=DOCUMENT_NAMES):
    """A submitted document as it may come back."""

    attachment_id: Scalar = UNSET
    file_name: Scalar = UNSET
    is_deleted: Scalar = UNSET
    component_code: Scalar = UNSET
    url: Scalar = UNSET
    is_digitised: Scalar = UNSET
    reuse: Scalar = UNSET
    is_from_national_store: Scalar = UNSET
    replacing_result_code: Scalar = UNSET


class FoundFee(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=FEE_NAMES):
    """A fee as it may come back."""

    name: Scalar = UNSET
    kind: Scalar = UNSET
    stage: Scalar = UNSET
    amount: Scalar = UNSET
    purpose: Scalar = UNSET


class FoundOtherAttachment(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=OTHER_ATTACHMENT_NAMES):
    """Another paper as it may come back."""

    name: Scalar = UNSET
    copies_count: Scalar = UNSET
    kind: Scalar = UNSET


class FoundSupplement(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=SUPPLEMENT_NAMES):
    """A request for more papers as it may come back."""

    supplement_id: Scalar = UNSET
    requested_by: Scalar = UNSET
    content: Scalar = UNSET
    requested_at: Scalar = UNSET
    received_by: Scalar = UNSET
    reception_note: Scalar = UNSET
    received_at: Scalar = UNSET
    state: Scalar = UNSET
    documents: list[FoundDocument] | UnsetType | None = UNSET
    fees: list[FoundFee] | UnsetType | None = UNSET
    previous_due_at: Scalar = UNSET
    new_due_at: Scalar = UNSET


class FoundResult(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=RESULT_NAMES):
    """A result paper as it may come back."""

    name: Scalar = UNSET
    component_code: Scalar = UNSET
    result_id: Scalar = UNSET
    url: Scalar = UNSET
    result_code: Scalar = UNSET


class FoundIdentifier(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=IDENTIFIER_NAMES):
    """An identification as it may come back."""

    kind: Scalar = UNSET
    number: Scalar = UNSET


class FoundDatabase(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=DATABASE_NAMES):
    """A consulted database as it may come back."""

    code: Scalar = UNSET


class FoundDossier(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=DOSSIER_NAMES):
    """A dossier as a look-up (TraCuuHoSo) or a full record may give it (portal wire notes §13 row 21)."""

    dossier_code: Scalar = UNSET
    procedure_code: Scalar = UNSET
    procedure_name: Scalar = UNSET
    sector_code: Scalar = UNSET
    sector_name: Scalar = UNSET
    receipt_number: Scalar = UNSET
    channel: Scalar = UNSET
    owner_name: Scalar = UNSET
    owner_paper_number: Scalar = UNSET
    owner_kind: Scalar = UNSET
    owner_technical_id: Scalar = UNSET
    other_information: Scalar = UNSET
    email: Scalar = UNSET
    fax: Scalar = UNSET
    phone: Scalar = UNSET
    summary: Scalar = UNSET
    submitted_at: Scalar = UNSET
    received_at: Scalar = UNSET
    due_at: Scalar = UNSET
    status: Scalar = UNSET
    returned_at: Scalar = UNSET
    return_information: Scalar = UNSET
    result_delivery: Scalar = UNSET
    finished_at: Scalar = UNSET
    handling_unit_name: Scalar = UNSET
    note: Scalar = UNSET
    submission_place: Scalar = UNSET
    has_digitised: Scalar = UNSET
    is_verified: Scalar = UNSET
    online_payment: Scalar = UNSET
    refused_at: Scalar = UNSET
    identifiers: list[FoundIdentifier] | UnsetType | None = UNSET
    databases: list[FoundDatabase] | UnsetType | None = UNSET
    documents: list[FoundDocument] | UnsetType | None = UNSET
    fees: list[FoundFee] | UnsetType | None = UNSET
    other_attachments: list[FoundOtherAttachment] | UnsetType | None = UNSET
    supplements: list[FoundSupplement] | UnsetType | None = UNSET
    results: list[FoundResult] | UnsetType | None = UNSET


class FoundStep(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=STEP_NAMES):
    """A progress step as it may come back."""

    dossier_code: Scalar = UNSET
    officer_name: Scalar = UNSET
    officer_title: Scalar = UNSET
    occurred_at: Scalar = UNSET
    department: Scalar = UNSET
    content: Scalar = UNSET
    status: Scalar = UNSET
    started_at: Scalar = UNSET
    statutory_end_at: Scalar = UNSET
