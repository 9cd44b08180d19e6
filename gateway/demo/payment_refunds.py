"""Money given back: asked by one officer, approved by another, held against what the simulator says went back."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.demo.payment_files import PROVIDERS
from gateway.demo.payments import AGENCY, Caller, fee_document
from gateway.demo.stack import Control

_PROVIDER = "keypay-v3"
_WAIT_SECONDS = 30.0
_PARTS_VND: tuple[int | None, ...] = (None, 40_000)
"""What goes back of each payment; None: all of it."""


@dataclass(slots=True)
class GivenBack:
    """What became of the refunds; sums are whole đồng."""

    asked: int = 0
    refunded: int = 0
    own_approvals_refused: int = 0
    refund_difference_vnd: int = 0
    """What the ledger says went back, less what is booked here."""
    unexpected: list[str] = field(default_factory=list)
    documents: list[Mapping[str, Any]] = field(default_factory=list)
    paid: int = 0


async def give_back(caller: Caller, operator: Caller, control: Control, *, procedure_code: str) -> GivenBack:
    """Pay some dossiers, and give their money back, whole and in part."""
    done, booked = GivenBack(), 0
    for number, part in enumerate(_PARTS_VND):
        code = f"{AGENCY[0]}-260105-{83_000 + number}"
        document = fee_document(procedure_code, 700 + number)
        done.documents.append(document)
        payment_id = await _paid(caller, control, code, document, done)
        if payment_id is None:
            return done
        seen = (await caller.call("GET", f"/v1/payments/{payment_id}"))[1]
        wish = {
            "attempt_id": seen["attempts"][-1]["attempt_id"],
            "transaction": seen["attempts"][-1]["transactions"][0],
            "amount_vnd": part or seen["amount_vnd"],
            "why": "dossier_withdrawn",
            "document_number": f"{number}/QD",
            "officer": "canbo.a",
        }
        path = f"/v1/payments/{payment_id}/refunds"
        status, refund = await caller.call("POST", path, wish, **{"Idempotency-Key": f"{code}-r"})
        done.asked += status == 201
        verb = f"{path}/{refund['refund_id']}:approve"
        own, _ = await operator.call("POST", verb, {"officer": "canbo.a"})
        done.own_approvals_refused += own == 409
        await operator.call("POST", verb, {"officer": "canbo.b"})
        told = await _ended(caller, path)
        done.refunded += told["state"] == "done"
        booked += told["paid_back_vnd"]
        if told["state"] != "done":
            done.unexpected.append(f"refund {told['state']}")
    entries = (await control.get("ledger?limit=5000"))["entries"]
    simulator = PROVIDERS[_PROVIDER]
    returned = sum(one["amount_vnd"] for one in entries if one["kind"] == "refund" and one["provider"] == simulator)
    done.refund_difference_vnd = abs(returned - booked)
    return done


async def _paid(
    caller: Caller, control: Control, code: str, document: Mapping[str, Any], done: GivenBack
) -> str | None:
    """File a dossier and have it paid; None when it is not paid in time."""
    opened = await caller.open_page(code, document, _PROVIDER)
    if opened is None:
        done.unexpected.append("no page")
        return None
    payment_id, reference = opened
    await control.post("decide", {"provider": PROVIDERS[_PROVIDER], "reference": reference, "choice": "pay"})
    await caller.come_back(_PROVIDER, reference)
    if not await caller.until_paid(payment_id):
        done.unexpected.append("not paid in time")
        return None
    done.paid += 1
    return payment_id


async def _ended(caller: Caller, path: str) -> Mapping[str, Any]:
    end = time.monotonic() + _WAIT_SECONDS
    while True:
        [refund] = (await caller.call("GET", path))[1]["refunds"]
        if refund["state"] in ("done", "failed", "disputed") or time.monotonic() > end:
            told: Mapping[str, Any] = refund
            return told
        await asyncio.sleep(0.3)
