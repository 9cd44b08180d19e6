"""Mutations of replies: of their bytes, as a fuzzer without guidance makes them, and of their structure."""

from copy import deepcopy
from random import Random
from typing import Any

from lxml import etree

RECORDS, REQUESTS = "http://www.mic.gov.vn/dancu/1.0", "http://dancuquocgia.bca"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_WORDS = b"""< > /> & ]]> <![CDATA[ <!-- --> <? ?> <!DOCTYPE <ns1:CongDan/> <CongDan/> <ns1:CongdanCollection/>
    <ns1:SoDinhDanh>999190000002</ns1:SoDinhDanh> <dan:TonTai>false</dan:TonTai> <soapenv:Fault/> <soapenv:Body/>
    xsi:nil="true" xmlns="" 999190000002 19900203 true false " { } [ ] :null \\ud800 &#0; &#x202e;"""
WORDS = (*_WORDS.split(), b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b" ", b"\n")
"""Pieces that mean something to one of the parsers."""
_NAMES = (
    *("CongDan", "congdan", "CongdanCollection", "SoDinhDanh", "SoCMND", "HoVaTen", "Ho", "ChuDem", "Ten", "GioiTinh"),
    *("NgayThangNamSinh", "Nam", "NgayThangNam", "Cha", "ThuongTru", "MaTinhThanh", "ChuHo", "QuanHe", "TonTai"),
    *("KetQuaXacThuc", "LoiDichVu", "MaLoi", "Moi", "Fault", "Body", "Header"),
)
_NUMBERS = ("0", "00", "999190000001", "999190000002", "19900203", "1990-02-03")
_TEXTS = ("", " ", *_NUMBERS, "NGUYỄN THỊ MẪU", "true", "x" * 600)
_ATTRIBUTES = ("SoCongDan", "ThoiDiemDuLieu", "GhiChu", "id", "moi", NIL)
_VALUES = ("true", "0", "1", "99999999999", "0001-01-01T00:00:00+14:00", "2026-11-20T08:00:00+07:00", "")


def mutate(random: Random, body: bytes, others: list[bytes]) -> bytes:
    """Change the bytes of a reply in one to six places."""
    changed = bytearray(body)
    for _ in range(random.randint(1, 6)):
        at = random.randrange(len(changed) + 1)
        end = min(len(changed), at + random.choice((1, 2, 8, 40, 200)))
        match random.randrange(7):
            case 0 if at < len(changed):
                changed[at] ^= 1 << random.randrange(8)
            case 1:
                del changed[at:end]
            case 2:
                changed[at:at] = changed[at:end]
            case 3:
                changed[at:at] = random.choice(WORDS)
            case 4:
                changed[at:end] = random.choice(WORDS)
            case 5:
                other = random.choice(others)
                start = random.randrange(len(other) + 1)
                changed[at:at] = other[start : start + random.choice((10, 100, 1000))]
            case _:
                piece = bytes(changed[at:end])
                del changed[at:end]
                place = random.randrange(len(changed) + 1)
                changed[place:place] = piece
    return bytes(changed[:20_000])


def mutate_structure(random: Random, body: bytes, others: list[bytes]) -> bytes:
    """Change elements, texts and attributes of a reply in one to four places; what is no XML is changed by bytes."""
    try:
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    except (etree.XMLSyntaxError, ValueError):
        return mutate(random, body, others)
    for _ in range(random.randint(1, 4)):
        _change(random, root)
    written: bytes = etree.tostring(root)
    return written[:20_000]


def _change(random: Random, root: Any) -> None:
    elements = list(root.iter("*"))
    element = random.choice(elements)
    parent = element.getparent()
    match random.randrange(8):
        case 0 if parent is not None:
            parent.remove(element)
        case 1 if parent is not None and len(elements) < 500:
            parent.insert(random.randrange(len(parent) + 1), deepcopy(element))
        case 2 if parent is not None:
            parent.append(element)
        case 3:
            element.text = random.choice(_TEXTS)
        case 4:
            element.tag = f"{{{random.choice((RECORDS, REQUESTS, 'urn:x'))}}}{random.choice(_NAMES)}"
        case 5:
            element.set(random.choice(_ATTRIBUTES), random.choice(_VALUES))
        case 6:
            new = etree.SubElement(element, random.choice((f"{{{RECORDS}}}", "")) + random.choice(_NAMES))
            new.text = random.choice(_TEXTS)
        case _:
            element.tail = random.choice(_TEXTS)
