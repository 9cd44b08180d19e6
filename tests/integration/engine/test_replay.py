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


async def test_an_answer_to_the_portals_own_dossier_is_told_again(pool: Any) -> None:
    """A dossier filed over there owes its answer again, and no snapshot; one never answered holds nothing."""
    await store_dossiers(pool, {"G01.99-260105-00001": True, "G01.99-260105-00002": False})
    found = await find_replayable(
        pool, ReplayWish(system="portal", codes=("G01.99-260105-00001", "G01.99-260105-00002")), prefixes=None, limit=10
    )
    assert [True, False] == [one.is_meant for one in found]
    meant = [one for one in found if one.is_meant]
    assert 1 == await replay(pool, "portal", meant, who="cli", reason="portal_restored", now=CLOCK.now())
    rows = await pool.fetch("SELECT kind, ordinal, state FROM deliveries ORDER BY ordinal")
    assert [("national_status", 0, "delivered"), ("national_status", 1, "waiting")] == [tuple(row) for row in rows]


async def store_dossiers(pool: Any, answered: dict[str, bool]) -> None:
    """Store nationally filed dossiers of one revision, with a delivered answer where the province has given one."""
    now = CLOCK.now()
    for number, (code, has_answer) in enumerate(answered.items(), 1):
        async with pool.acquire() as borrowed, borrowed.transaction():
            await borrowed.execute(
                "INSERT INTO dossiers (dossier_id, code, procedure_code, receiving_agency_code, handling_agency_code, "
                "channel, origin, status, status_at, submitted_at, fees_total_vnd, revision, document_revision, "
                "digest, wrapped_key, created_at, updated_at) VALUES ($1, $2, '1.999001', 'H99.01', 'H99.01', "
                "'online', 'national_portal', 'received', $3, $3, 0, 1, 1, '', 'k', $3, $3)",
                number,
                code,
                now,
            )
            await borrowed.execute(
                "INSERT INTO dossier_revisions "
                "VALUES ($1, 1, 1, 'replacement', 'received', false, false, 'test', $2, '')",
                number,
                now,
            )
            if has_answer:
                await borrowed.execute(
                    "INSERT INTO deliveries (system, dossier_id, revision, ordinal, kind, state, created_at, "
                    "changed_at) VALUES ('portal', $1, 1, 0, 'national_status', 'delivered', $2, $2)",
                    number,
                    now,
                )
