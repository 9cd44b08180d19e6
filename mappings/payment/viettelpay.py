"""ViettelPay's QR content and checksums (payment notes, appendix; one source). Pure.

No provider of the gateway speaks ViettelPay, and none can be made of what is known: how a *paymentconfirm* is to be
answered, where *search* is asked and what it answers are not shown, and the result leaves the amount unsigned, so that
nothing would confirm a payment but a person. What is known stands here, so that an adapter needs only the rest. One
source writes checksums down in two ways; both are here.

Values are joined without separators, so that `1` and `23` look like `12` and `3` (pitfall 7): each is held to a pattern
before it is joined.
"""

import base64
import hmac
import json
import re
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.errors import Fault, InvalidInput
from mappings.payment.amounts import write_amount

MAX_IDENTIFIER = 20
"""Longer ones are cut by the source; here they are refused, since two of them could be cut to one."""
_WORD = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)
_NUMBER = re.compile(r"[0-9.]{1,10}", re.ASCII)


class Encoding(StrEnum):
    """How a checksum is written."""

    HEX = "hex"
    BASE64 = "base64"


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """Who we are there."""

    merchant_code: str
    access_code: str
    key: str = field(repr=False)
    encoding: Encoding = Encoding.HEX


def qr_content(merchant: Merchant, *, bill_code: str, order_id: str, amount_vnd: int) -> str:
    """Write what the code of a bill holds. Raises InvalidInput."""
    _check(merchant_code=merchant.merchant_code, bill_code=bill_code, order_id=order_id)
    _check_length(bill_code=bill_code, order_id=order_id)
    content = {
        "PRIORITY": "BankPlus",
        "VERSION": "1.0",
        "TYPE": "PAY_BILL",
        "BILLCODE": bill_code,
        "ORDER_ID": order_id,
        "AMOUNT": _amount(amount_vnd),
        "MERCHANT_CODE": merchant.merchant_code,
    }
    return json.dumps(content, separators=(",", ":"))


def confirm_checksum(merchant: Merchant, *, bill_code: str, order_id: str, amount_vnd: int) -> str:
    """Compute what *paymentconfirm* (may this bill be paid?) is signed with, over the amount of our order."""
    _check(bill_code=bill_code, order_id=order_id)
    return _checksum(merchant, bill_code, merchant.merchant_code, order_id, _amount(amount_vnd))


def result_checksum(merchant: Merchant, *, error_code: str, order_id: str) -> str:
    """Compute what *receiveresult* is signed with. The amount and `payment_status` are not covered: never a proof."""
    _check(error_code=error_code, order_id=order_id)
    return _checksum(merchant, error_code, merchant.merchant_code, order_id)


def search_checksum(merchant: Merchant, *, command: str, order_id: str, version: str) -> str:
    """Compute what *search* is signed with."""
    _check(command=command, order_id=order_id)
    if _NUMBER.fullmatch(version) is None:
        raise InvalidInput("a value cannot be signed", [Fault("version", "must be digits and dots", "text")])
    return _checksum(merchant, command, merchant.merchant_code, order_id, version)


def is_genuine(expected: str, given: str) -> bool:
    """Compare checksums in a time that does not tell where they differ (pitfall 5); exactly, in letters too."""
    return given.isascii() and hmac.compare_digest(expected, given)


def _checksum(merchant: Merchant, *values: str) -> str:
    _check(merchant_code=merchant.merchant_code, access_code=merchant.access_code)
    text = merchant.access_code + "".join(values)
    digest = hmac.digest(merchant.key.encode(), text.encode(), "sha1")
    return digest.hex() if merchant.encoding is Encoding.HEX else base64.b64encode(digest).decode()


def _amount(amount_vnd: int) -> str:
    try:
        return write_amount(amount_vnd)
    except ValueError:
        raise InvalidInput("a value cannot be signed", [Fault("amount_vnd", "must be above zero", "number")]) from None


def _check(**values: str) -> None:
    wrong = [
        Fault(name, "must be letters, digits, hyphens and underscores", "text")
        for name, value in values.items()
        if _WORD.fullmatch(value) is None
    ]
    if wrong:
        raise InvalidInput("a value cannot be signed", wrong)


def _check_length(**values: str) -> None:
    wrong = [
        Fault(name, f"must have at most {MAX_IDENTIFIER} characters", "text")
        for name, value in values.items()
        if len(value) > MAX_IDENTIFIER
    ]
    if wrong:
        raise InvalidInput("an identifier would be cut", wrong)
