"""The simulated Payment Platform from INIT to the daily file (payment notes §A, §10.3, §12.1)."""

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web

from adapters.payment.sandbox.ledger import Direction
from tests.integration.payment_sandbox.platform_helpers import (
    CONFIRM_ORDER,
    DOSSIER,
    INIT_ORDER,
    PARTNER,
    SECRET,
    confirm_seal,
    good_ack,
    init_document,
    question,
    receipt,
    stage,
)

ONE = "REF0000000000000001"
AMOUNT = 150_000


async def test_a_payment_from_init_to_bill() -> None:
    """INIT, pay, CONFIRM with its echo, QUERY, GET_BILL: all tell the same, and the ledger stands behind them."""
    async with stage() as at:
        await at.open()
        before = await at.query()
        assert (before["MaLoi"], before["TrangThaiGD"], before["MaGiaoDich"]) == ("00", "2", "")
        await at.advance(252)
        done = await at.decide()
        [confirm] = at.province.confirms
        [entry] = at.sandbox.world.ledger.entries()
        assert [*confirm][: len(CONFIRM_ORDER)] == CONFIRM_ORDER
        assert {**confirm, "MaXacThuc": ""} == {
            "LoaiBanTin": "CONFIRM",
            "MaLoi": "00",
            "MaDoiTac": PARTNER,
            "MaThamChieu": ONE,
            "SoTien": AMOUNT,
            "MaTienTe": "VND",
            "MaGiaoDich": entry.transaction,
            "MaNganHang": "VCB",
            "ThoiGianGD": "20250115093412",
            "ThongTinGiaoDich": f"THANH TOAN HO SO {DOSSIER}",
            "MaHoSo": DOSSIER,
            "UrlBienLai": confirm["UrlBienLai"],
            "MaXacThuc": "",
        }
        assert confirm["MaXacThuc"] == confirm_seal(confirm)
        assert [each["is_taken"] for each in at.sent()] == [True]
        assert (entry.amount_vnd, entry.order, entry.account) == (AMOUNT, DOSSIER, "0011001234567")
        query = parse_qs(urlsplit(done["address"]).query)
        assert query["responseCode"] == ["00"]
        assert query["data"][0].split("_")[2] == DOSSIER
        after = await at.query()
        assert (after["TrangThaiGD"], after["MaGiaoDich"]) == ("1", entry.transaction)
        assert after["MaXacThuc"] == confirm_seal(after)
        bill = await at.call("bill", question("GET_BILL", ONE, confirm["ThoiGianGD"]))
        assert bill.content_type == "application/pdf"
        assert bill.body == (await at.get(urlsplit(confirm["UrlBienLai"]).path)).body


async def test_a_bill_is_a_pdf_that_tells_the_payment() -> None:
    """Every object stands where the table says, and the amount is on the page."""
    async with stage() as at:
        await at.open()
        assert (await at.call("bill", question("GET_BILL", ONE))).json["MaLoi"] == "06"
        await at.decide()
        body = (await at.call("bill", question("GET_BILL", ONE))).body
        start = int(body.rsplit(b"startxref\n", 1)[1].split()[0])
        assert body[start:].startswith(b"xref\n0 6\n")
        places = [int(line.split()[0]) for line in body[start:].splitlines()[3:8]]
        assert all(body[place:].startswith(b"%d 0 obj" % number) for number, place in enumerate(places, 1))
        assert b"(So tien: 150000 VND) Tj" in body
        assert b"NGUYEN VAN A" not in body


async def test_wrapped_answers() -> None:
    """A partner behind an adapter gets INIT in an envelope, refusals too, and QUERY bare (§A.1)."""
    async with stage({"wrapped": ["INIT"], "bill_form": "json"}) as at:
        outer = (await at.call("init", init_document())).json
        assert set(outer) == {"error_code", "message"}
        assert outer["error_code"] == "0"
        assert json.loads(outer["message"])["MaLoi"] == "00"
        refused = (await at.call("init", init_document())).json
        assert json.loads(refused["message"])["MaLoi"] == "04"
        await at.decide()
        assert (await at.query())["TrangThaiGD"] == "1"
        bill = (await at.call("bill", question("GET_BILL", ONE))).json
        assert (bill["MaLoi"], urlsplit(bill["UrlBienLai"]).path[:10]) == ("00", "/pp/bills/")


async def test_the_draft_of_2020() -> None:
    """HMAC over the same values without the secret; CONFIRM over the shorter string with its last pipe (§A.7)."""

    def legacy(text: str) -> str:
        return hmac.new(SECRET.encode(), text.encode(), "sha256").hexdigest()

    async with stage({"scheme": "hmac"}) as at:
        document = init_document()
        assert (await at.call("init", document)).json["MaLoi"] == "03"
        document["MaXacThuc"] = legacy("|".join(document[name] for name in INIT_ORDER))
        assert (await at.call("init", document)).json["MaLoi"] == "00"
        await at.decide()
        [confirm] = at.province.confirms
        values = (PARTNER, ONE, "150000", "VND", "VCB", f"THANH TOAN HO SO {DOSSIER}", confirm["ThoiGianGD"])
        assert confirm["MaXacThuc"] == legacy("CONFIRM|" + "|".join(values) + "|")


