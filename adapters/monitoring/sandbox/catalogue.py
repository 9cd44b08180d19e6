"""What a province says that it measures: definitions and targets. Source: monitoring notes §1.7, §4.1."""

from collections.abc import Iterator
from typing import Any

from adapters.monitoring.sandbox.canonical import read_object
from adapters.monitoring.sandbox.findings import broken
from adapters.monitoring.sandbox.province import Province
from adapters.monitoring.sandbox.store import PulledStore

SHARE_UNITS = frozenset({"percent", "%"})


async def read_catalogue(province: Province, store: PulledStore) -> None:
    """Read both, by entity tag where the last answer had one. Raises Refused; what could be read is kept."""
    document = await _newest(province, store, "/definitions")
    if not isinstance(document.get("version"), str):
        raise broken("/definitions: has no version")
    store.units = dict(_definition(value) for value in _items(document, "definitions"))
    document = await _newest(province, store, "/targets")
    store.target_ids = frozenset(_target(value) for value in _items(document, "targets"))


async def _newest(province: Province, store: PulledStore, path: str) -> dict[str, Any]:
    held = store.catalogue.get(path)
    reply = await province.get(path, etag="" if held is None else held.etag)
    if reply.status == 200:
        if reply.etag:
            province.judge_tag(path, reply, None)
        held = store.catalogue[path] = reply
    assert held is not None, "304 comes only to a tag, and a tag only from an answer"
    return read_object(held.body, path, allows_fractions=True)


def _items(document: dict[str, Any], member: str) -> Iterator[dict[str, Any]]:
    items = document.get(member)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise broken(f"/{member}: has no list of {member}")
    yield from items


def _definition(value: dict[str, Any]) -> tuple[str, str]:
    """Give code and unit; a share's unit is "percent", however it is written."""
    code, name, unit = value.get("code"), value.get("name"), value.get("unit")
    if not isinstance(code, str) or not code:
        raise broken("/definitions: a definition has no code")
    if not isinstance(name, dict) or not all(isinstance(name.get(word), str) and name[word] for word in ("vi", "en")):
        raise broken(f"/definitions: {code} has no name in Vietnamese and in English")
    if not value.get("formula") or not isinstance(unit, str):
        raise broken(f"/definitions: {code} has no formula or no unit")
    return code, "percent" if unit in SHARE_UNITS else unit


def _target(value: dict[str, Any]) -> str:
    name = value.get("target_id", value.get("id"))
    if not isinstance(name, str) or not name:
        raise broken("/targets: a target has no target_id")
    return name
