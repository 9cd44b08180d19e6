"""Statements from the API to the portal, over the real store: each reaches it, the latest wins, none is lost."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from gateway.clocks import SystemClock
from gateway.engine.circuits import CircuitBreaker
from gateway.engine.gates import SystemGate
from gateway.engine.statements import StatementSender, StatementSettings, read_questions
from gateway.errors import OutcomeUnknown, TransientFailure
from gateway.model.audit import AuditAction
from gateway.model.statement import StatementKind
from gateway.ports.basics import KeyRing
from gateway.ports.observing import CircuitMoved, DefectFound, Happening
from gateway.ports.portal_services import Question, QuestionAnswer, QuestionSource, Shares
from gateway.store.clients import Scope
from gateway.store.gates import PostgresGates, pause_system, resume_system
from gateway.store.ledger import queue_facts
from gateway.store.statements import PostgresStatements
from gateway.store.systems import PostgresSystems
from gateway.sync.circuit import CircuitPolicy
from gateway.sync.release import ReleasePolicy
from gateway.sync.retry import RetryPolicy
from tests.support.api import ApiUnderTest, running_api
from tests.support.audit import looks
from tests.support.clocks import FixedChance, RunningClock
from tests.support.statements import StatementPortal

ASKER = "Lê Văn Ví Dụ"
ANSWER = {
    "agency_code": "H99.01",
    "answered_by": "Trần Văn Thử",
    "answerer_position": "Chuyên viên",
    "answered_on": "2026-01-06",
    "content": "Năm ngày làm việc.",
}
VOTES = {"very_satisfied_count": 20, "satisfied_count": 16, "not_satisfied_count": 4}
RATING = {"question": "Thái độ phục vụ", "officer_votes": VOTES, "service_votes": VOTES}
RATINGS = {"agency_name": "Sở Thử nghiệm", "ratings": [RATING]}
STATISTICS = {
    "agency_name": "Sở Thử nghiệm",
    "received_count": 100,
    "carried_over_count": 10,
    "processed_on_time_count": 90,
    "processed_late_count": 5,
    "pending_in_time_count": 14,
    "pending_late_count": 1,
}
LOCAL = {"agency_code": "H99.01", "agency_name": "Sở Thử nghiệm", "sector_code": "LV01", "content": "Nộp ở đâu?"}


@dataclass(slots=True)
class Desk:
    """The API, the sender and the portal of a test."""

    api: ApiUnderTest
    portal: StatementPortal
    store: PostgresStatements
    sender: StatementSender
    happenings: list[Happening] = field(default_factory=list)

    async def put(self, path: str, body: Any) -> int:
        return (await self.api.call("PUT", f"/v1/{path}", body=body)).status

    async def states(self) -> dict[str, str]:
        rows = await self.api.services.pool.fetch("SELECT kind || ':' || subject AS s, state FROM statements")
        return {row["s"]: row["state"] for row in rows}

    async def is_balanced(self) -> bool:
        facts = await queue_facts(self.api.services.pool)
        return all(fact.balance.difference == 0 for fact in facts.values()) and bool(facts)

    async def read(self) -> int | None:
        return await read_questions("portal", self.portal, self.store, clock=RunningClock())


def question(number: str = "81001", **changes: Any) -> Question:
    values: dict[str, Any] = {
        "question_id": number,
        "source": QuestionSource.CITIZENS,
        "agency_code": "H99.01",
        "content": "Thời hạn giải quyết là bao lâu?",
        "asker_name": ASKER,
    }
    return Question(**{**values, **changes})


@pytest.fixture
async def desk(pool: Any, key_ring: KeyRing) -> AsyncIterator[Desk]:
    """Open a desk with one question read."""
    portal, store = StatementPortal(), PostgresStatements(pool, key_ring=key_ring)
    happenings: list[Happening] = []
    systems = PostgresSystems(pool)
    await systems.ensure("portal")
    breaker = CircuitBreaker(
        systems,
        "portal",
        policy=CircuitPolicy(failures_to_open=2, open_seconds=0.05, open_ceiling_seconds=0.1),
        clock=SystemClock(),
        chance=FixedChance(),
        observer=happenings.append,
        gate=SystemGate(
            PostgresGates(pool), "portal", policy=ReleasePolicy(ramp_minutes=0), clock=SystemClock(), refresh_seconds=0
        ),
    )
    sender = StatementSender(
        "portal",
        store,
        portal,
        breaker,
        key_ring=key_ring,
        clock=RunningClock(),
        chance=FixedChance(),
        observer=happenings.append,
        settings=StatementSettings(retry=RetryPolicy(first_delay_seconds=0.01), idle_seconds=0.02),
    )
    portal.questions[QuestionSource.CITIZENS].append(question())
    async with running_api(pool, key_ring) as api:
        made = Desk(api, portal, store, sender, happenings)
        await made.read()
        yield made


async def test_every_kind_reaches_the_portal_as_stated(desk: Desk) -> None:
    """All four kinds arrive once, with every field; the equation holds before and after."""
    assert await desk.put("questions/citizens/81001/answer", ANSWER) == 202
    assert await desk.put("local-questions/7", LOCAL) == 202
    assert await desk.put("ratings/2026-01/H99.01", RATINGS) == 202
    assert await desk.put("statistics/2026-01/H99.01", STATISTICS) == 202
    assert await desk.is_balanced()
    await desk.sender.cycle()
    taken = dict(desk.portal.taken)
    assert {"answers", "local_questions", "ratings", "statistics"} == set(taken)
    assert taken["answers"][0].content == ANSWER["content"]
    assert taken["local_questions"][0].local_question_id == 7
    assert (2026, 1, 40) == (taken["ratings"][0].year, taken["ratings"][0].month, taken["ratings"][0].raters_count)
    assert taken["ratings"][0].officer_shares == Shares(very_satisfied=50, satisfied=40, not_satisfied=10)
    assert taken["statistics"][0].pending_late_count == 1
    assert {"delivered"} == set((await desk.states()).values())
    assert await desk.sender.cycle() == 0
    assert await desk.is_balanced()


async def test_the_same_again_changes_nothing_and_another_takes_its_place(desk: Desk) -> None:
    """A repeat is 200 and owes nothing; a correction before the sending replaces, one after it is sent too."""
    path = "statistics/2026-01/H99.01"
    assert [202, 200] == [await desk.put(path, STATISTICS), await desk.put(path, STATISTICS)]
    assert await desk.put(path, {**STATISTICS, "note": "đã sửa"}) == 202
    await desk.sender.cycle()
    assert ["đã sửa"] == [records[0].note for _, records in desk.portal.taken]
    assert await desk.put(path, STATISTICS) == 202
    await desk.sender.cycle()
    assert ["đã sửa", ""] == [records[0].note for _, records in desk.portal.taken]
    assert await desk.is_balanced()


async def test_a_refusal_of_several_is_pinned_on_the_one(desk: Desk) -> None:
    """Neighbours of a refused answer are delivered, the refused one is parked with its code and can be retried."""
    for number in ("1", "2", "3"):
        desk.portal.questions[QuestionSource.CITIZENS].append(question(number))
    await desk.read()
    for number in ("1", "2", "3"):
        await desk.put(f"questions/citizens/{number}/answer", ANSWER)
    desk.portal.unwanted = {"2"}
    await desk.sender.cycle()
    await desk.sender.cycle()
    states = await desk.states()
    assert {"answer:1": "delivered", "answer:2": "parked", "answer:3": "delivered"} == states
    parked = (await desk.api.get("/v1/statements?state=parked")).json["statements"]
    assert ["remote_code -1"] == [one["reason"] for one in parked]
    desk.portal.unwanted = set()
    retried = await desk.api.call("POST", f"/v1/statements/{parked[0]['statement_id']}:retry")
    assert retried.status == 200
    await desk.sender.cycle()
    assert (await desk.states())["answer:2"] == "delivered"
    assert await desk.is_balanced()


@pytest.mark.parametrize("failure", [TransientFailure, OutcomeUnknown])
async def test_what_fails_is_sent_again(desk: Desk, failure: type[TransientFailure] | type[OutcomeUnknown]) -> None:
    """No answer and no effect both lead to another sending, since repeating is harmless."""
    desk.portal.failures.append(failure("", system="portal", operation="push_statistics"))
    await desk.put("statistics/2026-01/H99.01", STATISTICS)
    await desk.sender.cycle()
    assert ["waiting"] == list((await desk.states()).values())
    await asyncio.sleep(0.03)
    await desk.sender.cycle()
    assert ["delivered"] == list((await desk.states()).values())


async def test_what_a_dead_sender_held_is_sent_by_the_next(desk: Desk) -> None:
    """A lease that ends makes a statement due; the dead one's late result is not stored."""
    await desk.put("statistics/2026-01/H99.01", STATISTICS)
    [lost] = await desk.store.lease("portal", StatementKind.STATISTICS, limit=5, seconds=0.01)
    await asyncio.sleep(0.03)
    assert await desk.sender.cycle() == 1
    now = RunningClock().now()
    stored = await desk.store.settle(lost, state="parked", reason="x", delay_seconds=0.0, now=now)
    assert stored is None
    assert ["delivered"] == list((await desk.states()).values())
    assert await desk.is_balanced()


