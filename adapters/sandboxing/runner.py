"""Puts a sandbox on a socket, plain or TLS, and takes it off again."""

import asyncio
import ssl
from collections.abc import Mapping
from types import TracebackType
from typing import Protocol, Self, cast

from aiohttp import web
from aiohttp.typedefs import Handler

from adapters.sandboxing.faults import TLS_KINDS, FaultKind
from adapters.sandboxing.switchboard import FaultSwitchboard
from adapters.sandboxing.tls import let_faults_choose_certificate

_REFUSALS = frozenset({FaultKind.REFUSE_CONNECTION})
_BACKLOG = 1024
_SHUTDOWN_SECONDS = 0.5


class Sandbox(Protocol):
    """What the runner needs of a simulated national system."""

    @property
    def faults(self) -> FaultSwitchboard:
        """The switchboard that the sandbox asks."""
        ...

    def make_app(self) -> web.Application:
        """Make the application with the system's own paths and the control API."""
        ...

    def make_control_app(self) -> web.Application:
        """Make an application with the control API alone."""
        ...

    async def stop(self) -> None:
        """Give back whatever runs in the background. Called once, after the last connection has ended."""
        ...


class _Refusal(asyncio.Protocol):
    """Ends a connection as soon as there is one."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses of asyncio.Transport, so this cannot be an isinstance.
        cast(asyncio.WriteTransport, transport).abort()


class RunningSandbox:
    """A sandbox that listens. `url` and `control_url` have no slash at the end.

    `control_url` is a plain HTTP address of its own when one was asked for, and it stays reachable whatever faults
    befall `url`; otherwise it is `url`.
    """

    def __init__(
        self, sandbox: Sandbox, host: str, port: int, ssl_context: ssl.SSLContext | None, control_port: int | None
    ) -> None:
        self._sandbox = sandbox
        self._host = host
        self._port = port
        self._ssl = ssl_context
        self._wanted_control_port = control_port
        self._busy: set[asyncio.Transport] = set()
        self._to_be_renewed: set[asyncio.Transport] = set()
        app = sandbox.make_app()
        if ssl_context is not None:
            app.middlewares.append(self._watch_connection)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS, handle_signals=False)
        self._control_runner: web.AppRunner | None = None
        self._listener: asyncio.Server | None = None
        self._is_closed = False
        self.url = ""
        self.control_url = ""

    @property
    def port(self) -> int:
        """The port that was bound."""
        return self._port

    async def start(self) -> None:
        """Bind and listen. Raises OSError when the address is not free."""
        await self._runner.setup()
        self._sandbox.faults.subscribe(self._hang_up_if_certificate_changes)
        await self.resume_listening()
        scheme = "http" if self._ssl is None else "https"
        self.url = f"{scheme}://{_bracketed(self._host)}:{self._port}"
        self.control_url = self.url
        if self._wanted_control_port is not None:
            await self._start_control(self._wanted_control_port)

    async def stop_listening(self) -> None:
        """Make the port refuse connections, as when the system is down; open connections are ended."""
        listener, self._listener = self._listener, None
        if listener is None:
            return
        listener.close()
        for connection in self._web_server().connections:
            if connection.transport is not None:
                connection.transport.abort()
        await listener.wait_closed()

    async def resume_listening(self) -> None:
        """Listen (again), on the port of the first time."""
        if self._listener is not None:
            return
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(
            self._protocol, self._host, self._port, ssl=self._ssl, backlog=_BACKLOG, reuse_address=True
        )
        self._listener = listener
        self._port = listener.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop for good; calls under way get half a second. May be called twice."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._listener is not None:
            self._listener.close()
        await self._runner.cleanup()
        if self._control_runner is not None:
            await self._control_runner.cleanup()
        await self._sandbox.stop()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _start_control(self, port: int) -> None:
        runner = web.AppRunner(self._sandbox.make_control_app(), access_log=None, handle_signals=False)
        await runner.setup()
        await web.TCPSite(runner, self._host, port).start()
        self._control_runner = runner
        self.control_url = f"http://{_bracketed(self._host)}:{runner.addresses[0][1]}"

    def _web_server(self) -> web.Server:
        server = self._runner.server
        assert server is not None, "start() comes first"
        return server

    def _protocol(self) -> asyncio.Protocol:
        if self._sandbox.faults.take(_REFUSALS) is not None:
            return _Refusal()
        return self._web_server()()

    def _hang_up_if_certificate_changes(self) -> None:
        # A kept-alive connection would go on under the old certificate and hide the fault.
        if self._ssl is None or not any(armed["kind"] in TLS_KINDS for armed in self._sandbox.faults.armed()):
            return
        for connection in self._web_server().connections:
            if connection.transport in self._busy:
                self._to_be_renewed.add(connection.transport)
            else:
                connection.force_close()

    @web.middleware
    async def _watch_connection(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Know which connections have a call under way, and end those that must be renewed after their answer."""
        transport = request.transport
        if transport is None:
            return await handler(request)
        self._busy.add(transport)
        try:
            response = await handler(request)
            if transport in self._to_be_renewed:
                response.force_close()
            return response
        finally:
            self._busy.discard(transport)
            self._to_be_renewed.discard(transport)


async def serve_sandbox(
    sandbox: Sandbox,
    host: str = "127.0.0.1",
    port: int = 0,
    ssl_context: ssl.SSLContext | None = None,
    *,
    spoiled_contexts: Mapping[FaultKind, ssl.SSLContext] | None = None,
    control_port: int | None = None,
) -> RunningSandbox:
    """Start `sandbox` on host and port (0: any free one) and give its handle.

    With `ssl_context` it speaks TLS, and `spoiled_contexts` are what certificate faults serve instead. With
    `control_port` (0: any) the control API also listens apart, in plain HTTP. Raises OSError when it cannot bind.
    """
    if ssl_context is not None and spoiled_contexts:
        let_faults_choose_certificate(ssl_context, spoiled_contexts, sandbox.faults)
    running = RunningSandbox(sandbox, host, port, ssl_context, control_port)
    try:
        await running.start()
    except BaseException:
        await running.close()
        raise
    return running


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
