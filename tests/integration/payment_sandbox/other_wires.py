"""Three protocols of PayGov and KeyPay by one table: how each is spoken, and where its messages have what."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.integration.payment_sandbox.other_helpers import (
    Stage,
    keypay,
    paygov,
    paygov_check,
    paygov_create,
    paygov_headers,
    paygov_open,
    v1_fields,
    v1_is_sealed,
    v1_open,
    v1_query,
    v3_create,
    v3_detail,
    v3_open,
    v3_seal_of,
)


@dataclass(frozen=True, slots=True)
class Wire:
    """How one protocol is spoken, and where its messages have what."""

    provider: str
    settings: Callable[[str], dict[str, Any]]
    open: Callable[..., Awaitable[str]]
    taken: Any
    refused: Any
    is_query: bool
    amount: str
    result: str
    transaction: str
    reference: str
    checksum: str
    paid: Any

    def told(self, at: Stage) -> list[dict[str, Any]]:
        return list(at.province.ipns) if self.is_query else at.province.results

    async def is_sealed(self, at: Stage, document: dict[str, Any]) -> bool:
        match self.amount:
            case "amount":
                return await paygov_check(at, document) == "SUCCESSFUL"
            case "net_cost":
                return v1_is_sealed(document)
            case _:
                return bool(v3_seal_of(document) == document["check_sum"])

    async def asked(self, at: Stage, reference: str) -> str:
        """Ask how a payment stands, where one can ask: paid, unpaid or unknown."""
        if self.amount == "net_cost":
            return {"00": "paid", "08": "unknown"}.get(await v1_query(at, reference), "unpaid")
        return "paid" if (await v3_detail(at, reference))["status"] == 0 else "unpaid"


TAKEN, OTHER = {"error_code": "SUCCESSFUL"}, {"error_code": "FAILED"}
PAYGOV = Wire(
    *("paygov", paygov, paygov_open, TAKEN, OTHER, False),
    *("amount", "errorCode", "transactionCode", "requestCode", "checksum", "00"),
)
V1 = Wire(
    *("keypay", keypay, v1_open, {}, {}, True),
    *("net_cost", "response_code", "trans_id", "merchant_trans_id", "secure_hash", "00"),
)
V3 = Wire(
    *("keypay", keypay, v3_open, {"return_code": 0}, {"return_code": -1}, False),
    *("trans_amount", "status", "transaction_code", "transaction_id", "check_sum", 0),
)
wires = pytest.mark.parametrize("wire", [PAYGOV, V1, V3], ids=["paygov", "v1", "v3"])
askable = pytest.mark.parametrize("wire", [V1, V3], ids=["v1", "v3"])
json_wires = pytest.mark.parametrize("wire", [PAYGOV, V3], ids=["paygov", "v3"])
ONE, TWO = "REF1", "REF2"


async def played(at: Stage, wire: Wire, choice: str = "pay", reference: str = ONE) -> dict[str, str]:
    await wire.open(at, reference)
    return await at.decide(wire.provider, reference, choice)


async def create(at: Stage, wire: Wire, reference: str = ONE) -> tuple[int, bytes]:
    """Open an attempt and give the answer as it comes."""
    match wire.amount:
        case "amount":
            headers = await paygov_headers(at)
            got = await at.post("/paygov/api/v1/PayGov/paygate", paygov_create(reference), **headers)
        case "net_cost":
            got = await at.get("/keypay/process?" + urlencode(v1_fields(reference)))
        case _:
            got = await at.post("/keypay/v3/create", v3_create(reference))
    return got.status, got.body
