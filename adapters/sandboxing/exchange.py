"""One HTTP exchange with whatever faults are armed for it.

`perform` is the only place that knows how a fault looks on the wire. The sandbox gives the work as a plain function;
whether, when and how its answer reaches the caller is decided here.
"""

import asyncio
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime

from aiohttp import web

from adapters.sandboxing.clocks import SandboxClock
from adapters.sandboxing.faults import FaultGroup, FaultKind, FaultSpec, kinds_in
from adapters.sandboxing.recorder import CallRecord, CallRecorder
from adapters.sandboxing.switchboard import FaultSwitchboard

_REFUSALS = frozenset({FaultKind.REFUSE_CONNECTION})
_WAITS = kinds_in(FaultGroup.WAIT)
_INSTEAD = kinds_in(FaultGroup.INSTEAD) | _REFUSALS
_DELIVERIES = kinds_in(FaultGroup.DELIVERY)
_HEADS = kinds_in(FaultGroup.HEAD)

_DRIP_SECONDS = 0.02
_LAST_BYTES_SECONDS = 0.02
"""Time for bytes already written to arrive before a reset throws away what is still queued."""
_RESET_LINGER = struct.pack("ii", 1, 0)
_FILLER_BYTES = b" " * 65536

MAINTENANCE_PAGE = (
    '<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8"><title>Bảo trì hệ thống</title></head>'
    "<body><h1>Hệ thống đang bảo trì</h1><p>Đề nghị quay lại sau.</p></body></html>"
).encode()
SIGN_IN_PAGE = (
    '<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8"><title>Đăng nhập</title></head><body>'
    '<form method="post"><input name="username"><input name="password" type="password"></form></body></html>'
).encode()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sandbox wants to say."""

    body: bytes
    http_status: int = 200
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] | None = None


class FaultyExchange:
    """Carries answers to callers, with the faults of a switchboard applied."""

    def __init__(self, switchboard: FaultSwitchboard, recorder: CallRecorder, clock: SandboxClock) -> None:
        self._switchboard = switchboard
        self._recorder = recorder
        self._clock = clock

    def refuses_unread(self, request: web.Request) -> web.StreamResponse | None:
        """Cut a kept-alive connection before its request is read, if so told; give what the handler must return."""
        if self._switchboard.take(_REFUSALS) is None:
            return None
        return cut(request, with_reset=True)

    async def perform(self, request: web.Request, record: CallRecord, work: Callable[[], Answer]) -> web.StreamResponse:
        """Do the work and answer, or whatever the armed faults say. Fills in and finishes the record."""
        try:
            if self._switchboard.is_idle:
                return self._plain(record, work(), {})
            return await self._perform_faulty(request, record, work)
        finally:
            self._recorder.finish(record)

    def _take(self, kinds: frozenset[FaultKind], record: CallRecord) -> FaultSpec | None:
        spec = self._switchboard.take(kinds, record.operation, record.item_codes)
        if spec is not None:
            record.faults.append(spec.kind.value)
        return spec

    async def _perform_faulty(
        self, request: web.Request, record: CallRecord, work: Callable[[], Answer]
    ) -> web.StreamResponse:
        wait = self._take(_WAITS, record)
        if wait is not None:
            await asyncio.sleep(wait.delay_seconds)
        skew = self._take(_HEADS, record)
        head = {} if skew is None else {"Date": _http_date(self._clock.now(), skew.skew_seconds)}
        instead = self._take(_INSTEAD, record)
        if instead is not None:
            if instead.after_work:
                work()
            if instead.kind is FaultKind.REFUSE_CONNECTION:
                record.is_gone = None
                return cut(request, with_reset=True)
            return self._plain(record, self._canned(instead), head)
        answer = work()
        delivery = self._take(_DELIVERIES, record)
        if delivery is None:
            return self._plain(record, answer, head)
        return await self._deliver(request, record, answer, head, delivery)

    def _plain(self, record: CallRecord, answer: Answer, head: Mapping[str, str]) -> web.Response:
        record.http_status = answer.http_status
        return web.Response(status=answer.http_status, body=answer.body, headers=_headers(answer, head))

    def _canned(self, spec: FaultSpec) -> Answer:
        headers: dict[str, str] = {}
        if spec.kind is FaultKind.RATE_LIMITED:
            if spec.effective_variant == "seconds":
                headers["Retry-After"] = str(spec.retry_after_seconds)
            elif spec.effective_variant == "http_date":
                headers["Retry-After"] = _http_date(self._clock.now(), spec.retry_after_seconds)
            return Answer(b"Too Many Requests", 429, "text/plain; charset=utf-8", headers)
        if spec.kind is FaultKind.SERVER_ERROR:
            return Answer(b"upstream connect error", spec.http_status, "text/plain; charset=utf-8")
        if spec.kind is FaultKind.MAINTENANCE:
            if spec.retry_after_seconds > 0:
                headers["Retry-After"] = str(spec.retry_after_seconds)
            return Answer(MAINTENANCE_PAGE, 503, "text/html; charset=utf-8", headers)
        return Answer(SIGN_IN_PAGE, 200, "text/html; charset=utf-8")

    async def _deliver(
        self, request: web.Request, record: CallRecord, answer: Answer, head: Mapping[str, str], spec: FaultSpec
    ) -> web.StreamResponse:
        match spec.kind:
            case FaultKind.DROP_REPLY:
                record.is_gone = None
                return cut(request, with_reset=spec.effective_variant == "reset")
            case FaultKind.STALL_AFTER_WORK:
                await asyncio.sleep(spec.delay_seconds)
                return self._plain(record, answer, head)
            case FaultKind.MALFORMED_JSON:
                return self._plain(record, _malformed(answer, spec.effective_variant), head)
            case FaultKind.WRONG_CONTENT_TYPE:
                mislabelled = Answer(answer.body, answer.http_status, "text/html; charset=utf-8", answer.headers)
                return self._plain(record, mislabelled, head)
            case FaultKind.UNFINISHED_HEAD | FaultKind.SHORT_BODY:
                return await _break_http(request, record, answer, spec)
            case _:
                return await self._stream(request, record, answer, head, spec)

    async def _stream(
        self, request: web.Request, record: CallRecord, answer: Answer, head: Mapping[str, str], spec: FaultSpec
    ) -> web.StreamResponse:
        response = web.StreamResponse(status=answer.http_status, headers=_headers(answer, head))
        is_oversized = spec.kind is FaultKind.OVERSIZED_BODY
        if not is_oversized:
            response.content_length = len(answer.body)
        record.http_status = answer.http_status
        try:
            await response.prepare(request)
            if is_oversized:
                await _write_filler(response, spec.size_bytes)
                await response.write(answer.body)
            elif spec.kind is FaultKind.STALL_BEFORE_BODY:
                await asyncio.sleep(spec.delay_seconds)
                await response.write(answer.body)
            elif spec.kind is FaultKind.SLOW_TRICKLE:
                await _trickle(response, answer.body, spec.delay_seconds)
            else:
                await response.write(answer.body[: len(answer.body) // 2])
                await asyncio.sleep(_LAST_BYTES_SECONDS)
                record.is_gone = None
                cut(request, with_reset=True)
        except ConnectionError:
            # The caller hung up in the middle of its answer; that is its right, and worth a note.
            self._recorder.leave(record)
        return response


async def _break_http(request: web.Request, record: CallRecord, answer: Answer, spec: FaultSpec) -> web.StreamResponse:
    """Write raw bytes that are no whole answer, and hang up in good order."""
    transport = request.transport
    if transport is not None and not transport.is_closing():
        head = f"HTTP/1.1 {answer.http_status} Answer\r\nContent-Type: {answer.content_type}\r\n".encode()
        if spec.kind is FaultKind.UNFINISHED_HEAD:
            transport.write(head + b"X-Unfinished: ")
            await asyncio.sleep(spec.delay_seconds)
        else:
            record.http_status = answer.http_status
            head += f"Content-Length: {len(answer.body)}\r\n\r\n".encode()
            transport.write(head + answer.body[: len(answer.body) // 2])
    record.is_gone = None
    return cut(request, with_reset=False)


def _headers(answer: Answer, head: Mapping[str, str]) -> dict[str, str]:
    return {"Content-Type": answer.content_type, **(answer.headers or {}), **head}


def _http_date(now: datetime, offset_seconds: float) -> str:
    return format_datetime(now + timedelta(seconds=offset_seconds), usegmt=True)


def _malformed(answer: Answer, variant: str) -> Answer:
    body = {"cut": answer.body[: len(answer.body) // 2], "garbage": b"\xff\xfe{]", "empty": b""}[variant]
    return Answer(body, answer.http_status, answer.content_type, answer.headers)


async def _trickle(response: web.StreamResponse, body: bytes, total_seconds: float) -> None:
    pieces = max(2, min(len(body), round(total_seconds / _DRIP_SECONDS)))
    size = -(-len(body) // pieces)
    for start in range(0, len(body), size):
        if start:
            await asyncio.sleep(total_seconds / (pieces - 1))
        # With the last piece the caller has its answer and may call again: nothing may be waited for after it.
        await response.write(body[start : start + size])


async def _write_filler(response: web.StreamResponse, size_bytes: int) -> None:
    left = size_bytes
    while left > 0:
        await response.write(_FILLER_BYTES[: min(left, len(_FILLER_BYTES))])
        left -= len(_FILLER_BYTES)


def is_gone(request: web.Request) -> bool:
    """Tell whether the caller has hung up."""
    transport = request.transport
    return transport is None or transport.is_closing()


def cut(request: web.Request, *, with_reset: bool) -> web.Response:
    """End the connection under the request, with a reset packet or an ordinary end; nothing more is sent.

    aiohttp wants a response from every handler; the one given here finds the transport closed and is dropped.
    """
    end_connection(request.transport, with_reset=with_reset)
    return web.Response()


def end_connection(transport: asyncio.BaseTransport | None, *, with_reset: bool) -> None:
    """End a connection, whoever opened it, with a reset packet or an ordinary end; nothing happens to one that is
    gone."""
    if transport is None:
        return
    if not with_reset:
        transport.close()
        return
    peer = transport.get_extra_info("socket")
    if peer is not None:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_LINGER)
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()
