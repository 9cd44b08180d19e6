"""The known forms of a reply with records, as schemas, and which of them a reply has. Pure.

A reply that fits no form as it stands may still fit one without what that form does not know; the form that leaves out
least is taken, in the order given. What is left out is told. What would make "nobody matched" out of people whom this
code cannot see is never left out: then the reply is not understood.
"""

from collections.abc import Sequence
from copy import deepcopy
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from lxml import etree

RECORDS = "http://www.mic.gov.vn/dancu/1.0"
_XS = "{http://www.w3.org/2001/XMLSchema}"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_PERSON = "congdan"
_MAX_DEPTH = 64


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
        # Not by writing and reading it: a parser takes names that cannot be written.
        copy = deepcopy(answer)
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
            namespace, _, name = child.tag.rpartition("}")
            if namespace == "{" + RECORDS and name in known:
                self._strip(child, known[name], left_out, frozenset())
                continue
            if kind is self._root_type and name.lower() == _PERSON:
                # A person in another spelling or namespace is somebody, not an extra (§18 N5).
                raise Undecodable("unknown_person")
            left_out.append("element:unknown")
            tail = child.tail
            element.remove(child)
            if (tail or "").strip():
                raise Undecodable("text_beside_elements")


@cache
def _schema(form: Form) -> _Schema:
    return _Schema(_SCHEMAS[form])


def load_forms(forms: Sequence[Form]) -> None:
    """Compile the schemas of these forms, which else happens when they are first needed."""
    for form in forms:
        _schema(form)


def fitting(answer: Any, forms: Sequence[Form]) -> tuple[Form, Any, list[str]]:
    """Give the form, the reply in it, and notices of what was left out. Raises Undecodable."""
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
    if len(copy) == 0 and not set(left_out) <= {"attribute:unknown"}:
        # Only a collection with nothing in it says that nobody matched (§10.2).
        raise Undecodable("unknown_answer")
    return form, copy, left_out


def _refuse_depth(answer: Any) -> None:
    depth, open_elements = 0, etree.iterwalk(answer, events=("start", "end"))
    for event, _ in open_elements:
        depth += 1 if event == "start" else -1
        if depth > _MAX_DEPTH:
            raise Undecodable("too_deep")
