"""The search for personal values finds them in every writing that it names, and nothing where nothing is."""

import base64
import json
import os
import unicodedata
from collections.abc import Callable
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.demo.needles import Finder, Hit, Value, fold_bytes

NAME = "Nguyễn Thị Mẫu Đức"
NUMBER = "999190000001"
FINDER = Finder([Value("name", NAME), Value("number", NUMBER), Value("name", "Lê An")])


def bare(text: str) -> str:
    """Give a name as questions to the population database have it."""
    return "NGUYENTHIMAUDUC" if text == NAME else text


def xml(text: str, encoding: str) -> bytes:
    element = etree.Element("HoVaTen")
    element.text = text
    return bytes(etree.tostring(element, encoding=encoding))


WRITINGS: dict[str, Callable[[str], bytes]] = {
    "text": str.encode,
    "capitals": lambda text: text.upper().encode(),
    "decomposed": lambda text: unicodedata.normalize("NFD", text).encode(),
    "without accents": lambda text: b"NGUYEN THI MAU DUC" if text == NAME else text.encode(),
    "hex": lambda text: text.encode().hex().encode(),
    "capital hex": lambda text: text.encode().hex().upper().encode(),
    "JSON escapes": lambda text: (
        b"\\u0110\\u1ee9c, Nguy\\u1ec5n Th\\u1ecb M\\u1eabu \\u0110\\u1ee9c" if text == NAME else text.encode()
    ),
    "percent": lambda text: quote(text).encode(),
    "UTF-16": lambda text: text.encode("utf-16-le"),
    "UTF-16 big end first": lambda text: text.encode("utf-16-be"),
    "base64": lambda text: base64.b64encode(text.encode()),
    "base64 after one": lambda text: base64.b64encode(b"x" + text.encode()),
    "base64 after two": lambda text: base64.b64encode(b"xy" + text.encode() + b"z"),
    "base64 for addresses": lambda text: base64.urlsafe_b64encode(text.encode()),
    "capitals without accents and blanks": lambda text: bare(text).encode(),
    "these in base64": lambda text: base64.b64encode(bare(text).encode()),
    "these in hex": lambda text: bare(text).encode().hex().encode(),
    "capitals in base64": lambda text: base64.b64encode(text.upper().encode()),
    "capitals in UTF-16": lambda text: text.upper().encode("utf-16-le"),
    "capitals in JSON": lambda text: json.dumps(text.upper()).encode(),
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)).encode(),
    "XML in ASCII": lambda text: xml(text, "us-ascii"),
    "XML with hexadecimal references": lambda text: "".join(
        one if one.isascii() else f"&#x{ord(one):X};" for one in text
    ).encode(),
    "a form": lambda text: urlencode({"name": text}).encode(),
    "bytes as Python shows them": lambda text: repr(text.encode()).encode(),
    "bytes as PostgreSQL escapes them": lambda text: b"".join(
        bytes([one]) if one < 0x80 else b"\\%03o" % one for one in text.encode()
    ),
}


@pytest.mark.parametrize("known", [str, str.upper], ids=["as usual", "known in capitals"])
@pytest.mark.parametrize("writing", WRITINGS)
@pytest.mark.parametrize("value", [Value("name", NAME), Value("number", NUMBER)], ids=lambda value: value.kind)
def test_every_writing(value: Value, writing: str, known: Callable[[str], str]) -> None:
    """A value is found however it is written, also where it is itself known in capitals, as registers have names."""
    finder = Finder([Value(value.kind, known(value.text))])
    hay = os.urandom(999) + WRITINGS[writing](value.text) + os.urandom(999)

    assert {(value.kind, "somewhere")} == {(hit.kind, hit.place) for hit in finder.find("somewhere", hay)}


def test_nothing_where_nothing_is() -> None:
    """Half a name, another number, and noise are no findings."""
    assert set() == FINDER.find("noise", b"Nguyen Thi Mau, 999190000002, le an" + os.urandom(100_000))


def test_phones_with_the_country() -> None:
    """A phone is found with the country's code, too."""
    assert Finder([Value("phone", "0912345678")]).find("log", b"to +84912345678")


def test_marks_of_xml() -> None:
    """What XML must escape is found escaped."""
    assert Finder([Value("address", "12 Lê Lợi & Co")]).find("log", xml("12 Lê Lợi & Co", "utf-8"))


def test_dates_are_no_part_of_a_longer_number() -> None:
    finder = Finder([Value("birth_date", "19900203")])

    assert not any(finder.find("/metrics", text) for text in (b"sum 119900203", b"0.19900203", b"199002030"))
    assert all(finder.find("log", text) for text in (b"born=19900203,", b"19900203", b"x19900203T00"))
    assert all(finder.find("log", text) for text in (b"born 19900203.", b"person.19900203.json", b"1. 19900203"))


def test_short_values_are_left_out() -> None:
    """A name of five letters stands in other words by chance."""
    assert {"name", "number"} == {value.kind for value in FINDER.values}
    assert 2 == len(FINDER.values)


def test_a_hit_never_tells_the_value() -> None:
    (hit,) = FINDER.find("log gateway.log", f"who={NUMBER}".encode())

    assert Hit("log gateway.log", "number", "text") == hit
    assert NUMBER not in str(hit)


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_folding_keeps_any_bytes_apart(content: bytes) -> None:
    """Bytes that are no letters stay what they are, so that places on both sides stay findable."""
    assert fold_bytes(b"\x00" + content.replace(b"\xcc", b"").replace(b"\xcd", b"")).startswith(b"\x00")
    assert content.lower() == fold_bytes(content) or any(one >= 0xC3 for one in content)
