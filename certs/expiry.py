"""What a certificate says about itself, and which of it the policy minds."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certs.files import read_file
from certs.policy import Policy, default_policy
from gateway.errors import ConfigurationError, Fault

_DAY = timedelta(days=1)


class Severity(StrEnum):
    """How soon somebody must act: WARNING in office hours, CRITICAL now."""

    WARNING = "warning"
    CRITICAL = "critical"


class FindingRule(StrEnum):
    """The rule that a finding is about; stable, so that it may be a label."""

    UNREADABLE = "unreadable"
    NOTHING_FOUND = "nothing_found"
    EXPIRED = "expired"
    EXPIRES_SOON = "expires_soon"
    NOT_YET_VALID = "not_yet_valid"
    WEAK_KEY = "weak_key"
    KEY_TYPE_NOT_ALLOWED = "key_type_not_allowed"
    WEAK_SIGNATURE = "weak_signature"
    VALIDITY_TOO_LONG = "validity_too_long"
    NO_NAMES = "no_names"
    KEY_MISMATCH = "key_mismatch"
    KEY_EXPOSED = "key_exposed"
    KEY_NOT_COMPARED = "key_not_compared"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing an operator should know about one file. `fingerprint_sha256` is empty for whole-file findings."""

    path: Path
    rule: FindingRule
    severity: Severity
    message: str
    fingerprint_sha256: str = ""


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """A certificate in words.

    Instants are aware UTC. `days_left` is rounded down, so it is negative as soon as the certificate has expired.
    `fingerprint_sha256` and `serial_hex` are lower-case hex without separators. `warnings` is empty when the
    policy has no objection.
    """

    subject_common_name: str
    issuer: str
    serial_hex: str
    not_before: datetime
    not_after: datetime
    days_left: int
    sans: tuple[str, ...]
    fingerprint_sha256: str
    key_type: str
    is_authority: bool
    warnings: tuple[str, ...]


def inspect(path: Path, now: datetime, policy: Policy | None = None) -> CertificateFacts:
    """Describe the first certificate of a PEM file (the leaf, where the file is a chain).

    `policy` decides the warnings; without one, the policy that ships with the gateway does. Raises
    ConfigurationError when the file cannot be read or holds no certificate.
    """
    return inspect_all(path, now, policy)[0]


def inspect_all(path: Path, now: datetime, policy: Policy | None = None) -> tuple[CertificateFacts, ...]:
    """Describe every certificate of a PEM file, in file order, at least one. Raises as `inspect` does."""
    chosen = policy or default_policy()
    return tuple(describe(certificate, now, chosen) for certificate in read_certificates(path))


def read_certificates(path: Path) -> tuple[x509.Certificate, ...]:
    """Read every certificate of a PEM file, in file order, at least one.

    Raises ConfigurationError when the file cannot be read or holds no usable certificate.
    """
    state = read_file(path)
    if state.problem:
        raise ConfigurationError([Fault(str(path), "must be readable", state.problem)])
    try:
        return parse_certificates(state.content)
    except ValueError as error:
        raise ConfigurationError([Fault(str(path), "must hold certificates in PEM", str(error))]) from error


def parse_certificates(content: bytes) -> tuple[x509.Certificate, ...]:
    """Parse every certificate of a PEM text. Raises ValueError when there is none or one is malformed."""
    try:
        certificates = tuple(x509.load_pem_x509_certificates(content))
    except ValueError:
        # The library's own message quotes internals of its parser, which help no operator.
        raise ValueError("no readable certificate") from None
    for certificate in certificates:
        try:
            # Lazily parsed fields are parsed now, so that a malformed one is found here and not in a handshake.
            _ = (certificate.extensions, certificate.public_key(), certificate.subject, certificate.issuer)
            _ = certificate.signature_hash_algorithm
        except Exception as error:
            # The parser raises several unrelated types here.
            raise ValueError(f"a malformed certificate ({type(error).__name__})") from error
    return certificates


def describe(certificate: x509.Certificate, now: datetime, policy: Policy) -> CertificateFacts:
    """Describe one certificate as seen at `now` (aware) under a policy."""
    return CertificateFacts(
        subject_common_name=_common_name(certificate.subject),
        issuer=_common_name(certificate.issuer) or certificate.issuer.rfc4514_string(),
        serial_hex=f"{certificate.serial_number:x}",
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        days_left=days_left(certificate, now),
        sans=subject_names(certificate),
        fingerprint_sha256=fingerprint(certificate),
        key_type=key_type(certificate),
        is_authority=is_authority(certificate),
        warnings=tuple(message for _, _, message in judge(certificate, now, policy)),
    )


def check(paths: Iterable[Path], policy: Policy, now: datetime) -> list[Finding]:
    """Hold every certificate of every file against the policy.

    Gives findings in the order of the files, the most severe first within a certificate; an empty list means that
    nothing is wrong. A file that cannot be read is a critical finding, never an error: the others are still checked.
    """
    findings: list[Finding] = []
    for path in paths:
        try:
            certificates = read_certificates(path)
        except ConfigurationError as error:
            findings.append(Finding(path, FindingRule.UNREADABLE, Severity.CRITICAL, error.message))
            continue
        for certificate in certificates:
            findings.extend(
                Finding(path, rule, severity, message, fingerprint(certificate))
                for rule, severity, message in judge(certificate, now, policy)
            )
    return findings


