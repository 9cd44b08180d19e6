"""What the portal's calls into a province look like (portal wire notes §9). Any field may be absent or of another
type."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from mappings.portal.wire import Scalar


class LookUpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The portal asks about a dossier (§9.1)."""

    code: Scalar = msgspec.field(name="masohoso", default=UNSET)


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """The frame of §9.3 to §9.5."""

    service: Scalar = UNSET
    unit_code: Scalar = msgspec.field(name="madonvi", default=UNSET)
    is_updating: Scalar = msgspec.field(name="isUpdating", default=UNSET)
    data: Any = None


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where a trader sits."""

    detail: Scalar = msgspec.field(name="DiaChiChiTiet", default=UNSET)


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a promotion notice, embedded."""

    name: Scalar = msgspec.field(name="TenTepDinhKem", default=UNSET)
    content: Scalar = msgspec.field(name="Base64", default=UNSET)


class Promotion(msgspec.Struct, frozen=True, kw_only=True):
    """A sales-promotion notice (§9.2), the fields that a dossier has room for; the rest stays in the sealed message."""

    code: Scalar = msgspec.field(name="MaHoSo", default=UNSET)
    procedure_code: Scalar = msgspec.field(name="MaTTHC", default=UNSET)
    submitted_at: Scalar = msgspec.field(name="NgayNopHoSo", default=UNSET)
    trader_name: Scalar = msgspec.field(name="TenThuongNhan", default=UNSET)
    address: Address | None = msgspec.field(name="DiaChiDoanhNghiep", default=None)
    phone: Scalar = msgspec.field(name="DienThoai", default=UNSET)
    fax: Scalar = msgspec.field(name="Fax", default=UNSET)
    email: Scalar = msgspec.field(name="Email", default=UNSET)
    tax_code: Scalar = msgspec.field(name="MaSoThue", default=UNSET)
    programme_name: Scalar = msgspec.field(name="TenChuongTrinhKhuyenMai", default=UNSET)
    content: Scalar = msgspec.field(name="NoiDungChiTiet", default=UNSET)
    form_name: Scalar = msgspec.field(name="TenTepDonDangKy", default=UNSET)
    form: Scalar = msgspec.field(name="TepDonDangKy", default=UNSET)
    papers: list[Paper] | None = msgspec.field(name="TaiLieuNop", default=None)


class Amendment(msgspec.Struct, frozen=True, kw_only=True):
    """An amendment of a promotion notice (§9.3), the fields that a dossier has room for."""

    code: Scalar = msgspec.field(name="MaHoSoQG", default=UNSET)
    procedure_code: Scalar = msgspec.field(name="MaTTHC", default=UNSET)
    tax_code: Scalar = msgspec.field(name="MaSoThue", default=UNSET)
    amended: dict[str, Any] | None = msgspec.field(name="ThongTinSuaDoi", default=None)
    reason: Scalar = msgspec.field(name="LyDoDieuChinh", default=UNSET)
    file_name: Scalar = msgspec.field(name="TenTepDangKy", default=UNSET)
    file_path: Scalar = msgspec.field(name="URLTepDangKy", default=UNSET)


class PaymentDetails(msgspec.Struct, frozen=True, kw_only=True):
    """What was paid (§9.4)."""

    paid_at: Scalar = msgspec.field(name="ThoiGianThanhToan", default=UNSET)
    amount: Scalar = msgspec.field(name="SoTien", default=UNSET)
    state: Scalar = msgspec.field(name="TrangThaiThanhToan", default=UNSET)


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """Any record that may carry a payment."""

    details: PaymentDetails | UnsetType | None = msgspec.field(name="ThongTinThanhToan", default=UNSET)


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """A land-tax payment receipt (§9.4)."""

    code: Scalar = msgspec.field(name="MaHoSo", default=UNSET)
    payer_name: Scalar = msgspec.field(name="HoTenNguoiNopTien", default=UNSET)
    tax_code: Scalar = msgspec.field(name="MaSoThue", default=UNSET)
    file_path: Scalar = msgspec.field(name="UrlFileChungTu", default=UNSET)
    details: PaymentDetails | UnsetType | None = msgspec.field(name="ThongTinThanhToan", default=UNSET)


class TaxNotice(msgspec.Struct, frozen=True, kw_only=True):
    """A land-tax notice (§9.5)."""

    document: Scalar = msgspec.field(name="FileThongBaoThue", default=UNSET)
