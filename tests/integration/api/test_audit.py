"""Reading a dossier leaves a line, and lines are shown to whoever may see them."""

from typing import Any

from gateway.engine.proofs import number_digest
from gateway.errors import StoreUnavailable
from gateway.model.audit import Access, Outcome
from gateway.store.audit import PostgresAudit
from gateway.store.clients import Scope
from gateway.vault.keyring import FileKeyRing
from tests.support.api import running_api
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
