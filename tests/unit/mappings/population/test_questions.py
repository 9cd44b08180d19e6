"""What a question carries: names, numbers and birth dates (population notes §12, §13)."""

import pytest

from gateway.errors import InvalidInput
from gateway.model.identity import PartialDate, Precision
from mappings.population.questions import (
    NameForm,
    check_numbers,
    compact_name,
    read_birth_date,
    wire_birth_date,
    wire_name,
)

_COMPACT = {
    "Nguyễn Văn Đức": "NGUYENVANDUC",
    "Trần  Thị\u00a0Ánh": "TRANTHIANH",
    "Le\u0302 Thi\u0323 Hu\u031bo\u031b\u0300ng": "LETHIHUONG",
    "H\u2019Hen Niê": "HHENNIE",
    "K'Brôi": "KBROI",
    "Ksor Y-Bhăm": "KSORYBHAM",
    "\u00d0o\u00e0n \u0189\u00f0": "DOANDD",
}


@pytest.mark.parametrize("name", sorted(_COMPACT))
def test_names_in_their_compact_form(name: str) -> None:
    """The vectors of §13.1."""
    assert _COMPACT[name] == compact_name(name)


@pytest.mark.parametrize("name", ["", " ", "-'", "李小龙", "Нгуен", "Nguyễn 李"])
def test_names_that_cannot_be_compared(name: str) -> None:
    """Nothing is left, or letters would have to be dropped."""
    with pytest.raises(InvalidInput) as caught:
        compact_name(name)
    assert ["full_name"] == [fault.field for fault in caught.value.faults]
    assert name.strip() == "" or name not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["A\x00B", "A\nB", "A\u202eB", "A\u200bB", "A\u2028B", "A\ud800B", "x" * 10_000, "   "]
)
def test_n16_names_that_hide_something(name: str) -> None:
    """Control characters, marks that nobody sees, and endless names are refused before anything is sent."""
    with pytest.raises(InvalidInput):
        wire_name(name, NameForm.AS_WRITTEN)


def test_forms_of_names() -> None:
    """What is sent is a setting; every form makes one name of its spellings."""
    spelling = "Trần  Thị\u00a0Ánh"

    assert "TRANTHIANH" == wire_name(spelling, NameForm.COMPACT)
    assert "TRẦN THỊ ÁNH" == wire_name(spelling, NameForm.UPPER)
    assert "Trần Thị Ánh" == wire_name(spelling, NameForm.AS_WRITTEN)


@pytest.mark.parametrize(
    ("personal", "old_card", "fields"),
    [
        ("", "", ["personal_number"]),
        ("999190000001", "999000001", ["personal_number"]),
        ("99919000000", "", ["personal_number"]),
        ("", "99900000", ["old_card_number"]),
        ("９９９１９００００００１", "", ["personal_number"]),
        ("٩٩٩١٩٠٠٠٠٠٠١", "", ["personal_number"]),
        ("99919000000a", "9", ["personal_number", "personal_number", "old_card_number"]),
    ],
)
def test_numbers_that_are_none(personal: str, old_card: str, fields: list[str]) -> None:
    """Exactly one, in ASCII digits, of the right length; all faults at once, without the number."""
    with pytest.raises(InvalidInput) as caught:
        check_numbers(personal, old_card)
    assert fields == [fault.field for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("text", "value", "precision"),
    [
        ("03/02/1990", "1990-02-03", Precision.DAY),
        ("1990-02-03", "1990-02-03", Precision.DAY),
        ("19900203", "1990-02-03", Precision.DAY),
        ("03021990", "1990-02-03", Precision.DAY),
        ("20111990", "1990-11-20", Precision.DAY),
        ("1990-02", "1990-02", Precision.MONTH),
        ("1990", "1990", Precision.YEAR),
    ],
)
def test_birth_dates(text: str, value: str, precision: Precision) -> None:
    """The forms that provinces write (§13.2)."""
    assert PartialDate(value, precision) == read_birth_date(text)


@pytest.mark.parametrize(
    "text", ["", "1990-02-30", "30/02/1990", "19901332", "90", "1990-2-3", "x", "1200", "１９９０"]
)
def test_birth_dates_that_are_none(text: str) -> None:
    """A date that does not exist is refused, never moved."""
    with pytest.raises(InvalidInput):
        read_birth_date(text)


def test_birth_dates_on_the_wire() -> None:
    """The full date when all of it is known, else the year (§13.2)."""
    assert ("19900203", "") == wire_birth_date(read_birth_date("1990-02-03"))
    assert ("", "1990") == wire_birth_date(read_birth_date("1990-02"))
    assert ("", "1990") == wire_birth_date(read_birth_date("1990"))
    assert ("", "") == wire_birth_date(None)
