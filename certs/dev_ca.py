"""A directory of development certificates made at run time: real TLS on a fresh machine, nothing secret committed.

Key files are made once, with mode 0600, and never overwritten; only certificates are renewed, for the same key. So a
crash at any step leaves nothing that the next call does not complete, and an operator's own files are never
destroyed.
"""

import fcntl
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from certs.authority import (
    CertificateFault,
    DevelopmentCa,
    Issued,
    canonical,
    check_names,
    issue_faulty_client,
    issue_faulty_server,
    key_pem,
    new_key,
    not_permitted,
    with_loopback,
)
from certs.expiry import parse_certificates, subject_names
from certs.files import make_private_directory, read_file, write_private, write_public
from certs.policy import raise_faults
from gateway.errors import ConfigurationError, Fault

__all__ = [
    "CertificateFault",
    "DevelopmentCa",
    "DevelopmentFiles",
    "Issued",
    "ensure",
    "ensure_systems",
    "issue_faulty_client",
    "issue_faulty_server",
    "open_authority",
    "with_loopback",
]

ROOT_RENEWAL = timedelta(days=120)
# One day more than the policy's first warning, so that a renewed directory never warns.
LEAF_RENEWAL = timedelta(days=31)

_SYSTEM_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class DevelopmentFiles:
    """The layout of one directory: authority, a server's pair and a client's pair.

    `ca_key` lies with the authority; in the directory of one system among several it is elsewhere.
    """

    ca_certificate: Path
    ca_key: Path
    server_certificate: Path
    server_key: Path
    client_certificate: Path
    client_key: Path

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every file, the authority's first."""
        authority = (self.ca_certificate, self.ca_key)
        return (*authority, self.server_certificate, self.server_key, self.client_certificate, self.client_key)


def ensure(directory: Path, names: Sequence[str], now: datetime, *, client_name: str = "gateway") -> DevelopmentFiles:
    """Make sure that a directory holds an authority, a server's pair for `names` and loopback, and a client's pair.

    Idempotent: what is there, fits and lasts is left as it is, byte for byte; a certificate near its end or without
    one of the names is issued again for the same key. Processes that call it at the same time wait for each other.
    A `.gitignore` keeps the directory out of version control. `now` is aware.

    Raises ConfigurationError, touching nothing that exists, when a name is none, when the directory's authority may
    not vouch for a name, or when the directory holds files that are not a development authority's.
    """
    _check_arguments(names, [], now)
    with _locked(directory):
        authority = _ensure_authority(directory, names, now)
        return _ensure_pairs(authority, directory, directory, names, client_name, now)


def ensure_systems(
    directory: Path, systems: Sequence[str], names: Sequence[str], now: datetime, *, client_name: str = "gateway"
) -> list[DevelopmentFiles]:
    """Make sure of one authority in `directory` and, below it, one directory per system with its pairs and `ca.pem`.

    Gives one layout per system, in order. Idempotent, and raises, as `ensure` does.
    """
    _check_arguments(names, systems, now)
    with _locked(directory):
        authority = _ensure_authority(directory, names, now)
        layouts: list[DevelopmentFiles] = []
        for system in systems:
            place = directory / system
            make_private_directory(place)
            trust = place / "ca.pem"
            if _existing_certificate(trust) != authority.certificate:
                _refuse_foreign(trust, authority)
                write_public(trust, authority.certificate_pem)
            layouts.append(_ensure_pairs(authority, directory, place, names, client_name, now))
        return layouts


def open_authority(directory: Path) -> DevelopmentCa:
    """Open the authority of a directory that `ensure` or `ensure_systems` has made, to issue more certificates.

    Raises ConfigurationError when the directory holds no development authority.
    """
    certificate = _existing_certificate(directory / "ca.pem")
    if certificate is None or not (directory / "ca.key").exists():
        rule = "must be a directory with a development authority"
        raise ConfigurationError([Fault(str(directory), rule, "no authority")])
    authority = DevelopmentCa(certificate, _read_key(directory / "ca.key"))
    if not authority.is_sound():
        raise ConfigurationError([_foreign(directory / "ca.pem")])
    return authority


