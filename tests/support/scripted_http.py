"""An HTTP server on the loopback address that answers what a test told it, and records what it was asked.

A reply that is never used fails the test, and so does a request for which none is left.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `resets`: the request is read and the connection closed; `stalls`: nothing ever comes."""

    body: bytes = b""
    status: int = 200
    content_type: str = "application/json"
    resets: bool = False
    stalls: bool = False


def json_reply(document: Any, status: int = 200) -> Reply:
    """Give an answer in JSON."""
    return Reply(json.dumps(document).encode(), status)


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class ScriptedHttp:
    """A running server."""

    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)
    busy: set["asyncio.Task[None]"] = field(default_factory=set)

    def plan(self, *replies: Reply) -> None:
        """Add answers, to be given in this order."""
        self.replies.extend(replies)

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.seen]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "a server's handler is a task"
        self.busy.add(task)
        task.add_done_callback(self.busy.discard)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            request = await _read(reader)
            self.seen.append(request)
            if not self.replies:
                self.surprises.append(request.path)
                reply = Reply(status=418)
            else:
                reply = self.replies.pop(0)
            if reply.stalls:
                await reader.read()
            elif not reply.resets:
                head = (
                    f"HTTP/1.1 {reply.status} Scripted\r\nContent-Type: {reply.content_type}\r\n"
                    f"Content-Length: {len(reply.body)}\r\nConnection: close\r\n\r\n"
                )
                writer.write(head.encode() + reply.body)
                await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def scripted_http(replies: Sequence[Reply] = ()) -> AsyncIterator[ScriptedHttp]:
    """Run a server for the length of a block."""
    peer = ScriptedHttp(replies=list(replies))
    server = await asyncio.start_server(peer._serve, "127.0.0.1", 0)
    peer.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield peer
        for task in tuple(peer.busy):
            await task
    assert not peer.surprises, f"asked for without an answer planned: {peer.surprises}"
    assert not peer.replies, f"{len(peer.replies)} answers were never asked for"


async def _read(reader: asyncio.StreamReader) -> Seen:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    parts = urlsplit(target)
    return Seen(method, parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)), headers, body)
