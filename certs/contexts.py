"""TLS contexts for both sides: verification is always on, and there is no way to turn it off.

Protocol versions start at the policy's minimum (TLS 1.2 at the least) and TLS 1.3 is taken whenever both sides have
it. Ciphers are the standard library's set for OpenSSL's security level 2.
"""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs.material import Identity, IdentityFiles, MaterialCheck, Usage, take_snapshot
from certs.policy import Policy
from gateway.errors import ConfigurationError, Fault

# Files may be exchanged in the middle of a read; a further try finds them settled, or the exchange is reported.
_MAX_READS = 3

HTTP_PROTOCOLS = ("http/1.1",)


class ClientCertificates(StrEnum):
    """Whether a server asks its clients for a certificate."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class ServerTls:
    """What a listening side presents and whom it believes.

    `certificate_file` holds the chain, leaf first. `client_ca_file` is the bundle that client certificates are
    verified with: required unless `client_certificates` is NONE, where it must be left out. With OPTIONAL a client
    may come without a certificate, but one that it presents must verify. `setting` is where this stands in the
    configuration; faults are reported below it. `protocols` is offered by ALPN; empty offers nothing.
    """

    certificate_file: Path
    key_file: Path
    passphrase_file: Path | None = None
    client_certificates: ClientCertificates = ClientCertificates.NONE
    client_ca_file: Path | None = None
    protocols: tuple[str, ...] = HTTP_PROTOCOLS
    setting: str = "server_tls"

    def paths(self) -> tuple[Path, ...]:
        """Give every file that this configuration reads."""
        return _present(self.certificate_file, self.key_file, self.passphrase_file, self.client_ca_file)


@dataclass(frozen=True, slots=True)
class ClientTls:
    """Whom a calling side believes and what it presents when asked.

    Without `ca_file` the machine's own trust store decides. `certificate_file` and `key_file` come together or not
    at all. The server's name is always verified. `setting` and `protocols` as in ServerTls.
    """

    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    passphrase_file: Path | None = None
    protocols: tuple[str, ...] = HTTP_PROTOCOLS
    setting: str = "client_tls"

    def paths(self) -> tuple[Path, ...]:
        """Give every file that this configuration reads; may be empty."""
        return _present(self.ca_file, self.certificate_file, self.key_file, self.passphrase_file)


@dataclass(frozen=True, slots=True)
class LoadedTls:
    """A context with the certificates it was made from. `digest` identifies the files' state."""

    context: ssl.SSLContext
    digest: str
    certificate: x509.Certificate | None
    trust: tuple[x509.Certificate, ...]


def server_context(tls: ServerTls, policy: Policy, now: datetime) -> ssl.SSLContext:
    """Make a context for a listening side that stays as it is (see `reloading` for one that follows rotation).

    Raises ConfigurationError with every fault of all files at once.
    """
    return load_server(tls, policy, now).context


def client_context(tls: ClientTls, policy: Policy, now: datetime) -> ssl.SSLContext:
    """Make a context for a calling side. Raises as `server_context` does."""
    return load_client(tls, policy, now).context


def load_server(tls: ServerTls, policy: Policy, now: datetime) -> LoadedTls:
    """Make a server context and keep what it was made from. Raises as `server_context` does."""
    return settled(lambda: _read_server(tls, policy, now), tls.paths(), tls.setting)


def load_client(tls: ClientTls, policy: Policy, now: datetime) -> LoadedTls:
    """Make a client context and keep what it was made from. Raises as `server_context` does."""
    return settled(lambda: _read_client(tls, policy, now), tls.paths(), tls.setting)


def settled(read: Callable[[], LoadedTls], paths: tuple[Path, ...], setting: str) -> LoadedTls:
    """Run `read` until the files did not change while it ran, and give or raise what it came to then.

    OpenSSL reads key and chain from disk by itself, after they were checked here. A rotation in between would load
    files that nobody checked, or show half a rotation, so an outcome counts only if the files are the same afterwards.
    Raises ConfigurationError when they do not settle in three runs.
    """
    for _ in range(_MAX_READS):
        before = take_snapshot(paths).digest()
        try:
            loaded = read()
        except ConfigurationError:
            if take_snapshot(paths).digest() == before:
                raise
            continue
        if take_snapshot(paths).digest() == loaded.digest:
            return loaded
    raise ConfigurationError([Fault(setting, "must not change while being read", "changing files")])


