"""Contract drift in PostgreSQL: each difference once, with counts, and whether a person has seen it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import msgspec

from gateway.ports.portal_services import DriftKind, DriftSighting
from gateway.store.acceptance import append_events
from gateway.store.columns import columns
from gateway.store.pool import Pool, connection, transaction
from gateway.store.queries import queries

MAX_KEPT = 2_000
"""Differences of one system."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftLine:
    """One difference as it is kept; `example` is redacted."""

    drift_id: int
    system: str
    operation: str
    kind: DriftKind
    place: str
    detail: str
    example: str
    sightings_count: int
    first_seen_at: datetime
    last_seen_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str


class SeenDrift(Protocol):
    """What the engine gathered of one difference."""

    @property
    def sighting(self) -> DriftSighting: ...
    @property
    def count(self) -> int: ...
    @property
    def first_seen_at(self) -> datetime: ...
    @property
    def last_seen_at(self) -> datetime: ...


class PostgresDrift:
    """Implements DriftStore."""

    def __init__(self, pool: Pool, *, bound: int = MAX_KEPT) -> None:
        self._pool = pool
        self._bound = bound

    async def record(self, gathered: Sequence[SeenDrift]) -> Sequence[DriftSighting]:
        if not gathered:
            return []
        rows = [
            (
                one.sighting.system,
                one.sighting.operation,
                one.sighting.kind.value,
                one.sighting.place[:500],
                one.sighting.detail[:200],
                one.sighting.example[:200],
                one.count,
                one.first_seen_at,
                one.last_seen_at,
            )
            for one in gathered
        ]
        now = max(one.last_seen_at for one in gathered)
        async with transaction(self._pool) as borrowed:
            stored = queries("drift").record_drift(borrowed, bound=self._bound, **columns("s", rows, 9))
            fresh = [row async for row in stored if row["is_new"]]
            events = [
                (
                    "system.drift_found",
                    row["system"],
                    "",
                    None,
                    None,
                    msgspec.json.encode(
                        {name: row[name] for name in ("drift_id", "operation", "kind", "place", "detail")}
                    ).decode(),
                )
                for row in fresh
            ]
            if events:
                await append_events(borrowed, events, [], now)
        return [
            DriftSighting(
                system=row["system"],
                operation=row["operation"],
                kind=DriftKind(row["kind"]),
                place=row["place"],
                detail=row["detail"],
                example=row["example"],
            )
            for row in fresh
        ]


async def list_drift(
    pool: Pool, system: str, *, is_acknowledged: bool | None = None, limit: int = MAX_KEPT
) -> Sequence[DriftLine]:
    """Give differences, those that nobody has seen first, newest first."""
    async with connection(pool) as borrowed:
        rows = queries("drift").list_drift(borrowed, system=system, is_acknowledged=is_acknowledged, wanted=limit)
        return [_line(dict(row)) async for row in rows]


async def acknowledge_drift(pool: Pool, system: str, drift_id: int, *, who: str, now: datetime) -> DriftLine | None:
    """Note that a person has seen it; who came first stays. None when there is no such difference."""
    async with connection(pool) as borrowed:
        row = await queries("drift").acknowledge_drift(borrowed, system=system, drift_id=drift_id, who=who, now=now)
    return None if row is None else _line(dict(row))


async def open_drift_counts(pool: Pool) -> dict[tuple[str, str], int]:
    """Give how many differences nobody has seen, by system and kind."""
    async with connection(pool) as borrowed:
        rows = queries("drift").open_drift_counts(borrowed)
        return {(row["system"], row["kind"]): row["open_count"] async for row in rows}


def _line(values: dict[str, object]) -> DriftLine:
    return DriftLine(**{**values, "kind": DriftKind(values["kind"])})  # type: ignore[arg-type]
