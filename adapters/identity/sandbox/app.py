"""The sign-on on HTTP: its own paths, its page, and the control API beside them."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from aiohttp import web

from adapters.identity.sandbox.authorizing import SIGN_IN_PATH
from adapters.identity.sandbox.core import COOKIE, Call, Refused, document, html
from adapters.identity.sandbox.leaving import discovery
from adapters.identity.sandbox.pages import message_page
from adapters.sandboxing import Answer, CallRecord, ControlAction, Touch, add_control_routes, is_gone

if TYPE_CHECKING:
    from adapters.identity.sandbox.sandbox import IdentitySandbox

_MAX_BODY_BYTES = 1024 * 1024
_Work = Callable[[Call], Answer]


def make_app(
    sandbox: "IdentitySandbox", control_actions: Mapping[tuple[str, str], ControlAction], token: str | None
) -> web.Application:
    """Make the application of the whole sandbox."""
    app = web.Application(client_max_size=_MAX_BODY_BYTES)
    core, authorizing, issuing, leaving = sandbox.core, sandbox.authorizing, sandbox.issuing, sandbox.leaving
    paths = core.paths

    def serve(method: str, path: str, operation: str, work: _Work) -> None:
        app.router.add_route(method, path, _handler(sandbox, operation, work))

    serve("GET", paths.authorize, "authorize", authorizing.authorize)
    serve("POST", SIGN_IN_PATH, "sign_in", authorizing.sign_in)
    serve("POST", paths.token, "token", issuing.token)
    for method in ("GET", "POST"):
        serve(method, paths.userinfo, "userinfo", issuing.userinfo)
        serve(method, paths.logout, "logout", sandbox.log_out)
    serve("GET", paths.keys, "keys", lambda _: document(sandbox.state.ring.document()))
    serve("GET", paths.discovery, "discovery", lambda _: discovery(core))
    serve("GET", paths.error_page, "error_page", lambda _: html(message_page("Lỗi", "Yêu cầu không hợp lệ."), 400))
    serve("GET", paths.vneid_logout, "vneid_logout", leaving.vneid_logout)
    if paths.introspect:
        serve("POST", paths.introspect, "introspect", issuing.introspect)
        serve("POST", paths.revoke, "revoke", issuing.revoke)
    if core.profile.offers_par and paths.par:
        serve("POST", paths.par, "par", authorizing.push)
    add_control_routes(app, control_actions, token)
    return app


def make_control_app(control_actions: Mapping[tuple[str, str], ControlAction], token: str | None) -> web.Application:
    """Make the application of the control API alone."""
    app = web.Application()
    add_control_routes(app, control_actions, token)
    return app


def _handler(
    sandbox: "IdentitySandbox", operation: str, work: _Work
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        refused = sandbox.exchange.refuses_unread(request)
        if refused is not None:
            return refused
        body = await request.read()
        record = sandbox.recorder.begin(request.path, partial(is_gone, request))
        sandbox.recorder.identify(record, operation, (), Touch.NOTHING)
        call = _read(request, body)
        return await sandbox.exchange.perform(
            request, record, lambda: _answer(sandbox, record, request, body, call, work)
        )

    return handle


def _read(request: web.Request, body: bytes) -> Call:
    text = request.rel_url.raw_query_string if request.method == "GET" else body.decode("utf-8", "replace")
    return Call(
        parameters=tuple(parse_qsl(text, keep_blank_values=True)),
        content_type=request.headers.get("Content-Type", ""),
        authorization=request.headers.get("Authorization", ""),
        cookie=request.cookies.get(COOKIE, ""),
    )


def _answer(
    sandbox: "IdentitySandbox", record: CallRecord, request: web.Request, body: bytes, call: Call, work: _Work
) -> Answer:
    try:
        answer = work(call)
        record.outcome = str(answer.http_status)
    except Refused as refusal:
        answer = refusal.answer
        record.outcome = str(refusal)
    sandbox.state.journal.append(
        {
            "sequence": record.sequence,
            "request": f"{request.method} {request.path_qs}",
            "body": body.decode("utf-8", "replace")[:10_000],
            "http_status": answer.http_status,
            "headers": dict(answer.headers or {}),
            "answer": answer.body[:10_000].decode("utf-8", "replace"),
        }
    )
    return answer
