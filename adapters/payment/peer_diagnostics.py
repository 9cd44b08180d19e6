"""What may be shown of the settings of PayGov, KeyPay and VietQR: allow-lists, so that a new one is hidden until
somebody says otherwise. Pure."""

from collections.abc import Mapping, Sequence

from adapters.payment.keypay_v1_settings import KeyPayV1Settings
from adapters.payment.keypay_v3_settings import KeyPayV3Settings
from adapters.payment.paygov_settings import PayGovSettings
from adapters.payment.vietqr_settings import VietQrSettings

_COMMON = ("name", "call_seconds", "page_life_seconds", "max_notification_bytes", "page_hosts", "is_test")
PAYGOV_SHOWN = (
    *_COMMON,
    *("is_enabled", "base_url", "open_path", "verify_path", "bill_path", "partner_code", "order_form", "service_code"),
    *("unit_code", "beneficiary_unit_code", "may_lack", "pending_codes", "pay_date_form"),
    *("verified_word", "disowned_words"),
)
KEYPAY_V1_SHOWN = (
    *_COMMON,
    *("pay_url", "service_url", "merchant_code", "algorithm", "secret_place", "service_code", "version", "locale"),
    *("country_code", "bank_code", "internal_bank", "query_form", "query_path_v1", "query_path_v2", "confirm_path"),
    *("asks_before_paid", "sends_account"),
)
KEYPAY_V3_SHOWN = (
    *_COMMON,
    *("client_id", "create_url", "detail_url", "refund_url", "refund_detail_url", "command"),
    *("detail_command", "refund_command", "refund_detail_command", "version", "environment", "not_found_errors"),
    *("detail_cover", "verifies_refund_answers", "agency_pattern", "bank_pattern"),
)
PAY_LATER_SHOWN = ("create_url", "command", "detail_command", "cover", "expires_unit_seconds")
VIETQR_SHOWN = (
    *("name", "reference_prefix", "reference_length", "reference_place", "purpose", "service", "is_dynamic"),
    "valid_seconds",
)


def describe(
    settings: PayGovSettings | KeyPayV1Settings | KeyPayV3Settings | VietQrSettings,
) -> Mapping[str, str]:
    """Give the settings that help in a fault report, as text. Never secrets, access keys or file paths."""
    names: Sequence[str]
    match settings:
        case PayGovSettings():
            names = PAYGOV_SHOWN
        case KeyPayV1Settings():
            names = KEYPAY_V1_SHOWN
        case KeyPayV3Settings():
            names = KEYPAY_V3_SHOWN
        case VietQrSettings():
            names = VIETQR_SHOWN
    shown = {name: _shown(getattr(settings, name)) for name in names}
    later = settings.pay_later if isinstance(settings, KeyPayV3Settings) else None
    if later is not None:
        shown |= {f"pay_later.{name}": _shown(getattr(later, name)) for name in PAY_LATER_SHOWN}
    return shown


def _shown(value: object) -> str:
    if isinstance(value, frozenset | tuple):
        return " ".join(sorted(str(part) for part in value))
    return str(value)
