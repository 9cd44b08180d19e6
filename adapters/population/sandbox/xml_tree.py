"""Requests as small trees, read by expat. A document type is refused before any entity could be declared."""

from typing import NoReturn
from xml.parsers import expat

_MAX_DEPTH = 12
_MAX_ELEMENTS = 500


class XmlError(ValueError):
    """The request is no XML that is read here."""

    def __init__(self, message: str, *, is_hostile: bool = False) -> None:
        super().__init__(message)
        self.is_hostile = is_hostile


class Element:
    """An element; `text` is all text directly inside. Attributes are not kept."""

    __slots__ = ("children", "local", "space", "text")

    def __init__(self, name: str) -> None:
        space, _, local = name.rpartition(" ")
        self.space = space
        self.local = local
        self.text = ""
        self.children: list[Element] = []


def read_xml(body: bytes) -> Element:
    """Give the root. Raises XmlError, hostile for a document type, great depth or too many elements."""
    parser = expat.ParserCreate(None, " ")
    parser.buffer_text = True
    stack = [Element("")]
    count = 0

    def start(name: str, _: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if len(stack) > _MAX_DEPTH or count > _MAX_ELEMENTS:
            raise XmlError("Tài liệu quá sâu hoặc quá nhiều phần tử", is_hostile=True)
        element = Element(name)
        stack[-1].children.append(element)
        stack.append(element)

    def end(_: str) -> None:
        stack.pop()

    def text(data: str) -> None:
        stack[-1].text += data

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = _refuse_document_type
    try:
        parser.Parse(body, True)
    except XmlError:
        raise
    except (expat.ExpatError, LookupError, ValueError):
        # The last two come of encodings that a document may claim and nobody knows.
        raise XmlError("XML không đúng cú pháp") from None
    return stack[0].children[0]


def _refuse_document_type(_name: str, _system: str | None, _public: str | None, _has_subset: bool) -> NoReturn:
    raise XmlError("Không chấp nhận DOCTYPE", is_hostile=True)
