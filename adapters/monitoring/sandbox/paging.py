"""Lists that come in pages: every page is followed to the end, and never twice."""

from collections.abc import AsyncIterator
from typing import Any

from adapters.monitoring.sandbox.canonical import read_object
from adapters.monitoring.sandbox.findings import broken
from adapters.monitoring.sandbox.province import Province, Query

MAX_PAGES = 100_000


async def documents(province: Province, path: str, query: Query, limit: int) -> AsyncIterator[dict[str, Any]]:
    """Give one page's document after the other. Raises Refused, also (contract_broken) for a cursor that comes back or
    is missing."""
    cursor: str | None = None
    seen: set[str] = set()
    for _ in range(MAX_PAGES):
        asked = [*query, ("limit", str(limit)), *([] if cursor is None else [("cursor", cursor)])]
        page = read_object((await province.get(path, asked)).body, path)
        yield page
        if "next_cursor" not in page:
            raise broken(f"{path}: has no next_cursor, not even null")
        cursor = page["next_cursor"]
        if cursor is None:
            return
        if not isinstance(cursor, str) or cursor in seen:
            raise broken(f"{path}: a cursor is no text, or leads in a circle")
        seen.add(cursor)
    raise broken(f"{path}: does not end")


async def pages(province: Province, path: str, member: str, query: Query, limit: int) -> AsyncIterator[Any]:
    """Give what is listed under `member`, item by item through all pages. Raises Refused as above, and
    (contract_broken) for a page without the list or with more than was asked for."""
    async for page in documents(province, path, query, limit):
        items = page.get(member)
        if not isinstance(items, list) or len(items) > limit:
            raise broken(f"{path}: {member} is no list, or longer than the limit")
        for item in items:
            yield item
