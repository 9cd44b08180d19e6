"""Runs over the procedure catalogue on the real store: asked for, protected, taken up again, watched."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.engine.procedures import sync_procedures
from gateway.errors import TransientFailure, Unmapped
from gateway.model.procedure import Procedure
from gateway.ports.basics import KeyRing
from gateway.ports.observing import AlertRaised, Happening, ProceduresSynced
from gateway.store.clients import Scope
from gateway.store.procedures import PostgresProcedures
from gateway.store.systems import PostgresSystems
from gateway.sync.procedure_reading import ReadingPolicy
from gateway.sync.procedure_runs import RunState
from tests.support.api import ApiUnderTest, running_api
from tests.support.catalogues import ListPortal
from tests.support.clocks import StillClock

HOUR = 3600.0
INTERVAL = timedelta(hours=6)


@dataclass(slots=True)
class Desk:
    """A portal with a list, the store that copies it, and the clock of both."""

    portal: ListPortal
    store: PostgresProcedures
    clock: StillClock
    pool: Any
    happenings: list[Happening] = field(default_factory=list)

    async def read(self, interval: timedelta | None = None) -> ProceduresSynced | None:
        """Do the next run; an hour has passed since the last one."""
        self.clock.move(HOUR)
        return await sync_procedures(
            self.portal,
            self.store,
            clock=self.clock,
            observer=self.happenings.append,
            interval=interval,
            policy=ReadingPolicy(),
        )

    async def events(self) -> list[tuple[str, str]]:
        rows = await self.pool.fetch("SELECT type, subject FROM events ORDER BY event_id")
        return [(row["type"].removeprefix("procedure."), row["subject"]) for row in rows]


@pytest.fixture
async def desk(pool: Any) -> Desk:
    """Open a desk whose copy is complete: twenty procedures."""
    await PostgresSystems(pool).ensure("portal")
    clock, portal = StillClock(), ListPortal()
    made = Desk(portal, PostgresProcedures(pool, clock=clock), clock, pool)
    portal.add(20)
    await made.read()
    portal.taken()
    return made


@pytest.fixture
async def api(pool: Any, key_ring: KeyRing) -> AsyncIterator[ApiUnderTest]:
    """Give a running API on the desk's store."""
    async with running_api(pool, key_ring) as made:
        yield made


async def test_a_short_list_retires_nothing_and_what_comes_back_was_never_gone(desk: Desk) -> None:
    """Half a list is held, with an alert and a finding; the full list is simply the full list again."""
    desk.portal.hidden = set(list(desk.portal.records)[10:])
    gone = {code: desk.portal.records.pop(code) for code in desk.portal.hidden}
    result = await desk.read()
    assert result is not None
    assert (10, 0) == (result.listed_count, result.retired_count)
    assert 20 == len(await desk.store.live_codes())
    assert not set(gone) & set(desk.portal.taken())
    run = await desk.store.runs.find("portal")
    assert run is not None
    assert run.is_held
    assert ["too_short"] == [finding.rule for finding in run.findings]
    assert [AlertRaised(system="portal", name="short_list")] == [
        happening for happening in desk.happenings if isinstance(happening, AlertRaised)
    ]
    desk.portal.records |= gone
    desk.portal.hidden = set()
    await desk.read()
    assert await desk.store.runs.held("portal") is None
    assert {"created"} == {kind for kind, _ in await desk.events()}


async def test_a_short_list_is_believed_when_it_repeats(desk: Desk) -> None:
    """The third reading with the same gap retires what has no record any more; what returns is restored."""
    gone = {code: desk.portal.records.pop(code) for code in list(desk.portal.records)[15:]}
    counts = [result.retired_count for _ in range(3) if (result := await desk.read()) is not None]
    assert [0, 0, 5] == counts
    assert 15 == len(await desk.store.live_codes())
    desk.portal.records |= gone
    await desk.read()
    assert 20 == len(await desk.store.live_codes())
    kinds = [kind for kind, subject in await desk.events() if subject in gone]
    assert ["created"] * 5 + ["retired"] * 5 + ["restored"] * 5 == kinds


