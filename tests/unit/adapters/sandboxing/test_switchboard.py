"""The switchboard strikes the calls that a fault is meant for, counts each, and no others."""

import random

import pytest

from adapters.sandboxing import FaultKind, FaultSpec, FaultSpecError, FaultSwitchboard
from tests.unit.adapters.sandboxing.sandboxing_helpers import HandClock

DROP = FaultKind.DROP_REPLY
BUSY = FaultKind.RATE_LIMITED


def board(clock: HandClock | None = None, seed: int = 3) -> FaultSwitchboard:
    return FaultSwitchboard(supported={DROP, BUSY}, draws=random.Random(seed), clock=clock or HandClock())


def strikes(switchboard: FaultSwitchboard, count: int, operation: str = "push", *codes: str) -> list[bool]:
    return [switchboard.take({DROP}, operation, codes) is not None for _ in range(count)]


def test_a_fault_for_the_next_calls_is_used_up() -> None:
    """`calls` calls are struck and the fault is gone."""
    switchboard = board()
    switchboard.add(FaultSpec(kind=DROP, calls=2))
    assert [True, True, False] == strikes(switchboard, 3)
    assert [] == switchboard.armed()
    assert switchboard.is_idle
    assert {DROP: 2} == switchboard.injected


def test_a_fault_without_number_stays_until_removed() -> None:
    """It strikes until its id is taken off, which works once."""
    switchboard = board()
    fault_id = switchboard.add(FaultSpec(kind=DROP))
    assert [True] * 5 == strikes(switchboard, 5)
    assert switchboard.remove(fault_id)
    assert not switchboard.remove(fault_id)
    assert [False] == strikes(switchboard, 1)


def test_calls_to_skip_go_by_unharmed() -> None:
    """`skip` lets matching calls pass first; other operations do not use it up."""
    switchboard = board()
    switchboard.add(FaultSpec(kind=DROP, skip=2, calls=1, operation="push"))
    assert [False] == strikes(switchboard, 1, "login")
    assert [False, False, True, False] == strikes(switchboard, 4)


def test_a_fault_can_be_for_one_operation_or_one_item() -> None:
    """Other operations and calls without the item are spared."""
    switchboard = board()
    switchboard.add(FaultSpec(kind=DROP, operation="push", item_code="A2"))
    assert [False] == strikes(switchboard, 1, "login", "A2")
    assert [False] == strikes(switchboard, 1, "push", "A1")
    assert [True] == strikes(switchboard, 1, "push", "A1", "A2")
    assert switchboard.take({DROP}) is None, "a scoped fault cannot strike before the call is understood"


def test_probability_follows_the_seed_and_uses_up_nothing_when_lost() -> None:
    """The share is right, the same seed gives the same calls, and `calls` counts strikes only."""
    first, second = board(seed=5), board(seed=5)
    for switchboard in (first, second):
        switchboard.add(FaultSpec(kind=DROP, probability=0.25, calls=200))
    struck = strikes(first, 600)
    assert strikes(second, 600) == struck
    assert 100 < sum(struck) < 200
    strikes(first, 1000)
    assert 200 == first.injected[DROP]


def test_a_fault_can_last_a_while() -> None:
    """It ends when its time is over, without being removed."""
    clock = HandClock()
    switchboard = board(clock)
    switchboard.add(FaultSpec(kind=DROP, lasts_seconds=10))
    clock.advance(9.9)
    assert [True] == strikes(switchboard, 1)
    clock.advance(0.2)
    assert [False] == strikes(switchboard, 1)
    assert [] == switchboard.armed()


def test_only_kinds_asked_for_are_used_up() -> None:
    """A fault of another kind stays armed for its own moment."""
    switchboard = board()
    switchboard.add(FaultSpec(kind=BUSY, calls=1))
    assert [False] == strikes(switchboard, 1)
    assert BUSY in {armed["kind"] for armed in switchboard.armed()}


def test_the_first_armed_strikes_first() -> None:
    """Order of arming decides between faults of the same kind."""
    switchboard = board()
    switchboard.add(FaultSpec(kind=DROP, calls=1, message="first"))
    switchboard.add(FaultSpec(kind=DROP, calls=1, message="second"))
    taken = [switchboard.take({DROP}), switchboard.take({DROP})]
    assert ["first", "second"] == [spec.message for spec in taken if spec is not None]


def test_replacing_is_all_or_nothing_and_clearing_keeps_counts() -> None:
    """A set with an impossible fault changes nothing; clear disarms but the count stays."""
    switchboard = board()
    switchboard.add(FaultSpec(kind=DROP))
    with pytest.raises(FaultSpecError, match="expired_session"):
        switchboard.replace([FaultSpec(kind=BUSY), FaultSpec(kind=FaultKind.EXPIRED_SESSION)])
    assert [True] == strikes(switchboard, 1)
    switchboard.replace([FaultSpec(kind=BUSY)])
    assert [False] == strikes(switchboard, 1)
    switchboard.clear()
    assert switchboard.is_idle
    assert {DROP: 1} == switchboard.injected
    switchboard.reset_counts()
    assert 0 == switchboard.injected.total()


def test_listeners_hear_of_every_change() -> None:
    """A runner must know when certificate faults come and go."""
    switchboard, heard = board(), list[int]()
    switchboard.subscribe(lambda: heard.append(len(switchboard.armed())))
    fault_id = switchboard.add(FaultSpec(kind=DROP))
    switchboard.replace([FaultSpec(kind=DROP), FaultSpec(kind=BUSY)])
    switchboard.remove(fault_id)
    switchboard.clear()
    assert [1, 2, 2, 0] == heard
