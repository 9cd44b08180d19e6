"""Each fault of payment notes §12.2 in what the Payment Platform tells, F01 to F13, as it goes over the wire."""

import asyncio
from typing import Any

import pytest
from aiohttp import web

from tests.integration.payment_sandbox.platform_helpers import (
    AMOUNT,
    DOSSIER,
    ONE,
    PARTNER,
    confirm_seal,
    good_ack,
    init_document,
    is_sealed,
    paid_confirm,
    stage,
)


async def test_f01_confirm_is_never_sent() -> None:
    """The money moved and QUERY tells it, but no CONFIRM comes, not even later."""
    async with stage() as at:
        at.arm("F01_confirm_never_sent")
        await at.open()
        await at.decide()
        await at.advance(90_000)
        assert at.province.raw == []
        assert (await at.query())["TrangThaiGD"] == "1"
        assert at.paid(reference=ONE) == AMOUNT


async def test_f02_confirm_comes_ten_times_at_once() -> None:
    """The same bytes come ten times, beside each other; one debit stands behind them."""
    at_once: list[int] = []
    gate = asyncio.Event()

    async def slow(document: dict[str, Any]) -> web.StreamResponse:
        at_once.append(1)
        if len(at_once) == 10:
            gate.set()
        await asyncio.wait_for(gate.wait(), 5)
        return web.json_response(good_ack(document))

    async with stage() as at:
        at.province.answers.extend([slow] * 10)
        at.arm("F02_confirm_repeated", copies=10)
        await at.open()
        await at.decide()
        assert len(at.province.raw) == 10
        assert len(set(at.province.raw)) == 1
        assert at.paid() == AMOUNT


async def test_f03_confirm_comes_before_the_answer_to_init() -> None:
    """While INIT is still unanswered, its CONFIRM is there."""
    opened: list[bool] = []

    async with stage() as at:
        asking = None

        async def look(document: dict[str, Any]) -> web.StreamResponse:
            assert asking is not None
            opened.append(asking.done())
            return web.json_response(good_ack(document))

        at.province.answers.append(look)
        at.arm("F03_confirm_before_init_answer", reference=ONE)
        asking = asyncio.create_task(at.call("init", init_document()))
        got = await asking
        assert opened == [False]
        assert got.json["MaLoi"] == "00"
        assert at.paid(reference=ONE) == AMOUNT


async def test_f04_failure_follows_success() -> None:
    """A sealed failure comes after a sealed success; the money stays taken."""
    async with stage() as at:
        at.arm("F04_failure_after_success")
        await at.open()
        await at.decide()
        first, second = at.province.confirms
        assert [first["MaLoi"], second["MaLoi"]] == ["00", "99"]
        assert first["MaGiaoDich"] == second["MaGiaoDich"]
        assert is_sealed(first)
        assert is_sealed(second)
        assert at.paid() == AMOUNT


async def test_f05_success_follows_failure() -> None:
    """After a sealed failure the money is taken nonetheless, and told."""
    async with stage() as at:
        at.arm("F05_success_after_failure")
        await at.open()
        await at.decide("fail")
        assert [each["MaLoi"] for each in at.province.confirms] == ["99", "00"]
        assert all(is_sealed(each) for each in at.province.confirms)
        assert at.paid() == AMOUNT
        assert (await at.query())["TrangThaiGD"] == "1"


async def test_f06_success_follows_expiry() -> None:
    """The page runs out and QUERY says so; an hour later the money is there."""
    async with stage() as at:
        at.arm("F06_success_after_expiry", delay_seconds=3600)
        await at.open()
        await at.advance(901)
        assert (await at.query())["TrangThaiGD"] == "4"
        assert at.paid() == 0
        await at.advance(3601)
        assert (await at.query())["TrangThaiGD"] == "1"
        assert [each["MaLoi"] for each in at.province.confirms] == ["00"]
        assert at.paid() == AMOUNT


async def test_f07_wrong_amount_is_sealed() -> None:
    """CONFIRM tells another amount than was taken, under a right checksum."""
    async with stage() as at:
        at.arm("F07_wrong_amount")
        document = await paid_confirm(at)
        assert document["SoTien"] == AMOUNT + 1000
        assert is_sealed(document)
        assert at.paid() == AMOUNT


@pytest.mark.parametrize(
    ("variant", "name", "right"),
    [("currency", "MaTienTe", "VND"), ("partner", "MaDoiTac", PARTNER), ("dossier", "MaHoSo", DOSSIER)],
)
async def test_f08_wrong_value_is_sealed(variant: str, name: str, right: str) -> None:
    """Currency, partner or dossier is another's, under a right checksum."""
    async with stage() as at:
        at.arm("F08_wrong_value", variant=variant)
        document = await paid_confirm(at)
        assert document[name] not in ("", right)
        assert is_sealed(document)


@pytest.mark.parametrize("name", ["SoTien", "MaLoi", "MaGiaoDich", "ThongTinGiaoDich", "MaThamChieu"])
async def test_f09_a_member_was_changed_after_sealing(name: str) -> None:
    """One signed member is not what was sealed."""
    async with stage() as at:
        at.arm("F09_tampered", variant=name, calls=1)
        tampered = await paid_confirm(at)
        await at.control("POST", "confirm", {"reference": ONE})
        right = at.province.confirms[1]
        assert {each for each in right if right[each] != tampered[each]} == {name}
        assert not is_sealed(tampered)
        assert is_sealed(right)


async def test_f10_checksum_is_in_capitals() -> None:
    """The right checksum, in upper hex."""
    async with stage() as at:
        at.arm("F10_upper_case_checksum")
        document = await paid_confirm(at)
        assert document["MaXacThuc"] == confirm_seal(document).upper()
        assert document["MaXacThuc"] != confirm_seal(document)


@pytest.mark.parametrize(("variant", "length"), [("missing", None), ("short", 63), ("non_hex", 64)])
async def test_f11_checksum_is_none(variant: str, length: int | None) -> None:
    """There is no checksum, half a digit less, or something else of its length."""
    async with stage() as at:
        at.arm("F11_bad_checksum", variant=variant)
        document = await paid_confirm(at)
        seal = document.get("MaXacThuc")
        assert (None if seal is None else len(seal)) == length
        assert seal != confirm_seal(document)


@pytest.mark.parametrize(
    ("variant", "written"),
    [
        ("text", b'"SoTien":"150000"'),
        ("decimals", b'"SoTien":150000.00'),
        ("huge", b'"SoTien":' + b"9" * 40),
        ("negative", b'"SoTien":-150000'),
        ("exponent", b'"SoTien":150000e0'),
    ],
)
async def test_f12_amount_is_written_otherwise(variant: str, written: bytes) -> None:
    """The amount stands in the JSON in another form, and the seal is over the characters that stand there."""
    async with stage() as at:
        at.arm("F12_amount_form", variant=variant)
        document = await paid_confirm(at)
        [raw] = at.province.raw
        assert written + b"," in raw
        as_text = {**document, "SoTien": written.partition(b":")[2].decode().strip('"')}
        assert is_sealed(as_text)


@pytest.mark.parametrize("variant", ["unknown", "empty"])
async def test_f13_reference_is_not_the_orders(variant: str) -> None:
    """A sealed success about a reference that nobody opened, or none but the dossier."""
    async with stage({"is_dossier_sent": False}) as at:
        at.arm("F13_reference", variant=variant)
        document = await paid_confirm(at)
        assert is_sealed(document)
        if variant == "empty":
            assert (document["MaThamChieu"], document["MaHoSo"]) == ("", DOSSIER)
        else:
            assert document["MaThamChieu"] not in ("", ONE)
