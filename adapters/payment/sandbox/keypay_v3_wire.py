"""Reads what clients send to KeyPay v3, strictly (payment notes §C.4). Pure; refusals carry no values."""

import hmac
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from adapters.payment.sandbox.keypay_v1_v3_profile import Client, KeypayProfile
from adapters.payment.sandbox.keypay_v3_checksums import (
    DETAIL_ORDER,
    ORDER,
    REFUND_DETAIL_ORDER,
    REFUND_ORDER,
    check_sum,
)
from adapters.payment.sandbox.messages import Refusal
from adapters.payment.sandbox.platform_profile import PlatformProfile
from adapters.payment.sandbox.platform_receipts import receipt_problem

MALFORMED, UNKNOWN_CLIENT, BAD_CHECKSUM, REUSED, NOT_FOUND, NOT_PAID, TOO_MUCH = 1, 2, 3, 4, 5, 6, 7
"""`error` other than 0 is not known; these are the simulator's own."""
CREATE_FIELDS = frozenset(
    {
        *ORDER,
        "description",
        "locale",
        "country_code",
        "currency_code",
        "environment",
        "bill_info",
        "return_url",
        "check_sum",
    }
)
ORDERS: Mapping[str, tuple[str, ...]] = {
    "create": ORDER,
    "paylater": ORDER,
    "detail": DETAIL_ORDER,
    "paylater_detail": DETAIL_ORDER,
    "refund": REFUND_ORDER,
    "refund_detail": REFUND_DETAIL_ORDER,
}
_FIELDS: Mapping[str, frozenset[str]] = {
    "create": CREATE_FIELDS,
    "paylater": CREATE_FIELDS | {"bill_id"},
    **{
        name: frozenset({*ORDERS[name], "check_sum"})
        for name in ("detail", "paylater_detail", "refund", "refund_detail")
    },
}
_FIXED = (("version", "3.0"), ("locale", "vn"), ("country_code", "vi"), ("currency_code", "VND"))
_AMOUNT = re.compile(r"[1-9][0-9]{0,14}")
_FEE = re.compile(r"0|[1-9][0-9]{0,14}")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,50}")


def check_sealed(profile: KeypayProfile, document: Mapping[str, Any] | None, operation: str) -> Client:
    """Give the client who sealed a message, with the right command and members. Raises Refusal."""
    if document is None:
        raise Refusal(str(MALFORMED), "body: is no JSON object")
    client = profile.client(document.get("client_id"))
    if client is None:
        raise Refusal(str(UNKNOWN_CLIENT), "client_id: is not known")
    expected = check_sum(client.key_1, document, ORDERS[operation])
    if not hmac.compare_digest(expected.encode(), str(document.get("check_sum", "")).encode()):
        raise Refusal(str(BAD_CHECKSUM), "check_sum: is wrong")
    unknown, missing = set(document) - _FIELDS[operation], _FIELDS[operation] - set(document)
    if profile.is_strict and (unknown or missing):
        what = f"unknown members: {len(unknown)}; missing: {', '.join(sorted(missing)) or 'none'}"
        raise Refusal(str(MALFORMED), what)
    if document.get("command") != command_of(profile, operation):
        raise Refusal(str(MALFORMED), "command: is not that of the call")
    return client


def command_of(profile: KeypayProfile, operation: str) -> str:
    """Give the literal of `command` for a call."""
    return {
        "create": profile.pay_command,
        "paylater": profile.paylater_command,
        "detail": profile.detail_command,
        "paylater_detail": profile.paylater_detail_command,
        "refund": profile.refund_command,
        "refund_detail": profile.refund_detail_command,
    }[operation]


def amount_of(value: object) -> int:
    """Read an amount: a text of digits, as the notes have it, or a whole number. Raises Refusal."""
    text = value if isinstance(value, str) else str(value) if type(value) is int else ""
    if _AMOUNT.fullmatch(text) is None:
        raise Refusal(str(MALFORMED), "amount: must be plain digits above zero")
    return int(text)


def fee_of(value: object) -> int:
    """Read the fee for delivery, which may be zero. Raises Refusal."""
    text = value if isinstance(value, str) else str(value) if type(value) is int else ""
    if _FEE.fullmatch(text) is None:
        raise Refusal(str(MALFORMED), "addition_fee: must be plain digits")
    return int(text)


def check_create(profile: KeypayProfile, document: Mapping[str, Any]) -> None:
    """Check the form of create and of pay-later create. Raises Refusal."""
    if not isinstance(document["trans_amount"], str):
        raise Refusal(str(MALFORMED), "trans_amount: must be a text")
    for name, value in _FIXED:
        if document[name] != value:
            raise Refusal(str(MALFORMED), f"{name}: must be {value}")
    if str(document["environment"]) not in ("1", "2"):
        raise Refusal(str(MALFORMED), "environment: must be 1 or 2")
    for name in ("transaction_id", *(("bill_id",) if "bill_id" in document else ())):
        if not isinstance(document[name], str) or _NAME.fullmatch(document[name]) is None:
            raise Refusal(str(MALFORMED), f"{name}: must be 1 to 50 plain characters")
    parts = urlsplit(str(document["return_url"]))
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise Refusal(str(MALFORMED), "return_url: must be an absolute address")
    problem = receipt_problem(PlatformProfile(), document["bill_info"], amount_of(document["trans_amount"]))
    if problem:
        raise Refusal(str(MALFORMED), f"bill_info.{problem}")
