"""The invented people, dossiers and procedures of the portal tests, and the examples of the wire notes."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from gateway.model.dossier import (
    AgencyRef,
    Attachment,
    Channel,
    Dossier,
    Extension,
    Fee,
    FeeKind,
    FeePurpose,
    FeeStage,
    OnlinePayment,
    OtherAttachment,
    ProgressStep,
    ResultDelivery,
    ResultDocument,
    Reuse,
    SubmissionPlace,
    Supplement,
)
from gateway.model.party import Identifier, IdentifierType, Party, PartyKind
from gateway.model.procedure import Named, Procedure
from gateway.model.status import DossierStatus
from mappings.portal.tables import PortalCodes, load_tables

TODAY = date(2026, 1, 5)
NOW = datetime(2026, 1, 5, 3, 0, tzinfo=UTC)
DOSSIER_CODE = "H99.01-260105-00017"


def codes() -> PortalCodes:
    return load_tables().on(TODAY)


def vietnam(text: str) -> datetime:
    """Give the instant of a Vietnamese wall time "2026-01-05 08:15"."""
    return datetime.fromisoformat(f"{text}+07:00").astimezone(UTC)


PROCEDURE = Procedure(
    code="1.999001",
    name="Cấp giấy xác nhận thử nghiệm",
    is_public=True,
    sectors=(Named(code="G99-LV01", name="Lĩnh vực thử"),),
)

# The canonical dossier behind the example of portal wire notes §5.3.
EXAMPLE_DOSSIER = Dossier(
    procedure_code="1.999001",
    receiving_agency=AgencyRef(code="H99.01", name="Sở Thử nghiệm"),
    handling_agency=AgencyRef(code="H99.01", name="Sở Thử nghiệm"),
    status=DossierStatus.RECEIVED,
    channel=Channel.ONLINE,
    applicant=Party(
        name="Nguyễn Thị Mẫu",
        identifiers=(Identifier(type=IdentifierType.PERSONAL_ID, number="999199000001"),),
        technical_id="TECH-0001",
        is_verified_by_national_identity=True,
        email="mau@example.vn",
        phone="0900000000",
    ),
    summary="Đề nghị cấp giấy xác nhận",
    submitted_at=vietnam("2026-01-05 08:15"),
    received_at=vietnam("2026-01-05 09:30"),
    due_at=vietnam("2026-01-12 17:00"),
    online_payment=OnlinePayment.NATIONAL_PLATFORM,
    attachments=(
        Attachment(
            attachment_id="551",
            name="don-de-nghi.pdf",
            component_code="000.00.00.G99-KQ900001",
            url="https://files.province.example/d/551",
            is_digitised=True,
        ),
    ),
    fees=(Fee(name="Lệ phí", kind=FeeKind.CHARGE, amount_vnd=10_000),),
    consulted_databases=("1",),
)

# The record of portal wire notes §5.3, keys in the order of the wire.
EXAMPLE_RECORD: dict[str, Any] = {
    "MaHoSo": "H99.01-260105-00017", "MaTTHC": "1.999001", "TenTTHC": "Cấp giấy xác nhận thử nghiệm",
    "MaLinhVuc": "G99-LV01", "TenLinhVuc": "Lĩnh vực thử", "KenhThucHien": "2",
    "ChuHoSo": "Nguyễn Thị Mẫu", "SoGiayToChuHoSo": "999199000001", "LoaiDoiTuong": "1", "MaDoiTuong": "TECH-0001",
    "ThongTinKhac": "", "Email": "mau@example.vn", "Fax": "", "SoDienThoai": "0900000000",
    "TrichYeuHoSo": "Đề nghị cấp giấy xác nhận", "NgayNopHoSo": "20260105081500", "NgayTiepNhan": "20260105093000",
    "NgayHenTra": "20260112170000", "TrangThaiHoSo": "2", "NgayTra": "", "ThongTinTra": "", "HinhThuc": "0",
    "NgayKetThucXuLy": "", "DonViXuLy": "Sở Thử nghiệm", "GhiChu": "",
    "NoiNopHoSo": "2", "HoSoCoThanhPhanSoHoa": "1", "TaiKhoanDuocXacThucVoiVNeID": "1",
    "DuocThanhToanTrucTuyen": "1", "NgayTuChoi": "",
    "DinhDanhCHS": [{"LoaiDinhDanh": "1", "SoDinhDanh": "999199000001"}],
    "DSKetNoiCSDL": [{"MaCSDL": "1"}],
    "TaiLieuNop": [
        {
            "TepDinhKemId": "551", "TenTepDinhKem": "don-de-nghi.pdf", "IsDeleted": "False",
            "MaThanhPhanHoSo": "000.00.00.G99-KQ900001", "DuongDanTaiTepTin": "https://files.province.example/d/551",
            "DuocSoHoa": "1", "DuocTaiSuDung": "0", "DuocLayTuKhoDMQG": "0", "MaKetQuaThayThe": "",
        }
    ],
    "DanhSachLePhi": [
        {"TenPhiLePhi": "Lệ phí", "MaPhiLePhi": "1", "HinhThucThu": "1", "Gia": "10000", "LoaiPhiLePhi": "1"}
    ],
    "DanhSachTepDinhKemKhac": [], "DanhSachHoSoBoSung": [], "DanhSachGiayToKetQua": [],
}  # fmt: skip

EXAMPLE_STEP = ProgressStep(
    officer_name="Trần Văn Thử",
    department="Phòng chuyên môn",
    content="Thẩm định hồ sơ",
    status=DossierStatus.PROCESSING,
    occurred_at=vietnam("2026-01-06 10:00"),
    statutory_end_at=vietnam("2026-01-08 17:00"),
)

# The step of portal wire notes §6.1.
EXAMPLE_STEP_RECORD = {
    "MaHoSo": "H99.01-260105-00017", "NguoiXuLy": "Trần Văn Thử", "ChucDanh": "", "ThoiDiemXuLy": "20260106100000",
    "PhongBanXuLy": "Phòng chuyên môn", "NoiDungXuLy": "Thẩm định hồ sơ", "TrangThai": "4",
    "NgayBatDau": "", "NgayKetThucTheoQuyDinh": "20260108170000",
}  # fmt: skip

FULL_DOSSIER = replace(
    EXAMPLE_DOSSIER,
    status=DossierStatus.RETURNED,
    source_status="done",
    channel=Channel.POSTAL,
    submission_place=SubmissionPlace.NATIONAL_PORTAL,
    result_delivery=ResultDelivery.POSTAL,
    acceptance_receipt_number="BN-17",
    applicant=Party(
        kind=PartyKind.BUSINESS,
        name="Công ty Ví Dụ",
        identifiers=(
            Identifier(type=IdentifierType.TAX_CODE, number="9990000017"),
            Identifier(type=IdentifierType.PASSPORT, number="P9990001"),
        ),
        technical_id="TECH-0002",
        email="congty@example.vn",
        phone="0900000001",
        fax="0900000002",
        address="1 Đường Thử",
        other_information="thông tin khác",
    ),
    submitter=Party(name="Lê Văn Ví Dụ"),
    delegate=Party(name="Phạm Thị Thử"),
    summary="Đề nghị cấp lại",
    note="ghi chú",
    return_information="trả tại quầy 3",
    refused_at=vietnam("2026-01-06 08:00"),
    finished_at=vietnam("2026-01-11 16:00"),
    returned_at=vietnam("2026-01-12 09:00"),
    online_payment=OnlinePayment.PROVINCIAL_GATEWAY,
    attachments=(
        Attachment(
            attachment_id="552",
            name="giay-to.pdf",
            url="https://files.province.example/d/552",
            is_deleted=True,
            reuse=Reuse.RESULT,
            is_from_national_store=True,
            replacing_result_code="KQ.G99.900002",
        ),
        Attachment(name="ban-sao.pdf", url="https://files.province.example/d/553", reuse=Reuse.PAPER),
    ),
    other_attachments=(OtherAttachment(name="Ảnh thẻ", copies_count=2, kind=1),),
    fees=(
        Fee(
            name="Phí thẩm định",
            kind=FeeKind.LEVY,
            amount_vnd=0,
            stage=FeeStage.RETURN,
            purpose=FeePurpose.APPRAISAL,
        ),
    ),
    supplements=(
        Supplement(
            supplement_number=1,
            requested_by="Trần Văn Thử",
            content="Bổ sung bản sao",
            requested_at=vietnam("2026-01-07 08:00"),
            received_by="Lê Thị Thử",
            reception_note="đã nhận",
            received_at=vietnam("2026-01-08 08:00"),
            attachments=(Attachment(name="bo-sung.pdf", url="https://files.province.example/d/554"),),
            fees=(Fee(name="Phí", kind=FeeKind.CHARGE, amount_vnd=5_000, stage=FeeStage.SUPPLEMENT),),
            previous_due_at=vietnam("2026-01-12 17:00"),
            new_due_at=vietnam("2026-01-13 17:00"),
        ),
        Supplement(
            supplement_number=2,
            requested_by="Trần Văn Thử",
            content="Bổ sung ảnh",
            requested_at=vietnam("2026-01-09 08:00"),
            previous_due_at=vietnam("2026-01-13 17:00"),
        ),
    ),
    extensions=(
        Extension(
            reason="chờ ý kiến",
            decided_at=vietnam("2026-01-10 08:00"),
            previous_due_at=vietnam("2026-01-12 17:00"),
            new_due_at=vietnam("2026-01-13 17:00"),
        ),
    ),
    results=(
        ResultDocument(
            name="Giấy xác nhận",
            result_id="77",
            component_code="000.00.00.G99-KQ900001",
            result_code="KQ.G99.900001",
            url="https://files.province.example/r/77",
        ),
    ),
    consulted_databases=("1", "7"),
)
