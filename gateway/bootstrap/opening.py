"""Settings in, opened things out: database, key ring, certificates, headers."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from adapters.portal import PortalSettings
from certs.contexts import ClientCertificates, ClientTls, ServerTls
from certs.policy import default_policy
from certs.reloading import ReloadingClientContext, ReloadingServerContext
from gateway.clocks import SystemClock
from gateway.config import Settings, faults_of
from gateway.errors import ConfigurationError, Fault
from gateway.store.embedded import start_embedded
from gateway.vault.keyring import ReloadingKeyRing, create_key_ring


@dataclass(frozen=True, slots=True)
class Role:
    """What a process does: answers the API, works on deliveries, or both."""

    is_api: bool
    is_worker: bool

    @classmethod
    def named(cls, name: str) -> "Role":
        return cls(is_api=name in ("api", "all"), is_worker=name in ("worker", "all"))

    @property
    def name(self) -> str:
        return "all" if self.is_api and self.is_worker else "api" if self.is_api else "worker"


@dataclass(frozen=True, slots=True)
class Database:
    """An address and, when the database is embedded, how to let go of it."""

    dsn: str
    release: Callable[[], None]


def open_database(settings: Settings) -> Database:
    """Give the configured database, or start (or join) the embedded one."""
    if settings.store.dsn is not None:
        return Database(settings.store.dsn.get_secret_value(), lambda: None)
    dsn, server = start_embedded(settings.store.data_folder / "postgres")
    return Database(dsn, server.cleanup)


def open_key_ring(settings: Settings) -> ReloadingKeyRing:
    """Read the configured ring, or make one in the data folder. Raises ConfigurationError."""
    path = settings.keys.ring_file
    if path is None:
        if settings.store.dsn is not None:
            # A ring made beside each process would differ from the others', and be lost with its folder.
            rule = "must be set when store.dsn is; make one with `gateway keys init FILE`"
            raise ConfigurationError([Fault("keys.ring_file", rule, "nothing")])
        path = settings.store.data_folder / "keys" / "ring.toml"
        create_key_ring(path)
    return ReloadingKeyRing(path, monotonic=SystemClock().monotonic)


def portal_settings(settings: Settings) -> PortalSettings | None:
    """Read the portal's own section. Raises ConfigurationError listing every fault."""
    if settings.portal is None:
        return None
    try:
        return PortalSettings.model_validate(settings.portal)
    except ValidationError as error:
        raise ConfigurationError(faults_of(error, "portal")) from error


def portal_tls(settings: Settings, clock: SystemClock) -> ReloadingClientContext | None:
    """Load the certificates towards the portal. Raises ConfigurationError listing every fault."""
    tls = settings.portal_tls
    if tls is None:
        return None
    return ReloadingClientContext(
        ClientTls(tls.ca, tls.certificate, tls.key, tls.key_passphrase_file, setting="portal_tls"),
        default_policy(),
        clock,
    )


def file_tls(settings: Settings, clock: SystemClock) -> ReloadingClientContext | None:
    """Load the authorities of the province's file server. Raises ConfigurationError listing every fault."""
    ca = settings.files.source_ca
    if ca is None:
        return None
    return ReloadingClientContext(ClientTls(ca, None, None, None, setting="files"), default_policy(), clock)


def file_headers(settings: Settings) -> dict[str, str]:
    """Read the headers for the province's file server. Raises ConfigurationError; their values are never shown."""
    path = settings.files.source_headers_file
    if path is None:
        return {}
    try:
        headers = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError([Fault("files.source_headers_file", "must be a readable TOML file")]) from error
    if not all(isinstance(value, str) and value.isprintable() for value in headers.values()):
        raise ConfigurationError([Fault("files.source_headers_file", "must hold one line of text per header")])
    return headers


def read_secret(path: Path, setting: str) -> bytes:
    """Read a secret of one line. Raises ConfigurationError naming the setting; the secret is never shown."""
    try:
        secret = path.read_bytes().strip(b"\r\n")
    except OSError as error:
        raise ConfigurationError([Fault(setting, "must be a readable file")]) from error
    if not secret:
        raise ConfigurationError([Fault(setting, "must not be empty")])
    return secret


def server_tls(settings: Settings, clock: SystemClock) -> ReloadingServerContext | None:
    """Load the listener's own certificates. Raises ConfigurationError listing every fault."""
    tls = settings.api.tls
    if tls is None:
        return None
    mode = ClientCertificates.NONE
    if tls.client_ca is not None:
        mode = ClientCertificates.REQUIRED if tls.is_client_certificate_required else ClientCertificates.OPTIONAL
    return ReloadingServerContext(
        ServerTls(tls.certificate, tls.key, tls.key_passphrase_file, mode, tls.client_ca, setting="api.tls"),
        default_policy(),
        clock,
    )
