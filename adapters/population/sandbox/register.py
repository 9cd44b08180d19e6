"""The register: finds by number or old card, and decides whether name and birth date agree (§7, §12, §13.1)."""

import unicodedata
from collections import defaultdict
from functools import lru_cache

from adapters.population.sandbox.people import Populace
from adapters.population.sandbox.person import Person
from adapters.population.sandbox.profile import NameMatching, PopulationProfile
from adapters.population.sandbox.questions import Question
from adapters.population.sandbox.seeds import SEEDS

_LOOK_ALIKES = str.maketrans({"Đ": "D", "đ": "d", "Ð": "D", "Ɖ": "D", "ð": "d"})


class Register:
    """Everybody: those of `SEEDS`, and the invented thousands."""

    def __init__(self, seed: int, count: int) -> None:
        self.populace = Populace(seed, count)
        self._by_number = {person.number: person for person in SEEDS.values()}
        self._by_card: dict[str, list[Person]] = defaultdict(list)
        for person in SEEDS.values():
            if person.card:
                self._by_card[person.card].append(person)

    @property
    def count(self) -> int:
        """How many people there are."""
        return self.populace.count + len(self._by_number)

    def of_number(self, number: str) -> Person | None:
        """Give whoever has this number, also when it was withdrawn."""
        return self._by_number.get(number) or self.populace.by_number(number)

    def find(self, question: Question, profile: PopulationProfile) -> list[Person]:
        """Give everybody whom the question describes in each particular that it states."""
        if question.number:
            holder = self.of_number(question.number)
            candidates = [] if holder is None else [holder]
        else:
            holder = self.populace.by_card(question.card)
            candidates = [*self._by_card.get(question.card, ()), *([] if holder is None else [holder])]
        return [
            person
            for person in candidates
            if not person.is_cancelled
            and _names_agree(question.name, person, profile.name_matching)
            and _births_agree(question.born, person.born, profile)
        ]

    def household(self, person: Person) -> list[Person]:
        """Give everybody who lives with somebody, head first."""
        members = (self.of_number(number) for number in person.household)
        return [member for member in members if member is not None]


def folded(name: str) -> str:
    """Give a name in the form of §13.1; letters without a plain form stay, so that they agree with nothing."""
    if name.isascii():
        return "".join(filter(str.isalnum, name.upper()))
    parts = unicodedata.normalize("NFKD", name.translate(_LOOK_ALIKES))
    return "".join(letter for letter in parts.upper() if letter.isalnum())


_folded_record = lru_cache(maxsize=8_192)(folded)


def _names_agree(asked: str, person: Person, matching: NameMatching) -> bool:
    if matching is NameMatching.FOLDED:
        return folded(asked) == _folded_record(person.full_name)
    return _spelt(asked) == _spelt(person.full_name)


def _spelt(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).upper().split())


def _births_agree(asked: str, recorded: str, profile: PopulationProfile) -> bool:
    if not asked:
        return True
    if len(recorded) == 4 and len(asked) == 8 and not profile.is_full_date_matched_by_year:
        return False
    return asked == recorded if len(asked) == len(recorded) else asked[:4] == recorded[:4]