async def test_a_statement_that_cannot_be_read_holds_up_nobody(desk: Desk) -> None:
    """One that was tampered with is parked with its reason; its neighbours are delivered in the same turn."""
    for agency in ("H99.01", "H99.02"):
        await desk.put(f"statistics/2026-01/{agency}", STATISTICS)
    await desk.api.services.pool.execute(
        "UPDATE statements SET sealed = set_byte(sealed, 20, 255 - get_byte(sealed, 20)) WHERE subject LIKE '%01'"
    )
    await desk.sender.cycle()
    assert {"statistics:2026-01/H99.01": "parked", "statistics:2026-01/H99.02": "delivered"} == await desk.states()
    [parked] = (await desk.api.get("/v1/statements?state=parked")).json["statements"]
    assert "unreadable" == parked["reason"]
    assert await desk.is_balanced()


async def test_a_defect_of_ours_is_pinned_on_its_statement(desk: Desk) -> None:
    """What our code cannot write is parked alone, after its neighbours have been delivered; the defect is told."""
    for agency in ("H99.01", "H99.02"):
        await desk.put(f"statistics/2026-01/{agency}", STATISTICS)
    desk.portal.breaking = {"H99.01"}
    await desk.sender.cycle()
    await desk.sender.cycle()
    assert {"statistics:2026-01/H99.01": "parked", "statistics:2026-01/H99.02": "delivered"} == await desk.states()
    assert any(isinstance(happening, DefectFound) for happening in desk.happenings)


