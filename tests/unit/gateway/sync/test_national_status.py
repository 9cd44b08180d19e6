"""Answers to dossiers that were filed on the portal: one kind of delivery, which nobody can ask about."""

from dataclasses import replace

import pytest

from gateway.model.delivery import RemotePresence
from gateway.ports.portal import ChannelLimits, Verdict
from gateway.sync.lanes import (
    Action,
    Blocked,
    CallFailed,
    FailureKind,
    Idle,
    NotTranslated,
    Park,
    PushStatus,
    plan,
)
from tests.unit.gateway.sync.builders import LENIENT, judged, lane, reacted, seconds_until_due, shown

REPEATABLE = replace(LENIENT, repeated_status_is_harmless=True)
UNSURE = RemotePresence.UNKNOWN


def told(action: Action) -> str:
    match action:
        case PushStatus(target, superseded):
            return f"tell {target.revision}" + "".join(f" -{old.revision}" for old in superseded)
        case Park(target, reason):
            return f"park {target.revision} {reason}"
        case Blocked(reason):
            return f"blocked {reason}"
        case Idle():
            return "idle"
    raise AssertionError(action)


@pytest.mark.parametrize(
    ("before", "limits", "expected"),
    [
        ("n1", REPEATABLE, "tell 1"),
        # The newest says it all, whatever became of the older ones.
        ("n1 n2 n3", REPEATABLE, "tell 3 -1 -2"),
        ("n1# n2", LENIENT, "tell 2 -1"),
        ("n1= n2-", REPEATABLE, "idle"),
        ("n1#", REPEATABLE, "blocked parked national status of revision 1: rejected"),
        # What a dead worker left: again where that is harmless, else a person.
        ("n1! n2", REPEATABLE, "tell 1"),
        ("n1! n2", LENIENT, "park 1 outcome_unknown"),
        ("n1?", REPEATABLE, "tell 1"),
    ],
)
def test_what_is_told_next(before: str, limits: ChannelLimits, expected: str) -> None:
    """Presence does not matter: the dossier is there by its nature, so nothing is asked."""
    assert told(plan(lane(before, UNSURE), limits)) == expected


@pytest.mark.parametrize(
    ("verdict", "expected", "alerts"),
    [
        (Verdict.DONE, "n1- n2=", ()),
        (Verdict.ALREADY_EXISTS, "n1- n2=", ()),
        (Verdict.REJECTED, "n1- n2#", ()),
        (Verdict.DOES_NOT_EXIST, "n1- n2#", ("dossier_missing_remotely",)),
    ],
)
def test_what_a_verdict_makes_of_it(verdict: Verdict, expected: str, alerts: tuple[str, ...]) -> None:
    """What is refused is parked; the ones that it superseded stay so."""
    before = lane("n1 n2", UNSURE)
    action = plan(before, REPEATABLE)
    reaction = reacted(before, action, judged((2, verdict)))
    assert shown(reaction.lane) == expected
    assert reaction.alerts == alerts


@pytest.mark.parametrize(
    ("kind", "effect_possible", "limits", "expected"),
    [
        (FailureKind.OUTCOME_UNKNOWN, True, REPEATABLE, "n1"),
        (FailureKind.OUTCOME_UNKNOWN, True, LENIENT, "n1#"),
        (FailureKind.TRANSIENT, False, LENIENT, "n1"),
        (FailureKind.REJECTED, False, LENIENT, "n1#"),
        (FailureKind.CONTRACT_BROKEN, True, REPEATABLE, "n1"),
    ],
)
def test_what_a_failed_call_makes_of_it(
    kind: FailureKind, effect_possible: bool, limits: ChannelLimits, expected: str
) -> None:
    """An answer without a usable reply waits for its turn again where that is harmless, and never becomes unknown."""
    before = lane("n1", UNSURE)
    reaction = reacted(before, plan(before, limits), CallFailed(kind, effect_possible=effect_possible), limits=limits)
    assert shown(reaction.lane) == expected
    if expected == "n1":
        wait = seconds_until_due(reaction)
        assert wait is not None
        assert wait > 0


def test_what_has_no_foreign_form_is_parked_with_its_rows() -> None:
    """A missing code row is named, and nothing was sent."""
    before = lane("n1", UNSURE)
    reaction = reacted(before, plan(before, REPEATABLE), NotTranslated(1, (("status", "x"),)))
    assert shown(reaction.lane) == "n1#"
    assert reaction.lane.deliveries[0].reason == "unmapped: status x"
