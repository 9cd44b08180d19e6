"""Each fault of payment notes §12.2 from F14 on that is the Payment Platform's, as it goes over the wire."""

import hashlib
import json
import time
import unicodedata
from collections.abc import Callable

import aiohttp
import pytest

from tests.integration.payment_sandbox.platform_helpers import (
    AMOUNT,
    DOSSIER,
    ONE,
    PARTNER,
    SECRET,
    TWO,
    init_document,
    is_sealed,
    question,
    stage,
)


@pytest.mark.parametrize("variant", ["reset", "close", "stall"])
async def test_f14_init_is_taken_but_not_answered(variant: str) -> None:
    """The connection ends without an answer, and the order is open."""
    async with stage() as at:
        at.arm("F14_init_answer_lost", variant=variant, delay_seconds=0.05)
        with pytest.raises(aiohttp.ClientError):
            await at.call("init", init_document())
        assert (await at.query())["TrangThaiGD"] == "2"
        lost = at.sandbox.world.ledger.exchanges(operation="INIT")[0]
        assert (lost.http_status, lost.switches) == (None, ("F14_init_answer_lost",))


@pytest.mark.parametrize("variant", ["500", "502_html", "empty", "truncated", "bom", "charset"])
async def test_f15_answer_to_init_is_broken(variant: str) -> None:
    """What comes is no JSON in UTF-8 under 200, though the order is open."""
    async with stage() as at:
        at.arm("F15_init_answer_broken", variant=variant)
        got = await at.call("init", init_document())
        looks = {
            "500": got.status == 500,
            "502_html": got.status == 502 and got.content_type == "text/html",
            "empty": got.body == b"",
            "truncated": got.body.startswith(b'{"MaLoi"') and not got.body.endswith(b"}"),
            "bom": got.body.startswith(b"\xef\xbb\xbf{"),
            "charset": got.body.startswith(b"\xff\xfe"),
        }
        assert looks[variant]
        assert (await at.query())["TrangThaiGD"] == "2"


@pytest.mark.parametrize("variant", ["double", "object"])
async def test_f16_message_is_wrapped_oddly(variant: str) -> None:
    """The inner object was written as text twice, or not at all."""
    async with stage() as at:
        at.arm("F16_init_wrapped_oddly", variant=variant)
        outer = (await at.call("init", init_document())).json
        assert outer["error_code"] == "0"
        inner = outer["message"] if variant == "object" else json.loads(json.loads(outer["message"]))
        assert inner["MaLoi"] == "00"
        assert inner["UrlThanhToan"].startswith("http")


async def test_f17_refusal_inside_a_good_envelope() -> None:
    """error_code says 0, MaLoi inside says no; nothing was opened."""
    async with stage({"wrapped": ["INIT"]}) as at:
        at.arm("F17_init_refused_inside")
        outer = (await at.call("init", init_document())).json
        assert outer["error_code"] == "0"
        assert json.loads(outer["message"])["MaLoi"] == "99"
        assert (await at.query())["MaLoi"] == "05"


async def test_f18_acknowledgement_is_lost() -> None:
    """The acknowledgement is thrown away with its connection, and the same bytes come again."""
    async with stage() as at:
        at.arm("F18_ack_lost", calls=1)
        await at.open()
        await at.decide()
        assert len(at.province.raw) == 1
        await at.advance(60)
        first, second = at.province.raw
        assert first == second
        assert [each["is_taken"] for each in at.sent()] == [False, True]
        await at.advance(90_000)
        assert len(at.province.raw) == 2
        assert at.paid() == AMOUNT


@pytest.mark.parametrize(
    ("variant", "end", "results"), [("paid", "1", ["00"]), ("failed", "4", ["99"]), ("never", "3", [])]
)
async def test_f19_pending_for_hours(variant: str, end: str, results: list[str]) -> None:
    """QUERY says 3 for two hours; then it is paid, or failed, or stays so."""
    async with stage() as at:
        at.arm("F19_pending", variant=variant, delay_seconds=7200)
        await at.open()
        await at.decide()
        for _ in range(2):
            assert (await at.query())["TrangThaiGD"] == "3"
            assert at.province.raw == []
            await at.advance(3500)
        await at.advance(300)
        assert (await at.query())["TrangThaiGD"] == end
        assert [each["MaLoi"] for each in at.province.confirms] == results
        assert at.paid() == (AMOUNT if variant == "paid" else 0)


