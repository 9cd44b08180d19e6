"""The gateway's counts beside those of others, and by what they differ. Pure.

Compared are dossiers received in a period: counted here, acknowledged by the national portal, told by the portal's own
figures and by the national report system. A difference is explained by class as far as facts tell; what is left is for
a person. Nothing is ever put right by making records (DQ-23). Source: monitoring notes §4.7.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """Why counts differ."""

    UNSYNCED = "unsynced"
    """Known here, not acknowledged by the portal."""
    CALENDAR = "calendar"
    """The other side's month ends on the 14th (Decree 09/2019)."""
    DUPLICATES = "duplicates"
    """Left out here, counted there."""
    LATE_SYNC = "late_sync"
    """Learnt over a working day late, so that the other side may not have had them yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalCounts:
    """What the gateway counts: `other_calendar` is the same label's count in the calendar that ends on the 14th."""

    received: int
    acknowledged: int
    duplicates: int
    late_synced: int
    other_calendar: int | None = None


@dataclass(frozen=True, slots=True)
class Explained:
    """So many dossiers of a difference have this cause, at most."""

    cause: Cause
    dossiers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One other count beside ours. `delta` is ours less theirs; `unexplained` what no cause accounts for."""

    theirs: int
    delta: int
    explained_by: tuple[Explained, ...]
    unexplained: int


def compare_counts(local: LocalCounts, theirs: int | None, *, may_use_other_calendar: bool) -> Difference | None:
    """Explain a difference; None when the other side told nothing."""
    if theirs is None:
        return None
    delta = local.received - theirs
    if may_use_other_calendar and delta and local.other_calendar == theirs:
        return Difference(
            theirs=theirs, delta=delta, explained_by=(Explained(Cause.CALENDAR, abs(delta)),), unexplained=0
        )
    found: list[Explained] = []
    left = abs(delta)
    for cause, count in _causes(local, delta):
        part = min(left, count)
        if part:
            found.append(Explained(cause, part))
            left -= part
    return Difference(theirs=theirs, delta=delta, explained_by=tuple(found), unexplained=left)


def _causes(local: LocalCounts, delta: int) -> Sequence[tuple[Cause, int]]:
    if delta > 0:
        return ((Cause.UNSYNCED, local.received - local.acknowledged), (Cause.LATE_SYNC, local.late_synced))
    return ((Cause.DUPLICATES, local.duplicates),)