@pytest.mark.parametrize("word", ["", "null"])
async def test_a_member_left_out_of_confirm(word: str) -> None:
    """Its place in the seal is empty, or the word null; both stacks exist (§A.7)."""
    async with stage({"omitted": ["ThongTinGiaoDich"], "missing_word": word}) as at:
        await at.open()
        await at.decide()
        [confirm] = at.province.confirms
        assert "ThongTinGiaoDich" not in confirm
        assert confirm["MaXacThuc"] == confirm_seal({**confirm, "ThongTinGiaoDich": word})


@pytest.mark.parametrize(("choice", "code"), [("fail", "99"), ("cancel", "99")])
async def test_a_payment_that_failed(choice: str, code: str) -> None:
    """It is told once, takes no money, and pressing pay afterwards changes nothing."""
    async with stage() as at:
        await at.open()
        done = await at.decide(choice)
        assert parse_qs(urlsplit(done["address"]).query)["responseCode"] == [code]
        again = await at.decide("pay")
        assert (again["is_new"], again["standing"]) == (False, "failed" if choice == "fail" else "cancelled")
        assert [each["MaLoi"] for each in at.province.confirms] == [code]
        assert (at.paid(), (await at.query())["TrangThaiGD"]) == (0, "4")


async def test_leaving_and_coming_back() -> None:
    """Who leaves brings no result to the return page, and may still pay."""
    async with stage() as at:
        await at.open()
        left = await at.decide("leave")
        assert left["address"] == at.province.url + "/return"
        assert (await at.query())["TrangThaiGD"] == "2"
        await at.decide("pay")
        assert at.paid() == AMOUNT


def answering(status: int, body: Any) -> Any:
    async def answer(document: dict[str, Any]) -> web.StreamResponse:
        text = body if isinstance(body, str) else json.dumps({**good_ack(document), **body})
        return web.Response(status=status, text=text, content_type="application/json")

    return answer


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, {"MaLoi": "99", "MoTaLoi": "Các lỗi khác"}), (500, {}), (200, "lỗi"), (200, "[]"), (200, ""), (302, {})],
)
async def test_confirm_is_repeated_until_it_is_taken(status: int, body: Any) -> None:
    """After 1, 5, 15 and 60 minutes, the same bytes; none after the acknowledgement with 00."""
    async with stage() as at:
        at.province.answers.extend([answering(status, body)] * 4)
        await at.open()
        await at.decide()
        counts = [len(at.province.raw)]
        for wait in (59, 1, 299, 1, 899, 1, 3599, 1, 90_000):
            await at.advance(wait)
            counts.append(len(at.province.raw))
        assert counts == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
        assert len(set(at.province.raw)) == 1
        assert [each["is_taken"] for each in at.sent()] == [False, False, False, False, True]
        assert at.paid() == AMOUNT


async def test_confirm_is_given_up_after_a_day() -> None:
    """Hourly to the end of the day, then never; by hand it can be had again."""
    async with stage(time_scale=0.01) as at:
        at.province.answers.extend([answering(500, {})] * 100)
        await at.open()
        await at.decide()
        for _ in range(200):
            await at.advance(6)
        count = len(at.province.raw)
        assert 24 <= count <= 28
        at.province.answers.clear()
        assert await at.control("POST", "confirm", {"reference": ONE}) == {"is_sent": True}
        assert len(at.province.raw) == count + 1


async def test_the_journal_tells_what_the_acknowledgement_said() -> None:
    """Code, text and every member that is no echo, though 00 is enough to stop."""
    async with stage() as at:
        at.province.answers.append(answering(200, {"MaThamChieu": None, "MoTaLoi": "", "MaXacThuc": "khác"}))
        await at.open()
        await at.decide()
        [attempt] = at.sent()
        assert (attempt["said"], attempt["described"]) == ("00", "")
        assert attempt["problems"] == [
            "MaThamChieu: is missing",
            "MaThamChieu: is no echo",
            "MaXacThuc: is no echo",
        ]
        assert attempt["is_taken"]
        [sent] = at.sandbox.world.ledger.exchanges(direction=Direction.SENT)
        assert sent.request == at.province.raw[0]
        assert json.loads(sent.response)["MaXacThuc"] == "khác"


