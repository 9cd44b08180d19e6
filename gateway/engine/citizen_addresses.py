"""Addresses of the population database read with a day: its codes come in both eras, and nothing says which.

An address that names a district was written before the districts ended on 1 July 2025; one without may be of either
era, and is read as of today (population notes §11.4, §20 U16). What a unit of the older era is today comes from the
crosswalk; where a commune was split, candidates are given and none is chosen.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from gateway.errors import InvalidInput
from gateway.model.citizen import CitizenAddress
from gateway.ports.codes import CodeDirectory, UnitResolution

DISTRICTS_ENDED = date(2025, 7, 1)
"""Law 72/2025/QH15 and Decision 19/2025/QĐ-TTg."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitReading:
    """What the most exact code of an address means. `is_certain` is False where only the absence of a district tells
    the era: 3,316 codes mean one commune before 1 July 2025 and another one after."""

    resolution: UnitResolution
    is_certain: bool


def read_unit(codes: CodeDirectory, address: CitizenAddress, today: date) -> UnitReading | None:
    """Read the most exact code of an address; None where it states none that can be read."""
    code = address.unit_code
    if not code:
        return None
    is_old = bool(address.district_code)
    on = DISTRICTS_ENDED - timedelta(days=1) if is_old else today
    try:
        resolution = codes.resolve_unit(code, on, to=today if is_old else None)
    except InvalidInput:
        return None
    return UnitReading(resolution=resolution, is_certain=is_old)
