"""What a grammar makes of a text: a value, or the rules it breaks; and what is odd without being wrong.

Grammars match the whole text: a trailing newline or space is a fault, and is repaired by the caller before, visibly.
Faults and notices name rules and classes of values, never the value: citizen numbers and telephones pass through here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from gateway.errors import Fault, InvalidInput

T = TypeVar("T")
U = TypeVar("U")


class Notice(StrEnum):
    """Something odd that does not make a code wrong."""

    LEVEL1_CLOSED = "level1-closed"
    """The level-1 code was closed on the day of the code."""
    LEVEL1_NOT_LISTED = "level1-not-listed"
    LEVEL1_UNKNOWN = "level1-unknown"
    COUNTER_OVERFLOWED = "counter-overflowed"
    """Five digits or more without a leading zero beside a six-digit date: a four-digit counter ran over."""
    DATE_DIFFERS = "date-differs"
    """The date in the code is more than a day from the receipt."""
    KIND_NOT_SEEN = "kind-not-seen"
    """The grammar allows it, no source shows it."""
    PROVINCE_UNKNOWN = "province-unknown"
    """The first three digits are no province; perhaps a country."""
    BORN_IN_FUTURE = "born-in-future"
    BIRTH_YEAR_DIFFERS = "birth-year-differs"
    SEX_DIFFERS = "sex-differs"
    SEPARATORS_REMOVED = "separators-removed"
    SYMBOL_NOT_SEEN = "symbol-not-seen"


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """Either a value or at least one fault; notices go with a value."""

    value: T | None
    faults: tuple[Fault, ...] = ()
    notices: tuple[Notice, ...] = ()

    def require(self) -> T:
        """Give the value. Raises InvalidInput with the faults when there is none."""
        if self.value is None:
            raise InvalidInput("the code breaks its grammar", self.faults)
        return self.value

    def then(self, make: Callable[[T], U]) -> "Reading[U]":
        """Give the same reading of a value made from this one."""
        return Reading(None if self.value is None else make(self.value), self.faults, self.notices)


def refused(field: str, rule: str, text: str) -> Reading[T]:
    """Give a reading without a value."""
    return Reading(None, (Fault(field, rule, f"string of {len(text)} characters"),))
