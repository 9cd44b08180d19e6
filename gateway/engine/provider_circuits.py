"""Whether identity providers are asked, and what their failures are to whoever signs in."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from gateway.engine.local_circuit import LocalCircuit
from gateway.errors import CredentialsRefused, OutcomeUnknown, RateLimited, RemoteError, TransientFailure
from gateway.model.identity import EidCode, SignInRefused
from gateway.ports.basics import Chance, Clock
from gateway.ports.observing import Observer
from gateway.sync.circuit import DEFAULT_CIRCUIT_POLICY, CircuitPolicy

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
        self._circuits = {
            name: LocalCircuit(f"identity.{name}", clock=clock, chance=chance, observer=observer, policy=policy)
            for name in names
        }

    def is_available(self, name: str) -> bool:
        """Tell whether a provider may be asked now. Looking spends no probe."""
        return self._circuits[name].is_available()

    async def ask(self, name: str, call: Callable[[], Awaitable[AnswerT]]) -> AnswerT:
        """Ask a provider unless it is known to be ill. Raises SignInRefused for every failure."""
        circuit = self._circuits[name]
        if not circuit.take_turn():
            raise SignInRefused(EidCode.PROVIDER_UNAVAILABLE, "circuit_open")
        try:
            answer = await call()
        except RemoteError as error:
            circuit.note(error)
            raise _refusal_of(error) from error
        except SignInRefused as refusal:
            # Mostly it answered, and what it said is another matter; these two may come from before any call.
            if refusal.eid not in (EidCode.ENVELOPE_INVALID, EidCode.CONFIGURATION):
                circuit.note(None)
            raise
        circuit.note(None)
        return answer


def _refusal_of(error: RemoteError) -> SignInRefused:
    if isinstance(error, CredentialsRefused):
        return SignInRefused(EidCode.CONFIGURATION, "client_refused")
    if isinstance(error, _UNAVAILABLE):
        return SignInRefused(EidCode.PROVIDER_UNAVAILABLE, error.code)
    return SignInRefused(EidCode.PROVIDER_ERROR, error.code)
