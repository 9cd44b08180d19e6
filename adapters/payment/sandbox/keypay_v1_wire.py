"""Checks redirects of KeyPay v1 (payment notes §C.1): every refusal is a code of §C.3. Pure; reasons tell no values."""

import hmac
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from adapters.payment.sandbox.keypay_v1_checksums import REQUEST_FIELDS, request_hash
from adapters.payment.sandbox.keypay_v1_v3_profile import KeypayProfile, Merchant
from adapters.payment.sandbox.messages import Refusal

_OPTIONAL = ("bank_code", "internal_bank", "desc_1", "desc_2", "desc_3", "desc_4", "desc_5", "xml_description")
FIELDS = frozenset({*REQUEST_FIELDS, *_OPTIONAL, "secure_hash"})
_FIXED = (
    ("version", "1.0", "30"),
    ("command", "pay", "31"),
    ("currency_code", "704", "32"),
    ("current_locale", "vn", "33"),
    ("service_code", "720", "05"),
    ("country_code", "+84", "07"),
)
_LENGTHS = (
    ("desc_1", 20, "34"),
    ("desc_2", 30, "35"),
    ("desc_3", 40, "36"),
    ("desc_4", 100, "37"),
    ("desc_5", 15, "38"),
)
_FORMS = (
    ("merchant_trans_id", re.compile(r"[A-Za-z0-9_-]{1,50}"), "03"),
    ("good_code", re.compile(r"[A-Za-z0-9._-]{1,50}"), "10"),
    ("net_cost", re.compile(r"[1-9][0-9]{0,14}"), "11"),
    ("ship_fee", re.compile(r"0|[1-9][0-9]{0,14}"), "12"),
    ("tax", re.compile(r"0|[1-9][0-9]{0,14}"), "13"),
)


def check_sealed(profile: KeypayProfile, fields: Mapping[str, str]) -> Merchant:
    """Give the merchant who sealed a redirect. Raises Refusal."""
    merchant = profile.merchant(fields.get("merchant_code"))
    if merchant is None:
        raise Refusal("01", "merchant_code: is not known")
    expected = request_hash(merchant.algorithm, merchant.secret, fields)
    if not hmac.compare_digest(expected.encode(), fields.get("secure_hash", "").encode()):
        raise Refusal("02", "secure_hash: is wrong")
    parts = urlsplit(fields.get("return_url", ""))
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise Refusal("39", "return_url: must be an absolute address")
    return merchant


def check_form(profile: KeypayProfile, fields: Mapping[str, str]) -> None:
    """Check the parameters of a sealed redirect. Raises Refusal."""
    if set(fields) - FIELDS:
        raise Refusal("98", f"unknown parameters: {len(set(fields) - FIELDS)}")
    for name, value, code in _FIXED:
        if fields.get(name) != value:
            raise Refusal(code, f"{name}: must be {value}")
    for name, form, code in _FORMS:
        if form.fullmatch(fields.get(name, "")) is None:
            raise Refusal(code, f"{name}: is not of its form")
    for name, length, code in _LENGTHS:
        if len(fields.get(name, "")) > length:
            raise Refusal(code, f"{name}: is longer than {length}")
    if fields.get("desc_5") and not fields["desc_5"].isdigit():
        raise Refusal("38", "desc_5: must be digits")
    if fields.get("bank_code") and fields["bank_code"] not in profile.banks:
        raise Refusal("15", "bank_code: is not known")
    if not profile.min_amount_vnd <= total_of(fields) <= profile.max_amount_vnd:
        raise Refusal("16", "net_cost: is outside the merchant's range")


def total_of(fields: Mapping[str, str]) -> int:
    """Give what the payer pays: cost, delivery and tax."""
    return sum(int(fields[name]) for name in ("net_cost", "ship_fee", "tax"))
