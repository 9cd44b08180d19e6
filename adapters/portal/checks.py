"""The self-check: settings, login, both data paths. Reads only; a finding never holds a secret or a person.

The login of the check is its own and is not shared, so that the credentials are tested and not an old session.
"""

from collections.abc import Awaitable, Callable

from adapters.portal.client import PortalClient
from adapters.portal.settings import PortalSettings
from gateway.errors import CredentialsRefused, RemoteError
from gateway.ports.portal import Finding

PROBE_CODE = "KIEM-TRA-KET-NOI"
"""A dossier code that no system issues; looking it up must find nothing."""

_ADVICE = {
    "credentials_refused": "check username, password and unit code with the portal's administrators",
    "http_403": "check the account's rights, the destination code and the client certificate",
    "http_404": "check base_url, family and the paths",
    "client_certificate_refused": "check the client certificate and its expiry",
    "server_certificate_refused": "check the trusted certificate authorities",
    "name_not_found": "check the host in base_url",
    "no_connection": "check base_url and the network between here and the exchange server",
    "timeout": "check the exchange server, or give the call more time in timeouts",
    "password_file": "check the path and the rights of password_file",
}


async def run_checks(settings: PortalSettings, client: PortalClient) -> list[Finding]:
    """Give one finding per subject, in the order in which they build on each other."""
    findings = _settings_findings(settings)
    token: str | None = None
    if settings.facade is None:
        try:
            token, _ = await client.login()
            findings.append(Finding(subject="login", is_ok=True, detail="a session was given"))
        except RemoteError as error:
            findings.append(_failed("login", error))
            return findings

    async def read_list() -> str:
        refs = await client.list_procedures(token)
        return f"{len(refs)} procedures listed"

    async def look_up() -> str:
        found = await client.look_up(PROBE_CODE, token)
        return "an unknown dossier is not found, as it must be" if found.record is None else ""

    findings.append(await _finding("catalogue", read_list))
    if settings.has_look_up:
        findings.append(await _finding("look-up", look_up))
    return findings


async def _finding(subject: str, probe: Callable[[], Awaitable[str]]) -> Finding:
    try:
        detail = await probe()
    except RemoteError as error:
        return _failed(subject, error)
    if not detail:
        return Finding(subject=subject, is_ok=False, detail="a dossier was found under a code that nobody issues")
    return Finding(subject=subject, is_ok=True, detail=detail)


def _failed(subject: str, error: RemoteError) -> Finding:
    advice = _ADVICE.get(error.code, "")
    if not advice and isinstance(error, CredentialsRefused):
        advice = _ADVICE["credentials_refused"]
    detail = f"{error.message} [{error.code}]" + (f"; {advice}" if advice else "")
    return Finding(subject=subject, is_ok=False, detail=detail)


def _settings_findings(settings: PortalSettings) -> list[Finding]:
    findings: list[Finding] = []
    if settings.base_url.startswith("http://"):
        findings.append(
            Finding(
                subject="transport",
                is_ok=True,
                detail="base_url is plain HTTP: fine only for an exchange server inside the province's own network",
            )
        )
    if not settings.has_look_up:
        findings.append(
            Finding(
                subject="look-up",
                is_ok=False,
                detail="the facade offers no look-up: an unanswered push is parked for a person; set look_up_path",
            )
        )
    return findings
