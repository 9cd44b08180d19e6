"""What a lane needs next."""

from dataclasses import replace

import pytest

from gateway.model.delivery import RemotePresence
from gateway.ports.portal import ChannelLimits
from gateway.sync.lanes import Action, Blocked, Idle, Park, PushSnapshot, PushSteps, Query, plan
from tests.unit.gateway.sync.builders import BLIND, LENIENT, STRICT, delivery, lane

THERE, ABSENT, UNSURE = RemotePresence.PRESENT, RemotePresence.ABSENT, RemotePresence.UNKNOWN


def told(action: Action) -> str:
    """Write an action short: its verb and the revisions it concerns."""
    match action:
        case PushSnapshot(target, superseded, is_update, is_alone):
            verb = ("update" if is_update else "create") + (" alone" if is_alone else "")
            instead = "".join(f" -{old.revision}" for old in superseded)
            return f"{verb} {target.revision}{instead}"
        case PushSteps(steps, is_alone):
            return f"steps{' alone' if is_alone else ''} {' '.join(str(step.revision) for step in steps)}"
        case Query(target):
            return f"query {target.revision}"
        case Park(target, reason):
            return f"park {target.revision} {reason}"
        case Blocked(reason):
            return f"blocked {reason}"
        case Idle():
            return "idle"
    raise AssertionError(action)


HARMLESS_OR_NOT = [
    # Nothing to do.
    ("", THERE, "idle"),
    ("S1= p2= S3-", THERE, "idle"),
    ("p1# p2#", THERE, "blocked parked step: rejected"),
    # Snapshots: create or update by presence, ask when it is not known.
    ("S1", ABSENT, "create 1"),
    ("S1", THERE, "update 1"),
    ("S1", UNSURE, "query 1"),
    # Consecutive snapshots: the newest says everything.
    ("S1 S2 S3", THERE, "update 3 -1 -2"),
    ("S1# S2", ABSENT, "create 2 -1"),
    ("S1# S2# S3", ABSENT, "create 3 -1 -2"),
    ("S1 S2 S3", UNSURE, "query 3"),
    # Never across a step, whatever became of the step but an end.
    ("S1 p2 S3", THERE, "update 1"),
    ("S1 S2 p3 S4", THERE, "update 2 -1"),
    ("S1 p2# S3", THERE, "update 1"),
    ("S1 p2- S3", THERE, "update 3 -1"),
    # A parked snapshot holds back what follows, until one of its own run supersedes it.
    ("S1#", ABSENT, "blocked parked snapshot of revision 1: rejected"),
    ("S1# p2", THERE, "blocked parked snapshot of revision 1: rejected"),
    ("S1# p2 S3", THERE, "blocked parked snapshot of revision 1: rejected"),
    ("S1 S2#", THERE, "blocked parked snapshot of revision 2: rejected"),
    ("S1#", UNSURE, "blocked parked snapshot of revision 1: rejected"),
    # Steps: as many as follow each other, up to the limit of three, parked ones passed over.
    ("p1", THERE, "steps 1"),
    ("p1 p2 p3 p4 p5", THERE, "steps 1 2 3"),
    ("p1 p2 S3 p4", THERE, "steps 1 2"),
    ("p1# p2 p3# p4", THERE, "steps 2 4"),
    ("p1# S2", THERE, "update 2"),
    # A step that a person retried goes ahead of what still waits.
    ("p1 S2 p3", THERE, "steps 1"),
    # A step needs its dossier.
    ("p1", UNSURE, "query 1"),
    ("p1", ABSENT, "blocked dossier not on the system"),
    ("p1 p2", ABSENT, "blocked dossier not on the system"),
    ("p1 p2 S3", ABSENT, "park 1 dossier_missing"),
    ("p1 S2#", ABSENT, "blocked dossier not on the system"),
    ("S1 p2", ABSENT, "create 1"),
    # Doubt is settled before anything is sent, also by a lost worker, also behind parked deliveries.
    ("S1? S2 S3", ABSENT, "query 1"),
    ("S1!", ABSENT, "query 1"),
    ("S1! p2", THERE, "query 1"),
    ("p1# S2?", THERE, "query 2"),
    ("p1 S2?", THERE, "query 2"),
]


