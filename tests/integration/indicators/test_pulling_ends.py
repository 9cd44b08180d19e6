"""Past periods as they stood at their end, over the pull interface: asked for, published, pulled and verified."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from gateway.model.status import DossierStatus
from gateway.model.vocabulary import VIETNAM
from gateway.monitoring.observations import StateAt
from gateway.ports.basics import KeyRing
from tests.integration.indicators.pulling import AUGUST, PATH, pulled_town, puller_of
from tests.integration.indicators.test_publishing import august, file_a_late_one, publisher


async def test_the_national_system_pulls_both_states(pool: Any, key_ring: KeyRing) -> None:
    """As of now and at the period's end: two rows of versions in one chain, each told for itself, nothing wrong."""
    states_at = (StateAt.AS_OF, StateAt.PERIOD_END)
    async with pulled_town(pool, key_ring) as (town, api):
        await august(town)
        await publisher(town, states_at).run()
        puller = await puller_of(api)
        first = await puller.pull()
        await file_a_late_one(town)
        town.clock.move(86_400)
        await town.keeper().run()
        await publisher(town, states_at).run()
        second = await puller.pull()

        assert [] == [(one.kind, one.snapshot_id, one.message) for one in puller.findings]
        assert ("H99-2026M08-v1", "H99-2026M08-end-v1") == tuple(first.snapshot_ids)
        assert ("H99-2026M08-v2", "H99-2026M08-end-v2") == tuple(second.snapshot_ids)
        listed = (await api.get(f"{PATH}/snapshots?state_at=period_end")).json["snapshots"]
        assert ["H99-2026M08-end-v1", "H99-2026M08-end-v2"] == [one["id"] for one in listed]
        for state_at, expected in (("as_of", "H99-2026M08-v2"), ("period_end", "H99-2026M08-end-v2")):
            told = (await api.get(f"{PATH}/indicators?{AUGUST}&version=2&state_at={state_at}")).json
            assert expected == told["snapshot"]["id"]


async def test_a_past_period_is_told_as_it_stood_at_its_end(pool: Any, key_ring: KeyRing) -> None:
    """What was finished in September was open at the end of August: numbers, dossiers and reasons say so."""
    async with pulled_town(pool, key_ring) as (town, api):
        everybody = api.with_token(await api.register("all", prefixes=("*",)))
        code, received = "H99.01-260727-09999", datetime(2026, 8, 27, 9, tzinfo=VIETNAM)
        filed = replace(
            town._filed(), status=DossierStatus.RECEIVED, submitted_at=received, received_at=received, due_at=None
        )
        await town.accept(code, filed)
        town.clock.set(datetime(2026, 9, 3, 8, tzinfo=VIETNAM))
        done = replace(filed, status=DossierStatus.COMPLETED, finished_at=town.clock.now())
        await town.accept(code, done)
        await town.keeper().run()
        query = f"{AUGUST}&indicator=Q1r"
        now = (await api.get(f"{PATH}/indicators?{query}")).json
        then = (await api.get(f"{PATH}/indicators?{query}&state_at=period_end")).json

        assert ("as_of", "H99-2026M08-live") == (now["snapshot"]["state_at"], now["snapshot"]["id"])
        assert ("period_end", "H99-2026M08-end-live") == (then["snapshot"]["state_at"], then["snapshot"]["id"])
        assert [(0, 1), (0, 0)] == [
            (one["observations"][0]["numerator"], one["observations"][0]["denominator"]) for one in (now, then)
        ]
        for state, standing in (("as_of", "not_counted"), ("period_end", "outside")):
            told = (await everybody.get(f"{PATH}/explanations?{query}&dossier={code}&state_at={state}")).json
            listed = (await everybody.get(f"{PATH}/drilldown/Q1r?{AUGUST}&counts=false&state_at={state}")).json
            assert (standing, standing != "outside") == (told["standing"], bool(listed["dossiers"]))
        for path in ("quality", "target-results"):
            assert 200 == (await api.get(f"{PATH}/{path}?{AUGUST}&state_at=period_end")).status
        assert "invalid-parameter" == (await api.get(f"{PATH}/quality?{AUGUST}&state_at=yesterday")).problem


async def test_the_end_of_a_period_waits_until_everything_is_counted(pool: Any, key_ring: KeyRing) -> None:
    """503 with Retry-After while something is left to be counted; numbers of now are told all the same."""
    async with pulled_town(pool, key_ring) as (town, api):
        await august(town)
        await pool.execute("UPDATE indicator_state SET is_complete = false")
        refused = await api.get(f"{PATH}/indicators?{AUGUST}&state_at=period_end")

        assert (503, "counting-under-way") == (refused.status, refused.problem)
        assert int(refused.headers["Retry-After"]) > 0
        assert 200 == (await api.get(f"{PATH}/indicators?{AUGUST}")).status
