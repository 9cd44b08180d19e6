"""The token of an edge. With a hundred officers waiting, one renews it for all (population notes §18 N20)."""

from collections.abc import Awaitable, Callable

from adapters.population.credentials import Token
from adapters.transport.tokens import KeptToken
from gateway.ports.basics import Clock


class TokenKeeper(KeptToken[Token]):
    """Gives the token that lives, and renews it a margin before its end."""

    def __init__(self, fetch: Callable[[], Awaitable[Token]], *, margin_seconds: float, clock: Clock) -> None:
        async def fetch_for_use() -> tuple[Token, float]:
            token = await fetch()
            # A margin longer than half the life would renew a short-lived token at every call.
            return token, max(token.life_seconds - margin_seconds, token.life_seconds / 2)

        super().__init__(fetch_for_use, clock=clock)
