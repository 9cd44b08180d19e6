"""What the portal gives to be read beside procedures and dossiers: catalogues, online services, decisions, ids.

Most catalogues' fields are not known (§4): they are `MA…`/`TEN…` pairs in upper case, and a setting renames them
(§13-22). Everything is invented or, like sexes and marital states, everybody's knowledge. Real catalogues are not
clean; the settings below `catalogue_size` say how dirty these are.
"""

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from adapters.portal.sandbox.profile import AdministrativeLevels, PortalProfile
from adapters.portal.sandbox.replies import Reply, failure
from adapters.portal.sandbox.state import PortalState

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
        "LayDanhMucLePhi": ("MAPHILEPHI", "TENPHILEPHI"),
        "LayDanhMucLoaiThuTuc": ("MALOAITHUTUC", "TENLOAITHUTUC"),
        "LayDanhMucNhomThuTuc": ("MANHOMTHUTUC", "TENNHOMTHUTUC"),
        "LayDanhMucThuTucThuocLoai": ("MATTHC", "TENTTHC"),
    }
)
"""Each catalogue's fields for code and name."""

_PAIRS: Mapping[str, Sequence[tuple[str, str]]] = MappingProxyType(
    {
        "LayDanhMucGioiTinh": (("0", "Chưa có thông tin"), ("1", "Nam"), ("2", "Nữ")),
        "LayDanhMucQuocGia": (("VN", "Việt Nam"), ("ZZA", "Nước mẫu A"), ("ZZB", "Nước mẫu B")),
        "LayDanhMucDanToc": (("01", "Kinh"), ("98", "Dân tộc mẫu"), ("99", "Khác")),
        "LayDanhMucTonGiao": (("00", "Không"), ("98", "Tôn giáo mẫu"), ("99", "Khác")),
        "LayDanhMucTinhTrangHonNhan": (("1", "Chưa kết hôn"), ("2", "Đang có vợ/chồng"), ("3", "Đã ly hôn")),
        "LayDanhMucCapThucHien": (("0", "Cấp Bộ"), ("1", "Cấp Tỉnh"), ("2", "Cấp Huyện"), ("3", "Cấp Xã")),
        "LayDanhMucLoaiThuTuc": (("1", "Không được luật giao"), ("2", "Được luật giao"), ("3", "Khác")),
        "LayDanhMucNhomThuTuc": (("1", "Nhóm mẫu một"), ("2", "Nhóm mẫu hai")),
    }
)
_LEVELS = ("4", "3", "2", "9")
"""Levels of online services in turn; "9" is one that no table has (§7.8 knows 2, 3 and 4)."""


def catalogue(service: str) -> Callable[[PortalState, PortalProfile, Record], Reply]:
    """Make the service that gives a catalogue."""

    def give(state: PortalState, profile: PortalProfile, envelope: Record) -> Reply:
        items = [] if service in profile.empty_services else _spoiled(service, _items(service, state, profile), profile)
        return Reply(0, profile.wording.success, page(profile, envelope, items))

    return give


def page(profile: PortalProfile, envelope: Record, listed: list[Record]) -> list[Record]:
    """Cut out the page asked for with `trang` (from 1) and `soLuong`, when pages are honoured (§13-23)."""
    if not profile.is_paging_honoured:
        return listed
    number, size = _number(envelope.get("trang")), _number(envelope.get("soLuong"))
    return listed if number is None or size is None else listed[(number - 1) * size : number * size]


def _number(value: Any) -> int | None:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text) < 1_000_000 else None


def _items(service: str, state: PortalState, profile: PortalProfile) -> list[Record]:
    code_field, name_field = FIELDS[service]
    items = _own_items(service, state, profile)
    missing = range(len(items) + 1, profile.catalogue_size + 1)
    items += [{code_field: f"X{number:05d}", name_field: f"Mục mẫu {number}"} for number in missing]
    return items


def _own_items(service: str, state: PortalState, profile: PortalProfile) -> list[Record]:
    """Give the catalogue's own items, as copies."""
    code_field, name_field = FIELDS[service]
    match service:
        case "LayDanhMucCoQuan":
            return [dict(agency) for agency in state.agencies]
        case "LayDanhMucLinhVuc":
            return [dict(sector) for sector in state.sectors]
        case "LayDanhMucTinhThanh":
            return [{"MATINH": "99", "TENTINH": "Tỉnh Thử Nghiệm"}, {"MATINH": "98", "TENTINH": "Thành phố Mẫu"}]
        case "LayDanhMucQuanHuyen":
            if profile.administrative_levels is AdministrativeLevels.POST_2025:
                return []  # the level has gone; the service is still there
            return [{"MAHUYEN": f"99{n}", "TENHUYEN": f"Huyện Mẫu {n}", "MATINH": "99"} for n in range(1, 7)]
        case "LayDanhMucPhuongXa":
            return [{"MAXA": f"99{n:03d}", "TENXA": f"Xã Mẫu {n}", "MATINH": "99"} for n in range(1, 25)]
        case "LayDanhMucThuTucThuocLoai":
            return [
                {"MATTHC": code, "TENTTHC": record["TENTTHC"], "MALOAITHUTUC": record.get("LOAITTHC", "")}
                for code, record in state.procedures.items()
            ]
        case "LayDanhMucDoiTuong":
            return _of_procedures(state, "DOITUONGTHUCHIEN", code_field)
        case "LayDanhMucCanCuPhapLy":
            return _of_procedures(state, "CANCUPHAPLY", code_field)
        case "LayDanhMucLePhi":
            return [
                {"MAPHILEPHI": "1'", "TENPHILEPHI": "Phí mẫu", "SOTIEN": "1.000", "DONVI": "Đồng"},
                {"MAPHILEPHI": "2'", "TENPHILEPHI": "Lệ phí mẫu", "SOTIEN": "Không", "DONVI": "Đồng"},
            ]
        case _:
            return [{code_field: code, name_field: name} for code, name in _PAIRS[service]]


