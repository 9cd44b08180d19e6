"""Lengths and required fields of outbound records, compiled once from the rules.

The common case is a record that fits: it costs one pass over the few limited fields and makes nothing new.
"""

from collections.abc import Iterable
from operator import attrgetter
from typing import TypeVar
from unicodedata import combining

import msgspec

from mappings.portal.rules import Overlong, WireRules

RecordT = TypeVar("RecordT", bound=msgspec.Struct)
Problem = tuple[str, str]


class Limits:
    """The limits of one kind of record."""

    def __init__(self, record_type: type[msgspec.Struct], rules: WireRules, canonical: dict[str, str]) -> None:
        self._limited: list[tuple[str, int, Overlong]] = []
        for attribute, wire_name in zip(
            record_type.__struct_fields__, record_type.__struct_encode_fields__, strict=True
        ):
            if wire_name in rules.limits:
                self._limited.append((attribute, rules.limits[wire_name], rules.overlong_of(wire_name)))
        self._getters = tuple((attrgetter(attribute), limit) for attribute, limit, _ in self._limited)
        self._canonical = canonical

    def fit(self, record: RecordT, path: str, problems: list[Problem]) -> RecordT:
        """Give the record, trimmed where the rules say so; texts that must not be trimmed go to `problems`."""
        for get, limit in self._getters:
            value = get(record)
            if value.__class__ is str and len(value) > limit:
                return self._refit(record, path, problems)
        return record

    def fit_all(self, records: list[RecordT], path: str, problems: list[Problem]) -> list[RecordT]:
        """Fit every record of a list; `path` is the canonical field of the list."""
        getters = self._getters
        for index, record in enumerate(records):
            for get, limit in getters:
                if len(get(record)) > limit:
                    records[index] = self._refit(record, f"{path}/{index}/", problems)
                    break
        return records

    def _refit(self, record: RecordT, path: str, problems: list[Problem]) -> RecordT:
        trimmed: dict[str, str] = {}
        for attribute, limit, overlong in self._limited:
            value = getattr(record, attribute)
            if value.__class__ is not str or len(value) <= limit:
                continue
            if overlong is Overlong.TRIM:
                trimmed[attribute] = trim(value, limit)
            else:
                problems.append((path + self._canonical.get(attribute, attribute), f"longer than {limit} characters"))
        return msgspec.structs.replace(record, **trimmed) if trimmed else record


def trim(text: str, limit: int) -> str:
    """Cut a text to at most `limit` characters without leaving a letter apart from its accents."""
    if len(text) <= limit:
        return text
    end = limit
    while end > 0 and combining(text[end]):
        end -= 1
    return text[:end].rstrip()


def empty_fields(record: msgspec.Struct, attributes: Iterable[str]) -> list[str]:
    """Name the attributes whose value is the empty text or an empty list."""
    return [attribute for attribute in attributes if not getattr(record, attribute)]
