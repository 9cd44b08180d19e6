"""The store of digitised results (§10) and `getfile` (§1.8), as a provincial facade shows them.

Whoever's number does not end with `unregistered_ending` has one document of every kind that is asked for, always the
same. Its files are PDF documents that say which they are. Files can also be put in by the control API.
"""

import base64
import hashlib
from typing import Any

from adapters.portal.sandbox.profile import FileForm, PortalProfile
from adapters.portal.sandbox.replies import Reply, ReplyShape, failure
from adapters.portal.sandbox.state import PortalState

Record = dict[str, Any]
_QUERY = ("SoDinhDanhChuSoHuu", "HoTenNguoiYeuCau", "KenhThucHien", "SoDinhDanhNguoiYeuCau", "MaThuTuc")
_OWNER = "G99"


def find_results(state: PortalState, profile: PortalProfile, envelope: Record) -> Reply:
    """Give the documents of an owner, of the kinds that are asked for."""
    query = envelope.get("data")
    problem = _problem(query)
    if problem or not isinstance(query, dict):
        return _warehouse(profile.error_code, profile.wording.bad_parameter.format(name=problem or "data"))
    number = query["SoDinhDanhChuSoHuu"]
    found: list[Record] = []
    if not (profile.unregistered_ending and number.endswith(profile.unregistered_ending)):
        for wanted in query["DanhSachDanhMucKetQua"]:
            made = _document(state, number, wanted["MaKetQua"])
            if wanted["SoKyHieu"] in ("", made["SoKyHieu"]):
                found.append(made)
    return _warehouse(0, "", {"DanhSachGiayToKetQua": found})


def give_result_file(state: PortalState, profile: PortalProfile, envelope: Record) -> Reply:
    """Give a file of the store; the agency must be the one that owns it."""
    asked = envelope.get("data")
    if not isinstance(asked, dict) or asked.get("CoQuanChuQuan") != _OWNER:
        return failure(profile, profile.wording.bad_parameter.format(name="CoQuanChuQuan"))
    return _file(state, profile, asked.get("DuongDan"))


def give_file(state: PortalState, profile: PortalProfile, envelope: Record) -> Reply:
    """Give a file that the portal named by path (`getfile`)."""
    asked = envelope.get("data")
    return _file(state, profile, asked.get("DuongDan") if isinstance(asked, dict) else None)


def _file(state: PortalState, profile: PortalProfile, path: Any) -> Reply:
    content = state.files.get(path) if isinstance(path, str) else None
    if content is None:
        return failure(profile, profile.wording.no_such_file)
    text = base64.b64encode(content).decode()
    match profile.file_form:
        case FileForm.TEXT:
            return Reply(0, "", text, shape=ReplyShape.TEXT)
        case FileForm.JSON_STRING:
            return Reply(0, "", f'"{text}"', shape=ReplyShape.TEXT)
        case FileForm.REPLY:
            return Reply(0, profile.wording.success, text)
        case FileForm.SPOILED:
            return Reply(0, "", text[:-5] + "!", shape=ReplyShape.TEXT)
        case FileForm.EMPTY:
            return Reply(0, "", "", shape=ReplyShape.TEXT)


def _warehouse(code: int, message: str, result: Any = None) -> Reply:
    return Reply(code, message, result, {"signature": ""}, shape=ReplyShape.WAREHOUSE)


def _document(state: PortalState, number: str, code: str) -> Record:
    digest = hashlib.blake2b(f"{number}/{code}".encode(), digest_size=6).hexdigest()
    path = f"/kho/2026/{digest}.pdf"
    state.files[path] = f"%PDF-1.7\n% {digest}\n%%EOF\n".encode()
    return {
        "MaKetQua": code,
        "TenGiayTo": f"Giấy xác nhận {code}",
        "SoKyHieu": f"{int(digest[:4], 16)}/GXN",
        "CoQuanChuQuan": _OWNER,
        "DanhSachTepDinhKem": [{"TenTep": "gxn.pdf", "DuongDan": path}],
    }


def _problem(query: Any) -> str:
    """Name the first field that is not as §10 has it; "" when all are."""
    if not isinstance(query, dict):
        return "data"
    for name in _QUERY:
        if not isinstance(query.get(name), str) or not query[name]:
            return name
    if query["KenhThucHien"] not in ("1", "2"):
        return "KenhThucHien"
    wanted = query.get("DanhSachDanhMucKetQua")
    if not isinstance(wanted, list) or not wanted:
        return "DanhSachDanhMucKetQua"
    for item in wanted:
        if not isinstance(item, dict) or not isinstance(item.get("SoKyHieu"), str) or not item.get("MaKetQua"):
            return "DanhSachDanhMucKetQua"
    return ""
