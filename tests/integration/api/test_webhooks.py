"""Subscriptions and what is sent for them: signed, in order, at least once, never to the wrong place."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from gateway.api.services import Limits
from gateway.engine.webhooks import AiohttpPost, WebhookSender, WebhookSettings
from gateway.ports.basics import Clock
from gateway.store.events import EventSignal
from gateway.store.subscriptions import PostgresWebhooks
from gateway.sync.retry import RetryPolicy
from gateway.vault.keyring import FileKeyRing
from tests.support.api import ApiUnderTest, running_api
from tests.support.clocks import FixedChance, RunningClock
from tests.support.keys import make_key_ring
from tests.support.samples import APPLICANT_NAME, make_dossier, make_step


def code(number: int) -> str:
    return f"H99.01-260105-{number:05}"


@dataclass
class Receiver:
    """A subscriber's server. `answers` are given one after the other, then 204."""

    url: str = ""
    answers: list[Callable[[web.Request], Awaitable[web.StreamResponse]]] = field(default_factory=list)
    received: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)
    under_way_count: int = 0
    max_under_way_count: int = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.under_way_count += 1
        self.max_under_way_count = max(self.max_under_way_count, self.under_way_count)
        try:
            self.received.append((request.headers.copy(), await request.read()))
            if self.answers:
                return await self.answers.pop(0)(request)
            return web.Response(status=204)
        finally:
            self.under_way_count -= 1

    @property
    def subjects(self) -> list[str]:
        return [msgspec.json.decode(body)["data"]["subject"] for _, body in self.received]

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.received]


def answering(status: int, **headers: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers=headers)

    return answer


