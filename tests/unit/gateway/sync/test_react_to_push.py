"""What follows from a push."""

import pytest

from gateway.model.delivery import DeliveryKind, DeliveryState, Lane, RemotePresence
from gateway.ports.portal import Verdict
from gateway.sync.after_push import FOLLOWERS
from gateway.sync.lanes import (
    Blocked,
    CallFailed,
    CallHeld,
    FailureKind,
    Idle,
    Judged,
    LeaseLost,
    NotTranslated,
    Park,
    Query,
    Reaction,
    plan,
    react,
)
from tests.unit.gateway.sync.builders import (
    ABSENT,
    LENIENT,
    NOW,
    RETRY,
    delivery,
    found,
    judged,
    lane,
    reacted,
    seconds_until_due,
    shown,
)

THERE, GONE, UNSURE = RemotePresence.PRESENT, RemotePresence.ABSENT, RemotePresence.UNKNOWN
DONE, EXISTS, MISSING = Verdict.DONE, Verdict.ALREADY_EXISTS, Verdict.DOES_NOT_EXIST
REJECTED, UNJUDGED = Verdict.REJECTED, Verdict.NOT_JUDGED


def pushed(before: Lane, event: Judged | CallFailed | CallHeld | NotTranslated | LeaseLost) -> Reaction:
    return reacted(before, plan(before, LENIENT), event)


def summary(reaction: Reaction) -> tuple[str, RemotePresence, int, float | None]:
    """Deliveries, presence, failures, seconds until due."""
    return (
        shown(reaction.lane),
        reaction.lane.presence,
        reaction.lane.failures_count,
        seconds_until_due(reaction),
    )


@pytest.mark.parametrize(
    ("before", "presence", "verdict", "expected", "reason", "alerts"),
    [
        # Snapshots.
        ("S1", GONE, DONE, ("S1=", THERE, 0, None), "", ()),
        ("S1", THERE, DONE, ("S1=", THERE, 0, None), "", ()),
        ("S1 p2", GONE, DONE, ("S1= p2", THERE, 0, 0.0), "", ()),
        ("S1", GONE, EXISTS, ("S1", THERE, 3, 0.0), "already_exists: 1", ()),
        ("S1", THERE, MISSING, ("S1", GONE, 3, 0.0), "does_not_exist: 1", ("dossier_missing_remotely",)),
        ("S1", GONE, REJECTED, ("S1#", GONE, 0, None), "rejected: remote_code -1", ()),
        ("S1 p2", GONE, REJECTED, ("S1# p2", GONE, 0, None), "rejected: remote_code -1", ()),
        ("S1", THERE, UNJUDGED, ("S1", THERE, 3, 0.0), "not_judged: 1", ()),
        # Answers that make no sense still lead somewhere: the other way next, within bounds.
        ("S1", THERE, EXISTS, ("S1", THERE, 3, 0.0), "already_exists: 1", ()),
        ("S1", GONE, MISSING, ("S1", GONE, 3, 0.0), "does_not_exist: 1", ()),
        # Steps.
        ("p1", THERE, DONE, ("p1=", THERE, 0, None), "", ()),
        ("p1", THERE, EXISTS, ("p1=", THERE, 0, None), "", ()),
        ("p1", THERE, REJECTED, ("p1#", THERE, 0, None), "rejected: remote_code -1", ()),
        ("p1", THERE, UNJUDGED, ("p1", THERE, 3, 0.0), "not_judged: 1", ()),
        ("p1", THERE, MISSING, ("p1#", GONE, 3, None), "dossier_missing", ("dossier_missing_remotely",)),
        ("p1 S2", THERE, REJECTED, ("p1# S2", THERE, 0, 0.0), "rejected: remote_code -1", ()),
        ("p1 S2", THERE, MISSING, ("p1# S2", GONE, 3, 0.0), "dossier_missing", ("dossier_missing_remotely",)),
    ],
)
def test_a_verdict(
    before: str,
    presence: RemotePresence,
    verdict: Verdict,
    expected: tuple[str, RemotePresence, int, float | None],
    reason: str,
    alerts: tuple[str, ...],
) -> None:
    """Every verdict leads to one state, of a lane that had failed three times before."""
    code = "remote_code -1" if verdict is REJECTED else ""
    reaction = pushed(lane(before, presence, failures_count=3), judged((1, verdict), reason=code))
    assert expected == summary(reaction)
    assert reason == reaction.lane.deliveries[0].reason
    assert alerts == reaction.alerts


