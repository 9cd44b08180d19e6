"""A national system fetches files by signed link; what it gets is what the dossier states, or a clear refusal."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from adapters.files import HttpFileSource
from gateway.engine.acceptor import Change
from gateway.engine.files import FileRules, FileServer
from gateway.model.audit import AuditAction
from gateway.model.dossier import Attachment
from gateway.ports.basics import KeyRing
from gateway.store.files import PostgresDocuments
from gateway.sync.file_links import FileLinks, LinkPolicy
from tests.support.api import ApiUnderTest, running_api
from tests.support.audit import FOUND, LOOK, looks, tamper
from tests.support.changes import dossier
from tests.support.clocks import RunningClock

CODE = "H99.01-260105-00017"
NAME = "Đơn của Nguyễn Thị Mẫu.pdf"
SEND_SECONDS = 1.0
MAX_BYTES = 32 * 1024 * 1024
CONTENT = b"%PDF-1.7 " + b"x" * 200_000


@dataclass(slots=True)
class Town:
    """The API with its files, and the province's file server."""

    api: ApiUnderTest
    source_url: str
    key_ring: KeyRing
    clock: RunningClock
    served: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def link_to(self, **stated: Any) -> str:
        """Accept a dossier with one file and give the path of its link."""
        url = stated.pop("url", f"{self.source_url}/f/1")
        paper = Attachment(name=stated.pop("name", NAME), url=url, **stated)
        document = replace(dossier(), attachments=(paper,))
        change = Change(client_id="one-stop", agency_prefixes=("H99",), code=CODE, body=document, request_digest=b"d")
        await self.api.services.acceptor.submit(change)
        pool = self.api.services.pool
        dossier_id = await pool.fetchval("SELECT dossier_id FROM dossiers WHERE code = $1", CODE)
        links = FileLinks(LinkPolicy("", 3), self.key_ring.digest)
        written = links.rewritten(document, dossier_id=dossier_id, revision=1, now=self.clock.now())
        return written.attachments[0].url

    async def events(self) -> list[tuple[str, Any]]:
        rows = await self.api.services.pool.fetch("SELECT type, data FROM events WHERE type LIKE 'file.%'")
        return [(row["type"], row["data"]) for row in rows]


