"""Every choice of the simulated suppliers of electronic receipts (payment notes §D.3)."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from adapters.payment.sandbox.profiles import Profile, Secret, Span

TaxCode = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{10}(-[0-9]{3})?$")]


class VnptUnit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A collecting unit at the VNPT-like supplier: an admin account, a service account, and its books."""

    admin_account: str = "quantri"
    admin_password: Secret = "sandbox-admin-password"  # noqa: S105 - of a simulation
    service_account: str = "dichvu"
    service_password: Secret = "sandbox-service-password"  # noqa: S105 - of a simulation
    books: tuple[tuple[str, str], ...] = (("01BLP0-001", "AA-25E"), ("01BLP0-002", "AB-25E"))
    """Pattern and serial of each book."""
    is_company_known: bool = True
    """False answers every call with ERR:7."""


class ViettelUnit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A collecting unit at the Viettel-like supplier."""

    tax_code: TaxCode = "9990000001"
    username: str = "9990000001"
    password: Secret = "sandbox-viettel-password"  # noqa: S105 - of a simulation
    templates: tuple[tuple[str, str], ...] = (("01BLP", "BL25E"),)
    """Template and series of each book."""


class ReceiptsProfile(Profile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of both suppliers."""

    vnpt: Annotated[tuple[VnptUnit, ...], msgspec.Meta(min_length=1)] = (VnptUnit(),)
    viettel: Annotated[tuple[ViettelUnit, ...], msgspec.Meta(min_length=1)] = (ViettelUnit(),)
    token_seconds: Span = 3600.0

    def codes(self) -> Mapping[str, list[str]]:
        return {
            "vnpt": [each.service_account for each in self.vnpt],
            "viettel": [each.tax_code for each in self.viettel],
        }

    def shown(self) -> dict[str, Any]:
        """Give the settings as plain values, without those that are secret."""
        shown: dict[str, Any] = msgspec.to_builtins(self)
        for unit in (*shown["vnpt"], *shown["viettel"]):
            for name in ("admin_password", "service_password", "password"):
                unit.pop(name, None)
        return shown

    def secrets(self) -> list[str]:
        """Give the texts that are never kept."""
        units = [secret for each in self.vnpt for secret in (each.admin_password, each.service_password)]
        return [*units, *(each.password for each in self.viettel)]
