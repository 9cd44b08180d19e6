"""Money that began at the national portal (payment notes §A.8, U30), and money that nobody waits for."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from gateway.model.payment import Answer, AttemptState, RequestState, Source
from gateway.sync.payment_records import Decision, PaymentPolicy
from gateway.sync.payment_strays import Owed, Stray, judge_stray
from gateway.sync.payment_words import Alert, EffectKind, Reason, Ruling, Standing
from tests.unit.gateway.sync.payment_builders import (
    ACCOUNT,
    AMOUNT,
    DUE,
    MINUTE,
    NOW,
    OWING,
    PARTNER,
    PROVIDER,
    as_decision,
    attempt,
    fact,
    kinds,
    paid,
    standings,
)
from tests.unit.gateway.sync.test_payments import vouched

S = AttemptState
SOON = NOW + 2 * MINUTE


def judged(*owed: Owed, policy: PaymentPolicy | None = None, **changes: Any) -> Decision | Stray:
    return judge_stray(
        owed,
        fact(**{"reference": "", **changes}),
        Source.NOTIFICATION,
        SOON,
        policy or PaymentPolicy(),
        attempt_id=UUID(int=8),
        provider=PROVIDER,
        partner_code=PARTNER,
        beneficiary=ACCOUNT,
    )


@pytest.mark.parametrize("reference", ["", "CQG0001"])
@pytest.mark.parametrize(
    "owed",
    [
        Owed(request=DUE),
        Owed(request=OWING, attempts=(attempt(),)),
        Owed(request=replace(DUE, state=RequestState.EXPIRED), attempts=(attempt(S.EXPIRED),)),
    ],
)
def test_the_single_open_request_of_the_amount_is_paid(owed: Owed, reference: str) -> None:
    """Whether the reference is empty or foreign (F13)."""
    settled = Owed(request=paid(attempt(S.PAID, 3), request_id=UUID(int=101)))
    decision = as_decision(judged(owed, settled, reference=reference))
    assert (UUID(int=8), S.PAID, reference) == (
        decision.attempt.attempt_id,
        decision.attempt.state,
        decision.attempt.reference,
    )
    assert (RequestState.PAID, UUID(int=8)) == (decision.request.state, decision.request.paid_attempt_id)
    assert (Ruling.APPLIED, Reason.MATCHED_BY_DOSSIER) == (decision.ruling, decision.reason)
    assert EffectKind.ISSUE_RECEIPT in kinds(decision.effects)


@pytest.mark.parametrize(
    ("owed", "changes"),
    [
        ((), {}),
        ((Owed(request=DUE), Owed(request=replace(DUE, request_id=UUID(int=101)))), {}),
        ((Owed(request=DUE),), {"amount_vnd": AMOUNT - 1}),
        ((Owed(request=DUE),), {"amount_vnd": None}),
        ((Owed(request=DUE),), {"currency": "USD"}),
        ((Owed(request=DUE),), {"dossier_code": ""}),
        ((Owed(request=DUE),), {"partner_code": "PPSIM02"}),
        ((Owed(request=DUE),), {"transaction": ""}),
        ((Owed(request=replace(DUE, is_disputed=True)),), {}),
        ((Owed(request=replace(DUE, state=RequestState.CANCELLED)),), {}),
        ((Owed(request=paid(attempt(S.PAID, 3)), attempts=(attempt(S.PAID, 3),)),), {}),
        ((Owed(request=replace(DUE, state=RequestState.EXPIRED)),), {"policy": PaymentPolicy(accepts_late=False)}),
    ],
)
def test_everything_else_is_kept_in_suspense(owed: tuple[Owed, ...], changes: dict[str, Any]) -> None:
    """Refused to the provider, recorded with its amount, told to a person (R5); and named once for the same money."""
    stray = judged(*owed, **changes)
    assert isinstance(stray, Stray)
    assert (Ruling.REFUSED, [EffectKind.RECORD_SUSPENSE, EffectKind.ALERT]) == (stray.ruling, kinds(stray.effects))
    assert Alert.SUSPENSE is stray.effects[1].alert
    again = judged(*owed, **changes)
    assert [effect.key for effect in stray.effects] == [effect.key for effect in again.effects]


def test_no_money_needs_no_place() -> None:
    """A failure of an unknown reference is refused, a hint is asked about."""
    failed = judged(Owed(request=DUE), answer=Answer.FAILED)
    assert Stray(ruling=Ruling.REFUSED, reason=Reason.UNKNOWN_REFERENCE) == failed
    hint = judged(Owed(request=DUE), is_decisive=False)
    assert isinstance(hint, Stray)
    assert (Ruling.ASK_FIRST, [EffectKind.ASK_PROVIDER]) == (hint.ruling, kinds(hint.effects))


def test_money_that_is_known_is_not_told_twice() -> None:
    """Matched before, or accepted by its voucher: applied, and nothing is done again."""
    first = as_decision(judged(Owed(request=DUE)))
    voucher = as_decision(vouched(DUE))
    for known, number in ((first, "T1"), (voucher, "T7")):
        again = as_decision(judged(Owed(request=known.request, attempts=(known.attempt,)), transaction=number))
        assert (Ruling.APPLIED, known.request, ()) == (again.ruling, again.request, again.effects)
        assert {number: Standing.COUNTS} == standings(again.attempt)
