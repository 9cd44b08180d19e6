"""Publications in PostgreSQL: a chain of signed snapshots that is only ever added to."""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from gateway.indicators.cells import Counted
from gateway.indicators.measures import Contribution
from gateway.indicators.periods import Period
from gateway.monitoring.changed_facts import ChangedFact
from gateway.monitoring.documents import head_fields
from gateway.monitoring.manifests import FileEntry, SignedManifest
from gateway.monitoring.observations import SnapshotHead, StateAt
from gateway.monitoring.publications import Published, Standing
from gateway.monitoring.reading import figures_in
from gateway.monitoring.snapshots import MEDIA_TYPES
from gateway.store.columns import columns
from gateway.store.indicators import COUNTING, counted_columns
from gateway.store.locks import Lock
from gateway.store.pool import Pool, connection, session_lock, transaction
from gateway.store.queries import queries

_TRIES = 200
_PAUSE_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSnapshot:
    """A published snapshot as it is told. `head` is as it was signed."""

    position: int
    snapshot_id: str
    head: Mapping[str, Any]
    manifest_sha256: str
    manifest: bytes = b""
    signature: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file of a snapshot."""

    media_type: str
    sha256: str
    body: bytes


class PostgresPublications:
    """Implements PublicationStore, and reads what was published."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._sql = queries("publications")

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[bool]:
        """Tell whether this process may publish; no other may until the block ends."""
        async with session_lock(self._pool, Lock.INDICATORS, "publishing") as is_mine:
            yield is_mine

    @asynccontextmanager
    async def still(self) -> AsyncIterator[bool]:
        """Keep everybody from counting until the block ends; False when somebody counts and does not end."""
        for _ in range(_TRIES):
            async with session_lock(self._pool, Lock.INDICATORS, COUNTING) as is_mine:
                if is_mine:
                    yield True
                    return
            await asyncio.sleep(_PAUSE_SECONDS)
        yield False

    async def completed_at(self, rules: str) -> datetime | None:
        """Give the instant of the last counting; None while something is left to be counted by these rules."""
        async with connection(self._pool) as borrowed:
            instant: datetime | None = await self._sql.completed_at(borrowed, rules=rules)
        return instant

    async def last(self, period: Period, state_at: StateAt) -> tuple[Published, str] | None:
        """Give a period's last publication with the id of its snapshot; None before the first."""
        async with connection(self._pool) as borrowed:
            row = await self._sql.last_of_period(borrowed, **_place(period), state_at=state_at.value)
            if row is None:
                return None
            body = await self._sql.find_file(borrowed, snapshot_id=row["snapshot_id"], name="data.json")
        document = json.loads(zlib.decompress(body["packed"]))
        published = Published(
            version=row["version"],
            standing=Standing(row["standing"]),
            as_of=row["as_of"],
            figures=figures_in(document),
        )
        return published, row["snapshot_id"]

    async def end_of_chain(self) -> tuple[int, str]:
        """Give position and manifest digest of the newest publication; (0, "") before the first."""
        async with connection(self._pool) as borrowed:
            row = await self._sql.newest(borrowed)
        return (0, "") if row is None else (row["position"], row["manifest_sha256"])

    async def add(
        self,
        period: Period,
        head: SnapshotHead,
        signed: SignedManifest,
        files: Sequence[FileEntry],
        *,
        position: int,
        restatements: Sequence[Mapping[str, Any]],
        digests: Mapping[str, str],
        approver: str,
        cut: Mapping[str, Counted | None],
    ) -> None:
        """Store a publication whole: snapshot, files, restatements. What it holds is kept when it changes."""
        state_at = head.state_at.value
        rows = [(one.name, MEDIA_TYPES[one.name], digests[one.name], zlib.compress(one.body, 6)) for one in files]
        async with transaction(self._pool) as borrowed:
            await self._sql.add_snapshot(
                borrowed,
                **_place(period),
                state_at=state_at,
                position=position,
                snapshot_id=head.snapshot_id,
                version=head.version,
                standing=head.status,
                starts_on=period.first_on,
                as_of=head.as_of,
                head=head_fields(head),
                manifest=signed.body,
                manifest_sha256=signed.digest,
                signature=signed.signature,
                approver=approver,
            )
            await self._sql.add_files(borrowed, position=position, **columns("s", rows, 4))
            documents = [json.dumps(one, ensure_ascii=False) for one in restatements]
            await self._sql.add_restatements(borrowed, position=position, documents=documents)
            await self._sql.note_published(borrowed, as_of=head.as_of)
            await self._sql.clear_owed(borrowed, **_place(period), state_at=state_at)
            if head.state_at is StateAt.PERIOD_END:
                await self._sql.clear_cut_facts(borrowed, **_place(period))
                facts = columns("s", [_cut_row(code, one) for code, one in sorted(cut.items())], 9)
                await self._sql.add_cut_facts(borrowed, **_place(period), after_on=period.after_on, **facts)

    async def note_owed(self, period: Period, state_at: StateAt, changes_count: int, now: datetime) -> None:
        """Note that final figures changed and wait for a person."""
        place = {**_place(period), "state_at": state_at.value}
        async with connection(self._pool) as borrowed:
            await self._sql.note_owed(borrowed, **place, changes_count=changes_count, now=now)

    async def note_settled(self, period: Period, state_at: StateAt) -> None:
        """Note that final figures are again what was published."""
        async with connection(self._pool) as borrowed:
            await self._sql.clear_owed(borrowed, **_place(period), state_at=state_at.value)

    async def owed(self) -> list[dict[str, Any]]:
        """Give the periods whose final figures changed."""
        async with connection(self._pool) as borrowed:
            return [dict(row) async for row in self._sql.list_owed(borrowed)]

    async def changed_facts(self, period: Period, since: datetime) -> list[ChangedFact]:
        """Give the facts of a period that are not what they were at an instant."""
        async with connection(self._pool) as borrowed:
            rows = self._sql.changed_facts(borrowed, since=since, first_on=period.first_on, after_on=period.after_on)
            return [_changed(row) async for row in rows]

    async def cut_facts(self, period: Period) -> list[ChangedFact]:
        """Give what the last publication of a period's end held otherwise than facts did, beside the facts of now."""
        async with connection(self._pool) as borrowed:
            return [_changed(row) async for row in self._sql.cut_facts(borrowed, **_place(period))]

    async def forget_cut_facts(self, before: date) -> None:
        """Delete what is kept of publications of periods that ended before a day."""
        async with connection(self._pool) as borrowed:
            await self._sql.forget_cut_facts(borrowed, before=before)

    async def snapshots(
        self, *, period_type: str | None, after: int, limit: int, state_at: str | None = None
    ) -> list[StoredSnapshot]:
        """Give snapshots in the order of their publication."""
        async with connection(self._pool) as borrowed:
            rows = self._sql.list_snapshots(
                borrowed, period_type=period_type, state_at=state_at, after=after, wanted=limit
            )
            return [StoredSnapshot(**dict(row)) async for row in rows]

    async def snapshot(self, snapshot_id: str) -> StoredSnapshot | None:
        """Find a snapshot with its manifest."""
        async with connection(self._pool) as borrowed:
            row = await self._sql.find_snapshot(borrowed, snapshot_id=snapshot_id)
        if row is None:
            return None
        return StoredSnapshot(**{name: value for name, value in row.items() if name != "approver"})

    async def file(self, snapshot_id: str, name: str) -> StoredFile | None:
        """Find a file of a snapshot."""
        async with connection(self._pool) as borrowed:
            row = await self._sql.find_file(borrowed, snapshot_id=snapshot_id, name=name)
        if row is None:
            return None
        return StoredFile(media_type=row["media_type"], sha256=row["sha256"], body=zlib.decompress(row["packed"]))

    async def version(self, period: Period, state_at: StateAt, version: int) -> dict[str, Any] | None:
        """Give a published version of a period as its document; None when there is none."""
        async with connection(self._pool) as borrowed:
            row = await self._sql.find_version(borrowed, **_place(period), state_at=state_at.value, version=version)
        found: dict[str, Any] | None = None if row is None else json.loads(zlib.decompress(row["packed"]))
        return found

    async def restatements(self, *, since: int, after: int, limit: int) -> list[tuple[int, Mapping[str, Any]]]:
        """Give restatements of publications after a position, in their order, each with its number."""
        async with connection(self._pool) as borrowed:
            rows = self._sql.list_restatements(borrowed, since=since, after=after, wanted=limit)
            return [(row["restatement_id"], row["document"]) async for row in rows]

    async def note_pull(
        self, client_id: str, resource: str, status: int, size_bytes: int, sha256: str, now: datetime
    ) -> None:
        """Write down who pulled what."""
        async with connection(self._pool) as borrowed:
            await self._sql.note_pull(
                borrowed,
                client_id=client_id,
                resource=resource,
                status=status,
                size_bytes=size_bytes,
                sha256=sha256,
                now=now,
            )


def _place(period: Period) -> dict[str, str]:
    return {"period_type": period.type.value, "calendar": period.calendar.value, "label": period.label}


def _changed(row: Any) -> ChangedFact:
    return ChangedFact(code=row["code"], old=_counted(row, "o_") if row["was_there"] else None, new=_counted(row, ""))


def _cut_row(code: str, counted: Counted | None) -> tuple[Any, ...]:
    # Of a dossier that was not there, the agency is missing.
    return (code, None, "", False, None, "{}", None, "{}", 0) if counted is None else (code, *counted_columns(counted))


def _counted(row: Any, prefix: str) -> Counted:
    def contribution(name: str) -> Contribution | None:
        day = row[f"{prefix}{name}_on"]
        return None if day is None else Contribution(day, tuple(row[f"{prefix}{name}"]))

    return Counted(
        agency=row[f"{prefix}agency_code"],
        procedure=row[f"{prefix}procedure_code"],
        is_group=row[f"{prefix}is_group"],
        received=contribution("received"),
        submitted=contribution("submitted"),
        time_amount=row[f"{prefix}time_amount"],
    )
