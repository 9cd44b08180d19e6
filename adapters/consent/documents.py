"""JSON of the hub, read without believing its types: the notes contradict each other about them. Pure."""

import json
from collections.abc import Mapping
from typing import Any

from adapters.consent.settings import ConsentSettings

_MAX_WORD = 200
_MAX_NUMBER_BITS = 200


def read_object(body: bytes) -> dict[str, Any] | None:
    """Give a JSON object; None for everything else, broken UTF-8 and absurd nesting included."""
    try:
        document = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def word(value: object) -> str:
    """Give a short text without white space, or a whole number, as text; "" for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ""
    if isinstance(value, int):
        return str(value) if value.bit_length() < _MAX_NUMBER_BITS else ""
    is_word = len(value) <= _MAX_WORD and value.isascii() and value.isprintable() and " " not in value
    return value if is_word else ""


def says_expired(settings: ConsentSettings, document: Mapping[str, Any]) -> bool:
    """Tell whether an answer about a transaction says that the citizen was too late, wherever it says so."""
    members = ("status", "code", "errorCode", "error", "message", "description", "errorDescription")
    texts = [value.lower() for value in (document.get(name) for name in members) if isinstance(value, str)]
    return any(expired in text for expired in settings.expired_words for text in texts)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")
