"""The control API obeys well-formed orders, refuses others with a reason, and can be closed to strangers."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from adapters.sandboxing import (
    ControlCall,
    ControlError,
    FaultKind,
    MovedClock,
    RunningSandbox,
    clock_action,
    serve_sandbox,
)
from tests.unit.adapters.sandboxing.sandboxing_helpers import EchoSandbox, HandClock

LIMIT = aiohttp.ClientTimeout(total=5)


class Desk:
    """A running sandbox and its control API."""

    def __init__(self, sandbox: EchoSandbox, running: RunningSandbox, client: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.running = running
        self.client = client

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        async with self.client.request(
            method, f"/_sandbox/{path}", json=body if body is not None else None, headers=headers
        ) as response:
            return response.status, await response.json()


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    sandbox = EchoSandbox(HandClock())
    async with (
        await serve_sandbox(sandbox) as running,
        aiohttp.ClientSession(running.url, timeout=LIMIT) as client,
    ):
        yield Desk(sandbox, running, client)


async def test_faults_are_added_listed_replaced_removed_and_cleared(desk: Desk) -> None:
    """Each order has its effect at once."""
    fault = {"kind": "server_error", "http_status": 502, "calls": 2}
    status, added = await desk.ask("POST", "faults", {"action": "add", "faults": [fault, fault]})
    assert (200, 2) == (status, len(added["ids"]))
    _, listed = await desk.ask("GET", "faults")
    assert [(502, 2), (502, 2)] == [(item["http_status"], item["left_calls"]) for item in listed["faults"]]
    assert "maintenance" in listed["supported"]
    assert 200 == (await desk.ask("POST", "faults", {"action": "remove", "id": added["ids"][0]}))[0]
    assert 404 == (await desk.ask("POST", "faults", {"action": "remove", "id": added["ids"][0]}))[0]
    await desk.ask("POST", "faults", {"action": "replace", "faults": [{"kind": "maintenance"}]})
    assert [FaultKind.MAINTENANCE] == [armed["kind"] for armed in desk.sandbox.faults.armed()]
    await desk.ask("POST", "faults", {"action": "clear"})
    assert desk.sandbox.faults.is_idle


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("faults", [], "body"),
        ("faults", {"action": "explode"}, "action"),
        ("faults", {"kind": "maintenance", "calls": 1}, "calls, kind"),
        ("faults", {"faults": "maintenance"}, "faults"),
        ("faults", {"faults": [{"kind": "maintenance", "calls": 0}]}, "calls"),
        ("faults", {"faults": [{"kind": "maintenance"}, {"kind": "expired_session"}]}, "kind"),
    ],
)
async def test_an_order_that_cannot_be_obeyed_changes_nothing(desk: Desk, path: str, body: Any, named: str) -> None:
    """400, the reason names the place, and no part of the order is carried out."""
    status, answer = await desk.ask("POST", path, body)
    assert (400, True) == (status, answer["error"].startswith(named))
    assert desk.sandbox.faults.is_idle


async def test_bytes_that_are_no_json_are_refused(desk: Desk) -> None:
    """The sender hears 400, not a failure of the sandbox."""
    async with desk.client.post("/_sandbox/faults", data=b"{") as response:
        assert 400 == response.status


async def test_calls_come_in_pages(desk: Desk) -> None:
    """`after` and `limit` walk through the record; a bad number is refused."""
    for _ in range(5):
        async with desk.client.post("/echo", data=b"push") as response:
            await response.read()
    _, first = await desk.ask("GET", "calls?limit=3")
    _, second = await desk.ask("GET", f"calls?limit=3&after={first['next_after']}")
    assert [1, 2, 3, 4, 5] == [call["sequence"] for page in (first, second) for call in page["calls"]]
    _, none = await desk.ask("GET", "calls?operation=login")
    assert {"calls": [], "next_after": None} == none
    assert 400 == (await desk.ask("GET", "calls?limit=-3"))[0]


async def test_reset_forgets_and_disarms(desk: Desk) -> None:
    """Counters are at zero and faults are gone."""
    async with desk.client.post("/echo", data=b"push") as response:
        await response.read()
    await desk.ask("POST", "faults", {"faults": [{"kind": "maintenance"}]})
    await desk.ask("POST", "reset")
    _, counters = await desk.ask("GET", "counters")
    assert 0 == counters["calls"]
    assert desk.sandbox.faults.is_idle


async def test_a_token_closes_everything_but_health() -> None:
    """Without the right token: 401. Health is open for a supervisor."""
    sandbox = EchoSandbox(HandClock(), token="open-sesame")
    async with (
        await serve_sandbox(sandbox) as running,
        aiohttp.ClientSession(running.url, timeout=LIMIT) as client,
    ):
        desk = Desk(sandbox, running, client)
        assert 200 == (await desk.ask("GET", "health"))[0]
        assert 401 == (await desk.ask("GET", "counters"))[0]
        assert 401 == (await desk.ask("GET", "counters", **{"X-Sandbox-Token": "open"}))[0]
        assert 200 == (await desk.ask("GET", "counters", **{"X-Sandbox-Token": "open-sesame"}))[0]


def test_a_clock_is_moved_by_what_passes_and_by_what_it_is_off() -> None:
    """Spans grow only where time passes; a sandbox with more to do at that is asked to do it, and only then."""
    clock = MovedClock(HandClock())
    passed: list[float] = []

    def advance(seconds: float) -> None:
        passed.append(seconds)
        clock.advance(seconds)

    move = clock_action(clock, advance)
    start, began = clock.now(), clock.monotonic()
    assert {"now": (start - timedelta(seconds=90)).isoformat()} == move(ControlCall({}, {"shift_seconds": -90}))
    assert 0 == clock.monotonic() - began
    move(ControlCall({}, {"advance_seconds": 60}))
    assert (-30, 60, [60]) == ((clock.now() - start).total_seconds(), clock.monotonic() - began, passed)
    clock_action(clock)(ControlCall({}, {"advance_seconds": 5}))
    assert (65, [60]) == (clock.monotonic() - began, passed)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"advance_seconds": 1, "shift_seconds": 1},
        {"advance_seconds": -1},
        {"advance_seconds": True},
        {"shift_seconds": 2e8},
        {"shift_seconds": float("nan")},
        {"shift_seconds": "1"},
        {"seconds": 1},
        [],
    ],
)
def test_a_clock_that_is_not_told_how_far_stands_still(body: Any) -> None:
    """The reason names what to give, or that a number is wanted."""
    clock = MovedClock(HandClock())
    before = clock.now(), clock.monotonic()
    with pytest.raises(ControlError, match=r"_seconds|seconds|JSON object"):
        clock_action(clock)(ControlCall({}, body))
    assert before == (clock.now(), clock.monotonic())
