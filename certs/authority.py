"""A development authority and the certificates that it issues, in memory.

The root may only vouch for names that no real host has (reserved top-level names, loopback and private addresses) and
for the names given when it was made: whoever steals it cannot pose as a national system.
"""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certs.files import write_private, write_public
from certs.policy import raise_faults
from gateway.errors import Fault

ROOT_NAME = "Liên thông development authority"
ROOT_SUBJECT = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, ROOT_NAME)])
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")

# RFC 6761 (test, example, invalid, localhost) and the name that ICANN reserved for private use (internal).
RESERVED_DOMAINS = ("localhost", "test", "example", "invalid", "internal")
# Loopback, RFC 1918 and RFC 4193: addresses that nobody reaches over the internet.
PRIVATE_NETWORKS = ("127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")

ROOT_LIFE = timedelta(days=730)
LEAF_LIFE = timedelta(days=90)
# Machines of one developer may differ by a little; a new certificate is valid for all of them.
CLOCK_LEEWAY = timedelta(hours=1)

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DNS_NAME = re.compile(rf"(\*\.)?({_LABEL}\.)*{_LABEL}")

Span = tuple[datetime, datetime]
"""First and last instant of validity, both aware."""

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Issued:
    """A new certificate and its key, in memory until `write`."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def write(self, certificate_file: Path, key_file: Path, *, passphrase: bytes | None = None) -> None:
        """Write both files, each whole or not at all, the key first and with mode 0600; existing ones are replaced."""
        write_private(key_file, key_pem(self.key, passphrase))
        write_public(certificate_file, self.certificate.public_bytes(Encoding.PEM))


@dataclass(frozen=True, slots=True)
class DevelopmentCa:
    """An EC P-256 root with its key, able to issue server and client certificates."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def create(cls, names: Sequence[str], now: datetime, *, key: ec.EllipticCurvePrivateKey | None = None) -> Self:
        """Make a root that may vouch for reserved names, private addresses and `names`, from an hour ago on.

        Without `key` a new one is made. Raises ConfigurationError for names that are none.
        """
        check_names(names)
        root_key = key or new_key()
        subject = ROOT_SUBJECT
        public = root_key.public_key()
        start = _whole_second(now) - CLOCK_LEEWAY
        certificate = (
            x509.CertificateBuilder(subject, subject, public, x509.random_serial_number(), start, start + ROOT_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(x509.NameConstraints(_permitted(names), None), critical=True)
            .sign(root_key, hashes.SHA256())
        )
        return cls(certificate, root_key)

    @property
    def certificate_pem(self) -> bytes:
        """The root certificate as PEM, for a trust bundle."""
        return self.certificate.public_bytes(Encoding.PEM)

    def issue_server(
        self,
        names: Sequence[str],
        now: datetime,
        *,
        valid: Span | None = None,
        key: ec.EllipticCurvePrivateKey | None = None,
    ) -> Issued:
        """Issue a certificate for exactly these host names and addresses (`with_loopback` adds the local ones).

        Valid for 90 days from an hour ago and never longer than the root, unless `valid` says otherwise. Raises
        ConfigurationError when there is no name, when one is none, or when the root may not vouch for it.
        """
        check_names(names)
        raise_faults([] if names else [Fault("names", "must hold at least one name", "none")])
        raise_faults([not_permitted(name) for name in names if not self.may_vouch_for(name)])
        alternative = x509.SubjectAlternativeName([_general_name(name) for name in names])
        span = valid or self._usual_span(now)
        return self._issue(names[0], ExtendedKeyUsageOID.SERVER_AUTH, alternative, span, key)

    def issue_client(
        self,
        common_name: str,
        now: datetime,
        *,
        valid: Span | None = None,
        key: ec.EllipticCurvePrivateKey | None = None,
    ) -> Issued:
        """Issue a certificate that names a client; validity as for servers.

        Raises ConfigurationError for a dotted name that the root may not vouch for: verifiers take such a common name
        for a host's, so the certificate would be refused in every handshake.
        """
        raise_faults([not_permitted(common_name)] if "." in common_name and not self.may_vouch_for(common_name) else [])
        span = valid or self._usual_span(now)
        return self._issue(common_name, ExtendedKeyUsageOID.CLIENT_AUTH, None, span, key)

    def may_vouch_for(self, name: str) -> bool:
        """Tell whether the root's name constraints permit a host name or address."""
        address = _address(name)
        if address is not None:
            trees = (tree for tree in self._permitted_trees() if isinstance(tree, x509.IPAddress))
            return any(address in ipaddress.ip_network(str(tree.value)) for tree in trees)
        host = name.removeprefix("*.")
        domains = [tree.value for tree in self._permitted_trees() if isinstance(tree, x509.DNSName)]
        return any(host == domain or host.endswith(f".{domain}") for domain in domains)

    def given_names(self) -> list[str]:
        """Give the names beyond reserved and private ones that the root was made for."""
        names: list[str] = []
        for tree in self._permitted_trees():
            if isinstance(tree, x509.DNSName) and tree.value not in RESERVED_DOMAINS:
                names.append(tree.value)
            elif isinstance(tree, x509.IPAddress) and str(tree.value) not in PRIVATE_NETWORKS:
                names.append(str(tree.value).partition("/")[0])
        return names

    def _permitted_trees(self) -> Sequence[x509.GeneralName]:
        try:
            constraints = self.certificate.extensions.get_extension_for_class(x509.NameConstraints).value
        except x509.ExtensionNotFound:
            return ()
        return constraints.permitted_subtrees or ()

    def is_sound(self) -> bool:
        """Tell whether key and certificate belong together and the certificate is a development root."""
        is_own = self.certificate.public_key() == self.key.public_key() and self.has_issued(self.certificate)
        return is_own and self.certificate.subject == ROOT_SUBJECT

    def has_issued(self, certificate: x509.Certificate) -> bool:
        """Tell whether a certificate was signed by this root's key under this root's name."""
        try:
            certificate.verify_directly_issued_by(self.certificate)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True

    def _usual_span(self, now: datetime) -> Span:
        start = _whole_second(now) - CLOCK_LEEWAY
        return start, min(start + LEAF_LIFE, self.certificate.not_valid_after_utc)

    def _issue(
        self,
        common_name: str,
        usage: x509.ObjectIdentifier,
        alternative: x509.SubjectAlternativeName | None,
        span: Span,
        key: ec.EllipticCurvePrivateKey | None,
    ) -> Issued:
        leaf_key = key or new_key()
        public = leaf_key.public_key()
        # A common name holds 64 characters at most (RFC 5280 appendix A); hosts are matched by alternative names only.
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])
        builder = (
            x509.CertificateBuilder(self.certificate.subject, subject, public, x509.random_serial_number(), *span)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        if alternative is not None:
            builder = builder.add_extension(alternative, critical=False)
        return Issued(builder.sign(self.key, hashes.SHA256()), leaf_key)


class CertificateFault(StrEnum):
    """Ways in which a certificate can be wrong, for tests and simulated systems."""

    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    WRONG_NAME = "wrong_name"
    UNTRUSTED = "untrusted"
    """Issued by another root of the same name."""


def issue_faulty_server(
    authority: DevelopmentCa, fault: CertificateFault, names: Sequence[str], now: datetime
) -> Issued:
    """Issue a server certificate that is wrong in exactly one way and right in every other."""
    match fault:
        case CertificateFault.EXPIRED:
            return authority.issue_server(names, now, valid=_past(now))
        case CertificateFault.NOT_YET_VALID:
            return authority.issue_server(names, now, valid=_future(now))
        case CertificateFault.WRONG_NAME:
            return authority.issue_server(["wrong-name.invalid"], now)
        case CertificateFault.UNTRUSTED:
            return DevelopmentCa.create(names, now).issue_server(names, now)


def issue_faulty_client(authority: DevelopmentCa, fault: CertificateFault, common_name: str, now: datetime) -> Issued:
    """Issue a client certificate that is wrong in exactly one way; a wrong name is the name of somebody else."""
    match fault:
        case CertificateFault.EXPIRED:
            return authority.issue_client(common_name, now, valid=_past(now))
        case CertificateFault.NOT_YET_VALID:
            return authority.issue_client(common_name, now, valid=_future(now))
        case CertificateFault.WRONG_NAME:
            return authority.issue_client("somebody-else", now)
        case CertificateFault.UNTRUSTED:
            return DevelopmentCa.create([], now).issue_client(common_name, now)


def with_loopback(names: Sequence[str]) -> tuple[str, ...]:
    """Give the names and those of this machine, each once, in order."""
    return tuple(dict.fromkeys((*names, *LOOPBACK_NAMES)))


def new_key() -> ec.EllipticCurvePrivateKey:
    """Make a key on P-256 from the system's randomness."""
    return ec.generate_private_key(ec.SECP256R1())


def _permitted(names: Sequence[str]) -> list[x509.GeneralName]:
    networks = [ipaddress.ip_network(network) for network in PRIVATE_NETWORKS]
    domains = list(RESERVED_DOMAINS)
    for name in names:
        address = _address(name)
        if address is None:
            domains.append(name.removeprefix("*."))
        elif not any(address in network for network in networks):
            networks.append(ipaddress.ip_network(address))
    trees: list[x509.GeneralName] = [x509.DNSName(domain) for domain in dict.fromkeys(domains)]
    trees.extend(x509.IPAddress(network) for network in dict.fromkeys(networks))
    return trees


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def key_pem(key: ec.EllipticCurvePrivateKey, passphrase: bytes | None) -> bytes:
    """Give the key as PKCS#8 in PEM, encrypted when there is a passphrase."""
    lock: KeySerializationEncryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)


def check_names(names: Sequence[str]) -> None:
    """Raise ConfigurationError when a name is neither a host name nor an address."""
    raise_faults(
        [
            Fault("names", "must be a lower-case host name (IDNA-encoded) or an IP address", repr(name))
            for name in names
            if _address(name) is None and (len(name) > 253 or not _DNS_NAME.fullmatch(name))
        ]
    )


def _address(name: str) -> _Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def canonical(name: str) -> str:
    """Give the name in the form that comparisons use: an address in its shortest form."""
    address = _address(name)
    return name if address is None else str(address)


def _general_name(name: str) -> x509.GeneralName:
    address = _address(name)
    return x509.DNSName(name) if address is None else x509.IPAddress(address)


def _whole_second(now: datetime) -> datetime:
    return now.replace(microsecond=0)


def _past(now: datetime) -> Span:
    return now - timedelta(days=60), now - timedelta(days=1)


def _future(now: datetime) -> Span:
    return now + timedelta(days=1), now + timedelta(days=60)


def not_permitted(name: str) -> Fault:
    """Give the fault of a name that an authority may not vouch for."""
    rule = "must be permitted by the authority in the directory; make another directory for new names"
    return Fault("names", rule, repr(name))
