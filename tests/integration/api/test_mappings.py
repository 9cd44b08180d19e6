"""The endpoints about mapping sets, and what sets change at the intake."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from gateway.bootstrap.mapping import read_stored
from gateway.mapping_loading import load
from gateway.ports.basics import KeyRing
from gateway.ports.mapping import CurrentMapper
from gateway.store.clients import Scope
from gateway.store.mappings import PostgresMappings
from tests.support.api import ApiUnderTest, running_api
from tests.support.mapping_sets import files, header, mapped, procedure_files
from tests.support.samples import make_dossier
from tests.support.town import CLOCK

TODAY = date(2026, 1, 5)
LOCAL = "1.999001.000.00.00.H99"


@pytest.fixture
async def api(pool: Any, key_ring: KeyRing) -> AsyncIterator[ApiUnderTest]:
    async with running_api(pool, key_ring, mapper=CurrentMapper()) as running:
        yield running


async def put_in_force(api: ApiUnderTest, collection: dict[str, bytes]) -> int:
    """Load sets and let the process take them over."""
    loaded = await load(api.services.pool, CLOCK, collection, TODAY, loaded_by="operator")
    stored = await PostgresMappings(api.services.pool, clock=CLOCK).current()
    assert stored is not None
    api.services.mapper.mapper = read_stored(stored)
    assert loaded.version is not None
    return loaded.version


async def test_nothing_was_ever_loaded(api: ApiUnderTest) -> None:
    """Without sets there is an answer, and it is empty."""
    found = await api.get("/v1/mappings")
    missing = await api.get("/v1/mappings/missing")

    assert (200, {"version": None, "answering_version": None, "sets": [], "versions": []}) == (found.status, found.json)
    assert {"rows": [], "is_complete": True} == missing.json


async def test_the_sets_in_force(api: ApiUnderTest) -> None:
    """The sets of the newest load are shown with their policy and dates, and every load with who made it."""
    first = await put_in_force(api, procedure_files([(LOCAL, "1.999001")]))
    second = await put_in_force(
        api,
        {
            **procedure_files([(LOCAL, "1.999001")]),
            **files("s", toml=header("status", set_id="test.status.out"), table=mapped(("TN", "received"))),
        },
    )
    found = (await api.get("/v1/mappings")).json

    assert (second, second) == (found["version"], found["answering_version"])
    assert [("test.procedure.out", "procedure", "hold", 1), ("test.status.out", "status", "hold", 1)] == [
        (entry["name"], entry["kind"], entry["unmapped"], entry["rows_count"]) for entry in found["sets"]
    ]
    assert [(second, "operator"), (first, "operator")] == [
        (entry["version"], entry["loaded_by"]) for entry in found["versions"]
    ]


async def test_missing_rows_come_with_proposals(api: ApiUnderTest) -> None:
    """Each row that deliveries wait for is shown with their number and proposals, the most wanted first."""
    names = "code,name\nZ.1,Cấp lại giấy phép xây dựng\n".encode()
    await put_in_force(api, {**procedure_files([("a", "1.999003")]), "procedures.names.csv": names})
    pool = api.services.pool
    await pool.execute(
        "INSERT INTO procedures (code, name, version_number, content_hash, is_public, checked_at) VALUES "
        "('1.999001', 'Chứng thực', 1, 'x', true, now()), ('1.999002', 'Cấp lại giấy phép', 1, 'x', true, now())"
    )
    for number, reason in enumerate(
        ["mapping.procedure Z.1", f"mapping.procedure {LOCAL}; mapping.agency H99.01", f"mapping.procedure {LOCAL}"]
    ):
        code = f"H99.01-260105-{number:05}"
        assert 201 == (await api.put(code, make_dossier(), Idempotency_Key=f"key-{number}")).status
        await pool.execute(
            "UPDATE deliveries SET state = 'parked', reason = $1 WHERE dossier_id = "
            "(SELECT dossier_id FROM dossiers WHERE code = $2)",
            f"unmapped: {reason}",
            code,
        )
    rows = (await api.get("/v1/mappings/missing")).json["rows"]

    assert [("procedure", LOCAL, "", 2), ("agency", "H99.01", "", 1)] == [
        (row["kind"], row["code"], row["name"], row["deliveries_count"]) for row in rows[:2]
    ]
    assert ("Z.1", "Cấp lại giấy phép xây dựng", 1) == (rows[2]["code"], rows[2]["name"], rows[2]["deliveries_count"])
    assert [("1.999001", "national_part")] == [(s["code"], s["because"]) for s in rows[0]["suggestions"]]
    assert [("1.999002", "name")] == [(s["code"], s["because"]) for s in rows[2]["suggestions"]]
    agencies = (await api.get("/v1/mappings/missing?kind=agency")).json["rows"]
    assert ["H99.01"] == [row["code"] for row in agencies]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (LOCAL, 201),
        ("1.999002.000.00.00.H99", 201),
        ("1.999001", 201),
    ],
)
async def test_own_codes_are_taken_in(pool: Any, key_ring: KeyRing, code: str, status: int) -> None:
    """With a set that holds what it does not know, codes outside the national catalogue are accepted, not refused."""
    async with running_api(pool, key_ring, mapper=CurrentMapper()) as api:
        api.catalogue.codes = frozenset({"1.999001"})
        refused = await api.put("H99.01-260105-00001", make_dossier(procedure_code=LOCAL), Idempotency_Key="k1")
        await put_in_force(api, procedure_files([(LOCAL, "1.999001")]))
        answered = await api.put("H99.01-260105-00002", make_dossier(procedure_code=code), Idempotency_Key="k2")

    assert "unknown-code" == refused.problem
    assert status == answered.status


async def test_a_set_may_refuse_at_the_intake(api: ApiUnderTest) -> None:
    """Under the policy reject a code without a row is refused at once, and so is one without counterpart."""
    api.catalogue.codes = frozenset({"1.999001"})
    sample = 'code = "zzz"\non = 2020-01-01\ntreatment = "rejected"'
    toml = header(unmapped='mode = "reject"', sample=sample)
    await put_in_force(api, files(toml=toml, table=mapped((LOCAL, "1.999001"))))
    other = make_dossier(procedure_code="1.999002.000.00.00.H99")

    for number, code in enumerate(("1.999002.000.00.00.H99", "1.999001")):
        refused = await api.put(
            "H99.01-260105-00001", replace(other, procedure_code=code), Idempotency_Key=f"r{number}"
        )
        assert "unknown-code" == refused.problem
    known = replace(other, procedure_code=LOCAL)
    assert 201 == (await api.put("H99.01-260105-00001", known, Idempotency_Key="k2")).status


async def test_a_scope_of_its_own(api: ApiUnderTest) -> None:
    """Who may not read mappings is told which scope that takes."""
    token = await api.register("reader", scopes=frozenset({Scope.DOSSIERS_READ}))
    for path in ("/v1/mappings", "/v1/mappings/missing"):
        assert "insufficient-scope" == (await api.with_token(token).get(path)).problem
    assert ["/query/kind"] == (await api.get("/v1/mappings/missing?kind=colour")).fields
