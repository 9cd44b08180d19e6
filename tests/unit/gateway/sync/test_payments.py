"""The 18 transitions of payment notes §9.2, by number."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from gateway.errors import (
    ContractBroken,
    CredentialsRefused,
    GatewayError,
    InvalidInput,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    TransientFailure,
)
from gateway.model.dossier import FeeKind
from gateway.model.payment import Answer, AttemptState, RequestState, Source
from gateway.ports.payments import Opened, RefundFact
from gateway.sync.payment_opening import (
    ExistingAttempt,
    NewAttempt,
    OpenFailure,
    failure_of,
    open_attempt,
    open_failed,
    opened,
    sent,
)
from gateway.sync.payment_people import Voucher, accept_voucher
from gateway.sync.payment_records import AttemptView, PaymentPolicy, RefundView, Refused, RequestView
from gateway.sync.payment_refunds import RefundChange, approve_refund, ask_refund, refund_reported, refund_sent
from gateway.sync.payment_words import Alert, EffectKind, PaymentEvent, Reason, RefundState, Refusal, Ruling, Standing
from gateway.sync.payments import judge_fact
from tests.unit.gateway.sync.payment_builders import (
    ACCOUNT,
    AMOUNT,
    DAY,
    DUE,
    HOUR,
    INSTANT,
    MINUTE,
    NOW,
    OWING,
    PARTNER,
    PROVIDER,
    alerts,
    as_decision,
    attempt,
    events,
    fact,
    kinds,
    paid,
    standings,
)

S = AttemptState
SOON = NOW + 2 * MINUTE


def pressed(request: RequestView, *attempts: AttemptView) -> NewAttempt | ExistingAttempt | Refused:
    return open_attempt(
        request,
        attempts,
        SOON,
        attempt_id=UUID(int=9),
        reference="REF9",
        provider=PROVIDER,
        partner_code=PARTNER,
        beneficiary=ACCOUNT,
    )


def test_transition_01_a_due_request_gets_an_attempt() -> None:
    """The reference, the amount and the account are written down before anything is sent."""
    new = pressed(DUE)
    assert isinstance(new, NewAttempt)
    assert (S.CREATED, "REF9", AMOUNT, ACCOUNT) == (
        new.attempt.state,
        new.attempt.reference,
        new.attempt.amount_vnd,
        new.attempt.beneficiary,
    )
    assert RequestState.PENDING is new.request.state
    assert SOON + 15 * MINUTE == new.attempt.expires_at


def test_transition_01_an_open_page_is_shown_again() -> None:
    """Within the page's life nobody pays at two places."""
    live = attempt(S.PENDING)
    assert ExistingAttempt(live) == pressed(OWING, live)
    assert Refused(Refusal.BEING_OPENED) == pressed(OWING, attempt(S.UNKNOWN, pay_url=""))


@pytest.mark.parametrize(
    ("request_view", "attempts", "refusal"),
    [
        (replace(DUE, amount_vnd=0), (), Refusal.NOTHING_OWED),
        (replace(DUE, state=RequestState.CANCELLED), (), Refusal.NOT_DUE),
        (replace(DUE, state=RequestState.EXPIRED), (), Refusal.DEADLINE_PASSED),
        (replace(DUE, deadline_at=SOON), (), Refusal.DEADLINE_PASSED),
        (paid(attempt(S.PAID)), (attempt(S.PAID),), Refusal.NOT_DUE),
        (replace(DUE, is_disputed=True), (), Refusal.UNDER_REVIEW),
        (DUE, (attempt(S.LATE_PAID),), Refusal.UNDER_REVIEW),
    ],
)
def test_transition_01_nobody_pays_what_is_not_owed(
    request_view: RequestView, attempts: tuple[AttemptView, ...], refusal: Refusal
) -> None:
    """Nothing owed, paid, late, or money there that a person must look at first."""
    assert Refused(refusal) == pressed(request_view, *attempts)


def test_transition_01_an_old_attempt_is_asked_about_first() -> None:
    """A page that is closed does not hold the payer back, once its provider was asked after it closed."""
    old = attempt(S.PENDING, opened_at=NOW - HOUR, expires_at=NOW)
    assert Refused(Refusal.ASK_FIRST, ask=old.attempt_id) == pressed(OWING, old)
    assert Refused(Refusal.ASK_FIRST, ask=old.attempt_id) == pressed(OWING, replace(old, last_asked_at=NOW - INSTANT))
    assert isinstance(pressed(OWING, replace(old, last_asked_at=NOW)), NewAttempt)


