"""Signatures of requests (electronic identity notes §7.5). Pure.

What exactly is signed is not known (U17). The canonicaliser is therefore a function that can be replaced; the default
is made of the settings and signs `partner:timestamp:nonce:body` in lower-case hex, as one client does.
"""

import base64
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

from adapters.consent.settings import Encoding, HmacSettings, Part


@dataclass(frozen=True, slots=True, kw_only=True)
class ToSign:
    """What a signature may cover. `timestamp` is in epoch seconds."""

    partner: str
    timestamp: str
    nonce: str
    method: str
    path: str
    body: bytes = field(repr=False)


Canonicaliser = Callable[[ToSign], bytes]


def canonicaliser_of(settings: HmacSettings) -> Canonicaliser:
    """Make the canonicaliser that the settings describe."""

    def canonicalise(given: ToSign) -> bytes:
        values = {
            Part.PARTNER: given.partner.encode(),
            Part.TIMESTAMP: given.timestamp.encode(),
            Part.NONCE: given.nonce.encode(),
            Part.BODY: given.body,
            Part.BODY_SHA256: sha256(given.body).hexdigest().encode(),
            Part.METHOD: given.method.encode(),
            Part.PATH: given.path.encode(),
        }
        return settings.separator.encode().join(values[part] for part in settings.parts)

    return canonicalise


def signature_headers(
    settings: HmacSettings, key: str, given: ToSign, canonicalise: Canonicaliser
) -> tuple[tuple[str, str], ...]:
    """Give the four headers of a signed request."""
    digest = hmac.digest(key.encode(), canonicalise(given), "sha256")
    written = digest.hex() if settings.encoding is Encoding.HEX else base64.b64encode(digest).decode()
    return (
        ("X-Partner-Code", given.partner),
        ("X-Timestamp", given.timestamp),
        ("X-Nonce", given.nonce),
        ("X-Signature", written),
    )
