"""What the self-checks of adapters find in the same way: secrets that cannot be read, questions that fail."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from adapters.transport.secrets import Secret
from gateway.errors import GatewayError
from gateway.ports.portal import Finding

_NO_ADVICE: Mapping[type[GatewayError], str] = MappingProxyType({})


def secret_findings(system: str, named: Iterable[tuple[str, Secret]]) -> list[Finding]:
    """Give one finding per secret, under the name of its setting. Neither path nor content is told."""
    return [_secret_finding(f"{system} {name}", secret) for name, secret in named]


def failure_finding(
    subject: str, error: GatewayError, advice: Mapping[type[GatewayError], str] = _NO_ADVICE
) -> Finding:
    """Give the finding for a question that failed, with the first advice whose group the error belongs to."""
    hint = next((f"; {text}" for group, text in advice.items() if isinstance(error, group)), "")
    return Finding(subject=subject, is_ok=False, detail=f"{error.message} [{error.code}]{hint}")


def _secret_finding(subject: str, secret: Secret) -> Finding:
    try:
        secret.read()
    except (OSError, ValueError):
        return Finding(subject=subject, is_ok=False, detail="check the path, the rights and the content of its file")
    return Finding(subject=subject, is_ok=True, detail="readable")
