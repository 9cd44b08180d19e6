"""One lane against a model portal, with every fault at every moment.

The machine plays the engine and its store as they are: `begin` is stored before the call (deliveries only, not
presence), results are merged into what is stored by then, a dead worker leaves what it stored. The model portal keeps
the truth about effects. Invariants are checked at every store and every call; at the end the faults stop, and
everything must come to rest, and then, with a person retrying what is parked, everything must arrive.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway.model.delivery import (
    DELIVERY_TRANSITIONS,
    FINAL_STATES,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Lane,
    RemotePresence,
)
from gateway.ports.portal import ChannelLimits, ItemVerdict, Verdict
from gateway.sync.equation import balance, count_states
from gateway.sync.lanes import (
    Action,
    Blocked,
    CallFailed,
    CallHeld,
    Event,
    FailureKind,
    Idle,
    Judged,
    LeaseLost,
    LookedUp,
    NotTranslated,
    Park,
    PushSnapshot,
    PushSteps,
    Query,
    begin,
    plan,
    react,
    retry_parked,
    skip_parked,
)
from gateway.sync.retry import RetryPolicy
from tests.property.sync.model_portal import FOREIGN, Content, ModelPortal


class Fate(StrEnum):
    """What becomes of a call."""

    ANSWERED = "answered"
    NOT_JUDGED = "not_judged"
    FIRST_REJECTED = "first_rejected"
    LAST_LEFT_OUT = "last_left_out"
    LOST_BEFORE_EFFECT = "lost_before_effect"
    LOST_AFTER_EFFECT = "lost_after_effect"
    GARBAGE_BEFORE_EFFECT = "garbage_before_effect"
    GARBAGE_AFTER_EFFECT = "garbage_after_effect"
    GARBAGE_WITHOUT_EFFECT = "garbage_without_effect"
    REFUSED = "refused"
    RATE_LIMITED = "rate_limited"
    CREDENTIALS = "credentials"
    REJECTED = "rejected"
    LEASE_LOST_BEFORE_EFFECT = "lease_lost_before_effect"
    LEASE_LOST_AFTER_EFFECT = "lease_lost_after_effect"
    DIED_BEFORE_CALL = "died_before_call"
    DIED_AFTER_EFFECT = "died_after_effect"
    NOT_TRANSLATED = "not_translated"
    HELD = "held"


HAS_EFFECT = {
    Fate.ANSWERED,
    Fate.LAST_LEFT_OUT,
    Fate.FIRST_REJECTED,
    Fate.LOST_AFTER_EFFECT,
    Fate.GARBAGE_AFTER_EFFECT,
    Fate.LEASE_LOST_AFTER_EFFECT,
    Fate.DIED_AFTER_EFFECT,
}
IS_SETTLED = {
    Fate.ANSWERED,
    Fate.NOT_JUDGED,
    Fate.FIRST_REJECTED,
    Fate.GARBAGE_WITHOUT_EFFECT,
    Fate.REFUSED,
    Fate.RATE_LIMITED,
    Fate.CREDENTIALS,
    Fate.REJECTED,
    Fate.NOT_TRANSLATED,
    Fate.HELD,
}
DEATHS = {Fate.DIED_BEFORE_CALL, Fate.DIED_AFTER_EFFECT}
FAILURES: dict[Fate, Event] = {
    Fate.LOST_BEFORE_EFFECT: CallFailed(FailureKind.OUTCOME_UNKNOWN, effect_possible=True),
    Fate.LOST_AFTER_EFFECT: CallFailed(FailureKind.OUTCOME_UNKNOWN, effect_possible=True),
    Fate.GARBAGE_BEFORE_EFFECT: CallFailed(FailureKind.CONTRACT_BROKEN, effect_possible=True),
    Fate.GARBAGE_AFTER_EFFECT: CallFailed(FailureKind.CONTRACT_BROKEN, effect_possible=True),
    Fate.GARBAGE_WITHOUT_EFFECT: CallFailed(FailureKind.CONTRACT_BROKEN),
    Fate.REFUSED: CallFailed(FailureKind.TRANSIENT),
    Fate.RATE_LIMITED: CallFailed(FailureKind.RATE_LIMITED, retry_after_seconds=20.0),
    Fate.CREDENTIALS: CallFailed(FailureKind.CREDENTIALS),
    Fate.REJECTED: CallFailed(FailureKind.REJECTED, reason="remote_code -7"),
    Fate.HELD: CallHeld(),
    Fate.LEASE_LOST_BEFORE_EFFECT: LeaseLost(),
    Fate.LEASE_LOST_AFTER_EFFECT: LeaseLost(),
}
PLAIN_ANSWERS = {Fate.ANSWERED, Fate.NOT_JUDGED, Fate.FIRST_REJECTED, Fate.LAST_LEFT_OUT}
RETRY = RetryPolicy()
CONTENTS = st.builds(Content, visible=st.sampled_from([0, 0, 1]), hidden=st.integers(0, 3))
# Nearly every second call is answered, or lanes would never get far enough for the interesting faults.
FATES = st.sampled_from([Fate.ANSWERED] * 16 + [Fate.LOST_BEFORE_EFFECT, Fate.LOST_AFTER_EFFECT] * 3 + list(Fate))
CALLS = st.tuples(FATES, st.sampled_from([0.0, 0.5, 0.999]), st.booleans())


class LaneMachine(RuleBasedStateMachine):
    """Everything that can happen to one lane."""

    @initialize(
        stores_repeats_once=st.booleans(), is_known=st.booleans(), has_look_up=st.sampled_from([True, True, False])
    )
    def open(self, stores_repeats_once: bool, is_known: bool, has_look_up: bool) -> None:
        """Start with an empty lane, or with one whose dossier has arrived already."""
        self.portal = ModelPortal(stores_repeats_once)
        self.limits = ChannelLimits(
            max_snapshots_per_call=50,
            max_steps_per_call=2,
            repeated_step_is_harmless=stores_repeats_once,
            has_look_up=has_look_up,
        )
        self.now = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
        self.rows: dict[int, Delivery] = {}
        self.contents: dict[int, Content] = {}
        self.presence = RemotePresence.ABSENT
        self.due_at: datetime | None = None
        self.failures_count = 0
        self.accepted_count = 0
        self.has_changed = False
        self.working: tuple[Action, Lane] | None = None
        self.is_unsettled = False
        self.doubtful: set[int] = set()
        """What was sent without a settled answer since a person or a query looked at it."""
        self.retries: dict[int, int] = {}
        self.known_arrivals: set[int] = set()
        if is_known:
            self.accept(DeliveryKind.SNAPSHOT, Content(0, 0))
            self.work([(Fate.ANSWERED, 0.0, False)])

    # --- the store ---

    def lane(self) -> Lane:
        """Load the lane as a worker leases it: open deliveries only."""
        return Lane(
            system="portal",
            dossier_id=7,
            presence=self.presence,
            due_at=self.due_at,
            failures_count=self.failures_count,
            deliveries=tuple(row for row in self.rows.values() if row.state not in FINAL_STATES),
        )

    def store(self, before: Lane, after: Lane) -> None:
        """Store the deliveries that differ, checking every change against the table of the model."""
        assert [row.delivery_id for row in before.deliveries] == [row.delivery_id for row in after.deliveries]
        for old, new in zip(before.deliveries, after.deliveries, strict=True):
            if old == new:
                continue
            stored = self.rows[new.delivery_id]
            assert new.state is stored.state or new.state in DELIVERY_TRANSITIONS[stored.state]
            assert new.reason or new.state not in (DeliveryState.PARKED, DeliveryState.SKIPPED)
            self.rows[new.delivery_id] = new
            if new.state is DeliveryState.DELIVERED:
                self.check_arrival(new)

    def settle(self, before: Lane, after: Lane) -> None:
        """Store a lane's result and free it."""
        self.store(before, after)
        self.presence, self.failures_count = after.presence, after.failures_count
        self.due_at = after.due_at
        if self.has_changed:
            self.due_at = after.due_at or self.now
        self.working = None

    def check_arrival(self, delivery: Delivery) -> None:
        """What counts as delivered must have arrived, in full."""
        if delivery.kind is DeliveryKind.STEP:
            assert delivery.delivery_id in self.portal.stored_ever
        else:
            # Arrived by a call, or the very same content was there already and the look-up said so.
            is_there = self.portal.record == self.contents[delivery.delivery_id]
            assert is_there or delivery.delivery_id in self.known_arrivals

    # --- what the province and the operator do ---

    def accept(self, kind: DeliveryKind, content: Content | None) -> None:
        self.accepted_count += 1
        number = self.accepted_count
        self.rows[number] = Delivery(
            delivery_id=number,
            dossier_id=7,
            revision=number,
            ordinal=0,
            kind=kind,
            state=DeliveryState.WAITING,
        )
        # A step is looked up with its dossier as it then was.
        self.contents[number] = content or next(
            (self.contents[i] for i in sorted(self.contents, reverse=True)), Content(0, 0)
        )
        self.due_at = self.due_at or self.now
        self.has_changed = True

    @rule(contents=st.lists(st.none() | CONTENTS, min_size=1, max_size=4))
    def accept_some(self, contents: list[Content | None]) -> None:
        """Accept snapshots and, for None, steps; the first ever is a snapshot, as acceptance sees to."""
        for content in contents:
            if content is None and self.accepted_count > 0:
                self.accept(DeliveryKind.STEP, None)
            else:
                self.accept(DeliveryKind.SNAPSHOT, content or Content(0, 0))

    def parked(self) -> list[int]:
        return [row.delivery_id for row in self.rows.values() if row.state is DeliveryState.PARKED]

    @precondition(lambda self: self.parked())
    @rule(data=st.data(), is_retried=st.booleans())
    def person_decides(self, data: st.DataObject, is_retried: bool) -> None:
        number = data.draw(st.sampled_from(self.parked()))
        if is_retried:
            self.retry(number)
        else:
            before = self.lane()
            self.wake(before, skip_parked(before, number, "withdrawn_by_operator", self.now))

    def retry(self, number: int) -> None:
        self.retries[number] = self.retries.get(number, 0) + 1
        self.doubtful.discard(number)
        before = self.lane()
        self.wake(before, retry_parked(before, number, self.now))

    def wake(self, before: Lane, after: Lane) -> None:
        self.store(before, after)
        self.due_at, self.failures_count, self.has_changed = after.due_at, after.failures_count, True

    # --- what the world does ---

    @rule(seconds=st.integers(1, 2000))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(seconds=st.integers(1, 100_000))
    def clock_is_set_back(self, seconds: int) -> None:
        self.now -= timedelta(seconds=seconds)

    @rule()
    def portal_loses_the_dossier(self) -> None:
        self.portal.lose()

    @precondition(lambda self: self.portal.record is None)
    @rule()
    def somebody_else_creates_the_dossier(self) -> None:
        self.portal.record = FOREIGN

    # --- what workers do ---

    @rule(calls=st.lists(CALLS, min_size=1, max_size=5))
    def work(self, calls: list[tuple[Fate, float, bool]]) -> None:
        """Do whole cycles, each call with its fate."""
        for fate, chance, is_conclusive in calls:
            if self.working is None and self.due_at is not None:
                self.start()
            if self.working is not None:
                self.finish(fate, chance, is_conclusive)

    @precondition(lambda self: self.working is None and self.due_at is not None)
    @rule()
    def start(self) -> None:
        """Begin a cycle and stop before its call, so that anything can happen in between."""
        assert self.due_at is not None
        self.now = max(self.now, self.due_at)
        before = self.lane()
        action = plan(before, self.limits)
        self.check_plan(before, action)
        begun = begin(before, action)
        self.has_changed = False
        if isinstance(action, Park | Blocked | Idle):
            self.settle(before, begun)
        else:
            self.store(before, begun)
            self.working = (action, begun)

    def check_plan(self, before: Lane, action: Action) -> None:
        states = {row.state for row in before.deliveries}
        match action:
            case PushSnapshot(delivery):
                sent: tuple[Delivery, ...] = (delivery,)
            case PushSteps(deliveries):
                sent = deliveries
            case Idle():
                assert not before.deliveries
                return
            case Blocked(reason) | Park(_, reason):
                assert reason
                return
            case Query():
                assert self.limits.has_look_up, "a query where nothing can be asked"
                return
        if self.limits.has_look_up:
            assert not self.is_unsettled, "sent again without a query in between"
        else:
            assert not self.doubtful & {row.delivery_id for row in sent}, "sent again without a person in between"
        assert not states & {DeliveryState.IN_FLIGHT, DeliveryState.UNKNOWN}, "a second call in flight"
        assert 0 < len(sent) <= self.limits.max_steps_per_call
        overtaken = [row for row in before.deliveries if row.revision < sent[-1].revision and row not in sent]
        waiting = [row for row in overtaken if row.state is DeliveryState.WAITING]
        if isinstance(action, PushSteps):
            assert DeliveryKind.SNAPSHOT not in {row.kind for row in overtaken}, "a step overtook its dossier"
            known = {RemotePresence.PRESENT} if self.limits.has_look_up else {*RemotePresence} - {RemotePresence.ABSENT}
            assert self.presence in known
        assert DeliveryKind.STEP not in {row.kind for row in waiting}, "a waiting step was overtaken"

    @precondition(lambda self: self.working is not None)
    @rule(call=CALLS)
    def finish_later(self, call: tuple[Fate, float, bool]) -> None:
        self.finish(*call)

    def finish(self, fate: Fate, chance: float, is_conclusive: bool) -> None:
        assert self.working is not None
        action, begun = self.working
        if isinstance(action, Query):
            event = self.ask(action, fate, is_conclusive=is_conclusive)
        else:
            event = self.send(action, fate)
        if fate in DEATHS:
            self.working = None
            return
        reaction = react(begun, action, event, now=self.now, chance=chance, retry=RETRY, limits=self.limits)
        assert all(reaction.alerts)
        assert not any(row.state is DeliveryState.IN_FLIGHT for row in reaction.lane.deliveries)
        self.check_wait(reaction.lane)
        self.settle(begun, reaction.lane)

    def check_wait(self, lane: Lane) -> None:
        longest = timedelta(seconds=RETRY.ceiling_seconds)
        assert lane.due_at is None or self.now <= lane.due_at <= self.now + longest
        assert (lane.due_at is None) == isinstance(plan(lane, self.limits), Blocked | Idle)

    def ask(self, action: Query, fate: Fate, *, is_conclusive: bool) -> Event:
        if fate is Fate.NOT_TRANSLATED:
            return NotTranslated(action.delivery.delivery_id, (("procedure", "1.999001"),))
        if fate in PLAIN_ANSWERS:
            self.is_unsettled = False
            self.doubtful.clear()
            content = self.contents[action.delivery.delivery_id]
            return LookedUp(self.portal.look_up(content, is_conclusive=is_conclusive), is_conclusive)
        return FAILURES.get(fate, LeaseLost())

    def send(self, action: Action, fate: Fate) -> Event:
        assert isinstance(action, PushSnapshot | PushSteps)
        sent = (action.delivery,) if isinstance(action, PushSnapshot) else action.deliveries
        if fate is Fate.NOT_TRANSLATED:
            return NotTranslated(sent[-1].delivery_id, problems=(("/summary", "too long"),))
        if fate not in IS_SETTLED:
            self.is_unsettled = True
            self.doubtful.update(delivery.delivery_id for delivery in sent)
        verdicts = [
            ItemVerdict(delivery_id=delivery.delivery_id, verdict=self.judge(action, delivery, fate, position))
            for position, delivery in enumerate(sent)
        ]
        if fate not in PLAIN_ANSWERS:
            return FAILURES.get(fate, LeaseLost())
        return Judged(tuple(verdicts[:-1] if fate is Fate.LAST_LEFT_OUT else verdicts))

    def judge(self, action: PushSnapshot | PushSteps, delivery: Delivery, fate: Fate, position: int) -> Verdict:
        if fate is Fate.FIRST_REJECTED and position == 0:
            return Verdict.REJECTED
        if fate not in HAS_EFFECT:
            return Verdict.NOT_JUDGED
        if isinstance(action, PushSteps):
            return self.store_step(delivery)
        content = self.contents[delivery.delivery_id]
        last = self.portal.applied[-1][1] if self.portal.applied else 0
        verdict = self.portal.push_snapshot(delivery, content, is_update=action.is_update)
        if verdict is Verdict.DONE:
            assert delivery.revision >= last, "an older snapshot replaced a newer one"
            self.known_arrivals.add(delivery.delivery_id)
        return verdict

    def store_step(self, delivery: Delivery) -> Verdict:
        before = list(self.portal.steps)
        verdict = self.portal.push_step(delivery)
        if len(self.portal.steps) > len(before) and delivery.delivery_id not in self.retries:
            newest = max((number for number in before if number not in self.retries), default=0)
            assert delivery.delivery_id >= newest, "a step overtook another"
        return verdict

    # --- what always holds ---

    @invariant()
    def nothing_is_lost(self) -> None:
        if hasattr(self, "rows"):
            assert balance(self.accepted_count, count_states(self.rows.values())).difference == 0

    @invariant()
    def nothing_is_forgotten(self) -> None:
        """A lane that is not due has nothing that could be done without a person or a new change."""
        if hasattr(self, "rows") and self.working is None and self.due_at is None:
            assert isinstance(plan(self.lane(), self.limits), Blocked | Idle)

    @invariant()
    def each_step_is_stored_once(self) -> None:
        if hasattr(self, "rows"):
            assert len(self.portal.steps) == len(set(self.portal.steps)) or not self.portal.stores_repeats_once
            for number in set(self.portal.stored_ever):
                stored_count = self.portal.stored_ever.count(number)
                allowed = 1 + self.retries.get(number, 0)
                assert stored_count <= allowed or self.portal.stores_repeats_once

    # --- the end ---

    def teardown(self) -> None:
        if hasattr(self, "rows"):
            self.working = None
            self.come_to_rest()
            assert all(row.state in FINAL_STATES or self.is_at_rest(row) for row in self.rows.values())
            self.arrive_with_a_persons_help()

    def is_at_rest(self, row: Delivery) -> bool:
        """Parked, or held back by something that is."""
        blocked = plan(self.lane(), self.limits)
        return row.state is DeliveryState.PARKED or (
            row.state is DeliveryState.WAITING and isinstance(blocked, Blocked) and bool(blocked.reason)
        )

    def come_to_rest(self) -> None:
        """Let calls succeed until nothing is due; it must not take more cycles than there is work."""
        for _ in range(10 + 4 * len(self.rows)):
            if self.due_at is None:
                return
            self.start()
            if self.working is not None:
                self.finish(Fate.ANSWERED, 0.5, False)
        raise AssertionError("the lane does not come to rest")

    def arrive_with_a_persons_help(self) -> None:
        """Retry what is parked, state the dossier once more: everything must arrive and agree."""
        for _ in range(3):
            for number in self.parked():
                self.retry(number)
            self.accept(DeliveryKind.SNAPSHOT, Content(visible=1, hidden=self.accepted_count + 10))
            self.come_to_rest()
        assert {row.state for row in self.rows.values()} <= FINAL_STATES
        assert self.portal.record == self.contents[self.accepted_count]
        assert isinstance(plan(replace(self.lane(), due_at=self.now), self.limits), Idle)


TestLaneMachine = LaneMachine.TestCase
TestLaneMachine.settings = settings(
    max_examples=250, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
