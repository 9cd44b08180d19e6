"""A snapshot as the files that are published: JSON, JSON lines, CSV. Pure; the same input gives the same bytes.

Signed content holds no fractions: canonical JSON (RFC 8785) of texts, whole numbers and truths is then a matter
of sorted names and of no blanks. Source: monitoring notes §4.4, §4.5.
"""

import csv
import io
import json
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from gateway.model.vocabulary import VIETNAM
from gateway.monitoring.observations import Observation, SnapshotHead

_MOST_EXACT = 2**53 - 1
"""Whole numbers up to this are the same for every reader of JSON (RFC 7493 section 2.2)."""
QUALITY = ("on_behalf", "late_synced", "duplicates_removed", "tests_removed")
"""Counts of treatments that have columns of their own in CSV."""
CSV_COLUMNS = (
    "snapshot_id",
    "indicator",
    "scope",
    "agency",
    "level",
    "unit_group",
    "procedure",
    "field",
    "numerator",
    "denominator",
    "percent",
    "null_reason",
    "membership_field",
    "target_id",
    "target_comparator",
    "target_value",
    "target_result",
    *(f"quality_{name}" for name in QUALITY),
)


def canonical_json(value: Any) -> bytes:
    """Give the one way in which a value is written (RFC 8785). Raises ValueError for what has no exact form here."""
    _check(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _check(value: Any) -> None:
    if value is None or isinstance(value, bool | str):
        return
    if isinstance(value, int):
        if abs(value) > _MOST_EXACT:
            raise ValueError("a whole number is too large to be exact everywhere")
    elif isinstance(value, dict):
        for name, held in value.items():
            # Beyond ASCII the order of names by code units differs from Python's by code points.
            if not isinstance(name, str) or not name.isascii():
                raise ValueError("a name is not ASCII text")
            _check(held)
    elif isinstance(value, list | tuple):
        for held in value:
            _check(held)
    else:
        raise ValueError(f"{type(value).__name__} has no exact form")


def etag(body: bytes) -> str:
    """Give the entity tag of a body."""
    return f'"{sha256(body).hexdigest()}"'


def data_json(head: SnapshotHead, observations: Sequence[Observation]) -> bytes:
    """Give the snapshot as one document, observations in the order of their keys."""
    return canonical_json(document_of(head, observations))


def document_of(head: SnapshotHead, observations: Sequence[Observation]) -> dict[str, Any]:
    """Give the same before it is written."""
    return {"snapshot": head_fields(head), "observations": [_fields(one) for one in _sorted(observations)]}


def data_lines(head: SnapshotHead, observations: Sequence[Observation]) -> bytes:
    """Give JSON lines: the head first, then one observation a line."""
    lines = [{"snapshot": head_fields(head)}, *(_fields(one) for one in _sorted(observations))]
    return b"".join(canonical_json(line) + b"\n" for line in lines)


def data_csv(head: SnapshotHead, observations: Sequence[Observation], *, has_mark: bool = False) -> bytes:
    """Give CSV (RFC 4180, UTF-8, header line); `has_mark` puts a byte order mark before it, for spreadsheets."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(CSV_COLUMNS)
    for one in _sorted(observations):
        target = (
            ("", "", "", "")
            if one.target is None
            else (one.target.target_id, one.target.comparator, one.target.value, one.target.result)
        )
        quality = (one.quality.get(name, 0) for name in QUALITY)
        percent, reason = one.figures.percent or "", one.null_reason or ""
        counts = one.figures.counts
        writer.writerow((head.snapshot_id, *one.key, *counts, percent, reason, one.membership_field, *target, *quality))
    return (b"\xef\xbb\xbf" if has_mark else b"") + text.getvalue().encode()


def head_fields(head: SnapshotHead) -> dict[str, Any]:
    """Give a head as it is written."""
    return {
        "id": head.snapshot_id,
        "period_type": head.period_type,
        "calendar": head.calendar,
        "start": _local(head.start),
        "end": _local(head.end),
        "version": head.version,
        "status": head.status,
        "state_at": head.state_at.value,
        "as_of": _local(head.as_of),
        "supersedes": head.supersedes,
        "definitions_version": head.definitions_version,
        "calendar_version": head.calendar_version,
    }


def _fields(one: Observation) -> dict[str, Any]:
    cut = {name: value or None for name, value in one.key._asdict().items()}
    target = None
    if one.target is not None:
        target = {
            "id": one.target.target_id,
            "comparator": one.target.comparator,
            "value": one.target.value,
            "result": one.target.result,
        }
    return cut | {
        "numerator": one.figures.numerator,
        "denominator": one.figures.denominator,
        "percent": one.figures.percent,
        "null_reason": one.null_reason,
        "membership_field": one.membership_field,
        "target": target,
        "quality": dict(one.quality),
    }


def _sorted(observations: Sequence[Observation]) -> list[Observation]:
    return sorted(observations, key=lambda one: one.key)


def _local(instant: datetime) -> str:
    return instant.astimezone(VIETNAM).isoformat(timespec="seconds")
