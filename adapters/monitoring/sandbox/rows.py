"""Observations, and whether the three forms of a snapshot say the same. Pure.

Sources: monitoring notes §4.4; RFC 4180 (CSV).
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from adapters.monitoring.sandbox.canonical import read_object
from adapters.monitoring.sandbox.findings import FindingKind, Refused, broken
from adapters.monitoring.sandbox.heads import count

SCOPES = ("province", "agency", "level", "unit_group", "procedure", "field")
_CUTS = ("agency", "level", "unit_group", "procedure", "field")
_NUMBERS = ("numerator", "denominator")
_TEXTS = ("percent", "null_reason", "membership_field")
_TARGET = ("id", "comparator", "value", "result")
_PLAIN_COLUMNS = ("indicator", "scope", *_CUTS, *_NUMBERS, *_TEXTS)
_MARK = b"\xef\xbb\xbf"


class Key(NamedTuple):
    """Which number it is; None for what is not cut."""

    indicator: str
    scope: str
    agency: str | None = None
    level: str | None = None
    unit_group: str | None = None
    procedure: str | None = None
    field: str | None = None

    def __str__(self) -> str:
        return "/".join(part or "-" for part in self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A number as it is published."""

    key: Key
    numerator: int | None
    denominator: int | None
    percent: str | None
    null_reason: str | None
    membership_field: str | None
    target: Mapping[str, Any] | None
    quality: Mapping[str, int]
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def counts(self) -> tuple[int | None, int | None]:
        """Numerator and denominator."""
        return self.numerator, self.denominator


def read_key(value: Mapping[str, Any], what: str) -> Key:
    """Read which number is meant. Raises Refused (contract_broken)."""
    indicator, scope = value.get("indicator"), value.get("scope")
    if not isinstance(indicator, str) or not indicator or scope not in SCOPES:
        raise broken(f"{what}: indicator or scope is missing or unknown")
    cuts = {name: value.get(name) for name in _CUTS}
    if not all(held is None or (isinstance(held, str) and held) for held in cuts.values()):
        raise broken(f"{what}: a dimension is neither a text nor null")
    return Key(indicator, scope, **cuts)


def read_observation(value: object, what: str) -> Observation:
    """Read one observation; members that are not known are left alone. Raises Refused (contract_broken)."""
    if not isinstance(value, dict):
        raise broken(f"{what}: an observation is no object")
    missing = [name for name in (*_PLAIN_COLUMNS, "target", "quality") if name not in value]
    if missing:
        raise broken(f"{what}: an observation lacks {', '.join(missing)}")
    key = read_key(value, what)
    numbers = [None if value[name] is None else count(value[name], f"{what}: {name} of {key}") for name in _NUMBERS]
    if not all(value[name] is None or isinstance(value[name], str) for name in _TEXTS):
        raise broken(f"{what}: percent, null_reason or membership_field of {key} is no text")
    target, quality = value["target"], value["quality"]
    if target is not None and not (
        isinstance(target, dict) and all(isinstance(target.get(name), str) for name in _TARGET)
    ):
        raise broken(f"{what}: target of {key} lacks id, comparator, value or result")
    if not isinstance(quality, dict):
        raise broken(f"{what}: quality of {key} is no object")
    return Observation(
        key=key,
        numerator=numbers[0],
        denominator=numbers[1],
        **{name: value[name] for name in _TEXTS},
        target=target,
        quality={name: count(held, f"{what}: quality {name} of {key}") for name, held in quality.items()},
        raw=value,
    )


def read_observations(values: object, what: str) -> tuple[Observation, ...]:
    """Read a list of observations, none of which stands twice. Raises Refused (contract_broken)."""
    if not isinstance(values, list):
        raise broken(f"{what}: has no observations")
    found = tuple(read_observation(value, what) for value in values)
    refuse_doubles(found, what)
    return found


def refuse_doubles(observations: Iterable[Observation], what: str) -> None:
    """Raise Refused (contract_broken) when a number is given twice."""
    seen: set[Key] = set()
    for one in observations:
        if one.key in seen:
            raise broken(f"{what}: {one.key} stands twice")
        seen.add(one.key)


def compare_lines(body: bytes, raw_head: Mapping[str, Any], observations: Sequence[Observation]) -> int:
    """Hold JSON lines against the document; give how many rows they are. A first line that holds the head alone is no
    row. Raises Refused (rows_differ), or (contract_broken) for what is not JSON lines."""
    text = body.removesuffix(b"\n")
    lines = [read_object(line, "data.jsonl") for line in text.split(b"\n")] if text else []
    has_head = bool(lines) and lines[0].keys() == {"snapshot"}
    if has_head and lines.pop(0)["snapshot"] != raw_head:
        raise _differ("data.jsonl has another head than data.json")
    for one, line in zip(observations, lines, strict=False):
        if one.raw != line:
            raise _differ(f"{one.key} is another row in data.jsonl than in data.json")
    _same_count("data.jsonl", len(lines), len(observations))
    return len(lines)


def compare_csv(body: bytes, snapshot_id: str, observations: Sequence[Observation]) -> int:
    """Hold CSV against the document; give how many rows it has. Raises Refused (rows_differ), or (contract_broken) for
    what is no CSV with the agreed columns."""
    columns, rows = _read_csv(body)
    places = [column for column in columns if column in _PLAIN_COLUMNS]
    targets = [column for column in columns if column.startswith("target_")]
    if tuple(places) != _PLAIN_COLUMNS or targets != [f"target_{name}" for name in _TARGET]:
        raise broken("data.csv: columns are not the fields of data.json in their order")
    for one, row in zip(observations, rows, strict=False):
        for column, told in zip(columns, row, strict=True):
            if not _is_same(one, snapshot_id, column, told):
                raise _differ(f"{column} of {one.key} is not the same in data.csv and data.json")
    _same_count("data.csv", len(rows), len(observations))
    return len(rows)


def _read_csv(body: bytes) -> tuple[list[str], list[list[str]]]:
    if body.startswith(_MARK):
        raise broken("data.csv: begins with a byte order mark that nobody asked for")
    try:
        rows = list(csv.reader(io.StringIO(body.decode("utf-8"), newline=""), strict=True))
    except (ValueError, csv.Error):
        raise broken("data.csv: is not CSV in UTF-8") from None
    if not rows or any(len(row) != len(rows[0]) for row in rows):
        raise broken("data.csv: has no header line, or a row of another length")
    return rows[0], rows[1:]


def _is_same(one: Observation, snapshot_id: str, column: str, told: str) -> bool:
    """Tell whether a cell holds what the document says."""
    if column == "snapshot_id":
        return told == snapshot_id
    group, _, name = column.partition("_")
    if column in _PLAIN_COLUMNS:
        value = one.raw[column]
    elif group == "target":
        value = None if one.target is None else one.target[name]
    elif group == "quality":
        # A treatment that concerned nothing may be written as 0 or left empty.
        return told == str(one.quality.get(name, 0)) or (not told and not one.quality.get(name))
    else:
        raise broken(f"data.csv: the column {column} is no field of data.json")
    return told == ("" if value is None else str(value))


def _same_count(name: str, found: int, expected: int) -> None:
    if found != expected:
        raise _differ(f"{name} has {found} rows, data.json {expected}")


def _differ(message: str) -> Refused:
    return Refused(FindingKind.ROWS_DIFFER, message)
