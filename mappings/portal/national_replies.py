"""What the portal is answered when it calls the province (portal wire notes §9). Pure.

The answer is HTTP 200 with `error_code` and `message`: a number for what was filed, a text for a look-up. 0 accepts, 1
says that the application is here already, -1 refuses. A body that is no message at all is answered with HTTP 500 and
plain text. Messages name fields of the portal's own record and rules, never a value.
"""

from datetime import datetime
from typing import Any

import msgspec

from gateway.errors import InvalidInput, Unmapped
from gateway.model.dossier import Channel, Dossier
from gateway.model.procedure import Procedure
from gateway.ports.inbound import InboundOutcome, InboundReply, Malformed
from mappings.portal.tables import PortalTables
from mappings.portal.times import vietnam_date

_LOOK_UP = "search/call"
_MESSAGES = {
    InboundOutcome.RECEIVED: (0, "Đã tiếp nhận"),
    InboundOutcome.APPLIED: (0, "Đã cập nhật"),
    InboundOutcome.UNCHANGED: (0, "Đã tiếp nhận, không có thay đổi"),
    InboundOutcome.CONFLICT: (0, "Đã tiếp nhận, chờ xem xét"),
    InboundOutcome.KEPT: (0, "Đã tiếp nhận, chờ hồ sơ"),
    InboundOutcome.NOTED: (0, "Đã tiếp nhận"),
    InboundOutcome.UNREADABLE: (0, "Đã tiếp nhận, chờ xem xét"),
    InboundOutcome.DUPLICATE: (1, "Hồ sơ đã tồn tại"),
}


def reply(outcome: InboundOutcome) -> InboundReply:
    """Write the answer to a message that was taken, or is here already."""
    code, message = _MESSAGES[outcome]
    return _json({"error_code": code, "message": message})


def refusal(error: Exception, path: str) -> InboundReply:
    """Write the answer to a message that could not be taken."""
    if isinstance(error, Malformed):
        return InboundReply(status=500, body="Dữ liệu không hợp lệ".encode(), is_json=False)
    message = "Lỗi xử lý"
    if isinstance(error, InvalidInput):
        message = "; ".join(f"{fault.field} {fault.rule}" for fault in error.faults[:20]) or message
    elif isinstance(error, Unmapped):
        message = "Không có mã tương ứng: " + ", ".join(f"{table} {code}" for table, code in error.missing[:20])
    return _json({"error_code": "-1" if path == _LOOK_UP else -1, "message": message})


def found(
    tables: PortalTables, code: str, dossier: Dossier | None, procedure: Procedure | None, *, at: datetime
) -> InboundReply:
    """Write what the portal asked about a dossier: codes and names of the procedure, nothing of a person."""
    if dossier is None:
        return _json({"error_code": "-1", "message": "Không tìm thấy hồ sơ"})
    codes = tables.on(vietnam_date(at))
    sector = procedure.sectors[0] if procedure is not None and procedure.sectors else None
    return _json(
        {
            "MaHoSo": code,
            "MaTTHC": dossier.procedure_code,
            "TenTTHC": procedure.name if procedure is not None else "",
            "MaLinhVuc": sector.code if sector is not None else "",
            "TenLinhVuc": sector.name if sector is not None else "",
            "LoaiDoiTuong": codes.owner_kind.outbound.get(dossier.applicant.kind, ""),
            "TrangThaiHoSo": codes.status.outbound.get(dossier.status, ""),
            "HinhThuc": str(int(dossier.channel is Channel.ONLINE)),
            "DonViXuLy": dossier.handling_agency.name,
        }
    )


def _json(content: dict[str, Any]) -> InboundReply:
    return InboundReply(status=200, body=msgspec.json.encode(content))
