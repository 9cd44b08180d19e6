"""The 13 invariants of payment notes §9.3, by number. Long histories are played by the property tests."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, get_type_hints
from uuid import UUID

import pytest

from gateway.model.payment import Answer, AttemptState, PaymentFact, PaymentItem, RequestState, Source
from gateway.ports.payments import Opened, RefundFact
from gateway.sync.payment_facts import STAGES, Case, Said, Stage
from gateway.sync.payment_moves import ATTEMPT_MOVES, moved
from gateway.sync.payment_opening import ExistingAttempt, OpenFailure, RequestChange, new_version, open_failed, opened
from gateway.sync.payment_polls import poll_on_return
from gateway.sync.payment_records import AttemptView, Decision, PaymentPolicy, Refused
from gateway.sync.payment_refunds import refund_reported
from gateway.sync.payment_words import Alert, EffectKind, Reason, RefundState, Refusal, Ruling, Standing
from gateway.sync.payments import TABLE, fact_key, judge_fact
from tests.unit.gateway.sync.payment_builders import (
    ACCOUNT,
    AMOUNT,
    DAY,
    DUE,
    HOUR,
    ITEMS,
    MINUTE,
    NOW,
    OWING,
    alerts,
    attempt,
    debit,
    fact,
    kinds,
    paid,
    standings,
)
from tests.unit.gateway.sync.test_payments import pressed, refunding

S = AttemptState
SOON = NOW + 2 * MINUTE


def test_invariant_01_a_browser_return_only_leads_to_a_question() -> None:
    """And not to many: the provider is asked no more often than the policy says."""
    assert SOON == poll_on_return(attempt(), SOON)
    assert SOON + 30 * (MINUTE / 60) == poll_on_return(attempt(last_asked_at=SOON), SOON)
    assert poll_on_return(attempt(S.PAID), SOON) is None


@pytest.mark.parametrize("answer", [Answer.PAID, Answer.FAILED])
@pytest.mark.parametrize("state", list(S))
def test_invariant_01_a_hint_moves_nothing(state: AttemptState, answer: Answer) -> None:
    """What is not decisive never pays, fails or disputes: the provider is asked first."""
    view = attempt(state)
    request = paid(view) if state is S.PAID else OWING
    hint = fact(answer, is_decisive=False, transaction="T9")
    decision = judge_fact(request, view, (), hint, Source.NOTIFICATION, SOON)
    assert (Ruling.ASK_FIRST, request, view.state) == (decision.ruling, decision.request, decision.attempt.state)
    assert [EffectKind.ASK_PROVIDER] == kinds(decision.effects)


def test_invariant_02_two_independent_hints_decide() -> None:
    """Another source that agrees; never the same one twice, and not one that differs."""
    hint = fact(is_decisive=False)
    first = judge_fact(OWING, attempt(), (), hint, Source.NOTIFICATION, SOON)
    again = judge_fact(OWING, first.attempt, (), hint, Source.NOTIFICATION, SOON, earlier=first.ruling)
    assert Ruling.ASK_FIRST is again.ruling
    other = judge_fact(OWING, first.attempt, (), replace(hint, transaction="T2"), Source.QUERY, SOON)
    assert (Ruling.ASK_FIRST, [Alert.HINT_ONLY]) == (other.ruling, alerts(other))
    assert S.PAID is judge_fact(OWING, first.attempt, (), hint, Source.QUERY, SOON).attempt.state


def test_invariant_02_an_amount_must_be_told() -> None:
    """By the fact, by an earlier hint of the same transaction, or, where the policy trusts it, by our own order."""
    silent = fact(amount_vnd=None)
    decision = judge_fact(OWING, attempt(), (), silent, Source.QUERY, SOON)
    assert (Reason.AMOUNT_NOT_TOLD, S.PENDING) == (decision.reason, decision.attempt.state)
    hinted = judge_fact(OWING, attempt(), (), fact(is_decisive=False), Source.NOTIFICATION, SOON).attempt
    assert S.PAID is judge_fact(OWING, hinted, (), silent, Source.QUERY, SOON).attempt.state
    trusting = PaymentPolicy(accepts_without_amount=True)
    trusted = judge_fact(OWING, attempt(), (), silent, Source.QUERY, SOON, trusting)
    assert (S.PAID, AMOUNT) == (trusted.attempt.state, trusted.attempt.debits[0].amount_vnd)


def test_invariant_02_a_failure_of_anothers_order_is_refused() -> None:
    """Nothing was taken, so nothing is frozen; it does not fail our attempt either."""
    cases: list[dict[str, Any]] = [{"partner_code": "PPSIM02"}, {"dossier_code": "other"}]
    for changes in cases:
        decision = judge_fact(OWING, attempt(), (), fact(Answer.FAILED, **changes), Source.NOTIFICATION, SOON)
        assert (Ruling.REFUSED, S.PENDING, OWING) == (decision.ruling, decision.attempt.state, decision.request)
        assert [Alert.FOREIGN_FACT] == alerts(decision)


@pytest.mark.parametrize(
    "changes",
    [
        {"partner_code": "PPSIM02"},
        {"reference": "REF2"},
        {"transaction": "T2"},
        {"answer": Answer.FAILED},
        {"result_code": "99"},
        {"amount_vnd": AMOUNT + 1},
        {"amount_vnd": None},
        {"currency": "USD"},
        {"dossier_code": ""},
        {"partner_code": "PPSIM01R", "reference": "EF1"},
    ],
)
def test_invariant_03_the_key_tells_facts_apart(changes: dict[str, Any]) -> None:
    """By everything that is checked; not by how often or when it was told."""
    base = fact()
    assert fact_key("platform", base) == fact_key("platform", replace(base, paid_at=None, notices=("twelve_hours",)))
    assert fact_key("platform", base) != fact_key("platform", replace(base, **changes))
    assert fact_key("platform", base) != fact_key("platform2", base)


@pytest.mark.parametrize("earlier", [Ruling.APPLIED, Ruling.REFUSED])
@pytest.mark.parametrize("answer", list(Answer))
@pytest.mark.parametrize("state", list(S))
def test_invariant_03_a_notification_told_before_changes_nothing(
    state: AttemptState, answer: Answer, earlier: Ruling
) -> None:
    """Whatever has happened since (F02, F18, F28), and it is acknowledged as it was."""
    view = attempt(state)
    decision = judge_fact(OWING, view, (), fact(answer), Source.NOTIFICATION, SOON, earlier=earlier)
    assert (OWING, view, earlier, ()) == (decision.request, decision.attempt, decision.ruling, decision.effects)


def test_invariant_04_two_transactions_of_one_reference_are_two_debits() -> None:
    """A dispute, not a duplicate (F22); the payment goes on counting, and a repeat is no third debit."""
    view = attempt(S.PAID)
    second = fact(transaction="T2")
    decision = judge_fact(paid(view), view, (), second, Source.NOTIFICATION, SOON)
    assert (S.DISPUTED, RequestState.PAID) == (decision.attempt.state, decision.request.state)
    assert (Reason.SECOND_DEBIT, [Alert.SECOND_DEBIT]) == (decision.reason, alerts(decision))
    assert {"T1": Standing.COUNTS, "T2": Standing.OPEN} == standings(decision.attempt)
    again = judge_fact(decision.request, decision.attempt, (), second, Source.QUERY, SOON)
    assert (decision.attempt.debits, ()) == (again.attempt.debits, again.effects)


def test_invariant_04_a_number_that_is_missing_is_no_other_number() -> None:
    """It is learned when it is told."""
    silent = judge_fact(OWING, attempt(), (), fact(transaction=""), Source.QUERY, SOON)
    assert {"": Standing.COUNTS} == standings(silent.attempt)
    told = judge_fact(silent.request, silent.attempt, (), fact(), Source.NOTIFICATION, SOON)
    assert {"T1": Standing.COUNTS} == standings(told.attempt)
    assert () == judge_fact(told.request, told.attempt, (), fact(transaction=""), Source.QUERY, SOON).effects


def test_invariant_04_one_transaction_of_two_references_is_one_debit() -> None:
    """It cannot pay twice, nor go back twice."""
    first = attempt(S.PAID)
    decision = judge_fact(
        paid(first), attempt(S.PENDING, 2), [first], fact(number=2, transaction="T1"), Source.QUERY, SOON
    )
    assert (S.DISPUTED, Reason.WRONG_TRANSACTION) == (decision.attempt.state, decision.reason)


def test_invariant_05_one_attempt_pays() -> None:
    """In whatever order two attempts are told of, one pays and the other goes back."""
    views = {1: attempt(S.EXPIRED), 2: attempt(S.PENDING, 2)}
    for order in ((1, 2), (2, 1)):
        first = judge_fact(OWING, views[order[0]], [views[order[1]]], fact(number=order[0]), Source.QUERY, SOON)
        second = judge_fact(first.request, views[order[1]], [first.attempt], fact(number=order[1]), Source.QUERY, SOON)
        assert (S.PAID, S.DUPLICATE_PAID) == (first.attempt.state, second.attempt.state)
        assert UUID(int=order[0]) == second.request.paid_attempt_id


def test_invariant_06_a_notification_may_overtake_the_answer() -> None:
    """The answer then only adds the page's address (F03)."""
    early = judge_fact(OWING, attempt(S.INIT_SENT, pay_url=""), (), fact(), Source.NOTIFICATION, SOON)
    decision = opened(early.request, early.attempt, Opened(pay_url="https://pay.example/1"), SOON)
    assert (S.PAID, "https://pay.example/1", ()) == (
        decision.attempt.state,
        decision.attempt.pay_url,
        decision.effects,
    )


