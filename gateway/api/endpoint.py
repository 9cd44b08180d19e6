"""One table row per endpoint: what it takes, what it gives, who may call it.

Requests are served from the same rows that the OpenAPI document is made from, so the two cannot disagree.

Why not a ready-made layer: see docs/decisions/0003-typed-endpoints.md.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError
from pydantic import TypeAdapter

from gateway.api.authentication import Authenticator, require_scope
from gateway.api.bodies import JSON, read_body, require_media_type
from gateway.api.content import Content, adapter_for, read_parameters
from gateway.api.problems import Problem, problem_for_status
from gateway.api.services import InternalFailure, RequestFinished, Services
from gateway.api.tracing import Trace, Tracer
from gateway.errors import AuditBroken, Fault, GatewayError, InvalidInput, StoreUnavailable
from gateway.store.clients import Client, Scope

PROBLEM_JSON = "application/problem+json"
SERVER = "lien-thong"
CLIENT_WENT_AWAY = 499
_ROOT = Path(__file__).parents[2]
_MAX_PLACES = 40
_GO_ON = "The operator verifies the record with `gateway audit verify` and goes on with `gateway audit reseal`."


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A request or answer header, for the document; the handler reads or sets it."""

    name: str
    description: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    is_required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One good answer: its model (None for no body), or a media type with a plain schema."""

    description: str
    model: Any = None
    media_type: str = JSON
    schema: Mapping[str, Any] | None = None
    headers: tuple[Header, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One operation. `problems` are those of the handler; what every endpoint can answer is added by itself.

    `body` is a model read as JSON before the handler runs; with `streamed_media_type` the handler reads the stream.
    """

    method: str
    path: str
    operation_id: str
    tag: str
    summary: str
    description: str = ""
    scope: Scope | None
    handler: "Callable[[Call], Awaitable[web.StreamResponse]]"
    path_parameters: Mapping[str, Any] = field(default_factory=dict)
    query: Any = None
    body: Any = None
    streamed_media_type: str | None = None
    streamed_models: tuple[Any, ...] = ()
    headers: tuple[Header, ...] = ()
    answers: Mapping[int, Answer]
    problems: tuple[str, ...] = ()
    is_internal: bool = False
    """Left out of the document (pages, scripts)."""
    ignores_query: bool = False
    """Takes and ignores query parameters: an exchange in between may add its own."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """What lives as long as the application. `stopping` is set when no new work may be begun."""

    services: Services
    authenticator: Authenticator
    tracer: Tracer
    stopping: asyncio.Event
    documents: Mapping[str, bytes]


class Call:
    """One request on its way: validated parts, and the means to answer."""

    __slots__ = ("body", "client", "path", "query", "request", "runtime", "services", "trace")

    def __init__(self, request: web.Request, runtime: Runtime, trace: Trace) -> None:
        self.request = request
        self.runtime = runtime
        self.services = runtime.services
        self.trace = trace
        self.client: Client | None = None
        self.body: Any = None
        self.query: Any = None
        self.path: Mapping[str, Any] = request.match_info

    @property
    def caller(self) -> Client:
        """The authenticated client; only endpoints with a scope have one."""
        assert self.client is not None
        return self.client

    def headers(self, media_type: str) -> dict[str, str]:
        """Give the headers that every answer carries."""
        trace = self.trace
        return {
            "Content-Type": media_type,
            "Server": SERVER,
            "Cache-Control": "no-store",
            "traceparent": trace.traceparent,
            "X-Request-Id": trace.span_id,
        }

    def answer(self, status: int, content: Any, headers: Mapping[str, str] | None = None) -> web.Response:
        """Write a model as JSON."""
        return self.answer_raw(status, msgspec.json.encode(content), JSON, headers)

    def answer_raw(
        self, status: int, body: bytes | None, media_type: str, headers: Mapping[str, str] | None = None
    ) -> web.Response:
        """Write bytes. Headers given here win over the usual ones."""
        all_headers = self.headers(media_type)
        if body is None:
            del all_headers["Content-Type"]
        if headers is not None:
            all_headers.update(headers)
        return web.Response(status=status, body=body, headers=all_headers)

    def refuse(self, problem: Problem) -> web.Response:
        """Write a problem."""
        response = self.answer_raw(
            problem.type.status, problem.encode(self.trace.span_id), PROBLEM_JSON, problem.headers
        )
        if problem.closes_connection:
            response.force_close()
        return response


def _query_values(request: web.Request, lists: frozenset[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in request.query:
        if name in values:
            continue
        given = request.query.getall(name)
        if name in lists:
            values[name] = [part for text in given for part in text.split(",")]
        elif len(given) > 1:
            raise Problem("invalid-parameter", faults=[Fault(f"/query/{_shown(name)}", "must stand only once", "list")])
        else:
            values[name] = given[0]
    return values


def _shown(name: str) -> str:
    return name if name.isidentifier() and len(name) <= 64 else "(name not shown)"


class _Serving:
    """Serves one endpoint: authenticates, validates, calls the handler, turns failures into problems."""

    def __init__(self, endpoint: Endpoint, runtime: Runtime) -> None:
        self._endpoint = endpoint
        self._runtime = runtime
        self._clock = runtime.services.clock
        self._observer = runtime.services.observer
        self._limits = runtime.services.limits
        self._content: Content[Any] | None = None if endpoint.body is None else Content(endpoint.body)
        self._path = {name: adapter_for(model) for name, model in endpoint.path_parameters.items()}
        self._query: TypeAdapter[Any] | None = None
        self._lists: frozenset[str] = frozenset()
        if endpoint.query is not None:
            self._query = adapter_for(endpoint.query)
            self._lists = _list_parameters(endpoint.query)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        started = self._clock.monotonic()
        headers = request.headers
        trace = self._runtime.tracer.begin(headers.get("traceparent"), headers.get("tracestate"))
        call = Call(request, self._runtime, trace)
        status = CLIENT_WENT_AWAY
        try:
            response = await self._answer(call)
            status = response.status
        finally:
            client_id = "" if call.client is None else call.client.client_id
            self._observer.request_finished(
                RequestFinished(
                    request.method,
                    self._endpoint.path,
                    status,
                    self._clock.monotonic() - started,
                    client_id,
                    trace.trace_id,
                    trace.span_id,
                )
            )
        return response

    async def _answer(self, call: Call) -> web.StreamResponse:
        try:
            await self._read(call)
            return await self._endpoint.handler(call)
        except Problem as problem:
            return call.refuse(problem)
        except asyncio.CancelledError:
            raise
        except (HttpProcessingError, web.RequestPayloadError):
            return call.refuse(Problem("malformed-request", closes_connection=True))
        except web.HTTPException as error:
            return call.refuse(problem_for_status(error.status))
        except InvalidInput as error:
            return call.refuse(Problem("invalid-content", error.message, faults=error.faults))
        except StoreUnavailable as error:
            return call.refuse(Problem("unavailable", error.message))
        except AuditBroken as error:
            # No defect of the code: the record was damaged, and a person must decide.
            return call.refuse(Problem("audit-unavailable", f"{error.message} ({error.code}). {_GO_ON}"))
        except Exception as error:
            if isinstance(error, ConnectionError) and is_gone(call.request):
                # The caller went away. What was submitted stays submitted.
                raise
            self._observer.internal_failure(failure_of(error, self._endpoint.path, call.trace))
            return call.refuse(Problem("internal"))

    async def _read(self, call: Call) -> None:
        endpoint, request = self._endpoint, call.request
        if endpoint.scope is not None:
            call.client = await self._runtime.authenticator.authenticate(request)
            require_scope(call.client, endpoint.scope)
        if self._path:
            call.path = {
                name: read_parameters(adapter, request.match_info[name], f"/path/{name}")
                for name, adapter in self._path.items()
            }
        if self._query is not None:
            call.query = read_parameters(self._query, _query_values(request, self._lists), "/query")
        elif request.query_string and not endpoint.ignores_query:
            raise Problem("invalid-parameter", faults=[Fault("/query", "takes no parameters", "parameters")])
        if self._content is not None:
            require_media_type(request, JSON)
            call.body = self._content.read(await read_body(request, self._limits))
        elif endpoint.streamed_media_type is not None:
            require_media_type(request, endpoint.streamed_media_type)


def is_gone(request: web.Request) -> bool:
    """Tell whether the caller has hung up."""
    return request.transport is None or request.transport.is_closing()


@cache
def _list_parameters(model: Any) -> frozenset[str]:
    properties = adapter_for(model).json_schema()["properties"]
    return frozenset(name for name, schema in properties.items() if _is_list(schema))


def _is_list(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "array" or any(_is_list(choice) for choice in schema.get("anyOf", ()))


def serving(endpoint: Endpoint, runtime: Runtime) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Give the aiohttp handler of an endpoint."""
    return _Serving(endpoint, runtime).handle


