"""The operations of §3 by their wire names, and where each is found."""

from collections.abc import Mapping
from types import MappingProxyType

VERIFY = "XacThucThongTinCongDan"
LOOK_UP = "TraCuuThongTinCongDan"
HOUSEHOLD = "CungCapThongTinHoGiaDinh"
KINSHIP = "XacMinhThongTinNhanThan"
VITAL_STATUS = "XacMinhTinhTrangChetMatTich"

SPOKEN = (
    VERIFY,
    LOOK_UP,
    "CungCapThongTinCongDan",
    HOUSEHOLD,
    "CungCapThongTinNhomMau",
    KINSHIP,
    "XacMinhThongTinNguoiGiamHo",
    "XacMinhThongTinChuHo",
    "XacMinhThongTinNoiOHienTai",
    "XacMinhTinhTrangHonNhan",
    VITAL_STATUS,
)
"""Answered; the last one only where its switch is on."""

UNSUPPORTED = (
    *(f"CungCapDanhSachTheo{what}" for what in ("DiaPhuong", "DoTuoi", "NhomMau", "GioiTinh", "DanToc", "TonGiao")),
    *("GetRequests", "GetRequestStatus", "DeleteRequest", "GetRequestResult"),
    *("GetResultDetailAsRecords", "GetResultDetailAsFile", "GetRequestDetail", "GetRequestHistory"),
)
"""Known by name, and refused as not supported (§8)."""

KNOWN = frozenset(SPOKEN) | frozenset(UNSUPPORTED)

SERVICE_CODES: Mapping[str, tuple[str, ...]] = MappingProxyType({VERIFY: ("033", "003"), LOOK_UP: ("037",)})
"""MaTichHop that belong to an operation (§3); of the others none is known, and any granted one serves."""

DEFAULT_PATHS: Mapping[str, str] = MappingProxyType(
    {
        **{name: f"/dancu/{name}" for name in (*SPOKEN, *UNSUPPORTED)},
        VERIFY: "/dancu/033",
        LOOK_UP: "/dancu/037",
    }
)
