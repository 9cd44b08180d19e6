"""A portal that changes without a word: seen, counted, kept and shown, while everything still arrives."""

import contextlib
from typing import Any

import pytest

from adapters.portal.sandbox import PortalProfile
from adapters.portal.sandbox.profile import FieldType
from adapters.sandboxing import FaultKind
from gateway.clocks import SystemClock
from gateway.engine.drift import DriftBuffer
from gateway.errors import Rejected, StoreUnavailable
from gateway.ports.basics import KeyRing
from gateway.ports.observing import DriftFound, DriftOverflowed, DriftSeen, Happening
from gateway.ports.portal_services import CatalogueName, DriftKind, DriftSighting, QuestionSource
from gateway.store.drift import PostgresDrift, list_drift
from tests.support.api import running_api
from tests.support.changes import replacement, step
from tests.support.clocks import StillClock
from tests.support.town import PortalTown, portal_town

CODE = "H99.01-260105-00001"
PERSON = "Nguyễn Thị Mẫu"


async def live_a_day(town: PortalTown) -> None:
    """Use every operation once: catalogue, create, a lost answer with its look-up, update, step, questions."""
    town.fault(FaultKind.DROP_REPLY, calls=1, operation="DongBoHoSoMC")
    await town.accept(replacement(CODE, procedure_code=town.procedure_code))
    await town.work_until_settled()
    await town.accept(replacement(CODE, procedure_code=town.procedure_code, note="đã sửa"), step(CODE, minutes=30))
    assert not [state for state in await town.work_until_settled() if state not in ("delivered", "skipped")]
    for source in QuestionSource:
        for question in await town.portal.statements.list_questions(source):
            await town.portal.statements.answers_of(question.question_id)
    for name in CatalogueName:
        with contextlib.suppress(Rejected):  # Not every portal offers every catalogue.
            await town.portal.catalogues.read_catalogue(name)
    await town.portal.catalogues.list_online_services()
    await town.portal.catalogues.find_technical_id("999199000001")


def told(sightings: list[DriftSighting]) -> set[tuple[str, str, str]]:
    return {(one.operation, one.kind.value, one.place) for one in sightings}


@pytest.mark.parametrize(
    "profile",
    [
        PortalProfile(),
        PortalProfile.parse({"code_dialect": "double_zero", "push_result": "empty_list"}),
        PortalProfile.parse({"is_reply_wrapped": True, "has_lookup_nested_lists": False}),
    ],
)
async def test_a_portal_as_documented_is_no_drift(
    dsn: str, pool: Any, key_ring: KeyRing, profile: PortalProfile
) -> None:
    """In every documented dialect a whole day shows no difference: what is told later is news."""
    sightings: list[DriftSighting] = []
    defects: list[BaseException] = []
    async with portal_town(
        dsn, pool, key_ring, profile=profile, watch=sightings.append, on_defect=defects.append
    ) as town:
        await live_a_day(town)
    # The sandbox shows one level of services that nobody knows, as the wire notes leave room for.
    assert {("list_online_services", "new_code", "result.data.APDUNGDVC.MUCDO")} == told(sightings)
    assert [] == defects


