"""Wrapped keys in every table: which ring keys they need, and wrapping them anew, page by page, while all goes on.

The tables are read off the database's own catalogue, so a new one is never forgotten. A page is a range of a table's
blocks, which needs no index and no knowledge of primary keys. Rows that somebody else holds are passed over; a
row that moved while its table was walked is found by the next walk.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.store.pool import Connection, Pool, connection, transaction
from gateway.store.queries import queries

PAGE_BLOCKS = 64
"""Half a megabyte of a table: some hundred rows, locked for some milliseconds."""


@dataclass(frozen=True, slots=True, order=True)
class WrappedColumn:
    """A column that holds wrapped keys."""

    table: str
    column: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"

    @property
    def _key_id(self) -> str:
        name = _quoted(self.column)
        return f"convert_from(substring({name} FROM 3 FOR get_byte({name}, 1)), 'UTF8')"

    @property
    def counting(self) -> str:
        """SQL that counts rows by key id."""
        table, name = _quoted(self.table), _quoted(self.column)
        return (
            f"SELECT {self._key_id} AS key_id, count(*) AS rows_count FROM {table} "  # noqa: S608 - catalogue names
            f"WHERE length({name}) > 2 GROUP BY 1 ORDER BY 1"
        )

    @property
    def taking(self) -> str:
        """SQL that locks what another key wraps in a range of blocks."""
        table, name = _quoted(self.table), _quoted(self.column)
        return (
            f"SELECT ctid, {name} AS wrapped FROM {table} "  # noqa: S608 - catalogue names
            f"WHERE ctid >= $1::tid AND ctid < $2::tid AND length({name}) > 2 AND {self._key_id} <> $3 "
            "FOR NO KEY UPDATE SKIP LOCKED"
        )

    @property
    def putting(self) -> str:
        """SQL that stores keys wrapped anew for the rows of this transaction."""
        table, name = _quoted(self.table), _quoted(self.column)
        return (
            f"UPDATE {table} SET {name} = n.wrapped "  # noqa: S608 - catalogue names
            f"FROM unnest($1::tid[], $2::bytea[], $3::bytea[]) AS n (place, before, wrapped) "
            f"WHERE {table}.ctid = n.place AND {table}.{name} = n.before"
        )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True, kw_only=True)
class RingReader:
    """A process that holds the ring. `key_marks` are "id:mark"."""

    reader_id: UUID
    host: str
    process_id: int
    role: str
    key_marks: Sequence[str]
    active: str
    digest_mark: str
    seen_at: datetime | None = None
    """By the database's clock."""


async def wrapped_columns(pool: Pool) -> list[WrappedColumn]:
    """Name every column of every table that holds wrapped keys, in order."""
    async with connection(pool) as borrowed:
        rows = queries("vault").wrapped_columns(borrowed)
        return [WrappedColumn(row["table"], row["column"]) async for row in rows]


async def key_usage(pool: Pool) -> dict[WrappedColumn, dict[str, int]]:
    """Count the rows of every column by the ring key that they need. Reads every table once."""
    usage = {}
    for column in await wrapped_columns(pool):
        async with connection(pool) as borrowed:
            rows = await borrowed.fetch(column.counting, timeout=3600)
        usage[column] = {row["key_id"]: row["rows_count"] for row in rows}
    return usage


async def blocks_count(pool: Pool, column: WrappedColumn) -> int:
    """Give how many blocks a column's table has now."""
    async with connection(pool) as borrowed:
        count: int = await borrowed.fetchval(
            "SELECT pg_relation_size($1::text::regclass) / current_setting('block_size')::int", _quoted(column.table)
        )
    return count


async def rewrap_page(
    pool: Pool, column: WrappedColumn, first_block: int, active: str, rewrap: Callable[[bytes], bytes]
) -> int:
    """Wrap anew what other keys wrap in one page of a table, in one transaction; give how many rows.

    Raises IntegrityFailed when a row's key is not in the ring: then nothing of the page was changed.
    """
    async with transaction(pool) as borrowed:
        rows = await borrowed.fetch(column.taking, (first_block, 0), (first_block + PAGE_BLOCKS, 0), active)
        if rows:
            await _put(borrowed, column, rows, rewrap)
    return len(rows)


async def _put(
    borrowed: Connection, column: WrappedColumn, rows: Sequence[dict[str, object]], rewrap: Callable[[bytes], bytes]
) -> None:
    before = [row["wrapped"] for row in rows]
    after = [rewrap(wrapped) for wrapped in before]  # type: ignore[arg-type]
    await borrowed.execute(column.putting, [row["ctid"] for row in rows], before, after)


async def note_reader(pool: Pool, reader: RingReader) -> None:
    """Write down that a process lives and what it holds."""
    async with connection(pool) as borrowed:
        await queries("vault").note_reader(
            borrowed,
            reader_id=reader.reader_id,
            host=reader.host,
            process_id=reader.process_id,
            role=reader.role,
            key_marks=list(reader.key_marks),
            active=reader.active,
            digest_mark=reader.digest_mark,
        )
        await queries("vault").forget_readers(borrowed)


async def forget_reader(pool: Pool, reader_id: UUID) -> None:
    """Write down that a process has ended."""
    async with connection(pool) as borrowed:
        await queries("vault").forget_reader(borrowed, reader_id=reader_id)


async def living_readers(pool: Pool, seconds: float) -> list[RingReader]:
    """Name the processes that were seen in the last so many seconds."""
    async with connection(pool) as borrowed:
        rows = queries("vault").living_readers(borrowed, seconds=seconds)
        return [RingReader(**dict(row)) async for row in rows]


async def prove_digest(pool: Pool, proof: bytes) -> bytes:
    """Give the proof of the digest key by which this database is written; the first that comes decides."""
    async with connection(pool) as borrowed:
        stored: bytes = await queries("vault").prove_digest(borrowed, proof=proof)
    return stored


class PostgresWrappedKeys:
    """Implements WrappedKeys."""

    page_blocks = PAGE_BLOCKS

    def __init__(self, pool: Pool, rewrap: Callable[[bytes], bytes]) -> None:
        self._pool = pool
        self._rewrap = rewrap
        self._columns: dict[str, WrappedColumn] = {}

    async def usage(self) -> dict[str, dict[str, int]]:
        found = await key_usage(self._pool)
        self._columns = {str(column): column for column in found}
        return {str(column): counts for column, counts in found.items()}

    async def blocks_count(self, column: str) -> int:
        return await blocks_count(self._pool, self._columns[column])

    async def rewrap_page(self, column: str, first_block: int, active: str) -> int:
        return await rewrap_page(self._pool, self._columns[column], first_block, active, self._rewrap)
