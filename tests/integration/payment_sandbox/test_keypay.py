"""The simulated KeyPay, v1 to v3, without faults: payment notes §C."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from adapters.payment.sandbox.keypay_v1_codes import CODES
from tests.integration.payment_sandbox.other_helpers import (
    AMOUNT,
    DOSSIER,
    Stage,
    keypay,
    md5,
    said_by,
    stage,
    v1_confirm,
    v1_fields,
    v1_is_sealed,
    v1_open,
    v1_query,
    v3_create,
    v3_detail,
    v3_open,
    v3_refund,
    v3_seal,
    v3_seal_of,
)

TAKEN = {"return_code": 0, "return_msg": ""}


# v1 and v2.


@pytest.mark.parametrize("method", ["md5", "sha256"])
async def test_v1_from_redirect_to_second_leg(method: str) -> None:
    """A sealed redirect leads to the page; the return is sealed, the query tells 00, the second leg counts once."""

    def settings(url: str) -> dict[str, Any]:
        return {"keypay": {"merchants": [{"code": "SIMMC", "algorithm": method, "ipn_url": url}]}}

    async with stage(settings, TAKEN) as at:
        page = await at.get(await v1_open(at, method=method))
        assert (200, True) == (page.status, "150.000 đồng" in page.body.decode())
        assert "08" == await v1_query(at)
        returned = await at.decide("keypay", "1001")
        assert ("00", True) == (returned["response_code"], v1_is_sealed(returned, method))
        [ipn] = at.province.ipns
        assert ipn == {name: value for name, value in returned.items() if name != "hs"}
        assert "00" == await v1_query(at, trans_id=returned["trans_id"])
        assert "04" == await v1_query(at, trans_id="KP1")
        state = (await at.control("GET", "state"))["providers"]["keypay"]["v1"][0]
        assert False is state["is_confirmed"]
        head, code, seal = await v1_confirm(at, returned["trans_id"])
        assert ("00", md5(head, "00", "SIMKEY")) == (code, seal)
        assert ["011", "06", md5("011", "06", "SIMKEY")] == await v1_confirm(at, returned["trans_id"])
        state = (await at.control("GET", "state"))["providers"]["keypay"]["v1"][0]
        assert (True, True) == (state["is_confirmed"], state["is_delivered"])


async def test_v1_second_leg_of_what_was_not_paid() -> None:
    """Nothing can be confirmed that was not paid; the transaction stays unconfirmed."""
    async with stage(keypay, TAKEN) as at:
        await v1_open(at)
        assert "04" == (await v1_confirm(at, "KP900001"))[1]
        returned = await at.decide("keypay", "1001", "cancel")
        assert "18" == returned["response_code"]
        assert "04" == (await v1_confirm(at, "KP900001"))[1]
        assert "18" == await v1_query(at)


async def test_v1_response_hash_with_the_secret_in_place() -> None:
    """The other variant of the response's hash differs from the first and is a setting."""

    def settings(_: str) -> dict[str, Any]:
        return {"keypay": {"merchants": [{"code": "SIMMC", "response_variant": "in_place"}]}}

    async with stage(settings) as at:
        await v1_open(at)
        returned = await at.decide("keypay", "1001")
        text = f"pay704{DOSSIER}SIMMCSIMKEY1001{AMOUNT}0072000{returned['trans_id']}"
        assert md5(returned["bank_code"], text).upper() == returned["secure_hash"]
        assert not v1_is_sealed(returned)


