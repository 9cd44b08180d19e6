"""The circuit of one system."""

from datetime import timedelta

import pytest

from gateway.sync.actions import FailureKind
from gateway.sync.circuit import (
    COUNTS_AGAINST_SYSTEM,
    LONGEST_PAUSE_SECONDS,
    Circuit,
    CircuitPolicy,
    CircuitState,
    before_call,
    on_failure,
    on_rate_limited,
    on_success,
)
from tests.unit.gateway.sync.builders import NOW

POLICY = CircuitPolicy()


def _after(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def _opened(times: int = 1) -> Circuit:
    circuit = Circuit()
    for _ in range(POLICY.failures_to_open):
        circuit = on_failure(circuit, POLICY, NOW, 0.0)
    for _ in range(times - 1):
        assert circuit.retry_at is not None
        circuit, _may_call = before_call(circuit, circuit.retry_at, POLICY)
        circuit = on_failure(circuit, POLICY, NOW, 0.0)
    return circuit


def test_it_opens_with_the_fifth_failure_in_a_row() -> None:
    """Four failures change nothing for callers; the fifth closes the way for five seconds."""
    circuit = Circuit()
    for _ in range(4):
        circuit = on_failure(circuit, POLICY, NOW, 0.0)
        assert (circuit, True) == before_call(circuit, NOW, POLICY)
    circuit = on_failure(circuit, POLICY, NOW, 0.0)
    assert Circuit(CircuitState.OPEN, 5, 1, NOW + _after(5)) == circuit
    assert (circuit, False) == before_call(circuit, NOW + _after(4.9), POLICY)


def test_a_success_in_between_starts_the_count_anew() -> None:
    """Only failures in a row open a circuit."""
    circuit = Circuit()
    for _ in range(20):
        for _ in range(4):
            circuit = on_failure(circuit, POLICY, NOW, 0.0)
        circuit = on_success(circuit, NOW)
    assert Circuit() == circuit


def test_after_the_wait_one_caller_probes_and_the_others_stay_away() -> None:
    """Half-open lets one call through; if its caller dies, the next one probes after a further wait."""
    due = NOW + _after(5)
    half_open, may_call = before_call(_opened(), due, POLICY)
    assert (CircuitState.HALF_OPEN, True) == (half_open.state, may_call)
    assert (half_open, False) == before_call(half_open, due + _after(4.9), POLICY)
    again, may_call = before_call(half_open, due + _after(5), POLICY)
    assert (CircuitState.HALF_OPEN, True) == (again.state, may_call)


def test_more_probes_come_closer_together() -> None:
    """With five probes per open time, an unanswered probe is followed after a fifth of it."""
    policy = CircuitPolicy(probes=5)
    half_open, _ = before_call(_opened(), NOW + _after(5), policy)
    assert NOW + _after(6) == half_open.retry_at


@pytest.mark.parametrize("state", [CircuitState.OPEN, CircuitState.HALF_OPEN])
def test_a_success_closes_it(state: CircuitState) -> None:
    """A probe that is answered, or a slow call from before, proves the system well."""
    assert Circuit() == on_success(Circuit(state, 7, 3, NOW + _after(9)), NOW)


def test_failed_probes_make_the_waits_grow_to_the_ceiling() -> None:
    """Each opening in a row doubles the wait: 5, 10, 20, 40, 80, then 120 seconds."""
    waits = []
    for times in range(1, 9):
        retry_at = _opened(times).retry_at
        assert retry_at is not None
        waits.append((retry_at - NOW).total_seconds())
    assert [5.0, 10.0, 20.0, 40.0, 80.0, 120.0, 120.0, 120.0] == waits


def test_late_failures_do_not_prolong_an_open_circuit() -> None:
    """Calls made before the opening may fail long after it; the wait stays as it was."""
    opened = _opened()
    late = opened
    for _ in range(50):
        late = on_failure(late, POLICY, NOW + _after(3), 0.0)
    assert opened.retry_at == late.retry_at


def test_which_failures_count_is_a_complete_table() -> None:
    """Rejections and rate limits come from a living system; every other kind counts against it."""
    assert set(FailureKind) == set(COUNTS_AGAINST_SYSTEM)
    assert {FailureKind.REJECTED, FailureKind.RATE_LIMITED} == {
        kind for kind, counts in COUNTS_AGAINST_SYSTEM.items() if not counts
    }


@pytest.mark.parametrize(
    ("wish_seconds", "expected_seconds"),
    [
        (30.0, 30.0),
        (None, 1.0),
        (0.0, 1.0),
        (-5.0, 1.0),
        (float("nan"), 1.0),
        (1e9, LONGEST_PAUSE_SECONDS),
        (float("inf"), LONGEST_PAUSE_SECONDS),
    ],
)
def test_a_rate_limit_pauses_without_counting(wish_seconds: float | None, expected_seconds: float) -> None:
    """The system's wish is followed within bounds; the circuit stays closed and counts nothing."""
    paused = on_rate_limited(Circuit(failures_count=2), NOW, wish_seconds, POLICY)
    assert Circuit(CircuitState.CLOSED, 2, 0, NOW + _after(expected_seconds)) == paused
    assert (paused, False) == before_call(paused, NOW, POLICY)
    assert (Circuit(failures_count=2), True) == before_call(paused, NOW + _after(expected_seconds), POLICY)


def test_a_pause_is_shortened_neither_by_a_smaller_wish_nor_by_a_late_success() -> None:
    """Answers to calls made before the pause say nothing about it."""
    paused = on_rate_limited(Circuit(), NOW, 60.0, POLICY)
    assert paused == on_rate_limited(paused, NOW, 2.0, POLICY)
    assert paused == on_success(paused, NOW + _after(1))
    assert Circuit() == on_success(paused, NOW + _after(60))


def test_a_rate_limited_probe_leaves_the_circuit_open_without_growth() -> None:
    """A probe that is asked for patience neither closes the circuit nor lengthens its schedule."""
    half_open, _ = before_call(_opened(3), NOW + _after(20), POLICY)
    limited = on_rate_limited(half_open, NOW + _after(20), 1000.0, POLICY)
    assert (CircuitState.OPEN, 3) == (limited.state, limited.opened_count)
    assert NOW + _after(20 + POLICY.open_ceiling_seconds) == limited.retry_at


@pytest.mark.parametrize("back_seconds", [1.0, 60.0, 3600.0, 86_400.0 * 365])
@pytest.mark.parametrize("circuit", [_opened(6), on_rate_limited(Circuit(), NOW, 3600.0, POLICY)])
def test_a_clock_set_back_cannot_keep_it_shut_for_ever(circuit: Circuit, back_seconds: float) -> None:
    """However far the clock is set back, a call is allowed again within the longest wait on the new clock."""
    longest = POLICY.open_ceiling_seconds if circuit.state is CircuitState.OPEN else LONGEST_PAUSE_SECONDS
    stepped = NOW - _after(back_seconds)
    attempts = [before_call(circuit, stepped + _after(longest * part / 10), POLICY)[1] for part in range(11)]
    assert any(attempts)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"failures_to_open": 0}, "failures_to_open"),
        ({"open_seconds": 0.0}, "open_seconds"),
        ({"open_seconds": 200.0}, "open_ceiling_seconds"),
        ({"open_ceiling_seconds": 4000.0}, "open_ceiling_seconds"),
        ({"probes": 0}, "probes"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(wrong: dict[str, float], named: str) -> None:
    """A policy that never opens, never waits or never probes cannot be made."""
    with pytest.raises(ValueError, match=named):
        CircuitPolicy(**wrong)  # type: ignore[arg-type]
