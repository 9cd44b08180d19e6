"""Settings of the platform: a wrong one stops the start, and defaults are the recommended ones."""

from typing import Any

import pytest
from pydantic import ValidationError

from adapters.payment.settings import BillTime
from gateway.model.dossier import FeeKind
from gateway.model.payment import Answer
from mappings.payment.platform_rules import Digest, ResultClass
from tests.unit.adapters.payment.platform_peer import settings_for
from tests.unit.mappings.payment.platform_samples import SECRET

BASE = "https://platform.example"


def test_defaults_are_those_of_the_register() -> None:
    """Each unknown of payment notes §14 that concerns the platform, with its recommended assumption."""
    settings = settings_for(BASE, is_test=False)
    rules = settings.rules
    assert "CONFIRM" == rules.confirm_type, "U2"
    assert rules.is_checksum_echoed, "U3"
    assert ({"00": ResultClass.SUCCESS}, ResultClass.FAILED) == (rules.results, rules.unlisted_result), "U4"
    states = {"1": Answer.PAID, "2": Answer.PENDING, "3": Answer.PENDING, "4": Answer.FAILED}
    assert (states, Answer.PENDING) == (rules.states, rules.unlisted_state), "U5"
    assert rules.is_query_signed, "U6"
    assert rules.masks_payer, "U7"
    assert {FeeKind.CHARGE: "1", FeeKind.LEVY: "2"} == rules.fee_kinds, "U9"
    seen = (rules.channel, rules.device, rules.payment_type, rules.language, rules.bank)
    assert ("1", "1", "PAY", "vi-VN", "PAYMENT") == seen, "U10"
    assert (BillTime.CONFIRM, BillTime.INIT) == settings.bill_times, "U11"
    assert (20, 100, 250) == (rules.limits.reference, rules.limits.description, rules.limits.name), "U13"
    assert rules.is_description_ascii, "U13"
    assert 900 == settings.page_life_seconds, "U16"
    assert ("%Y%m%d", "%Y%m%d%H%M%S") == (rules.decision_date, rules.offence_time), "U23"
    assert Digest.SHA256 is rules.digest
    assert not rules.accepts_upper_case
    assert not rules.trusts_unsigned_dossier
    assert (10, 60, 64 * 1024) == (
        settings.transport.connect_seconds,
        settings.call_seconds,
        settings.max_notification_bytes,
    )
    assert 503 not in settings.transport.statuses_without_effect


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"init_url": "http://platform.example/init"}, "init_url must be https"),
        ({"query_url": "https://user@platform.example/"}, "credentials"),
        ({"bill_url": "http://127.0.0.1/bill"}, "bill_url must be https"),
        ({"settlement": {"address": "https://f.example/{partner}.csv"}}, "{date}"),
        ({"settlement": {"address": "http://f.example/{partner}_{date}.csv"}}, "must be https"),
        ({"bill_origins": {"other.example": "https://ss.example"}}, "bill_hosts only"),
        ({"bill_origins": {"bill.example": "http://ss.example"}}, "must be https"),
        ({"bill_origins": {"bill.example": "https://ss.example/path"}}, "without a path"),
        ({"page_hosts": []}, "page_hosts"),
        ({"bill_times": ["init", "init"]}, "repeat"),
        ({"bill_times": []}, "bill_times"),
        ({"secrets": []}, "secrets"),
        ({"secrets": [{"secret": {"value": SECRET}, "accepted_until": "2025-01-01T00:00:00Z"}]}, "no end"),
        ({"secrets": [{"secret": {"value": SECRET}}] * 3}, "secrets"),
        ({"page_life_seconds": 1801}, "page_life_seconds"),
        ({"max_bill_bytes": 1 << 25}, "leave room"),
        ({"rules": {"partner_code": "A|B"}}, "partner_code"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_faults_stop_the_start(change: dict[str, Any], word: str) -> None:
    """Each is named, and no secret stands in what is told."""
    with pytest.raises(ValidationError) as caught:
        settings_for(BASE, **{"is_test": False, **change})
    assert word in str(caught.value)
    assert SECRET not in str(caught.value)


def test_pitfall_22_plain_http_is_for_sandboxes() -> None:
    """Only on loopback, and only when said so."""
    assert "http://127.0.0.1:8080/init" == settings_for("http://127.0.0.1:8080").init_url
    with pytest.raises(ValidationError):
        settings_for("http://127.0.0.1:8080", is_test=False)
    with pytest.raises(ValidationError):
        settings_for("http://platform.example")
