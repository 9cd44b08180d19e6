"""What persons decide: refunds by four eyes, disputes, vouchers that a provider confirms, and requests themselves."""

from dataclasses import replace
from uuid import UUID

import pytest

from gateway.errors import GatewayError, OutcomeUnknown, RateLimited, Rejected
from gateway.model.payment import Answer, AttemptState, RequestState, Source
from gateway.ports.payments import RefundFact
from gateway.sync.payment_opening import RequestChange, cancel, expire_request, reopen
from gateway.sync.payment_people import resolve_dispute
from gateway.sync.payment_records import AttemptView, Decision, PaymentPolicy, RefundView, Refused, RequestView
from gateway.sync.payment_refunds import (
    RefundChange,
    approve_refund,
    ask_refund,
    decline_refund,
    refund_failed,
    refund_reported,
    refund_sent,
    resolve_refund,
)
from gateway.sync.payment_words import EffectKind, Reason, RefundState, Refusal, Resolution, Standing
from gateway.sync.payments import judge_fact
from tests.unit.gateway.sync.payment_builders import (
    AMOUNT,
    DAY,
    DUE,
    INSTANT,
    MINUTE,
    NOW,
    OWING,
    as_decision,
    attempt,
    debit,
    fact,
    kinds,
    paid,
    standings,
)
from tests.unit.gateway.sync.test_payments import asked, refunding, vouched

S = AttemptState
SOON = NOW + 2 * MINUTE
PAID = attempt(S.PAID)


def a_refund(view: AttemptView = PAID, amount_vnd: int = AMOUNT) -> RefundView:
    refund = asked(view, amount_vnd)
    assert isinstance(refund, RefundView)
    return refund


def under_way(amount_vnd: int = AMOUNT, view: AttemptView = PAID) -> RefundChange:
    change = refunding(view, paid(PAID), amount_vnd)
    sending = refund_sent(change.refund)
    assert isinstance(sending, RefundView)
    return replace(change, refund=sending)


def done(amount_vnd: int = AMOUNT, is_done: bool | None = True) -> RefundFact:
    return RefundFact(is_done=is_done, transaction="R1", amount_vnd=amount_vnd)


@pytest.mark.parametrize("person", ["officer-1", " Officer-1 "])
def test_nobody_approves_their_own_refund(person: str) -> None:
    """Four eyes; nor does anybody approve twice where more persons are wanted."""
    assert Refused(Refusal.SAME_PERSON) == approve_refund(paid(PAID), PAID, a_refund(), person, SOON)
    strict = PaymentPolicy(approvals_count=2)
    first = approve_refund(paid(PAID), PAID, a_refund(), "officer-2", SOON, strict)
    assert isinstance(first, RefundChange)
    assert (RefundState.ASKED, PAID, ()) == (first.refund.state, first.attempt, first.effects)
    again = approve_refund(paid(PAID), PAID, first.refund, "OFFICER-2", SOON, strict)
    assert Refused(Refusal.SAME_PERSON) == again
    second = approve_refund(paid(PAID), PAID, first.refund, "officer-3", SOON, strict)
    assert isinstance(second, RefundChange)
    assert (RefundState.APPROVED, [EffectKind.PAY_BACK_BY_HAND]) == (second.refund.state, kinds(second.effects))


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"transaction": "T2"}, Refusal.NO_SUCH_DEBIT),
        ({"amount_vnd": 0}, Refusal.NOTHING_OWED),
        ({"amount_vnd": -1}, Refusal.NOTHING_OWED),
        ({"amount_vnd": AMOUNT + 1}, Refusal.MORE_THAN_PAID),
        ({"reason": " "}, Refusal.NO_REASON),
        ({"account_ref": ""}, Refusal.NO_ACCOUNT),
        ({"person": ""}, Refusal.NO_PERSON),
    ],
)
def test_refunds_that_cannot_be_asked_for(changes: dict[str, object], refusal: Refusal) -> None:
    """An account, a reason, a person, and an amount within what was paid."""
    values: dict[str, object] = {
        "refund_id": UUID(int=50),
        "transaction": "T1",
        "amount_vnd": AMOUNT,
        "reason": "double_payment",
        "account_ref": "account-1",
        "person": "officer-1",
        "now": SOON,
    }
    assert Refused(refusal) == ask_refund(PAID, **{**values, **changes})  # type: ignore[arg-type]
    for state in (S.LATE_PAID, S.DISPUTED):
        assert Refused(Refusal.UNDER_REVIEW) == ask_refund(attempt(state), **values)  # type: ignore[arg-type]


