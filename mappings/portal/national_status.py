"""What the province says of a dossier that was filed on the portal, as the portal's record. Pure.

Source: portal wire notes §6.3. Which codes are written, and which dossier code names the dossier, is not agreed between
its clients: both are rules.
"""

from typing import Any

from gateway.errors import Fault, InvalidInput, Unmapped
from gateway.ports.portal_services import HandledDocument, NationalStatus
from mappings.portal.limits import trim
from mappings.portal.rules import NationalReference, NationalStatusCodes, Overlong, WireRules
from mappings.portal.tables import PortalCodes
from mappings.portal.times import wire_time


def national_status_record(status: NationalStatus, codes: PortalCodes, rules: WireRules) -> dict[str, Any]:
    """Write the record. Raises Unmapped when the status has no code on that day, InvalidInput when a text is too
    long or the dossier's code is missing."""
    if rules.national_status is NationalStatusCodes.FOLDED:
        table = codes.national_status_folded
    else:
        table = codes.national_status_raw
    code = table.outbound.get(status.status)
    if code is None:
        raise Unmapped([(table.table_id, status.status)])
    is_national = rules.national_reference is NationalReference.NATIONAL
    faults: list[Fault] = []
    record = {
        "MaHoSo": _fit("MaHoSo", status.national_code if is_national else status.dossier_code, rules, faults),
        "MaHoSoDonVi": _fit("MaHoSo", status.dossier_code, rules, faults),
        "MaDoiTuong": status.technical_id,
        "NoiDung": _fit("NoiDung", status.content, rules, faults),
        "NgayXuLy": wire_time(status.handled_at),
        "TrangThai": code,
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
        "IsDeleted": "True" if document.is_deleted else "False",
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
