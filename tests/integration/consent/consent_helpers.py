"""The adapter beside its sandbox on loopback, a receiver of webhooks, and a desk that runs the machine."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from aiohttp import web

from adapters.consent import ConsentAdapter, build
from adapters.consent.sandbox import ConsentSandbox, HubProfile
from adapters.sandboxing import MovedClock, RunningSandbox, serve_sandbox
from adapters.transport import RemoteCallFinished
from gateway.errors import GatewayError
from gateway.model.consent import ConsentState, HubResult
from gateway.ports.consent import HubNotice, NoticeKind, ShareRequest
from gateway.sync.consent_events import (
    ConsentEffect,
    ConsentEvent,
    DataFetched,
    Initiated,
    ResultTold,
    TranscodeTold,
    Woken,
)
from gateway.sync.consents import apply, open_consent
from tests.unit.adapters.consent.consent_settings import make_settings
from tests.unit.adapters.transport.fakes import FixedChance

PID = "999199000001"
OTHER_PID = "999199000002"
TIME_LIMIT_SECONDS = 10.0
SECRETS = ("sandbox-secret", "sandbox-password", "sandbox-hmac-key", "sandbox-webhook-key", "SIMTOKEN-")

CLIENT = {"client_id": "tinh-thu-nghiem", "secret": {"value": "sandbox-secret"}}
PARTNER = {"username": "doi-tac", "password": {"value": "sandbox-password"}}
HMAC = {"partner_code": "TINH-TN", "key": {"value": "sandbox-hmac-key"}}


async def no_wait(_seconds: float) -> None:
    await asyncio.sleep(0)


@dataclass
class Stage:
    """Everything that one test plays with."""

    adapter: ConsentAdapter
    sandbox: ConsentSandbox
    running: RunningSandbox
    clock: MovedClock
    """The adapter's own; the sandbox has another."""
    seen: list[RemoteCallFinished]


@asynccontextmanager
async def stage(
    profile: dict[str, Any] | None = None, *, new_id: Callable[[], str] | None = None, **settings: Any
) -> AsyncIterator[Stage]:
    """Serve the sandbox with a profile and make an adapter for it."""
    sandbox = ConsentSandbox(HubProfile.parse(profile or {}))
    clock = MovedClock()
    seen: list[RemoteCallFinished] = []
    async with asyncio.timeout(TIME_LIMIT_SECONDS), await serve_sandbox(sandbox) as running:
        given: dict[str, Any] = {
            "base_url": running.url,
            "links": {"universal_base": running.url},
            "client": CLIENT,
            "webhook": {"keys": [{"value": "sandbox-webhook-key"}]},
            "is_test": True,
            "start_seconds": 0.5,
            "read_seconds": 0.5,
        }
        more: dict[str, Any] = {} if new_id is None else {"new_id": new_id}
        adapter = build(
            make_settings(**{**given, **settings}),
            ssl_supplier=lambda: None,
            clock=clock,
            chance=FixedChance(0.0),
            observe=seen.append,
            sleep=no_wait,
            **more,
        )
        async with adapter:
            yield Stage(adapter, sandbox, running, clock, seen)


@dataclass
class Receiver:
    """Takes webhooks as the gateway's API will: raw bytes and headers, 200 or what it was told to answer."""

    url: str = ""
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.Response:
        self.taken.append((dict(request.headers), await request.read()))
        self._arrived.set()
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            return web.Response(status=200)
        return web.json_response({"error": "busy", "errorDescription": "try again"}, status=status)

    async def wait_for(self, count: int) -> None:
        """Return when so many webhooks have come."""
        while len(self.taken) < count:
            self._arrived.clear()
            await self._arrived.wait()


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """Serve a receiver on loopback."""
    taken = Receiver()
    app = web.Application()
    app.router.add_post("/webhooks/consent", taken.handle)
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        taken.url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhooks/consent"
        yield taken
    finally:
        await runner.cleanup()


class Desk:
    """Runs one transaction through the machine, doing what its effects ask for; stands in for the engine."""

    def __init__(self, at: Stage, pid: str = PID) -> None:
        self._stage = at
        self._pid = pid
        self.transaction = open_consent(
            transaction_id=UUID(int=1),
            client_id="mot-cua",
            subject_digest=_digest(pid),
            session_digest=b"s" * 32,
            now=at.clock.now(),
        )
        self.effects: list[ConsentEffect] = []
        self.facts: dict[str, Any] | None = None

    def standing(self) -> ConsentState:
        """What the outside is told now."""
        return self.transaction.standing

    async def begin(self) -> None:
        """Ask the citizen."""
        started = await self._stage.adapter.start(ShareRequest(citizen_pid=self._pid))
        await self.apply(Initiated(transaction_code=started.transaction_code, txn_id=started.txn_id))

    async def take(self, headers: dict[str, str], body: bytes) -> HubNotice:
        """Take a webhook. Raises what the adapter raises."""
        notice = self._stage.adapter.read_webhook(headers, body)
        await self.apply(_event_of(notice))
        return notice

    async def ask(self) -> None:
        """Poll the hub."""
        code = self.transaction.transaction_code
        status = await self._stage.adapter.status(code)
        await self.apply(ResultTold(transaction_code=code, result=status.result, txn_id=status.txn_id))

    async def apply(self, event: ConsentEvent) -> None:
        """Apply an event, and do what follows."""
        ruling = apply(self.transaction, event, self._stage.clock.now())
        self.transaction = ruling.transaction
        self.effects += ruling.effects
        if ConsentEffect.QUERY_HUB in ruling.effects:
            await self.ask()
        if ConsentEffect.FETCH_DATA in ruling.effects:
            data = await self._stage.adapter.fetch(self.transaction.transaction_code)
            self.facts = dict(data.facts)
            await self.apply(DataFetched(subject_digest=_digest(data.citizen_pid)))
        if ConsentEffect.PURGE in ruling.effects:
            self.facts = None


def _digest(pid: str) -> bytes:
    return pid.encode().ljust(32, b".")


def _event_of(notice: HubNotice) -> ConsentEvent:
    if notice.kind is NoticeKind.TRANSCODE:
        return TranscodeTold(transaction_code=notice.transaction_code, txn_id=notice.txn_id, event_id=notice.event_id)
    if notice.kind is NoticeKind.RESULT:
        return ResultTold(
            transaction_code=notice.transaction_code,
            txn_id=notice.txn_id,
            result=notice.result or HubResult.PENDING,
            event_id=notice.event_id,
        )
    return Woken(event_id=notice.event_id)


def assert_safe(error: GatewayError) -> None:
    """Fail when an error could show a secret or a person."""
    shown = repr(error) + str(error) + repr(error.__cause__)
    assert [] == [text for text in (*SECRETS, PID, OTHER_PID) if text in shown]