def test_invariant_07_no_timeout_is_a_failure_and_no_reference_is_sent_again() -> None:
    """Unknown, and the payer is not led to a second page before its end."""
    unknown = open_failed(OWING, attempt(S.INIT_SENT, pay_url=""), (), OpenFailure.MAY_HAVE_HAPPENED, SOON)
    assert S.UNKNOWN is unknown.attempt.state
    assert S.INIT_SENT not in {state for before in set(S) - {S.CREATED} for state in ATTEMPT_MOVES[before]}
    assert Refused(Refusal.BEING_OPENED) == pressed(OWING, unknown.attempt)
    assert isinstance(pressed(OWING, attempt()), ExistingAttempt)


@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("became", list(RequestState))
def test_invariant_08_every_debit_is_written_down(state: AttemptState, became: RequestState) -> None:
    """Late or not, whatever has become of attempt and request."""
    view = attempt(state)
    request = replace(DUE, state=became, paid_attempt_id=UUID(int=2) if became is RequestState.PAID else None)
    decision = judge_fact(request, view, (), fact(transaction="T9"), Source.SETTLEMENT, NOW + 300 * DAY)
    assert "T9" in standings(decision.attempt)


def test_invariant_09_the_amount_is_frozen_while_an_attempt_lives() -> None:
    """And once money is there; later it is a new version, for which old money does not simply count."""
    more = (*ITEMS, PaymentItem(name="Phí", kind=ITEMS[0].kind, amount_vnd=1))
    for view in (attempt(state) for state in (S.CREATED, S.INIT_SENT, S.PENDING, S.UNKNOWN)):
        assert Refused(Refusal.ATTEMPT_LIVES) == new_version(OWING, [view], more)
    assert Refused(Refusal.NOT_DUE) == new_version(paid(attempt(S.PAID)), [attempt(S.PAID)], more)
    assert Refused(Refusal.UNDER_REVIEW) == new_version(DUE, [attempt(S.LATE_PAID)], more)
    assert Refused(Refusal.AMOUNT_UNCHANGED) == new_version(DUE, [], ITEMS)
    assert Refused(Refusal.NOTHING_OWED) == new_version(DUE, [], ())
    change = new_version(DUE, [attempt(S.EXPIRED)], more)
    assert isinstance(change, RequestChange)
    assert (2, AMOUNT + 1) == (change.request.version, change.request.amount_vnd)
    late = judge_fact(change.request, attempt(S.EXPIRED), (), fact(), Source.QUERY, SOON)
    assert (S.LATE_PAID, Reason.LATE_AND_CHANGED) == (late.attempt.state, late.reason)


