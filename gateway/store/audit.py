"""The audit chain in PostgreSQL: appended to under the row lock of its head, read in pages."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import groupby
from typing import Any

import asyncpg

from gateway.errors import AuditBroken
from gateway.model.audit import AuditLine, ChainedLine, ChainHead, Checkpoint, CheckpointKind
from gateway.ports.audit import LineFilter, LookerKind, StoredEnd, StoredHead, SubjectsSeen
from gateway.store.columns import columns
from gateway.store.pool import Connection, Pool, connection, transaction
from gateway.store.queries import queries

NEWEST_FIRST = 2**62
_PAGE = 5000
_COLUMNS_COUNT = 26


class PostgresAudit:
    """Implements AuditStore and AuditWarnings."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._sql = queries("audit")

    @asynccontextmanager
    async def appending(self) -> AsyncIterator["_Appending"]:
        async with transaction(self._pool) as borrowed:
            yield _Appending(borrowed)

    async def head(self) -> StoredHead | None:
        async with connection(self._pool) as borrowed:
            row = await self._sql.find_head(borrowed)
        return None if row is None else _stored_head(row)

    async def end(self) -> StoredEnd:
        async with connection(self._pool) as borrowed:
            return _stored_end(await self._sql.find_end(borrowed))

    async def lines(self, wanted: LineFilter, *, before: int | None, limit: int) -> Sequence[ChainedLine]:
        async with connection(self._pool) as borrowed:
            rows = self._sql.list_lines(
                borrowed,
                before=before or NEWEST_FIRST,
                prefixes=None if wanted.prefixes is None else list(wanted.prefixes),
                dossier_code=wanted.dossier_code,
                officer=wanted.officer,
                client_id=wanted.client_id,
                action=wanted.action,
                since=wanted.since,
                until=wanted.until,
                wanted=limit,
            )
            return [_line(row) async for row in rows]

    async def accesses_of(
        self,
        subject_digests: Sequence[bytes],
        since: datetime | None,
        until: datetime | None,
        *,
        before: int | None,
        limit: int,
    ) -> Sequence[Sequence[ChainedLine]]:
        async with connection(self._pool) as borrowed:
            rows = self._sql.accesses_of(
                borrowed,
                subject_digests=list(subject_digests),
                since=since,
                until=until,
                before=before or NEWEST_FIRST,
                wanted=limit,
            )
            lines = [_line(row) async for row in rows]
        return [list(look) for _, look in groupby(lines, key=lambda chained: chained.line.correlation_id)]

    async def chain(self, after: int, *, until: int = NEWEST_FIRST) -> AsyncIterator[Sequence[ChainedLine]]:
        while True:
            async with connection(self._pool) as borrowed:
                rows = self._sql.list_chain(borrowed, after=after, until=until, wanted=_PAGE)
                page = [_line(row) async for row in rows]
            if page:
                yield page
                after = page[-1].position
            if len(page) < _PAGE:
                return

    async def checkpoints(self, after: int) -> Sequence[Checkpoint]:
        async with connection(self._pool) as borrowed:
            return [_checkpoint(row) async for row in self._sql.list_checkpoints(borrowed, after=after)]

    async def newest_checkpoint(self) -> Checkpoint | None:
        async with connection(self._pool) as borrowed:
            row = await self._sql.newest_checkpoint(borrowed)
        return None if row is None else _checkpoint(row)

    async def add_checkpoint(self, checkpoint: Checkpoint) -> bool:
        async with connection(self._pool) as borrowed:
            return await _add_checkpoint(borrowed, checkpoint)

    async def subjects_by_hour(self, since: datetime, left_out: Sequence[str]) -> Sequence[SubjectsSeen]:
        async with connection(self._pool) as borrowed:
            rows = self._sql.subjects_by_hour(borrowed, since=since, left_out=list(left_out))
            return [SubjectsSeen(**(dict(row) | {"kind": LookerKind(row["kind"])})) async for row in rows]

    async def claim_warning(self, seen: SubjectsSeen, now: datetime, old_before: datetime) -> bool:
        async with connection(self._pool) as borrowed:
            is_first = await self._sql.claim_warning(
                borrowed,
                kind=seen.kind.value,
                who=seen.who,
                hour=seen.hour,
                subjects_count=seen.subjects_count,
                now=now,
                old_before=old_before,
            )
        return bool(is_first)

    async def stretch(self, since: datetime, until: datetime) -> tuple[int, int] | None:
        """Give the first and last position of lines from `since` on and before `until`; None when there are none."""
        async with connection(self._pool) as borrowed:
            row = await self._sql.range_of(borrowed, since=since, until=until)
        return None if row["first"] is None else (row["first"], row["last"])

    async def digest_at(self, position: int) -> bytes | None:
        """Give the stored digest of a line; None when there is no such line."""
        async with connection(self._pool) as borrowed:
            digest: bytes | None = await self._sql.digest_at(borrowed, position=position)
        return digest


