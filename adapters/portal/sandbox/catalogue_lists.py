"""The short catalogues (§4): what they hold, and the oddities that a list may come with.

Only agencies and sectors have documented fields. The others have pairs in upper case as §13-22 assumes, or the fields
of the procedure record where the reference takes that for probable; the profile can rename both. Names of provinces
are real, everything below them is invented.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from adapters.portal.sandbox import catalogue_words as words
from adapters.portal.sandbox.profile import AdministrativeLevels, CatalogueOddity, PortalProfile

Record = dict[str, Any]

FIELDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "LayDanhMucCoQuan": ("MADONVI", "TENDONVI"),
        "LayDanhMucLinhVuc": ("MALINHVUC", "TENLINHVUC"),
        "LayDanhMucGioiTinh": ("MAGIOITINH", "TENGIOITINH"),
        "LayDanhMucTinhThanh": ("MATINH", "TENTINH"),
        "LayDanhMucQuanHuyen": ("MAHUYEN", "TENHUYEN"),
        "LayDanhMucPhuongXa": ("MAXA", "TENXA"),
        "LayDanhMucQuocGia": ("MAQUOCGIA", "TENQUOCGIA"),
        "LayDanhMucDanToc": ("MADANTOC", "TENDANTOC"),
        "LayDanhMucTonGiao": ("MATONGIAO", "TENTONGIAO"),
        "LayDanhMucTinhTrangHonNhan": ("MATINHTRANGHONNHAN", "TENTINHTRANGHONNHAN"),
        "LayDanhMucDoiTuong": ("MADOITUONG", "TENDOITUONG"),
        "LayDanhMucCapThucHien": ("CAPTHUCHIEN", "TENCAP"),
        "LayDanhMucCanCuPhapLy": ("SOVANBAN", "TENVANBAN"),
        "LayDanhMucLePhi": ("MAPHILEPHI", "MOTA"),
        "LayDanhMucLoaiThuTuc": ("MALOAITHUTUC", "TENLOAITHUTUC"),
        "LayDanhMucNhomThuTuc": ("MANHOMTHUTUC", "TENNHOMTHUTUC"),
        "LayDanhMucThuTucThuocLoai": ("MATTHC", "TENTTHC"),
    }
)
"""Per service the fields of code and name."""
DOCUMENTED = frozenset({"LayDanhMucCoQuan", "LayDanhMucLinhVuc"})

_PROVINCES = (
    "01 Thành phố Hà Nội|04 Tỉnh Cao Bằng|08 Tỉnh Tuyên Quang|11 Tỉnh Điện Biên|12 Tỉnh Lai Châu|14 Tỉnh Sơn La|"
    "15 Tỉnh Lào Cai|19 Tỉnh Thái Nguyên|20 Tỉnh Lạng Sơn|22 Tỉnh Quảng Ninh|24 Tỉnh Bắc Ninh|25 Tỉnh Phú Thọ|"
    "31 Thành phố Hải Phòng|33 Tỉnh Hưng Yên|37 Tỉnh Ninh Bình|38 Tỉnh Thanh Hóa|40 Tỉnh Nghệ An|42 Tỉnh Hà Tĩnh|"
    "44 Tỉnh Quảng Trị|46 Thành phố Huế|48 Thành phố Đà Nẵng|51 Tỉnh Quảng Ngãi|52 Tỉnh Gia Lai|56 Tỉnh Khánh Hòa|"
    "66 Tỉnh Đắk Lắk|68 Tỉnh Lâm Đồng|75 Tỉnh Đồng Nai|79 Thành phố Hồ Chí Minh|80 Tỉnh Tây Ninh|82 Tỉnh Đồng Tháp|"
    "86 Tỉnh Vĩnh Long|91 Tỉnh An Giang|92 Thành phố Cần Thơ|96 Tỉnh Cà Mau|99 Tỉnh Thử Nghiệm"
)
_SHORT: Mapping[str, str] = MappingProxyType(
    {
        "LayDanhMucGioiTinh": "1 Nam|2 Nữ|9 Không xác định",
        "LayDanhMucTinhThanh": _PROVINCES,
        "LayDanhMucQuocGia": "VN Việt Nam|LA Lào|KH Campuchia|CN Trung Quốc|FR Pháp",
        "LayDanhMucDanToc": "01 Kinh|02 Tày|03 Thái|04 Hoa|05 Khơ-me|06 Mường|07 Nùng|08 Mông",
        "LayDanhMucTonGiao": "00 Không|01 Phật giáo|02 Công giáo|03 Tin lành|04 Cao Đài",
        "LayDanhMucTinhTrangHonNhan": "1 Chưa kết hôn|2 Đang có vợ hoặc chồng|3 Đã ly hôn|4 Góa",
        "LayDanhMucLoaiThuTuc": "1 Không được luật giao|2 Được luật giao|3 Khác",
        "LayDanhMucNhomThuTuc": "1 Hành chính công|2 Nội bộ",
    }
)


def make_lists(procedures: Iterable[Record], levels: AdministrativeLevels) -> dict[str, list[Record]]:
    """Make every catalogue but agencies and sectors, by service."""
    lists = {service: _pairs(service, text) for service, text in _SHORT.items()}
    has_districts = levels is AdministrativeLevels.PRE_2025
    lists["LayDanhMucQuanHuyen"] = [
        {"MAHUYEN": f"99{number}", "TENHUYEN": f"Huyện Mẫu {number}", "MATINH": "99"}
        for number in (range(1, 7) if has_districts else ())
    ]
    lists["LayDanhMucPhuongXa"] = [
        {"MAXA": f"99{number:03}", "TENXA": f"Xã Mẫu {number}", "MATINH": "99"}
        | ({"MAHUYEN": f"99{1 + number % 6}"} if has_districts else {})
        for number in range(1, 25)
    ]
    known = list(procedures)
    lists["LayDanhMucDoiTuong"] = [{"MADOITUONG": code, "TENDOITUONG": name} for code, name in words.APPLICANTS]
    lists["LayDanhMucCapThucHien"] = [
        {"CAPTHUCHIEN": code, "TENCAP": name}
        for code, name in words.LEVEL_NAMES.items()
        if code != "2" or has_districts
    ]
    bases = {basis["SOVANBAN"]: basis for record in known for basis in record["CANCUPHAPLY"]}
    lists["LayDanhMucCanCuPhapLy"] = list(bases.values())
    lists["LayDanhMucLePhi"] = [
        {"MAPHILEPHI": "1'", "SOTIEN": "10.000", "DONVI": "Đồng", "MOTA": "Phí", "TENTEP": "", "URL": ""},
        {"MAPHILEPHI": "2'", "SOTIEN": "Không", "DONVI": "Đồng", "MOTA": "Lệ phí", "TENTEP": "", "URL": ""},
    ]
    lists["LayDanhMucThuTucThuocLoai"] = [
        {"MATTHC": record["MATTHC"], "TENTTHC": record["TENTTHC"], "MALOAITHUTUC": record["LOAITTHC"]}
        for record in known
    ]
    return lists


def _pairs(service: str, text: str) -> list[Record]:
    code_field, name_field = FIELDS[service]
    found = (line.split(" ", 1) for line in text.split("|"))
    return [{code_field: code, name_field: name} for code, name in found]


def as_answered(service: str, items: list[Record], profile: PortalProfile) -> list[Record]:
    """Give a catalogue as this profile answers it: of its size, with its oddity, under its names of fields."""
    size = profile.catalogue_sizes.get(service)
    answered = items if size is None else _sized(service, items, size)
    oddity = profile.catalogue_oddities.get(service)
    if oddity is not None:
        answered = _odd(service, answered, oddity)
    renamed = profile.catalogue_fields.get(service)
    if renamed is None:
        return answered
    names = dict(zip(FIELDS[service], renamed, strict=True))
    return [{names.get(field, field): value for field, value in item.items()} for item in answered]


def _sized(service: str, items: list[Record], size: int) -> list[Record]:
    code_field, name_field = FIELDS[service]
    template = items[-1] if items else {}
    invented = (
        {**template, code_field: f"T{number:06}", name_field: f"Mục thử {number}"}
        for number in range(1, size - len(items) + 1)
    )
    return [*items[:size], *invented]


def _odd(service: str, items: list[Record], oddity: CatalogueOddity) -> list[Record]:
    code_field, name_field = FIELDS[service]
    some = items[:: max(1, len(items) // 3)]
    match oddity:
        case CatalogueOddity.DUPLICATES:
            return [*items, *some]
        case CatalogueOddity.CONTRADICTIONS:
            return [*items, *({**item, name_field: f"{item[name_field]} (khác)"} for item in some)]
        case CatalogueOddity.MISSING_CODES:
            # The first of them has no such key, the others null.
            spoiled = [{**item, code_field: None} for item in some]
            for item in spoiled[:1]:
                del item[code_field]
            return [*(item for item in items if item not in some), *spoiled]
        case CatalogueOddity.ONE_SHORT:
            return items[:-1]
        case CatalogueOddity.EMPTY:
            return []
