"""What a file says that it is, and what it is: names, magic bytes, and whether the two agree.

Only kinds that dossiers carry are told apart. A name without a known ending proves nothing and is let through with
whatever content it has, except for programs, which are no dossier's paper under any name.
"""

from dataclasses import dataclass
from enum import StrEnum


class FileKind(StrEnum):
    """A kind of content, told by its first bytes."""

    PDF = "pdf"
    PNG = "png"
    JPEG = "jpeg"
    TIFF = "tiff"
    GIF = "gif"
    ZIP = "zip"
    """Also the container of the newer office formats."""
    OLE = "ole"
    """Container of the older office formats."""
    XML = "xml"
    PROGRAM = "program"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class _Ending:
    kinds: frozenset[FileKind]
    media_type: str


_MAGIC: tuple[tuple[bytes, FileKind], ...] = (
    (b"%PDF-", FileKind.PDF),
    (b"\x89PNG\r\n\x1a\n", FileKind.PNG),
    (b"\xff\xd8\xff", FileKind.JPEG),
    (b"II*\x00", FileKind.TIFF),
    (b"MM\x00*", FileKind.TIFF),
    (b"GIF8", FileKind.GIF),
    (b"PK\x03\x04", FileKind.ZIP),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FileKind.OLE),
    (b"MZ", FileKind.PROGRAM),
    (b"\x7fELF", FileKind.PROGRAM),
    (b"#!", FileKind.PROGRAM),
    (b"<?xml", FileKind.XML),
    (b"\xef\xbb\xbf<?xml", FileKind.XML),
)

_OFFICE = "application/vnd.openxmlformats-officedocument."
_ENDINGS: dict[str, _Ending] = {
    "pdf": _Ending(frozenset({FileKind.PDF}), "application/pdf"),
    "png": _Ending(frozenset({FileKind.PNG}), "image/png"),
    "jpg": _Ending(frozenset({FileKind.JPEG}), "image/jpeg"),
    "jpeg": _Ending(frozenset({FileKind.JPEG}), "image/jpeg"),
    "tif": _Ending(frozenset({FileKind.TIFF}), "image/tiff"),
    "tiff": _Ending(frozenset({FileKind.TIFF}), "image/tiff"),
    "gif": _Ending(frozenset({FileKind.GIF}), "image/gif"),
    "zip": _Ending(frozenset({FileKind.ZIP}), "application/zip"),
    "docx": _Ending(frozenset({FileKind.ZIP}), f"{_OFFICE}wordprocessingml.document"),
    "xlsx": _Ending(frozenset({FileKind.ZIP}), f"{_OFFICE}spreadsheetml.sheet"),
    # Old endings are often given to files of the newer formats, and every office program opens both.
    "doc": _Ending(frozenset({FileKind.OLE, FileKind.ZIP}), "application/msword"),
    "xls": _Ending(frozenset({FileKind.OLE, FileKind.ZIP}), "application/vnd.ms-excel"),
    "xml": _Ending(frozenset({FileKind.XML}), "application/xml"),
}

UNKNOWN_MEDIA_TYPE = "application/octet-stream"
HEAD_BYTES = 16
"""So many first bytes are enough to tell the kind."""


def kind_of(head: bytes) -> FileKind:
    """Tell the kind by the first bytes; `other` when none of the known ones fits."""
    return next((kind for magic, kind in _MAGIC if head.startswith(magic)), FileKind.OTHER)


def _ending_of(name: str) -> _Ending | None:
    return _ENDINGS.get(name.rpartition(".")[2].strip().lower()) if "." in name else None


def media_type_of(name: str) -> str:
    """Give the media type that goes with a file name's ending."""
    ending = _ending_of(name)
    return ending.media_type if ending is not None else UNKNOWN_MEDIA_TYPE


def is_as_named(name: str, head: bytes) -> bool:
    """Tell whether content may carry this name: never a program, and of the ending's kind where that is known."""
    kind = kind_of(head)
    if kind is FileKind.PROGRAM:
        return False
    ending = _ending_of(name)
    return ending is None or kind in ending.kinds
