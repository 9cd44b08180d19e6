"""One request through long random histories, against what was really taken and given back.

The machine plays the store and the engine: a decision is stored as a whole, effects go through an outbox that does each
key once, and any event may be judged again after a crash, before it was stored or after. Messages are lost, repeated,
reordered, late, forged (as hints, since nothing unverified becomes a fact) and contradictory; the provider itself may
lag, fail what it took, and take twice. Persons resolve, refund and accept vouchers at any time.

Invariants hold after every step. At the end the faults stop: files tell everything, persons decide what is open, and
every đồng that was taken must have ended as the payment, as given back, or where a person or the suspense account has
put it.

PAYMENT_MACHINE_EXAMPLES in the environment makes the run longer.
"""

import os
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant

from gateway.model.dossier import FeeKind
from gateway.model.payment import (
    LIVE,
    AttemptState,
    RequestState,
)
from gateway.sync.payment_facts import STAGES, Stage
from gateway.sync.payment_moves import resting_state
from gateway.sync.payment_records import (
    COUNTING,
    REVIEWED_STATES,
    UNDECIDED,
    RefundView,
)
from gateway.sync.payment_refunds import (
    RefundChange,
    approve_refund,
    refund_sent,
    resolve_refund,
)
from gateway.sync.payment_words import EffectKind, RefundState, Resolution, Standing
from tests.property.payments.persons_play import PersonsPlay

EXAMPLES = int(os.environ.get("PAYMENT_MACHINE_EXAMPLES", "150"))


