"""Certificate, key and trust files as one snapshot, checked as a whole before any of it is used."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from certs.expiry import has_usage, judge_strength, parse_certificates, subject_names
from certs.files import FileState, read_file
from certs.policy import Policy
from gateway.errors import Fault


class Usage(Enum):
    """The side of a handshake that a certificate is presented by."""

    SERVER = ExtendedKeyUsageOID.SERVER_AUTH
    CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH


@dataclass(frozen=True, slots=True)
class IdentityFiles:
    """A certificate chain (leaf first), its private key and, for an encrypted key, the file with the passphrase."""

    certificate_file: Path
    key_file: Path
    passphrase_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Several files as they were read at one time."""

    states: dict[Path, FileState]

    def digest(self) -> str:
        """Give a digest over all files that changes when content, permissions or readability change."""
        joined = b"".join(self.states[path].digest() for path in sorted(self.states))
        return sha256(joined).hexdigest()


@dataclass(frozen=True, slots=True)
class Identity:
    """A checked certificate chain, leaf first, and the passphrase of its key (empty for a plain key)."""

    chain: tuple[x509.Certificate, ...]
    passphrase: bytes


def take_snapshot(paths: Sequence[Path]) -> Snapshot:
    """Read all files once. Never raises for the state of a file; the snapshot holds it."""
    return Snapshot({path: read_file(path) for path in paths})


class MaterialCheck:
    """Checks one snapshot and collects every fault; `setting` prefixes the field of each."""

    def __init__(self, setting: str, snapshot: Snapshot, policy: Policy, now: datetime) -> None:
        self.setting = setting
        self.snapshot = snapshot
        self.policy = policy
        self.now = now
        self.faults: list[Fault] = []

    def refuse(self, field: str, rule: str, found: str) -> None:
        """Note one fault."""
        self.faults.append(Fault(f"{self.setting}.{field}", rule, found))

    def identity(self, files: IdentityFiles, usage: Usage) -> Identity | None:
        """Check chain, key and passphrase together. Gives None when a fault was noted."""
        faults_before = len(self.faults)
        chain = self._certificates("certificate_file", files.certificate_file)
        if chain:
            self._check_chain(chain, usage)
        passphrase = self._passphrase(files.passphrase_file)
        key = self._key(files.key_file, passphrase)
        if chain and key is not None and public_bytes(key.public_key()) != public_bytes(chain[0].public_key()):
            self.refuse("key_file", "must be the key of the certificate", "the key of another certificate")
        if len(self.faults) > faults_before:
            return None
        return Identity(chain, passphrase or b"")

    def trust(self, field: str, path: Path) -> tuple[x509.Certificate, ...]:
        """Check a bundle of trusted certificates: at least one is valid now. Empty when a fault was noted."""
        bundle = self._certificates(field, path)
        # A bundle may keep an authority that has expired or is not yet in force while it is being exchanged; a
        # handshake ignores it. Only a bundle in which nothing is usable is a fault.
        if bundle and not any(
            certificate.not_valid_before_utc <= self.now <= certificate.not_valid_after_utc for certificate in bundle
        ):
            self.refuse(field, "must hold a certificate that is valid now", "expired or not yet valid ones only")
            return ()
        return bundle

    def _content(self, field: str, path: Path) -> bytes:
        state = self.snapshot.states[path]
        if state.problem:
            self.refuse(field, "must be a readable file", f"{path}: {state.problem}")
        return state.content

    def _secret(self, field: str, path: Path) -> bytes:
        content = self._content(field, path)
        state = self.snapshot.states[path]
        if state.is_exposed:
            rule = "must not be open to other accounts (mode 0600, or 0640 for a group that may read)"
            self.refuse(field, rule, f"{path}: mode {state.mode:04o}")
        return content

    def _certificates(self, field: str, path: Path) -> tuple[x509.Certificate, ...]:
        content = self._content(field, path)
        if not content:
            return ()
        try:
            return parse_certificates(content)
        except ValueError as error:
            self.refuse(field, "must hold certificates in PEM", f"{path}: {error}")
            return ()

    def _passphrase(self, path: Path | None) -> bytes | None:
        if path is None:
            return None
        content = self._secret("passphrase_file", path)
        # Editors end a file with a line break that is no part of the secret.
        secret = content.rstrip(b"\r\n")
        if content and not secret:
            self.refuse("passphrase_file", "must hold a passphrase", f"{path}: only a line break")
        return secret

    def _key(self, path: Path, passphrase: bytes | None) -> PrivateKeyTypes | None:
        content = self._secret("key_file", path)
        if not content or passphrase == b"":
            return None
        try:
            return load_pem_private_key(content, passphrase)
        except TypeError:
            # The library tells these two cases by TypeError: a passphrase is missing, or one is given for nothing.
            if passphrase is None:
                self.refuse("key_file", "is encrypted and needs passphrase_file", f"{path}: no passphrase")
            else:
                self.refuse("passphrase_file", "must be left out for a key that is not encrypted", "a passphrase")
        except Exception as error:  # noqa: BLE001 - wrong passphrase, malformed and unsupported are unrelated types
            rule = "must be a private key in PEM" if passphrase is None else "must open with the passphrase"
            self.refuse("key_file", rule, f"{path}: {type(error).__name__}")
        return None

    def _check_chain(self, chain: tuple[x509.Certificate, ...], usage: Usage) -> None:
        field = "certificate_file"
        for position, certificate in enumerate(chain):
            which = "the certificate" if position == 0 else f"certificate {position + 1} of the chain"
            if self.now > certificate.not_valid_after_utc:
                found = f"{which} expired at {certificate.not_valid_after_utc.isoformat()}"
                self.refuse(field, "must not have expired", found)
            if self.now < certificate.not_valid_before_utc:
                found = f"{which} starts at {certificate.not_valid_before_utc.isoformat()}"
                self.refuse(field, "must be valid already", found)
            for rule, _, message in judge_strength(certificate, self.policy):
                self.refuse(field, f"must meet the policy ({rule.value})", f"{which} {message}")
            if position + 1 < len(chain) and certificate.issuer != chain[position + 1].subject:
                found = f"certificate {position + 2} did not issue the one before it"
                self.refuse(field, "must list the chain from the leaf upwards", found)
        if not has_usage(chain[0], usage.value, or_unstated=True):
            self.refuse(field, f"must be allowed for the {usage.name.lower()} side", "another extended key usage")
        if usage is Usage.SERVER and not subject_names(chain[0]):
            self.refuse(field, "must name its hosts as subject alternative names", "none")


def public_bytes(key: object) -> bytes:
    """Give the encoded public key, for comparing a key with a certificate."""
    encoded: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]
    return encoded
