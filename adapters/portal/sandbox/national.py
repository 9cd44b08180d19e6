"""What a province tells of dossiers that were filed on the portal: `DongBoTrangThaiHoSo` (§6.3).

`data` is one object. A status is kept with the application that it speaks of, so that a verifier can read what the
portal knows. The same status again is taken and kept once.
"""

from collections.abc import Mapping
from typing import Any

from adapters.portal.sandbox.filing import Filed
from adapters.portal.sandbox.profile import PortalProfile
from adapters.portal.sandbox.replies import Reply, failure
from adapters.portal.sandbox.rules import is_wire_time
from adapters.portal.sandbox.state import PortalState

_TEXTS = ("MaHoSo", "MaHoSoDonVi", "MaDoiTuong", "NoiDung", "NgayXuLy", "TrangThai")
_DOCUMENT = ("TepDinhKemId", "TenTepDinhKem", "IsDeleted", "MaThanhPhanHoSo", "DuongDanTaiTepTin")


def take_status(
    state: PortalState, profile: PortalProfile, filed: Mapping[str, Filed], envelope: dict[str, Any]
) -> Reply:
    """Take one status, or refuse it naming the field or the dossier."""
    wording = profile.wording
    if envelope.get("type") not in profile.national_status_types:
        return _refused(state, profile, wording.bad_parameter.format(name="type"))
    data = envelope.get("data")
    if not isinstance(data, dict):
        return _refused(state, profile, wording.bad_parameter.format(name="data"))
    problem = _problem(data, profile)
    if problem:
        return _refused(state, profile, wording.bad_parameter.format(name=problem))
    application = filed.get(data["MaHoSo"])
    if application is None:
        if not profile.is_unknown_filing_accepted:
            return _refused(state, profile, wording.does_not_exist.format(codes=data["MaHoSo"]))
        state.tallies["national_statuses_unknown"] += 1
        return Reply(0, wording.success)
    is_repeated = data in application.statuses
    state.tallies["national_statuses_repeated" if is_repeated else "national_statuses_stored"] += 1
    if not is_repeated:
        application.statuses.append(dict(data))
    return Reply(0, wording.success)


def told_code(envelope: dict[str, Any]) -> list[str]:
    """Name the application that a status speaks of, as far as it can be read."""
    data = envelope.get("data")
    code = data.get("MaHoSo") if isinstance(data, dict) else None
    return [code] if isinstance(code, str) else []


def _problem(data: dict[str, Any], profile: PortalProfile) -> str:
    """Name the first field that is not as §6.3 has it; "" when all are."""
    for name in _TEXTS:
        if not isinstance(data.get(name), str):
            return name
    if not data["MaHoSo"] or not data["MaHoSoDonVi"]:
        return "MaHoSo" if not data["MaHoSo"] else "MaHoSoDonVi"
    if not is_wire_time(data["NgayXuLy"]):
        return "NgayXuLy"
    if data["TrangThai"] not in profile.national_status_codes:
        return "TrangThai"
    documents = data.get("TaiLieuXuLy")
    if not isinstance(documents, list):
        return "TaiLieuXuLy"
    for document in documents:
        if not isinstance(document, dict) or any(not isinstance(document.get(name), str) for name in _DOCUMENT):
            return "TaiLieuXuLy"
    return ""


def _refused(state: PortalState, profile: PortalProfile, message: str) -> Reply:
    state.tallies["national_statuses_rejected"] += 1
    return failure(profile, profile.wording.failure_prefix + message)
