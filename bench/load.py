"""The load generator for single requests, a process of its own: `python -m bench.load`, told what to do on stdin.

Keeps a number of keep-alive connections busy, each with one request under way, and counts. It has to share the
machine with what it measures, so it costs as little as Python can: one thread, the system's own readiness calls,
requests joined from prepared parts, and no HTTP library. Every request creates another dossier with another key.
"""

import json
import selectors
import socket
import ssl
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.results import percentile

_RECEIVE_BYTES = 65_536
_SILENCE_SECONDS = 30.0
_LENGTH = b"content-length:"


class BadAnswer(Exception):
    """What came is no answer that can be counted."""


@dataclass(frozen=True, slots=True)
class Template:
    """A request but for its code and key."""

    before_code: bytes
    before_key: bytes
    rest: bytes

    def render(self, number: int) -> bytes:
        """Give the request that creates the dossier with a number (see bench.traffic.code_of)."""
        return b"%bH99.01-260105-%08d%bkey-%d%b" % (self.before_code, number, self.before_key, number, self.rest)


def make_templates(host: str, token: str, bodies: Sequence[bytes]) -> list[Template]:
    """Prepare one template per body."""
    before_key = (
        f" HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: application/json\r\nIdempotency-Key: "
    ).encode()
    return [
        Template(b"PUT /v1/dossiers/", before_key, b"\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        for body in bodies
    ]


def read_status(data: bytes) -> int | None:
    """Give the status of an answer that has arrived whole, None while it has not.

    Raises BadAnswer for what is no HTTP/1.1 answer with a length, or more than one answer.
    """
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = data[:end].lower()
    place = head.find(_LENGTH)
    if not head.startswith(b"http/1.1 ") or place < 0:
        raise BadAnswer("an answer without a length")
    length = int(head[place + len(_LENGTH) :].split(b"\r\n", 1)[0])
    missing = end + 4 + length - len(data)
    if missing < 0:
        raise BadAnswer("more came than was asked for")
    return int(data[9:12]) if missing == 0 else None


class _Connection:
    __slots__ = ("buffer", "sent_at", "socket")

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self.buffer = b""
        self.sent_at = 0.0


class Load:
    """Sends until the time is over, then waits for what is under way."""

    def __init__(self, connections: Sequence[socket.socket], templates: Sequence[Template], first_number: int) -> None:
        self._selector = selectors.DefaultSelector()
        self._connections = [_Connection(connected) for connected in connections]
        for connection in self._connections:
            self._selector.register(connection.socket, selectors.EVENT_READ, connection)
        self._templates = templates
        self._number = first_number
        self._under_way_count = 0
        self.sent_count = 0
        self.statuses: Counter[int] = Counter()
        self.latencies: list[float] = []

    def run(self, warm_up_seconds: float, measured_seconds: float) -> float:
        """Send; print a line when the window opens and when it closes. Gives the window's real length in seconds."""
        # One request each before the clock starts: the processes behind the address may still be starting.
        for connection in self._connections:
            self._send(connection)
        self._finish()
        for connection in self._connections:
            self._send(connection)
        self._until(time.perf_counter() + warm_up_seconds)
        self.latencies = []
        opened = time.perf_counter()
        _tell({"event": "opened"})
        self._until(opened + measured_seconds)
        window_seconds = time.perf_counter() - opened
        latencies, self.latencies = self.latencies, []
        _tell({"event": "closed"})
        self._finish()
        self.latencies = latencies
        return window_seconds

    def _finish(self) -> None:
        while self._under_way_count:
            self._turn(is_sending=False)

    def _until(self, end: float) -> None:
        while time.perf_counter() < end:
            self._turn(is_sending=True)

    def _turn(self, *, is_sending: bool) -> None:
        ready = self._selector.select(_SILENCE_SECONDS)
        if not ready:
            raise BadAnswer(f"no answer for {_SILENCE_SECONDS:g} seconds")
        for key, _ in ready:
            connection: _Connection = key.data
            if self._receive(connection) and is_sending:
                self._send(connection)

    def _receive(self, connection: _Connection) -> bool:
        try:
            data = connection.socket.recv(_RECEIVE_BYTES)
        except (ssl.SSLWantReadError, BlockingIOError):
            return False
        if not data:
            raise BadAnswer("the connection was closed")
        data = connection.buffer + data
        status = read_status(data)
        if status is None:
            connection.buffer = data
            return False
        connection.buffer = b""
        self.latencies.append(time.perf_counter() - connection.sent_at)
        self.statuses[status] += 1
        self._under_way_count -= 1
        return True

    def _send(self, connection: _Connection) -> None:
        number = self._number
        self._number = number + 1
        request = self._templates[number % len(self._templates)].render(number)
        connection.sent_at = time.perf_counter()
        # A request is smaller than the socket's buffer, and nothing else is under way on this connection.
        if connection.socket.send(request) != len(request):
            raise BadAnswer("a request did not fit into the socket's buffer")
        self.sent_count += 1
        self._under_way_count += 1


def connect(host: str, port: int, ca: Path | None, count: int) -> list[socket.socket]:
    """Open connections, with TLS when there is an authority to trust."""
    context = None if ca is None else ssl.create_default_context(cafile=str(ca))
    opened: list[socket.socket] = []
    for _ in range(count):
        connected = socket.create_connection((host, port), timeout=_SILENCE_SECONDS)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is not None:
            connected = context.wrap_socket(connected, server_hostname=host)
        connected.setblocking(False)
        opened.append(connected)
    return opened


def _tell(facts: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def main() -> None:
    spec = json.loads(sys.stdin.readline())
    bodies = [body.encode() for body in spec["bodies"]]
    templates = make_templates(spec["host"], spec["token"], bodies)
    ca = Path(spec["ca"]) if spec["ca"] else None
    connections = connect(spec["host"], spec["port"], ca, spec["connections"])
    load = Load(connections, templates, spec["first_number"])
    window_seconds = load.run(spec["warm_up_seconds"], spec["measured_seconds"])
    for connection in connections:
        connection.close()
    _tell(
        {
            "event": "ended",
            "sent": load.sent_count,
            "statuses": dict(load.statuses),
            "operations": len(load.latencies),
            "seconds": window_seconds,
            "p50_seconds": percentile(load.latencies, 0.50),
            "p99_seconds": percentile(load.latencies, 0.99),
        }
    )


if __name__ == "__main__":
    main()
