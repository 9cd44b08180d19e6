"""ThongTinBienLai: what a payment is for, as the platform shows it and as vouchers have it (payment notes §A.4). Pure.

No checksum covers it, the beneficiary's account included (pitfall 8), so all of it comes from what the gateway itself
has resolved and stored. Fields that are not used are empty texts, never left out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from unicodedata import normalize

from gateway.errors import Fault, InvalidInput
from gateway.model.payment import PaymentItem, PaymentOrder
from gateway.model.vocabulary import VIETNAM
from mappings.payment.amounts import read_amount, write_amount
from mappings.payment.platform_rules import PlatformRules

FEES = "2"
FINE = "1"
_ELLIPSIS = "…"
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Need(StrEnum):
    """When a field must have a value."""

    ALWAYS = "always"
    FEES = "fees"
    FINE = "fine"
    OPTIONAL = "optional"


NEEDS: Mapping[str, Need] = MappingProxyType(
    {
        "MaDichVu": Need.ALWAYS,
        **dict.fromkeys(("MaDonVi", "TenDonVi", "MaHoSo", "MaTTHC", "TenTTHC", "MaDVC", "TenDVC"), Need.FEES),
        **dict.fromkeys(("TKThuHuong", "MaNHThuHuong", "TenTKThuHuong", "PhiLePhi"), Need.FEES),
        **dict.fromkeys(("MaLoaiHinhThuPhat", "TenLoaiHinhThuPhat", "KhoBac", "NgayQD", "SoQD"), Need.FINE),
        **dict.fromkeys(("ThoiGianViPham", "DiaDiemViPham", "TenNguoiViPham"), Need.FINE),
        **dict.fromkeys(("MaCoQuanQD", "TenCoQuanQD"), Need.ALWAYS),
        "TaiKhoanThuNSNN": Need.OPTIONAL,
        **dict.fromkeys(("NoiDungThanhToan", "HoTenNguoiNop", "SoCMNDNguoiNop", "DiaChiNguoiNop"), Need.ALWAYS),
        **dict.fromkeys(("HuyenNguoiNop", "TinhNguoiNop"), Need.OPTIONAL),
        "DSKhoanNop": Need.ALWAYS,
    }
)
"""Every field of the object, in the order in which it is written."""
_LISTS = frozenset({"PhiLePhi", "DSKhoanNop"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fine:
    """What an administrative fine tells beside its amount (MaDichVu 1)."""

    type_code: str
    type_name: str
    decision_number: str
    decided_on: date
    authority_code: str
    authority_name: str
    offended_at: datetime
    place: str
    offender: str = field(repr=False)


def receipt_of(rules: PlatformRules, order: PaymentOrder, *, content: str, fine: Fine | None = None) -> dict[str, Any]:
    """Give the object for an order: fees of a procedure, or with `fine` an administrative fine.

    One row per item that is not zero; the rows add up to the amount, so nothing else (delivery, advances) can be
    mixed in. Descriptive names beyond the limit end with an ellipsis; whatever money or persons are found by is never
    cut. Raises InvalidInput with everything that is wrong; no value is repeated.
    """
    items = [item for item in order.items if item.amount_vnd != 0]
    sums = _sum_faults(order, items)
    if sums:
        raise InvalidInput("the order cannot be sent", sums)
    document: dict[str, Any] = dict.fromkeys(NEEDS, "")
    document["PhiLePhi"] = []
    document |= _common(rules, order, content, items)
    document |= _fees(rules, order, items) if fine is None else _fine(rules, order, fine)
    faults = receipt_faults(rules, document)
    if faults:
        raise InvalidInput("the order cannot be sent", faults)
    if rules.is_service_class_number:
        document["MaDichVu"] = int(document["MaDichVu"])
    return document


def receipt_faults(rules: PlatformRules, document: Mapping[str, Any]) -> list[Fault]:
    """Give what is missing, too long or of another form in an object whose MaDichVu is a text."""
    service_class = document.get("MaDichVu")
    if service_class not in (FEES, FINE):
        return [Fault("MaDichVu", f"must be {FINE} or {FEES}: other classes are not known")]
    needed = {Need.ALWAYS, Need.FEES if service_class == FEES else Need.FINE}
    faults = [
        Fault(name, "must not be empty") for name, need in NEEDS.items() if need in needed and not document.get(name)
    ]
    limits = rules.limits
    longest = {name: limits.code for name in NEEDS if name.startswith(("Ma", "So", "Ngay", "TaiKhoan"))}
    longest |= {"TKThuHuong": limits.account, "DiaChiNguoiNop": limits.address, "DiaDiemViPham": limits.address}
    for name in NEEDS:
        value = document.get(name, "")
        if isinstance(value, str) and len(value) > longest.get(name, limits.name):
            faults.append(Fault(name, f"must be at most {longest.get(name, limits.name)} characters"))
        if isinstance(value, str) and _UNPRINTABLE.search(value):
            faults.append(Fault(name, "must hold no control characters"))
    if service_class == FEES:
        forms = {"MaDonVi": rules.agency_pattern, "MaNHThuHuong": rules.bank_pattern, "TKThuHuong": "[0-9A-Za-z.-]+"}
        faults += [
            Fault(name, "has another form than is agreed")
            for name, pattern in forms.items()
            if document.get(name) and not re.fullmatch(pattern, str(document[name]))
        ]
    return faults


def total_of(rows: object) -> int:
    """Give the sum of rows whose amounts are numbers or texts (PhiLePhi or DSKhoanNop). Raises ValueError."""
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise ValueError("must be a list of objects")
    return sum(read_amount(row.get("SoTien")) for row in rows)


def _sum_faults(order: PaymentOrder, items: list[PaymentItem]) -> list[Fault]:
    faults = []
    try:
        write_amount(order.amount_vnd)
    except ValueError as error:
        faults.append(Fault("amount_vnd", str(error)))
    if any(isinstance(item.amount_vnd, bool) or not isinstance(item.amount_vnd, int) for item in order.items):
        return [*faults, Fault("items", "must hold whole amounts")]
    if not items:
        faults.append(Fault("items", "must hold an amount"))
    if any(item.amount_vnd < 0 for item in items):
        faults.append(Fault("items", "must hold no amount below zero"))
    if sum(item.amount_vnd for item in items) != order.amount_vnd:
        faults.append(Fault("items", "must add up to amount_vnd"))
    return faults


def _common(rules: PlatformRules, order: PaymentOrder, content: str, items: list[PaymentItem]) -> dict[str, Any]:
    payer = order.payer
    return {
        "NoiDungThanhToan": content,
        "HoTenNguoiNop": normalize("NFC", payer.full_name),
        "SoCMNDNguoiNop": payer.number,
        "DiaChiNguoiNop": normalize("NFC", payer.address),
        # There are no districts since July 2025.
        "HuyenNguoiNop": "",
        "TinhNguoiNop": normalize("NFC", payer.province),
        "TaiKhoanThuNSNN": order.beneficiary.budget_account,
        "KhoBac": normalize("NFC", order.beneficiary.treasury),
        "DSKhoanNop": [
            {"NoiDung": _shown(rules, item.name), "SoTien": write_amount(item.amount_vnd)} for item in items
        ],
    }


def _fees(rules: PlatformRules, order: PaymentOrder, items: list[PaymentItem]) -> dict[str, Any]:
    return {
        "MaDichVu": FEES,
        "MaDonVi": order.agency_code,
        "TenDonVi": _shown(rules, order.agency_name),
        "MaHoSo": order.dossier_code,
        "MaTTHC": order.procedure_code,
        "TenTTHC": _shown(rules, order.procedure_name),
        "MaDVC": order.service_code,
        "TenDVC": _shown(rules, order.service_name),
        "TKThuHuong": order.beneficiary.account_number,
        "MaNHThuHuong": order.beneficiary.bank_code,
        "TenTKThuHuong": normalize("NFC", order.beneficiary.account_name),
        "MaCoQuanQD": order.agency_code,
        "TenCoQuanQD": _shown(rules, order.agency_name),
        "PhiLePhi": [
            {
                "LoaiPhiLePhi": rules.fee_kinds[item.kind],
                "MaPhiLePhi": item.code or order.procedure_code,
                "TenPhiLePhi": _shown(rules, item.name),
                "SoTien": write_amount(item.amount_vnd),
            }
            for item in items
        ],
    }


def _fine(rules: PlatformRules, order: PaymentOrder, fine: Fine) -> dict[str, Any]:
    return {
        "MaDichVu": FINE,
        "MaHoSo": order.dossier_code,
        "MaLoaiHinhThuPhat": fine.type_code,
        "TenLoaiHinhThuPhat": _shown(rules, fine.type_name),
        "SoQD": fine.decision_number,
        "NgayQD": fine.decided_on.strftime(rules.decision_date),
        "MaCoQuanQD": fine.authority_code,
        "TenCoQuanQD": _shown(rules, fine.authority_name),
        "ThoiGianViPham": fine.offended_at.astimezone(VIETNAM).strftime(rules.offence_time),
        "DiaDiemViPham": normalize("NFC", fine.place),
        "TenNguoiViPham": normalize("NFC", fine.offender),
    }


def _shown(rules: PlatformRules, name: str) -> str:
    name, limit = normalize("NFC", name), rules.limits.name
    return name if len(name) <= limit else name[: limit - 1].rstrip() + _ELLIPSIS
