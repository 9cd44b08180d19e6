"""A page of the portal's dossiers is read to its codes, and shows when days were ignored."""

from datetime import date
from typing import Any

import pytest

from gateway.errors import InvalidInput
from mappings.portal.listing import read_listed

FIRST, LAST = date(2026, 1, 5), date(2026, 1, 6)


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([], ()),
        ([{"MaHoSo": "H99-2"}, {"MaHoSo": " H99-1 "}, {"MaHoSo": "H99-2"}], ("H99-2", "H99-1", "H99-2")),
        ([{"MaHoSo": "A", "NgayTiepNhan": "20260105000000"}], ("A",)),
        ([{"MaHoSo": "A", "NgayTiepNhan": "20260106235959"}], ("A",)),
        ([{"MaHoSo": "A", "NgayTiepNhan": ""}], ("A",)),
        ([{"MaHoSo": "A", "NgayTiepNhan": "05/01/2026"}], ("A",)),
        ([{"MaHoSo": 17}], ("17",)),
    ],
)
def test_codes_are_read_in_order(items: list[Any], expected: tuple[str, ...]) -> None:
    """Order and repeats stay; a time that is missing or of another form proves nothing."""
    assert expected == read_listed(items, FIRST, LAST)


@pytest.mark.parametrize(
    ("items", "field"),
    [
        ([{"MaHoSo": "A"}, {"MaTTHC": "1.999001"}], "1/MaHoSo"),
        ([{"MaHoSo": ""}], "0/MaHoSo"),
        ([{"MaHoSo": None}], "0/MaHoSo"),
        (["A"], "0/MaHoSo"),
        ([{"MaHoSo": "A", "NgayTiepNhan": "20260104235959"}], "0/NgayTiepNhan"),
        ([{"MaHoSo": "A", "NgayTiepNhan": "20260107000000"}], "0/NgayTiepNhan"),
    ],
)
def test_what_is_no_such_page_is_refused_whole(items: list[Any], field: str) -> None:
    """A list read in part, or of other days, would pass for the truth."""
    with pytest.raises(InvalidInput) as caught:
        read_listed(items, FIRST, LAST)
    assert [field] == [fault.field for fault in caught.value.faults]