def test_transition_02_sending_is_committed_first_and_once() -> None:
    """Who finds an attempt that was sent must not send it."""
    decision = as_decision(sent(OWING, attempt(S.CREATED), SOON))
    assert (S.INIT_SENT,) == decision.path
    for state in set(S) - {S.CREATED}:
        assert Refused(Refusal.WRONG_STATE) == sent(OWING, attempt(state), SOON)


def test_transition_03_an_answer_leads_the_payer_on() -> None:
    """The address is kept, and the provider's own end of the page."""
    answer = Opened(pay_url="https://pay.example/9", expires_at=NOW + HOUR)
    decision = opened(OWING, attempt(S.INIT_SENT, pay_url=""), answer, SOON)
    assert (S.PENDING, answer.pay_url, NOW + HOUR) == (
        decision.attempt.state,
        decision.attempt.pay_url,
        decision.attempt.expires_at,
    )
    assert [PaymentEvent.OPENED] == events(decision)


@pytest.mark.parametrize("answer", [Opened(), Opened(pay_url="/9"), Opened(pay_url="javascript:1")])
def test_transition_03_an_answer_without_a_way_on_is_none(answer: Opened) -> None:
    """No page that could be trusted: unknown, and asked about."""
    decision = opened(OWING, attempt(S.INIT_SENT, pay_url=""), answer, SOON)
    assert (S.UNKNOWN, "") == (decision.attempt.state, decision.attempt.pay_url)


@pytest.mark.parametrize(
    "error",
    [
        Rejected("no", system="pay", operation="open"),
        InvalidInput("no"),
        TransientFailure("no", system="pay", operation="open"),
        RateLimited("no", system="pay", operation="open"),
        CredentialsRefused("no", system="pay", operation="open"),
    ],
)
def test_transition_04_a_refusal_fails_the_attempt(error: GatewayError) -> None:
    """Nothing can be paid under this reference; the payer may try again with another."""
    decision = open_failed(OWING, attempt(S.INIT_SENT), (), failure_of(error), SOON)
    assert (S.FAILED, RequestState.DUE) == (decision.attempt.state, decision.request.state)
    assert isinstance(pressed(decision.request, decision.attempt), NewAttempt)


@pytest.mark.parametrize(
    "error",
    [
        OutcomeUnknown("?", system="pay", operation="open"),
        ContractBroken("?", effect_possible=True, system="pay", operation="open"),
        ContractBroken("?", effect_possible=False, system="pay", operation="open"),
        GatewayError("?"),
    ],
)
def test_transition_05_no_answer_leads_to_a_question(error: GatewayError) -> None:
    """It may have happened: asked about, and the payer waits."""
    decision = open_failed(OWING, attempt(S.INIT_SENT), (), failure_of(error), NOW)
    assert (S.UNKNOWN, RequestState.PENDING) == (decision.attempt.state, decision.request.state)
    assert NOW + 2 * MINUTE == decision.attempt.next_poll_at


@pytest.mark.parametrize("source", [Source.NOTIFICATION, Source.QUERY, Source.SETTLEMENT])
@pytest.mark.parametrize("state", [S.INIT_SENT, S.PENDING, S.UNKNOWN])
def test_transition_06_a_verified_success_pays(state: AttemptState, source: Source) -> None:
    """Attempt and request together; then the receipts, the dossier's step and the notice."""
    decision = judge_fact(OWING, attempt(state), (), fact(), source, SOON)
    assert (S.PAID, (S.PAID,), Ruling.APPLIED) == (decision.attempt.state, decision.path, decision.ruling)
    assert (RequestState.PAID, UUID(int=1)) == (decision.request.state, decision.request.paid_attempt_id)
    assert {"T1": Standing.COUNTS} == standings(decision.attempt)
    receipts = {e.fee_kind: e.amount_vnd for e in decision.effects if e.kind is EffectKind.ISSUE_RECEIPT}
    assert {FeeKind.CHARGE: 100_000, FeeKind.LEVY: 50_000} == receipts
    assert {EffectKind.TELL_DOSSIER_PAID, EffectKind.NOTIFY_PAYER, EffectKind.FETCH_BILL} <= set(
        kinds(decision.effects)
    )
    assert EffectKind.CONFIRM_TO_PROVIDER not in kinds(decision.effects)
    assert [PaymentEvent.PAID] == events(decision)
    assert decision.attempt.next_poll_at is None


