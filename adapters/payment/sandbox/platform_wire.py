"""Reads what partners send, strictly (payment notes §A.3, §A.4, §A.6, §12.1). Pure.

The codes of refusals are the simulator's own, for no table of them is known (U4); a client may only tell 00 from the
rest.
"""

import ipaddress
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from adapters.payment.sandbox.messages import Refusal, read_object
from adapters.payment.sandbox.platform_checksums import ASK_ORDER, INIT_ORDER
from adapters.payment.sandbox.platform_profile import PlatformProfile
from adapters.payment.sandbox.platform_receipts import receipt_problem
from adapters.payment.sandbox.vietnam import read_wire_time

MALFORMED, UNKNOWN_PARTNER, BAD_CHECKSUM, REUSED, NOT_FOUND, NOT_PAID, NOT_ALLOWED = (
    "01",
    "02",
    "03",
    "04",
    "05",
    "06",
    "07",
)
_AMOUNT = re.compile(r"[1-9][0-9]{0,14}")
_REFERENCE = re.compile(r"[A-Za-z0-9_.-]+")
_FIXED = {"LoaiHinhThanhToan": "PAY", "MaKenhThanhToan": "1", "MaThietBi": "1", "NgonNgu": "vi-VN", "MaTienTe": "VND"}
_TWELVE_HOUR_SLACK_SECONDS = 900.0
INIT_FIELDS = frozenset({*INIT_ORDER, "MaXacThuc", "ThongTinBienLai"})
ASK_FIELDS = frozenset({*ASK_ORDER, "MaXacThuc"})


def read_document(body: bytes) -> dict[str, Any]:
    """Read a body as one JSON object. Raises Refusal, also for a member that stands twice."""
    document = read_object(body)
    if document is None:
        raise Refusal(MALFORMED, "body: is no JSON object in UTF-8 with each member once")
    return document


def check_init(profile: PlatformProfile, document: Mapping[str, Any], now: datetime) -> None:
    """Check a sealed INIT as strictly as §12.1 asks. Raises Refusal."""
    _check_members(document, INIT_FIELDS, "INIT", profile)
    for name, value in _FIXED.items():
        if document[name] != value:
            raise Refusal(MALFORMED, f"{name}: must be {value}")
    if document["MaNganHang"] != "PAYMENT" and document["MaNganHang"] not in profile.banks:
        raise Refusal(MALFORMED, "MaNganHang: must be PAYMENT or a known bank")
    if _AMOUNT.fullmatch(document["SoTien"]) is None:
        raise Refusal(MALFORMED, "SoTien: must be plain digits above zero")
    if not 0 < len(document["ThongTinGiaoDich"]) <= profile.max_description_length:
        raise Refusal(MALFORMED, "ThongTinGiaoDich: is empty or too long")
    _check_reference(profile, document)
    _check_time(profile, document["ThoiGianGD"], now)
    try:
        ipaddress.ip_address(document["Ip"])
    except ValueError:
        raise Refusal(MALFORMED, "Ip: is no address") from None
    problem = receipt_problem(profile, document["ThongTinBienLai"], int(document["SoTien"]))
    if problem:
        raise Refusal(MALFORMED, f"ThongTinBienLai.{problem}")


def check_question(profile: PlatformProfile, document: Mapping[str, Any], operation: str) -> None:
    """Check a sealed QUERY or GET_BILL. Raises Refusal."""
    _check_members(document, ASK_FIELDS, operation, profile)
    _check_reference(profile, document)
    if read_wire_time(document["ThoiGianGD"]) is None:
        raise Refusal(MALFORMED, "ThoiGianGD: is no time of the form yyyyMMddHHmmss")


def read_loosely(document: Mapping[str, Any]) -> tuple[str, int, str]:
    """Give reference, amount and dossier of an INIT that need not be right in form. Raises Refusal without them."""
    receipt = document.get("ThongTinBienLai")
    dossier = receipt.get("MaHoSo", "") if isinstance(receipt, dict) else ""
    amount = str(document.get("SoTien", ""))
    reference = document.get("MaThamChieu")
    if not isinstance(reference, str) or not reference or _AMOUNT.fullmatch(amount) is None:
        raise Refusal(MALFORMED, "MaThamChieu, SoTien: must be there")
    return reference, int(amount), dossier if isinstance(dossier, str) else ""


def _check_members(
    document: Mapping[str, Any], wanted: frozenset[str], operation: str, profile: PlatformProfile
) -> None:
    unknown, missing = set(document) - wanted, wanted - set(document)
    if unknown or missing:
        what = f"unknown members: {len(unknown)}; missing: {', '.join(sorted(missing)) or 'none'}"
        raise Refusal(MALFORMED, what)
    for name in sorted(wanted - {"ThongTinBienLai"}):
        if not isinstance(document[name], str):
            raise Refusal(MALFORMED, f"{name}: must be a text")
        if "|" in document[name]:
            raise Refusal(MALFORMED, f"{name}: has the sign that parts values")
    if document["LoaiBanTin"] != operation:
        raise Refusal(MALFORMED, f"LoaiBanTin: must be {operation}")
    if document["PhienBan"] != profile.version:
        raise Refusal(MALFORMED, f"PhienBan: must be {profile.version}")


def _check_reference(profile: PlatformProfile, document: Mapping[str, Any]) -> None:
    reference = document["MaThamChieu"]
    if len(reference) > profile.max_reference_length or _REFERENCE.fullmatch(reference) is None:
        raise Refusal(MALFORMED, f"MaThamChieu: must be 1 to {profile.max_reference_length} plain characters")


def _check_time(profile: PlatformProfile, text: str, now: datetime) -> None:
    at = read_wire_time(text)
    if at is None:
        raise Refusal(MALFORMED, "ThoiGianGD: is no time of the form yyyyMMddHHmmss")
    off = abs((now - at).total_seconds())
    if off > profile.max_clock_seconds:
        is_twelve_hour = abs(off - 43_200) <= _TWELVE_HOUR_SLACK_SECONDS
        raise Refusal(
            MALFORMED, f"ThoiGianGD: {'is written with twelve hours' if is_twelve_hour else 'is far from now'}"
        )
