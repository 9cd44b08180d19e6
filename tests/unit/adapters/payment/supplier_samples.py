"""Settings, orders and receipts for tests of receipt suppliers. Units and people do not exist."""

from datetime import UTC, date, datetime
from typing import Any

from adapters.payment.supplier_settings import ViettelSettings, VnptSettings
from gateway.model.dossier import FeeKind
from gateway.model.receipt import (
    Collector,
    PaymentMeans,
    Receipt,
    ReceiptDraft,
    ReceiptItem,
    ReceiptNumber,
    ReceiptPayer,
    ReceiptSeries,
    Supplied,
)
from gateway.ports.receipts import SupplierOrder

SERIES = ReceiptSeries(unit_code="H01", form_symbol="01BLP0-001", receipt_symbol="AA-26E", year=2026)
VIETTEL_SERIES = ReceiptSeries(unit_code="H01", form_symbol="01BLP", receipt_symbol="BL26E", year=2026)
KEY = "phi-0123456789ABCDEF0123456789ABCDEF"
ON = date(2026, 3, 4)
PAYER = ReceiptPayer(full_name="Nguyễn Thị <Thử> & con", address="2 Đường Mẫu", number="999099000001")


def make_draft(
    key: str = KEY, *, amount_vnd: int = 100_000, kind: FeeKind = FeeKind.CHARGE, **changes: Any
) -> ReceiptDraft:
    """Give the draft of one item."""
    given: dict[str, Any] = {
        "key": key,
        "kind": kind,
        "request_id": "req-1",
        "collector": Collector(name="Sở Thử", tax_code="0100000000", address="1 Phố Mẫu", agency_code="H01"),
        "payer": PAYER,
        "items": (ReceiptItem(name="Phí thẩm định", amount_vnd=amount_vnd, code="P01"),),
        "dossier_code": "H01.25-260304-0001",
        "procedure_name": "Cấp phiếu thử",
        "means": PaymentMeans.TRANSFER,
        "payment_reference": "REF1",
        **changes,
    }
    return ReceiptDraft(**given)


def make_order(supplier_key: str = KEY, *, series: ReceiptSeries = SERIES, **changes: Any) -> SupplierOrder:
    """Give what a supplier is asked for."""
    return SupplierOrder(key=supplier_key, draft=make_draft(**changes), series=series, decided_on=ON)


def make_receipt(
    supplier_key: str = KEY, *, number: int = 1, series: ReceiptSeries = SERIES, stamp: str = "", **changes: Any
) -> Receipt:
    """Give a receipt that a supplier wrote."""
    return Receipt(
        draft=make_draft(**changes),
        number=ReceiptNumber(series=series, number=number, given_on=ON),
        issued_at=datetime(2026, 3, 4, 3, tzinfo=UTC),
        verification_code="AAAA-BBBB-CCCC-DDDD",
        supplied=Supplied(supplier="supplier", key=supplier_key, issued_stamp=stamp),
    )


def vnpt_settings(url: str = "https://vnpt.example", **changes: Any) -> VnptSettings:
    given: dict[str, Any] = {
        "name": "vnpt",
        "base_url": url,
        "admin_account": "quantri",
        "admin_password": {"value": "sandbox-admin-password"},
        "service_account": "dichvu",
        "service_password": {"value": "sandbox-service-password"},
        "is_test": True,
        **changes,
    }
    return VnptSettings.model_validate(given)


def viettel_settings(url: str = "https://viettel.example", **changes: Any) -> ViettelSettings:
    given: dict[str, Any] = {
        "name": "viettel",
        "base_url": url,
        "login_url": f"{url}/auth/login",
        "username": "9990000001",
        "password": {"value": "sandbox-viettel-password"},
        "tax_code": "9990000001",
        "is_test": True,
        **changes,
    }
    return ViettelSettings.model_validate(given)
