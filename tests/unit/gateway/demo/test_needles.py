"""The search for personal values finds them in every writing that it names, and nothing where nothing is."""

import base64
import os
import unicodedata
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.demo.needles import Finder, Hit, Value, fold_bytes

NAME = "Nguyễn Thị Mẫu Đức"
NUMBER = "999190000001"
FINDER = Finder([Value("name", NAME), Value("number", NUMBER), Value("name", "Lê An")])
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
}


@pytest.mark.parametrize("writing", WRITINGS)
@pytest.mark.parametrize("value", [Value("name", NAME), Value("number", NUMBER)], ids=lambda value: value.kind)
def test_every_writing(value: Value, writing: str) -> None:
    hay = os.urandom(999) + WRITINGS[writing](value.text) + os.urandom(999)

    assert {(value.kind, "somewhere")} == {(hit.kind, hit.place) for hit in FINDER.find("somewhere", hay)}


def test_nothing_where_nothing_is() -> None:
    """Half a name, another number, and noise are no findings."""
    assert set() == FINDER.find("noise", b"Nguyen Thi Mau, 999190000002, le an" + os.urandom(100_000))


def test_dates_are_no_part_of_a_longer_number() -> None:
    finder = Finder([Value("birth_date", "19900203")])

    assert not any(finder.find("/metrics", text) for text in (b"sum 119900203", b"0.19900203", b"199002030"))
    assert all(finder.find("log", text) for text in (b"born=19900203,", b"19900203", b"x19900203T00"))


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
