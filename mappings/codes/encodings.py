"""Damaged Vietnamese text: noticed first, repaired only in ways that lose nothing, and always with a flag.

TCVN3 (fonts .Vn…) and VNI put Vietnamese letters on bytes that others read as Latin-1; UTF-8 read as Windows-1252 shows
two or three letters for one. Nothing is converted silently: the caller keeps the original and the flag. A question mark
or U+FFFD inside a word means that a letter is gone for ever; such text is refused. VNI is noticed and left to a person:
no table of it of known quality was found. Source: codes and units notes §5.2, §5.3; bytes: data/tcvn5712-bytes.csv.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from unicodedata import name as character_name
from unicodedata import normalize

from gateway.errors import Fault, InvalidInput
from mappings.codes.csv_files import Faults, ReadFile, is_member, read_table, shipped_file

TCVN_BYTES = "tcvn5712-bytes.csv"


class Finding(StrEnum):
    """Something odd about a text."""

    LOST_LETTERS = "lost-letters"
    UTF8_READ_AS_CP1252 = "utf8-read-as-cp1252"
    TCVN3 = "tcvn3"
    VNI = "vni"
    LOOKALIKE = "lookalike"
    """U+00D0 or U+0189 where U+0110 (Đ) is meant."""
    MIXED_SCRIPTS = "mixed-scripts"
    """Latin letters and Cyrillic or Greek ones in one word."""
    INVISIBLE_IN_WORD = "invisible-in-word"
    """An invisible character between two letters: perhaps in the place of a space."""


REPAIRABLE = frozenset({Finding.UTF8_READ_AS_CP1252, Finding.TCVN3, Finding.VNI, Finding.LOOKALIKE})
"""Damage after whose repair the text can be compared; VNI is repaired by a person."""

_LETTER = "A-Za-z\u00c0-\u1ef9"
_LOST = re.compile(f"(?<=[{_LETTER}])\\?(?=[{_LETTER}])|\ufffd")
_INVISIBLE = re.compile(f"(?<=[{_LETTER}])[\u00ad\u200b\u200c\u200d\u2060\ufeff](?=[{_LETTER}])")
# Lead bytes of Vietnamese UTF-8 as Windows-1252 shows them, each followed by a continuation byte.
_UTF8_MARKS = re.compile("[\u00c3\u00c4\u00c5\u00c6][^\x00-\x7f]|\u00e1[\u00ba\u00bb]|\u00cc[^\x00-\x7f]")
# Letters of TCVN3 that are symbols in Latin-1, inside words; quotes and dots only between two letters, where none
# belongs; and a capital with a mark between two small letters.
_TCVN3 = re.compile(
    f"(?<=[{_LETTER}])[\u00a8\u00a9\u00aa\u00ac\u00ae\u00b5\u00b6\u00b8\u00b9]"
    f"|(?<=[{_LETTER}])[\u00ab\u00b7\u00bb](?=[{_LETTER}])"
    "|[\u00a7\u00ae](?=[A-Za-z\u00c0-\u00ff])"
    "|(?<=[a-z])[\u00c0-\u00d6\u00d8-\u00de](?=[a-z])"
)
# What follows its vowel in VNI and never does so in Vietnamese. Misplaced tones (Taù for Tàu) look alike in part, so
# those pairs count only where two words have them.
_VNI_SURE = re.compile(
    "[aeouy\u00f4\u00f6][\u00f8\u00fb\u00ef]|[ae][\u00e2\u00e1\u00e0\u00e5\u00e3\u00e4]|o\u00e2|a\u00ea", re.IGNORECASE
)
_VNI_PERHAPS = re.compile("[aeouy\u00f4\u00f6][\u00f9\u00f5]|a[\u00e9\u00e8\u00fa\u00fc\u00eb]", re.IGNORECASE)
_LOOKALIKES = str.maketrans({"\u00d0": "\u0110", "\u0189": "\u0110"})
_ICELANDIC = re.compile("[\u00de\u00fe\u00f0\u00e6\u00c6\u00f6\u00d6]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """A repaired text and what was done to it. `is_case_uncertain`: TCVN3 capitals use the bytes of small letters."""

    text: str
    findings: tuple[Finding, ...]
    is_case_uncertain: bool = False


def findings(text: str) -> frozenset[Finding]:
    """Tell what is odd about a text. Damage of encodings is told once, by its first explanation."""
    if text.isascii() and "?" not in text:
        return frozenset()
    found = set()
    if _LOST.search(text):
        found.add(Finding.LOST_LETTERS)
    if _INVISIBLE.search(text):
        found.add(Finding.INVISIBLE_IN_WORD)
    if _has_mixed_word(text):
        found.add(Finding.MIXED_SCRIPTS)
    composed = normalize("NFC", text)
    if _UTF8_MARKS.search(text) and _utf8_again(text) is not None:
        found.add(Finding.UTF8_READ_AS_CP1252)
    elif _TCVN3.search(composed):
        found.add(Finding.TCVN3)
    elif _is_vni(composed):
        found.add(Finding.VNI)
    elif ("\u00d0" in composed or "\u0189" in composed) and not _ICELANDIC.search(composed):
        found.add(Finding.LOOKALIKE)
    return frozenset(found)


def repair(text: str) -> Repair:
    """Repair what can be repaired without loss, flagged; a text that needs nothing comes back with no findings.

    Raises InvalidInput when letters are lost, or when the text is damaged in a way that is not repaired here (VNI, or
    TCVN3 mixed with other letters). The message repeats nothing of the text.
    """
    noticed = findings(text)
    if Finding.LOST_LETTERS in noticed:
        raise _refusal("has lost letters: a question mark or U+FFFD stands inside a word", text)
    if Finding.VNI in noticed:
        raise _refusal("seems to be in the VNI encoding; convert it at its source", text)
    if Finding.UTF8_READ_AS_CP1252 in noticed:
        again = _utf8_again(text)
        assert again is not None, "it was noticed because it can be undone"
        rest = repair(again)
        return Repair(text=rest.text, findings=(Finding.UTF8_READ_AS_CP1252, *rest.findings))
    if Finding.TCVN3 in noticed:
        decoded = _from_tcvn3(text)
        if decoded is None:
            raise _refusal("mixes TCVN3 with other letters; convert it at its source", text)
        return Repair(text=decoded, findings=(Finding.TCVN3,), is_case_uncertain=_is_case_uncertain(decoded))
    if Finding.LOOKALIKE in noticed:
        return Repair(text=text.translate(_LOOKALIKES), findings=(Finding.LOOKALIKE,))
    return Repair(text=text, findings=())


def read_tcvn3(read: ReadFile = shipped_file) -> Mapping[str, str]:
    """Read the letters of TCVN3 by the Latin-1 character of their byte. Raises ConfigurationError."""
    faults = Faults()
    columns = ("byte_hex", "codepoint", "character", "in_tcvn3_font_set")
    table = read_table(TCVN_BYTES, read(TCVN_BYTES), columns, faults, required=("codepoint", "in_tcvn3_font_set"))
    letters: dict[str, str] = {}
    for number, (byte, codepoint, character, is_used) in table.numbered():
        if not re.fullmatch("[A-F][0-9A-F]", byte) or not re.fullmatch(r"U\+[0-9A-F]{4}", codepoint):
            faults.add(TCVN_BYTES, number, "must name a byte from A0 on and a code point U+XXXX", byte)
            continue
        letter = chr(int(codepoint.removeprefix("U+"), base=16))
        if character not in ("", letter):
            faults.add(TCVN_BYTES, number, "character must be the one of its code point", codepoint)
        if is_member(is_used, ("yes", "no"), TCVN_BYTES, number, faults) and is_used == "yes":
            if letter in letters.values():
                faults.add(TCVN_BYTES, number, "two bytes stand for one letter", codepoint)
            letters[bytes([int(byte, 16)]).decode("latin-1")] = letter
    faults.raise_if_any()
    return letters


@cache
def _tcvn3() -> Mapping[str, str]:
    return read_tcvn3()


def _from_tcvn3(text: str) -> str | None:
    letters = _tcvn3()
    if any(character > "\x7f" and character != "\u00a0" and character not in letters for character in text):
        return None
    return normalize("NFC", "".join(letters.get(character, character) for character in text))


def _is_case_uncertain(text: str) -> bool:
    words = (word for word in text.split() if len(word) > 1)
    return any(any(map(str.isupper, word[1:])) and any(map(str.islower, word)) for word in words)


def _utf8_again(text: str) -> str | None:
    raw = bytearray()
    for character in text:
        if ord(character) < 0xA0:
            raw.append(ord(character))  # Windows-1252 leaves five bytes undefined; readers pass them through.
            continue
        try:
            raw += character.encode("cp1252")
        except UnicodeEncodeError:
            return None
    try:
        again = raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if again == text else again


def _is_vni(text: str) -> bool:
    return bool(_VNI_SURE.search(text)) or sum(1 for word in text.split() if _VNI_PERHAPS.search(word)) > 1


def _has_mixed_word(text: str) -> bool:
    for word in re.findall(r"[^\W\d_]+", text):
        scripts = {character_name(letter, "").partition(" ")[0] for letter in word if letter > "\x7f"}
        scripts |= {"LATIN"} if re.search("[A-Za-z]", word) else set()
        if "LATIN" in scripts and scripts & {"CYRILLIC", "GREEK"}:
            return True
    return False


def _refusal(rule: str, text: str) -> InvalidInput:
    return InvalidInput("the text cannot be repaired", [Fault("text", rule, f"string of {len(text)} characters")])
