"""Reads what units send to PayGov, strictly (payment notes §B.3, §B.6). Pure; refusals carry no values."""

import base64
import binascii
import hmac
import ipaddress
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from adapters.payment.sandbox.messages import Refusal
from adapters.payment.sandbox.paygov_checksums import RECEIPT_ORDER, create_checksum, receipt_checksum
from adapters.payment.sandbox.paygov_profile import PaygovPartner

FAILED, SIGNATURE_WRONG, SUCCESSFUL = "FAILED", "SIGNATURE_WRONG", "SUCCESSFUL"
_COMMON = {"partnerCode", "returnUrl", "orderId", "amount", "orderInfo", "requestCode", "ipAddress"}
SIGNED_FIELDS = frozenset({*_COMMON, "accessKey", "serviceCode", "checksum"})
UNSIGNED_FIELDS = frozenset({*_COMMON, "beneficiaryCode", "accountPay"})
RECEIPT_FIELDS = frozenset({*RECEIPT_ORDER, "checksum"})
_AMOUNT = re.compile(r"[1-9][0-9]{0,14}")
_ORDER = re.compile(r"[0-9A-Z.]{13}-([A-Za-z0-9._-]{1,60})-01")
_REQUEST = re.compile(r"[A-Za-z0-9_-]{1,50}")
_DATE = re.compile(r"[0-9]{2}-[0-9]{2}-[0-9]{4}")


def amount_of(document: Mapping[str, Any]) -> int:
    """Read the amount, a number or a text of digits. Raises Refusal."""
    value = document.get("amount")
    text = value if isinstance(value, str) else str(value) if type(value) is int else ""
    if _AMOUNT.fullmatch(text) is None:
        raise Refusal(FAILED, "amount: must be plain digits above zero")
    return int(text)


def dossier_of(order: object) -> str:
    """Give the dossier in an order id: what stands behind its first 14 and before its last 3 characters."""
    return order[14:-3] if isinstance(order, str) else ""


def check_credentials(partner: PaygovPartner, document: Mapping[str, Any]) -> None:
    """Check access key and seal of a request to create a payment. Raises Refusal."""
    if not partner.is_signed:
        return
    if document.get("accessKey") != partner.access_key or document.get("serviceCode") != partner.service_code:
        raise Refusal(FAILED, "accessKey, serviceCode: are not the partner's")
    _check_seal(create_checksum(partner.secret_key, document), document)


def check_create(partner: PaygovPartner, document: Mapping[str, Any]) -> None:
    """Check the form of a request to create a payment. Raises Refusal."""
    _check_members(document, SIGNED_FIELDS if partner.is_signed else UNSIGNED_FIELDS)
    for name in set(document) - {"amount", "beneficiaryCode"}:
        if not isinstance(document[name], str) or not document[name]:
            raise Refusal(FAILED, f"{name}: must be a text, not empty")
    if not partner.is_signed and document["beneficiaryCode"] != "":
        raise Refusal(FAILED, "beneficiaryCode: must be empty")
    if _ORDER.fullmatch(document["orderId"]) is None:
        raise Refusal(FAILED, "orderId: must be <13-character unit>-<dossier>-01")
    if _REQUEST.fullmatch(document["requestCode"]) is None:
        raise Refusal(FAILED, "requestCode: must be 1 to 50 plain characters")
    if not document["orderInfo"].isascii():
        raise Refusal(FAILED, "orderInfo: must be without diacritics")
    parts = urlsplit(document["returnUrl"])
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise Refusal(FAILED, "returnUrl: must be an absolute address")
    try:
        ipaddress.ip_address(document["ipAddress"])
    except ValueError:
        raise Refusal(FAILED, "ipAddress: is no address") from None


def check_receipt(partner: PaygovPartner, document: Mapping[str, Any]) -> list[str]:
    """Check a request for a receipt; give the transactions that it is about. Raises Refusal."""
    _check_members(document, RECEIPT_FIELDS)
    if any(not isinstance(value, str) for value in document.values()):
        raise Refusal(FAILED, "all members must be texts")
    if document["accessKey"] != partner.access_key:
        raise Refusal(FAILED, "accessKey: is not the partner's")
    _check_seal(receipt_checksum(partner.secret_key, document), document)
    if _DATE.fullmatch(document["decisionDate"]) is None:
        raise Refusal(FAILED, "decisionDate: must be dd-MM-yyyy")
    for name in ("payerName", "payerAddress", "payerDistrict", "payerProvince"):
        if not document[name].isascii():
            raise Refusal(FAILED, f"{name}: must be without diacritics")
    paids = read_base64(document["paids"])
    other = read_base64(document["otherInfo"])
    if not isinstance(other, dict) or set(other) != {"beneficiaryUnitCode", "beneficiaryUnitName"}:
        raise Refusal(FAILED, "otherInfo: must be an object with code and name of the unit, in base64")
    if not isinstance(paids, list) or not paids or any(not isinstance(each, str) for each in paids):
        raise Refusal(FAILED, "paids: must be an array of transaction codes, in base64")
    return paids


def read_base64(text: str) -> Any:
    """Read JSON in base64; None when it is none."""
    try:
        return json.loads(base64.b64decode(text, validate=True))
    except (ValueError, binascii.Error, RecursionError):
        return None


def _check_seal(expected: str, document: Mapping[str, Any]) -> None:
    if not hmac.compare_digest(expected.encode(), str(document.get("checksum", "")).encode()):
        raise Refusal(SIGNATURE_WRONG, "checksum: is wrong")


def _check_members(document: Mapping[str, Any], wanted: frozenset[str]) -> None:
    unknown, missing = set(document) - wanted, wanted - set(document)
    if unknown or missing:
        what = f"unknown members: {len(unknown)}; missing: {', '.join(sorted(missing)) or 'none'}"
        raise Refusal(FAILED, what)
