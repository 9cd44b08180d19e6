"""Questions that callers put to the portal at once, through the running API: least data, honest absence."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import pytest

from gateway.api.national_sources import NationalReads
from gateway.engine.proofs import number_digest
from gateway.errors import (
    ContractBroken,
    CredentialsRefused,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    RemoteError,
    TransientFailure,
)
from gateway.model.audit import AuditAction
from gateway.ports.portal_services import FoundResult, ResultQuery, StoredFile
from gateway.store.clients import Scope
from gateway.vault.keyring import FileKeyRing
from tests.integration.api.test_audit import NoAudit
from tests.support.api import Answered, ApiUnderTest, running_api
from tests.support.audit import looks
from tests.support.portal_line import adapter_line

IDS, FIND, DOWNLOAD = "/v1/technical-ids:find", "/v1/results:find", "/v1/results:download"
NUMBER = {"number": "999199000001"}
QUERY: dict[str, Any] = {
    "owner_number": "999199000001",
    "requester_name": "Trần Văn Thử",
    "requester_number": "999188000002",
    "is_asked_by_officer": True,
    "procedure_code": "1.999001",
    "wanted": [{"result_code": "KQ.G99.900001", "notation": "12/GXN"}],
}
FILE = {"owning_agency_code": "G99", "path": "/kho/2026/gxn.pdf"}
FOUND = FoundResult(
    result_code="KQ.G99.900001",
    name="Giấy xác nhận",
    notation="12/GXN",
    owning_agency_code="G99",
    files=(StoredFile(name="gxn.pdf", path="/kho/2026/gxn.pdf"),),
)
EVERY = ((IDS, NUMBER), (FIND, QUERY), (DOWNLOAD, FILE))
CALL: dict[str, Any] = {"system": "portal", "operation": "find_results"}


@dataclass
class FakePortal:
    """Implements TechnicalIds and ResultStore; `error` is raised by every call."""

    error: RemoteError | None = None
    ids: dict[str, str] = field(default_factory=dict)
    found: list[FoundResult] = field(default_factory=list)
    asked: list[Any] = field(default_factory=list)
    is_open: bool = True

    def _note(self, question: Any) -> None:
        self.asked.append(question)
        if self.error is not None:
            raise self.error

    async def find_technical_id(self, number: str) -> str | None:
        self._note(number)
        return self.ids.get(number)

    async def find_results(self, query: ResultQuery) -> Sequence[FoundResult]:
        self._note(query)
        return self.found

    async def download_result(self, owning_agency_code: str, path: str) -> bytes:
        self._note((owning_agency_code, path))
        return b"%PDF-1.7"

    async def download_attachment(self, path: str) -> bytes:
        self._note(path)
        return b"%PDF-1.7"

    def reads(self, *, has_store: bool = True) -> NationalReads:
        async def is_open() -> bool:
            return self.is_open

        return NationalReads(technical_ids=self, results=self if has_store else None, is_open=is_open)


def shows_nobody(api: ApiUnderTest, answered: Answered) -> bool:
    """Tell whether neither a problem nor what is told to observers holds anything of a question."""
    # What is chance or time anyway may look like the beginning of any number.
    requests = [one._replace(duration_seconds=0.0, trace_id="", request_id="") for one in api.observer.requests]
    told = f"{requests}{api.observer.failures}"
    shown = told + (answered.body.decode() if answered.status >= 400 else "")
    return not any(secret in shown for secret in ("999199", "999188", "Trần", "12/GXN", "gxn.pdf"))


async def test_questions_are_passed_on_and_answered(pool: Any, key_ring: FileKeyRing) -> None:
    """Field by field in both directions, and the file byte by byte under a type that no browser opens."""
    portal = FakePortal(ids={"999199000001": "TECH-1"}, found=[FOUND])
    async with running_api(pool, key_ring, national_reads=portal.reads()) as api:
        technical_id = await api.call("POST", IDS, body=NUMBER)
        results = await api.call("POST", FIND, body=QUERY)
        file = await api.call("POST", DOWNLOAD, body=FILE)
        assert {"technical_id": "TECH-1"} == technical_id.json
        assert {"results": [asdict(FOUND) | {"files": [asdict(FOUND.files[0])]}]} == results.json
        assert (200, b"%PDF-1.7", "application/octet-stream") == (file.status, file.body, file.headers["Content-Type"])
        assert ("nosniff", "no-store") == (file.headers["X-Content-Type-Options"], file.headers["Cache-Control"])
        assert "999199000001" == portal.asked[0]
        assert QUERY == asdict(portal.asked[1]) | {"wanted": QUERY["wanted"]}
        assert [("KQ.G99.900001", "12/GXN")] == [(one.result_code, one.notation) for one in portal.asked[1].wanted]
        assert ("G99", "/kho/2026/gxn.pdf") == portal.asked[2]
        assert all(shows_nobody(api, answered) for answered in (technical_id, results, file))


async def test_every_question_stands_between_two_lines(pool: Any, key_ring: FileKeyRing) -> None:
    """Who asked about whom, also where nothing was found; an officer's own number is a digest. A path names nobody."""
    portal = FakePortal(found=[FOUND])
    async with running_api(pool, key_ring, national_reads=portal.reads()) as api:
        for address, body in EVERY:
            assert 200 == (await api.call("POST", address, body=body)).status

    asked, answered = ("asked", "one-stop", ""), ("answered", "one-stop", "")
    assert [(*asked, True, (), "asked"), (*answered, True, (), "not_found")] == await looks(
        pool, AuditAction.TECHNICAL_ID_FIND
    )
    assert [(*asked, True, (), "asked"), (*answered, True, ("results",), "found")] == await looks(
        pool, AuditAction.RESULT_FIND
    )
    assert [(*asked, False, (), "asked"), (*answered, False, ("file",), "found")] == await looks(
        pool, AuditAction.RESULT_READ
    )
    officers = await pool.fetch("SELECT DISTINCT officer FROM audit_lines WHERE action = 'result.find'")
    assert ["digest:" + number_digest(key_ring, QUERY["requester_number"]).hex()] == [
        row["officer"] for row in officers
    ]


