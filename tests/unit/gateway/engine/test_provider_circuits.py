"""When identity providers are left alone."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gateway.engine.provider_circuits import ProviderCircuits
from gateway.errors import Rejected, RemoteError, TransientFailure
from gateway.model.identity import EidCode, SignInRefused
from gateway.ports.observing import CircuitMoved
from tests.support.clocks import FixedChance, StillClock

_AWAY = TransientFailure("away", system="identity.a", operation="token")
_NO = Rejected("no", system="identity.a", operation="userinfo", remote_code="400")
_GRANT = SignInRefused(EidCode.PROVIDER_ERROR, "invalid_grant")
_GARBAGE = SignInRefused(EidCode.ENVELOPE_INVALID, "envelope")


def failing(error: Exception) -> Callable[[], Awaitable[None]]:
    async def call() -> None:
        raise error

    return call


async def _ask(circuits: ProviderCircuits, error: Exception, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(SignInRefused):
            await circuits.ask("a", failing(error))


def made(clock: StillClock, told: list[Any]) -> ProviderCircuits:
    return ProviderCircuits(["a", "b"], clock=clock, chance=FixedChance(), observer=told.append)


async def test_ill_provider_is_left_alone_and_tried_again() -> None:
    """Failures in a row open its circuit and no other; after a while one call finds it well, and that is told."""
    clock, told = StillClock(), list[Any]()
    circuits = made(clock, told)
    await _ask(circuits, _AWAY, 5)
    opened = (circuits.is_available("a"), circuits.is_available("b"))
    clock.move(200)
    await _ask(circuits, _GRANT)

    assert (False, True) == opened
    assert circuits.is_available("a")
    assert ["open", "closed"] == [one.state for one in told if isinstance(one, CircuitMoved)]


@pytest.mark.parametrize("error", [_NO, _GRANT])
async def test_refusals_are_no_illness(error: RemoteError | SignInRefused) -> None:
    """However often a provider says no, it answers."""
    circuits = made(StillClock(), [])
    await _ask(circuits, error, 20)

    assert circuits.is_available("a")


async def test_what_never_reached_the_provider_says_nothing_of_it() -> None:
    """Garbage that a visitor brings neither opens a circuit nor closes it."""
    clock = StillClock()
    circuits = made(clock, [])
    await _ask(circuits, _AWAY, 4)
    await _ask(circuits, _GARBAGE, 3)
    still = circuits.is_available("a")
    await _ask(circuits, _AWAY)

    assert (True, False) == (still, circuits.is_available("a"))
