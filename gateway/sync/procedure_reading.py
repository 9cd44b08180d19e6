"""Which records of the procedure catalogue a run reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from gateway.model.procedure import ProcedureRef
from gateway.sync.listings import ShortListPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingPolicy:
    """How the catalogue is read. A record whose row in the list carries an update mark and has not changed is read
    again only after `reread_after`, in case a mark is wrong; one whose row carries none is read every time."""

    short_list: ShortListPolicy = field(default_factory=ShortListPolicy)
    reread_after: timedelta = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownProcedure:
    """What the store knows of a live procedure. `is_judged` is false while its obligations were never looked at."""

    list_digest: str
    checked_at: datetime
    is_judged: bool = True


@dataclass(frozen=True, slots=True)
class ReadingPlan:
    """Codes in the order of work: new ones, those that may have changed, then those that left the list.

    `skipped_count` are those that the list says are unchanged, `done_count` those that this run has read before it was
    interrupted.
    """

    worklist: tuple[str, ...]
    skipped_count: int
    done_count: int


def list_digest(reference: ProcedureRef) -> str:
    """Name what a row of the list says: two rows with the same digest say the same."""
    return sha256("\n".join((reference.code, reference.name, reference.mark)).encode()).hexdigest()


def plan_reading(
    listed: Mapping[str, ProcedureRef],
    known: Mapping[str, KnownProcedure],
    removed: frozenset[str],
    *,
    policy: ReadingPolicy,
    resumed_from: datetime | None,
    now: datetime,
) -> ReadingPlan:
    """Choose what to read. What an interrupted run, taken up again, has checked since it began is not read again."""
    new = [code for code in listed if code not in known]
    maybe_changed: list[str] = []
    skipped_count = done_count = 0
    for code, reference in listed.items():
        before = known.get(code)
        if before is None:
            continue
        is_same_row = bool(reference.mark) and before.list_digest == list_digest(reference)
        if resumed_from is not None and before.checked_at >= resumed_from:
            done_count += 1
        elif is_same_row and before.is_judged and now - before.checked_at < policy.reread_after:
            skipped_count += 1
        else:
            maybe_changed.append(code)
    return ReadingPlan((*new, *maybe_changed, *sorted(removed)), skipped_count, done_count)
