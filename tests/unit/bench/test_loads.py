"""The pure parts of the load generators, of the traffic, and of reading CPU time."""

import json
import os
import socket
import threading
from collections.abc import Iterator

import pytest

from bench.__main__ import NAMES, parse
from bench.children import cpu_seconds, spent, stat_cpu_seconds
from bench.load import BadAnswer, make_templates, read_status
from bench.stream import BadAnswer as BadStream
from bench.stream import created_count, exchange, request_head
from bench.traffic import code_of, import_lines, make_material

HEAD = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n"


@pytest.mark.parametrize(
    ("data", "expected"),
    [(HEAD + b"12345", 201), (HEAD + b"1234", None), (HEAD[:-2], None), (b"", None)],
)
def test_an_answer_counts_when_it_is_whole(data: bytes, expected: int | None) -> None:
    """Head and body may come in pieces."""
    assert expected == read_status(data)


@pytest.mark.parametrize(
    "data", [b"HTTP/1.1 204 No Content\r\n\r\n", b"SSH-2.0\r\nContent-Length: 0\r\n\r\n", HEAD + b"123456"]
)
def test_what_cannot_be_counted_is_refused(data: bytes) -> None:
    """No length, no HTTP, or more than was asked for."""
    with pytest.raises(BadAnswer):
        read_status(data)


def test_every_request_is_another_dossier_with_another_key() -> None:
    """The template is one whole request; number, code and key go together."""
    template = make_templates("127.0.0.1", "lt_x", ['{"a":"ầ"}'.encode()])[0]
    head, _, body = template.render(17).partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert f"PUT /v1/dossiers/{code_of(17)} HTTP/1.1" == lines[0]
    assert {"Idempotency-Key: key-17", "Authorization: Bearer lt_x", f"Content-Length: {len(body)}"} <= set(lines)
    assert template.render(17) != template.render(18)


def test_import_lines_are_json_with_codes_and_keys_of_their_own() -> None:
    """As many lines as asked for, counted on from the first number."""
    lines = [json.loads(line) for line in import_lines([b'{"a":1}', b'{"a":2}'], 5, 3).splitlines()]
    assert [code_of(number) for number in (5, 6, 7)] == [line["code"] for line in lines]
    assert [{"a": 2}, {"a": 1}, {"a": 2}] == [line["dossier"] for line in lines]
    assert 3 == len({line["idempotency_key"] for line in lines})


def test_every_dossier_of_the_material_can_be_translated() -> None:
    """No round may measure how dossiers are held back."""
    day = make_material()
    assert len(day.bodies) == len(day.dossiers) > 100
    assert {code_of(number) for number in range(len(day.dossiers))} == {
        day.record(number, code_of(number)).dossier_code for number in range(len(day.dossiers))
    }


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    with one, other:
        one.settimeout(5)
        yield one, other


def test_an_import_is_sent_and_read_at_the_same_time(pair: tuple[socket.socket, socket.socket]) -> None:
    """Neither side waits for the other to finish; the results are counted when the answer has ended."""
    server, client = pair
    request = request_head("127.0.0.1", "lt_x", 2_000_000) + b"x" * 2_000_000
    answer = (
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{"line":1,"status":201,"code":"a"}\n\r\n0\r\n\r\n'
    )
    received = bytearray()

    def serve() -> None:
        server.sendall(answer[:60])
        while len(received) < len(request):
            received.extend(server.recv(65_536))
        server.sendall(answer[60:-3])
        server.sendall(answer[-3:])

    thread = threading.Thread(target=serve)
    thread.start()
    whole, seconds = exchange(client, request)
    thread.join(timeout=5)
    assert answer == whole
    assert 1 == created_count(whole)
    assert seconds > 0
    assert request == bytes(received)


def test_a_refused_import_is_no_measurement(pair: tuple[socket.socket, socket.socket]) -> None:
    """Another status than 200 is shown and ends the run."""
    server, client = pair
    server.sendall(b"HTTP/1.1 401 Unauthorized\r\n\r\n0\r\n\r\n")
    with pytest.raises(BadStream, match="401"):
        exchange(client, b"POST")


def test_cpu_time_is_own_and_that_of_ended_children() -> None:
    """Fields 14 to 17 of the line, whatever the command is called."""
    ticks = os.sysconf("SC_CLK_TCK")
    line = "17 (a) b (c)) S 1 17 17 0 -1 4194560 100 0 0 0 200 30 4 1 20 0 1 0 100"
    assert pytest.approx(235 / ticks) == stat_cpu_seconds(line)


def test_the_cpu_time_of_a_process_that_is_gone_is_none() -> None:
    """Reading never fails; a living process has used some."""
    assert 0.0 == cpu_seconds(2**22 + 1)
    assert cpu_seconds(os.getpid()) > 0


def test_spent_is_the_difference_by_name() -> None:
    """A process that was not read twice is left out."""
    assert {"gateway": 1.5} == spent({"gateway": 1.0, "gone": 3.0}, {"gateway": 2.5, "new": 1.0})


def test_the_command_line_names_what_is_measured() -> None:
    """Everything by default; some of it with --only; what is not known is refused."""
    assert list(NAMES) == parse([]).names
    options = parse(["--quick", "--only", "drain,accept"])
    assert (True, ["drain", "accept"]) == (options.quick, options.names)
    with pytest.raises(SystemExit):
        parse(["--only", "everything"])
