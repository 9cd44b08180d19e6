"""Catalogues from the portal to the API: dated, protected, on demand."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from gateway.engine.catalogues import ListPolicy, lists_of, read_lists
from gateway.errors import Rejected, RemoteError, TransientFailure
from gateway.ports.basics import KeyRing
from gateway.ports.observing import AlertRaised, Happening, ListRead
from gateway.ports.portal_services import CatalogueItem, CatalogueName
from gateway.store.catalogues import PostgresCatalogues
from gateway.store.clients import Scope
from gateway.store.pool import open_pool
from tests.support.api import ApiUnderTest, running_api
from tests.support.catalogues import ListPortal
from tests.support.clocks import StillClock

DAY = 86_400.0
AGENCIES = CatalogueName.AGENCIES


def agencies(count: int, *, name: str = "Sở") -> list[CatalogueItem]:
    return [
        CatalogueItem(code=f"H99.{number:03}", name=f"{name} {number}", attributes=(("CAPDONVI", "2"),))
        for number in range(1, count + 1)
    ]


@dataclass(slots=True)
class Desk:
    """A portal with catalogues, the store, and an API on it; a day passes between readings."""

    portal: ListPortal
    store: PostgresCatalogues
    clock: StillClock
    api: ApiUnderTest
    happenings: list[Happening] = field(default_factory=list)
    names: tuple[CatalogueName, ...] = (AGENCIES,)

    async def read(self, *, seconds: float = DAY) -> int | None:
        self.clock.move(seconds)
        return await read_lists(
            "portal",
            lists_of(self.portal, self.portal, self.names),
            self.store,
            clock=self.clock,
            observer=self.happenings.append,
            policy=ListPolicy(),
        )

    async def show(self, query: str = "", name: str = "agencies") -> Any:
        answered = await self.api.get(f"/v1/catalogues/{name}{query}")
        assert answered.status == 200, answered.body
        return answered.json

    async def codes(self, query: str = "") -> list[str]:
        return [item["code"] for item in (await self.show(query))["items"]]


@pytest.fixture
async def desk(pool: Any, key_ring: KeyRing) -> AsyncIterator[Desk]:
    """Open a desk whose catalogue of thirty agencies was read on the morning of 6 January 2026."""
    async with running_api(pool, key_ring) as api:
        made = Desk(ListPortal(), PostgresCatalogues(pool, "portal"), StillClock(), api)
        made.portal.catalogues[AGENCIES] = agencies(30)
        await made.read()
        made.portal.taken()
        yield made


async def test_a_catalogue_is_shown_with_its_version(desk: Desk) -> None:
    """Items come with what the portal said of them, the list with its version; all pages together are the list."""
    page = await desk.show("?limit=20")
    assert {"code": "H99.001", "name": "Sở 1", "content": {"attributes": {"CAPDONVI": "2"}}} == {
        key: page["items"][0][key] for key in ("code", "name", "content")
    }
    assert (1, 30, True, [], "") == (
        page["version"]["version_number"],
        page["version"]["items_count"],
        page["catalogue"]["is_offered"],
        page["catalogue"]["findings"],
        page["catalogue"]["failure"],
    )
    rest = await desk.codes(f"?limit=20&cursor={page['next_cursor']}")
    assert [item.code for item in agencies(30)] == [item["code"] for item in page["items"]] + rest
    assert ["H99.007"] == await desk.codes("?code=H99.007")


async def test_the_same_again_is_no_new_version(desk: Desk) -> None:
    """Another order and a repeated line are the same list; the repetition is told."""
    desk.portal.catalogues[AGENCIES] = [*reversed(agencies(30)), agencies(1)[0]]
    assert 0 == await desk.read()
    page = await desk.show()
    assert (1, ["duplicate"]) == (
        page["version"]["version_number"],
        [finding["rule"] for finding in page["catalogue"]["findings"]],
    )
    assert 1 == page["catalogue"]["findings_count"]
    finding = page["catalogue"]["findings"][0]
    assert (31, "H99.001", "Sở 1") == (finding["row"], finding["code"], finding["name"])


async def test_items_are_dated(desk: Desk) -> None:
    """A renamed item has two states; each day shows the one that was valid at its end, in Vietnam."""
    desk.portal.catalogues[AGENCIES] = [*agencies(29), CatalogueItem(code="H99.030", name="Tên mới")]
    await desk.read()
    assert ["Tên mới"] == [item["name"] for item in (await desk.show("?code=H99.030"))["items"]]
    for day, names in [("0001-01-01", []), ("2026-01-05", []), ("2026-01-06", ["Sở 30"]), ("9999-12-31", ["Tên mới"])]:
        assert names == [item["name"] for item in (await desk.show(f"?code=H99.030&on={day}"))["items"]]
    shown = await desk.show("?on=2026-01-06&limit=1")
    assert 1 == shown["version"]["version_number"]
    assert (await desk.show("?on=2026-01-05"))["version"] is None
    (before,) = (await desk.show("?code=H99.030&on=2026-01-06"))["items"]
    (after,) = (await desk.show("?code=H99.030"))["items"]
    assert before["valid_to"] == after["valid_from"]
    assert after["valid_to"] is None


async def test_a_day_begins_at_midnight_in_vietnam(desk: Desk) -> None:
    """A reading at 17:00 UTC belongs to the next day in Vietnam."""
    desk.portal.catalogues[AGENCIES] = agencies(30, name="Phòng")
    await desk.read(seconds=DAY + 9 * 3600)
    assert "Sở 1" == (await desk.show("?code=H99.001&on=2026-01-07"))["items"][0]["name"]
    assert "Phòng 1" == (await desk.show("?code=H99.001&on=2026-01-08"))["items"][0]["name"]


async def test_a_reading_at_midnight_belongs_to_the_new_day(desk: Desk) -> None:
    """The day that ends shows what was before, item and version alike."""
    desk.portal.catalogues[AGENCIES] = agencies(30, name="Phòng")
    await desk.read(seconds=DAY + 9 * 3600)
    shown = await desk.show("?code=H99.001&on=2026-01-07")
    assert "2026-01-07T17:00:00Z" == (await desk.show("?code=H99.001"))["items"][0]["valid_from"]
    assert (["Sở 1"], 1) == ([item["name"] for item in shown["items"]], shown["version"]["version_number"])


async def test_one_that_vanishes_is_closed_and_reopened_when_it_returns(desk: Desk, pool: Any) -> None:
    """Its absence stays visible on the days between; the feed tells each version."""
    desk.portal.catalogues[AGENCIES] = agencies(29)
    assert 1 == await desk.read()
    assert ["shorter"] == [finding["rule"] for finding in (await desk.show())["catalogue"]["findings"]]
    desk.portal.catalogues[AGENCIES] = agencies(30)
    assert 1 == await desk.read()
    shown = [len(await desk.codes(f"?on=2026-01-{day:02}")) for day in (6, 7, 8)]
    assert [30, 29, 30] == shown
    rows = await pool.fetch("SELECT subject, data FROM events WHERE type = 'catalogue.changed' ORDER BY event_id")
    rows = [row for row in rows if row["subject"] == "agencies"]
    assert [("agencies", 30, 0), ("agencies", 0, 1), ("agencies", 1, 0)] == [
        (row["subject"], row["data"]["opened_count"], row["data"]["closed_count"]) for row in rows
    ]


async def test_a_short_answer_is_held_until_it_is_confirmed(desk: Desk) -> None:
    """It changes nothing and is told; a person who knows better has it believed, once."""
    desk.portal.catalogues[AGENCIES] = agencies(10)
    assert 0 == await desk.read()
    page = await desk.show()
    assert (True, 30, 1, ["too_short"]) == (
        page["catalogue"]["is_held"],
        page["catalogue"]["items_count"],
        page["version"]["version_number"],
        [finding["rule"] for finding in page["catalogue"]["findings"]],
    )
    assert 30 == len(page["items"])
    assert AlertRaised(system="portal", name="short_list") in desk.happenings
    asked = await desk.api.call("POST", "/v1/catalogues/agencies:refresh?accepts_short=true")
    assert 202 == asked.status
    assert 1 == await desk.read(seconds=1)
    page = await desk.show()
    assert (False, 10) == (page["catalogue"]["is_held"], len(page["items"]))
    desk.portal.catalogues[AGENCIES] = agencies(1)
    assert 0 == await desk.read()


async def test_a_short_answer_is_believed_when_it_repeats(desk: Desk) -> None:
    """The third day with the same gap takes it over; an empty answer never is."""
    desk.portal.catalogues[AGENCIES] = agencies(10)
    assert [0, 0, 1] == [await desk.read() for _ in range(3)]
    desk.portal.catalogues[AGENCIES] = []
    assert [0] * 6 == [await desk.read() for _ in range(6)]
    assert 10 == len(await desk.codes())


async def test_asking_often_does_not_make_it_true(desk: Desk) -> None:
    """Three wishes within a minute count as one reading."""
    desk.portal.catalogues[AGENCIES] = agencies(10)
    for _ in range(4):
        await desk.api.call("POST", "/v1/catalogues/agencies:refresh")
        assert 0 == await desk.read(seconds=10)
    assert 30 == len(await desk.codes())


async def test_a_contradiction_never_replaces_a_good_version(desk: Desk) -> None:
    """Of two lines with one code neither is taken; both are told with their rows, and what was known stays."""
    desk.portal.catalogues[AGENCIES] = [*agencies(30), CatalogueItem(code="H99.005", name="Khác")]
    assert 0 == await desk.read()
    page = await desk.show("?code=H99.005")
    assert ["Sở 5"] == [item["name"] for item in page["items"]]
    assert [("contradiction", 5, "Sở 5"), ("contradiction", 31, "Khác")] == [
        (finding["rule"], finding["row"], finding["name"]) for finding in page["catalogue"]["findings"]
    ]


async def test_a_failure_keeps_the_last_good_version(desk: Desk) -> None:
    """The reason stands beside it; the next try comes after a while, at once when somebody asks."""
    desk.portal.failing["agencies"] = TransientFailure("no", system="portal", operation="agencies")
    await desk.read()
    page = await desk.show()
    assert ("transient", 30) == (page["catalogue"]["failure"], len(page["items"]))
    desk.portal.taken()
    await desk.read(seconds=60)
    assert [] == desk.portal.taken()
    await desk.read(seconds=240)
    assert ["agencies"] == desk.portal.taken()
    desk.portal.failing.clear()
    await desk.api.call("POST", "/v1/catalogues/agencies:refresh")
    await desk.read(seconds=1)
    assert "" == (await desk.show())["catalogue"]["failure"]


async def test_a_list_that_was_never_read_is_tried_again_soon(desk: Desk) -> None:
    """Its first failure does not put it off for a day."""
    desk.names = (AGENCIES, CatalogueName.RELIGIONS)
    desk.portal.failing["religions"] = TransientFailure("no", system="portal", operation="religions")
    await desk.read()
    desk.portal.taken()
    await desk.read(seconds=299)
    await desk.read(seconds=1)
    assert ["religions"] == desk.portal.taken()


async def test_wishes_add_up(desk: Desk) -> None:
    """Who asked first is served first, and a word of confirmation stays until the reading."""
    now = desk.clock.now()
    for name, seconds, accepts_short in [("religions", 0, True), ("agencies", 5, False), ("religions", 9, False)]:
        await desk.store.request(name, accepts_short=accepts_short, now=now + timedelta(seconds=seconds))
    due = await desk.store.due(
        ["agencies", "religions", "genders"],
        now + timedelta(days=2),
        interval=timedelta(days=1),
        retry_after=timedelta(minutes=5),
    )
    assert [("religions", True), ("agencies", False), ("genders", False)] == [
        (name, accepts_short) for name, _, accepts_short in due
    ]


async def test_only_failures_in_a_row_end_the_turn(desk: Desk) -> None:
    """Lists that are not offered are no failures, and one that comes through begins the count anew."""
    desk.names = tuple(CatalogueName)
    failure = TransientFailure("no", system="portal", operation="x")
    absent = Rejected("no", system="portal", operation="x", code="no_such_service")
    order = sorted(name.value for name in CatalogueName)
    desk.portal.failing = {name: failure for number, name in enumerate(order) if number % 3}
    await desk.read()
    assert len(CatalogueName) + 1 == len(desk.portal.taken())
    desk.portal.failing = dict.fromkeys(order, absent)
    await desk.read()
    assert len(CatalogueName) + 1 == len(desk.portal.taken())


async def test_what_the_portal_does_not_offer_is_no_failure(desk: Desk) -> None:
    """It is noted, shown as such, and asked for again a day later."""
    desk.names = (AGENCIES, CatalogueName.RELIGIONS)
    desk.portal.failing["religions"] = Rejected(
        "no", system="portal", operation="religions", remote_code="x", code="no_such_service"
    )
    await desk.read()
    line = (await desk.show(name="religions"))["catalogue"]
    assert (False, "", 0) == (line["is_offered"], line["failure"], line["version_number"])
    assert ListRead(system="portal", name="religions", outcome="not_offered") in desk.happenings
    desk.portal.taken()
    await desk.read(seconds=3600)
    assert [] == desk.portal.taken()
    desk.portal.failing.clear()
    await desk.read()
    assert True is (await desk.show(name="religions"))["catalogue"]["is_offered"]


async def test_an_ill_portal_is_left_alone_after_three(desk: Desk) -> None:
    """One list that fails does not stop the others; three in a row end the turn."""
    desk.names = tuple(CatalogueName)
    failure = TransientFailure("no", system="portal", operation="x")
    desk.portal.failing = {name.value: failure for name in CatalogueName}
    with pytest.raises(RemoteError):
        await desk.read()
    assert 3 == len(desk.portal.taken())
    desk.portal.failing = {"agencies": failure}
    await desk.read()
    assert len(CatalogueName) + 1 == len(desk.portal.taken())


async def test_every_list_is_told(desk: Desk) -> None:
    """Also those that were never asked for, as such; the online services are among them."""
    told = (await desk.api.get("/v1/catalogues")).json["catalogues"]
    assert sorted([*CatalogueName, "online-services"]) == [line["name"] for line in told]
    by_name = {line["name"]: line for line in told}
    assert (True, 30) == (by_name["agencies"]["is_offered"], by_name["agencies"]["items_count"])
    assert (None, None) == (by_name["religions"]["is_offered"], by_name["religions"]["read_at"])


async def test_only_one_process_reads(desk: Desk, dsn: str) -> None:
    """While another holds the lock nothing is read here."""
    other = await open_pool(dsn, max_size=2)
    try:
        async with PostgresCatalogues(other, "portal").alone() as is_mine:
            assert is_mine
            assert await desk.read() is None
    finally:
        await other.close()
    assert [] == desk.portal.taken()


async def test_a_wish_that_comes_during_a_reading_is_not_lost(desk: Desk) -> None:
    """A reading answers only the wish that it began with."""
    desk.clock.move(DAY)
    asked_at = desk.clock.now()
    await desk.store.request("agencies", accepts_short=False, now=asked_at)
    due = await desk.store.due(
        ["agencies"], desk.clock.now(), interval=timedelta(days=1), retry_after=timedelta(minutes=5)
    )
    assert [("agencies", asked_at, False)] == list(due)
    await desk.store.note_failed("agencies", "transient", None, desk.clock.now())
    assert asked_at == (await desk.store.lines("agencies"))[0].requested_at
    await desk.store.note_failed("agencies", "transient", asked_at, desk.clock.now())
    assert (await desk.store.lines("agencies"))[0].requested_at is None


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("/v1/catalogues/nonsense", "invalid-parameter"),
        ("/v1/catalogues/agencies?on=2026-02-30", "invalid-parameter"),
        ("/v1/catalogues/agencies?on=0", "invalid-parameter"),
        ("/v1/catalogues/agencies?code=%00", "invalid-parameter"),
        ("/v1/catalogues/agencies?cursor=x", "invalid-parameter"),
        ("/v1/catalogues/agencies?limit=0", "invalid-parameter"),
        ("/v1/catalogues/agencies?of=today", "invalid-parameter"),
    ],
)
async def test_bad_questions(desk: Desk, path: str, problem: str) -> None:
    """A name, day, code or cursor that cannot be is refused with its place."""
    answered = await desk.api.get(path)
    assert problem == answered.problem
    assert answered.fields


async def test_what_may_be_done_by_whom(desk: Desk) -> None:
    """Reading needs the scope of catalogues, asking one of its own; without a portal there is nothing."""
    reader = desk.api.with_token(await desk.api.register("reader", scopes=frozenset({Scope.CATALOGUES_READ})))
    assert [200, 200] == [(await reader.get(f"/v1/catalogues{path}")).status for path in ("", "/agencies")]
    assert "insufficient-scope" == (await reader.call("POST", "/v1/catalogues/agencies:refresh")).problem
    stranger = desk.api.with_token(await desk.api.register("stranger", scopes=frozenset({Scope.CATALOGUES_SYNC})))
    assert "insufficient-scope" == (await stranger.get("/v1/catalogues/agencies")).problem
