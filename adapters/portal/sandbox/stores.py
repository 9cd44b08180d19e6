"""The national store of digitised results and files given out by path, as a province's facade shows them (§10, §1.8).

The store's envelope has its own key case (`errorCode`); a file comes as base64 text. People, papers and files are
invented. Paths of files that the portal names in notices begin with `/dvcqg/`, those of the store with `/kho/`.
"""

import base64
from collections.abc import Iterable
from typing import Any

import msgspec

from adapters.portal.sandbox.profile import FileReply, PortalProfile, StoredFile
from adapters.portal.sandbox.replies import Reply, failure
from adapters.portal.sandbox.state import PortalState

Record = dict[str, Any]
_ASKED = ("SoDinhDanhChuSoHuu", "HoTenNguoiYeuCau", "KenhThucHien", "SoDinhDanhNguoiYeuCau", "MaThuTuc")
_CHANNELS = ("1", "2")
_NO_FILE = "Không tìm thấy tệp"
_PDF = b"%PDF-1.7\n% gi\xe1\xba\xa5y m\xe1\xba\xabu\n%%EOF\n"
_PAGE = b"<html><body>404</body></html>"
_encode = msgspec.json.Encoder().encode


def find_results(state: PortalState, profile: PortalProfile, envelope: Record) -> Reply:
    """Give the papers of an owner that have one of the wanted codes, and the wanted notation where one is given."""
    wanted = envelope.get("DanhSachDanhMucKetQua")
    problem = next((name for name in _ASKED if not _is_text(envelope.get(name))), "")
    if not problem and envelope["KenhThucHien"] not in _CHANNELS:
        problem = "KenhThucHien"
    if not problem and not (isinstance(wanted, list) and wanted and all(isinstance(one, dict) for one in wanted)):
        problem = "DanhSachDanhMucKetQua"
    if problem or not isinstance(wanted, list):
        return _stored_reply(str(profile.error_code), profile.wording.bad_parameter.format(name=problem), {})
    found = [
        paper
        for paper in state.results.get(envelope["SoDinhDanhChuSoHuu"], ())
        if any(
            one.get("MaKetQua") == paper["MaKetQua"] and one.get("SoKyHieu") in ("", None, paper["SoKyHieu"])
            for one in wanted
        )
    ]
    return _stored_reply(profile.results_success_code, "", {"DanhSachGiayToKetQua": found})


def give_result(state: PortalState, profile: PortalProfile, envelope: Record) -> Reply:
    """Give a file of the store to whoever names its agency and path."""
    agency, path = envelope.get("CoQuanChuQuan"), envelope.get("DuongDan")
    is_known = any(
        paper["CoQuanChuQuan"] == agency and file["DuongDan"] == path
        for papers in state.results.values()
        for paper in papers
        for file in paper["DanhSachTepDinhKem"]
    )
    return _file_reply(state.files.get(str(path)) if is_known else None, profile)


def give_attachment(state: PortalState, profile: PortalProfile, envelope: Record) -> Reply:
    """Give a file that the portal named by path in a notice."""
    path = envelope.get("DuongDan")
    content = state.files.get(path) if isinstance(path, str) and not path.startswith("/kho/") else None
    return _file_reply(content, profile)


def _file_reply(content: bytes | None, profile: PortalProfile) -> Reply:
    if content is None:
        return failure(profile, _NO_FILE)
    match profile.stored_file:
        case StoredFile.PAGE:
            content = _PAGE
        case StoredFile.EMPTY:
            content = b""
        case StoredFile.BROKEN | StoredFile.AS_ANNOUNCED:
            content += b"\x00" * max(0, profile.stored_file_bytes - len(content))
    text = base64.b64encode(content).decode()
    if profile.stored_file is StoredFile.BROKEN:
        text = f"{text[:-3]}*"
    match profile.file_reply:
        case FileReply.JSON_TEXT:
            written = _encode(text)
        case FileReply.BARE:
            written = text.encode()
        case FileReply.MESSAGE:
            written = _encode({"message": text})
        case FileReply.ENVELOPE:
            written = _encode({"error_code": 0, "message": profile.wording.success, "result": text})
    return Reply(0, "", raw=written)


def _stored_reply(code: str, message: str, result: Record) -> Reply:
    body = {"errorCode": code, "message": message, "signature": "", "result": result}
    return Reply(0 if result else -1, message, raw=_encode(body))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def make_results(procedures: Iterable[Record]) -> tuple[dict[str, list[Record]], dict[str, bytes]]:
    """Invent the store: papers by owner, for the results of the first procedures, and every file by path.

    Every third paper has two files, every fourth none. Ten files of notices lie beside the store.
    """
    papers: dict[str, list[Record]] = {}
    files = {f"/dvcqg/tep/{number}.pdf": _PDF for number in range(1, 11)}
    for index, procedure in enumerate(list(procedures)[:20]):
        for result in procedure.get("KETQUATHUCHIEN") or ():
            paths = [f"/kho/2026/{index + 1}-{at}.pdf" for at in range((1, 1, 2, 0)[index % 4])]
            files |= dict.fromkeys(paths, _PDF)
            papers.setdefault(f"999199{index // 2 + 1:06d}", []).append(
                {
                    "MaKetQua": result["MAKETQUA"],
                    "TenGiayTo": result["TENKETQUA"],
                    "SoKyHieu": f"{index + 1}/GXN",
                    "CoQuanChuQuan": str(result["MAKETQUA"]).split(".")[1],
                    "DanhSachTepDinhKem": [{"TenTep": path.rpartition("/")[2], "DuongDan": path} for path in paths],
                }
            )
    return papers, files