def test_every_verdict_is_followed_for_every_kind() -> None:
    """The table has no hole."""
    assert {(kind, verdict) for kind in DeliveryKind for verdict in Verdict} == set(FOLLOWERS)


def test_verdicts_of_a_batch_are_followed_one_by_one() -> None:
    """Within one answer each step has its own end; the rejected one does not hold the others."""
    reaction = pushed(lane("p1 p2 p3", failures_count=2), judged((1, DONE), (2, REJECTED), (3, UNJUDGED)))
    assert ("p1= p2# p3", THERE, 0, 0.0) == summary(reaction)


def test_verdicts_of_other_lanes_are_passed_over() -> None:
    """One call carries many lanes; each finds its own deliveries."""
    assert "S1=" == shown(pushed(lane("S1"), judged((99, REJECTED), (1, DONE), (98, MISSING))).lane)


@pytest.mark.parametrize("presence", [THERE, GONE])
def test_a_delivery_left_out_of_the_answer_is_in_doubt(presence: RemotePresence) -> None:
    """It was sent, so it may have been stored: ask before sending it again."""
    reaction = pushed(lane("S1", presence), judged((99, DONE)))
    assert ("S1?", THERE if presence is THERE else UNSURE, 1, 2.0) == summary(reaction)
    assert ("contract_broken",) == reaction.alerts


def test_steps_that_contradict_each_other_about_the_dossier_lead_to_a_query() -> None:
    """One step stored and one without a dossier cannot both be true."""
    reaction = pushed(lane("p1 p2 S3"), judged((1, DONE), (2, MISSING)))
    assert ("p1= p2# S3", UNSURE) == (shown(reaction.lane), reaction.lane.presence)


def test_contradicting_answers_about_existence_end_with_a_person() -> None:
    """Exists, does not exist, exists: three answers are followed at once, the fourth parks and alerts."""
    current, seen = lane("S1", GONE), []
    for _ in range(4):
        action = plan(current, LENIENT)
        answer = MISSING if current.presence is THERE else EXISTS
        reaction = reacted(current, action, judged((1, answer)))
        current = reaction.lane
        seen.append(current.deliveries[0].reason)
    assert ["already_exists: 1", "does_not_exist: 2", "already_exists: 3", "contradictory_existence"] == seen
    assert ("S1#", None) == (shown(current), current.due_at)
    assert "contradictory_existence" in reaction.alerts


def test_the_count_of_contradictions_survives_attempts_without_an_answer() -> None:
    """A refused connection in between does not give the contradiction a fresh start."""
    start = lane((delivery("S1", reason="already_exists: 3"),))
    interrupted = pushed(start, CallFailed(FailureKind.TRANSIENT))
    assert "already_exists: 3" == interrupted.lane.deliveries[0].reason
    assert "S1#" == shown(pushed(interrupted.lane, judged((1, MISSING))).lane)


def test_a_delivery_that_is_never_judged_waits_by_schedule_and_ends_with_a_person() -> None:
    """Three times at once, then by schedule and alone, and parked after the twentieth."""
    current, waits = lane("p1"), []
    while current.due_at is not None:
        reaction = pushed(current, judged((1, UNJUDGED)))
        current = reaction.lane
        waits.append(seconds_until_due(reaction))
    assert [0.0, 0.0, 0.0, 1.0, 2.0, 4.0] == waits[:6]
    assert 21 == len(waits)
    assert ("p1#", "not_judged") == (shown(current), current.deliveries[0].reason)


