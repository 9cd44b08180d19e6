"""Settings of simulated providers: what is shown is in force, and what would break payments under way is refused."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from adapters.payment.sandbox import PaymentSandbox
from tests.integration.payment_sandbox import platform_helpers as pp
from tests.integration.payment_sandbox.other_helpers import (
    Stage,
    keypay,
    paygov,
    paygov_check,
    paygov_open,
    stage,
    v1_open,
    v3_open,
)

Opener = Callable[..., Awaitable[str]]
opened = pytest.mark.parametrize(
    ("provider", "settings", "open_one", "choices"),
    [
        ("paygov", paygov, paygov_open, "gates"),
        ("keypay", keypay, v1_open, "banks"),
        ("keypay", keypay, v3_open, "banks"),
    ],
    ids=["paygov", "v1", "v3"],
)


@pytest.mark.parametrize(
    ("provider", "settings", "named"),
    [
        ("paygov", {"gates": {}}, "gates"),
        ("keypay", {"banks": {}}, "banks"),
        ("pp", {"banks": {}}, "banks"),
        ("pp", {"partners": [{"code": "A", "secrets": ["1"]}] * 2}, "partners"),
        ("keypay", {"merchants": [{"code": "A"}], "clients": [{"code": "A"}]}, "merchants, clients"),
        ("receipts", {"vnpt": [{}, {}]}, "vnpt"),
        ("paygov", {"partner": []}, "partner"),
    ],
)
def test_settings_that_cannot_be_used_are_named(provider: str, settings: dict[str, Any], named: str) -> None:
    """Nothing starts with a page on which nothing can be chosen, or with two of one code."""
    with pytest.raises(ValueError, match=named):
        PaymentSandbox({provider: settings})


@opened
async def test_other_waits_between_repeats_are_in_force_at_once(
    provider: str, settings: Any, open_one: Opener, choices: str
) -> None:
    """A result that nobody takes comes again after the waits that are set now."""
    async with stage(settings) as at:
        at.arm("F18_ack_lost")
        await at.control("POST", f"{provider}/profile", {"retry_seconds": [5], "retry_stop_seconds": 12})
        await open_one(at, "R1")
        await at.decide(provider, "R1")
        counts = [len(at.province.raw)]
        for _ in range(4):
            await at.advance(5)
            counts.append(len(at.province.raw))
        assert [1, 2, 3, 3, 3] == counts


@opened
async def test_other_banks_are_on_the_next_page(provider: str, settings: Any, open_one: Opener, choices: str) -> None:
    """A page shows what could be chosen when it was opened."""
    async with stage(settings) as at:
        await open_one(at, "R1")
        await at.control("POST", f"{provider}/profile", {choices: {"MOI": "Ngân hàng mới"}})
        await open_one(at, "R2")
        assert "MOI" != await bank_of(at, provider, "R1")
        assert "MOI" == await bank_of(at, provider, "R2")


async def bank_of(at: Stage, provider: str, reference: str) -> str:
    """Pay with the first bank, and give its code."""
    await at.decide(provider, reference)
    [entry] = at.sandbox.world.ledger.entries(reference=reference)
    return entry.bank


@opened
async def test_a_partner_with_payments_under_way_stays(
    provider: str, settings: Any, open_one: Opener, choices: str
) -> None:
    """Who would be taken from the settings is named, and the payment can still be decided."""
    async with stage(settings) as at:
        await open_one(at, "R1")
        names = ("partners",) if provider == "paygov" else ("merchants", "clients")
        for name in names:
            refused = await refusal(at, f"{provider}/profile", {name: [{"code": "KHAC"}]})
            assert "none can be taken away" in refused
        await at.decide(provider, "R1")
        assert at.paid("R1") > 0


async def test_a_path_is_fixed() -> None:
    """A path that is served cannot be moved, and nothing is shown that is not so."""
    async with stage(paygov) as at:
        assert "create_path: fixed" in await refusal(at, "paygov/profile", {"create_path": "/khac"})
        assert (await at.control("GET", "paygov/profile"))["create_path"] != "/khac"


async def refusal(at: Stage, path: str, body: Any) -> str:
    async with at.client.post(f"{at.running.control_url}/_sandbox/{path}", json=body) as answer:
        assert answer.status == 400
        return str((await answer.json())["error"])


async def test_an_acknowledgement_in_pieces_is_read_whole() -> None:
    """What arrives with a pause in the middle is one answer."""

    async def in_pieces(document: dict[str, Any]) -> web.StreamResponse:
        text = json.dumps(pp.good_ack(document)).encode()

        async def pieces() -> AsyncIterator[bytes]:
            yield text[:9]
            await asyncio.sleep(0.05)
            yield text[9:]

        return web.Response(body=pieces(), content_type="application/json")

    async with pp.stage() as at:
        at.province.answers.append(in_pieces)
        await at.open()
        await at.decide()
        assert [True] == [each["is_taken"] for each in at.sent()]


async def test_what_is_under_way_at_a_reset_is_not_repeated() -> None:
    """A CONFIRM that nobody took before the world began anew stays in the old one."""
    held, let_go = asyncio.Event(), asyncio.Event()

    async def hold(_: dict[str, Any]) -> web.StreamResponse:
        held.set()
        await let_go.wait()
        return web.Response(status=503)

    async with pp.stage() as at:
        at.province.answers.append(hold)
        await at.open()
        await at.control("POST", "decide", {"reference": "REF0000000000000001", "choice": "pay"})
        await held.wait()
        await at.control("POST", "reset")
        let_go.set()
        for wait in (0, 61, 90_000):
            await at.advance(wait)
        assert 1 == len(at.province.raw)


async def test_what_is_not_known_of_the_platform_can_be_otherwise() -> None:
    """MaLoi of failures (U4), TrangThaiGD of what is not decided (U5), and members of the answer to INIT."""
    odd: dict[str, Any] = {
        "failed_code": "E7",
        "open_state": "0",
        "pending_state": "9",
        "init_omitted": ["MaThamChieu", "MoTaLoi"],
    }
    async with pp.stage(**odd) as at:
        answer = (await at.call("init", pp.init_document())).json
        assert {"MaLoi", "UrlThanhToan", "MaDoiTac"} == set(answer)
        assert "0" == (await at.query())["TrangThaiGD"]
        await at.decide("cancel")
        [failed] = at.province.confirms
        assert ("E7", pp.confirm_seal(failed)) == (failed["MaLoi"], failed["MaXacThuc"])
        at.arm("F19_pending", variant="never")
        await at.open(pp.TWO)
        await at.decide(reference=pp.TWO)
        assert "9" == (await at.query(pp.TWO))["TrangThaiGD"]


@pytest.mark.parametrize(("seal", "is_there"), [("confirm", True), ("none", False), ("other", True)])
async def test_answers_to_query_are_sealed_as_is_told(seal: str, is_there: bool) -> None:
    """As CONFIRM is, not at all, or so that a partner cannot tell whether the answer is genuine (U6)."""
    async with pp.stage(query_seal=seal) as at:
        await at.open()
        await at.decide()
        answer = await at.query()
        assert ("1", is_there) == (answer["TrangThaiGD"], "MaXacThuc" in answer)
        assert (seal == "confirm") == (answer.get("MaXacThuc") == pp.confirm_seal(answer))


async def test_what_is_not_known_of_paygov_can_be_otherwise() -> None:
    """`errorCode` of what is not paid, and the form of `payDate` (U24); the check takes them for genuine."""
    async with stage(paygov) as at:
        odd = {"failed_code": "7", "cancelled_code": "8", "pay_date_form": "%d/%m/%Y %H:%M:%S"}
        await at.control("POST", "paygov/profile", odd)
        for reference, choice, code in (("R1", "fail", "7"), ("R2", "cancel", "8"), ("R3", "pay", "00")):
            await paygov_open(at, reference)
            told = await at.decide("paygov", reference, choice)
            assert (code, "15/01/2025 09:30:00") == (told["errorCode"], told["payDate"])
            assert "SUCCESSFUL" == await paygov_check(at, told)
