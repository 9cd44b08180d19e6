"""Catalogues, online services, decisions and technical ids, read from the sandbox over real HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.portal.sandbox import PortalProfile
from adapters.portal.sandbox.catalogue_lists import FIELDS
from adapters.portal.sandbox.reads import technical_id_of
from adapters.sandboxing import FaultKind
from gateway.errors import ContractBroken, RateLimited, Rejected, RemoteError, TransientFailure
from gateway.ports.basics import KeyRing
from gateway.ports.portal_services import CatalogueName
from tests.support.town import PortalTown, portal_town
from tests.unit.adapters.portal.test_requests import SERVICES

NUMBER = "999199000001"
FACADE = {
    "create_path": "KetNoiMotCuaQuocGia/ThemMoi",
    "update_path": "KetNoiMotCuaQuocGia/CapNhat",
    "steps_path": "KetNoiMotCuaQuocGia/DongBoTienTrinh",
    "technical_id_path": "KetNoiMotCuaQuocGia/TraCuuTechID",
}


@pytest.fixture
async def town(dsn: str, pool: Any, key_ring: KeyRing) -> AsyncIterator[PortalTown]:
    """Open a town whose portal has every catalogue."""
    async with portal_town(dsn, pool, key_ring, procedures_count=20) as made:
        yield made


async def test_every_catalogue_is_read_in_full(town: PortalTown) -> None:
    """Code by code and name by name, in the portal's order, with what else an item says."""
    state = town.sandbox.state
    held = {**state.catalogues, "LayDanhMucCoQuan": state.agencies, "LayDanhMucLinhVuc": state.sectors}
    for name in CatalogueName:
        code_field, name_field = FIELDS[SERVICES[name]]
        theirs = held[SERVICES[name]]
        ours = await town.portal.catalogues.read_catalogue(name)
        assert [(item[code_field], item[name_field].strip()) for item in theirs] == [(i.code, i.name) for i in ours]
        assert [len(item) - 2 for item in theirs] == [len(item.attributes) for item in ours]


@pytest.mark.parametrize(
    ("oddity", "count", "codes_count"),
    [("duplicates", 5003, 5000), ("contradictions", 5003, 5000), ("one_short", 4999, 4999), ("empty", 0, 0)],
)
async def test_an_odd_list_is_handed_on_as_it_came(town: PortalTown, oddity: str, count: int, codes_count: int) -> None:
    """The reader hides nothing from whoever keeps the copy."""
    service = "LayDanhMucPhuongXa"
    town.sandbox.change_profile(catalogue_sizes={service: 5000}, catalogue_oddities={service: oddity})
    items = await town.portal.catalogues.read_catalogue(CatalogueName.COMMUNES)
    found = (len(items), len({item.code for item in items}))
    assert (count, codes_count) == found if oddity in ("one_short", "empty") else found[0] > found[1] == codes_count


async def test_items_without_a_code_stay_visible(town: PortalTown) -> None:
    """They have the empty code."""
    service = "LayDanhMucCoQuan"
    town.sandbox.change_profile(catalogue_oddities={service: "missing_codes"})
    items = await town.portal.catalogues.read_catalogue(CatalogueName.AGENCIES)
    assert len(town.sandbox.state.agencies) == len(items)
    assert any(not item.code and item.name for item in items)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.MALFORMED_JSON, ContractBroken),
        (FaultKind.SERVER_ERROR, TransientFailure),
        (FaultKind.RESET_MID_ANSWER, TransientFailure),
        (FaultKind.RATE_LIMITED, RateLimited),
        (FaultKind.ODD_RESULT, ContractBroken),
    ],
)
async def test_a_list_that_did_not_come_is_never_an_empty_one(
    town: PortalTown, kind: FaultKind, error: type[RemoteError]
) -> None:
    """Could not ask and nothing found never look alike."""
    town.fault(kind, calls=9, operation="LayDanhMucDanToc")
    with pytest.raises(error):
        await town.portal.catalogues.read_catalogue(CatalogueName.ETHNIC_GROUPS)


