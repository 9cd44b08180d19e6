"""Looking for personal values in bytes, however they are written: other case, accents, base64, hex, UTF-16, escapes.

Text is found in any case, with accents and without. In writings that hide the letters (base64, hex, UTF-16, escapes)
words are found as they stand, decomposed, capitalised, and in capitals with accents and without; longer names also
without blanks, as questions to the population database have them.
"""

import base64
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

from ahocorasick_rs import BytesAhoCorasick

_MIN_LENGTH = 6
"""A shorter value stands in other words by chance."""
_MIN_JOINED_LENGTH = 9
"""So long is a text without its blanks, at least: letters alone stand in base64 by chance more often."""
_MAX_DATE = len("19900203")


@dataclass(frozen=True, slots=True)
class Value:
    """A personal value. `kind` is a word for reports, which never show the value."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """A value that stands somewhere in the clear: what kind, how it is written, where. Never the value."""

    place: str
    kind: str
    form: str

    def __str__(self) -> str:
        return f"{self.place}: {self.kind} as {self.form}"


def fold(text: str) -> str:
    """Give text without accents, in small letters."""
    bare = "".join(one for one in unicodedata.normalize("NFD", text) if not unicodedata.combining(one))
    return bare.replace("đ", "d").replace("Đ", "D").lower()


def _folding_table() -> dict[bytes, bytes]:
    """Give what folding makes of every letter of Latin script beyond ASCII, and of combining marks, as bytes."""
    table = {}
    for code in (*range(0xC0, 0x250), *range(0x300, 0x370), *range(0x1E00, 0x1F00)):
        folded = fold(chr(code))
        if folded.isascii():
            table[chr(code).encode()] = folded.encode()
    return table


_TABLE = _folding_table()
_LETTERS = re.compile(rb"[\xc3-\xc9\xcc\xcd][\x80-\xbf]|\xe1[\xb8-\xbb][\x80-\xbf]")


def fold_bytes(content: bytes) -> bytes:
    """Give UTF-8 text among any bytes without accents, in small letters; what is no text stays what it is."""
    return _LETTERS.sub(lambda found: _TABLE.get(found[0], found[0]), content).lower()


class _Index:
    """Needles, all looked for in one pass over the bytes."""

    def __init__(self) -> None:
        self._meant: dict[bytes, tuple[str, str]] = {}
        self._search: BytesAhoCorasick | None = None

    def add(self, needle: bytes, kind: str, form: str) -> None:
        if len(needle) >= _MIN_LENGTH:
            self._meant[needle] = (kind, form)

    def hits(self, haystack: bytes) -> set[tuple[str, str]]:
        if self._search is None:
            self._search = BytesAhoCorasick(list(self._meant))
        found = self._search.find_matches_as_indexes(haystack, overlapping=True)
        return {
            self._meant[haystack[start:end]]
            for _, start, end in found
            if end - start > _MAX_DATE or not _is_in_number(haystack, start, end)
        }


def _is_in_number(haystack: bytes, start: int, end: int) -> bool:
    """Tell whether eight digits are part of a longer number: any measurement has some that look like a date."""
    if not haystack[start:end].isdigit():
        return False
    return _goes_on(haystack[max(0, start - 2) : start][::-1]) or _goes_on(haystack[end : end + 2])


def _goes_on(beside: bytes) -> bool:
    """Tell whether a number goes on in the two bytes beside it, the nearer one first. A full stop alone ends it."""
    return beside[:1].isdigit() or (beside[:1] == b"." and beside[1:].isdigit())


class Finder:
    """Finds any of many values in bytes."""

    def __init__(self, values: Iterable[Value]) -> None:
        """Take the values; too short ones are left out."""
        self.values = frozenset(one for one in values if len(one.text) >= _MIN_LENGTH)
        self._folded, self._raw, self._lowered = _Index(), _Index(), _Index()
        for value in self.values:
            self._add(value)

    def _add(self, value: Value) -> None:
        folded = fold(value.text)
        for text in (folded, *_joined(folded)):
            self._folded.add(text.encode(), value.kind, "text")
        if value.kind == "phone" and value.text.startswith("0"):
            self._folded.add(f"84{folded[1:]}".encode(), value.kind, "text")
        for spelled in _spellings(value.text):
            plain = spelled.encode()
            self._lowered.add(plain.hex().encode(), value.kind, "hex")
            for form, written in _escaped(spelled):
                if written != spelled:
                    self._lowered.add(written.lower().encode(), value.kind, form)
            for codec in ("utf-16-le", "utf-16-be"):
                self._raw.add(spelled.encode(codec), value.kind, codec)
            for fragment in base64_fragments(plain):
                self._raw.add(fragment, value.kind, "base64")

    def find(self, place: str, haystack: bytes) -> set[Hit]:
        """Give what stands in the bytes; nothing when nothing does."""
        found = self._raw.hits(haystack)
        found |= self._lowered.hits(haystack.lower())
        found |= self._folded.hits(fold_bytes(haystack))
        return {Hit(place, kind, form) for kind, form in found}


def _joined(text: str) -> Sequence[str]:
    """Give a text without its blanks, where it has some and is long enough without."""
    joined = text.replace(" ", "")
    return (joined,) if joined != text and len(joined) >= _MIN_JOINED_LENGTH else ()


def _spellings(text: str) -> Sequence[str]:
    """Give a text as systems spell it before they hide its letters."""
    spelled = [text, unicodedata.normalize("NFD", text)]
    if " " in text or not text.isascii():
        bare = fold(text).upper()
        spelled += [text.upper(), text.title(), bare, *_joined(bare)]
    return list(dict.fromkeys(spelled))


def _escaped(text: str) -> Sequence[tuple[str, str]]:
    """Give writings that leave the letters of ASCII what they are: JSON, also within JSON, XML, addresses, bytes."""
    once, plain = json.dumps(text)[1:-1], text.encode()
    references = escape(text).encode("ascii", "xmlcharrefreplace").decode()
    return (
        ("escaped", once),
        ("escaped", json.dumps(once)[1:-1]),
        ("percent", quote(text)),
        ("percent", quote_plus(text)),
        ("XML", escape(text)),
        ("XML", references),
        ("XML", re.sub(r"&#([0-9]+);", lambda found: f"&#x{int(found[1]):x};", references)),
        ("bytes", repr(plain)[2:-1]),
        ("bytes", "".join(chr(one) if one < 0x80 else f"\\{one:03o}" for one in plain)),
    )


def base64_fragments(plain: bytes) -> Sequence[bytes]:
    """Give what of a value shows in base64, at each of the three places in which it may begin, in both alphabets."""
    fragments = []
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + plain)
        first = (before * 8 + 5) // 6
        last = (before + len(plain)) * 8 // 6
        core = encoded[first:last]
        fragments += [core, core.translate(bytes.maketrans(b"+/", b"-_"))]
    return list(dict.fromkeys(fragments))
