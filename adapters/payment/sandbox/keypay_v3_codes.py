"""Codes that pay-later of KeyPay v3 shows to payers (payment notes §C.4, §E): a VietQR text, and a picture."""

import base64
import struct
import zlib

from adapters.payment.sandbox.qr_scans import checksum

_MARKED = 8
_SIDE = 64


def transfer_text(bin_code: str, account: str, amount_vnd: int, bill_number: str) -> str:
    """Give a dynamic VietQR code for a transfer to an account, with the bill number in field 62."""
    organisation = _told("00", bin_code) + _told("01", account)
    info = _told("00", "A000000727") + _told("01", organisation) + _told("02", "QRIBFTTA")
    text = "".join(
        (
            _told("00", "01"),
            _told("01", "12"),
            _told("38", info),
            _told("53", "704"),
            _told("54", str(amount_vnd)),
            _told("58", "VN"),
            _told("62", _told("01", bill_number[:25])),
            "6304",
        )
    )
    return f"{text}{checksum(text):04X}"


def picture() -> str:
    """Give a PNG as a data URI: a chequered square that stands for a code. No telephone can read it; the text of the
    code is beside it in the message."""
    rows = b"".join(b"\x00" + _row(line) for line in range(_SIDE))
    head = struct.pack(">IIBBBBB", _SIDE, _SIDE, 1, 0, 0, 0, 0)
    chunks = _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + chunks).decode()


def _row(line: int) -> bytes:
    return (b"\xff\x00" if line // _MARKED % 2 else b"\x00\xff") * (_SIDE // 16)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _told(name: str, value: str) -> str:
    return f"{name}{len(value):02d}{value}"