async def test_v2_query() -> None:
    """V2 is asked with the time of the payment and answers in three parts, the code second; the JSON form names it."""
    async with stage(keypay, TAKEN) as at:
        await v1_open(at)
        await at.decide("keypay", "1001")
        time = "20250115093000"
        fields = {"merchant_code": "SIMMC", "merchant_trans_id": "1001", "good_code": DOSSIER, "trans_time": time}
        asked = urlencode({**fields, "secure_hash": md5("SIMMC", "1001", DOSSIER, time, "SIMKEY")})
        text = (await at.get(f"/keypay/resources/generic/QuerryBillStatusV2?{asked}")).body.decode()
        document = (await at.get(f"/keypay/jsonresources/generic/QuerryBillStatusV2?{asked}")).json
        assert "00" == text.split("|")[1]
        assert {"response_code": "00", "response": text} == document
        wrong = urlencode({**fields, "secure_hash": "0" * 32})
        refused = (await at.get(f"/keypay/resources/generic/QuerryBillStatusV2?{wrong}")).body.decode()
        assert ["011", "02", md5("011", "02", "SIMKEY")] == refused.split("|")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"merchant_trans_id": "1 2"}, "03"),
        ({"service_code": "721"}, "05"),
        ({"country_code": "84"}, "07"),
        ({"good_code": ""}, "10"),
        ({"net_cost": "0150000"}, "11"),
        ({"net_cost": "mot tram"}, "11"),
        ({"ship_fee": "-1"}, "12"),
        ({"tax": ""}, "13"),
        ({"bank_code": "000000"}, "15"),
        ({"net_cost": "999"}, "16"),
        ({"version": "2.0"}, "30"),
        ({"command": "PAY"}, "31"),
        ({"currency_code": "VND"}, "32"),
        ({"current_locale": "vi"}, "33"),
        ({"desc_1": "x" * 21}, "34"),
        ({"desc_2": "x" * 31}, "35"),
        ({"desc_3": "x" * 41}, "36"),
        ({"desc_4": "x" * 101}, "37"),
        ({"desc_5": "12a"}, "38"),
        ({"more": "1"}, "98"),
    ],
)
async def test_v1_refuses_with_its_codes(changes: dict[str, str], code: str) -> None:
    """A sealed redirect that is wrong in one thing goes back at once, sealed, with that thing's code."""
    async with stage(keypay, TAKEN) as at:
        back = said_by(await v1_open(at, **changes))
        assert (code, True) == (back["response_code"], v1_is_sealed(back))


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"merchant_code": "KHAC"}, "01"), ({"secure_hash": "0" * 32}, "02"), ({"return_url": "javascript:1"}, "39")],
)
async def test_v1_sends_nobody_to_an_address_without_a_seal(changes: dict[str, str], code: str) -> None:
    """While nobody vouches for the return address, the payer stays and reads the code."""
    async with stage(keypay, TAKEN) as at:
        got = await at.get("/keypay/process?" + urlencode(v1_fields(**changes)))
        assert (400, True) == (got.status, f"mã lỗi {code}" in got.body.decode())


async def test_v1_takes_a_reference_once() -> None:
    """A merchant_trans_id of before is refused with 03, and the first page stays."""
    async with stage(keypay, TAKEN) as at:
        await v1_open(at)
        assert "03" == said_by(await v1_open(at))["response_code"]
        assert "00" == (await at.decide("keypay", "1001"))["response_code"]


@pytest.mark.parametrize("code", sorted(CODES))
async def test_v1_returns_any_code(code: str) -> None:
    """Every code of §C.3 can be chosen for a result; only a code of class P or U leaves a debit behind."""
    async with stage(keypay, TAKEN) as at:
        at.arm("C3_response_code", variant=code, operation="return")
        await v1_open(at)
        returned = await at.decide("keypay", "1001")
        assert (code, True) == (returned["response_code"], v1_is_sealed(returned))
        is_taken = CODES[code].value in ("P", "U")
        assert (AMOUNT if is_taken else 0) == at.paid("1001")
        if is_taken:
            assert "00" == await v1_query(at)


@pytest.mark.parametrize("operation", ["process", "query", "confirm"])
async def test_v1_codes_elsewhere(operation: str) -> None:
    """A code can be chosen for the redirect, the query and the second leg as well."""
    async with stage(keypay, TAKEN) as at:
        at.arm("C3_response_code", variant="97", operation=operation, calls=1)
        address = await v1_open(at)
        if operation == "process":
            assert "97" == said_by(address)["response_code"]
            return
        trans_id = (await at.decide("keypay", "1001"))["trans_id"]
        if operation == "query":
            assert ["97", "00"] == [await v1_query(at), await v1_query(at)]
        else:
            assert ["97", "00"] == [(await v1_confirm(at, trans_id))[1], (await v1_confirm(at, trans_id))[1]]


# v3.


