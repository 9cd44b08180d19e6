"""When figures of a period are published, under which number and name, and when they need a person first. Pure.

A period's first figures are preliminary; they are revised every night in which a number changed, and become final after
a time in which late events may still come. What changes after that is a restatement, which has reasons and an approver:
targets were judged by the final figures.

Source: monitoring notes §4.3.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from gateway.errors import Fault, InvalidInput
from gateway.indicators.restating import RestatementReason
from gateway.model.vocabulary import VIETNAM
from gateway.monitoring.observations import Figures, ObservationKey


class Standing(StrEnum):
    """What the figures of a publication are."""

    PRELIMINARY = "preliminary"
    REVISED = "revised"
    FINAL = "final"
    RESTATED = "restated"


_OPEN = frozenset({Standing.PRELIMINARY, Standing.REVISED})


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationRules:
    """When figures are published; the defaults of §4.3."""

    night_minutes: int = 30
    """Minutes after midnight, in Vietnam, at which figures are published."""
    final_after: timedelta = timedelta(days=30)
    """Time from a period's end to its final figures."""


DEFAULT_RULES = PublicationRules()


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A publication of a period."""

    version: int
    standing: Standing
    as_of: datetime
    """Figures hold what was known at this instant (UTC)."""
    figures: Mapping[ObservationKey, Figures]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A person's word for a restatement."""

    approver: str
    reasons: tuple[RestatementReason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What is to be published now."""

    version: int
    standing: Standing
    changes: tuple["Change", ...]
    approval: Approval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RestatementOwed:
    """Final figures have changed: published when a person approves, and not before."""

    changes: tuple["Change", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One figure that differs between two publications. None: the figure is not there."""

    key: ObservationKey
    old: Figures | None
    new: Figures | None
    added: frozenset[str] = field(default=frozenset(), repr=False)
    """Keys of the dossiers in the new denominator only."""
    removed: frozenset[str] = field(default=frozenset(), repr=False)
    """Keys of the dossiers in the old denominator only."""
    moved: frozenset[str] = field(default=frozenset(), repr=False)
    """Keys of the dossiers in both denominators that entered or left the numerator."""


def next_publication_at(last: Published | None, period_end: datetime, rules: PublicationRules) -> datetime:
    """Give the instant (UTC) from which the period is looked at again: the first night after what was published last,
    and the first after its end."""
    if last is None or last.as_of < period_end:
        return _night(period_end, rules, is_after=False)
    return _night(last.as_of, rules, is_after=True)


def next_night(after: datetime, rules: PublicationRules) -> datetime:
    """Give the next instant (UTC) after another at which figures are published."""
    return _night(after, rules, is_after=True)


def _night(since: datetime, rules: PublicationRules, *, is_after: bool) -> datetime:
    local = since.astimezone(VIETNAM)
    night = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(minutes=rules.night_minutes)
    if night < local or (is_after and night == local):
        night += timedelta(days=1)
    return night.astimezone(UTC)


def decide_publication(
    published: Sequence[Published],
    figures: Mapping[ObservationKey, Figures],
    *,
    period_end: datetime,
    now: datetime,
    approval: Approval | None = None,
    rules: PublicationRules = DEFAULT_RULES,
    is_at_once: bool = False,
) -> Publication | RestatementOwed | None:
    """Say what is done with figures as they stand `now`; None when nothing is due, or nothing changed.

    `published` is every publication of the period, in order; `is_at_once` does not wait for the night.

    Raises InvalidInput for an approval that says nothing.
    """
    last = published[-1] if published else None
    if approval is not None:
        _check(approval)
    elif not is_at_once and now < next_publication_at(last, period_end, rules):
        return None
    if last is None:
        # Looked at for the first time long after its end, a period still begins with figures that may be revised.
        return Publication(version=1, standing=Standing.PRELIMINARY, changes=())
    changes = changes_between(last.figures, figures)
    if last.standing in _OPEN:
        if now >= period_end + rules.final_after:
            return Publication(version=last.version + 1, standing=Standing.FINAL, changes=changes)
        if not changes:
            return None
        return Publication(version=last.version + 1, standing=Standing.REVISED, changes=changes)
    if not changes:
        return None
    if approval is None:
        return RestatementOwed(changes=changes)
    return Publication(version=last.version + 1, standing=Standing.RESTATED, changes=changes, approval=approval)


def changes_between(old: Mapping[ObservationKey, Figures], new: Mapping[ObservationKey, Figures]) -> tuple[Change, ...]:
    """Give every figure that differs, in the order of their keys, with the dossiers that made it differ."""
    changes = []
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        if (
            before is not None
            and after is not None
            and before.counts == after.counts
            and before.members == after.members
        ):
            continue
        told, known = _members(before), _members(after)
        both = told[1] & known[1]
        change = Change(
            key=key,
            old=before,
            new=after,
            added=known[1] - told[1],
            removed=told[1] - known[1],
            moved=(told[0] ^ known[0]) & both,
        )
        changes.append(change)
    return tuple(changes)


def _members(figures: Figures | None) -> tuple[frozenset[str], frozenset[str]]:
    return (frozenset(), frozenset()) if figures is None or figures.members is None else figures.members


def _check(approval: Approval) -> None:
    faults = []
    if not approval.approver.strip():
        faults.append(Fault("approver", "must be stated"))
    if not approval.reasons:
        faults.append(Fault("reasons", "must hold at least one reason"))
    elif len(set(approval.reasons)) != len(approval.reasons):
        faults.append(Fault("reasons", "must differ"))
    if faults:
        raise InvalidInput("the restatement cannot be published", faults)
