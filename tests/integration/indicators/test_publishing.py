"""Publications: preliminary, revised, final, restated by a person; signed, chained, and explained to the dossier."""

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.engine.indicator_judging import CountingRules
from gateway.engine.period_ends import PeriodEnds
from gateway.engine.publication_parts import PublishingSettings
from gateway.engine.publishing import MANIFEST_TYPE, Publisher
from gateway.errors import IntegrityFailed, InvalidInput
from gateway.indicators.periods import Calendar, Period, PeriodType, period_of
from gateway.indicators.restating import RestatementReason
from gateway.model.dossier import Channel
from gateway.model.status import DossierStatus
from gateway.model.vocabulary import VIETNAM
from gateway.monitoring.manifests import SignedManifest, check_chain, check_files
from gateway.monitoring.observations import StateAt
from gateway.monitoring.publications import Approval
from gateway.monitoring.registers import RegisterKind, read_items
from gateway.monitoring.snapshots import snapshot_id
from gateway.ports.basics import KeyRing
from gateway.store.publications import PostgresPublications
from gateway.vault.assertions import Es256Signer, Es256Verifier
from tests.support.counting import AGENCY_ITEMS, CATALOGUE, RULES, Town, counting_town
from tests.support.samples import make_dossier

AUGUST = period_of(PeriodType.MONTH, "2026-08")
SIGNER = Es256Signer([ec.generate_private_key(ec.SECP256R1())])
NIGHT = datetime(2026, 9, 1, 0, 31, tzinfo=VIETNAM)


def publisher(town: Town, states_at: tuple[StateAt, ...] = (StateAt.AS_OF,)) -> Publisher:
    """Give what publishes the months of a province from August 2026 on."""
    return Publisher(
        town.numbers(),
        PostgresPublications(town.pool),
        SIGNER,
        CATALOGUE,
        period_ends=PeriodEnds(town.store, rules=RULES),
        settings=PublishingSettings(
            province="H99",
            counted_by=RULES.name,
            begins_on=date(2026, 8, 2),
            period_types=(PeriodType.MONTH,),
            states_at=states_at,
            calendar_version="VN-2026.4",
            tries_count=1,
        ),
        clock=town.clock,
    )


async def publish(town: Town) -> list[str]:
    """Count, then publish what is due."""
    await town.keeper().run()
    return await publisher(town).run()


async def august(town: Town, now: datetime = NIGHT) -> list[str]:
    """Let August happen, and publish in the first night after it."""
    await town.registers.replace_register(
        RegisterKind.AGENCIES, read_items(RegisterKind.AGENCIES, AGENCY_ITEMS), town.clock.now()
    )
    town.clock.set(datetime(2026, 8, 3, 8, tzinfo=VIETNAM))
    await town.live(60)
    town.clock.set(now)
    return await publish(town)


async def file_a_late_one(town: Town, code: str = "H99.01-260727-09999") -> None:
    """Let a dossier of August be told only now."""
    at = datetime(2026, 8, 20, 9, tzinfo=VIETNAM)
    await town.accept(
        code,
        make_dossier(
            procedure_code="1.999001",
            channel=Channel.ONLINE,
            submitted_at=at,
            received_at=at,
            status=DossierStatus.RECEIVED,
        ),
    )


def observation(document: dict[str, Any], indicator: str, scope: str = "province") -> dict[str, Any]:
    """Find one number."""
    [found] = [one for one in document["observations"] if (one["indicator"], one["scope"]) == (indicator, scope)]
    return found  # type: ignore[no-any-return]


async def document_of(town: Town, snapshot_id: str) -> dict[str, Any]:
    """Read a snapshot's document."""
    found = await PostgresPublications(town.pool).file(snapshot_id, "data.json")
    assert found is not None
    read: dict[str, Any] = json.loads(found.body)
    return read


async def test_a_period_is_published_in_the_night_after_it_and_not_before(pool: Any, key_ring: KeyRing) -> None:
    """Preliminary at 00:30; nothing more while nothing changes."""
    async with counting_town(pool, key_ring) as town:
        assert [] == await august(town, NIGHT - timedelta(minutes=2))
        town.clock.set(NIGHT)
        assert ["H99-2026M08-v1"] == await publish(town)
        assert [] == await publish(town)
        town.clock.move(86_400)
        assert [] == await publish(town)

        told = await document_of(town, "H99-2026M08-v1")
        assert ("preliminary", 1, None) == tuple(told["snapshot"][name] for name in ("status", "version", "supersedes"))
        assert "H99" == observation(told, "U2")["agency"]
        assert observation(told, "U2")["denominator"] > 0
        agencies = [one for one in told["observations"] if (one["indicator"], one["scope"]) == ("U2", "agency")]
        assert observation(told, "U2")["denominator"] == sum(one["denominator"] for one in agencies)