async def stalling(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(5)
    return web.Response(status=204)


async def hanging_up(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response(status=204)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Give a subscriber's server on a free port."""
    made = Receiver()
    app = web.Application()
    app.router.add_post("/hooks", made.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hooks"
    yield made
    await runner.cleanup()


class Attempts:
    """Implements WebhookObserver and keeps everything."""

    def __init__(self) -> None:
        self.outcomes: list[str] = []

    def webhook_attempted(self, outcome: str, duration_seconds: float) -> None:
        assert duration_seconds >= 0
        self.outcomes.append(outcome)


SETTINGS = WebhookSettings(
    policy=RetryPolicy(first_delay_seconds=10.0, ceiling_seconds=40.0, jitter_fraction=0.0), timeout_seconds=0.4
)


@asynccontextmanager
async def sending(
    pool: Any, key_ring: FileKeyRing, settings: WebhookSettings = SETTINGS, clock: Clock | None = None
) -> AsyncIterator[tuple[WebhookSender, Attempts]]:
    attempts = Attempts()
    async with aiohttp.ClientSession() as session:
        sender = WebhookSender(
            PostgresWebhooks(pool),
            key_ring=key_ring,
            clock=clock or RunningClock(),
            chance=FixedChance(),
            post=AiohttpPost(session),
            signal=EventSignal(pool),
            settings=settings,
            observer=attempts,
        )
        yield sender, attempts


async def subscribe(api: ApiUnderTest, url: str, **more: Any) -> dict[str, Any]:
    answered = await api.call("POST", "/v1/subscriptions", body={"url": url, **more})
    assert answered.status == 201, answered.body
    made: dict[str, Any] = answered.json
    return made


async def state(api: ApiUnderTest, made: dict[str, Any]) -> Any:
    return (await api.get(f"/v1/subscriptions/{made['subscription_id']}")).json


def progress_of(shown: dict[str, Any]) -> tuple[int, int, str]:
    """Give how far a subscription is and how it fails."""
    return shown["after_event_id"], shown["failures_count"], shown["last_failure"]


async def make_due(pool: Any) -> None:
    """Let the wait of every subscription be over."""
    await pool.execute("UPDATE subscriptions SET due_at = now() - interval '1 second'")


async def test_events_are_posted_and_verify(api: ApiUnderTest, key_ring: FileKeyRing, receiver: Receiver) -> None:
    """Each event is posted once, in order, and another implementation verifies it with the secret that was shown."""
    made = await subscribe(api, receiver.url)
    for number in range(3):
        await api.put(code(number), make_dossier())

    # The library compares the timestamp with the machine's clock, so this sender goes by it as well.
    clock = RunningClock(datetime.now(UTC))
    async with sending(api.services.pool, key_ring, clock=clock) as (sender, attempts):
        assert 1 == await sender.work_once()
        assert 0 == await sender.work_once()

    assert [code(0), code(1), code(2)] == receiver.subjects
    assert ["delivered"] * 3 == attempts.outcomes
    assert 1 == receiver.max_under_way_count
    webhook = Webhook(made["secret"])
    for headers, body in receiver.received:
        content = webhook.verify(body, {name.lower(): value for name, value in headers.items()})
        assert ("dossier.created", "2026-01-05T08:00:00Z") == (content["type"], content["timestamp"])
        assert ("application/json", "created") == (
            headers["Content-Type"],
            content["data"]["details"]["outcome"],
        )
        assert APPLICANT_NAME.encode() not in body
        other = "whsec_" + base64.b64encode(b"x" * 32).decode()
        with pytest.raises(WebhookVerificationError):
            Webhook(other).verify(body, {name.lower(): value for name, value in headers.items()})
        with pytest.raises(WebhookVerificationError):
            webhook.verify(body + b" ", {name.lower(): value for name, value in headers.items()})
    assert (3, 0, "") == progress_of(await state(api, made))


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (answering(500), "server_error"),
        (answering(400), "client_error"),
        (answering(410), "client_error"),
        (answering(301, Location="/hooks"), "redirected"),
        (answering(307, Location="/hooks"), "redirected"),
        (stalling, "timeout"),
        (hanging_up, "no_connection"),
    ],
)
async def test_failures_are_repeated_on_a_growing_schedule(
    api: ApiUnderTest, key_ring: FileKeyRing, receiver: Receiver, answer: Any, failure: str
) -> None:
    """An event that fails is sent again later under the same id, and nothing after it before it."""
    pool = api.services.pool
    made = await subscribe(api, receiver.url)
    await api.put(code(1), make_dossier())
    await api.put(code(2), make_dossier())
    receiver.answers = [answer, answer]

    waits = []
    async with sending(pool, key_ring) as (sender, attempts):
        for _ in range(2):
            assert 1 == await sender.work_once()
            assert 0 == await sender.work_once()
            waits.append(await pool.fetchval("SELECT due_at - now() FROM subscriptions"))
            failed = await state(api, made)
            assert (0, len(waits), failure) == progress_of(failed)
            await make_due(pool)
        assert 1 == await sender.work_once()

    assert [code(1), code(1), code(1), code(2)] == receiver.subjects
    assert 1 == len(set(receiver.ids[:3]))
    assert 2 == len(set(receiver.ids))
    assert [failure, failure, "delivered", "delivered"] == attempts.outcomes
    assert timedelta(seconds=5) < waits[0] <= timedelta(seconds=10)
    assert timedelta(seconds=15) < waits[1] <= timedelta(seconds=20)
    assert (2, 0, "") == progress_of(await state(api, made))


async def test_a_consumer_that_is_down_for_a_day_misses_nothing(
    api: ApiUnderTest, key_ring: FileKeyRing, receiver: Receiver
) -> None:
    """The schedule grows to an hour; whatever was accepted meanwhile comes in order, the first event under one id."""
    pool = api.services.pool
    made = await subscribe(api, receiver.url)
    settings = WebhookSettings(
        policy=RetryPolicy(first_delay_seconds=5.0, ceiling_seconds=3600.0, jitter_fraction=0.0), timeout_seconds=0.4
    )
    attempts_count, waited = 0, timedelta(0)
    async with sending(pool, key_ring, settings) as (sender, _):
        while waited < timedelta(days=1):
            await api.put(code(attempts_count), make_dossier())
            receiver.answers = [answering(503)]
            assert 1 == await sender.work_once()
            waited += await pool.fetchval("SELECT due_at - now() FROM subscriptions")
            attempts_count += 1
            await make_due(pool)
        receiver.answers = []
        assert 1 == await sender.work_once()
    assert 20 < attempts_count < 60
    assert [code(0)] * attempts_count + [code(n) for n in range(attempts_count)] == receiver.subjects
    assert 1 == len(set(receiver.ids[: attempts_count + 1]))
    assert (attempts_count, 0, "") == progress_of(await state(api, made))


async def test_nothing_is_lost_when_the_sender_dies(
    api: ApiUnderTest, key_ring: FileKeyRing, receiver: Receiver
) -> None:
    """A sender that dies after a post leaves a lease that runs out; the event comes again with the same id."""
    pool = api.services.pool
    await subscribe(api, receiver.url)
    await api.put(code(1), make_dossier())
    receiver.answers = [stalling]
    settings = WebhookSettings(policy=SETTINGS.policy, timeout_seconds=5.0, lease_seconds=0.5)
    async with sending(pool, key_ring, settings) as (sender, _):
        working = asyncio.create_task(sender.work_once())
        async with asyncio.timeout(5):
            while not receiver.received:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)

        held = await sender.work_once()
        await asyncio.sleep(0.6)
        taken = await sender.work_once()

    assert (0, 1) == (held, taken)
    assert 2 == len(receiver.ids)
    assert 1 == len(set(receiver.ids))