def _check_arguments(names: Sequence[str], systems: Sequence[str], now: datetime) -> None:
    if now.tzinfo is None:
        raise ValueError("now must be aware")
    check_names(names)
    raise_faults(
        [
            Fault("systems", "must be a lower-case word of letters, digits and hyphens", repr(system))
            for system in systems
            if not _SYSTEM_NAME.fullmatch(system)
        ]
    )


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    make_private_directory(directory)
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _ensure_authority(directory: Path, names: Sequence[str], now: datetime) -> DevelopmentCa:
    certificate_file, key_file = directory / "ca.pem", directory / "ca.key"
    present = _existing_certificate(certificate_file)
    if certificate_file.exists() and (present is None or not key_file.exists()):
        raise ConfigurationError([_foreign(certificate_file)])
    if present is None:
        # No authority yet, so nothing that lies here can be from it. An interrupted first call leaves its key only.
        raise_faults([_foreign(path) for path in _strangers(directory)])
        key = _read_key(key_file) if key_file.exists() else new_key()
        authority = DevelopmentCa.create(names, now, key=key)
        _keep_out_of_version_control(directory)
        if not key_file.exists():
            write_private(key_file, key_pem(key, None))
        write_public(certificate_file, authority.certificate_pem)
        return authority
    authority = DevelopmentCa(present, _read_key(key_file))
    if not authority.is_sound():
        raise ConfigurationError([_foreign(certificate_file)])
    _keep_out_of_version_control(directory)
    if not _lasts(present, now, ROOT_RENEWAL):
        # The same key and name: what the old certificate vouched for stays valid under the new one.
        authority = DevelopmentCa.create([*authority.given_names(), *names], now, key=authority.key)
        write_public(certificate_file, authority.certificate_pem)
    raise_faults([not_permitted(name) for name in names if not authority.may_vouch_for(name)])
    return authority


def _keep_out_of_version_control(directory: Path) -> None:
    if not (ignore := directory / ".gitignore").exists():
        write_public(ignore, b"*\n")


def _strangers(directory: Path) -> list[Path]:
    names = ("server.pem", "server.key", "client.pem", "client.key")
    return [path for path in sorted(directory.rglob("*")) if path.name in names]


def _ensure_pairs(
    authority: DevelopmentCa, home: Path, place: Path, names: Sequence[str], client_name: str, now: datetime
) -> DevelopmentFiles:
    files = DevelopmentFiles(
        ca_certificate=place / "ca.pem",
        ca_key=home / "ca.key",
        server_certificate=place / "server.pem",
        server_key=place / "server.key",
        client_certificate=place / "client.pem",
        client_key=place / "client.key",
    )
    hosts = with_loopback(names)
    _refuse_foreign(files.server_certificate, authority)
    _refuse_foreign(files.client_certificate, authority)
    key = _ensure_key(files.server_key)
    present = _existing_certificate(files.server_certificate)
    known = {canonical(name) for name in subject_names(present)} if present else set()
    missing = {canonical(name) for name in hosts} - known
    if present is None or missing or not _fits(present, key, now):
        # Names that were asked for earlier stay in, so that two callers do not take turns in removing each other's.
        kept = [name for name in (subject_names(present) if present else ()) if name not in hosts]
        issued = authority.issue_server([*hosts, *kept], now, key=key)
        write_public(files.server_certificate, issued.certificate.public_bytes(Encoding.PEM))
    key = _ensure_key(files.client_key)
    present = _existing_certificate(files.client_certificate)
    if present is None or not _fits(present, key, now):
        issued = authority.issue_client(client_name, now, key=key)
        write_public(files.client_certificate, issued.certificate.public_bytes(Encoding.PEM))
    return files


def _ensure_key(path: Path) -> ec.EllipticCurvePrivateKey:
    if not path.exists():
        key = new_key()
        write_private(path, key_pem(key, None))
        return key
    return _read_key(path)


def _read_key(path: Path) -> ec.EllipticCurvePrivateKey:
    state = read_file(path)
    try:
        found = load_pem_private_key(state.content, None)
    except Exception as error:
        # Encrypted, malformed or unreadable: in each case not a file that this module has written.
        raise ConfigurationError([_foreign(path)]) from error
    if not isinstance(found, ec.EllipticCurvePrivateKey) or found.curve.name != "secp256r1":
        raise ConfigurationError([_foreign(path)])
    return found


def _existing_certificate(path: Path) -> x509.Certificate | None:
    state = read_file(path)
    try:
        return parse_certificates(state.content)[0]
    except ValueError:
        return None


def _refuse_foreign(path: Path, authority: DevelopmentCa) -> None:
    present = _existing_certificate(path)
    if path.exists() and (present is None or not authority.has_issued(present)):
        raise ConfigurationError([_foreign(path)])


def _fits(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, now: datetime) -> bool:
    return certificate.public_key() == key.public_key() and _lasts(certificate, now, LEAF_RENEWAL)


def _lasts(certificate: x509.Certificate, now: datetime, reserve: timedelta) -> bool:
    return certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - reserve


def _foreign(path: Path) -> Fault:
    return Fault(str(path), "must be missing or made by the development authority of this directory", "another file")
