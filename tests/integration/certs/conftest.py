"""A TLS server with two kinds of answers, the files of both sides, and a clock that is the machine's."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from certs.authority import LOOPBACK_NAMES, DevelopmentCa, Issued
from certs.contexts import ClientCertificates, ClientTls, ServerTls
from certs.policy import Policy, default_policy


class MachineClock:
    """The clock that OpenSSL verifies with."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass(frozen=True, slots=True)
class Place:
    """One directory with the files of a server and of its client, made by one authority."""

    directory: Path
    authority: DevelopmentCa
    policy: Policy
    clock: MachineClock

    def path(self, name: str) -> Path:
        return self.directory / name

    def new_server(self, authority: DevelopmentCa | None = None) -> Issued:
        return (authority or self.authority).issue_server(LOOPBACK_NAMES, self.clock.now())

    def new_client(self, authority: DevelopmentCa | None = None) -> Issued:
        return (authority or self.authority).issue_client("gateway", self.clock.now())

    def write(self, name: str, issued: Issued) -> str:
        """Write a pair and give its serial number as the other side sees it."""
        issued.write(self.path(f"{name}.pem"), self.path(f"{name}.key"))
        return serial(issued)

    def trust(self, name: str, *authorities: DevelopmentCa) -> None:
        self.path(name).write_bytes(b"".join(authority.certificate_pem for authority in authorities))

    def server_tls(self) -> ServerTls:
        required = ClientCertificates.REQUIRED
        pair = self.path("server.pem"), self.path("server.key")
        return ServerTls(*pair, client_certificates=required, client_ca_file=self.path("clients.pem"))

    def client_tls(self) -> ClientTls:
        return ClientTls(self.path("ca.pem"), self.path("client.pem"), self.path("client.key"))


def serial(issued: Issued) -> str:
    text = f"{issued.certificate.serial_number:X}"
    return text if len(text) % 2 == 0 else f"0{text}"


@dataclass(slots=True)
class Listener:
    """A server that tells each client whose certificate it sees and on which connection.

    `/who` answers at once; `/held` answers when `release` is set, and sets `is_held` when it has begun.
    """

    port: int = 0
    served_count: int = 0
    is_held: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)

    async def who(self, request: web.Request) -> web.Response:
        self.served_count += 1
        assert request.transport is not None
        tls = request.transport.get_extra_info("ssl_object")
        return web.json_response(
            {
                "client": tls.getpeercert()["serialNumber"],
                "connection": request.transport.get_extra_info("peername")[1],
            }
        )

    async def held(self, request: web.Request) -> web.Response:
        self.is_held.set()
        await self.release.wait()
        return await self.who(request)

    def url(self, path: str = "/who") -> str:
        return f"https://127.0.0.1:{self.port}{path}"


@asynccontextmanager
async def listening(context: ssl.SSLContext) -> AsyncIterator[Listener]:
    """Serve on a free port of the loopback until left."""
    listener = Listener()
    app = web.Application()
    app.add_routes([web.get("/who", listener.who), web.get("/held", listener.held)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        listener.port = runner.addresses[0][1]
        yield listener
    finally:
        listener.release.set()
        await runner.cleanup()


Listen = Callable[[ssl.SSLContext], AbstractAsyncContextManager[Listener]]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    clock = MachineClock()
    made = Place(tmp_path, DevelopmentCa.create([], clock.now()), default_policy(), clock)
    made.trust("ca.pem", made.authority)
    made.trust("clients.pem", made.authority)
    made.write("server", made.new_server())
    made.write("client", made.new_client())
    return made


@pytest.fixture
def listen() -> Listen:
    """Give the way to open a server with a context."""
    return listening
