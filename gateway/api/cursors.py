"""Cursors: where the next page begins. Callers take them as they are; their form may change with any release.

Inside, a cursor is a letter for the kind of page, then the position: an id in base 36, or a code. Their form is part of
the document, so a cursor that could never have been given out is refused like any other parameter.
"""

from typing import Annotated

from pydantic import Field

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_DESCRIPTION = "`next_cursor` of the page before, as it was given."

# Twelve digits of base 36 stay below the largest id that the database can hold.
DossierCursor = Annotated[str, Field(pattern=r"^d[0-9a-z]{1,12}$", description=_DESCRIPTION)]
DeliveryCursor = Annotated[str, Field(pattern=r"^v[0-9a-z]{1,12}$", description=_DESCRIPTION)]
ProcedureCursor = Annotated[
    str, Field(pattern=r"^p[0-9]\.[0-9]{6}(\.[0-9A-Z]{2,3}){0,5}$", max_length=51, description=_DESCRIPTION)
]

RunCursor = Annotated[str, Field(pattern=r"^r[0-9a-z]{1,12}$", description=_DESCRIPTION)]
FindingCursor = Annotated[str, Field(pattern=r"^f[0-9a-z]{1,12}$", description=_DESCRIPTION)]
ApplicationCursor = Annotated[str, Field(pattern=r"^a[0-9a-z]{1,12}$", description=_DESCRIPTION)]
CatalogueCursor = Annotated[str, Field(pattern=r"^c[0-9a-z]{1,12}$", description=_DESCRIPTION)]
AuditCursor = Annotated[str, Field(pattern=r"^l[0-9a-z]{1,12}$", description=_DESCRIPTION)]
AccessCursor = Annotated[str, Field(pattern=r"^o[0-9a-z]{1,12}$", description=_DESCRIPTION)]
CaseCursor = Annotated[str, Field(pattern=r"^k[0-9a-z]{1,12}$", description=_DESCRIPTION)]
SuspenseCursor = Annotated[str, Field(pattern=r"^s[0-9a-z]{1,12}$", description=_DESCRIPTION)]
StatementCursor = Annotated[str, Field(pattern=r"^t[0-9a-z]{1,12}$", description=_DESCRIPTION)]
QuestionCursor = Annotated[
    str, Field(pattern=r"^q(citizens|agencies):[A-Za-z0-9_-]{1,50}$", max_length=70, description=_DESCRIPTION)
]


def write_number_cursor(kind: str, position: int) -> str:
    """Give the cursor of a page of `kind` (one letter) that goes on after an id."""
    digits = ""
    while position:
        position, digit = divmod(position, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return kind + (digits or "0")


def read_number_cursor(cursor: str | None) -> int:
    """Give the id, 0 for the first page. The form was checked with the other parameters."""
    return 0 if cursor is None else int(cursor[1:], len(_DIGITS))


def write_text_cursor(kind: str, position: str) -> str:
    """Give the cursor of a page of `kind` (one letter) that goes on after a code."""
    return kind + position


def read_text_cursor(cursor: str | None) -> str:
    """Give the code, "" for the first page. The form was checked with the other parameters."""
    return "" if cursor is None else cursor[1:]