def test_transition_06_some_providers_want_to_be_told() -> None:
    """KeyPay keeps a transaction unconfirmed until the merchant says that it arrived (§C.2)."""
    decision = judge_fact(OWING, attempt(), (), fact(), Source.QUERY, SOON, PaymentPolicy(confirms=True))
    assert EffectKind.CONFIRM_TO_PROVIDER in kinds(decision.effects)


def test_transition_06_a_reference_that_was_never_sent() -> None:
    """Money is money; that the store does not know of sending is an alarm."""
    decision = judge_fact(OWING, attempt(S.CREATED), (), fact(), Source.NOTIFICATION, SOON)
    assert (S.PAID, [Alert.UNSENT_PAID]) == (decision.attempt.state, alerts(decision))


@pytest.mark.parametrize("state", [S.INIT_SENT, S.PENDING, S.UNKNOWN])
def test_transition_07_a_verified_failure_frees_the_request(state: AttemptState) -> None:
    """Due again, unless another attempt lives or has paid."""
    failed = judge_fact(OWING, attempt(state), (), fact(Answer.FAILED), Source.NOTIFICATION, SOON)
    assert (S.FAILED, RequestState.DUE) == (failed.attempt.state, failed.request.state)
    assert [PaymentEvent.FAILED] == events(failed)
    beside = judge_fact(OWING, attempt(state), [attempt(S.PENDING, 2)], fact(Answer.FAILED), Source.QUERY, SOON)
    assert RequestState.PENDING is beside.request.state
    other = attempt(S.PAID, 2)
    after = judge_fact(paid(other), attempt(state), [other], fact(Answer.FAILED), Source.QUERY, SOON)
    assert RequestState.PAID is after.request.state


@pytest.mark.parametrize(
    ("state", "expected"), [(S.INIT_SENT, S.UNKNOWN), (S.PENDING, S.PENDING), (S.UNKNOWN, S.UNKNOWN)]
)
def test_transition_08_pending_waits_for_the_next_poll(state: AttemptState, expected: AttemptState) -> None:
    """The provider does not know either; it is asked again by the schedule."""
    decision = judge_fact(OWING, attempt(state), (), fact(Answer.PENDING), Source.QUERY, NOW + 5 * MINUTE)
    assert (expected, NOW + 10 * MINUTE, 1) == (
        decision.attempt.state,
        decision.attempt.next_poll_at,
        decision.attempt.polls_count,
    )
    assert RequestState.PENDING is decision.request.state


@pytest.mark.parametrize("state", [S.INIT_SENT, S.PENDING, S.UNKNOWN])
def test_transition_09_expires_when_the_provider_knows_no_money_after_the_end(state: AttemptState) -> None:
    """Never by the clock alone, and not by an answer from before the end."""
    end = NOW + 15 * MINUTE
    nothing = fact(Answer.NOT_FOUND)
    early = judge_fact(OWING, attempt(state), (), nothing, Source.QUERY, end + MINUTE, asked_at=end - INSTANT)
    assert early.attempt.is_live
    decision = judge_fact(OWING, attempt(state), (), nothing, Source.QUERY, end, asked_at=end)
    assert (S.EXPIRED, RequestState.DUE) == (decision.attempt.state, decision.request.state)
    assert end + DAY == decision.attempt.next_poll_at


@pytest.mark.parametrize("state", [S.FAILED, S.EXPIRED])
def test_transition_10_late_money_counts_while_nothing_paid(state: AttemptState) -> None:
    """By itself, also for an expired request and beside another open page."""
    for request, siblings in (
        (DUE, ()),
        (replace(DUE, state=RequestState.EXPIRED), ()),
        (OWING, (attempt(S.PENDING, 2),)),
    ):
        decision = judge_fact(request, attempt(state), siblings, fact(), Source.QUERY, SOON)
        assert ((S.LATE_PAID, S.PAID), RequestState.PAID) == (decision.path, decision.request.state)
        assert Reason.LATE is decision.reason