async def test_an_outage_opens_the_shared_circuit_and_ends_by_itself(desk: Desk) -> None:
    """While the circuit is open nothing is called; a probe closes it, and everything arrives."""
    down = TransientFailure("", system="portal", operation="push_statistics")
    desk.portal.failures.extend([down] * 3)
    await desk.put("statistics/2026-01/H99.01", STATISTICS)
    await desk.put("ratings/2026-01/H99.01", RATINGS)
    async with asyncio.timeout(10):
        while not set((await desk.states()).values()) <= {"delivered"}:
            await desk.sender.cycle()
            await asyncio.sleep(0.005)
    moved = [happening.state for happening in desk.happenings if isinstance(happening, CircuitMoved)]
    assert ["open", "half_open"] == moved[:2]
    assert "closed" == moved[-1]


async def test_another_agency_cannot_take_a_subject_over(desk: Desk) -> None:
    """A client of another agency neither replaces a local question nor answers what it may not see."""
    assert await desk.put("local-questions/7", LOCAL) == 202
    other = desk.api.with_token(await desk.api.register("other", prefixes=("H99.02",)))
    theirs = {**LOCAL, "agency_code": "H99.02", "content": "Khác"}
    answered = await other.call("PUT", "/v1/local-questions/7", body=theirs)
    assert (403, "other-agency") == (answered.status, answered.problem)
    foreign = await other.call("PUT", "/v1/questions/citizens/81001/answer", body={**ANSWER, "agency_code": "H99.02"})
    assert "other-agency" == foreign.problem
    await desk.sender.cycle()
    assert [LOCAL["content"]] == [records[0].content for _, records in desk.portal.taken]