Judgement = tuple[FindingRule, Severity, str]


def judge(certificate: x509.Certificate, now: datetime, policy: Policy) -> list[Judgement]:
    """Give rule, severity and message for everything the policy minds, the most severe first."""
    found = [*_judge_time(certificate, now, policy), *judge_strength(certificate, policy)]
    authority = is_authority(certificate)
    lifetime = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    longest_days = policy.max_ca_validity_days if authority else policy.max_validity_days
    if lifetime > timedelta(days=longest_days):
        message = f"is valid for {math.ceil(lifetime / _DAY)} days, the policy allows {longest_days}"
        found.append((FindingRule.VALIDITY_TOO_LONG, Severity.WARNING, message))
    for_servers = not authority and has_usage(certificate, ExtendedKeyUsageOID.SERVER_AUTH, or_unstated=False)
    if for_servers and not subject_names(certificate):
        message = "names no host: clients look at subject alternative names only"
        found.append((FindingRule.NO_NAMES, Severity.CRITICAL, message))
    return sorted(found, key=lambda judgement: judgement[1] is not Severity.CRITICAL)


def _judge_time(certificate: x509.Certificate, now: datetime, policy: Policy) -> list[Judgement]:
    remaining = certificate.not_valid_after_utc - now
    left = days_left(certificate, now)
    if remaining < timedelta(0):
        message = f"expired at {certificate.not_valid_after_utc.isoformat()}"
        return [(FindingRule.EXPIRED, Severity.CRITICAL, message)]
    found: list[Judgement] = []
    if now < certificate.not_valid_before_utc:
        message = f"is not valid before {certificate.not_valid_before_utc.isoformat()}"
        found.append((FindingRule.NOT_YET_VALID, Severity.CRITICAL, message))
    if remaining <= timedelta(days=policy.critical_days):
        found.append((FindingRule.EXPIRES_SOON, Severity.CRITICAL, f"expires in {left} days"))
    elif remaining <= timedelta(days=policy.warn_days):
        found.append((FindingRule.EXPIRES_SOON, Severity.WARNING, f"expires in {left} days"))
    return found


def judge_strength(certificate: x509.Certificate, policy: Policy) -> list[Judgement]:
    """Give what the policy minds about key and signature; these also stop a certificate from being loaded."""
    found: list[Judgement] = []
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < policy.min_rsa_bits:
            message = f"has an RSA key of {key.key_size} bits, the policy asks for {policy.min_rsa_bits}"
            found.append((FindingRule.WEAK_KEY, Severity.CRITICAL, message))
    elif isinstance(key, ec.EllipticCurvePublicKey):
        if key.curve.name not in policy.allowed_curves:
            message = f"has a key on the curve {key.curve.name}, which the policy does not allow"
            found.append((FindingRule.KEY_TYPE_NOT_ALLOWED, Severity.CRITICAL, message))
    elif not (isinstance(key, ed25519.Ed25519PublicKey) and policy.allow_ed25519):
        message = f"has a key of type {key_type(certificate)}, which the policy does not allow"
        found.append((FindingRule.KEY_TYPE_NOT_ALLOWED, Severity.CRITICAL, message))
    algorithm = certificate.signature_hash_algorithm
    # The signature on a self-issued root is trusted by its place in the bundle and never verified; and Ed25519
    # signatures have no separate hash.
    hash_name = "" if algorithm is None or certificate.subject == certificate.issuer else algorithm.name
    if hash_name and hash_name not in policy.allowed_signature_hashes:
        message = f"is signed with {hash_name}, which the policy does not allow"
        found.append((FindingRule.WEAK_SIGNATURE, Severity.CRITICAL, message))
    return found


def days_left(certificate: x509.Certificate, now: datetime) -> int:
    """Give whole days until the end of validity, rounded down: negative once expired."""
    return math.floor((certificate.not_valid_after_utc - now) / _DAY)


def fingerprint(certificate: x509.Certificate) -> str:
    """Give the SHA-256 fingerprint as lower-case hex."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def subject_names(certificate: x509.Certificate) -> tuple[str, ...]:
    """Give DNS names and addresses of the subject alternative name, in their order; empty when there are none."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    return tuple(str(name.value) for name in extension.value if isinstance(name, x509.DNSName | x509.IPAddress))


def is_authority(certificate: x509.Certificate) -> bool:
    """Tell whether the certificate may issue others (basic constraints)."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def has_usage(certificate: x509.Certificate, usage: x509.ObjectIdentifier, *, or_unstated: bool) -> bool:
    """Tell whether the extended key usage allows `usage`; `or_unstated` is the answer when it has none."""
    try:
        stated: Sequence[x509.ObjectIdentifier] = list(
            certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        )
    except x509.ExtensionNotFound:
        return or_unstated
    return usage in stated or ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in stated


def key_type(certificate: x509.Certificate) -> str:
    """Give algorithm and size or curve, e.g. "RSA 2048", "EC secp256r1", "Ed25519"."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}"
    return type(key).__name__.removesuffix("PublicKey")


def _common_name(name: x509.Name) -> str:
    attributes = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(attributes[0].value) if attributes else ""
