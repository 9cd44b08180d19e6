"""A page of the dossiers that the portal holds, brought to their codes. Pure.

The records are assumed to be those of a look-up (portal wire notes §6.4, §13 row 21): only the code is needed, and the
reception time, where it is stated, shows whether the portal kept to the interval.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from gateway.errors import Fault, InvalidInput
from mappings.portal.scalars import clean_text_of
from mappings.portal.times import read_time, vietnam_date


def read_listed(items: Sequence[Any], first_day: date, last_day: date) -> tuple[str, ...]:
    """Give the codes in the order of the page, repeats included.

    Raises InvalidInput when a record has no code, or was received on a day that was not asked for.
    """
    codes: list[str] = []
    for index, item in enumerate(items):
        code = clean_text_of(item.get("MaHoSo")) if isinstance(item, dict) else ""
        if not code:
            raise InvalidInput("the list has records without a code", [Fault(f"{index}/MaHoSo", "must be a code")])
        day = _received_on(item)
        if day is not None and not first_day <= day <= last_day:
            raise InvalidInput(
                "the list has dossiers of days that were not asked for", [Fault(f"{index}/NgayTiepNhan", "is outside")]
            )
        codes.append(code)
    return tuple(codes)


def _received_on(item: dict[str, Any]) -> date | None:
    try:
        instant = read_time(clean_text_of(item.get("NgayTiepNhan")))
    except ValueError:
        # Another form of time proves nothing about the interval.
        return None
    return None if instant is None else vietnam_date(instant)
