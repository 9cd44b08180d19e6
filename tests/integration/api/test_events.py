"""The events feed: complete, in order, only what concerns the caller, and awake at once."""

import asyncio
import time
from typing import Any

import asyncpg
import pytest

from gateway.api.services import Limits
from gateway.model.dossier import AgencyRef
from gateway.model.status import DossierStatus
from gateway.store.events import EventSignal, read_events
from gateway.vault.keyring import FileKeyRing
from tests.support.api import ApiUnderTest, running_api
from tests.support.clocks import START
from tests.support.databases import acceptance_held
from tests.support.samples import APPLICANT_NAME, make_dossier, make_step

OTHER = AgencyRef(code="H98.01", name="Sở khác")


def code(number: int) -> str:
    return f"H99.01-260105-{number:05}"


async def follow(api: ApiUnderTest, after: int = 0, query: str = "") -> tuple[list[Any], int]:
    """Read everything after a cursor, two events at a time."""
    events: list[Any] = []
    while True:
        page = (await api.get(f"/v1/events?after={after}&limit=2{query}")).json
        events += page["events"]
        after = page["next_after"]
        if len(page["events"]) < 2:
            return events, after


async def test_the_feed_tells_what_was_accepted(api: ApiUnderTest) -> None:
    """Each accepted change is one event, in order, without personal data; changes that change nothing are none."""
    await api.put(code(1), make_dossier())
    await api.put(code(1), make_dossier())
    await api.put(code(1), make_dossier(note="hai"))
    await api.progress(code(1), make_step(DossierStatus.PROCESSING), Idempotency_Key="k")

    events, after = await follow(api)

    assert [
        ("dossier.created", code(1), 1, "received"),
        ("dossier.replaced", code(1), 2, "received"),
        ("dossier.progressed", code(1), 3, "processing"),
    ] == [(event["type"], event["subject"], event["revision"], event["data"]["status"]) for event in events]
    assert ("H99.01", "2026-01-05T08:00:00Z") == (events[0]["agency_code"], events[0]["occurred_at"])
    assert APPLICANT_NAME not in str(events)
    assert events[-1]["event_id"] == after
    assert ([], after) == await follow(api, after)


async def test_a_caller_sees_its_own_agencies(api: ApiUnderTest) -> None:
    """Events of other agencies are passed over, those of none are for all; the cursor moves past both."""
    stranger = api.with_token(await api.register("stranger", prefixes=("H98",)))
    everybody = api.with_token(await api.register("everybody", prefixes=("*",)))
    await everybody.put(code(1), make_dossier())
    await everybody.put(code(2), make_dossier(receiving_agency=OTHER, handling_agency=OTHER))
    await api.services.pool.execute(
        "INSERT INTO events (occurred_at, type, subject, data) VALUES ($1, 'procedure.changed', '1.999001', '{}')",
        START,
    )
    await everybody.put(code(3), make_dossier())

    mine, after_mine = await follow(api)
    theirs, after_theirs = await follow(stranger)

    assert [code(1), "1.999001", code(3)] == [event["subject"] for event in mine]
    assert [code(2), "1.999001"] == [event["subject"] for event in theirs]
    assert after_mine == after_theirs
    assert 4 == len((await follow(everybody))[0])


async def test_types_are_filtered(api: ApiUnderTest) -> None:
    """Only the wanted types come; the cursor moves past the others."""
    await api.put(code(1), make_dossier())
    await api.put(code(1), make_dossier(note="hai"))
    await api.progress(code(1), make_step(), Idempotency_Key="k")

    events, after = await follow(api, query="&types=dossier.created,dossier.progressed")

    assert ["dossier.created", "dossier.progressed"] == [event["type"] for event in events]
    assert 3 == after
    assert ([], 3) == await follow(api, query="&types=delivery.parked")


async def test_a_long_poll_wakes(api: ApiUnderTest) -> None:
    """Waiting callers get an event as soon as it is there, and the number of waiters is told."""
    waiting = [asyncio.create_task(api.get("/v1/events?wait=15")) for _ in range(5)]
    async with asyncio.timeout(10):
        while 5 not in api.observer.waiters:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        started = time.monotonic()
        await api.put(code(1), make_dossier())
        answers = await asyncio.gather(*waiting)

    assert time.monotonic() - started < 10.0, "nobody was woken: they waited for the end"
    assert [[code(1)]] * 5 == [[event["subject"] for event in answer.json["events"]] for answer in answers]
    assert 0 == api.observer.waiters[-1]


