"""The day's file of the payment platform, with differences put into it, held against the payments.

What is seeded is counted here: news that nobody brought, a row that is missing, an amount and a state that are wrong,
and the payment at the portal that belonged to nothing. A person, here the demonstration, explains what is left.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from gateway.demo.payments import AGENCY, Caller, fee_document
from gateway.demo.stack import Control

_PROVIDER, _SIMULATOR = "platform", "pp"
_VIETNAM = timezone(timedelta(hours=7))
_EDITS: tuple[Mapping[str, Any] | None, ...] = (
    None,
    {"is_dropped": True},
    {"set": {"SoTien": "1000"}},
    {"set": {"TrangThaiGD": "4"}},
)
"""What the file is made to say of each payment; None: the truth, of which the gateway was never told."""


@dataclass(slots=True)
class Settled:
    """What became of the comparison; sums are whole đồng."""

    differences_seeded: int = 0
    differences_found: int = 0
    corrected: int = 0
    explained: int = 0
    unexplained: int = 0
    difference_vnd_unexplained: int = 0
    unexpected: list[str] = field(default_factory=list)
    documents: list[Mapping[str, Any]] = field(default_factory=list)
    paid: int = 0


class _Office:
    """The province's accountants and their portal."""

    def __init__(self, caller: Caller, operator: Caller, control: Control, partner: str) -> None:
        self._caller, self._operator, self._control = caller, operator, control
        self._partner = partner
        self._payments: list[str] = []
        self.done = Settled()

    async def pay(self, code: str, document: Mapping[str, Any], edit: Mapping[str, Any] | None) -> None:
        """File a dossier, have it paid, and make the file say something else of it."""
        self.done.documents.append(document)
        opened = await self._caller.open_page(code, document, _PROVIDER)
        if opened is None:
            self.done.unexpected.append("no page")
            return
        payment_id, reference = opened
        if edit is None:
            # Nothing is told, and nobody comes back: only the file knows.
            switch = {"name": "F01", "reference": reference, "provider": _SIMULATOR, "calls": 50}
            await self._control.post("switches", switch)
        await self._control.post("decide", {"provider": _SIMULATOR, "reference": reference, "choice": "pay"})
        self._payments.append(payment_id)
        if edit is not None:
            if not await self._caller.until_paid(payment_id):
                self.done.unexpected.append("not paid in time")
            await self._control.post(f"{_SIMULATOR}/file:edit", {"reference": reference, **edit})
        self.done.differences_seeded += 1

    async def compare(self, strays_count: int) -> None:
        """Take the file by hand, as it stands; explain what is left, by a document's number."""
        done, now = self.done, (await self._control.get("state"))["now"]
        day = datetime.fromisoformat(now).astimezone(_VIETNAM).date()
        done.differences_seeded += strays_count
        name = f"{self._partner}_{day:%Y%m%d}.csv"
        file = await self._control.get(f"{_SIMULATOR}/file?name={name}")
        body = {
            "content": base64.b64decode(file["content_base64"]).decode(),
            "digest": file["digest"],
            "name": name,
            "officer": "canbo.a",
        }
        path = f"/v1/settlements/{_PROVIDER}/{day.isoformat()}"
        status, told = await self._operator.call("POST", f"{path}:import", body)
        if status != 200:
            done.unexpected.append(f"import {status} {told}")
            return
        done.corrected = sum(bool(one["correction"]) for one in told["findings"])
        lost = await self._lost_found(path)
        done.corrected += lost
        done.differences_found = lost + len(told["findings"])
        for finding in told["findings"]:
            word = {"key": finding["key"], "officer": "canbo.b", "document_number": "18/BB-TC"}
            status, told = await self._operator.call("POST", f"{path}:explain", word)
            done.explained += status == 200
            if status != 200:
                done.unexpected.append(f"explain {status}")
                return
        done.unexplained = told["day"]["unexplained_count"]
        left = [one for one in told["findings"] if not one["explained_by"]]
        done.difference_vnd_unexplained = sum(abs(one["gateway_vnd"] - one["file_vnd"]) for one in left)

    async def _lost_found(self, path: str) -> int:
        """Count payments that only the file brought: they are equal by now."""
        found = 0
        for payment_id in self._payments:
            state = (await self._caller.call("GET", f"/v1/payments/{payment_id}"))[1]["state"]
            history = (await self._caller.call("GET", f"/v1/payments/{payment_id}/history"))[1]
            self.done.paid += state == "paid"
            found += any(one["state"] == "paid" and one["source"] == "settlement" for one in history["entries"])
        return found


async def settle_the_day(
    caller: Caller, operator: Caller, control: Control, *, partner: str, procedure_code: str, strays_count: int
) -> Settled:
    """Pay, have the file lie, and compare. `strays_count` sums stand in the file that belong to no payment."""
    office = _Office(caller, operator, control, partner)
    for number, edit in enumerate(_EDITS):
        code = f"{AGENCY[0]}-260105-{82_000 + number}"
        await office.pay(code, fee_document(procedure_code, 600 + number), edit)
    await office.compare(strays_count)
    return office.done
