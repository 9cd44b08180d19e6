"""ThongTinBienLai, checked (payment notes §A.4). It stands outside the checksum, so form and sums are all there is."""

import re
from collections.abc import Sequence
from typing import Any

from adapters.payment.sandbox.platform_profile import PlatformProfile

_PROCEDURE = (
    "MaDonVi",
    "TenDonVi",
    "MaHoSo",
    "MaTTHC",
    "TenTTHC",
    "MaDVC",
    "TenDVC",
    "TKThuHuong",
    "MaNHThuHuong",
    "TenTKThuHuong",
)
_FINE = (
    "MaLoaiHinhThuPhat",
    "TenLoaiHinhThuPhat",
    "KhoBac",
    "NgayQD",
    "SoQD",
    "ThoiGianViPham",
    "DiaDiemViPham",
    "TenNguoiViPham",
)
_ALWAYS = ("NoiDungThanhToan", "HoTenNguoiNop", "SoCMNDNguoiNop", "DiaChiNguoiNop")
_OPTIONAL = ("MaCoQuanQD", "TenCoQuanQD", "TaiKhoanThuNSNN", "HuyenNguoiNop", "TinhNguoiNop")
RECEIPT_FIELDS = frozenset({"MaDichVu", "PhiLePhi", "DSKhoanNop", *_PROCEDURE, *_FINE, *_ALWAYS, *_OPTIONAL})
_FEE_FIELDS = frozenset({"LoaiPhiLePhi", "MaPhiLePhi", "TenPhiLePhi", "SoTien"})
_LINE_FIELDS = frozenset({"NoiDung", "SoTien"})
_DIGITS = re.compile(r"0|[1-9][0-9]{0,14}")
MAX_NAME_LENGTH = 250


def receipt_problem(profile: PlatformProfile, receipt: object, total_vnd: int) -> str:
    """Tell what is wrong with a receipt, beginning with the field's name; "" when nothing is. No values are told."""
    if not isinstance(receipt, dict):
        return ": must be an object"
    unknown, missing = set(receipt) - RECEIPT_FIELDS, RECEIPT_FIELDS - set(receipt)
    if unknown or missing:
        return f": unknown members: {len(unknown)}; missing: {', '.join(sorted(missing)) or 'none'}"
    service = receipt["MaDichVu"]
    if isinstance(service, bool) or not isinstance(service, str | int) or str(service) not in profile.service_classes:
        return "MaDichVu: is not known"
    for name in sorted(RECEIPT_FIELDS - {"MaDichVu", "PhiLePhi", "DSKhoanNop"}):
        if not isinstance(receipt[name], str):
            return f"{name}: must be a text"
    required = (*_ALWAYS, *(_PROCEDURE if str(service) == "2" else _FINE))
    for name in required:
        if not receipt[name].strip():
            return f"{name}: must not be empty"
    for name in ("TenTTHC", "TenDVC"):
        if len(receipt[name]) > MAX_NAME_LENGTH:
            return f"{name}: is too long"
    return _sums_problem(profile, receipt, total_vnd, has_fees=str(service) == "2")


def amount_of(value: object) -> int | None:
    """Read an amount written as a text of digits or as a whole number; None when it is none."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**15:
        return value
    return int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else None


def total_of(rows: object) -> int | None:
    """Sum the amounts of rows; None when there are none or one cannot be read."""
    if not isinstance(rows, list) or not rows:
        return None
    amounts = [amount_of(row.get("SoTien")) if isinstance(row, dict) else None for row in rows]
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if len(known) == len(amounts) else None


def _sums_problem(profile: PlatformProfile, receipt: dict[str, Any], total_vnd: int, *, has_fees: bool) -> str:
    lists: Sequence[tuple[str, frozenset[str]]] = (
        (("PhiLePhi", _FEE_FIELDS), ("DSKhoanNop", _LINE_FIELDS)) if has_fees else (("DSKhoanNop", _LINE_FIELDS),)
    )
    for name, fields in lists:
        rows = receipt[name]
        if not isinstance(rows, list) or any(not isinstance(row, dict) or set(row) != fields for row in rows):
            return f"{name}: must be rows of {', '.join(sorted(fields))}"
        if any(not isinstance(row[field], str) or not row[field] for row in rows for field in fields - {"SoTien"}):
            return f"{name}: has an empty text or none"
        if total_of(rows) != total_vnd:
            return f"{name}: does not sum up to SoTien"
    if has_fees and any(row["LoaiPhiLePhi"] not in profile.fee_kinds for row in receipt["PhiLePhi"]):
        return "PhiLePhi: LoaiPhiLePhi is not known"
    return ""
