"""Requests, made by zeep from the contract once for each shape and then filled in. Pure.

What zeep does at every call (walk the schema, build the tree, write it) depends only on which elements are there, so
its result is cut into pieces around the values and kept. A test compares filled pieces with what zeep itself writes.
The order of the elements is the contract's (population notes §4); the two shapes that other clients have are written
here.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import as_file, files
from typing import Any
from xml.sax.saxutils import escape

from adapters.population.question import Question
from adapters.population.settings import Operation, RequestForm

Fields = Mapping[str, str]
# A question holds no private characters, so nothing of it is taken for a mark.
_MARK = "\ue000{}\ue001"
_MARKS = re.compile("\ue000([A-Za-z]+)\ue001")
_BIRTH = ("NgayThangNam", "Nam")
_LETTER_761 = ("MaYeuCau", "MaDichVu", "MaCanBo", "SoDinhDanh", "SoCMND", "HoVaTen")
_GTEL = (
    "MaYeuCau",
    "MaDVC",
    "MaTichHop",
    "MaDonVi",
    "MaCanBo",
    "SoDinhDanh",
    "SoCMND",
    "HoVaTen",
    "NgayThangNamSinh",
)
_OTHER_FORMS: Mapping[RequestForm, tuple[str, str, tuple[str, ...]]] = {
    RequestForm.LETTER_761: ("XacThucThongTinCongDanRequest", "http://dancuquocgia.bca", _LETTER_761),
    RequestForm.GTEL: ("XacMinhThongTinNhanThan", "http://gtel.vn/qldc", _GTEL),
}


def write_envelope(operation: Operation, form: RequestForm, question: Question) -> bytes:
    """Give the envelope."""
    fields = question.fields()
    if form is RequestForm.STANDARD:
        pieces = _pieces(operation, tuple(fields))
    else:
        fields = _other_fields(form, fields)
        pieces = _other_pieces(form)
    return "".join([text if is_text else _escaped(fields[text]) for is_text, text in pieces]).encode()


def _escaped(text: str) -> str:
    return text if text.isalnum() else escape(text)  # Letters and digits are no markup.


@cache
def contract() -> Any:
    """Give zeep's client of the shipped contract. It calls nobody: nothing of it is fetched."""
    # zeep costs a third of a second to load, which only a province that asks the database should pay.
    from zeep import Client, Settings

    with as_file(files("adapters.population").joinpath("contract")) as folder:
        strict = Settings(forbid_dtd=True, forbid_entities=True, forbid_external=True)
        return Client(  # type: ignore[no-untyped-call]
            str(folder / "dancuquocgia.wsdl"), settings=strict
        )


def zeep_envelope(operation: Operation, fields: Fields) -> str:
    """Give what zeep writes for a question."""
    from lxml import etree

    birth = {name: fields[name] for name in _BIRTH if name in fields}
    others: dict[str, Any] = {name: value for name, value in fields.items() if name not in _BIRTH}
    if birth:
        others["NgayThangNamSinh"] = birth
    client = contract()
    envelope = client.create_message(client.service, operation.value, **others)
    header = etree.Element("{http://schemas.xmlsoap.org/soap/envelope/}Header")
    # Every client that was seen sends an empty header (§1).
    envelope.insert(0, header)
    written: str = etree.tostring(envelope, encoding="unicode")
    return written


@cache
def _pieces(operation: Operation, names: tuple[str, ...]) -> tuple[tuple[bool, str], ...]:
    return _cut(zeep_envelope(operation, {name: _MARK.format(name) for name in names}))


@cache
def _other_pieces(form: RequestForm) -> tuple[tuple[bool, str], ...]:
    root, namespace, names = _OTHER_FORMS[form]
    children = "".join(f"<q:{name}>{_MARK.format(name)}</q:{name}>" for name in names)
    return _cut(
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header/><s:Body>'
        f'<q:{root} xmlns:q="{namespace}">{children}</q:{root}></s:Body></s:Envelope>'
    )


def _other_fields(form: RequestForm, fields: Fields) -> dict[str, str]:
    # These shapes have every child always, and the birth date as one text.
    born = fields.get("NgayThangNam", "") or fields.get("Nam", "")
    complete = dict.fromkeys((*_LETTER_761, *_GTEL), "") | dict(fields)
    return complete | {"MaDichVu": fields["MaTichHop"], "NgayThangNamSinh": born}


def _cut(text: str) -> tuple[tuple[bool, str], ...]:
    parts = _MARKS.split(text)
    return tuple((place % 2 == 0, part) for place, part in enumerate(parts))
