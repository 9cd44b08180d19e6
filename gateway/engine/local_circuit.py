"""Whether a system is called, as this process alone knows it.

The circuit of systems that dossiers are carried to is shared through the store. Where a person waits for one call, a
turn to the store for each would cost more than the few calls to an ill system that every process makes for itself.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from gateway.errors import RateLimited, Rejected, RemoteError, TransientFailure
from gateway.ports.basics import Chance, Clock
from gateway.ports.observing import CircuitMoved, Observer
from gateway.sync.circuit import (
    DEFAULT_CIRCUIT_POLICY,
    Circuit,
    CircuitPolicy,
    before_call,
    on_failure,
    on_rate_limited,
    on_success,
)

ResultT = TypeVar("ResultT")


class LocalCircuit:
    """The circuit of one system."""

    def __init__(
        self,
        system: str,
        *,
        clock: Clock,
        chance: Chance,
        observer: Observer,
        policy: CircuitPolicy = DEFAULT_CIRCUIT_POLICY,
    ) -> None:
        self._system = system
        self._clock = clock
        self._chance = chance
        self._observe = observer
        self._policy = policy
        self._circuit = Circuit()

    def is_available(self) -> bool:
        """Tell whether the system may be called now. Looking spends no probe."""
        return before_call(self._circuit, self._clock.now(), self._policy)[1]

    def take_turn(self) -> bool:
        """Tell whether the caller may call now; when it is a probe, it is this caller's."""
        self._circuit, may_call = before_call(self._circuit, self._clock.now(), self._policy)
        return may_call

    async def run(self, do: Callable[[], Awaitable[ResultT]], *, name: str) -> ResultT:
        """Call the system, and hear how it went. Raises TransientFailure (circuit_open) while it is not called."""
        if not self.take_turn():
            text = "the system is not called at present"
            raise TransientFailure(text, system=name, operation="call", code="circuit_open")
        try:
            result = await do()
        except RemoteError as error:
            self.note(error)
            raise
        self.note(None)
        return result

    def note(self, error: RemoteError | None) -> None:
        """Hear how a call went; None for well. A refusal of the content is an answer."""
        before, now = self._circuit, self._clock.now()
        if error is None or isinstance(error, Rejected):
            after = on_success(before, now)
        elif isinstance(error, RateLimited):
            after = on_rate_limited(before, now, error.retry_after_seconds, self._policy)
        else:
            after = on_failure(before, self._policy, now, self._chance.random())
        self._circuit = after
        if before.state is not after.state:
            self._observe(CircuitMoved(system=self._system, state=after.state.value))
