"""The fields of dossier and step records as the portal knows them: names, requirement, kind (§5.1, §5.2, §6.1, §7).

The tables are the reference's, in its order. What is enforced of them is decided by the profile, in `rules`.
"""

from dataclasses import dataclass
from enum import Enum, auto


class Need(Enum):
    """Whether a field must be there ("bb" in the reference)."""

    REQUIRED = auto()
    OPTIONAL = auto()
    REQUIRED_2023 = auto()
    """Marked bb* in the reference: one of the newer fields, required in the 2023 profile only."""


class Kind(Enum):
    """What a field holds."""

    TEXT = auto()
    CODE = auto()
    STATUS = auto()
    DATE = auto()
    INTEGER = auto()
    """A JSON integer or its digits."""
    SUPPLEMENT_STATE = auto()
    LIST = auto()


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `max_length` counts characters, 0 means no limit; `values` are the codes of §7; `items` of a list."""

    name: str
    need: Need = Need.OPTIONAL
    kind: Kind = Kind.TEXT
    max_length: int = 0
    values: frozenset[str] = frozenset()
    items: tuple["Field", ...] = ()


def _code(name: str, values: str, need: Need = Need.OPTIONAL) -> Field:
    return Field(name, need, Kind.CODE, 2, frozenset(values.split()))


def _text(name: str, need: Need = Need.OPTIONAL, max_length: int = 0) -> Field:
    return Field(name, need, Kind.TEXT, max_length)


def _date(name: str, need: Need = Need.OPTIONAL) -> Field:
    return Field(name, need, Kind.DATE)


def _list(name: str, items: tuple[Field, ...], need: Need = Need.OPTIONAL) -> Field:
    return Field(name, need, Kind.LIST, items=items)


_BB = Need.REQUIRED
_BB_2023 = Need.REQUIRED_2023

STATUS_CODES = frozenset(str(code) for code in range(1, 11))

SUBMITTED_PAPER = (
    _text("TepDinhKemId"),
    _text("TenTepDinhKem", _BB, 4000),
    Field("IsDeleted", values=frozenset({"True", "False"})),
    _text("MaThanhPhanHoSo", _BB),
    _text("DuongDanTaiTepTin", _BB),
    _code("DuocSoHoa", "0 1"),
    _code("DuocTaiSuDung", "0 1 2"),
    _code("DuocLayTuKhoDMQG", "0 1"),
    _text("MaKetQuaThayThe"),
)

FEE = (
    _text("TenPhiLePhi", _BB_2023),
    _text("MaPhiLePhi", _BB_2023),
    _code("HinhThucThu", "1 2 4", _BB_2023),
    _text("Gia", _BB_2023),
    _code("LoaiPhiLePhi", "1 2 3", _BB_2023),
)

OTHER_ATTACHMENT = (
    _text("TenGiayTo", max_length=2000),
    Field("SoLuong", kind=Kind.INTEGER),
    Field("LoaiGiayTo", kind=Kind.INTEGER),
)

SUPPLEMENT = (
    Field("HoSoBoSungId", kind=Kind.INTEGER),
    _text("NguoiYeuCauBoSung"),
    _text("NoiDungBoSung"),
    _date("NgayBoSung"),
    _text("NguoiTiepNhanBoSung"),
    _text("ThongTinTiepNhan"),
    _date("NgayTiepNhanBoSung"),
    Field("TrangThaiBoSung", kind=Kind.SUPPLEMENT_STATE),
    _list("DanhSachGiayToBoSung", SUBMITTED_PAPER),
    _list("DanhSachLePhiBoSung", FEE),
    _date("NgayHenTraTruoc"),
    _date("NgayHenTraMoi"),
)

RESULT_PAPER = (
    _text("TenGiayTo", _BB, 2000),
    _text("MaThanhPhanHoSo"),
    _text("GiayToId"),
    _text("DuongDanTepTinKetQua", _BB),
    _text("MaGiayToKetQua"),
)

OWNER_IDENTIFICATION = (_code("LoaiDinhDanh", "1 2 3 4 5", _BB_2023), _text("SoDinhDanh", _BB_2023))

CONSULTED_DATABASE = (_text("MaCSDL", _BB_2023),)

DOSSIER = (
    _text("MaHoSo", _BB, 50),
    _text("MaTTHC", _BB, 50),
    _text("TenTTHC", _BB),
    _text("MaLinhVuc", _BB, 50),
    _text("TenLinhVuc", _BB),
    _text("SoBienNhan"),
    _text("ChuHoSo"),
    _code("LoaiDoiTuong", "1 2 3 4", _BB),
    _text("MaDoiTuong"),
    _text("ThongTinKhac"),
    _text("Email", _BB),
    _text("Fax"),
    _text("SoDienThoai", _BB),
    _text("TrichYeuHoSo", _BB, 2000),
    _date("NgayTiepNhan", _BB),
    _date("NgayHenTra", _BB),
    Field("TrangThaiHoSo", _BB, Kind.STATUS, 2),
    _date("NgayTra"),
    _text("ThongTinTra"),
    _code("HinhThuc", "0 1", _BB),
    _date("NgayKetThucXuLy"),
    _text("DonViXuLy", _BB),
    _text("GhiChu", max_length=2000),
    _list("TaiLieuNop", SUBMITTED_PAPER),
    _list("DanhSachLePhi", FEE),
    _list("DanhSachTepDinhKemKhac", OTHER_ATTACHMENT),
    _list("DanhSachHoSoBoSung", SUPPLEMENT),
    _list("DanhSachGiayToKetQua", RESULT_PAPER),
    _code("KenhThucHien", "1 2 3"),
    _text("SoGiayToChuHoSo", _BB_2023),
    _code("NoiNopHoSo", "1 2", _BB_2023),
    _code("HoSoCoThanhPhanSoHoa", "0 1", _BB_2023),
    _code("TaiKhoanDuocXacThucVoiVNeID", "0 1", _BB_2023),
    _code("DuocThanhToanTrucTuyen", "0 1 2", _BB_2023),
    _date("NgayTuChoi"),
    _list("DinhDanhCHS", OWNER_IDENTIFICATION, _BB_2023),
    _date("NgayNopHoSo", _BB_2023),
    _list("DSKetNoiCSDL", CONSULTED_DATABASE, _BB_2023),
)

STEP = (
    _text("MaHoSo", _BB, 50),
    _text("NguoiXuLy", _BB, 50),
    _text("ChucDanh"),
    _date("ThoiDiemXuLy", _BB),
    _text("PhongBanXuLy"),
    _text("NoiDungXuLy", _BB),
    Field("TrangThai", _BB, Kind.STATUS, 2),
    _date("NgayBatDau"),
    _date("NgayKetThucTheoQuyDinh"),
)

STEP_FIELDS = tuple(field.name for field in STEP)
STEP_NEVER_EMPTY = ("MaHoSo", "ThoiDiemXuLy", "TrangThai")
DOSSIER_FIELDS = tuple(field.name for field in DOSSIER)
DOSSIER_LISTS = frozenset(field.name for field in DOSSIER if field.kind is Kind.LIST)
