"""A clock to be moved by hand, certificates made on the spot, and a small sandbox, for the tests of sandboxes."""

import random
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.sandboxing import (
    HTTP_KINDS,
    Answer,
    CallRecorder,
    FaultSwitchboard,
    FaultyExchange,
    Touch,
    add_control_routes,
    is_gone,
    shared_actions,
)

NOON = datetime(2026, 1, 5, 5, 0, tzinfo=UTC)


class HandClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.instant = NOON
        self.seconds = 1000.0

    def now(self) -> datetime:
        return self.instant

    def monotonic(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.instant += timedelta(seconds=seconds)
        self.seconds += seconds


class EchoSandbox:
    """Answers POST /echo with a counter; the operation is the body's text."""

    def __init__(self, clock: HandClock, token: str | None = None) -> None:
        self.faults = FaultSwitchboard(supported=HTTP_KINDS, draws=random.Random(7), clock=clock)
        self.recorder = CallRecorder(clock)
        self._exchange = FaultyExchange(self.faults, self.recorder, clock)
        self._token = token
        self.work_count = 0
        self.is_stopped = False

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        refused = self._exchange.refuses_unread(request)
        if refused is not None:
            return refused
        operation = (await request.read()).decode()
        record = self.recorder.begin(request.path, partial(is_gone, request))
        self.recorder.identify(record, operation, ("A1",), Touch.EFFECT)

        def work() -> Answer:
            self.work_count += 1
            record.outcome = "done"
            return Answer(b'{"work_count": %d, "text": "%s"}' % (self.work_count, b"x" * 200))

        return await self._exchange.perform(request, record, work)

    def make_app(self) -> web.Application:
        app = self.make_control_app()
        app.router.add_post("/echo", self._serve)
        return app

    def make_control_app(self) -> web.Application:
        app = web.Application()
        add_control_routes(app, shared_actions(self), self._token)
        return app

    def counters(self) -> dict[str, Any]:
        return self.recorder.counters()

    def health(self) -> dict[str, Any]:
        return {"is_healthy": True}

    def reset(self) -> None:
        self.recorder.reset()
        self.faults.clear()

    async def stop(self) -> None:
        self.is_stopped = True


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate and its key in PEM files."""

    certificate: Path
    private_key: Path


class TestAuthority:
    """A certification authority that lives as long as a test's folder."""

    __test__ = False

    def __init__(self, folder: Path, name: str = "Test authority") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = _builder(self._name, self._name, self._key.public_key(), days=(-1, 1))
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(
            x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False
        )
        builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
        self.certificate_file = folder / f"{name}.pem"
        certificate = builder.sign(self._key, hashes.SHA256())
        self.certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(
        self, name: str, *, days: tuple[int, int] = (-1, 1), host: str = "", addresses: Sequence[str] = ()
    ) -> Issued:
        """Issue a certificate for `host` (or `name`), valid from `days[0]` to `days[1]` days from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = _builder(subject, self._name, key.public_key(), days=days)
        names: list[x509.GeneralName] = [x509.DNSName(host or name)]
        names += [x509.IPAddress(ip_address(address)) for address in addresses]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
        )
        certificate = builder.sign(self._key, hashes.SHA256())
        issued = Issued(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        issued.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        issued.private_key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return issued

    def client_context(self, identity: Issued | None = None) -> ssl.SSLContext:
        """Make a client's context that trusts this authority alone, with an identity of its own when given."""
        context = ssl.create_default_context(cafile=str(self.certificate_file))
        if identity is not None:
            context.load_cert_chain(identity.certificate, identity.private_key)
        return context


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, *, days: tuple[int, int]
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now + timedelta(days=days[0])).not_valid_after(now + timedelta(days=days[1]))
