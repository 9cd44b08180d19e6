"""Every fault looks on the wire as it says, over real loopback sockets."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import pytest

from adapters.sandboxing import FaultKind, FaultSpec, RunningSandbox, serve_sandbox
from adapters.sandboxing.exchange import MAINTENANCE_PAGE, SIGN_IN_PAGE
from tests.unit.adapters.sandboxing.sandboxing_helpers import NOON, EchoSandbox, HandClock

LIMIT = aiohttp.ClientTimeout(total=5)
SHORT_SECONDS = 0.15


class Line:
    """A running echo sandbox with a client."""

    def __init__(self, sandbox: EchoSandbox, running: RunningSandbox, client: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.running = running
        self.client = client

    async def call(self, operation: str = "push") -> tuple[int, bytes, aiohttp.ClientResponse]:
        async with self.client.post("/echo", data=operation.encode()) as response:
            return response.status, await response.read(), response

    def arm(self, kind: FaultKind, **details: Any) -> None:
        self.sandbox.faults.add(FaultSpec(kind=kind, **{"calls": 1, **details}))

    async def settled(self) -> None:
        """Wait until the sandbox has finished every call."""
        async with asyncio.timeout(5):
            for _ in range(500):
                if self.sandbox.counters()["in_flight"] == 0:
                    return
                await asyncio.sleep(0.01)


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    sandbox = EchoSandbox(HandClock())
    async with (
        await serve_sandbox(sandbox) as running,
        aiohttp.ClientSession(running.url, timeout=LIMIT) as client,
    ):
        yield Line(sandbox, running, client)


async def test_without_faults_the_answer_is_plain(line: Line) -> None:
    """Nothing armed, nothing changed, nothing counted."""
    status, body, _ = await line.call()
    assert (200, 1) == (status, line.sandbox.work_count)
    assert body.startswith(b'{"work_count": 1')
    assert 0 == line.sandbox.faults.injected.total()


@pytest.mark.parametrize("is_kept_alive", [False, True])
async def test_a_refused_connection_ends_before_any_work(line: Line, is_kept_alive: bool) -> None:
    """On a fresh connection and on one that was used before."""
    if is_kept_alive:
        await line.call()
    done = line.sandbox.work_count
    line.arm(FaultKind.REFUSE_CONNECTION)
    with pytest.raises((aiohttp.ClientConnectionError, ConnectionError)):
        await line.call()
    assert done == line.sandbox.work_count
    assert 1 == line.sandbox.faults.injected[FaultKind.REFUSE_CONNECTION]
    assert 200 == (await line.call())[0]


async def test_a_refusal_can_be_for_one_operation(line: Line) -> None:
    """The call is read to know its operation, and still nothing is done."""
    line.arm(FaultKind.REFUSE_CONNECTION, operation="push")
    assert 200 == (await line.call("login"))[0]
    with pytest.raises((aiohttp.ClientConnectionError, ConnectionError)):
        await line.call("push")
    assert 1 == line.sandbox.work_count


@pytest.mark.parametrize("kind", [FaultKind.STALL_BEFORE_WORK, FaultKind.STALL_AFTER_WORK, FaultKind.STALL_BEFORE_BODY])
async def test_a_stall_delays_and_then_answers(line: Line, kind: FaultKind) -> None:
    """The answer is whole and late; when work happens is the difference between the kinds."""
    line.arm(kind, delay_seconds=SHORT_SECONDS)
    started = time.monotonic()
    call = asyncio.create_task(line.call())
    async with asyncio.timeout(5):
        await asyncio.sleep(SHORT_SECONDS / 2)
        done_half_way = line.sandbox.work_count
        status, body, _ = await call
    assert (kind is not FaultKind.STALL_BEFORE_WORK) == bool(done_half_way)
    assert (200, True) == (status, body.endswith(b'"}'))
    assert time.monotonic() - started >= SHORT_SECONDS


async def test_the_head_comes_before_a_stalled_body(line: Line) -> None:
    """Status and headers arrive while the body is still held back."""
    line.arm(FaultKind.STALL_BEFORE_BODY, delay_seconds=30)
    async with asyncio.timeout(5):
        async with line.client.post("/echo", data=b"push") as response:
            assert 200 == response.status
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(SHORT_SECONDS):
                    await response.read()


async def test_work_is_done_even_when_a_stalled_caller_has_left(line: Line) -> None:
    """The caller gave up, is no longer counted as under way, and its effect arrives late all the same."""
    line.arm(FaultKind.STALL_BEFORE_WORK, delay_seconds=0.4)
    with pytest.raises(TimeoutError):
        async with line.client.post("/echo", data=b"push", timeout=aiohttp.ClientTimeout(total=SHORT_SECONDS)):
            pass
    assert 0 == line.sandbox.work_count
    await asyncio.sleep(0.1)
    await line.call()
    assert 0 == line.sandbox.counters()["concurrent_same_item"]
    await line.settled()
    assert 2 == line.sandbox.work_count
    assert [True, False] == [call.client_left for call in line.sandbox.recorder.calls()]


@pytest.mark.parametrize("variant", ["close", "reset"])
async def test_a_dropped_reply_follows_done_work(line: Line, variant: str) -> None:
    """The caller gets no byte, the effect is there, and the record says so."""
    line.arm(FaultKind.DROP_REPLY, variant=variant)
    with pytest.raises((aiohttp.ClientConnectionError, ConnectionError)):
        await line.call()
    assert 1 == line.sandbox.work_count
    call = line.sandbox.recorder.calls()[-1]
    assert ("done", None, ["drop_reply"]) == (call.outcome, call.http_status, call.faults)


async def test_a_reset_comes_in_the_middle_of_the_answer(line: Line) -> None:
    """Head and first half arrive, then the connection is reset; the work is done."""
    line.arm(FaultKind.RESET_MID_ANSWER)
    async with line.client.post("/echo", data=b"push") as response:
        assert 200 == response.status
        received = await response.content.readany()
        assert received.startswith(b'{"work_count"')
        assert len(received) < int(response.headers["Content-Length"])
        with pytest.raises((aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, ConnectionError)):
            await response.read()
    assert 1 == line.sandbox.work_count


@pytest.mark.parametrize(
    ("variant", "retry_after"),
    [("seconds", "7"), ("http_date", "Mon, 05 Jan 2026 05:00:07 GMT"), ("none", None)],
)
async def test_a_rate_limit_says_when_to_come_back(line: Line, variant: str, retry_after: str | None) -> None:
    """429 with both forms of Retry-After, or none; no work."""
    line.arm(FaultKind.RATE_LIMITED, variant=variant, retry_after_seconds=7)
    status, _, response = await line.call()
    assert (429, retry_after, 0) == (status, response.headers.get("Retry-After"), line.sandbox.work_count)


async def test_a_burst_of_server_errors_ends(line: Line) -> None:
    """The given status for the given number of calls, then all is well."""
    line.arm(FaultKind.SERVER_ERROR, http_status=502, calls=3)
    assert [502, 502, 502, 200] == [(await line.call())[0] for _ in range(4)]
    assert 1 == line.sandbox.work_count


async def test_a_server_error_can_hide_done_work(line: Line) -> None:
    """With `after_work` only the answer is lost."""
    line.arm(FaultKind.SERVER_ERROR, http_status=504, after_work=True)
    assert 504 == (await line.call())[0]
    assert 1 == line.sandbox.work_count


async def test_maintenance_is_a_page(line: Line) -> None:
    """503, HTML, Retry-After."""
    line.arm(FaultKind.MAINTENANCE, retry_after_seconds=120)
    status, body, response = await line.call()
    assert (503, MAINTENANCE_PAGE) == (status, body)
    assert ("text/html", "120") == (response.content_type, response.headers["Retry-After"])


async def test_a_page_may_come_with_status_200(line: Line) -> None:
    """A sign-in page where JSON was expected; no work."""
    line.arm(FaultKind.HTML_PAGE)
    status, body, response = await line.call()
    assert (200, SIGN_IN_PAGE, "text/html") == (status, body, response.content_type)
    assert 0 == line.sandbox.work_count


async def test_the_right_body_may_come_under_a_wrong_label(line: Line) -> None:
    """JSON labelled as HTML; the work is done."""
    line.arm(FaultKind.WRONG_CONTENT_TYPE)
    _, body, response = await line.call()
    assert ("text/html", True) == (response.content_type, body.startswith(b'{"work_count": 1'))


@pytest.mark.parametrize(
    ("variant", "is_it"),
    [
        ("cut", lambda body: body.startswith(b'{"work_count": 1') and not body.endswith(b"}")),
        ("garbage", lambda body: body == b"\xff\xfe{]"),
        ("empty", lambda body: body == b""),
    ],
)
async def test_malformed_json_is_well_formed_http(line: Line, variant: str, is_it: Callable[[bytes], bool]) -> None:
    """Length and status are right, only the body cannot be parsed; the work is done."""
    line.arm(FaultKind.MALFORMED_JSON, variant=variant)
    status, body, _ = await line.call()
    assert (200, True, 1) == (status, is_it(body), line.sandbox.work_count)


async def test_an_oversized_body_announces_no_length(line: Line) -> None:
    """The answer is valid JSON behind white space, and only reading tells how much."""
    line.arm(FaultKind.OVERSIZED_BODY, size_bytes=300_000)
    _, body, response = await line.call()
    assert "Content-Length" not in response.headers
    assert 300_000 == len(body) - len(body.lstrip())
    assert body.lstrip().startswith(b'{"work_count": 1')


async def test_a_caller_may_stop_reading_an_oversized_body(line: Line) -> None:
    """Hanging up in the middle ends the call in the record."""
    line.arm(FaultKind.OVERSIZED_BODY, size_bytes=64 * 1024 * 1024)
    async with line.client.post("/echo", data=b"push") as response:
        await response.content.readexactly(100_000)
        response.close()
    await line.settled()
    assert line.sandbox.recorder.calls()[-1].client_left


async def test_a_slow_trickle_is_whole_but_late(line: Line) -> None:
    """The body comes in several pieces over the given time."""
    line.arm(FaultKind.SLOW_TRICKLE, delay_seconds=SHORT_SECONDS)
    started, pieces = time.monotonic(), 0
    async with line.client.post("/echo", data=b"push") as response:
        body = b""
        async for chunk in response.content.iter_any():
            pieces += 1
            body += chunk
    assert int(response.headers["Content-Length"]) == len(body)
    assert pieces > 2
    assert time.monotonic() - started >= SHORT_SECONDS * 0.8


async def test_a_call_ends_with_the_last_byte_of_its_trickle(line: Line) -> None:
    """Whoever has read the whole answer may call again at once: the two calls are not under way together."""
    async with aiohttp.ClientSession() as other:
        for _ in range(3):
            line.arm(FaultKind.SLOW_TRICKLE, delay_seconds=SHORT_SECONDS)
            await line.call()
            # Over another connection: on the same one the server itself would keep the two apart.
            async with other.post(f"{line.running.url}/echo", data=b"push") as response:
                await response.read()
    assert line.sandbox.recorder.counters()["concurrent_same_item"] == 0


async def test_the_clock_of_the_answer_may_be_wrong(line: Line) -> None:
    """The Date header is off by the given seconds; it is also off on answers without work."""
    line.arm(FaultKind.CLOCK_SKEW, skew_seconds=-7200, calls=2)
    line.arm(FaultKind.RATE_LIMITED, skip=1)
    for expected_status in (200, 429):
        status, _, response = await line.call()
        assert expected_status == status
        assert NOON - timedelta(hours=2) == parsedate_to_datetime(response.headers["Date"])


async def test_one_call_may_meet_faults_of_several_moments(line: Line) -> None:
    """A stall, then done work, then a cut answer: each is counted and listed in order."""
    line.arm(FaultKind.STALL_BEFORE_WORK, delay_seconds=0.02)
    line.arm(FaultKind.MALFORMED_JSON)
    line.arm(FaultKind.DROP_REPLY)
    await line.call()
    assert ["stall_before_work", "malformed_json"] == line.sandbox.recorder.calls()[-1].faults
    assert 0 == line.sandbox.faults.injected[FaultKind.DROP_REPLY], "one fault of a moment per call"
    with pytest.raises((aiohttp.ClientConnectionError, ConnectionError)):
        await line.call()


@pytest.mark.parametrize("turn", range(3))
async def test_the_control_api_is_spared(line: Line, turn: int) -> None:
    """Faults strike the system's own paths, not the switches that end them."""
    kinds = (FaultKind.SERVER_ERROR, FaultKind.HTML_PAGE, FaultKind.DROP_REPLY)
    await line.call()
    line.arm(kinds[turn], calls=None)
    async with line.client.get("/_sandbox/faults") as response:
        assert [kinds[turn]] == [fault["kind"] for fault in (await response.json())["faults"]]


async def test_nothing_is_logged_as_an_error_whatever_strikes(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    """A fault is an ordinary day for a sandbox: no traceback, no unfinished record."""

    async def attempt(action: Callable[[], Awaitable[Any]]) -> None:
        with contextlib.suppress(aiohttp.ClientError, ConnectionError):
            await action()

    for kind in sorted(line.sandbox.faults.supported):
        line.arm(kind, delay_seconds=0.02, size_bytes=1000)
        await attempt(line.call)
    await line.settled()
    assert [] == [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")]
    assert all(call.is_finished for call in line.sandbox.recorder.calls())
    assert line.sandbox.faults.is_idle