def test_invariant_10_a_refund_does_not_reopen_the_request() -> None:
    """Given back in full, it is refunded, and nobody can pay it again."""
    change = refunding(attempt(S.PAID), paid(attempt(S.PAID)), AMOUNT)
    sent_refund = replace(change.refund, state=RefundState.SENT)
    told = RefundFact(is_done=True, transaction="R1", amount_vnd=AMOUNT)
    done = refund_reported(change.request, change.attempt, sent_refund, told, SOON)
    assert Refused(Refusal.NOT_DUE) == pressed(done.request, done.attempt)


def test_invariant_11_receipts_are_named_once() -> None:
    """The same decision made twice, after a crash, asks for the very same receipts; nothing asks before paid."""
    first, again = (judge_fact(OWING, attempt(), (), fact(), Source.QUERY, SOON + n * MINUTE) for n in (0, 1))
    assert [effect.key for effect in first.effects] == [effect.key for effect in again.effects]
    assert len(first.effects) == len({effect.key for effect in first.effects})
    repeated = judge_fact(first.request, first.attempt, (), fact(), Source.QUERY, SOON)
    assert () == repeated.effects


def test_invariant_12_the_account_stays_with_the_attempt() -> None:
    """No account is opened for without one, and no fact can name another."""
    told = get_type_hints(PaymentFact)
    assert not [name for name in told if "account" in name or "beneficiary" in name]
    for state in S:
        for answer in Answer:
            decision = judge_fact(OWING, attempt(state), (), fact(answer), Source.SETTLEMENT, SOON)
            assert ACCOUNT == decision.attempt.beneficiary


