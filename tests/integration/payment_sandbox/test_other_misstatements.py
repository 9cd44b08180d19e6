"""Results of PayGov and KeyPay that are sealed right and say what is not so; answers that contradict them (§12.2)."""

import json
import unicodedata
from typing import Any

import pytest

from tests.integration.payment_sandbox.other_helpers import (
    AMOUNT,
    Stage,
    paygov,
    paygov_call,
    paygov_receipt,
    stage,
)
from tests.integration.payment_sandbox.other_wires import (
    ONE,
    PAYGOV,
    V1,
    V3,
    Wire,
    askable,
    create,
    json_wires,
    played,
    wires,
)


async def told_with(at: Stage, wire: Wire, name: str, **values: Any) -> dict[str, Any]:
    """Pay with a fault armed; give the one result that came."""
    at.arm(name, operation="callback", **values)
    await played(at, wire)
    [told] = wire.told(at)
    assert 1 == at.struck(name)
    return told


@json_wires
async def test_f03_result_comes_before_the_answer_to_create(wire: Wire) -> None:
    """The partner is told of the payment while it still waits for the address of the page."""
    async with stage(wire.settings, wire.taken) as at:
        at.arm("F03_confirm_before_init_answer", calls=1)
        await create(at, wire)
        [told] = wire.told(at)
        assert (ONE, wire.paid, AMOUNT) == (told[wire.reference], told[wire.result], at.paid(ONE))
        directions = [each.direction.value for each in at.sandbox.world.ledger.exchanges() if each.reference == ONE]
        assert ["sent", "received"] == directions


WRONG = {
    ("paygov", "dossier"): ("orderId", "H99-X-1"),
    ("v1", "dossier"): ("good_code", "H99-X-1"),
    ("v1", "partner"): ("merchant_code", "SIMMC99"),
    ("v1", "currency"): ("currency_code", "840"),
    ("v3", "dossier"): ("bill_info", "H99-X-1"),
    ("v3", "partner"): ("client_id", "SIM_CLIENT99"),
    ("v3", "currency"): ("currency_code", "USD"),
}
BY_NAME = {"paygov": PAYGOV, "v1": V1, "v3": V3}


@pytest.mark.parametrize(("name", "variant"), list(WRONG))
async def test_f08_wrong_value_rightly_sealed(name: str, variant: str) -> None:
    """Another dossier, partner or currency than the payment's."""
    wire = BY_NAME[name]
    async with stage(wire.settings, wire.taken) as at:
        told = await told_with(at, wire, "F08_wrong_value", variant=variant)
        member, value = WRONG[name, variant]
        assert value in told[member]
        assert await wire.is_sealed(at, told)


@wires
@pytest.mark.parametrize(("variant", "reference"), [("unknown", "KHONGCO0001"), ("empty", "")])
async def test_f13_reference_is_not_the_payments(wire: Wire, variant: str, reference: str) -> None:
    """A success for a reference that nobody opened, or for none; the money of the true one moved."""
    async with stage(wire.settings, wire.taken) as at:
        told = await told_with(at, wire, "F13_reference", variant=variant)
        assert (reference, AMOUNT) == (told[wire.reference], at.paid(ONE))


DESCRIBED = {"paygov": "orderInfo", "v1": "desc_4", "v3": "description"}


@pytest.mark.parametrize("name", list(BY_NAME))
async def test_f31_description_is_decomposed(name: str) -> None:
    """The text comes back in the other normal form, sealed as it is sent."""
    wire = BY_NAME[name]
    member = DESCRIBED[name]
    async with stage(wire.settings, wire.taken) as at:
        at.arm("F31_nfd_description", operation="callback")
        # A strict PayGov takes no diacritics.
        await at.control("POST", f"{wire.provider}/profile", {"is_strict": False})
        await wire.open(at, ONE, **{member: "Lệ phí hồ sơ"})
        await at.decide(wire.provider, ONE)
        [told] = wire.told(at)
        assert unicodedata.normalize("NFD", "Lệ phí hồ sơ") == told[member]
        assert await wire.is_sealed(at, told)


async def test_f32_time_is_written_with_twelve_hours() -> None:
    """Half past four in the afternoon is told as half past four in the morning."""
    async with stage(paygov, PAYGOV.taken) as at:
        await at.advance(7 * 3600)
        told = await told_with(at, PAYGOV, "F32_twelve_hour_time")
        assert "20250115043000" == told["payDate"]
        assert await PAYGOV.is_sealed(at, told)


@json_wires
async def test_f17_success_without_an_address(wire: Wire) -> None:
    """Create is answered with success and no address to go to; nothing was opened, the reference is free."""
    async with stage(wire.settings, wire.taken) as at:
        at.arm("F17_init_refused_inside", calls=1)
        answer = json.loads((await create(at, wire))[1])
        if wire is PAYGOV:
            assert ("SUCCESSFUL", {"url": ""}) == (answer["error_code"], answer["data"])
        else:
            assert (0, "") == (answer["error"], answer["payment_url"])
        await wire.open(at, ONE)


@askable
@pytest.mark.parametrize(("choice", "variant", "answer"), [("pay", "failed", "unpaid"), ("fail", "paid", "paid")])
async def test_f20_the_answer_contradicts_the_result(wire: Wire, choice: str, variant: str, answer: str) -> None:
    """Who asks is told the opposite of what was told before."""
    async with stage(wire.settings, wire.taken) as at:
        await played(at, wire, choice)
        at.arm("F20_query_contradicts", variant=variant, calls=1)
        assert answer == await wire.asked(at, ONE)
        assert answer != await wire.asked(at, ONE)


@pytest.mark.parametrize(
    ("variant", "status", "content_type"),
    [("pdf", 200, "application/pdf"), ("404", 404, "text/plain"), ("html", 200, "text/html")],
)
async def test_f25_vouchers_of_paygov(variant: str, status: int, content_type: str) -> None:
    """The voucher is there, is not, or is a page that says so under 200."""
    async with stage(paygov, PAYGOV.taken) as at:
        at.arm("F25_bill", variant=variant)
        got = await at.get(await voucher(at))
        assert (status, content_type) == (got.status, got.content_type)


async def test_f25_voucher_of_paygov_elsewhere() -> None:
    """The voucher is said to be at a host that is not PayGov's."""
    async with stage(paygov, PAYGOV.taken) as at:
        at.arm("F25_bill", variant="foreign_host")
        assert (await voucher(at)).startswith("https://bienlai.nguoi-khac.example/")


async def voucher(at: Stage) -> str:
    """Pay, and ask for the voucher; give its address."""
    returned = await played(at, PAYGOV)
    got = await paygov_call(at, "bienlai", paygov_receipt(returned["transactionCode"]))
    return str(got.json["transactionReceipt"])
