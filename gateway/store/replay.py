"""Sending dossiers again as they are now: for a system that lost what it had, or was told wrong things.

A replay is a delivery like any other: accepted in the ledger, sent in order, shown in the timeline. Nothing is sent
twice at once: what is on its way anyway is not added again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from gateway.store.acceptance import append_events
from gateway.store.pool import Pool, connection, transaction
from gateway.store.queries import queries

_TOGETHER = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayable:
    """A dossier that may be sent again; `is_under_way` when its present state is on its way already.

    What of several is sent is `is_meant`."""

    dossier_id: int
    code: str
    revision: int
    is_under_way: bool
    has_content: bool
    """False for a dossier that was filed over there and never answered: nothing was ever told of it."""

    @property
    def is_meant(self) -> bool:
        return self.has_content and not self.is_under_way


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayWish:
    """Which dossiers are meant: those named, or those of which something was delivered in [since, until)."""

    system: str
    codes: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None


async def find_replayable(
    pool: Pool, wish: ReplayWish, *, prefixes: Sequence[str] | None, limit: int
) -> Sequence[Replayable]:
    """Give the dossiers that are meant, in the order of their codes; `prefixes` None means every agency."""
    async with connection(pool) as borrowed:
        rows = queries("outbox").find_replayable(
            borrowed,
            system=wish.system,
            codes=None if wish.codes is None else list(wish.codes),
            since=wish.since,
            until=wish.until,
            prefixes=None if prefixes is None else list(prefixes),
            wanted=limit,
        )
        return [Replayable(**dict(row)) async for row in rows]


async def replay(
    pool: Pool, system: str, dossiers: Sequence[Replayable], *, who: str, reason: str, now: datetime
) -> int:
    """Owe the system each dossier's present state (for one that was filed there: the answer); give how many were added.

    Committed in parts: when it raises StoreUnavailable some may have been added, and a repetition adds only the rest.
    """
    added_count = 0
    for start in range(0, len(dossiers), _TOGETHER):
        dossier_ids = [dossier.dossier_id for dossier in dossiers[start : start + _TOGETHER]]
        async with transaction(pool) as borrowed:
            added_count += await _replay(borrowed, system, dossier_ids, who=who, reason=reason, now=now)
    return added_count


async def _replay(
    borrowed: Any, system: str, dossier_ids: Sequence[int], *, who: str, reason: str, now: datetime
) -> int:
    sql = queries("outbox")
    async for _ in sql.lock_for_replay(borrowed, dossier_ids=dossier_ids):
        pass  # The locks are what is wanted.
    rows = [row async for row in sql.enqueue_replays(borrowed, system=system, dossier_ids=dossier_ids, now=now)]
    if not rows:
        return 0
    data = {"system": system, "by": who, "reason": reason}
    events = [
        (
            "delivery.replayed",
            row["code"],
            row["handling_agency_code"],
            row["dossier_id"],
            row["revision"],
            msgspec.json.encode({**data, "revision": row["revision"], "kind": row["kind"]}).decode(),
        )
        for row in rows
    ]
    await append_events(borrowed, events, [(system, len(rows), 0, 0)], now)
    return len(rows)
