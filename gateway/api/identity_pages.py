"""What a citizen's browser passes through on a sign-in: the beginning, the callback, the end. Not part of clients' API.

Nothing that a provider sent is ever shown. A browser that is not known to be the one that began sees a page of ours
with a code and the request's number; any other goes back to the portal.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from html import escape
from string import Template
from urllib.parse import quote, urlencode, urlsplit

from aiohttp import hdrs, web

from gateway.api.bodies import read_body
from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.identity_desk import IdentityDesk
from gateway.api.problems import Problem
from gateway.engine.flights import Landing, Visitor
from gateway.errors import RemoteError, StoreUnavailable
from gateway.model.identity import EidCode, SignInRefused
from gateway.ports.identity import LogoutForm

Handler = Callable[[Call], Awaitable[web.StreamResponse]]
_MAX_FORM_BYTES = 64 * 1024
_COOKIE_SECONDS = 3600
_BROWSER = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_PAGE = Template(
    '<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8"><title>$title</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1"></head>'
    "<body><main><h1>$title</h1>$content</main></body></html>"
)
_MESSAGES = {
    EidCode.STATE_INVALID: "Phiên đăng nhập không hợp lệ. Đề nghị bắt đầu lại từ cổng dịch vụ công.",
    EidCode.TRANSACTION_EXPIRED: "Phiên đăng nhập đã hết hạn. Đề nghị bắt đầu lại.",
    EidCode.TRANSACTION_REPLAYED: "Phiên đăng nhập này đã được sử dụng. Đề nghị bắt đầu lại.",
    EidCode.BROWSER_MISMATCH: "Phiên đăng nhập được bắt đầu ở trình duyệt khác. Đề nghị bắt đầu lại tại đây.",
    EidCode.PROVIDER_UNAVAILABLE: "Hệ thống định danh tạm thời chưa phản hồi. Đề nghị thử lại sau ít phút.",
}
_ANY_MESSAGE = "Không thể đăng nhập. Đề nghị thử lại sau."


def _headers(form_action: str = "'none'") -> dict[str, str]:
    return {
        "Content-Security-Policy": f"default-src 'none'; base-uri 'none'; form-action {form_action}; "
        "frame-ancestors 'none'",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex",
    }


def _page(call: Call, status: int, title: str, content: str, *, form_action: str = "'none'") -> web.Response:
    body = _PAGE.substitute(title=escape(title), content=content).encode()
    return call.answer_raw(status, body, "text/html; charset=utf-8", _headers(form_action))


def _refusal(call: Call, status: int, eid: EidCode) -> web.Response:
    message = escape(_MESSAGES.get(eid, _ANY_MESSAGE))
    number = escape(call.trace.span_id)
    return _page(call, status, "Đăng nhập", f"<p>{message}</p><p>Mã: {eid.value} · Số yêu cầu: {number}</p>")


def landing_page(call: Call, status: int, title: str, message: str) -> web.Response:
    """Show one sentence of ours."""
    return _page(call, status, title, f"<p>{escape(message)}</p>")


def see_other(call: Call, address: str) -> web.Response:
    """Send the browser on, by GET."""
    return call.answer_raw(303, None, "", {**_headers(), hdrs.LOCATION: address})


def _desk(call: Call) -> IdentityDesk:
    desk = call.services.identity
    if desk is None:
        raise Problem("no-such-address")
    return desk


def cookie_name(*, is_secure: bool) -> str:
    """Give the name of the browser's cookie: `__Host-` cannot be set by another host, and needs https."""
    return "__Host-gateway-eid" if is_secure else "gateway-eid"


def _browser(call: Call, desk: IdentityDesk) -> str:
    value = call.request.cookies.get(cookie_name(is_secure=desk.is_secure), "")
    return value if _BROWSER.fullmatch(value) else ""


