"""Grammars: every vector of the notes, and what is noticed without being wrong."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gateway.ports.codes import AgencyForm
from mappings.codes.agencies import load_agencies, read_agency_id
from mappings.codes.grammars import (
    read_component_code,
    read_dossier_code,
    read_field_code,
    read_procedure_code,
    read_receipt_key,
    read_result_code,
)
from mappings.codes.numbers import (
    PhoneKind,
    Sex,
    TaxNumberKind,
    read_citizen_number,
    read_phone,
    read_tax_code,
    tax_check_digit,
    tax_number_kind,
)
from mappings.codes.reading import Notice, Reading

TODAY = date(2026, 11, 22)
AGENCIES = load_agencies()
VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "code-samples.json").read_text(encoding="ascii")
)["vectors"]


def of_form(form: AgencyForm) -> Callable[[str], bool]:
    def accepts(text: str) -> bool:
        agency = read_agency_id(text).value
        return agency is not None and agency.form is form

    return accepts


def is_flawless_citizen_number(text: str) -> bool:
    # The vectors call a number of no province, or of somebody not yet born, invalid; the gateway takes it and notices.
    reading = read_citizen_number(text, agencies=AGENCIES, today=TODAY)
    return reading.value is not None and not reading.notices


ACCEPTS: dict[str, Callable[[str], bool]] = {
    "agency_qd20": of_form(AgencyForm.DECISION_20),
    "agency_qcvn102": of_form(AgencyForm.QCVN_102),
    "dossier": lambda text: read_dossier_code(text, agencies=AGENCIES, today=TODAY).value is not None,
    "procedure": lambda text: read_procedure_code(text).value is not None,
    "field": lambda text: read_field_code(text).value is not None,
    "citizen": is_flawless_citizen_number,
    "tax": lambda text: read_tax_code(text).value is not None,
}


@pytest.mark.parametrize("vector", VECTORS, ids=[f"{one['kind']}-{index}" for index, one in enumerate(VECTORS)])
def test_vectors_of_the_notes(vector: dict[str, Any]) -> None:
    """Each vector is accepted or refused as the notes say."""
    assert vector["valid"] == ACCEPTS[vector["kind"]](vector["value"]), vector["note"]


def test_there_are_sixty_three_vectors() -> None:
    """The file is whole."""
    assert 63 == len(VECTORS)


@pytest.mark.parametrize(
    ("text", "level1", "dated_on", "number", "notices"),
    [
        ("000.00.01.H14-220805-0001", "H14", date(2022, 8, 5), "0001", ()),
        ("000.00.01.H14-220805-10000", "H14", date(2022, 8, 5), "10000", (Notice.COUNTER_OVERFLOWED,)),
        ("H14.01-260105-00017", "H14", date(2026, 1, 5), "00017", ()),
        ("G09.20-20260609-0092637", "G09", date(2026, 6, 9), "0092637", ()),
        ("G99.20-20260609-0000001", "G99", date(2026, 6, 9), "0000001", (Notice.LEVEL1_UNKNOWN,)),
        ("H46.12-250630-0001", "H46", date(2025, 6, 30), "0001", ()),
        ("H46.12-250701-0001", "H46", date(2025, 7, 1), "0001", (Notice.LEVEL1_CLOSED,)),
        ("G13.12-250701-0001", "G13", date(2025, 7, 1), "0001", (Notice.LEVEL1_NOT_LISTED,)),
    ],
)
def test_dossier_codes_are_taken_apart(
    text: str, level1: str, dated_on: date, number: str, notices: tuple[Notice, ...]
) -> None:
    """Wider shapes are read too; a closed code, an unknown one and an overflow are noticed, not refused."""
    reading = read_dossier_code(text, agencies=AGENCIES, today=TODAY)
    code = reading.require()

    assert (text, level1, dated_on, number) == (code.text, code.agency.level1, code.dated_on, code.number)
    assert notices == reading.notices


@pytest.mark.parametrize(("day", "is_noticed"), [(3, True), (4, False), (5, False), (6, False), (7, True)])
def test_a_date_far_from_the_receipt_is_noticed(day: int, is_noticed: bool) -> None:
    """A day's difference is ordinary, two are not."""
    reading = read_dossier_code("H14.01-220805-0001", agencies=AGENCIES, today=TODAY, received_on=date(2022, 8, day))
    assert is_noticed == (Notice.DATE_DIFFERS in reading.notices)


@pytest.mark.parametrize(
    ("text", "national", "level1", "service"),
    [
        ("1.000045", "1.000045", None, ""),
        ("2.000815.000.00.00.H55.02", "2.000815", "H55", "02"),
        ("1.999002.H99", "1.999002", "H99", ""),
    ],
)
def test_procedure_codes_are_taken_apart(text: str, national: str, level1: str | None, service: str) -> None:
    """The national part is there for comparing, whatever the local suffix; both forms of the suffix are read."""
    code = read_procedure_code(text).require()

    assert (text, national, service) == (code.text, code.national, code.service)
    assert level1 == (None if code.local is None else code.local.level1)


def test_components_results_and_fields_are_read() -> None:
    """The related codes of the catalogue; a kind that no source shows is noticed."""
    component = read_component_code("000.00.00.G09-KQ002269")
    assert ("G09", "KQ", "002269") == (
        component.require().agency.level1,
        component.require().kind,
        component.require().number,
    )
    assert () == component.notices
    assert (Notice.KIND_NOT_SEEN,) == read_component_code("000.00.00.G09-TP002269").notices
    assert "G07" == read_result_code("KQ.G07.000122").require().owner
    assert "GD10" == read_field_code("G03-GD10").require().field
    for reading in (read_component_code("G09-KQ1"), read_result_code("KQ.G07.122"), read_field_code("G03-gd10")):
        assert reading.value is None
        assert reading.faults


