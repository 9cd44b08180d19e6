"""Which dossiers the portal holds, asked of the sandbox over real HTTP."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest

from adapters.portal.sandbox import PortalProfile
from adapters.portal.sandbox.damage import DamageOrder, damage
from adapters.portal.sandbox.intake import Intake
from adapters.sandboxing import FaultKind
from gateway.errors import ContractBroken, InvalidInput, Rejected, TransientFailure
from gateway.ports.basics import KeyRing
from tests.support.town import PortalTown, portal_town
from tests.unit.adapters.portal.sandbox.portal_helpers import code, dossier_record

LISTING = {"has_dossier_listing": True, "listing_page_size": 4}
JANUARY = {"received_from": date(2026, 1, 5), "received_to": date(2026, 1, 7)}


@pytest.fixture
async def town(dsn: str, pool: Any, key_ring: KeyRing) -> AsyncIterator[PortalTown]:
    """Open a town whose portal lists: ten dossiers of the 5th and 6th, one of the 7th."""
    profile = PortalProfile(is_listing_served=True, is_unknown_procedure_accepted=True)
    async with portal_town(dsn, pool, key_ring, profile=profile, settings=LISTING) as made:
        intake = Intake(made.sandbox.state, profile)
        days = ["05"] * 5 + ["06"] * 5 + ["07"]
        records = [dossier_record(code(n), NgayTiepNhan=f"202601{day}120000") for n, day in enumerate(days)]
        assert 0 == intake.push_dossiers(records, is_updating=False).code
        yield made


async def all_codes(town: PortalTown) -> list[str]:
    """Read to the end."""
    codes: list[str] = []
    page: int | None = 1
    async with asyncio.timeout(10):
        while page is not None:
            listed = await town.portal.national.list_dossiers(**JANUARY, page=page)
            codes += listed.codes
            page = listed.next_page
    return codes


async def test_every_dossier_of_the_interval_is_listed_once(town: PortalTown) -> None:
    """The interval is half-open in Vietnamese days, and short pages do not end it."""
    assert town.portal.national.has_listing
    assert [code(number) for number in range(10)] == await all_codes(town)
    town.sandbox.change_profile(max_listing_page=3)
    assert [code(number) for number in range(10)] == await all_codes(town)


async def test_damage_shows_in_the_list(town: PortalTown) -> None:
    """Lost codes are missing, foreign ones appear, doubled ones come twice."""
    done = damage(town.sandbox.state, DamageOrder(seed=4, lose=1, duplicate=1))
    codes = await all_codes(town)
    [lost] = [one["code"] for one in done if one["kind"] == "lost"]
    [doubled] = [one["code"] for one in done if one["kind"] == "duplicated"]
    assert lost not in codes
    assert 2 == codes.count(doubled)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"is_listing_paged": False}, "page_ignored"),
        ({"is_listing_narrowed": False}, "malformed_list"),
    ],
)
async def test_a_portal_that_ignores_the_question_is_not_believed(
    town: PortalTown, settings: dict[str, Any], reason: str
) -> None:
    """A wrong list would be taken for the truth by a reconciliation."""
    town.sandbox.change_profile(**settings)
    with pytest.raises(ContractBroken) as caught:
        await all_codes(town)
    assert reason == caught.value.code


async def test_a_page_that_could_not_be_had_is_an_error(town: PortalTown) -> None:
    """It never looks like the end of the list."""
    town.fault(FaultKind.SERVER_ERROR, calls=9, operation="TraCuuHoSo")
    with pytest.raises(TransientFailure):
        await town.portal.national.list_dossiers(**JANUARY, page=1)
    town.sandbox.faults.clear()
    town.sandbox.change_profile(is_listing_served=False)
    with pytest.raises(Rejected):
        await town.portal.national.list_dossiers(**JANUARY, page=1)


async def test_a_question_without_sense_is_not_asked(town: PortalTown) -> None:
    """Empty intervals and pages below 1 are the caller's fault; past the last believable page the portal's."""
    for wrong in ({"page": 0}, {"page": 1, "received_to": date(2026, 1, 5)}):
        with pytest.raises(InvalidInput):
            await town.portal.national.list_dossiers(**{**JANUARY, **wrong})  # type: ignore[arg-type]
    with pytest.raises(ContractBroken):
        await town.portal.national.list_dossiers(**JANUARY, page=10_001)


@pytest.mark.parametrize(
    "settings",
    [{}, {"has_dossier_listing": True, "facade": {"create_path": "a", "update_path": "b", "steps_path": "c"}}],
)
async def test_without_the_setting_nothing_is_listed(
    dsn: str, pool: Any, key_ring: KeyRing, settings: dict[str, Any]
) -> None:
    """Listing is off by default, and facades have none."""
    profile = PortalProfile(is_facade_served=True)
    async with portal_town(dsn, pool, key_ring, profile=profile, settings=settings) as town:
        assert not town.portal.national.has_listing
        with pytest.raises(Rejected) as caught:
            await town.portal.national.list_dossiers(**JANUARY, page=1)
        assert "no_such_service" == caught.value.code