async def refuse_unrouted(runtime: Runtime, request: web.Request, error: web.HTTPException) -> web.StreamResponse:
    """Answer a request that no endpoint serves (404, 405)."""
    started = runtime.services.clock.monotonic()
    trace = runtime.tracer.begin(request.headers.get("traceparent"))
    allowed = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    problem = problem_for_status(error.status, allowed)
    method = request.method if request.method in hdrs.METH_ALL else "other"
    duration_seconds = runtime.services.clock.monotonic() - started
    runtime.services.observer.request_finished(
        RequestFinished(method, "unrouted", problem.type.status, duration_seconds, "", trace.trace_id, trace.span_id)
    )
    return Call(request, runtime, trace).refuse(problem)


def unrouted_middleware(runtime: Runtime) -> Any:
    """Give the only middleware: it does nothing for requests that have an endpoint."""

    @web.middleware
    async def middleware(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        error = request.match_info.http_exception
        return await handler(request) if error is None else await refuse_unrouted(runtime, request, error)

    return middleware


def failure_of(error: BaseException, route: str, trace: Trace) -> InternalFailure:
    """Describe a failure by types and places in the code. Messages are left out: they may quote a value."""
    kinds: list[str] = []
    places: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(kinds) < 5:
        code = f" {cause.code}" if isinstance(cause, GatewayError) else ""
        kinds.append(type(cause).__name__ + code)
        places.extend(_places(cause))
        cause = cause.__cause__ or cause.__context__
    return InternalFailure(route, tuple(kinds), tuple(places[:_MAX_PLACES]), trace.trace_id, trace.span_id)


def _places(error: BaseException) -> list[str]:
    places = []
    step = error.__traceback__
    while step is not None:
        path = Path(step.tb_frame.f_code.co_filename)
        name = path.relative_to(_ROOT) if path.is_relative_to(_ROOT) else path.name
        places.append(f"{name}:{step.tb_lineno} {step.tb_frame.f_code.co_name}")
        step = step.tb_next
    return places
