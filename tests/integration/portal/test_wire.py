"""What goes over the wire for one exchange, and which connections are used again."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from adapters.transport import HttpRequest
from gateway.errors import OutcomeUnknown, Rejected, RemoteError, TransientFailure
from tests.integration.portal.scripted import (
    TIME_LIMIT_SECONDS,
    ScriptedServer,
    Seen,
    Step,
    answer,
    dropped,
    raw,
    silent,
)
from tests.integration.portal.test_transport import body_of, request, transport

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
NOTHING = Seen("", "", {}, {}, b"")
LARGE = bytes(16_000_000)
"""More than sockets hold, so that most of it waits in the client."""


def changed(url: str, **changes: Any) -> HttpRequest:
    fields = {"system": "portal", "operation": "x", "method": "GET", "is_write": False, "total_seconds": 5.0}
    return HttpRequest(**{**fields, "url": url, **changes})


async def test_a_reading_get_goes_once_more_when_its_connection_breaks() -> None:
    """Most likely the other side had closed an idle connection; a GET that reads may be sent again without harm."""
    async with ScriptedServer(dropped, answer("ok")) as server, transport() as http:
        assert b"ok" == (await http.exchange(changed(server.url), body_of))


async def test_a_get_that_breaks_twice_is_told() -> None:
    """There is one more attempt, not many."""
    async with ScriptedServer(dropped, dropped) as server, transport() as http:
        with pytest.raises(TransientFailure):
            await http.exchange(changed(server.url), body_of)


async def test_both_attempts_share_one_limit_of_time() -> None:
    """The second attempt has what the first one left."""
    async with ScriptedServer(dropped, silent) as server, transport() as http:
        with pytest.raises(TransientFailure) as caught:
            await http.exchange(changed(server.url, total_seconds=0.5), body_of)
    assert "timeout" == caught.value.code


@pytest.mark.parametrize(
    ("method", "is_write", "kind"),
    [
        ("PUT", True, OutcomeUnknown),
        ("DELETE", True, OutcomeUnknown),
        ("GET", True, OutcomeUnknown),
        ("POST", False, TransientFailure),
    ],
)
async def test_nothing_else_is_sent_twice(method: str, is_write: bool, kind: type[RemoteError]) -> None:
    """What a request does is not known here: whoever knows decides whether it is sent again."""
    async with ScriptedServer(dropped) as server, transport() as http:
        with pytest.raises(kind):
            await http.exchange(changed(server.url, method=method, is_write=is_write), body_of)


async def test_headers_that_every_request_has() -> None:
    """Length and type of the body, the host, what is accepted; what the caller says goes first."""
    async with ScriptedServer(*[answer("ok")] * 3) as server, transport() as http:
        url = server.url
        await http.exchange(changed(url + "/a?b=c#d"), body_of)
        await http.exchange(changed(server.url, method="POST"), body_of)
        given = (("host", "portal.example"), ("Content-type", "text/xml"), ("user-agent", "x"))
        await http.exchange(changed(server.url, method="POST", body=b"1234", headers=given), body_of)
    bare, empty, full = server.seen
    assert ("/a", {"b": "c"}) == (bare.path, bare.query)
    assert {"host", "accept", "accept-encoding", "user-agent"} == set(bare.headers)
    assert url == "http://" + bare.headers["host"]
    assert ("0", None) == (empty.headers["content-length"], empty.headers.get("content-type"))
    assert {"content-length": "4", "host": "portal.example", "content-type": "text/xml", "user-agent": "x"}.items() <= (
        full.headers.items()
    )


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b"])
@pytest.mark.parametrize("place", ["name", "value", "supplied"])
async def test_a_line_break_inside_a_header_is_never_written(place: str, value: str) -> None:
    """It would be a header or a request of its own. The error does not repeat it."""
    headers = {"name": ((value, "x"),), "value": (("x", value),), "supplied": ()}[place]
    supplied = {"x": value} if place == "supplied" else {}
    async with ScriptedServer() as server, transport(headers=supplied) as http:
        with pytest.raises(ValueError, match="line break") as caught:
            await http.exchange(changed(server.url, headers=headers), body_of)
    assert value not in str(caught.value)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/a", "http:///a", "http://[1/a", "/a"])
async def test_what_is_no_address_is_no_connection(url: str) -> None:
    """Nothing was sent."""
    async with transport() as http:
        with pytest.raises(TransientFailure) as caught:
            await http.exchange(changed(url, method="POST", is_write=True), body_of)
    assert "no_connection" == caught.value.code


async def test_interim_answers_are_passed_over() -> None:
    """100 and 103 come before the answer."""
    content = (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    )
    async with ScriptedServer(raw(content)) as server, transport() as http:
        assert b"ok" == (await http.exchange(request(server.url), body_of))


@pytest.mark.parametrize(
    ("first", "is_kept"),
    [
        (answer("ok"), True),
        (answer("no", status=429), True),
        (answer("", status=503), True),
        (answer("ok", headers={"Connection": "close"}), False),
        (answer("x" * 1_025), True),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1025\r\n\r\nx", then="stall"), False),
        (raw(b"HTTP/1.1 500 X\r\nContent-Length: 9\r\n\r\nhalf", then="stall"), False),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more", then="stall"), False),
    ],
    ids=[
        "ok",
        "patience",
        "error",
        "closing",
        "too large",
        "too large and under way",
        "error under way",
        "more than announced",
    ],
)
async def test_a_connection_is_used_again_when_nothing_is_left_on_it(first: Step, is_kept: bool) -> None:
    """Also after an error, so that a busy system is not asked for new connections all the time."""
    ports: list[int] = []

    async def note(seen: Seen, writer: asyncio.StreamWriter, step: Step) -> None:
        ports.append(writer.get_extra_info("peername")[1])
        await step(seen, writer)

    def noting(step: Step) -> Step:
        return lambda seen, writer: note(seen, writer, step)

    async with (
        ScriptedServer(noting(first), noting(answer("ok"))) as server,
        transport(max_answer_bytes=1_024) as http,
    ):
        with suppress(RemoteError):
            await http.exchange(request(server.url, seconds=5.0), body_of)
        assert b"ok" == (await http.exchange(request(server.url, seconds=5.0), body_of))
    assert is_kept == (ports[0] == ports[1])


@asynccontextmanager
async def listening(talk: Talk) -> AsyncIterator[str]:
    """Serve with small buffers, so that a large body waits at the client. Give the address."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    listener.bind(("127.0.0.1", 0))
    talks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await talk(reader, writer)
        writer.transport.abort()

    async with await asyncio.start_server(connected, sock=listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        for task in talks:
            task.cancel()
        await asyncio.gather(*talks)


async def test_silence_counts_from_when_a_large_body_has_left() -> None:
    """A slow line is not silence: the other side cannot answer what it does not have yet."""

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(2.0)  # Twice the silence that is borne.
        await reader.readexactly(len(LARGE))
        await answer("ok")(NOTHING, writer)

    async with listening(slow) as url, transport(silence_seconds=1.0) as http:
        assert b"ok" == (await http.exchange(changed(url, method="POST", body=LARGE, total_seconds=9.0), body_of))


async def test_silence_after_a_large_body_ends_the_exchange() -> None:
    """Once it has left, an answer is awaited no longer than silence is borne."""

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(len(LARGE))
        await reader.read()

    async with listening(mute) as url, transport(silence_seconds=0.3) as http:
        with pytest.raises(OutcomeUnknown) as caught:
            await http.exchange(changed(url, method="POST", is_write=True, body=LARGE, total_seconds=60.0), body_of)
    assert "timeout" == caught.value.code


async def test_an_answer_before_the_whole_body_has_left_counts_and_ends_the_connection() -> None:
    """A server that refuses a body by its length alone is heard; what is left of the body goes to nobody else."""
    connections = 0

    async def refusing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\n")
        await answer("no", status=413)(NOTHING, writer)
        await asyncio.sleep(TIME_LIMIT_SECONDS)

    async with listening(refusing) as url, transport() as http:
        for _ in range(2):
            with pytest.raises(Rejected) as caught:
                await http.exchange(changed(url, method="POST", is_write=True, body=LARGE), body_of)
            assert "http_413" == caught.value.remote_code
    assert 2 == connections


async def test_a_connection_lost_under_a_large_body_leaves_a_write_open() -> None:
    """Nobody knows how much of it was taken."""

    async def gone(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()

    async with listening(gone) as url, transport() as http:
        with pytest.raises(OutcomeUnknown):
            await http.exchange(changed(url, method="POST", is_write=True, body=LARGE), body_of)
