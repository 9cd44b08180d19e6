"""Each fault of payment notes §12.2 that is PayGov's or KeyPay's, as it goes over the wire, for three protocols."""

import asyncio
import json
import time

import aiohttp
import pytest

from tests.integration.payment_sandbox.other_helpers import (
    AMOUNT,
    said_by,
    stage,
    v1_is_sealed,
    v3_create,
)
from tests.integration.payment_sandbox.other_wires import (
    ONE,
    PAYGOV,
    TWO,
    V1,
    V3,
    Wire,
    askable,
    create,
    json_wires,
    played,
    wires,
)


@wires
async def test_f01_result_is_never_sent(wire: Wire) -> None:
    """The money moved, but no result comes, not even later."""
    async with stage(wire.settings, wire.taken) as at:
        at.arm("F01_confirm_never_sent")
        await played(at, wire)
        await at.advance(90_000)
        assert ([], AMOUNT) == (at.province.raw, at.paid(ONE))


@wires
async def test_f02_result_comes_ten_times(wire: Wire) -> None:
    """The same bytes come ten times for one debit."""
    async with stage(wire.settings, wire.taken) as at:
        at.arm("F02_confirm_repeated", copies=10)
        await played(at, wire)
        assert (10, 1) == (len(at.province.raw), len(set(at.province.raw)))
        assert AMOUNT == at.paid(ONE)


@wires
async def test_f04_failure_after_success(wire: Wire) -> None:
    """A sealed failure follows the success of the same reference; the money stays."""
    async with stage(wire.settings, wire.taken) as at:
        at.arm("F04_failure_after_success")
        await played(at, wire)
        first, second = wire.told(at)
        assert (str(wire.paid), True) == (str(first[wire.result]), str(second[wire.result]) != str(wire.paid))
        assert await wire.is_sealed(at, second)
        assert (ONE, AMOUNT) == (second[wire.reference], at.paid(ONE))


@wires
async def test_f05_success_after_failure(wire: Wire) -> None:
    """A failure is told, then a success of the same reference, for which money moved."""
    async with stage(wire.settings, wire.taken) as at:
        at.arm("F05_success_after_failure")
        await played(at, wire, "fail")
        results = {str(each[wire.result]) == str(wire.paid): each for each in wire.told(at)}
        assert {True, False} == set(results)
        assert await wire.is_sealed(at, results[True])
        assert AMOUNT == at.paid(ONE)


@wires
async def test_f06_success_after_expiry(wire: Wire) -> None:
    """The page ended long ago when the money moves and a success is told."""
    async with stage(wire.settings, wire.taken) as at:
        at.arm("F06_success_after_expiry", delay_seconds=600)
        await wire.open(at, ONE)
        await at.advance(901)
        assert ([], 0) == (at.province.raw, at.paid(ONE))
        await at.advance(600)
        [told] = wire.told(at)
        assert (str(wire.paid), AMOUNT) == (str(told[wire.result]), at.paid(ONE))


@wires
async def test_f06_armed_while_the_page_is_open(wire: Wire) -> None:
    """What counts is what is armed when the page ends, and a payment in time uses nothing up."""
    async with stage(wire.settings, wire.taken) as at:
        await wire.open(at, ONE)
        at.arm("F06_success_after_expiry", delay_seconds=600, calls=1)
        await played(at, wire, reference=TWO)
        await at.advance(901)
        await at.advance(600)
        assert (AMOUNT, AMOUNT) == (at.paid(ONE), at.paid(TWO))


@wires
async def test_f07_wrong_amount_rightly_sealed(wire: Wire) -> None:
    """The amount told is another than the one paid, and the seal is right."""
    async with stage(wire.settings, wire.taken) as at:
        at.arm("F07_wrong_amount")
        await played(at, wire)
        [told] = wire.told(at)
        assert (AMOUNT + 1000, AMOUNT) == (int(told[wire.amount]), at.paid(ONE))
        assert await wire.is_sealed(at, told)


@wires
@pytest.mark.parametrize("variant", ["amount", "transaction", "reference"])
async def test_f09_tampered_under_the_old_seal(wire: Wire, variant: str) -> None:
    """A member was changed after sealing; v3 does not seal the transaction's number, so there the seal still holds."""
    async with stage(wire.settings, wire.taken) as at:
        at.arm("F09_tampered", variant=variant, operation="callback")
        returned = await played(at, wire)
        [told] = wire.told(at)
        is_unsealed = wire is V3 and variant == "transaction"
        assert is_unsealed == await wire.is_sealed(at, told)
        name = getattr(wire, variant)
        if wire is not V3:
            assert str(told[name]) != returned[name]


