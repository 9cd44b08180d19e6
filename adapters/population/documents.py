"""JSON of the platforms in between, and a JSON tree as the envelope that it was made of. Pure."""

import json
from collections.abc import Mapping
from typing import Any

from lxml import etree

from adapters.population.decoding import REQUESTS, SOAP, code_word
from adapters.population.failures import broken
from adapters.population.forms import RECORDS

_MAX_DEPTH = 8


def json_object(body: bytes) -> dict[str, Any] | None:
    """Give a JSON object; None for everything else, one that has a member twice included."""
    if not body.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{"):
        return None
    try:
        document = json.loads(body.decode("utf-8-sig"), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Neither the first nor the last of two members of one name wins (§18 N11)."""
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a member is there twice")
    return document


def envelope_of(operation: str, document: Mapping[str, Any]) -> bytes:
    """Write a JSON tree as the envelope that it was made of, so that one decoder judges both.

    The form is an assumption: the tree of the SOAP body by local names, one citizen as object or several as list.
    """
    for outer in ("data", "Envelope", "Body"):
        inner = document.get(outer)
        if isinstance(inner, dict):
            document = inner
    envelope = etree.Element(f"{{{SOAP}}}Envelope")
    body = etree.SubElement(envelope, f"{{{SOAP}}}Body")
    if set(document) == {"CongdanCollection"} and document["CongdanCollection"] is not None:
        root = etree.SubElement(body, f"{{{RECORDS}}}CongdanCollection")
        _grow(operation, root, document["CongdanCollection"], RECORDS, 0)
    elif len(document) == 1 and set(document) <= {"KetQuaXacThuc", "KetQuaXacThucResponse"}:
        name, content = next(iter(document.items()))
        root = etree.SubElement(body, f"{{{REQUESTS}}}{name}")
        _grow(operation, root, content, REQUESTS, 0)
    else:
        raise broken(operation, "json_unknown")
    written: bytes = etree.tostring(envelope)
    return written


def _grow(operation: str, element: Any, content: object, namespace: str, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise broken(operation, "too_deep")
    try:
        match content:
            case None:
                return
            case dict():
                for name, value in content.items():
                    for one in value if isinstance(value, list) else [value]:
                        _grow(operation, etree.SubElement(element, f"{{{namespace}}}{name}"), one, namespace, depth + 1)
            case bool():
                element.text = "true" if content else "false"
            case str():
                element.text = content
            case _:
                # A number has lost its leading zeros.
                raise broken(operation, "json_number")
    except ValueError as error:
        raise broken(operation, "json_not_writable") from error


def code_of(value: object) -> str:
    """Give a code that stands in a member; "" for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ""
    return code_word(value.strip() if isinstance(value, str) else str(value)) if value != "" else ""
