"""A reply counts only for the person that was asked for (notes §13.1, §15 row 10, §18 N14, N15)."""

from typing import Any

import pytest

from adapters.population.settings import Operation
from adapters.population.subjects import check_subject
from gateway.errors import ContractBroken
from gateway.model.citizen import CitizenRecord, Subject
from gateway.model.identity import PartialDate, Precision

_NUMBER, _CARD = "999190000001", "999000018"
_BORN = PartialDate("1990-02-03", Precision.DAY)
_BY_NUMBER = Subject(personal_number=_NUMBER, full_name="Nguyễn Văn Đức", birth_date=_BORN)
_BY_CARD = Subject(old_card_number=_CARD, full_name="Nguyễn Văn Đức", birth_date=_BORN)
_YEAR = PartialDate("1990", Precision.YEAR)


def record(**stated: Any) -> CitizenRecord:
    known: dict[str, Any] = {"personal_number": _NUMBER, "full_name": "NGUYỄN VĂN ĐỨC", "birth_date": _BORN}
    return CitizenRecord(**(known | stated))


_RIGHT: dict[str, tuple[Subject, CitizenRecord]] = {
    "number and name": (_BY_NUMBER, record()),
    "without marks": (_BY_NUMBER, record(full_name="NGUYEN VAN DUC")),
    "in another order": (_BY_NUMBER, record(full_name="ĐỨC NGUYỄN VĂN")),
    "without a name": (_BY_NUMBER, record(full_name="")),
    "another birth date": (_BY_NUMBER, record(birth_date=None)),
    "card and name": (_BY_CARD, record(old_card_number=_CARD)),
    "card without a name": (_BY_CARD, record(old_card_number=_CARD, full_name="")),
    "a record that has no card any more": (_BY_CARD, record()),
    "the year at least": (_BY_CARD, record(birth_date=_YEAR)),
    "no number at all": (_BY_NUMBER, record(personal_number="")),
}
_WRONG: dict[str, tuple[Subject, CitizenRecord]] = {
    "another number": (_BY_NUMBER, record(personal_number="999190000002")),
    "another number, no name": (_BY_NUMBER, record(personal_number="999190000002", full_name="")),
    "another name": (_BY_NUMBER, record(full_name="NGUYỄN VĂN ĐỨA")),
    "a part of the name": (_BY_NUMBER, record(full_name="NGUYỄN ĐỨC")),
    "a name in other letters": (_BY_NUMBER, record(full_name="李小龙")),
    "another card": (_BY_CARD, record(old_card_number="999000019")),
    "name alone, another birth date": (_BY_CARD, record(birth_date=PartialDate("1990-02-04", Precision.DAY))),
    "name alone, another year": (_BY_CARD, record(birth_date=PartialDate("1991", Precision.YEAR))),
    "name alone, no birth date": (_BY_CARD, record(birth_date=None)),
    "name alone, none asked for": (Subject(old_card_number=_CARD, full_name="Nguyễn Văn Đức"), record()),
    "name alone, in another order": (_BY_CARD, record(full_name="ĐỨC NGUYỄN VĂN")),
    "neither number nor name of the asked": (_BY_CARD, record(full_name="")),
}


@pytest.mark.parametrize("name", sorted(_RIGHT))
def test_n14_the_person_that_was_asked_for(name: str) -> None:
    """The number, or name and birth date where the record states no such number."""
    subject, told = _RIGHT[name]
    check_subject(Operation.LOOK_UP, [told], subject)
    check_subject(Operation.HOUSEHOLD, [told, record(personal_number="999190000003", full_name="CON")], subject)


@pytest.mark.parametrize("name", sorted(_WRONG))
@pytest.mark.parametrize("operation", [Operation.LOOK_UP, Operation.KINSHIP, Operation.HOUSEHOLD])
def test_n14_somebody_else(name: str, operation: Operation) -> None:
    """Refused, whatever was asked."""
    subject, told = _WRONG[name]
    with pytest.raises(ContractBroken) as caught:
        check_subject(operation, [told], subject)

    assert "another_person" == caught.value.code
    assert not any(word in str(caught.value) for word in (_NUMBER, _CARD, "NGUY", "Nguy"))


def test_n15_several_people_are_nobodys_record() -> None:
    """They are left to the caller, who is told that there are several; only a household may hold others by right."""
    several = [record(personal_number="999190000002"), record(personal_number="999190000003")]
    check_subject(Operation.LOOK_UP, several, _BY_NUMBER)
    with pytest.raises(ContractBroken):
        check_subject(Operation.HOUSEHOLD, several, _BY_NUMBER)


@pytest.mark.parametrize("count", [1, 2])
def test_records_of_nobody(count: int) -> None:
    """A record without any number and name says nothing, and is not "nobody matched" either."""
    with pytest.raises(ContractBroken) as caught:
        check_subject(Operation.LOOK_UP, [CitizenRecord(birth_date=_BORN)] * count, _BY_NUMBER)

    assert "record_of_nobody" == caught.value.code


@pytest.mark.parametrize("operation", list(Operation))
def test_nobody_is_nobody(operation: Operation) -> None:
    """An empty reply is about whom it was asked for."""
    check_subject(operation, [], _BY_NUMBER)