@wires
async def test_f09_result_tampered(wire: Wire) -> None:
    """A failure is made a success; only where the result is sealed does the seal tell."""
    async with stage(wire.settings, wire.taken) as at:
        at.arm("F09_tampered", variant="result", operation="callback")
        await played(at, wire, "fail")
        [told] = wire.told(at)
        assert str(wire.paid) == str(told[wire.result])
        assert (wire is V3, 0) == (await wire.is_sealed(at, told), at.paid(ONE))


@wires
async def test_f10_checksum_in_the_other_case(wire: Wire) -> None:
    """The right digest comes in the wrong case."""
    async with stage(wire.settings, wire.taken) as at:
        at.arm("F10_upper_case_checksum", operation="callback")
        await played(at, wire)
        [told] = wire.told(at)
        assert not await wire.is_sealed(at, told)
        assert await wire.is_sealed(at, {**told, wire.checksum: told[wire.checksum].swapcase()})


@wires
@pytest.mark.parametrize(("variant", "is_there"), [("missing", False), ("short", True), ("non_hex", True)])
async def test_f11_bad_checksum(wire: Wire, variant: str, is_there: bool) -> None:
    """The checksum is missing, too short, or no hex at all."""
    async with stage(wire.settings, wire.taken) as at:
        at.arm("F11_bad_checksum", variant=variant, operation="callback")
        await played(at, wire)
        [told] = wire.told(at)
        length = 32 if wire is V1 else 64
        assert is_there == (wire.checksum in told)
        if variant == "short":
            assert length - 1 == len(told[wire.checksum])
        if variant == "non_hex":
            assert "z" * length == told[wire.checksum]


@wires
@pytest.mark.parametrize(
    ("variant", "written"),
    [
        ("text", "150000"),
        ("decimals", "150000.00"),
        ("huge", "9" * 40),
        ("negative", "-150000"),
        ("exponent", "150000e0"),
    ],
)
async def test_f12_amount_in_another_form(wire: Wire, variant: str, written: str) -> None:
    """The amount stands in the message as no amount should, sealed over."""
    async with stage(wire.settings, wire.taken) as at:
        at.arm("F12_amount_form", variant=variant, operation="callback")
        await played(at, wire)
        [raw] = at.province.raw
        [told] = wire.told(at)
        if wire.is_query:
            assert (written, True) == (told[wire.amount], v1_is_sealed(told))
        else:
            shown = f'"{written}"' if variant == "text" else written
            assert f'"{wire.amount}":{shown}' in raw.decode().replace(": ", ":")


OPERATIONS = {"amount": "create", "net_cost": "process", "trans_amount": "create"}


@json_wires
@pytest.mark.parametrize("variant", ["reset", "close", "stall"])
async def test_f14_answer_to_create_is_lost(wire: Wire, variant: str) -> None:
    """The attempt is open, though its answer never came; it can be paid."""
    async with stage(wire.settings, wire.taken) as at:
        at.arm("F14_init_answer_lost", variant=variant, delay_seconds=0.3, operation="create", calls=1)
        started = time.monotonic()
        with pytest.raises(aiohttp.ClientError):
            await create(at, wire)
        assert (variant == "stall") == (time.monotonic() - started >= 0.3)
        await at.decide(wire.provider, ONE)
        assert AMOUNT == at.paid(ONE)
        kept = at.sandbox.world.ledger.exchanges(operation="create")[0]
        assert (None, ("F14_init_answer_lost",)) == (kept.http_status, kept.switches)


@json_wires
@pytest.mark.parametrize(
    ("variant", "status", "start"),
    [
        ("500", 500, b"Internal"),
        ("502_html", 502, b"<html>"),
        ("empty", 200, b""),
        ("truncated", 200, b"{"),
        ("bom", 200, b"\xef\xbb\xbf{"),
        ("charset", 200, b"\xff\xfe{\x00"),
    ],
)
async def test_f15_answer_to_create_is_broken(wire: Wire, variant: str, status: int, start: bytes) -> None:
    """The attempt is open, and its answer cannot be read, or not easily."""
    async with stage(wire.settings, wire.taken) as at:
        at.arm("F15_init_answer_broken", variant=variant, operation="create", calls=1)
        got = await create(at, wire)
        assert (status, start) == (got[0], got[1][: len(start)])
        if variant in ("truncated", "empty"):
            with pytest.raises(ValueError):
                json.loads(got[1])
        await at.decide(wire.provider, ONE)
        assert AMOUNT == at.paid(ONE)


