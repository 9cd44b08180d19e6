"""What is asked, read strictly from XML or JSON (§4). Reading never fails: what is wrong is part of the result."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

import msgspec

from adapters.population.sandbox.operations import KNOWN, LOOK_UP, UNSUPPORTED, VERIFY
from adapters.population.sandbox.profile import PopulationProfile
from adapters.population.sandbox.xml_tree import Element, XmlError, read_xml

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
REQUESTS = "http://dancuquocgia.bca"
CITIZENS = "http://www.mic.gov.vn/dancu/1.0"

_REQUIRED = ("MaYeuCau", "MaDVC", "MaTichHop", "MaCanBo", "HoVaTen")
_ORDER = (
    *("MaYeuCau", "MaDVC", "MaTichHop", "MaCanBo", "MaDonVi", "TaiKhoan", "SoDienThoai"),
    *("SoDinhDanh", "SoCMND", "HoVaTen", "NgayThangNamSinh"),
)
_PLACE = {name: place for place, name in enumerate(_ORDER)}
_REQUEST_ID = re.compile(r"[0-9A-Za-z_.\-]+\Z")
_MAX_NAME = 150
_MAX_SHORT = 100


class Layer(Enum):
    """Who says no; each has a form of its own (§10.1)."""

    SERVICE = "service"
    GATEWAY = "gateway"
    XROAD = "xroad"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A question that is not answered: a code of §10.5 (service), of WSO2 (gateway), or a type (X-Road)."""

    code: str
    text: str
    layer: Layer = Layer.SERVICE
    http_status: int = 0
    """0 leaves the status to the layer."""


@dataclass(slots=True)
class Question:
    """A question as it was put; "" is what was not said. `born` is `yyyymmdd` or `yyyy`."""

    operation: str = ""
    request_id: str = ""
    procedure: str = ""
    service: str = ""
    officer: str = ""
    unit: str = ""
    number: str = ""
    card: str = ""
    name: str = ""
    born: str = ""
    problem: Refusal | None = None
    """Why it cannot be answered as it stands."""


def read_soap(body: bytes, profile: PopulationProfile) -> Question:
    """Read an envelope."""
    question = Question()
    try:
        envelope = read_xml(body)
    except XmlError as error:
        question.problem = Refusal("001", str(error), http_status=400 if error.is_hostile else 0)
        return question
    asked = _body_child(envelope)
    if isinstance(asked, Refusal):
        question.problem = asked
        return question
    question.operation = asked.local
    _read_children(question, asked, profile)
    return question


def _body_child(envelope: Element) -> Element | Refusal:
    if (envelope.space, envelope.local) != (SOAP, "Envelope"):
        return Refusal("001", "Không phải phong bì SOAP 1.1")
    parts = [part.local for part in envelope.children if part.space == SOAP]
    if parts not in (["Header", "Body"], ["Body"]) or len(parts) != len(envelope.children):
        return Refusal("001", "Phong bì SOAP không đúng cấu trúc")
    children = envelope.children[-1].children
    if len(children) != 1:
        return Refusal("001", "Body phải có đúng một phần tử")
    asked = children[0]
    if asked.space != REQUESTS or asked.local not in KNOWN:
        return Refusal("001", "Không có dịch vụ này")
    return asked


def _read_children(question: Question, asked: Element, profile: PopulationProfile) -> None:
    values: dict[str, str] = {}
    last = -1
    problem = None
    for child in asked.children:
        place = _PLACE.get(child.local, -1) if child.space == REQUESTS else -1
        is_out_of_order = place <= last if profile.is_order_checked else child.local in values
        if problem is None and (place < 0 or is_out_of_order):
            problem = Refusal("001", "Phần tử lạ, lặp hoặc sai thứ tự")
        last = max(last, place)
        if child.local != "NgayThangNamSinh":
            if child.children and problem is None:
                problem = Refusal("001", f"{child.local} không được có phần tử con")
            values.setdefault(child.local, child.text)
        elif problem is None:
            problem = _read_birth(question, child)
    if asked.text.strip() and problem is None:
        problem = Refusal("001", "Có văn bản ngoài phần tử")
    _take_values(question, values)
    if asked.local in UNSUPPORTED:
        return
    missing = next((name for name in _REQUIRED if name not in values), None)
    if missing is not None and problem is None:
        problem = Refusal("001", f"Thiếu phần tử {missing}")
    are_both = "SoDinhDanh" in values and "SoCMND" in values
    question.problem = problem or _problem_of(question, profile, are_both=are_both)


