"""What changed between two versions of a number: which dossiers came, went or turned, and for which reasons.

A published number is never overwritten: a later version stands beside it with this entry. Reasons are read off the
facts; what they do not explain is named, so that a person gives the reason.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from gateway.errors import InvalidInput
from gateway.indicators.facts import DossierFact
from gateway.indicators.formulas import Part
from gateway.indicators.registry import measure
from gateway.indicators.selection import Selection


class RestatementReason(StrEnum):
    """Why a number changed."""

    LATE_SYNC = "late_sync"
    DEDUP = "dedup"
    TEST_REMOVED = "test_removed"
    REOPENED = "reopened"
    AGENCY_MERGE = "agency_merge"
    CALENDAR_CHANGE = "calendar_change"
    DEFINITION_CHANGE = "definition_change"
    CORRECTION_BY_OWNER = "correction_by_owner"


_BY_RULE = {
    "DQ-01": RestatementReason.DEDUP,
    "DQ-03": RestatementReason.TEST_REMOVED,
    "DQ-15": RestatementReason.CORRECTION_BY_OWNER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Restatement:
    """An indicator before and after. `changed` stand in both and count in one; `unexplained` have no reason yet."""

    code: str
    old: Part
    new: Part
    added: frozenset[str]
    removed: frozenset[str]
    changed: frozenset[str]
    reasons: tuple[RestatementReason, ...]
    unexplained: frozenset[str]


def restate(code: str, old: Selection, new: Selection) -> Restatement | None:
    """Compare an indicator in two versions of one period and scope; None when neither number nor dossiers changed.

    Raises InvalidInput when the two are not versions of the same thing: another period, scope or reading, or the newer
    facts were known before the older ones.
    """
    if (old.period, old.scope) != (new.period, new.scope):
        raise InvalidInput("versions must be of one period and scope", code="versions_differ")
    if old.readings != new.readings or old.facts.as_of > new.facts.as_of:
        raise InvalidInput("versions must be of one reading, the older one first", code="versions_differ")
    before, after = measure(code, old), measure(code, new)
    if (before.ratio, before.among, before.counted) == (after.ratio, after.among, after.counted):
        return None
    both = before.among & after.among
    added, removed = after.among - before.among, before.among - after.among
    changed = both & (before.counted ^ after.counted)
    reasons = {key: _reasons(old.dossier(key), new.dossier(key), old) for key in added | removed | changed}
    return Restatement(
        code=code,
        old=before,
        new=after,
        added=added,
        removed=removed,
        changed=changed,
        reasons=_in_order(reason for found in reasons.values() for reason in found),
        unexplained=frozenset(key for key, found in reasons.items() if not found),
    )


def _reasons(before: DossierFact | None, after: DossierFact | None, old: Selection) -> list[RestatementReason]:
    found = []
    if after is not None and after.known_at > old.facts.as_of:
        found.append(RestatementReason.LATE_SYNC)
    if after is None or before is None:
        return found
    if after.excluded_by != before.excluded_by:
        rule = after.excluded_by or before.excluded_by
        found.append(_BY_RULE.get(rule, RestatementReason.CORRECTION_BY_OWNER))
    if before.timeliness_reopened is None and after.timeliness_reopened is not None:
        found.append(RestatementReason.REOPENED)
    if before.resolving_agency != after.resolving_agency:
        found.append(RestatementReason.AGENCY_MERGE)
    if before.finished_at == after.finished_at and before.due_at != after.due_at:
        found.append(RestatementReason.CALENDAR_CHANGE)
    return found


def _in_order(reasons: Iterable[RestatementReason]) -> tuple[RestatementReason, ...]:
    found = set(reasons)
    return tuple(reason for reason in RestatementReason if reason in found)