async def test_late_facts_revise_with_their_dossiers(pool: Any, key_ring: KeyRing) -> None:
    """A dossier that is told late: a second version, and an entry that says which numbers it moved and why."""
    async with counting_town(pool, key_ring) as town:
        await august(town)
        before = observation(await document_of(town, "H99-2026M08-v1"), "U2")
        await file_a_late_one(town)
        town.clock.move(86_400)
        assert ["H99-2026M08-v2"] == await publish(town)

        after = observation(await document_of(town, "H99-2026M08-v2"), "U2")
        assert (1, 1) == (after["numerator"] - before["numerator"], after["denominator"] - before["denominator"])
        entries = [entry for _, entry in await PostgresPublications(pool).restatements(since=0, after=0, limit=999)]
        [entry] = [one for one in entries if (one["indicator"], one["scope"]) == ("U2", "province")]
        assert (1, 0, 0, ["late_sync"]) == (
            entry["dossiers_added"],
            entry["dossiers_removed"],
            entry["dossiers_changed"],
            entry["reasons"],
        )
        assert {"n": before["numerator"], "d": before["denominator"]} == entry["old"]
        assert ("H99-2026M08-v1", "H99-2026M08-v2") == (entry["from_snapshot"], entry["to_snapshot"])


async def test_a_finish_that_is_told_late_turns_a_dossier(pool: Any, key_ring: KeyRing) -> None:
    """The dossier stays in the denominator and changes sides: `dossiers_changed`."""
    async with counting_town(pool, key_ring) as town:
        await august(town, NIGHT - timedelta(minutes=2))
        await file_a_late_one(town)
        town.clock.set(NIGHT)
        assert ["H99-2026M08-v1"] == await publish(town)
        known = town.documents["H99.01-260727-09999"]
        await town.accept(
            "H99.01-260727-09999",
            replace(known, status=DossierStatus.COMPLETED, finished_at=datetime(2026, 8, 21, 9, tzinfo=VIETNAM)),
        )
        town.clock.move(86_400)
        assert ["H99-2026M08-v2"] == await publish(town)
        entries = [entry for _, entry in await PostgresPublications(pool).restatements(since=0, after=0, limit=999)]
        [entry] = [one for one in entries if (one["indicator"], one["scope"]) == ("T3", "province")]

        assert (0, 1) == (entry["dossiers_added"], entry["dossiers_removed"])


async def test_final_figures_change_by_a_persons_word_only(pool: Any, key_ring: KeyRing) -> None:
    """Thirty days after the period they are final; a change is owed, and published when it is approved."""
    async with counting_town(pool, key_ring) as town:
        await august(town)
        town.clock.set(AUGUST.end + timedelta(days=30, hours=1))
        done = await publish(town)
        assert "H99-2026M08-v2" in done
        assert "final" == (await document_of(town, "H99-2026M08-v2"))["snapshot"]["status"]

        await file_a_late_one(town)
        town.clock.move(86_400)
        assert "H99-2026M08-v3" not in await publish(town)
        store = PostgresPublications(pool)
        [owed] = await store.owed()
        assert ("2026-08", True) == (owed["label"], owed["changes_count"] > 0)

        approval = Approval(approver="CB.07", reasons=(RestatementReason.LATE_SYNC,))
        assert "H99-2026M08-v3" == await publisher(town).restate(AUGUST, approval)
        told = await document_of(town, "H99-2026M08-v3")
        assert ("restated", "H99-2026M08-v2") == (told["snapshot"]["status"], told["snapshot"]["supersedes"])
        assert [] == await store.owed()
        with pytest.raises(InvalidInput, match="no figure has changed"):
            await publisher(town).restate(AUGUST, approval)


async def test_what_is_not_final_needs_no_approval(pool: Any, key_ring: KeyRing) -> None:
    """A restatement of a period that is still revised is refused."""
    async with counting_town(pool, key_ring) as town:
        await august(town)
        approval = Approval(approver="CB.07", reasons=(RestatementReason.LATE_SYNC,))

        with pytest.raises(InvalidInput, match="nothing to restate"):
            await publisher(town).restate(AUGUST, approval)


async def test_the_chain_holds_and_shows_what_was_changed(pool: Any, key_ring: KeyRing) -> None:
    """Every manifest is signed and follows the one before; a changed file or manifest is found by it."""
    async with counting_town(pool, key_ring) as town:
        await august(town)
        await file_a_late_one(town)
        town.clock.move(86_400)
        await publish(town)
        store = PostgresPublications(pool)
        stored = [
            await store.snapshot(one.snapshot_id) for one in await store.snapshots(period_type=None, after=0, limit=9)
        ]
        manifests = [SignedManifest(body=one.manifest, signature=one.signature) for one in stored if one is not None]
        told = [json.loads(one.body) for one in manifests]
        verifier = Es256Verifier(SIGNER.public_keys())

        assert [1, 2] == [one["position"] for one in told]
        check_chain(list(zip(manifests, told, strict=True)))
        for one, manifest in zip(manifests, told, strict=True):
            verifier.check_detached(one.signature, MANIFEST_TYPE, one.body)
            for entry in manifest["files"]:
                found = await store.file(manifest["snapshot"]["id"], entry["name"])
                assert found is not None
                check_files({"files": [entry]}, lambda _, body=found.body: body)  # type: ignore[misc]
                with pytest.raises(IntegrityFailed):
                    check_files({"files": [entry]}, lambda _, body=found.body: body + b" ")  # type: ignore[misc]
        with pytest.raises(IntegrityFailed):
            check_chain(list(zip(manifests[1:], told[1:], strict=True)))


