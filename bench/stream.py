"""The sender of one import, a process of its own: `python -m bench.stream`, told what to do on stdin.

Sends a prepared body over one connection and reads the results meanwhile, as the endpoint asks for; what the results
say is looked at when the clock has stopped.
"""

import json
import selectors
import socket
import sys
import time
from pathlib import Path

_PIECE_BYTES = 262_144
_SILENCE_SECONDS = 60.0
_END = b"0\r\n\r\n"


class BadAnswer(Exception):
    """What came is not the answer to an import."""


def request_head(host: str, token: str, length: int) -> bytes:
    """Write the head of the request."""
    return (
        f"POST /v1/dossiers:import HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/x-ndjson\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def exchange(connected: socket.socket, request: bytes) -> tuple[bytes, float]:
    """Send and receive at the same time until the answer has ended; give it with the seconds that it took.

    Raises BadAnswer when the answer does not end, or is no chunked 200.
    """
    connected.setblocking(False)
    selector = selectors.DefaultSelector()
    selector.register(connected, selectors.EVENT_READ | selectors.EVENT_WRITE)
    left = memoryview(request)
    pieces: list[bytes] = []
    started = time.perf_counter()
    while not (pieces and pieces[-1].endswith(_END) and not left):
        ready = selector.select(_SILENCE_SECONDS)
        if not ready:
            raise BadAnswer(f"silence for {_SILENCE_SECONDS:g} seconds")
        _, events = ready[0]
        if events & selectors.EVENT_WRITE:
            left = left[connected.send(left[:_PIECE_BYTES]) :]
            if not left:
                selector.modify(connected, selectors.EVENT_READ)
        if events & selectors.EVENT_READ:
            piece = connected.recv(_PIECE_BYTES)
            if not piece:
                raise BadAnswer("the connection was closed in the middle")
            # The end mark may itself arrive in pieces.
            if pieces and len(piece) < len(_END):
                piece = pieces.pop() + piece
            pieces.append(piece)
    elapsed = time.perf_counter() - started
    answer = b"".join(pieces)
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise BadAnswer(answer[:500].decode(errors="replace"))
    return answer, elapsed


def created_count(answer: bytes) -> int:
    """Count the lines that were created."""
    return answer.count(b'"status":201,')


def main() -> None:
    spec = json.loads(sys.stdin.readline())
    with socket.create_connection((spec["host"], spec["port"]), timeout=_SILENCE_SECONDS) as connected:
        for name in ("warm_up", "body"):
            body = Path(spec[name]).read_bytes()
            request = request_head(spec["host"], spec["token"], len(body)) + body
            _tell({"event": f"{name} begins"})
            if name == "body" and sys.stdin.readline() == "":
                return
            answer, seconds = exchange(connected, request)
            _tell({"event": f"{name} ended", "seconds": seconds, "created": created_count(answer)})


def _tell(facts: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