def test_two_refunds_never_exceed_the_payment() -> None:
    """The second is judged again when it is approved (F29)."""
    first, second = a_refund(PAID, 100_000), replace(a_refund(PAID, 100_000), refund_id=UUID(int=51))
    change = approve_refund(paid(PAID), PAID, first, "officer-2", SOON)
    assert isinstance(change, RefundChange)
    assert Refused(Refusal.MORE_THAN_PAID) == approve_refund(change.request, change.attempt, second, "officer-2", SOON)
    assert Refused(Refusal.MORE_THAN_PAID) == asked(change.attempt, 50_001)
    assert isinstance(asked(change.attempt, 50_000), RefundView)


def test_a_refund_in_parts_ends_whole() -> None:
    """Part, then the rest."""
    change = under_way(50_000)
    part = refund_reported(change.request, change.attempt, change.refund, done(50_000), SOON)
    assert (S.PARTIALLY_REFUNDED, RequestState.PARTIALLY_REFUNDED) == (part.attempt.state, part.request.state)
    rest = approve_refund(part.request, part.attempt, a_refund(part.attempt, 100_000), "officer-2", SOON)
    assert isinstance(rest, RefundChange)
    whole = refund_reported(rest.request, rest.attempt, rest.refund, done(100_000), SOON)
    assert (S.REFUNDED, RequestState.REFUNDED, AMOUNT) == (
        whole.attempt.state,
        whole.request.state,
        whole.request.refunded_vnd,
    )


def test_a_duplicate_goes_back_without_touching_the_request() -> None:
    """Its receipts are the payment's."""
    change = under_way(AMOUNT, attempt(S.DUPLICATE_PAID))
    assert S.REFUND_PENDING is change.attempt.state
    request = paid(attempt(S.PAID, 2))
    back = refund_reported(request, change.attempt, change.refund, done(), SOON)
    assert (S.REFUNDED, request) == (back.attempt.state, back.request)
    assert EffectKind.CANCEL_RECEIPT not in kinds(back.effects)


@pytest.mark.parametrize(
    ("error", "state", "attempt_state", "kind"),
    [
        (
            OutcomeUnknown("?", system="p", operation="refund"),
            RefundState.UNKNOWN,
            S.REFUND_PENDING,
            EffectKind.ASK_REFUND,
        ),
        (GatewayError("?"), RefundState.UNKNOWN, S.REFUND_PENDING, EffectKind.ASK_REFUND),
        (
            RateLimited("?", system="p", operation="refund"),
            RefundState.APPROVED,
            S.REFUND_PENDING,
            EffectKind.SEND_REFUND,
        ),
        (Rejected("?", system="p", operation="refund"), RefundState.FAILED, S.PAID, EffectKind.ALERT),
    ],
)
def test_a_refund_without_an_answer(
    error: GatewayError, state: RefundState, attempt_state: AttemptState, kind: EffectKind
) -> None:
    """Asked about, never sent again unless it certainly had no effect; a refusal gives the amount free."""
    change = under_way()
    after = refund_failed(change.request, change.attempt, change.refund, error, SOON)
    assert (state, attempt_state, [kind]) == (after.refund.state, after.attempt.state, kinds(after.effects))
    assert (0 if state is RefundState.FAILED else AMOUNT) == after.attempt.debits[0].reserved_vnd
    assert (
        after.refund
        == refund_failed(
            change.request, after.attempt, after.refund, OutcomeUnknown("?", system="p", operation="refund"), SOON
        ).refund
    )


def test_a_refund_of_another_amount_is_for_a_person() -> None:
    """Who books what really went back; nobody books more than was taken."""
    change = under_way(100_000)
    odd = refund_reported(change.request, change.attempt, change.refund, done(99_999), SOON)
    assert (RefundState.DISPUTED, S.REFUND_PENDING) == (odd.refund.state, odd.attempt.state)

    def booked(paid_back_vnd: int, person: str = "chief", reason: str = "statement") -> RefundChange | Refused:
        return resolve_refund(
            odd.request, odd.attempt, odd.refund, paid_back_vnd=paid_back_vnd, reason=reason, person=person, now=SOON
        )

    assert Refused(Refusal.MORE_THAN_PAID) == booked(AMOUNT + 1)
    assert Refused(Refusal.NO_PERSON) == booked(1, person="")
    assert Refused(Refusal.NO_REASON) == booked(1, reason="")
    change_of_part = booked(99_999)
    assert isinstance(change_of_part, RefundChange)
    assert (S.PARTIALLY_REFUNDED, 99_999) == (change_of_part.attempt.state, change_of_part.request.refunded_vnd)
    nothing = booked(0)
    assert isinstance(nothing, RefundChange)
    assert (S.PAID, RefundState.FAILED) == (nothing.attempt.state, nothing.refund.state)


