"""JSON read strictly, and written in the one way that is signed (RFC 8785). Pure.

Written for what a manifest may hold: texts, whole numbers, truths, null, lists, objects. Fractions have no place in
signed content (monitoring notes §4.4), so that part of RFC 8785 which is hard, how to write them, is not needed.
"""

import json
from decimal import Decimal
from typing import Any, NoReturn

from adapters.monitoring.sandbox.findings import broken

MAX_EXACT = 2**53 - 1
"""Whole numbers beyond this are not the same for every reader (RFC 7493 §2.2)."""
_SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
_ESCAPES = {code: f"\\u{code:04x}" for code in range(0x20)} | {ord(sign): text for sign, text in _SHORT.items()}


def read_json(body: bytes, what: str, *, allows_fractions: bool = False) -> Any:
    """Read one JSON text in UTF-8 in which no name stands twice in an object; fractions become Decimal where allowed.

    Raises Refused (contract_broken), naming `what`.
    """
    try:
        return json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_float=Decimal if allows_fractions else _refuse_number,
            parse_constant=_refuse_number,
        )
    except (ValueError, RecursionError) as error:
        # The decoder's own words may quote what it read.
        reason = str(error) if isinstance(error, _Unfit) else "is not JSON in UTF-8"
        raise broken(f"{what}: {reason}") from None


def read_object(body: bytes, what: str, *, allows_fractions: bool = False) -> dict[str, Any]:
    """Read a JSON text that must be an object. Raises Refused (contract_broken), naming `what`."""
    value = read_json(body, what, allows_fractions=allows_fractions)
    if not isinstance(value, dict):
        raise broken(f"{what}: is not an object")
    return value


def canonical(value: Any) -> bytes:
    """Give the bytes that are signed and hashed for a value. Raises Refused for one that has no such form here."""
    try:
        return _written(value).encode("utf-8")
    except (UnicodeEncodeError, RecursionError):
        raise broken("a text holds half a character, or the value is too deep to be signed") from None


class _Unfit(ValueError):
    """JSON that could be read and must not be."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Unfit("a name stands twice in an object")
    return found


def _refuse_number(_: str) -> NoReturn:
    raise _Unfit("holds a number that is not whole")


def _written(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            if abs(value) > MAX_EXACT:
                raise broken("a whole number is too large to be the same for every reader")
            return str(value)
        case str():
            return '"' + value.translate(_ESCAPES) + '"'
        case list():
            return "[" + ",".join(_written(each) for each in value) + "]"
        case dict():
            # Names are sorted by their UTF-16 code units (RFC 8785 §3.2.3), which is not the order of code points.
            names = sorted(value, key=lambda name: name.encode("utf-16-be"))
            return "{" + ",".join(f"{_written(name)}:{_written(value[name])}" for name in names) + "}"
        case _:
            raise broken(f"{type(value).__name__} has no signed form")