def test_invariant_13_times_are_kept_as_instant_and_as_told() -> None:
    """Both stand beside the debit."""
    noon = datetime(2026, 11, 25, 5, 0, tzinfo=UTC)
    told = fact(paid_at=noon, paid_at_text="20261125120000")
    kept = judge_fact(OWING, attempt(), (), told, Source.QUERY, SOON).attempt.debits[0]
    assert (noon, "20261125120000") == (kept.paid_at, kept.paid_at_text)


def test_the_table_is_total() -> None:
    """Every word at every stage has an outcome."""
    assert {word: set(Stage) for word in Said} == {word: set(row) for word, row in TABLE.items()}
    assert set(S) == set(STAGES) == set(ATTEMPT_MOVES)


@pytest.mark.parametrize("source", [Source.NOTIFICATION, Source.QUERY, Source.SETTLEMENT, Source.STATEMENT])
@pytest.mark.parametrize("state", list(S))
def test_whatever_is_said_can_be_said_again(state: AttemptState, source: Source) -> None:
    """Judged twice, a fact changes nothing more than judged once, and never raises."""
    facts = [
        changed
        for answer in Answer
        for told in (fact(answer), fact(answer, transaction="T9"), fact(answer, transaction=""))
        for changed in (
            told,
            replace(told, amount_vnd=1),
            replace(told, currency="USD"),
            replace(told, dossier_code="other"),
            replace(told, is_decisive=False),
            replace(told, amount_vnd=None),
        )
    ]
    view = attempt(state)
    requests = [paid(view) if state is S.PAID else OWING, paid(attempt(S.PAID, 2)), replace(DUE, version=2)]
    for request in requests if state is not S.PAID else requests[:1]:
        for told in facts:
            for later in (SOON, NOW + HOUR, NOW + 4 * DAY):
                once = judge_fact(request, view, (), told, source, later)
                again = judge_fact(once.request, once.attempt, (), told, source, later)

                assert (once.request, _settled(once.attempt), ()) == (
                    again.request,
                    _settled(again.attempt),
                    again.path,
                )
                assert _new_kinds(once, again) <= {EffectKind.ASK_PROVIDER, EffectKind.ALERT}
                # Beyond the schedule nothing that is still live is asked about again.
                is_asked = view.is_live and once.attempt.is_live and once.attempt.next_poll_at is not None
                assert later < NOW + 3 * DAY or not is_asked