@pytest.mark.parametrize(
    ("choice", "told", "variant", "lie"), [("pay", "00", "failed", "4"), ("fail", "99", "paid", "1")]
)
async def test_f20_query_contradicts_confirm(choice: str, told: str, variant: str, lie: str) -> None:
    """CONFIRM says one thing, QUERY the other, both sealed."""
    async with stage() as at:
        at.arm("F20_query_contradicts", variant=variant)
        await at.open()
        await at.decide(choice)
        answer = await at.query()
        assert [each["MaLoi"] for each in at.province.confirms] == [told]
        assert answer["TrangThaiGD"] == lie
        assert is_sealed(answer)


async def test_f21_both_references_of_a_dossier_are_paid() -> None:
    """The payer of one page pays the other too; two debits, two CONFIRMs, two references."""
    async with stage() as at:
        at.arm("F21_both_references_paid", order=DOSSIER, calls=1)
        await at.open(ONE)
        await at.open(TWO)
        await at.decide()
        assert sorted(each["MaThamChieu"] for each in at.province.confirms) == [ONE, TWO]
        assert at.paid(order=DOSSIER) == 2 * AMOUNT


async def test_f22_one_reference_two_transactions() -> None:
    """One reference is debited twice, and both are told."""
    async with stage() as at:
        at.arm("F22_two_transactions")
        await at.open()
        await at.decide()
        first, second = at.province.confirms
        assert first["MaThamChieu"] == second["MaThamChieu"] == ONE
        assert first["MaGiaoDich"] != second["MaGiaoDich"]
        assert [first["MaLoi"], second["MaLoi"]] == ["00", "00"]
        assert at.paid(reference=ONE) == 2 * AMOUNT


@pytest.mark.parametrize("choice", ["fail", "cancel", "leave"])
async def test_f23_return_claims_a_success(choice: str) -> None:
    """The browser brings responseCode 00, and nothing was paid."""
    async with stage() as at:
        at.arm("F23_forged_return")
        await at.open()
        done = await at.decide(choice)
        assert "responseCode=00" in done["address"]
        assert at.paid() == 0
        assert (await at.query())["TrangThaiGD"] in ("2", "4")


@pytest.mark.parametrize(("operation", "path"), [("INIT", "init"), ("QUERY", "query"), ("GET_BILL", "bill")])
async def test_f24_answer_is_slow(operation: str, path: str) -> None:
    """The answer is right, and comes so much later; the others are as quick as ever."""
    async with stage() as at:
        if operation != "INIT":
            await at.open()
            await at.decide()
        at.arm("F24_slow_answer", operation=operation, delay_seconds=0.2)
        document = init_document() if operation == "INIT" else question(operation, ONE)
        begun = time.monotonic()
        got = await at.call(path, document)
        assert time.monotonic() - begun >= 0.2
        assert got.status == 200
        assert at.sandbox.world.switches.struck == {"F24_slow_answer": 1}


@pytest.mark.parametrize("variant", ["pdf", "json", "404", "foreign_host", "html"])
async def test_f25_bills_of_every_form(variant: str) -> None:
    """A PDF, a JSON with an address here or elsewhere, a 404, or a page of errors under 200."""
    async with stage() as at:
        at.arm("F25_bill", variant=variant)
        await at.open()
        await at.decide()
        got = await at.call("bill", question("GET_BILL", ONE))
        looks: dict[str, Callable[[], bool]] = {
            "pdf": lambda: got.content_type == "application/pdf" and got.body.startswith(b"%PDF-"),
            "json": lambda: got.json["UrlBienLai"].startswith(at.running.url),
            "404": lambda: got.status == 404,
            "foreign_host": lambda: got.json["UrlBienLai"].startswith("https://bienlai.nguoi-khac.example/"),
            "html": lambda: got.status == 200 and got.content_type == "text/html",
        }
        assert looks[variant]()


async def test_f26_a_payment_is_in_the_file_of_the_next_day() -> None:
    """Paid on the 15th, told in the file of the 16th."""
    async with stage() as at:
        at.arm("F26_next_day_file")
        await at.open()
        await at.decide()
        await at.advance(2 * 86_400)
        day, after = [await at.get(f"/pp/files/{PARTNER}_202501{number}.csv") for number in ("15", "16")]
        assert day.body.splitlines()[1:] == [b"TOTAL,0,0"]
        assert after.body.splitlines()[1].startswith(ONE.encode())
        assert b",20250115093000," in after.body
        assert after.body.splitlines()[-1] == b"TOTAL,1,150000"


