"""Faults with variants of a sandbox's own, faults by how an item code begins, and a clock that is moved."""

import random

import pytest

from adapters.sandboxing import FaultKind, FaultSpec, FaultSpecError, FaultSwitchboard, MovedClock
from tests.unit.adapters.sandboxing.sandboxing_helpers import HandClock

HOSTILE = (FaultKind.HOSTILE_REPLY,)


def make_board() -> FaultSwitchboard:
    return FaultSwitchboard(
        supported=[*HOSTILE, FaultKind.MAINTENANCE],
        draws=random.Random(7),
        clock=HandClock(),
        variants={FaultKind.HOSTILE_REPLY: ("bomb",)},
    )


def test_only_the_sandbox_s_own_variants_can_be_armed() -> None:
    """Another name, or none, is refused, and what was armed stays."""
    board = make_board()
    board.add(FaultSpec(kind=FaultKind.HOSTILE_REPLY, variant="bomb"))
    for variant in ("", "other"):
        with pytest.raises(FaultSpecError, match="variant"):
            board.replace([FaultSpec(kind=FaultKind.HOSTILE_REPLY, variant=variant)])
    assert ["bomb"] == [armed["variant"] for armed in board.armed()]


def test_a_prefix_chooses_the_calls() -> None:
    """A call is struck when one of its codes begins so, and never when it names none."""
    board = make_board()
    board.add(FaultSpec(kind=FaultKind.MAINTENANCE, item_prefix="XAU-"))
    kinds = (FaultKind.MAINTENANCE,)
    assert board.take(kinds, "any", ()) is None
    assert board.take(kinds, "any", ("TOT-XAU-1",)) is None
    assert board.take(kinds, "any", ("TOT-1", "XAU-1")) is not None


def test_a_moved_clock_keeps_the_two_times_apart() -> None:
    """Passing time moves both, a wrong wall clock only the instant; time does not run back."""
    base = HandClock()
    clock = MovedClock(base)
    clock.advance(30)
    clock.shift(-100)
    assert (-70, 30) == ((clock.now() - base.now()).total_seconds(), clock.monotonic() - base.monotonic())
    with pytest.raises(ValueError, match="forward"):
        clock.advance(-1)
