"""The result of a payment as members of a message: sealed right, or wrong on purpose (payment notes §12.2). Pure."""

import json
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol
from urllib.parse import urlencode

from adapters.payment.sandbox.vietnam import read_wire_time, wire_time

BODY_FAULTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "F07_wrong_amount": (),
        "F08_wrong_value": ("dossier", "partner", "currency"),
        "F09_tampered": ("amount", "result", "transaction", "reference"),
        "F10_upper_case_checksum": (),
        "F11_bad_checksum": ("missing", "short", "non_hex"),
        "F12_amount_form": ("text", "decimals", "huge", "negative", "exponent"),
        "F13_reference": ("unknown", "empty"),
        "F31_nfd_description": (),
        "F32_twelve_hour_time": (),
    }
)
"""Those that change the members of a result. F09, F10 and F11 come after the seal; the others are sealed over, as by a
faulty peer. Where a result has no such member it stays as it is."""
UNKNOWN_REFERENCE = "KHONGCO0001"


class Fault(Protocol):
    """What is needed of an armed switch."""

    @property
    def variant(self) -> str:
        """Its form."""
        ...


Armed = Mapping[str, Fault]
"""The faults that strike, by their short names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a provider names the members that faults are about; `paid` and `unpaid` are values of `result`."""

    amount: str
    checksum: str
    result: str
    transaction: str
    reference: str
    paid: str | int
    unpaid: str | int
    description: str
    wrong: Mapping[str, tuple[str, str]]
    """By variant of F08: a member and a value that is no payment's here."""
    time: str = ""
    """"" where a result tells no time."""


class Result:
    """A result that is about to be sent. `amount_text` is the amount as it stands in the message when that is odd."""

    __slots__ = ("amount_text", "document", "form")

    def __init__(self, document: dict[str, Any], form: Form, amount_text: str | None) -> None:
        self.document = document
        self.form = form
        self.amount_text = amount_text

    def as_json(self) -> bytes:
        """Write it as a JSON object; an odd amount stands there without quotes."""
        parts = []
        for name, value in self.document.items():
            is_odd = name == self.form.amount and self.amount_text is not None
            parts.append(f"{json.dumps(name)}:{self.amount_text if is_odd else json.dumps(value, ensure_ascii=False)}")
        return ("{" + ",".join(parts) + "}").encode()

    def as_query(self) -> str:
        """Write it as parameters of an address."""
        return urlencode({name: str(value) for name, value in self.document.items()})


def sealed(document: Mapping[str, Any], form: Form, seal: Callable[[Mapping[str, Any]], str], armed: Armed) -> Result:
    """Add the checksum to a result, with the armed faults done before or after that."""
    told = dict(document)
    _mistell(told, form, armed)
    odd = armed.get("F12")
    if odd is not None:
        told[form.amount] = _odd_amount(int(told[form.amount]), odd.variant)
    told[form.checksum] = seal(told)
    tampered = armed.get("F09")
    if tampered is not None:
        _tamper(told, form, tampered.variant)
    if "F10" in armed:
        # Where the checksum is upper case by right, the wrong case is the other one.
        told[form.checksum] = told[form.checksum].swapcase()
    bad = armed.get("F11")
    if bad is not None:
        _spoil_checksum(told, form.checksum, bad.variant)
    is_bare = odd is not None and odd.variant != "text"
    return Result(told, form, told[form.amount] if is_bare else None)


def _mistell(told: dict[str, Any], form: Form, armed: Armed) -> None:
    if "F07" in armed:
        told[form.amount] = type(told[form.amount])(int(told[form.amount]) + 1000)
    if "F08" in armed and armed["F08"].variant in form.wrong:
        name, value = form.wrong[armed["F08"].variant]
        told[name] = value
    if "F13" in armed:
        told[form.reference] = "" if armed["F13"].variant == "empty" else UNKNOWN_REFERENCE
    if "F31" in armed:
        told[form.description] = unicodedata.normalize("NFD", told[form.description])
    at = read_wire_time(told[form.time]) if "F32" in armed and form.time else None
    if at is not None:
        told[form.time] = wire_time(at, is_twelve_hour=True)


def _odd_amount(amount: int, variant: str) -> str:
    match variant:
        case "decimals":
            return f"{amount}.00"
        case "huge":
            return "9" * 40
        case "negative":
            return f"-{amount}"
        case "exponent":
            return f"{amount}e0"
        case _:
            return str(amount)


def _tamper(told: dict[str, Any], form: Form, variant: str) -> None:
    match variant:
        case "result":
            told[form.result] = form.unpaid if told[form.result] == form.paid else form.paid
        case "transaction":
            told[form.transaction] = f"{told[form.transaction]}X"
        case "reference":
            told[form.reference] = f"{told[form.reference]}X"
        case _:
            # Variants of other providers name members that are not here; the amount is everywhere.
            told[form.amount] = (
                f"{told[form.amount]}0" if isinstance(told[form.amount], str) else told[form.amount] * 10
            )


def _spoil_checksum(told: dict[str, Any], name: str, variant: str) -> None:
    match variant:
        case "missing":
            del told[name]
        case "short":
            told[name] = told[name][:-1]
        case _:
            told[name] = "z" * len(told[name])
