"""The HTTP server under the application: limits of connections, and problem documents for requests that are no HTTP."""

import asyncio
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from gateway.api.app import RUNTIME
from gateway.api.endpoint import PROBLEM_JSON, SERVER, Runtime, failure_of
from gateway.api.problems import Problem
from gateway.api.services import Limits, RequestFinished

_MAX_LINE_BYTES = 8190
_MAX_HEADERS_COUNT = 100
_MAX_LINGERING_SECONDS = 2.0


class _Protocol(RequestHandler):
    """Answers broken HTTP like everything else. The library would quote the broken bytes, and log them."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if self._manager is None or request.writer.output_size > 0:
            # Nobody is left to answer, or an answer was under way already: all that can be done is to hang up.
            raise ConnectionError("nothing can be answered any more")
        assert isinstance(self._manager, _Server)
        runtime = self._manager.runtime
        trace = runtime.tracer.begin(None)
        problem = Problem("malformed-request" if status < 500 else "internal")
        if status >= 500 and exc is not None:
            runtime.services.observer.internal_failure(failure_of(exc, "unrouted", trace))
        runtime.services.observer.request_finished(
            RequestFinished("other", "unrouted", problem.type.status, 0.0, "", trace.trace_id, trace.span_id)
        )
        response = web.Response(
            status=problem.type.status,
            body=problem.encode(trace.span_id),
            headers={
                "Content-Type": PROBLEM_JSON,
                "Server": SERVER,
                "traceparent": trace.traceparent,
                "X-Request-Id": trace.span_id,
            },
        )
        response.force_close()
        return response


class _Server(web.Server):
    """Makes the protocol above for every connection."""

    def __init__(self, made: web.Server, runtime: Runtime, options: dict[str, Any]) -> None:
        super().__init__(made.request_handler, request_factory=made.request_factory)
        self.runtime = runtime
        self._options = options

    def __call__(self) -> RequestHandler:
        return _Protocol(self, loop=asyncio.get_running_loop(), **self._options)


class _Runner(web.AppRunner):
    __slots__ = ("_options",)

    def __init__(self, app: web.Application, *, shutdown_timeout: float, options: dict[str, Any]) -> None:
        super().__init__(app, shutdown_timeout=shutdown_timeout)
        self._options = options

    async def _make_server(self) -> web.Server:
        return _Server(await super()._make_server(), self.app[RUNTIME], self._options)


def make_runner(app: web.Application, limits: Limits, *, shutdown_seconds: float = 10.0) -> web.AppRunner:
    """Give a runner for `build_app`'s application; put sites on it as on any aiohttp runner.

    A connection whose next request has not arrived with all its headers after `limits.headers_seconds` is closed,
    however steadily they trickle. Handlers go on when a caller goes away: an accepted change stays accepted.
    """
    options: dict[str, Any] = {
        "access_log": None,
        "keepalive_timeout": limits.headers_seconds,
        # What is still coming after an answer is read for a moment: hanging up at once could lose the answer.
        "lingering_time": min(_MAX_LINGERING_SECONDS, limits.body_seconds),
        "max_line_size": _MAX_LINE_BYTES,
        "max_field_size": _MAX_LINE_BYTES,
        "max_headers": _MAX_HEADERS_COUNT,
    }
    return _Runner(app, shutdown_timeout=shutdown_seconds, options=options)
