"""A small payment platform that answers what a test tells it, one answer per call, and keeps what it was asked.

An answer that was declared and never asked for fails the test, and so does a call that nobody declared.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.payment.peer import Parts
from adapters.payment.platform import PlatformAdapter
from adapters.payment.settings import PlatformSettings
from adapters.transport.messages import RemoteCallFinished
from tests.support.clocks import FixedChance, StillClock
from tests.unit.mappings.payment.platform_samples import OPENED_AT, REFERENCE, SECRET

PAGE = "https://pay.example/p/1"


@dataclass(frozen=True, slots=True)
class Said:
    """One answer. `cut` ends the connection instead; `stall` never answers."""

    body: bytes = b""
    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    stall: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """One call as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.body)
        return read


@dataclass(slots=True)
class Peer:
    """What is to be answered, in order, and what was asked."""

    answers: list[Said]
    base: str = ""
    asked: list[Asked] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    observed: list[RemoteCallFinished] = field(default_factory=list)
    undeclared: int = 0

    @property
    def host(self) -> str:
        return self.base.partition("://")[2]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(Asked(request.method, request.path, dict(request.headers), await request.read()))
        if not self.answers:
            self.undeclared += 1
            return web.Response(status=500)
        said = self.answers.pop(0)
        if said.stall:
            await asyncio.Event().wait()
        if said.cut:
            assert request.transport is not None
            request.transport.abort()
        headers = {"Content-Type": said.content_type, **said.headers}
        return web.Response(status=said.status, body=said.body.replace(b"@BASE@", self.base.encode()), headers=headers)

    async def wait(self, seconds: float) -> None:
        self.waits.append(seconds)


def said(document: object, **parts: Any) -> Said:
    return Said(json.dumps(document, ensure_ascii=False).encode(), **parts)


def wrapped(document: object) -> Said:
    return said({"error_code": "0", "message": json.dumps(document)})


ACCEPTED = {"MaLoi": "00", "MoTaLoi": "Thành công", "UrlThanhToan": PAGE, "MaThamChieu": REFERENCE}


def settings_for(base: str, **changes: Any) -> PlatformSettings:
    host = base.partition("://")[2]
    values = {
        "init_url": f"{base}/init",
        "query_url": f"{base}/query",
        "bill_url": f"{base}/bill",
        "rules": {"partner_code": "PPSIM01"},
        "secrets": [{"secret": {"value": SECRET}}],
        "page_hosts": ["pay.example"],
        "bill_hosts": [host, "bill.example"],
        "settlement": {"address": f"{base}/files/{{partner}}_{{date}}.csv"},
        "lookup": {"token": {"value": "LOOKUP-TOKEN"}},
        "is_test": True,
    }
    return PlatformSettings.model_validate({**values, **changes})


def make_adapter(settings: PlatformSettings, clock: StillClock | None = None) -> PlatformAdapter:
    parts = Parts(ssl_supplier=lambda: None, clock=clock or StillClock(OPENED_AT), chance=FixedChance())
    return PlatformAdapter(settings, parts)


@asynccontextmanager
async def serving(*answers: Said, **changes: Any) -> AsyncIterator[tuple[Peer, PlatformAdapter]]:
    """Give the peer and an adapter that speaks with it. `changes` are settings; "@HOST@" stands for the peer's."""
    peer = Peer(list(answers))
    application = web.Application(client_max_size=1 << 20)
    application.router.add_route("*", "/{path:.*}", peer.handle)
    async with TestServer(application, shutdown_timeout=0.01) as server:
        peer.base = f"http://127.0.0.1:{server.port}"
        texts = json.loads(json.dumps(changes).replace("@HOST@", peer.host).replace("@BASE@", peer.base))
        parts = Parts(
            ssl_supplier=lambda: None,
            clock=StillClock(OPENED_AT),
            chance=FixedChance(),
            observe=peer.observed.append,
            sleep=peer.wait,
        )
        async with PlatformAdapter(settings_for(peer.base, **texts), parts) as adapter:
            yield peer, adapter
    assert ([], 0) == (peer.answers, peer.undeclared)
