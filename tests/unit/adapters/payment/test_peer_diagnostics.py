"""What is shown of settings, and what never is."""

from typing import Any

import pytest

from adapters.payment.keypay_v1_settings import KeyPayV1Settings
from adapters.payment.keypay_v3_settings import KeyPayV3Settings
from adapters.payment.paygov_settings import PayGovSettings
from adapters.payment.peer_diagnostics import describe
from adapters.payment.vietqr_settings import VietQrSettings
from tests.unit.adapters.payment.peer_samples import keypay_v1_settings, keypay_v3_settings, paygov_settings

EVERY = [paygov_settings(), keypay_v1_settings(), keypay_v3_settings(), VietQrSettings()]


@pytest.mark.parametrize("settings", EVERY, ids=lambda settings: settings.name)
def test_no_secret_is_shown(
    settings: PayGovSettings | KeyPayV1Settings | KeyPayV3Settings | VietQrSettings,
) -> None:
    """Pitfall 12: neither keys nor where they lie."""
    shown = describe(settings)
    assert settings.name == shown["name"]
    text = str(shown)
    for secret in ("SIMKEY", "SIMSECRET", "SIMACCESS", "LGSPACCESS", "bi-mat-lgsp", "SecretStr", "file="):
        assert secret not in text


def test_sets_are_shown_in_order_and_sections_by_name() -> None:
    """So that two reports can be compared."""
    assert "FAILED SIGNATURE_WRONG" == describe(paygov_settings())["disowned_words"]
    later: dict[str, Any] = {"create_url": None, "pay_later": {"create_url": "https://keypay3.example/later"}}
    assert "PAYLATERDETAIL" == describe(keypay_v3_settings(**later))["pay_later.detail_command"]
    assert "paygov.example" == describe(paygov_settings())["page_hosts"]
