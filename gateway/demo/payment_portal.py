"""Payments that began at the national portal: looked up there, paid there, and told to the gateway afterwards.

A dossier that owes one thing is paid by that. One that owes two leaves open which is meant: its money is held until a
person, here the demonstration, says what became of it.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.demo.payments import AGENCY, Caller, fee_document
from gateway.demo.stack import Control

_WAIT_SECONDS = 30.0
_PROVIDER = "pp"


@dataclass(slots=True)
class AtPortal:
    """What became of them; sums are whole đồng."""

    started: int = 0
    paid: int = 0
    held: int = 0
    settled: int = 0
    difference_vnd: int = 0
    """What was debited there and is neither paid nor held here, or the other way round."""
    unexpected: list[str] = field(default_factory=list)
    documents: list[Mapping[str, Any]] = field(default_factory=list)


async def pay_at_portal(
    caller: Caller, operator: Caller, control: Control, *, partner: str, procedure_code: str, rounds: int = 3
) -> AtPortal:
    """Pay some dossiers at the portal, one of them with two open requests."""
    done = AtPortal()
    debited_before = await _debited(control)
    payments: list[str] = []
    for number in range(rounds + 1):
        code = f"{AGENCY[0]}-260105-{81_000 + number}"
        document = fee_document(procedure_code, 500 + number)
        done.documents.append(document)
        await caller.call("PUT", f"/v1/dossiers/{code}", document)
        owed = [{}] if number < rounds else [{"items": [fee]} for fee in document["fees"]]
        for place, items in enumerate(owed):
            wish = {"dossier_code": code, **items}
            status, made = await caller.call("POST", "/v1/payments", wish, **{"Idempotency-Key": f"{code}-{place}"})
            if status != 201:
                done.unexpected.append(f"payment {status}")
                return done
            payments.append(made["payment_id"])
        told = await control.post(f"{_PROVIDER}/lookup", {"partner": partner, "dossier": code, "pay": True})
        done.started += bool(told["is_paid"])
    await _wait(caller, operator, payments, done, rounds)
    sums = (await operator.call("GET", "/v1/payments/suspense"))[1]["items"]
    done.held = len(sums)
    here = await _paid_vnd(caller, payments) + sum(one["amount_vnd"] for one in sums)
    done.difference_vnd = abs(await _debited(control) - debited_before - here)
    for one in sums:
        word = {"officer": "canbo.a", "settlement": "given_back", "document_number": "17/BB-TC"}
        status, _ = await operator.call("POST", f"/v1/payments/suspense/{one['suspense_id']}:settle", word)
        done.settled += status == 200
    return done


async def _wait(caller: Caller, operator: Caller, payments: list[str], done: AtPortal, wanted: int) -> None:
    end = time.monotonic() + _WAIT_SECONDS
    while True:
        states = [(await caller.call("GET", f"/v1/payments/{one}"))[1]["state"] for one in payments]
        done.paid = states.count("paid")
        sums = (await operator.call("GET", "/v1/payments/suspense"))[1]["items"]
        if (done.paid >= wanted and sums) or time.monotonic() > end:
            return
        await asyncio.sleep(0.5)


async def _paid_vnd(caller: Caller, payments: list[str]) -> int:
    seen = [(await caller.call("GET", f"/v1/payments/{one}"))[1] for one in payments]
    return sum(one["amount_vnd"] for one in seen if one["state"] == "paid")


async def _debited(control: Control) -> int:
    entries = (await control.get("ledger?limit=5000"))["entries"]
    return sum(one["amount_vnd"] for one in entries if one["kind"] == "debit" and one["provider"] == _PROVIDER)
