"""The control API of the simulated hub: decisions, links, time, settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote

import aiohttp
import pytest

from adapters.consent.sandbox import ConsentSandbox, HubProfile, ProfileError, Spelling
from adapters.sandboxing import serve_sandbox

PID = "999199000001"
TIME_LIMIT = aiohttp.ClientTimeout(total=5)
HEADERS = {
    "client-id": "tinh-thu-nghiem",
    "client-secret": "sandbox-secret",
    "request_id": "r",
    "request_time": "05012026170409",
}


class Caller:
    """Speaks to one sandbox in raw JSON."""

    def __init__(self, sandbox: ConsentSandbox, url: str, client: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self._url = url
        self._client = client

    async def control(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Make a control call; give status and document."""
        async with self._client.request(method, f"{self._url}/_sandbox/{path}", json=body, headers=headers) as answer:
            return answer.status, await answer.json()

    async def post(self, path: str, body: Any, **headers: str) -> Any:
        """Make a call of the hub; give its document. A header given as "" is left out."""
        sent = {name: value for name, value in {**HEADERS, **headers}.items() if value}
        async with self._client.post(self._url + path, json=body, headers=sent) as answer:
            return await answer.json()

    async def start(self) -> str:
        """Ask the citizen; give the transaction code."""
        document = await self.post(self.sandbox.profile.start_path + "?code=H99", {"citizenPid": PID})
        return str(document["transactionCode"])

    async def status(self, code: str) -> Any:
        """Ask how it stands."""
        return await self.post(self.sandbox.profile.status_path, {"transactionCode": code})


@asynccontextmanager
async def caller(control_token: str | None = None, **profile: Any) -> AsyncIterator[Caller]:
    sandbox = ConsentSandbox(HubProfile.parse(profile), control_token=control_token)
    async with (
        await serve_sandbox(sandbox) as running,
        aiohttp.ClientSession(timeout=TIME_LIMIT) as client,
    ):
        yield Caller(sandbox, running.url, client)


@pytest.mark.parametrize(
    ("decision", "status", "claim"), [("approve", 0, "1"), ("decline", 3, "2"), ("expire", 1, "3")]
)
async def test_a_decision_without_a_browser(decision: str, status: int, claim: str) -> None:
    """The hub's number and the application's number differ; a second decision changes nothing."""
    async with caller(return_url="https://mot-cua.example/callback", return_spelling="path") as hub:
        code = await hub.start()
        assert 2 == (await hub.status(code))["status"]
        _, decided = await hub.control("POST", "decisions", {"transaction": code, "decision": decision})
        assert (True, True) == (decided["is_changed"], decided["return_link"].endswith(f"%7C{claim}"))
        assert status == (await hub.status(code))["status"]
        other = "decline" if decision == "approve" else "approve"
        _, again = await hub.control("POST", "decisions", {"transaction": decided["txn_id"], "decision": other})
        assert (False, decided["standing"]) == (again["is_changed"], again["standing"])


async def test_the_return_in_every_spelling() -> None:
    """Eight spellings of one transaction; two of them are encoded twice, two say no result."""
    async with caller(return_url="https://mot-cua.example/callback") as hub:
        code = await hub.start()
        _, answer = await hub.control("GET", f"links?transaction={code}")
        links = answer["links"]
        [transaction] = list(hub.sandbox.transactions)
        assert set(links) == set(Spelling)
        assert [] == [name for name, link in links.items() if transaction.txn_id not in unquote(link)]
        assert {"path_twice", "query_twice"} == {name for name, link in links.items() if "%257C" in link}
        assert 2 == sum("%" not in link for link in links.values())


async def test_time_passes_when_told() -> None:
    """A consent ends after its 300 s and says `errorcode4005`; a shifted clock alone ends it too."""
    async with caller() as hub:
        code = await hub.start()
        await hub.control("POST", "clock", {"advance_seconds": 299})
        assert 2 == (await hub.status(code))["status"]
        await hub.control("POST", "clock", {"advance_seconds": 2})
        assert "errorcode4005" == (await hub.status(code))["message"]
        assert 1 == hub.sandbox.counters()["expired"]


