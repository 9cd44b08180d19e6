"""A SOAP reply as bytes, judged before anything of it is believed. Pure.

The order is fixed: size, document type, well-formedness, envelope, exactly one child of the body, its exact name, the
schema of its form; only then is a record read. zeep's own decoding is not used: it turns unknown replies into empty
ones, and an empty reply means "not found" (population notes §16.5).

Tolerance, case by case (§18 N12): an unknown child or attribute is left out and noticed; `xsi:nil` on an empty element
is that element's absence of a value; comments and processing instructions are not seen, CDATA is text. Children out of
order, repeated ones, text beside children and children inside a text are refused. The known forms of a reply are
schemas; the one that leaves out least is taken, in the order given.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from lxml import etree

from gateway.model.citizen import CitizenRecord
from mappings.population.records import RecordReader

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
REQUESTS = "http://dancuquocgia.bca"
RECORDS = "http://www.mic.gov.vn/dancu/1.0"
WSO2_FAULT = "http://wso2.org/apimanager/security"
_BODIES = frozenset(f"{{{namespace}}}Body" for namespace in (SOAP, SOAP_12))
_FAULTS = frozenset(f"{{{namespace}}}Fault" for namespace in (SOAP, SOAP_12))
_XS = "{http://www.w3.org/2001/XMLSchema}"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_VERIFICATION_ROOTS = frozenset(
    f"{{{REQUESTS}}}{name}" for name in ("KetQuaXacThuc", "KetQuaXacThucResponse", "XacThucThongTinCongDanResponse")
)
_TRUTH = {"true": True, "1": True, "false": False, "0": False}
_CODE_LIKE = re.compile(r"[A-Za-z0-9_.:-]{1,40}", re.ASCII).fullmatch
_PERSON_LIKE = re.compile(r"[0-9]{9,}")
_PARSER = etree.XMLParser(
    resolve_entities=False,
    load_dtd=False,
    no_network=True,
    dtd_validation=False,
    huge_tree=False,
    remove_comments=True,
    remove_pis=True,
    recover=False,
)
_MAX_DEPTH = 64
_MAX_PEOPLE = 100


class Form(StrEnum):
    """The known forms of a reply with records (§6)."""

    FLAT = "flat"
    QCVN109 = "qcvn109"
    KINSHIP = "kinship"


ALL_FORMS = (Form.FLAT, Form.QCVN109, Form.KINSHIP)
_SCHEMAS = {Form.FLAT: "congdan.xsd", Form.QCVN109: "congdan-qcvn109.xsd", Form.KINSHIP: "congdan-kinship.xsd"}


class Undecodable(ValueError):
    """The reply is not what it should be; `reason` is a word from a closed list, without any content."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class SoapFault:
    """A fault, as far as it may be shown: code-like words only, since fault texts quote people."""

    fault_code: str
    business_code: str
    """`MaLoi`, or the first code-like word of the detail; "" when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What a look-up answered."""

    people: tuple[CitizenRecord, ...]
    form: Form
    data_time: datetime | None
    notices: tuple[str, ...]


def parse(body: bytes, *, max_bytes: int) -> Any:
    """Give the root element. Raises Undecodable."""
    if len(body) > max_bytes:
        raise Undecodable("too_large")
    if not body.strip():
        raise Undecodable("empty")
    # A document type is refused where it begins: entities are never even declared.
    if b"<!DOCTYPE" in _prolog(body):
        raise Undecodable("document_type")
    try:
        root = etree.fromstring(body, _PARSER)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Undecodable("not_xml") from error
    if root.getroottree().docinfo.doctype:
        raise Undecodable("document_type")
    return root


def body_child(root: Any) -> Any:
    """Give the one child of the envelope's body. Raises Undecodable."""
    if root.tag != f"{{{SOAP}}}Envelope":
        raise Undecodable("soap_12" if root.tag == f"{{{SOAP_12}}}Envelope" else "no_envelope")
    bodies = [child for child in root if child.tag == f"{{{SOAP}}}Body"]
    others = [child for child in root if child.tag not in (f"{{{SOAP}}}Body", f"{{{SOAP}}}Header")]
    if len(bodies) != 1 or others or root[-1] is not bodies[0]:
        raise Undecodable("no_single_body")
    return only_child(bodies[0])


def only_child(body: Any) -> Any:
    """Give the one child of a body. Raises Undecodable."""
    if len(body) != 1 or _has_text_beside(body):
        raise Undecodable("no_single_answer")
    return body[0]


def read_fault(root: Any) -> SoapFault | None:
    """Give the fault that an envelope holds, of SOAP 1.1 or 1.2; None when it holds none."""
    fault = next((one for body in root if body.tag in _BODIES for one in body if one.tag in _FAULTS), None)
    if fault is None:
        return None
    # Names are compared without namespace: providers put the children into none, or into SOAP's own.
    words = {_local(child): child for child in fault}
    code = words.get("faultcode")
    if code is None and "Code" in words:
        code = next(iter(words["Code"]), None)
    detail = words.get("detail", words.get("Detail"))
    business = ""
    if detail is not None:
        stated = next((one for one in detail.iter() if _local(one) == "MaLoi"), None)
        places = detail.iter() if stated is None else [stated]
        business = next(filter(None, (_word(one) for one in places if len(one) == 0)), "")
    return SoapFault(fault_code="" if code is None else _word(code).rpartition(":")[2], business_code=business)


