"""The simulated PayGov behind an LGSP, without faults: payment notes §B."""

import json
from typing import Any

import pytest

from tests.integration.payment_sandbox.other_helpers import (
    AMOUNT,
    DOSSIER,
    LGSP_HEADER,
    digest,
    paygov,
    paygov_call,
    paygov_check,
    paygov_create,
    paygov_open,
    paygov_receipt,
    stage,
)

TAKEN = {"error_code": "SUCCESSFUL", "error_message": ""}
RESULT_FIELDS = {
    *("amount", "orderId", "orderInfo", "requestCode", "transactionNo", "transactionCode", "payDate", "paygate"),
    *("errorCode", "type", "checksum"),
}


async def test_a_payment_from_token_to_ack() -> None:
    """A payer pays on the hosted page; callback and return bring the same eleven fields, which can be checked."""
    async with stage(paygov, TAKEN) as at:
        url = await paygov_open(at)
        page = await at.get(url)
        assert (200, True) == (page.status, "150.000 đồng" in page.body.decode())
        returned = await at.decide("paygov", "REQ1")
        [told] = at.province.results
        assert set(told) == RESULT_FIELDS
        assert (AMOUNT, "00", f"000.00.25.H01-{DOSSIER}-01") == (told["amount"], told["errorCode"], told["orderId"])
        assert "20250115093000" == told["payDate"]
        assert {name: str(value) for name, value in told.items()} == {n: v for n, v in returned.items() if n != "hs"}
        assert "SUCCESSFUL" == await paygov_check(at, told)
        assert AMOUNT == at.paid("REQ1")
        assert at.sandbox.world.ledger.entries()[0].order == DOSSIER
        await at.advance(90_000)
        assert len(at.province.raw) == 1


async def test_calls_want_the_lgsp_token() -> None:
    """Without a token, with one that has run out, or without the second header nothing is done."""
    async with stage(paygov, TAKEN) as at:
        bare = await at.post("/paygov/api/v1/PayGov/paygate", paygov_create())
        token = (await at.post("/paygov/api/v1/Authentication/Token", {}, lgspaccesstoken=LGSP_HEADER)).json
        bearer = f"Bearer {token['access_token']}"
        half = await at.post("/paygov/api/v1/PayGov/paygate", paygov_create(), Authorization=bearer)
        at.sandbox.world.advance(token["expires_in"] + 1)
        over = await at.post(
            "/paygov/api/v1/PayGov/paygate", paygov_create(), Authorization=bearer, lgspaccesstoken=LGSP_HEADER
        )
        assert [401, 401, 401] == [bare.status, half.status, over.status]
        wrong = await at.post("/paygov/api/v1/Authentication/Token", {"AccessKey": "SIMACCESS", "SecretKey": "x"})
        assert 401 == wrong.status
        kept = [each for each in at.sandbox.world.ledger.exchanges() if each.operation == "token"]
        assert not any(token["access_token"].encode() in each.response for each in kept)


async def test_the_variant_without_a_checksum() -> None:
    """Where the LGSP signs for the unit, a checksum is refused as unknown, and accountPay is wanted."""
    async with stage(lambda url: paygov(url, is_signed=False), TAKEN) as at:
        document = {
            name: value
            for name, value in paygov_create().items()
            if name not in ("accessKey", "serviceCode", "checksum")
        }
        bare = {**document, "beneficiaryCode": "", "accountPay": "TK thu phi"}
        assert "FAILED" == (await paygov_call(at, "paygate", paygov_create())).json["error_code"]
        assert "SUCCESSFUL" == (await paygov_call(at, "paygate", bare)).json["error_code"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"checksum": "0" * 64}, "SIGNATURE_WRONG"),
        ({"accessKey": "OTHER"}, "FAILED"),
        ({"amount": "0150000"}, "FAILED"),
        ({"amount": 0}, "FAILED"),
        ({"amount": 150000.5}, "FAILED"),
        ({"orderId": DOSSIER}, "FAILED"),
        ({"orderInfo": "Cấp giấy phép"}, "FAILED"),
        ({"returnUrl": "/ket-qua"}, "FAILED"),
        ({"ipAddress": "localhost"}, "FAILED"),
        ({"requestCode": ""}, "FAILED"),
        ({"more": "1"}, "FAILED"),
        ({"partnerCode": "PAYGOV-KHAC"}, "FAILED"),
    ],
)
async def test_odd_requests_are_refused(changes: dict[str, Any], code: str) -> None:
    """A request that is wrong in one thing is refused with a code, and the reason is kept."""
    async with stage(paygov, TAKEN) as at:
        got = await paygov_call(at, "paygate", paygov_create(**changes))
        assert (code, None) == (got.json["error_code"], got.json["data"])
        assert at.sandbox.world.ledger.exchanges(operation="create")[0].note