async def test_what_could_not_be_asked_is_not_called_unanswered(desk: Desk) -> None:
    """A question whose answers cannot be read is there at once, its state unknown, and among the open ones."""
    desk.portal.questions[QuestionSource.CITIZENS].append(question("5"))
    desk.portal.unaskable = {"5"}
    assert await desk.read() == 1
    assert (await desk.api.get("/v1/questions/citizens/5")).json["is_answered"] is None
    open_ones = (await desk.api.get("/v1/questions?is_answered=false")).json["questions"]
    assert {"5", "81001"} == {one["question_id"] for one in open_ones}
    desk.portal.unaskable = set()
    assert await desk.read() == 1
    assert (await desk.api.get("/v1/questions/citizens/5")).json["is_answered"] is False


async def test_an_ill_portal_ends_the_reading_and_keeps_what_was_read(desk: Desk) -> None:
    """Ten questions in a row that cannot be asked about end the reading; those before stay, and it is not noted."""
    numbers = [f"1{number:02}" for number in range(20)]
    desk.portal.questions[QuestionSource.CITIZENS] = [question(number) for number in numbers]
    desk.portal.unaskable = set(numbers)
    before = await desk.store.read_at("portal")
    with pytest.raises(TransientFailure):
        await desk.read()
    kept = (await desk.api.get("/v1/questions")).json["questions"]
    assert 9 == len([one for one in kept if one["question_id"] in numbers])
    assert before == await desk.store.read_at("portal")


async def test_only_one_process_reads_at_a_time(desk: Desk) -> None:
    """A second reading leaves at once, so that nothing is told twice."""
    async with desk.store.alone("portal") as is_mine:
        assert is_mine
        assert await desk.read() is None


async def test_questions_are_copied_once_and_changes_are_told(desk: Desk) -> None:
    """A second reading stores nothing new; an answer that appears is a change; events carry no person."""
    assert await desk.read() == 0
    desk.portal.answers["81001"] = [QuestionAnswer(answer_id="5", content="Năm ngày.")]
    assert await desk.read() == 1
    asked = len(desk.portal.asked)
    assert await desk.read() == 0
    assert asked == len(desk.portal.asked), "an answered question is not asked about again"
    shown = (await desk.api.get("/v1/questions/citizens/81001")).json
    assert (ASKER, True, "Năm ngày.") == (shown["asker_name"], shown["is_answered"], shown["answers"][0]["content"])
    [written] = await looks(desk.api.services.pool, AuditAction.QUESTION_READ)
    assert ("answered", "one-stop", "", False, "read") == (*written[:4], written[-1])
    assert "asker_name" in written[4]
    rows = await desk.api.services.pool.fetch("SELECT type, data::text AS d, subject FROM events ORDER BY event_id")
    assert ["question.received", "question.changed"] == [row["type"] for row in rows]
    assert not any(ASKER in row["d"] + row["subject"] for row in rows)


async def test_a_question_that_must_not_be_imported_is_not(desk: Desk) -> None:
    """What the portal marks as unpublished stays there."""
    desk.portal.questions[QuestionSource.AGENCIES].append(
        question("9", source=QuestionSource.AGENCIES, is_importable=False)
    )
    assert await desk.read() == 0
    assert (await desk.api.get("/v1/questions?source=agencies")).json["questions"] == []


