"""Rows to columns: PostgreSQL takes a set of rows fastest as one array per column."""

from collections.abc import Sequence
from typing import Any


def columns(prefix: str, rows: Sequence[tuple[Any, ...]], count: int) -> dict[str, list[Any]]:
    """Give {prefix1: [...], prefix2: [...], …}; empty lists when there are no rows."""
    if not rows:
        return {f"{prefix}{number}": [] for number in range(1, count + 1)}
    return {f"{prefix}{number}": list(column) for number, column in enumerate(zip(*rows, strict=True), start=1)}
