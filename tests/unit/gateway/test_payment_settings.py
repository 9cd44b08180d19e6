"""Settings of online payment: what is named must be there, and the defaults keep nobody from paying."""

from typing import Any

import pytest

from gateway.bootstrap.payments import payment_settings
from gateway.bootstrap.receipts import supplier_settings
from gateway.config import load_settings
from gateway.errors import ConfigurationError


def sections(**more: Any) -> dict[str, Any]:
    """Give a section of payments with one provider, which needs nobody to call."""
    return {
        "public_base_url": "https://cong.example",
        "providers": [{"kind": "vietqr", "name": "qr"}],
        "accounts": [{"account_number": "0011001234567", "account_name": "KBNN TINH MAU", "bank_code": "VCB"}],
        **more,
    }


def test_defaults() -> None:
    """Callbacks from everywhere, nobody's word about addresses, fees warned of."""
    payments = load_settings(payments=sections()).payments

    assert payments is not None
    assert ({}, (), "warn") == (payments.callback_networks, payments.trusted_proxies, payments.fee_check)


def test_networks_are_those_of_a_provider_that_there_is() -> None:
    """A name that is misspelt would leave a callback open without anybody knowing."""
    named = {"qr": ["203.0.113.0/24"], "platfrom": ["203.0.113.0/24"]}
    settings = load_settings(payments=sections(callback_networks=named))

    with pytest.raises(ConfigurationError) as caught:
        payment_settings(settings)

    assert ["payments.callback_networks.platfrom"] == [fault.field for fault in caught.value.faults]


@pytest.mark.parametrize(
    "wrong",
    [{"callback_networks": {"qr": ["203.0.113"]}}, {"trusted_proxies": ["proxy.example"]}, {"fee_check": "off"}],
)
def test_what_means_nothing_stops_the_start(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        load_settings(payments=sections(**wrong))


def test_series_of_receipts_are_checked_before_any_number_is_given() -> None:
    """A symbol of another year is named by its place; of one agency, kind and year there is one series."""
    series = {
        "kind": "levy",
        "unit_code": "H99.01",
        "form_symbol": "02BLP",
        "receipt_symbol": "AB-26E",
        "year": 2026,
        "collector_name": "Sở Thử",
    }
    payment_settings(load_settings(payments=sections(receipts=[series, {**series, "kind": "charge"}])))
    wrong = [series, {**series, "receipt_symbol": "AB-25E"}]

    with pytest.raises(ConfigurationError) as caught:
        payment_settings(load_settings(payments=sections(receipts=wrong)))

    assert ["payments.receipts.1.receipt_symbol", "payments.receipts"] == [one.field for one in caught.value.faults]


def supplied(**changes: Any) -> dict[str, Any]:
    """Give a section of a series that a supplier numbers."""
    return {
        "kind": "levy",
        "unit_code": "H99.01",
        "form_symbol": "02BLP",
        "receipt_symbol": "AB-26E",
        "year": 2026,
        "collector_name": "Sở Thử",
        "supplier": "vnpt",
        **changes,
    }


VNPT = {
    "kind": "vnpt",
    "name": "vnpt",
    "base_url": "https://vnpt.example",
    "admin_account": "quantri",
    "admin_password": {"value": "bi-mat-1"},
    "service_account": "dichvu",
    "service_password": {"value": "bi-mat-2"},
}


def test_series_name_suppliers_that_there_are() -> None:
    """Settings of a supplier are read by its kind; none of them is shown."""
    settings = load_settings(payments=sections(receipts=[supplied()], receipt_suppliers=[VNPT]))
    payment_settings(settings)
    assert ["vnpt"] == [one.name for one in supplier_settings(settings)]
    assert "bi-mat" not in repr(settings)
    assert () == supplier_settings(load_settings(payments=sections()))


def test_faults_of_suppliers_are_told_by_their_place() -> None:
    """All at once: an unknown kind, a plain address, a name twice, a series of nobody."""
    wrong = [VNPT, VNPT, {**VNPT, "name": "khac", "base_url": "http://vnpt.example"}, {"kind": "misa", "name": "m"}]
    series = [supplied(supplier="nobody")]

    with pytest.raises(ConfigurationError) as caught:
        payment_settings(load_settings(payments=sections(receipts=series, receipt_suppliers=wrong)))

    fields = [fault.field for fault in caught.value.faults]
    assert "payments.receipt_suppliers" in fields
    assert "payments.receipts.0.supplier" in fields
    assert {"payments.receipt_suppliers.2", "payments.receipt_suppliers.3.kind"} <= set(fields)
    assert "bi-mat" not in str(caught.value)


def test_settled_providers_are_there_and_have_statements() -> None:
    """A name that is misspelt, or no form of statements, would leave money unlooked for."""
    settings = load_settings(payments=sections(settled_providers={"platfrom": ["GOMPHI"]}))
    with pytest.raises(ConfigurationError) as caught:
        payment_settings(settings)
    assert ["payments.settled_providers.platfrom", "payments.settled_providers"] == [
        fault.field for fault in caught.value.faults
    ]