@pytest.mark.parametrize(("variant", "depth"), [("text", 1), ("double", 2)])
@pytest.mark.parametrize("path", ["paygov", "paylater"])
async def test_f16_data_is_wrapped(path: str, variant: str, depth: int) -> None:
    """`data` comes as JSON text, or as text of text."""
    wire = PAYGOV if path == "paygov" else V3
    async with stage(wire.settings, wire.taken) as at:
        at.arm("F16_init_wrapped_oddly", variant=variant)
        if path == "paygov":
            got = json.loads((await create(at, wire))[1])
        else:
            document = v3_create(command="PAYLATER", bill_id="77")
            got = (await at.post("/keypay/v3/paylater/create", document)).json
        data = got["data"]
        for _ in range(depth):
            assert isinstance(data, str)
            data = json.loads(data)
        assert (data.get("url") or data["url_pay"]).startswith(at.running.url)


@wires
async def test_f18_ack_is_lost(wire: Wire) -> None:
    """The result was taken, but its answer is thrown away with the connection; the same bytes come again."""
    async with stage(wire.settings, wire.taken) as at:
        at.arm("F18_ack_lost", calls=1)
        await played(at, wire)
        assert 1 == len(at.province.raw)
        await at.advance(61)
        first, second = at.province.raw
        assert first == second
        await at.advance(90_000)
        assert 2 == len(at.province.raw)


@wires
@pytest.mark.parametrize(("variant", "money"), [("paid", AMOUNT), ("failed", 0), ("never", 0)])
async def test_f19_pending_for_hours(wire: Wire, variant: str, money: int) -> None:
    """Nothing is told for hours and who asks learns nothing; then it is paid, or failed, or never ends."""
    async with stage(wire.settings, wire.taken) as at:
        at.arm("F19_pending", variant=variant, delay_seconds=7_200)
        returned = await played(at, wire)
        assert returned[wire.result] != str(wire.paid)
        await at.advance(7_000)
        assert ([], 0) == (at.province.raw, at.paid(ONE))
        if wire is not PAYGOV:
            assert await wire.asked(at, ONE) in ("unknown", "unpaid")
        await at.advance(300)
        results = [str(each[wire.result]) == str(wire.paid) for each in wire.told(at)]
        assert {"paid": [True], "failed": [False], "never": []}[variant] == results
        assert money == at.paid(ONE)
        if wire is not PAYGOV:
            assert (variant == "paid") == (await wire.asked(at, ONE) == "paid")


@wires
async def test_f22_two_transactions_of_one_reference(wire: Wire) -> None:
    """Two debits of one reference, each told with a number of its own."""
    async with stage(wire.settings, wire.taken) as at:
        at.arm("F22_two_transactions")
        await played(at, wire)
        first, second = wire.told(at)
        assert first[wire.reference] == second[wire.reference]
        assert first[wire.transaction] != second[wire.transaction]
        assert 2 * AMOUNT == at.paid(ONE)


@wires
async def test_f23_forged_return(wire: Wire) -> None:
    """The browser brings a success that nobody paid; where returns are sealed, the seal is wrong."""
    async with stage(wire.settings, wire.taken) as at:
        at.arm("F23_forged_return")
        forged = await played(at, wire, "leave")
        assert (str(wire.paid), 0, []) == (forged[wire.result], at.paid(ONE), at.province.raw)
        if wire is not V3:
            forged.pop("hs")
            assert not await wire.is_sealed(at, forged)
        later = await at.decide(wire.provider, ONE)
        assert (str(wire.paid), AMOUNT) == (later[wire.result], at.paid(ONE))