async def test_v3_from_create_to_ack() -> None:
    """The callback is sealed with the second key; detail tells the same; the return is not sealed at all."""
    async with stage(keypay, TAKEN) as at:
        page = await at.get(await v3_open(at))
        assert 200 == page.status
        assert 1 == (await v3_detail(at))["status"]
        returned = await at.decide("keypay", "T1")
        assert {"hs", "command", "version", "status", "transaction_id", "bill_info"} == set(returned)
        [told] = at.province.results
        assert v3_seal_of(told) == told["check_sum"]
        assert (0, str(AMOUNT), DOSSIER) == (
            told["status"],
            told["trans_amount"],
            json.loads(told["bill_info"])["MaHoSo"],
        )
        detail = await v3_detail(at)
        assert v3_seal("SIMKEY2", "SIM_CLIENT", "PAYDETAIL", "T1") == detail["check_sum"]
        assert (0, told["transaction_code"]) == (detail["status"], detail["transaction_code"])
        await at.advance(90_000)
        assert 1 == len(at.province.raw)


async def test_v3_status_is_not_sealed() -> None:
    """An unpaid callback that is turned into a paid one keeps its right seal; only detail knows better."""
    async with stage(keypay, TAKEN) as at:
        at.arm("F09_tampered", variant="result")
        await v3_open(at)
        await at.decide("keypay", "T1", "fail")
        [told] = at.province.results
        assert (0, v3_seal_of(told)) == (told["status"], told["check_sum"])
        assert (1, 0) == ((await v3_detail(at))["status"], at.paid("T1"))


async def test_v3_delivery_is_paid_beside() -> None:
    """The fee for delivery is told apart and taken with the amount."""
    async with stage(keypay, TAKEN) as at:
        await v3_open(at, addition_fee="30000")
        await at.decide("keypay", "T1")
        [told] = at.province.results
        assert (str(AMOUNT), "30000") == (told["trans_amount"], told["addition_fee"])
        assert AMOUNT + 30_000 == at.paid("T1")


@pytest.mark.parametrize("answer", [{}, {"return_code": -1}, {"return_code": "0"}, {"return_code": False}])
async def test_v3_callbacks_are_repeated(answer: Any) -> None:
    """Only return_code 0 ends the repeats; an empty object does not."""
    async with stage(keypay, TAKEN) as at:
        at.province.answers = [answer]
        await v3_open(at)
        await at.decide("keypay", "T1")
        await at.advance(61)
        first, second = at.province.raw
        assert first == second


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"check_sum": "0" * 64}, 3),
        ({"client_id": "KHAC"}, 2),
        ({"command": "PAYLATER"}, 1),
        ({"trans_amount": 150_000}, 1),
        ({"trans_amount": "150000.0"}, 1),
        ({"addition_fee": "-1"}, 1),
        ({"locale": "vi"}, 1),
        ({"country_code": "vn"}, 1),
        ({"currency_code": "704"}, 1),
        ({"environment": "3"}, 1),
        ({"return_url": "ket-qua"}, 1),
        ({"transaction_id": ""}, 1),
        ({"bill_info": {}}, 1),
        ({"more": "1"}, 1),
    ],
)
async def test_v3_refuses_odd_requests(changes: dict[str, Any], error: int) -> None:
    """A request that is wrong in one thing is refused, and opens nothing."""
    async with stage(keypay, TAKEN) as at:
        got = (await at.post("/keypay/v3/create", v3_create(**changes))).json
        assert error == got["error"]
        assert "payment_url" not in got
        assert [] == (await at.control("GET", "state"))["providers"]["keypay"]["v3"]


async def later(at: Stage, reference: str = "20250115-77") -> Any:
    return (await at.post("/keypay/v3/paylater/create", v3_create(reference, command="PAYLATER", bill_id="77"))).json


async def test_v3_pay_later() -> None:
    """Pay-later gives codes, an address and a span; a second attempt of the day collides; its page takes money."""
    async with stage(keypay, TAKEN) as at:
        made = await later(at)
        data = made["data"]
        assert (0, 1, 86_400, str(AMOUNT)) == (made["error"], data["status"], data["expired_in"], data["total_amount"])
        assert data["qrcode_pay"].startswith("data:image/png;base64,iVBOR")
        row = await at.control("POST", "transfers", {"qr": data["qrcode_static"]})
        assert (AMOUNT, "20250115-77") == (row["amount_vnd"], row["text"])
        assert 4 == (await later(at))["error"]
        await at.advance(3_600)
        assert 200 == (await at.get(data["url_pay"])).status
        await at.decide("keypay", "20250115-77")
        [told] = at.province.results
        assert ("PAYLATER", data["transaction_code"]) == (told["command"], told["transaction_code"])
        assert v3_seal_of(told) == told["check_sum"]