async def test_what_is_off_the_list_and_still_has_a_record_stays(desk: Desk) -> None:
    """One code that the list lost, while its record is still served, is not retired."""
    desk.portal.hidden = {"1.999003"}
    result = await desk.read()
    assert result is not None
    assert 0 == result.retired_count
    assert "1.999003" in await desk.store.live_codes()


async def test_a_listed_code_without_a_record_is_told(desk: Desk, pool: Any) -> None:
    """The known version stays; the run names the code that the portal contradicts itself about."""

    class Forgetful(ListPortal):
        async def get_procedure(self, procedure_code: str) -> Procedure | None:
            return None if procedure_code == "1.999002" else await super().get_procedure(procedure_code)

    desk.portal, records = Forgetful(), desk.portal.records
    desk.portal.records = records
    await desk.read()
    run = await desk.store.runs.find("portal")
    assert run is not None
    assert (1, 1) == (run.counts.absent_count, run.findings_count)
    assert [("no_record", "1.999002")] == [(finding.rule, finding.code) for finding in run.findings]
    assert "1.999002" in await desk.store.live_codes()


async def test_only_changed_rows_are_read_where_the_list_marks_them(desk: Desk) -> None:
    """With marks one changed row costs one record; after a week all are looked at again, in case a mark is wrong."""
    desk.portal.marks = dict.fromkeys(desk.portal.records, "1")
    await desk.read()
    desk.portal.taken()
    desk.portal.marks["1.999007"] = "2"
    desk.portal.records["1.999007"] = replace(desk.portal.records["1.999007"], is_public=False)
    await desk.read()
    assert ["list", "1.999007"] == desk.portal.taken()
    run = await desk.store.runs.find("portal")
    assert run is not None
    assert (1, 19, 1, 1) == (
        run.to_read_count,
        run.skipped_count,
        run.counts.read_count,
        run.counts.changed_count,
    )
    desk.clock.move(7 * 24 * HOUR)
    await desk.read()
    assert 21 == len(desk.portal.taken())


async def test_subscribers_hear_of_creation_change_withdrawal_and_return(desk: Desk) -> None:
    """Each is one event; a change says of what kinds it is, so that a withdrawal from publication can be told."""
    code = "1.999005"
    record = desk.portal.records[code]
    for after in (replace(record, is_public=False), record):
        desk.portal.records[code] = after
        await desk.read()
    desk.portal.records.pop(code)
    await desk.read()
    desk.portal.records[code] = replace(record, name="Tên mới")
    await desk.read()
    assert ["created", "changed", "changed", "retired", "restored", "changed"] == [
        kind for kind, subject in await desk.events() if subject == code
    ]
    row = await desk.pool.fetchrow("SELECT data FROM events WHERE type = 'procedure.changed' ORDER BY event_id LIMIT 1")
    assert {"version_number": 2, "kinds": ["publication_changed"]} == row["data"]


async def test_named_procedures_are_read_alone(desk: Desk, api: ApiUnderTest) -> None:
    """A run by codes reads those and no list; one that the portal does not have is counted and not retired."""
    desk.portal.records.pop("1.999002")
    body = {"codes": ["1.999001", "1.999002", "1.999001"]}
    first = await api.call("POST", "/v1/procedures:synchronise", body=body)
    again = await api.call("POST", "/v1/procedures:synchronise", body=body)
    assert (202, 202, "waiting") == (first.status, again.status, first.json["state"])
    assert first.json["run_id"] == again.json["run_id"]
    await desk.read(INTERVAL)
    assert ["1.999001", "1.999002"] == desk.portal.taken()
    told = (await api.get(f"/v1/procedures/synchronisation?run_id={first.json['run_id']}")).json
    assert ("done", 2, 1, 1, "request") == (
        told["state"],
        told["read_count"],
        told["unchanged_count"],
        told["absent_count"],
        told["origin"],
    )
    assert "1.999002" in await desk.store.live_codes()


