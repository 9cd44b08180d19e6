"""When to leave a whole system alone: one circuit per system, shared by all processes through the store.

States and moves::

    closed --failures_to_open consecutive failures of the system--> open
    open --retry_at reached--> half_open (that caller is the probe)
    half_open --success--> closed        half_open --failure--> open, for longer
    half_open --no answer by retry_at--> half_open (the next caller is the probe: the former one died)

Only failures of the *system* count. A system that rejects a record, or asks for patience, is alive: a rejection is no
failure here, and a rate limit only sets `retry_at`.

A circuit is plain data. Its one instant, `retry_at`, was computed on a clock that may since have been set back. A
remaining wait that is longer than any wait this module ever hands out can only come from that, and counts as over; a
smaller step back delays by no more than one full wait. So no clock can keep a circuit open for ever.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from math import isfinite
from types import MappingProxyType
from typing import assert_never

from gateway.sync.actions import FailureKind
from gateway.sync.retry import grown_seconds, jittered_seconds, raise_unmet

LONGEST_PAUSE_SECONDS = 3_600.0
"""A rate limit holds the system as a whole no longer than this; lanes keep their own, longer, times."""

_GROWTH_FACTOR = 2.0
_JITTER_FRACTION = 0.25
_SHORTEST_PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class CircuitPolicy:
    """When a circuit opens and how long it stays open. Raises ValueError that lists everything wrong at once.

    `probes` is how many probes a half-open circuit hands out per `open_seconds` while none of them is answered.
    """

    failures_to_open: int = 5
    open_seconds: float = 5.0
    open_ceiling_seconds: float = 120.0
    probes: int = 1

    def __post_init__(self) -> None:
        rules = {
            "failures_to_open must be at least 1": self.failures_to_open >= 1,
            "open_seconds must be above 0": isfinite(self.open_seconds) and self.open_seconds > 0,
            f"open_ceiling_seconds must lie between open_seconds and {LONGEST_PAUSE_SECONDS:.0f}": (
                self.open_seconds <= self.open_ceiling_seconds <= LONGEST_PAUSE_SECONDS
            ),
            "probes must be at least 1": self.probes >= 1,
        }
        raise_unmet(rules)


DEFAULT_CIRCUIT_POLICY = CircuitPolicy()


class CircuitState(StrEnum):
    """Whether a system is called."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Circuit:
    """What all processes know about a system's health.

    `failures_count` counts consecutive failures, `opened_count` consecutive openings (waits grow with it). `retry_at`
    is the next instant at which a call may be made; None in ordinary life.
    """

    state: CircuitState = CircuitState.CLOSED
    failures_count: int = 0
    opened_count: int = 0
    retry_at: datetime | None = None


COUNTS_AGAINST_SYSTEM: MappingProxyType[FailureKind, bool] = MappingProxyType(
    {
        FailureKind.TRANSIENT: True,
        FailureKind.OUTCOME_UNKNOWN: True,
        FailureKind.CONTRACT_BROKEN: True,
        FailureKind.CREDENTIALS: True,
        FailureKind.REJECTED: False,
        FailureKind.RATE_LIMITED: False,
    }
)
"""Which failed calls are reported with `on_failure`. A rejection is an answer: report it with `on_success`."""


def before_call(
    circuit: Circuit, now: datetime, policy: CircuitPolicy = DEFAULT_CIRCUIT_POLICY
) -> tuple[Circuit, bool]:
    """Tell whether a call may be made now, and give the circuit to store when it changed."""
    match circuit.state:
        case CircuitState.CLOSED:
            if circuit.retry_at is None:
                return circuit, True
            if _is_over(circuit.retry_at, now, LONGEST_PAUSE_SECONDS):
                return replace(circuit, retry_at=None), True
            return circuit, False
        case CircuitState.OPEN | CircuitState.HALF_OPEN:
            if not _is_over(circuit.retry_at, now, policy.open_ceiling_seconds):
                return circuit, False
            until_next_probe = timedelta(seconds=policy.open_seconds / policy.probes)
            return replace(circuit, state=CircuitState.HALF_OPEN, retry_at=now + until_next_probe), True
    assert_never(circuit.state)


def on_success(circuit: Circuit, now: datetime) -> Circuit:
    """Note a call that the system answered (also by a rejection): the circuit is closed, whatever it was.

    A pause that a rate limit asked for stays: a call made before it says nothing about it.
    """
    is_pausing = circuit.state is CircuitState.CLOSED and not _is_over(circuit.retry_at, now, LONGEST_PAUSE_SECONDS)
    healthy = Circuit(retry_at=circuit.retry_at if is_pausing else None)
    return circuit if circuit == healthy else healthy


def on_failure(circuit: Circuit, policy: CircuitPolicy, now: datetime, chance: float) -> Circuit:
    """Note a failure of the system (see COUNTS_AGAINST_SYSTEM); `chance` in [0, 1) shortens the wait a little."""
    failures_count = circuit.failures_count + 1
    match circuit.state:
        case CircuitState.OPEN:
            # The answer to a call made before the opening. It must not prolong the wait, or a crowd of slow calls
            # would hold the circuit open long after the system is well.
            return replace(circuit, failures_count=failures_count)
        case CircuitState.CLOSED if failures_count < policy.failures_to_open:
            return replace(circuit, failures_count=failures_count)
        case CircuitState.CLOSED | CircuitState.HALF_OPEN:
            grown = grown_seconds(
                policy.open_seconds, _GROWTH_FACTOR, policy.open_ceiling_seconds, circuit.opened_count
            )
            wait = timedelta(seconds=jittered_seconds(grown, _JITTER_FRACTION, chance))
            return Circuit(CircuitState.OPEN, failures_count, circuit.opened_count + 1, now + wait)
    assert_never(circuit.state)


def on_rate_limited(
    circuit: Circuit,
    now: datetime,
    retry_after_seconds: float | None,
    policy: CircuitPolicy = DEFAULT_CIRCUIT_POLICY,
) -> Circuit:
    """Note that the system asks for patience: nothing is counted, only the next instant moves, never towards now."""
    wished = retry_after_seconds or 0.0
    match circuit.state:
        case CircuitState.CLOSED:
            state, longest = CircuitState.CLOSED, LONGEST_PAUSE_SECONDS
        case CircuitState.OPEN | CircuitState.HALF_OPEN:
            state, longest = CircuitState.OPEN, policy.open_ceiling_seconds
        case _:
            assert_never(circuit.state)
    # In this order a wish that is not a number becomes the shortest pause.
    pause = timedelta(seconds=min(longest, max(_SHORTEST_PAUSE_SECONDS, wished)))
    retry_at = now + pause
    if circuit.retry_at is not None and not _is_over(circuit.retry_at, now, longest):
        retry_at = max(retry_at, circuit.retry_at)
    return replace(circuit, state=state, retry_at=retry_at)


def _is_over(retry_at: datetime | None, now: datetime, longest_seconds: float) -> bool:
    return retry_at is None or not now < retry_at <= now + timedelta(seconds=longest_seconds)