def read_verification(answer: Any) -> bool:
    """Give what a verification answered (§7): anything but one clear word is no answer. Raises Undecodable."""
    if answer.tag not in _VERIFICATION_ROOTS:
        raise Undecodable("unknown_answer")
    told = [child for child in answer if child.tag == f"{{{REQUESTS}}}TonTai"]
    if len(told) != 1 or len(answer) != 1 or len(told[0]) or _has_text_beside(answer):
        raise Undecodable("no_single_truth")
    truth = _TRUTH.get((told[0].text or "").strip())
    if truth is None:
        raise Undecodable("no_clear_truth")
    return truth


def read_records(answer: Any, forms: Sequence[Form] = ALL_FORMS) -> Records:
    """Give the records of a collection; none is "nobody matched". Raises Undecodable."""
    if answer.tag != f"{{{RECORDS}}}CongdanCollection":
        raise Undecodable("unknown_answer")
    if len(answer) > _MAX_PEOPLE:
        raise Undecodable("too_many_people")
    form, cleaned, left_out = _fitting(answer, forms)
    reader = RecordReader()
    people = tuple(reader.record(person) for person in cleaned)
    count = (cleaned.get("SoCongDan") or "").strip()
    if count.isascii() and count.isdigit() and int(count[:9]) != len(people):
        raise Undecodable("count_differs")
    notices = dict.fromkeys([*left_out, *reader.notices])
    return Records(people=people, form=form, data_time=_instant(cleaned.get("ThoiDiemDuLieu")), notices=tuple(notices))


class _Schema:
    """One form: its schema, and which children each of its types knows."""

    def __init__(self, name: str) -> None:
        source = files("adapters.population").joinpath("contract", name).read_bytes()
        document = etree.fromstring(source)
        self._is_valid = etree.XMLSchema(document)
        self._types = {one.get("name"): one for one in document.iter(f"{_XS}complexType") if one.get("name")}
        self._root_type = document.find(f"{_XS}element/{_XS}complexType")
        self._children = {
            id(one): {child.get("name"): self._types.get(child.get("type", "").partition(":")[2]) for child in found}
            for one in (*self._types.values(), self._root_type)
            for found in [list(one.iter(f"{_XS}element"))]
        }
        self._attributes = {one.get("name") for one in self._root_type.iter(f"{_XS}attribute")}

    def holds(self, answer: Any) -> bool:
        return bool(self._is_valid(answer))

    def without_unknown(self, answer: Any) -> tuple[Any, list[str]]:
        """Give a copy without what the form does not know, and what was left out."""
        copy = etree.fromstring(etree.tostring(answer))
        left_out: list[str] = []
        self._strip(copy, self._root_type, left_out, self._attributes)
        return copy, left_out

    def _strip(self, element: Any, kind: Any, left_out: list[str], attributes: frozenset[str] | set[str]) -> None:
        for name in [name for name in element.attrib if name not in attributes]:
            is_nil = name == f"{{{_XSI}}}nil"
            if is_nil and (len(element) or (element.text or "").strip()):
                raise Undecodable("nil_with_content")
            del element.attrib[name]
            left_out.append("attribute:nil" if is_nil else "attribute:unknown")
        if kind is None:
            return  # A text: children in it are no extras but another shape, which the schema refuses.
        known = self._children[id(kind)]
        for child in list(element):
            namespace, _, name = child.tag[1:].rpartition("}")
            if namespace == RECORDS and name in known:
                self._strip(child, known[name], left_out, frozenset())
                continue
            left_out.append("element:unknown")
            tail = child.tail
            element.remove(child)
            if (tail or "").strip():
                raise Undecodable("text_beside_elements")


@cache
def _schema(form: Form) -> _Schema:
    return _Schema(_SCHEMAS[form])


def _fitting(answer: Any, forms: Sequence[Form]) -> tuple[Form, Any, list[str]]:
    for form in forms:
        if _schema(form).holds(answer):
            return form, answer, []
    _refuse_depth(answer)
    tried: list[tuple[int, Form, Any, list[str]]] = []
    for form in forms:
        copy, left_out = _schema(form).without_unknown(answer)
        if _schema(form).holds(copy):
            tried.append((len(left_out), form, copy, left_out))
    if not tried:
        raise Undecodable("no_known_form")
    _, form, copy, left_out = min(tried, key=lambda one: one[0])
    return form, copy, left_out


def _prolog(body: bytes) -> bytes:
    """Give what stands before the root element, in a form in which ASCII can be found whatever the encoding."""
    plain = body[:4096].replace(b"\0", b"")
    match = re.search(rb"<[A-Za-z_:]", plain)
    return plain[: match.start()].upper() if match else plain.upper()


def _refuse_depth(answer: Any) -> None:
    depth, open_elements = 0, etree.iterwalk(answer, events=("start", "end"))
    for event, _ in open_elements:
        depth += 1 if event == "start" else -1
        if depth > _MAX_DEPTH:
            raise Undecodable("too_deep")


def _has_text_beside(element: Any) -> bool:
    return bool((element.text or "").strip()) or any((child.tail or "").strip() for child in element)


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _word(element: Any) -> str:
    text = (element.text or "").strip()
    return text if _CODE_LIKE(text) and not _PERSON_LIKE.search(text) else ""


def _instant(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return instant.astimezone(UTC) if instant.tzinfo is not None else None


def unknown_words(notices: Sequence[str]) -> Iterator[str]:
    """Give the notices that tell of a changed contract rather than of one record."""
    return (notice for notice in notices if notice.startswith(("element:", "attribute:")))