async def test_a_confirmed_short_list_is_believed_at_once(desk: Desk, api: ApiUnderTest) -> None:
    """A person's word stands for the repetition."""
    desk.portal.records.clear()
    await desk.read()
    assert 20 == len(await desk.store.live_codes())
    asked = await api.call("POST", "/v1/procedures:synchronise", body={"accepts_short_list": True})
    assert 202 == asked.status
    await desk.read(INTERVAL)
    assert set() == await desk.store.live_codes()
    told = (await api.get("/v1/procedures/synchronisation")).json
    assert (20, False, ["shorter"]) == (
        told["retired_count"],
        told["is_held"],
        [finding["rule"] for finding in told["findings"]],
    )


async def test_an_interrupted_run_goes_on_where_it_was(desk: Desk) -> None:
    """What was read before the process died is not read again, and the counts are those of the whole run."""

    class Dying(ListPortal):
        async def get_procedure(self, procedure_code: str) -> Procedure | None:
            if procedure_code == "1.999078":
                raise asyncio.CancelledError
            return await super().get_procedure(procedure_code)

    portal, desk.portal = ListPortal(), Dying()
    portal.add(80)
    desk.portal.records = portal.records
    with pytest.raises(asyncio.CancelledError):
        await desk.read()
    assert 70 == len(await desk.store.live_codes())
    run = await desk.store.runs.find("portal")
    assert run is not None
    assert (RunState.RUNNING, 80) == (run.state, run.to_read_count)

    desk.portal = portal
    await desk.read(INTERVAL)
    ended = await desk.store.runs.find("portal", run.run_id)
    assert ended is not None
    assert (RunState.DONE, 80, 80, 60) == (
        ended.state,
        ended.to_read_count,
        ended.counts.read_count,
        ended.counts.created_count,
    )
    assert 31 == len(portal.taken())
    assert run.started_at == ended.started_at


async def test_a_record_that_failed_before_an_interruption_is_counted_once(desk: Desk) -> None:
    """It is tried again with the rest, and its failure is that of the whole run."""
    last = list(desk.portal.records)[-1]
    desk.portal.failing = {"1.998000": Unmapped([("executing_level", "9")]), last: asyncio.CancelledError()}
    many = {f"1.998{number:03}": Procedure(code=f"1.998{number:03}", name="N", is_public=True) for number in range(60)}
    desk.portal.records |= many
    with pytest.raises(asyncio.CancelledError):
        await desk.read()
    del desk.portal.failing[last]
    await desk.read(INTERVAL)
    run = await desk.store.runs.find("portal")
    assert run is not None
    assert (RunState.DONE, 1, 59) == (run.state, run.counts.failed_count, run.counts.created_count)


async def test_runs_are_done_in_the_order_of_their_asking(desk: Desk) -> None:
    """An interrupted one comes first, then the one that waits longest; the same codes with another word are another."""
    desk.portal.failing["1.999001"] = asyncio.CancelledError()
    now = desk.clock.now()
    first = await desk.store.runs.request("portal", ["1.999001"], accepts_short_list=False, now=now)
    with pytest.raises(asyncio.CancelledError):
        await desk.read(INTERVAL)
    second = await desk.store.runs.request("portal", ["1.999002"], accepts_short_list=False, now=now)
    third = await desk.store.runs.request("portal", ["1.999002"], accepts_short_list=True, now=now)
    assert second.run_id != third.run_id
    desk.portal.failing.clear()
    desk.portal.taken()
    assert await desk.read(INTERVAL)
    assert ["1.999001"] == desk.portal.taken()
    ended = [await desk.store.runs.find("portal", run.run_id) for run in (first, second, third)]
    assert [RunState.DONE, RunState.WAITING, RunState.WAITING] == [run.state for run in ended if run is not None]
    assert await desk.read(INTERVAL)
    again = await desk.store.runs.find("portal", second.run_id)
    assert again is not None
    assert RunState.DONE is again.state


