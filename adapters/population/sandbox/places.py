"""Communes of one province in both eras, from `places.csv`; they are public (Decisions 124/2004, 19/2025)."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from adapters.population.sandbox.person import Address

_FILE = Path(__file__).with_name("places.csv")


@dataclass(frozen=True, slots=True)
class Place:
    """A commune; before July 2025 it lies in a district."""

    province_code: str
    province: str
    district_code: str
    district: str
    commune_code: str
    commune: str

    def address(self, street: str) -> Address:
        """Give an address here, spelt as its era spelt it; no district is an absent element."""
        parts = (street, self.commune, self.district, self.province)
        detail = ", ".join(part for part in parts if part).upper()
        return Address(self.province_code, self.district_code or None, self.commune_code, detail)


@cache
def places(era: str) -> tuple[Place, ...]:
    """Give the communes of an era: "before" or "after"."""
    with _FILE.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row.pop("era") == era]
    return tuple(Place(**row) for row in rows)
