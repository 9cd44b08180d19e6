"""The self-check: the contract, secrets, the token, and one question about somebody who cannot exist.

The number begins with 999, which no province and no country has; so nobody is looked at, and the right answer is known.
"""

from collections.abc import Mapping

from adapters.population.adapter import PopulationAdapter
from adapters.population.requests import contract
from adapters.population.settings import LgspTokenEdge, Operation
from adapters.transport.checking import failure_finding, secret_findings
from adapters.transport.secrets import Secret
from gateway.errors import ContractBroken, CredentialsRefused, GatewayError, Rejected, RemoteError
from gateway.model.citizen import Asker, Subject
from gateway.model.identity import PartialDate, Precision
from gateway.ports.portal import Finding

NOBODY = Subject(
    personal_number="999099999999",
    full_name="Kiểm Tra Kết Nối",
    birth_date=PartialDate("1999-09-09", Precision.DAY),
)
_SYSTEM = "population"
_ADVICE: Mapping[type[GatewayError], str] = {
    CredentialsRefused: "check user, secret, clock, and the address that is allowed over there",
    ContractBroken: "check base_url, paths and reply_forms",
}


async def run_checks(adapter: PopulationAdapter, *, officer_code: str | None = None) -> list[Finding]:
    """Give one finding per subject, in the order in which they build on each other.

    Without an officer code one is chosen: the first that has an account, where the edge wants one of each officer.
    """
    findings = [_contract(), *secret_findings(_SYSTEM, _secrets(adapter))]
    if not all(finding.is_ok for finding in findings):
        return findings
    if adapter.client.wants_token:
        try:
            await adapter.client.check_token()
            findings.append(Finding(subject=f"{_SYSTEM} token", is_ok=True, detail="a token was given"))
        except RemoteError as error:
            return [*findings, _failed("token", error)]
    findings.append(await _question(adapter, officer_code or _officer(adapter)))
    return findings


def _officer(adapter: PopulationAdapter) -> str:
    edge = adapter.settings.edge
    return min(edge.officers) if isinstance(edge, LgspTokenEdge) else "check"


async def _question(adapter: PopulationAdapter, officer_code: str) -> Finding:
    subject = f"{_SYSTEM} question"
    if Operation.VERIFY not in adapter.settings.operations:
        return Finding(subject=subject, is_ok=True, detail="not asked: verification is not granted")
    edge = adapter.settings.edge
    if isinstance(edge, LgspTokenEdge) and officer_code not in edge.officers:
        # The edge refuses this itself, in the database's own word, so that the refusal would not show who is reached.
        detail = "not asked: the officer has no account; name one of edge.officers"
        return Finding(subject=subject, is_ok=False, detail=detail)
    try:
        reply = await adapter.verify(NOBODY, Asker(officer_code=officer_code))
    except Rejected as error:
        # Whoever refuses in these words has understood the question.
        detail = f"refused [{error.code}]: reachable; name a licensed officer and procedure to ask further"
        return Finding(subject=subject, is_ok=error.code in _ABOUT_THE_ASKER, detail=detail)
    except RemoteError as error:
        return _failed("question", error)
    if reply.exists:
        return Finding(subject=subject, is_ok=False, detail="somebody exists under a number that nobody can have")
    return Finding(subject=subject, is_ok=True, detail="nobody exists under a number that nobody can have")


_ABOUT_THE_ASKER = frozenset({"officer_not_authorised", "procedure_not_licensed"})


def _contract() -> Finding:
    subject = f"{_SYSTEM} contract"
    try:
        contract()
    except Exception as error:  # noqa: BLE001 - whatever it is, the shipped files are damaged
        return Finding(subject=subject, is_ok=False, detail=f"cannot be read ({type(error).__name__}); install again")
    return Finding(subject=subject, is_ok=True, detail="readable")


def _secrets(adapter: PopulationAdapter) -> list[tuple[str, Secret]]:
    edge = adapter.settings.edge
    found = []
    for name in ("secret", "secret_key", "password", "client_secret", "fixed_token", "bearer", "api_key"):
        secret = getattr(edge, name, None)
        if isinstance(secret, Secret):
            found.append((f"edge.{name}", secret))
    for code, officer in getattr(edge, "officers", {}).items():
        found.append((f"edge.officers.{code}.password", officer.password))
    wsse = adapter.settings.wsse
    if wsse is not None and wsse.login is not None:
        found.append(("wsse.login.password", wsse.login.password))
    if wsse is not None and wsse.signing is not None and wsse.signing.key_password is not None:
        found.append(("wsse.signing.key_password", wsse.signing.key_password))
    return found


def _failed(subject: str, error: GatewayError) -> Finding:
    return failure_finding(f"{_SYSTEM} {subject}", error, _ADVICE)
