"""What follows from a query: doubt is settled by an answer, and by nothing else."""

import pytest

from gateway.model.delivery import Delivery, Lane, RemotePresence
from gateway.model.dossier import Origin
from gateway.ports.portal import Verdict
from gateway.sync.lanes import (
    CallFailed,
    CallHeld,
    Event,
    FailureKind,
    LeaseLost,
    LookedUp,
    NotTranslated,
    PushSnapshot,
    Query,
    Reaction,
    begin,
    plan,
    react,
    retry_parked,
)
from tests.unit.gateway.sync.builders import (
    ABSENT,
    BLIND,
    LENIENT,
    NOW,
    RETRY,
    STRICT,
    delivery,
    found,
    judged,
    lane,
    reacted,
    seconds_until_due,
    shown,
)

THERE, GONE, UNSURE = RemotePresence.PRESENT, RemotePresence.ABSENT, RemotePresence.UNKNOWN


def asked(before: Lane, event: Event) -> Reaction:
    action = plan(before, LENIENT)
    assert isinstance(action, Query)
    return reacted(before, action, event)


MISSING_ALERT = ("dossier_missing_remotely",)


@pytest.mark.parametrize(
    ("before", "presence", "event", "expected", "alerts"),
    [
        # A create without answer.
        ("S1?", UNSURE, ABSENT, ("S1", GONE, 5, 0.0), ()),
        ("S1?", UNSURE, found(), ("S1=", THERE, 0, None), ()),
        ("S1?", UNSURE, found("status"), ("S1", THERE, 5, 0.0), ()),
        ("S1?", GONE, found(), ("S1=", THERE, 0, None), ()),
        ("S1!", GONE, found(), ("S1=", THERE, 0, None), ()),
        ("S1? S2", UNSURE, found(), ("S1= S2", THERE, 0, 0.0), ()),
        # An update without answer: what a look-up does not show may be what changed.
        ("S1?", THERE, found(), ("S1", THERE, 5, 0.0), ()),
        ("S1!", THERE, found(), ("S1", THERE, 5, 0.0), ()),
        ("S1?", THERE, found(is_conclusive=True), ("S1=", THERE, 0, None), ()),
        ("S1?", THERE, found("status", is_conclusive=True), ("S1", THERE, 5, 0.0), ()),
        ("S1?", THERE, ABSENT, ("S1", GONE, 5, 0.0), MISSING_ALERT),
        # Differences that are not ours to repair.
        ("S1?", UNSURE, found("ratings"), ("S1=", THERE, 0, None), ("conflict: ratings",)),
        ("S1?", THERE, found("ratings", is_conclusive=True), ("S1=", THERE, 0, None), ("conflict: ratings",)),
        ("S1?", UNSURE, found("ratings", "status"), ("S1", THERE, 5, 0.0), ("conflict: ratings",)),
        ("S1?", UNSURE, found("nonsense"), ("S1=", THERE, 0, None), ("conflict: nonsense",)),
        # Steps: only their dossier can be seen.
        ("p1? p2?", THERE, found(), ("p1 p2", THERE, 5, 0.0), ()),
        ("p1! p2!", THERE, found("status"), ("p1 p2", THERE, 5, 0.0), ()),
        ("p1? p2? S3", THERE, ABSENT, ("p1# p2# S3", GONE, 5, 0.0), MISSING_ALERT),
        ("p1?", THERE, ABSENT, ("p1#", GONE, 5, None), MISSING_ALERT),
        # Presence alone was in doubt: nothing that was never sent is taken for delivered.
        ("S1", UNSURE, found(), ("S1", THERE, 5, 0.0), ()),
        ("S1", UNSURE, found(is_conclusive=True), ("S1", THERE, 5, 0.0), ()),
        ("S1", UNSURE, ABSENT, ("S1", GONE, 5, 0.0), ()),
        ("p1", UNSURE, found(), ("p1", THERE, 5, 0.0), ()),
        ("p1", UNSURE, ABSENT, ("p1", GONE, 5, None), MISSING_ALERT),
    ],
)
def test_an_answer(
    before: str,
    presence: RemotePresence,
    event: LookedUp,
    expected: tuple[str, RemotePresence, int, float | None],
    alerts: tuple[str, ...],
) -> None:
    """Every answer settles presence and every doubt of the lane; only a proven arrival clears the failures."""
    reaction = asked(lane(before, presence, failures_count=5), event)
    after = reaction.lane
    assert expected == (shown(after), after.presence, after.failures_count, seconds_until_due(reaction))
    assert alerts == reaction.alerts