class _Appending:
    def __init__(self, borrowed: Connection) -> None:
        self._connection = borrowed
        self._sql = queries("audit")

    async def head(self) -> StoredHead | None:
        row = await self._sql.hold_head(self._connection)
        if row is not None:
            return _stored_head(row)
        if await self._sql.has_lines(self._connection):
            raise AuditBroken("the audit chain has lines and no end", code="audit_head_missing")
        return None

    async def begin(self, head: StoredHead) -> None:
        await self._sql.begin_chain(self._connection, **_head_values(head))

    async def write(self, lines: Sequence[ChainedLine], head: StoredHead) -> None:
        try:
            rows = [_row(line) for line in lines]
            await self._sql.append_lines(self._connection, **_head_values(head), **columns("l", rows, _COLUMNS_COUNT))
        except asyncpg.UniqueViolationError:
            text = "lines stand behind the end of the audit chain"
            raise AuditBroken(text, code="audit_beyond_head") from None

    async def end(self) -> StoredEnd:
        await self._sql.hold_head(self._connection)
        return _stored_end(await self._sql.find_end(self._connection))

    async def reseal(self, line: ChainedLine, head: StoredHead, checkpoint: Checkpoint) -> None:
        await self._sql.replace_head(self._connection, **_head_values(head))
        await self.write([line], head)
        if not await _add_checkpoint(self._connection, checkpoint):
            # Without it the line could not be told from one that somebody else put there.
            raise AuditBroken(
                "another checkpoint stands where the line's own must stand", code="audit_checkpoint_taken"
            )


async def _add_checkpoint(borrowed: Connection, checkpoint: Checkpoint) -> bool:
    head = checkpoint.head
    is_added = await queries("audit").add_checkpoint(
        borrowed,
        position=head.position,
        chain_id=head.chain_id,
        digest=head.digest,
        at=checkpoint.at,
        kind=checkpoint.kind.value,
        key_id=checkpoint.key_id,
        signature=checkpoint.signature,
        mac=checkpoint.mac,
    )
    return bool(is_added)


def _stored_end(row: Any) -> StoredEnd:
    return StoredEnd(head=None if row["mac"] is None else _stored_head(row), last_position=row["last_position"] or 0)


def _head_values(stored: StoredHead) -> dict[str, Any]:
    head = stored.head
    return {"chain_id": head.chain_id, "position": head.position, "digest": head.digest, "mac": stored.mac}


def _stored_head(row: Any) -> StoredHead:
    head = ChainHead(chain_id=row["chain_id"], position=row["position"], digest=row["digest"])
    return StoredHead(head=head, mac=row["mac"])


def _row(chained: ChainedLine) -> tuple[Any, ...]:
    line = chained.line
    return (
        chained.position,
        chained.format,
        line.line_id,
        line.at,
        line.action,
        line.stage,
        line.correlation_id,
        line.client_id,
        line.officer,
        line.agency_code,
        line.procedure_code,
        line.dossier_code,
        line.purpose,
        line.legal_basis,
        line.consent_ref,
        line.subject_digest,
        ",".join(line.fields_requested),
        ",".join(line.fields_released),
        line.outcome,
        line.upstream_code,
        line.request_id,
        line.edge,
        line.latency_ms,
        line.client_address,
        line.gateway_version,
        chained.digest,
    )


_OWN_COLUMNS = frozenset({"position", "format", "digest"})
_LISTS = ("fields_requested", "fields_released")


def _line(row: Any) -> ChainedLine:
    values = {name: value for name, value in row.items() if name not in _OWN_COLUMNS}
    for name in _LISTS:
        values[name] = tuple(values[name])
    return ChainedLine(row["position"], AuditLine(**values), row["digest"], row["format"])


_KINDS = frozenset(CheckpointKind)


def _checkpoint(row: Any) -> Checkpoint:
    is_known = row["kind"] in _KINDS
    return Checkpoint(
        head=ChainHead(chain_id=row["chain_id"], position=row["position"], digest=row["digest"]),
        at=row["at"],
        kind=CheckpointKind(row["kind"]) if is_known else CheckpointKind.KEY_RING,
        key_id=row["key_id"],
        signature=row["signature"],
        # A kind that the gateway never wrote is no checkpoint of its own, whatever else it carries.
        mac=row["mac"] if is_known else b"",
    )
