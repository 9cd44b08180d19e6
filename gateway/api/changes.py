"""From a validated request to a change, and from its receipt to an answer; PUT, POST and import all come here."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import msgspec

from gateway.api.problems import Problem
from gateway.api.representations import ReceiptView
from gateway.api.services import Services
from gateway.engine.acceptor import Change, Receipt
from gateway.errors import Fault
from gateway.model.dossier import Dossier, ProgressStep
from gateway.model.dossier_rules import dossier_faults, step_faults
from gateway.ports.mapping import CodeKind, Treatment, day_of
from gateway.store.clients import Client
from gateway.sync.acceptance import Expectation, Outcome

OUTCOME_ANSWERS: Mapping[Outcome, int | str] = MappingProxyType(
    {
        Outcome.CREATED: 201,
        Outcome.REPLACED: 200,
        Outcome.PROGRESSED: 200,
        Outcome.UNCHANGED: 200,
        Outcome.NOT_FOUND: "dossier-not-found",
        Outcome.STALE_REVISION: "stale-revision",
        Outcome.ALREADY_EXISTS: "already-exists",
        Outcome.KEY_REUSED: "idempotency-key-reused",
        Outcome.OTHER_AGENCY: "other-agency",
        Outcome.ERASED: "dossier-erased",
    }
)
"""What every outcome is answered with: a status, or the name of a problem."""


def make_change(
    services: Services,
    client: Client,
    code: str,
    body: Dossier | ProgressStep,
    *,
    idempotency_key: str | None,
    expected: Expectation,
) -> Change:
    """Judge what a model cannot say (dates, codes) and make the change. Raises Problem with every fault."""
    now = services.clock.now()
    if isinstance(body, Dossier):
        faults = dossier_faults(body, now)
        is_known = _is_procedure_known(services, body)
    else:
        faults, is_known = step_faults(body, now), True
    if faults:
        raise Problem("impossible-dates", faults=faults)
    if is_known is False:
        rule = "must be in the procedure catalogue, or lead there by a mapping set"
        fault = Fault("/procedure_code", rule, "unknown code")
        raise Problem("unknown-code", faults=[fault])
    digest = b""
    if idempotency_key is not None:
        digest = request_digest(services, [code, type(body).__name__, expected, body])
    return Change(
        client_id=client.client_id,
        agency_prefixes=client.agency_prefixes,
        code=code,
        body=body,
        request_digest=digest,
        idempotency_key=idempotency_key,
        expected=expected,
    )


async def prove_changes(services: Services, changes: Sequence[Change]) -> list[Change | Problem]:
    """Give each change with what the sign-in that it names proves, or its problem. Raises StoreUnavailable."""
    proofs = services.proofs
    places = [place for place, change in enumerate(changes) if isinstance(change.body, Dossier)]
    judged: list[Change | Problem] = list(changes)
    if proofs is None or not places:
        return judged
    dossiers = [change.body for change in changes if isinstance(change.body, Dossier)]
    for place, found in zip(places, await proofs.apply(dossiers), strict=True):
        if isinstance(found, Fault):
            judged[place] = Problem("unproven-statement", faults=[found])
        else:
            judged[place] = replace(changes[place], body=found)
    return judged


def _is_procedure_known(services: Services, dossier: Dossier) -> bool | None:
    """Tell whether the procedure is in the catalogue, under the code that mapping sets give it; None for no catalogue.

    Where a set holds what it does not know, such a code is taken in and waits; where it refuses it, so does the intake.
    """
    code, mapper = dossier.procedure_code, services.mapper.mapper
    if mapper is not None:
        translation = mapper.translate(CodeKind.PROCEDURE, code, day_of(dossier))
        if translation is not None:
            if not translation.is_answer:
                return translation.treatment is Treatment.HELD
            code = translation.code
    return services.catalogue.knows(code)


def request_digest(services: Services, parts: list[Any]) -> bytes:
    """Give the keyed digest that tells whether two requests ask the same.

    It is taken over what was understood, not over the bytes: a caller that writes the same request with its keys in
    another order repeats it.
    """
    return services.key_ring.digest(msgspec.json.encode(parts))


def refusal_of(receipt: Receipt) -> Problem | None:
    """Give the problem of a change that was refused, None for an accepted one."""
    answer = OUTCOME_ANSWERS[receipt.outcome]
    if isinstance(answer, int):
        return None
    detail = ""
    if receipt.outcome is Outcome.STALE_REVISION:
        detail = f"The dossier has revision {receipt.revision}." if receipt.revision else "The dossier does not exist."
    return Problem(answer, detail)


def status_of(receipt: Receipt) -> int:
    """Give the HTTP status of an accepted change."""
    answer = OUTCOME_ANSWERS[receipt.outcome]
    assert isinstance(answer, int)
    return answer


def view_of(receipt: Receipt) -> ReceiptView:
    """Give what is answered to an accepted change."""
    assert receipt.status is not None
    assert receipt.accepted_at is not None
    return ReceiptView(
        code=receipt.code,
        revision=receipt.revision,
        outcome=receipt.outcome,
        status=receipt.status,
        is_irregular=receipt.is_irregular,
        is_late=receipt.is_late,
        accepted_at=receipt.accepted_at,
    )
