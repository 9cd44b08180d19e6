"""Pictures of codes."""

import struct
import zlib
from xml.etree import ElementTree

from mappings.payment import qr_image
from tests.unit.mappings.payment.test_vietqr import EXAMPLE


def test_png_is_a_whole_picture_of_the_code() -> None:
    """150 characters make a code of 41 modules at level M; with its border that is 49 modules of 6 pixels."""
    picture = qr_image.png(EXAMPLE)
    assert b"\x89PNG\r\n\x1a\n" == picture[:8]
    width, height = struct.unpack(">II", picture[16:24])
    assert (49 * 6, 49 * 6) == (width, height)
    at, kinds = 8, []
    while at < len(picture):
        (size,) = struct.unpack(">I", picture[at : at + 4])
        kind, data = picture[at + 4 : at + 8], picture[at + 8 : at + 8 + size]
        assert zlib.crc32(kind + data) == struct.unpack(">I", picture[at + 8 + size : at + 12 + size])[0]
        kinds.append(kind)
        at += 12 + size
    assert b"IHDR" == kinds[0]
    assert b"IEND" == kinds[-1]


def test_svg_is_a_document_without_script_or_text() -> None:
    """It may stand inside a page, and shows nothing but the code."""
    root = ElementTree.fromstring(qr_image.svg(EXAMPLE))
    assert "{http://www.w3.org/2000/svg}svg" == root.tag
    assert str(49 * 6) == root.attrib["width"]
    assert {f"{{http://www.w3.org/2000/svg}}{name}" for name in ("svg", "g", "path")} == {
        node.tag for node in root.iter()
    }


def test_the_same_code_gives_the_same_picture() -> None:
    """Pictures hold no time and no chance, so they can be cached by content."""
    assert qr_image.png(EXAMPLE) == qr_image.png(EXAMPLE)
    assert qr_image.svg(EXAMPLE) == qr_image.svg(EXAMPLE)
    assert qr_image.svg(EXAMPLE) != qr_image.svg(EXAMPLE[:-4] + "0000")