@pytest.mark.parametrize(
    ("request_view", "policy"),
    [
        (DUE, PaymentPolicy(accepts_late=False)),
        (replace(DUE, state=RequestState.CANCELLED), PaymentPolicy()),
        (replace(DUE, version=2), PaymentPolicy()),
        (replace(DUE, version=2, amount_vnd=AMOUNT + 1), PaymentPolicy()),
    ],
)
def test_transition_10_late_money_may_be_for_a_person(request_view: RequestView, policy: PaymentPolicy) -> None:
    """Where the policy says so, and where the request is not what the payer paid for any more."""
    decision = judge_fact(request_view, attempt(S.EXPIRED), (), fact(), Source.QUERY, SOON, policy)
    assert (S.LATE_PAID, request_view.state) == (decision.attempt.state, decision.request.state)
    assert decision.request.is_disputed
    assert [Alert.LATE_PAYMENT] == alerts(decision)
    assert EffectKind.HOLD_DOSSIER in kinds(decision.effects)
    assert {"T1": Standing.OPEN} == standings(decision.attempt)


@pytest.mark.parametrize("state", [S.FAILED, S.EXPIRED])
def test_transition_10_late_money_of_a_paid_request_is_a_duplicate(state: AttemptState) -> None:
    """It goes back."""
    other = attempt(S.PAID, 2)
    decision = judge_fact(paid(other), attempt(state), [other], fact(), Source.QUERY, SOON)
    assert S.DUPLICATE_PAID is decision.attempt.state


@pytest.mark.parametrize("state", [S.CREATED, S.INIT_SENT, S.PENDING, S.UNKNOWN])
@pytest.mark.parametrize("became", [RequestState.PAID, RequestState.PARTIALLY_REFUNDED, RequestState.REFUNDED])
def test_transition_11_a_second_attempt_that_pays_is_a_duplicate(state: AttemptState, became: RequestState) -> None:
    """The payment stands, and a refund case is opened for the rest, even if the first was given back."""
    other = attempt(S.PAID, 2)
    request = paid(other, state=became)
    decision = judge_fact(request, attempt(state), [other], fact(), Source.NOTIFICATION, SOON)
    assert (S.DUPLICATE_PAID, request) == (decision.attempt.state, decision.request)
    assert {"T1": Standing.SURPLUS} == standings(decision.attempt)
    case = next(effect for effect in decision.effects if effect.kind is EffectKind.OPEN_REFUND_CASE)
    assert (AMOUNT, "T1") == (case.amount_vnd, case.transaction)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"amount_vnd": AMOUNT // 10}, Reason.WRONG_AMOUNT),
        ({"amount_vnd": AMOUNT + 1}, Reason.WRONG_AMOUNT),
        ({"currency": "USD"}, Reason.WRONG_CURRENCY),
        ({"partner_code": "PPSIM02"}, Reason.WRONG_PARTNER),
        ({"dossier_code": "H01.25-250115-0002"}, Reason.WRONG_DOSSIER),
    ],
)
@pytest.mark.parametrize("state", [S.INIT_SENT, S.PENDING, S.UNKNOWN, S.FAILED, S.EXPIRED])
def test_transition_12_what_differs_pays_nothing(state: AttemptState, changes: dict[str, Any], reason: Reason) -> None:
    """It is refused, written down, and frozen for a person."""
    request = OWING if attempt(state).is_live else DUE
    decision = judge_fact(request, attempt(state), (), fact(**changes), Source.NOTIFICATION, SOON)
    assert ((S.MISMATCH, S.DISPUTED), Ruling.REFUSED, reason) == (decision.path, decision.ruling, decision.reason)
    assert (RequestState.DUE, True) == (decision.request.state, decision.request.is_disputed)
    assert EffectKind.HOLD_DOSSIER in kinds(decision.effects)
    assert EffectKind.ISSUE_RECEIPT not in kinds(decision.effects)
    assert {"T1": Standing.OPEN} == standings(decision.attempt)