@pytest.mark.parametrize("answers", [(UNJUDGED, EXISTS), (EXISTS, UNJUDGED)])
def test_alternating_answers_of_different_kinds_end_too(answers: tuple[Verdict, Verdict]) -> None:
    """Each kind alone stays below its bound; together they meet the hard stop."""
    current, attempts = lane("S1"), 0
    while current.due_at is not None and attempts < 1000:
        answer = answers[attempts % 2]
        current = pushed(current, judged((1, answer))).lane
        attempts += 1
    assert (100, "S1#") == (attempts, shown(current))


def test_a_long_outage_does_not_count_towards_the_hard_stop() -> None:
    """After a hundred refused connections one harmless surprise is still followed."""
    tired = lane((delivery("S1", attempts_count=500, reason="transient"),), GONE)
    assert "S1" == shown(pushed(tired, judged((1, EXISTS))).lane)


@pytest.mark.parametrize(
    ("failure", "expected", "reason", "alerts"),
    [
        (CallFailed(FailureKind.TRANSIENT), ("S1", GONE, 4, 8.0), "transient", ()),
        (CallFailed(FailureKind.RATE_LIMITED, 30.0), ("S1", GONE, 3, 30.0), "rate_limited", ()),
        (CallFailed(FailureKind.RATE_LIMITED, 0.0), ("S1", GONE, 3, 1.0), "rate_limited", ()),
        (CallFailed(FailureKind.RATE_LIMITED, -9.0), ("S1", GONE, 3, 1.0), "rate_limited", ()),
        (CallFailed(FailureKind.RATE_LIMITED, float("nan")), ("S1", GONE, 3, 1.0), "rate_limited", ()),
        (CallFailed(FailureKind.RATE_LIMITED, 1e12), ("S1", GONE, 3, 86_400.0), "rate_limited", ()),
        (CallFailed(FailureKind.RATE_LIMITED, float("inf")), ("S1", GONE, 3, 86_400.0), "rate_limited", ()),
        (CallFailed(FailureKind.RATE_LIMITED), ("S1", GONE, 4, 8.0), "rate_limited", ()),
        (CallFailed(FailureKind.CREDENTIALS), ("S1", GONE, 4, 60.0), "credentials", ("credentials_refused",)),
        (CallFailed(FailureKind.REJECTED), ("S1#", GONE, 0, None), "rejected", ()),
        (
            CallFailed(FailureKind.REJECTED, reason="remote_code -7"),
            ("S1#", GONE, 0, None),
            "rejected: remote_code -7",
            (),
        ),
        (
            CallFailed(FailureKind.CONTRACT_BROKEN),
            ("S1", GONE, 4, 8.0),
            "contract_broken: 1",
            ("contract_broken",),
        ),
        (
            CallFailed(FailureKind.CONTRACT_BROKEN, effect_possible=True),
            ("S1?", UNSURE, 4, 8.0),
            "contract_broken: 1",
            ("contract_broken",),
        ),
        (CallFailed(FailureKind.OUTCOME_UNKNOWN), ("S1?", UNSURE, 4, 8.0), "outcome_unknown", ()),
        (CallFailed(FailureKind.OUTCOME_UNKNOWN, effect_possible=True), ("S1?", UNSURE, 4, 8.0), "outcome_unknown", ()),
        # A caller that is not sure of the absence of an effect is believed, whatever the kind.
        (CallFailed(FailureKind.TRANSIENT, effect_possible=True), ("S1?", UNSURE, 4, 8.0), "transient", ()),
    ],
)
def test_a_failed_call(
    failure: CallFailed,
    expected: tuple[str, RemotePresence, int, float | None],
    reason: str,
    alerts: tuple[str, ...],
) -> None:
    """Every kind of failure has its state and its wait, for a lane that had failed three times before."""
    reaction = pushed(lane("S1", GONE, failures_count=3), failure)
    assert expected == summary(reaction)
    assert reason == reaction.lane.deliveries[0].reason
    assert alerts == reaction.alerts


