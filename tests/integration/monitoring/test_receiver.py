"""Push mode: what is sent is kept once, whatever happens to the answer."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from adapters.monitoring.sandbox import FindingKind, MonitoringProfile, MonitoringSandbox
from adapters.sandboxing import FaultKind, FaultSpec, RunningSandbox, serve_sandbox
from tests.support.monitoring_documents import canonical
from tests.support.monitoring_province import Province, Publication
from tests.support.monitoring_story import honest_province

PATH = "/push/v1/snapshots"


class Sender:
    """Sends to a receiver on loopback."""

    def __init__(self, sandbox: MonitoringSandbox, running: RunningSandbox, session: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.running = running
        self._session = session

    async def send(
        self, document: Any, key: str, token: str = "sandbox-push", headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any, Mapping[str, str]]:
        given = {"Authorization": f"Bearer {token}", "Idempotency-Key": key, **(headers or {})}
        body = canonical(document)
        async with self._session.post(self.running.url + PATH, data=body, headers=given) as answer:
            text = await answer.read()
            is_json = "json" in answer.headers.get("Content-Type", "")
            return answer.status, json.loads(text) if is_json else text, answer.headers

    def kinds(self) -> set[FindingKind]:
        return {finding.kind for finding in self.sandbox.findings}


@asynccontextmanager
async def receiving(province: Province | None = None) -> AsyncIterator[Sender]:
    keys = {"keys": (province or Province()).key_set} if province else {}
    profile = MonitoringProfile(push_key_set=keys, push_units={"T4": "working_day"})
    sandbox = MonitoringSandbox(profile)
    async with await serve_sandbox(sandbox) as running, aiohttp.ClientSession() as session:
        yield Sender(sandbox, running, session)


def whole(made: Publication) -> dict[str, Any]:
    """Give a publication as it is pushed."""
    return {"manifest": made.manifest, "signature": made.signature, "data": json.loads(made.files["data.json"])}


async def test_a_publication_is_kept_once_and_acknowledged_alike() -> None:
    """The same again gives the same receipt; both forms of payload are taken."""
    province = honest_province()
    first, second = province.published[:2]
    async with receiving(province) as sender:
        created = await sender.send(whole(first), first.line["id"])
        again = await sender.send(whole(first), first.line["id"])
        bare = await sender.send(json.loads(second.files["data.json"]), second.line["id"])

        assert (201, 200, 201) == (created[0], again[0], bare[0])
        assert created[1] == again[1]
        assert [first.line["id"], second.line["id"]] == list(sender.sandbox.receiver.received)
        assert 1 == sender.sandbox.receiver.repeats_count
        assert () == sender.sandbox.findings


async def test_another_document_under_the_same_id_is_refused() -> None:
    """What was taken first stays."""
    province = honest_province()
    made = province.published[0]
    async with receiving(province) as sender:
        await sender.send(whole(made), made.line["id"])
        status, problem, headers = await sender.send({**whole(made), "extra": 1}, made.line["id"])
        assert (409, 409, "application/problem+json") == (status, problem["status"], headers["Content-Type"])
        assert {FindingKind.CHAIN_BROKEN} == sender.kinds()
        assert 1 == len(sender.sandbox.receiver.received)


@pytest.mark.parametrize(
    ("status", "sent"),
    [
        (401, {"token": "another"}),
        (422, {"key": "another"}),
        (400, {"headers": {"Content-Digest": "sha-256=:AAAA:"}}),
        (400, {"document": []}),
        (400, {"document": {"data": {}}}),
    ],
)
async def test_what_cannot_be_taken_is_refused_and_not_kept(status: int, sent: dict[str, Any]) -> None:
    """Each refusal is a problem document."""
    made = honest_province().published[0]
    async with receiving() as sender:
        answer = await sender.send(**{"document": whole(made), "key": made.line["id"], **sent})
        assert status == answer[0] == answer[1]["status"]
        assert {} == sender.sandbox.receiver.received


async def test_what_is_pushed_is_held_against_what_was_signed() -> None:
    """A strange signature, changed data and wrong numbers are found as in pulls."""
    province = honest_province()
    for spoil, kind in (
        ({"signature": province.published[1].signature}, FindingKind.SIGNATURE_FAILED),
        ({"data": json.loads(province.published[0].files["data.json"].replace(b"58.33", b"58.34"))}, "digest_differs"),
    ):
        async with receiving(province) as sender:
            made = province.published[0]
            await sender.send({**whole(made), **spoil}, made.line["id"])
            assert {kind} == sender.kinds()
    async with receiving() as sender:
        data = json.loads(province.published[0].files["data.json"].replace(b"58.33", b"58.34"))
        await sender.send(data, data["snapshot"]["id"])
        assert {FindingKind.PERCENT_WRONG} == sender.kinds()


@pytest.mark.parametrize("kind", [FaultKind.DROP_REPLY, FaultKind.RESET_MID_ANSWER])
async def test_an_answer_that_is_lost_leaves_the_publication_taken_once(kind: FaultKind) -> None:
    """Whoever sends it again gets the receipt that was lost."""
    made = honest_province().published[0]
    async with receiving() as sender:
        sender.sandbox.faults.add(FaultSpec(kind=kind, calls=1))
        with pytest.raises(aiohttp.ClientError):
            await sender.send(whole(made), made.line["id"])
        assert [made.line["id"]] == list(sender.sandbox.receiver.received)
        assert 200 == (await sender.send(whole(made), made.line["id"]))[0]
        assert 1 == len(sender.sandbox.receiver.received)


async def test_faults_before_taking_take_nothing() -> None:
    """A refused connection, a burst of 5xx, and a 429 with its time; then it is taken."""
    made = honest_province().published[0]
    async with receiving() as sender:
        sender.sandbox.faults.add(FaultSpec(kind=FaultKind.REFUSE_CONNECTION, calls=1))
        with pytest.raises(aiohttp.ClientError):
            await sender.send(whole(made), made.line["id"])
        sender.sandbox.faults.add(FaultSpec(kind=FaultKind.SERVER_ERROR, calls=2, http_status=502))
        sender.sandbox.faults.add(FaultSpec(kind=FaultKind.RATE_LIMITED, calls=1, retry_after_seconds=3))
        answers = [await sender.send(whole(made), made.line["id"]) for _ in range(3)]
        assert [502, 502, 429] == [answer[0] for answer in answers]
        assert "3" == answers[2][2]["Retry-After"]
        assert {} == sender.sandbox.receiver.received
        assert 201 == (await sender.send(whole(made), made.line["id"]))[0]


async def test_a_stall_ends_in_an_answer() -> None:
    """The publication is taken before the wait."""
    made = honest_province().published[0]
    async with receiving() as sender:
        sender.sandbox.faults.add(FaultSpec(kind=FaultKind.STALL_AFTER_WORK, calls=1, delay_seconds=0.05))
        assert 201 == (await sender.send(whole(made), made.line["id"]))[0]
