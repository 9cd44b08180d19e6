"""Waits stay within their bounds, whatever the settings, the counts and the clock."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.sync.circuit import (
    LONGEST_PAUSE_SECONDS,
    Circuit,
    CircuitPolicy,
    CircuitState,
    before_call,
    on_failure,
    on_rate_limited,
    on_success,
)
from gateway.sync.retry import LONGEST_DELAY_SECONDS, RetryPolicy, delay_seconds

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
CHANCES = st.floats(min_value=0, max_value=1, exclude_max=True)
COUNTS = st.integers(0, 10_000) | st.sampled_from([10_000, 2**31, 10**30])


@st.composite
def retry_policies(draw: st.DrawFn) -> RetryPolicy:
    first = draw(st.floats(min_value=1e-9, max_value=1000))
    return RetryPolicy(
        first_delay_seconds=first,
        factor=draw(st.floats(min_value=1, max_value=1e9)),
        ceiling_seconds=draw(st.floats(min_value=first, max_value=LONGEST_DELAY_SECONDS)),
        jitter_fraction=draw(st.floats(min_value=0, max_value=0.999)),
    )


@st.composite
def circuit_policies(draw: st.DrawFn) -> CircuitPolicy:
    first = draw(st.floats(min_value=0.001, max_value=100))
    return CircuitPolicy(
        failures_to_open=draw(st.integers(1, 10)),
        open_seconds=first,
        open_ceiling_seconds=draw(st.floats(min_value=first, max_value=LONGEST_PAUSE_SECONDS)),
        probes=draw(st.integers(1, 5)),
    )


@given(policy=retry_policies(), failures_count=COUNTS, chance=CHANCES)
@settings(max_examples=300, deadline=None)
def test_a_wait_is_never_zero_and_never_above_the_ceiling(
    policy: RetryPolicy, failures_count: int, chance: float
) -> None:
    """Growth and jitter stay within (0, ceiling] for every policy that can be made, at every count."""
    assert 0 < delay_seconds(policy, failures_count, chance) <= policy.ceiling_seconds


@given(policy=retry_policies(), failures_count=COUNTS, chance=CHANCES)
@settings(max_examples=200, deadline=None)
def test_one_more_failure_never_shortens_the_wait(policy: RetryPolicy, failures_count: int, chance: float) -> None:
    """At equal chance the schedule only grows (up to the last digit of a float)."""
    earlier, later = (delay_seconds(policy, count, chance) for count in (failures_count, failures_count + 1))
    assert earlier <= later * (1 + 1e-12)


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["call", "success", "failure", "limited"]),
        st.floats(min_value=-1e7, max_value=1e7),
        CHANCES,
        st.none() | st.floats(allow_nan=True, allow_infinity=True),
    ),
    max_size=40,
)


@given(policy=circuit_policies(), events=EVENTS)
@settings(max_examples=200, deadline=None)
def test_a_circuit_lets_a_call_through_within_its_longest_wait(
    policy: CircuitPolicy, events: list[tuple[str, float, float, float | None]]
) -> None:
    """After any history on any clock, a caller that keeps asking is let through before long."""
    circuit, now = Circuit(), NOW
    for name, seconds, chance, wish_seconds in events:
        now += timedelta(seconds=seconds)
        match name:
            case "call":
                circuit, _ = before_call(circuit, now, policy)
            case "success":
                circuit = on_success(circuit, now)
                assert circuit.state is CircuitState.CLOSED
            case "failure":
                circuit = on_failure(circuit, policy, now, chance)
            case _:
                circuit = on_rate_limited(circuit, now, wish_seconds, policy)
    is_closed = circuit.state is CircuitState.CLOSED
    longest = timedelta(seconds=LONGEST_PAUSE_SECONDS if is_closed else policy.open_ceiling_seconds)
    assert before_call(circuit, now, policy)[1] or before_call(circuit, now + longest, policy)[1]


@given(policy=circuit_policies(), chance=CHANCES, waits=st.lists(st.floats(0, 200), max_size=60))
@settings(max_examples=200, deadline=None)
def test_while_a_system_is_down_calls_are_few(policy: CircuitPolicy, chance: float, waits: list[float]) -> None:
    """Once open, calls that all fail are let through no more often than the shortest wait allows."""
    circuit, now = Circuit(), NOW
    for _ in range(policy.failures_to_open):
        circuit = on_failure(circuit, policy, now, chance)
    calls_count, started = 0, now
    for wait in waits:
        now += timedelta(seconds=wait)
        circuit, may_call = before_call(circuit, now, policy)
        if may_call:
            calls_count += 1
            circuit = on_failure(circuit, policy, now, chance)
    shortest = policy.open_seconds * 0.75
    assert calls_count <= (now - started).total_seconds() / shortest + 1e-3
