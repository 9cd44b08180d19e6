"""The rules for certificates and keys, read from a TOML file and complete or refused."""

import ssl
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gateway.errors import ConfigurationError, Fault

# Floors that no policy file may go below: RSA from NIST SP 800-57 part 1 rev. 5 (112 bits of strength), curves and
# hashes as OpenSSL's security level 2 takes them, TLS from RFC 8996 (1.0 and 1.1 are withdrawn).
RSA_BITS_FLOOR = 2048
KNOWN_CURVES = frozenset({"secp256r1", "secp384r1", "secp521r1"})
KNOWN_HASHES = frozenset({"sha256", "sha384", "sha512"})

DEFAULT_POLICY_FILE = Path(__file__).with_name("policy.toml")


class TlsVersion(StrEnum):
    """The protocol versions that may be the oldest one allowed."""

    TLS_1_2 = "1.2"
    TLS_1_3 = "1.3"

    def to_ssl(self) -> ssl.TLSVersion:
        """Give the constant of the standard library for this version."""
        return ssl.TLSVersion.TLSv1_3 if self is TlsVersion.TLS_1_3 else ssl.TLSVersion.TLSv1_2


@dataclass(frozen=True, slots=True)
class Policy:
    """Thresholds for expiry, keys, signatures and protocol; every value is inside its floor and ceiling."""

    warn_days: int
    critical_days: int
    min_rsa_bits: int
    allowed_curves: frozenset[str]
    allow_ed25519: bool
    allowed_signature_hashes: frozenset[str]
    max_validity_days: int
    max_ca_validity_days: int
    min_tls_version: TlsVersion


class _Reader:
    """Takes values out of parsed TOML and collects what is wrong instead of stopping at the first fault."""

    def __init__(self, document: Mapping[str, object]) -> None:
        self.document = document
        self.faults: list[Fault] = []
        self.known: dict[str, set[str]] = {}

    def value(self, section: str, key: str) -> object:
        """Give the raw value, or None (and note a fault) when it is missing."""
        self.known.setdefault(section, set()).add(key)
        table = self.document.get(section)
        if not isinstance(table, dict) or key not in table:
            self.refuse(section, key, "must be set", "nothing")
            return None
        found: object = table[key]
        return found

    def refuse(self, section: str, key: str, rule: str, found: str) -> None:
        self.faults.append(Fault(f"{section}.{key}", rule, found))

    def integer(self, section: str, key: str, floor: int, ceiling: int) -> int:
        found = self.value(section, key)
        if found is None:
            return floor
        if isinstance(found, bool) or not isinstance(found, int) or not floor <= found <= ceiling:
            self.refuse(section, key, f"must be a whole number from {floor} to {ceiling}", repr(found))
            return floor
        return found

    def flag(self, section: str, key: str) -> bool:
        found = self.value(section, key)
        if found is not None and not isinstance(found, bool):
            self.refuse(section, key, "must be true or false", repr(found))
        return found is True

    def choices(self, section: str, key: str, allowed: Collection[str]) -> frozenset[str]:
        found = self.value(section, key)
        if found is None:
            return frozenset()
        rule = f"must be a list of one or more of {', '.join(sorted(allowed))}"
        if not isinstance(found, list) or not found or not all(isinstance(item, str) for item in found):
            self.refuse(section, key, rule, repr(found))
            return frozenset()
        if strangers := sorted(set(found) - set(allowed)):
            self.refuse(section, key, rule, ", ".join(strangers))
        return frozenset(found)

    def tls_version(self, section: str, key: str) -> TlsVersion:
        found = self.value(section, key)
        for version in TlsVersion:
            if found == version.value:
                return version
        if found is not None:
            self.refuse(section, key, 'must be "1.2" or "1.3"', repr(found))
        return TlsVersion.TLS_1_3

    def refuse_unknown(self) -> None:
        """Note every section and key that nobody asked for: a misspelt threshold must not be ignored."""
        for section, table in self.document.items():
            if section not in self.known:
                self.faults.append(Fault(section, "is not a section of the policy", "unknown section"))
            elif isinstance(table, dict):
                for key in sorted(set(table) - self.known[section]):
                    self.refuse(section, key, "is not a setting of the policy", "unknown setting")


def load_policy(path: Path) -> Policy:
    """Read and validate a policy file.

    Raises ConfigurationError with every fault at once: unreadable file, broken TOML, missing, unknown or
    out-of-range settings. There are no silent defaults; a file is complete or refused.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError([_whole_file(path, "must be readable", error.strerror or "an error")]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError([_whole_file(path, "must be TOML in UTF-8", str(error))]) from error
    return parse_policy(document)


def parse_policy(document: Mapping[str, object]) -> Policy:
    """Validate a parsed policy document. Raises ConfigurationError with every fault at once."""
    reader = _Reader(document)
    policy = Policy(
        warn_days=reader.integer("expiry", "warn_days", 1, 365),
        critical_days=reader.integer("expiry", "critical_days", 1, 365),
        min_rsa_bits=reader.integer("keys", "min_rsa_bits", RSA_BITS_FLOOR, 16384),
        allowed_curves=reader.choices("keys", "allowed_curves", KNOWN_CURVES),
        allow_ed25519=reader.flag("keys", "allow_ed25519"),
        allowed_signature_hashes=reader.choices("certificates", "allowed_signature_hashes", KNOWN_HASHES),
        max_validity_days=reader.integer("certificates", "max_validity_days", 1, 3653),
        max_ca_validity_days=reader.integer("certificates", "max_ca_validity_days", 1, 18263),
        min_tls_version=reader.tls_version("tls", "min_version"),
    )
    reader.refuse_unknown()
    if not reader.faults and policy.critical_days >= policy.warn_days:
        reader.refuse("expiry", "critical_days", "must be less than warn_days", str(policy.critical_days))
    raise_faults(reader.faults)
    return policy


def default_policy() -> Policy:
    """Give the policy that ships with the gateway."""
    return load_policy(DEFAULT_POLICY_FILE)


def raise_faults(faults: Sequence[Fault]) -> None:
    """Raise ConfigurationError when there is at least one fault."""
    if faults:
        raise ConfigurationError(faults)


def _whole_file(path: Path, rule: str, found: str) -> Fault:
    return Fault(str(path), rule, found)
