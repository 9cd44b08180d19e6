"""KeyPay v1 and v2: signed addresses, signed returns, questions and the second leg (payment notes §C.1, §C.2). Pure.

The hashes cover values joined without a separator (pitfall 7), so the values alone do not say where one ends. Every
value therefore has a pattern: a reference begins and ends with a letter, so that it runs into neither the merchant's
code nor the digits of the amount; a bank's code has no small letters and the word behind it has nothing else; fees
have no leading zero. With them, and with the order's own values compared, a string can be read in one way only. The
patterns also keep out the bytes with which a hash of this form could be lengthened without knowing the secret.
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import md5, sha256
from urllib.parse import urlencode

from gateway.errors import Fault, InvalidInput
from gateway.model.payment import CURRENCY, PaymentFact
from gateway.ports.payments import NotificationRefused
from mappings.payment.keypay_codes import said_by_notification
from mappings.payment.notices import Notice
from mappings.payment.references import mixed_reference

REFERENCE_LENGTH = 18
MAX_FIELDS = 60
CURRENCY_NUMBER = "704"

SIGNED_REQUEST = (
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
SIGNED_RESPONSE = (
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
_SECRET_FIELD = "merchant_secure_key"  # noqa: S105 - the name of a field
_DOSSIER = re.compile(r"[0-9A-Za-z]{1,30}(?:[._/-][0-9A-Za-z]{1,30}){0,5}")
_REFERENCE = re.compile(r"[A-HJKMNP-TV-Z][0-9A-HJKMNP-TV-Z]{16}[A-HJKMNP-TV-Z]")
_RESPONSE_PATTERNS = {
    "bank_code": re.compile(r"[0-9A-Z]{0,20}"),
    "command": re.compile(r"[a-z]{1,10}"),
    "currency_code": re.compile(r"[0-9]{3}"),
    "good_code": _DOSSIER,
    "merchant_code": re.compile(r"[0-9A-Za-z_]{1,30}"),
    "merchant_trans_id": _REFERENCE,
    "net_cost": re.compile(r"[1-9][0-9]{0,17}"),
    "response_code": re.compile(r"[0-9]{2}"),
    "service_code": re.compile(r"[0-9]{1,5}"),
    "ship_fee": re.compile(r"0|[1-9][0-9]{0,17}"),
    "tax": re.compile(r"0|[1-9][0-9]{0,17}"),
    # The last of them runs into nothing.
    "trans_id": re.compile(r"[0-9A-Za-z._-]{0,60}"),
}
_CODE = re.compile(r"[0-9]{2}")


class Algorithm(StrEnum):
    """The hash of requests and returns; questions are always MD5."""

    MD5 = "md5"
    SHA256 = "sha256"


class SecretPlace(StrEnum):
    """Where the secret stands in what a return's hash covers; the sources disagree (U26)."""

    PREFIX = "prefix"
    IN_PLACE = "in_place"
    """Like a field named merchant_secure_key, at its sorted place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What is agreed with KeyPay."""

    merchant_code: str
    service_code: str
    algorithm: Algorithm
    secret_place: SecretPlace


def make_reference(random_bytes: bytes) -> str:
    """Give a merchant_trans_id."""
    return mixed_reference(random_bytes, REFERENCE_LENGTH)


def request_hash(secret: str, fields: Mapping[str, str], algorithm: Algorithm) -> str:
    """Give the secure_hash of a request, in capitals."""
    return _digest(secret + "".join(fields[name] for name in SIGNED_REQUEST), algorithm).upper()


def response_hash(secret: str, fields: Mapping[str, str], algorithm: Algorithm, place: SecretPlace) -> str:
    """Give the secure_hash of a return, in capitals."""
    if place is SecretPlace.PREFIX:
        return _digest(secret + "".join(fields[name] for name in SIGNED_RESPONSE), algorithm).upper()
    named = {**{name: fields[name] for name in SIGNED_RESPONSE}, _SECRET_FIELD: secret}
    return _digest("".join(named[name] for name in sorted(named)), algorithm).upper()


def question_hash(secret: str, values: Sequence[str]) -> str:
    """Give the hash of a question or a confirmation: MD5 in small letters, secret last."""
    return _digest("".join(values) + secret, Algorithm.MD5)


