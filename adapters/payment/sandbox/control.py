"""The control API of the payment sandbox, beside what all sandboxes have: truth, statements, switches, decisions, time.

Every path stands under `/_sandbox/`. A provider's own actions follow under its name.
"""

import base64
from collections.abc import Mapping
from typing import Any

from adapters.payment.sandbox.bank import TextForm, statement_csv
from adapters.payment.sandbox.checkout import CheckoutError, Choice
from adapters.payment.sandbox.ledger import MAX_EXCHANGES, Direction
from adapters.payment.sandbox.qr_scans import ScanError, scan
from adapters.payment.sandbox.switches import SwitchError
from adapters.payment.sandbox.world import Provider, World
from adapters.sandboxing import ControlAction, ControlCall, ControlError, clock_action

MAX_AMOUNT_VND = 10**15
Providers = Mapping[str, Provider]


def payment_actions(world: World, providers: Providers) -> dict[tuple[str, str], ControlAction]:
    """Give the actions of the world and of every provider."""
    own = {
        (method, f"{name}/{path}"): action
        for name, provider in providers.items()
        for (method, path), action in provider.actions().items()
    }
    return {
        ("GET", "state"): lambda _: {
            "now": world.clock.now().isoformat(),
            "waiting": world.agenda.waiting_count,
            "providers": {name: provider.state() for name, provider in providers.items()},
        },
        ("GET", "ledger"): lambda call: _ledger(world, call),
        ("GET", "exchanges"): lambda call: _exchanges(world, call),
        ("GET", "statement"): lambda call: _statement(world, call),
        ("POST", "transfers"): lambda call: _transfer(world, call.object()),
        ("POST", "withhold"): lambda call: _withhold(world, call.object()),
        ("GET", "switches"): lambda _: {
            "armed": world.switches.armed(),
            "known": dict(world.switches.known),
            "struck": dict(world.switches.struck),
        },
        ("POST", "switches"): lambda call: _switch(world, call.object()),
        ("POST", "decide"): lambda call: _decide(providers, call.object()),
        ("POST", "confirm"): lambda call: _notify(world, providers, call.object()),
        ("POST", "settle"): lambda _: _settle(world),
        ("POST", "clock"): clock_action(world.clock, world.advance),
        **own,
    }


def text_of(body: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """Read a text of a control body. Raises ControlError when it is missing or none."""
    value = body.get(name, default)
    if not isinstance(value, str):
        raise ControlError(f"{name}: must be a text")
    return value


def provider_of(providers: Providers, body: Mapping[str, Any]) -> Provider:
    """Give the provider that a control body names; `pp` when it names none. Raises ControlError."""
    provider = providers.get(text_of(body, "provider", "pp"))
    if provider is None:
        raise ControlError(f"provider: must be one of {', '.join(providers)}", 404)
    return provider


def _ledger(world: World, call: ControlCall) -> Any:
    """Tell what was really paid; ?provider, ?reference, ?order, ?account narrow it."""
    query = call.query
    found = world.ledger.entries(
        provider=query.get("provider"),
        reference=query.get("reference"),
        order=query.get("order"),
        account=query.get("account"),
    )
    signed = [each.amount_vnd if each.kind == "debit" else -each.amount_vnd for each in found]
    return {"entries": [each.as_dict() for each in found], "paid_vnd": sum(signed)}


def _exchanges(world: World, call: ControlCall) -> Any:
    query = call.query
    direction = query.get("direction")
    if direction is not None and direction not in Direction.__members__.values():
        raise ControlError("direction: must be received or sent")
    found = world.ledger.exchanges(
        after=call.number("after", 0, at_most=10**15),
        provider=query.get("provider"),
        operation=query.get("operation"),
        reference=query.get("reference"),
        direction=None if direction is None else Direction(direction),
        limit=call.number("limit", 500, at_most=MAX_EXCHANGES),
    )
    return {"exchanges": [each.as_dict() for each in found], "next_after": found[-1].sequence if found else None}


def _statement(world: World, call: ControlCall) -> Any:
    rows = world.bank.statement(call.query.get("account"))
    return {"rows": [row.as_dict() for row in rows], "csv_base64": base64.b64encode(statement_csv(rows)).decode()}


def _transfer(world: World, body: dict[str, Any]) -> Any:
    """Obey {"qr": payload, "amount_vnd": n?} or {"account", "amount_vnd", "text"}, with "form" of the text."""
    form = text_of(body, "form", "plain")
    if form not in TextForm.__members__.values():
        raise ControlError(f"form: must be one of {', '.join(TextForm)}")
    amount = body.get("amount_vnd")
    if amount is not None and (isinstance(amount, bool) or not isinstance(amount, int) or amount > MAX_AMOUNT_VND):
        raise ControlError("amount_vnd: must be a whole number")
    try:
        if "qr" in body:
            return world.bank.scan(scan(text_of(body, "qr")), amount, form=TextForm(form)).as_dict()
        row = world.bank.transfer(text_of(body, "account"), amount or 0, text_of(body, "text"), form=TextForm(form))
        return row.as_dict()
    except (ScanError, ValueError) as error:
        raise ControlError(str(error)) from None


def _withhold(world: World, body: dict[str, Any]) -> Any:
    world.bank.withhold(text_of(body, "reference"))
    return {"is_withheld": True}


def _switch(world: World, body: dict[str, Any]) -> Any:
    """Obey {"action": "add" | "remove" | "clear", ...}; add takes the members of `Switch`, remove takes "id"."""
    match body.get("action", "add"):
        case "add":
            given = {name: value for name, value in body.items() if name not in ("action", "name")}
            try:
                return {"id": world.switches.add(text_of(body, "name"), **given)}
            except SwitchError as error:
                raise ControlError(str(error)) from None
        case "remove":
            number = body.get("id")
            if not isinstance(number, int) or not world.switches.remove(number):
                raise ControlError("id: no such switch", 404)
            return {"id": number}
        case "clear":
            world.switches.clear()
            return {"id": None}
        case _:
            raise ControlError("action: must be add, remove or clear")


async def _decide(providers: Providers, body: dict[str, Any]) -> Any:
    """Obey {"provider", "reference", "choice": "pay" | "fail" | "cancel" | "leave", "bank": code?}."""
    choice = text_of(body, "choice", "pay")
    if choice not in Choice.__members__.values():
        raise ControlError(f"choice: must be one of {', '.join(Choice)}")
    provider = provider_of(providers, body)
    try:
        decided = await provider.decide(text_of(body, "reference"), Choice(choice), text_of(body, "bank", ""))
    except CheckoutError as error:
        raise ControlError(str(error), 404) from None
    return {"standing": decided.standing.value, "address": decided.address, "is_new": decided.is_new}


async def _notify(world: World, providers: Providers, body: dict[str, Any]) -> Any:
    try:
        is_sent = await provider_of(providers, body).notify_again(text_of(body, "reference"))
    except KeyError:
        raise ControlError("reference: is not known", 404) from None
    await world.agenda.settled()
    return {"is_sent": is_sent}


async def _settle(world: World) -> Any:
    """Answer once nothing is due and nothing is under way."""
    await world.agenda.settled()
    return {"waiting": world.agenda.waiting_count}
