"""Webhooks of the hub: signature first, then a tolerant reading (electronic identity notes §7.4). Pure.

The signature covers neither a time nor a nonce, so an old webhook verifies for ever: whether it was seen before is
decided by its id and by the state of its transaction, not here.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from adapters.consent.documents import read_object, says_expired, word
from adapters.consent.settings import ConsentSettings, WebhookSettings
from gateway.errors import Fault, IntegrityFailed, InvalidInput
from gateway.model.consent import HubResult
from gateway.ports.consent import HubNotice, NoticeKind

_DIGEST_BYTES = 32
_MAX_SIGNATURE_CHARACTERS = 200


def verify(settings: WebhookSettings, keys: Sequence[str], headers: Mapping[str, str], body: bytes) -> None:
    """Return when one of the keys made the signature of these very bytes.

    Hex in either case and base64 are taken, and compared as bytes in constant time. Raises IntegrityFailed, or
    InvalidInput for a body above the ceiling, which is not even hashed.
    """
    if len(body) > settings.max_body_bytes:
        raise InvalidInput("the body is too large", [Fault("", f"at most {settings.max_body_bytes} bytes")])
    given = _signature(settings, headers)
    # Every key is tried, so that time does not tell which of them fits.
    fits = [hmac.compare_digest(hmac.digest(key.encode(), body, "sha256"), given) for key in keys]
    if not any(fits):
        raise IntegrityFailed("the signature of the webhook does not verify", code="webhook_signature")


def _signature(settings: WebhookSettings, headers: Mapping[str, str]) -> bytes:
    wanted = settings.signature_header.lower()
    given = [value for name, value in headers.items() if name.lower() == wanted]
    if len(given) != 1:
        raise IntegrityFailed("the webhook has no signature, or several", code="webhook_signature_missing")
    text, prefix = given[0].strip(), settings.signature_prefix
    if len(text) > _MAX_SIGNATURE_CHARACTERS or not text.lower().startswith(prefix.lower()):
        raise IntegrityFailed("the signature of the webhook has another form", code="webhook_signature_form")
    digest = _decoded(text[len(prefix) :])
    if digest is None or len(digest) != _DIGEST_BYTES:
        raise IntegrityFailed("the signature of the webhook has another form", code="webhook_signature_form")
    return digest


def _decoded(text: str) -> bytes | None:
    """Read 64 hex digits, or base64 of 32 bytes; their lengths differ, so no text is both."""
    try:
        if len(text) == 2 * _DIGEST_BYTES:
            return binascii.unhexlify(text)
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def read(settings: ConsentSettings, body: bytes) -> HubNotice:
    """Read a body whose signature holds; unknown members are let be. Raises InvalidInput with what is missing."""
    document = read_object(body)
    if document is None:
        raise InvalidInput("the webhook cannot be read", [Fault("", "must be a JSON object in UTF-8")])
    data = document.get("data")
    if not isinstance(data, dict):
        raise InvalidInput("the webhook cannot be read", [Fault("/data", "must be an object")])
    words = {"/id": word(document.get("id")), "/data/transactionCode": word(data.get("transactionCode"))}
    faults = [Fault(place, "must be a text or number") for place, text in words.items() if not text]
    if faults:
        raise InvalidInput("the webhook cannot be read", faults)
    txn_id = word(data.get("txnId"))
    kind, result = _meaning(settings, word(document.get("type")), data, txn_id)
    return HubNotice(
        event_id=words["/id"],
        kind=kind,
        transaction_code=words["/data/transactionCode"],
        txn_id=txn_id,
        result=result,
        attempt=_count(document.get("attempt")),
    )


def _meaning(
    settings: ConsentSettings, event_type: str, data: dict[str, Any], txn_id: str
) -> tuple[NoticeKind, HubResult | None]:
    """Tell what it is about. What is not understood in full is OTHER: the hub is then asked."""
    status = settings.results.get(word(data.get("status")))
    if _is_of(event_type, settings.webhook.result_types):
        if says_expired(settings, data):
            return NoticeKind.RESULT, HubResult.EXPIRED
        if status is not None:
            return NoticeKind.RESULT, status
    elif _is_of(event_type, settings.webhook.transcode_types) and txn_id:
        is_well = status in (None, HubResult.AGREED, HubResult.PENDING)
        if is_well:
            return NoticeKind.TRANSCODE, None
    return NoticeKind.OTHER, None


def _count(value: object) -> int:
    text = word(value)
    return int(text) if text.isdigit() and len(text) < 10 else 0


def _is_of(event_type: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(event_type, pattern) for pattern in patterns)
