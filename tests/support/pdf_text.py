"""Reads the text of the project's own PDF files, by their fonts' tables of characters. Knows no other writer's."""

import base64
import re
import zlib

_OBJECT = re.compile(rb"(\d+) 0 obj\n(.*?)\nendobj", re.DOTALL)
_SHOWN = re.compile(rb"/(F[\d+]+) [\d.]+ Tf|(\((?:\\.|[^\\()])*\)) Tj", re.DOTALL)
_ESCAPED = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)


def pdf_lines(raw: bytes) -> list[list[str]]:
    """Give the strings of every page in the order in which they were drawn."""
    objects = {int(number): body for number, body in _OBJECT.findall(raw)}
    fonts = {
        name: _characters(_stream(objects[int(table)]))
        for body in objects.values()
        for name, table in re.findall(rb"/Name /(F[\d+]+) .*?/ToUnicode (\d+) 0 R", body, re.DOTALL)
    }
    pages = [int(found[1]) for body in objects.values() if (found := re.search(rb"/Contents (\d+) 0 R", body))]
    return [_page(_stream(objects[number]), fonts) for number in sorted(pages)]


def pdf_text(raw: bytes) -> str:
    """Give all text, wrapped lines joined by blanks."""
    return " ".join(line for page in pdf_lines(raw) for line in page)


def _stream(body: bytes) -> bytes:
    head, _, rest = body.partition(b"stream\n")
    data = rest.partition(b"endstream")[0].strip()
    if b"ASCII85" in head:
        data = base64.a85decode(b"<~" + data, adobe=True)
    return zlib.decompress(data)


def _characters(table: bytes) -> dict[int, str]:
    pairs = re.findall(rb"<([0-9A-F]{2})> <([0-9A-F]{4})>\n", table)
    return {int(code, 16): chr(int(letter, 16)) for code, letter in pairs}


def _page(content: bytes, fonts: dict[bytes, dict[int, str]]) -> list[str]:
    lines, font = [], b""
    for name, shown in _SHOWN.findall(content):
        if name:
            font = name
            continue
        codes = _ESCAPED.sub(lambda one: bytes([int(one[1], 8)]) if len(one[1]) == 3 else one[1], shown[1:-1])
        lines.append("".join(fonts[font][code] for code in codes))
    return lines