async def test_a_long_poll_ends_empty(api: ApiUnderTest) -> None:
    """When the time is over the answer is empty, and its cursor has moved past what did not fit."""
    waiting = asyncio.create_task(api.get("/v1/events?wait=0.6&types=delivery.parked"))
    await asyncio.sleep(0.1)
    await api.put(code(1), make_dossier())

    answered = await waiting

    assert {"events": [], "next_after": 1} == answered.json


async def test_a_long_poll_survives_a_lost_listener(api: ApiUnderTest) -> None:
    """When the listening connection breaks, waiters still get their event, and the listener comes back."""
    pool = api.services.pool
    signal = api.services.signal
    async with asyncio.timeout(15):
        while not signal.is_listening:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        waiting = asyncio.create_task(api.get("/v1/events?wait=10"))
        await asyncio.sleep(0.05)
        await pool.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE query LIKE 'LISTEN%' AND datname = current_database()"
        )
        while signal.is_listening:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        await api.put(code(1), make_dossier())
        answered = await waiting
        while not signal.is_listening:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    assert [code(1)] == [event["subject"] for event in answered.json["events"]]


async def test_a_long_poll_ends_when_the_gateway_stops(api: ApiUnderTest) -> None:
    """A gateway that stops answers those who wait."""
    waiting = asyncio.create_task(api.get("/v1/events?wait=15"))
    async with asyncio.timeout(5):
        while 1 not in api.observer.waiters:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        api.runtime.stopping.set()
        answered = await waiting

    assert (200, []) == (answered.status, answered.json["events"])


async def test_too_many_waiters(pool: Any, key_ring: FileKeyRing) -> None:
    """More waiters than one process keeps are told to come back."""
    async with running_api(pool, key_ring, limits=Limits(max_waiters_count=1)) as api:
        waiting = asyncio.create_task(api.get("/v1/events?wait=15"))
        async with asyncio.timeout(5):
            while 1 not in api.observer.waiters:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            refused = await api.get("/v1/events?wait=15")
            at_once = await api.get("/v1/events")
            api.runtime.stopping.set()
            await waiting

    assert (503, "unavailable") == (refused.status, refused.problem)
    assert 200 == at_once.status


async def test_nothing_is_missed_between_writers(api: ApiUnderTest) -> None:
    """A reader that follows while many write sees every event once, in growing order."""
    seen: list[int] = []

    async def read() -> None:
        after = 0
        while len(seen) < 60:
            page = (await api.get(f"/v1/events?after={after}&wait=5&limit=7")).json
            seen.extend(event["event_id"] for event in page["events"])
            after = page["next_after"]

    reader = asyncio.create_task(read())
    await asyncio.gather(*(api.put(code(n), make_dossier()) for n in range(40)))
    await api.import_lines(*({"code": code(n), "dossier": make_dossier()} for n in range(100, 120)))
    await asyncio.wait_for(reader, 10)

    assert sorted(seen) == seen
    assert 60 == len(set(seen))


async def test_the_cursor_never_passes_what_is_not_yet_visible(api: ApiUnderTest, dsn: str) -> None:
    """While a writer holds its turn, the newest id that is told is older than whatever it will write."""
    await api.put(code(1), make_dossier())
    async with acceptance_held(dsn):
        writing = asyncio.create_task(api.put(code(2), make_dossier()))
        await asyncio.sleep(0.1)
        _, after = await follow(api)
    await writing

    events, _ = await follow(api, after)

    assert [code(2)] == [event["subject"] for event in events]


@pytest.mark.parametrize("limit", [1, 3, 100])
async def test_pages_of_the_store(api: ApiUnderTest, limit: int) -> None:
    """A full page ends at its last event, a short one at the newest event there is."""
    for number in range(3):
        await api.put(code(number), make_dossier())

    page = await read_events(api.services.pool, after=0, types=None, prefixes=("H99",), limit=limit)

    assert min(limit, 3) == len(page.events) == page.next_after


async def test_a_signal_that_cannot_connect_keeps_trying(dsn: str) -> None:
    """A listener whose pool is closed does not fail its owner, and can be closed."""
    pool = await asyncpg.create_pool(dsn, min_size=1, max_size=2)
    signal = EventSignal(pool)
    await pool.close()

    signal.start()
    await asyncio.sleep(0.05)

    assert not signal.is_listening
    await signal.close()
