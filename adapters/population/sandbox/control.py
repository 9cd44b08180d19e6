"""The database's own part of the control API: people, answers, hostile replies, time, tokens, settings."""

from typing import TYPE_CHECKING, Any

from adapters.population.sandbox.hostile import HOSTILE_REPLIES
from adapters.population.sandbox.person import Person
from adapters.population.sandbox.profile import ProfileError
from adapters.population.sandbox.seeds import SEEDS
from adapters.sandboxing import ControlAction, ControlCall, ControlError, clock_action, shared_actions

if TYPE_CHECKING:
    from adapters.population.sandbox.sandbox import PopulationSandbox


def actions(sandbox: "PopulationSandbox") -> dict[tuple[str, str], ControlAction]:
    """Give every action of the database's control API."""

    def change_profile(call: ControlCall) -> Any:
        try:
            sandbox.change_profile(**call.object())
        except (ProfileError, TypeError) as error:
            raise ControlError(str(error)) from None
        return sandbox.profile.shown()

    return {
        **shared_actions(sandbox),
        ("GET", "people"): lambda call: _people(sandbox, call),
        ("GET", "answers"): lambda call: _answers(sandbox, call),
        ("GET", "hostile"): lambda _: {"variants": list(HOSTILE_REPLIES)},
        ("POST", "clock"): clock_action(sandbox.clock),
        ("POST", "tokens:expire"): lambda _: {"ended": sandbox.tokens.end_all()},
        ("GET", "profile"): lambda _: sandbox.profile.shown(),
        ("POST", "profile"): change_profile,
    }


def _people(sandbox: "PopulationSandbox", call: ControlCall) -> Any:
    """Give the named people; with `name` one of them, with `from` or `limit` some of the thousands by position."""
    name = call.query.get("name")
    if name is not None:
        if name not in SEEDS:
            raise ControlError("name: nobody is called so", 404)
        return {"people": [_shown(name, SEEDS[name])]}
    if "from" in call.query or "limit" in call.query:
        start = call.number("from", 0, at_most=10**7)
        some = sandbox.register.populace.some(start, call.number("limit", 20, at_most=1_000))
        return {"people": [_shown("", person) for person in some], "count": sandbox.register.populace.count}
    return {"people": [_shown(name, person) for name, person in SEEDS.items()]}


def _shown(name: str, person: Person) -> dict[str, Any]:
    """Give what a caller needs to ask about somebody."""
    return {
        "name": name,
        "number": person.number,
        "card": person.card or "",
        "full_name": person.full_name,
        "born": person.born,
        "household": list(person.household),
        "vital_status": person.vital.value,
        "is_cancelled": person.is_cancelled,
    }


def _answers(sandbox: "PopulationSandbox", call: ControlCall) -> Any:
    found = sandbox.journal.listed(
        after=call.number("after", 0, at_most=10**15),
        limit=call.number("limit", 500, at_most=5_000),
        request_id=call.query.get("request_id"),
    )
    return {"answers": found, "next_after": found[-1]["sequence"] if found else None}
