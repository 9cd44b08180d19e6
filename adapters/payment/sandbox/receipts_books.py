"""Books of receipts, as any supplier keeps them (payment notes §D.2): numbers without gaps, from 1 each year."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from adapters.payment.sandbox.vietnam import local_day
from adapters.sandboxing import SandboxClock

MAX_NUMBER = 9_999_999


class State(StrEnum):
    """How a receipt stands."""

    ISSUED = "issued"
    ADJUSTED = "adjusted"
    """Another receipt adjusts it."""
    CANCELLED = "cancelled"


@dataclass(slots=True, kw_only=True)
class Receipt:
    """One receipt. `key` is the caller's, unique with its unit; lines are names and amounts."""

    unit: str
    pattern: str
    serial: str
    number: int
    key: str
    dossier: str
    total_vnd: int
    lines: tuple[tuple[str, int], ...]
    issued_at: datetime
    is_paid: bool = True
    state: State = State.ISSUED
    adjusts: str = ""
    """The key of the receipt that this one adjusts."""
    reason: str = ""
    payer: str = field(default="", repr=False)
    secret_code: str = field(default="", repr=False)
    """What a payer types to see it (reservationCode)."""

    @property
    def number_text(self) -> str:
        """The number in seven digits."""
        return f"{self.number:07d}"

    def as_dict(self) -> dict[str, Any]:
        """Give the receipt as plain JSON values, without the payer."""
        names = ("unit", "pattern", "serial", "number", "key", "dossier", "total_vnd", "is_paid", "adjusts", "reason")
        return {
            **{name: getattr(self, name) for name in names},
            "state": self.state.value,
            "issued_at": self.issued_at.isoformat(),
        }


class Books:
    """The receipts of one supplier."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._by_key: dict[tuple[str, str], Receipt] = {}
        self._last: dict[tuple[str, str, str, int], int] = {}

    def __iter__(self) -> Iterator[Receipt]:
        return iter(self._by_key.values())

    def find(self, unit: str, key: str) -> Receipt | None:
        """Give the receipt of a unit's key."""
        return self._by_key.get((unit, key))

    def find_number(self, unit: str, number: str) -> Receipt | None:
        """Give the receipt whose serial and number stand together in `number`."""
        mine = (each for each in self._by_key.values() if each.unit == unit)
        return next((each for each in mine if f"{each.serial}{each.number_text}" == number), None)

    def issue(self, unit: str, pattern: str, serial: str, key: str, **values: Any) -> Receipt | None:
        """Write the next receipt of a book; None when its numbers are used up. The key must be new."""
        now = self._clock.now()
        book = (unit, pattern, serial, local_day(now).year)
        number = self._last.get(book, 0) + 1
        if number > MAX_NUMBER:
            return None
        self._last[book] = number
        receipt = Receipt(unit=unit, pattern=pattern, serial=serial, number=number, key=key, issued_at=now, **values)
        self._by_key[(unit, key)] = receipt
        return receipt

    def forget(self) -> None:
        """Open new books."""
        self._by_key.clear()
        self._last.clear()
