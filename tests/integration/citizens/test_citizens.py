"""Questions about citizens through the API: six outcomes, purposes, quotas, audit lines, kept replies."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from adapters.population.sandbox import SEEDS
from adapters.sandboxing import FaultKind, FaultSpec
from gateway.engine.citizens import CitizenDesk, CitizenOrder
from gateway.errors import StoreUnavailable
from gateway.model.audit import Access, Outcome
from gateway.ports.audit import AskedLook
from gateway.ports.observing import AlertRaised, CitizenAsked
from gateway.store.clients import Scope
from gateway.vault.keyring import FileKeyRing
from tests.support.api import Answered, running_api
from tests.support.citizens import KEPT, citizens, question
from tests.support.population import control, subject_of

PLAIN = SEEDS["plain"]
_ID = UUID(int=1)
ORDER = CitizenOrder(
    client_id="one-stop",
    agency_prefixes=("H99",),
    client_address="127.0.0.1",
    purpose="intake",
    officer_code="canbo.a",
    agency_code="H99.01",
    dossier_code="H99.01-260105-00017",
    subject=subject_of("plain"),
)


async def test_verification(pool: Any, key_ring: FileKeyRing) -> None:
    """Found and not found are answers; what differs is not told."""
    async with citizens(pool, key_ring) as setup:
        yes = await setup.verify(purpose="check-only")
        no = await setup.verify(full_name="Người Khác")
        lines = await setup.lines()

    assert (200, "found") == (yes.status, yes.json["outcome"])
    assert (200, "not_found") == (no.status, no.json["outcome"])
    assert {"outcome", "source"} == set(no.json)
    assert ["asked", "found", "asked", "not_found"] == [line["outcome"] for line in lines]
    assert yes.json["source"]["correlation_id"] == str(lines[0]["correlation_id"]) == str(lines[1]["correlation_id"])
    assert yes.json["source"]["request_id"] == lines[1]["request_id"]


async def test_look_up_gives_what_the_purpose_covers(pool: Any, key_ring: FileKeyRing) -> None:
    """All that is covered when nothing is named, else what is named; nothing else of the record leaves."""
    async with citizens(pool, key_ring) as setup:
        whole = await setup.look_up()
        part = await setup.look_up(fields=["full_name"])
        lines = await setup.lines()

    shown = {name for name, value in whole.json["citizen"].items() if value is not None}
    assert {"personal_number", "full_name", "birth_date", "sex", "permanent_residence"} == shown
    assert (PLAIN.number, "1985-03-12") == (
        whole.json["citizen"]["personal_number"],
        whole.json["citizen"]["birth_date"],
    )
    assert {"full_name"} == {name for name, value in part.json["citizen"].items() if value is not None}
    assert sorted(shown) == lines[1]["fields_released"]
    assert ["full_name"] == lines[2]["fields_requested"] == lines[3]["fields_released"]


async def test_found_in_part(pool: Any, key_ring: FileKeyRing) -> None:
    """What was wanted and is not stated is named."""
    async with citizens(pool, key_ring) as setup:
        answered = await setup.look_up("empty_elements")

    assert "partial" == answered.json["outcome"]
    assert ["permanent_residence", "sex"] == answered.json["missing"]
    assert SEEDS["empty_elements"].full_name == answered.json["citizen"]["full_name"]


async def test_not_found_and_ambiguous(pool: Any, key_ring: FileKeyRing) -> None:
    """Nobody, and two people: both are answers without a person."""
    async with citizens(pool, key_ring) as setup:
        nobody = await setup.look_up("cancelled")
        two = await setup.look_up("two_matches_1", personal_number=None, old_card_number="999000012")

    assert ("not_found", None) == (nobody.json["outcome"], nobody.json["citizen"])
    assert ("ambiguous", None) == (two.json["outcome"], two.json["citizen"])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"purpose": "nothing"}, "/purpose"),
        ({"purpose": "others"}, "/purpose"),
        ({"purpose": "check-only"}, "/purpose"),
        ({"purpose": "civil-status"}, "/procedure_code"),
        ({"purpose": "loan"}, "/consent_ref"),
        ({"purpose": "identity", "fields": ["birth_date"]}, "/fields"),
        ({"fields": ["religion"]}, "/fields"),
        ({"agency_code": "H98.01"}, "/agency_code"),
    ],
)
async def test_what_we_refuse_ourselves(pool: Any, key_ring: FileKeyRing, changes: dict[str, Any], field: str) -> None:
    """Named by field and rule, written down, and nobody is asked."""
    async with citizens(pool, key_ring) as setup:
        answered = await setup.look_up(**changes)
        lines = await setup.lines()
        asked = setup.database.calls

    assert (403, "purpose-refused", [field]) == (answered.status, answered.problem, answered.fields)
    assert ["refused"] == [line["outcome"] for line in lines]
    assert [] == asked


async def test_sensitive_fields_need_their_purpose(pool: Any, key_ring: FileKeyRing) -> None:
    """A purpose that says so, for a procedure that it covers."""
    async with citizens(pool, key_ring) as setup:
        answered = await setup.look_up(purpose="civil-status", procedure_code="1.999002")

    assert "never_married" == answered.json["citizen"]["marital_status"]
    assert answered.json["citizen"]["father"]["full_name"]
    assert answered.json["citizen"]["full_name"] is None


async def test_refused_over_there(pool: Any, key_ring: FileKeyRing) -> None:
    """An officer without rights there is a refusal, with the code that the database gave in the audit."""
    async with citizens(pool, key_ring) as setup:
        answered = await setup.look_up(officer_code="can-bo-bi-khoa")
        lines = await setup.lines()

    assert (403, "population-refused") == (answered.status, answered.problem)
    assert ("refused", "005") == (lines[1]["outcome"], lines[1]["upstream_code"])


@pytest.mark.parametrize(
    ("spec", "status", "problem"),
    [
        (FaultSpec(kind=FaultKind.SERVER_ERROR), 503, "population-unavailable"),
        (FaultSpec(kind=FaultKind.DROP_REPLY), 503, "population-unavailable"),
        (FaultSpec(kind=FaultKind.RATE_LIMITED, retry_after_seconds=77), 503, "population-unavailable"),
        (FaultSpec(kind=FaultKind.HOSTILE_REPLY, variant="text_unknown_element"), 502, "population-answer-unusable"),
        (FaultSpec(kind=FaultKind.HOSTILE_REPLY, variant="other_person"), 502, "population-answer-unusable"),
        (FaultSpec(kind=FaultKind.HOSTILE_REPLY, variant="empty_soap_body"), 502, "population-answer-unusable"),
    ],
)
async def test_could_not_ask(pool: Any, key_ring: FileKeyRing, spec: FaultSpec, status: int, problem: str) -> None:
    """Never "not found": a problem of its own, written down as unavailable."""
    async with citizens(pool, key_ring) as setup:
        setup.database.sandbox.add_fault(spec)
        answered = await setup.look_up()
        lines = await setup.lines()
        alerts = [one.name for one in setup.heard.happenings if isinstance(one, AlertRaised)]

    assert (status, problem) == (answered.status, answered.problem)
    assert ["asked", "unavailable"] == [line["outcome"] for line in lines]
    assert PLAIN.number not in answered.body.decode()
    assert spec.kind is not FaultKind.RATE_LIMITED or "77" == answered.headers["Retry-After"]
    assert ("citizen_another_person" in alerts) == (spec.variant == "other_person")


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"personal_number": None}, ["/personal_number"]),
        ({"old_card_number": "999000018"}, ["/personal_number"]),
        ({"personal_number": "99"}, ["/personal_number"]),
        ({"birth_date": "1985-02-30"}, ["/birth_date"]),
        ({"birth_date": None}, ["/birth_date"]),
        ({"full_name": "李小龙"}, ["/full_name"]),
        ({"officer_code": None}, ["/officer_code"]),
        ({"dossier_code": None}, ["/dossier_code"]),
        ({"purpose": None}, ["/purpose"]),
        ({"fields": ["shoe_size"]}, ["/fields/0"]),
    ],
)
async def test_what_cannot_be_asked(
    pool: Any, key_ring: FileKeyRing, changes: dict[str, Any], fields: list[str]
) -> None:
    """Named by field; no value is repeated."""
    async with citizens(pool, key_ring) as setup:
        answered = await setup.look_up(**changes)

    assert (422, fields) == (answered.status, answered.fields)
    assert PLAIN.number not in answered.body.decode()


class _Failing:
    """Stands before an audit whose store goes away before, or after, the question."""

    def __init__(self, at: str) -> None:
        self.at = at
        self.asked = 0

    async def ask(self, access: Access, **_: Any) -> AskedLook:
        if self.at == "ask":
            raise StoreUnavailable("away")
        self.asked += 1
        return AskedLook(access=access, correlation_id=_ID, began_seconds=0.0)

    async def answer(self, look: AskedLook, outcome: Outcome) -> None:
        raise StoreUnavailable("away")

    async def note(self, access: Access, outcome: Outcome) -> None:
        raise StoreUnavailable("away")


@pytest.mark.parametrize(("at", "calls_count"), [("ask", 0), ("answer", 1)])
async def test_nothing_is_read_or_handed_out_unwritten(
    pool: Any, key_ring: FileKeyRing, at: str, calls_count: int
) -> None:
    """Without the first line nobody is asked; without the second nothing is handed out."""
    async with citizens(pool, key_ring, audit=_Failing(at)) as setup:
        answered = await setup.look_up()

        assert (503, "unavailable") == (answered.status, answered.problem)
        assert PLAIN.number not in answered.body.decode()
        assert calls_count == len(setup.database.calls)


async def test_quotas(pool: Any, key_ring: FileKeyRing) -> None:
    """An officer who asks too often is told when to come again; the others of the client go on."""
    async with citizens(pool, key_ring, rules={"officer_per_hour": 3}) as setup:
        own = [await setup.verify() for _ in range(4)]
        other = await setup.verify(officer_code="canbo.b")
        lines = await setup.lines()
        setup.clock.move(3700)
        later = await setup.verify()

    assert [200, 200, 200, 429] == [one.status for one in own]
    assert ("quota-exceeded", "300") == (own[3].problem, own[3].headers["Retry-After"])
    assert ("refused", "quota_exceeded") == (lines[6]["outcome"], lines[6]["upstream_code"])
    assert [200, 200] == [other.status, later.status]


async def test_quota_of_a_client(pool: Any, key_ring: FileKeyRing) -> None:
    """All officers of a client together."""
    async with citizens(pool, key_ring, rules={"client_per_hour": 2}) as setup:
        statuses = [(await setup.verify(officer_code=f"canbo.{name}")).status for name in "abc"]

    assert [200, 200, 429] == statuses


async def test_officer_known_by_a_number(pool: Any, key_ring: FileKeyRing) -> None:
    """One client sends officers' own numbers: neither lines nor counts hold them."""
    number = "999080000099"
    async with citizens(pool, key_ring) as setup:
        answered = await setup.verify(officer_code=number)
        rows = [str(dict(row)) for table in ("audit_lines", "citizen_usage") for row in await _rows(pool, table)]

    assert 200 == answered.status
    assert not any(number in row for row in rows)


