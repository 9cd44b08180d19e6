"""Instants as the portal writes them: yyyyMMddHHmmss in Vietnamese time, "" for none.

Vietnam is at UTC+7 without summer time since 13 June 1975 (IANA time zone database, zone Asia/Ho_Chi_Minh), and the
model admits the years 1990 to 2100 only, so the fixed offset is exact for every instant that can occur; a test
compares it with the zone itself. Parts of a second are cut off, as the format has no room for them.
"""

from datetime import UTC, date, datetime, timedelta

from gateway.model.vocabulary import FIRST_YEAR, LAST_YEAR

_AHEAD = timedelta(hours=7)


def wire_time(instant: datetime | None) -> str:
    """Write an aware instant; None becomes the empty text."""
    if instant is None:
        return ""
    if instant.tzinfo is not UTC:
        instant = instant.astimezone(UTC)
    text = (instant + _AHEAD).isoformat()
    return text[:4] + text[5:7] + text[8:10] + text[11:13] + text[14:16] + text[17:19]


def read_time(text: str) -> datetime | None:
    """Read an instant (aware, UTC); the empty text is None.

    Raises ValueError for anything but 14 digits of a real time within the years that the model admits.
    """
    if not text:
        return None
    if len(text) != 14 or not text.isascii() or not text.isdigit():
        raise ValueError("must be 14 digits yyyyMMddHHmmss")
    local = datetime.fromisoformat(f"{text[:8]}T{text[8:]}Z")
    # The first year that exists has no instant seven hours earlier, so the wall clock is looked at first.
    instant = local - _AHEAD if local.year >= FIRST_YEAR else local
    if not FIRST_YEAR <= instant.year <= LAST_YEAR or local.year < FIRST_YEAR:
        raise ValueError(f"must lie in the years {FIRST_YEAR} to {LAST_YEAR}")
    return instant


def vietnam_date(instant: datetime) -> date:
    """Give the Vietnamese calendar date of an aware instant."""
    return (instant.astimezone(UTC) + _AHEAD).date()