@asynccontextmanager
async def _file_server(served: dict[str, bytes], asked: list[str]) -> AsyncIterator[str]:
    async def give(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        if request.path.endswith("/moved"):
            raise web.HTTPFound("/f/1")
        content = served.get(request.path)
        if content is None:
            raise web.HTTPNotFound
        if content == b"break":
            response = web.StreamResponse(headers={"Content-Length": "1000"})
            await response.prepare(request)
            await response.write(b"%PDF-")
            assert request.transport is not None
            request.transport.close()
            return response
        return web.Response(body=content)

    app = web.Application()
    app.router.add_get("/{path:.*}", give)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.fixture
async def town(pool: Any, key_ring: KeyRing) -> AsyncIterator[Town]:
    """Open the API with file serving on, limited to 32 MiB, one at a time, and to the test's file server."""
    served, asked, clock = {"/f/1": CONTENT}, list[str](), RunningClock()
    async with _file_server(served, asked) as source_url, aiohttp.ClientSession() as session:
        source = HttpFileSource(
            session, hosts=["127.0.0.1"], headers={"X-Token": "t"}, ssl_supplier=lambda: None, idle_seconds=1.0
        )
        documents = PostgresDocuments(pool, clock=clock)
        rules = FileRules(max_bytes=MAX_BYTES, max_concurrent=1, fetch_seconds=2.0, send_seconds=SEND_SECONDS)
        server = FileServer(documents, source, key_ring=key_ring, clock=clock, rules=rules)
        async with running_api(pool, key_ring, files=server) as api:
            yield Town(api.with_token(""), source_url, key_ring, clock, served, asked)


async def test_a_valid_link_gives_the_file(town: Town) -> None:
    """Bytes, length, type and name are the dossier's; no credentials are needed; the timeline says it was served."""
    answered = await town.api.get(await town.link_to(sha256=sha256(CONTENT).hexdigest(), size_bytes=len(CONTENT)))
    assert answered.status == 200
    assert answered.body == CONTENT
    assert answered.headers["Content-Type"] == "application/pdf"
    assert "filename*=UTF-8''%C4%90%C6%A1n" in answered.headers["Content-Disposition"]
    assert [("file.served", {"file": "a0", "size_bytes": len(CONTENT)})] == await town.events()
    written = await looks(town.api.services.pool, AuditAction.FILE_SERVED)
    assert [("answered", "file-link", CODE, True, ("file",), "served")] == written


async def test_no_byte_leaves_before_the_look_is_written_down(town: Town) -> None:
    """Where the record cannot be continued, the link gives a problem and nothing of the file."""
    link = await town.link_to()
    await town.api.services.auditor.note(LOOK, FOUND)
    await tamper(town.api.services.pool, "UPDATE audit_head SET mac = sha256('made')")
    answered = await town.api.get(link)
    assert (503, "audit-unavailable") == (answered.status, answered.problem)
    assert b"%PDF" not in answered.body


@pytest.mark.parametrize(
    ("stated", "content", "problem", "reason"),
    [
        ({"size_bytes": 3}, CONTENT, "file-not-as-stated", "wrong_size"),
        ({"sha256": "0" * 64}, CONTENT, "file-not-as-stated", "wrong_digest"),
        ({}, b"MZ program", "file-not-as-stated", "wrong_kind"),
        ({}, b"%PDF-" + bytes(MAX_BYTES), "file-not-as-stated", "too_large"),
        ({}, None, "file-source-unavailable", "unavailable"),
        ({}, b"break", "file-source-unavailable", "unavailable"),
    ],
)
async def test_a_file_that_is_not_as_stated_is_not_served(
    town: Town, stated: dict[str, Any], content: bytes | None, problem: str, reason: str
) -> None:
    """Size, digest, kind, limit and source are checked before the first byte leaves; the timeline says what failed."""
    if content is None:
        del town.served["/f/1"]
    else:
        town.served["/f/1"] = content
    answered = await town.api.get(await town.link_to(**stated))
    assert answered.status == 502
    assert problem == answered.problem
    assert NAME.encode() not in answered.body
    assert [("file.refused", {"file": "a0", "reason": reason})] == await town.events()


@pytest.mark.parametrize("url", ["http://169.254.169.254/x", "http://localhost/x", "http://user@127.0.0.1/x"])
async def test_no_other_host_is_ever_asked(town: Town, url: str) -> None:
    """A dossier cannot make the gateway reach what is not on the operator's list."""
    answered = await town.api.get(await town.link_to(url=url))
    assert answered.problem == "file-source-unavailable"
    assert town.asked == []


async def test_redirects_are_not_followed(town: Town) -> None:
    """A file server cannot lead the gateway elsewhere."""
    answered = await town.api.get(await town.link_to(url=f"{town.source_url}/f/moved"))
    assert answered.problem == "file-source-unavailable"
    assert town.asked == ["/f/moved"]


async def test_forged_and_foreign_links_look_like_missing_files(town: Town) -> None:
    """A changed file, signature or shape gives 404 and nothing is fetched."""
    link = await town.link_to()
    path, _, query = link.partition("?")
    forged = query[:-1] + ("A" if query[-1] != "A" else "B")
    for attempt in (f"{path[:-1]}1?{query}", f"{path}?{forged}"):
        answered = await town.api.get(attempt)
        assert answered.status == 404
        assert answered.problem == "file-not-found"
    assert (await town.api.get(f"{path}?expires=1")).status == 400
    assert town.asked == []


async def test_an_expired_link_is_gone(town: Town, key_ring: KeyRing) -> None:
    """After its end a link gives 410 and nothing is fetched."""
    past = RunningClock()
    links = FileLinks(LinkPolicy("", 0), key_ring.digest)
    await town.link_to()
    dossier_id = await town.api.services.pool.fetchval("SELECT dossier_id FROM dossiers")
    paper = Attachment(name=NAME, url=f"{town.source_url}/f/1")
    long_ago = past.now().replace(year=2020)
    written = links.rewritten(replace(dossier(), attachments=(paper,)), dossier_id=dossier_id, revision=1, now=long_ago)
    answered = await town.api.get(written.attachments[0].url)
    assert answered.status == 410
    assert answered.problem == "file-link-expired"
    assert town.asked == []


async def test_a_receiver_that_does_not_read_loses_its_place(town: Town) -> None:
    """After its time a receiver that stopped reading is cut off, and the next one is served."""
    town.served["/f/1"] = b"%PDF-" + bytes(20 * 1024 * 1024)
    link = await town.link_to()
    with socket.socket() as stalled:
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stalled.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(stalled, ("127.0.0.1", town.api.port))
        await loop.sock_sendall(stalled, f"GET {link} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert (await loop.sock_recv(stalled, 15)).startswith(b"HTTP/1.1 200")
        assert (await town.api.get(link)).status == 503, "the only place is taken"
        async with asyncio.timeout(10):
            while (answered := await town.api.get(link)).status == 503:  # noqa: ASYNC110 - asked from outside
                await asyncio.sleep(0.1)
    assert 200 == answered.status


async def test_many_fetches_at_once_all_end(town: Town) -> None:
    """Beyond the limit a fetch is told to come again, and none hangs."""
    link = await town.link_to()
    answers = await asyncio.gather(*(town.api.get(link) for _ in range(30)))
    assert {answered.status for answered in answers} <= {200, 503}
    assert any(answered.status == 200 and answered.body == CONTENT for answered in answers)
