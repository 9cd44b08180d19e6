"""Orders to a supplier that does everything wrong: one receipt is written, and nothing is sent blindly.

The play is what the engine does with the table: calls that end in every way, and answers that come late.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gateway.model.dossier import FeeKind
from gateway.ports.receipts import SuppliedReceipt
from gateway.sync.receipt_orders import (
    ANSWER_TIME,
    OrderKind,
    OrderState,
    ReceiptOrder,
    Step,
    Verdict,
    judge_written,
    next_step,
    reopened,
)
from tests.support.receipts import SERIES

START = datetime(2026, 3, 4, tzinfo=UTC)
NOTHING_HAPPENED, LOST, NEVER_ARRIVED, DIED, REFUSED, WELL = (
    "nothing",
    "lost",
    "never_arrived",
    "died",
    "refused",
    "well",
)


class Orders(RuleBasedStateMachine):
    """One order; `there` is what the supplier has, written at most once whatever is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.order = ReceiptOrder(
            key="phi-1",
            kind=OrderKind.ISSUE,
            request_id="r",
            fee_kind=FeeKind.CHARGE,
            supplier="s",
            supplier_key="phi-1",
            amount_vnd=100_000,
            made_at=START,
            changed_at=START,
        )
        self.there: SuppliedReceipt | None = None
        self.writes_at: datetime | None = None
        """When a call that was lost on its way back, or is slow, writes the receipt."""
        self.is_open = False
        """Nobody knows what became of the last call."""

    @rule(seconds=st.integers(1, 600))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self._arrive()

    @precondition(lambda self: next_step(self.order, self.now) is Step.SEND)
    @rule(
        ending=st.sampled_from([NOTHING_HAPPENED, LOST, NEVER_ARRIVED, DIED, REFUSED, WELL]),
        delay=st.integers(0, int(ANSWER_TIME.total_seconds()) - 1),
    )
    def send(self, ending: str, delay: int) -> None:
        assert not self.is_open, "what is open was sent again without a question"
        self.order = replace(self.order, state=OrderState.SENT, reason="", sent_at=self.now)
        if ending == NOTHING_HAPPENED:
            self.order = replace(self.order, state=OrderState.OWED, reason="transient")
        elif ending == REFUSED:
            self.order = replace(self.order, state=OrderState.REFUSED, reason="rejected")
        elif self.there is not None:
            # The key was used: a receipt is there, and is asked for.
            self.is_open = True
            self.order = replace(self.order, reason="duplicate_key")
        elif ending == WELL:
            self.there = SuppliedReceipt(number=1, amount_vnd=100_000)
            self.order = replace(self.order, state=OrderState.DONE)
        else:
            self.is_open = True
            if ending != NEVER_ARRIVED:
                self.writes_at = self.now + timedelta(seconds=delay)
            if ending != DIED:
                self.order = replace(self.order, reason="timeout")
            self._arrive()

    @precondition(lambda self: next_step(self.order, self.now) is Step.ASK)
    @rule(is_answered=st.booleans())
    def ask(self, is_answered: bool) -> None:
        if not is_answered:
            return
        judged = judge_written(self.order, SERIES, self.there, self.now)
        if judged.verdict is Verdict.THERE:
            self.is_open = False
            self.order = replace(self.order, state=OrderState.DONE)
        elif judged.verdict is Verdict.ABSENT:
            assert self.writes_at is None, "it was being written still"
            self.is_open = False
            self.order = replace(self.order, state=OrderState.OWED, reason="absent")
        else:
            assert judged.verdict is Verdict.TOO_EARLY

    @precondition(lambda self: self.order.state is OrderState.REFUSED)
    @rule(can_ask=st.booleans())
    def take_up_again(self, can_ask: bool) -> None:
        state = reopened(self.order, can_ask=can_ask)
        self.order = replace(self.order, state=state, reason="again")

    @invariant()
    def what_is_done_is_there(self) -> None:
        assert self.order.state is not OrderState.DONE or self.there is not None

    @invariant()
    def waiting_ends(self) -> None:
        if next_step(self.order, self.now) is Step.WAIT:
            assert next_step(self.order, self.now + ANSWER_TIME) is Step.ASK

    def _arrive(self) -> None:
        if self.writes_at is not None and self.now >= self.writes_at:
            self.there, self.writes_at = SuppliedReceipt(number=1, amount_vnd=100_000), None


TestOrders = Orders.TestCase
TestOrders.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
