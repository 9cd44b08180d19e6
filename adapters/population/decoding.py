"""A SOAP reply as bytes, judged before anything of it is believed. Pure.

The order is fixed: size, document type, well-formedness, envelope, exactly one child of the body, its exact name, the
schema of its form; only then is a record read. zeep's own decoding is not used: it turns unknown replies into empty
ones, and an empty reply means "not found" (population notes §16.5).

Tolerance, case by case (§18 N12): an unknown child or attribute is left out and noticed; `xsi:nil` on an empty element
is that element's absence of a value; comments and processing instructions are not seen, CDATA is text. Children out of
order, repeated ones, text beside children and children inside a text are refused. Beside no person nothing unknown is
left out: only an empty collection says that nobody matched.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from adapters.population.forms import ALL_FORMS, RECORDS, Form, Undecodable, fitting
from gateway.model.citizen import CitizenRecord
from gateway.model.quick import Quick
from mappings.population.records import RecordReader

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
REQUESTS = "http://dancuquocgia.bca"
WSO2_FAULT = "http://wso2.org/apimanager/security"
_ENVELOPE, _HEADER, _BODY = (f"{{{SOAP}}}{name}" for name in ("Envelope", "Header", "Body"))
_ENVELOPE_12 = f"{{{SOAP_12}}}Envelope"
_COLLECTION = f"{{{RECORDS}}}CongdanCollection"
_BODIES = frozenset(f"{{{namespace}}}Body" for namespace in (SOAP, SOAP_12))
_FAULTS = frozenset(f"{{{namespace}}}Fault" for namespace in (SOAP, SOAP_12))
_XSI_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_VERIFICATION_ROOTS = frozenset(
    f"{{{REQUESTS}}}{name}" for name in ("KetQuaXacThuc", "KetQuaXacThucResponse", "XacThucThongTinCongDanResponse")
)
_TRUTH = {"true": True, "1": True, "false": False, "0": False}
_CODE = re.compile(r"[0-9]{1,6}|[A-Z]{1,12}[_.-]?[0-9]{1,6}|[A-Z]{1,20}(_[A-Z0-9]{1,20}){1,3}", re.ASCII).fullmatch
_BLAMED = frozenset({"Client", "Server", "Sender", "Receiver", "MustUnderstand", "VersionMismatch"})
_DECLARED = re.compile(rb"""<\?xml[^>]{0,100}?encoding\s{0,9}=\s{0,9}["']([^"']{0,40})""", re.IGNORECASE)
_ENCODINGS = frozenset({b"UTF-8", b"UTF-16", b"UTF-16LE", b"UTF-16BE", b"US-ASCII", b"ASCII"})
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
_MARKS = b"\xef\xbb\xbf\xff\xfe \t\r\n"
"""Byte order marks and white space."""
_MAX_PEOPLE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SoapFault:
    """A fault, as far as it may be shown: code-like words only, since fault texts quote people."""

    fault_code: str
    business_code: str
    """`MaLoi`, or the first code-like word of the detail; "" when there is none."""


class Records(Quick, frozen=True, kw_only=True):
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
    # Without its zero bytes, UTF-16 shows its ASCII; text in which ASCII could hide, such as UTF-7, is not taken.
    plain = body.replace(b"\0", b"").lstrip(_MARKS)
    declared = _DECLARED.match(plain)
    if declared is not None and declared[1].upper() not in _ENCODINGS:
        raise Undecodable("unknown_encoding")
    if not plain.startswith(b"<"):
        raise Undecodable("not_xml")
    has_markup = b"!" in plain and b"<!" in plain  # One byte is found much faster than two.
    # Refused before anything is parsed, wherever it stands: entities are never even declared.
    if has_markup and b"<!DOCTYPE" in plain.upper():
        raise Undecodable("document_type")
    try:
        root = etree.fromstring(body, _PARSER)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Undecodable("not_xml") from error
    if has_markup and root.getroottree().docinfo.doctype:
        raise Undecodable("document_type")
    return root


def body_child(root: Any) -> Any:
    """Give the one child of the envelope's body. Raises Undecodable."""
    if root.tag != _ENVELOPE:
        raise Undecodable("soap_12" if root.tag == _ENVELOPE_12 else "no_envelope")
    children = list(root)
    *before, body = [child.tag for child in children] or [""]
    # The body is the last one, and the only one.
    if body != _BODY or (before and set(before) != {_HEADER}) or _has_text_beside(root, children):
        raise Undecodable("no_single_body")
    return only_child(children[-1])


def only_child(body: Any) -> Any:
    """Give the one child of a body. Raises Undecodable."""
    children = list(body)
    if len(children) != 1 or _has_text_beside(body, children):
        raise Undecodable("no_single_answer")
    return children[0]


def may_hold_fault(body: bytes) -> bool:
    """Tell whether a text could hold a fault: but for UTF-16, names of elements are written as they are."""
    return b"Fault" in body or b"\0" in body


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
    blamed = "" if code is None else (code.text or "").strip().rpartition(":")[2].partition(".")[0]
    return SoapFault(fault_code=blamed if blamed in _BLAMED else "", business_code=business)


def read_verification(answer: Any) -> bool:
    """Give what a verification answered (§7): anything but one clear word is no answer. Raises Undecodable."""
    if answer.tag not in _VERIFICATION_ROOTS:
        raise Undecodable("unknown_answer")
    told = [child for child in answer if child.tag == f"{{{REQUESTS}}}TonTai"]
    if len(told) != 1 or len(answer) != 1 or len(told[0]) or _has_text_beside(answer, told):
        raise Undecodable("no_single_truth")
    if _XSI_NIL in answer.attrib or _XSI_NIL in told[0].attrib:
        raise Undecodable("no_clear_truth")
    truth = _TRUTH.get((told[0].text or "").strip(" \t\r\n"))
    if truth is None:
        raise Undecodable("no_clear_truth")
    return truth


def read_records(answer: Any, forms: Sequence[Form] = ALL_FORMS) -> Records:
    """Give the records of a collection; none is "nobody matched". Raises Undecodable."""
    if answer.tag != _COLLECTION:
        raise Undecodable("unknown_answer")
    if len(answer) > _MAX_PEOPLE:
        raise Undecodable("too_many_people")
    form, cleaned, left_out = fitting(answer, forms)
    reader = RecordReader()
    people = tuple(reader.record(person) for person in cleaned)
    count = (cleaned.get("SoCongDan") or "").strip()
    if count.isascii() and count.isdigit() and int(count[:9]) != len(people):
        raise Undecodable("count_differs")
    notices = tuple(dict.fromkeys([*left_out, *reader.notices]))
    return Records(people=people, form=form, data_time=_instant(cleaned.get("ThoiDiemDuLieu")), notices=notices)


def _has_text_beside(element: Any, children: Sequence[Any]) -> bool:
    text = element.text
    if text and text.strip():
        return True
    for child in children:
        tail = child.tail
        if tail and tail.strip():
            return True
    return False


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def code_word(text: str) -> str:
    """Give a text that has the form of a code; "" for any other, since numbers, dates and names of people turn up."""
    return text if _CODE(text) else ""


def _word(element: Any) -> str:
    return code_word((element.text or "").strip())


def _instant(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text.strip())
        return instant.astimezone(UTC) if instant.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def unknown_words(notices: Sequence[str]) -> Iterator[str]:
    """Give the notices that tell of a changed contract rather than of one record."""
    return (notice for notice in notices if notice.startswith(("element:", "attribute:")))
