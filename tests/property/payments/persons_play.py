"""What persons do in the payment machine: the province, vouchers, disputes and refunds."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from gateway.errors import OutcomeUnknown, Rejected, TransientFailure
from gateway.ports.payments import RefundFact
from gateway.sync.payment_opening import (
    RequestChange,
    cancel,
    new_version,
    reopen,
)
from gateway.sync.payment_people import Voucher, accept_voucher, resolve_dispute
from gateway.sync.payment_records import (
    REVIEWED_STATES,
    UNDECIDED,
    AttemptView,
    Debit,
    Decision,
    RefundView,
    Refused,
)
from gateway.sync.payment_refunds import (
    RefundChange,
    approve_refund,
    ask_refund,
    refund_failed,
    refund_reported,
    refund_sent,
)
from gateway.sync.payment_words import RefundState, Resolution, Standing
from tests.property.payments.model_provider import PARTNER
from tests.property.payments.payment_play import ACCOUNT, FEE, LEVY, PROVIDER, PaymentPlay

PERSONS = st.sampled_from(["an", "binh", "chi"])
FATES = ["done", "done", "lost after", "lost", "down", "refused", "less", "said to fail"]


class PersonsPlay(PaymentPlay):
    """Everything that can happen to one request. What must hold is said by the machine that inherits it."""

    @rule(action=st.sampled_from(["cancel", "reopen", "more"]))
    def province_changes_the_request(self, action: str) -> None:
        attempts = list(self.attempts.values())
        before = self.request
        match action:
            case "cancel":
                change = cancel(self.request, attempts)
            case "reopen":
                change = reopen(self.request, None, self.now)
            case _:
                item = replace(FEE, amount_vnd=FEE.amount_vnd + self.request.version)
                change = new_version(self.request, attempts, (item, LEVY))
        if isinstance(change, RequestChange):
            assert not before.is_paid
            assert not any(view.is_live for view in attempts), "changed while an attempt lives"
            self.request = change.request
            self.do(change.effects)

    @precondition(lambda self: self.world.taken)
    @rule(data=st.data(), approver=PERSONS)
    def citizen_brings_a_voucher(self, data: st.DataObject, approver: str) -> None:
        money = data.draw(st.sampled_from([m for m in self.world.taken if m.currency == "VND"] or self.world.taken))
        if money.currency != "VND":
            return
        voucher = Voucher(
            transaction=money.transaction,
            amount_vnd=money.amount_vnd,
            paid_at=self.now,
            evidence_sha256=sha256(money.transaction.encode()).hexdigest(),
            recorded_by="an",
        )
        result = accept_voucher(
            self.request,
            list(self.attempts.values()),
            voucher,
            approver,
            self.now,
            attempt_id=UUID(int=self.number()),
            provider=PROVIDER,
            partner_code=PARTNER,
            beneficiary=ACCOUNT,
        )
        if isinstance(result, Decision):
            assert approver != "an"
            self.store(result)

    def undecided(self) -> list[tuple[AttemptView, str]]:
        return [
            (view, transaction)
            for view in self.attempts.values()
            if view.state in REVIEWED_STATES
            for transaction in [d.transaction for d in view.debits if d.standing in UNDECIDED] or [""]
        ]

    @precondition(lambda self: self.undecided())
    @rule(data=st.data(), resolution=st.sampled_from(Resolution))
    def person_decides(self, data: st.DataObject, resolution: Resolution) -> None:
        """Also wrongly."""
        attempt, transaction = data.draw(st.sampled_from(self.undecided()))
        self.resolve(attempt, transaction, resolution)

    def resolve(self, attempt: AttemptView, transaction: str, resolution: Resolution) -> bool:
        result = resolve_dispute(
            self.request,
            attempt,
            self.siblings(attempt),
            resolution,
            self.now,
            self.policy,
            transaction=transaction,
            person="chi",
            reason="checked_with_bank",
        )
        if not isinstance(result, Decision):
            return False
        self.is_taken_back = self.request.is_paid and not result.request.is_paid
        assert not self.is_taken_back or resolution in (Resolution.NO_MONEY, Resolution.SUSPEND)
        self.now += timedelta(seconds=1)
        self.store(result)
        return True

    def debits(self) -> list[tuple[AttemptView, Debit]]:
        return [(view, debit) for view in self.attempts.values() for debit in view.debits]

    @precondition(lambda self: self.debits())
    @rule(data=st.data(), person=PERSONS, share=st.sampled_from([1, 2, 3]))
    def person_asks_for_a_refund(self, data: st.DataObject, person: str, share: int) -> None:
        attempt, debit = data.draw(st.sampled_from(self.debits()))
        self.ask_back(attempt, debit, max(debit.amount_vnd // share, 1), person)

    def ask_back(self, attempt: AttemptView, debit: Debit, amount_vnd: int, person: str) -> RefundView | None:
        refund = ask_refund(
            attempt,
            refund_id=UUID(int=self.number()),
            transaction=debit.transaction,
            amount_vnd=amount_vnd,
            reason="paid_twice",
            account_ref="account-1",
            person=person,
            now=self.now,
        )
        if isinstance(refund, Refused):
            return None
        assert debit.standing in (Standing.COUNTS, Standing.SURPLUS)
        self.refunds[refund.refund_id] = refund
        return refund

    @precondition(lambda self: any(debit.left_vnd for _, debit in self.debits()))
    @rule(data=st.data(), share=st.sampled_from([0, 1, 2, 3]), fate=st.sampled_from(FATES))
    def money_goes_back(self, data: st.DataObject, share: int, fate: str) -> None:
        """The whole way at once."""
        attempt, debit = data.draw(st.sampled_from([(a, d) for a, d in self.debits() if d.left_vnd]))
        # One share asks for all that was ever taken, whatever has gone back since.
        amount_vnd = debit.left_vnd // share if share else debit.amount_vnd
        refund = self.ask_back(attempt, debit, max(amount_vnd, 1), "an")
        if refund is not None:
            change = approve_refund(self.request, attempt, refund, "binh", self.now, self.policy)
            assert isinstance(change, RefundChange)
            self.store_refund(change)
            self.refund_is_sent(fate)

    @precondition(lambda self: any(r.state is RefundState.ASKED for r in self.refunds.values()))
    @rule(data=st.data(), person=PERSONS)
    def person_approves(self, data: st.DataObject, person: str) -> None:
        asked = [refund for refund in self.refunds.values() if refund.state is RefundState.ASKED]
        refund = data.draw(st.sampled_from(asked))
        result = approve_refund(self.request, self.attempts[refund.attempt_id], refund, person, self.now, self.policy)
        if isinstance(result, RefundChange):
            assert person != refund.asked_by
            self.store_refund(result)

    def store_refund(self, change: RefundChange) -> None:
        self.refunds[change.refund.refund_id] = change.refund
        self.attempts[change.attempt.attempt_id] = change.attempt
        self.request = change.request
        self.do(change.effects)

    def refunds_in(self, *states: RefundState) -> list[RefundView]:
        return [refund for refund in self.refunds.values() if refund.state in states]

    @precondition(lambda self: self.refunds_in(RefundState.APPROVED))
    @rule(fate=st.sampled_from(FATES))
    def refund_is_sent(self, fate: str) -> None:
        refund = self.refunds_in(RefundState.APPROVED)[0]
        attempt = self.attempts[refund.attempt_id]
        sending = refund_sent(refund)
        assert isinstance(sending, RefundView)
        assert isinstance(refund_sent(sending), Refused), "sent twice"
        self.refunds[refund.refund_id] = sending
        money = self.world.find(refund.transaction)
        if money is None or money.given_back_vnd + refund.amount_vnd > money.amount_vnd:
            # Said to have failed and done all the same: no provider gives back more than it took.
            fate = "refused"
        really = {"done": refund.amount_vnd, "lost after": refund.amount_vnd, "less": max(refund.amount_vnd - 1, 0)}
        really["said to fail"] = refund.amount_vnd
        self.give_back(sending, really.get(fate, 0))
        match fate:
            case "lost after" | "lost":
                error = OutcomeUnknown("?", system="pay", operation="refund")
                self.store_refund(refund_failed(self.request, attempt, sending, error, self.now))
            case "down":
                self.refund_truth.pop(refund.refund_id)
                down = TransientFailure("?", system="pay", operation="refund")
                self.store_refund(refund_failed(self.request, attempt, sending, down, self.now))
            case "refused" | "said to fail":
                no = Rejected("?", system="pay", operation="refund")
                self.store_refund(refund_failed(self.request, attempt, sending, no, self.now))
            case _:
                self.report(sending, is_done=True)

    def give_back(self, refund: RefundView, amount_vnd: int) -> None:
        self.refund_truth[refund.refund_id] = amount_vnd
        money = self.world.find(refund.transaction)
        assert money is not None, "money was given back that was never taken"
        money.given_back_vnd += amount_vnd

    def report(self, refund: RefundView, *, is_done: bool | None) -> None:
        amount_vnd = self.refund_truth.get(refund.refund_id, 0)
        fact = RefundFact(is_done=is_done, transaction="R", amount_vnd=amount_vnd)
        attempt = self.attempts[refund.attempt_id]
        self.store_refund(refund_reported(self.request, attempt, refund, fact, self.now))

    @precondition(lambda self: self.refund_truth)
    @rule(data=st.data(), knows=st.booleans())
    def refund_is_asked_about(self, data: st.DataObject, knows: bool) -> None:
        refund = self.refunds[data.draw(st.sampled_from(sorted(self.refund_truth)))]
        truth = self.refund_truth[refund.refund_id] > 0
        self.report(refund, is_done=truth if knows else None)
