"""JSON objects as providers send them, read strictly: two readers of one text must never understand it differently."""

import json
from typing import Any


def read_object(content: bytes) -> dict[str, Any]:
    """Give the object. Raises ValueError for what is no UTF-8, no JSON (NaN is none), nested too deeply, no object, or
    holds a member twice."""
    try:
        document = json.loads(content.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(document, dict):
        raise ValueError("no object")
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice")
    return members


def _no_constant(_: str) -> Any:
    raise ValueError("not a number of JSON")
