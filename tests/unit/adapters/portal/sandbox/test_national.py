"""Statuses of applications filed on the portal are held to §6.3 and can be read back over the control API."""

from typing import Any

import pytest

from tests.unit.adapters.portal.sandbox.portal_helpers import PortalLine, portal_line

SERVICE = "DongBoTrangThaiHoSo"
DATA: dict[str, Any] = {
    "MaHoSo": "QG-2026-000123",
    "MaHoSoDonVi": "H99.05-260107-00002",
    "MaDoiTuong": "TECH-0002",
    "NoiDung": "Đã tiếp nhận",
    "NgayXuLy": "20260107090000",
    "TrangThai": "2",
    "TaiLieuXuLy": [],
}


async def ask(line: PortalLine, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with line.client.request(method, f"/_sandbox/{path}", json=body) as response:
        return response.status, await response.json()


async def test_the_example_of_the_notes_is_taken_and_shown() -> None:
    """The request of §6.3 is taken once, and the control API shows it with its application."""
    async with portal_line() as line:
        status, issued = await ask(line, "POST", "national-codes", {"codes": ["QG-2026-000123"]})
        assert (200, {"codes": ["QG-2026-000123"]}) == (status, issued)
        for _ in range(2):
            reply = await line.call(SERVICE, type="2", data=DATA)
            assert (0, True) == (reply["error_code"], "hành công" in reply["message"])
        _, shown = await ask(line, "GET", "national-statuses")
        assert {"statuses": {"QG-2026-000123": [DATA]}} == shown
        await ask(line, "POST", "reset")
        assert {"statuses": {}} == (await ask(line, "GET", "national-statuses"))[1]


@pytest.mark.parametrize(
    ("changes", "envelope", "named"),
    [
        ({"MaHoSo": "QG-0"}, {}, "không tồn tại"),
        ({"MaHoSo": ""}, {}, "MaHoSo"),
        ({"TrangThai": "4"}, {}, "TrangThai"),
        ({"MaHoSoDonVi": None}, {}, "MaHoSoDonVi"),
        ({"NgayXuLy": "2026-01-07"}, {}, "NgayXuLy"),
        ({"TrangThai": 2}, {}, "TrangThai"),
        ({"TrangThai": "12"}, {}, "TrangThai"),
        ({"TaiLieuXuLy": None}, {}, "TaiLieuXuLy"),
        ({"TaiLieuXuLy": [{"TepDinhKemId": 1}]}, {}, "TaiLieuXuLy"),
        ({}, {"type": "1"}, "type"),
        ({}, {"data": [DATA]}, "data"),
    ],
)
async def test_what_is_not_as_the_notes_have_it_is_refused(
    changes: dict[str, Any], envelope: dict[str, Any], named: str
) -> None:
    """The refusal names the field, and nothing is kept."""
    async with portal_line() as line:
        line.sandbox.state.national_codes.add("QG-2026-000123")
        reply = await line.call(SERVICE, **{"type": "2", "data": {**DATA, **changes}, **envelope})
        assert (-1, True) == (reply["error_code"], named in reply["message"])
        assert ({}, 1) == (line.sandbox.state.national_statuses, line.sandbox.counters()["national_statuses_rejected"])


async def test_codes_to_issue_are_checked() -> None:
    """An order that cannot be obeyed names what is wrong."""
    async with portal_line() as line:
        for body in ({}, {"codes": [1]}, {"codes": [""]}):
            assert 400 == (await ask(line, "POST", "national-codes", body))[0]
