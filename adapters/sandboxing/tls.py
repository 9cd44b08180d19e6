"""TLS for sandboxes: contexts from files, and a switch between the right certificate and spoiled ones."""

import ssl
from collections.abc import Mapping
from pathlib import Path

from adapters.sandboxing.faults import TLS_KINDS, FaultKind
from adapters.sandboxing.switchboard import FaultSwitchboard


def server_context(certificate: Path, private_key: Path, client_ca: Path | None = None) -> ssl.SSLContext:
    """Make a context that serves `certificate` and, given `client_ca`, admits only clients with one of its own.

    Raises OSError or ssl.SSLError when a file cannot be used.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, private_key)
    if client_ca is not None:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def let_faults_choose_certificate(
    context: ssl.SSLContext, spoiled: Mapping[FaultKind, ssl.SSLContext], switchboard: FaultSwitchboard
) -> None:
    """Serve one of `spoiled` instead of `context`'s own certificate whenever such a fault is armed.

    The choice is made anew in each handshake, also when the client names no server. A fault counts once per
    handshake. Raises ValueError when `spoiled` holds a kind that is not about certificates.
    """
    foreign = set(spoiled) - TLS_KINDS
    if foreign:
        raise ValueError(f"not a certificate fault: {', '.join(sorted(foreign))}")
    kinds = frozenset(spoiled)
    switchboard.support(kinds)

    def choose(connection: ssl.SSLSocket | ssl.SSLObject, server_name: str | None, _: ssl.SSLContext) -> None:
        spec = switchboard.take(kinds)
        if spec is not None:
            connection.context = spoiled[spec.kind]

    context.sni_callback = choose