async def test_a_period_without_dossiers_is_published_too(pool: Any, key_ring: KeyRing) -> None:
    """Nothing is a number: null with its reason, and never 0 %."""
    async with counting_town(pool, key_ring) as town:
        town.clock.set(NIGHT)
        assert ["H99-2026M08-v1"] == await publish(town)
        told = observation(await document_of(town, "H99-2026M08-v1"), "U2")

        assert (0, None, "zero_denominator") == (told["denominator"], told["percent"], told["null_reason"])


def test_ids_tell_periods_and_calendars_apart() -> None:
    """No two periods have one name."""
    periods: list[Period] = [
        AUGUST,
        period_of(PeriodType.MONTH, "2026-08", Calendar.ND09),
        period_of(PeriodType.QUARTER, "2026-Q3"),
        period_of(PeriodType.YEAR, "2026"),
        period_of(PeriodType.DAY, "2026-08-01"),
        period_of(PeriodType.YTD, "2026-08-01"),
        period_of(PeriodType.WEEK, "2026-W08"),
        period_of(PeriodType.HALF, "2026-H1"),
        period_of(PeriodType.NINE_MONTH, "2026-9M"),
    ]
    names = [snapshot_id("H99", period, 2) for period in periods]

    assert "H99-2026M08-v2" == names[0]
    assert len(set(names)) == len(names)


async def test_a_time_put_right_by_minutes_adds_no_dossier(pool: Any, key_ring: KeyRing) -> None:
    """What changes a lag only leaves the dossier known as what it was when it was published."""
    async with counting_town(pool, key_ring) as town:
        code = "H99.01-260727-09999"
        await file_a_late_one(town, code)
        await pool.execute("UPDATE dossiers SET origin = 'national_portal', created_at = $1", town.clock.now())
        town.clock.set(NIGHT)
        assert ["H99-2026M08-v1"] == await publish(town)
        published_at = await pool.fetchval("SELECT published_at FROM indicator_state")

        received_at = town.documents[code].received_at
        assert received_at is not None
        town.clock.move(3600)
        await town.accept(code, replace(town.documents[code], received_at=received_at + timedelta(minutes=5)))
        await town.keeper().run()

        [changed] = await PostgresPublications(pool).changed_facts(AUGUST, published_at)
        assert changed.old == changed.new


async def _to_the_end(town: Town, rules: CountingRules) -> None:
    while await PostgresPublications(town.pool).completed_at(rules.name) is None:
        await town.keeper(rules).run()


async def test_what_is_not_counted_to_the_end_is_not_published(
    pool: Any, key_ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the first day of an installation that has dossiers already, or after other rules: no figure of a part."""
    monkeypatch.setattr("gateway.engine.indicators.DOSSIERS_PER_TURN", 5)
    monkeypatch.setattr("gateway.engine.indicators._MAX_TURNS", 2)
    async with counting_town(pool, key_ring) as town:
        for number in range(40):
            at = datetime(2026, 8, 20, 9, tzinfo=VIETNAM) - timedelta(hours=number)
            dossier = make_dossier(submitted_at=at, received_at=at, status=DossierStatus.RECEIVED)
            await town.accept(f"H99.01-260820-{number:05}", dossier)
        town.clock.set(NIGHT)
        assert [] == await publisher(town).run()
        assert [] == await publish(town)
        await _to_the_end(town, RULES)
        newer = replace(RULES, name=f"{RULES.name} newer")
        await town.keeper(newer).run()
        assert [] == await publisher(town).run(is_at_once=True)
        await _to_the_end(town, newer)
        assert [] == await publisher(town).run(is_at_once=True)
        await _to_the_end(town, RULES)
        assert ["H99-2026M08-v1"] == await publish(town)
        assert 40 == observation(await document_of(town, "H99-2026M08-v1"), "U2")["denominator"]


async def test_final_figures_that_are_right_again_are_not_owed(pool: Any, key_ring: KeyRing) -> None:
    """A change that was taken back leaves nothing for a person to approve."""
    async with counting_town(pool, key_ring) as town:
        code = "H99.01-260727-09999"
        await file_a_late_one(town, code)
        published = town.documents[code]
        for days in (0, 31):
            town.clock.set(NIGHT + timedelta(days=days))
            assert await publish(town)
        store = PostgresPublications(pool)

        for document, owed_count in ((replace(published, channel=Channel.POSTAL), 1), (published, 0)):
            town.clock.move(86_400)
            await town.accept(code, document)
            assert [] == [one for one in await publish(town) if "M08" in one]
            assert owed_count == len(await store.owed())
