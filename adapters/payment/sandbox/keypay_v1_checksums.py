"""Hashes of KeyPay v1 and v2 (payment notes §C.1, §C.2): values alone, put together without separators."""

import hashlib
from collections.abc import Mapping
from enum import StrEnum

REQUEST_FIELDS = (
    "command",
    "country_code",
    "currency_code",
    "current_locale",
    "good_code",
    "merchant_code",
    "merchant_trans_id",
    "net_cost",
    "return_url",
    "service_code",
    "ship_fee",
    "tax",
    "version",
)
RESPONSE_FIELDS = (
    "bank_code",
    "command",
    "currency_code",
    "good_code",
    "merchant_code",
    "merchant_trans_id",
    "net_cost",
    "response_code",
    "service_code",
    "ship_fee",
    "tax",
    "trans_id",
)
QUERY_ORDER = ("merchant_trans_id", "good_code", "trans_id", "merchant_code")
QUERY_V2_ORDER = ("merchant_code", "merchant_trans_id", "good_code", "trans_time")
CONFIRM_ORDER = ("merchant_code", "good_code", "merchant_trans_id", "trans_id", "trans_result")
_SECRET_FIELD = "merchant_secure_key"  # noqa: S105 - the name of a field


class Algorithm(StrEnum):
    """Which digest a merchant chose."""

    MD5 = "md5"
    SHA256 = "sha256"


class Variant(StrEnum):
    """Where the secret stands in the hash of a response (U26)."""

    PREFIX = "prefix"
    IN_PLACE = "in_place"
    """As a field named merchant_secure_key, where its name sorts."""


def request_hash(algorithm: Algorithm, secret: str, fields: Mapping[str, str]) -> str:
    """Give secure_hash of a redirect, in upper hex; empty values are skipped."""
    return _upper(algorithm, secret + "".join(fields.get(name, "") for name in REQUEST_FIELDS))


def response_hash(algorithm: Algorithm, variant: Variant, secret: str, fields: Mapping[str, str]) -> str:
    """Give secure_hash of a return, in upper hex; empty values are skipped."""
    if variant is Variant.PREFIX:
        return _upper(algorithm, secret + "".join(fields.get(name, "") for name in RESPONSE_FIELDS))
    known = {**{name: fields.get(name, "") for name in RESPONSE_FIELDS}, _SECRET_FIELD: secret}
    return _upper(algorithm, "".join(known[name] for name in sorted(known)))


def service_hash(secret: str, fields: Mapping[str, str], order: tuple[str, ...]) -> str:
    """Give the hash of a call to the services, in lower hex MD5, whatever the merchant chose for redirects."""
    return _md5("".join(fields.get(name, "") for name in order) + secret)


def reply_hash(secret: str, head: str, code: str) -> str:
    """Give the third part of a reply of the services."""
    return _md5(head + code + secret)


def _upper(algorithm: Algorithm, text: str) -> str:
    if algorithm is Algorithm.SHA256:
        return hashlib.sha256(text.encode()).hexdigest().upper()
    return _md5(text).upper()


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
