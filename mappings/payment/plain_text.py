"""Text that providers' and banks' fields take, and text of theirs that may be kept. Pure."""

import re

from mappings.codes.text import unaccented

_MAX_LABEL = 100
_UNPRINTABLE = re.compile(r"[^ -~]")


def plain(text: str, max_length: int) -> str:
    """Give `text` in ASCII capitals, at most `max_length` long; the pipe, which separates fields, becomes a slash."""
    bare = _UNPRINTABLE.sub(" ", unaccented(text).upper()).replace("|", "/")
    return " ".join(bare.split())[:max_length].rstrip()


def label(text: str) -> str:
    """Give a foreign number, name or time that is fit to be stored and shown; "" for what is not: too long, or with
    characters that nobody can see, such as the zero that no database takes."""
    return text if len(text) <= _MAX_LABEL and text.isprintable() else ""