async def _rows(pool: Any, table: str) -> list[Any]:
    return list(await pool.fetch(f"SELECT * FROM {table}"))


async def test_kept_replies(pool: Any, key_ring: FileKeyRing) -> None:
    """The same officer, dossier and question within the time: not asked again, written down as read again."""
    async with citizens(pool, key_ring, rules=KEPT) as setup:
        first, again = await setup.look_up(), await setup.look_up()
        other_dossier = await setup.look_up(dossier_code="H99.01-260105-00018")
        rows = [str(dict(row)) for row in await _rows(pool, "citizen_replies")]
        setup.clock.move(301)
        late = await setup.look_up()
        await setup.desk.sweep()
        left = await pool.fetchval("SELECT count(*) FROM citizen_replies")
        lines = await setup.lines()

    assert [False, True, False, False] == [one.json["source"]["is_kept"] for one in (first, again, other_dossier, late)]
    assert first.json["citizen"] == again.json["citizen"]
    assert first.json["source"]["request_id"] == again.json["source"]["request_id"]
    assert "citizen.cache_read" == lines[2]["action"]
    assert not any(PLAIN.number in row or PLAIN.full_name in row for row in rows)
    assert 1 == left


async def test_prefill(pool: Any, key_ring: FileKeyRing) -> None:
    """The record as an applicant, under its own action."""
    async with citizens(pool, key_ring) as setup:
        answered = await setup.api.call("POST", "/v1/citizens:prefill", body=question())
        lines = await setup.lines()

    applicant = answered.json["applicant"]
    assert PLAIN.full_name == applicant["name"]
    assert [{"type": "personal_id", "number": PLAIN.number}] == applicant["identifiers"]
    assert "1985-03-12" == applicant["birth_date"]
    assert applicant["address"]
    assert {"citizen.prefill"} == {line["action"] for line in lines}