async def test_two_attempts_share_an_order_but_no_request_code() -> None:
    """The order id of a second attempt is the same; its requestCode must be new."""
    async with stage(paygov, TAKEN) as at:
        await paygov_open(at, "REQ1")
        again = await paygov_call(at, "paygate", paygov_create("REQ1", amount="150000"))
        await paygov_open(at, "REQ2", amount="150000")
        assert "FAILED" == again.json["error_code"]
        orders = {each["order"] for each in (await at.control("GET", "state"))["providers"]["paygov"]["attempts"]}
        assert {f"000.00.25.H01-{DOSSIER}-01"} == orders


async def test_a_check_knows_its_own_results_only() -> None:
    """A changed field is told as a wrong signature; of what never was, nothing is verified."""
    async with stage(paygov, TAKEN) as at:
        await paygov_open(at)
        await at.decide("paygov", "REQ1", "fail")
        [told] = at.province.results
        assert told["errorCode"] != "00"
        assert "SUCCESSFUL" == await paygov_check(at, told)
        assert "SIGNATURE_WRONG" == await paygov_check(at, {**told, "errorCode": "00"})
        assert "SIGNATURE_WRONG" == await paygov_check(at, {})
        assert 0 == at.paid("REQ1")


@pytest.mark.parametrize("answer", [{"error_code": "FAILED"}, {"error_code": "SIGNATURE_WRONG"}, {}, []])
async def test_results_are_repeated_until_taken(answer: Any) -> None:
    """Whatever is not SUCCESSFUL is asked again after a minute, with the same bytes."""
    async with stage(paygov, TAKEN) as at:
        at.province.answers = [answer]
        await paygov_open(at)
        await at.decide("paygov", "REQ1")
        await at.advance(59)
        assert 1 == len(at.province.raw)
        await at.advance(2)
        first, second = at.province.raw
        assert first == second
        await at.advance(90_000)
        assert 2 == len(at.province.raw)


async def test_one_receipt_covers_several_payments() -> None:
    """A receipt of two transactions is a PDF at an address; an unknown transaction or a wrong seal gives none."""
    async with stage(paygov, TAKEN) as at:
        for reference in ("REQ1", "REQ2"):
            await paygov_open(at, reference)
            await at.decide("paygov", reference)
        codes = [each["transactionCode"] for each in at.province.results]
        got = await paygov_call(at, "bienlai", paygov_receipt(*codes))
        paper = await at.get(got.json["transactionReceipt"])
        assert ("application/pdf", b"%PDF-") == (paper.content_type, paper.body[:5])
        assert b"Tong cong: 300000 VND" in paper.body
        wrong = await paygov_call(at, "bienlai", {**paygov_receipt(*codes), "decisionDate": "16-01-2025"})
        assert "SIGNATURE_WRONG" == wrong.json["error_code"]
        unknown = await paygov_call(at, "bienlai", paygov_receipt("PGTX99999999"))
        assert "FAILED" == unknown.json["error_code"]


async def test_the_daily_file() -> None:
    """The file of a day is there the next morning and holds what was paid; an unknown partner has none."""
    async with stage(paygov, TAKEN) as at:
        await paygov_open(at)
        await at.decide("paygov", "REQ1")
        path = "/paygov/files/PAYGOV-SIM_20250115.csv"
        assert 404 == (await at.get(path)).status
        await at.advance(24 * 3600)
        content = (await at.get(path)).body.decode()
        digest_line = (await at.get(path + ".sha256")).body.decode()
        assert digest(content) == digest_line.split()[0]
        assert "TOTAL,1,150000" == content.splitlines()[-1]
        assert f",{DOSSIER}," in content.splitlines()[1]
        assert 404 == (await at.get("/paygov/files/KHAC_20250115.csv")).status


async def test_settings_can_be_changed_and_show_no_secret() -> None:
    """Settings are changed by the control API; what they show holds no key."""
    async with stage(paygov, TAKEN) as at:
        shown = await at.control("POST", "paygov/profile", {"type_text": "2"})
        assert "2" == shown["type_text"]
        assert not any(word in json.dumps(shown) for word in ("SIMSECRET", "SIMACCESS"))
