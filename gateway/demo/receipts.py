"""Statutory receipts of everything that was paid in the day: one of each kind, numbered without a gap."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.demo.payments import AGENCY, Caller

_WAIT_SECONDS = 30.0
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


async def look_at_receipts(caller: Caller) -> Receipted:
    """Wait until everything that is paid has its receipts, and look at all of them."""
    end = time.monotonic() + _WAIT_SECONDS
    while True:
        done, numbers = await _count(caller)
        if done.missing == 0 or time.monotonic() > end:
            break
        await asyncio.sleep(1.0)
    done.without_gap = all(sorted(one) == list(range(1, len(one) + 1)) for one in numbers) and bool(numbers)
    return done


async def _count(caller: Caller) -> tuple[Receipted, Sequence[list[int]]]:
    done, series = Receipted(), dict[tuple[str, str], list[int]]()
    for first, count in _FILED:
        for number in range(first, first + count):
            code = f"{AGENCY[0]}-260105-{number}"
            listed = (await caller.call("GET", f"/v1/payments?dossier_code={code}"))[1]
            for payment in listed.get("payments", ()):
                path = f"/v1/payments/{payment['payment_id']}/receipts"
                receipts = (await caller.call("GET", path))[1]["receipts"]
                done.issued += len(receipts)
                is_paid = payment["state"] in ("paid", "partially_refunded", "refunded")
                kinds = {one["kind"] for one in payment["items"]}
                done.missing += max(0, len(kinds) - len(receipts)) if is_paid else 0
                for one in receipts:
                    series.setdefault((one["form_symbol"], one["receipt_symbol"]), []).append(int(one["number"]))
                if receipts and number == first:
                    await _look_at(caller, path, receipts[0]["code"], done)
    return done, list(series.values())


async def _look_at(caller: Caller, path: str, code: str, done: Receipted) -> None:
    done.asked += 1
    checked = (await caller.call("GET", f"/v1/receipts:verify?code={code}"))[1]
    done.checked += bool(checked["is_known"])
    async with caller.session.get(f"{caller.url}{path}/{code}/pdf", headers=caller.headers) as answer:
        done.drawn += answer.status == 200 and (await answer.read()).startswith(b"%PDF-")
