"""`gateway check`: everything that can be known before traffic comes, without changing anything."""

from gateway.bootstrap import Assembly, Role
from gateway.config import Settings
from gateway.errors import GatewayError
from gateway.ports.portal import Finding
from gateway.store.schema import NEWEST, current_version


async def run_checks(settings: Settings, dsn: str) -> list[Finding]:
    """Check database, keys, certificates and the systems; settings were checked by reading them."""
    findings = [Finding(subject="settings", is_ok=True, detail="readable and complete")]
    try:
        version = await current_version(dsn)
        is_current = version == NEWEST
        detail = f"schema {version or 'empty'}" + ("" if is_current else f", {NEWEST} is needed: run `gateway migrate`")
        findings.append(Finding(subject="database", is_ok=is_current, detail=detail))
    except GatewayError as error:
        return [*findings, Finding(subject="database", is_ok=False, detail=error.message)]
    assembly = Assembly(settings, Role.named("worker"), dsn)
    findings.append(Finding(subject="key ring", is_ok=True, detail="readable by its owner only, keys complete"))
    findings.extend(
        Finding(subject=f"certificate {name}", is_ok=days_left > 0, detail=f"{days_left:.0f} days left")
        for name, days_left in assembly.certificates().items()
    )
    return [*findings, *await assembly.check_systems()]
