"""A period as it stood at its end is published beside the period as it stands now: own versions, one chain."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.errors import InvalidInput
from gateway.indicators.restating import RestatementReason
from gateway.model.dossier import ResultDocument
from gateway.model.status import DossierStatus
from gateway.model.vocabulary import VIETNAM
from gateway.monitoring.manifests import SignedManifest, check_chain
from gateway.monitoring.observations import StateAt
from gateway.monitoring.publications import Approval
from gateway.ports.basics import KeyRing
from gateway.store.publications import PostgresPublications
from tests.integration.indicators.test_publishing import (
    AUGUST,
    NIGHT,
    august,
    document_of,
    file_a_late_one,
    observation,
    publisher,
)
from tests.support.counting import TIMED_KINDS, Town, counting_town

BOTH = (StateAt.AS_OF, StateAt.PERIOD_END)
CODE = "H99.01-260727-09999"


async def _publish(town: Town) -> list[str]:
    await town.keeper().run()
    return await publisher(town, BOTH).run()


async def _august(town: Town) -> list[str]:
    await august(town, NIGHT - timedelta(minutes=2))
    town.clock.set(NIGHT)
    return await _publish(town)


async def _finish(town: Town, at: datetime) -> None:
    result = ResultDocument(name="kq.pdf", url="https://files.province.example/r/1")
    done = replace(town.documents[CODE], status=DossierStatus.COMPLETED, finished_at=at, results=(result,))
    await town.accept(CODE, done)


async def _entries(pool: Any, snapshot_id: str, scope: str = "province") -> Mapping[str, Mapping[str, Any]]:
    """Give what changed with a snapshot, by indicator."""
    entries = [one for _, one in await PostgresPublications(pool).restatements(since=0, after=0, limit=5000)]
    return {one["indicator"]: one for one in entries if (one["to_snapshot"], one["scope"]) == (snapshot_id, scope)}


async def test_both_states_are_published_in_one_chain(pool: Any, key_ring: KeyRing) -> None:
    """Each begins with its own first version; manifests follow each other whatever they are of."""
    async with counting_town(pool, key_ring) as town:
        assert ["H99-2026M08-v1", "H99-2026M08-end-v1"] == await _august(town)
        assert [] == await _publish(town)

        store = PostgresPublications(pool)
        listed = await store.snapshots(period_type=None, after=0, limit=10)
        heads = [(await document_of(town, one.snapshot_id))["snapshot"] for one in listed]
        assert ["as_of", "period_end"] == [one["state_at"] for one in heads]
        assert [(1, "preliminary", None)] * 2 == [(one["version"], one["status"], one["supersedes"]) for one in heads]
        assert ["H99-2026M08-end-v1"] == [
            one.snapshot_id
            for one in await store.snapshots(period_type="month", state_at="period_end", after=0, limit=10)
        ]
        found = [await store.snapshot(one.snapshot_id) for one in listed]
        signed = [SignedManifest(body=one.manifest, signature=one.signature) for one in found if one is not None]
        check_chain([(one, json.loads(one.body)) for one in signed])


async def test_what_happens_later_changes_the_numbers_of_now_only(pool: Any, key_ring: KeyRing) -> None:
    """A month of September moves August's dossiers on; as August stood at its end, it stands."""
    async with counting_town(pool, key_ring, 3) as town:
        await _august(town)
        first = await document_of(town, "H99-2026M08-end-v1")
        town.clock.move(31 * 3600)
        await town.live(50, TIMED_KINDS)
        published = await _publish(town)
        town.clock.set(AUGUST.end + timedelta(days=31))
        last = await _publish(town)

        assert ["H99-2026M08-v2"] == published
        assert "H99-2026M08-end-v2" in last
        final = await document_of(town, "H99-2026M08-end-v2")
        assert "final" == final["snapshot"]["status"]
        assert first["observations"] == final["observations"]
        assert not await _entries(pool, "H99-2026M08-end-v2")
        assert (
            observation(first, "T3")["numerator"]
            != observation(await document_of(town, "H99-2026M08-v2"), "T3")["numerator"]
        )


async def test_what_is_learnt_late_revises_both(pool: Any, key_ring: KeyRing) -> None:
    """A dossier of August that is told in September: one dossier more in either, for the same reason."""
    async with counting_town(pool, key_ring) as town:
        await _august(town)
        await file_a_late_one(town)
        town.clock.move(86_400)
        assert ["H99-2026M08-v2", "H99-2026M08-end-v2"] == await _publish(town)

        for snapshot_id in ("H99-2026M08-v2", "H99-2026M08-end-v2"):
            entry = (await _entries(pool, snapshot_id))["U2"]
            assert (1, 0, 0) == tuple(entry[f"dossiers_{name}"] for name in ("added", "removed", "changed"))
            assert ["late_sync"] == entry["reasons"]
            assert snapshot_id.replace("v2", "v1") == entry["from_snapshot"]