async def start(call: Call) -> web.StreamResponse:
    """Send a browser to the provider."""
    desk = _desk(call)
    try:
        departure = await desk.sign_ins.start(call.path["ticket"], _browser(call, desk))
    except SignInRefused as refusal:
        status = 503 if refusal.eid is EidCode.PROVIDER_UNAVAILABLE else 400
        return _refusal(call, status, refusal.eid)
    response = see_other(call, departure.url)
    # A callback by form is a cross-site POST, to which a Lax cookie is not sent.
    is_form = any(one.adapter.takes_form_post for one in desk.sign_ins.providers.values())
    response.set_cookie(
        cookie_name(is_secure=desk.is_secure),
        departure.browser,
        max_age=_COOKIE_SECONDS,
        path="/",
        httponly=True,
        secure=desk.is_secure,
        samesite="None" if is_form and desk.is_secure else "Lax",
    )
    return response


async def call_back(call: Call) -> web.StreamResponse:
    """Take a provider's callback by query."""
    raw = call.request.raw_path.partition("?")[2]
    return await _land(call, raw, is_form=False)


async def call_back_by_form(call: Call) -> web.StreamResponse:
    """Take a provider's callback by form, where it is configured so."""
    if call.request.content_type != "application/x-www-form-urlencoded":
        raise Problem("unsupported-media-type", closes_connection=True)
    body = await read_body(call.request, replace(call.services.limits, max_body_bytes=_MAX_FORM_BYTES))
    return await _land(call, body.decode("latin-1"), is_form=True)


async def _land(call: Call, raw: str, *, is_form: bool) -> web.Response:
    desk = _desk(call)
    provider = desk.sign_ins.providers.get(call.path["provider"])
    if provider is None:
        raise Problem("no-such-address")
    if provider.adapter.takes_form_post is not is_form:
        raise Problem("method-not-allowed")
    request = call.request
    visitor = Visitor(
        browser=_browser(call, desk),
        address=request.remote or "",
        agent=request.headers.get(hdrs.USER_AGENT, "")[:1000],
    )
    try:
        landing = await desk.sign_ins.land(call.path["provider"], raw, visitor)
    except SignInRefused as refusal:
        return _refusal(call, 400, refusal.eid)
    return see_other(call, _way_back(desk, landing))


def _way_back(desk: IdentityDesk, landing: Landing) -> str:
    if landing.next_ticket:
        return f"{desk.public_base_url}/identity/logins/{landing.next_ticket}"
    told = {"code": landing.code} if landing.refused is None else {"error": landing.refused.value}
    return with_query(landing.return_to, told | ({"state": landing.state} if landing.state else {}))


def with_query(address: str, values: dict[str, str]) -> str:
    """Add values to an address's query."""
    return address + ("&" if urlsplit(address).query else "?") + urlencode(values, quote_via=quote)


async def hear_logout(call: Call) -> web.StreamResponse:
    """Take a back-channel logout (OIDC Back-Channel Logout 1.0 §2.7, §2.8)."""
    desk = _desk(call)
    if call.request.content_type != "application/x-www-form-urlencoded":
        raise Problem("unsupported-media-type", closes_connection=True)
    body = await read_body(call.request, replace(call.services.limits, max_body_bytes=_MAX_FORM_BYTES))
    pairs = [pair.partition(b"=") for pair in body.split(b"&")]
    tokens = [value for name, _, value in pairs if name == b"logout_token"]
    # A compact JWS needs no percent-encoding, so what has some is none.
    try:
        is_heard = len(tokens) == 1 and await desk.sessions.hear_logout(
            call.path["provider"], tokens[0].decode("latin-1")
        )
    except RemoteError as error:
        raise Problem("unavailable", "The provider's keys cannot be read now.") from error
    return call.answer_raw(200 if is_heard else 400, None, "", {"Cache-Control": "no-store"})


