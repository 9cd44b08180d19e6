"""Lists, timelines, deliveries and procedures."""

import asyncio
from datetime import datetime, timedelta

import msgspec
import pytest

from gateway.model.dossier import AgencyRef, Channel
from gateway.model.procedure import Procedure
from gateway.model.status import DossierStatus
from tests.support.api import ApiUnderTest
from tests.support.clocks import START, RunningClock
from tests.support.procedures import store_procedure
from tests.support.samples import APPLICANT_NAME, make_dossier, make_step

DEEPER = AgencyRef(code="H99.01.02", name="Phòng")
ELSEWHERE = AgencyRef(code="H99.010", name="Sở có mã giống")


def code(number: int) -> str:
    return f"H99.01-260105-{number:05}"


async def all_codes(api: ApiUnderTest, query: str = "", limit: int = 3) -> list[str]:
    codes, cursor = [], ""
    while True:
        page = (await api.get(f"/v1/dossiers?limit={limit}{query}{cursor}")).json
        codes += [line["code"] for line in page["dossiers"]]
        if page["next_cursor"] is None:
            return codes
        cursor = f"&cursor={page['next_cursor']}"


async def test_pages_are_complete_while_dossiers_come_in(api: ApiUnderTest) -> None:
    """Whatever was there at the start is on exactly one page, however much is added meanwhile."""
    before = [code(number) for number in range(40)]
    await api.import_lines(*({"code": one, "dossier": make_dossier()} for one in before))

    async def add() -> None:
        for number in range(100, 130):
            await api.put(code(number), make_dossier())

    adding = asyncio.create_task(add())
    seen = await all_codes(api)
    await adding

    assert len(seen) == len(set(seen))
    assert set(before) <= set(seen)
    assert before == [one for one in seen if one in set(before)]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [0, 1, 2, 3]),
        ("&status=processing", [1]),
        ("&status=processing,refused", [1, 2]),
        ("&status=processing&status=refused", [1, 2]),
        ("&channel=postal", [3]),
        ("&procedure_code=1.999009", [2]),
        ("&agency=H99.01.02", [1]),
        ("&agency=H99.01", [0, 1, 2]),
        ("&agency=H99.010", [3]),
        ("&agency=H99", [0, 1, 2, 3]),
        ("&agency=H98", []),
        ("&changed_after=2026-01-05T08:00:00Z", [1]),
        ("&changed_after=2026-01-05T07:59:59Z&status=received", [0, 3]),
    ],
)
async def test_filters(api: ApiUnderTest, query: str, numbers: list[int]) -> None:
    """Each filter gives what it says and no more; several are combined."""
    await api.put(code(0), make_dossier())
    await api.put(code(1), make_dossier(handling_agency=DEEPER))
    await api.put(code(2), make_dossier(status=DossierStatus.REFUSED, procedure_code="1.999009"))
    await api.put(code(3), make_dossier(channel=Channel.POSTAL, receiving_agency=ELSEWHERE, handling_agency=ELSEWHERE))
    _move(api, 60)
    await api.progress(code(1), make_step(DossierStatus.PROCESSING), Idempotency_Key="k")

    assert [code(number) for number in numbers] == await all_codes(api, query)


def _move(api: ApiUnderTest, seconds: float) -> None:
    clock = api.services.clock
    assert isinstance(clock, RunningClock)
    clock.move(seconds)


async def test_a_line_carries_what_is_known_and_no_person(api: ApiUnderTest) -> None:
    """The list shows codes, instants, status and amounts; nothing that needs to be opened."""
    await api.put(code(0), make_dossier())

    answered = await api.get("/v1/dossiers")

    [line] = answered.json["dossiers"]
    assert {
        "code": code(0),
        "procedure_code": "1.999001",
        "receiving_agency_code": "H99.01",
        "handling_agency_code": "H99.01",
        "channel": "online",
        "origin": "province",
        "status": "received",
        "status_at": "2026-01-05T07:00:00Z",
        "submitted_at": "2026-01-05T06:00:00Z",
        "received_at": "2026-01-05T07:00:00Z",
        "due_at": "2026-01-12T06:00:00Z",
        "finished_at": None,
        "returned_at": None,
        "fees_total_vnd": 10_000,
        "revision": 1,
        "accepted_at": "2026-01-05T08:00:00Z",
        "changed_at": "2026-01-05T08:00:00Z",
    } == line
    assert APPLICANT_NAME.encode() not in answered.body


async def test_the_timeline_of_a_dossier_that_waits(api: ApiUnderTest) -> None:
    """What came in is listed in order; what is owed says when it is sent."""
    await api.put(code(0), make_dossier())
    _move(api, 60)
    await api.progress(code(0), make_step(DossierStatus.PROCESSING), Idempotency_Key="k1")
    late = make_step(DossierStatus.RECEIVED, occurred_at=START - timedelta(hours=3))
    await api.progress(code(0), late, Idempotency_Key="k2")

    timeline = (await api.get(f"/v1/dossiers/{code(0)}/timeline")).json

    assert (3, "processing", True) == (timeline["revision"], timeline["status"], timeline["is_complete"])
    assert [
        ("change", "replacement", 1, "received", False),
        ("change", "progress", 2, "processing", False),
        ("change", "progress", 3, "processing", True),
    ] == [
        (entry["kind"], entry["what"], entry["revision"], entry["status"], entry["is_late"])
        for entry in timeline["entries"]
    ]
    assert {"one-stop"} == {entry["client_id"] for entry in timeline["entries"]}
    [system] = timeline["systems"]
    assert ("portal", "absent", "attempt") == (system["system"], system["presence"], system["next_step"])
    due_at = await api.services.pool.fetchval("SELECT due_at FROM lanes")
    assert due_at == msgspec.convert(system["next_at"], datetime)
    assert [(1, "snapshot"), (2, "snapshot"), (2, "step"), (3, "step"), (3, "snapshot")] == [
        (delivery["revision"], delivery["kind"]) for delivery in system["open_deliveries"]
    ]


