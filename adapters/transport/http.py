"""One bounded HTTP exchange, whose failure tells exactly what may have happened.

`HttpTransport` and `wire` are the only places that know aiohttp's exceptions. Every exchange goes through its stages:
until the request is about to be written nothing can have happened over there; from then on a write without a
complete answer has an unknown outcome. A read without an answer had no effect in any case.

Certificates may rotate: the TLS context is asked for at every call, and a new context opens new connections.
"""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TypeVar

import aiohttp
from aiohttp import hdrs
from aiohttp.connector import Connection
from aiohttp.http import HttpProcessingError
from aiolimiter import AsyncLimiter
from multidict import CIMultiDict

from adapters.transport.failures import TLS_REFUSALS, no_answer_error, status_error
from adapters.transport.messages import CallOutcome, HttpAnswer, HttpRequest, Observer, RemoteCallFinished
from adapters.transport.retry_after import retry_after_seconds
from adapters.transport.settings import TransportSettings
from adapters.transport.wire import Answer, Pool, ask, give_back, head_of, url_of
from gateway.errors import (
    ContractBroken,
    CredentialsRefused,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    RemoteError,
    TransientFailure,
)
from gateway.ports.basics import Clock

ResultT = TypeVar("ResultT")
SslSupplier = Callable[[], ssl.SSLContext | None]
HeadersSupplier = Callable[[], Mapping[str, str]]
Read = Callable[[HttpAnswer], tuple[ResultT, CallOutcome]]

_OUTCOMES: tuple[tuple[type[RemoteError], CallOutcome], ...] = (
    (RateLimited, CallOutcome.RATE_LIMITED),
    (TransientFailure, CallOutcome.TRANSIENT),
    (CredentialsRefused, CallOutcome.CREDENTIALS_REFUSED),
    (Rejected, CallOutcome.REFUSED),
    (OutcomeUnknown, CallOutcome.OUTCOME_UNKNOWN),
    (ContractBroken, CallOutcome.CONTRACT_BROKEN),
)


class _Progress:
    """How far one exchange got."""

    __slots__ = ("may_be_sent", "status")

    def __init__(self) -> None:
        self.may_be_sent = False
        self.status: int | None = None


class HttpTransport:
    """Sends requests of one system over one pool of connections.

    `ssl_supplier` gives the TLS context for https addresses (None: the usual certificate authorities).
    `headers_supplier` gives headers to add to every call, such as traceparent. `observe` gets one record per exchange.
    """

    def __init__(
        self,
        settings: TransportSettings,
        *,
        ssl_supplier: SslSupplier,
        clock: Clock,
        observe: Observer | None = None,
        headers_supplier: HeadersSupplier | None = None,
    ) -> None:
        self._settings = settings
        self._ssl_supplier = ssl_supplier
        self._clock = clock
        self._observe = observe
        self._headers_supplier = headers_supplier
        self._pool = Pool(settings)
        # Read at every call; an attribute of a model costs many times that of an ordinary object.
        self._connect_seconds, self._silence_seconds = settings.connect_seconds, settings.silence_seconds
        self._max_answer_bytes = settings.max_answer_bytes
        self._calls_per_second = settings.calls_per_second
        self._limiter: AsyncLimiter | None = None

    async def exchange(self, request: HttpRequest, read: Read[ResultT]) -> ResultT:
        """Send one request and give what `read` makes of the answer.

        `read` is pure and judges the answer: it gives a result with its outcome class, or raises a RemoteError.
        Raises TransientFailure, RateLimited, CredentialsRefused, Rejected, OutcomeUnknown or ContractBroken; ValueError
        for a header that holds a line break, before anything is sent.
        """
        await self._wait_for_turn()
        started_at = self._clock.monotonic()
        progress = _Progress()
        outcome = CallOutcome.OUTCOME_UNKNOWN if request.is_write else CallOutcome.TRANSIENT
        try:
            answer = await self._send(request, progress)
            result, outcome = read(answer)
        except RemoteError as error:
            outcome = next((label for kind, label in _OUTCOMES if isinstance(error, kind)), outcome)
            raise
        else:
            return result
        finally:
            if self._observe is not None:
                self._observe(
                    RemoteCallFinished(
                        system=request.system,
                        operation=request.operation,
                        outcome=outcome,
                        duration_seconds=max(self._clock.monotonic() - started_at, 0.0),
                        status=progress.status,
                    )
                )

    async def aclose(self) -> None:
        """Close the connections. The transport may be used again afterwards."""
        await self._pool.aclose()

    async def _wait_for_turn(self) -> None:
        rate = self._calls_per_second
        if rate is None:
            return
        if self._limiter is None:
            # At most one second's worth at once, and at least one call however slow the rate is.
            self._limiter = AsyncLimiter(max(rate, 1.0), max(rate, 1.0) / rate)
        await self._limiter.acquire()

    async def _send(self, request: HttpRequest, progress: _Progress) -> HttpAnswer:
        headers = CIMultiDict(request.headers)
        # An answer that unpacks to a thousand times its size is then the other side's breach, not our memory.
        headers.setdefault(hdrs.ACCEPT_ENCODING, "identity")
        if self._headers_supplier is not None:
            headers.update(self._headers_supplier())
        context = self._ssl_supplier()
        limits = _limits(request.total_seconds, self._connect_seconds, self._silence_seconds)
        # Two turns of the loop let it notice idle connections that the other side has closed, so that a write does
        # not go into one of them and then have to be settled by a query.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        try:
            url = url_of(request)
            head = head_of(request, url, headers)
            async with asyncio.timeout(request.total_seconds):
                try:
                    connection = await self._pool.connect(url, context, limits)
                    return await self._exchanged(request, head, connection, progress)
                except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
                    if request.method != "GET" or request.is_write or not progress.may_be_sent:
                        raise
                # Most likely it was an idle connection that had been closed after all.
                connection = await self._pool.connect(url, context, limits)
                return await self._exchanged(request, head, connection, progress)
        except (aiohttp.ClientError, HttpProcessingError, TimeoutError, OSError) as error:
            raise _failure(error, request, progress) from error

    async def _exchanged(
        self, request: HttpRequest, head: bytes, connection: Connection, progress: _Progress
    ) -> HttpAnswer:
        # Nothing was written yet, so this can only err on the careful side.
        progress.may_be_sent = True
        try:
            answer = await ask(request, head, connection, silence_seconds=self._silence_seconds)
            progress.status = answer.status
            complete = await self._completed(request, answer)
        except RemoteError:
            # An answer all the same, even if not the one that was hoped for.
            give_back(connection)
            raise
        except BaseException:
            connection.close()
            raise
        give_back(connection)
        return complete

    async def _completed(self, request: HttpRequest, answer: Answer) -> HttpAnswer:
        status, headers = answer.status, answer.headers
        wish = headers.get(hdrs.RETRY_AFTER)
        patience = None if wish is None else retry_after_seconds(wish, self._clock.now())
        if not (200 <= status < 300 or status in request.read_statuses):
            raise status_error(
                status,
                system=request.system,
                operation=request.operation,
                is_write=request.is_write,
                statuses_without_effect=self._settings.statuses_without_effect,
                retry_after=patience,
            )
        body = await self._read_body(request, answer)
        return HttpAnswer(
            status=status,
            content_type=headers.get(hdrs.CONTENT_TYPE, "application/octet-stream").partition(";")[0].strip().lower(),
            date=headers.get(hdrs.DATE, ""),
            retry_after_seconds=patience,
            body=body,
        )

    async def _read_body(self, request: HttpRequest, answer: Answer) -> bytes:
        limit, content = self._max_answer_bytes, answer.content
        parts: list[bytes] = []
        size = int(answer.headers.get(hdrs.CONTENT_LENGTH, "0"))
        if size <= limit:
            size = 0
            while not content.at_eof():
                part = await content.readany()
                size += len(part)
                if size > limit:
                    break
                parts.append(part)
            else:
                return parts[0] if len(parts) == 1 else b"".join(parts)
        # While some of it is still to come, the connection is not used again.
        raise ContractBroken(
            f"{request.system} {request.operation}: the answer is longer than {limit} bytes",
            system=request.system,
            operation=request.operation,
            effect_possible=request.is_write,
            code="answer_too_large",
        )


