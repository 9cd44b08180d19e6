"""The self-check of a provider: its keys, and whether what it publishes is still what is configured. Reads only.

A changed endpoint is told and never followed: whoever can change the document could send citizens elsewhere.
"""

import json
from typing import Any

from adapters.identity.adapter import IdentityAdapter
from adapters.identity.settings import ProviderSettings
from adapters.transport import CallOutcome, HttpAnswer, HttpRequest
from adapters.transport.checking import failure_finding
from gateway.errors import ContractBroken, RemoteError
from gateway.ports.portal import Finding

_PUBLISHED = {
    "authorization_endpoint": "authorize_url",
    "token_endpoint": "token_url",
    "userinfo_endpoint": "userinfo_url",
    "jwks_uri": "jwks_url",
    "pushed_authorization_request_endpoint": "par_url",
}


async def run_checks(adapter: IdentityAdapter) -> list[Finding]:
    """Give one finding per subject."""
    settings, findings = adapter.settings, []
    subject = f"identity.{settings.name}"
    try:
        settings.read_secret()
        findings.append(Finding(subject=f"{subject} secret", is_ok=True, detail="readable"))
    except (OSError, ValueError):
        detail = "check the path, the rights and the content of client_secret_file"
        findings.append(Finding(subject=f"{subject} secret", is_ok=False, detail=detail))
    if settings.jwks_url is not None:
        try:
            keys = await adapter.read_keys()
            detail = f"{len(keys.keys)} usable, {keys.skipped_count} that may not verify anything"
            findings.append(Finding(subject=f"{subject} keys", is_ok=bool(keys.keys), detail=detail))
        except RemoteError as error:
            findings.append(failure_finding(f"{subject} keys", error))
    if settings.discovery_url is not None:
        findings.extend(await _compare(adapter, subject))
    return findings


async def _compare(adapter: IdentityAdapter, subject: str) -> list[Finding]:
    try:
        document = await adapter.read_document(_request(adapter.settings), _read)
    except RemoteError as error:
        return [failure_finding(f"{subject} discovery", error)]
    differing = differences(adapter.settings, document)
    detail = "as configured" if not differing else "differs from the settings: " + ", ".join(differing)
    return [Finding(subject=f"{subject} discovery", is_ok=not differing, detail=detail)]


def differences(settings: ProviderSettings, document: dict[str, Any]) -> list[str]:
    """Name the settings that differ from what the provider publishes. The issuer must be equal, sign for sign."""
    differing = [] if document.get("issuer") == settings.issuer else ["issuer"]
    for published, setting in _PUBLISHED.items():
        ours, theirs = getattr(settings, setting), document.get(published)
        if ours is not None and theirs is not None and ours != theirs:
            differing.append(setting)
    if (
        document.get("authorization_response_iss_parameter_supported") is True
        and not settings.requires_issuer_parameter
    ):
        differing.append("requires_issuer_parameter")
    return differing


def _request(settings: ProviderSettings) -> HttpRequest:
    assert settings.discovery_url is not None, "only called where it is set"
    return HttpRequest(
        system=f"identity.{settings.name}",
        operation="discovery",
        method="GET",
        url=settings.discovery_url,
        is_write=False,
        total_seconds=settings.total_seconds,
        headers=(("Accept", "application/json"),),
    )


def _read(answer: HttpAnswer) -> tuple[dict[str, Any], CallOutcome]:
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise ContractBroken(
            "the discovery document cannot be read",
            system="identity",
            operation="discovery",
            effect_possible=False,
            code="not_json",
        )
    return document, CallOutcome.OK
