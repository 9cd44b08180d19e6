"""What the command line does with certificates, as functions that print nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from certs.dev_ca import ensure, ensure_systems
from certs.expiry import CertificateFacts, Finding, FindingRule, Severity, check, inspect_all, read_certificates
from certs.files import FileState, read_file
from certs.material import public_bytes
from certs.policy import Policy
from gateway.errors import ConfigurationError, Fault

CERTIFICATE_SUFFIXES = frozenset({".pem", ".crt"})
KEY_SUFFIX = ".key"
PASSPHRASE_SUFFIX = ".passphrase"  # noqa: S105 - the ending of a file name


@dataclass(frozen=True, slots=True)
class ListedCertificate:
    """One certificate of one file; for a file that cannot be read, `facts` is None and `problem` says why."""

    path: Path
    facts: CertificateFacts | None
    problem: str = ""


def init(directory: Path, names: Sequence[str], now: datetime, *, systems: Sequence[str] = ()) -> list[Path]:
    """Make the development certificates that are missing or near their end, and give every file of the layout.

    Without `systems` the files lie in `directory` itself; with them, the authority lies there and each system has its
    own directory below. Nothing is touched on a second call. Raises ConfigurationError as `dev_ca.ensure` does.
    """
    if not systems:
        return list(ensure(directory, names, now).paths)
    layouts = ensure_systems(directory, systems, names, now)
    return list(dict.fromkeys(path for layout in layouts for path in layout.paths))


def list_certificates(directory: Path, now: datetime, policy: Policy | None = None) -> list[ListedCertificate]:
    """Describe every certificate below a directory, by path and then by place in the file.

    A file that cannot be read is listed with its problem. Raises ConfigurationError when `directory` is none.
    """
    listed: list[ListedCertificate] = []
    for path in _certificate_files(directory):
        try:
            listed.extend(ListedCertificate(path, facts) for facts in inspect_all(path, now, policy))
        except ConfigurationError as error:
            listed.append(ListedCertificate(path, None, error.message))
    return listed


def check_certificates(directory: Path, policy: Policy, now: datetime) -> list[Finding]:
    """Hold every certificate and key below a directory against the policy.

    Besides certificates it looks at keys: that no other account can read them, and that NAME.key belongs to NAME.pem
    or NAME.crt (with NAME.passphrase when encrypted). Empty when nothing is wrong; a directory without certificates is
    itself a finding. Critical findings come first. Raises ConfigurationError when `directory` is none.
    """
    certificates = _certificate_files(directory)
    findings = check(certificates, policy, now)
    if not certificates:
        message = "holds no certificate files (*.pem, *.crt)"
        findings.append(Finding(directory, FindingRule.NOTHING_FOUND, Severity.CRITICAL, message))
    for path in _files(directory):
        is_key = path.suffix == KEY_SUFFIX
        if not (is_key or path.suffix == PASSPHRASE_SUFFIX or path.suffix in CERTIFICATE_SUFFIXES):
            continue
        state = read_file(path)
        if state.problem:
            if path not in certificates:
                message = f"cannot be read: {state.problem}"
                findings.append(Finding(path, FindingRule.UNREADABLE, Severity.CRITICAL, message))
            continue
        is_secret = path.suffix == PASSPHRASE_SUFFIX or b"PRIVATE KEY-----" in state.content
        if is_secret and state.is_exposed:
            message = f"is open to other accounts (mode {state.mode:04o})"
            findings.append(Finding(path, FindingRule.KEY_EXPOSED, Severity.CRITICAL, message))
        if is_key:
            findings.extend(_compare_pair(state))
    return sorted(findings, key=lambda finding: finding.severity is not Severity.CRITICAL)


def _compare_pair(key_state: FileState) -> list[Finding]:
    path = key_state.path
    beside = [path.with_suffix(suffix) for suffix in (".pem", ".crt")]
    partner = next((file for file in beside if file.exists()), None)
    if partner is None:
        return [Finding(path, FindingRule.KEY_NOT_COMPARED, Severity.WARNING, "has no certificate beside it")]
    passphrase_state = read_file(path.with_suffix(PASSPHRASE_SUFFIX))
    passphrase = passphrase_state.content.rstrip(b"\r\n") or None
    try:
        key = load_pem_private_key(key_state.content, passphrase)
    except TypeError:
        message = "is encrypted without a passphrase file" if passphrase is None else "has a passphrase but needs none"
        return [Finding(path, FindingRule.KEY_NOT_COMPARED, Severity.WARNING, message)]
    except Exception as error:  # noqa: BLE001 - wrong passphrase, malformed and unsupported are unrelated types
        message = f"cannot be opened as a private key ({type(error).__name__})"
        return [Finding(path, FindingRule.UNREADABLE, Severity.CRITICAL, message)]
    try:
        certificate = read_certificates(partner)[0]
    except ConfigurationError:
        return []  # The certificate file has its own finding.
    if public_bytes(key.public_key()) == public_bytes(certificate.public_key()):
        return []
    return [Finding(path, FindingRule.KEY_MISMATCH, Severity.CRITICAL, f"is not the key of {partner.name}")]


def _certificate_files(directory: Path) -> list[Path]:
    return [path for path in _files(directory) if path.suffix in CERTIFICATE_SUFFIXES]


def _files(directory: Path) -> list[Path]:
    if not directory.is_dir():
        raise ConfigurationError([Fault(str(directory), "must be a directory", "no directory")])
    # Hidden entries are drafts of a write under way, or the versions behind the links of a mounted secret.
    return sorted(
        path
        for path in directory.rglob("*")
        if not any(part.startswith(".") for part in path.relative_to(directory).parts) and not path.is_dir()
    )