def test_conflicts_name_their_fields() -> None:
    """The engine writes one conflict record per field; other alerts are none."""
    reaction = asked(lane("S1?"), found("ratings", "questions", "status", is_conclusive=True))
    assert ("ratings", "questions") == reaction.conflict_fields
    assert () == asked(lane("S1?"), ABSENT).conflict_fields


def test_what_a_citizen_submitted_on_the_portal_is_the_portals() -> None:
    """The same difference is repaired for a dossier of the province and a conflict for one of the portal."""
    start = lane("S1?", UNSURE)
    action = plan(start, LENIENT)
    reactions = [
        react(
            begin(start, action), action, found("applicant"), now=NOW, chance=0.0, retry=RETRY, limits=LENIENT, origin=o
        )
        for o in Origin
    ]
    assert [("S1", ()), ("S1=", ("applicant",))] == [(shown(r.lane), r.conflict_fields) for r in reactions]


@pytest.mark.parametrize("before", ["S1?", "S1", "p1?", "p1"])
@pytest.mark.parametrize(
    ("failure", "failures_count", "expected_seconds", "alerts"),
    [
        (CallFailed(FailureKind.TRANSIENT), 3, 4.0, ()),
        (CallFailed(FailureKind.OUTCOME_UNKNOWN, effect_possible=True), 3, 4.0, ()),
        (CallFailed(FailureKind.RATE_LIMITED, 50.0), 2, 50.0, ()),
        (CallFailed(FailureKind.RATE_LIMITED), 3, 4.0, ()),
        (CallFailed(FailureKind.CREDENTIALS), 3, 60.0, ("credentials_refused",)),
        (CallFailed(FailureKind.REJECTED), 3, 4.0, ("query_rejected",)),
        (CallFailed(FailureKind.CONTRACT_BROKEN), 3, 4.0, ("contract_broken",)),
        (CallFailed(FailureKind.CONTRACT_BROKEN, effect_possible=True), 3, 4.0, ("contract_broken",)),
    ],
)
def test_a_query_that_fails_settles_nothing(
    before: str, failure: CallFailed, failures_count: int, expected_seconds: float, alerts: tuple[str, ...]
) -> None:
    """Not being able to look is never "absent": deliveries and presence stay, and the query is tried again."""
    reaction = asked(lane(before, UNSURE, failures_count=2), failure)
    after = reaction.lane
    assert (before, UNSURE, failures_count) == (shown(after), after.presence, after.failures_count)
    assert (expected_seconds, alerts) == (seconds_until_due(reaction), reaction.alerts)
    assert isinstance(plan(after, LENIENT), Query)


REFUSED = CallFailed(FailureKind.REJECTED, reason="remote_code -7")


@pytest.mark.parametrize(
    ("before", "presence", "expected"),
    [
        ("S1?", UNSURE, ("S1#", UNSURE, None)),
        ("S1?", THERE, ("S1#", UNSURE, None)),
        ("S1? p2", THERE, ("S1# p2", UNSURE, None)),
        ("S1", UNSURE, ("S1#", UNSURE, None)),
        ("S1 S2", UNSURE, ("S1 S2#", UNSURE, None)),
        ("p1? p2? S3", THERE, ("p1# p2# S3", UNSURE, 8.0)),
        ("p1 p2", UNSURE, ("p1# p2", UNSURE, 8.0)),
    ],
)
def test_a_query_that_is_refused_again_and_again_ends_with_a_person(
    before: str, presence: RemotePresence, expected: tuple[str, RemotePresence, float | None]
) -> None:
    """Three refusals are waited out, the fourth parks with the code; a retry asks again first."""
    current, shapes = lane(before, presence), []
    for _ in range(4):
        reaction = asked(current, REFUSED)
        assert ("query_rejected",) == reaction.alerts
        current = reaction.lane
        shapes.append(shown(current))
    assert [before] * 3 == shapes[:3]
    assert expected == (shown(current), current.presence, seconds_until_due(reaction))
    parked = [item for item in current.deliveries if item.state.value == "parked"]
    assert {"query_rejected: remote_code -7"} == {item.reason for item in parked}
    assert isinstance(plan(retry_parked(current, parked[0].delivery_id, NOW), LENIENT), Query)