def test_a_refund_that_was_done_after_all_is_booked() -> None:
    """Told to have failed, and done: booked where there is room, disputed where it took too much."""
    change = under_way()
    failed = refund_reported(change.request, change.attempt, change.refund, done(is_done=False), SOON)
    assert (RefundState.FAILED, S.PAID) == (failed.refund.state, failed.attempt.state)
    late = refund_reported(failed.request, failed.attempt, failed.refund, done(), SOON)
    assert (RefundState.DONE, S.REFUNDED) == (late.refund.state, late.attempt.state)
    other = approve_refund(failed.request, failed.attempt, a_refund(failed.attempt), "officer-2", SOON)
    assert isinstance(other, RefundChange)
    too_much = refund_reported(other.request, other.attempt, failed.refund, done(), SOON)
    assert (RefundState.DISPUTED, AMOUNT) == (too_much.refund.state, too_much.attempt.debits[0].reserved_vnd)


def test_a_refund_is_sent_once_and_declined_before() -> None:
    """Only what was approved is sent; only what was not is declined."""
    change = under_way()
    assert Refused(Refusal.WRONG_STATE) == refund_sent(change.refund)
    assert Refused(Refusal.WRONG_STATE) == decline_refund(change.refund, "officer-2")
    assert Refused(Refusal.NO_PERSON) == decline_refund(a_refund(), " ")
    declined = decline_refund(a_refund(), "officer-1")
    assert isinstance(declined, RefundView)
    assert Refused(Refusal.WRONG_STATE) == approve_refund(paid(PAID), PAID, declined, "officer-2", SOON)


def resolved(
    request: RequestView,
    view: AttemptView,
    resolution: Resolution,
    *siblings: AttemptView,
    transaction: str = "T1",
    person: str = "chief",
    reason: str = "checked_with_bank",
) -> Decision | Refused:
    return resolve_dispute(
        replace(request, is_disputed=True),
        view,
        siblings,
        resolution,
        SOON,
        transaction=transaction,
        person=person,
        reason=reason,
    )


@pytest.mark.parametrize(
    ("resolution", "state", "standing", "request_state", "kind"),
    [
        (Resolution.ACCEPT, S.PAID, Standing.COUNTS, RequestState.PAID, EffectKind.TELL_DOSSIER_PAID),
        (Resolution.REFUND, S.REFUND_PENDING, Standing.SURPLUS, RequestState.DUE, EffectKind.OPEN_REFUND_CASE),
        (Resolution.SUSPEND, S.FAILED, Standing.ELSEWHERE, RequestState.DUE, EffectKind.RECORD_SUSPENSE),
        (Resolution.NO_MONEY, S.FAILED, Standing.DISPROVED, RequestState.DUE, EffectKind.RELEASE_DOSSIER),
    ],
)
@pytest.mark.parametrize("before", [S.LATE_PAID, S.DISPUTED])
def test_a_person_decides_about_open_money(
    before: AttemptState,
    resolution: Resolution,
    state: AttemptState,
    standing: Standing,
    request_state: RequestState,
    kind: EffectKind,
) -> None:
    """One debit goes one way, and the dossier is free again."""
    decision = as_decision(resolved(DUE, attempt(before), resolution))
    assert (state, {"T1": standing}) == (decision.attempt.state, standings(decision.attempt))
    assert (request_state, False) == (decision.request.state, decision.request.is_disputed)
    assert {kind, EffectKind.RELEASE_DOSSIER} <= set(kinds(decision.effects))
    assert Reason.BY_PERSON is decision.reason


