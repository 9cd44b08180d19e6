"""Named SQL, read once from the files beside this module."""

from collections.abc import AsyncIterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

import aiosql
from aiosql.adapters.asyncpg import AsyncPGAdapter

_FOLDER = Path(__file__).parent / "sql"


class _OnConnection(AsyncPGAdapter):
    """Runs statements on the connection that it is given. The library's own also takes pools, and looks at every
    attribute of every connection to tell the two apart, which costs a fifth of a short statement."""

    def _ordered(self, name: str, values: Mapping[str, Any]) -> list[Any]:
        return [values[key] for key in self.var_sorted[name]]

    async def select(
        self, connection: Any, name: str, sql: str, values: Mapping[str, Any], _record: None = None
    ) -> AsyncIterator[Any]:
        for row in await connection.fetch(sql, *self._ordered(name, values)):
            yield row

    async def select_one(
        self, connection: Any, name: str, sql: str, values: Mapping[str, Any], _record: None = None
    ) -> Any:
        return await connection.fetchrow(sql, *self._ordered(name, values))

    async def select_value(self, connection: Any, name: str, sql: str, values: Mapping[str, Any]) -> Any:
        return await connection.fetchval(sql, *self._ordered(name, values))

    async def insert_update_delete(self, connection: Any, name: str, sql: str, values: Mapping[str, Any]) -> Any:
        return await connection.execute(sql, *self._ordered(name, values))


@cache
def queries(name: str) -> Any:
    """Give the queries of `sql/{name}.sql` as coroutine functions taking a connection and named values."""
    return aiosql.from_path(_FOLDER / f"{name}.sql", cast("Any", _OnConnection), mandatory_parameters=False)
