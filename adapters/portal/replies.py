"""Reading a reply envelope in every dialect, and judging it by the failure table. Pure.

Dialects (portal wire notes §1.6, §1.8, §12): `error_code` as number, text, "00" or missing; success told in words
alone; the whole JSON as text inside `message`; for facades even bare text.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from unicodedata import normalize

import msgspec

from adapters.portal.failures import CodeClass, Meaning, Operation, Wording, Wordings, meaning_of
from adapters.portal.settings import Dialect

_CODE_WORD = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]*")
_SENTENCE_END = re.compile(r"[;\n]+|\.\s+")
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+")
_CODE = re.compile(r"[A-Za-z0-9._-]{1,10}")
_MAX_CODE_DIGITS = 6
"""Numbers of people (identity, telephone) have nine digits and more, so no text with that many passes for a code."""
_MAX_MESSAGE = 20_000
"""Only the beginning of a message is judged: a reply of megabytes of text is not searched."""


class MalformedReply(ValueError):
    """The body is no reply of the portal. The text names the class of what was found, never content."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply. `code` is normalised text ("0" for 0, "0" and "00"), None when there was none.

    The message may quote a person: it is judged and never kept, logged or shown.
    """

    code: str | None
    message: str = field(repr=False)
    result: Any = field(repr=False, default=None)
    session: str = field(repr=False, default="")
    envelope: Mapping[str, Any] = field(repr=False, compare=False, default_factory=dict)
    """The whole object as it came, for whoever watches its form; empty for bare text."""

    def wordings(self, dialect: Dialect) -> frozenset[Wording]:
        return wordings_of(self.message, dialect.wordings)

    def code_class(self, dialect: Dialect) -> CodeClass:
        if self.code is None:
            return CodeClass.NONE
        return CodeClass.ZERO if self.code in dialect.success_codes else CodeClass.OTHER

    def meaning(self, operation: Operation, dialect: Dialect) -> Meaning:
        """Give what the reply says of the call as a whole."""
        if self.code is not None and self.code in dialect.code_meanings:
            return dialect.code_meanings[self.code]
        return meaning_of(operation, self.code_class(dialect), self.wordings(dialect))

    def says_dossier_is_absent(self, dossier_code: str, dialect: Dialect) -> bool:
        """Tell whether the words say that this dossier does not exist (and not some other thing)."""
        return Wording.ABSENT in self.wordings(dialect) and speaks_of_dossier(
            self.message, frozenset({dossier_code}), dialect.wordings
        )


def read_reply(body: bytes, *, takes_plain_text: bool = False, code_key: str = "error_code") -> Reply:
    """Read a body. Raises MalformedReply when it is no reply in any dialect. `code_key` names the error code."""
    text = body.removeprefix(b"\xef\xbb\xbf").strip()
    if text[:1] == b"<":
        raise MalformedReply("a page (HTML or XML) came instead of JSON")
    try:
        document = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if takes_plain_text:
            return _plain_reply(text)
        raise MalformedReply("the body is not JSON") from error
    if isinstance(document, str) and takes_plain_text:
        return Reply(None, document[:_MAX_MESSAGE])
    if not isinstance(document, dict):
        raise MalformedReply("the body is not a JSON object")
    return _from_object(document, depth=0, code_key=code_key)


def _plain_reply(text: bytes) -> Reply:
    try:
        return Reply(None, text.decode("utf-8")[:_MAX_MESSAGE])
    except UnicodeDecodeError as error:
        raise MalformedReply("the body is neither JSON nor text") from error


def _from_object(document: dict[str, Any], *, depth: int, code_key: str) -> Reply:
    code = _code_of(document.get(code_key))
    message = document.get("message")
    # A facade puts the portal's whole answer into `message`, as text; an outer error code is the facade's own.
    if depth == 0 and "result" not in document and code in (None, "0"):
        inner = _inner_object(message)
        if inner is not None:
            return _from_object(inner, depth=1, code_key=code_key)
    result = document.get("result")
    words = [part for part in (message, result) if isinstance(part, str)]
    session = document.get("session")
    return Reply(
        code,
        " ".join(words)[:_MAX_MESSAGE],
        result,
        session.strip() if isinstance(session, str) else "",
        document,
    )


def _inner_object(message: Any) -> dict[str, Any] | None:
    if isinstance(message, dict):
        return message
    if not isinstance(message, str) or not message.lstrip().startswith("{"):
        return None
    try:
        inner = msgspec.json.decode(message)
    except (msgspec.DecodeError, RecursionError):
        return None
    return inner if isinstance(inner, dict) else None


def _code_of(raw: Any) -> str | None:
    """Normalise an error code. Raises MalformedReply for what cannot be one.

    A code is shown in reasons, feeds and webhooks, so only what is short and formed like a code is taken for one:
    whatever else stands in its place may be a sentence, or somebody's number.
    """
    if raw is None:
        return None
    if isinstance(raw, (bool, list, dict)):
        raise MalformedReply("the error code is neither a number nor text")
    if isinstance(raw, float):
        if not raw.is_integer():
            raise MalformedReply("the error code is not a whole number")
        raw = int(raw)
    text = str(raw).strip()
    if not text:
        return None
    if sum(char.isdigit() for char in text) > _MAX_CODE_DIGITS:
        raise MalformedReply("the error code has too many digits")
    if _WHOLE_NUMBER.fullmatch(text):
        return str(int(text))
    if not _CODE.fullmatch(text):
        raise MalformedReply("the error code has not the form of a code")
    return text


@lru_cache(maxsize=4)
def _folded(wordings: Wordings) -> dict[Wording, tuple[str, ...]]:
    return {
        Wording.FAILURE: _fold_all(wordings.failure),
        Wording.SUCCESS: _fold_all(wordings.success),
        Wording.EXISTS: _fold_all(wordings.exists),
        Wording.ABSENT: _fold_all(wordings.absent),
        Wording.SESSION: _fold_all(wordings.session),
        Wording.BUSY: _fold_all(wordings.busy),
        Wording.UNSUPPORTED: _fold_all(wordings.unsupported),
    }


def _fold_all(phrases: Iterable[str]) -> tuple[str, ...]:
    return tuple(fold(phrase) for phrase in phrases)


def fold(text: str) -> str:
    """Give text as phrases are compared: composed letters, no case, one space between words."""
    return " ".join(normalize("NFC", text).casefold().split())


def wordings_of(message: str, wordings: Wordings) -> frozenset[Wording]:
    """Tell what the words of a message speak of."""
    text = fold(message)
    found: set[Wording] = set()
    for phrase in _fold_all(wordings.session_except):
        text = text.replace(phrase, " ")
    for wording, phrases in _folded(wordings).items():
        for phrase in phrases:
            if phrase in text:
                found.add(wording)
                if wording is Wording.FAILURE:
                    text = text.replace(phrase, " ")
    return frozenset(found)


def codes_in(message: str, codes: frozenset[str]) -> set[str]:
    """Find which of the codes a message names, as whole words: a code is not found inside a longer one."""
    named: set[str] = set()
    for word in _CODE_WORD.findall(message):
        if word in codes:
            named.add(word)
        elif (stripped := word.rstrip("._-")) in codes:
            named.add(stripped)
    return named


def speaks_of_dossier(message: str, codes: frozenset[str], wordings: Wordings) -> bool:
    """Tell whether a message is about the dossier itself and about no other thing."""
    text = fold(message)
    if any(phrase in text for phrase in _fold_all(wordings.other_subjects)):
        return False
    return bool(codes_in(message, codes)) or any(phrase in text for phrase in _fold_all(wordings.dossier))


def sentences(message: str) -> list[str]:
    """Split a message where one statement ends and the next begins."""
    return [part for part in (piece.strip() for piece in _SENTENCE_END.split(message)) if part]


def is_only_codes(sentence: str, codes: frozenset[str]) -> bool:
    """Tell whether a sentence is a mere list of the codes."""
    words = [word.rstrip("._-") for word in _CODE_WORD.findall(sentence)]
    return bool(words) and all(word in codes for word in words)
