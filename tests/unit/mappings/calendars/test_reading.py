"""Tables of days as a province keeps them: read line by line, or refused by every fault."""

from datetime import date

import pytest

from gateway.errors import InvalidInput
from gateway.model.working_calendar import CalendarDay, DayKind
from mappings.calendars import COLUMNS, national_calendars, open_calendars, read_days

HEAD = "day,kind,label,source"


def test_a_table_is_read() -> None:
    """Columns in any order, those that a province does not need left out, empty cells as their column has it."""
    text = (
        "kind,day,agency,label,source,told_on,counts,open\n"
        'agency_closed,2026-03-10,H99.30,"Bão số 2, nghỉ",12/QĐ-UBND,2026-03-09,,\n'
        "agency_open,2026-03-14,,Tiếp nhận sáng thứ bảy,13/QĐ-UBND,,no,yes\n"
    )
    assert [
        CalendarDay(
            day=date(2026, 3, 10),
            kind=DayKind.AGENCY_CLOSED,
            label="Bão số 2, nghỉ",
            source="12/QĐ-UBND",
            agency="H99.30",
            told_on=date(2026, 3, 9),
        ),
        CalendarDay(
            day=date(2026, 3, 14),
            kind=DayKind.AGENCY_OPEN,
            label="Tiếp nhận sáng thứ bảy",
            source="13/QĐ-UBND",
            counts=False,
            is_open=True,
        ),
    ] == read_days(text)


def test_days_without_a_notice_say_so() -> None:
    """Only `no` means that there is none yet."""
    text = f"{HEAD},confirmed\n2026-03-10,holiday,x,y,no\n2026-03-11,holiday,x,y,\n"
    assert [False, True] == [one.is_confirmed for one in read_days(text)]


FAULTY = [
    ("", ["line 1"]),
    ("day,kind,label\n", ["line 1"]),
    (f"{HEAD},colour\n", ["line 1"]),
    (f"{HEAD},day\n", ["line 1"]),
    (f"{HEAD}\n2026-02-30,holiday,x,y\n", ["line 2 day"]),
    (f"{HEAD}\n2026-03-10,feast,x,y\n2026-03-11,holiday,,y\n", ["line 2 kind", "line 3 label"]),
    (f"{HEAD}\n2026-03-10,holiday,x\n", ["line 2"]),
    (f"{HEAD}\n2026-03-10,holiday,x,y,z\n", ["line 2"]),
    (f"{HEAD},agency,counts\n2026-03-10,holiday,x,y,h99,maybe\n", ["line 2 agency", "line 2 counts"]),
    (f'{HEAD}\n2026-03-10,holiday,"x,y\n', [""]),
]


@pytest.mark.parametrize(("text", "fields"), FAULTY)
def test_what_cannot_be_read_is_named(text: str, fields: list[str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_days(text)
    assert fields == [one.field for one in caught.value.faults]
    assert all(one.rule for one in caught.value.faults)


def test_a_table_without_end_is_refused() -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_days(f"{HEAD}\n" + "2026-03-10,holiday,x,y\n" * 20_001)


def test_the_country_counts_for_whoever_says_nothing() -> None:
    """The notice of 25/12/2025 swapped 2 January 2026: what ended before it was promised a day earlier."""
    made, alone = (
        open_calendars(read_days(f"{HEAD},agency\n2026-03-10,agency_closed,x,y,H99.30\n")),
        national_calendars(),
    )
    assert made.version != alone.version
    assert made.latest("H99.31").days == alone.latest("").days
    assert [date(2025, 12, 25)] == [one.date() for one in alone.told_at("H99")]
    before = alone.of("", alone.told_at("")[0].replace(day=24))
    assert [date(2026, 1, 8), date(2026, 1, 9)] == [
        one.add_working_days(date(2025, 12, 31), 5) for one in (before, alone.latest(""))
    ]
    assert {"day", "told_on", "counts", "open"} < set(COLUMNS)