async def test_a_change_at_the_end_is_explained_by_what_was_published_of_it(pool: Any, key_ring: KeyRing) -> None:
    """Finished in September, so open at August's end, and published so; then told as finished in August: it left T3.

    What facts were at that publication does not say it: they had the dossier finished. What it held otherwise is kept.
    """
    async with counting_town(pool, key_ring) as town:
        await august(town, NIGHT - timedelta(minutes=2))
        await file_a_late_one(town)
        town.clock.set(NIGHT)
        assert "H99-2026M08-end-v1" in await _publish(town)
        town.clock.set(datetime(2026, 9, 3, 9, tzinfo=VIETNAM))
        await _finish(town, town.clock.now())
        other = datetime(2026, 8, 22, 9, tzinfo=VIETNAM)
        filed = replace(town._filed(), status=DossierStatus.RECEIVED, submitted_at=other, received_at=other)
        await town.accept("H99.01-260727-09998", filed)
        town.clock.move(86_400)
        assert "H99-2026M08-end-v2" in await _publish(town)
        before = observation(await document_of(town, "H99-2026M08-end-v2"), "T3")
        kept = await pool.fetch("SELECT code FROM monitoring_cut_facts")
        await _finish(town, datetime(2026, 8, 24, 9, tzinfo=VIETNAM))
        town.clock.move(86_400)
        assert "H99-2026M08-end-v3" in await _publish(town)

        after = observation(await document_of(town, "H99-2026M08-end-v3"), "T3")
        entry = (await _entries(pool, "H99-2026M08-end-v3"))["T3"]
        assert CODE in {row["code"] for row in kept}
        assert before["denominator"] - 1 == after["denominator"]
        assert (0, 1) == (entry["dossiers_added"], entry["dossiers_removed"])
        assert "T3" not in await _entries(pool, "H99-2026M08-v3")


async def test_each_state_is_final_and_restated_by_itself(pool: Any, key_ring: KeyRing) -> None:
    """Both are owed when a dossier is told after they were final; each waits for a person's word of its own."""
    async with counting_town(pool, key_ring) as town:
        await _august(town)
        town.clock.set(AUGUST.end + timedelta(days=30, hours=1))
        await _publish(town)
        await file_a_late_one(town)
        town.clock.move(86_400)
        await _publish(town)
        store = PostgresPublications(pool)
        owed = [one["state_at"] for one in await store.owed() if one["label"] == "2026-08"]
        approval = Approval(approver="CB.07", reasons=(RestatementReason.LATE_SYNC,))

        assert ["as_of", "period_end"] == sorted(owed)
        assert "H99-2026M08-end-v3" == await publisher(town, BOTH).restate(AUGUST, approval, StateAt.PERIOD_END)
        assert ["as_of"] == [one["state_at"] for one in await store.owed() if one["label"] == "2026-08"]
        assert "H99-2026M08-v3" == await publisher(town, BOTH).restate(AUGUST, approval)
        with pytest.raises(InvalidInput, match="no figure has changed"):
            await publisher(town, BOTH).restate(AUGUST, approval, StateAt.PERIOD_END)


async def test_a_state_may_begin_later(pool: Any, key_ring: KeyRing) -> None:
    """Published as of now for a while, then at periods' ends too: the new one begins with a first version."""
    async with counting_town(pool, key_ring) as town:
        assert ["H99-2026M08-v1"] == await august(town)
        town.clock.move(86_400)

        assert ["H99-2026M08-end-v1"] == await _publish(town)


async def test_what_explains_is_kept_as_long_as_it_may_be_asked_for(pool: Any, key_ring: KeyRing) -> None:
    """Nobody restates a period any more 430 days after its end: what was others then goes."""
    async with counting_town(pool, key_ring, 3) as town:
        await _august(town)
        town.clock.move(31 * 3600)
        await town.live(30, TIMED_KINDS)
        await file_a_late_one(town)
        await _publish(town)
        assert await pool.fetchval("SELECT count(*) FROM monitoring_cut_facts WHERE label = '2026-08'")
        town.clock.set(AUGUST.end + timedelta(days=432))
        assert await _publish(town)

        assert not await pool.fetchval("SELECT count(*) FROM monitoring_cut_facts WHERE label = '2026-08'")