async def test_two_senders_share_the_work(api: ApiUnderTest, key_ring: FileKeyRing, receiver: Receiver) -> None:
    """However many senders work, a subscription is served by one at a time and every event once."""
    pool = api.services.pool
    await subscribe(api, receiver.url)
    await api.import_lines(*({"code": code(n), "dossier": make_dossier()} for n in range(20)))

    async with sending(pool, key_ring) as (first, _), sending(pool, key_ring) as (second, _):
        await asyncio.gather(*(sender.work_once() for sender in (first, second) * 3))

    assert [code(n) for n in range(20)] == receiver.subjects
    assert 1 == receiver.max_under_way_count


async def test_running_until_told_to_stop(pool: Any, key_ring: FileKeyRing, receiver: Receiver) -> None:
    """A running sender posts as soon as something happens, a slow subscriber holds up nobody, and it stops."""
    async with running_api(pool, key_ring) as api, aiohttp.ClientSession() as session:
        slow = Receiver()
        slow.answers = [stalling] * 9
        app = web.Application()
        app.router.add_post("/hooks", slow.handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        await subscribe(api, f"http://127.0.0.1:{runner.addresses[0][1]}/hooks")
        await subscribe(api, receiver.url)
        stopping = asyncio.Event()
        sender = WebhookSender(
            PostgresWebhooks(pool),
            key_ring=key_ring,
            clock=RunningClock(),
            chance=FixedChance(),
            post=AiohttpPost(session),
            signal=api.services.signal,
            settings=WebhookSettings(timeout_seconds=1.0),
        )
        running = asyncio.create_task(sender.run(stopping))
        async with asyncio.timeout(10):
            for number in range(5):
                await api.put(code(number), make_dossier())
                while len(receiver.received) <= number:  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
            stopping.set()
            await running
        await runner.cleanup()

    assert [code(n) for n in range(5)] == receiver.subjects
    assert 1 >= slow.max_under_way_count


async def test_only_what_was_subscribed_is_sent(api: ApiUnderTest, key_ring: FileKeyRing, receiver: Receiver) -> None:
    """Types and agencies bound what is sent; a subscription begins now unless it names a beginning."""
    await api.put(code(1), make_dossier())
    stranger = api.with_token(await api.register("stranger", prefixes=("H98",)))
    foreign = await subscribe(stranger, receiver.url)
    typed = await subscribe(api, receiver.url, event_types=["dossier.progressed"])
    await subscribe(api, receiver.url, event_types=["dossier.created"], after_event_id=0)
    await api.put(code(2), make_dossier())
    await api.progress(code(2), make_step(), Idempotency_Key="k")

    async with sending(api.services.pool, key_ring) as (sender, _):
        while await sender.work_once():
            pass

    assert [code(1), code(2), code(2)] == sorted(receiver.subjects)
    assert 3 == (await state(api, typed))["after_event_id"]
    assert 3 == (await state(stranger, foreign))["after_event_id"]


@pytest.mark.parametrize("ending", ["deleted", "revoked"])
async def test_what_has_ended_is_not_sent(
    api: ApiUnderTest, key_ring: FileKeyRing, receiver: Receiver, ending: str
) -> None:
    """A deleted subscription and one of a revoked client get nothing more; a deleted one's secret is gone."""
    pool = api.services.pool
    made = await subscribe(api, receiver.url)
    if ending == "deleted":
        address = f"/v1/subscriptions/{made['subscription_id']}"
        assert 204 == (await api.call("DELETE", address)).status
        assert "subscription-not-found" == (await api.call("DELETE", address)).problem
        assert "subscription-not-found" == (await api.get(address)).problem
        assert (b"", b"") == tuple(await pool.fetchrow("SELECT wrapped_key, sealed_secret FROM subscriptions"))
    await api.put(code(1), make_dossier())
    if ending == "revoked":
        await pool.execute("UPDATE clients SET revoked_at = now()")

    async with sending(pool, key_ring) as (sender, _):
        assert 0 == await sender.work_once()

    assert [] == receiver.received


async def test_a_key_ring_that_does_not_fit(api: ApiUnderTest, receiver: Receiver) -> None:
    """A secret that cannot be opened is a failure to see and to repair, not a message signed by nothing."""
    made = await subscribe(api, receiver.url)
    await api.put(code(1), make_dossier())

    async with sending(api.services.pool, make_key_ring("another")) as (sender, attempts):
        await sender.work_once()

    assert ["secret_unreadable"] == attempts.outcomes
    assert "secret_unreadable" == (await state(api, made))["last_failure"]
    assert [] == receiver.received


async def test_a_target_that_is_no_longer_allowed(api: ApiUnderTest, key_ring: FileKeyRing, receiver: Receiver) -> None:
    """Hosts are judged when something is sent, too: a rule made later holds for older subscriptions."""
    made = await subscribe(api, receiver.url)
    await api.put(code(1), make_dossier())
    settings = WebhookSettings(policy=SETTINGS.policy, allowed_hosts=(".province.example",))

    async with sending(api.services.pool, key_ring, settings) as (sender, attempts):
        await sender.work_once()

    assert (["target_refused"], []) == (attempts.outcomes, receiver.received)
    assert "target_refused" == (await state(api, made))["last_failure"]


async def test_subscriptions_through_the_api(api: ApiUnderTest) -> None:
    """The secret is shown once; lists and single answers do without it; another client's are not found."""
    answered = await api.call(
        "POST",
        "/v1/subscriptions",
        body={"url": "https://one-stop.province.example/hooks", "event_types": ["dossier.created"]},
    )
    made = answered.json
    address = f"/v1/subscriptions/{made['subscription_id']}"
    stranger = api.with_token(await api.register("stranger"))

    assert (201, address) == (answered.status, answered.headers["Location"])
    assert 32 == len(base64.b64decode(made["secret"].removeprefix("whsec_")))
    shown = (await api.get(address)).json
    assert "secret" not in shown
    assert ("https://one-stop.province.example/hooks", ["dossier.created"]) == (shown["url"], shown["event_types"])
    assert [shown] == (await api.get("/v1/subscriptions")).json["subscriptions"]
    assert [] == (await stranger.get("/v1/subscriptions")).json["subscriptions"]
    assert "subscription-not-found" == (await stranger.get(address)).problem
    assert "subscription-not-found" == (await stranger.call("DELETE", address)).problem
    stored = await api.services.pool.fetchval("SELECT string_agg(s::text, ' ') FROM subscriptions s")
    secret = base64.b64decode(made["secret"].removeprefix("whsec_"))
    assert secret.hex() not in stored


async def test_making_a_subscription_twice_with_one_key(api: ApiUnderTest) -> None:
    """A repeated request with a key makes one subscription and shows the same secret; another request is refused."""
    body = {"url": "https://one-stop.province.example/hooks"}
    headers = {"Idempotency-Key": "k1"}

    answers = await asyncio.gather(
        *(api.call("POST", "/v1/subscriptions", body=body, headers=headers) for _ in range(4))
    )
    other = await api.call("POST", "/v1/subscriptions", body={**body, "after_event_id": 0}, headers=headers)
    elsewhere = await api.put(code(1), make_dossier(), Idempotency_Key="k1")

    assert [201] * 4 == [answer.status for answer in answers]
    assert 1 == len({answer.body for answer in answers})
    assert 3 == sum("Idempotency-Replayed" in answer.headers for answer in answers)
    assert (422, "idempotency-key-reused") == (other.status, other.problem)
    assert "idempotency-key-reused" == elsewhere.problem
    assert 1 == len((await api.get("/v1/subscriptions")).json["subscriptions"])


@pytest.mark.parametrize(
    "url",
    [
        "ftp://one-stop.province.example/hooks",
        "file:///etc/passwd",
        "https://",
        "https://user:password@one-stop.province.example/",
        "https://one-stop.province.example/#x",
        "https://one-stop.province.example:0/",
        "https://one-stop.province.example:70000/",
        "https://one-stop province.example/",
        "https://[::1]/",
        "//one-stop.province.example",
        "https://" + "a" * 64 + ".example/",
        5,
        None,
    ],
)
async def test_targets_that_are_refused(api: ApiUnderTest, url: Any) -> None:
    """A target must be a plain web address."""
    answered = await api.call("POST", "/v1/subscriptions", body={"url": url})

    assert (422, "invalid-content", ["/url"]) == (answered.status, answered.problem, answered.fields)


async def test_allowed_hosts_and_the_number_of_subscriptions(pool: Any, key_ring: FileKeyRing) -> None:
    """The operator bounds where webhooks go and how many a client has."""
    limits = Limits(max_subscriptions_count=2, webhook_hosts=(".province.example",))
    async with running_api(pool, key_ring, limits=limits) as api:

        async def make(url: str) -> Any:
            return await api.call("POST", "/v1/subscriptions", body={"url": url})

        refused = await make("https://elsewhere.example/")
        assert ("invalid-content", ["/url"]) == (refused.problem, refused.fields)
        assert 201 == (await make("https://a.province.example/")).status
        assert 201 == (await make("https://province.example/")).status
        full = await make("https://b.province.example/")
        assert (409, "too-many-subscriptions") == (full.status, full.problem)
        [first, _] = (await api.get("/v1/subscriptions")).json["subscriptions"]
        await api.call("DELETE", f"/v1/subscriptions/{first['subscription_id']}")
        assert 201 == (await make("https://b.province.example/")).status
