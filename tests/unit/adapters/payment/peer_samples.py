"""Orders, settings and parts for tests of PayGov, KeyPay and VietQR. The people and partners do not exist."""

from datetime import UTC, datetime
from typing import Any

from adapters.payment.keypay_v1_settings import KeyPayV1Settings
from adapters.payment.keypay_v3_settings import KeyPayV3Settings
from adapters.payment.paygov_settings import PayGovSettings
from adapters.payment.peer import Parts
from gateway.model.dossier import FeeKind
from gateway.model.payment import Beneficiary, Payer, PaymentItem, PaymentOrder
from gateway.ports.payments import AskedAttempt
from tests.support.clocks import FixedChance, StillClock

OPENED_AT = datetime(2025, 1, 15, 2, 30, tzinfo=UTC)
RANDOM = bytes(range(16))
DOSSIER = "H01.25-250115-0001"
PAYER = Payer(full_name="Nguyễn Văn Thử", number="999099000001", address="Số 1 phố Thử", province="Tỉnh Thử")


def make_order(reference: str, amount_vnd: int = 150_000) -> PaymentOrder:
    """Give an order of a charge and a levy."""
    return PaymentOrder(
        reference=reference,
        amount_vnd=amount_vnd,
        items=(
            PaymentItem(name="Phí thẩm định", kind=FeeKind.CHARGE, amount_vnd=amount_vnd - 50_000),
            PaymentItem(name="Lệ phí cấp giấy phép", kind=FeeKind.LEVY, amount_vnd=50_000, code="L01"),
        ),
        dossier_code=DOSSIER,
        procedure_code="1.000001",
        procedure_name="Cấp giấy phép thử nghiệm",
        service_code="1.000001.01",
        service_name="Cấp giấy phép thử nghiệm trực tuyến",
        agency_code="000.00.25.H01",
        agency_name="Sở Thử Nghiệm",
        beneficiary=Beneficiary(
            account_number="0011001234567", account_name="SO THU NGHIEM", bank_code="VCB", bank_bin="970436"
        ),
        payer=PAYER,
        payer_address="203.0.113.7",
        return_url="https://pay.example/return",
        opened_at=OPENED_AT,
    )


def make_attempt(reference: str, **changes: Any) -> AskedAttempt:
    """Give what is known of an attempt."""
    given: dict[str, Any] = {
        "reference": reference,
        "amount_vnd": 150_000,
        "dossier_code": DOSSIER,
        "opened_at": OPENED_AT,
        **changes,
    }
    return AskedAttempt(**given)


def make_parts(clock: StillClock | None = None) -> Parts:
    """Give parts that never wait."""

    async def no_wait(_: float) -> None:
        return

    return Parts(ssl_supplier=lambda: None, clock=clock or StillClock(), chance=FixedChance(), sleep=no_wait)


def paygov_settings(url: str = "https://lgsp.example", **changes: Any) -> PayGovSettings:
    """Give settings under which the unit signs."""
    given: dict[str, Any] = {
        "is_enabled": True,
        "base_url": url,
        "bill_path": "/api/v1/PayGov/bienlai",
        "access": {
            "access_key": "LGSPACCESS",
            "secret_key": {"value": "bi-mat-lgsp"},
            "app_name": "APP",
            "partner_code": "H01",
        },
        "partner_code": "PAYGOV-SIM",
        "access_key": "SIMACCESS",
        "secret_key": {"value": "SIMSECRET"},
        "service_code": "DVC",
        "page_hosts": ["paygov.example"],
        "beneficiary_unit_code": "BU01",
        "beneficiary_unit_name": "SO THU",
        "is_test": True,
        **changes,
    }
    return PayGovSettings.model_validate(given)


def keypay_v1_settings(url: str = "https://ws.example/resources/generic", **changes: Any) -> KeyPayV1Settings:
    """Give settings with the secret in front and MD5."""
    given: dict[str, Any] = {
        "pay_url": "https://keypay.example/process",
        "service_url": url,
        "merchant_code": "SIMMC",
        "keys": [{"value": "SIMKEY"}],
        "is_test": True,
        **changes,
    }
    return KeyPayV1Settings.model_validate(given)


def keypay_v3_settings(url: str = "https://keypay3.example", **changes: Any) -> KeyPayV3Settings:
    """Give settings with refunds."""
    given: dict[str, Any] = {
        "client_id": "SIM_CLIENT",
        "sending_key": [{"value": "SIMKEY1"}],
        "receiving_key": [{"value": "SIMKEY2"}],
        "create_url": f"{url}/create",
        "detail_url": f"{url}/detail",
        "refund_url": f"{url}/refund",
        "refund_detail_url": f"{url}/refund-detail",
        "page_hosts": ["keypay3.example"],
        "is_test": True,
        **changes,
    }
    return KeyPayV3Settings.model_validate(given)
