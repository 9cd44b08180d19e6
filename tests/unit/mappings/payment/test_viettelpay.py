"""ViettelPay's QR content and checksums, as far as they are known."""

import base64
import json
from dataclasses import replace

import pytest

from gateway.errors import InvalidInput
from mappings.payment import viettelpay as wire
from mappings.payment.viettelpay import Encoding, Merchant

MERCHANT = Merchant(merchant_code="SIMMC", access_code="SIMACC", key="SIMKEY")
V22 = "a5db738bed1de1fde9285a5e2ff3512484e41d72"
ORDER = "1001___H01"


def test_vector_confirm() -> None:
    """V22 of the payment notes §13, in both ways of writing it."""
    order = {"bill_code": "BILL1", "order_id": ORDER, "amount_vnd": 150_000}
    assert V22 == wire.confirm_checksum(MERCHANT, **order)  # type: ignore[arg-type]
    in_base64 = wire.confirm_checksum(replace(MERCHANT, encoding=Encoding.BASE64), **order)  # type: ignore[arg-type]
    assert bytes.fromhex(V22) == base64.b64decode(in_base64)


def test_another_amount_is_another_checksum() -> None:
    """Of what may be paid; the result's covers no amount, whatever is told."""
    changed = wire.confirm_checksum(MERCHANT, bill_code="BILL1", order_id=ORDER, amount_vnd=15_000)
    assert not wire.is_genuine(V22, changed)
    assert wire.is_genuine(V22, V22)
    assert not any(wire.is_genuine(V22, given) for given in ("", V22[:-1], V22.upper(), "đ" * 40))


def test_each_message_is_signed_over_its_own_values() -> None:
    """The same order under another result or command is another checksum."""
    results = {wire.result_checksum(MERCHANT, error_code=code, order_id=ORDER) for code in ("00", "01", "02", "03")}
    searches = {wire.search_checksum(MERCHANT, command="TRANS", order_id=ORDER, version=v) for v in ("1.0", "2.0")}
    assert 6 == len(results | searches)


def test_qr_content() -> None:
    """The members of the source, in its order; amounts are digits."""
    content = json.loads(wire.qr_content(MERCHANT, bill_code="BILL1", order_id=ORDER, amount_vnd=150_000))
    assert {
        "PRIORITY": "BankPlus",
        "VERSION": "1.0",
        "TYPE": "PAY_BILL",
        "BILLCODE": "BILL1",
        "ORDER_ID": ORDER,
        "AMOUNT": "150000",
        "MERCHANT_CODE": "SIMMC",
    } == content
    assert ["PRIORITY", "VERSION", "TYPE"] == list(content)[:3]


@pytest.mark.parametrize(
    ("bill_code", "order_id", "amount_vnd"),
    [("", ORDER, 1), ("BILL 1", ORDER, 1), ("BILL1", "H01/1", 1), ("BILL1", ORDER, 0), ("BILL1", ORDER, -5)],
)
def test_pitfall_07_what_could_shift_into_another_value_is_not_signed(
    bill_code: str, order_id: str, amount_vnd: int
) -> None:
    """The rule is told, the value is not."""
    with pytest.raises(InvalidInput) as caught:
        wire.confirm_checksum(MERCHANT, bill_code=bill_code, order_id=order_id, amount_vnd=amount_vnd)
    assert caught.value.faults


def test_nothing_is_cut() -> None:
    """The source cuts at 20 characters, by which two orders may become one."""
    with pytest.raises(InvalidInput):
        wire.qr_content(MERCHANT, bill_code="BILL1", order_id="1" * 21, amount_vnd=1)
    with pytest.raises(InvalidInput):
        wire.search_checksum(MERCHANT, command="TRANS", order_id=ORDER, version="1.0a")
    assert "SIMKEY" not in repr(MERCHANT)