def test_every_kind_of_failure_leaves_the_delivery_somewhere() -> None:
    """No kind is forgotten, with or without a possible effect: nothing stays in flight."""
    for kind in FailureKind:
        for effect_possible in (False, True):
            after = pushed(lane("S1 p2"), CallFailed(kind, effect_possible=effect_possible)).lane
            assert "!" not in shown(after)


@pytest.mark.parametrize(("failures_count", "expected_seconds"), [(0, 2.0), (1, 2.0), (2, 4.0), (10_000, 900.0)])
def test_the_query_comes_after_a_moment_of_grace(failures_count: int, expected_seconds: float) -> None:
    """The lost call may still be under way; and calls that are lost again and again are spaced out."""
    before = lane("S1", failures_count=failures_count)
    assert expected_seconds == seconds_until_due(pushed(before, CallFailed(FailureKind.OUTCOME_UNKNOWN)))


def test_an_update_without_answer_does_not_put_the_existence_in_doubt() -> None:
    """That is how an unknown update is told from an unknown create later."""
    assert THERE == pushed(lane("S1"), CallFailed(FailureKind.OUTCOME_UNKNOWN)).lane.presence


def test_a_failed_call_of_steps_concerns_all_of_them() -> None:
    """One call carried them, so one failure is theirs together, and counts once."""
    unknown = pushed(lane("p1 p2 p3 p4"), CallFailed(FailureKind.OUTCOME_UNKNOWN))
    assert ("p1? p2? p3? p4", THERE, 1, 2.0) == summary(unknown)
    rejected = pushed(lane("p1 p2 p3 p4"), CallFailed(FailureKind.REJECTED))
    assert ("p1# p2# p3# p4", THERE, 0, 0.0) == summary(rejected)


def test_answers_that_cannot_be_understood_end_with_a_person() -> None:
    """The fifth in a row parks when the calls had no effect."""
    current, states = lane("S1"), []
    for _ in range(5):
        current = pushed(current, CallFailed(FailureKind.CONTRACT_BROKEN)).lane
        states.append(shown(current))
    assert ["S1", "S1", "S1", "S1", "S1#"] == states
    assert "contract_broken" == current.deliveries[0].reason


def test_answers_that_cannot_be_understood_end_with_a_person_also_when_queries_show_effects() -> None:
    """Sent, garbage, asked, different, sent again: the fifth round parks instead of going round for ever."""
    current, rounds = lane("S1"), 0
    while "#" not in shown(current) and rounds < 50:
        current = pushed(current, CallFailed(FailureKind.CONTRACT_BROKEN, effect_possible=True)).lane
        current = reacted(current, plan(current, LENIENT), found("status")).lane
        rounds += 1
    assert (5, "contract_broken") == (rounds, current.deliveries[0].reason)


@pytest.mark.parametrize(
    ("missing", "problems", "reason"),
    [
        ((("procedure", "1.999001"), ("agency", "H99.01")), (), "unmapped: procedure 1.999001; agency H99.01"),
        ((), (("/summary", "too long"),), "untranslatable: /summary too long"),
        (
            (("procedure", "1.999001"),),
            (("/summary", "too long"),),
            "unmapped: procedure 1.999001; untranslatable: /summary too long",
        ),
        ((), (), "untranslatable"),
    ],
)
def test_what_cannot_be_translated_is_held_with_the_rows_to_add(
    missing: tuple[tuple[str, str], ...], problems: tuple[tuple[str, str], ...], reason: str
) -> None:
    """The reason is the operator's list of work; no attempt is counted, since no call was made."""
    held = pushed(lane("S1 p2", GONE), NotTranslated(1, missing, problems)).lane
    assert ("S1# p2", GONE, None) == (shown(held), held.presence, held.due_at)
    assert (reason, 0) == (held.deliveries[0].reason, held.deliveries[0].attempts_count)


