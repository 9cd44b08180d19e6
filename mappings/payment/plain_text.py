"""Vietnamese text in the capitals without marks that providers' and banks' fields take. Pure."""

import re

from mappings.codes.text import unaccented

_UNPRINTABLE = re.compile(r"[^ -~]")


def plain(text: str, max_length: int) -> str:
    """Give `text` in ASCII capitals, at most `max_length` long; the pipe, which separates fields, becomes a slash."""
    bare = _UNPRINTABLE.sub(" ", unaccented(text).upper()).replace("|", "/")
    return " ".join(bare.split())[:max_length].rstrip()
