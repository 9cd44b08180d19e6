"""One bounded HTTP exchange, whose failure tells exactly what may have happened.

`HttpTransport` is the only place that knows aiohttp's exceptions. It follows every exchange through its stages:
until the request is about to be written nothing can have happened over there; from then on a write without a
complete answer has an unknown outcome. A read without an answer had no effect in any case.

Certificates may rotate: the TLS context is asked for at every call, and a new context opens new connections.
"""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import lru_cache
from typing import TypeVar

import aiohttp
from aiohttp.connector import Connection
from aiohttp.tracing import Trace
from aiolimiter import AsyncLimiter

from adapters.transport.failures import TLS_REFUSALS, no_answer_error, status_error
from adapters.transport.messages import CallOutcome, HttpAnswer, HttpRequest, Observer, RemoteCallFinished
from adapters.transport.retry_after import retry_after_seconds
from adapters.transport.settings import TransportSettings
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


_PROGRESS: ContextVar[_Progress] = ContextVar("progress of the exchange under way")


class _Connector(aiohttp.TCPConnector):
    """Marks the task's exchange once it has its connection: what follows next is writing.

    Nothing is written before, so the mark can only err on the careful side. aiohttp's traces tell the same, and cost a
    twentieth of a small exchange.
    """

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> Connection:
        connection = await super().connect(req, traces, timeout)
        _PROGRESS.get().may_be_sent = True
        return connection


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
        self._session: aiohttp.ClientSession | None = None
        self._limiter: AsyncLimiter | None = None

    async def exchange(self, request: HttpRequest, read: Read[ResultT]) -> ResultT:
        """Send one request and give what `read` makes of the answer.

        `read` is pure and judges the answer: it gives a result with its outcome class, or raises a RemoteError.
        Raises TransientFailure, RateLimited, CredentialsRefused, Rejected, OutcomeUnknown or ContractBroken.
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
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _wait_for_turn(self) -> None:
        rate = self._settings.calls_per_second
        if rate is None:
            return
        if self._limiter is None:
            # At most one second's worth at once, and at least one call however slow the rate is.
            self._limiter = AsyncLimiter(max(rate, 1.0), max(rate, 1.0) / rate)
        await self._limiter.acquire()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=_Connector(
                    limit=self._settings.max_connections, keepalive_timeout=self._settings.keepalive_seconds
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                raise_for_status=False,
                trust_env=False,
            )
        return self._session

    async def _send(self, request: HttpRequest, progress: _Progress) -> HttpAnswer:
        headers = dict(request.headers)
        # An answer that unpacks to a thousand times its size is then the other side's breach, not our memory.
        headers.setdefault("Accept-Encoding", "identity")
        if self._headers_supplier is not None:
            headers.update(self._headers_supplier())
        context = self._ssl_supplier()
        # Two turns of the loop let it notice idle connections that the other side has closed, so that a write does
        # not go into one of them and then have to be settled by a query.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        _PROGRESS.set(progress)
        try:
            async with self._opened().request(
                request.method,
                request.url,
                params=request.query,
                data=request.body,
                headers=headers,
                ssl=True if context is None else context,
                allow_redirects=False,
                timeout=_limits(request.total_seconds, self._settings.connect_seconds, self._settings.silence_seconds),
            ) as response:
                progress.status = response.status
                wish = response.headers.get("Retry-After")
                patience = None if wish is None else retry_after_seconds(wish, self._clock.now())
                if not (200 <= response.status < 300 or response.status in request.read_statuses):
                    raise status_error(
                        response.status,
                        system=request.system,
                        operation=request.operation,
                        is_write=request.is_write,
                        statuses_without_effect=self._settings.statuses_without_effect,
                        retry_after=patience,
                    )
                body = await self._read_body(response, request)
                return HttpAnswer(
                    status=response.status,
                    content_type=response.content_type,
                    date=response.headers.get("Date", ""),
                    retry_after_seconds=patience,
                    body=body,
                )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _failure(error, request, progress) from error

    async def _read_body(self, response: aiohttp.ClientResponse, request: HttpRequest) -> bytes:
        limit = self._settings.max_answer_bytes
        parts: list[bytes] = []
        size = 0
        announced = response.content_length or 0
        while announced <= limit:
            part = await response.content.readany()
            if not part:
                return b"".join(parts)
            size += len(part)
            if size > limit:
                break
            parts.append(part)
        # The rest stays unread, so the connection cannot be used again.
        response.close()
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
    if isinstance(error, aiohttp.ClientResponseError):
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