def _read_server(tls: ServerTls, policy: Policy, now: datetime) -> LoadedTls:
    snapshot = take_snapshot(tls.paths())
    check = MaterialCheck(tls.setting, snapshot, policy, now)
    files = IdentityFiles(tls.certificate_file, tls.key_file, tls.passphrase_file)
    identity = check.identity(files, Usage.SERVER)
    trust: tuple[x509.Certificate, ...] = ()
    wants_clients = tls.client_certificates is not ClientCertificates.NONE
    if tls.client_ca_file is not None:
        trust = check.trust("client_ca_file", tls.client_ca_file)
        if not wants_clients:
            # Silence would let an operator believe that clients are being verified.
            check.refuse("client_ca_file", "must be left out when client certificates are not asked for", "a file")
    elif wants_clients:
        check.refuse("client_ca_file", "must be set to verify client certificates", "nothing")
    if check.faults or identity is None:
        raise ConfigurationError(check.faults)
    context = _new_context(ssl.PROTOCOL_TLS_SERVER, policy, tls.protocols)
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    if wants_clients:
        required = tls.client_certificates is ClientCertificates.REQUIRED
        context.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL
        _trust(context, trust)
    _present_identity(context, files, identity, tls.setting)
    return LoadedTls(context, snapshot.digest(), identity.chain[0], trust)


def _read_client(tls: ClientTls, policy: Policy, now: datetime) -> LoadedTls:
    snapshot = take_snapshot(tls.paths())
    check = MaterialCheck(tls.setting, snapshot, policy, now)
    files: IdentityFiles | None = None
    identity: Identity | None = None
    if tls.certificate_file is not None and tls.key_file is not None:
        files = IdentityFiles(tls.certificate_file, tls.key_file, tls.passphrase_file)
        identity = check.identity(files, Usage.CLIENT)
    elif tls.certificate_file is not None or tls.key_file is not None or tls.passphrase_file is not None:
        missing = "key_file" if tls.key_file is None else "certificate_file"
        check.refuse(missing, "must be set: certificate and key come together", "nothing")
    trust = check.trust("ca_file", tls.ca_file) if tls.ca_file is not None else ()
    if check.faults:
        raise ConfigurationError(check.faults)
    # This protocol constant turns on the check of certificate and host name.
    context = _new_context(ssl.PROTOCOL_TLS_CLIENT, policy, tls.protocols)
    context.hostname_checks_common_name = False
    if tls.ca_file is None:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    else:
        _trust(context, trust)
    if files is not None and identity is not None:
        _present_identity(context, files, identity, tls.setting)
    return LoadedTls(context, snapshot.digest(), identity.chain[0] if identity else None, trust)


def _new_context(protocol: int, policy: Policy, protocols: tuple[str, ...]) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = policy.min_tls_version.to_ssl()
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context


def _trust(context: ssl.SSLContext, bundle: tuple[x509.Certificate, ...]) -> None:
    # Given as bytes and not as a path: what was checked is exactly what is trusted.
    context.load_verify_locations(cadata=b"".join(certificate.public_bytes(Encoding.DER) for certificate in bundle))


def _present_identity(context: ssl.SSLContext, files: IdentityFiles, identity: Identity, setting: str) -> None:
    try:
        # A passphrase is always given, because OpenSSL would otherwise ask for one on the terminal and wait.
        context.load_cert_chain(files.certificate_file, files.key_file, password=identity.passphrase)
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        raise ConfigurationError([Fault(f"{setting}.certificate_file", "must load in OpenSSL", reason)]) from error


def _present(*paths: Path | None) -> tuple[Path, ...]:
    return tuple(path for path in paths if path is not None)
