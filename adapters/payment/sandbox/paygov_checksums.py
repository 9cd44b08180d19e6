"""Checksums of PayGov (payment notes §B.4 to §B.6): SHA-256 in lower hex of values put together without separators."""

import hashlib
from collections.abc import Mapping

CREATE_ORDER = ("accessKey", "partnerCode", "orderId", "requestCode", "amount")
RECEIPT_ORDER = (
    "partnerCode",
    "accessKey",
    "payerId",
    "payerName",
    "payerAddress",
    "payerDistrict",
    "payerProvince",
    "docCode",
    "procedureName",
    "paids",
    "otherInfo",
    "decisionDate",
)
"""Partner and access key have changed places against CREATE_ORDER."""
RESULT_FIELDS = (
    "amount",
    "orderId",
    "orderInfo",
    "requestCode",
    "transactionNo",
    "transactionCode",
    "payDate",
    "paygate",
    "errorCode",
    "type",
    "checksum",
)


def create_checksum(secret_key: str, document: Mapping[str, object]) -> str:
    """Give the checksum of a request to create a payment."""
    return _digest(secret_key, document, CREATE_ORDER)


def receipt_checksum(secret_key: str, document: Mapping[str, object]) -> str:
    """Give the checksum of a request for a receipt."""
    return _digest(secret_key, document, RECEIPT_ORDER)


def result_checksum(secret_key: str, document: Mapping[str, object]) -> str:
    """Give the simulator's own checksum of a result. The true order is not known (U24), so partners must ask
    `CheckSumUrlReturn` instead of computing it."""
    return _digest(secret_key, document, RESULT_FIELDS[:-1])


def _digest(secret_key: str, document: Mapping[str, object], order: tuple[str, ...]) -> str:
    return hashlib.sha256((secret_key + "".join(str(document.get(name, "")) for name in order)).encode()).hexdigest()