def test_refused_queries_are_counted_in_a_row() -> None:
    """An outage in between does not start the count anew, an answered query does."""
    refused = lane((delivery("S1?", reason="query_rejected: 3"),))
    interrupted = asked(refused, CallFailed(FailureKind.TRANSIENT)).lane
    assert "S1#" == shown(asked(interrupted, REFUSED).lane)
    answered = asked(refused, found()).lane
    assert ("S1", "") == (shown(answered), answered.deliveries[0].reason)


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (delivery("S1?", attempts_count=100, reason="contract_broken: 1"), "S1#"),
        (delivery("S1?", attempts_count=100, reason="outcome_unknown"), "S1?"),
        (delivery("S1?", attempts_count=10, reason="contract_broken: 1"), "S1?"),
    ],
)
def test_refused_queries_and_odd_answers_cannot_alternate_for_ever(before: Delivery, expected: str) -> None:
    """A refusal replaces the count of another kind, so it meets the same hard stop."""
    assert expected == shown(asked(lane((before,)), REFUSED).lane)


def test_where_nothing_can_be_asked_a_lost_create_waits_for_a_person_and_then_arrives() -> None:
    """It is parked after the call; retried, a create that is there already becomes an update."""
    start = lane("S1", GONE)
    lost = reacted(start, plan(start, BLIND), CallFailed(FailureKind.OUTCOME_UNKNOWN), limits=BLIND).lane
    parked = begin(lost, plan(lost, BLIND))
    assert ("S1#", "outcome_unknown") == (shown(parked), parked.deliveries[0].reason)
    retried = retry_parked(parked, 1, NOW)
    create = plan(retried, BLIND)
    exists = reacted(retried, create, judged((1, Verdict.ALREADY_EXISTS)), limits=BLIND).lane
    update = plan(exists, BLIND)
    assert (False, True) == tuple(isinstance(a, PushSnapshot) and a.is_update for a in (create, update))
    assert ("S1=", THERE) == (
        shown(done := reacted(exists, update, judged((1, Verdict.DONE)), limits=BLIND).lane),
        done.presence,
    )


def test_a_lost_lease_during_a_query_settles_nothing() -> None:
    """The query is simply asked again, by schedule."""
    reaction = asked(lane("S1? S2", UNSURE), LeaseLost())
    assert ("S1? S2", 1.0) == (shown(reaction.lane), seconds_until_due(reaction))


def test_a_query_that_was_not_made_leaves_no_trace() -> None:
    """The doubt stays, the attempt is taken back, and it is asked once the system is open."""
    reaction = asked(lane("S1? S2", UNSURE), CallHeld())
    assert ("S1? S2", 0.0, 0) == (
        shown(reaction.lane),
        seconds_until_due(reaction),
        reaction.lane.deliveries[0].attempts_count,
    )


@pytest.mark.parametrize("presence", [THERE, UNSURE])
@pytest.mark.parametrize("before", ["S1?", "p1?"])
def test_a_doubtful_delivery_that_can_no_longer_be_translated_keeps_its_doubt(
    before: str, presence: RemotePresence
) -> None:
    """It is parked; and once a person retries it, the system is still asked before anything is sent."""
    parked = asked(lane(before, presence), NotTranslated(1, (("procedure", "1.999001"),))).lane
    assert (f"{before[:-1]}#", UNSURE, None) == (shown(parked), parked.presence, parked.due_at)
    assert isinstance(plan(retry_parked(parked, 1, NOW), LENIENT), Query)


def test_an_unknown_snapshot_is_superseded_only_after_the_query() -> None:
    """First the doubt is settled, then the newest snapshot says everything."""
    before = lane("S1? S2 S3", UNSURE)
    settled = asked(before, ABSENT).lane
    action = plan(settled, LENIENT)
    assert isinstance(action, PushSnapshot)
    assert "S1- S2- S3!" == shown(begin(settled, action))


def test_steps_in_doubt_are_parked_where_repeats_are_stored_twice() -> None:
    """Even when the query was asked for another reason, no step is sent twice there."""
    before = lane("p1?")
    action = Query(delivery("p1?"))
    assert "p1#" == shown(reacted(before, action, found(), limits=STRICT).lane)


def test_lost_creates_and_contradictions_do_not_mix() -> None:
    """A count of contradicting answers is kept over a call without answer and its query."""
    start = lane((delivery("S1", reason="does_not_exist: 2"),), GONE)
    doubtful = reacted(start, plan(start, LENIENT), CallFailed(FailureKind.OUTCOME_UNKNOWN)).lane
    waiting = asked(doubtful, ABSENT).lane
    assert "does_not_exist: 2" == waiting.deliveries[0].reason
    again = reacted(waiting, plan(waiting, LENIENT), judged((1, Verdict.ALREADY_EXISTS))).lane
    assert "already_exists: 3" == again.deliveries[0].reason
