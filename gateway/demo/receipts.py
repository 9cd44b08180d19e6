"""Statutory receipts of everything that was paid in the day: one of each kind, numbered without a gap.

Charges are numbered by the gateway, levies by a simulated supplier, whose own record is held against what is listed.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.demo.payment_files import SUPPLIER
from gateway.demo.payments import AGENCY, Caller
from gateway.demo.stack import Control

_WAIT_SECONDS = 60.0
_DUPLICATE = "F30_duplicate_key"
_FILED = ((80_000, 24), (81_000, 4), (82_000, 4), (83_000, 2), (84_000, 4))
"""First number and count of the dossiers with fees, by the part of the day that filed them."""


@dataclass(slots=True)
class Receipted:
    """What became of the receipts."""

    issued: int = 0
    missing: int = 0
    """Kinds of fees of paid payments without a receipt."""
    without_gap: bool = False
    checked: int = 0
    """Codes that anybody may check, and that were found."""
    drawn: int = 0
    """Receipts that came as PDF, of those that were asked for."""
    asked: int = 0
    by_supplier: int = 0
    """Receipts that are listed as the supplier's."""
    at_supplier: int = 0
    """Receipts that the supplier itself knows."""
    differs: int = 0
    """Of both, those that the other does not know, or knows in another state."""
    faults: int = 0
    """Receipts that the supplier called repetitions, though they were none."""


async def injure_supplier(payments: Control) -> None:
    """Have the supplier call two receipts repetitions that are none (F30), and lose its answer to one."""
    create = {"provider": "receipts", "operation": "createInvoice"}
    await payments.post("switches", {"name": _DUPLICATE, "calls": 2, **create})
    await payments.post("switches", {"name": "F14_init_answer_lost", "variant": "reset", "calls": 1, **create})


async def look_at_receipts(caller: Caller, payments: Control) -> Receipted:
    """Wait until everything that is paid has its receipts, and look at all of them."""
    end = time.monotonic() + _WAIT_SECONDS
    while True:
        done, numbers, listed = await _count(caller)
        if done.missing == 0 or time.monotonic() > end:
            break
        await asyncio.sleep(1.0)
    await _compare(payments, listed, done)
    done.without_gap = all(sorted(one) == list(range(1, len(one) + 1)) for one in numbers) and bool(numbers)
    return done


async def _compare(payments: Control, listed: Sequence[Mapping[str, Any]], done: Receipted) -> None:
    """Hold what the gateway lists against the supplier's own record, by symbol, number and state."""
    here = {(one["receipt_symbol"], int(one["number"]), one["state"]) for one in listed if one["supplier"]}
    state = (await payments.get("state"))["providers"]["receipts"][SUPPLIER]
    there = {(one["serial"], one["number"], one["state"]) for one in state}
    done.by_supplier, done.at_supplier, done.differs = len(here), len(there), len(here ^ there)
    done.faults = (await payments.get("switches"))["struck"].get(_DUPLICATE, 0)


async def _count(caller: Caller) -> tuple[Receipted, Sequence[list[int]], Sequence[Mapping[str, Any]]]:
    done, series = Receipted(), dict[tuple[str, str], list[int]]()
    every: list[Mapping[str, Any]] = []
    for first, count in _FILED:
        for number in range(first, first + count):
            code = f"{AGENCY[0]}-260105-{number}"
            listed = (await caller.call("GET", f"/v1/payments?dossier_code={code}"))[1]
            for payment in listed.get("payments", ()):
                path = f"/v1/payments/{payment['payment_id']}/receipts"
                receipts = (await caller.call("GET", path))[1]["receipts"]
                done.issued += len(receipts)
                every += receipts
                is_paid = payment["state"] in ("paid", "partially_refunded", "refunded")
                kinds = {one["kind"] for one in payment["items"]}
                done.missing += max(0, len(kinds) - len(receipts)) if is_paid else 0
                for one in receipts:
                    series.setdefault((one["form_symbol"], one["receipt_symbol"]), []).append(int(one["number"]))
                if receipts and number == first:
                    await _look_at(caller, path, receipts[0]["code"], done)
    return done, list(series.values()), every


async def _look_at(caller: Caller, path: str, code: str, done: Receipted) -> None:
    done.asked += 1
    checked = (await caller.call("GET", f"/v1/receipts:verify?code={code}"))[1]
    done.checked += bool(checked["is_known"])
    async with caller.session.get(f"{caller.url}{path}/{code}/pdf", headers=caller.headers) as answer:
        done.drawn += answer.status == 200 and (await answer.read()).startswith(b"%PDF-")