async def test_pages_of_questions_hold_each_once(desk: Desk) -> None:
    """Cursors lead through all questions of the caller's agencies, and through no other's."""
    numbers = [f"{number:03}" for number in range(7)]
    desk.portal.questions[QuestionSource.CITIZENS] = [
        *(question(number) for number in numbers),
        question("999", agency_code="H98.01"),
    ]
    await desk.read()
    seen: list[str] = []
    path = "/v1/questions?limit=3"
    while path:
        page = (await desk.api.get(path)).json
        seen += [one["question_id"] for one in page["questions"]]
        path = f"/v1/questions?limit=3&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert [*numbers, "81001"] == seen


@pytest.mark.parametrize(
    ("path", "body", "status", "problem"),
    [
        ("questions/citizens/1/answer", ANSWER, 404, "question-not-found"),
        ("questions/citizens/81001/answer", {**ANSWER, "agency_code": "H98"}, 403, "other-agency"),
        ("questions/citizens/81001/answer", {**ANSWER, "content": ""}, 422, "invalid-content"),
        ("statistics/2026-13/H99.01", STATISTICS, 400, "invalid-parameter"),
        ("statistics/2026-01/H98.01", STATISTICS, 403, "other-agency"),
        ("statistics/2026-01/H99.01", {**STATISTICS, "received_count": 1}, 422, "contradictory-counts"),
        ("local-questions/0", LOCAL, 400, "invalid-parameter"),
    ],
)
async def test_bad_statements_are_refused(desk: Desk, path: str, body: Any, status: int, problem: str) -> None:
    """Each refusal names the rule, and nothing is kept."""
    answered = await desk.api.call("PUT", f"/v1/{path}", body=body)
    assert (status, problem) == (answered.status, answered.problem)
    assert await desk.states() == {}


async def test_without_the_scope_nothing_is_shown_or_taken(desk: Desk) -> None:
    """Questions and statements have scopes of their own."""
    token = await desk.api.register("reader", scopes=frozenset({Scope.DOSSIERS_READ}))
    other = desk.api.with_token(token)
    assert (await other.get("/v1/questions")).problem == "insufficient-scope"
    answered = await other.call("PUT", "/v1/statistics/2026-01/H99.01", body=STATISTICS)
    assert answered.problem == "insufficient-scope"


async def test_nothing_personal_is_stored_in_clear(desk: Desk) -> None:
    """Names and texts of questions and answers are found in no column."""
    await desk.put("questions/citizens/81001/answer", ANSWER)
    rows = await desk.api.services.pool.fetch(
        "SELECT s::text AS t FROM statements s UNION ALL SELECT q::text FROM questions q"
    )
    texts = " ".join(row["t"] for row in rows)
    assert texts
    for value in (ASKER, ANSWER["answered_by"], ANSWER["content"], "Thời hạn"):
        assert value.encode().hex() not in texts
        assert value not in texts


async def test_a_paused_portal_is_told_nothing_and_nothing_is_counted(desk: Desk) -> None:
    """While an operator holds the portal statements wait without an attempt, also one that was leased just before."""
    pool, now = desk.api.services.pool, SystemClock().now()
    assert await desk.put("local-questions/7", LOCAL) == 202
    (leased,) = await desk.store.lease("portal", StatementKind.LOCAL_QUESTION, limit=5, seconds=30)
    await pause_system(pool, "portal", who="operator", reason="drill", now=now, is_dry_run=False)
    await desk.sender._send(StatementKind.LOCAL_QUESTION, [leased])
    await desk.sender.cycle()
    assert [("waiting", 0)] == [tuple(row) for row in await pool.fetch("SELECT state, attempts_count FROM statements")]
    assert [] == desk.portal.taken

    await resume_system(pool, "portal", who="operator", now=now, is_dry_run=False)
    await desk.sender.cycle()
    assert ["local_questions"] == [kind for kind, _ in desk.portal.taken]
    assert await desk.is_balanced()
