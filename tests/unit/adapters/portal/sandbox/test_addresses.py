"""File addresses are tried in the background when the profile asks for it, and failures are noted."""

import asyncio
from collections import Counter

import pytest
from aiohttp import web

from adapters.portal.sandbox.addresses import AddressChecker
from tests.unit.adapters.portal.sandbox.portal_helpers import CODE, code, dossier_record, portal_line


async def serve_file(_: web.Request) -> web.Response:
    return web.Response(text="file")


async def test_unreachable_files_are_noted_and_reachable_ones_are_not() -> None:
    """The dossier is taken either way (§13-35)."""
    app = web.Application()
    app.router.add_get("/d/551", serve_file)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    paper = dossier_record()["TaiLieuNop"][0]
    try:
        async with portal_line(are_file_addresses_fetched=True) as line:
            good = {**paper, "DuongDanTaiTepTin": f"{base}/d/551"}
            gone = {**paper, "DuongDanTaiTepTin": f"{base}/d/552"}
            odd = {**paper, "DuongDanTaiTepTin": "no address"}
            reply = await line.create(
                dossier_record(TaiLieuNop=[good]),
                dossier_record(code(1), TaiLieuNop=[good, gone, odd]),
            )
            assert 0 == reply["error_code"]
            async with asyncio.timeout(5):
                await line.sandbox.addresses.settle()
            notes = [note for note in line.sandbox.state.notes if note["code"].startswith("file_")]
            assert [{"code": "file_address_unreachable", "dossier_code": code(1)}] * 2 == notes
    finally:
        await runner.cleanup()


async def test_nothing_is_fetched_unless_asked_for() -> None:
    """Off by default; a refused push is not followed either."""
    async with portal_line() as line:
        await line.create(dossier_record())
        line.sandbox.change_profile(are_file_addresses_fetched=True)
        await line.create(dossier_record())
        assert {} == line.sandbox.counters()["notes"]


@pytest.mark.parametrize("count", [10_000, 10_003])
async def test_an_excess_is_noted_as_untried(count: int) -> None:
    """Memory is bounded."""
    noted: Counter[tuple[str, str]] = Counter()
    checker = AddressChecker(lambda note, dossier_code: noted.update([(note, dossier_code)]))
    paper = {"DuongDanTaiTepTin": "http://127.0.0.1:1/never"}
    checker.collect([{"MaHoSo": CODE, "TaiLieuNop": [paper] * count}])
    await checker.stop()
    assert count - 10_000 == noted[("file_address_untried", CODE)]