@wires
async def test_f24_slow_answer(wire: Wire) -> None:
    """The attempt is opened at once; its answer takes its time."""
    async with stage(wire.settings, wire.taken) as at:
        at.arm("F24_slow_answer", delay_seconds=0.3, operation=OPERATIONS[wire.amount], calls=1)
        started = time.monotonic()
        asking = asyncio.ensure_future(create(at, wire))
        await asyncio.sleep(0.15)
        assert not asking.done()
        state = (await at.control("GET", "state"))["providers"][wire.provider]
        assert any(state[name] for name in ("attempts", "v1", "v3") if name in state)
        await asking
        assert time.monotonic() - started >= 0.3


@askable
async def test_f24_slow_answer_to_a_question(wire: Wire) -> None:
    """A question about a payment can be answered slowly as well."""
    async with stage(wire.settings, wire.taken) as at:
        await played(at, wire)
        at.arm("F24_slow_answer", delay_seconds=0.2, operation="query" if wire is V1 else "detail")
        started = time.monotonic()
        assert "paid" == await wire.asked(at, ONE)
        assert time.monotonic() - started >= 0.2


@wires
async def test_f27_wrong_daily_file(wire: Wire) -> None:
    """The file of the day is missing, or its digest or total is wrong, as often as it is told to be."""
    partner = {"amount": "PAYGOV-SIM", "net_cost": "SIMMC", "trans_amount": "SIM_CLIENT"}[wire.amount]
    path = f"/{wire.provider}/files/{partner}_20250115.csv"
    async with stage(wire.settings, wire.taken) as at:
        await played(at, wire)
        await at.advance(24 * 3600)
        good, digest = (await at.get(path)).body, (await at.get(path + ".sha256")).body
        at.arm("F27_daily_file", variant="missing", calls=1)
        assert 404 == (await at.get(path)).status
        at.arm("F27_daily_file", variant="wrong_total", calls=1)
        assert b"TOTAL,1,151000" in (await at.get(path)).body
        at.arm("F27_daily_file", variant="duplicated", calls=1)
        assert b"TOTAL,2,300000" in (await at.get(path)).body
        at.arm("F27_daily_file", variant="bad_checksum", calls=1)
        assert digest != (await at.get(path + ".sha256")).body
        assert good == (await at.get(path)).body


@wires
async def test_f28_old_success_is_replayed(wire: Wire) -> None:
    """Before the result of another reference the oldest success comes again, byte for byte."""
    async with stage(wire.settings, wire.taken) as at:
        await played(at, wire)
        at.arm("F28_replay")
        await at.advance(90 * 86_400)
        await played(at, wire, "fail", TWO)
        first = at.province.raw[0]
        assert 2 == at.province.raw.count(first)
        assert [ONE, ONE, TWO] == sorted(each[wire.reference] for each in wire.told(at))
        assert (AMOUNT, 0) == (at.paid(ONE), at.paid(TWO))


@json_wires
async def test_refused_results_are_given_up_after_a_day(wire: Wire) -> None:
    """A result that is never taken is repeated with growing waits and given up after 24 hours."""
    async with stage(wire.settings, wire.refused) as at:
        await played(at, wire)
        for _ in range(30):
            await at.advance(3_600)
        count = len(at.province.raw)
        await at.advance(90_000)
        assert 20 < count < 35
        assert count == len(at.province.raw)


@wires
async def test_a_switch_strikes_whom_it_names(wire: Wire) -> None:
    """A switch narrowed to another reference leaves this one alone."""
    async with stage(wire.settings, wire.taken) as at:
        at.arm("F07_wrong_amount", reference=TWO)
        await played(at, wire)
        [told] = wire.told(at)
        assert AMOUNT == int(told[wire.amount])
        assert 0 == at.struck("F07_wrong_amount")


@wires
async def test_a_browser_pays_on_the_page(wire: Wire) -> None:
    """The page's own form pays once; a second press tells how it stands and takes nothing."""
    async with stage(wire.settings, wire.taken) as at:
        address = await wire.open(at, ONE)
        form = {"choice": "pay"}
        async with at.client.post(address, data=form, allow_redirects=False) as first:
            returned = said_by(first.headers["Location"])
        async with at.client.post(address, data=form, allow_redirects=False) as second:
            assert (303, 200) == (first.status, second.status)
        await at.settled()
        assert (str(wire.paid), "1", AMOUNT) == (returned[wire.result], returned["hs"], at.paid(ONE))
        assert 1 == len(at.province.raw)
        assert (await at.control("POST", "confirm", {"provider": wire.provider, "reference": ONE}))["is_sent"]
        assert 2 == len(at.province.raw)
