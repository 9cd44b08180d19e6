"""The national store of digitised results, and files that come as base64 text. Pure.

Source: portal wire notes §10 and §1.8 (`getfile`). Whatever a file is called, what counts is its content: it must be
of the kind that its name announces, and no longer than the installation wants to take.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from gateway.errors import Fault, InvalidInput
from gateway.model.file_kinds import HEAD_BYTES, is_as_named
from gateway.ports.portal_services import FoundResult, ResultQuery, StoredFile
from mappings.portal.scalars import clean_text_of

_ASKED_BY_OFFICER, _ASKED_BY_CITIZEN = "1", "2"
_PAPERS, _FILES = "DanhSachGiayToKetQua", "DanhSachTepDinhKem"


def query_record(query: ResultQuery) -> dict[str, Any]:
    """Write the question. `KenhThucHien` here tells who asks, not how something was filed (§10, unlike §7.4)."""
    return {
        "SoDinhDanhChuSoHuu": query.owner_number,
        "HoTenNguoiYeuCau": query.requester_name,
        "KenhThucHien": _ASKED_BY_OFFICER if query.is_asked_by_officer else _ASKED_BY_CITIZEN,
        "SoDinhDanhNguoiYeuCau": query.requester_number,
        "MaThuTuc": query.procedure_code,
        "DanhSachDanhMucKetQua": [{"MaKetQua": one.result_code, "SoKyHieu": one.notation} for one in query.wanted],
    }


def download_record(owning_agency_code: str, path: str) -> dict[str, str]:
    """Write the request for one file of the store."""
    return {"CoQuanChuQuan": owning_agency_code, "DuongDan": path}


def read_found_results(result: Sequence[Any]) -> list[FoundResult]:
    """Read what was found: the object with the list of papers, alone in its list; no object means that nothing was.

    Raises InvalidInput when the list of papers is missing, or one of them has no code or is no object.
    """
    if not result:
        return []
    holder = result[0]
    papers = holder.get(_PAPERS) if isinstance(holder, dict) and len(result) == 1 else None
    if not isinstance(papers, list):
        raise InvalidInput("the answer has no list of papers", [Fault(f"result/{_PAPERS}", "must be a list")])
    return [_found(paper, f"result/{_PAPERS}/{at}") for at, paper in enumerate(papers)]


def _found(paper: Any, place: str) -> FoundResult:
    if not isinstance(paper, dict):
        raise InvalidInput("a paper is no object", [Fault(place, "must be an object")])
    code = _text(paper, "MaKetQua")
    if not code:
        raise InvalidInput("a paper has no code", [Fault(f"{place}/MaKetQua", "must not be empty")])
    files = paper.get(_FILES) or []
    if not isinstance(files, list) or not all(isinstance(file, dict) for file in files):
        raise InvalidInput(
            "the files of a paper are no list", [Fault(f"{place}/{_FILES}", "must be a list of objects")]
        )
    return FoundResult(
        result_code=code,
        name=_text(paper, "TenGiayTo"),
        notation=_text(paper, "SoKyHieu"),
        owning_agency_code=_text(paper, "CoQuanChuQuan"),
        # A path is handed back as it was given out; only what has none cannot be asked for.
        files=tuple(
            StoredFile(name=_text(file, "TenTep"), path=str(file["DuongDan"])) for file in files if file.get("DuongDan")
        ),
    )


def decode_file(text: str, path: str, *, max_bytes: int) -> bytes:
    """Give the bytes of a file that came as base64 text, checked against the name in its path.

    Raises InvalidInput with code "file_too_large", "not_base64", "empty_file" or "not_as_announced".
    """
    packed = "".join(text.split())
    # Judged before anything is decoded; four letters hold three bytes, of which padding takes two at most.
    if len(packed) // 4 * 3 - 2 > max_bytes:
        raise _bad(f"must not be longer than {max_bytes} bytes", "file_too_large")
    try:
        content = base64.b64decode(packed, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _bad("must be base64 text", "not_base64") from error
    if len(content) > max_bytes:
        raise _bad(f"must not be longer than {max_bytes} bytes", "file_too_large")
    if not content:
        raise _bad("must not be empty", "empty_file")
    if not is_as_named(path.rpartition("/")[2], content[:HEAD_BYTES]):
        raise _bad("must be of the kind that its name announces", "not_as_announced")
    return content


def _bad(rule: str, code: str) -> InvalidInput:
    return InvalidInput(f"the file {rule}", [Fault("file", rule)], code=code)


def _text(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    return "" if isinstance(value, dict | list) else clean_text_of(value)