@pytest.mark.parametrize("variant", ["missing", "duplicated", "bad_checksum", "wrong_total"])
async def test_f27_daily_file_is_wrong(variant: str) -> None:
    """There is no file, each row stands twice, the digest is another's, or the trailer does not sum up."""
    async with stage() as at:
        await at.open()
        await at.decide()
        await at.advance(86_400)
        at.arm("F27_daily_file", variant=variant)
        name = f"/pp/files/{PARTNER}_20250115.csv"
        got, digest = await at.get(name), await at.get(name + ".sha256")
        lines = got.body.splitlines()
        is_digest_right = digest.body.split()[:1] == [hashlib.sha256(got.body).hexdigest().encode()]
        looks = {
            "missing": got.status == 404 and digest.status == 404,
            "duplicated": len(lines) == 4 and lines[1] == lines[2] and is_digest_right,
            "bad_checksum": got.status == 200 and not is_digest_right,
            "wrong_total": lines[-1] == b"TOTAL,1,151000" and is_digest_right,
        }
        assert looks[variant]


async def test_f28_an_old_confirm_is_replayed() -> None:
    """Months later, as another order is told, the bytes of the first CONFIRM come again."""
    async with stage() as at:
        await at.open(ONE)
        await at.decide(reference=ONE)
        await at.advance(90 * 86_400)
        at.arm("F28_replay", reference=TWO)
        await at.open(TWO, ThoiGianGD="20250415093000")
        await at.decide(reference=TWO)
        assert at.province.raw.count(at.province.raw[0]) == 2
        assert [each["MaThamChieu"] for each in at.province.confirms].count(TWO) == 1
        await at.control("POST", "pp/replay", {"reference": ONE, "number": 0})
        await at.settled()
        assert at.province.raw.count(at.province.raw[0]) == 3
        assert at.paid() == 2 * AMOUNT


async def test_f31_description_is_decomposed() -> None:
    """The description comes back in other bytes than it was sent, and the seal is over these."""
    text = unicodedata.normalize("NFC", "Lệ phí hồ sơ")
    async with stage() as at:
        at.arm("F31_nfd_description")
        await at.open(ThongTinGiaoDich=text)
        await at.decide()
        [document] = at.province.confirms
        assert document["ThongTinGiaoDich"] == unicodedata.normalize("NFD", text) != text
        assert is_sealed(document)


async def test_f32_time_is_written_with_twelve_hours() -> None:
    """A payment at 14:30 is stamped 02:30, and sealed so."""
    async with stage() as at:
        at.arm("F32_twelve_hour_time")
        await at.advance(5 * 3600)
        await at.open(ThoiGianGD="20250115143000")
        await at.decide()
        [document] = at.province.confirms
        assert document["ThoiGianGD"] == "20250115023000"
        assert is_sealed(document)


async def test_f33_two_secrets_while_one_is_changed() -> None:
    """During the change both secrets open orders, and CONFIRM may come under either; afterwards the new one alone."""
    new = "SIM-SECRET-0002"
    async with stage() as at:
        await at.control("POST", "pp/secrets", {"partner": PARTNER, "secret": new})
        await at.open(ONE, secret=SECRET)
        await at.open(TWO, secret=new)
        at.arm("F33_old_secret", reference=ONE)
        await at.decide(reference=ONE)
        await at.decide(reference=TWO)
        first, second = at.province.confirms
        assert is_sealed(first, SECRET)
        assert is_sealed(second, new)
        notes = [each.note for each in at.sandbox.world.ledger.exchanges(operation="INIT")]
        assert notes == ["MaXacThuc: made with the older secret", ""]
        await at.control("POST", "pp/secrets", {"partner": PARTNER, "is_over": True})
        got = await at.call("init", init_document("REF0000000000000003", secret=SECRET))
        assert got.json["MaLoi"] == "03"


async def test_switches_are_narrowed_by_reference_count_amount_and_rate() -> None:
    """A switch strikes whom it is meant for, so often, and a share of the cases."""
    async with stage() as at:
        switches = at.sandbox.world.switches
        switches.add("F07", reference=ONE, calls=2, amount_suffix="000")
        found = [
            switches.take("F07_wrong_amount", provider="pp", reference=reference, amount_vnd=amount) is not None
            for reference, amount in ((TWO, 1000), (ONE, 1001), (ONE, 1000), (ONE, 2000), (ONE, 3000))
        ]
        assert found == [False, False, True, True, False]
        switches.add("F01", rate=0.5)
        struck = sum(switches.take("F01_confirm_never_sent", provider="pp") is not None for _ in range(400))
        assert 150 < struck < 250