def pay_url(base_url: str, fields: Mapping[str, str], secret: str, algorithm: Algorithm) -> str:
    """Give the address to which the payer's browser is sent. The secret itself is never in it (pitfall 11).

    Raises InvalidInput for values that do not have their pattern: their hash could be read in two ways.
    """
    faults = [
        Fault(name, "does not have the form that KeyPay takes")
        for name, pattern in (
            ("merchant_trans_id", _REFERENCE),
            ("good_code", _DOSSIER),
            ("net_cost", _RESPONSE_PATTERNS["net_cost"]),
            ("return_url", re.compile(r"https?://[!-~]{1,500}")),
        )
        if not pattern.fullmatch(fields[name])
    ]
    if faults:
        raise InvalidInput("the order cannot be sent to KeyPay", faults)
    signed = request_hash(secret, fields, algorithm)
    return f"{base_url}?{urlencode([*fields.items(), ('secure_hash', signed)])}"


def read_return(form: Form, secrets: Sequence[str], pairs: Sequence[tuple[str, str]]) -> PaymentFact:
    """Verify and read the parameters of a return or notification; the newest secret comes first.

    Raises NotificationRefused: malformed for what is missing or has another form (never hashed as if it were empty or
    "null", pitfall 13), duplicate_member, unknown_partner, bad_checksum.
    """
    if len(pairs) > MAX_FIELDS:
        raise _refused("too_large")
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _refused("duplicate_member")
    if any(not pattern.fullmatch(fields.get(name, "\n")) for name, pattern in _RESPONSE_PATTERNS.items()):
        raise _refused("malformed")
    if fields["merchant_code"] != form.merchant_code:
        raise _refused("unknown_partner")
    given = fields.get("secure_hash", "")
    # Compared as the text that was sent, leading zeros included; every secret is tried, so that time tells nothing.
    matches = [
        hmac.compare_digest(
            response_hash(secret, fields, form.algorithm, form.secret_place).encode(), given.encode("utf-8", "replace")
        )
        for secret in secrets
    ]
    if not any(matches):
        raise _refused("bad_checksum")
    if fields["command"] != "pay" or fields["service_code"] != form.service_code:
        raise _refused("malformed")
    said = said_by_notification(fields["response_code"])
    aged = () if matches[0] else (Notice.PREVIOUS_SECRET,)
    number = fields["currency_code"]
    return PaymentFact(
        answer=said.answer,
        reference=fields["merchant_trans_id"],
        partner_code=fields["merchant_code"],
        amount_vnd=int(fields["net_cost"]) + int(fields["ship_fee"]) + int(fields["tax"]),
        currency=CURRENCY if number == CURRENCY_NUMBER else number,
        transaction=fields["trans_id"],
        bank_code=fields["bank_code"],
        dossier_code=fields["good_code"],
        result_code=fields["response_code"],
        notices=(*said.notices, *aged),
    )


def read_code(text: str, *, may_stand_alone: bool = False) -> str:
    """Give the code of an answer to a question: the second of the parts between pipes, or all of it where the first
    version of the question answers so. Raises ValueError."""
    parts = _parts(text)
    if may_stand_alone and len(parts) == 1 and _CODE.fullmatch(parts[0]):
        return parts[0]
    if len(parts) < 2 or not _CODE.fullmatch(parts[1]):
        raise ValueError("no code stands at the second place")
    return parts[1]


def read_confirmation(text: str, secrets: Sequence[str]) -> str:
    """Give the code of the answer to a confirmation, whose hash covers both other parts and the secret.

    Raises ValueError for another layout or a hash that does not fit.
    """
    parts = _parts(text)
    if len(parts) != 3 or not _CODE.fullmatch(parts[1]):
        raise ValueError("must be three parts")
    given = parts[2].lower().encode("utf-8", "replace")
    fits = [hmac.compare_digest(question_hash(secret, parts[:2]).encode(), given) for secret in secrets]
    if not any(fits):
        raise ValueError("its hash does not fit")
    return parts[1]


def _parts(text: str) -> list[str]:
    # The JSON variant of the service writes the same text between quotation marks.
    stripped = text.strip()
    if len(stripped) > 1 and stripped[0] == stripped[-1] == '"':
        stripped = stripped[1:-1]
    return [part.strip() for part in stripped.split("|")]


def _digest(text: str, algorithm: Algorithm) -> str:
    content = text.encode()
    if algorithm is Algorithm.SHA256:
        return sha256(content).hexdigest()
    # The provider chose it; it is weighed against by patterns, TLS and a second confirmation (pitfall 6).
    return md5(content, usedforsecurity=False).hexdigest()


def _refused(code: str) -> NotificationRefused:
    return NotificationRefused(f"the return of KeyPay is refused: {code}", code=code)
