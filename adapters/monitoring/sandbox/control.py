"""The monitoring system's own part of the control API: rounds, findings, what is held, habits, settings."""

from typing import TYPE_CHECKING, Any

from adapters.monitoring.sandbox.habits import SettingsError
from adapters.sandboxing import ControlAction, ControlCall, ControlError, clock_action, shared_actions

if TYPE_CHECKING:
    from adapters.monitoring.sandbox.sandbox import MonitoringSandbox

_PLAIN_QUESTION = ("period_type", "period", "calendar")


def actions(sandbox: "MonitoringSandbox") -> dict[tuple[str, str], ControlAction]:
    """Give every action of the control API."""

    async def pull(_: ControlCall) -> Any:
        return (await sandbox.puller.pull()).as_dict()

    def change_profile(call: ControlCall) -> Any:
        return _changed(sandbox, call.object())

    def change_habits(call: ControlCall) -> Any:
        return _changed(sandbox, {"puller": {"habits": call.object().get("habits")}})

    return {
        **shared_actions(sandbox),
        ("POST", "pulls"): pull,
        ("GET", "pulls"): lambda _: {"pulls": [held.as_dict() for held in sandbox.puller.rounds]},
        ("GET", "findings"): lambda _: {"findings": [finding.as_dict() for finding in sandbox.findings]},
        ("GET", "snapshots"): lambda call: {"snapshots": _snapshots(sandbox, call)},
        ("GET", "store"): lambda _: sandbox.puller.dump(),
        ("GET", "province-calls"): lambda _: {"calls": list(sandbox.puller.province.journal)},
        ("POST", "questions"): lambda call: _ask(sandbox, call.object()),
        ("GET", "pushes"): lambda _: {
            "pushes": [held.acknowledgement() for held in sandbox.receiver.received.values()],
            "repeats": sandbox.receiver.repeats_count,
        },
        ("POST", "habits"): change_habits,
        ("POST", "clock"): clock_action(sandbox.clock),
        ("GET", "profile"): lambda _: sandbox.profile.shown(),
        ("POST", "profile"): change_profile,
    }


def _snapshots(sandbox: "MonitoringSandbox", call: ControlCall) -> list[dict[str, Any]]:
    """Give what was pulled; with `observations=1` together with the numbers."""
    has_numbers = call.query.get("observations") == "1"
    return [
        {**held.as_dict(), **({"observations": [one.raw for one in held.observations or ()]} if has_numbers else {})}
        for held in sandbox.puller.store.snapshots.values()
    ]


async def _ask(sandbox: "MonitoringSandbox", body: dict[str, Any]) -> Any:
    """Obey {"period_type", "period", "calendar"?, and any other parameter of indicators as a text or texts}."""
    for name, value in body.items():
        is_texts = isinstance(value, list) and all(isinstance(each, str) for each in value)
        if not isinstance(value, str) and (name in _PLAIN_QUESTION or not is_texts):
            raise ControlError(f"{name}: must be a text")
    if not {"period_type", "period"} <= body.keys():
        raise ControlError("period_type, period: must be given")
    more = {name: value for name, value in body.items() if name not in _PLAIN_QUESTION}
    calendar = body.get("calendar", "gregorian")
    asked = await sandbox.puller.ask(body["period_type"], body["period"], calendar=calendar, **more)
    if asked is None:
        return {"is_answered": False}
    return {
        "is_answered": True,
        "snapshot_id": asked.head.id,
        "status": asked.head.status,
        "observations": [one.raw for one in asked.observations],
    }


def _changed(sandbox: "MonitoringSandbox", changes: dict[str, Any]) -> dict[str, Any]:
    try:
        sandbox.change_profile(**changes)
    except (SettingsError, TypeError) as error:
        raise ControlError(str(error)) from None
    return sandbox.profile.shown()
