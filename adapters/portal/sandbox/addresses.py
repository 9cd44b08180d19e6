"""Whether the portal could fetch the files that dossiers point to (§13-35). Off unless the profile asks for it.

Addresses are tried in the background, a few at a time; a file that cannot be fetched is noted and nothing else
happens to the dossier. When more arrive than can be tried, the excess is noted as untried.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp

_MAX_WAITING = 10_000
_FETCHERS = 4
_TIME_LIMIT = aiohttp.ClientTimeout(total=10)


class AddressChecker:
    """Tries file addresses; `note(code, dossier_code)` hears of each failure."""

    def __init__(self, note: Callable[[str, str], None]) -> None:
        self._note = note
        self._waiting: asyncio.Queue[tuple[str, str]] = asyncio.Queue(maxsize=_MAX_WAITING)
        self._fetchers: list[asyncio.Task[None]] = []

    def collect(self, records: Any) -> None:
        """Queue every address in the accepted `records`; starts the background work at the first call."""
        for record in records:
            for address in _addresses(record):
                try:
                    self._waiting.put_nowait((record["MaHoSo"], address))
                except asyncio.QueueFull:
                    self._note("file_address_untried", record["MaHoSo"])
        if not self._fetchers:
            self._fetchers = [asyncio.create_task(self._fetch_all()) for _ in range(_FETCHERS)]

    async def settle(self) -> None:
        """Wait until every queued address was tried."""
        await self._waiting.join()

    async def stop(self) -> None:
        """End the background work; what is still queued stays untried."""
        for task in self._fetchers:
            task.cancel()
        await asyncio.gather(*self._fetchers, return_exceptions=True)
        self._fetchers.clear()

    async def _fetch_all(self) -> None:
        async with aiohttp.ClientSession(timeout=_TIME_LIMIT) as session:
            while True:
                dossier_code, address = await self._waiting.get()
                try:
                    async with session.get(address) as response:
                        is_fetched = response.status == 200
                except (aiohttp.ClientError, TimeoutError, ValueError):
                    is_fetched = False
                finally:
                    self._waiting.task_done()
                if not is_fetched:
                    self._note("file_address_unreachable", dossier_code)


def _addresses(record: dict[str, Any]) -> list[str]:
    papers = [paper.get("DuongDanTaiTepTin") for paper in record.get("TaiLieuNop") or []]
    results = [paper.get("DuongDanTepTinKetQua") for paper in record.get("DanhSachGiayToKetQua") or []]
    return [address for address in (*papers, *results) if isinstance(address, str) and address]
