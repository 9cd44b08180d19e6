"""Mapping sets in PostgreSQL: every load whole, the newest in force; what waits for rows; which codes were seen."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from gateway.errors import ConfigurationError, Fault, InvalidInput, StoreUnavailable
from gateway.model.delivery import Lane
from gateway.ports.basics import Clock
from gateway.ports.mapping import (
    MISSING_PREFIX,
    CodeKind,
    HeldDelivery,
    HeldRow,
    SeenCode,
    StoredSets,
    vietnam_day,
)
from gateway.store.columns import columns
from gateway.store.locks import Lock
from gateway.store.parked import LANE_LEASED, decide_parked
from gateway.store.pool import Pool, connection, transaction
from gateway.store.queries import queries
from gateway.sync.lanes import retry_parked
from gateway.sync.reasons import MAX_LENGTH, UNMAPPED

_HELD_PREFIX = f"{UNMAPPED}: {MISSING_PREFIX}"
_ROW = re.compile(rf"(?:^|[ ]){re.escape(MISSING_PREFIX)}([a-z_]+) ([^\s;]+)(?=;|$)")
_MAX_RELEASED_AT_ONCE = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SetToStore:
    """One linted set with its files' texts."""

    name: str
    set_version: str
    kind: CodeKind
    direction: str
    status: str
    valid_from: date
    valid_to: date | None
    unmapped: str
    digest: str
    rows_count: int
    stem: str
    header: str
    rows: str
    names: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetLine:
    """One set of a load, without its rows. `unmapped` is the policy for codes without a row."""

    name: str
    set_version: str
    kind: CodeKind
    direction: str
    status: str
    valid_from: date
    valid_to: date | None
    unmapped: str
    digest: str
    rows_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionLine:
    """One load."""

    version: int
    digest: str
    loaded_at: datetime
    loaded_by: str


def missing_rows(reason: str) -> tuple[tuple[CodeKind, str], ...]:
    """Read the rows of mapping sets that a delivery's reason names; others in it are left out."""
    if len(reason) >= MAX_LENGTH:
        reason = reason.rpartition(";")[0]  # Half a code is another code.
    known = set(CodeKind)
    return tuple((CodeKind(kind), code) for kind, code in _ROW.findall(reason) if kind in known)


async def save_sets(
    pool: Pool, sets: Sequence[SetToStore], *, follows: int | None, loaded_by: str, now: datetime
) -> tuple[int, bool]:
    """Store a load and give its number, and whether it is new: what is in force already is not loaded again.

    `follows` is the load that this one was held against. Raises ConfigurationError when another came in between.
    """
    digest = sha256("".join(f"{item.name}:{item.digest};" for item in sets).encode()).hexdigest()
    sql = queries("mappings")
    async with transaction(pool) as borrowed:
        # One load at a time, so that the numbers follow each other as the loads do.
        await sql.lock_loading(borrowed, lock=Lock.MAPPINGS)
        if await sql.current_digest(borrowed) == digest:
            return int(await sql.current_version(borrowed)), False
        if await sql.current_version(borrowed) != follows:
            raise ConfigurationError([Fault("load", "must not cross another load: look at the difference again")])
        version = int(await sql.add_version(borrowed, digest=digest, now=now, loaded_by=loaded_by))
        for item in sets:
            await sql.add_set(
                borrowed,
                version=version,
                name=item.name,
                set_version=item.set_version,
                kind=item.kind.value,
                direction=item.direction,
                status=item.status,
                valid_from=item.valid_from,
                valid_to=item.valid_to,
                unmapped=item.unmapped,
                digest=item.digest,
                rows_count=item.rows_count,
                stem=item.stem,
                header=item.header,
                rows=item.rows,
                names=item.names,
            )
    return version, True


async def list_versions(pool: Pool, limit: int) -> Sequence[VersionLine]:
    """Give the newest loads, newest first."""
    async with connection(pool) as borrowed:
        return [VersionLine(**dict(row)) async for row in queries("mappings").list_versions(borrowed, wanted=limit)]