async def test_a_service_that_the_portal_lacks_is_told_as_such(town: PortalTown) -> None:
    """Not a refusal that a person has to look into at every run."""
    town.sandbox.change_profile(unserved_services=("LayDanhMucTonGiao", "LayDVC", "LayQDCB", "TraCuuTechID"))
    reader = town.portal.catalogues
    for ask in (
        reader.read_catalogue(CatalogueName.RELIGIONS),
        reader.list_online_services(),
        reader.get_decision("70001"),
        reader.find_technical_id(NUMBER),
    ):
        with pytest.raises(Rejected) as caught:
            await ask
        assert "no_such_service" == caught.value.code


async def test_other_fields_are_found_once_they_are_set(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """Until then the list is refused, not read as items without codes."""
    profile = PortalProfile(catalogue_fields={"LayDanhMucGioiTinh": ("MA", "TEN")})
    async with portal_town(dsn, pool, key_ring, profile=profile) as town:
        with pytest.raises(ContractBroken):
            await town.portal.catalogues.read_catalogue(CatalogueName.GENDERS)
    rules = {"wire": {"catalogue_fields": {"genders": ["MA", "TEN"]}}}
    async with portal_town(dsn, pool, key_ring, profile=profile, settings=rules) as town:
        items = await town.portal.catalogues.read_catalogue(CatalogueName.GENDERS)
        assert ["1", "2", "9"] == [item.code for item in items]


async def test_online_services_are_read_with_their_levels(town: PortalTown) -> None:
    """One per procedure; a level that nobody knows keeps its code."""
    services = await town.portal.catalogues.list_online_services()
    assert [f"{code}.01" for code in town.sandbox.state.procedures] == [service.code for service in services]
    levels = {(one.level, one.level_code) for service in services for one in service.applications}
    assert {("full", "4"), ("partial", "3"), ("information", "2"), (None, ""), (None, "9")} == levels


async def test_a_decision_is_found_or_absent(town: PortalTown) -> None:
    """Every field comes under its place."""
    decision = await town.portal.catalogues.get_decision("70001")
    assert decision is not None
    fields = dict(decision.fields)
    assert ("70001/QĐ-UBND", "H99") == (fields["SOQUYETDINH"], fields["COQUANBANHANH.MADONVI"])
    assert await town.portal.catalogues.get_decision("1") is None


async def test_a_technical_id_is_found_or_absent(town: PortalTown) -> None:
    """By the number that somebody registered with; an error shows no number."""
    reader = town.portal.catalogues
    assert technical_id_of(NUMBER) == await reader.find_technical_id(NUMBER)
    assert await reader.find_technical_id("999199000000") is None
    town.sandbox.change_profile(technical_id_provider="other")
    with pytest.raises(Rejected) as caught:
        await reader.find_technical_id(NUMBER)
    assert NUMBER not in f"{caught.value!r}"


async def test_the_own_units_procedures_are_listed(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """The list of one unit is read in place of the whole one, natively and at a facade."""
    for more in ({}, {"facade": FACADE}):
        profile = PortalProfile(is_facade_served=True)
        settings = {"lists_own_procedures": True, "unit_code": "H99.01", **more}
        async with portal_town(dsn, pool, key_ring, profile=profile, settings=settings) as town:
            listed = await town.portal.list_procedures()
            assert 0 < len(listed) < len(town.sandbox.state.procedures)
            assert {"LayDanhSachTTHCDonVi"} == {
                call.operation for call in town.sandbox.recorder.calls(after=0, limit=99)
            } & {"LayDanhSachTTHC", "LayDanhSachTTHCDonVi"}


async def test_a_facade_gives_what_it_offers(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """Wrapped catalogues and decisions, a technical id that is not wrapped, and no more than it is known to have."""
    profile = PortalProfile(is_facade_served=True)
    async with portal_town(dsn, pool, key_ring, profile=profile, settings={"facade": FACADE}) as town:
        reader = town.portal.catalogues
        for name in (
            CatalogueName.SECTORS,
            CatalogueName.PROCEDURE_TYPES,
            CatalogueName.PROCEDURE_GROUPS,
            CatalogueName.PROCEDURES_BY_TYPE,
        ):
            assert await reader.read_catalogue(name)
        assert technical_id_of(NUMBER) == await reader.find_technical_id(NUMBER)
        assert await reader.get_decision("70001") is not None
        with pytest.raises(Rejected):
            await reader.read_catalogue(CatalogueName.GENDERS)
