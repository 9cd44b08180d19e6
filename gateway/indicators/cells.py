"""Cells: sums of what dossiers add, by agency, procedure and time. A change of a dossier is a change of its few cells.

Each dossier stands in the cells of everything, of its agency, of its procedure, and of both together; by day and by
month, the last by month only: what is needed of its days is read off the dossiers themselves. The cells of both
together, most of all cells, hold but what is asked of single procedures.
"""

from collections.abc import Iterable, Iterator, MutableMapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from gateway.indicators.measures import BY_PROCEDURE_COUNT, TIMES, Contribution
from gateway.indicators.slices import ALL, Grain


class CellKey(NamedTuple):
    """Which cell. `agency` and `procedure` may be ALL. Groups (liên thông) stand apart: most scopes leave them out."""

    agency: str
    procedure: str
    grain: Grain
    begins_on: date
    is_group: bool


Cells = MutableMapping[CellKey, dict[int, int]]
"""Sums by place of the measure; what is 0 may be missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What one dossier adds, and to whom. `time_amount` goes to the places that sum times."""

    agency: str
    procedure: str
    is_group: bool = False
    received: Contribution | None = None
    submitted: Contribution | None = None
    time_amount: int = 0

    @property
    def contributions(self) -> Iterator[Contribution]:
        """Give what is added on the one and on the other day."""
        return (one for one in (self.received, self.submitted) if one is not None)


def keys_of(counted: Counted, day: date) -> Iterator[CellKey]:
    """Give the cells in which a dossier stands with a day."""
    month = day.replace(day=1)
    for agency, procedure in ((ALL, ALL), (counted.agency, ALL), (ALL, counted.procedure)):
        yield CellKey(agency, procedure, Grain.DAY, day, counted.is_group)
        yield CellKey(agency, procedure, Grain.MONTH, month, counted.is_group)
    yield CellKey(counted.agency, counted.procedure, Grain.MONTH, month, counted.is_group)


def add(cells: Cells, counted: Counted, sign: int = 1) -> None:
    """Add a dossier to its cells, or take it out of them with `sign` -1."""
    for contribution in counted.contributions:
        amounts = [(place, sign * (counted.time_amount if place in TIMES else 1)) for place in contribution.places]
        by_procedure = [(place, amount) for place, amount in amounts if place < BY_PROCEDURE_COUNT]
        for key in keys_of(counted, contribution.day):
            cell = cells.setdefault(key, {})
            for place, amount in amounts if ALL in (key.agency, key.procedure) else by_procedure:
                cell[place] = cell.get(place, 0) + amount


def changes(pairs: Iterable[tuple[Counted | None, Counted | None]]) -> dict[CellKey, dict[int, int]]:
    """Give what cells change by when dossiers change from one to another; None: not there. Nothing stands with 0."""
    cells: dict[CellKey, dict[int, int]] = {}
    for old, new in pairs:
        if old is not None:
            add(cells, old, -1)
        if new is not None:
            add(cells, new)
    cleaned = {key: {place: amount for place, amount in cell.items() if amount} for key, cell in cells.items()}
    return {key: cell for key, cell in cleaned.items() if cell}
