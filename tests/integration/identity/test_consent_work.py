"""What the gateway does about consents by itself, when hubs, rows and other processes stand in the way."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prometheus_client import CollectorRegistry

from gateway.bootstrap.consents import make_consents
from gateway.bootstrap.ground import Ground
from gateway.config import Settings
from gateway.engine.consent_work import ConsentWork
from gateway.store.events import EventSignal
from gateway.store.systems import PostgresSystems
from gateway.sync.consent_events import TimePassed, Woken
from gateway.telemetry import Telemetry
from gateway.vault.keyring import FileKeyRing
from tests.support.clocks import FixedChance, ShiftedClock
from tests.support.consents import Setup, sealed_count, set_up
from tests.support.scripted_hub import ScriptedHub, never


async def approved(setup: Setup, **wish: Any) -> UUID:
    """Give a consent whose data is wanted and was not fetched yet."""
    asked = await setup.ask(**wish)
    await setup.settled()
    await setup.decide()
    return UUID(asked.json["consent_id"])


async def linked(setup: Setup, **wish: Any) -> UUID:
    """Give a consent about which the citizen has not decided, and about which the hub is due to be asked."""
    asked = await setup.ask(**wish)
    await setup.settled()
    setup.sign_on.province.clock.move(3)
    return UUID(asked.json["consent_id"])


async def row_of(pool: Any, consent_id: UUID) -> Any:
    return await pool.fetchrow("SELECT * FROM share_consents WHERE transaction_id = $1", consent_id)


async def test_what_is_claimed_is_done_by_one(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """While one process waits for the data no other one fetches it, whatever happens to the record meanwhile."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        consent_id = await approved(setup)
        records, is_released = setup.records(pool, key_ring), asyncio.Event()

        async def wait(_: str) -> None:
            await is_released.wait()

        first, second = ScriptedHub(on_fetch=wait), ScriptedHub()
        fetching = asyncio.create_task(ConsentWork({"vneid": first}, records).tend("vneid"))
        async with asyncio.timeout(5):
            while not first.asked:  # noqa: ASYNC110 - over there
                await asyncio.sleep(0.01)
        await records.change(consent_id, TimePassed())
        await records.change(consent_id, Woken(event_id="again"))
        setup.sign_on.province.clock.move(50)
        await ConsentWork({"vneid": second}, records).tend("vneid")
        is_released.set()
        await fetching

    assert (1, []) == (len(first.asked), second.asked)
    assert "held" == (await row_of(pool, consent_id))["data"]


