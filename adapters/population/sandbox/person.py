"""What the simulated database knows of somebody. None means that the element is absent, "" that it is empty (§5)."""

from dataclasses import dataclass
from enum import Enum

Name = tuple[str, str, str]
"""Family name, middle names, given name."""


class NameForm(Enum):
    """How a citizen's name is spread over Ho, ChuDem and Ten (§5)."""

    WHOLE = "whole"
    """All of it in Ten."""
    SPLIT = "split"
    UNEVEN = "uneven"
    """Family and middle names together in Ho; read in order, the parts still give the name."""
    SWAPPED = "swapped"
    """Given and middle names in each other's place: read in order, the parts give another name."""


class Vital(Enum):
    """Whether somebody lives; the value is the code of §8."""

    ALIVE = "0"
    DEAD = "1"
    MISSING = "2"


@dataclass(frozen=True, slots=True)
class Address:
    """Codes and text of a place; each may be missing."""

    province: str | None = None
    district: str | None = None
    commune: str | None = None
    detail: str | None = None
    country: str | None = "VN"


@dataclass(frozen=True, slots=True)
class Relative:
    """Somebody as named in another one's record."""

    name: Name
    nationality: str | None = "VN"
    number: str | None = None
    card: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A record. `born` is `yyyymmdd`, or `yyyy` where only the year is known."""

    number: str
    name: Name
    born: str
    name_form: NameForm = NameForm.WHOLE
    card: str | None = None
    sex: str | None = None
    ethnicity: str | None = None
    religion: str | None = None
    marital: str | None = None
    blood: str | None = None
    birth_place: Address | None = None
    nationality: str | None = "VN"
    native_place: Address | None = None
    permanent: Address | None = None
    current: Address | None = None
    father: Relative | None = None
    mother: Relative | None = None
    spouse: Relative | None = None
    guardian: Relative | None = None
    head: Relative | None = None
    head_relation: str | None = None
    book: str | None = None
    vital: Vital = Vital.ALIVE
    household: tuple[str, ...] = ()
    """Numbers of everybody in the household, head first."""
    is_cancelled: bool = False
    """A number that was withdrawn: nobody is found under it (§20 U22)."""

    @property
    def full_name(self) -> str:
        """The name as people write it."""
        return joined(self.name)


def joined(name: Name) -> str:
    """Give the parts that are there, with one blank between."""
    return " ".join(part for part in name if part)


def relative_of(person: Person) -> Relative:
    """Give somebody as others' records name him."""
    return Relative(person.name, person.nationality, person.number, person.card)
