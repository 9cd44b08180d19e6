"""An exchange that fails at any point tells whether something may have happened over there."""

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from adapters.transport import (
    CallOutcome,
    HttpAnswer,
    HttpRequest,
    HttpTransport,
    RemoteCallFinished,
    TransportSettings,
)
from gateway.errors import (
    ContractBroken,
    CredentialsRefused,
    OutcomeUnknown,
    RateLimited,
    RemoteError,
    TransientFailure,
)
from tests.integration.portal.scripted import (
    TIME_LIMIT_SECONDS,
    ScriptedServer,
    Step,
    answer,
    dropped,
    raw,
    silent,
    trickle,
)
from tests.integration.portal.tls import Authority, client_context, refuse_one_client, server_context
from tests.unit.adapters.transport.fakes import ManualClock

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def request(url: str, *, is_write: bool = True, seconds: float = 0.5, **changes: Any) -> HttpRequest:
    return HttpRequest(
        system="portal",
        operation="create",
        method="POST",
        url=url,
        is_write=is_write,
        total_seconds=seconds,
        body=b'{"a": 1}',
        **changes,
    )


def body_of(answered: HttpAnswer) -> tuple[bytes, CallOutcome]:
    return answered.body, CallOutcome.OK


@asynccontextmanager
async def transport(
    *,
    ssl_supplier: Callable[[], ssl.SSLContext | None] = lambda: None,
    seen: list[RemoteCallFinished] | None = None,
    headers: dict[str, str] | None = None,
    **settings: Any,
) -> AsyncIterator[HttpTransport]:
    made = HttpTransport(
        TransportSettings.model_validate({"connect_seconds": 0.5, **settings}),
        ssl_supplier=ssl_supplier,
        clock=ManualClock(),
        observe=None if seen is None else seen.append,
        headers_supplier=None if headers is None else lambda: headers,
    )
    try:
        async with asyncio.timeout(TIME_LIMIT_SECONDS):
            yield made
    finally:
        await made.aclose()


async def failure(step: Step, *, is_write: bool, seconds: float = 0.5, **settings: Any) -> RemoteError:
    async with ScriptedServer(step) as server, transport(**settings) as http:
        with pytest.raises(RemoteError) as caught:
            await http.exchange(request(server.url, is_write=is_write, seconds=seconds), body_of)
    return caught.value


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (dropped, "connection_lost"),
        (raw(b""), "connection_lost"),
        (silent, "timeout"),
        (raw(HEAD + b"half", then="close"), "answer_cut"),
        (raw(HEAD + b"half", then="reset"), "answer_cut"),
        (raw(HEAD + b"half", then="stall"), "timeout"),
        (raw(CHUNKED + b"5\r\nhello\r\n"), "answer_cut"),
        (trickle(HEAD + b"0123456789", every_seconds=0.05), "timeout"),
    ],
)
async def test_a_lost_answer_leaves_a_write_open_and_a_read_without_effect(step: Step, code: str) -> None:
    """However the answer is lost, a write may have worked and a read did nothing."""
    # Where no time limit is meant, none is met by a machine that stands still for a moment.
    patience = {} if code == "timeout" else {"seconds": 30.0, "connect_seconds": 30.0}
    write = await failure(step, is_write=True, **patience)
    read = await failure(step, is_write=False, **patience)
    assert (OutcomeUnknown, TransientFailure, code, code) == (type(write), type(read), write.code, read.code)


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (raw(b"not http at all\r\n\r\n"), "not_http"),
        (answer(b"x" * 3000), "answer_too_large"),
        (raw(CHUNKED + b"ffff\r\n" + b"x" * 3000, then="stall"), "answer_too_large"),
        (answer("", status=302, headers={"Location": "http://127.0.0.1:1/elsewhere"}), "http_3xx"),
    ],
)
async def test_an_answer_outside_the_contract(step: Step, code: str) -> None:
    """What is no HTTP, too long or a redirect breaks the contract; a write may have worked. Nothing is followed."""
    write = await failure(step, is_write=True, max_answer_bytes=2000)
    read = await failure(step, is_write=False, max_answer_bytes=2000)
    assert isinstance(write, ContractBroken)
    assert isinstance(read, ContractBroken)
    assert (True, False, code, code) == (write.effect_possible, read.effect_possible, write.code, read.code)