async def test_addresses_are_read_with_their_day(pool: Any, key_ring: FileKeyRing) -> None:
    """A district tells the older era, and the crosswalk what the commune is today; without one nothing is certain."""
    async with citizens(pool, key_ring) as setup:
        before = await setup.look_up("address_before_merger")
        after = await setup.look_up("address_after_merger")

    old = before.json["citizen"]["permanent_residence"]["unit"]
    new = after.json["citizen"]["permanent_residence"]["unit"]
    assert ("2025-06-30", True, "valid") == (old["on"], old["is_day_certain"], old["standing"])
    assert old["change"] in ("merged", "renamed", "same", "split")
    assert old["today_code"] or old["candidate_codes"]
    assert (False, None) == (new["is_day_certain"], new["change"])


async def test_a_database_that_is_ill_is_left_alone(pool: Any, key_ring: FileKeyRing) -> None:
    """After some failures nobody is sent there for a while; then one call looks whether it is well."""
    async with citizens(pool, key_ring, transport={"read_attempts": 1, "calls_per_second": None}) as setup:
        setup.database.sandbox.add_fault(FaultSpec(kind=FaultKind.SERVER_ERROR))
        answers = [await setup.verify() for _ in range(12)]
        asked, is_available = len(setup.database.calls), setup.desk.is_available()
        await control(setup.database, "reset", {})
        setup.clock.move(600)
        well = await setup.verify()
        codes = [one.code for one in setup.heard.happenings if isinstance(one, CitizenAsked)]

    assert {503} == {one.status for one in answers}
    assert asked < 12
    assert not is_available
    assert "circuit_open" in codes
    assert 200 == well.status


