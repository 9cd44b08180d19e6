"""The sign-on's own part of the control API: sign-ons without a page, attacks, keys, time, logouts, the journal."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from adapters.identity.sandbox.attacks import Attack
from adapters.identity.sandbox.backchannel import Forgery
from adapters.identity.sandbox.rows import ROWS, kinds
from adapters.identity.sandbox.signing import KeyRing
from adapters.identity.sandbox.state import ShiftedClock
from adapters.sandboxing import ControlAction, ControlCall, ControlError, shared_actions

if TYPE_CHECKING:
    from adapters.identity.sandbox.sandbox import IdentitySandbox

_MAX_COUNT = 10_000


def actions(sandbox: "IdentitySandbox") -> dict[tuple[str, str], ControlAction]:
    """Give every action of the sign-on's control API."""
    state, mode = sandbox.state, sandbox.core.profile.mode

    def order_sign_in(call: ControlCall) -> Any:
        body = call.object()
        person, count = body.get("person"), _count(body)
        if person != "" and person not in state.people:
            raise ControlError('person: must be one of /_sandbox/people, or "" for one who cancels')
        state.ordered.extend([person] * count)
        return {"waiting": len(state.ordered)}

    def arm(call: ControlCall) -> Any:
        body = call.object()
        kind = body.get("kind")
        if kind not in set(Attack) or mode not in ROWS[Attack(kind)].modes:
            raise ControlError("kind: must be one of /_sandbox/attacks/kinds")
        state.attacks.arm(Attack(kind), _count(body))
        return state.attacks.as_dict()

    async def send_logout(call: ControlCall) -> Any:
        body = call.object()
        forgery = body.get("forgery", "none")
        if forgery not in set(Forgery):
            raise ControlError("forgery: must be one of " + ", ".join(Forgery))
        return {"answers": await sandbox.backchannel.tell_all(str(body.get("person", "")), Forgery(forgery))}

    return {
        **shared_actions(sandbox),
        ("GET", "people"): lambda _: {"people": [asdict(person) for person in state.people.values()]},
        ("POST", "sign-ins"): order_sign_in,
        ("GET", "attacks"): lambda _: state.attacks.as_dict(),
        ("GET", "attacks/kinds"): lambda _: {"kinds": kinds(mode)},
        ("POST", "attacks"): arm,
        ("POST", "keys"): lambda call: _change_keys(state.ring, call),
        ("POST", "clock"): lambda call: _set_clock(state.clock, call),
        ("POST", "logouts"): send_logout,
        ("GET", "logouts"): lambda _: {"answers": list(state.logout_answers)},
        ("GET", "journal"): lambda _: {"journal": list(state.journal)},
    }


def _change_keys(ring: KeyRing, call: ControlCall) -> Any:
    action = call.object().get("action")
    match action:
        case "add":
            ring.add()
        case "promote":
            ring.promote()
        case "remove" if len(ring.published) > 1:
            ring.remove()
        case "remove":
            raise ControlError("action: the last key cannot be removed")
        case _:
            raise ControlError("action: must be add, promote or remove")
    return {"published": [key.kid for key in ring.published], "signing": ring.signing.kid}


def _set_clock(clock: ShiftedClock, call: ControlCall) -> Any:
    ahead = call.object().get("ahead_seconds")
    if isinstance(ahead, bool) or not isinstance(ahead, int | float) or abs(ahead) > 10**9:
        raise ControlError("ahead_seconds: must be a number")
    clock.ahead_seconds = float(ahead)
    return {"ahead_seconds": clock.ahead_seconds}


def _count(body: dict[str, Any]) -> int:
    count = body.get("calls", 1)
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= _MAX_COUNT:
        raise ControlError(f"calls: must be a whole number from 1 to {_MAX_COUNT}")
    return count
