"""The API on a loopback port with everything real under it, and a caller who speaks to it."""

import io
import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from gateway.api.app import RUNTIME, build_app
from gateway.api.endpoint import Runtime
from gateway.api.server import make_runner
from gateway.api.services import InternalFailure, RequestFinished, Services
from gateway.engine.acceptor import Acceptor
from gateway.engine.audit import Auditor
from gateway.model.dossier import Dossier, ProgressStep
from gateway.ports.basics import KeyRing
from gateway.store.acceptance import PostgresAcceptance
from gateway.store.audit import PostgresAudit
from gateway.store.clients import Client, Scope, add_client, new_token, token_digest
from gateway.store.events import EventSignal
from mappings.codes.directory import load_code_directory
from tests.support.clocks import RunningClock

JSON = {"Content-Type": "application/json"}
NDJSON = {"Content-Type": "application/x-ndjson"}
EVERY_SCOPE = frozenset(Scope)
TIMEOUT = aiohttp.ClientTimeout(total=20)


class FixedCatalogue:
    """Implements CatalogueKnowledge: `codes` None is a catalogue that was never loaded."""

    def __init__(self, codes: frozenset[str] | None = None) -> None:
        self.codes = codes

    def knows(self, procedure_code: str) -> bool | None:
        return None if self.codes is None else procedure_code in self.codes


class RecordingObserver:
    """Implements Observer and keeps everything."""

    def __init__(self) -> None:
        self.requests: list[RequestFinished] = []
        self.outcomes: list[tuple[str, bool]] = []
        self.waiters: list[int] = []
        self.failures: list[InternalFailure] = []

    def request_finished(self, event: RequestFinished) -> None:
        self.requests.append(event)

    def change_judged(self, outcome: str, *, is_import: bool) -> None:
        self.outcomes.append((outcome, is_import))

    def waiters_changed(self, waiters_count: int) -> None:
        self.waiters.append(waiters_count)

    def internal_failure(self, event: InternalFailure) -> None:
        self.failures.append(event)


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that was read in full."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def lines(self) -> list[Any]:
        return [msgspec.json.decode(line) for line in self.body.splitlines()]

    @property
    def problem(self) -> str:
        """Name of the problem type; fails for an answer that is no problem document."""
        assert self.headers["Content-Type"] == "application/problem+json", (self.status, self.body)
        content = self.json
        assert self.status == content["status"]
        return str(content["type"]).removeprefix("urn:lien-thong:problem:")

    @property
    def fields(self) -> list[str]:
        """Pointers of everything that is wrong."""
        return [fault["field"] for fault in self.json.get("errors", [])]


@dataclass(slots=True)
class ApiUnderTest:
    """A running API. `token` is that of a client with every scope for H99 and all below."""

    services: Services
    runtime: Runtime
    url: str
    session: aiohttp.ClientSession
    observer: RecordingObserver
    catalogue: FixedCatalogue
    token: str = ""
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def with_token(self, token: str) -> "ApiUnderTest":
        """Give the same API as another caller sees it."""
        return replace(self, token=token)

    async def register(
        self,
        client_id: str,
        *,
        scopes: frozenset[Scope] = EVERY_SCOPE,
        prefixes: tuple[str, ...] = ("H99",),
        certificate_sha256: bytes | None = None,
    ) -> str:
        """Register a client and give its token."""
        token = new_token(os.urandom)
        digest = token_digest(token)
        assert digest is not None
        client = Client(
            client_id=client_id,
            name=client_id,
            scopes=scopes,
            agency_prefixes=prefixes,
            certificate_sha256=certificate_sha256,
            created_at=self.services.clock.now(),
        )
        await add_client(self.services.pool, client, digest)
        return token

    async def call(
        self, method: str, path: str, *, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answered:
        """Send a request and read its answer. Bytes are sent as they are, anything else as JSON."""
        all_headers = {} if not self.token else {"Authorization": f"Bearer {self.token}"}
        data = None
        if body is not None:
            data = io.BytesIO(body if isinstance(body, bytes) else msgspec.json.encode(body))
            all_headers |= JSON
        all_headers |= headers or {}
        async with self.session.request(
            method, self.url + path, data=data, headers=all_headers, allow_redirects=False, timeout=TIMEOUT
        ) as response:
            return Answered(response.status, response.headers.copy(), await response.read())

    async def get(self, path: str, **headers: str) -> Answered:
        return await self.call("GET", path, headers=headers)

    async def put(self, code: str, dossier: Dossier | bytes | Any, **headers: str) -> Answered:
        """PUT a dossier; header names are written with underscores."""
        return await self.call("PUT", f"/v1/dossiers/{code}", body=dossier, headers=_named(headers))

    async def progress(self, code: str, step: ProgressStep | Any, **headers: str) -> Answered:
        """POST a step; header names are written with underscores."""
        return await self.call("POST", f"/v1/dossiers/{code}/progress", body=step, headers=_named(headers))

    async def import_lines(self, *lines: Any) -> list[Any]:
        """Import lines (bytes as they are, anything else as JSON) and give the results."""
        body = b"".join((line if isinstance(line, bytes) else msgspec.json.encode(line)) + b"\n" for line in lines)
        answered = await self.call("POST", "/v1/dossiers:import", body=body, headers=NDJSON)
        assert answered.status == 200, answered.body
        return answered.lines


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def bound_listener() -> socket.socket:
    """Bind a free loopback port, for a server whose address others must know before it starts."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.setblocking(False)
    return listener


@asynccontextmanager
async def running_app(
    app: web.Application, services: Services, listener: socket.socket | None = None
) -> AsyncIterator[str]:
    """Serve an application on a free loopback port, or on a socket that is bound already; give its address."""
    runner = make_runner(app, services.limits, shutdown_seconds=2.0)
    await runner.setup()
    listener = listener or bound_listener()
    await web.SockSite(runner, listener).start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def running_api(
    pool: Any, key_ring: KeyRing, *, listener: socket.socket | None = None, **changes: Any
) -> AsyncIterator[ApiUnderTest]:
    """Run the API on a pool; `changes` replace fields of `Services`."""
    observer, catalogue, clock = RecordingObserver(), FixedCatalogue(), RunningClock()
    acceptor = Acceptor(PostgresAcceptance(pool), systems=["portal"], key_ring=key_ring, clock=clock)
    auditor = Auditor(PostgresAudit(pool), key_ring=key_ring, clock=clock, random_bytes=os.urandom, version="0.0.0")
    services = Services(
        acceptor=acceptor,
        auditor=auditor,
        pool=pool,
        key_ring=key_ring,
        clock=clock,
        signal=EventSignal(pool),
        catalogue=catalogue,
        random_bytes=os.urandom,
        observer=observer,
        version="0.0.0",
        codes=load_code_directory(),
    )
    services = replace(services, **changes)
    services.acceptor.start()
    auditor.start()
    services.signal.start()
    app = build_app(services)
    try:
        async with running_app(app, services, listener) as url, aiohttp.ClientSession() as session:
            api = ApiUnderTest(services, app[RUNTIME], url, session, observer, catalogue)
            api.token = await api.register("one-stop")
            yield api
    finally:
        await services.acceptor.close()
        await auditor.close()
        await services.signal.close()
