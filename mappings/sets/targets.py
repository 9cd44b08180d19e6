"""Which codes a row may lead to: what is known of the national code systems, as of a day."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from gateway.errors import InvalidInput
from gateway.model.status import DossierStatus
from gateway.ports.codes import AgencyStanding, CodeDirectory, UnitStanding
from gateway.ports.mapping import CodeKind

STATUS_NAMES: Mapping[str, str] = {
    DossierStatus.REGISTERED: "Mới đăng ký",
    DossierStatus.RECEIVED: "Được tiếp nhận",
    DossierStatus.REFUSED: "Không được tiếp nhận",
    DossierStatus.PROCESSING: "Đang xử lý",
    DossierStatus.SUPPLEMENT_REQUESTED: "Yêu cầu bổ sung giấy tờ",
    DossierStatus.PAYMENT_REQUESTED: "Yêu cầu thực hiện nghĩa vụ tài chính",
    DossierStatus.WITHDRAWN: "Công dân yêu cầu rút hồ sơ",
    DossierStatus.STOPPED: "Dừng xử lý",
    DossierStatus.COMPLETED: "Đã xử lý xong",
    DossierStatus.RETURNED: "Đã trả kết quả",
}
"""The canonical statuses as one-stop systems call them (portal wire notes §7.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTargets:
    """What is known: statuses always, agencies and units by the shipped tables, procedures when their catalogue is.

    `procedures` is code to name, None where no catalogue was read: then procedure codes are not looked up.
    """

    directory: CodeDirectory
    procedures: Mapping[str, str] | None = None
    others: Mapping[CodeKind, Mapping[str, str]] = field(default_factory=dict)
    """Further catalogues, code to name, where the province has them."""

    def fault(self, kind: CodeKind, code: str, on: date) -> str | None:
        """Say why a code cannot be a target on a day; None when nothing speaks against it."""
        if kind is CodeKind.AGENCY:
            return self._agency_fault(code, on)
        if kind is CodeKind.UNIT:
            return self._unit_fault(code, on)
        names = self.names(kind)
        if names and code not in names:
            return f"must lead to a known {kind.value.replace('_', ' ')}"
        return None

    def names(self, kind: CodeKind) -> Mapping[str, str]:
        """Give the known targets of a kind with their names; empty where no list is known."""
        if kind is CodeKind.STATUS:
            return STATUS_NAMES
        if kind is CodeKind.PROCEDURE:
            return self.procedures or {}
        return self.others.get(kind, {})

    def _agency_fault(self, code: str, on: date) -> str | None:
        try:
            standing = self.directory.resolve_agency(code, on).standing
        except InvalidInput:
            return "must lead to an agency identifier"
        # Codes that are not listed are let through: the table of ministries is known not to be complete.
        return f"must lead to an agency that is open on {on}" if standing is AgencyStanding.CLOSED else None

    def _unit_fault(self, code: str, on: date) -> str | None:
        try:
            standing = self.directory.resolve_unit(code, on).standing
        except InvalidInput:
            return "must lead to a unit of 2, 3 or 5 digits"
        return None if standing is UnitStanding.VALID else f"must lead to a unit that exists on {on}"
