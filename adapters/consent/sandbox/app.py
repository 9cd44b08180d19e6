"""The hub on HTTP: the calls of §7.2 and §7.5, the citizen's pages, and the control API beside them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import msgspec
from aiohttp import web

from adapters.consent.sandbox import pages
from adapters.sandboxing import Answer, CallRecord, ControlAction, Touch, add_control_routes, is_gone

if TYPE_CHECKING:
    from adapters.consent.sandbox.sandbox import ConsentSandbox

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_MAX_BODY_BYTES = 1 << 20
_decode = msgspec.json.Decoder().decode


class Call:
    """A call as it arrived; both body forms are opened to the same members."""

    __slots__ = ("body", "code", "document", "headers", "is_malformed", "query")

    def __init__(self, headers: Mapping[str, str], query: Mapping[str, str], body: bytes, code: str) -> None:
        self.headers = headers
        self.query = query
        self.body = body
        self.code = code
        """The transaction code in the path, where questions come by GET."""
        document = _object(body)
        self.is_malformed = document is None
        inner = {} if document is None else document
        if "serviceCode" in inner and isinstance(inner.get("data"), dict):
            inner = inner["data"]
        self.document: dict[str, Any] = inner

    def member(self, name: str) -> str:
        """Give a text of the body, "" when there is none."""
        value = self.document.get(name)
        return value if isinstance(value, str) else ""


Work = Callable[[CallRecord, Call], Answer]


def make_app(
    sandbox: "ConsentSandbox", control_actions: Mapping[tuple[str, str], ControlAction], token: str | None
) -> web.Application:
    """Make the application of the whole sandbox."""
    profile = sandbox.profile
    app = web.Application(client_max_size=_MAX_BODY_BYTES)
    posts: dict[str, tuple[str, Work]] = {
        profile.start_path: ("start", sandbox.start),
        profile.status_path: ("status", sandbox.status),
        profile.data_path: ("data", sandbox.data),
        profile.token_path: ("login", sandbox.log_in),
        profile.refresh_path: ("refresh", sandbox.refresh),
    }
    for path, (operation, work) in posts.items():
        app.router.add_post(path, _handler(sandbox, operation, work))
    for path in (profile.status_path, profile.data_path):
        app.router.add_get(path + "/{code}", _handler(sandbox, *posts[path]))
    app.router.add_get("/phone", partial(_phone, sandbox))
    app.router.add_get("/share/{txn_id}", partial(_share, sandbox))
    app.router.add_post("/share/{txn_id}", partial(_decide, sandbox))
    add_control_routes(app, control_actions, token)
    return app


def make_control_app(control_actions: Mapping[tuple[str, str], ControlAction], token: str | None) -> web.Application:
    """Make the application of the control API alone."""
    app = web.Application()
    add_control_routes(app, control_actions, token)
    return app


def _handler(sandbox: "ConsentSandbox", operation: str, work: Work) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        refused = sandbox.exchange.refuses_unread(request)
        if refused is not None:
            return refused
        body = await request.read()
        record = sandbox.recorder.begin(request.path, partial(is_gone, request))
        call = Call(request.headers, request.query, body, request.match_info.get("code", ""))
        code = call.code or call.member("transactionCode")
        touch = Touch.EFFECT if operation == "start" else Touch.NOTHING
        sandbox.recorder.identify(record, operation, (code,) if code else (), touch)
        await asyncio.sleep(sandbox.profile.latency_seconds)
        return await sandbox.exchange.perform(request, record, lambda: work(record, call))

    return handle


async def _phone(sandbox: "ConsentSandbox", _: web.Request) -> web.StreamResponse:
    sandbox.expire_due()
    return _page(pages.phone_page(sandbox.transactions))


async def _share(sandbox: "ConsentSandbox", request: web.Request) -> web.StreamResponse:
    sandbox.expire_due()
    transaction = sandbox.transactions.find_by_txn_id(request.match_info["txn_id"])
    if transaction is None:
        return _page(pages.end_page("Không tìm thấy yêu cầu."), 404)
    return _page(pages.consent_page(transaction, sandbox.profile.expired_word))


async def _decide(sandbox: "ConsentSandbox", request: web.Request) -> web.StreamResponse:
    """Take the citizen's decision and return to whoever asked; consent needs its tick."""
    transaction = sandbox.transactions.find_by_txn_id(request.match_info["txn_id"])
    if transaction is None:
        return _page(pages.end_page("Không tìm thấy yêu cầu."), 404)
    form = parse_qs((await request.read()).decode("utf-8", "replace"))
    decision = form.get("decision", [""])[0]
    if decision not in ("approve", "decline") or (decision == "approve" and "consent" not in form):
        return _page(pages.consent_page(transaction, sandbox.profile.expired_word), 400)
    sandbox.decide(transaction, decision)
    link = sandbox.return_link(transaction)
    if not link:
        return _page(pages.consent_page(transaction, sandbox.profile.expired_word))
    # Written as it is: a library that parsed the address would undo the double encoding.
    return web.Response(status=303, headers={"Location": link, "Cache-Control": "no-store"})


def _page(text: str, status: int = 200) -> web.Response:
    headers = {"X-Simulated": "vneid-share", "Content-Security-Policy": "default-src 'none'"}
    return web.Response(status=status, text=text, content_type="text/html", charset="utf-8", headers=headers)


def _object(body: bytes) -> dict[str, Any] | None:
    if not body:
        return {}
    try:
        document = _decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
