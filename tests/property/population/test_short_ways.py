"""What is judged at once where it is usual is judged as it would be piece by piece."""

import re
import unicodedata
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from adapters.population.question import MAX_WORD, Question
from adapters.population.requests import write_envelope, zeep_envelope
from adapters.population.settings import Operation, RequestForm
from gateway.errors import InvalidInput
from mappings.population.questions import NameForm, compact_name, wire_name

_MANY = settings(max_examples=500, deadline=None)
_USUAL = st.text("AaĂăÂâĐđÊêÔôƠơƯưáảãạếữỵỹỲzZ09 '-.\u00a0")
_UNUSUAL = st.text("aĂđÐ\u0189ßıŉﬁÆøŁẞ\u0301\u031b\u00adжИ李ǅ²½ \u200b") | st.text(max_size=30)
_NAMES = _USUAL | st.builds(str.__add__, _USUAL, _UNUSUAL)
_TEXTS = _NAMES | st.text("<>&\"'a{}% \t\u0085\ue000\ufffd", max_size=MAX_WORD + 2)
_MARK = "\u0301"
"""A mark that stands for itself has every letter decomposed, and says nothing."""
_WORDS = ("procedure_code", "officer_code", "agency_code", "login", "name")
_FORBIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\uf8ff\ufeff\ufff9-\uffff"
    "\U000e0000-\U0010ffff]"
)


def compact(name: str) -> str | None:
    try:
        return compact_name(name)
    except InvalidInput:
        return None


@_MANY
@given(_NAMES)
@example("Nguyễn Văn Đức")
@example("Nguye\u0302\u0303n Văn Đức")
def test_usual_names_become_what_their_decomposition_becomes(name: str) -> None:
    """However the letters are mixed; a name that cannot be compared stays one."""
    assert compact(name + _MARK) == compact(name)


def test_every_letter_becomes_what_its_decomposition_becomes() -> None:
    """Of the whole plane, each by itself and beside others."""
    for code in range(0x10000):
        letter = chr(code)
        assert compact(letter + _MARK) == compact(letter), hex(code)
        assert compact(f"Aạ{letter}z" + _MARK) == compact(f"Aạ{letter}z"), hex(code)


def test_nothing_that_can_be_printed_is_hidden() -> None:
    """So names that can be printed need no look at each letter."""
    assert not [code for code in range(0x110000) if chr(code).isprintable() and _is_hidden(chr(code))]


def _is_hidden(letter: str) -> bool:
    return unicodedata.category(letter) in _FORBIDDEN


@_MANY
@given(_NAMES)
def test_names_are_refused_for_each_hidden_letter(name: str) -> None:
    """And for none else."""
    assume(compact(name) is not None and len(name) <= 100)
    if any(map(_is_hidden, name)):
        with pytest.raises(InvalidInput, match="cannot be asked"):
            wire_name(name, NameForm.AS_WRITTEN)
    else:
        assert compact_name(name) == wire_name(name, NameForm.COMPACT)


@settings(max_examples=200, deadline=None)
@given(st.tuples(*[_TEXTS] * len(_WORDS)))
def test_words_are_judged_together_as_each_by_itself(texts: tuple[str, ...]) -> None:
    """All of the wrong ones are named, the unseen before the long; the name may be long here."""
    words = dict(zip(_WORDS, texts, strict=True))
    unseen = [field for field, text in words.items() if _UNSEEN.search(text)]
    long = [field for field, text in words.items() if field != "name" and len(text) > MAX_WORD]
    named: list[str] = []
    try:
        question(**words)
    except InvalidInput as error:
        named = [fault.field for fault in error.faults]

    assert [field.replace("name", "full_name") for field in (*unseen, *long)] == named


@_MANY
@given(_TEXTS, _TEXTS)
def test_requests_are_what_zeep_writes(name: str, officer: str) -> None:
    """Whatever the texts are, whether they need escaping or not."""
    assume(name and not any(_UNSEEN.search(text) or len(text) > MAX_WORD for text in (name, officer)))
    asked = question(name=name, officer_code=officer)

    written = write_envelope(Operation.LOOK_UP, RequestForm.STANDARD, asked)
    assert zeep_envelope(Operation.LOOK_UP, asked.fields()) == written.decode()


def question(**words: Any) -> Question:
    known = {"request_id": "H99-1", "procedure_code": "VPCP", "service_code": "037", "officer_code": "a", "name": "A"}
    return Question(**(known | words))
