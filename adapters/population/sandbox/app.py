"""The database on HTTP: each edge behind its base path, the published definition, and the control API beside them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from adapters.population.sandbox import contract, questions
from adapters.population.sandbox.admission import (
    INVALID,
    Caller,
    Edge,
    is_access_header,
    is_oauth2_client,
    is_rest_user,
)
from adapters.population.sandbox.operations import SPOKEN, UNSUPPORTED
from adapters.population.sandbox.questions import Question, Refusal
from adapters.population.sandbox.speaking import JSON, MARK, gateway_error
from adapters.sandboxing import Answer, CallRecord, ControlAction, Touch, add_control_routes, is_gone

if TYPE_CHECKING:
    from adapters.population.sandbox.sandbox import PopulationSandbox

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Give = Callable[["PopulationSandbox", web.Request, bytes], dict[str, Any] | None]
"""Gives the document of a token call, or None for credentials that are not known."""
_MAX_BODY_BYTES = 1 << 18
_SOAP_EDGES = (Edge.PLAIN, Edge.C06, Edge.LGSP, Edge.OAUTH2)
_XML_TYPES = ("application/xml", "text/xml")


def make_app(
    sandbox: "PopulationSandbox", control_actions: Mapping[tuple[str, str], ControlAction], token: str | None
) -> web.Application:
    """Make the application of the whole sandbox."""
    app = web.Application(client_max_size=_MAX_BODY_BYTES)
    add_control_routes(app, control_actions, token)
    profile = sandbox.profile
    tokens: tuple[tuple[Edge, str, Give], ...] = (
        (Edge.LGSP, profile.lgsp_token_path, _lgsp_token),
        (Edge.REST, profile.rest_token_path, _rest_token),
        (Edge.OAUTH2, profile.oauth2_token_path, _oauth2_token),
    )
    for edge, path, give in tokens:
        app.router.add_post(edge.base + path, _token_handler(sandbox, edge, give))
    for operation in (*SPOKEN, *UNSUPPORTED):
        path = profile.path_of(operation)
        for edge in _SOAP_EDGES:
            app.router.add_post(edge.base + path, _soap_handler(sandbox, edge, path))
            app.router.add_get(edge.base + path, partial(_publish, sandbox))
        for edge in (Edge.REST, Edge.NGSP):
            app.router.add_post(edge.base + path, _json_handler(sandbox, edge, path, operation))
    for edge in _SOAP_EDGES:
        app.router.add_post(edge.base or "/", _soap_handler(sandbox, edge, ""))
        app.router.add_get(edge.base or "/", partial(_publish, sandbox))
    app.router.add_post(Edge.WRAP.base, _json_handler(sandbox, Edge.WRAP, "", ""))
    return app


def make_control_app(control_actions: Mapping[tuple[str, str], ControlAction], token: str | None) -> web.Application:
    """Make the application of the control API alone."""
    app = web.Application()
    add_control_routes(app, control_actions, token)
    return app


def _soap_handler(sandbox: "PopulationSandbox", edge: Edge, path: str) -> Handler:
    def read(body: bytes, request: web.Request) -> Question:
        if request.content_type not in _XML_TYPES:
            refusal = Refusal("001", "Content-Type phải là application/xml hoặc text/xml", http_status=415)
            return Question(problem=refusal)
        return questions.read_soap(body, sandbox.profile)

    return _handler(sandbox, edge, path, read)


def _json_handler(sandbox: "PopulationSandbox", edge: Edge, path: str, operation: str) -> Handler:
    def read(body: bytes, _: web.Request) -> Question:
        if edge is Edge.REST:
            return questions.read_rest(body, sandbox.profile, operation)
        return questions.read_wrapped(body, sandbox.profile, operation)

    return _handler(sandbox, edge, path, read)


def _handler(
    sandbox: "PopulationSandbox", edge: Edge, path: str, read: Callable[[bytes, web.Request], Question]
) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        refused = sandbox.exchange.refuses_unread(request)
        if refused is not None:
            return refused
        body = await request.read()
        record = sandbox.recorder.begin(request.path, partial(is_gone, request))
        question = read(body, request)
        codes = (question.request_id,) if question.request_id else ()
        sandbox.recorder.identify(record, question.operation or "unread", codes, Touch.NOTHING)
        record.notes = {
            "edge": edge.value,
            "officer": question.officer,
            "procedure": question.procedure,
            "service": question.service,
            "content_type": request.headers.get("Content-Type", ""),
            "header_names": [name.decode("latin-1") for name, _ in request.raw_headers],
        }
        if sandbox.profile.latency_seconds:
            await asyncio.sleep(sandbox.profile.latency_seconds)
        caller = Caller(edge, request.headers, request.remote or "", path)
        return await sandbox.exchange.perform(request, record, lambda: sandbox.answer(record, caller, question))

    return handle


async def _publish(sandbox: "PopulationSandbox", request: web.Request) -> web.Response:
    """Serve the definition: `?wsdl`, or a schema by `?xsd=`; whoever wants anything else must post."""
    query = {name.lower(): value for name, value in request.query.items()}
    body = None
    if "wsdl" in query:
        body = contract.wsdl(f"{request.scheme}://{request.host}{request.path}")
    elif "xsd" in query:
        body = contract.schema(query["xsd"], sandbox.profile.reply_form)
        if body is None:
            raise web.HTTPNotFound
    if body is None:
        raise web.HTTPMethodNotAllowed("GET", ["POST"])
    return web.Response(body=body, content_type="text/xml", charset="utf-8")


def _token_handler(sandbox: "PopulationSandbox", edge: Edge, give: Give) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        refused = sandbox.exchange.refuses_unread(request)
        if refused is not None:
            return refused
        body = await request.read()
        record = sandbox.recorder.begin(request.path, partial(is_gone, request))
        sandbox.recorder.identify(record, f"{edge.value}.token", (), Touch.NOTHING)
        record.notes = {
            "edge": edge.value,
            "header_names": [name.decode("latin-1") for name, _ in request.raw_headers],
        }
        return await sandbox.exchange.perform(request, record, lambda: _give(sandbox, record, give, request, body))

    return handle


def _give(sandbox: "PopulationSandbox", record: CallRecord, give: Give, request: web.Request, body: bytes) -> Answer:
    document = give(sandbox, request, body)
    record.outcome = "refused" if document is None else "given"
    if document is None:
        return gateway_error(INVALID, sandbox.profile)
    return Answer(msgspec.json.encode(document), 200, JSON, MARK)


def _is_for_client(form: Mapping[str, str]) -> bool:
    return form.get("grant_type") == "client_credentials"


def _form(request: web.Request, body: bytes) -> dict[str, str]:
    if request.content_type != "application/x-www-form-urlencoded":
        return {}
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def _bearer(sandbox: "PopulationSandbox", edge: Edge) -> dict[str, Any]:
    seconds = sandbox.profile.token_seconds
    token = sandbox.tokens.give(edge, seconds)
    return {"access_token": token, "token_type": "Bearer", "expires_in": int(seconds), "scope": "default"}


def _lgsp_token(sandbox: "PopulationSandbox", request: web.Request, body: bytes) -> dict[str, Any] | None:
    is_known = is_access_header(request.headers.get("lgspaccesstoken", ""), sandbox.profile)
    return _bearer(sandbox, Edge.LGSP) if is_known and _is_for_client(_form(request, body)) else None


def _oauth2_token(sandbox: "PopulationSandbox", request: web.Request, body: bytes) -> dict[str, Any] | None:
    form = _form(request, body)
    is_known = is_oauth2_client(form, request.headers.get("Authorization", ""), sandbox.profile)
    return _bearer(sandbox, Edge.OAUTH2) if is_known and _is_for_client(form) else None


def _rest_token(sandbox: "PopulationSandbox", request: web.Request, body: bytes) -> dict[str, Any] | None:
    if body or not is_rest_user(request.headers.get("Auth", ""), sandbox.profile):
        return None
    seconds = sandbox.profile.token_seconds
    token = sandbox.tokens.give(Edge.REST, seconds)
    ends_at = sandbox.clock.now() + timedelta(seconds=seconds)
    refresh = sandbox.tokens.give(Edge.PLAIN, 0.0)
    return {"token": token, "refreshToken": refresh, "expiryDate": ends_at.isoformat(timespec="seconds")}