async def test_the_timeline_of_a_dossier_that_is_parked(api: ApiUnderTest) -> None:
    """What a system answered stands among what came in; a parked delivery says that a person is next, and why."""
    await api.put(code(0), make_dossier())
    pool = api.services.pool
    await pool.execute("UPDATE deliveries SET state = 'parked', reason = 'unmapped procedure 1.999001'")
    await pool.execute("UPDATE lanes SET due_at = NULL")
    await pool.execute(
        "INSERT INTO events (occurred_at, type, subject, agency_code, dossier_id, revision, data) "
        "SELECT $1, 'delivery.parked', code, handling_agency_code, dossier_id, 1, '{\"system\": \"portal\"}'::jsonb "
        "FROM dossiers",
        START + timedelta(seconds=1),
    )
    await pool.execute(
        "INSERT INTO conflicts (system, dossier_id, field, revision, detected_at) "
        "SELECT 'portal', dossier_id, 'status', 1, $1 FROM dossiers",
        START,
    )

    timeline = (await api.get(f"/v1/dossiers/{code(0)}/timeline")).json

    assert ["replacement", "delivery.parked"] == [entry["what"] for entry in timeline["entries"]]
    assert {"system": "portal"} == timeline["entries"][1]["data"]
    [system] = timeline["systems"]
    assert ("person", None, "unmapped procedure 1.999001") == (
        system["next_step"],
        system["next_at"],
        system["reason"],
    )
    assert ["status"] == [conflict["field"] for conflict in system["conflicts"]]


async def test_a_timeline_that_is_cut_says_so(api: ApiUnderTest) -> None:
    """With a limit the newest entries are given, and the answer says that there are more."""
    for number in range(4):
        await api.put(code(0), make_dossier(note=str(number)))

    timeline = (await api.get(f"/v1/dossiers/{code(0)}/timeline?limit=2")).json

    assert ([3, 4], False) == ([entry["revision"] for entry in timeline["entries"]], timeline["is_complete"])


async def test_deliveries_are_paged_in_order(api: ApiUnderTest) -> None:
    """Everything that was owed is listed once, in the order of acceptance."""
    await api.put(code(0), make_dossier())
    for number in range(4):
        step = make_step(DossierStatus.RECEIVED, occurred_at=START + timedelta(minutes=number))
        await api.progress(code(0), step, Idempotency_Key=f"k{number}")

    found, cursor = [], ""
    while True:
        page = (await api.get(f"/v1/dossiers/{code(0)}/deliveries?limit=2&system=portal{cursor}")).json
        found += [(line["revision"], line["kind"], line["state"]) for line in page["deliveries"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert [(1, "snapshot", "waiting"), *((n, "step", "waiting") for n in range(2, 6))] == found
    assert [] == (await api.get(f"/v1/dossiers/{code(0)}/deliveries?system=elsewhere")).json["deliveries"]


async def test_procedures(api: ApiUnderTest) -> None:
    """The catalogue is paged; a procedure is read by version, with the hash as its tag."""
    pool = api.services.pool
    first = Procedure(code="1.999001", name="Thủ tục một", is_public=True)
    second = Procedure(code="1.999001", name="Thủ tục một, sửa", is_public=True)
    await store_procedure(pool, first, 1)
    await store_procedure(pool, second, 2)
    for number in range(2, 6):
        one = Procedure(code=f"1.99900{number}", name="Khác", is_public=number % 2 == 0)
        await store_procedure(pool, one, 1, is_retired=number == 5)

    async def listed(query: str) -> list[str]:
        codes, cursor = [], ""
        while True:
            page = (await api.get(f"/v1/procedures?limit=2{query}{cursor}")).json
            codes += [line["code"] for line in page["procedures"]]
            if page["next_cursor"] is None:
                return codes
            cursor = f"&cursor={page['next_cursor']}"

    assert [f"1.99900{n}" for n in (1, 2, 3, 4)] == await listed("")
    assert [f"1.99900{n}" for n in (1, 2, 3, 4, 5)] == await listed("&with_retired=true")
    assert [f"1.99900{n}" for n in (1, 2, 4)] == await listed("&is_public=true")
    present = await api.get("/v1/procedures/1.999001")
    assert (200, f'"{second.content_hash()}"') == (present.status, present.headers["ETag"])
    assert second == msgspec.convert(present.json["procedure"], Procedure)
    earlier = await api.get("/v1/procedures/1.999001?version=1")
    assert ("Thủ tục một", 1) == (earlier.json["procedure"]["name"], earlier.json["version_number"])
    headers = {"If-None-Match": present.headers["ETag"]}
    assert 304 == (await api.call("GET", "/v1/procedures/1.999001", headers=headers)).status
    assert "procedure-not-found" == (await api.get("/v1/procedures/1.999001?version=3")).problem
    versions = (await api.get("/v1/procedures/1.999001/versions")).json
    assert [1, 2] == [line["version_number"] for line in versions["versions"]]
