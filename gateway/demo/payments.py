"""The day's payments: fees of dossiers paid at every provider, with faults, held against what was really debited.

Payers open the page and decide; the simulated providers' ledger says what money moved. Whatever the gateway calls paid
must have been debited once, and whatever was debited must be called paid.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from gateway.demo.payment_files import PROVIDERS, RETURN_TO
from gateway.demo.stack import Control
from gateway.demo.world import AGENCIES

_WAIT_SECONDS = 60.0
_PAID_SECONDS = 30.0
AGENCY = AGENCIES[0]
# What goes wrong with a payment, by turns (payment notes §12.2); "" for nothing.
TURNS = ("", "F02", "F01", "F18", "F09", "F24")
_UNANSWERABLE = frozenset({("paygov", "F01"), ("paygov", "F09")})
"""PayGov cannot be asked: what its one message did not bring, only a person or a daily file does."""


@dataclass(slots=True)
class Paid:
    """What became of the payments."""

    requested: int = 0
    paid: int = 0
    by_provider: dict[str, int] = field(default_factory=dict)
    double_charged: int = 0
    paid_without_proof: int = 0
    difference_vnd: int = 0
    forged_refused: int = 0
    faults: int = 0
    unexpected: list[str] = field(default_factory=list)
    providers: dict[str, str] = field(default_factory=dict)
    """At whom each dossier was paid."""
    told_to_portal: int = 0
    documents: list[Mapping[str, Any]] = field(default_factory=list)
    """The dossiers, with who pays."""


class Caller:
    """The province's own portal, calling the gateway."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str) -> None:
        self.session = session
        self.url = url
        self.token = token
        self.headers = {"Authorization": f"Bearer {token}"}

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Give status and content of an answer."""
        async with self.session.request(
            method, self.url + path, json=body, headers=self.headers | headers, allow_redirects=False
        ) as answer:
            return answer.status, await answer.json(content_type=None)

    async def come_back(self, provider: str, reference: str, **claims: str) -> int:
        """Come back as the payer's browser does; give the status."""
        path = f"/callbacks/payments/{provider}/return"
        async with self.session.get(
            self.url + path, params={"ref": reference, **claims}, allow_redirects=False
        ) as answer:
            return answer.status

    async def open_page(self, code: str, document: Mapping[str, Any], provider: str) -> tuple[str, str] | None:
        """File a dossier and open a page for its fees; give payment and reference, None when that is not possible."""
        await self.call("PUT", f"/v1/dossiers/{code}", document)
        _, payment = await self.call("POST", "/v1/payments", {"dossier_code": code}, **{"Idempotency-Key": code})
        wish = {"provider": provider, "payer_address": "203.0.113.7", "return_to": RETURN_TO}
        status, opened = await self.call("POST", f"/v1/payments/{payment['payment_id']}/attempts", wish)
        return (payment["payment_id"], opened["attempts"][-1]["reference"]) if status == 201 else None

    async def until_paid(self, payment_id: str) -> bool:
        """Wait for a while until a payment is paid; tell whether it is."""
        end = time.monotonic() + _PAID_SECONDS
        while (await self.call("GET", f"/v1/payments/{payment_id}"))[1]["state"] != "paid":
            if time.monotonic() > end:
                return False
            await asyncio.sleep(0.3)
        return True


class _Counter(Caller):
    """A payer's way through everything, payment by payment."""

    def __init__(self, caller: Caller, control: Control) -> None:
        super().__init__(caller.session, caller.url, caller.token)
        self._control = control
        self.done = Paid()
        self.payments: dict[str, str] = {}
        """Provider by payment."""

    async def pay(self, code: str, provider: str, fault: str, document: Mapping[str, Any]) -> None:
        """File a dossier with its fees, and have them paid."""
        self.done.documents.append(document)
        status, _ = await self.call("PUT", f"/v1/dossiers/{code}", document)
        if status != 201:
            self.done.unexpected.append(f"{provider}: dossier {status}")
            return
        status, payment = await self.call("POST", "/v1/payments", {"dossier_code": code}, **{"Idempotency-Key": code})
        if status != 201:
            self.done.unexpected.append(f"{provider}: payment {status}")
            return
        self.done.requested += 1
        self.done.providers[code] = provider
        self.payments[payment["payment_id"]] = provider
        wish = {"provider": provider, "payer_address": "203.0.113.7", "return_to": RETURN_TO}
        path = f"/v1/payments/{payment['payment_id']}/attempts"
        status, opened = await self.call("POST", path, wish)
        again = await self.call("POST", path, wish)
        if status != 201 or again[1].get("attempts") != opened["attempts"]:
            self.done.unexpected.append(f"{provider}: attempt {status} {opened}")
            return
        await self._decide(provider, opened["attempts"][-1], fault)

    async def _decide(self, provider: str, attempt: Mapping[str, Any], fault: str) -> None:
        reference = attempt["reference"]
        forged = await self._forge(provider, reference)
        self.done.forged_refused += forged
        async with self.session.get(attempt["pay_url"]) as page:
            if page.status != 200:
                self.done.unexpected.append(f"{provider}: page {page.status}")
                return
        if fault:
            switch = {"name": fault, "reference": reference, "provider": PROVIDERS[provider], "calls": 1}
            await self._control.post("switches", switch)
        simulator = PROVIDERS[provider]
        await self._control.post("decide", {"provider": simulator, "reference": reference, "choice": "pay"})
        # The browser comes back; what it claims proves nothing, but the provider is asked.
        await self.return_from(provider, reference)

    async def _forge(self, provider: str, reference: str) -> bool:
        """Come back before anything was paid, and claim that it was."""
        await self.return_from(provider, reference, responseCode="00", status="0", errorCode="00")
        payment = next(iter(reversed(self.payments)))
        _, seen = await self.call("GET", f"/v1/payments/{payment}")
        return bool(seen["state"] != "paid")

    async def return_from(self, provider: str, reference: str, **claims: str) -> None:
        """Come back, and say so when that is not taken."""
        status = await self.come_back(provider, reference, **claims)
        if status != 303:
            self.done.unexpected.append(f"{provider}: return {status}")


