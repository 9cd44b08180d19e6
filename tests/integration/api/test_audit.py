"""Reading a dossier leaves a line, and lines are shown to whoever may see them."""

import os
from typing import Any

import pytest

from gateway.api.services import SystemCondition
from gateway.engine.audit_lines import find_end_fault
from gateway.engine.audit_reseal import Decision, Resealer
from gateway.engine.proofs import number_digest
from gateway.errors import StoreUnavailable
from gateway.model.audit import Access, Outcome
from gateway.readiness import Readiness
from gateway.store.audit import PostgresAudit
from gateway.store.clients import Scope
from gateway.store.systems import PostgresSystems
from gateway.vault.keyring import FileKeyRing
from tests.support.api import running_api
from tests.support.audit import tamper, write_lines
from tests.support.clocks import StillClock
from tests.support.samples import make_dossier

CODE = "H99.01-260105-00017"


class NoAudit:
    """Implements Audit: nothing can be written down."""

    async def ask(self, access: Access, **_: Any) -> Any:
        raise StoreUnavailable("the database is not available")

    async def answer(self, look: Any, outcome: Outcome) -> None:
        raise StoreUnavailable("the database is not available")

    async def note(self, access: Access, outcome: Outcome) -> None:
        raise StoreUnavailable("the database is not available")


async def test_a_reading_leaves_one_line(pool: Any, key_ring: FileKeyRing) -> None:
    """Who, which dossier, whose: found by the applicant's number, which stands nowhere. A copy that is still right is
    not opened, and leaves none."""
    dossier = make_dossier()
    number = dossier.applicant.identifiers[0].number
    async with running_api(pool, key_ring) as api:
        await api.put(CODE, dossier)
        answered = await api.get(f"/v1/dossiers/{CODE}")
        unchanged = await api.call("GET", f"/v1/dossiers/{CODE}", headers={"If-None-Match": answered.headers["ETag"]})
        missing = await api.get("/v1/dossiers/H99.01-260105-00018")

    assert (200, 304, 404) == (answered.status, unchanged.status, missing.status)
    [[chained]] = [page async for page in PostgresAudit(pool).chain(0)]
    line = chained.line
    assert ("dossier.read", "answered", "one-stop", CODE, "H99.01", "read", ("document",)) == (
        *(line.action, line.stage, line.client_id, line.dossier_code, line.agency_code, line.outcome),
        line.fields_released,
    )
    assert number_digest(key_ring, number) == line.subject_digest
    assert number not in repr(line)


async def test_nobody_reads_what_cannot_be_written_down(pool: Any, key_ring: FileKeyRing) -> None:
    """Without the audit a dossier is not handed out: 503, and nothing of it in the answer."""
    async with running_api(pool, key_ring, auditor=NoAudit()) as api:
        await api.put(CODE, make_dossier())
        answered = await api.get(f"/v1/dossiers/{CODE}")

    assert (503, "unavailable") == (answered.status, answered.problem)
    assert make_dossier().applicant.name.encode() not in answered.body


async def test_a_broken_record_is_no_defect(pool: Any, key_ring: FileKeyRing) -> None:
    """Nothing personal is shown, and the problem says what an operator does; nothing else stops. Then it goes on."""
    async with running_api(pool, key_ring) as api:
        await api.put(CODE, make_dossier())
        await api.get(f"/v1/dossiers/{CODE}")
        await tamper(pool, "UPDATE audit_head SET mac = sha256('made')")
        refused = await api.get(f"/v1/dossiers/{CODE}")
        listed = await api.get("/v1/dossiers")
        stored = await api.put("H99.01-260105-00018", make_dossier())
        resealer = Resealer(
            PostgresAudit(pool), key_ring=key_ring, clock=api.services.clock, random_bytes=os.urandom, version="0.0.0"
        )
        await resealer.reseal(Decision(officer="op-1", because="a test"))
        shown = await api.get(f"/v1/dossiers/{CODE}")

    assert (503, "audit-unavailable") == (refused.status, refused.problem)
    assert "gateway audit reseal" in refused.json["detail"]
    assert "audit_head_forged" in refused.json["detail"]
    assert "Retry-After" in refused.headers
    assert [] == api.observer.failures
    assert [200, 201, 200] == [listed.status, stored.status, shown.status]


@pytest.mark.parametrize(
    ("done", "fault"),
    [
        ("SELECT 1", ""),
        ("UPDATE audit_head SET mac = sha256('made')", "audit_head_forged"),
        ("DELETE FROM audit_head", "audit_head_missing"),
        ("UPDATE audit_lines SET position = 9 WHERE position = 2", "audit_beyond_head"),
    ],
)
async def test_readiness_tells_of_a_broken_record(
    pool: Any, key_ring: FileKeyRing, clock: StillClock, done: str, fault: str
) -> None:
    """Down with the reason, so that nobody learns it from callers; ready again when lines can be written."""
    assert "" == await find_end_fault(PostgresAudit(pool), key_ring), "a record that was never begun is no fault"
    await write_lines(pool, key_ring, clock, 2)
    await tamper(pool, done)
    readiness = Readiness(
        PostgresSystems(pool), (), dict, audit_fault=lambda: find_end_fault(PostgresAudit(pool), key_ring)
    )
    [audit] = await readiness()

    assert ("audit", SystemCondition.DOWN if fault else SystemCondition.READY) == (audit.system, audit.condition)
    assert fault in "".join(audit.reasons)


async def test_lines_by_what_they_are_about(pool: Any, key_ring: FileKeyRing) -> None:
    """Filters narrow, pages go on, and to see lines leaves a line."""
    async with running_api(pool, key_ring) as api:
        every = api.with_token(await api.register("auditor", prefixes=("*",), scopes=frozenset({Scope.AUDIT_READ})))
        for number in (17, 18):
            await api.put(f"H99.01-260105-000{number}", make_dossier())
            await api.get(f"/v1/dossiers/H99.01-260105-000{number}")

        async def positions(query: str) -> list[int]:
            answered = await every.get(f"/v1/audit/lines?{query}")
            assert answered.status == 200, answered.body
            return [line["position"] for line in answered.json["lines"]]

        assert [1] == await positions(f"dossier_code={CODE}")
        assert [3] == await positions("client_id=auditor")
        assert [2, 1] == await positions("action=dossier.read&day=2026-01-05")
        assert [] == await positions("day=2026-01-04")
        assert [] == await positions("officer=H99.01.007")
        first = await every.get("/v1/audit/lines?action=dossier.read&limit=1")
        cursor = first.json["next_cursor"]
        assert [1] == await positions(f"action=dossier.read&limit=1&cursor={cursor}")
        refused = await every.get("/v1/audit/lines?officer=999199000001")
        assert (400, ["/query/officer"]) == (refused.status, refused.fields)


async def test_lines_of_other_agencies_are_not_shown(pool: Any, key_ring: FileKeyRing) -> None:
    """A client sees the lines of its agencies; those of none are for clients of all."""
    async with running_api(pool, key_ring) as api:
        await api.put(CODE, make_dossier())
        await api.get(f"/v1/dossiers/{CODE}")
        other = api.with_token(await api.register("other", prefixes=("H98",)))
        shown = [len((await caller.get("/v1/audit/lines")).json["lines"]) for caller in (other, api, other)]

        without = api.with_token(await api.register("clerk", scopes=frozenset({Scope.DOSSIERS_READ})))
        assert "insufficient-scope" == (await without.get("/v1/audit/lines")).problem

    assert [0, 1, 0] == shown