@pytest.mark.parametrize("limits", [LENIENT, STRICT])
@pytest.mark.parametrize(("deliveries", "presence", "expected"), HARMLESS_OR_NOT)
def test_the_next_action(deliveries: str, presence: RemotePresence, expected: str, limits: ChannelLimits) -> None:
    """Each lane has exactly one next action, the same whether or not steps may be repeated."""
    assert expected == told(plan(lane(deliveries, presence), limits))


@pytest.mark.parametrize(
    ("deliveries", "if_harmless", "otherwise"),
    [
        ("p1?", "query 1", "park 1 outcome_unknown"),
        ("p1!", "query 1", "park 1 outcome_unknown"),
        ("p1? p2? S3", "query 1", "park 1 outcome_unknown"),
        ("p1# p2?", "query 2", "park 2 outcome_unknown"),
    ],
)
def test_a_step_without_answer(deliveries: str, if_harmless: str, otherwise: str) -> None:
    """A portal that stores a repeat once is asked about the dossier; elsewhere a person must look."""
    assert if_harmless == told(plan(lane(deliveries), LENIENT))
    assert otherwise == told(plan(lane(deliveries), STRICT))


WITHOUT_QUERIES = [(row[0], row[1], row[2]) for row in HARMLESS_OR_NOT if not row[2].startswith("query")]
WITH_QUERIES = [
    # Nothing is unsettled: the answer to the next push tells whether the dossier is there.
    ("S1", UNSURE, "create 1"),
    ("S1 S2 S3", UNSURE, "create 3 -1 -2"),
    ("S1# S2", UNSURE, "create 2 -1"),
    ("p1", UNSURE, "steps 1"),
    ("p1 p2 S3", UNSURE, "steps 1 2"),
    # Only a person can settle doubt.
    ("S1?", UNSURE, "park 1 outcome_unknown"),
    ("S1? S2 S3", ABSENT, "park 1 outcome_unknown"),
    ("S1!", ABSENT, "park 1 outcome_unknown"),
    ("S1! p2", THERE, "park 1 outcome_unknown"),
    ("p1# S2?", THERE, "park 2 outcome_unknown"),
    ("p1 S2?", THERE, "park 2 outcome_unknown"),
    ("p1? p2? S3", THERE, "park 1 outcome_unknown"),
    ("p1!", THERE, "park 1 outcome_unknown"),
]


@pytest.mark.parametrize("limits", [BLIND, replace(BLIND, repeated_step_is_harmless=False)])
@pytest.mark.parametrize(("deliveries", "presence", "expected"), WITHOUT_QUERIES + WITH_QUERIES)
def test_where_nothing_can_be_asked(
    deliveries: str, presence: RemotePresence, expected: str, limits: ChannelLimits
) -> None:
    """Without a look-up no query is ever planned: doubt is parked, unknown presence is tried as a create."""
    assert expected == told(plan(lane(deliveries, presence), limits))


def test_the_order_is_revision_then_ordinal_whatever_the_store_gives() -> None:
    """Rows and ids may come in any order; the lane is worked on in the order of acceptance."""
    assert "update 1" == told(plan(lane("p2 S3 S1"), LENIENT))
    step, restated = replace(delivery("p5"), delivery_id=90), replace(delivery("S5"), delivery_id=80, ordinal=1)
    later = replace(delivery("p6"), delivery_id=70)
    action = plan(lane((later, restated, step)), LENIENT)
    assert PushSteps((step,)) == action


@pytest.mark.parametrize(("count", "expected"), [(2, "update 1"), (3, "update alone 1")])
def test_a_snapshot_refused_in_company_three_times_goes_alone(count: int, expected: str) -> None:
    """A call of its own forces the portal to judge it."""
    refused = delivery("S1", reason=f"not_judged: {count}")
    assert expected == told(plan(lane((refused,)), LENIENT))


@pytest.mark.parametrize(
    ("counts", "expected"),
    [((2, 0), "steps 1 2"), ((3, 3), "steps alone 1"), ((0, 3), "steps 1"), ((3, 0), "steps alone 1")],
)
def test_a_step_refused_in_company_three_times_goes_alone(counts: tuple[int, int], expected: str) -> None:
    """Neither before nor behind others: alone, and still in its order."""
    steps = tuple(
        delivery(f"p{i}", reason=f"not_judged: {count}" if count else "") for i, count in enumerate(counts, 1)
    )
    assert expected == told(plan(lane(steps), LENIENT))
