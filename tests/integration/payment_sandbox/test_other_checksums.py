"""The sandbox's own checksums of PayGov and KeyPay give the digests of payment notes §13."""

import hashlib

import pytest

from adapters.payment.sandbox.keypay_v1_checksums import (
    CONFIRM_ORDER,
    QUERY_ORDER,
    QUERY_V2_ORDER,
    Algorithm,
    Variant,
    request_hash,
    response_hash,
    service_hash,
)
from adapters.payment.sandbox.keypay_v3_checksums import DETAIL_ORDER, ORDER, REFUND_ORDER, check_sum
from adapters.payment.sandbox.paygov_checksums import create_checksum, receipt_checksum

KEYPAY = {
    "command": "pay",
    "country_code": "+84",
    "currency_code": "704",
    "current_locale": "vn",
    "good_code": "H0125-250115-0001",
    "merchant_code": "SIMMC",
    "merchant_trans_id": "1001",
    "net_cost": "150000",
    "return_url": "https://mc.example.vn/ket-qua",
    "service_code": "720",
    "ship_fee": "0",
    "tax": "0",
    "version": "1.0",
}
RETURNED = {**KEYPAY, "bank_code": "970436", "response_code": "00"}
V3 = {
    "addition_fee": "0",
    "client_id": "SIM_CLIENT",
    "command": "PAY",
    "trans_amount": "150000",
    "transaction_id": "20250115-1001",
    "version": "3.0",
}


def test_paygov_create() -> None:
    """Creating a payment is sealed over access key, partner, order, request and amount."""
    document = {
        "accessKey": "SIMACCESS",
        "partnerCode": "PAYGOV-SIM",
        "orderId": "000.00.25.H01-H0125-250115-0001-01",
        "requestCode": "100011736908200000",
        "amount": 150000,
    }
    expected = "436218991646e05631597abb0c00fca2e61424c0ada3a45591b6fc72e2d89a1d"
    assert expected == create_checksum("SIMSECRET", document)


def test_paygov_receipt() -> None:
    """Asking for a receipt is sealed with partner and access key swapped and the date last."""
    document = {
        "partnerCode": "PAYGOV-SIM",
        "accessKey": "SIMACCESS",
        "payerId": "001099000001",
        "payerName": "NGUYEN VAN A",
        "payerAddress": "SO 1 PHO SIM",
        "payerDistrict": "QUAN SIM",
        "payerProvince": "TINH SIM",
        "docCode": "H0125-250115-0001",
        "procedureName": "THU TUC MO PHONG",
        "paids": "WyJQR1RYMDAwMSJd",
        "otherInfo": "eyJiZW5lZmljaWFyeVVuaXRDb2RlIjoiQlUwMSIsImJlbmVmaWNpYXJ5VW5pdE5hbWUiOiJTTyBUVSBQSEFQIn0=",
        "decisionDate": "15-01-2025",
    }
    expected = "f0b4e8e33af0dc83fdd516c095dfa15656bec30f3592ad79f7530165bcd19707"
    assert expected == receipt_checksum("SIMSECRET", document)


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        (Algorithm.MD5, "E39C183823B624569175578DFC8E0420"),
        (Algorithm.SHA256, "015F0F79E8CAD6AA653A027FC030627A853C914B58271E9C265203D09833FB55"),
    ],
)
def test_keypay_redirect(algorithm: Algorithm, expected: str) -> None:
    """A redirect is hashed under either digest, in upper hex."""
    assert expected == request_hash(algorithm, "SIMKEY", KEYPAY)


@pytest.mark.parametrize(
    ("trans_id", "expected"),
    [("KP900001", "AA31280B7DE7175B8B31F5BA3258BA44"), ("KP900002", "06748A0154CD2CA6A60EEAC5196446EC")],
)
def test_keypay_return(trans_id: str, expected: str) -> None:
    """A return keeps the leading zero of its hash."""
    fields = {**RETURNED, "trans_id": trans_id}
    assert expected == response_hash(Algorithm.MD5, Variant.PREFIX, "SIMKEY", fields)


def test_keypay_return_with_secret_in_place() -> None:
    """The other variant has the secret where its field's name sorts; §13 has no vector, so it is spelled out."""
    text = "970436pay704H0125-250115-0001SIMMCSIMKEY10011500000072000KP900001"
    expected = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper()
    fields = {**RETURNED, "trans_id": "KP900001"}
    assert expected == response_hash(Algorithm.MD5, Variant.IN_PLACE, "SIMKEY", fields)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (QUERY_ORDER, "b773cd87057be9cc8cd97d5e441ff4d8"),
        (QUERY_V2_ORDER, "08e11043b6b24d98eccece5261748d76"),
        (CONFIRM_ORDER, "0909af044c28a80588d0ba7a158802ee"),
    ],
)
def test_keypay_services(order: tuple[str, ...], expected: str) -> None:
    """Queries and the confirmation are hashed in lower hex, each in its own order."""
    fields = {**KEYPAY, "trans_id": "KP900001", "trans_time": "20250115093000", "trans_result": "0"}
    assert expected == service_hash("SIMKEY", fields, order)


@pytest.mark.parametrize(
    ("key", "changes", "order", "expected"),
    [
        ("SIMKEY1", {}, ORDER, "7b6867f820966d816e3b2248c6a0b618dabbf719be3c1389318d8e0000ab9b16"),
        ("SIMKEY2", {}, ORDER, "659da90b59f29ca295fcf42171fbb76ba9b1ae0193202755461f61611a59998a"),
        (
            "SIMKEY1",
            {"command": "PAYDETAIL"},
            DETAIL_ORDER,
            "55c9925a5a78aa33c894283fc2800cf7dfcb0947178ab532a70131835374e874",
        ),
        (
            "SIMKEY1",
            {"amount": "50000", "command": "REFUND", "reason": "NOP THUA"},
            REFUND_ORDER,
            "edbdc3bb49cb80e9625fb0565f41d3f2c6c8719e28abd288dfcf90273c7b3d66",
        ),
    ],
)
def test_keypay_v3(key: str, changes: dict[str, str], order: tuple[str, ...], expected: str) -> None:
    """Messages of v3 are sealed by either key over the fields of their kind."""
    assert expected == check_sum(key, {**V3, **changes}, order)
