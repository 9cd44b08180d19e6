"""Catalogues, online services and decisions from the sandbox over real HTTP into the store and out of the API."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from adapters.portal.sandbox import PortalProfile
from gateway.engine.catalogues import ListPolicy, lists_of, read_decisions, read_lists
from gateway.engine.procedures import sync_procedures
from gateway.ports.basics import KeyRing
from gateway.ports.portal_services import CatalogueName
from gateway.store.catalogues import PostgresCatalogues
from tests.support.api import ApiUnderTest, running_api
from tests.support.clocks import StillClock
from tests.support.town import CLOCK, PortalTown, portal_town

COMMUNES = "LayDanhMucPhuongXa"


@dataclass(slots=True)
class Office:
    """A town with its portal, the store of lists, and the API."""

    town: PortalTown
    store: PostgresCatalogues
    api: ApiUnderTest
    clock: StillClock

    async def read(self) -> int | None:
        """Read everything that is due on the next day."""
        self.clock.move(86_400)
        return await read_lists(
            "portal",
            lists_of(self.town.portal.catalogues, self.town.portal.catalogues, tuple(CatalogueName)),
            self.store,
            clock=self.clock,
            observer=self.town.happenings.append,
            policy=ListPolicy(),
        )

    async def communes(self) -> Any:
        return (await self.api.get("/v1/catalogues/communes?limit=1")).json


@pytest.fixture
async def office(dsn: str, pool: Any, key_ring: KeyRing) -> AsyncIterator[Office]:
    """Open an office whose portal has five thousand communes."""
    async with portal_town(dsn, pool, key_ring, procedures_count=20) as town, running_api(pool, key_ring) as api:
        town.sandbox.change_profile(catalogue_sizes={COMMUNES: 5000})
        made = Office(town, PostgresCatalogues(pool, "portal"), api, StillClock())
        await made.read()
        yield made


async def test_everything_is_kept_as_the_portal_has_it(office: Office) -> None:
    """Every catalogue and the online services have a first version without a finding."""
    lines = (await office.api.get("/v1/catalogues")).json["catalogues"]
    assert {(True, "", 1)} == {(line["is_offered"], line["failure"], line["version_number"]) for line in lines}
    assert {line["name"]: line["findings"] for line in lines if line["findings"]} == {}
    page = await office.communes()
    assert (5000, 5000) == (page["version"]["items_count"], page["catalogue"]["items_count"])


@pytest.mark.parametrize(
    ("oddity", "items_count", "is_held", "rules"),
    [
        ("one_short", 4999, False, {"shorter"}),
        ("empty", 5000, True, {"too_short"}),
        ("duplicates", 5000, False, {"duplicate"}),
        ("contradictions", 5000, False, {"contradiction"}),
        ("missing_codes", None, False, {"no_code", "shorter"}),
    ],
)
async def test_odd_lists(office: Office, oddity: str, items_count: int | None, is_held: bool, rules: set[str]) -> None:
    """Each oddity is told by its rule; none makes the copy worse, and the next good list heals it."""
    office.town.sandbox.change_profile(catalogue_oddities={COMMUNES: oddity})
    await office.read()
    line = (await office.communes())["catalogue"]
    assert is_held == line["is_held"]
    assert {finding["rule"] for finding in line["findings"]} <= rules
    assert line["findings"]
    assert items_count is None or items_count == line["items_count"]
    office.town.sandbox.change_profile(catalogue_oddities={})
    await office.read()
    line = (await office.communes())["catalogue"]
    assert (5000, [], False) == (line["items_count"], line["findings"], line["is_held"])


async def test_a_procedure_is_offered_as_its_decision_says(office: Office) -> None:
    """The decision that the record names is read from the portal and is the source of the judgement."""
    answered = await read_decisions(
        office.town.portal.catalogues, office.store, clock=office.clock, recheck_after=timedelta(days=30)
    )
    assert answered
    told = (await office.api.get(f"/v1/procedures/{office.town.procedure_code}/online-services")).json
    assert "read" == told["decision"]["standing"]
    assert told["decision"]["fields"]
    assert told["services"]
    assert all(offer["agency_code"] and offer["level"] for offer in told["services"])


async def test_only_changed_records_are_read_where_the_list_marks_them(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """With the list's update mark named, a second reading asks for the one record that changed."""
    mark = "NGAYCAPNHAT"
    async with portal_town(
        dsn,
        pool,
        key_ring,
        profile=PortalProfile(procedure_mark_field=mark),
        settings={"wire": {"procedure_mark_field": mark}},
    ) as town:
        town.sandbox.recorder.reset()
        town.sandbox.change_procedure(town.procedure_code, {"YEUCAU": "Yêu cầu mới"})
        await sync_procedures(town.portal, town.procedures, clock=CLOCK, observer=town.happenings.append)
        assert 1 == len(town.sandbox.recorder.calls(operation="LayThuTuc"))
