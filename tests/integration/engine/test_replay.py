"""A portal that lost what it had is told again, once, in order."""

from typing import Any

from gateway.operating import status
from gateway.ports.basics import KeyRing
from gateway.store.replay import ReplayWish, find_replayable, replay
from tests.support.changes import replacement, step
from tests.support.town import CLOCK, portal_town

CODE = "H99.01-260105-00001"


async def test_a_dossier_that_the_portal_lost_is_there_again(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """After a replay the portal holds the present state from one create; the equation still balances."""
    async with portal_town(dsn, pool, key_ring) as town:
        await town.accept(
            replacement(CODE, procedure_code=town.procedure_code), step(CODE, minutes=30, status="processing")
        )
        await town.work_until_settled()
        town.sandbox.reset()
        assert town.sandbox.dossier(CODE) is None

        wish = ReplayWish(system="portal", codes=(CODE,))
        found = await find_replayable(pool, wish, prefixes=None, limit=10)
        assert 1 == await replay(pool, "portal", found, who="cli", reason="portal_restored", now=CLOCK.now())
        assert 0 == await replay(pool, "portal", found, who="cli", reason="portal_restored", now=CLOCK.now())
        assert {"delivered": 3, "skipped": 1} == await town.work_until_settled()

        held = town.sandbox.dossier(CODE)
        assert held is not None
        assert (1, "4") == (held.create_count, held.status)
        assert 0 == (await status(dsn))["systems"]["portal"]["difference"]
