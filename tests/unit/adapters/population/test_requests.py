"""Requests: what is filled in is what zeep itself writes, and what the contract's schema takes (notes §4, §18 N16)."""

from importlib.resources import files
from itertools import product
from typing import Any

import pytest
from lxml import etree

from adapters.population.decoding import REQUESTS, SOAP
from adapters.population.question import MAX_WORD, Question
from adapters.population.requests import contract, write_envelope, zeep_envelope
from adapters.population.settings import Operation, RequestForm
from gateway.errors import InvalidInput
from tests.unit.adapters.population.questions import make_question

_NUMBERS: tuple[dict[str, str], ...] = (
    {"personal_number": "999190000001"},
    {"personal_number": "", "old_card_number": "999000018"},
    {"personal_number": ""},
)
_BIRTHS: tuple[dict[str, str], ...] = (
    {"birth_day": "19900203"},
    {"birth_day": "", "birth_year": "1990"},
    {"birth_day": ""},
)
_AGENCIES: tuple[dict[str, str], ...] = ({}, {"agency_code": "H99.01"})
_LOGINS: tuple[dict[str, str], ...] = ({}, {"login": "canbo@tinh.example", "phone": "0"})
COMBINATIONS = [
    {**number, **birth, **agency, **login}
    for number, birth, agency, login in product(_NUMBERS, _BIRTHS, _AGENCIES, _LOGINS)
]
"""Every set of optional elements that a question can have."""


def schema() -> Any:
    folder = files("adapters.population").joinpath("contract")
    return etree.XMLSchema(etree.fromstring(folder.joinpath("yeucau.xsd").read_bytes()))


def body_of(envelope: bytes) -> Any:
    root = etree.fromstring(envelope)
    header, body = root
    assert (f"{{{SOAP}}}Header", 0, None) == (header.tag, len(header), header.text)
    assert f"{{{SOAP}}}Body" == body.tag
    (child,) = body
    return child


def told(element: Any) -> list[tuple[str, str]]:
    """Give names and texts of the leaves in their order."""
    return [(etree.QName(leaf).localname, leaf.text or "") for leaf in element.iter() if len(leaf) == 0]


@pytest.mark.parametrize("operation", list(Operation))
def test_filled_pieces_are_what_zeep_writes(operation: Operation) -> None:
    """For every operation and every set of optional elements, byte for byte, and the schema takes each of them."""
    valid = schema()
    for changes in COMBINATIONS:
        question = make_question(**changes)
        written = write_envelope(operation, RequestForm.STANDARD, question)
        child = body_of(written)

        assert zeep_envelope(operation, question.fields()) == written.decode()
        assert f"{{{REQUESTS}}}{operation.value}" == child.tag
        assert list(question.fields().items()) == told(child)
        valid.assertValid(child)


def test_every_operation_of_the_contract_is_known() -> None:
    """No operation is in one and not in the other."""
    (service,) = contract().wsdl.services.values()
    (port,) = service.ports.values()

    assert {operation.value for operation in Operation} == set(port.binding._operations)


def test_the_letters_form_of_a_verification() -> None:
    """Another root, `MaDichVu`, no birth date, both numbers always there (§7)."""
    child = body_of(write_envelope(Operation.VERIFY, RequestForm.LETTER_761, make_question(service_code="033")))

    assert f"{{{REQUESTS}}}XacThucThongTinCongDanRequest" == child.tag
    assert [
        ("MaYeuCau", "H99-0001"),
        ("MaDichVu", "033"),
        ("MaCanBo", "canbo.a"),
        ("SoDinhDanh", "999190000001"),
        ("SoCMND", ""),
        ("HoVaTen", "NGUYENTHIMAU"),
    ] == told(child)