async def list_sets(pool: Pool, version: int) -> Sequence[SetLine]:
    """Give the sets of a load by name; empty when there is no such load."""
    async with connection(pool) as borrowed:
        rows = queries("mappings").list_sets(borrowed, version=version)
        return [SetLine(**{**dict(row), "kind": CodeKind(row["kind"])}) async for row in rows]


async def list_held_rows(pool: Pool) -> Sequence[HeldRow]:
    """Give every missing row that deliveries wait for, most wanted first."""
    counts: Counter[tuple[CodeKind, str]] = Counter()
    async with connection(pool) as borrowed:
        async for row in queries("mappings").held_reasons(borrowed, prefix=_HELD_PREFIX):
            for missing in missing_rows(row["reason"]):
                counts[missing] += row["deliveries_count"]
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [HeldRow(kind=kind, code=code, deliveries_count=count) for (kind, code), count in ordered]


async def list_seen(pool: Pool) -> Sequence[SeenCode]:
    """Give all codes that dossiers carried."""
    async with connection(pool) as borrowed:
        rows = queries("mappings").list_seen(borrowed)
        return [SeenCode(**{**dict(row), "kind": CodeKind(row["kind"])}) async for row in rows]


async def procedure_names(pool: Pool) -> Mapping[str, str]:
    """Give the names of the national catalogue's live procedures by code; empty while it was never read."""
    async with connection(pool) as borrowed:
        return {row["code"]: row["name"] async for row in queries("mappings").procedure_names(borrowed)}


class PostgresMappings:
    """Implements MappingStore."""

    def __init__(self, pool: Pool, *, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock
        self._sql = queries("mappings")

    async def current_version(self) -> int | None:
        async with connection(self._pool) as borrowed:
            version: int | None = await self._sql.current_version(borrowed)
        return version

    async def current(self) -> StoredSets | None:
        async with connection(self._pool) as borrowed:
            version = await self._sql.current_version(borrowed)
            if version is None:
                return None
            files: dict[str, bytes] = {}
            async for row in self._sql.texts_of(borrowed, version=version):
                files[f"{row['stem']}.toml"] = row["header"].encode()
                files[f"{row['stem']}.csv"] = row["rows"].encode()
                if row["names"] is not None:
                    files[f"{row['stem']}.names.csv"] = row["names"].encode()
        return StoredSets(version=version, files=files)

    async def held(self) -> Sequence[HeldDelivery]:
        async with connection(self._pool) as borrowed:
            rows = self._sql.held_deliveries(borrowed, prefix=_HELD_PREFIX, wanted=_MAX_RELEASED_AT_ONCE)
            return [
                HeldDelivery(
                    delivery_id=row["delivery_id"],
                    day=vietnam_day(row["submitted_at"]),
                    rows=missing_rows(row["reason"]),
                )
                async for row in rows
            ]

    async def release(self, delivery_id: int) -> bool:
        now = self._clock.now()

        def retried(lane: Lane) -> Lane:
            return retry_parked(lane, delivery_id, now)

        try:
            await decide_parked(self._pool, delivery_id, retried, now, who="mappings")
        except InvalidInput:
            return False  # Released by another process, or decided by a person.
        except StoreUnavailable as error:
            if error.code != LANE_LEASED:
                raise
            return False
        return True

    async def note_seen(self, codes: Iterable[SeenCode]) -> None:
        rows = [
            (seen.kind.value, seen.code, seen.first_seen, seen.last_seen, seen.seen_count, seen.is_mapped)
            for seen in codes
        ]
        if rows:
            async with connection(self._pool) as borrowed:
                # In one order everywhere, so that two processes can never wait for each other.
                await self._sql.note_seen(borrowed, **columns("s", sorted(rows, key=lambda row: row[:2]), 6))
