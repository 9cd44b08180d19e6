"""The engine, the store, the payer and the provider's faults that the payment machine plays."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from gateway.model.dossier import FeeKind
from gateway.model.payment import (
    Answer,
    AttemptState,
    Beneficiary,
    PaymentFact,
    PaymentItem,
    RequestState,
    Source,
)
from gateway.ports.payments import Opened
from gateway.sync.payment_facts import STAGES, Stage
from gateway.sync.payment_opening import (
    NewAttempt,
    OpenFailure,
    expire_request,
    open_attempt,
    open_failed,
    opened,
    sent,
)
from gateway.sync.payment_polls import expire
from gateway.sync.payment_records import (
    AttemptView,
    Decision,
    Effect,
    PaymentPolicy,
    RefundView,
    Refused,
    RequestView,
)
from gateway.sync.payment_strays import Owed, judge_stray
from gateway.sync.payment_words import EffectKind, Ruling
from gateway.sync.payments import fact_key, judge_fact
from tests.property.payments.model_provider import DOSSIER, PARTNER, ModelProvider, Taken, hinted, told, untold

START = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
PROVIDER = "platform"
ACCOUNT = Beneficiary(account_number="0011001234567", account_name="SO MO PHONG", bank_code="VCB")
FEE = PaymentItem(name="Phí", kind=FeeKind.CHARGE, amount_vnd=100_000)
LEVY = PaymentItem(name="Lệ phí", kind=FeeKind.LEVY, amount_vnd=50_000)
AMOUNT = 150_000


class PaymentPlay(RuleBasedStateMachine):
    """Everything that payer, provider and time can do to one request."""

    @initialize(
        accepts_late=st.sampled_from([True, True, False]),
        has_deadline=st.booleans(),
        has_portal=st.sampled_from([False, False, True]),
        pages_count=st.sampled_from([0, 1, 2, 2]),
    )
    def begin(self, accepts_late: bool, has_deadline: bool, has_portal: bool, pages_count: int) -> None:
        """Start with nothing, or with pages of which all but the last have lapsed; all may be paid still."""
        self.has_portal = has_portal
        self.now = START
        self.policy = PaymentPolicy(accepts_late=accepts_late, can_refund=True)
        self.world = ModelProvider()
        self.request = RequestView(
            request_id=UUID(int=1),
            state=RequestState.DUE,
            amount_vnd=AMOUNT,
            version=1,
            dossier_code=DOSSIER,
            items=(FEE, LEVY),
            deadline_at=START + timedelta(days=2) if has_deadline else None,
        )
        self.attempts: dict[UUID, AttemptView] = {}
        self.refunds: dict[UUID, RefundView] = {}
        self.rulings: dict[str, Ruling] = {}
        self.outbox: dict[str, Effect] = {}
        self.messages: list[PaymentFact] = []
        self.answers: list[tuple[UUID, PaymentFact, datetime]] = []
        self.numbers = 0
        self.told_decisively: set[str] = set()
        self.refund_truth: dict[UUID, int] = {}
        """What really went back by a refund, once it was sent."""
        self.is_taken_back = False
        """A person has just decided that a payment was none."""
        self.was_paid = False
        for _ in range(pages_count):
            self.lapse_and_press_again()

    # --- the store ---

    def number(self) -> int:
        self.numbers += 1
        return self.numbers

    def siblings(self, of: AttemptView) -> list[AttemptView]:
        return [view for key, view in self.attempts.items() if key != of.attempt_id]

    def store(self, decision: Decision) -> None:
        before = self.attempts.get(decision.attempt.attempt_id)
        if before is not None:
            assert before.beneficiary == decision.attempt.beneficiary
            assert before.amount_vnd == decision.attempt.amount_vnd
            assert bool(decision.path) == (before.state is not decision.attempt.state)
            known = {debit.transaction for debit in before.debits if debit.transaction}
            assert known <= {debit.transaction for debit in decision.attempt.debits}, "a debit was forgotten"
        if decision.replaced is not None:
            self.attempts[decision.replaced.attempt_id] = decision.replaced
        self.attempts[decision.attempt.attempt_id] = decision.attempt
        self.request = decision.request
        self.do(decision.effects)

    def do(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            self.outbox.setdefault(effect.key, effect)

    def judge(
        self, attempt: AttemptView, fact: PaymentFact, source: Source, asked_at: datetime | None, *, crashes: bool
    ) -> Ruling:
        """Judge and store; after a crash the same event is judged again, and must change no state and do nothing."""
        if fact.answer is Answer.PAID and fact.is_decisive:
            self.told_decisively.add(fact.transaction)
        earlier = self.rulings.get(fact_key(PROVIDER, fact)) if source is Source.NOTIFICATION else None

        def once(earlier: Ruling | None) -> Decision:
            current = self.attempts[attempt.attempt_id]
            return judge_fact(
                self.request,
                current,
                self.siblings(current),
                fact,
                source,
                self.now,
                self.policy,
                earlier=earlier,
                asked_at=asked_at,
            )

        decision = once(earlier)
        self.store(decision)
        if source is Source.NOTIFICATION:
            self.rulings[fact_key(PROVIDER, fact)] = decision.ruling
        if crashes:
            for known in (earlier, decision.ruling):
                again = once(known)
                before = set(self.outbox)
                assert (self.request, decision.attempt.state) == (again.request, again.attempt.state)
                assert decision.attempt.debits == again.attempt.debits
                self.store(again)
                new = [self.outbox[key].kind for key in set(self.outbox) - before]
                assert set(new) <= {EffectKind.ASK_PROVIDER, EffectKind.ALERT}, new
        return decision.ruling

    # --- the payer, and the provider ---

    @rule(fate=st.sampled_from(["opened", "opened", "opened", "refused", "down", "lost", "lost after", "unsent"]))
    def press_pay(self, fate: str) -> None:
        number = self.number()
        result = open_attempt(
            self.request,
            list(self.attempts.values()),
            self.now,
            self.policy,
            attempt_id=UUID(int=number),
            reference=f"REF{number}",
            provider=PROVIDER,
            partner_code=PARTNER,
            beneficiary=ACCOUNT,
        )
        if isinstance(result, Refused) and result.ask is not None:
            self.query(self.attempts[result.ask], is_lagging=False, is_hint=False, crashes=False)
        if not isinstance(result, NewAttempt):
            return
        assert not self.request.is_paid, "a payer was sent to pay again"
        self.request, self.attempts[UUID(int=number)] = result.request, result.attempt
        if fate != "unsent":
            self.send(result.attempt, fate)

    def send(self, attempt: AttemptView, fate: str) -> None:
        decision = sent(self.request, attempt, self.now)
        assert isinstance(decision, Decision)
        self.store(decision)
        if fate in ("opened", "lost after"):
            self.world.orders.add(attempt.reference)
        self.answered(decision.attempt, fate)

    def answered(self, attempt: AttemptView, fate: str) -> None:
        siblings = self.siblings(attempt)
        match fate:
            case "opened":
                answer = Opened(pay_url="https://pay.example/p", expires_at=self.now + timedelta(minutes=20))
                self.store(opened(self.request, attempt, answer, self.now, self.policy))
            case "refused":
                self.store(open_failed(self.request, attempt, siblings, OpenFailure.REFUSED, self.now))
            case "down":
                self.store(open_failed(self.request, attempt, siblings, OpenFailure.NOTHING_HAPPENED, self.now))
            case _:
                self.store(open_failed(self.request, attempt, siblings, OpenFailure.MAY_HAVE_HAPPENED, self.now))

    @precondition(lambda self: self.can_pay())
    @rule(data=st.data(), odd=st.sampled_from(["", "", "", "", "less", "currency"]))
    def payer_pays(self, data: st.DataObject, odd: str) -> None:
        """At any time, at any page that the provider has, also twice."""
        reference = data.draw(st.sampled_from(sorted(self.world.orders)))
        amount_vnd = next(view.amount_vnd for view in self.attempts.values() if view.reference == reference)
        money = self.world.take(
            reference, amount_vnd // 10 if odd == "less" else amount_vnd, "USD" if odd == "currency" else "VND"
        )
        self.messages.append(told(money, self.now))

    @precondition(lambda self: self.can_pay())
    @rule(data=st.data(), crashes=st.booleans())
    def payer_pays_and_all_goes_well(self, data: st.DataObject, crashes: bool) -> None:
        self.payer_pays(data, "")
        fact = self.messages[-1]
        self.deliver(fact, Source.NOTIFICATION, crashes=crashes)

    def can_pay(self) -> bool:
        return bool(self.world.orders) and len(self.world.taken) < 8

    @rule()
    def lapse_and_press_again(self) -> None:
        """The page closes unpaid, the provider says so, and the payer tries anew."""
        live = next((view for view in self.sent_attempts() if view.is_live), None)
        if live is not None and not self.world.under(live.reference):
            self.now = max(self.now, live.expires_at)
            self.judge(live, untold(Answer.NOT_FOUND, live.reference), Source.QUERY, self.now, crashes=False)
        self.press_pay("opened")

    @precondition(lambda self: self.has_portal and len(self.world.taken) < 4)
    @rule(reference=st.sampled_from(["", "FOREIGN"]))
    def payer_pays_at_the_portal(self, reference: str) -> None:
        self.messages.append(told(self.world.take(reference, self.request.amount_vnd), self.now))

    @precondition(lambda self: self.world.orders)
    @rule(data=st.data())
    def provider_tells_a_failure(self, data: st.DataObject) -> None:
        """Rightly, or of something that it took."""
        reference = data.draw(st.sampled_from(sorted(self.world.orders)))
        self.world.failed.add(reference)
        self.messages.append(untold(Answer.FAILED, reference))

    @precondition(lambda self: self.messages)
    @rule(data=st.data(), fate=st.sampled_from(["once", "once", "again", "lost", "hint", "lie"]), crashes=st.booleans())
    def message_comes(self, data: st.DataObject, fate: str, crashes: bool) -> None:
        """In any order; what stays in the list comes again."""
        place = data.draw(st.integers(0, len(self.messages) - 1))
        fact = self.messages[place]
        if fate != "again":
            self.messages.pop(place)
        match fate:
            case "lost":
                return
            case "hint":
                fact = hinted(fact, has_amount=data.draw(st.booleans()))
            case "lie" if fact.answer is Answer.PAID and fact.reference.startswith("REF"):
                fact = replace(fact, amount_vnd=1)
        self.deliver(fact, Source.NOTIFICATION, crashes=crashes)

    def deliver(self, fact: PaymentFact, source: Source, *, crashes: bool = False) -> None:
        known = next((view for view in self.attempts.values() if view.reference == fact.reference != ""), None)
        if known is not None:
            self.judge(known, fact, source, None, crashes=crashes)
        else:
            self.stray(fact, source)

    def stray(self, fact: PaymentFact, source: Source) -> None:
        if fact.answer is Answer.PAID and fact.is_decisive:
            self.told_decisively.add(fact.transaction)
        result = judge_stray(
            [Owed(request=self.request, attempts=tuple(self.attempts.values()))],
            fact,
            source,
            self.now,
            self.policy,
            attempt_id=UUID(int=self.number()),
            provider=PROVIDER,
            partner_code=PARTNER,
            beneficiary=ACCOUNT,
        )
        if isinstance(result, Decision):
            self.store(result)
        else:
            self.do(result.effects)

    @precondition(lambda self: self.sent_attempts())
    @rule(data=st.data(), answer=st.sampled_from([Answer.PAID, Answer.FAILED]))
    def somebody_forges_a_hint(self, data: st.DataObject, answer: Answer) -> None:
        """What decides is unsigned in some protocols: anybody can write it."""
        attempt = data.draw(st.sampled_from(self.sent_attempts()))
        forged = told(Taken(attempt.reference, "T99", attempt.amount_vnd)) if answer is Answer.PAID else None
        fact = forged or untold(Answer.FAILED, attempt.reference)
        self.deliver(hinted(fact, has_amount=True), Source.NOTIFICATION)

    # --- the gateway asks ---

    def sent_attempts(self) -> list[AttemptView]:
        return [view for view in self.attempts.values() if view.reference and view.state is not AttemptState.CREATED]

    @precondition(lambda self: self.sent_attempts())
    @rule(data=st.data(), is_lagging=st.booleans(), is_hint=st.booleans(), crashes=st.booleans())
    def gateway_asks(self, data: st.DataObject, is_lagging: bool, is_hint: bool, crashes: bool) -> None:
        attempt = data.draw(st.sampled_from(self.sent_attempts()))
        self.query(attempt, is_lagging=is_lagging, is_hint=is_hint, crashes=crashes)

    def query(self, attempt: AttemptView, *, is_lagging: bool, is_hint: bool, crashes: bool) -> None:
        fact = self.world.answer(attempt.reference, is_lagging=is_lagging)
        self.judge(attempt, hinted(fact, has_amount=True) if is_hint else fact, Source.QUERY, self.now, crashes=crashes)

    @precondition(lambda self: self.sent_attempts())
    @rule(data=st.data())
    def gateway_asks_and_hears_later(self, data: st.DataObject) -> None:
        attempt = data.draw(st.sampled_from(self.sent_attempts()))
        fact = self.world.answer(attempt.reference, is_lagging=False)
        self.answers.append((attempt.attempt_id, fact, self.now))

    @precondition(lambda self: self.answers)
    @rule(crashes=st.booleans())
    def late_answer_comes(self, crashes: bool) -> None:
        attempt_id, fact, asked_at = self.answers.pop()
        attempt = self.attempts[attempt_id]
        was_held = STAGES[attempt.state] is Stage.HELD and attempt.decided_at is not None
        is_old = was_held and attempt.decided_at is not None and asked_at < attempt.decided_at
        self.judge(attempt, fact, Source.QUERY, asked_at, crashes=crashes)
        if is_old and fact.answer is not Answer.PAID:
            assert attempt.state is self.attempts[attempt_id].state, "an old answer contradicted a payment"

    @rule(crashes=st.booleans())
    def file_comes(self, crashes: bool) -> None:
        """The daily file tells what was taken; what it does not tell was not."""
        for money in list(self.world.taken):
            known = next((view for view in self.attempts.values() if view.reference == money.reference != ""), None)
            if known is None:
                self.stray(told(money), Source.SETTLEMENT)
            else:
                self.judge(known, told(money), Source.SETTLEMENT, self.now, crashes=crashes)
        for attempt in self.sent_attempts():
            if not self.world.under(attempt.reference) and not any(
                self.world.find(debit.transaction) for debit in attempt.debits
            ):
                self.judge(
                    attempt, untold(Answer.NOT_FOUND, attempt.reference), Source.SETTLEMENT, self.now, crashes=crashes
                )

    @precondition(lambda self: any(view.state is AttemptState.PAID for view in self.attempts.values()))
    @rule()
    def file_forgets_the_payment(self) -> None:
        paid = next(view for view in self.attempts.values() if view.state is AttemptState.PAID)
        self.judge(paid, untold(Answer.NOT_FOUND, paid.reference), Source.SETTLEMENT, self.now, crashes=True)

    @rule(minutes=st.sampled_from([1, 5, 16, 60, 60 * 24, 60 * 24 * 4]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        change = expire_request(self.request, self.now)
        self.request = change.request
        self.do(change.effects)
        for attempt in list(self.attempts.values()):
            self.store(expire(self.request, attempt, self.siblings(attempt), self.now, self.policy))
