"""`gateway serve`: one process, or a parent that keeps several alive."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import structlog
import uvloop
from aiohttp import web
from prometheus_client.multiprocess import mark_process_dead

from gateway.bootstrap import Assembly, Role, open_database
from gateway.config import Settings
from gateway.errors import ConfigurationError, Fault
from gateway.garbage import settle_garbage
from gateway.store.schema import migrate
from gateway.telemetry import configure_logs

_ADDRESS = "GATEWAY_LISTENING_SOCKET"
_PARENT = "GATEWAY_FOLLOWS_PARENT"
_RESTART_SECONDS = 1.0


def serve(settings: Settings, role_name: str, processes_count: int) -> int:
    """Serve until told to stop by SIGTERM or SIGINT; give the exit status (0 after a graceful end).

    The first line on standard output is JSON with the address, once requests are answered. Raises ConfigurationError.
    """
    configure_logs(settings.log_level)
    if processes_count > 1:
        return _serve_many(settings, role_name, processes_count)
    return uvloop.run(_serve_one(settings, Role.named(role_name)))


async def _serve_one(settings: Settings, role: Role) -> int:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    database = await asyncio.to_thread(open_database, settings)
    try:
        await migrate(database.dsn)
        assembly = Assembly(settings, role, database.dsn)
        runtime, runner = await assembly.build()
        runtime.start()
        facts: dict[str, object] = {"pid": os.getpid()}
        if runner is not None:
            await runner.setup()
            listener = _listening_socket(settings)
            tls = assembly.server_tls
            site = web.SockSite(runner, listener, ssl_context=tls.context if tls is not None else None, backlog=1024)
            await site.start()
            scheme = "https" if tls is not None else "http"
            facts["url"] = f"{scheme}://{settings.api.host}:{listener.getsockname()[1]}"
        settle_garbage()
        sys.stdout.write(json.dumps(facts) + "\n")
        sys.stdout.flush()
        assembly.telemetry.say("gateway.started", **facts)
        if _PARENT in os.environ:
            watch = asyncio.create_task(_follow_parent(stopping))
        failure = asyncio.create_task(runtime.failed())
        told = asyncio.create_task(stopping.wait())
        done, _ = await asyncio.wait({failure, told}, return_when=asyncio.FIRST_COMPLETED)
        for task in (failure, told, *([watch] if _PARENT in os.environ else [])):
            task.cancel()
        runtime.begin_stop()
        if runner is not None:
            await runner.cleanup()
        is_complete = await runtime.stop()
        assembly.telemetry.say("gateway.stopped", is_complete=is_complete)
        if failure in done and not failure.cancelled() and failure.exception() is not None:
            assembly.telemetry.note_defect("runtime", failure.exception() or RuntimeError())
            return 1
    finally:
        await asyncio.to_thread(database.release)
    return 0


async def _follow_parent(stopping: asyncio.Event) -> None:
    """Stop when the parent is gone: nobody would restart or stop this process any more."""
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110 - there is no event for it
        await asyncio.sleep(1)
    stopping.set()


def _listening_socket(settings: Settings) -> socket.socket:
    """Open the listening socket, or take over the parent's. Raises ConfigurationError when the port is taken."""
    inherited = os.environ.get(_ADDRESS)
    if inherited is not None:
        return socket.socket(fileno=int(inherited))
    family = socket.AF_INET6 if ":" in settings.api.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.api.host, settings.api.port))
    except OSError as error:
        listener.close()
        fault = Fault("api.port", f"must be free on {settings.api.host}", type(error).__name__)
        raise ConfigurationError([fault]) from error
    listener.setblocking(False)
    return listener


def _serve_many(settings: Settings, role_name: str, processes_count: int) -> int:
    """Keep children alive that share one listening socket and one set of metrics; stop them all when told."""
    log = structlog.get_logger()
    database = open_database(settings)
    is_told = False

    def tell(*_: object) -> None:
        nonlocal is_told
        is_told = True

    signal.signal(signal.SIGTERM, tell)
    signal.signal(signal.SIGINT, tell)
    try:
        asyncio.run(migrate(database.dsn))
        is_api = Role.named(role_name).is_api
        listener = _listening_socket(settings) if is_api else None
        inherited = [] if listener is None else [listener.fileno()]
        if listener is not None:
            listener.listen(1024)
        with tempfile.TemporaryDirectory(prefix="gateway-metrics-") as metrics:
            environment = {
                **os.environ,
                "GATEWAY_STORE__DSN": database.dsn,
                "GATEWAY_KEYS__RING_FILE": str(_ring_file(settings)),
                "PROMETHEUS_MULTIPROC_DIR": metrics,
                _PARENT: "1",
            }
            if listener is not None:
                environment[_ADDRESS] = str(listener.fileno())
            arguments = [sys.executable, "-m", "gateway", "serve", "--role", role_name]

            def start() -> subprocess.Popen[bytes]:
                return subprocess.Popen(  # noqa: S603 - our own program
                    arguments, env=environment, pass_fds=inherited, stdout=subprocess.DEVNULL
                )

            children = [start() for _ in range(processes_count)]
            facts: dict[str, object] = {"pid": os.getpid()}
            if listener is not None:
                scheme = "https" if settings.api.tls is not None else "http"
                facts["url"] = f"{scheme}://{settings.api.host}:{listener.getsockname()[1]}"
            sys.stdout.write(json.dumps(facts) + "\n")
            sys.stdout.flush()
            while not is_told:
                for place, child in enumerate(children):
                    if child.poll() is not None:
                        log.error("process.died", pid=child.pid, status=child.returncode)
                        mark_process_dead(child.pid, metrics)  # type: ignore[no-untyped-call]
                        time.sleep(_RESTART_SECONDS)
                        children[place] = start()
                time.sleep(0.2)
            return _stop_all(children, settings.engine.stop_grace_seconds + 10)
    finally:
        database.release()


def _ring_file(settings: Settings) -> Path:
    from gateway.bootstrap import open_key_ring

    return open_key_ring(settings).path


def _stop_all(children: Sequence[subprocess.Popen[bytes]], grace_seconds: float) -> int:
    for child in children:
        child.terminate()
    end = time.monotonic() + grace_seconds
    for child in children:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(max(0.1, end - time.monotonic()))
        if child.poll() is None:
            child.kill()
            child.wait()
    # One that was told before it listened for being told ends by the signal itself: that is an end in order, too.
    statuses = [child.wait() for child in children]
    return max(0 if status == -signal.SIGTERM else abs(status) for status in statuses)