@pytest.mark.parametrize(
    ("request_view", "view", "resolution", "named", "refusal"),
    [
        (DUE, attempt(S.DISPUTED), Resolution.ACCEPT, {"person": ""}, Refusal.NO_PERSON),
        (DUE, attempt(S.DISPUTED), Resolution.ACCEPT, {"reason": ""}, Refusal.NO_REASON),
        (DUE, attempt(S.DISPUTED), Resolution.ACCEPT, {"transaction": "T9"}, Refusal.NO_SUCH_DEBIT),
        (DUE, attempt(S.DISPUTED), Resolution.ACCEPT, {"transaction": ""}, Refusal.NO_SUCH_DEBIT),
        (DUE, attempt(S.DISPUTED, debits=()), Resolution.ACCEPT, {"transaction": ""}, Refusal.NO_EVIDENCE),
        (paid(attempt(S.PAID, 2)), attempt(S.DISPUTED), Resolution.ACCEPT, {}, Refusal.PAID_BY_ANOTHER),
        (replace(DUE, amount_vnd=1), attempt(S.DISPUTED), Resolution.ACCEPT, {}, Refusal.AMOUNT_DIFFERS),
        (paid(PAID), PAID, Resolution.NO_MONEY, {}, Refusal.WRONG_STATE),
        (paid(PAID), PAID, Resolution.ACCEPT, {}, Refusal.WRONG_STATE),
        (DUE, attempt(S.DUPLICATE_PAID), Resolution.SUSPEND, {}, Refusal.WRONG_STATE),
    ],
)
def test_decisions_that_nobody_can_make(
    request_view: RequestView, view: AttemptView, resolution: Resolution, named: dict[str, str], refusal: Refusal
) -> None:
    """Without a name or a reason, about nothing, or against what was told."""
    assert Refused(refusal) == resolved(request_view, view, resolution, **named)


def test_money_in_another_currency_never_counts() -> None:
    """It goes to the suspense account."""
    dollars = attempt(S.DISPUTED, debits=(debit("T1", Standing.OPEN, currency="USD"),))
    assert Refused(Refusal.AMOUNT_DIFFERS) == resolved(DUE, dollars, Resolution.ACCEPT)
    assert Refused(Refusal.WRONG_STATE) == resolved(DUE, dollars, Resolution.REFUND)
    assert S.FAILED is as_decision(resolved(DUE, dollars, Resolution.SUSPEND)).attempt.state


DOUBTED = attempt(S.DISPUTED, debits=(debit("T1", Standing.DOUBTED),))


def test_a_doubted_payment_is_upheld_or_undone_by_a_person_alone() -> None:
    """Undone, it frees the request and takes its receipts back; another's duplicate may then pay."""
    upheld = as_decision(resolved(paid(PAID), DOUBTED, Resolution.ACCEPT))
    assert (S.PAID, RequestState.PAID) == (upheld.attempt.state, upheld.request.state)
    assert EffectKind.ISSUE_RECEIPT not in kinds(upheld.effects)
    assert Refused(Refusal.WRONG_STATE) == resolved(paid(PAID), DOUBTED, Resolution.REFUND)
    spare = attempt(S.DUPLICATE_PAID, 2)
    undone = as_decision(resolved(paid(PAID), DOUBTED, Resolution.NO_MONEY, spare))
    assert (S.FAILED, RequestState.DUE, None) == (
        undone.attempt.state,
        undone.request.state,
        undone.request.paid_attempt_id,
    )
    assert 2 == kinds(undone.effects).count(EffectKind.CANCEL_RECEIPT)
    assert EffectKind.TELL_DOSSIER_UNPAID in kinds(undone.effects)
    after = as_decision(resolved(undone.request, spare, Resolution.ACCEPT, undone.attempt, transaction="T2"))
    assert (S.PAID, spare.attempt_id) == (after.attempt.state, after.request.paid_attempt_id)
    assert 2 == kinds(after.effects).count(EffectKind.ISSUE_RECEIPT)


def test_money_that_went_back_was_money() -> None:
    """Nobody disproves what a refund was taken from."""
    touched = replace(DOUBTED, debits=(debit("T1", Standing.DOUBTED, refunded_vnd=1),))
    assert Refused(Refusal.REFUNDED_ALREADY) == resolved(paid(PAID), touched, Resolution.NO_MONEY)
    assert S.PARTIALLY_REFUNDED is as_decision(resolved(paid(PAID), touched, Resolution.ACCEPT)).attempt.state


def test_the_dispute_ends_with_its_last_debit() -> None:
    """Of two transactions under one reference one stays and one goes back (F22)."""
    both = (debit("T1", Standing.DOUBTED), debit("T2", Standing.OPEN))
    first = as_decision(resolved(paid(PAID), attempt(S.DISPUTED, debits=both), Resolution.ACCEPT))
    assert (S.DISPUTED, True, ()) == (first.attempt.state, first.request.is_disputed, first.path)
    second = as_decision(resolved(first.request, first.attempt, Resolution.REFUND, transaction="T2"))
    assert (S.PAID, False) == (second.attempt.state, second.request.is_disputed)
    assert isinstance(asked(second.attempt, AMOUNT, "T2"), RefundView)