def _of_procedures(state: PortalState, list_name: str, code_field: str) -> list[Record]:
    found: dict[Any, Record] = {}
    for record in state.procedures.values():
        for item in record.get(list_name) or ():
            found.setdefault(item[code_field], dict(item))
    return list(found.values())


def _spoiled(service: str, items: list[Record], profile: PortalProfile) -> list[Record]:
    """Make the list as dirty as the settings say: in the middle first, so that what is missing misses at the end."""
    code_field, name_field = FIELDS[service]
    doubled = [dict(item) for item in items[: profile.duplicate_catalogue_items]]
    contradicting = [
        {**item, name_field: f"{item.get(name_field, '')} (tên khác)"}
        for item in items[: profile.contradictory_catalogue_items]
    ]
    without_code = [{**item, code_field: ""} for item in items[: profile.codeless_catalogue_items]]
    listed = [*items, *doubled, *contradicting, *without_code]
    if profile.missing_catalogue_items:
        listed = listed[: -profile.missing_catalogue_items]
    new_names = profile.catalogue_fields.get(service)
    if new_names is None:
        return listed
    renamed = dict(zip((code_field, name_field), new_names, strict=True))
    return [{renamed.get(key, key): value for key, value in item.items()} for item in listed]


def list_online_services(state: PortalState, profile: PortalProfile, envelope: Record) -> Reply:
    """Give the online services (§3.4): `result` is an object that holds the list."""
    sectors = {item["MALINHVUC"]: item["TENLINHVUC"] for item in state.sectors}
    listed = []
    for index, (code, record) in enumerate(state.procedures.items()):
        domains = record.get("LINHVUCTHUCHIEN") or [{"MALINHVUC": ""}]
        agencies = record.get("COQUANTHUCHIEN") or []
        listed.append(
            {
                "MADVC": f"{code}.01",
                "TENDVC": f"{record['TENTTHC']} (trực tuyến)",
                "MATTHC": code,
                "TENTTHC": record["TENTTHC"],
                "TENCOQUANBANHANH": record.get("MACOQUANCONGBO", ""),
                "TENLINHVUC": sectors.get(domains[0]["MALINHVUC"], ""),
                "APDUNGDVC": [
                    {"MACOQUANTHUCHIEN": agency["MADONVI"], "MUCDO": _LEVELS[(index + at) % len(_LEVELS)]}
                    for at, agency in enumerate(agencies)
                ],
            }
        )
    if "LayDVC" in profile.empty_services:
        listed = []
    return Reply(0, profile.wording.success, {"data": page(profile, envelope, listed)})


def get_decision(state: PortalState, profile: PortalProfile, envelope: Record) -> Reply:
    """Give a publication decision (§3.3). Its fields are not known: these are invented like the procedures."""
    decision_id = envelope.get("idQDCB")
    if not isinstance(decision_id, str) or not decision_id:
        return failure(profile, profile.wording.bad_parameter.format(name="idQDCB"))
    published = [code for code, record in state.procedures.items() if record.get("IDQUYETDINHCONGBO") == decision_id]
    if not published:
        return Reply(0, profile.wording.success, [])
    record = {
        "ID": decision_id,
        "SOQUYETDINH": f"{decision_id}/QĐ-UBND",
        "NGAYBANHANH": "15/03/2026",
        "TRICHYEU": "Công bố danh mục thủ tục hành chính mẫu",
        "DANHSACHTTHC": [{"MATTHC": code} for code in published],
    }
    return Reply(0, profile.wording.success, [record])


def list_unit_procedures(state: PortalState, profile: PortalProfile, envelope: Record) -> Reply:
    """Give the procedures that a unit or one below it carries out or has published; all of them to the province."""
    unit = envelope.get("maDonVi")
    if not isinstance(unit, str) or not unit:
        return failure(profile, profile.wording.bad_parameter.format(name="maDonVi"))
    listed = []
    for code, record in state.procedures.items():
        agencies = [agency["MADONVI"] for agency in record.get("COQUANTHUCHIEN") or ()]
        if any(agency == unit or agency.startswith(f"{unit}.") for agency in [*agencies, record["MACOQUANCONGBO"]]):
            listed.append({"MATTHC": code, "TENTTHC": record["TENTTHC"]})
    return Reply(0, profile.wording.success, page(profile, envelope, listed))


def find_technical_id(state: PortalState, profile: PortalProfile, envelope: Record) -> Reply:
    """Give the technical id of a number (§3.5); an empty list for whoever has not registered."""
    wanted = profile.technical_id_provider
    if wanted and envelope.get("provider", wanted) != wanted:
        return failure(profile, profile.wording.bad_parameter.format(name="provider"))
    number = envelope.get("mstorcmnd")
    if not isinstance(number, str) or not number:
        return failure(profile, profile.wording.bad_parameter.format(name="mstorcmnd"))
    return Reply(0, profile.wording.success, [{"TECHNICALID": one} for one in state.technical_ids.get(number, ())])


def make_technical_ids() -> dict[str, list[str]]:
    """Register invented people and companies: two of three numbers, and one number under two ids."""
    numbers = [f"999199{serial:06d}" for serial in range(1, 31)] + [f"9991990{serial:03d}" for serial in range(1, 11)]
    made = {number: [_technical_id(number)] for at, number in enumerate(numbers) if at % 3 != 2}
    made["999199000099"] = [_technical_id("a"), _technical_id("b")]
    return made


def _technical_id(seed: str) -> str:
    return f"TECH-{sha256(seed.encode()).hexdigest()[:12]}"
