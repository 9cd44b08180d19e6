"""Whether identity providers are asked, as each process knows it by itself.

The circuit of other systems is shared through the store; here a citizen waits, calls come one by one, and a turn to the
store for each would cost more than a few calls to an ill provider from every process.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from gateway.errors import CredentialsRefused, OutcomeUnknown, RateLimited, Rejected, RemoteError, TransientFailure
from gateway.model.identity import EidCode, SignInRefused
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

AnswerT = TypeVar("AnswerT")
_UNAVAILABLE = (TransientFailure, RateLimited, OutcomeUnknown)


class ProviderCircuits:
    """One circuit for each provider."""

    def __init__(
        self,
        names: Iterable[str],
        *,
        clock: Clock,
        chance: Chance,
        observer: Observer,
        policy: CircuitPolicy = DEFAULT_CIRCUIT_POLICY,
    ) -> None:
        self._circuits = dict.fromkeys(names, Circuit())
        self._clock = clock
        self._chance = chance
        self._observe = observer
        self._policy = policy

    def is_available(self, name: str) -> bool:
        """Tell whether a provider may be asked now. Looking spends no probe."""
        return before_call(self._circuits[name], self._clock.now(), self._policy)[1]

    async def ask(self, name: str, call: Callable[[], Awaitable[AnswerT]]) -> AnswerT:
        """Ask a provider unless it is known to be ill. Raises SignInRefused for every failure."""
        before, may_call = before_call(self._circuits[name], self._clock.now(), self._policy)
        self._circuits[name] = before
        if not may_call:
            raise SignInRefused(EidCode.PROVIDER_UNAVAILABLE, "circuit_open")
        try:
            answer = await call()
        except RemoteError as error:
            self._note(name, error)
            raise _refusal_of(error) from error
        except SignInRefused as refusal:
            # Mostly it answered, and what it said is another matter; these two may come from before any call.
            if refusal.eid not in (EidCode.ENVELOPE_INVALID, EidCode.CONFIGURATION):
                self._note(name, None)
            raise
        self._note(name, None)
        return answer

    def _note(self, name: str, error: RemoteError | None) -> None:
        before, now = self._circuits[name], self._clock.now()
        if error is None or isinstance(error, Rejected):
            after = on_success(before, now)
        elif isinstance(error, RateLimited):
            after = on_rate_limited(before, now, error.retry_after_seconds, self._policy)
        else:
            after = on_failure(before, self._policy, now, self._chance.random())
        self._circuits[name] = after
        if before.state is not after.state:
            self._observe(CircuitMoved(system=f"identity.{name}", state=after.state.value))


def _refusal_of(error: RemoteError) -> SignInRefused:
    if isinstance(error, CredentialsRefused):
        return SignInRefused(EidCode.CONFIGURATION, "client_refused")
    if isinstance(error, _UNAVAILABLE):
        return SignInRefused(EidCode.PROVIDER_UNAVAILABLE, error.code)
    return SignInRefused(EidCode.PROVIDER_ERROR, error.code)
