"""Online services, their decisions and obligations, from the portal to the API."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.engine.catalogues import ListPolicy, lists_of, read_decisions, read_lists
from gateway.engine.procedures import sync_procedures
from gateway.errors import Rejected, RemoteError, TransientFailure
from gateway.model.procedure import Procedure, ServiceLevel
from gateway.ports.basics import KeyRing
from gateway.ports.portal_services import OnlineService, PublicationDecision, ServiceApplication
from gateway.store.catalogues import PostgresCatalogues
from gateway.store.procedures import PostgresProcedures
from gateway.store.systems import PostgresSystems
from tests.support.api import ApiUnderTest, running_api
from tests.support.catalogues import ListPortal
from tests.support.clocks import StillClock
from tests.support.procedures import COMPLETE

CODE = COMPLETE.code
DAY = 86_400.0


@dataclass(slots=True)
class Desk:
    """A portal, what is kept of it, and an API on that."""

    portal: ListPortal
    store: PostgresCatalogues
    procedures: PostgresProcedures
    clock: StillClock
    api: ApiUnderTest

    async def read_procedures(self) -> None:
        self.clock.move(DAY)
        await sync_procedures(self.portal, self.procedures, clock=self.clock, observer=lambda _: None)

    async def read_services(self) -> None:
        self.clock.move(DAY)
        await read_lists(
            "portal",
            lists_of(self.portal, self.portal, ()),
            self.store,
            clock=self.clock,
            observer=lambda _: None,
            policy=ListPolicy(),
        )

    async def read_decisions(self) -> int | None:
        return await read_decisions(self.portal, self.store, clock=self.clock, recheck_after=timedelta(days=30))

    async def offer(self) -> Any:
        return (await self.api.get(f"/v1/procedures/{CODE}/online-services")).json


@pytest.fixture
async def desk(pool: Any, key_ring: KeyRing) -> AsyncIterator[Desk]:
    """Open a desk that has read one complete procedure."""
    await PostgresSystems(pool).ensure("portal")
    async with running_api(pool, key_ring) as api:
        clock = StillClock()
        procedures = PostgresProcedures(pool, clock=clock)
        made = Desk(ListPortal(), PostgresCatalogues(pool, "portal"), procedures, clock, api)
        made.portal.records[CODE] = COMPLETE
        await made.read_procedures()
        yield made


def service(number: int, *levels: tuple[str, ServiceLevel | None, str], code: str = CODE) -> OnlineService:
    return OnlineService(
        code=f"{code}.{number:02}",
        name=f"Dịch vụ {number}",
        procedure_code=code,
        procedure_name="Thủ tục",
        applications=tuple(
            ServiceApplication(agency_code=agency, level=level, level_code=level_code)
            for agency, level, level_code in levels
        ),
    )


async def test_an_offer_follows_from_what_was_read(desk: Desk) -> None:
    """Before the decision was read it cannot be told; then it may be offered, by each agency as far as its level."""
    desk.portal.services = [
        service(1, ("H99.01", ServiceLevel.FULL, "4"), ("H99.02", ServiceLevel.INFORMATION, "2")),
        service(2, ("H99.03", None, "9")),
        service(3, ("H99.04", ServiceLevel.FULL, "4"), code="1.999002"),
    ]
    told = await desk.offer()
    assert ("undecided", ["decision_not_read"], None, []) == (
        told["eligibility"],
        told["reasons"],
        told["read_at"],
        told["services"],
    )
    await desk.read_services()
    desk.portal.decisions["70001"] = PublicationDecision(decision_id="70001", fields=(("SOQUYETDINH", "12/QĐ"),))
    assert 1 == await desk.read_decisions()
    told = await desk.offer()
    assert ("eligible", [], "read", {"SOQUYETDINH": "12/QĐ"}) == (
        told["eligibility"],
        told["reasons"],
        told["decision"]["standing"],
        told["decision"]["fields"],
    )
    assert [
        ("H99.01", "full", "4", "eligible", []),
        ("H99.02", "information", "2", "not_eligible", ["information_only"]),
        ("H99.03", None, "9", "undecided", ["level_not_known"]),
    ] == [
        (one["agency_code"], one["level"], one["level_code"], one["eligibility"], one["reasons"])
        for one in told["services"]
    ]
    assert told["read_at"] is not None


async def test_a_decision_that_the_portal_does_not_have_is_told_as_such(desk: Desk) -> None:
    """Absent is an answer: it is kept, speaks against the offer, and is asked again a month later."""
    assert 1 == await desk.read_decisions()
    assert 0 == await desk.read_decisions()
    assert ["decision_absent"] == (await desk.offer())["reasons"]
    desk.clock.move(31 * DAY)
    desk.portal.decisions["70001"] = PublicationDecision(decision_id="70001", fields=())
    assert 1 == await desk.read_decisions()
    told = await desk.offer()
    assert [] == told["reasons"]
    assert told["decision"]["changed_at"] == told["decision"]["checked_at"]
    desk.clock.move(31 * DAY)
    assert 1 == await desk.read_decisions()
    again = (await desk.offer())["decision"]
    assert told["decision"]["changed_at"] == again["changed_at"] < again["checked_at"]


async def test_a_retired_procedure_is_not_offered_and_its_decision_not_asked_for(desk: Desk) -> None:
    """It stays readable with the reason; nothing more is asked about it."""
    desk.portal.records["1.999002"] = replace(COMPLETE, code="1.999002", publication_decision_id="")
    await desk.read_procedures()
    del desk.portal.records[CODE]
    await desk.read_procedures()
    assert 0 == await desk.read_decisions()
    told = await desk.offer()
    assert told["retired_at"] is not None
    assert ("not_eligible", ["retired", "decision_not_read"]) == (told["eligibility"], told["reasons"])


async def test_a_decision_that_cannot_be_asked_for_stops_no_other(desk: Desk) -> None:
    """It stays due and unknown; when the portal is ill altogether the rest is left for another time."""
    for number in range(2, 6):
        code = f"1.99900{number}"
        desk.portal.records[code] = replace(COMPLETE, code=code, publication_decision_id=f"7000{number}")
    await desk.read_procedures()
    desk.portal.failing["decision 70001"] = Rejected("no", system="portal", operation="decision")
    assert 4 == await desk.read_decisions()
    assert "not_read" == (await desk.offer())["decision"]["standing"]
    desk.clock.move(31 * DAY)
    failure = TransientFailure("no", system="portal", operation="decision")
    desk.portal.failing |= {f"decision 7000{number}": failure for number in range(1, 6)}
    desk.portal.taken()
    with pytest.raises(RemoteError):
        await desk.read_decisions()
    assert 3 == len(desk.portal.taken())


async def test_where_decisions_are_not_offered_they_stay_unknown(desk: Desk) -> None:
    """That is no failure, and no answer about any decision either."""
    for number in range(1, 6):
        code = f"1.99900{number}"
        desk.portal.records[code] = replace(COMPLETE, code=code, publication_decision_id=f"7000{number}")
        desk.portal.failing[f"decision 7000{number}"] = Rejected(
            "no", system="portal", operation="decision", code="no_such_service"
        )
    await desk.read_procedures()
    desk.portal.taken()
    assert 0 == await desk.read_decisions()
    assert ["decision 70001"] == desk.portal.taken()
    assert ("undecided", "not_read") == (
        (await desk.offer())["eligibility"],
        (await desk.offer())["decision"]["standing"],
    )


async def test_a_procedure_that_names_no_decision_or_is_withdrawn(desk: Desk) -> None:
    """Each reason is told beside the others."""
    desk.portal.records[CODE] = replace(COMPLETE, is_public=False, publication_decision_id="", channels=())
    await desk.read_procedures()
    told = await desk.offer()
    assert ["not_public", "no_online_channel", "no_decision"] == told["reasons"]
    assert ("not_eligible", "not_named", False) == (
        told["eligibility"],
        told["decision"]["standing"],
        told["is_public"],
    )


async def test_missing_obligations_are_listed(desk: Desk) -> None:
    """One procedure says what it lacks and where; the list gives those that lack one of the kinds asked for."""
    desk.portal.records |= {
        "1.999002": replace(COMPLETE, code="1.999002", reception_address="", results=()),
        "1.999003": replace(COMPLETE, code="1.999003", legal_bases=()),
        "1.999004": Procedure(code="1.999004", name="", is_public=False),
    }
    await desk.read_procedures()
    told = (await desk.api.get("/v1/procedures/1.999002/obligations")).json
    assert [("result", ""), ("reception_address", "")] == [(gap["obligation"], gap["path"]) for gap in told["missing"]]
    assert [] == (await desk.api.get(f"/v1/procedures/{CODE}/obligations")).json["missing"]
    for query, codes in [
        ("missing_obligation=result", ["1.999002"]),
        ("missing_obligation=result,legal_basis", ["1.999002", "1.999003"]),
        ("missing_obligation=fee", []),
    ]:
        page = (await desk.api.get(f"/v1/procedures?{query}")).json
        assert codes == [line["code"] for line in page["procedures"]]
    lines = (await desk.api.get("/v1/procedures")).json["procedures"]
    assert [[], ["result", "reception_address"], ["legal_basis"], []] == [line["missing_obligations"] for line in lines]


async def test_what_was_kept_before_is_judged_at_the_next_reading(desk: Desk, pool: Any) -> None:
    """A procedure from before this was judged is read again although its row is marked as unchanged."""
    desk.portal.marks[CODE] = "1"
    await desk.read_procedures()
    await pool.execute("UPDATE procedures SET missing_obligations = NULL")
    (line,) = (await desk.api.get("/v1/procedures")).json["procedures"]
    assert line["missing_obligations"] is None
    desk.portal.taken()
    await desk.read_procedures()
    assert ["list", CODE] == desk.portal.taken()
    (line,) = (await desk.api.get("/v1/procedures")).json["procedures"]
    assert [] == line["missing_obligations"]


async def test_an_unknown_procedure_is_not_found(desk: Desk) -> None:
    """Nothing is said of a code that was never seen."""
    for path in ("obligations", "online-services"):
        assert "procedure-not-found" == (await desk.api.get(f"/v1/procedures/1.999999/{path}")).problem
    assert "invalid-parameter" == (await desk.api.get("/v1/procedures?missing_obligation=beauty")).problem