@pytest.mark.parametrize(
    ("path", "body", "status", "named"),
    [
        ("decisions", {"transaction": "x", "decision": "approve"}, 404, "transaction"),
        ("decisions", {"decision": "approve"}, 404, "transaction"),
        ("clock", {"advance_seconds": -1}, 400, "advance_seconds"),
        ("clock", {"advance_seconds": True}, 400, "seconds"),
        ("clock", {}, 400, "advance_seconds"),
        ("clock", {"a": 1}, 400, "advance_seconds"),
        ("profile", {"colour": 1}, 400, "colour"),
        ("profile", {"start_path": "/x"}, 400, "start_path"),
        ("profile", {"webhook_copies": 0}, 400, "webhook_copies"),
    ],
)
async def test_an_order_that_cannot_be_obeyed_is_explained(path: str, body: Any, status: int, named: str) -> None:
    """The answer names what is wrong."""
    async with caller() as hub:
        given, document = await hub.control("POST", path, body)
        assert (status, True) == (given, named in document["error"])


async def test_a_decision_by_nobody_and_a_decision_that_is_none() -> None:
    """Only the invented people can decide, and only in three ways."""
    async with caller() as hub:
        code = await hub.start()
        for order, named in (
            ({"decision": "approve", "person": "123"}, "person"),
            ({"decision": "maybe"}, "decision"),
            ({"decision": ["approve"]}, "decision"),
        ):
            status, document = await hub.control("POST", "decisions", {"transaction": code, **order})
            assert (400, True) == (status, named in document["error"])


async def test_the_control_api_wants_its_token_and_shows_no_secret() -> None:
    """Settings are shown without those that are secret."""
    async with caller(control_token="t0ken") as hub:
        assert 401 == (await hub.control("GET", "profile"))[0]
        _, shown = await hub.control("GET", "profile", None, **{"X-Sandbox-Token": "t0ken"})
        assert "client_id" in shown
        assert [] == [name for name in ("client_secret", "password", "hmac_key", "webhook_key") if name in shown]


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"client-secret": "x"}, {"citizenPid": PID}, "00"),
        ({"client-id": ""}, {"citizenPid": PID}, "00"),
        ({"request_time": "2026"}, {"citizenPid": PID}, "02"),
        ({"request_id": ""}, {"citizenPid": PID}, "02"),
        ({}, {"citizenPid": 999199000001}, "02"),
        ({}, ["x"], "02"),
        ({}, {"serviceCode": "biometric-share-info", "data": {}}, "02"),
    ],
)
async def test_calls_that_are_not_admitted(headers: dict[str, str], body: Any, status: str) -> None:
    """Each is refused with its status, and nobody is asked."""
    async with caller() as hub:
        document = await hub.post(hub.sandbox.profile.start_path + "?code=H99", body, **headers)
        assert (status, 0) == (document["status"], len(hub.sandbox.transactions))


async def test_the_id_in_links_opens_no_status() -> None:
    """The id travels through browsers; only the transaction code is asked by."""
    async with caller() as hub:
        await hub.start()
        [transaction] = list(hub.sandbox.transactions)
        assert "03" == (await hub.status(transaction.txn_id))["status"]


async def test_a_reset_forgets_what_was_received() -> None:
    """Settings stay."""
    async with caller(org_code="H99", state_type="text") as hub:
        code = await hub.start()
        assert (200, {"is_reset": True}) == await hub.control("POST", "reset")
        assert "03" == (await hub.status(code))["status"]
        assert (0, "text") == (hub.sandbox.counters()["started"], hub.sandbox.profile.state_type)


def test_the_same_seed_gives_the_same_ids() -> None:
    """Everything random is repeatable."""
    first, second, other = (ConsentSandbox(seed=seed).transactions.new_id() for seed in (1, 1, 2))
    assert (True, False) == (first == second, first == other)


@pytest.mark.parametrize("values", [{"a": 1}, [], None, {"answer_form": "x"}, {"token_seconds": -1}])
def test_a_profile_that_cannot_be_meant(values: Any) -> None:
    """Settings are checked when they are read."""
    with pytest.raises(ProfileError):
        HubProfile.parse(values)
