"""Vietnamese text made comparable, level by level; each level forgives what the ones before it forgive.

    exact        code points                                                      identifiers, signatures
    canonical    + Unicode order, invisible characters, spaces, dashes, quotes    the form to store, beside the original
    caseless     + capitals                                                       headings
    tone_fold    + where in its syllable a tone mark stands                       equality of persons' and units' names
    unaccented   + all marks, and đ as d                                          search; never a proof of identity
    unit_key     + apostrophes and punctuation                                    candidates for units and catalogues

Why tone_fold: official lists write both Thuận Hòa and Thuận Hoà. Taking the tone out of the syllable needs no rule of
placement and forgives misplaced ones. Why unaccented proves nothing: eight pairs of communes of one province differ in
marks only (Văn Lang, Văn Lăng). Not folded at any level: i and y, k and c, word order, missing spaces; those need an
alias table or a person. Source: codes and units notes §5.1, §5.2.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import sqrt
from unicodedata import category, normalize

from mappings.codes.encodings import REPAIRABLE, Finding, findings

_INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
_SINGLE_QUOTES = "\u2018\u2019\u201a\u201b\u02bc"
_DOUBLE_QUOTES = "\u201c\u201d\u201e\u201f"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63"
_CANONICAL: Mapping[int, str | None] = {
    **{ord(character): None for character in _INVISIBLE},
    **{ord(character): "'" for character in _SINGLE_QUOTES},
    **{ord(character): '"' for character in _DOUBLE_QUOTES},
    **{ord(character): "-" for character in _DASHES},
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
}
_TONES = "\u0300\u0301\u0303\u0309\u0323"
_IS_PLAIN = re.compile(r"[!-~]+(?: [!-~]+)*").fullmatch


class Level(StrEnum):
    """The levels, strictest first."""

    EXACT = "exact"
    CANONICAL = "canonical"
    CASELESS = "caseless"
    TONE_FOLD = "tone_fold"
    UNACCENTED = "unaccented"
    UNIT_KEY = "unit_key"


def canonical(text: str) -> str:
    """Give the form to store: NFC, no invisible characters, plain quotes and dashes, one space between words."""
    if _IS_PLAIN(text):
        return text
    # The first NFC turns what is canonically white space or a quote into it, the second joins what was apart.
    kept = normalize("NFC", text).translate(_CANONICAL)
    return normalize("NFC", " ".join(kept.split()))


def caseless(text: str) -> str:
    """Give the canonical form without capitals."""
    return canonical(normalize("NFD", canonical(text)).casefold())


def tone_fold(text: str) -> str:
    """Give the caseless form with the tone marks of every word behind its letters."""
    words: list[str] = []
    letters: list[str] = []
    tones: list[str] = []
    for character in normalize("NFD", caseless(text)):
        if character in _TONES:
            tones.append(character)
        elif character.isalpha() or category(character) == "Mn":
            letters.append(character)
        else:
            words += (*letters, *tones, character)
            letters.clear()
            tones.clear()
    return normalize("NFC", "".join((*words, *letters, *sorted(tones))))


def unaccented(text: str) -> str:
    """Give the caseless form without any mark, đ as d."""
    bare = "".join(character for character in normalize("NFD", caseless(text)) if category(character) != "Mn")
    return canonical(bare.replace("đ", "d"))


def unit_key(text: str) -> str:
    """Give the unaccented form without apostrophes, other punctuation as space."""
    kept = unaccented(text).replace("'", "")
    spaced = "".join(" " if category(character)[0] in "PS" else character for character in kept)
    return " ".join(spaced.split())


_FORMS: Mapping[Level, Callable[[str], str]] = {
    Level.EXACT: str,
    Level.CANONICAL: canonical,
    Level.CASELESS: caseless,
    Level.TONE_FOLD: tone_fold,
    Level.UNACCENTED: unaccented,
    Level.UNIT_KEY: unit_key,
}


def form(text: str, level: Level) -> str:
    """Give the text in the form that a level compares."""
    return _FORMS[level](text)


def equal_at(one: str, other: str, level: Level) -> bool:
    """Tell whether two texts are equal at a level."""
    return form(one, level) == form(other, level)


class NameVerdict(StrEnum):
    """What two spellings of a person's name prove."""

    SAME = "same"
    REVIEW = "review"
    """Equal without marks: may be one person or two; a person looks."""
    DIFFERENT = "different"
    REPAIR_THEN_COMPARE = "repair-then-compare"
    """One of them is damaged in a known way; see `mappings.codes.encodings.repair`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NameComparison:
    """The verdict with what was noticed in either spelling."""

    verdict: NameVerdict
    findings: frozenset[Finding]


def compare_names(one: str, other: str) -> NameComparison:
    """Compare two spellings of a person's name. Text with lost letters is never the same as anything."""
    noticed = findings(one) | findings(other)
    if Finding.LOST_LETTERS in noticed:
        verdict = NameVerdict.REVIEW if equal_at(one, other, Level.CANONICAL) else NameVerdict.DIFFERENT
    elif equal_at(one, other, Level.TONE_FOLD):
        verdict = NameVerdict.SAME
    elif noticed & REPAIRABLE:
        verdict = NameVerdict.REPAIR_THEN_COMPARE
    elif equal_at(one, other, Level.UNACCENTED):
        verdict = NameVerdict.REVIEW
    else:
        verdict = NameVerdict.DIFFERENT
    return NameComparison(verdict=verdict, findings=noticed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Similar:
    """A candidate for a name, to be confirmed by a person. `score` lies in (0, 1]."""

    code: str
    name: str
    score: float

    @property
    def percent(self) -> str:
        """The score as operators know it: a percentage with two decimals."""
        return f"{self.score * 100:.2f}"


_REMOVED = str.maketrans(dict.fromkeys(".,-_:;\"'", ""))


class NameIndex:
    """Candidates (code, name) with their words counted once, to be asked for many names."""

    def __init__(self, candidates: Iterable[tuple[str, str]]) -> None:
        self._entries: list[tuple[str, str, Counter[str], int]] = []
        self._by_word: dict[str, list[int]] = {}
        for place, (code, candidate) in enumerate(candidates):
            words = _words(candidate)
            self._entries.append((code, candidate, words, sum(count * count for count in words.values())))
            for word in words:
                self._by_word.setdefault(word, []).append(place)

    def similar(self, name: str, at_least: float = 0.4) -> tuple[Similar, ...]:
        """Propose candidates by the cosine of their word counts, best first; see `similar`."""
        wanted = _words(name)
        wanted_square = sum(count * count for count in wanted.values())
        ranked: list[tuple[Fraction, str, str]] = []
        for place in sorted({place for word in wanted for place in self._by_word.get(word, ())}):
            code, candidate, words, square = self._entries[place]
            product = sum(count * words[word] for word, count in wanted.items())
            # Compared as exact squares: rounding must neither part equals nor join what differs.
            ranked.append((Fraction(product * product, wanted_square * square), code, candidate))
        ranked.sort(key=lambda entry: (-entry[0], entry[1], entry[2]))
        if ranked and ranked[0][0] == 1:
            ranked = [entry for entry in ranked if entry[0] == 1]
        found = (Similar(code=code, name=text, score=sqrt(squared)) for squared, code, text in ranked)
        return tuple(entry for entry in found if entry.score >= at_least)


def similar(name: str, candidates: Iterable[tuple[str, str]], at_least: float = 0.4) -> tuple[Similar, ...]:
    """Propose candidates (code, name) by the cosine of their word counts, best first.

    The measure is that of the notes: small letters, the characters . , - _ : ; " ' removed, words counted. Candidates
    that score 1 push out all others. Equal scores stand beside each other in the order of their codes and names, so
    the answer does not depend on the order of the candidates. Source: portal wire notes §11.3.
    """
    return NameIndex(candidates).similar(name, at_least)


def _words(name: str) -> Counter[str]:
    return Counter(caseless(name).translate(_REMOVED).split())
