"""What is next between the gateway and a system."""

import pytest

from gateway.api.representations import NextStep
from gateway.api.timeline import next_step
from gateway.model.delivery import DeliveryKind, DeliveryState, RemotePresence
from gateway.store.dossiers import DeliveryLine, LaneLine
from tests.support.clocks import START


def lane(*, is_due: bool, is_leased: bool = False, presence: str = "present") -> LaneLine:
    return LaneLine(
        system="portal",
        presence=RemotePresence(presence),
        due_at=START if is_due else None,
        failures_count=0,
        is_leased=is_leased,
    )


def owed(*states: str) -> list[DeliveryLine]:
    return [
        DeliveryLine(
            delivery_id=number,
            system="portal",
            revision=number,
            ordinal=0,
            kind=DeliveryKind.SNAPSHOT,
            state=DeliveryState(state),
            attempts_count=0,
            reason="",
            created_at=START,
            changed_at=START,
        )
        for number, state in enumerate(states, 1)
    ]


@pytest.mark.parametrize(
    ("line", "states", "expected"),
    [
        (lane(is_due=False), [], NextStep.NOTHING),
        (lane(is_due=True), [], NextStep.NOTHING),
        (lane(is_due=True), ["waiting"], NextStep.ATTEMPT),
        (lane(is_due=True), ["unknown", "waiting"], NextStep.QUERY),
        (lane(is_due=True, presence="unknown"), ["waiting"], NextStep.QUERY),
        (lane(is_due=False), ["parked", "waiting"], NextStep.PERSON),
        (lane(is_due=False, is_leased=True), ["in_flight"], NextStep.IN_PROGRESS),
    ],
)
def test_the_next_step(line: LaneLine, states: list[str], expected: NextStep) -> None:
    """What is owed, when it is due and what is known over there say what happens next."""
    assert expected is next_step(line, owed(*states))
