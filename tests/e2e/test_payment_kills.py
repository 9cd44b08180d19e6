"""A gateway that dies in the middle of a payment: the order is sent once, the money counts once."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import asyncpg
import pytest

from gateway.demo.command import PROVINCE_SCOPES
from gateway.demo.payment_files import RETURN_TO, PaymentFiles
from gateway.demo.stack import Child, Control, Files, gateway_child
from gateway.demo.starting import add_client
from tests.support.installation import installation_without_portal
from tests.support.payments import DOSSIER, FEES
from tests.support.samples import as_json, make_dossier

pytestmark = [pytest.mark.e2e]


@dataclass(slots=True)
class Stack:
    """One gateway, all simulated providers, one client."""

    files: Files
    gateway: Child
    control: Control
    session: aiohttp.ClientSession
    token: str
    dsn: str

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        url = f"{self.gateway.facts['url']}{path}"
        all_headers = {"Authorization": f"Bearer {self.token}", **headers}
        async with self.session.request(method, url, json=body, headers=all_headers) as answer:
            return answer.status, await answer.json(content_type=None)

    async def revive(self) -> None:
        """Kill the gateway as a power cut would, and start it again."""
        await self.gateway.kill()
        self.gateway = gateway_child(self.files)
        await self.gateway.start()

    async def until_paid(self, payment_id: str) -> dict[str, Any]:
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    _, seen = await self.call("GET", f"/v1/payments/{payment_id}")
                    if seen.get("state") == "paid":
                        return dict(seen)
                await asyncio.sleep(0.2)


@contextlib.asynccontextmanager
async def running(return_to: str = RETURN_TO, *, year: int = 0) -> AsyncIterator[Stack]:
    async with asyncio.timeout(150), installation_without_portal() as installed:
        files = installed.files
        made = PaymentFiles(files, installed.port, return_to=return_to, year=year)
        providers = made.child()
        installed.cleanup.push_async_callback(providers.stop)
        facts = await providers.start()
        with files.settings.open("a", encoding="utf-8") as settings:
            settings.write(made.settings(facts["url"]))
        gateway = gateway_child(files)
        stack = Stack(
            files,
            gateway,
            Control(installed.session, facts["control_url"], made.token),
            installed.session,
            "",
            installed.dsn,
        )
        installed.cleanup.push_async_callback(lambda: stack.gateway.stop())
        await gateway.start()
        stack.token = await add_client(files, "one-stop", "H99", PROVINCE_SCOPES)
        yield stack


async def created(stack: Stack) -> str:
    """File a dossier and state what it owes."""
    document = as_json(make_dossier(fees=FEES))
    document["applicant"]["address"] = "1 Phố Thử, tỉnh Mẫu"
    status, _ = await stack.call("PUT", f"/v1/dossiers/{DOSSIER}", document)
    assert 201 == status
    status, payment = await stack.call(
        "POST", "/v1/payments", {"dossier_code": DOSSIER}, **{"Idempotency-Key": "key-1"}
    )
    assert 201 == status, payment
    return str(payment["payment_id"])


def wish(provider: str = "platform", return_to: str = RETURN_TO) -> dict[str, str]:
    return {"provider": provider, "payer_address": "203.0.113.7", "return_to": return_to}


async def debits(stack: Stack) -> list[dict[str, Any]]:
    entries = (await stack.control.get("ledger"))["entries"]
    return [entry for entry in entries if entry["kind"] == "debit"]


async def test_killed_while_the_order_is_opened() -> None:
    """The platform took the order, nobody heard: after the restart it is not sent again, and what the payer pays under
    it counts."""
    async with running() as stack:
        payment_id = await created(stack)
        late = {"name": "F14", "provider": "pp", "calls": 1, "delay_seconds": 5.0}
        await stack.control.post("switches", late)
        opening = asyncio.create_task(stack.call("POST", f"/v1/payments/{payment_id}/attempts", wish()))
        async with asyncio.timeout(20):
            while not (await stack.control.get("exchanges?provider=pp&operation=INIT"))["exchanges"]:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await stack.revive()
        with contextlib.suppress(aiohttp.ClientError):
            await opening

        status, refused = await stack.call("POST", f"/v1/payments/{payment_id}/attempts", wish())
        connection = await asyncpg.connect(stack.dsn)
        references = [row[0] for row in await connection.fetch("SELECT reference FROM payment_attempts")]
        await connection.close()
        decided = {"provider": "pp", "reference": references[0], "choice": "pay"}
        await stack.control.post("decide", decided)
        seen = await stack.until_paid(payment_id)
        taken = await debits(stack)
        sent = (await stack.control.get("exchanges?provider=pp&operation=INIT"))["exchanges"]

    assert (409, "being_opened") == (status, refused["detail"])
    assert 1 == len(references) == len(taken) == len(sent)
    assert [150_000] == [debit["amount_vnd"] for debit in taken]
    assert ["paid"] == [attempt["state"] for attempt in seen["attempts"]]


@pytest.mark.parametrize("provider", ["platform", "keypay-v3"])
async def test_killed_while_the_payer_pays(provider: str) -> None:
    """The notification finds nobody; it is sent again, or the provider is asked, and the payment counts once."""
    simulator = {"platform": "pp", "keypay-v3": "keypay"}[provider]
    async with running() as stack:
        payment_id = await created(stack)
        status, opened = await stack.call("POST", f"/v1/payments/{payment_id}/attempts", wish(provider))
        assert 201 == status, opened
        reference = opened["attempts"][-1]["reference"]
        await stack.gateway.kill()
        await stack.control.post("decide", {"provider": simulator, "reference": reference, "choice": "pay"})
        stack.gateway = gateway_child(stack.files)
        await stack.gateway.start()
        back = f"{stack.gateway.facts['url']}/callbacks/payments/{provider}/return?ref={reference}"
        async with stack.session.get(back, allow_redirects=False) as answer:
            assert 303 == answer.status
        seen = await stack.until_paid(payment_id)
        taken = await debits(stack)

    assert [150_000] == [debit["amount_vnd"] for debit in taken]
    assert [("paid", 1)] == [(one["state"], len(one["transactions"])) for one in seen["attempts"]]
