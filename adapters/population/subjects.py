"""Whether a reply is about whom it was asked for (population notes §13.1, §18 N14). Pure."""

from collections.abc import Sequence

from adapters.population.failures import ANOTHER_PERSON, broken
from adapters.population.settings import Operation
from gateway.errors import InvalidInput
from gateway.model.citizen import CitizenRecord, Subject
from gateway.model.identity import PartialDate
from mappings.codes.text import NameVerdict, compare_names
from mappings.population.questions import compact_name

_MANY = frozenset({Operation.HOUSEHOLD})
"""Operations whose reply holds several people by right."""


def check_subject(operation: Operation, people: Sequence[CitizenRecord], subject: Subject) -> None:
    """Refuse a reply about somebody else. Several people are nobody's record yet, and left to the caller.

    Raises ContractBroken.
    """
    label = operation.label
    for one in people:
        if not (one.full_name or one.personal_number or one.old_card_number):
            raise broken(label, "record_of_nobody")
    if operation in _MANY:
        is_right = not people or any(_is_of(one, subject) for one in people)
    else:
        is_right = len(people) != 1 or _is_of(people[0], subject)
    if not is_right:
        raise broken(label, ANOTHER_PERSON)


def _is_of(record: CitizenRecord, subject: Subject) -> bool:
    has_number = False
    for asked, told in (
        (subject.personal_number, record.personal_number),
        (subject.old_card_number, record.old_card_number),
    ):
        if asked and told:
            if asked != told:
                return False
            has_number = True
    if not record.full_name:
        # A name alone may be missing where the number agrees.
        return has_number
    try:
        said = subject.full_name
        if record.full_name == said.upper() or compact_name(record.full_name) == compact_name(said):
            # Equal names without accents prove nobody (§13.1): without the number, the birth date must agree as well.
            return has_number or _are_of_one_day(record.birth_date, subject.birth_date)
        # The parts of a name come in no reliable order (§5); with the number that is a detail, without it is not.
        return has_number and _words(record.full_name) == _words(subject.full_name)
    except InvalidInput:
        return False


def name_notices(people: Sequence[CitizenRecord], subject: Subject) -> tuple[str, ...]:
    """Tell of a name that agrees without its marks only: weak evidence by itself (§13.1)."""
    if len(people) != 1 or not people[0].full_name or people[0].full_name == subject.full_name.upper():
        return ()
    verdict = compare_names(people[0].full_name, subject.full_name).verdict
    return () if verdict is NameVerdict.SAME else (f"full_name:{verdict.value}",)


def _are_of_one_day(told: PartialDate | None, asked: PartialDate | None) -> bool:
    """Tell whether both are known and agree as far as the less exact one goes."""
    if told is None or asked is None:
        return False
    return told.value.startswith(asked.value) or asked.value.startswith(told.value)


def _words(name: str) -> list[str]:
    return sorted(compact_name(word) for word in name.split())
