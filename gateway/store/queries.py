"""Named SQL, read once from the files beside this module."""

from functools import cache
from pathlib import Path
from typing import Any

import aiosql

_FOLDER = Path(__file__).parent / "sql"


@cache
def queries(name: str) -> Any:
    """Give the queries of `sql/{name}.sql` as coroutine functions taking a connection and named values."""
    return aiosql.from_path(_FOLDER / f"{name}.sql", "asyncpg", mandatory_parameters=False)
