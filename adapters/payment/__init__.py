"""Payment providers behind one port: the national payment platform, PayGov, KeyPay v1 and v3, VietQR codes.

`read_settings` reads a configured section by its `kind`, `build` makes its adapter (payment notes §A to §E).
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from adapters.payment.keypay_v1 import KeyPayV1Adapter
from adapters.payment.keypay_v1_settings import KeyPayV1Settings
from adapters.payment.keypay_v3 import KeyPayV3Adapter
from adapters.payment.keypay_v3_settings import KeyPayV3Settings
from adapters.payment.paygov import PayGovAdapter
from adapters.payment.paygov_settings import PayGovSettings
from adapters.payment.peer import Parts
from adapters.payment.peer_checks import check_keypay_v1, check_keypay_v3, check_paygov, check_vietqr
from adapters.payment.platform import PlatformAdapter
from adapters.payment.platform_checks import check_platform
from adapters.payment.settings import PlatformSettings
from adapters.payment.vietqr import VietQrAdapter
from adapters.payment.vietqr_settings import VietQrSettings
from gateway.model.payment import ProviderKind
from gateway.ports.portal import Finding

AnyProviderSettings = PlatformSettings | PayGovSettings | KeyPayV1Settings | KeyPayV3Settings | VietQrSettings
AnyProvider = PlatformAdapter | PayGovAdapter | KeyPayV1Adapter | KeyPayV3Adapter | VietQrAdapter
_SETTINGS: Mapping[ProviderKind, type[AnyProviderSettings]] = {
    ProviderKind.PLATFORM: PlatformSettings,
    ProviderKind.PAYGOV: PayGovSettings,
    ProviderKind.KEYPAY_V1: KeyPayV1Settings,
    ProviderKind.KEYPAY_V3: KeyPayV3Settings,
    ProviderKind.VIETQR: VietQrSettings,
}


class _Kind(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    kind: ProviderKind


def read_settings(section: Mapping[str, Any]) -> AnyProviderSettings:
    """Read a provider's section; `kind` says whose it is. Raises pydantic's ValidationError."""
    kind = _Kind.model_validate(section).kind
    return _SETTINGS[kind].model_validate({name: value for name, value in section.items() if name != "kind"})


def build(settings: AnyProviderSettings, parts: Parts) -> AnyProvider:
    """Make the adapter of a section."""
    match settings:
        case PlatformSettings():
            return PlatformAdapter(settings, parts)
        case PayGovSettings():
            return PayGovAdapter(settings, parts)
        case KeyPayV1Settings():
            return KeyPayV1Adapter(settings, parts)
        case KeyPayV3Settings():
            return KeyPayV3Adapter(settings, parts)
        case VietQrSettings():
            return VietQrAdapter(settings)


async def run_checks(provider: AnyProvider) -> list[Finding]:
    """Have a provider's adapter check itself; asks, and changes nothing."""
    match provider:
        case PlatformAdapter():
            return await check_platform(provider)
        case PayGovAdapter():
            return await check_paygov(provider)
        case KeyPayV1Adapter():
            return await check_keypay_v1(provider)
        case KeyPayV3Adapter():
            return await check_keypay_v3(provider)
        case VietQrAdapter():
            return check_vietqr(provider)


__all__ = ["AnyProvider", "AnyProviderSettings", "Parts", "build", "read_settings", "run_checks"]
