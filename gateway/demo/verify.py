"""Compares what the province was promised with what the portal itself says that it holds.

The expected foreign values are written here a second time, from the portal wire notes §5-7 and not from the gateway's
tables, so that a misreading there shows up as a mismatch.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateway.demo.driver import Accepted
from gateway.demo.world import VIETNAM

_STATUS = {
    "registered": "1",
    "received": "2",
    "refused": "3",
    "processing": "4",
    "supplement_requested": "5",
    "payment_requested": "6",
    "withdrawn": "7",
    "stopped": "8",
    "completed": "9",
    "returned": "10",
}
_CHANNEL = {"in_person": "1", "online": "2", "postal": "3"}
_RESULT_DELIVERY = {"direct": "0", "postal": "1"}
_KIND = {"citizen": "1", "business": "2"}
_ONLINE_PAYMENT = {"none": "0", "national_platform": "1", "provincial_gateway": "2"}


def _time(text: str | None) -> str:
    return datetime.fromisoformat(text).astimezone(VIETNAM).strftime("%Y%m%d%H%M%S") if text else ""


def expected_record(code: str, changes: Mapping[int, Accepted]) -> dict[str, Any]:
    """Say what the portal must hold after all accepted changes of a dossier, field by field."""
    ordered = [changes[revision] for revision in sorted(changes)]
    document = next(change.request.body for change in reversed(ordered) if not change.request.is_step)
    applicant = document["applicant"]
    is_online = document["channel"] == "online"
    return {
        "MaHoSo": code,
        "MaTTHC": document["procedure_code"],
        "ChuHoSo": applicant["name"],
        "LoaiDoiTuong": _KIND[applicant.get("kind", "citizen")],
        "MaDoiTuong": applicant.get("technical_id", "") if is_online else "",
        "SoGiayToChuHoSo": applicant["identifiers"][0]["number"],
        "Email": applicant["email"],
        "SoDienThoai": applicant["phone"],
        "TrichYeuHoSo": document["summary"],
        "KenhThucHien": _CHANNEL[document["channel"]],
        "HinhThuc": _RESULT_DELIVERY[document["result_delivery"]],
        "NoiNopHoSo": "2",
        "NgayNopHoSo": _time(document["submitted_at"]),
        "NgayTiepNhan": _time(document.get("received_at") or document["submitted_at"]),
        "NgayHenTra": _time(document.get("due_at")),
        "NgayKetThucXuLy": _time(document.get("finished_at")),
        "NgayTra": _time(document.get("returned_at")),
        "NgayTuChoi": _time(document.get("refused_at")),
        "DonViXuLy": document["handling_agency"]["name"],
        "DuocThanhToanTrucTuyen": _ONLINE_PAYMENT[document.get("online_payment", "none")],
        "HoSoCoThanhPhanSoHoa": str(int(any(paper["is_digitised"] for paper in document["attachments"]))),
        "TaiKhoanDuocXacThucVoiVNeID": str(int(bool(applicant.get("is_verified_by_national_identity")))),
        "fees": [str(fee["amount_vnd"]) for fee in document["fees"]],
        "papers": [paper["url"] for paper in document["attachments"]],
        "supplements": [item["supplement_number"] for item in document.get("supplements", ())],
        "results": [item["url"] for item in document.get("results", ())],
        "status": _STATUS[_present_status(ordered)],
    }


def _present_status(ordered: list[Accepted]) -> str:
    """Replay the statuses: a replacement states one; a step moves it unless it happened before the present one."""
    status, since = "", datetime.min.replace(tzinfo=VIETNAM)
    for change in ordered:
        body = change.request.body
        if change.request.is_step:
            at = datetime.fromisoformat(body["occurred_at"])
            if at >= since:
                status, since = body["status"], at
        else:
            instants = [body.get(name) for name in ("submitted_at", "received_at", "refused_at", "finished_at")]
            instants.append(body.get("returned_at"))
            instants.extend(item.get("received_at") or item["requested_at"] for item in body.get("supplements", ()))
            instants.extend(item["decided_at"] for item in body.get("extensions", ()))
            status = body["status"]
            since = max([since, *(datetime.fromisoformat(text) for text in instants if text)])
    return status


def held_record(held: Mapping[str, Any]) -> dict[str, Any]:
    """Say the same of what the portal holds."""
    record = dict(held["record"])
    return {
        **{name: record.get(name) for name in record if isinstance(record[name], str)},
        "fees": [fee["Gia"] for fee in record["DanhSachLePhi"]],
        "papers": [paper["DuongDanTaiTepTin"] for paper in record["TaiLieuNop"]],
        "supplements": [int(item["HoSoBoSungId"]) for item in record["DanhSachHoSoBoSung"]],
        "results": [item["DuongDanTepTinKetQua"] for item in record["DanhSachGiayToKetQua"]],
        "status": held["status"],
    }


def mismatched_fields(code: str, changes: Mapping[int, Accepted], held: Mapping[str, Any]) -> list[str]:
    """Name the fields whose value on the portal is not the expected one."""
    expected, actual = expected_record(code, changes), held_record(held)
    return [name for name, value in expected.items() if actual.get(name) != value]


def expected_steps(changes: Mapping[int, Accepted]) -> list[tuple[str, str, str]]:
    """Say which steps the portal must hold, in the order of acceptance: (time, status, content)."""
    steps = [changes[revision].request.body for revision in sorted(changes) if changes[revision].request.is_step]
    return [(_time(step["occurred_at"]), _STATUS[step["status"]], step["content"]) for step in steps]


def held_steps(held: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    return [(step["ThoiDiemXuLy"], step["TrangThai"], step["NoiDungXuLy"]) for step in held["steps"]]


def compare(accepted: Mapping[str, Mapping[int, Accepted]], held: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Count every way in which the two sides could differ; `examples` names a few dossiers and fields."""
    counts = dict.fromkeys(("lost", "duplicated", "mismatched", "steps_on_portal", "steps_lost", "out_of_order"), 0)
    examples: list[str] = []
    for code, changes in accepted.items():
        dossier = held.get(code)
        if dossier is None:
            counts["lost"] += 1
            examples.append(f"{code}: not on the portal")
            continue
        fields = mismatched_fields(code, changes, dossier)
        expected, actual = expected_steps(changes), held_steps(dossier)
        counts["steps_on_portal"] += len(actual)
        counts["steps_lost"] += len([step for step in expected if step not in actual])
        if dossier["create_count"] != 1 or len(actual) > len(expected):
            counts["duplicated"] += 1
            examples.append(f"{code}: {dossier['create_count']} creates, {len(actual)} of {len(expected)} steps")
        if fields:
            counts["mismatched"] += 1
            examples.append(f"{code}: {', '.join(fields)}")
        if actual != expected and sorted(actual) == sorted(expected):
            counts["out_of_order"] += 1
            examples.append(f"{code}: steps out of order")
    unknown = sorted(set(held) - set(accepted))
    counts["duplicated"] += len(unknown)
    examples.extend(f"{code}: on the portal, never accepted" for code in unknown)
    return {**counts, "examples": examples[:20]}
