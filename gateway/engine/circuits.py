"""The circuit of one system as this process uses it: shared through the store, written only when it changes."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from gateway.engine.gates import SystemGate
from gateway.ports.basics import Chance, Clock
from gateway.ports.observing import CircuitMoved, Observer
from gateway.sync.actions import CallFailed, FailureKind
from gateway.sync.circuit import (
    COUNTS_AGAINST_SYSTEM,
    Circuit,
    CircuitPolicy,
    CircuitState,
    before_call,
    on_failure,
    on_rate_limited,
    on_success,
)

_SUCCESS_NOTED_EVERY_SECONDS = 5.0


class ChangingCircuit(Protocol):
    """A circuit locked for a change."""

    circuit: Circuit


class SharedCircuits(Protocol):
    """Where circuits are kept."""

    async def circuit(self, system: str) -> Circuit: ...

    def changing_circuit(self, system: str) -> AbstractAsyncContextManager[ChangingCircuit]: ...

    async def note_success(self, system: str, now: datetime) -> None: ...

    async def note_failure(self, system: str, failure: str, now: datetime) -> None: ...


class CircuitBreaker:
    """Says whether a system may be called, and hears how calls went."""

    def __init__(
        self,
        store: SharedCircuits,
        system: str,
        *,
        policy: CircuitPolicy,
        clock: Clock,
        chance: Chance,
        observer: Observer,
        gate: SystemGate | None = None,
    ) -> None:
        self._store = store
        self._system = system
        self._policy = policy
        self._clock = clock
        self._chance = chance
        self._observe = observer
        self._gate = gate
        self._noted_at = float("-inf")
        self._is_open = False

    @property
    def is_open(self) -> bool:
        """Whether this process last saw the circuit open: a call that waited for its turn is then not made."""
        return self._is_open

    @property
    def is_shut(self) -> bool:
        """Whether calendar or operator keep the system closed now: no failure, and nothing is to be counted."""
        return self._gate is not None and self._gate.is_shut

    async def turn(self) -> None:
        """Wait until the system's rate has room for one more call. Raises StoreUnavailable."""
        if self._gate is not None:
            await self._gate.turn()

    async def nothing_to_probe(self) -> None:
        """Hear that a probe was allowed and nothing was owed: the system is not known to be ill any more."""
        if (await self._store.circuit(self._system)).state is not CircuitState.HALF_OPEN:
            return  # Not a probe: only a rate had bounded the allowance.
        async with self._store.changing_circuit(self._system) as change:
            before = change.circuit
            if before.state is CircuitState.HALF_OPEN:
                change.circuit = Circuit()
        self._tell(before, change.circuit)

    async def allowance(self, records_per_call: int = 1) -> int | None:
        """Give how many lanes may be worked on now: None for any number, 1 for a probe, 0 for none.

        A closed gate is asked first, so that no probe is spent on a system that is not to be called.
        """
        released = await self._gate.allowance(records_per_call) if self._gate is not None else None
        if released == 0:
            return 0
        healthy = await self._circuit_allowance()
        return healthy if released is None else min(released, released if healthy is None else healthy)

    async def _circuit_allowance(self) -> int | None:
        circuit = await self._store.circuit(self._system)
        if circuit == Circuit(failures_count=circuit.failures_count):
            self._is_open = False
            return None
        async with self._store.changing_circuit(self._system) as change:
            before = change.circuit
            change.circuit, may_call = before_call(before, self._clock.now(), self._policy)
        self._tell(before, change.circuit)
        if not may_call:
            return 0
        return 1 if change.circuit.state is CircuitState.HALF_OPEN else None

    async def answered(self) -> None:
        """Hear that the system answered."""
        circuit = await self._store.circuit(self._system)
        if circuit != Circuit():
            async with self._store.changing_circuit(self._system) as change:
                before = change.circuit
                change.circuit = on_success(before, self._clock.now())
            self._tell(before, change.circuit)
        if self._clock.monotonic() - self._noted_at >= _SUCCESS_NOTED_EVERY_SECONDS:
            self._noted_at = self._clock.monotonic()
            await self._store.note_success(self._system, self._clock.now())

    async def failed(self, failure: CallFailed) -> None:
        """Hear that a call gave nothing usable."""
        if not COUNTS_AGAINST_SYSTEM[failure.kind] and failure.kind is not FailureKind.RATE_LIMITED:
            await self.answered()
            return
        now = self._clock.now()
        async with self._store.changing_circuit(self._system) as change:
            before = change.circuit
            if failure.kind is FailureKind.RATE_LIMITED:
                change.circuit = on_rate_limited(before, now, failure.retry_after_seconds, self._policy)
            else:
                change.circuit = on_failure(before, self._policy, now, self._chance.random())
        self._tell(before, change.circuit)
        await self._store.note_failure(self._system, failure.kind.value, now)

    def _tell(self, before: Circuit, after: Circuit) -> None:
        self._is_open = after.state is CircuitState.OPEN
        if before.state is not after.state:
            self._observe(CircuitMoved(system=self._system, state=after.state.value))
