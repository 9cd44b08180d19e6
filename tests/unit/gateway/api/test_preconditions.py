"""Entity tags, keys, cursors, traces: small readers of small texts."""

import os

import pytest

from gateway.api.content import read_parameters
from gateway.api.cursors import DossierCursor, read_number_cursor, write_number_cursor
from gateway.api.preconditions import is_current
from gateway.api.problems import PROBLEM_TYPES, Problem, problem_for_status
from gateway.api.tracing import Tracer, current_trace
from gateway.engine.webhooks import is_allowed_target, message_id, sign


@pytest.mark.parametrize(
    ("if_none_match", "expected"),
    [
        (None, False),
        ("", False),
        ('"3"', True),
        ('W/"3"', True),
        ('"2", "3"', True),
        ("*", True),
        ('"33"', False),
        ("3", False),
    ],
)
def test_tags_are_compared_weakly(if_none_match: str | None, expected: bool) -> None:
    """A reader's tag is right when it names the revision, weak or strong."""
    assert expected == is_current(if_none_match, '"3"')


@pytest.mark.parametrize("position", [0, 1, 35, 36, 2**53, 36**12 - 1])
def test_cursors_come_back(position: int) -> None:
    """What was written is read, and has the documented form."""
    from pydantic import TypeAdapter

    cursor = write_number_cursor("d", position)

    assert position == read_number_cursor(cursor)
    assert cursor == read_parameters(TypeAdapter(DossierCursor), cursor, "/query/cursor")


TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    ("traceparent", "is_joined"),
    [
        (f"00-{TRACE_ID}-00f067aa0ba902b7-01", True),
        (f"cc-{TRACE_ID}-00f067aa0ba902b7-01-what-will-come", True),
        (f"00-{TRACE_ID}-00f067aa0ba902b7-01-x", False),
        (f"ff-{TRACE_ID}-00f067aa0ba902b7-01", False),
        (f"00-{TRACE_ID.upper()}-00f067aa0ba902b7-01", False),
        (f"00-{TRACE_ID}-{'0' * 16}-01", False),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", False),
        ("", False),
        ("x" * 5000, False),
        (None, False),
    ],
)
def test_traces(traceparent: str | None, is_joined: bool) -> None:
    """A valid header is joined, also of a later version; an invalid one begins a trace of its own."""
    trace = Tracer(os.urandom).begin(traceparent, "vendor=1")

    assert is_joined == (trace.trace_id == TRACE_ID)
    assert ("vendor=1" if is_joined else "") == trace.state
    assert trace is current_trace.get()
    assert 55 == len(trace.traceparent)


def test_request_ids_differ() -> None:
    """Ids are not repeated, also where one drawing of randomness ends and the next begins."""
    tracer = Tracer(os.urandom)

    assert 500 == len({tracer.begin(None).span_id for _ in range(500)})


def test_problems_are_complete() -> None:
    """Every problem has a name of its own, a 4xx or 5xx status, a title and an advice."""
    for name, kind in PROBLEM_TYPES.items():
        assert name == kind.name
        assert 400 <= kind.status < 600
        assert kind.title
        assert kind.advice
    assert "Retry-After" in Problem("unavailable").headers
    assert ["no-such-address", "malformed-request", "internal"] == [
        problem_for_status(status).type.name for status in (404, 418, 599)
    ]


@pytest.mark.parametrize(
    ("url", "hosts", "expected"),
    [
        ("https://a.example/x", (), True),
        ("http://10.0.0.5:8080/x", (), True),
        ("http://169.254.169.254/latest", (), False),
        ("http://0.0.0.0/", (), False),
        ("http://224.0.0.1/", (), False),
        ("ftp://a.example/", (), False),
        ("https:///x", (), False),
        ("https://[bad/", (), False),
        ("https://a.example/", ("a.example",), True),
        ("https://A.Example/", ("a.example",), True),
        ("https://b.a.example/", ("a.example",), False),
        ("https://b.a.example/", (".a.example",), True),
        ("https://a.example/", (".a.example",), True),
        ("https://ba.example/", (".a.example",), False),
    ],
)
def test_targets_of_webhooks(url: str, hosts: tuple[str, ...], expected: bool) -> None:
    """Only web addresses, never link-local ones, and only allowed hosts where some are named."""
    assert expected == is_allowed_target(url, hosts)


def test_signatures_follow_the_specification() -> None:
    """The example of the specification's reference implementation: same secret, id, time and body, same signature."""
    import base64

    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

    assert "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" == sign(
        secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert "msg_0123_7" == message_id("sub_0123", 7)
