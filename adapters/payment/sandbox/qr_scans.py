"""A banking application's eye for VietQR codes (payment notes §E): reads a payload as a payer's telephone would."""

from dataclasses import dataclass


class ScanError(ValueError):
    """The code cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a telephone shows. `amount_vnd` None: the payer types it."""

    bin: str
    account: str
    amount_vnd: int | None
    bill_number: str
    text: str
    """Bill number, reference label and purpose, as the transfer will carry them."""


def scan(payload: str) -> Scanned:
    """Read a code. Raises ScanError for a wrong checksum, broken lengths, or another kind of code."""
    if not payload.isascii() or payload[-8:-4] != "6304" or f"{checksum(payload[:-4]):04X}" != payload[-4:]:
        raise ScanError("63: the checksum is wrong")
    objects = _read(payload)
    account_info = _read(objects.get("38", ""))
    organisation = _read(account_info.get("01", ""))
    extra = _read(objects.get("62", ""))
    is_transfer = account_info.get("00") == "A000000727" and account_info.get("02", "").startswith("QRIBFTT")
    if objects.get("53") != "704" or not is_transfer or not organisation.get("01"):
        raise ScanError("38, 53: no transfer in đồng to an account")
    amount = objects.get("54")
    if amount is not None and (not amount.isdigit() or int(amount) == 0):
        raise ScanError("54: the amount is wrong")
    words = (extra.get("01", ""), extra.get("05", ""), extra.get("08", ""))
    return Scanned(
        bin=organisation.get("00", ""),
        account=organisation["01"],
        amount_vnd=None if amount is None else int(amount),
        bill_number=extra.get("01", ""),
        text=" ".join(word for word in words if word),
    )


def checksum(text: str) -> int:
    """Give the CRC-16 with polynomial 0x1021 from 0xFFFF, not reflected (§E.2)."""
    value = 0xFFFF
    for byte in text.encode("ascii"):
        value ^= byte << 8
        for _ in range(8):
            value = ((value << 1) ^ 0x1021 if value & 0x8000 else value << 1) & 0xFFFF
    return value


def _read(text: str) -> dict[str, str]:
    objects: dict[str, str] = {}
    place = 0
    while place < len(text):
        name, length = text[place : place + 2], text[place + 2 : place + 4]
        if not (name.isdigit() and length.isdigit() and len(length) == 2):
            raise ScanError("the code is broken")
        value = text[place + 4 : place + 4 + int(length)]
        if len(value) != int(length) or name in objects:
            raise ScanError("the code is broken")
        objects[name] = value
        place += 4 + int(length)
    return objects
