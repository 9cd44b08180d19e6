"""What a province publishes, written by hand: numbers, heads, log entries, and the three forms of a publication."""

import csv
import io
import json
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

COLUMNS = [
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
    "quality_on_behalf",
    "quality_late_synced",
    "quality_duplicates_removed",
    "quality_tests_removed",
]
UNITS = {"U2": "percent", "T1": "percent", "S1": "percent", "Q1": "percent", "Y1": "percent", "T4": "working_day"}
Number = dict[str, Any]


def canonical(value: Any) -> bytes:
    """Write JSON as it is signed; enough for names in ASCII and numbers that are whole."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def number(code: str, n: int, d: int, scope: str = "province", **more: Any) -> Number:
    """Make an observation, its percentage computed in decimals."""
    factor = 100 if UNITS.get(code, "percent") == "percent" else 1
    share = None
    if d:
        share = str((Decimal(factor * n) / Decimal(d)).quantize(Decimal("0.01"), ROUND_HALF_UP))
    return {
        "indicator": code,
        "scope": scope,
        "agency": "H99",
        "level": "ALL",
        "unit_group": None,
        "procedure": None,
        "field": None,
        "numerator": n,
        "denominator": d,
        "percent": share,
        "null_reason": None if d else "zero_denominator",
        "membership_field": "received_at",
        "target": None,
        "quality": {"on_behalf": 1, "late_synced": 0, "duplicates_removed": 1, "tests_removed": 1},
        **more,
    }


def target(result: str, value: str = "50.00", name: str = "T-02") -> dict[str, Any]:
    """Make what a number is held against."""
    return {"id": name, "comparator": ">=", "value": value, "result": result}


def head(version: int, status: str, *, end: str = "2026-09-01", start: str = "2026-08-01", **more: Any) -> Number:
    """Make the head of a publication of August 2026, unless told otherwise."""
    name = more.pop("name", "2026M08")
    return {
        "id": f"H99-{name}-v{version}",
        "period_type": "month",
        "calendar": "gregorian",
        "start": f"{start}T00:00:00+07:00",
        "end": f"{end}T00:00:00+07:00",
        "version": version,
        "status": status,
        "state_at": "as_of",
        "as_of": f"2026-10-{version:02d}T00:30:00+07:00",
        "supersedes": f"H99-{name}-v{version - 1}" if version > 1 else None,
        "definitions_version": "2026.11-1",
        "calendar_version": "VN-2026.4",
        **more,
    }


def entry(before: Number, after: Number, old: Number | None, new: Number | None, **more: Any) -> dict[str, Any]:
    """Make the log's entry about one number between two publications, given by their heads."""
    known = new or old
    assert known is not None
    return {
        **{name: known[name] for name in ["indicator", "scope", "agency", "level", "unit_group", "procedure", "field"]},
        "period": "2026-08",
        "from_version": before["version"],
        "to_version": after["version"],
        "from_snapshot": before["id"],
        "to_snapshot": after["id"],
        "old": None if old is None else {"n": old["numerator"], "d": old["denominator"]},
        "new": None if new is None else {"n": new["numerator"], "d": new["denominator"]},
        "reasons": ["late_sync"],
        "dossiers_added": 1,
        "dossiers_removed": 0,
        "dossiers_changed": 0,
        **more,
    }


def files_of(told: Number, numbers: Sequence[Number]) -> dict[str, bytes]:
    """Write a publication in its three forms."""
    lines = [{"snapshot": told}, *numbers]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for one in numbers:
        flat = {"snapshot_id": told["id"], **one}
        for group in ("target", "quality"):
            flat |= {f"{group}_{name}": held for name, held in (one[group] or {}).items()}
        writer.writerow(["" if flat.get(column) is None else flat[column] for column in COLUMNS])
    return {
        "data.json": canonical({"snapshot": told, "observations": list(numbers)}),
        "data.csv": text.getvalue().encode(),
        "data.jsonl": b"".join(canonical(line) + b"\n" for line in lines),
    }