@pytest.mark.parametrize("form", ["empty", "foreign", "returned"])
async def test_a_payment_that_begins_at_the_national_portal(form: str) -> None:
    """The portal asks by dossier number, pays the sum, and tells it by MaHoSo and whatever reference it has."""
    async with stage({"portal_reference": form, "lookup_token": "token-tra-cuu", "is_dossier_sent": False}) as at:
        message = {
            **receipt(),
            "transaction_id": "TRACUU00000000000001",
            "client_id": "SIM",
            "MaTraCuuTT": DOSSIER + "20250115093000",
            "PhiLePhi": [{**row, "SoTien": int(row["SoTien"])} for row in receipt()["PhiLePhi"]],
        }
        at.province.due = {"error_code": 1, "message": message}
        done = await at.control("POST", "pp/lookup", {"dossier": DOSSIER, "pay": True, "bank": "BIDV"})
        assert at.province.lookups == [("Bearer token-tra-cuu", {"MaHoSo": DOSSIER})]
        assert (done["amount_vnd"], done["is_paid"]) == (AMOUNT, True)
        assert "NGUYEN VAN A" not in json.dumps(done)
        [confirm] = at.province.confirms
        assert confirm["MaXacThuc"] == confirm_seal(confirm)
        assert (confirm["SoTien"], confirm["MaNganHang"]) == (AMOUNT, "BIDV")
        assert confirm.get("MaHoSo") == (DOSSIER if form == "empty" else None)
        if form == "foreign":
            assert confirm["MaThamChieu"].startswith("DVCQG")
        else:
            assert confirm["MaThamChieu"] == {"empty": "", "returned": "TRACUU00000000000001"}[form]
        assert at.paid(order=DOSSIER) == AMOUNT


@pytest.mark.parametrize(
    ("due", "problem"),
    [
        ({"error_code": 0, "message": []}, ""),
        ({"error_code": -1, "message": []}, ""),
        ({"error_code": "1", "message": receipt()}, "no JSON object with a number error_code"),
        ({"error_code": 1, "message": []}, "message: must be an object"),
        ({"error_code": 1, "message": receipt(dossier="H01-KHAC")}, "MaHoSo: is another dossier's"),
        ({"error_code": 1, "message": {**receipt(), "DSKhoanNop": []}}, "DSKhoanNop: has no readable sum"),
        ({"error_code": 1, "message": {**receipt(), "PhiLePhi": []}}, "PhiLePhi: does not sum up to DSKhoanNop"),
    ],
)
async def test_nothing_is_paid_at_the_portal_unless_the_answer_is_right(due: dict[str, Any], problem: str) -> None:
    """The portal pays only what it can read, and tells why it cannot."""
    async with stage() as at:
        at.province.due = due
        done = await at.control("POST", "pp/lookup", {"dossier": DOSSIER, "pay": True})
        assert (done["is_paid"], done["problem"]) == (False, problem)
        assert at.paid() == 0


async def test_the_file_of_a_day() -> None:
    """Header, rows as they happened, trailer; its digest beside it; there from the next morning, 08:00."""
    async with stage(fee_vnd=1100) as at:
        name = f"/pp/files/{PARTNER}_20250115.csv"
        await at.open()
        await at.decide()
        await at.control("POST", "pp/refund", {"reference": ONE, "amount_vnd": 40_000})
        await at.control("POST", "pp/refund", {"reference": ONE, "amount_vnd": 110_001}, status=400)
        paid, refunded = at.sandbox.world.ledger.entries()
        await at.advance(22.5 * 3600 - 1)
        assert (await at.get(name)).status == 404
        await at.advance(1)
        got, digest = await at.get(name), await at.get(name + ".sha256")
        assert got.body.decode().split("\r\n") == [
            "MaThamChieu,MaGiaoDich,LoaiGD,SoTien,MaTienTe,MaNganHang,ThoiGianGD,TrangThaiGD,TKThuHuong,MaHoSo,PhiDichVu",
            f"{ONE},{paid.transaction},PAY,150000,VND,VCB,20250115093000,1,0011001234567,{DOSSIER},1100",
            f"{ONE},{refunded.transaction},REFUND,40000,VND,VCB,20250115093000,1,0011001234567,{DOSSIER},0",
            "TOTAL,2,190000",
            "",
        ]
        assert digest.body.decode() == f"{hashlib.sha256(got.body).hexdigest()}  {PARTNER}_20250115.csv\n"
        empty = await at.get(f"/pp/files/{PARTNER}_20250114.csv")
        assert empty.body.decode().split("\r\n")[1:] == ["TOTAL,0,0", ""]
        for other in ("KHAC_20250115.csv", f"{PARTNER}_20251345.csv", f"{PARTNER}_20250116.csv"):
            assert (await at.get(f"/pp/files/{other}")).status == 404
        assert at.paid() == 110_000


async def test_the_file_can_lie_about_a_payment() -> None:
    """Another amount, another state, or nothing at all (classes R2, R3 and R6)."""
    async with stage() as at:
        await at.open()
        await at.decide()
        shown = f"pp/file?name={PARTNER}_20250115.csv"
        await at.control("POST", "pp/file:edit", {"reference": ONE, "set": {"SoTien": "140000", "TrangThaiGD": "4"}})
        [row] = (await at.control("GET", shown))["rows"]
        assert (row["SoTien"], row["TrangThaiGD"], row["MaThamChieu"]) == ("140000", "4", ONE)
        await at.control("POST", "pp/file:edit", {"reference": ONE, "set": {"Khac": "1"}}, status=400)
        await at.control("POST", "pp/file:edit", {"reference": ONE, "is_dropped": True})
        assert (await at.control("GET", shown))["rows"] == []
        assert at.paid() == AMOUNT
