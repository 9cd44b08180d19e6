"""Questions to the store of digitised results and its answers. Pure.

Source: portal wire notes §10. `KenhThucHien` means something else here than in a dossier: who asks.
"""

from typing import Any

from gateway.errors import Fault, InvalidInput
from gateway.ports.portal_services import FoundResult, ResultQuery, StoredFile
from mappings.portal.scalars import clean_text_of

_ASKED_BY_OFFICER, _ASKED_BY_CITIZEN = "1", "2"


def query_record(query: ResultQuery) -> dict[str, Any]:
    """Write a question. Raises InvalidInput, naming what is missing, when it does not say who asks for what."""
    needed = {
        "owner_number": query.owner_number,
        "requester_name": query.requester_name,
        "requester_number": query.requester_number,
        "procedure_code": query.procedure_code,
        "wanted": query.wanted,
    }
    faults = [Fault(name, "must not be empty") for name, value in needed.items() if not value]
    faults += [
        Fault(f"wanted/{index}/result_code", "must not be empty")
        for index, wanted in enumerate(query.wanted)
        if not wanted.result_code
    ]
    if faults:
        raise InvalidInput("the question to the store is not complete", faults)
    return {
        "SoDinhDanhChuSoHuu": query.owner_number,
        "HoTenNguoiYeuCau": query.requester_name,
        "KenhThucHien": _ASKED_BY_OFFICER if query.is_asked_by_officer else _ASKED_BY_CITIZEN,
        "SoDinhDanhNguoiYeuCau": query.requester_number,
        "MaThuTuc": query.procedure_code,
        "DanhSachDanhMucKetQua": [
            {"MaKetQua": wanted.result_code, "SoKyHieu": wanted.notation} for wanted in query.wanted
        ],
    }


def read_results(result: Any) -> list[FoundResult]:
    """Read what was found; an empty list says that nothing was.

    Raises InvalidInput when the list is not there, or holds what is no result: a result that cannot be named or a file
    without a path would be lost.
    """
    listed = result.get("DanhSachGiayToKetQua") if isinstance(result, dict) else None
    if not isinstance(listed, list):
        raise InvalidInput("the answer has no list of results", [Fault("DanhSachGiayToKetQua", "must be a list")])
    return [_result(item, f"DanhSachGiayToKetQua/{index}") for index, item in enumerate(listed)]


def _result(item: Any, place: str) -> FoundResult:
    if not isinstance(item, dict):
        raise InvalidInput("the answer holds what is no result", [Fault(place, "must be an object")])
    code = clean_text_of(item.get("MaKetQua"))
    if not code:
        raise InvalidInput("the answer holds a result without a code", [Fault(f"{place}/MaKetQua", "must be a code")])
    files = item.get("DanhSachTepDinhKem")
    if files is not None and not isinstance(files, list):
        raise InvalidInput("the answer has no list of files", [Fault(f"{place}/DanhSachTepDinhKem", "must be a list")])
    return FoundResult(
        result_code=code,
        name=clean_text_of(item.get("TenGiayTo")),
        notation=clean_text_of(item.get("SoKyHieu")),
        owning_agency_code=clean_text_of(item.get("CoQuanChuQuan")),
        files=tuple(_file(file, f"{place}/DanhSachTepDinhKem/{index}") for index, file in enumerate(files or ())),
    )


def _file(item: Any, place: str) -> StoredFile:
    path = item.get("DuongDan") if isinstance(item, dict) else None
    if not isinstance(path, str) or not path:
        raise InvalidInput("the answer holds a file without a path", [Fault(f"{place}/DuongDan", "must be a path")])
    return StoredFile(name=clean_text_of(item.get("TenTep")), path=path)
