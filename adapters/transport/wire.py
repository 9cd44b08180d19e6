"""One HTTP/1.1 request over a pooled connection of aiohttp, without a session around it.

aiohttp keeps the connections, does the TLS and reads the answers. What its session does beyond that for every request
(cookies, redirects, proxies, a task for each body) nothing here wants, and it also sends a PUT or DELETE a second time
when a connection breaks, which is for whoever knows what the request does to decide.
"""

import asyncio
import ssl
from contextlib import suppress
from typing import NamedTuple

import aiohttp
from aiohttp import hdrs
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.http import SERVER_SOFTWARE, StreamWriter
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from adapters.transport.messages import HttpRequest
from adapters.transport.settings import TransportSettings

_JOINED_BYTES = 65_536
"""Up to here, head and body are written as one."""
_MAX_PLACES = 32


class Answer(NamedTuple):
    """The head of an answer, and its body as it arrives."""

    status: int
    headers: CIMultiDictProxy[str]
    content: aiohttp.StreamReader


class Pool:
    """The connections of one transport. A new TLS context opens new ones."""

    def __init__(self, settings: TransportSettings) -> None:
        self._settings = settings
        self._connector: aiohttp.TCPConnector | None = None
        self._places: dict[tuple[str, str, ssl.SSLContext | None], aiohttp.ClientRequest] = {}

    async def connect(self, url: URL, context: ssl.SSLContext | None, limits: aiohttp.ClientTimeout) -> Connection:
        """Give a connection for one exchange: an idle one, or a new one. Raises as aiohttp's connector does."""
        if self._connector is None or self._connector.closed:
            self._places.clear()
            self._connector = aiohttp.TCPConnector(
                limit=self._settings.max_connections, keepalive_timeout=self._settings.keepalive_seconds
            )
        key = (url.scheme, url.host_port_subcomponent or "", context)
        place = self._places.get(key)
        if place is None:
            if len(self._places) >= _MAX_PLACES:
                self._places.clear()
            # Of a request the connector wants to know only where it goes.
            place = self._places[key] = aiohttp.ClientRequest(
                "GET", url.origin(), loop=asyncio.get_running_loop(), ssl=True if context is None else context
            )
        return await self._connector.connect(place, [], limits)

    async def aclose(self) -> None:
        """Close them. The pool may be used again afterwards."""
        connector, self._connector = self._connector, None
        if connector is not None:
            await connector.close()


def url_of(request: HttpRequest) -> URL:
    """Give the address with its query. Raises aiohttp.InvalidURL."""
    try:
        url = URL(request.url)
        if request.query:
            url = url.extend_query(request.query)
    except ValueError as error:
        raise aiohttp.InvalidURL("an address") from error
    if url.scheme not in ("http", "https") or not url.raw_host:
        raise aiohttp.InvalidURL("an address")
    return url


def head_of(request: HttpRequest, url: URL, headers: CIMultiDict[str]) -> bytes:
    """Give the request line and the headers; what is missing in `headers` is added to them.

    Raises ValueError for a line break or a zero byte inside one.
    """
    host = headers.pop(hdrs.HOST, None) or url.host_port_subcomponent
    headers.setdefault(hdrs.ACCEPT, "*/*")
    headers.setdefault(hdrs.USER_AGENT, SERVER_SOFTWARE)
    if request.body is not None:
        headers[hdrs.CONTENT_LENGTH] = str(len(request.body))
        headers.setdefault(hdrs.CONTENT_TYPE, "application/octet-stream")
    elif request.method not in ("GET", "HEAD"):
        headers[hdrs.CONTENT_LENGTH] = "0"
    lines = [f"{name}: {value}" for name, value in headers.items()]
    head = f"{request.method} {url.raw_path_qs} HTTP/1.1\r\nHost: {host}\r\n" + "\r\n".join(lines) + "\r\n\r\n"
    breaks = len(lines) + 3
    # What breaks a line would be a header of its own, or a request of its own.
    if head.count("\r") != breaks or head.count("\n") != breaks or "\0" in head:
        raise ValueError("a header holds a line break or a zero byte")
    return head.encode()


async def ask(request: HttpRequest, head: bytes, connection: Connection, *, silence_seconds: float) -> Answer:
    """Write a request and give the head of its answer. Raises as aiohttp's protocol does."""
    protocol = connection.protocol
    if protocol is None or protocol.transport is None:
        raise aiohttp.ServerDisconnectedError
    protocol.set_response_params(
        skip_payload=request.method == "HEAD", read_until_eof=True, read_timeout=silence_seconds
    )
    body = request.body or b""
    if len(body) <= _JOINED_BYTES:
        protocol.transport.write(head + body)
    else:
        protocol.transport.write(head)
        protocol.transport.write(body)
    leaving: asyncio.Task[None] | None = None
    if protocol.writing_paused:
        leaving = asyncio.create_task(_watch_silence_once_sent(protocol))
    else:
        protocol.start_timeout()
    try:
        message, content = await protocol.read()
        while 100 <= message.code < 200 and message.code != 101:
            message, content = await protocol.read()  # The answer is still to come.
    finally:
        if leaving is not None:
            leaving.cancel()
    return Answer(message.code, message.headers, content)


def give_back(connection: Connection) -> None:
    """Let others use the connection, unless something of the request or of the answer is still under way on it."""
    if connection.protocol is not None and connection.protocol.writing_paused:
        connection.close()
    else:
        connection.release()


async def _watch_silence_once_sent(protocol: ResponseHandler) -> None:
    # A connection that is lost meanwhile ends the reading of the answer.
    with suppress(aiohttp.ClientError):
        await StreamWriter(protocol, asyncio.get_running_loop()).drain()
        protocol.start_timeout()