async def test_a_failed_question_is_written_down(pool: Any, key_ring: FileKeyRing) -> None:
    """That it was asked and what came of it, as a word."""
    portal = FakePortal(error=TransientFailure("x", **CALL))
    async with running_api(pool, key_ring, national_reads=portal.reads()) as api:
        await api.call("POST", IDS, body=NUMBER)

    rows = await pool.fetch("SELECT stage, outcome, upstream_code FROM audit_lines ORDER BY position")
    assert [("asked", "asked", ""), ("answered", "unavailable", "transient")] == [tuple(row) for row in rows]


async def test_nobody_is_asked_when_it_cannot_be_written_down(pool: Any, key_ring: FileKeyRing) -> None:
    """Without the record the portal hears nothing."""
    portal = FakePortal(found=[FOUND])
    async with running_api(pool, key_ring, national_reads=portal.reads(), auditor=NoAudit()) as api:
        answered = [await api.call("POST", address, body=body) for address, body in EVERY]

    assert [(503, "unavailable")] * 3 == [(one.status, one.problem) for one in answered]
    assert [] == portal.asked


async def test_nothing_found_is_an_answer(pool: Any, key_ring: FileKeyRing) -> None:
    """Null and an empty list, with 200."""
    async with running_api(pool, key_ring, national_reads=FakePortal().reads()) as api:
        technical_id = await api.call("POST", IDS, body=NUMBER)
        results = await api.call("POST", FIND, body=QUERY)
        assert (200, {"technical_id": None}) == (technical_id.status, technical_id.json)
        assert (200, {"results": []}) == (results.status, results.json)


@pytest.mark.parametrize(
    ("error", "status", "problem"),
    [
        (TransientFailure("x", **CALL), 503, "portal-unavailable"),
        (OutcomeUnknown("x", **CALL), 503, "portal-unavailable"),
        (RateLimited("x", **CALL), 503, "portal-unavailable"),
        (CredentialsRefused("x", **CALL), 502, "portal-answer-unusable"),
        (ContractBroken("x", **CALL, effect_possible=False, code="file_too_large"), 502, "portal-answer-unusable"),
        (Rejected("x", **CALL, remote_code="-1"), 502, "portal-answer-unusable"),
        (Rejected("x", **CALL, code="no_such_service"), 409, "no-portal"),
    ],
)
async def test_not_being_able_to_ask_is_a_problem(
    pool: Any, key_ring: FileKeyRing, error: RemoteError, status: int, problem: str
) -> None:
    """Every way in which the portal fails has its problem, none of them looks like nothing found."""
    async with running_api(pool, key_ring, national_reads=FakePortal(error=error).reads()) as api:
        for path, body in EVERY:
            answered = await api.call("POST", path, body=body)
            assert (status, problem) == (answered.status, answered.problem), path
            assert shows_nobody(api, answered)
        assert [] == api.observer.failures


async def test_the_portal_s_wish_for_patience_is_passed_on(pool: Any, key_ring: FileKeyRing) -> None:
    """Retry-After is what the portal asked for."""
    portal = FakePortal(error=RateLimited("x", **CALL, retry_after_seconds=90.4))
    async with running_api(pool, key_ring, national_reads=portal.reads()) as api:
        assert "90" == (await api.call("POST", IDS, body=NUMBER)).headers["Retry-After"]


async def test_a_held_portal_is_not_asked(pool: Any, key_ring: FileKeyRing) -> None:
    """Whoever pauses the portal pauses this too."""
    portal = FakePortal(is_open=False)
    async with running_api(pool, key_ring, national_reads=portal.reads()) as api:
        for path, body in EVERY:
            assert "portal-unavailable" == (await api.call("POST", path, body=body)).problem
    assert [] == portal.asked