@lru_cache(maxsize=64)
def _limits(total_seconds: float, connect_seconds: float, silence_seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(
        total=total_seconds, connect=connect_seconds, sock_connect=connect_seconds, sock_read=silence_seconds
    )


def _failure(error: Exception, request: HttpRequest, progress: _Progress) -> RemoteError:
    alert = _tls_alert(error)
    if alert in TLS_REFUSALS:
        return CredentialsRefused(
            f"{request.system} {request.operation}: {TLS_REFUSALS[alert]}",
            system=request.system,
            operation=request.operation,
            code="client_certificate_refused",
        )
    if isinstance(error, HttpProcessingError):
        return ContractBroken(
            f"{request.system} {request.operation}: the answer is not HTTP",
            system=request.system,
            operation=request.operation,
            effect_possible=request.is_write,
            code="not_http",
        )
    what, code = _describe(error, progress)
    return no_answer_error(
        what,
        system=request.system,
        operation=request.operation,
        is_write=request.is_write,
        may_be_sent=progress.may_be_sent,
        code=code,
    )


def _describe(error: Exception, progress: _Progress) -> tuple[str, str]:
    """Give words for an operator and a stable code. Never the exception's own text: it may hold an address."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "the server's certificate is not trusted", "server_certificate_refused"
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return "the TLS handshake failed", "tls_failed"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "the host name cannot be found", "name_not_found"
    if isinstance(error, asyncio.TimeoutError):
        return ("no answer in time", "timeout") if progress.may_be_sent else ("no connection in time", "no_connection")
    if isinstance(error, aiohttp.ClientConnectorError) or not progress.may_be_sent:
        return "no connection", "no_connection"
    if isinstance(error, aiohttp.ClientPayloadError):
        return "the answer broke off", "answer_cut"
    return "the connection broke", "connection_lost"


def _tls_alert(error: BaseException) -> str:
    seen: BaseException | None = error
    for _ in range(10):
        if seen is None:
            break
        reason = getattr(seen, "reason", None) if isinstance(seen, ssl.SSLError) else None
        if isinstance(reason, str) and reason:
            return reason
        text = str(seen)
        found = next((reason for reason in TLS_REFUSALS if reason in text), "")
        if found:
            return found
        seen = seen.__cause__ or seen.__context__
    return ""
