"""JSON of providers, read strictly: one meaning per document, or none (payment notes §10.0). Pure."""

import json
from typing import Any

_BOM = b"\xef\xbb\xbf"


class DocumentRefused(ValueError):
    """A document that has no one meaning. `code` is too_large, malformed or duplicate_member; no content is told."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_object(body: bytes, *, max_bytes: int, allows_bom: bool = False) -> dict[str, Any]:
    """Give a JSON object in UTF-8.

    Whole numbers of any size stay whole; other numbers become floats, which no reader of amounts takes. Raises
    DocumentRefused for a document above `max_bytes` (which is not looked into), broken UTF-8, a byte order mark unless
    it is allowed, NaN, lone surrogates, endless nesting, anything but an object, and members that occur twice: two
    readers may then see two different messages.
    """
    if len(body) > max_bytes:
        raise DocumentRefused("too_large")
    if allows_bom:
        body = body.removeprefix(_BOM)
    try:
        document = parse(body.decode("utf-8"))
    except UnicodeDecodeError:
        raise DocumentRefused("malformed") from None
    if not isinstance(document, dict):
        raise DocumentRefused("malformed")
    return document


def parse(text: str) -> Any:
    """Give the value of a JSON text. Raises DocumentRefused as `read_object` does."""
    try:
        value = json.loads(text, object_pairs_hook=_members, parse_constant=_no_constant)
        _refuse_surrogates(value)
        return value
    except DocumentRefused:
        raise
    except (ValueError, RecursionError):
        raise DocumentRefused("malformed") from None


def write(document: Any) -> bytes:
    """Give compact JSON in UTF-8."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise DocumentRefused("duplicate_member")
    for name, value in pairs:
        _refuse_surrogates(name)
        _refuse_surrogates(value)
    return members


def _refuse_surrogates(value: object) -> None:
    """Look through texts and lists; objects were looked through when they were made."""
    if isinstance(value, list):
        for each in value:
            _refuse_surrogates(each)
    elif isinstance(value, str) and not value.isascii() and any("\ud800" <= one <= "\udfff" for one in value):
        # Half of a pair is no character: it has no bytes to compute a checksum of, and nothing can store it.
        raise DocumentRefused("malformed")


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")
