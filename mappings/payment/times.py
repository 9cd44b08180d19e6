"""Times of payments: yyyyMMddHHmmss in Vietnamese time on the wire, aware and in UTC inside (payment notes §8). Pure.

Some programs write the hour on a twelve-hour clock, so that an afternoon's payment looks like a morning's (pitfall 14).
Nothing is corrected: the checksum covers what was written, and a guess is no time. It is noticed, and the text is kept.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from gateway.model.vocabulary import FIRST_YEAR, LAST_YEAR, VIETNAM
from mappings.payment.notices import Notice
from mappings.portal.times import read_time, vietnam_date, wire_time

__all__ = [
    "MomentForm",
    "WireTime",
    "read_moment",
    "read_wire_time",
    "suspects_twelve_hours",
    "vietnam_date",
    "wire_time",
]

_HALF_A_DAY = timedelta(hours=12)
_CLOCKS_DIFFER = timedelta(minutes=5)
_FIRST_NEWS = timedelta(hours=1)
"""A payment is usually told of within this time."""
_AHEAD = timedelta(hours=7)


class MomentForm(StrEnum):
    """How days and instants are written; a closed list, since a guessed order of day and month loses money."""

    COMPACT = "yyyyMMddHHmmss"
    ISO_DAY = "yyyy-MM-dd"
    ISO = "yyyy-MM-dd HH:mm:ss"
    DAY = "dd/MM/yyyy"
    FULL = "dd/MM/yyyy HH:mm:ss"


_FORMS = {
    MomentForm.COMPACT: ("%Y%m%d%H%M%S", re.compile(r"[0-9]{14}", re.ASCII)),
    MomentForm.ISO_DAY: ("%Y-%m-%d", re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)),
    MomentForm.ISO: ("%Y-%m-%d %H:%M:%S", re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}", re.ASCII)),
    MomentForm.DAY: ("%d/%m/%Y", re.compile(r"[0-9]{2}/[0-9]{2}/[0-9]{4}", re.ASCII)),
    MomentForm.FULL: ("%d/%m/%Y %H:%M:%S", re.compile(r"[0-9]{2}/[0-9]{2}/[0-9]{4} [0-9:]{8}", re.ASCII)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WireTime:
    """A time as it was written, and the instant that it means; None where it means none."""

    text: str
    at: datetime | None
    notices: tuple[Notice, ...] = ()


def read_wire_time(
    text: str,
    *,
    opened_at: datetime | None = None,
    seen_at: datetime | None = None,
    form: MomentForm = MomentForm.COMPACT,
) -> WireTime:
    """Read the time of a payment; never raises, since money is not dropped for an odd time.

    `opened_at` (when the order was opened) and `seen_at` (when the message came) tell whether it is suspicious.
    """
    at = _instant(text, form)
    if at is None:
        return WireTime(text=text, at=None, notices=(Notice.UNREADABLE_TIME,))
    suspected = suspects_twelve_hours(at, opened_at=opened_at, seen_at=seen_at)
    return WireTime(text=text, at=at, notices=(Notice.TWELVE_HOUR_CLOCK,) if suspected else ())


def read_moment(text: str, form: MomentForm) -> datetime | None:
    """Give the wall time in Viet Nam, without a zone; None for what is none of this form."""
    pattern, shape = _FORMS[form]
    if not shape.fullmatch(text):
        return None
    try:
        moment = datetime.strptime(text, pattern)  # noqa: DTZ007 - wall time of Viet Nam
    except ValueError:
        return None
    return moment if FIRST_YEAR < moment.year < LAST_YEAR else None


def suspects_twelve_hours(at: datetime, *, opened_at: datetime | None = None, seen_at: datetime | None = None) -> bool:
    """Tell whether a time looks as if written on a twelve-hour clock.

    That is so when its hour could stand on one and it fits what is known only after a shift by half a day: paid before
    the order was opened, told of half a day late, or (an hour past midnight, written as 12) paid in the future.
    """
    hour = (at.astimezone(UTC) + _AHEAD).hour
    if not 1 <= hour <= 12:
        return False
    if hour == 12:
        return seen_at is not None and at - _CLOCKS_DIFFER > seen_at >= at - _HALF_A_DAY - _CLOCKS_DIFFER
    later = at + _HALF_A_DAY
    if opened_at is not None and at + _CLOCKS_DIFFER < opened_at <= later + _CLOCKS_DIFFER:
        return True
    return seen_at is not None and -_CLOCKS_DIFFER <= seen_at - later <= _FIRST_NEWS


def _instant(text: str, form: MomentForm) -> datetime | None:
    if form is not MomentForm.COMPACT:
        moment = read_moment(text, form)
        return None if moment is None else moment.replace(tzinfo=VIETNAM).astimezone(UTC)
    try:
        return read_time(text)
    except ValueError:
        return None
