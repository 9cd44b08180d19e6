"""Wrapping all record keys by the active ring key, online: the walk over tables, and when it may end."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from gateway.errors import GatewayError

_MAX_WALKS = 20


class WrappedKeys(Protocol):
    """The stored wrapped keys. Columns are opaque here; they are given back as they were given out."""

    async def usage(self) -> dict[str, dict[str, int]]:
        """Count rows by column and by the ring key that they need."""
        ...

    async def blocks_count(self, column: str) -> int:
        """Give how many blocks a column's table has now."""
        ...

    async def rewrap_page(self, column: str, first_block: int, active: str) -> int:
        """Wrap anew one page of blocks in one transaction; give how many rows."""
        ...

    @property
    def page_blocks(self) -> int: ...


@dataclass(slots=True)
class Rewrapped:
    """What a walk came to: rows wrapped anew by column."""

    rows: dict[str, int] = field(default_factory=dict)

    @property
    def rows_count(self) -> int:
        return sum(self.rows.values())


def stale_counts(usage: dict[str, dict[str, int]], active: str) -> dict[str, int]:
    """Give how many rows of each column need another key than the active one, columns with none left out."""
    stale = {column: sum(n for key_id, n in by_key.items() if key_id != active) for column, by_key in usage.items()}
    return {column: count for column, count in stale.items() if count}


async def rewrap_all(
    keys: WrappedKeys,
    active: str,
    *,
    tell: Callable[[int, int], None],
    pause: Callable[[], Awaitable[None]],
) -> Rewrapped:
    """Walk until no row needs another key than the active one; `tell` hears rows done and rows known.

    Breaking it off at any point loses nothing: every page is one transaction, and a later call finds what remains.
    Raises GatewayError when rows are still held by others after many walks, and IntegrityFailed for a row whose key the
    ring does not have.
    """
    done = Rewrapped()
    for _ in range(_MAX_WALKS):
        stale = stale_counts(await keys.usage(), active)
        if not stale:
            return done
        total = done.rows_count + sum(stale.values())
        for column in stale:
            await _walk(keys, column, active, done, lambda total=total: tell(done.rows_count, total))  # type: ignore[misc]
        await pause()
    raise GatewayError("some rows are held by others all the time; repeat the command", code="rows_held")


async def _walk(keys: WrappedKeys, column: str, active: str, done: Rewrapped, tell: Callable[[], None]) -> None:
    # Rows that are written meanwhile land behind the end that is known here, but they have the active key already.
    for first_block in range(0, await keys.blocks_count(column), keys.page_blocks):
        count = await keys.rewrap_page(column, first_block, active)
        if count:
            done.rows[column] = done.rows.get(column, 0) + count
            tell()