async def test_without_a_portal_nobody_is_asked(pool: Any, key_ring: FileKeyRing) -> None:
    """What is not configured is said plainly."""
    async with running_api(pool, key_ring) as api:
        for path, body in EVERY:
            assert "no-portal" == (await api.call("POST", path, body=body)).problem


async def test_without_a_store_only_ids_are_asked_for(pool: Any, key_ring: FileKeyRing) -> None:
    """Most installations have a portal and no way to the store."""
    portal = FakePortal()
    async with running_api(pool, key_ring, national_reads=portal.reads(has_store=False)) as api:
        assert 200 == (await api.call("POST", IDS, body=NUMBER)).status
        assert "no-portal" == (await api.call("POST", FIND, body=QUERY)).problem
        assert "no-portal" == (await api.call("POST", DOWNLOAD, body=FILE)).problem


@pytest.mark.parametrize(
    ("path", "body", "place"),
    [
        (IDS, {"number": "999 199"}, "/number"),
        (IDS, {"number": "Trần Văn Thử"}, "/number"),
        (IDS, {**NUMBER, "purpose": "x"}, "/purpose"),
        (FIND, {**QUERY, "wanted": []}, "/wanted"),
        (FIND, {**QUERY, "wanted": [QUERY["wanted"][0]] * 51}, "/wanted"),
        (FIND, {**QUERY, "requester_name": ""}, "/requester_name"),
        (FIND, {**QUERY, "procedure_code": "x"}, "/procedure_code"),
        (DOWNLOAD, {**FILE, "path": "/kho\n/gxn.pdf"}, "/path"),
        (DOWNLOAD, {**FILE, "path": ""}, "/path"),
    ],
)
async def test_bad_questions_are_refused(
    pool: Any, key_ring: FileKeyRing, path: str, body: dict[str, Any], place: str
) -> None:
    """The problem names field and rule, never the value, and nobody is asked."""
    portal = FakePortal()
    async with running_api(pool, key_ring, national_reads=portal.reads()) as api:
        answered = await api.call("POST", path, body=body)
        assert ("invalid-content", [place]) == (answered.problem, answered.fields)
        assert shows_nobody(api, answered)
    assert [] == portal.asked


async def test_each_question_needs_its_scope(pool: Any, key_ring: FileKeyRing) -> None:
    """Neither of the two scopes opens the other's questions, and no other one opens any."""
    portal = FakePortal()
    async with running_api(pool, key_ring, national_reads=portal.reads()) as api:
        for scope, opened in (
            (Scope.TECHNICAL_IDS_READ, {IDS}),
            (Scope.RESULTS_READ, {FIND, DOWNLOAD}),
            (Scope.DOSSIERS_READ, set()),
        ):
            name = scope.replace(":", "-")
            caller = api.with_token(await api.register(name, scopes=frozenset({scope})))
            statuses = {path: (await caller.call("POST", path, body=body)).status for path, body in EVERY}
            assert {path: 200 if path in opened else 403 for path, _ in EVERY} == statuses


async def test_questions_reach_the_portal_and_its_store(pool: Any, key_ring: FileKeyRing) -> None:
    """End to end against the sandbox: an id, a paper, its file; and a file that is another one is not given on."""
    base = "KetNoiMotCuaQuocGia/"
    paths = {"find_path": f"{base}GetKetQuaGiayTo", "download_path": f"{base}GetGiayToByUrl"}
    async with adapter_line({"is_facade_served": True}, warehouse=paths) as line:

        async def is_open() -> bool:
            return True

        portal = line.portal
        reads = NationalReads(technical_ids=portal.catalogues, results=portal.results, is_open=is_open)
        async with running_api(pool, key_ring, national_reads=reads) as api:
            found = await api.call("POST", FIND, body={**QUERY, "wanted": [{"result_code": "KQ.G99.900001"}]})
            [result] = found.json["results"]
            assert ("KQ.G99.900001", "G99") == (result["result_code"], result["owning_agency_code"])
            file = {"owning_agency_code": result["owning_agency_code"], "path": result["files"][0]["path"]}
            content = line.sandbox.state.files[file["path"]]
            assert content == (await api.call("POST", DOWNLOAD, body=file)).body
            assert (await api.call("POST", IDS, body=NUMBER)).json["technical_id"]
            nobody = {**QUERY, "owner_number": "999199000000"}
            assert {"results": []} == (await api.call("POST", FIND, body=nobody)).json
            line.sandbox.state.files[file["path"]] = b"<html>404</html>"
            answered = await api.call("POST", DOWNLOAD, body=file)
            assert "portal-answer-unusable" == answered.problem
            assert file["path"] not in f"{answered.body!r}{api.observer.requests}{api.observer.failures}"
