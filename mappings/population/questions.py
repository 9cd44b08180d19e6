"""What a question carries: the name as the database compares it, numbers, the birth date as far as it is known.

Source: population notes §4, §12, §13. A value that cannot be carried is refused by field and rule, never repaired.
"""

import re
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from enum import StrEnum

from gateway.errors import Fault, InvalidInput
from gateway.model.identity import PartialDate, Precision

MAX_NAME = 150
_LOOKALIKES = str.maketrans({"Đ": "D", "đ": "d", "Ð": "D", "Ɖ": "D", "ð": "d", "ɖ": "d"})
"""Letters that do not decompose (§13.1)."""
_FORBIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_NOT_COMPACT = re.compile("[^A-Z0-9]+").sub
_MARKS = re.compile("[\u0300-\u036f]+").sub
_PERSONAL_NUMBER = re.compile(r"[0-9]{12}", re.ASCII).fullmatch
_OLD_CARD = re.compile(r"[0-9]{9}", re.ASCII).fullmatch


class NameForm(StrEnum):
    """How the name is sent; the service's own rule is not known (§20 U5)."""

    COMPACT = "compact"
    """Without accents and blanks, upper case: NGUYENVANDUC. What most clients send."""
    UPPER = "upper"
    """Upper case with accents and single blanks."""
    AS_WRITTEN = "as_written"


def compact_name(name: str) -> str:
    """Give the form in which names are compared: A to Z and digits only.

    Raises InvalidInput when nothing is left, or when a letter outside the Latin alphabet would have to be dropped.
    """
    compact = name.translate(_USUAL)
    if compact.isascii() and compact.isalnum():
        return compact
    return _compact_unusual(name)


def _compact_unusual(name: str) -> str:
    """Do the same for any name, letter by letter."""
    upper = unicodedata.normalize("NFKD", name.translate(_LOOKALIKES)).upper()
    # What is neither letter nor digit is left out anyway, marks among it; the usual ones are dropped at once.
    upper = _MARKS("", upper)
    if not upper.isascii() and any(letter.isalnum() and not letter.isascii() for letter in set(upper)):
        raise InvalidInput("the name cannot be asked for", [Fault("full_name", "must be in Latin letters")])
    compact = _NOT_COMPACT("", upper)
    if not compact:
        raise InvalidInput("the name cannot be asked for", [Fault("full_name", "must hold letters")])
    return compact


def _usual_letters() -> dict[int, str | None]:
    """Give what becomes of ASCII and of Vietnamese letters that are one sign each; None is left out.

    A name of these alone needs no decomposition: what becomes of a letter depends on no other one.
    """
    usual: dict[int, str | None] = {code: chr(code).upper() if chr(code).isalnum() else None for code in range(0x80)}
    for code in (*range(0xC0, 0x1B1), *range(0x1EA0, 0x1EFA)):
        with suppress(InvalidInput):
            usual[code] = _compact_unusual(chr(code))
    return usual


_USUAL = _usual_letters()


def _upper_name(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).upper().split())


_FORMS: dict[NameForm, Callable[[str], str]] = {
    NameForm.UPPER: _upper_name,
    NameForm.AS_WRITTEN: lambda name: " ".join(unicodedata.normalize("NFC", name).split()),
}


def wire_name(name: str, form: NameForm) -> str:
    """Give a name as it is sent. Raises InvalidInput for one that cannot be."""
    if not name.strip() or len(name) > MAX_NAME:
        raise InvalidInput(
            "the name cannot be asked for", [Fault("full_name", f"must have 1 to {MAX_NAME} characters")]
        )
    # A no-break space is an ordinary slip; marks that nobody sees are somebody's trick. What can be printed holds none.
    if not name.isprintable() and not _FORBIDDEN.isdisjoint(map(unicodedata.category, name)):
        raise InvalidInput("the name cannot be asked for", [Fault("full_name", "must hold no invisible characters")])
    compact = compact_name(name)  # A name that cannot be compared cannot be trusted when the answer comes.
    sent = compact if form is NameForm.COMPACT else _FORMS[form](name)
    if len(sent) > MAX_NAME:
        raise InvalidInput("the name cannot be asked for", [Fault("full_name", f"must fit in {MAX_NAME} characters")])
    return sent


def check_numbers(personal_number: str, old_card_number: str) -> None:
    """Take exactly one number, of the right length in ASCII digits. Raises InvalidInput naming all that is wrong."""
    faults = []
    if bool(personal_number) == bool(old_card_number):
        faults.append(Fault("personal_number", "exactly one of personal_number and old_card_number must be stated"))
    if personal_number and _PERSONAL_NUMBER(personal_number) is None:
        faults.append(Fault("personal_number", "must be 12 digits"))
    if old_card_number and _OLD_CARD(old_card_number) is None:
        faults.append(Fault("old_card_number", "must be 9 digits"))
    if faults:
        raise InvalidInput("the number cannot be asked for", faults)


_BIRTH_FORMS = (
    re.compile(r"(?P<day>[0-9]{2})/(?P<month>[0-9]{2})/(?P<year>[0-9]{4})", re.ASCII),
    re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})", re.ASCII),
    re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})", re.ASCII),
    re.compile(r"(?P<year>[0-9]{4})", re.ASCII),
)
_EIGHT = re.compile(r"[0-9]{8}", re.ASCII).fullmatch


def read_birth_date(text: str) -> PartialDate:
    """Read dd/mm/yyyy, yyyy-mm-dd, yyyymmdd, ddmmyyyy, yyyy-mm or yyyy. Raises InvalidInput.

    Eight digits that make a date both ways are read year first, as the wire has them.
    """
    for form in _BIRTH_FORMS:
        match = form.fullmatch(text)
        if match is not None:
            parts = match.groupdict()
            return _made(parts["year"], parts.get("month"), parts.get("day"))
    if _EIGHT(text) is not None:
        try:
            return _made(text[:4], text[4:6], text[6:])
        except InvalidInput:
            return _made(text[4:], text[2:4], text[:2])
    raise _no_date()


def _made(year: str, month: str | None, day: str | None) -> PartialDate:
    try:
        whole = date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        raise _no_date() from None
    if whole.year < 1850:
        raise _no_date()
    if day is not None:
        return PartialDate(whole.isoformat(), Precision.DAY)
    return PartialDate(f"{year}-{month}", Precision.MONTH) if month else PartialDate(year, Precision.YEAR)


def _no_date() -> InvalidInput:
    rule = "must be a date as dd/mm/yyyy, yyyy-mm-dd or yyyymmdd, or a year"
    return InvalidInput("the birth date cannot be asked for", [Fault("birth_date", rule)])


def wire_birth_date(born: PartialDate | None) -> tuple[str, str]:
    """Give (full date as yyyymmdd, year): one of them, or none when nothing is known (§13.2)."""
    if born is None:
        return "", ""
    if born.precision is Precision.DAY:
        return born.value.replace("-", ""), ""
    return "", born.value[:4]
