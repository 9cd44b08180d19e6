"""The monitoring system on HTTP: where provinces push to, and the control API beside it."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from aiohttp import web

from adapters.monitoring.sandbox.receiver import KEY_HEADER
from adapters.sandboxing import ControlAction, Touch, add_control_routes, is_gone

if TYPE_CHECKING:
    from adapters.monitoring.sandbox.sandbox import MonitoringSandbox

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Actions = Mapping[tuple[str, str], ControlAction]
SHORT_PREFIX = "/control/"


def make_app(sandbox: "MonitoringSandbox", actions: Actions, token: str | None) -> web.Application:
    """Make the application of the whole sandbox."""
    app = web.Application(client_max_size=sandbox.profile.max_push_bytes)
    app.router.add_post(sandbox.profile.push_path, _push(sandbox))
    _add_control(app, actions, token)
    return app


def make_control_app(actions: Actions, token: str | None) -> web.Application:
    """Make the application of the control API alone."""
    app = web.Application()
    _add_control(app, actions, token)
    return app


def _add_control(app: web.Application, actions: Actions, token: str | None) -> None:
    """Serve the control API where every sandbox has it, and under a short address of its own."""
    add_control_routes(app, actions, token)
    add_control_routes(app, actions, token, prefix=SHORT_PREFIX)


def _push(sandbox: "MonitoringSandbox") -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        refused = sandbox.exchange.refuses_unread(request)
        if refused is not None:
            return refused
        body = await request.read()
        record = sandbox.recorder.begin(request.path, partial(is_gone, request))
        key = request.headers.get(KEY_HEADER, "")
        sandbox.recorder.identify(record, "push", (key,) if key else (), Touch.EFFECT)
        return await sandbox.exchange.perform(
            request, record, lambda: sandbox.receiver.take(record, request.headers, body)
        )

    return handle
