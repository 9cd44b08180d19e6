"""Listing dossiers by days through `TraCuuHoSo`: an assumption (§6.4, §13-21, -23), off by default."""

from datetime import date
from typing import Any

from adapters.portal.sandbox.profile import PortalProfile
from adapters.portal.sandbox.replies import Reply, failure
from adapters.portal.sandbox.state import PortalState


def list_dossiers(state: PortalState, profile: PortalProfile, envelope: dict[str, Any]) -> Reply:
    """Give a page of records, in order of arrival, of those received from `tuNgay` to `denNgay`."""
    first, last = _day(envelope.get("tuNgay")), _day(envelope.get("denNgay"))
    page, size = whole_number(envelope.get("trang", "1")), whole_number(envelope.get("soLuong", "100"))
    for name, value in (("tuNgay", first), ("denNgay", last), ("trang", page), ("soLuong", size)):
        if value is None:
            return failure(profile, profile.wording.bad_parameter.format(name=name))
    assert page is not None and size is not None  # noqa: PT018 - for the type checker
    codes = [code for code in state.listed_codes() if _is_within(state, profile, code, first or "", last or "")]
    size = min(size, profile.max_listing_page)
    begin = (page - 1) * size if profile.is_listing_paged else 0
    has_lists = profile.has_lookup_nested_lists
    listed = [state.dossiers[code].wire_record(has_lists=has_lists) for code in codes[begin : begin + size]]
    return Reply(0, profile.wording.success, listed)


def _is_within(state: PortalState, profile: PortalProfile, code: str, first: str, last: str) -> bool:
    if not profile.is_listing_narrowed:
        return True
    day = str(state.dossiers[code].record().get("NgayTiepNhan", ""))[:8]
    return first <= day <= last if profile.is_listing_last_day_included else first <= day < last


def _day(value: Any) -> str | None:
    """Read yyyyMMdd or dd/MM/yyyy and give the former; None when it is no day."""
    if not isinstance(value, str):
        return None
    text = "".join(reversed(value.split("/"))) if value.count("/") == 2 else value
    if len(text) != 8 or not text.isascii() or not text.isdigit():
        return None
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
    return text


def whole_number(value: Any) -> int | None:
    """Read a number above zero, given as number or digits; None when it is none."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text) < 1_000_000 else None
