"""Files are what their names say, as far as names say anything."""

import pytest

from gateway.model.file_kinds import FileKind, is_as_named, kind_of, media_type_of


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"%PDF-1.7\n", FileKind.PDF),
        (b"\x89PNG\r\n\x1a\n....", FileKind.PNG),
        (b"\xff\xd8\xff\xe0", FileKind.JPEG),
        (b"II*\x00", FileKind.TIFF),
        (b"PK\x03\x04", FileKind.ZIP),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FileKind.OLE),
        (b"MZ\x90\x00", FileKind.PROGRAM),
        (b"#!/bin/sh", FileKind.PROGRAM),
        (b"", FileKind.OTHER),
        (b"%PD", FileKind.OTHER),
    ],
)
def test_the_first_bytes_tell_the_kind(head: bytes, kind: FileKind) -> None:
    """Every known kind is told by its magic, and nothing is guessed from less."""
    assert kind == kind_of(head)


@pytest.mark.parametrize(
    ("name", "head", "is_fine"),
    [
        ("don.pdf", b"%PDF-1.4", True),
        ("DON.PDF", b"%PDF-1.4", True),
        ("don.pdf", b"PK\x03\x04", False),
        ("don.pdf", b"", False),
        ("don.docx", b"PK\x03\x04", True),
        ("don.doc", b"PK\x03\x04", True),
        ("don.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", False),
        ("anh.jpg", b"\xff\xd8\xff\xdb", True),
        ("anh.jpg", b"\x89PNG\r\n\x1a\n", False),
        ("no ending", b"anything", True),
        ("don.xyz", b"anything", True),
        ("don.xyz", b"MZ\x90", False),
        ("no ending", b"\x7fELF", False),
    ],
)
def test_a_name_and_its_content_agree(name: str, head: bytes, is_fine: bool) -> None:
    """A known ending holds the content to its kind; a program passes under no name."""
    assert is_fine is is_as_named(name, head)


def test_an_unknown_ending_has_the_neutral_media_type() -> None:
    """No media type is guessed."""
    assert media_type_of("a.pdf") == "application/pdf"
    assert media_type_of("a.xyz") == "application/octet-stream"