def _read_birth(question: Question, element: Element) -> Refusal | None:
    children = element.children
    if len(children) != 1 or children[0].space != REQUESTS or element.text.strip():
        return Refusal("001", "NgayThangNamSinh phải có đúng một phần tử con")
    question.born = children[0].text
    expected = {"NgayThangNam": 8, "Nam": 4}.get(children[0].local, 0)
    if len(question.born) != expected or not _is_birth(question.born):
        return Refusal("001", "NgayThangNamSinh không đúng định dạng")
    return None


def _is_birth(text: str) -> bool:
    if not (text.isascii() and text.isdigit()) or len(text) not in (4, 8):
        return False
    if len(text) == 4:
        return True
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True


def _take_values(question: Question, values: Mapping[str, str]) -> None:
    get = values.get
    question.request_id = get("MaYeuCau", "")
    question.procedure = get("MaDVC", "")
    question.service = get("MaTichHop", "")
    question.officer = get("MaCanBo", "")
    question.unit = get("MaDonVi", "")
    question.number = get("SoDinhDanh", "")
    question.card = get("SoCMND", "")
    question.name = get("HoVaTen", "")


def _problem_of(question: Question, profile: PopulationProfile, *, are_both: bool) -> Refusal | None:
    """Find what is wrong with values that are all there; order as in §10.5."""
    identity = question.request_id
    if not _REQUEST_ID.match(identity) or len(identity) > profile.request_id_max_length:
        return Refusal("001", "MaYeuCau không đúng định dạng")
    if not _are_digits(question.service, 3):
        return Refusal("001", "MaTichHop không đúng định dạng")
    if len(question.procedure) > _MAX_SHORT or len(question.officer) > _MAX_SHORT:
        return Refusal("001", "MaDVC hoặc MaCanBo quá dài")
    if not question.name.strip() or len(question.name) > _MAX_NAME:
        return Refusal("001", "HoVaTen trống hoặc quá dài")
    is_number = _are_digits(question.number, 12) and not question.card
    is_card = _are_digits(question.card, 9) and not question.number
    if are_both or not (is_number or is_card):
        return Refusal("002", "SoDinhDanh, SoCMND phải có đúng một và đúng định dạng")
    if profile.is_birth_date_required and not question.born and question.operation != VERIFY:
        return Refusal("001", "Thiếu phần tử NgayThangNamSinh")
    return None


def _are_digits(text: str, length: int) -> bool:
    return len(text) == length and text.isascii() and text.isdigit()


_REST_NAMES = {
    "maYeuCau": "MaYeuCau",
    "maDVC": "MaDVC",
    "maCanBo": "MaCanBo",
    "soDinhDanh": "SoDinhDanh",
    "soCMND": "SoCMND",
    "hoVaTen": "HoVaTen",
    "ngayThangNam": "NgayThangNam",
    "userNameService": "userNameService",
}
_WRAP_NAMES = ("HoVaTen", "SoDinhDanh", "SoCMND", "NgayThangNam", "Nam", "MaTichHop", "MaDVC", "MaCanBo", "MaYeuCau")


def read_rest(body: bytes, profile: PopulationProfile, operation: str) -> Question:
    """Read the JSON of §2.3; it has no MaTichHop, so the path says what is asked."""
    service = "033" if operation == VERIFY else "037"
    return _read_json(body, profile, _REST_NAMES, operation, service)


def read_wrapped(body: bytes, profile: PopulationProfile, operation: str = "") -> Question:
    """Read the JSON of §2.5; where the path does not say what is asked, MaTichHop does."""
    return _read_json(body, profile, {name: name for name in _WRAP_NAMES}, operation, "")


def _read_json(
    body: bytes, profile: PopulationProfile, names: Mapping[str, str], operation: str, service: str
) -> Question:
    question = Question(operation=operation)
    try:
        document: Any = msgspec.json.decode(body)
    except msgspec.DecodeError:
        document = None
    if not isinstance(document, dict):
        question.problem = Refusal("001", "Không phải đối tượng JSON")
        return question
    is_odd = any(name not in names or not isinstance(value, str) for name, value in document.items())
    values = {names[name]: value for name, value in document.items() if name in names and isinstance(value, str)}
    values.setdefault("MaTichHop", service)
    _take_values(question, values)
    if not operation:
        question.operation = VERIFY if question.service in ("033", "003") else LOOK_UP
    question.born = values.get("NgayThangNam", "") or values.get("Nam", "")
    if is_odd or not all(name in values for name in _REQUIRED):
        question.problem = Refusal("001", "Thiếu trường, trường lạ hoặc sai kiểu")
    elif question.born and not _is_birth(question.born):
        question.problem = Refusal("001", "Ngày sinh không đúng định dạng")
    elif question.operation not in UNSUPPORTED:
        # Empty texts stand for what is absent here, so both numbers are given only when both say something.
        are_both = bool(question.number and question.card)
        question.problem = _problem_of(question, profile, are_both=are_both)
    return question