async def logout_page(call: Call) -> web.StreamResponse:
    """Show the ways to end the provider's sessions."""
    desk = _desk(call)
    page = await desk.sessions.logout_page(call.path["ticket"])
    if page is None:
        return _refusal(call, 400, EidCode.TRANSACTION_REPLAYED)
    if page.form is not None and not page.form.is_post and not page.has_vneid:
        return see_other(call, page.form.url)
    content, action = "<p>Phiên làm việc tại cổng của tỉnh đã kết thúc.</p>", "'none'"
    if page.has_vneid:
        address = escape(f"{desk.public_base_url}/identity/logouts/{call.path['ticket']}/vneid")
        content += f'<p><a href="{address}" target="_blank" rel="noopener noreferrer">Đăng xuất cả VNeID</a></p>'
    if page.form is not None:
        content += _form(page.form)
        parts = urlsplit(page.form.url)
        # A browser holds the redirects after a form against this as well: the provider's, ours, the portal's.
        action = " ".join([f"{parts.scheme}://{parts.netloc}", "'self'", *_origins(page.return_to)])
    return _page(call, 200, "Đăng xuất", content, form_action=action)


def _origins(address: str | None) -> list[str]:
    return [] if address is None else ["://".join(urlsplit(address)[:2])]


def _form(form: LogoutForm) -> str:
    if not form.is_post:
        return f'<p><a href="{escape(form.url)}">Đăng xuất tại Cổng Dịch vụ công quốc gia</a></p>'
    fields = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in form.fields
    )
    button = "<button>Đăng xuất tại hệ thống định danh quốc gia</button>"
    return f'<form method="post" action="{escape(form.url)}">{fields}{button}</form>'


async def leave_vneid(call: Call) -> web.StreamResponse:
    """Send the browser to the end of VNeID's own session, once."""
    address = await _desk(call).sessions.vneid_address(call.path["ticket"])
    return _refusal(call, 400, EidCode.TRANSACTION_REPLAYED) if address is None else see_other(call, address)


async def logged_out(call: Call) -> web.StreamResponse:
    """Take the browser back from the provider's logout."""
    desk = _desk(call)
    states = call.request.query.getall("state", [])
    found = await desk.sessions.logged_out(call.path["provider"], states[0]) if len(states) == 1 else None
    if found is None:
        return _page(call, 200, "Đăng xuất", "<p>Đã đăng xuất.</p>")
    return_to, state = found
    return see_other(call, with_query(return_to, {"state": state}) if state else return_to)


def _as_page(handler: Handler) -> Handler:
    """Show a page also when the store is away: a person looks at the answer."""

    async def handle(call: Call) -> web.StreamResponse:
        try:
            return await handler(call)
        except StoreUnavailable:
            return _refusal(call, 503, EidCode.PROVIDER_UNAVAILABLE)

    return handle


def _endpoint(method: str, path: str, handler: Handler, name: str) -> Endpoint:
    return Endpoint(
        method=method,
        path=path,
        operation_id=name,
        tag="identity",
        summary="A step of a citizen's browser",
        scope=None,
        handler=handler,
        answers={200: Answer(description="A page.")},
        problems=("no-such-address",),
        is_internal=True,
        ignores_query=True,
    )


ENDPOINTS = (
    _endpoint("GET", "/identity/logins/{ticket}", _as_page(start), "startLogin"),
    _endpoint("GET", "/callbacks/identity/{provider}", _as_page(call_back), "identityCallback"),
    _endpoint("POST", "/callbacks/identity/{provider}", _as_page(call_back_by_form), "identityFormCallback"),
    _endpoint("GET", "/callbacks/identity/{provider}/logged-out", _as_page(logged_out), "identityLoggedOut"),
    _endpoint("POST", "/callbacks/identity/{provider}/backchannel-logout", hear_logout, "identityBackchannelLogout"),
    _endpoint("GET", "/identity/logouts/{ticket}", _as_page(logout_page), "identityLogoutPage"),
    _endpoint("GET", "/identity/logouts/{ticket}/vneid", _as_page(leave_vneid), "identityLeaveVneid"),
)