class PaymentMachine(PersonsPlay):
    """What always holds, and how it ends."""

    # --- what always holds ---

    def ready(self) -> bool:
        return hasattr(self, "was_paid")

    @invariant()
    def paid_only_by_money_that_was_taken(self) -> None:
        if not self.ready() or not self.request.is_paid:
            return
        assert self.request.paid_attempt_id is not None
        debit = self.attempts[self.request.paid_attempt_id].counting()
        assert debit is not None
        money = self.world.find(debit.transaction)
        assert money is not None, "paid without money"
        assert (self.request.amount_vnd, "VND") == (debit.amount_vnd, debit.currency)
        assert (money.amount_vnd, money.currency) == (debit.amount_vnd, debit.currency)

    @invariant()
    def one_debit_counts(self) -> None:
        if self.ready():
            counting = [debit for _, debit in self.debits() if debit.standing in COUNTING]
            assert int(self.request.is_paid) == len(counting)
            assert sum(view.state is AttemptState.PAID for view in self.attempts.values()) <= 1
            placed = (*COUNTING, Standing.SURPLUS)
            real = [d.transaction for _, d in self.debits() if d.standing in placed]
            assert len(real) == len(set(real)), "one debit in two places"

    @invariant()
    def paid_is_never_lost_silently(self) -> None:
        if self.ready():
            assert self.request.is_paid or not self.was_paid or self.is_taken_back
            self.was_paid, self.is_taken_back = self.request.is_paid, False

    @invariant()
    def never_more_is_given_back_than_was_taken(self) -> None:
        if not self.ready():
            return
        for _, debit in self.debits():
            assert 0 <= debit.refunded_vnd + debit.reserved_vnd <= debit.amount_vnd
        assert self.request.refunded_vnd <= self.request.amount_vnd
        reserved = Counter[tuple[UUID, str]]()
        for refund in self.refunds.values():
            assert not refund.is_reserved or refund.state in _RESERVING
            if not refund.is_reserved:
                continue
            reserved[refund.attempt_id, refund.transaction] += refund.amount_vnd
        for view, debit in self.debits():
            assert reserved[view.attempt_id, debit.transaction] == debit.reserved_vnd

    @invariant()
    def every_debit_that_was_told_has_its_place(self) -> None:
        if self.ready():
            suspended = {e.transaction for e in self.outbox.values() if e.kind is EffectKind.RECORD_SUSPENSE}
            known = {debit.transaction for _, debit in self.debits()} | suspended
            assert self.told_decisively <= known, "money was dropped"

    @invariant()
    def states_agree(self) -> None:
        if not self.ready():
            return
        views = list(self.attempts.values())
        assert self.request.is_disputed == any(view.state in REVIEWED_STATES for view in views)
        assert (self.request.state is RequestState.PENDING) == (
            not self.request.is_paid and any(view.is_live for view in views)
        )
        closed = {Standing.ELSEWHERE, Standing.DISPROVED, Standing.REPLACED}
        for view in views:
            if view.state in LIVE or STAGES[view.state] is Stage.ENDED:
                assert {debit.standing for debit in view.debits} <= closed
                assert view.state not in LIVE or view.next_poll_at is not None, "a live attempt is forgotten"
            elif view.state not in REVIEWED_STATES and view.state is not AttemptState.DUPLICATE_PAID:
                assert view.state is resting_state(view)

    @invariant()
    def one_receipt_for_each_kind(self) -> None:
        if not self.ready():
            return
        balance = Counter[FeeKind]()
        for effect in self.outbox.values():
            if effect.fee_kind is not None:
                balance[effect.fee_kind] += _RECEIPTS.get(effect.kind, 0)
        is_owed = self.request.state in (RequestState.PAID, RequestState.PARTIALLY_REFUNDED)
        assert {kind: int(is_owed) for kind in FeeKind} == {kind: balance[kind] for kind in FeeKind}

    # --- the end ---

    def teardown(self) -> None:
        """Faults stop: everything is told, persons decide, what is surplus goes back."""
        if not self.ready():
            return
        for _ in range(4):
            self.now += timedelta(days=4)
            self.time_passes(60)
            self.settle_refunds()
            self.file_comes(crashes=False)
            self.decide_everything()
            self.give_surplus_back()
        assert not any(view.is_live for view in self.attempts.values())
        assert not self.request.is_disputed
        suspended = {e.transaction for e in self.outbox.values() if e.kind is EffectKind.RECORD_SUSPENSE}
        # A debit that stands under two references is where it counts or goes back from.
        ordered = sorted(self.debits(), key=lambda held: held[1].standing in (*COUNTING, Standing.SURPLUS))
        places = {debit.transaction: debit for _, debit in ordered if debit.standing is not Standing.REPLACED}
        for money in self.world.taken:
            debit = places.get(money.transaction)
            if debit is None:
                assert money.transaction in suspended, "money that nobody knows of"
                continue
            assert money.given_back_vnd == debit.refunded_vnd
            assert debit.standing not in UNDECIDED
            if debit.standing is Standing.SURPLUS:
                assert debit.amount_vnd == debit.refunded_vnd, "surplus that was kept"

    def settle_refunds(self) -> None:
        for refund in list(self.refunds.values()):
            if refund.state is RefundState.APPROVED:
                sending = refund_sent(refund)
                assert isinstance(sending, RefundView)
                self.refunds[refund.refund_id] = sending
                money = self.world.find(refund.transaction)
                assert money is not None
                has_room = money.given_back_vnd + refund.amount_vnd <= money.amount_vnd
                self.give_back(sending, refund.amount_vnd if has_room else 0)
        for refund_id, amount_vnd in self.refund_truth.items():
            if amount_vnd or self.refunds[refund_id].state in (RefundState.SENT, RefundState.UNKNOWN):
                self.report(self.refunds[refund_id], is_done=amount_vnd > 0)
        for refund in self.refunds_in(RefundState.DISPUTED, RefundState.UNKNOWN):
            change = resolve_refund(
                self.request,
                self.attempts[refund.attempt_id],
                refund,
                paid_back_vnd=self.refund_truth[refund.refund_id],
                reason="bank_statement",
                person="chi",
                now=self.now,
            )
            if isinstance(change, RefundChange):
                self.store_refund(change)

    def decide_everything(self) -> None:
        for _ in range(100):
            undecided = self.undecided()
            if not undecided:
                return
            attempt, transaction = undecided[0]
            order = [Resolution.ACCEPT, Resolution.REFUND, Resolution.SUSPEND, Resolution.NO_MONEY]
            assert any(self.resolve(attempt, transaction, resolution) for resolution in order), "nobody can decide"

    def give_surplus_back(self) -> None:
        for refund in self.refunds_in(RefundState.ASKED):
            self.refunds[refund.refund_id] = replace(refund, state=RefundState.DECLINED)
        for attempt, debit in self.debits():
            if debit.standing is Standing.SURPLUS and debit.left_vnd > 0:
                owed = self.ask_back(self.attempts[attempt.attempt_id], debit, debit.left_vnd, "an")
                assert owed is not None
                current = self.attempts[attempt.attempt_id]
                change = approve_refund(self.request, current, owed, "binh", self.now, self.policy)
                assert isinstance(change, RefundChange)
                self.store_refund(change)
        self.settle_refunds()


_RESERVING = (RefundState.APPROVED, RefundState.SENT, RefundState.UNKNOWN, RefundState.DISPUTED)
_RECEIPTS = {EffectKind.ISSUE_RECEIPT: 1, EffectKind.CANCEL_RECEIPT: -1}

TestPaymentMachine = PaymentMachine.TestCase
TestPaymentMachine.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
