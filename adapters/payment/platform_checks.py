"""The self-check of a registration at the payment platform: secrets, and a question about a reference that nobody made.

It opens no order and changes nothing.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from adapters.payment.platform import PlatformAdapter
from adapters.payment.settings import PlatformSettings
from adapters.transport.checking import failure_finding, secret_findings
from adapters.transport.secrets import Secret
from gateway.errors import ContractBroken, CredentialsRefused, GatewayError, OutcomeUnknown, RemoteError
from gateway.model.payment import Answer
from gateway.ports.payments import AskedAttempt
from gateway.ports.portal import Finding

PROBE_REFERENCE = "GATEWAYSELFCHECK0001"
"""No attempt has it: references of attempts hold neither 0 nor 1."""
_ADVICE: Mapping[type[GatewayError], str] = {
    CredentialsRefused: "check partner, secret, access_token and the address that is allowed over there",
    ContractBroken: "check query_url, and rules.is_query_signed where the checksum is refused",
}


async def check_platform(adapter: PlatformAdapter) -> list[Finding]:
    """Give one finding per subject, in the order in which they build on each other."""
    settings = adapter.settings
    findings = secret_findings(settings.system, _secrets(settings))
    if not all(finding.is_ok for finding in findings):
        return findings
    return [*findings, await _question(adapter)]


async def _question(adapter: PlatformAdapter) -> Finding:
    settings = adapter.settings
    subject = f"{settings.system} question"
    probe = AskedAttempt(
        reference=PROBE_REFERENCE, amount_vnd=1, dossier_code="", opened_at=datetime(2025, 1, 1, tzinfo=UTC)
    )
    try:
        fact = await adapter.query(probe)
    except OutcomeUnknown as error:
        if error.code != "question_refused":
            return _failed(settings, error)
        # The word for an unknown reference is not known, so a refusal is as good an answer as can be told.
        advice = "if that is how an unknown reference is answered, list it as not_found in rules.results"
        return Finding(subject=subject, is_ok=True, detail=f"{error.message}; {advice}")
    except RemoteError as error:
        return _failed(settings, error)
    if fact.answer is Answer.NOT_FOUND:
        return Finding(subject=subject, is_ok=True, detail="an unknown reference is not found, as it must be")
    return Finding(subject=subject, is_ok=False, detail="a payment was found under a reference that nobody made")


def _secrets(settings: PlatformSettings) -> list[tuple[str, Secret]]:
    found = [(f"secrets.{place}", each.secret) for place, each in enumerate(settings.secrets)]
    if settings.access_token is not None:
        found.append(("access_token", settings.access_token))
    if settings.lookup is not None and settings.lookup.token is not None:
        found.append(("lookup.token", settings.lookup.token))
    return found


def _failed(settings: PlatformSettings, error: RemoteError) -> Finding:
    return failure_finding(f"{settings.system} question", error, _ADVICE)