async def pay_all_day(caller: Caller, control: Control, *, procedure_code: str, rounds: int = 6) -> Paid:
    """Pay at every provider with every turn of weather, and hold the outcome against the ledger."""
    counter = _Counter(caller, control)
    places = [(provider, place) for place in range(rounds) for provider in PROVIDERS]
    for number, (provider, place) in enumerate(places):
        turn = TURNS[place % len(TURNS)]
        fault = "" if (provider, turn) in _UNANSWERABLE else turn
        code = f"{AGENCY[0]}-260105-{80_000 + number}"
        await counter.pay(code, provider, fault, fee_document(procedure_code, number))
    end = time.monotonic() + _WAIT_SECONDS
    states: dict[str, dict[str, Any]] = {}
    while time.monotonic() < end:
        for payment_id, provider in counter.payments.items():
            if states.get(payment_id, {}).get("state") != "paid":
                states[payment_id] = (await counter.call("GET", f"/v1/payments/{payment_id}"))[1]
                if states[payment_id]["state"] != "paid" and states[payment_id]["attempts"]:
                    await counter.return_from(provider, states[payment_id]["attempts"][-1]["reference"])
        if all(state["state"] == "paid" for state in states.values()):
            break
        await asyncio.sleep(2.0)
    await _compare(counter, control, states)
    return counter.done


async def _compare(counter: _Counter, control: Control, states: Mapping[str, Mapping[str, Any]]) -> None:
    done = counter.done
    debits = [one for one in (await control.get("ledger?limit=5000"))["entries"] if one["kind"] == "debit"]
    by_reference: dict[str, list[dict[str, Any]]] = {}
    for debit in debits:
        by_reference.setdefault(debit["reference"], []).append(debit)
    for payment_id, state in states.items():
        taken = [debit for attempt in state["attempts"] for debit in by_reference.pop(attempt["reference"], ())]
        is_paid = state["state"] == "paid"
        done.paid += is_paid
        done.by_provider[counter.payments[payment_id]] = done.by_provider.get(counter.payments[payment_id], 0) + is_paid
        done.double_charged += len(taken) > 1
        done.paid_without_proof += is_paid and not taken
        done.difference_vnd += abs(sum(one["amount_vnd"] for one in taken) - (state["amount_vnd"] if is_paid else 0))
        if not is_paid:
            done.unexpected.append(f"{counter.payments[payment_id]}: {state['state']}")
    # What nobody asked for.
    done.difference_vnd += sum(debit["amount_vnd"] for left in by_reference.values() for debit in left)
    done.faults = sum((await control.get("switches"))["struck"].values())


async def told_to_portal(control: Control, done: Paid) -> int:
    """Wait for a while until the portal's own record says of every paid dossier where it was paid (notes of the portal
    §5); give how many it says it of."""
    end = time.monotonic() + _WAIT_SECONDS
    while True:
        told = 0
        for code, provider in done.providers.items():
            found = (await control.get(f"dossiers?code={code}"))["dossiers"]
            wanted = "1" if provider == "platform" else "2"
            told += bool(found) and found[0]["record"].get("DuocThanhToanTrucTuyen") == wanted
        if told == len(done.providers) or time.monotonic() > end:
            return told
        await asyncio.sleep(1.0)


def fee_document(procedure_code: str, number: int) -> dict[str, Any]:
    """Give a dossier with two fees; `number` makes its applicant and its amount."""
    agency = {"code": AGENCY[0], "name": AGENCY[1]}
    return {
        "procedure_code": procedure_code,
        "receiving_agency": agency,
        "handling_agency": agency,
        "status": "payment_requested",
        "channel": "online",
        "applicant": {
            "name": "Nguyễn Thị Nộp",
            "identifiers": [{"type": "personal_id", "number": f"999188{number:06}"}],
            "address": "1 Phố Thử, tỉnh Mẫu",
        },
        "summary": "Đề nghị cấp giấy phép, có phí",
        "submitted_at": "2026-01-05T08:00:00+07:00",
        "received_at": "2026-01-05T08:30:00+07:00",
        "fees": [
            {"name": "Phí thẩm định", "kind": "charge", "amount_vnd": 100_000 + 1_000 * number},
            {"name": "Lệ phí", "kind": "levy", "amount_vnd": 50_000},
        ],
    }