def test_a_long_list_of_missing_rows_is_cut() -> None:
    """A reason stays readable and bounded; the rest shows once the first rows are there."""
    rows = tuple(("procedure", f"1.{number:06}") for number in range(300))
    reason = pushed(lane("S1"), NotTranslated(1, rows)).lane.deliveries[0].reason
    assert reason.endswith("and 280 more")
    assert len(pushed(lane("S1"), NotTranslated(1, (("procedure", "9" * 5000),))).lane.deliveries[0].reason) <= 1000


def test_one_untranslatable_step_does_not_take_its_neighbours_down() -> None:
    """Nothing of the call was sent, so the others wait again, uncounted and due now."""
    reaction = pushed(lane("p1 p2 p3"), NotTranslated(2, (("status", "x"),)))
    assert ("p1 p2# p3", THERE, 0, 0.0) == summary(reaction)
    assert [0, 0, 0] == [item.attempts_count for item in reaction.lane.deliveries]


@pytest.mark.parametrize(
    ("before", "presence", "expected"),
    [
        ("S1", GONE, ("S1?", UNSURE, 1, 2.0)),
        ("S1", THERE, ("S1?", THERE, 1, 2.0)),
        ("p1 p2 S3", THERE, ("p1? p2? S3", THERE, 1, 2.0)),
    ],
)
def test_a_lost_lease_is_a_call_without_answer(
    before: str, presence: RemotePresence, expected: tuple[str, RemotePresence, int, float | None]
) -> None:
    """Nobody knows whether the dead worker's call was made."""
    assert expected == summary(pushed(lane(before, presence), LeaseLost()))


@pytest.mark.parametrize(
    ("before", "presence"), [("S1", THERE), ("S1", GONE), ("S1 S2", THERE), ("p1", THERE), ("p1 p2", THERE)]
)
def test_a_call_that_was_not_made_leaves_no_trace(before: str, presence: RemotePresence) -> None:
    """What was claimed before the system closed waits as it did: no attempt, no failure, no doubt, due as before."""
    start = lane(before, presence, failures_count=2)
    after = pushed(start, CallHeld())
    assert (presence, 2, 0.0) == (after.lane.presence, after.lane.failures_count, seconds_until_due(after))
    assert {0} == {one.attempts_count for one in after.lane.deliveries if one.state is DeliveryState.WAITING}
    assert not [one for one in after.lane.deliveries if one.state not in (DeliveryState.WAITING, DeliveryState.SKIPPED)]
    assert () == after.alerts


@pytest.mark.parametrize(
    "event", [judged((1, DONE)), CallFailed(FailureKind.TRANSIENT), LeaseLost()], ids=["judged", "failed", "lost"]
)
def test_a_lane_that_was_not_begun_is_a_mistake(event: Judged | CallFailed | LeaseLost) -> None:
    """Going on would send again what nobody noted as sent."""
    before = lane("S1")
    with pytest.raises(ValueError, match="not begun"):
        react(before, plan(before, LENIENT), event, now=NOW, chance=0.0, retry=RETRY, limits=LENIENT)


def test_events_of_another_kind_of_action_are_a_mistake() -> None:
    """A push has no look-up, a query no verdicts, and what makes no call no event at all."""
    with pytest.raises(ValueError, match="look-up"):
        reacted(lane("S1"), plan(lane("S1"), LENIENT), ABSENT)
    with pytest.raises(ValueError, match="verdicts"):
        reacted(lane("S1?"), Query(delivery("S1?")), judged((1, DONE)))
    with pytest.raises(ValueError, match="no part"):
        reacted(lane("S1 p2"), plan(lane("S1 p2"), LENIENT), NotTranslated(2))
    for action in (Park(delivery("p1"), "dossier_missing"), Blocked("because"), Idle()):
        with pytest.raises(ValueError, match="no call"):
            react(lane("p1"), action, LeaseLost(), now=NOW, chance=0.0, retry=RETRY, limits=LENIENT)