def test_transition_12_what_differs_from_a_payment_leaves_it_paid() -> None:
    """Another amount for the same transaction (R3), or another dossier: doubted, not undone."""
    cases: list[dict[str, Any]] = [{"amount_vnd": 1}, {"dossier_code": "other"}]
    for changes in cases:
        decision = judge_fact(paid(attempt(S.PAID)), attempt(S.PAID), (), fact(**changes), Source.SETTLEMENT, SOON)
        assert (S.DISPUTED, RequestState.PAID) == (decision.attempt.state, decision.request.state)
        assert {"T1": Standing.DOUBTED} == standings(decision.attempt)
        assert AMOUNT == decision.attempt.debits[0].amount_vnd


@pytest.mark.parametrize("state", list(S))
def test_transition_13_what_is_not_verified_never_becomes_a_fact(state: AttemptState) -> None:
    """The core takes facts only; one for another reference is a mistake of the caller, not a judgement."""
    with pytest.raises(ValueError, match="another reference"):
        judge_fact(OWING, attempt(state), (), fact(number=2), Source.NOTIFICATION, SOON)


def asked(view: AttemptView, amount_vnd: int = AMOUNT, transaction: str = "T1") -> RefundView | Refused:
    return ask_refund(
        view,
        refund_id=UUID(int=50),
        transaction=transaction,
        amount_vnd=amount_vnd,
        reason="double_payment",
        account_ref="account-1",
        person="officer-1",
        now=SOON,
    )


def refunding(view: AttemptView, request: RequestView, amount_vnd: int) -> RefundChange:
    refund = asked(view, amount_vnd)
    assert isinstance(refund, RefundView)
    change = approve_refund(request, view, refund, "officer-2", SOON, PaymentPolicy(can_refund=True))
    assert isinstance(change, RefundChange)
    return change


def test_transition_14_an_approved_refund_is_sent() -> None:
    """By two persons, within what was paid; the request stays paid meanwhile."""
    view = attempt(S.PAID)
    change = refunding(view, paid(view), AMOUNT)
    assert (S.REFUND_PENDING, RequestState.PAID) == (change.attempt.state, change.request.state)
    assert [EffectKind.SEND_REFUND] == kinds(change.effects)
    assert Refused(Refusal.MORE_THAN_PAID) == asked(view, AMOUNT + 1)


@pytest.mark.parametrize(
    ("amount_vnd", "state", "request_state", "receipts"),
    [
        (50_000, S.PARTIALLY_REFUNDED, RequestState.PARTIALLY_REFUNDED, EffectKind.ADJUST_RECEIPT),
        (AMOUNT, S.REFUNDED, RequestState.REFUNDED, EffectKind.CANCEL_RECEIPT),
    ],
)
def test_transition_15_a_refund_that_was_done_is_booked(
    amount_vnd: int, state: AttemptState, request_state: RequestState, receipts: EffectKind
) -> None:
    """In part or whole; the receipts follow."""
    view = attempt(S.PAID)
    change = refunding(view, paid(view), amount_vnd)
    refund = refund_sent(change.refund)
    assert isinstance(refund, RefundView)
    told = RefundFact(is_done=True, transaction="R1", amount_vnd=amount_vnd)
    done = refund_reported(change.request, change.attempt, refund, told, SOON)
    assert (state, RefundState.DONE) == (done.attempt.state, done.refund.state)
    assert (request_state, amount_vnd) == (done.request.state, done.request.refunded_vnd)
    assert 2 == kinds(done.effects).count(receipts)
    assert done == replace(refund_reported(done.request, done.attempt, done.refund, told, SOON), effects=done.effects)


def test_transition_16_a_file_without_the_money_disputes() -> None:
    """The request stays paid, never silently due."""
    view = attempt(S.PAID)
    decision = judge_fact(paid(view), view, (), fact(Answer.NOT_FOUND), Source.SETTLEMENT, NOW + 2 * DAY)
    assert (S.DISPUTED, RequestState.PAID) == (decision.attempt.state, decision.request.state)
    assert (view.attempt_id, True) == (decision.request.paid_attempt_id, decision.request.is_disputed)
    assert (Reason.NO_MONEY_SEEN, [Alert.CONTRADICTION]) == (decision.reason, alerts(decision))