async def test_a_claim_outlasts_every_question(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A hub that never answers is given up before somebody else may take the row; it is asked again later."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        consent_id = await approved(setup)
        hub, before = ScriptedHub(on_fetch=never), setup.sign_on.province.clock.now()
        work = ConsentWork({"vneid": hub}, setup.records(pool, key_ring), ask_seconds=0.1)
        async with asyncio.timeout(5):
            await work.tend("vneid")
        row = await row_of(pool, consent_id)

    assert ("wanted", 1) == (row["data"], row["failures_count"])
    assert row["next_at"] > before


async def test_a_slow_hub_keeps_only_itself_waiting(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Another hub's data comes, and time passes for the slow one's own consents, while it is waited for."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        late, slow, quick = [await approved(setup, purpose=f"Mục đích {number}") for number in range(3)]
        await pool.execute("UPDATE share_consents SET hub = 'slow' WHERE transaction_id <> $1", quick)
        past = setup.sign_on.province.clock.now() - timedelta(seconds=1)
        await pool.execute("UPDATE share_consents SET data_due_at = $2 WHERE transaction_id = $1", late, past)
        hubs = {"slow": ScriptedHub("slow", on_fetch=never), "vneid": ScriptedHub()}
        work = ConsentWork(hubs, setup.records(pool, key_ring), ask_seconds=30)
        waiting = asyncio.create_task(work.tend("slow"))
        async with asyncio.timeout(5):
            while not hubs["slow"].asked:  # noqa: ASYNC110 - over there
                await asyncio.sleep(0.01)
            await work.tend("vneid")
        data = [(await row_of(pool, consent_id))["data"] for consent_id in (late, slow, quick)]
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

    assert ["refused", "wanted", "held"] == data


async def test_questions_to_one_hub_are_asked_side_by_side(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """The answers to three of them are waited for at the same time."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        for number in range(3):
            await approved(setup, purpose=f"Mục đích {number}")
        barrier = asyncio.Barrier(3)

        async def meet(_: str) -> None:
            await barrier.wait()

        work = ConsentWork({"vneid": ScriptedHub(on_fetch=meet)}, setup.records(pool, key_ring))
        async with asyncio.timeout(5):
            await work.tend("vneid")
        held = await pool.fetchval("SELECT count(*) FROM share_consents WHERE data = 'held'")

    assert 3 == held


async def test_refusals_throw_no_data_away(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Refused credentials, data that is not there yet and an answer nobody understands: somebody is told where it needs
    mending, and the data comes afterwards."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        asked = await setup.ask()
        await setup.settled()
        await setup.fail("data", kind="business_rejection", error_code=26)
        await setup.fail("data", kind="business_rejection", error_code=3)
        await setup.fail("data", kind="html_page")
        await setup.decide()
        for _ in range(3):
            await setup.work()
            setup.sign_on.province.clock.move(10)
        waiting = (await setup.look(asked)).json["standing"]
        await setup.work()
        data = await setup.collect(asked)
        alerts = setup.alerts("consent_credentials_refused"), setup.alerts("consent_contract_broken")

    assert "linked" == waiting
    assert 200 == data.status
    assert (1.0, 1.0) == alerts


async def test_waiting_for_data_ends_with_its_own_time(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Credentials that stay refused are a consent that failed after a quarter of an hour, and is erased."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        asked = await setup.ask()
        await setup.settled()
        await setup.fail("data", kind="business_rejection", error_code=26, calls=100)
        await setup.decide()
        await setup.work()
        setup.sign_on.province.clock.move(15 * 60)
        await setup.work()
        look = await setup.look(asked)

    assert ("failed", "EID_PROVIDER_UNAVAILABLE") == (look.json["standing"], look.json["code"])
    assert 0 == await sealed_count(pool)


async def test_a_decided_refusal_of_data_is_final(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A hub that will not give the data is not asked for a quarter of an hour."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        asked = await setup.ask()
        await setup.settled()
        await setup.fail("data", kind="business_rejection", error_code=2)
        await setup.decide()
        await setup.work()
        look = await setup.look(asked)

    assert ("failed", "EID_PROVIDER_UNAVAILABLE") == (look.json["standing"], look.json["code"])


async def test_a_row_that_fails_keeps_no_other_waiting(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A defect about one consent is told, and it is put off; the one behind it is tended."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        bad = await approved(setup, purpose="Một")
        code = (await setup.newest())["code"]
        good = await approved(setup, purpose="Hai")

        async def fail(asked: str) -> None:
            if asked == code:
                raise LookupError("a defect")

        work = ConsentWork({"vneid": ScriptedHub(on_fetch=fail)}, setup.records(pool, key_ring))
        await work.tend("vneid")
        rows = [await row_of(pool, consent_id) for consent_id in (bad, good)]
        defects = setup.defects()

    assert [("wanted", 1), ("held", 0)] == [(row["data"], row["failures_count"]) for row in rows]
    assert 1 == defects


async def test_a_hub_that_is_gone_from_the_settings(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Its consents are put off, further each time, and end by time; nothing is a defect."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        consent_id = await linked(setup)
        work = ConsentWork({"other": ScriptedHub("other")}, setup.records(pool, key_ring))
        await work.tend_rest()
        put_off = await row_of(pool, consent_id)
        setup.sign_on.province.clock.move(331)
        await work.tend_rest()
        ended = await row_of(pool, consent_id)
        defects = setup.defects()

    assert ("linked", 1) == (put_off["state"], put_off["failures_count"])
    assert ("expired", None, 0) == (ended["state"], ended["sealed"], defects)


async def test_without_any_hub_time_passes_all_the_same(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A gateway whose [consents] was taken out of the settings still erases what it holds."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        consent_id = await approved(setup)
        await setup.work()
        held = await row_of(pool, consent_id)
    clock = ShiftedClock()
    clock.move(31 * 60)
    ground = Ground(
        settings=Settings(),
        portal_settings=None,
        clock=clock,
        chance=FixedChance(),
        telemetry=Telemetry(CollectorRegistry(), monotonic=clock.monotonic, logs_requests=False),
        key_ring=key_ring,
        pool=pool,
        systems=PostgresSystems(pool),
        signal=EventSignal(pool),
    )
    service, [job] = make_consents(ground, None, [])
    await job.run()

    assert service is None
    assert ("held", True) == (held["data"], held["sealed"] is not None)
    purged = await row_of(pool, consent_id)
    assert ("purged", None) == (purged["data"], purged["sealed"])


@pytest.mark.parametrize("by", ["work", "look", "webhook", "collect"])
async def test_what_cannot_be_opened_is_ended_once(pool: Any, key_ring: FileKeyRing, tmp_path: Path, by: str) -> None:
    """Whoever finds it: it fails, is erased, and somebody is told once, with the hub's name; a webhook about it is
    authentic all the same."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        asked = await setup.ask()
        await setup.settled()
        told = await setup.newest()
        if by == "collect":
            await setup.decide()
            await setup.work()
        await pool.execute("UPDATE share_consents SET sealed = 'damaged', wrapped_key = 'damaged'")
        setup.sign_on.province.clock.move(3)
        status = 200
        if by == "webhook":
            data = {"transactionCode": told["code"], "status": 0}
            status = await setup.tell({"id": "7", "type": "SHARE_WEBHOOK_RESULT", "data": data})
        elif by == "collect":
            status = (await setup.collect(asked)).status
        elif by == "work":
            await setup.work()
        look = await setup.look(asked)
        await setup.work()
        alerts = setup.alerts("consent_unreadable")

    if by == "collect":
        assert (409, "approved", False) == (status, look.json["standing"], look.json["has_data"])
    else:
        assert (200, "failed", "EID_CONFIGURATION") == (status, look.json["standing"], look.json["code"])
    assert 0 == await sealed_count(pool)
    assert 1.0 == alerts


async def test_a_wish_for_patience_is_kept(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A hub that asks for a minute is left alone for a minute."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        await linked(setup)
        await setup.fail("status", kind="rate_limited", retry_after_seconds=60)
        counts = []
        for seconds in (0, 50, 11):
            setup.sign_on.province.clock.move(seconds)
            await setup.work()
            counts.append(await setup.calls("status"))

    assert [1, 1, 2] == counts


async def test_a_good_answer_ends_a_row_of_failures(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """The next failure waits as little as the first one did."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        consent_id = await linked(setup)
        await setup.fail("status", kind="business_rejection", error_code=2, calls=3)
        counts = []
        for _ in range(4):
            await setup.work()
            counts.append((await row_of(pool, consent_id))["failures_count"])
            setup.sign_on.province.clock.move(10)

    assert [1, 2, 3, 0] == counts
