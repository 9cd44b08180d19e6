"""Listing is an assumption: off by default, and every part of it can be switched."""

from typing import Any

import pytest

from tests.unit.adapters.portal.sandbox.portal_helpers import code, dossier_record, portal_line

ASKED: dict[str, Any] = {"tuNgay": "20260105", "denNgay": "20260107", "trang": 1, "soLuong": 2}


async def listed(settings: dict[str, Any], **asked: Any) -> Any:
    """Give the last digits of the codes listed, or the whole refusal."""
    async with portal_line(**{"is_listing_served": True, **settings}) as line:
        await line.create(
            *(dossier_record(code(n), NgayTiepNhan=f"2026010{3 + n}120000") for n in range(1, 5))
        )  # received on the 4th, 5th, 6th, 7th
        reply = await line.call("TraCuuHoSo", **{**ASKED, **asked})
        return [record["MaHoSo"][-1] for record in reply["result"]] if reply["error_code"] == 0 else reply["message"]


@pytest.mark.parametrize(
    ("settings", "asked", "expected"),
    [
        ({}, {}, ["2", "3"]),
        ({}, {"soLuong": 1, "trang": 2}, ["3"]),
        ({}, {"trang": 2}, []),
        ({"max_listing_page": 1}, {}, ["2"]),
        ({"is_listing_narrowed": False}, {"soLuong": 9}, ["1", "2", "3", "4"]),
        ({"is_listing_paged": False}, {"trang": 7}, ["2", "3"]),
    ],
)
async def test_a_page_is_given_as_switched(settings: dict[str, Any], asked: dict[str, Any], expected: Any) -> None:
    """Days, pages and ceilings hold, or are ignored as a portal might."""
    assert expected == await listed(settings, **asked)


@pytest.mark.parametrize(
    ("settings", "asked", "named"),
    [
        ({"is_listing_served": False}, {}, "mahoso"),
        ({}, {"tuNgay": "20260230"}, "tuNgay"),
        ({}, {"denNgay": None}, "denNgay"),
        ({}, {"trang": 0}, "trang"),
        ({}, {"soLuong": "x"}, "soLuong"),
    ],
)
async def test_a_question_that_cannot_be_read_is_refused(
    settings: dict[str, Any], asked: dict[str, Any], named: str
) -> None:
    """The refusal names the parameter."""
    assert named in await listed(settings, **asked)
