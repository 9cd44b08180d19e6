"""VietQR codes: EMVCo objects, written and strictly read (payment notes §E, after NAPAS VietQR v1.0 of September 2021).
Pure.

Every object is two digits of id, two digits of length, and the value. Object 00 comes first and 63, the checksum, last.
A code confirms nothing: whoever pays by it is known by the reference in object 62 alone, once it stands in a statement.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

_ASCII = re.compile(r"[ -~]*")
_BIN = re.compile(r"[0-9]{6}")
_ACCOUNT = re.compile(r"[0-9A-Za-z]{1,19}")
_AMOUNT = re.compile(r"[1-9][0-9]{0,12}")
_LABEL = re.compile(r"[!-~](?:[ -~]{0,23}[!-~])?")
_REFERENCE = re.compile(r"[0-9A-Za-z]{1,25}")

NAPAS = "A000000727"
CURRENCY = "704"
COUNTRY = "VN"
_ASK_THE_PAYER = "***"
_CHECKSUM_HEAD = "6304"
_LIMITS = {"52": (4, 4), "59": (1, 25), "60": (1, 15), "61": (1, 10)}


class QrRefused(ValueError):
    """A text that is no VietQR code. `code` names the rule; nothing of the content is told."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Service(StrEnum):
    """What kind of number the money goes to."""

    TO_ACCOUNT = "QRIBFTTA"
    TO_CARD = "QRIBFTTC"


class ReferencePlace(StrEnum):
    """Where in object 62 the reference stands."""

    BILL_NUMBER = "01"
    LABEL = "05"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """What a code asks its reader to transfer. Fields are "" and the amount None where the payer fills them in."""

    bank_bin: str
    account_number: str
    amount_vnd: int | None = None
    is_dynamic: bool = True
    """For one payment only; a static code may be paid by anybody, any number of times."""
    service: Service = Service.TO_ACCOUNT
    bill_number: str = ""
    reference_label: str = ""
    purpose: str = ""

    @property
    def reference(self) -> str:
        """The reference, wherever it stands."""
        return self.bill_number or self.reference_label


def checksum_of(text: str) -> str:
    """Give CRC-16 (polynomial 0x1021, from 0xFFFF, nothing reflected or inverted) as four hex digits.

    The specification names ISO/IEC 13239, but its examples fit this variant only. Raises QrRefused for what is no
    printable ASCII.
    """
    if not _ASCII.fullmatch(text):
        raise QrRefused("not_ascii")
    rest = 0xFFFF
    for byte in text.encode("ascii"):
        rest ^= byte << 8
        for _ in range(8):
            rest = (rest << 1) ^ 0x1021 if rest & 0x8000 else rest << 1
        rest &= 0xFFFF
    return f"{rest:04X}"


def write(transfer: Transfer) -> str:
    """Give the content of the code. Raises QrRefused for what cannot stand in one."""
    _check(transfer)
    organisation = _object("00", transfer.bank_bin) + _object("01", transfer.account_number)
    account = _object("00", NAPAS) + _object("01", organisation) + _object("02", transfer.service)
    extra = "".join(
        _object(place, value)
        for place, value in (
            ("01", transfer.bill_number),
            ("05", transfer.reference_label),
            ("08", transfer.purpose),
        )
        if value
    )
    text = _object("00", "01") + _object("01", "12" if transfer.is_dynamic else "11")
    text += _object("38", account) + _object("53", CURRENCY)
    if transfer.amount_vnd is not None:
        text += _object("54", str(transfer.amount_vnd))
    text += _object("58", COUNTRY)
    if extra:
        text += _object("62", extra)
    text += _CHECKSUM_HEAD
    return text + checksum_of(text)


