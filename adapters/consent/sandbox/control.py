"""The hub's own part of the control API: decisions, transactions, webhooks, time, tokens, settings."""

from typing import TYPE_CHECKING, Any

from adapters.consent.sandbox.links import return_link
from adapters.consent.sandbox.people import PEOPLE
from adapters.consent.sandbox.profile import ProfileError, Spelling
from adapters.consent.sandbox.state import Transaction
from adapters.sandboxing import ControlAction, ControlCall, ControlError, clock_action, shared_actions

if TYPE_CHECKING:
    from adapters.consent.sandbox.sandbox import ConsentSandbox

_DECISIONS = ("approve", "decline", "expire")


def actions(sandbox: "ConsentSandbox") -> dict[tuple[str, str], ControlAction]:
    """Give every action of the hub's control API."""

    def change_profile(call: ControlCall) -> Any:
        try:
            sandbox.change_profile(**call.object())
        except (ProfileError, TypeError) as error:
            raise ControlError(str(error)) from None
        return sandbox.profile.shown()

    return {
        **shared_actions(sandbox),
        ("POST", "decisions"): lambda call: _decide(sandbox, call.object()),
        ("GET", "transactions"): lambda _: {"transactions": _transactions(sandbox)},
        ("GET", "links"): lambda call: {"links": _links(sandbox, call)},
        ("GET", "people"): lambda _: {
            "people": sorted(PEOPLE),
            "data": {pid: dict(person.data) for pid, person in PEOPLE.items()},
        },
        ("GET", "webhooks"): lambda _: {
            "attempts": list(sandbox.webhooks.journal),
            "waiting": sandbox.webhooks.waiting_count,
        },
        ("POST", "clock"): clock_action(sandbox.clock, sandbox.advance),
        ("POST", "tokens:expire"): lambda _: {"ended": sandbox.admission.end_tokens()},
        ("GET", "profile"): lambda _: sandbox.profile.shown(),
        ("POST", "profile"): change_profile,
    }


def _transactions(sandbox: "ConsentSandbox") -> list[dict[str, Any]]:
    sandbox.expire_due()
    return [transaction.as_dict() for transaction in sandbox.transactions]


def _decide(sandbox: "ConsentSandbox", body: dict[str, Any]) -> Any:
    """Obey {"transaction": code or id in links, "decision": "approve" | "decline" | "expire", "person": number}."""
    transaction = _named(sandbox, body.get("transaction"))
    decision, person = body.get("decision"), body.get("person", "")
    if decision not in _DECISIONS:
        raise ControlError(f"decision: must be one of {', '.join(_DECISIONS)}")
    if not isinstance(person, str) or (person and person not in PEOPLE):
        raise ControlError("person: must be the number of one of the people")
    is_changed = sandbox.decide(transaction, decision, person)
    return {**transaction.as_dict(), "is_changed": is_changed, "return_link": sandbox.return_link(transaction)}


def _links(sandbox: "ConsentSandbox", call: ControlCall) -> dict[str, str]:
    """Give the application's return in every spelling."""
    transaction = _named(sandbox, call.query.get("transaction"))
    base = sandbox.profile.return_url
    if not base:
        raise ControlError("return_url: is not set")
    claim = sandbox.profile.return_claims or str(int(transaction.claim))
    return {spelling.value: return_link(base, spelling, transaction.txn_id, claim) for spelling in Spelling}


def _named(sandbox: "ConsentSandbox", name: object) -> Transaction:
    transaction = sandbox.transactions.find(name)
    if transaction is None:
        raise ControlError("transaction: there is none of this code or id", 404)
    return transaction
