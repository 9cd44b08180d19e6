"""Response codes of KeyPay v1 and v2, as a table with its source, and what they say of a payment. Pure."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources
from types import MappingProxyType

from gateway.model.payment import Answer
from mappings.payment.notices import Notice


class CodeClass(StrEnum):
    """The four classes of §C.3."""

    PAID = "paid"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CONFIGURATION = "configuration"


class Asked(StrEnum):
    """What a code means as the answer to a question, where it differs."""

    NOT_FOUND = "not_found"
    CREDENTIALS = "credentials"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRow:
    """One code."""

    code_class: CodeClass
    meaning: str
    asked: Asked | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeTable:
    """All codes, and where they are from."""

    rows: Mapping[str, CodeRow]
    source: str
    checked_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSaid:
    """What a code says of a payment, and what is odd about it."""

    answer: Answer
    notices: tuple[str, ...] = ()


@cache
def keypay_codes() -> CodeTable:
    """Give the table that is part of this program. Raises ValueError for one that is broken."""
    text = resources.files("mappings.payment").joinpath("keypay_codes.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text)
    rows = {}
    for code, row in document["codes"].items():
        if len(code) != 2 or not code.isdigit() or not row.keys() <= {"class", "meaning", "asked"}:
            raise ValueError(f"keypay_codes.toml: row {code} is not usable")
        rows[code] = CodeRow(
            code_class=CodeClass(row["class"]),
            meaning=row["meaning"],
            asked=Asked(row["asked"]) if "asked" in row else None,
        )
    return CodeTable(rows=MappingProxyType(rows), source=document["source"], checked_on=document["checked_on"])


def said_by_notification(code: str) -> CodeSaid:
    """Tell what a verified notification says.

    A code without a row is no failure: somebody asks. "Not found" beside a reference that KeyPay itself names is a
    contradiction, and settled by a question as well.
    """
    row = keypay_codes().rows.get(code)
    if row is None:
        return CodeSaid(answer=Answer.PENDING, notices=(Notice.UNKNOWN_RESULT,))
    match row.code_class:
        case CodeClass.PAID:
            return CodeSaid(answer=Answer.PAID)
        case CodeClass.CONFIGURATION:
            return CodeSaid(answer=Answer.FAILED, notices=(Notice.CONFIGURATION_RESULT,))
        case CodeClass.FAILED if row.asked is None:
            return CodeSaid(answer=Answer.FAILED)
        case _:
            return CodeSaid(answer=Answer.PENDING)


def said_by_query(code: str) -> CodeSaid:
    """Tell what the answer to a question says. Codes of credentials are no answer and not for this function.

    A code of the class configuration may speak of the question as well as of the payment, so it ends nothing.
    """
    row = keypay_codes().rows.get(code)
    if row is None:
        return CodeSaid(answer=Answer.PENDING, notices=(Notice.UNKNOWN_RESULT,))
    if row.asked is Asked.NOT_FOUND:
        return CodeSaid(answer=Answer.NOT_FOUND)
    match row.code_class:
        case CodeClass.PAID:
            return CodeSaid(answer=Answer.PAID)
        case CodeClass.FAILED:
            return CodeSaid(answer=Answer.FAILED)
        case CodeClass.CONFIGURATION:
            return CodeSaid(answer=Answer.PENDING, notices=(Notice.CONFIGURATION_RESULT,))
        case CodeClass.UNKNOWN:
            return CodeSaid(answer=Answer.PENDING)


def refuses_credentials(code: str) -> bool:
    """Tell whether an answer says that we are not accepted."""
    row = keypay_codes().rows.get(code)
    return row is not None and row.asked is Asked.CREDENTIALS
