"""A scripted server on loopback: each exchange is declared beforehand, and an exchange that never came is a failure.

It speaks just enough HTTP to break it at every point: before the answer, inside it, by time, by size, by TLS.
"""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

TIME_LIMIT_SECONDS = 10.0


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


Step = Callable[[Seen, asyncio.StreamWriter], Awaitable[None]]


def answer(
    body: bytes | str, *, status: int = 200, headers: dict[str, str] | None = None, content_type: str = "text/plain"
) -> Step:
    """Answer with a body of known length."""
    content = body.encode() if isinstance(body, str) else body

    async def step(_seen: Seen, writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(content)}", f"Content-Type: {content_type}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + content)
        await writer.drain()

    return step


def document(status: int = 200, **fields: Any) -> Step:
    """Answer with a JSON object."""
    return answer(json.dumps(fields, ensure_ascii=False), status=status, content_type="application/json")


def raw(content: bytes, *, then: str = "close") -> Step:
    """Write bytes as they are, then close, reset, or stall."""

    async def step(_seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(content)
        await writer.drain()
        if then == "reset":
            reset(writer)
        elif then == "stall":
            await asyncio.sleep(TIME_LIMIT_SECONDS)
        else:
            writer.close()

    return step


def trickle(content: bytes, *, every_seconds: float) -> Step:
    """Write one byte after another."""

    async def step(_seen: Seen, writer: asyncio.StreamWriter) -> None:
        for byte in content:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(every_seconds)

    return step


def reset(writer: asyncio.StreamWriter) -> None:
    """Break the connection off with a reset."""
    transport = writer.transport
    transport.abort()


async def dropped(_seen: Seen, writer: asyncio.StreamWriter) -> None:
    """Do the work and drop the answer."""
    reset(writer)


async def silent(_seen: Seen, _writer: asyncio.StreamWriter) -> None:
    """Read the request and never answer."""
    await asyncio.sleep(TIME_LIMIT_SECONDS)


class ScriptedServer:
    """Plays its steps in order, one per request. Leaving the context checks that all were used."""

    def __init__(self, *steps: Step, tls: ssl.SSLContext | None = None) -> None:
        self.steps = list(steps)
        self.seen: list[Seen] = []
        self.unexpected = 0
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=self._tls)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.wait_for(self._server.wait_closed(), TIME_LIMIT_SECONDS)
        if kind is None:
            assert not self.steps, f"{len(self.steps)} declared exchanges never came"
            assert self.unexpected == 0, f"{self.unexpected} exchanges came that were not declared"

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while (seen := await _read(reader)) is not None:
                self.seen.append(seen)
                if not self.steps:
                    self.unexpected += 1
                    break
                await self.steps.pop(0)(seen, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Seen | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
        return None
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    parts = urlsplit(target)
    return Seen(method, parts.path, dict(parse_qsl(parts.query)), headers, body)
