"""A portal with the simulated sign-on, and the simulated share-consent hub at the other end."""

import asyncio
import contextlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from adapters.consent.sandbox import ConsentSandbox, HubProfile
from adapters.sandboxing import RunningSandbox, serve_sandbox
from gateway.engine.consent_records import ConsentRecords
from gateway.engine.consent_seals import ConsentSeals
from gateway.store.consents import PostgresConsents
from gateway.sync.consent_events import ConsentLives
from gateway.vault.keyring import FileKeyRing
from tests.support.api import Answered
from tests.support.identity import RETURN
from tests.support.sign_on import SignOn, sign_on

PERSON = "999199000001"
ASKED = ("initiated", "linked")
"""How a consent that was just asked for stands: the hub's webhook may be faster than its answer."""


@dataclass(slots=True)
class Setup:
    """A portal with a sign-on and a hub. `work` does what the gateway does by itself every second."""

    sign_on: SignOn
    hub: ConsentSandbox
    running: RunningSandbox
    sign_in_id: str = ""

    async def work(self) -> None:
        for job in self.sign_on.province.jobs:
            if job.name.startswith("consents"):
                await job.run()

    async def ask(self, **changes: Any) -> Answered:
        body = {
            "hub": "vneid",
            "sign_in_id": self.sign_in_id,
            "agency_code": "H99.01",
            "purpose": "Điền sẵn tờ khai",
            "return_to": RETURN,
            "state": "s1",
        } | changes
        return await self.sign_on.province.api.call("POST", "/v1/consents", body=body)

    async def look(self, consent: Answered, **changes: Any) -> Answered:
        return await self._at(consent, "look", **changes)

    async def collect(self, consent: Answered, **changes: Any) -> Answered:
        return await self._at(consent, "collect", **changes)

    async def _at(self, consent: Answered, verb: str, **changes: Any) -> Answered:
        path = f"/v1/consents/{consent.json['consent_id']}:{verb}"
        body = {"sign_in_id": self.sign_in_id} | changes
        return await self.sign_on.province.api.call("POST", path, body=body)

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        url = f"{self.running.control_url}/_sandbox/{path}"
        async with aiohttp.ClientSession() as session, session.request(method, url, json=body) as answer:
            document = await answer.json()
            assert answer.status == 200, document
            return document

    async def decide(self, decision: str = "approve") -> dict[str, Any]:
        """Have the citizen decide about the newest transaction, and its webhook arrive."""
        newest = (await self.control("GET", "transactions"))["transactions"][-1]
        order = {"transaction": newest["code"], "decision": decision, "person": PERSON}
        done: dict[str, Any] = await self.control("POST", "decisions", order)
        await self.settled()
        return done

    async def settled(self) -> None:
        """Wait until the hub has no webhook under way."""
        async with asyncio.timeout(5):
            while (await self.control("GET", "webhooks"))["waiting"]:  # noqa: ASYNC110 - over there
                await asyncio.sleep(0.02)

    async def tell(self, document: dict[str, Any], key: str = "sandbox-webhook-key") -> int:
        """Send a webhook as the hub would, and give the status of the answer."""
        body = json.dumps(document).encode()
        signature = "sha256=" + hmac.new(key.encode(), body, "sha256").hexdigest()
        url = f"{self.sign_on.province.api.url}/callbacks/consent/vneid/webhook"
        headers = {"X-Webhook-Signature": signature, "Content-Type": "application/json"}
        async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
            return answer.status

    async def newest(self) -> dict[str, Any]:
        """Give the hub's newest transaction."""
        transaction: dict[str, Any] = (await self.control("GET", "transactions"))["transactions"][-1]
        return transaction

    async def calls(self, operation: str) -> int:
        """Give how often the hub was called so."""
        return int((await self.control("GET", "counters"))["by_operation"].get(operation, 0))

    async def fail(self, operation: str, **fault: Any) -> None:
        """Have calls of the hub fail."""
        faults = [{"operation": operation, "calls": 1, **fault}]
        await self.control("POST", "faults", {"action": "add", "faults": faults})

    def alerts(self, name: str) -> float:
        """Give how often somebody was alerted so, with the hub's name."""
        labels = {"system": "consent.vneid", "alert": name}
        return self.sign_on.province.registry.get_sample_value("gateway_alerts_total", labels) or 0.0

    def defects(self) -> float:
        """Give how many failures of our own were told."""
        return sum(
            sample.value
            for family in self.sign_on.province.registry.collect()
            for sample in family.samples
            if sample.name == "gateway_defects_total"
        )

    def records(self, pool: Any, key_ring: FileKeyRing) -> ConsentRecords:
        """Give the records as a second process of the same gateway has them."""
        return ConsentRecords(
            PostgresConsents(pool),
            seals=ConsentSeals(key_ring),
            clock=self.sign_on.province.clock,
            observer=self.sign_on.province.telemetry,
            lives=ConsentLives(),
            poll_seconds=2,
        )

    async def events(self) -> list[dict[str, Any]]:
        page = (await self.sign_on.province.api.get("/v1/events?types=consent.changed")).json
        return [event["data"] for event in page["events"]]


@contextlib.asynccontextmanager
async def set_up(
    pool: Any,
    key_ring: FileKeyRing,
    folder: Path,
    profile: dict[str, Any] | None = None,
    registration: dict[str, Any] | None = None,
) -> AsyncIterator[Setup]:
    started: list[tuple[ConsentSandbox, RunningSandbox]] = []

    @contextlib.asynccontextmanager
    async def registrations(public: str) -> AsyncIterator[dict[str, Any]]:
        callbacks = f"{public}/callbacks/consent/vneid"
        settings = {"webhook_url": f"{callbacks}/webhook", "return_url": f"{callbacks}/return", **(profile or {})}
        hub = ConsentSandbox(HubProfile.parse(settings))
        async with await serve_sandbox(hub) as running:
            started.append((hub, running))
            section = {
                "name": "vneid",
                "base_url": running.url,
                "org_code": "H99",
                "client": {"client_id": "tinh-thu-nghiem", "secret": {"value": "sandbox-secret"}},
                "webhook": {"keys": [{"value": "sandbox-webhook-key"}]},
                "links": {"universal_base": running.url},
                "agreement_id": "TEST-02",
                "purpose": "Tests",
                "is_test": True,
                **(registration or {}),
            }
            yield {"registrations": [section], "poll_seconds": 2}

    async with sign_on(pool, key_ring, folder, make_registrations=registrations) as setup:
        made = Setup(setup, *started[0])
        attempt, arrived = await setup.sign_in("citizen-2")
        redeemed = await setup.province.redeem(attempt, arrived)
        made.sign_in_id = redeemed.json["sign_in"]["sign_in_id"]
        yield made


async def sealed_count(pool: Any) -> int:
    return int(await pool.fetchval("SELECT count(*) FROM share_consents WHERE sealed IS NOT NULL"))
