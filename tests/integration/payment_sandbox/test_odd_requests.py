"""Whatever stands in a request, a simulated provider answers it, and never with a failure of its own."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.integration.payment_sandbox.other_helpers import (
    LGSP,
    keypay,
    paygov,
    paygov_create,
    paygov_headers,
    stage,
    v3_create,
)
from tests.integration.payment_sandbox.platform_helpers import init_document, question

ODD: list[Any] = ["\ud800", "", 5, None, [], {}, True, "9" * 5_000]
"""The first is half a surrogate pair, which JSON can write and UTF-8 cannot."""
_ASKED = {"merchant_code": "SIMMC", "merchant_trans_id": "1", "good_code": "2", "trans_id": "3", "secure_hash": "4"}
REQUESTS: Mapping[str, dict[str, Any]] = {
    "/pp/init": init_document(),
    "/pp/query": question("QUERY", "REF1"),
    "/paygov/api/v1/Authentication/Token": LGSP,
    "/paygov/api/v1/PayGov/paygate": paygov_create(),
    "/paygov/api/v1/PayGov/CheckSumUrlReturn": dict.fromkeys(("amount", "orderId", "requestCode", "checksum"), "1"),
    "/paygov/api/v1/PayGov/bienlai": dict.fromkeys(("partnerCode", "paids", "otherInfo", "checksum"), "1"),
    "/keypay/v3/create": v3_create(),
    "/keypay/v3/paylater/create": v3_create(command="PAYLATER", bill_id="77"),
    "/keypay/v3/detail": {"client_id": "SIM_CLIENT", "command": "PAYDETAIL", "transaction_id": "1", "check_sum": "2"},
    "/keypay/resources/generic/QuerryBillStatus": _ASKED,
    "/keypay/jsonresources/generic/ConfirmTransResult": {**_ASKED, "trans_result": "0"},
    "/receipts/viettel/auth/login": {"username": "1", "password": "2"},
}


@pytest.mark.parametrize("path", list(REQUESTS))
async def test_an_odd_member_is_answered(path: str) -> None:
    """Each member in turn is of another kind, or a text that cannot be sealed; refusals are below 500."""
    async with stage(lambda url: {**paygov(url), **keypay(url)}) as at:
        headers = await paygov_headers(at) if path.startswith("/paygov/api/v1/PayGov") else {}
        request = REQUESTS[path]
        for name in request:
            for odd in ODD:
                got = await at.post(path, json.dumps({**request, name: odd}).encode(), **headers)
                assert got.status < 500, (name, odd)


@pytest.mark.parametrize("path", ["/keypay/process", "/keypay/resources/generic/QuerryBillStatus"])
@pytest.mark.parametrize("value", ["%ED%A0%80", "%FF", "%00", ""])
async def test_an_odd_query_is_answered(path: str, value: str) -> None:
    """What is no UTF-8 behind its percent signs is a value like others: the seal is wrong."""
    async with stage(keypay) as at:
        query = (
            f"merchant_code=SIMMC&merchant_trans_id={value}&return_url={value}&good_code={value}&secure_hash={value}"
        )
        assert (await at.get(f"{path}?{query}")).status < 500