def test_a_request_stays_disputed_while_a_sibling_is() -> None:
    """Another attempt in review keeps it."""
    decision = as_decision(resolved(DUE, attempt(S.DISPUTED), Resolution.REFUND, attempt(S.LATE_PAID, 2)))
    assert decision.request.is_disputed
    assert EffectKind.RELEASE_DOSSIER not in kinds(decision.effects)


def test_one_debit_under_two_references_goes_one_way() -> None:
    """What pays under one cannot go back under the other."""
    twice = attempt(S.DISPUTED, 2, debits=(debit("T1", Standing.OPEN),))
    assert Refused(Refusal.KNOWN_TRANSACTION) == resolved(paid(PAID), twice, Resolution.REFUND, PAID)
    assert S.FAILED is as_decision(resolved(paid(PAID), twice, Resolution.NO_MONEY, PAID)).attempt.state


@pytest.mark.parametrize("state", [S.PENDING, S.EXPIRED, S.DISPUTED, S.DUPLICATE_PAID])
def test_a_provider_confirms_a_voucher(state: AttemptState) -> None:
    """Its attempt takes the voucher's place; nothing is done twice, and the money is one."""
    mine = attempt(state, debits=() if state is S.DISPUTED else attempt(state).debits)
    voucher = as_decision(vouched(DUE))
    request = replace(voucher.request, is_disputed=state is S.DISPUTED)
    told = fact(transaction="T7")
    decision = judge_fact(request, mine, [voucher.attempt], told, Source.SETTLEMENT, SOON)
    assert (S.PAID, mine.attempt_id, Reason.VOUCHER_CONFIRMED) == (
        decision.attempt.state,
        decision.request.paid_attempt_id,
        decision.reason,
    )
    assert decision.replaced is not None
    assert (S.FAILED, {"T7": Standing.REPLACED}) == (decision.replaced.state, standings(decision.replaced))
    assert not decision.request.is_disputed
    assert EffectKind.ISSUE_RECEIPT not in kinds(decision.effects)


def test_a_voucher_that_no_file_knows_is_disputed() -> None:
    """Reconciled like any payment (no. 18, then 16); a person may undo it."""
    voucher = as_decision(vouched(DUE))
    missing = fact(Answer.NOT_FOUND, reference="")
    decision = judge_fact(voucher.request, voucher.attempt, (), missing, Source.SETTLEMENT, SOON + DAY)
    assert (S.DISPUTED, RequestState.PAID) == (decision.attempt.state, decision.request.state)
    undone = as_decision(resolved(decision.request, decision.attempt, Resolution.NO_MONEY, transaction="T7"))
    assert (RequestState.DUE, None) == (undone.request.state, undone.attempt.next_poll_at)


def test_a_request_ends_and_begins_again() -> None:
    """By its own deadline, never while an attempt lives; it opens again until a later one."""
    bound = replace(DUE, deadline_at=SOON)
    assert bound == expire_request(bound, SOON - INSTANT).request
    assert replace(OWING, deadline_at=SOON) == expire_request(replace(OWING, deadline_at=SOON), SOON).request
    expired = expire_request(bound, SOON).request
    assert RequestState.EXPIRED is expired.state
    assert Refused(Refusal.DEADLINE_PASSED) == reopen(expired, SOON, SOON)
    assert Refused(Refusal.NOT_EXPIRED) == reopen(DUE, None, SOON)
    again = reopen(expired, SOON + DAY, SOON)
    assert isinstance(again, RequestChange)
    assert (RequestState.DUE, SOON + DAY) == (again.request.state, again.request.deadline_at)


def test_a_request_is_cancelled_while_nothing_can_pay_it() -> None:
    """Not beside a live attempt, not under review, not once paid."""
    change = cancel(DUE, [attempt(S.EXPIRED)])
    assert isinstance(change, RequestChange)
    assert RequestState.CANCELLED is change.request.state
    assert Refused(Refusal.ATTEMPT_LIVES) == cancel(OWING, [attempt()])
    assert Refused(Refusal.UNDER_REVIEW) == cancel(DUE, [attempt(S.DISPUTED)])
    assert Refused(Refusal.NOT_DUE) == cancel(paid(PAID), [PAID])


def test_names_of_persons_stay_out_of_sight() -> None:
    """And the reference of the account too."""
    shown = repr(replace(a_refund(), approved_by=("officer-2",)))
    assert not [secret for secret in ("officer-1", "officer-2", "account-1") if secret in shown]
