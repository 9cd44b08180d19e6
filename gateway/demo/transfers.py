"""Fees paid by transfer: payers scan the code, their banks rewrite its text, and the account statement is sent twice.

What was transferred is what the simulated bank says; one transfer names nothing, and is a person's.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from gateway.demo.payments import AGENCY, Caller, fee_document
from gateway.demo.stack import Control

PROVIDER = "vietqr"
_FORMS = ("plain", "prefixed", "split", "lower")
"""What payers' banks make of the text."""
_ACCOUNT = "9990001234567"
_VIETNAM = timezone(timedelta(hours=7))


@dataclass(slots=True)
class Transferred:
    """What became of the transfers; sums are whole đồng."""

    asked: int = 0
    paid: int = 0
    unmatched: int = 0
    unmatched_seeded: int = 0
    taken_twice: int = 0
    difference_vnd: int = 0
    pictures: int = 0
    unexpected: list[str] = field(default_factory=list)
    documents: list[Mapping[str, Any]] = field(default_factory=list)


async def transfer_fees(caller: Caller, operator: Caller, control: Control, *, procedure_code: str) -> Transferred:
    """Pay some dossiers by transfer, and read the statement."""
    done, payments, moved = Transferred(), list[str](), 0
    for number, form in enumerate(_FORMS):
        code = f"{AGENCY[0]}-260105-{84_000 + number}"
        document = fee_document(procedure_code, 800 + number)
        done.documents.append(document)
        opened = await caller.open_page(code, document, PROVIDER)
        if opened is None:
            done.unexpected.append("no code")
            return done
        payment_id, _ = opened
        payments.append(payment_id)
        done.asked += 1
        attempt = (await caller.call("GET", f"/v1/payments/{payment_id}"))[1]["attempts"][-1]
        done.pictures += await _is_drawn(caller, payment_id, attempt["attempt_id"])
        row = await control.post("transfers", {"qr": attempt["qr_content"], "form": form})
        moved += row["amount_vnd"]
    stray = {"account": _ACCOUNT, "amount_vnd": 12_000, "text": "CHUYEN TIEN"}
    await control.post("transfers", stray)
    done.unmatched_seeded = 1
    first, again = await _send(operator, control), await _send(operator, control)
    if first is None or again is None:
        done.unexpected.append("the statement was not read")
        return done
    done.unmatched, done.taken_twice = len(first["left"]), again["taken_count"]
    seen = [(await caller.call("GET", f"/v1/payments/{one}"))[1] for one in payments]
    done.paid = sum(one["state"] == "paid" for one in seen)
    done.difference_vnd = abs(moved - sum(one["amount_vnd"] for one in seen if one["state"] == "paid"))
    return done


async def _is_drawn(caller: Caller, payment_id: str, attempt_id: str) -> bool:
    """Tell whether the code of an attempt is given as a picture."""
    path = f"/v1/payments/{payment_id}/attempts/{attempt_id}/qr"
    async with caller.session.get(caller.url + path, headers=caller.headers) as answer:
        return answer.status == 200 and (await answer.read()).startswith(b"\x89PNG")


async def _send(operator: Caller, control: Control) -> Mapping[str, Any] | None:
    """Send the statement as it stands; give what became of it, None when it was not read."""
    until = datetime.fromisoformat((await control.get("state"))["now"]).astimezone(_VIETNAM).date()
    body = base64.b64decode((await control.get(f"statement?account={_ACCOUNT}"))["csv_base64"])
    address = f"{operator.url}/v1/account-statements?until={until.isoformat()}"
    headers = {**operator.headers, "Content-Type": "text/csv"}
    async with operator.session.post(address, data=body, headers=headers) as answer:
        told: Mapping[str, Any] = await answer.json(content_type=None)
        return told if answer.status == 200 else None
