"""Settings of a registration that does not exist."""

from typing import Any

from adapters.consent import ConsentSettings

KEY = "khoa-webhook-thu-nghiem"
CLIENT_SECRET = "bi-mat-may-khach"
PASSWORD = "mat-khau-doi-tac"
HMAC_KEY = "khoa-ky-thu-nghiem"
PID = "999199000001"
CODE = "7f0c0000-0000-4000-8000-000000000001"
TXN = "9a110000-0000-4000-8000-000000000002"

CLIENT = {"client_id": "tinh-thu-nghiem", "secret": {"value": CLIENT_SECRET}}
PARTNER = {"username": "doi-tac", "password": {"value": PASSWORD}}
HMAC = {"partner_code": "TINH-TN", "key": {"value": HMAC_KEY}}


def make_settings(**changes: Any) -> ConsentSettings:
    """Give settings with plain client headers, unless told otherwise; None leaves a setting at its default."""
    given: dict[str, Any] = {
        "base_url": "https://hub.example",
        "org_code": "H99",
        "client": CLIENT,
        "webhook": {"keys": [{"value": KEY}]},
        "links": {"universal_base": "https://universal.example"},
        "agreement_id": "TT-01/2026",
        "purpose": "Tiếp nhận hồ sơ",
        **changes,
    }
    return ConsentSettings.model_validate({name: value for name, value in given.items() if value is not None})