@pytest.mark.parametrize(
    ("form_symbol", "symbol", "number", "faulty", "notices"),
    [
        ("01BLP", "AB-26E", "0000001", [], ()),
        ("01BLP", "AB26", "1", [], ()),
        ("01BLP", "2026", "1", [], (Notice.SYMBOL_NOT_SEEN,)),
        ("01BLP", "AB26", "0000000", ["number"], ()),
        ("01BLP", "AB26", "12345678", ["number"], ()),
        ("", "A B", "x", ["form_symbol", "symbol", "number"], ()),
    ],
)
def test_a_receipt_is_named_by_all_its_parts(
    form_symbol: str, symbol: str, number: str, faulty: list[str], notices: tuple[Notice, ...]
) -> None:
    """Number and zeros: 0000001 and 1 are one number; what is wrong is named part by part."""
    reading = read_receipt_key("0100233488", form_symbol, symbol, number)

    assert faulty == [fault.field for fault in reading.faults]
    assert notices == reading.notices
    assert (reading.value is None) == bool(faulty)
    if reading.value is not None:
        assert 1 == reading.value.number


@pytest.mark.parametrize(
    ("text", "born_on", "sex", "notices"),
    [
        ("999087000123", None, None, (Notice.PROVINCE_UNKNOWN,)),
        ("004087000123", date(1987, 5, 1), Sex.MALE, ()),
        ("004087000123", date(1988, 5, 1), Sex.FEMALE, (Notice.BIRTH_YEAR_DIFFERS, Notice.SEX_DIFFERS)),
        ("004487000123", None, None, (Notice.BORN_IN_FUTURE,)),
    ],
)
def test_citizen_numbers_are_doubted_not_refused(
    text: str, born_on: date | None, sex: Sex | None, notices: tuple[Notice, ...]
) -> None:
    """A foreign prefix, another year or sex than the record's: a notice, and never a refusal."""
    reading = read_citizen_number(text, agencies=AGENCIES, today=TODAY, born_on=born_on, sex=sex)

    assert reading.value is not None
    assert notices == reading.notices


READ: list[tuple[Callable[[str], Reading[Any]], str]] = [
    (lambda text: read_citizen_number(text, agencies=AGENCIES, today=TODAY), "999087000123"),
    (read_tax_code, "0100233488"),
    (read_phone, "0912345678"),
]


@pytest.mark.parametrize(("read", "number"), READ)
def test_numbers_of_persons_show_nowhere(read: Callable[[str], Reading[Any]], number: str) -> None:
    """Neither the object's own text nor a fault holds the number or a part of it that tells a person."""
    accepted, broken = read(number), read(number + "x")

    assert accepted.value is not None
    assert broken.value is None
    assert number[-6:] not in repr(accepted)
    assert number[-6:] not in repr(broken)


def test_one_tax_body_in_eleven_has_no_code() -> None:
    """Every single wrong digit is caught, and a sum divisible by eleven has no check digit at all."""
    bodies = [f"01{serial:07}" for serial in range(1, 1101)]
    digits = {body: tax_check_digit(body) for body in bodies}

    assert 100 == sum(digit is None for digit in digits.values())
    for body, digit in list(digits.items())[:50]:
        good = [str(one) for one in range(10) if read_tax_code(body + str(one)).value is not None]
        assert good == ([] if digit is None else [str(digit)])


def test_tax_numbers_are_routed_by_length() -> None:
    """A personal identifier in the place of a tax code is told, not refused as a mistake."""
    assert TaxNumberKind.CITIZEN is tax_number_kind("004087000123")
    assert TaxNumberKind.ENTERPRISE is tax_number_kind("0100233488")
    assert TaxNumberKind.BRANCH is tax_number_kind("0314409058-002")
    assert tax_number_kind("80123456") is None
    assert "citizen number" in read_tax_code("004087000123").faults[0].rule


@pytest.mark.parametrize(
    ("text", "e164", "kind", "has_notice"),
    [
        ("0912345678", "+84912345678", PhoneKind.MOBILE, False),
        ("+84912345678", "+84912345678", PhoneKind.MOBILE, False),
        ("84912345678", "+84912345678", PhoneKind.MOBILE, False),
        ("0084 912.345.678", "+84912345678", PhoneKind.MOBILE, True),
        ("0206 3852 139", "+842063852139", PhoneKind.FIXED, True),
        ("(024) 3821-5137", "+842438215137", PhoneKind.FIXED, True),
        ("19001234", "+8419001234", PhoneKind.SERVICE, False),
    ],
)
def test_telephones_are_stored_in_e164(text: str, e164: str, kind: PhoneKind, has_notice: bool) -> None:
    """However it is written, one number has one form, and left-out separators are noticed."""
    reading = read_phone(text)

    assert (e164, kind) == (reading.require().e164, reading.require().kind)
    assert has_notice == (Notice.SEPARATORS_REMOVED in reading.notices)


@pytest.mark.parametrize(
    "text", ["01652123456", "0412345678", "091234567", "09123456789", "0912345678\n", "", "٠٩١٢٣٤٥٦٧٨"]
)
def test_what_is_no_telephone_is_refused(text: str) -> None:
    """The 11-digit mobiles ended in 2018; a digit too few or too many is no number."""
    assert read_phone(text).value is None
