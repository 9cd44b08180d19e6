"""Everybody without a name of his own in the tests: thousands of invented people, made when they are asked for.

Nobody is stored. A number's last six digits lead back to a position, a position to a household of four at most, and
the household follows from the seed alone. All numbers have the prefix 999, which no province and no country has.
"""

from collections.abc import Iterator
from functools import lru_cache

from adapters.population.sandbox import names
from adapters.population.sandbox.person import Address, Name, NameForm, Person, Relative
from adapters.population.sandbox.places import places

PREFIX = "999"
FIRST_SERIAL = 1_000
"""Serials below belong to the people of `seeds`."""
_SERIALS = 1_000_000 - FIRST_SERIAL
_STEP = 7_919
_STEP_BACK = pow(_STEP, -1, _SERIALS)
MAX_PEOPLE = _SERIALS - _SERIALS % 4
_MASK = (1 << 64) - 1
_THIS_YEAR = 2025


class Draws:
    """Gives numbers that follow from a seed alone, the same on every machine and version (splitmix64)."""

    __slots__ = ("_state",)

    def __init__(self, seed: int) -> None:
        self._state = seed & _MASK

    def below(self, bound: int) -> int:
        """Give a whole number from 0 up to `bound`, exclusive."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return (mixed ^ (mixed >> 31)) % bound

    def one_of(self, values: tuple[str, ...]) -> str:
        """Give one of `values`."""
        return values[self.below(len(values))]


class Sketch:
    """Somebody before relatives are known."""

    __slots__ = ("born", "card", "is_woman", "name", "number", "year")

    def __init__(self, draws: Draws, serial: int, year: int, family: str, *, is_woman: bool) -> None:
        middles, givens = (
            (names.MIDDLE_OF_WOMEN, names.GIVEN_OF_WOMEN) if is_woman else (names.MIDDLE_OF_MEN, names.GIVEN_OF_MEN)
        )
        self.name: Name = (family, draws.one_of(middles), draws.one_of(givens))
        self.is_woman = is_woman
        self.year = year
        # A corrected birth date leaves an old number in place now and then.
        told_year = year + 1 if draws.below(100) < 3 and year % 100 != 99 else year
        self.number = number_of(is_woman, told_year, serial)
        is_year_only = year < 1960 and draws.below(10) < 3
        self.born = f"{year}" if is_year_only else f"{year}{draws.below(12) + 1:02}{draws.below(28) + 1:02}"
        self.card = f"{PREFIX}{serial:06}" if year < 2000 and draws.below(10) < 8 else None

    def as_relative(self) -> Relative:
        return Relative(self.name, "VN", self.number, self.card)


def number_of(is_woman: bool, year: int, serial: int) -> str:
    """Give the twelve digits of §12.1 under the prefix that nobody has."""
    century = 2 * ((year - 1900) // 100) + (1 if is_woman else 0)
    return f"{PREFIX}{century}{year % 100:02}{serial:06}"


class Populace:
    """All of them. `count` is rounded up to whole groups of four."""

    def __init__(self, seed: int, count: int) -> None:
        self._seed = seed
        self.count = min(-(-count // 4) * 4, MAX_PEOPLE)
        self._group = lru_cache(maxsize=4_096)(self._make_group)

    def by_number(self, number: str) -> Person | None:
        """Give whoever has a number of twelve digits."""
        person = self._at_serial(number[6:]) if number.startswith(PREFIX) else None
        return person if person is not None and person.number == number else None

    def by_card(self, card: str) -> Person | None:
        """Give whoever had an old card of nine digits."""
        person = self._at_serial(card[3:]) if card.startswith(PREFIX) else None
        return person if person is not None and person.card == card else None

    def at(self, position: int) -> Person:
        """Give the person at a position from 0 up to `count`, exclusive."""
        return self._group(position // 4)[position % 4]

    def some(self, start: int, limit: int) -> Iterator[Person]:
        """Give people by position."""
        return (self.at(position) for position in range(start, min(start + limit, self.count)))

    def _at_serial(self, digits: str) -> Person | None:
        serial = int(digits)
        position = (serial - FIRST_SERIAL) * _STEP_BACK % _SERIALS
        return self.at(position) if serial >= FIRST_SERIAL and position < self.count else None

    def _make_group(self, group: int) -> tuple[Person, ...]:
        """Make four people who live together or next door."""
        draws = Draws(self._seed * 0x1000003 + group * 0x9E3779B1)
        serials = [FIRST_SERIAL + (4 * group + place) * _STEP % _SERIALS for place in range(4)]
        kind = draws.below(5)
        if kind < 3:
            return _family(draws, serials)
        return _two_homes(draws, serials) if kind == 3 else _three_generations(draws, serials)


def _family(draws: Draws, serials: list[int]) -> tuple[Person, ...]:
    """A couple with two children; the man is the head."""
    family, year = draws.one_of(names.FAMILY), 1958 + draws.below(32)
    man = Sketch(draws, serials[0], year, family, is_woman=False)
    woman = Sketch(draws, serials[1], year + draws.below(6), draws.one_of(names.FAMILY), is_woman=True)
    children = []
    for serial in serials[2:]:
        born = min(woman.year + 22 + draws.below(12), _THIS_YEAR - 1)
        children.append(Sketch(draws, serial, born, family, is_woman=draws.below(2) == 1))
    home = _home(draws)
    members = (man, woman, *children)
    kin = [
        _Kin("CH01", spouse=woman, outer=_outer_parents(draws, man)),
        _Kin("CH02", spouse=man, outer=_outer_parents(draws, woman)),
        *(_Kin("CH03", father=man, mother=woman) for _ in children),
    ]
    return tuple(_finish(draws, who, members, kin[index], home) for index, who in enumerate(members))


def _two_homes(draws: Draws, serials: list[int]) -> tuple[Person, ...]:
    """A woman with her child, and an old couple next door."""
    woman = Sketch(draws, serials[0], 1970 + draws.below(22), draws.one_of(names.FAMILY), is_woman=True)
    child = Sketch(draws, serials[1], woman.year + 24, draws.one_of(names.FAMILY), is_woman=draws.below(2) == 1)
    old_man = Sketch(draws, serials[2], 1938 + draws.below(20), draws.one_of(names.FAMILY), is_woman=False)
    old_woman = Sketch(draws, serials[3], old_man.year + draws.below(5), draws.one_of(names.FAMILY), is_woman=True)
    here, there = _home(draws), _home(draws)
    return (
        _finish(draws, woman, (woman, child), _Kin("CH01", marital="3", outer=_outer_parents(draws, woman)), here),
        _finish(draws, child, (woman, child), _Kin("CH03", mother=woman), here),
        _finish(draws, old_man, (old_man, old_woman), _Kin("CH01", spouse=old_woman), there),
        _finish(draws, old_woman, (old_man, old_woman), _Kin("CH02", spouse=old_man), there),
    )


def _three_generations(draws: Draws, serials: list[int]) -> tuple[Person, ...]:
    """A widow, her son, his wife and their child."""
    family = draws.one_of(names.FAMILY)
    widow = Sketch(draws, serials[0], 1940 + draws.below(20), draws.one_of(names.FAMILY), is_woman=True)
    son = Sketch(draws, serials[1], widow.year + 21 + draws.below(10), family, is_woman=False)
    wife = Sketch(draws, serials[2], son.year + draws.below(5), draws.one_of(names.FAMILY), is_woman=True)
    child = Sketch(draws, serials[3], wife.year + 23 + draws.below(8), family, is_woman=draws.below(2) == 1)
    members, home = (widow, son, wife, child), _home(draws)
    kin = (
        _Kin("CH01", marital="4"),
        _Kin("CH03", spouse=wife, mother=widow),
        _Kin("CH05", spouse=son, outer=_outer_parents(draws, wife)),
        _Kin("CH06", father=son, mother=wife),
    )
    return tuple(_finish(draws, who, members, kin[index], home) for index, who in enumerate(members))


class _Kin:
    """How somebody stands to the others of a group."""

    __slots__ = ("father", "marital", "mother", "outer", "relation", "spouse")

    def __init__(
        self,
        relation: str,
        *,
        spouse: Sketch | None = None,
        father: Sketch | None = None,
        mother: Sketch | None = None,
        marital: str = "",
        outer: tuple[Relative, Relative] | None = None,
    ) -> None:
        self.relation = relation
        self.spouse = spouse.as_relative() if spouse is not None else None
        self.father = father.as_relative() if father is not None else outer[0] if outer is not None else None
        self.mother = mother.as_relative() if mother is not None else outer[1] if outer is not None else None
        self.marital = marital or ("2" if spouse is not None else "1")
        self.outer = outer


def _outer_parents(draws: Draws, child: Sketch) -> tuple[Relative, Relative]:
    """Give parents who have no record of their own, as of many older people; their numbers are empty."""
    father: Name = (child.name[0], draws.one_of(names.MIDDLE_OF_MEN), draws.one_of(names.GIVEN_OF_MEN))
    mother: Name = (draws.one_of(names.FAMILY), "THỊ", draws.one_of(names.GIVEN_OF_WOMEN))
    return Relative(father, "VN", "", ""), Relative(mother, "VN", "", "")


def _home(draws: Draws) -> Address:
    """Give an address, in one of three spelt before the merger; some of the rest still carry an old district."""
    era = "before" if draws.below(3) == 0 else "after"
    choice = places(era)
    address = choice[draws.below(len(choice))].address(f"{draws.one_of(names.STREETS)} {draws.below(40) + 1}")
    if era == "after" and draws.below(4) == 0:
        stale = places("before")[draws.below(len(places("before")))].district_code
        return Address(address.province, stale if draws.below(2) else "", address.commune, address.detail)
    return address


def _finish(draws: Draws, who: Sketch, members: tuple[Sketch, ...], kin: _Kin, home: Address) -> Person:
    is_child = _THIS_YEAR - who.year < 18
    form = (NameForm.WHOLE,) * 7 + (NameForm.SPLIT,) * 2 + (NameForm.UNEVEN,)
    return Person(
        number=who.number,
        name=who.name,
        born=who.born,
        name_form=form[draws.below(10)],
        card=who.card if who.card is not None else ("", None)[draws.below(2)],
        sex="2" if who.is_woman else "1",
        ethnicity=draws.one_of(("01", "01", "02", "07", "09", "04", "1")),
        religion=(None, "", "00", "01", "02")[draws.below(5)],
        marital="1" if is_child else kin.marital,
        blood=("00", "01", "02", "03", "04", None)[draws.below(6)],
        birth_place=home if draws.below(4) else None,
        nationality=("VN", "VN", "")[draws.below(3)],
        native_place=home,
        permanent=home,
        current=home if draws.below(5) else _home(draws),
        father=kin.father,
        mother=kin.mother,
        spouse=None if is_child else kin.spouse,
        guardian=kin.mother or kin.father if is_child else None,
        head=members[0].as_relative(),
        head_relation=kin.relation,
        book=("", None)[draws.below(2)],
        household=tuple(member.number for member in members),
    )
