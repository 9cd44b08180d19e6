"""The national portal's side of LOOKUP (payment notes §A.8): asks a province what is due for a dossier."""

import json
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import msgspec

from adapters.payment.sandbox.callbacks import read_at_most
from adapters.payment.sandbox.ledger import Direction
from adapters.payment.sandbox.platform_profile import Partner
from adapters.payment.sandbox.platform_receipts import total_of
from adapters.payment.sandbox.world import World

_LIMIT = aiohttp.ClientTimeout(total=20)
_MAX_ANSWER_BYTES = 1 << 20
SHOWN = ("transaction_id", "MaTraCuuTT", "MaHoSo", "TKThuHuong", "NoiDungThanhToan")


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What a province answered. `amount_vnd` None: nothing can be paid; `code` and `problem` tell why."""

    http_status: int | None
    code: int | None
    amount_vnd: int | None
    problem: str = ""
    message: dict[str, Any] = field(default_factory=dict, repr=False)

    def text(self, name: str) -> str:
        """Give a text of the message, "" when there is none."""
        value = self.message.get(name)
        return value if isinstance(value, str) else ""

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain JSON values, without the payer."""
        shown = {name: self.text(name) for name in SHOWN}
        return {
            "http_status": self.http_status,
            "error_code": self.code,
            "amount_vnd": self.amount_vnd,
            "problem": self.problem,
            **shown,
        }


async def look_up(world: World, provider: str, partner: Partner, dossier: str) -> Due:
    """Ask; the exchange is kept with its raw bytes."""
    body = msgspec.json.encode({"MaHoSo": dossier})
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if partner.lookup_token:
        headers["Authorization"] = f"Bearer {partner.lookup_token}"
    status: int | None = None
    answer = b""
    try:
        async with (
            aiohttp.ClientSession(timeout=_LIMIT) as client,
            client.post(partner.lookup_url, data=body, headers=headers, allow_redirects=False) as response,
        ):
            answer = await read_at_most(response, _MAX_ANSWER_BYTES)
            status = response.status
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
        # The portal tells its citizen that nothing could be found out, whatever the cause.
        status = None
    due = read_answer(status, answer, dossier)
    world.ledger.record(
        Direction.SENT,
        provider=provider,
        operation="LOOKUP",
        method="POST",
        address=partner.lookup_url,
        request=body,
        http_status=status,
        response=answer,
        reference=due.text("transaction_id"),
        note=due.problem,
    )
    return due


def read_answer(status: int | None, body: bytes, dossier: str) -> Due:
    """Read a province's answer."""
    if status is None:
        return Due(http_status=None, code=None, amount_vnd=None, problem="no answer")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    code = document.get("error_code") if isinstance(document, dict) else None
    if not isinstance(document, dict) or isinstance(code, bool) or not isinstance(code, int):
        return Due(http_status=status, code=None, amount_vnd=None, problem="no JSON object with a number error_code")
    message = document.get("message")
    if code != 1:
        problem = "" if message == [] else "message: must be an empty array"
        return Due(http_status=status, code=code, amount_vnd=None, problem=problem)
    if not isinstance(message, dict):
        return Due(http_status=status, code=code, amount_vnd=None, problem="message: must be an object")
    amount = total_of(message.get("DSKhoanNop"))
    fees = total_of(message.get("PhiLePhi"))
    problem = ""
    if amount is None or amount == 0:
        amount, problem = None, "DSKhoanNop: has no readable sum"
    elif message.get("MaDichVu") in ("2", 2) and fees != amount:
        amount, problem = None, "PhiLePhi: does not sum up to DSKhoanNop"
    elif message.get("MaHoSo") != dossier:
        amount, problem = None, "MaHoSo: is another dossier's"
    return Due(http_status=status, code=code, amount_vnd=amount, problem=problem, message=message)