def _settled(view: AttemptView) -> AttemptView:
    """Give the attempt without what each question counts and each hint leaves."""
    return replace(view, polls_count=0, hint=None)


def _new_kinds(once: Decision, again: Decision) -> set[EffectKind]:
    return set(kinds(effect for effect in again.effects if effect.key not in {first.key for first in once.effects}))


def test_moves_that_are_not_in_the_table_are_mistakes() -> None:
    """They raise, so that no decision can be stored with them."""
    with pytest.raises(ValueError, match="cannot go"):
        moved(attempt(S.PAID), (S.PENDING,), SOON)


def test_an_answer_from_before_a_payment_does_not_contradict_it() -> None:
    """Asked before, told after: nothing; asked after: a dispute."""
    view = attempt(S.PAID)
    for answer in (Answer.FAILED, Answer.NOT_FOUND):
        old = judge_fact(paid(view), view, (), fact(answer), Source.QUERY, NOW + HOUR, asked_at=NOW)
        assert (Reason.STALE, S.PAID) == (old.reason, old.attempt.state)
        new = judge_fact(paid(view), view, (), fact(answer), Source.QUERY, NOW + HOUR, asked_at=NOW + MINUTE)
        assert S.DISPUTED is new.attempt.state


def test_what_a_refund_explains_is_no_dispute() -> None:
    """A provider may call a transaction failed once it gave the money back; that is told, and stays as it is."""
    for state in (S.REFUND_PENDING, S.PARTIALLY_REFUNDED, S.REFUNDED):
        decision = judge_fact(paid(attempt(S.PAID, 2)), attempt(state), (), fact(Answer.FAILED), Source.QUERY, SOON)
        assert (state, [Alert.CONTRADICTION]) == (decision.attempt.state, alerts(decision))


def test_a_provider_that_insists_is_heard_again() -> None:
    """What a person disproved comes back by a query, never by the message from back then."""
    view = attempt(S.FAILED, debits=(debit("T1", Standing.DISPROVED),))
    message = judge_fact(DUE, view, (), fact(), Source.NOTIFICATION, SOON)
    assert S.FAILED is message.attempt.state
    asked = judge_fact(DUE, view, (), fact(), Source.QUERY, SOON)
    assert (S.DISPUTED, Reason.CONTRADICTS_DECISION, True) == (
        asked.attempt.state,
        asked.reason,
        asked.request.is_disputed,
    )


def test_what_never_settles_is_given_to_a_person() -> None:
    """After the last poll (F19), also when all it gave were hints."""
    end = NOW + 72 * HOUR
    for told in (fact(Answer.PENDING), fact(is_decisive=False)):
        decision: Decision = judge_fact(OWING, attempt(S.UNKNOWN), (), told, Source.QUERY, end)
        assert (S.DISPUTED, Reason.NEVER_SETTLED) == (decision.attempt.state, decision.reason)
        assert (RequestState.DUE, True) == (decision.request.state, decision.request.is_disputed)


def test_case_needs_what_it_compares() -> None:
    """A hint of another transaction lends no amount."""
    hinted = judge_fact(OWING, attempt(), (), fact(is_decisive=False), Source.NOTIFICATION, SOON).attempt
    case = Case(
        request=OWING,
        attempt=hinted,
        siblings=(),
        fact=fact(transaction="T2", amount_vnd=None),
        source=Source.QUERY,
        now=SOON,
        policy=PaymentPolicy(),
    )
    assert case.amount_vnd is None
