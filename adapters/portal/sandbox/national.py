"""What the portal does for its own dossiers and for whoever lists dossiers (§6.3; the listing is an assumption)."""

from typing import Any

from adapters.portal.sandbox.profile import NationalStatuses, PortalProfile
from adapters.portal.sandbox.replies import Reply, failure
from adapters.portal.sandbox.rules import is_wire_time
from adapters.portal.sandbox.state import PortalState

Record = dict[str, Any]
_TEXTS = ("MaHoSo", "MaHoSoDonVi", "MaDoiTuong", "NoiDung", "NgayXuLy", "TrangThai")
_DOCUMENT = ("TepDinhKemId", "TenTepDinhKem", "IsDeleted", "MaThanhPhanHoSo", "DuongDanTaiTepTin")
_ALLOWED = {
    NationalStatuses.FOLDED: frozenset({"1", "2", "5"}),
    NationalStatuses.AS_IS: frozenset(map(str, range(1, 12))),
}


def take_status(state: PortalState, profile: PortalProfile, envelope: Record) -> Reply:
    """Take the status of a dossier that was filed here. `data` is one object; `type` is "2" unless set otherwise."""
    wording, record = profile.wording, envelope.get("data")
    problem = "type" if envelope.get("type") not in profile.national_status_types else _problem(record, profile)
    if problem or not isinstance(record, dict):
        state.tallies["national_statuses_rejected"] += 1
        return failure(profile, wording.failure_prefix + wording.bad_parameter.format(name=problem or "data"))
    code = record["MaHoSo"]
    if code not in state.national_codes:
        state.tallies["national_statuses_rejected"] += 1
        return failure(profile, wording.does_not_exist.format(codes=code))
    told = state.national_statuses.setdefault(code, [])
    is_repeated = bool(told) and told[-1] == record
    state.tallies["national_statuses_repeated" if is_repeated else "national_statuses_stored"] += 1
    if not is_repeated:
        told.append(dict(record))
    return Reply(0, wording.success)


def _problem(record: Any, profile: PortalProfile) -> str:
    if not isinstance(record, dict):
        return "data"
    for field in _TEXTS:
        if not isinstance(record.get(field), str):
            return field
    if not record["MaHoSo"] or record["TrangThai"] not in _ALLOWED[profile.national_statuses]:
        return "MaHoSo" if not record["MaHoSo"] else "TrangThai"
    if not is_wire_time(record["NgayXuLy"]):
        return "NgayXuLy"
    documents = record.get("TaiLieuXuLy")
    if not isinstance(documents, list):
        return "TaiLieuXuLy"
    for document in documents:
        if not isinstance(document, dict) or not all(isinstance(document.get(name), str) for name in _DOCUMENT):
            return "TaiLieuXuLy"
    return ""


def list_dossiers(state: PortalState, profile: PortalProfile, envelope: Record) -> Reply:
    """List dossiers by day of reception, half-open, a page at a time; codes that were damaged come twice."""
    begin, end = envelope.get("tuNgay"), envelope.get("denNgay")
    page, size = envelope.get("trang"), envelope.get("soLuong")
    for name, value in (("tuNgay", begin), ("denNgay", end)):
        if not isinstance(value, str) or not is_wire_time(value + "000000"):
            return failure(profile, profile.wording.bad_parameter.format(name=name))
    if not isinstance(page, int) or not isinstance(size, int) or page < 1 or size < 1:
        return failure(profile, profile.wording.bad_parameter.format(name="trang, soLuong"))
    listed = []
    for dossier in state.dossiers.values():
        day = str(dossier.record().get("NgayTiepNhan", ""))[:8]
        if not profile.is_listing_narrowed or str(begin) <= day < str(end):
            listed += [dossier] * (2 if dossier.code in state.listed_twice else 1)
    size = min(size, profile.max_listing_page)
    first = (page - 1) * size if profile.is_listing_paged else 0
    records = [dossier.wire_record(has_lists=False) for dossier in listed[first : first + size]]
    return Reply(0, profile.wording.success, records)
