"""Self-checks of PayGov, KeyPay and VietQR: secrets, login, and a question about an order that nobody opened.

No check opens an order or moves money.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from adapters.payment.keypay_v1 import KeyPayV1Adapter
from adapters.payment.keypay_v3 import KeyPayV3Adapter
from adapters.payment.paygov import PayGovAdapter
from adapters.payment.vietqr import VietQrAdapter
from adapters.transport.checking import failure_finding, secret_findings
from adapters.transport.secrets import Secret
from gateway.errors import ContractBroken, CredentialsRefused, GatewayError, RemoteError
from gateway.model.payment import Answer, PaymentFact
from gateway.ports.payments import AskedAttempt
from gateway.ports.portal import Finding
from mappings.payment import vietqr
from mappings.payment.vietqr import Transfer

PROBE_DOSSIER = "H00.00-000000-0000"
_PROBE_TRANSACTION = "0"
"""KeyPay's own number of a transaction that nobody made: one form of the question needs it."""
_PROBE_RANDOM = bytes(16)
_ADVICE: Mapping[type[GatewayError], str] = {
    CredentialsRefused: "check partner code, keys and the address that is allowed over there",
    ContractBroken: "check the addresses, and by which form answers are verified",
}


async def check_paygov(adapter: PayGovAdapter) -> list[Finding]:
    """Give one finding per subject, in the order in which they build on each other."""
    settings = adapter.settings
    named = [("access.secret_key", settings.access.secret_key)]
    named += [("secret_key", settings.secret_key)] if settings.secret_key is not None else []
    named += [("fixed_token", settings.fixed_token)] if settings.fixed_token is not None else []
    findings = secret_findings(settings.system, named)
    if settings.login is not None and all(finding.is_ok for finding in findings):
        try:
            await adapter.check_login()
            findings.append(Finding(subject=f"{settings.system} login", is_ok=True, detail="a token was given"))
        except RemoteError as error:
            findings.append(_failed(settings.system, "login", error))
    if not settings.is_enabled:
        detail = "orders are not opened; what comes in is still verified"
        findings.append(Finding(subject=f"{settings.system} is_enabled", is_ok=True, detail=detail))
    return findings


async def check_keypay_v1(adapter: KeyPayV1Adapter) -> list[Finding]:
    """Give one finding per subject, in the order in which they build on each other."""
    settings = adapter.settings
    findings = secret_findings(settings.system, _numbered("keys", settings.keys))
    if all(finding.is_ok for finding in findings):
        findings.append(await _question(settings.system, adapter))
    return findings


async def check_keypay_v3(adapter: KeyPayV3Adapter) -> list[Finding]:
    """Give one finding per subject, in the order in which they build on each other."""
    settings = adapter.settings
    named = [*_numbered("sending_key", settings.sending_key), *_numbered("receiving_key", settings.receiving_key)]
    findings = secret_findings(settings.system, named)
    if all(finding.is_ok for finding in findings):
        findings.append(await _question(settings.system, adapter))
    return findings


def check_vietqr(adapter: VietQrAdapter) -> list[Finding]:
    """Write and read a code as it is set up; nothing else can be looked at."""
    reference = adapter.make_reference(_PROBE_RANDOM, PROBE_DOSSIER)
    transfer = Transfer(
        bank_bin="970436", account_number="0000000000", amount_vnd=1, bill_number=reference, purpose=reference
    )
    is_well = vietqr.read(vietqr.write(transfer)) == transfer and adapter.references_in(reference) == (reference,)
    detail = "a code is written and read" if is_well else "a reference is not found again; check reference_prefix"
    return [Finding(subject=f"payment.{adapter.name} code", is_ok=is_well, detail=detail)]


async def _question(system: str, adapter: KeyPayV1Adapter | KeyPayV3Adapter) -> Finding:
    probe = AskedAttempt(
        reference=adapter.make_reference(_PROBE_RANDOM, PROBE_DOSSIER),
        amount_vnd=1,
        dossier_code=PROBE_DOSSIER,
        opened_at=datetime(2026, 1, 1, tzinfo=UTC),
        transaction=_PROBE_TRANSACTION,
    )
    try:
        fact = await adapter.query(probe)
    except RemoteError as error:
        return _failed(system, "question", error)
    return _judged(system, fact)


def _judged(system: str, fact: PaymentFact) -> Finding:
    subject = f"{system} question"
    if fact.answer is Answer.PAID:
        return Finding(subject=subject, is_ok=False, detail="an order that nobody opened is called paid")
    if fact.answer is Answer.NOT_FOUND:
        return Finding(subject=subject, is_ok=True, detail="an unknown order is not found, as it must be")
    detail = f"answered with {fact.result_code or 'no code'}; it should say that there is no such order"
    return Finding(subject=subject, is_ok=True, detail=detail)


def _numbered(name: str, secrets: Iterable[Secret]) -> list[tuple[str, Secret]]:
    return [(f"{name}.{place}", secret) for place, secret in enumerate(secrets)]


def _failed(system: str, subject: str, error: RemoteError) -> Finding:
    return failure_finding(f"{system} {subject}", error, _ADVICE)
