"""The control API that every sandbox has under `/_sandbox/`: faults, calls, counters, reset, health.

A sandbox adds its own routes to the same table. Errors are `{"error": "…"}` with status 400, 401, 404 or 413; answers
are plain JSON. With a token set, every route but health wants it in the header X-Sandbox-Token.
"""

import hmac
import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
from aiohttp import web

from adapters.sandboxing.clocks import MovedClock
from adapters.sandboxing.faults import FaultSpecError, parse_fault_spec
from adapters.sandboxing.recorder import CallRecorder
from adapters.sandboxing.switchboard import FaultSwitchboard

PREFIX = "/_sandbox/"
TOKEN_HEADER = "X-Sandbox-Token"  # noqa: S105 - a header's name
MAX_PAGE = 5_000
MAX_MOVE_SECONDS = 1e8


class Controllable(Protocol):
    """What the shared routes need."""

    @property
    def faults(self) -> FaultSwitchboard: ...

    @property
    def recorder(self) -> CallRecorder: ...

    def counters(self) -> dict[str, Any]:
        """Give every total, the shared ones included."""
        ...

    def health(self) -> dict[str, Any]:
        """Tell that the sandbox is alive and what it is."""
        ...

    def reset(self) -> None:
        """Forget what was received and disarm every fault."""
        ...


class ControlError(Exception):
    """The control call cannot be obeyed; the message is shown to the caller."""

    def __init__(self, message: str, http_status: int = 400) -> None:
        super().__init__(message)
        self.http_status = http_status


@dataclass(frozen=True, slots=True)
class ControlCall:
    """A control request, read: query as given, body decoded (None when empty)."""

    query: Mapping[str, str]
    body: Any

    def number(self, name: str, default: int, *, at_most: int) -> int:
        """Read a whole number from the query. Raises ControlError."""
        text = self.query.get(name, "")
        if not text:
            return default
        if not (text.isascii() and text.isdigit()) or len(text) > 15:
            raise ControlError(f"{name}: must be a whole number")
        return min(int(text), at_most)

    def object(self) -> dict[str, Any]:
        """Give the body, which must be an object. Raises ControlError."""
        if not isinstance(self.body, dict):
            raise ControlError("body: must be a JSON object")
        return self.body


ControlAction = Callable[[ControlCall], Any]
ControlTable = Mapping[tuple[str, str], ControlAction]
"""(method, path below the prefix) to the action; what an action gives, awaited where needed, is answered as JSON."""


def shared_actions(sandbox: Controllable) -> dict[tuple[str, str], ControlAction]:
    """Give the actions that all sandboxes have."""

    def list_calls(call: ControlCall) -> Any:
        records = sandbox.recorder.calls(
            after=call.number("after", 0, at_most=10**15),
            limit=call.number("limit", 500, at_most=MAX_PAGE),
            operation=call.query.get("operation"),
            item_code=call.query.get("item_code"),
        )
        next_after = records[-1].sequence if records else None
        return {"calls": [record.as_dict() for record in records], "next_after": next_after}

    def list_faults(_: ControlCall) -> Any:
        board = sandbox.faults
        return {"faults": board.armed(), "injected": dict(board.injected), "supported": sorted(board.supported)}

    def reset(_: ControlCall) -> Any:
        sandbox.reset()
        return {"is_reset": True}

    return {
        ("GET", "health"): lambda _: sandbox.health(),
        ("GET", "counters"): lambda _: sandbox.counters(),
        ("GET", "calls"): list_calls,
        ("GET", "faults"): list_faults,
        ("POST", "faults"): lambda call: _change_faults(sandbox.faults, call.object()),
        ("POST", "reset"): reset,
    }


def clock_action(clock: MovedClock, advance: Callable[[float], None] | None = None) -> ControlAction:
    """Give the action for POST clock: {"advance_seconds": n} lets time pass, {"shift_seconds": n} sets the wall clock
    off by so much. `advance` is for a sandbox in which more happens than the clock's own `advance`."""

    def move(call: ControlCall) -> Any:
        body = call.object()
        if len(body) != 1:
            raise ControlError("give one of advance_seconds and shift_seconds")
        [(name, seconds)] = body.items()
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not abs(seconds) <= MAX_MOVE_SECONDS:
            raise ControlError(f"{name}: must be a number of seconds")
        match name:
            case "advance_seconds" if seconds >= 0:
                (advance or clock.advance)(seconds)
            case "shift_seconds":
                clock.shift(seconds)
            case _:
                raise ControlError("give advance_seconds, not negative, or shift_seconds")
        return {"now": clock.now().isoformat()}

    return move


def _change_faults(board: FaultSwitchboard, body: dict[str, Any]) -> Any:
    """Obey {"action": "add" | "replace" | "remove" | "clear", "faults": [...], "id": n}."""
    unknown = sorted(body.keys() - {"action", "faults", "id"})
    if unknown:
        raise ControlError(f"{', '.join(unknown)[:100]}: unknown; give action, faults, id")
    action = body.get("action", "add")
    given = body.get("faults", [])
    if not isinstance(given, list):
        raise ControlError("faults: must be an array")
    specs = [parse_fault_spec(item) for item in given]
    match action:
        case "add":
            for spec in specs:
                if spec.kind not in board.supported:
                    raise ControlError(f"kind: {spec.kind} is not possible here")
            return {"ids": [board.add(spec) for spec in specs]}
        case "replace":
            return {"ids": board.replace(specs)}
        case "remove":
            fault_id = body.get("id")
            if not isinstance(fault_id, int) or not board.remove(fault_id):
                raise ControlError("id: no such fault", 404)
            return {"ids": []}
        case "clear":
            board.clear()
            return {"ids": []}
        case _:
            raise ControlError("action: must be add, replace, remove or clear")


def add_control_routes(app: web.Application, table: ControlTable, token: str | None, *, prefix: str = PREFIX) -> None:
    """Serve `table` under the prefix; `token` None leaves it open, as befits a loopback address."""
    for (method, path), action in table.items():
        app.router.add_route(method, prefix + path, _handler(action, None if path == "health" else token))


def _handler(action: ControlAction, token: str | None) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        given = request.headers.get(TOKEN_HEADER, "").encode()
        if token is not None and not hmac.compare_digest(given, token.encode()):
            return _json({"error": "token is missing or wrong"}, 401)
        try:
            body = await request.read()
            decoded = msgspec.json.decode(body) if body else None
            value = action(ControlCall(request.query, decoded))
            return _json(await value if inspect.isawaitable(value) else value, 200)
        except ControlError as error:
            return _json({"error": str(error)}, error.http_status)
        except (FaultSpecError, msgspec.DecodeError) as error:
            return _json({"error": str(error)}, 400)

    return handle


def _json(value: object, http_status: int) -> web.Response:
    return web.Response(status=http_status, body=msgspec.json.encode(value), content_type="application/json")
