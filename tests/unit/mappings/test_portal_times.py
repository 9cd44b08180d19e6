"""Wire times are Vietnamese wall times, exactly as the time zone database has them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from gateway.model.vocabulary import VIETNAM
from mappings.portal.times import read_time, vietnam_date, wire_time


def test_no_instant_is_the_empty_text_both_ways() -> None:
    """A missing date is "", never null and never a dummy."""
    assert ("", None) == (wire_time(None), read_time(""))


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        (datetime(2026, 1, 5, 1, 15, tzinfo=UTC), "20260105081500"),
        (datetime(2025, 12, 31, 17, 0, tzinfo=UTC), "20260101000000"),
        (datetime(2024, 2, 28, 17, 0, 59, 999_999, tzinfo=UTC), "20240229000059"),
        (datetime(2026, 1, 5, 8, 15, tzinfo=VIETNAM), "20260105081500"),
    ],
)
def test_an_instant_is_written_in_vietnamese_time(instant: datetime, expected: str) -> None:
    """Midnight, leap day, parts of a second and another zone all come out as the wall clock in Vietnam shows."""
    assert expected == wire_time(instant)


def test_the_fixed_offset_is_the_zone() -> None:
    """Over the whole range of the model the fast path says what the time zone database says."""
    instant = datetime(1990, 1, 1, tzinfo=UTC)
    while instant.year < 2101:
        assert instant.astimezone(VIETNAM).strftime("%Y%m%d%H%M%S") == wire_time(instant)
        assert instant.astimezone(VIETNAM).date() == vietnam_date(instant)
        instant += timedelta(days=29, hours=5, seconds=7)


@pytest.mark.parametrize(
    "text",
    [
        "2026010508150",
        "202601050815000",
        "20260230080000",
        "20260105250000",
        "2026-01-05T08:15",
        "00010101000000",
        "99991231235959",
        "２０２６０１０５０８１５００",
        "20260105 81500",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    """Wrong length, days that do not exist, other digits and years of typing errors are not read."""
    with pytest.raises(ValueError):
        read_time(text)


def test_a_day_changes_at_vietnamese_midnight() -> None:
    """The date that decides about code tables is the Vietnamese one."""
    assert date(2025, 7, 1) == vietnam_date(datetime(2025, 6, 30, 17, 0, tzinfo=UTC))