def read(text: str) -> Transfer:
    """Read a code. Strict: raises QrRefused for every deviation from the layout, also where a payer's application
    might look the other way."""
    if not _ASCII.fullmatch(text):
        raise QrRefused("not_ascii")
    if len(text) < 12 or text[-8:-4] != _CHECKSUM_HEAD:
        raise QrRefused("checksum_missing")
    if checksum_of(text[:-4]) != text[-4:]:
        raise QrRefused("checksum_wrong")
    places = list(_objects(text))
    objects = _distinct(places)
    if places[0] != ("00", "01") or places[-1][0] != "63":
        raise QrRefused("order")
    if objects.get("01") not in ("11", "12"):
        raise QrRefused("initiation")
    if objects.get("53") != CURRENCY or objects.get("58") != COUNTRY:
        raise QrRefused("currency_or_country")
    for place, (shortest, longest) in _LIMITS.items():
        if place in objects and not shortest <= len(objects[place]) <= longest:
            raise QrRefused("length")
    if any("02" <= place <= "51" and place != "38" for place in objects):
        # Another scheme's account beside it: two readers would pay to two places.
        raise QrRefused("account")
    bank_bin, number, service = _read_account(objects.get("38", ""))
    extra = _read_extra(objects["62"]) if "62" in objects else {}
    transfer = Transfer(
        bank_bin=bank_bin,
        account_number=number,
        amount_vnd=_read_amount(objects.get("54")),
        is_dynamic=objects["01"] == "12",
        service=service,
        bill_number=extra.get("01", ""),
        reference_label=extra.get("05", ""),
        purpose=extra.get("08", ""),
    )
    _check(transfer)
    return transfer


def _check(transfer: Transfer) -> None:
    if not _BIN.fullmatch(transfer.bank_bin):
        raise QrRefused("bank_bin")
    if not _ACCOUNT.fullmatch(transfer.account_number):
        raise QrRefused("account_number")
    amount = transfer.amount_vnd
    if amount is not None and (isinstance(amount, bool) or not _AMOUNT.fullmatch(str(amount))):
        raise QrRefused("amount")
    for reference in (transfer.bill_number, transfer.reference_label):
        if reference and not _REFERENCE.fullmatch(reference):
            raise QrRefused("reference")
    if transfer.purpose and not _LABEL.fullmatch(transfer.purpose):
        raise QrRefused("purpose")


def _object(place: str, value: str) -> str:
    if not 1 <= len(value) <= 99:
        raise QrRefused("length")
    return f"{place}{len(value):02d}{value}"


def _objects(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        head, value_at = text[at : at + 4], at + 4
        if len(head) != 4 or not head.isdigit():
            raise QrRefused("layout")
        length = int(head[2:])
        if length == 0 or value_at + length > len(text):
            raise QrRefused("length")
        yield head[:2], text[value_at : value_at + length]
        at = value_at + length


def _distinct(places: list[tuple[str, str]]) -> dict[str, str]:
    objects = dict(places)
    if len(objects) != len(places):
        # Two readers would see two different accounts or amounts.
        raise QrRefused("duplicate")
    return objects


def _read_account(text: str) -> tuple[str, str, Service]:
    objects = _distinct(list(_objects(text)))
    if objects.get("00") != NAPAS or not objects.keys() <= {"00", "01", "02"}:
        raise QrRefused("account")
    organisation = _distinct(list(_objects(objects.get("01", ""))))
    if organisation.keys() != {"00", "01"}:
        raise QrRefused("account")
    try:
        service = Service(objects.get("02", ""))
    except ValueError:
        raise QrRefused("service") from None
    return organisation["00"], organisation["01"], service


def _read_extra(text: str) -> dict[str, str]:
    objects = _distinct(list(_objects(text)))
    if any(len(value) > (3 if place == "09" else 25) for place, value in objects.items()):
        raise QrRefused("length")
    return {place: "" if value == _ASK_THE_PAYER else value for place, value in objects.items()}


def _read_amount(text: str | None) -> int | None:
    if text is None:
        return None
    if not _AMOUNT.fullmatch(text):
        raise QrRefused("amount")
    return int(text)