@pytest.mark.parametrize(("birth", "written"), list(zip(_BIRTHS, ("19900203", "1990", ""), strict=True)))
def test_the_vendors_form_of_a_kinship_question(birth: dict[str, str], written: str) -> None:
    """Another namespace, every child always there, the unit before the officer, the birth date flat (§4)."""
    question = make_question(agency_code="H99.01", **birth)
    child = body_of(write_envelope(Operation.KINSHIP, RequestForm.GTEL, question))

    assert "{http://gtel.vn/qldc}XacMinhThongTinNhanThan" == child.tag
    assert [
        ("MaYeuCau", "H99-0001"),
        ("MaDVC", "1.999001"),
        ("MaTichHop", "037"),
        ("MaDonVi", "H99.01"),
        ("MaCanBo", "canbo.a"),
        ("SoDinhDanh", "999190000001"),
        ("SoCMND", ""),
        ("HoVaTen", "NGUYENTHIMAU"),
        ("NgayThangNamSinh", written),
    ] == told(child)


_MARKUP = (
    "<b>",
    "a&amp;b",
    "a & b",
    "]]>",
    "<![CDATA[x]]>",
    "</q:HoVaTen><q:HoVaTen>",
    "'\"",
    "Nguyễn Đức",
    "{0}",
    "%s",
)
_FORMS = (
    (Operation.LOOK_UP, RequestForm.STANDARD),
    (Operation.VERIFY, RequestForm.LETTER_761),
    (Operation.KINSHIP, RequestForm.GTEL),
)


@pytest.mark.parametrize("text", _MARKUP)
@pytest.mark.parametrize(("operation", "form"), _FORMS)
def test_n16_markup_is_text(operation: Operation, form: RequestForm, text: str) -> None:
    """Whatever looks like markup arrives as the text that it is, in every form."""
    envelope = write_envelope(operation, form, make_question(name=text, officer_code=text))
    told_texts = dict(told(body_of(envelope)))

    assert (text, text) == (told_texts["HoVaTen"], told_texts["MaCanBo"])


def test_n16_markup_is_written_as_zeep_writes_it() -> None:
    """Escaping is the same, too."""
    for text in _MARKUP:
        question = make_question(name=text, login=text, phone="0")
        written = write_envelope(Operation.LOOK_UP, RequestForm.STANDARD, question).decode()
        assert zeep_envelope(Operation.LOOK_UP, question.fields()) == written


_UNSEEN = {
    "NUL": "\0",
    "tab": "\t",
    "line break": "\n",
    "carriage return": "\r",
    "escape": "\x1b",
    "C1": "\x85",
    "soft hyphen": "\xad",
    "right to left override": "\u202e",
    "isolate": "\u2066",
    "right to left mark": "\u200f",
    "zero width space": "\u200b",
    "line separator": "\u2028",
    "byte order mark": "\ufeff",
    "half a character": "\ud800",
    "private": "\ue000",
    "no character": "\uffff",
    "tag": "\U000e0041",
    "private plane": "\U00100000",
}


@pytest.mark.parametrize("kind", sorted(_UNSEEN))
def test_n16_what_nobody_sees_is_refused_before_sending(kind: str) -> None:
    """In every text of a question, each named, and without the text itself."""
    text = f"A{_UNSEEN[kind]}B"
    with pytest.raises(InvalidInput) as caught:
        make_question(name=text, officer_code=text, procedure_code=text, agency_code=text, login=text)

    assert {"full_name", "officer_code", "procedure_code", "agency_code", "login"} == {
        fault.field for fault in caught.value.faults
    }
    assert text not in str(caught.value)


def test_n16_long_words_are_refused_before_sending() -> None:
    """The contract's longest code passes, one letter more does not."""
    longest = "x" * MAX_WORD
    child = body_of(
        write_envelope(Operation.LOOK_UP, RequestForm.STANDARD, make_question(officer_code=longest, login=longest))
    )
    schema().assertValid(child)
    with pytest.raises(InvalidInput) as caught:
        make_question(officer_code=longest + "x", agency_code="y" * 10_000)

    assert ["officer_code", "agency_code"] == [fault.field for fault in caught.value.faults]


def test_questions_show_nobody() -> None:
    """A question in a log names no person."""
    question: Question = make_question(old_card_number="999000018", birth_year="1990")

    assert not any(word in repr(question) for word in ("999190000001", "999000018", "NGUYEN", "1990"))