async def test_a_caller_that_goes_away_leaves_both_lines(pool: Any, key_ring: FileKeyRing) -> None:
    """A question that is given up in the middle is written down as not answered."""
    async with citizens(pool, key_ring) as setup:
        setup.database.sandbox.add_fault(FaultSpec(kind=FaultKind.STALL_AFTER_WORK, delay_seconds=5.0))
        task = asyncio.create_task(_direct(setup.desk))
        for _ in range(500):
            if setup.database.sandbox.recorder.calls():
                break
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        lines = await setup.lines()

    assert [("asked", ""), ("unavailable", "cancelled")] == [(line["outcome"], line["upstream_code"]) for line in lines]


async def _direct(desk: CitizenDesk) -> None:
    await desk.verify(ORDER)


async def test_scopes(pool: Any, key_ring: FileKeyRing) -> None:
    """Who may verify may not look up."""
    async with citizens(pool, key_ring) as setup:
        setup.api.token = await setup.api.register("checker", scopes=frozenset({Scope.CITIZENS_VERIFY}))
        statuses = [(await setup.verify()).status, (await setup.look_up()).status]

    assert [200, 403] == statuses


async def test_without_a_database(pool: Any, key_ring: FileKeyRing) -> None:
    """An installation without one says so."""
    async with running_api(pool, key_ring) as api:
        answered: Answered = await api.call("POST", "/v1/citizens:verify", body=question())

    assert (409, "no-population-database") == (answered.status, answered.problem)
