"""An order, rules and a CONFIRM of the payment platform; the values are those of the notes' vectors."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from gateway.model.dossier import FeeKind
from gateway.model.payment import Beneficiary, Payer, PaymentItem, PaymentOrder
from gateway.ports.payments import RawNotification
from mappings.payment.platform_rules import PlatformRules

SECRET = "SIM-SECRET-0001"
OLD_SECRET = "SIM-SECRET-0000"
REFERENCE = "REF0000000000000001"
OWN_REFERENCE = "ABCDEFGHIJKLMNOP2345"
DOSSIER = "H01.25-250115-0001"
DESCRIPTION = f"THANH TOAN HO SO {DOSSIER}"
OPENED_AT = datetime(2025, 1, 15, 2, 30, tzinfo=UTC)
PAID_AT = datetime(2025, 1, 15, 2, 34, 12, tzinfo=UTC)
RULES = PlatformRules(partner_code="PPSIM01")
HOSTS = frozenset({"pay.example"})
BILL_HOSTS = frozenset({"bill.example"})
ORDER = PaymentOrder(
    reference=REFERENCE,
    amount_vnd=150_000,
    items=(
        PaymentItem(name="Phí thẩm định", kind=FeeKind.CHARGE, amount_vnd=100_000, code="P01"),
        PaymentItem(name="Lệ phí cấp giấy phép", kind=FeeKind.LEVY, amount_vnd=50_000, code="L01"),
    ),
    dossier_code=DOSSIER,
    procedure_code="1.000001",
    procedure_name="Cấp giấy phép mô phỏng",
    service_code="1.000001.01",
    service_name="Cấp giấy phép mô phỏng trực tuyến",
    agency_code="000.00.25.H01",
    agency_name="Sở Mô phỏng",
    beneficiary=Beneficiary(account_number="0011001234567", account_name="SO MO PHONG", bank_code="VCB"),
    payer=Payer(full_name="NGUYỄN VĂN A", number="999099000001", address="Số 1 phố Thử", province="Tỉnh Thử"),
    payer_address="203.0.113.7",
    return_url="https://portal.example/return",
    opened_at=OPENED_AT,
)
CONFIRM: dict[str, Any] = {
    "LoaiBanTin": "CONFIRM",
    "MaLoi": "00",
    "MaDoiTac": "PPSIM01",
    "MaThamChieu": REFERENCE,
    "SoTien": 150_000,
    "MaTienTe": "VND",
    "MaGiaoDich": "PPTX202501150001",
    "MaNganHang": "VCB",
    "ThoiGianGD": "20250115093412",
    "ThongTinGiaoDich": DESCRIPTION,
    "MaXacThuc": "eb6c40358c6e8d472599738c90e774d380bba2c4d05e031d9bf281e00b33b155",
}
SIGNED = tuple(name for name in CONFIRM if name != "MaXacThuc")


def order(**changes: Any) -> PaymentOrder:
    return replace(ORDER, **changes)


def rules(**changes: Any) -> PlatformRules:
    return PlatformRules.model_validate({"partner_code": "PPSIM01", **changes})


def sealed(secret: str = SECRET, **changes: Any) -> dict[str, Any]:
    """Give a CONFIRM with other values and a checksum of its own, computed here and not by the code under test."""
    document = {**CONFIRM, **changes}
    joined = "|".join(str(document[name]) for name in SIGNED)
    return document | {"MaXacThuc": sha256(f"{joined}|{secret}".encode()).hexdigest()}


def answered(secret: str = SECRET, **changes: Any) -> dict[str, Any]:
    """Give an answer to QUERY: paid unless told otherwise."""
    values = {"LoaiBanTin": "QUERY", **{name: value for name, value in changes.items() if name in CONFIRM}}
    rest = {name: value for name, value in changes.items() if name not in CONFIRM}
    return {"MoTaLoi": "Thành công", "TrangThaiGD": "1", **sealed(secret, **values), **rest}


def raw(document: object, **headers: str) -> RawNotification:
    body = document if isinstance(document, bytes) else json.dumps(document, ensure_ascii=False).encode()
    return RawNotification(method="POST", content_type="application/json", body=body, headers=headers)
