"""The status of a nationally filed dossier as the portal takes it (portal wire notes §6.3). Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from gateway.errors import Fault, InvalidInput, Unmapped
from gateway.ports.portal_services import HandledDocument, NationalStatus
from mappings.portal.limits import trim
from mappings.portal.rules import NationalReference, Overlong, WireRules
from mappings.portal.tables import PortalCodes
from mappings.portal.times import wire_time

FOLDED: Mapping[str, str] = MappingProxyType(
    {**dict.fromkeys(("4", "6", "9", "10"), "2"), **dict.fromkeys(("3", "7", "8"), "5")}
)
"""One implementation knows three values only; 1, 2 and 5 stay."""
REFUSED_11: Mapping[str, str] = MappingProxyType({"3": "11"})
"""Another one writes refused as 11."""


def status_record(
    status: NationalStatus, codes: PortalCodes, written_as: Mapping[str, str], rules: WireRules
) -> dict[str, Any]:
    """Write one status; `written_as` replaces codes of the ordinary table.

    Raises Unmapped when the status has no code on that day, InvalidInput when a text is too long or a code is missing.
    """
    code = codes.status.outbound.get(status.status)
    if code is None:
        raise Unmapped((("status", status.status.value),))
    is_national = rules.national_reference is NationalReference.NATIONAL
    faults: list[Fault] = []
    record = {
        "MaHoSo": _fit("MaHoSo", status.national_code if is_national else status.dossier_code, rules, faults),
        "MaHoSoDonVi": _fit("MaHoSo", status.dossier_code, rules, faults),
        "MaDoiTuong": status.technical_id,
        "NoiDung": _fit("NoiDung", status.content, rules, faults),
        "NgayXuLy": wire_time(status.handled_at),
        "TrangThai": written_as.get(code, code),
        "TaiLieuXuLy": [_document(document, rules, faults) for document in status.documents],
    }
    faults += [Fault(name, "must not be empty") for name in ("MaHoSo", "MaHoSoDonVi") if not record[name]]
    if faults:
        raise InvalidInput("the status cannot be written", faults)
    return record


def _document(document: HandledDocument, rules: WireRules, faults: list[Fault]) -> dict[str, str]:
    return {
        "TepDinhKemId": document.attachment_id,
        "TenTepDinhKem": _fit("TenTepDinhKem", document.name, rules, faults),
        "IsDeleted": str(document.is_deleted),
        "MaThanhPhanHoSo": document.component_code,
        "DuongDanTaiTepTin": document.url,
    }


def _fit(name: str, text: str, rules: WireRules, faults: list[Fault]) -> str:
    limit = rules.limits.get(name)
    if limit is None or len(text) <= limit:
        return text
    if rules.overlong_of(name) is Overlong.TRIM:
        return trim(text, limit)
    faults.append(Fault(name, f"longer than {limit} characters"))
    return text
