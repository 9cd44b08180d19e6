"""The status of a nationally filed dossier as the portal takes it (portal wire notes §6.3). Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from gateway.errors import Unmapped
from gateway.ports.portal_services import NationalStatus
from mappings.portal.tables import PortalCodes
from mappings.portal.times import wire_time

FOLDED: Mapping[str, str] = MappingProxyType(
    {**dict.fromkeys(("4", "6", "9", "10"), "2"), **dict.fromkeys(("3", "7", "8"), "5")}
)
"""One implementation knows three values only; 1, 2 and 5 stay."""
REFUSED_11: Mapping[str, str] = MappingProxyType({"3": "11"})
"""Another one writes refused as 11."""


def status_record(status: NationalStatus, codes: PortalCodes, written_as: Mapping[str, str]) -> dict[str, Any]:
    """Write one status; `written_as` replaces codes of the ordinary table. Raises Unmapped."""
    code = codes.status.outbound.get(status.status)
    if code is None:
        raise Unmapped((("status", status.status.value),))
    return {
        "MaHoSo": status.national_code,
        "MaHoSoDonVi": status.dossier_code,
        "MaDoiTuong": status.technical_id,
        "NoiDung": status.content,
        "NgayXuLy": wire_time(status.handled_at),
        "TrangThai": written_as.get(code, code),
        "TaiLieuXuLy": [
            {
                "TepDinhKemId": document.attachment_id,
                "TenTepDinhKem": document.name,
                "IsDeleted": str(document.is_deleted),
                "MaThanhPhanHoSo": document.component_code,
                "DuongDanTaiTepTin": document.url,
            }
            for document in status.documents
        ],
    }
