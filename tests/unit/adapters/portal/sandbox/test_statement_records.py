"""What the sandbox takes of ratings and statistics."""

from typing import Any

import pytest

from tests.unit.adapters.portal.sandbox.portal_helpers import portal_line

STATISTICS: dict[str, Any] = {
    **dict.fromkeys(
        (
            *("SoNhanTrongKy", "SoTonKyTruoc", "TongSoXuLy", "TongDaXuLy", "TongXuLyDungHan", "PhanTramXuLyDungHan"),
            *("TongXuLyTreHan", "PhanTramXuLyTreHan", "TongChuaXuLy", "TongChuaXuLyTrongHan"),
            *("PhanTramChuaXuLyTrongHan", "TongChuaXuLyTreHan", "PhanTramChuaXuLyTreHan"),
        ),
        "0",
    ),
    "Thang": "1",
    "Nam": "2026",
    "GhiChu": "",
    "Madonvi": "H99.01",
    "TenDonVi": "Sở Thử nghiệm",
    "LoaiThongKe": "1",
}


@pytest.mark.parametrize(
    ("settings", "change", "is_taken"),
    [
        ({}, {}, True),
        # A screen of a real client divides by zero (§8.6).
        ({}, {"PhanTramXuLyDungHan": "NaN"}, False),
        ({"is_nan_accepted": True}, {"PhanTramXuLyDungHan": "NaN"}, True),
        ({}, {"PhanTramXuLyDungHan": 0}, False),
        ({}, {"Thang": None}, False),
    ],
)
async def test_statistics_are_held_against_the_wires_types(
    settings: dict[str, Any], change: dict[str, Any], is_taken: bool
) -> None:
    """Text everywhere; the text "NaN" only where the setting takes it; what is refused leaves nothing behind."""
    async with portal_line(**settings) as portal:
        await portal.log_in()
        answer = await portal.call("DongBoThongKeHoSo", data=[STATISTICS | change])
        assert (answer["error_code"] == 0) is is_taken
        assert bool(portal.sandbox.state.statements.get("statistics")) is is_taken