async def test_changes_are_seen_and_harm_nothing(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """Added, renamed, retyped and recoded fields and new keys of the envelope are told; everything arrives."""
    sightings: list[DriftSighting] = []
    async with portal_town(dsn, pool, key_ring, watch=sightings.append) as town:
        assert set() == told(sightings)
        town.sandbox.change_profile(
            added_fields={"NGUOIPHUTRACH": PERSON},
            added_envelope_fields={"requestId": "c0ffee"},
            renamed_fields={"TENTRINHTU": "TENBUOC"},
            retyped_fields={"TUKHOA": FieldType.LIST},
            recoded_fields={"KENH": "9"},
        )
        await town.portal.list_procedures()
        record = await town.portal._client.get_procedure(town.procedure_code)
        assert record is not None
        await live_a_day(town)
        assert town.sandbox.dossier(CODE) is not None

    found = told(sightings)
    for expected in (
        ("list_procedures", "new_field", "result.NGUOIPHUTRACH"),
        ("get_procedure", "new_field", "result.NGUOIPHUTRACH"),
        ("get_procedure", "new_field", "result.TRINHTUTHUCHIEN.TRINHTU.TENBUOC"),
        ("get_procedure", "changed_type", "result.TUKHOA"),
        ("get_procedure", "new_code", "result.CACHTHUCTHUCHIEN.KENH"),
        ("look_up", "new_field", "result.NGUOIPHUTRACH"),
        ("update", "new_field", "requestId"),
        ("steps", "new_field", "requestId"),
    ):
        assert expected in found
    assert {"9"} == {one.example for one in sightings if one.kind is DriftKind.NEW_CODE}
    assert PERSON not in repr(sightings)


def sighting(place: str = "result.MOI", kind: DriftKind = DriftKind.NEW_FIELD) -> DriftSighting:
    return DriftSighting(
        system="portal", operation="look_up", kind=kind, place=place, detail="not known", example="text, 3 characters"
    )


async def test_a_difference_is_kept_once_and_counted(pool: Any) -> None:
    """Sightings add up over flushes and processes; first and last are kept; only the first ever is news."""
    clock, happenings = StillClock(), list[Happening]()
    buffers = [DriftBuffer(PostgresDrift(pool), clock=clock, observer=happenings.append) for _ in range(2)]
    first_at = clock.now()
    for _ in range(3):
        for buffer in buffers:
            buffer(sighting())
            buffer(sighting(kind=DriftKind.CHANGED_TYPE))
            clock.move(1)
            await buffer.flush()
    lines = await list_drift(pool, "portal")
    assert [6, 6] == [line.sightings_count for line in lines]
    assert {(first_at, 5.0)} == {
        (line.first_seen_at, (line.last_seen_at - line.first_seen_at).total_seconds()) for line in lines
    }
    assert 2 == len([one for one in happenings if isinstance(one, DriftFound)])
    assert 12 == len([one for one in happenings if isinstance(one, DriftSeen)])
    assert 2 == await pool.fetchval("SELECT count(*) FROM events WHERE type = 'system.drift_found'")


async def test_what_finds_no_room_is_counted(pool: Any) -> None:
    """Neither memory nor table grows beyond its bound; what was known before is still counted."""
    happenings: list[Happening] = []
    buffer = DriftBuffer(PostgresDrift(pool, bound=5), clock=SystemClock(), observer=happenings.append, capacity=10)
    for number in range(13):
        buffer(sighting(f"result.F{number}"))
    assert 3 == sum(one.count for one in happenings if isinstance(one, DriftOverflowed))
    await buffer.flush()
    kept = await list_drift(pool, "portal")
    assert 5 == len(kept)
    for number in range(100, 105):
        buffer(sighting(f"result.F{number}"))
    buffer(sighting(kept[0].place))
    await buffer.flush()
    assert [1, 1, 1, 1, 2] == sorted(line.sightings_count for line in await list_drift(pool, "portal"))


class _AwayOnce:
    """A store that cannot be reached the first time."""

    def __init__(self, store: PostgresDrift) -> None:
        self._store = store
        self._is_away = True

    async def record(self, gathered: Any) -> Any:
        if self._is_away:
            self._is_away = False
            raise StoreUnavailable("away")
        return await self._store.record(gathered)


async def test_a_database_that_is_away_loses_no_sighting(pool: Any) -> None:
    """What could not be written stays gathered, with what came meanwhile."""
    buffer = DriftBuffer(_AwayOnce(PostgresDrift(pool)), clock=SystemClock(), observer=lambda _: None)
    buffer(sighting())
    with pytest.raises(StoreUnavailable):
        await buffer.flush()
    buffer(sighting())
    assert 1 == await buffer.flush()
    assert [2] == [line.sightings_count for line in await list_drift(pool, "portal")]


@pytest.fixture
async def seen(pool: Any) -> int:
    await pool.execute("INSERT INTO system_states (system) VALUES ('portal')")
    buffer = DriftBuffer(PostgresDrift(pool), clock=StillClock(), observer=lambda _: None)
    buffer(sighting())
    await buffer.flush()
    number: int = await pool.fetchval("SELECT drift_id FROM contract_drift")
    return number


async def test_operators_see_and_acknowledge(pool: Any, key_ring: KeyRing, seen: int) -> None:
    """A difference is listed until somebody has seen it; who came first stays; what does not exist is not found."""
    async with running_api(pool, key_ring) as api:
        (line,) = (await api.get("/v1/systems/portal/drift?is_acknowledged=false")).json["drift"]
        assert ("new_field", "result.MOI", 1, None) == (
            line["kind"], line["place"], line["sightings_count"], line["acknowledged_at"],
        )  # fmt: skip
        address = f"/v1/systems/portal/drift/{seen}:acknowledge"
        acknowledged = (await api.call("POST", address)).json
        other = api.with_token(await api.register("other"))
        again = (await other.call("POST", address)).json
        assert ["one-stop", "one-stop"] == [acknowledged["acknowledged_by"], again["acknowledged_by"]]
        assert [] == (await api.get("/v1/systems/portal/drift?is_acknowledged=false")).json["drift"]
        assert 1 == len((await api.get("/v1/systems/portal/drift")).json["drift"])
        assert "drift-not-found" == (await api.call("POST", "/v1/systems/portal/drift/9999:acknowledge")).problem
        assert "system-not-found" == (await api.get("/v1/systems/nowhere/drift")).problem
