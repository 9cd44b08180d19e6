"""The self-check of a registration: secrets, login, and one question about a transaction that nobody opened.

It asks no citizen anything: the first call of a consent makes a phone ring and is never part of a check.
"""

from collections.abc import Mapping

from adapters.consent.adapter import ConsentAdapter
from adapters.consent.failures import NOT_FOUND
from adapters.consent.settings import ConsentSettings
from adapters.transport.checking import failure_finding, secret_findings
from adapters.transport.secrets import Secret
from gateway.errors import ContractBroken, CredentialsRefused, GatewayError, Rejected, RemoteError
from gateway.ports.portal import Finding

PROBE_CODE = "00000000-0000-4000-8000-000000000000"
"""A transaction code that no hub issues."""
_ADVICE: Mapping[type[GatewayError], str] = {
    CredentialsRefused: "check credentials, clock and the address that is allowed over there",
    ContractBroken: "check base_url, the paths and ask_form",
    Rejected: "an unknown transaction must be answered so: check body_form, code_member and ask_form",
}


async def run_checks(adapter: ConsentAdapter) -> list[Finding]:
    """Give one finding per subject, in the order in which they build on each other."""
    settings = adapter.settings
    findings = secret_findings(settings.system, _secrets(settings))
    if not all(finding.is_ok for finding in findings):
        return findings
    if settings.partner is not None:
        try:
            await adapter.client.check_login()
            findings.append(Finding(subject=f"{settings.system} login", is_ok=True, detail="a token was given"))
        except RemoteError as error:
            return [*findings, _failed(settings, "login", error)]
    findings.append(await _question(adapter))
    return findings


async def _question(adapter: ConsentAdapter) -> Finding:
    settings = adapter.settings
    subject = f"{settings.system} question"
    try:
        await adapter.status(PROBE_CODE)
    except Rejected as error:
        if error.code != NOT_FOUND:
            return _failed(settings, "question", error)
        return Finding(subject=subject, is_ok=True, detail="an unknown transaction is refused, as it must be")
    except RemoteError as error:
        return _failed(settings, "question", error)
    return Finding(subject=subject, is_ok=False, detail="a transaction was found under a code that nobody issues")


def _secrets(settings: ConsentSettings) -> list[tuple[str, Secret]]:
    found = [(f"webhook.keys.{place}", secret) for place, secret in enumerate(settings.webhook.keys)]
    if settings.client is not None:
        found.append(("client.secret", settings.client.secret))
    if settings.partner is not None:
        found.append(("partner.password", settings.partner.password))
    if settings.hmac is not None:
        found.append(("hmac.key", settings.hmac.key))
    return found


def _failed(settings: ConsentSettings, subject: str, error: RemoteError) -> Finding:
    return failure_finding(f"{settings.system} {subject}", error, _ADVICE)
