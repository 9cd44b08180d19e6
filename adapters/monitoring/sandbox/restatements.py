"""Whether every change between two versions of a period is explained, and rightly so. Pure.

Source: monitoring notes §4.3 (entries, reasons); what an entry counts is held against the numbers where the indicator
counts dossiers.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.monitoring.sandbox.figures import Fault, counts_dossiers
from adapters.monitoring.sandbox.findings import FindingKind, Refused, broken
from adapters.monitoring.sandbox.heads import Head, count
from adapters.monitoring.sandbox.rows import Key, Observation, read_key

REASONS = frozenset(
    {
        "late_sync",
        "dedup",
        "test_removed",
        "reopened",
        "agency_merge",
        "calendar_change",
        "definition_change",
        "correction_by_owner",
    }
)
Counts = tuple[int | None, int | None]
_ABSENT: Counts = (None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restatement:
    """An entry of the log of changes."""

    key: Key
    from_snapshot: str
    to_snapshot: str
    from_version: int
    to_version: int
    old: Counts
    """Numerator and denominator; None where there was none."""
    new: Counts
    reasons: tuple[str, ...]
    dossiers_added: int
    dossiers_removed: int
    dossiers_changed: int
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def place(self) -> tuple[str, str, Key]:
        """What there is one entry about."""
        return self.from_snapshot, self.to_snapshot, self.key


def read_restatement(value: object) -> Restatement:
    """Read an entry; members that are not known are left alone. Raises Refused (contract_broken)."""
    what = "restatements"
    if not isinstance(value, dict):
        raise broken(f"{what}: an entry is no object")
    snapshots = value.get("from_snapshot"), value.get("to_snapshot")
    reasons = value.get("reasons")
    if not all(isinstance(name, str) and name for name in snapshots) or not value.get("period"):
        raise broken(f"{what}: an entry lacks period, from_snapshot or to_snapshot")
    if not isinstance(reasons, list) or not all(isinstance(reason, str) for reason in reasons):
        raise broken(f"{what}: reasons is no list of texts")
    counted = {
        name: count(value.get(name), f"{what}: {name}")
        for name in ("from_version", "to_version", "dossiers_added", "dossiers_removed", "dossiers_changed")
    }
    return Restatement(
        key=read_key(value, what),
        from_snapshot=str(snapshots[0]),
        to_snapshot=str(snapshots[1]),
        old=_counts(value.get("old")),
        new=_counts(value.get("new")),
        reasons=tuple(reasons),
        raw=value,
        **counted,
    )


def faults_of_changes(
    before: tuple[Head, Mapping[Key, Observation]],
    after: tuple[Head, Mapping[Key, Observation]],
    entries: Mapping[tuple[str, str, Key], Restatement],
) -> Iterator[Fault]:
    """Hold the numbers of two versions that follow each other against the entries between them."""
    (old_head, old), (new_head, new) = before, after
    for key in sorted(old.keys() | new.keys(), key=str):
        told, known = _of(old.get(key)), _of(new.get(key))
        entry = entries.get((old_head.id, new_head.id, key))
        if entry is not None:
            yield from _faults_of_entry(entry, (old_head, told), (new_head, known))
        elif told != known:
            yield FindingKind.RESTATEMENT_MISSING, f"{key} went from {_shown(told)} to {_shown(known)} unexplained"
    for place, entry in entries.items():
        if place[:2] == (old_head.id, new_head.id) and entry.key not in old and entry.key not in new:
            yield FindingKind.RESTATEMENT_WRONG, f"{entry.key} is explained and published in neither version"


def faults_of_reasons(head: Head, reasons: tuple[str, ...]) -> Iterator[Fault]:
    """Tell whether the manifest of a restatement states why."""
    if head.status == "restated" and not reasons:
        yield FindingKind.RESTATEMENT_WRONG, "is restated without a reason in its manifest"
    if not REASONS.issuperset(reasons):
        yield FindingKind.RESTATEMENT_WRONG, "has a reason in its manifest that is none of the agreed ones"


def _faults_of_entry(entry: Restatement, before: tuple[Head, Counts], after: tuple[Head, Counts]) -> Iterator[Fault]:
    kind = FindingKind.RESTATEMENT_WRONG
    if (entry.from_version, entry.to_version) != (before[0].version, after[0].version):
        yield kind, f"the entry of {entry.key} names other versions than its snapshots have"
    if (entry.old, entry.new) != (before[1], after[1]):
        yield (
            kind,
            f"{entry.key} went from {_shown(before[1])} to {_shown(after[1])}, "
            f"and its entry says from {_shown(entry.old)} to {_shown(entry.new)}",
        )
    elif counts_dossiers(entry.key.indicator):
        yield from _faults_of_deltas(entry)
    if not REASONS.issuperset(entry.reasons):
        yield kind, f"the entry of {entry.key} has a reason that is none of the agreed ones"
    elif after[0].status == "restated" and not entry.reasons:
        yield kind, f"{entry.key} changed after it was final, without a reason"


def _faults_of_deltas(entry: Restatement) -> Iterator[Fault]:
    numerators, denominators = (tuple(part or 0 for part in pair) for pair in zip(entry.old, entry.new, strict=True))
    grown, moved = denominators[1] - denominators[0], abs(numerators[1] - numerators[0])
    stated = entry.dossiers_added - entry.dossiers_removed
    if grown != stated:
        yield (
            FindingKind.RESTATEMENT_WRONG,
            f"the denominator of {entry.key} grew by {grown}, its entry adds and removes {stated}",
        )
    elif moved > entry.dossiers_added + entry.dossiers_removed + entry.dossiers_changed:
        yield FindingKind.RESTATEMENT_WRONG, f"the numerator of {entry.key} changed by more dossiers than its entry has"


def _of(one: Observation | None) -> Counts:
    return _ABSENT if one is None else one.counts


def _shown(counts: Counts) -> str:
    return "nothing" if counts == _ABSENT else f"{counts[0]}/{counts[1]}"


def _counts(value: object) -> Counts:
    if value is None:
        return _ABSENT
    if not isinstance(value, dict) or not {"n", "d"} <= value.keys():
        raise Refused(FindingKind.CONTRACT_BROKEN, "restatements: old or new has no n and d")
    n, d = (None if value[name] is None else count(value[name], f"restatements: {name}") for name in ("n", "d"))
    return n, d
