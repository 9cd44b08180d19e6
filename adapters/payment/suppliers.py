"""Suppliers of electronic receipts behind one port: one with SOAP (VNPT), one with JSON (Viettel) (payment notes §D.3).

`read_supplier` reads a configured section by its `kind`, `build_supplier` makes its adapter, `check_supplier` has it
check itself, `describe_supplier` gives what may be shown of its settings.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from adapters.payment.peer import Parts
from adapters.payment.supplier_settings import ViettelSettings, VnptSettings
from adapters.payment.supplier_viettel import ViettelSupplier
from adapters.payment.supplier_vnpt import VnptSupplier
from adapters.transport.checking import failure_finding, secret_findings
from adapters.transport.secrets import Secret
from gateway.errors import ContractBroken, CredentialsRefused, GatewayError, RemoteError
from gateway.ports.portal import Finding
from gateway.ports.receipts import Offer

AnySupplierSettings = VnptSettings | ViettelSettings
AnySupplier = VnptSupplier | ViettelSupplier
_SETTINGS: Mapping[str, type[AnySupplierSettings]] = {"vnpt": VnptSettings, "viettel": ViettelSettings}
_ADVICE: Mapping[type[GatewayError], str] = {
    CredentialsRefused: "check accounts and passwords, and the address that is allowed over there",
    ContractBroken: "check the addresses; they may be those of another service",
}
_COMMON = ("kind", "name", "base_url", "call_seconds", "is_test")
VNPT_SHOWN = (*_COMMON, "publish_path", "portal_path", "business_path")
VIETTEL_SHOWN = (
    *_COMMON,
    *("login_url", "tax_code", "create_path", "cancel_path", "find_path", "document_path", "token_place"),
    *("question_form", "token_life_seconds"),
)


class _Kind(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    kind: Literal["vnpt", "viettel"]


def read_supplier(section: Mapping[str, Any]) -> AnySupplierSettings:
    """Read a supplier's section; `kind` says whose it is. Raises pydantic's ValidationError."""
    return _SETTINGS[_Kind.model_validate(section).kind].model_validate(section)


def build_supplier(settings: AnySupplierSettings, parts: Parts) -> AnySupplier:
    """Make the adapter of a section."""
    match settings:
        case VnptSettings():
            return VnptSupplier(settings, parts)
        case ViettelSettings():
            return ViettelSupplier(settings, parts)


async def check_supplier(supplier: AnySupplier) -> list[Finding]:
    """Have an adapter check itself: its secrets, and a question or a login. No receipt is written or cancelled."""
    settings = supplier.settings
    findings = secret_findings(settings.system, _secrets(settings))
    if not all(finding.is_ok for finding in findings):
        return findings
    subject = f"{settings.system} account"
    try:
        await supplier.check_account()
    except RemoteError as error:
        return [*findings, failure_finding(subject, error, _ADVICE)]
    findings.append(Finding(subject=subject, is_ok=True, detail="accepted"))
    if Offer.FIND not in supplier.offers:
        detail = "receipts cannot be asked for by their key: an answer that is lost is a person's case"
        findings.append(Finding(subject=f"{settings.system} find_path", is_ok=True, detail=detail))
    return findings


def describe_supplier(settings: AnySupplierSettings) -> Mapping[str, str]:
    """Give the settings that help in a fault report, as text. Never accounts, secrets or file paths."""
    names: Sequence[str] = VNPT_SHOWN if isinstance(settings, VnptSettings) else VIETTEL_SHOWN
    shown = {name: str(getattr(settings, name)) for name in names}
    rules = settings.rules.model_dump()
    return shown | {f"rules.{name}": _shown(value) for name, value in rules.items()}


def _secrets(settings: AnySupplierSettings) -> list[tuple[str, Secret]]:
    if isinstance(settings, VnptSettings):
        return [("admin_password", settings.admin_password), ("service_password", settings.service_password)]
    return [("password", settings.password)]


def _shown(value: object) -> str:
    if isinstance(value, frozenset):
        return " ".join(sorted(str(part) for part in value))
    return str(value)