async def test_reading_some_is_not_having_read_the_whole(desk: Desk) -> None:
    """A run by codes neither puts the scheduled one off nor counts as one."""
    desk.clock.move(INTERVAL.total_seconds() - HOUR)
    now = desk.clock.now()
    await desk.store.runs.request("portal", ["1.999001"], accepts_short_list=False, now=now)
    assert await desk.read(INTERVAL)
    desk.clock.move(-HOUR + 1)
    desk.portal.taken()
    assert await desk.read(INTERVAL)
    assert "list" in desk.portal.taken()


async def test_a_failed_run_says_why_and_the_next_one_waits_a_minute(desk: Desk) -> None:
    """A list that cannot be read ends the run with a code; asking again at once is left to whoever insists."""
    desk.clock.move(INTERVAL.total_seconds())
    desk.portal.failing["list"] = TransientFailure("no", system="portal", operation="list")
    with pytest.raises(TransientFailure):
        await desk.read(INTERVAL)
    run = await desk.store.runs.find("portal")
    assert run is not None
    assert (RunState.FAILED, "transient") == (run.state, run.failure)
    desk.portal.failing.clear()
    desk.clock.move(-HOUR + 59)
    assert await desk.read(INTERVAL) is None
    desk.clock.move(-HOUR + 1)
    assert await desk.read(INTERVAL) is not None


async def test_it_is_not_time_twice(desk: Desk) -> None:
    """Within the interval nothing is read unless somebody asks."""
    assert await desk.read(INTERVAL) is None
    assert [] == desk.portal.taken()


async def test_a_record_that_cannot_be_understood_is_counted(desk: Desk) -> None:
    """It fails alone; the rows that the code tables lack are told, and the known version stays."""
    desk.portal.failing["1.999004"] = Unmapped([("executing_level", "9")])
    result = await desk.read()
    assert result is not None
    assert (1, (("executing_level", "9"),)) == (result.failed_count, result.missing)
    assert "1.999004" in await desk.store.live_codes()


async def test_waiting_runs_are_limited(desk: Desk, api: ApiUnderTest) -> None:
    """The fifty-first wish is refused, whatever is asked for again is not counted."""
    for number in range(1, 51):
        body = {"codes": [f"1.999{number:03}"]}
        assert 202 == (await api.call("POST", "/v1/procedures:synchronise", body=body)).status
    assert 202 == (await api.call("POST", "/v1/procedures:synchronise", body={"codes": ["1.999001"]})).status
    refused = await api.call("POST", "/v1/procedures:synchronise", body={})
    assert "too-many-readings" == refused.problem


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"codes": []}, "invalid-content"),
        ({"codes": ["x"]}, "invalid-content"),
        ({"code": "1.999001"}, "invalid-content"),
        ([], "invalid-content"),
    ],
)
async def test_bad_wishes(api: ApiUnderTest, body: Any, problem: str) -> None:
    """A body that breaks a rule is refused."""
    assert problem == (await api.call("POST", "/v1/procedures:synchronise", body=body)).problem


async def test_what_may_be_done_by_whom(api: ApiUnderTest) -> None:
    """Watching needs the scope of reading, asking one of its own; a run that never was is not found."""
    assert "reading-not-found" == (await api.get("/v1/procedures/synchronisation")).problem
    reader = api.with_token(await api.register("reader", scopes=frozenset({Scope.PROCEDURES_READ})))
    assert "insufficient-scope" == (await reader.call("POST", "/v1/procedures:synchronise", body={})).problem
    asker = api.with_token(await api.register("asker", scopes=frozenset({Scope.CATALOGUES_SYNC})))
    assert 202 == (await asker.call("POST", "/v1/procedures:synchronise", body={})).status
    assert "insufficient-scope" == (await asker.get("/v1/procedures/synchronisation")).problem
    assert 200 == (await reader.get("/v1/procedures/synchronisation")).status


async def test_without_a_portal_there_is_nothing_to_read(pool: Any, key_ring: KeyRing) -> None:
    """An installation without a portal says so."""
    async with running_api(pool, key_ring, synced_system=None) as api:
        assert "no-portal" == (await api.call("POST", "/v1/procedures:synchronise", body={})).problem
        assert "no-portal" == (await api.get("/v1/procedures/synchronisation")).problem