async def test_v3_pay_later_ends() -> None:
    """After `expired_in` seconds the page takes no money."""
    async with stage(keypay, TAKEN) as at:
        await later(at)
        await at.advance(86_401)
        await at.decide("keypay", "20250115-77")
        assert ([], 0) == (at.province.raw, at.paid("20250115-77"))


async def test_v3_refunds_in_parts() -> None:
    """Two parts go back, each told and sealed with the second key; detail tells of each."""
    async with stage(keypay, TAKEN) as at:
        await v3_open(at)
        await at.decide("keypay", "T1")
        first = await v3_refund(at, 50_000)
        second = await v3_refund(at, 100_000)
        await at.settled()
        assert 0 == at.paid("T1")
        notices = [each for each in at.province.results if "transaction_refund_code" in each]
        assert [first["data"], second["data"]] == notices
        seal = v3_seal("SIMKEY2", 50_000, "SIM_CLIENT", "REFUND", "NOP THUA", "T1")
        assert seal == notices[0]["check_sum"]
        code = notices[0]["transaction_refund_code"]
        asked = {"client_id": "SIM_CLIENT", "command": "REFUNDDETAIL", "transaction_refund_code": code}
        asked["check_sum"] = v3_seal("SIMKEY1", "SIM_CLIENT", "REFUNDDETAIL", code)
        told = (await at.post("/keypay/v3/refund/detail", asked)).json["data"]
        assert ("50000", 0) == (told["amount_refund"], told["status"])
        assert v3_seal("SIMKEY2", "SIM_CLIENT", "REFUNDDETAIL", code) == told["check_sum"]


async def test_f29_refunds_never_go_beyond_the_payment() -> None:
    """A second part that would exceed what was paid is refused, and no money moves; nor for what was never paid."""
    async with stage(keypay, TAKEN) as at:
        await v3_open(at)
        assert 6 == (await v3_refund(at, 1_000))["error"]
        await at.decide("keypay", "T1")
        assert 0 == (await v3_refund(at, 100_000))["error"]
        assert 7 == (await v3_refund(at, 50_001))["error"]
        assert 5 == (await v3_refund(at, 1_000, "T9"))["error"]
        await at.settled()
        assert 50_000 == at.paid("T1")
        assert 1 == sum("transaction_refund_code" in each for each in at.province.results)


async def test_the_daily_file_holds_refunds() -> None:
    """The file of a client's day has payment and refund; that of a merchant of v1 is another."""
    async with stage(keypay, TAKEN) as at:
        await v3_open(at)
        await at.decide("keypay", "T1")
        await v3_refund(at, 50_000)
        await v1_open(at)
        await at.decide("keypay", "1001")
        await at.advance(24 * 3600)
        lines = (await at.get("/keypay/files/SIM_CLIENT_20250115.csv")).body.decode().splitlines()
        assert [["PAY", "150000"], ["REFUND", "50000"]] == [line.split(",")[2:4] for line in lines[1:-1]]
        other = (await at.get("/keypay/files/SIMMC_20250115.csv")).body.decode().splitlines()
        assert "TOTAL,1,150000" == other[-1]


async def test_references_of_two_clients_may_be_equal() -> None:
    """Each client has its own payment under the same transaction_id, and knows nothing of the other's."""

    def settings(url: str) -> dict[str, Any]:
        other = {"code": "KHACH_2", "key_1": "SIMKEY1", "key_2": "SIMKEY2"}
        return {"keypay": {"clients": [{"code": "SIM_CLIENT", "notify_url": url}, other]}}

    async with stage(settings, TAKEN) as at:
        await v3_open(at)
        await v3_open(at, client_id="KHACH_2")
        await at.decide("keypay", "KHACH_2/T1")
        assert [] == at.province.raw
        assert 1 == (await v3_detail(at))["status"]
        [entry] = at.sandbox.world.ledger.entries(reference="T1")
        assert "KHACH_2" == entry.partner
