"""The hosted payment page: over HTTP, and in a real browser without scripts (payment notes §12.1)."""

import asyncio
import random
import re
from datetime import timedelta

import pytest
from aiohttp.test_utils import TestClient, TestServer

from adapters.payment.sandbox import Checkout, CheckoutPages, Choice, Standing
from adapters.payment.sandbox.agenda import Agenda
from adapters.payment.sandbox.checkout import CheckoutError
from adapters.payment.sandbox.ledger import LedgerError
from adapters.sandboxing import MovedClock
from tests.integration.payment_sandbox.platform_helpers import NOW, Got, Stage, StillClock, stage
from tests.support.chromium import real_browser

PAID, EXPIRED = "Giao dịch này đã thanh toán", "đã hết hạn thanh toán"
AMOUNT = 150_000


async def press(at: Stage, address: str, choice: str, bank: str = "VCB") -> tuple[int, str, str]:
    """Press a button; give status, Location and text."""
    form = {"choice": choice, "bank": bank}
    async with at.client.post(address, data=form, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location", ""), await answer.text()


async def page(at: Stage, address: str) -> Got:
    return await at.get(address.removeprefix(at.running.url))


async def test_the_page_tells_what_is_to_be_paid() -> None:
    """Vietnamese, marked, every field labelled, no scripts, nothing that a description could break out of."""
    async with stage() as at:
        address = await at.open(ThongTinGiaoDich='<b>"NOP" & LE PHI</b>')
        got = await page(at, address)
        text = got.body.decode()
        assert got.content_type == "text/html"
        assert '<html lang="vi">' in text
        assert "150.000 đồng" in text
        assert "HỆ THỐNG MÔ PHỎNG" in text
        assert "&lt;b&gt;&quot;NOP&quot; &amp; LE PHI&lt;/b&gt;" in text
        assert re.findall(r'name="choice" value="(\w+)"', text) == ["pay", "fail", "cancel", "leave"]
        assert text.count('<label><input type="radio" name="bank"') == 4
        assert "<script" not in text


async def test_paying_twice_debits_once() -> None:
    """Going back and pressing again, or with another bank, shows that it was paid."""
    async with stage() as at:
        address = await at.open()
        status, location, _ = await press(at, address, "pay", "BIDV")
        assert status == 303
        assert "responseCode=00" in location
        for choice, bank in (("pay", "BIDV"), ("pay", "VCB"), ("cancel", "VCB")):
            status, _, text = await press(at, address, choice, bank)
            assert (status, PAID in text) == (200, True)
        assert PAID in (await page(at, address)).body.decode()
        await at.settled()
        assert len(at.province.raw) == 1
        assert [each.bank for each in at.sandbox.world.ledger.entries()] == ["BIDV"]


async def test_two_tabs_at_the_same_moment_debit_once() -> None:
    """Ten presses at once, one debit."""
    async with stage() as at:
        address = await at.open()
        pressed = await asyncio.gather(*(press(at, address, "pay") for _ in range(10)))
        assert sorted(status for status, _, _ in pressed) == [200] * 9 + [303]
        assert at.paid() == AMOUNT


async def test_an_expired_page_takes_no_money() -> None:
    """After its fifteen minutes it says so, whatever is pressed."""
    async with stage() as at:
        address = await at.open()
        await at.advance(900)
        assert EXPIRED in (await page(at, address)).body.decode()
        status, _, text = await press(at, address, "pay")
        assert (status, EXPIRED in text) == (200, True)
        assert (at.paid(), at.province.raw) == (0, [])
        assert (await at.query())["TrangThaiGD"] == "4"


@pytest.mark.parametrize(("choice", "bank"), [("pay", "KHONGCO"), ("buy", "VCB"), ("", "")])
async def test_a_form_that_nobody_could_send(choice: str, bank: str) -> None:
    """The page is shown again, and nothing happened."""
    async with stage() as at:
        status, _, text = await press(at, await at.open(), choice, bank)
        assert (status, "Chọn ngân hàng" in text) == (400, True)
        assert at.paid() == 0


async def test_a_page_that_nobody_opened() -> None:
    """404, in Vietnamese."""
    async with stage() as at:
        got = await at.get("/pp/checkout/" + "0" * 32)
        assert got.status == 404
        assert "Không tìm thấy" in got.body.decode()


async def test_a_payer_with_a_real_browser() -> None:
    """Chooses a bank, pays, lands at the province, goes back, presses again in a second tab: one debit."""
    async with stage() as at, real_browser() as browser:
        address = await at.open()
        first, second = await browser.new_page(), await browser.new_page()
        await first.goto(address)
        await second.goto(address)
        await first.get_by_label("Ngân hàng Công thương (mô phỏng)").check()
        await first.get_by_role("button", name="Thanh toán").click()
        await first.wait_for_url("**/return?*")
        assert "Đang xử lý: 00" in await first.content()
        await second.get_by_role("button", name="Thanh toán").click()
        await second.get_by_role("status").wait_for()
        assert PAID in await second.get_by_role("status").inner_text()
        await first.go_back()
        await first.reload()
        assert PAID in await first.get_by_role("status").inner_text()
        await at.settled()
        assert [each.bank for each in at.sandbox.world.ledger.entries()] == ["ICB"]
        assert len(at.province.raw) == 1


class Till:
    """A provider that takes its time over each choice."""

    def __init__(self) -> None:
        self.clock = MovedClock(StillClock())
        self.told: list[tuple[str, Choice, str]] = []
        self.pages = CheckoutPages(self.clock, random.Random(1), self.take, "Cổng thử nghiệm")

    async def take(self, reference: str, choice: Choice, bank: str) -> str:
        await asyncio.sleep(0.01)
        self.told.append((reference, choice, bank))
        return "https://mot-cua.example/ket-qua"

    def open(self, reference: str = "R1") -> None:
        banks = {"A": "Ngân hàng A", "B": "Ngân hàng B"}
        self.pages.open(
            Checkout(reference, 1000, "PHI", NOW + timedelta(minutes=15), banks, "https://mot-cua.example/")
        )


async def test_a_slow_provider_is_asked_once() -> None:
    """While the first choice is still under way, others change nothing."""
    till = Till()
    till.open()
    wanted = (Choice.PAY, Choice.PAY, Choice.CANCEL, Choice.LEAVE)
    done = await asyncio.gather(*(till.pages.decide("R1", choice) for choice in wanted))
    assert [each.is_new for each in done] == [True, False, False, False]
    assert {each.standing for each in done} == {Standing.PAID}
    assert till.told == [("R1", Choice.PAY, "A")]


async def test_a_late_payment_is_taken_only_where_that_is_allowed() -> None:
    """After the end nothing is taken, unless the provider says so."""
    till = Till()
    till.open()
    till.clock.advance(900)
    refused = await till.pages.decide("R1", Choice.PAY, "B")
    assert (refused.is_new, refused.standing) == (False, Standing.EXPIRED)
    taken = await till.pages.decide("R1", Choice.PAY, "B", is_late_taken=True)
    assert (taken.is_new, taken.standing) == (True, Standing.PAID)
    assert till.told == [("R1", Choice.PAY, "B")]


async def test_a_defect_of_a_provider_is_no_wrong_form() -> None:
    """Where the money could not be written down, the payer's browser sees a failure, not that the form was wrong."""

    async def fail(*_: object) -> str:
        raise LedgerError("transaction: this number was used before")

    pages = CheckoutPages(MovedClock(StillClock()), random.Random(1), fail, "Mô phỏng")
    checkout = Checkout(
        "R1", 1000, "PHI", NOW + timedelta(minutes=15), {"A": "Ngân hàng A"}, "https://mot-cua.example/"
    )
    token = pages.open(checkout)
    async with TestClient(TestServer(pages.make_app())) as client:
        statuses = [(await client.post(f"/{token}", data={"choice": choice})).status for choice in ("no", "pay")]
    assert [400, 500] == statuses


async def test_pages_are_opened_once() -> None:
    """A reference has one page; without banks there is none; a reference that nobody opened cannot be decided."""
    till = Till()
    till.open()
    with pytest.raises(CheckoutError, match="already"):
        till.open()
    with pytest.raises(CheckoutError, match="banks"):
        till.pages.open(Checkout("R2", 1000, "PHI", NOW, {}, ""))
    with pytest.raises(CheckoutError, match="no page"):
        await till.pages.decide("R3", Choice.PAY)


async def test_the_agenda_does_things_in_their_time_and_hides_no_failure() -> None:
    """Nothing before its moment, everything after it, and a defect comes out where somebody waits."""
    clock = MovedClock(StillClock())
    agenda = Agenda(clock)
    done: list[str] = []

    async def note(name: str) -> None:
        done.append(name)

    async def fail() -> None:
        raise LookupError("hỏng")

    agenda.after(10, lambda: note("later"))
    agenda.after(0, lambda: note("now"))
    await agenda.settled()
    assert (done, agenda.waiting_count) == (["now"], 1)
    clock.advance(10)
    await agenda.settled()
    assert done == ["now", "later"]
    loop = asyncio.get_running_loop()
    logged: list[str] = []
    loop.set_exception_handler(lambda _, context: logged.append(str(context["message"])))
    agenda.after(0, fail)
    with pytest.raises(LookupError):
        await agenda.settled()
    assert logged == ["a work of the sandbox failed"]
    await agenda.stop()
