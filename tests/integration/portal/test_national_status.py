"""What the province tells of dossiers filed on the portal, between the adapter and the sandbox, over real HTTP."""

import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.portal.sandbox import PortalProfile
from adapters.sandboxing import FaultKind
from gateway.errors import ContractBroken, InvalidInput, OutcomeUnknown, RateLimited, Rejected, RemoteError
from gateway.model.status import DossierStatus
from gateway.ports.basics import KeyRing
from tests.support.town import PortalTown, portal_town
from tests.unit.mappings.test_portal_national_status import DOCUMENT, STATUS

FACADE = {
    "facade": {"create_path": "KetNoiMotCuaQuocGia/ThemMoi", "update_path": "a", "steps_path": "b"},
}
SERVICE = "DongBoTrangThaiHoSo"


@pytest.fixture
async def town(dsn: str, pool: Any, key_ring: KeyRing) -> AsyncIterator[PortalTown]:
    """Open a town whose portal has issued one application."""
    async with portal_town(dsn, pool, key_ring) as made:
        made.sandbox.state.national_codes.add(STATUS.national_code)
        yield made


async def test_a_status_arrives_field_by_field_and_a_repeat_is_harmless(town: PortalTown) -> None:
    """The portal keeps what was told in order, each once."""
    channel = town.portal.national
    assert channel.repeated_status_is_harmless
    completed = dataclasses.replace(STATUS, status=DossierStatus.COMPLETED, documents=(DOCUMENT,))
    for status in (STATUS, STATUS, completed):
        await channel.push_national_status(status)
    told = town.sandbox.state.national_statuses["QG-2026-000123"]
    assert [("2", "20260107090000", 0), ("2", "20260107090000", 1)] == [
        (status["TrangThai"], status["NgayXuLy"], len(status["TaiLieuXuLy"])) for status in told
    ]
    counters = town.sandbox.counters()
    assert (2, 1) == (counters["national_statuses_stored"], counters["national_statuses_repeated"])


async def test_a_dossier_that_was_not_filed_there_is_refused(town: PortalTown) -> None:
    """Refused means that a person decides; the error shows no content."""
    with pytest.raises(Rejected) as caught:
        await town.portal.national.push_national_status(dataclasses.replace(STATUS, national_code="QG-0"))
    assert "Đã tiếp nhận" not in f"{caught.value!r}{caught.value}"


async def test_what_cannot_be_written_is_never_sent(town: PortalTown) -> None:
    """Not one call is made for it."""
    with pytest.raises(InvalidInput):
        await town.portal.national.push_national_status(dataclasses.replace(STATUS, national_code=""))
    assert SERVICE not in {call.operation for call in town.sandbox.recorder.calls(after=0, limit=100)}


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.DROP_REPLY, OutcomeUnknown),
        (FaultKind.MALFORMED_JSON, ContractBroken),
        (FaultKind.RATE_LIMITED, RateLimited),
    ],
)
async def test_a_failure_says_whether_it_may_have_had_an_effect(
    town: PortalTown, kind: FaultKind, error: type[RemoteError]
) -> None:
    """A lost answer is an unknown outcome and is not repeated by itself."""
    town.fault(kind, calls=5, operation=SERVICE)
    with pytest.raises(error):
        await town.portal.national.push_national_status(STATUS)
    assert 1 == len(town.sandbox.recorder.calls(after=0, limit=100, operation=SERVICE))


async def test_a_session_that_ends_is_renewed(town: PortalTown) -> None:
    """The status is told once, under the new session."""
    await town.portal.national.push_national_status(STATUS)
    town.sandbox.expire_sessions()
    await town.portal.national.push_national_status(dataclasses.replace(STATUS, content="Khác"))
    assert 2 == len(town.sandbox.state.national_statuses[STATUS.national_code])


async def test_a_facade_takes_the_bare_record(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """At a facade the record goes without envelope to its own path, and where there is none it is refused unsent."""
    profile = PortalProfile.parse({"is_facade_served": True, "national_statuses": "as_is"})
    raw = {**FACADE, "national_status": "as_is_refused_11"}
    async with portal_town(dsn, pool, key_ring, profile=profile, settings=raw) as town:
        town.sandbox.state.national_codes.add(STATUS.national_code)
        refused = dataclasses.replace(STATUS, status=DossierStatus.REFUSED)
        await town.portal.national.push_national_status(refused)
        [told] = town.sandbox.state.national_statuses[STATUS.national_code]
        assert "11" == told["TrangThai"]
    without = {"facade": {**FACADE["facade"], "national_status_path": None}}
    async with portal_town(dsn, pool, key_ring, profile=profile, settings=without) as town:
        with pytest.raises(Rejected) as caught:
            await town.portal.national.push_national_status(STATUS)
        assert "no_such_service" == caught.value.code
