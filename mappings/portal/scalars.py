"""Single values as others write them, brought to text and to whole numbers. Nothing is guessed."""

import re

from mappings.portal.wire import Scalar

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def text_of(value: Scalar) -> str:
    """Give the text of a value: absent and null are empty, a whole float loses its point, true is "True"."""
    if value.__class__ is str:
        return value
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return ""


def clean_text_of(value: Scalar) -> str:
    """Give the text without control characters (line breaks and tabs stay) and without outer space.

    No catalogue text needs the others, and PostgreSQL cannot hold NUL.
    """
    text = text_of(value)
    if _CONTROL.search(text):
        text = _CONTROL.sub("", text)
    return text.strip()


def whole_number_of(value: Scalar) -> int | None:
    """Give a whole number not below zero, or None when the value is not simply one."""
    text = text_of(value).strip()
    if text.isascii() and text.isdigit() and len(text) <= 15:
        return int(text)
    return None