@pytest.mark.parametrize("source", [Source.NOTIFICATION, Source.QUERY, Source.SETTLEMENT])
@pytest.mark.parametrize("state", [S.PAID, S.DUPLICATE_PAID])
def test_transition_17_a_later_failure_disputes(state: AttemptState, source: Source) -> None:
    """Paid is never downgraded by a message."""
    view = attempt(state)
    request = paid(view) if state is S.PAID else paid(attempt(S.PAID, 2))
    siblings = () if state is S.PAID else (attempt(S.PAID, 2),)
    decision = judge_fact(request, view, siblings, fact(Answer.FAILED), source, SOON)
    assert (S.DISPUTED, RequestState.PAID) == (decision.attempt.state, decision.request.state)
    assert [PaymentEvent.DISPUTED] == events(decision)


VOUCHER = Voucher(transaction="T7", amount_vnd=AMOUNT, paid_at=NOW, evidence_sha256="0" * 64, recorded_by="officer-1")


def vouched(
    request: RequestView, *attempts: AttemptView, voucher: Voucher = VOUCHER, approver: str = "officer-2"
) -> object:
    return accept_voucher(
        request,
        attempts,
        voucher,
        approver,
        SOON,
        attempt_id=UUID(int=7),
        provider=PROVIDER,
        partner_code=PARTNER,
        beneficiary=ACCOUNT,
    )


def test_transition_18_a_voucher_of_two_officers_pays() -> None:
    """With evidence, and reconciled the next day."""
    decision = as_decision(vouched(DUE, attempt(S.EXPIRED)))
    assert (RequestState.PAID, UUID(int=7)) == (decision.request.state, decision.request.paid_attempt_id)
    assert decision.attempt.is_voucher
    assert 2 == kinds(decision.effects).count(EffectKind.ISSUE_RECEIPT)
    assert EffectKind.RECONCILE_NEXT_DAY in kinds(decision.effects)
    assert EffectKind.FETCH_BILL not in kinds(decision.effects)


@pytest.mark.parametrize(
    ("request_view", "attempts", "changes", "approver", "refusal"),
    [
        (DUE, (), {}, "officer-1", Refusal.SAME_PERSON),
        (DUE, (), {}, " OFFICER-1 ", Refusal.SAME_PERSON),
        (DUE, (), {}, "", Refusal.NO_PERSON),
        (DUE, (), {"evidence_sha256": ""}, "officer-2", Refusal.NO_EVIDENCE),
        (DUE, (), {"evidence_sha256": "A" * 64}, "officer-2", Refusal.NO_EVIDENCE),
        (DUE, (), {"transaction": " "}, "officer-2", Refusal.NO_EVIDENCE),
        (DUE, (), {"paid_at": SOON + INSTANT}, "officer-2", Refusal.NO_EVIDENCE),
        (DUE, (), {"amount_vnd": 1}, "officer-2", Refusal.AMOUNT_DIFFERS),
        (OWING, (attempt(),), {}, "officer-2", Refusal.ATTEMPT_LIVES),
        (paid(attempt(S.PAID)), (attempt(S.PAID),), {}, "officer-2", Refusal.NOT_DUE),
        (replace(DUE, is_disputed=True), (), {}, "officer-2", Refusal.UNDER_REVIEW),
        (DUE, (attempt(S.FAILED, debits=attempt(S.PAID, 7).debits),), {}, "officer-2", Refusal.KNOWN_TRANSACTION),
    ],
)
def test_transition_18_vouchers_that_pay_nothing(
    request_view: RequestView,
    attempts: tuple[AttemptView, ...],
    changes: dict[str, Any],
    approver: str,
    refusal: Refusal,
) -> None:
    """One person alone, no evidence, another amount, money known already, or a page that is open still."""
    voucher = replace(VOUCHER, **changes)
    assert Refused(refusal) == vouched(request_view, *attempts, voucher=voucher, approver=approver)


def test_transition_05_a_died_worker_left_the_doubt() -> None:
    """What another way told meanwhile is not undone by a call that failed."""
    for state in set(S) - {S.INIT_SENT}:
        decision = open_failed(OWING, attempt(state), (), OpenFailure.MAY_HAVE_HAPPENED, SOON)
        assert attempt(state) == decision.attempt
