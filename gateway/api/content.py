"""From bytes to models: one parse, one validation, and every fault named by field, rule and class of value.

pydantic reads the raw bytes straight into the canonical dataclasses. Its parser stops at a nesting of about two
hundred, and the models are closed and of fixed depth, so depth needs no counting here. What it does not see is a key
that stands twice in one object: the later value would win silently, so that is looked for afterwards.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec
from pydantic import TypeAdapter, ValidationError

from gateway.api.problems import Problem
from gateway.errors import Fault

T = TypeVar("T")

_MAX_FAULTS_COUNT = 100
_SAFE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", re.ASCII)
_INSTANT = "must be an instant in ISO 8601 with its offset from UTC"

_Context = Mapping[str, Any]
_RULES: Mapping[str, str | Callable[[_Context], str]] = {
    "missing": "is required",
    "unexpected_keyword_argument": "is not a known field",
    "extra_forbidden": "is not a known field",
    "string_type": "must be text",
    "string_unicode": "must be valid Unicode",
    "string_too_short": lambda context: f"must have at least {context['min_length']} characters",
    "string_too_long": lambda context: f"must have at most {context['max_length']} characters",
    "too_short": lambda context: f"must have a length of at least {context['min_length']}",
    "too_long": lambda context: f"must have a length of at most {context['max_length']}",
    "string_pattern_mismatch": lambda context: f"must match {context['pattern']}",
    "enum": lambda context: f"must be one of {context['expected']}",
    "literal_error": lambda context: f"must be one of {context['expected']}",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a whole number of ordinary size",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "datetime_type": _INSTANT,
    "datetime_parsing": _INSTANT,
    "datetime_from_date_parsing": _INSTANT,
    "datetime_object_invalid": _INSTANT,
    "timezone_aware": _INSTANT,
    "greater_than_equal": lambda context: f"must be at least {context['ge']}",
    "greater_than": lambda context: f"must be above {context['gt']}",
    "less_than_equal": lambda context: f"must be at most {context['le']}",
    "less_than": lambda context: f"must be below {context['lt']}",
    "value_error": lambda context: str(context["error"]),
    "dataclass_type": "must be an object",
    "dict_type": "must be an object",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
}


def class_of_value(value: object) -> str:
    """Say what kind of thing a value is, without saying the value."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "number"
        case str():
            return f"string of {len(value)} characters"
        case list() | tuple():
            return f"list of {len(value)}"
        case dict():
            return "object"
        case _:
            return "value of another kind"


def pointer(location: Sequence[str | int]) -> str:
    """Give the JSON pointer of a place. A key that does not look like a field name is masked: it may be a value."""
    parts = (
        str(part) if isinstance(part, int) or _SAFE_NAME.fullmatch(part) else "(name not shown)" for part in location
    )
    return "".join("/" + part for part in parts)


def faults_of(error: ValidationError) -> list[Fault]:
    """Translate what pydantic found; at most a hundred faults, in the order of the model."""
    faults = []
    for item in error.errors(include_url=False)[:_MAX_FAULTS_COUNT]:
        rule = _RULES.get(item["type"], f"is not valid ({item['type']})")
        is_missing = item["type"] == "missing"
        faults.append(
            Fault(
                pointer(item["loc"]),
                rule if isinstance(rule, str) else rule(item.get("ctx", {})),
                "nothing" if is_missing else class_of_value(item["input"]),
            )
        )
    return faults


class _RepeatedKey(Exception):
    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen = set()
        for key, _ in pairs:
            if key in seen:
                raise _RepeatedKey(key)
            seen.add(key)
    return members


def refuse_repeated_keys(raw: bytes) -> None:
    """Raise Problem when an object in valid JSON has a key twice.

    The usual case costs microseconds: re-encoding never makes JSON longer (fractional numbers apart, and no model that
    was validated before this has any), so equal length means that nothing was dropped.
    """
    if len(msgspec.json.encode(msgspec.json.decode(raw))) == len(raw):
        return
    try:
        json.loads(raw, object_pairs_hook=_unique)
    except _RepeatedKey as error:
        fault = Fault(pointer([error.key]), "must stand only once in its object", "repeated key")
        raise Problem("malformed-json", "A key stands twice in one object.", faults=[fault]) from None


@cache
def adapter_for(model: Any) -> TypeAdapter[Any]:
    """Give the validator of a model, made once: making it costs more than thousands of uses."""
    return TypeAdapter(model)


class Content(Generic[T]):
    """Reads one model from raw JSON."""

    def __init__(self, model: Any) -> None:
        self._adapter: TypeAdapter[T] = adapter_for(model)

    def read(self, raw: bytes) -> T:
        """Give the model. Raises Problem: malformed-json (400) or invalid-content (422) with every fault."""
        value = self.validate(raw)
        refuse_repeated_keys(raw)
        return value

    def validate(self, raw: bytes | memoryview) -> T:
        """Do the same without looking for repeated keys: for a part of something that is looked at as a whole."""
        try:
            return self._adapter.validate_json(bytes(raw))
        except ValidationError as error:
            raise _refusal(error) from None
        except OverflowError:
            # An instant at the very edge of the calendar whose offset leads beyond it.
            raise Problem("invalid-content", faults=[Fault("", _INSTANT, "instant beyond the calendar")]) from None


def _refusal(error: ValidationError) -> Problem:
    first = error.errors(include_url=False, include_input=False, include_context=True)[0]
    if first["type"] == "json_invalid":
        # The parser's message names what it expected and the place, and quotes nothing.
        reason = str(first.get("ctx", {}).get("error", ""))
        return Problem("malformed-json", f"The parser says: {reason}." if reason else "")
    return Problem("invalid-content", faults=faults_of(error))


def read_parameters(adapter: TypeAdapter[T], values: Any, place: str) -> T:
    """Read a path parameter, or query parameters by name, given as text.

    Raises Problem invalid-parameter with every fault.
    """
    try:
        # As JSON: only there does pydantic read numbers, truths and instants from text, and lists from lists.
        return adapter.validate_json(msgspec.json.encode(values))
    except ValidationError as error:
        faults = [Fault(place + fault.field, fault.rule, fault.found) for fault in faults_of(error)]
        raise Problem("invalid-parameter", faults=faults) from None
    except (OverflowError, UnicodeEncodeError):
        fault = Fault(place, "must be valid text and stay within the calendar", "value of another kind")
        raise Problem("invalid-parameter", faults=[fault]) from None
