"""The receipt information that goes with an order of KeyPay v3: the fields of the payment platform's ThongTinBienLai
(payment notes §A.4, §C.4). Pure.

Only charges and levies of a procedure (MaDichVu 2) are written; unused fields are empty texts, not left out.
"""

from collections.abc import Mapping
from typing import Any

from gateway.errors import Fault, InvalidInput
from gateway.model.dossier import FeeKind
from gateway.model.payment import PaymentOrder

_FEES_OF_A_PROCEDURE = "2"
_MAX_NAME = 250
_UNUSED = (
    "MaLoaiHinhThuPhat",
    "TenLoaiHinhThuPhat",
    "NgayQD",
    "SoQD",
    "ThoiGianViPham",
    "DiaDiemViPham",
    "TenNguoiViPham",
    "HuyenNguoiNop",
)


def bill_info(order: PaymentOrder, *, content: str, fee_kinds: Mapping[FeeKind, str]) -> dict[str, Any]:
    """Give the object. Raises InvalidInput when the items do not add up to the amount: what is shown as paid for must
    be what is paid."""
    items = [item for item in order.items if item.amount_vnd]
    if not items or any(item.amount_vnd < 0 for item in items):
        raise InvalidInput("the order cannot be sent", [Fault("items", "must hold amounts above zero")])
    if sum(item.amount_vnd for item in items) != order.amount_vnd:
        raise InvalidInput("the order cannot be sent", [Fault("items", "must add up to amount_vnd")])
    account, payer = order.beneficiary, order.payer
    return {
        "MaDichVu": _FEES_OF_A_PROCEDURE,
        "MaDonVi": order.agency_code,
        "TenDonVi": order.agency_name[:_MAX_NAME],
        "MaHoSo": order.dossier_code,
        "MaTTHC": order.procedure_code,
        "TenTTHC": order.procedure_name[:_MAX_NAME],
        "MaDVC": order.service_code,
        "TenDVC": order.service_name[:_MAX_NAME],
        "TKThuHuong": account.account_number,
        "MaNHThuHuong": account.bank_code,
        "TenTKThuHuong": account.account_name[:_MAX_NAME],
        "PhiLePhi": [
            {
                "LoaiPhiLePhi": fee_kinds[item.kind],
                "MaPhiLePhi": item.code or order.procedure_code,
                "TenPhiLePhi": item.name[:_MAX_NAME],
                "SoTien": str(item.amount_vnd),
            }
            for item in items
        ],
        "MaCoQuanQD": order.agency_code,
        "TenCoQuanQD": order.agency_name[:_MAX_NAME],
        "KhoBac": account.treasury,
        "TaiKhoanThuNSNN": account.budget_account,
        **dict.fromkeys(_UNUSED, ""),
        "NoiDungThanhToan": content,
        "HoTenNguoiNop": payer.full_name,
        "SoCMNDNguoiNop": payer.number,
        "DiaChiNguoiNop": payer.address,
        "TinhNguoiNop": payer.province,
        "DSKhoanNop": [{"NoiDung": item.name[:_MAX_NAME], "SoTien": str(item.amount_vnd)} for item in items],
    }