async def test_an_answer_of_exactly_the_limit_is_read() -> None:
    """The limit itself is allowed."""
    async with ScriptedServer(answer(b"x" * 2000)) as server, transport(max_answer_bytes=2000) as http:
        assert b"x" * 2000 == await http.exchange(request(server.url), body_of)


async def test_nothing_was_sent_when_nobody_listens() -> None:
    """A refused connection had no effect, also for a write."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        async with transport() as http:
            with pytest.raises(TransientFailure) as caught:
                await http.exchange(request(url), body_of)
    assert "no_connection" == caught.value.code
    assert url.removeprefix("http://") not in caught.value.message


async def test_nothing_was_sent_while_waiting_for_a_connection() -> None:
    """When every connection is busy until the time is up, the waiting write had no effect."""
    async with ScriptedServer(silent) as server, transport(max_connections=1, connect_seconds=0.2) as http:
        first = asyncio.ensure_future(http.exchange(request(server.url, seconds=1.0), body_of))
        await asyncio.sleep(0.05)
        with pytest.raises(TransientFailure) as caught:
            await http.exchange(request(server.url, seconds=1.0), body_of)
        with pytest.raises(OutcomeUnknown):
            await first
    assert "no_connection" == caught.value.code


async def test_a_name_that_does_not_exist_had_no_effect() -> None:
    """A failing look-up of the name (RFC 6761: .invalid never resolves) sent nothing."""
    async with transport() as http:
        with pytest.raises(TransientFailure) as caught:
            await http.exchange(request("http://portal.invalid"), body_of)
    assert caught.value.code in ("name_not_found", "no_connection")


async def test_a_wish_for_patience_reaches_the_caller() -> None:
    """Retry-After as seconds and as a date, counted from the clock that was passed in."""
    late = {"Retry-After": "Mon, 05 Jan 2026 03:00:45 GMT"}
    for step, expected in (
        (answer("", status=429, headers={"Retry-After": "7"}), 7.0),
        (answer("", status=503, headers=late), 45.0),
    ):
        caught = await failure(step, is_write=True)
        assert isinstance(caught, RateLimited)
        assert expected == caught.retry_after_seconds


async def test_one_record_tells_of_every_exchange() -> None:
    """Success, refusal by the reader and loss are each told once, with status and closed words."""
    seen: list[RemoteCallFinished] = []

    def refuse(_answer: HttpAnswer) -> tuple[bytes, CallOutcome]:
        raise CredentialsRefused("x", system="portal", operation="create")

    async with ScriptedServer(answer("ok"), answer("ok"), dropped) as server, transport(seen=seen) as http:
        await http.exchange(request(server.url), body_of)
        with pytest.raises(CredentialsRefused):
            await http.exchange(request(server.url), refuse)
        with pytest.raises(OutcomeUnknown):
            await http.exchange(request(server.url), body_of)
    assert [
        (CallOutcome.OK, 200),
        (CallOutcome.CREDENTIALS_REFUSED, 200),
        (CallOutcome.OUTCOME_UNKNOWN, None),
    ] == [(record.outcome, record.status) for record in seen]
    assert {("portal", "create")} == {(record.system, record.operation) for record in seen}
    assert all(record.duration_seconds >= 0 for record in seen)


async def test_headers_query_and_body_arrive_as_built() -> None:
    """The request is sent as it was built, with the supplied headers and without compression of the answer."""
    trace = {"traceparent": "00-" + "1" * 32 + "-" + "2" * 16 + "-01"}
    async with ScriptedServer(answer("ok")) as server, transport(headers=trace) as http:
        await http.exchange(
            request(f"{server.url}/a/b", headers=(("dstcode", "VN:GOV:x"),), query=(("k", "ă b"),)), body_of
        )
    (seen,) = server.seen
    assert ("POST", "/a/b", {"k": "ă b"}, b'{"a": 1}') == (seen.method, seen.path, seen.query, seen.body)
    assert (trace["traceparent"], "VN:GOV:x", "identity") == (
        seen.headers["traceparent"],
        seen.headers["dstcode"],
        seen.headers["accept-encoding"],
    )


async def test_calls_are_evened_out() -> None:
    """A rate of twenty a second lets twenty go at once and holds the next ones back."""
    async with ScriptedServer(*[answer("ok")] * 24) as server, transport(calls_per_second=20) as http:
        started_at = time.monotonic()
        for _ in range(24):
            await http.exchange(request(server.url), body_of)
        assert 0.15 <= time.monotonic() - started_at < 5.0


async def test_a_closed_transport_can_be_used_again() -> None:
    """Closing ends the connections and nothing else."""
    async with ScriptedServer(answer("1"), answer("2")) as server, transport() as http:
        first = await http.exchange(request(server.url), body_of)
        await http.aclose()
        assert (b"1", b"2") == (first, await http.exchange(request(server.url), body_of))


async def test_an_untrusted_server_gets_nothing(tmp_path: Path) -> None:
    """A server whose certificate is not trusted never sees the request."""
    theirs, ours = Authority(tmp_path, "theirs"), Authority(tmp_path, "ours")
    tls = server_context(theirs.issue("portal"))
    async with ScriptedServer(tls=tls) as server, transport(ssl_supplier=lambda: client_context(ours)) as http:
        with pytest.raises(TransientFailure) as caught:
            await http.exchange(request(server.url), body_of)
        assert ("server_certificate_refused", []) == (caught.value.code, server.seen)


@pytest.mark.parametrize(
    ("version", "kind", "code"),
    [
        (ssl.TLSVersion.TLSv1_3, CredentialsRefused, "client_certificate_refused"),
        # TLS 1.2 says no more than "handshake failure", before anything was written.
        (ssl.TLSVersion.TLSv1_2, TransientFailure, "tls_failed"),
    ],
)
async def test_a_missing_client_certificate_is_refused_credentials(
    tmp_path: Path, version: ssl.TLSVersion, kind: type[RemoteError], code: str
) -> None:
    """A server that ends the handshake over our certificate has not taken the request, even when it was written."""
    authority = Authority(tmp_path, "ca")
    tls = server_context(authority.issue("portal"), clients=authority)
    tls.maximum_version = version
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(5)
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        async with transport(ssl_supplier=lambda: client_context(authority)) as http:
            serving = asyncio.ensure_future(asyncio.to_thread(refuse_one_client, listener, tls))
            with pytest.raises(RemoteError) as caught:
                await http.exchange(request(url, seconds=3.0), body_of)
            await http.aclose()
            await serving
    assert (kind, code) == (type(caught.value), caught.value.code)


async def test_a_handshake_that_is_reset_leaves_a_write_open(tmp_path: Path) -> None:
    """Without an alert nobody knows whether the request was taken (TLS 1.3 writes it before the server's verdict)."""
    authority = Authority(tmp_path, "ca")
    tls = server_context(authority.issue("portal"), clients=authority)
    async with ScriptedServer(tls=tls) as server, transport(ssl_supplier=lambda: client_context(authority)) as http:
        with pytest.raises(OutcomeUnknown):
            await http.exchange(request(server.url), body_of)
        assert [] == server.seen


async def test_a_rotated_certificate_is_used_without_a_restart(tmp_path: Path) -> None:
    """The context is asked for at every call: after a rotation new connections use the new certificate."""
    authority = Authority(tmp_path, "ca")
    contexts = [client_context(authority, authority.issue(name)) for name in ("one", "two")]
    current = [contexts[0]]
    tls = server_context(authority.issue("portal"), clients=authority)
    subjects: list[Any] = []

    async def note(_seen: Any, writer: asyncio.StreamWriter) -> None:
        subjects.append(writer.get_extra_info("peercert")["subject"][0][0][1])
        await answer("ok")(_seen, writer)

    async with (
        ScriptedServer(note, note, note, tls=tls) as server,
        transport(ssl_supplier=lambda: current[0]) as http,
    ):
        await http.exchange(request(server.url), body_of)
        await http.exchange(request(server.url), body_of)
        current[0] = contexts[1]
        await http.exchange(request(server.url), body_of)
    assert ["one", "one", "two"] == subjects


async def test_plain_http_to_a_tls_port_and_back(tmp_path: Path) -> None:
    """Speaking TLS to a plain port fails before anything of the request is sent."""
    authority = Authority(tmp_path, "ca")
    async with ScriptedServer() as server, transport(ssl_supplier=lambda: client_context(authority)) as http:
        with pytest.raises(TransientFailure) as caught:
            await http.exchange(request(server.url.replace("http:", "https:")), body_of)
        assert (True, []) == (caught.value.code in ("tls_failed", "no_connection"), server.seen)
