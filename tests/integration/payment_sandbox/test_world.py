"""What the simulated providers share: ledger, bank statements, VietQR scans, control API, the process."""

import base64
import json
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.payment.sandbox import Ledger, PaymentSandbox
from adapters.payment.sandbox.ledger import LedgerError
from adapters.payment.sandbox.qr_scans import ScanError, checksum, scan
from adapters.payment.sandbox.vietnam import read_wire_time, wire_time
from tests.integration.payment_sandbox.platform_helpers import NOW, StillClock, init_document, stage

ONE = "REF0000000000000001"
ACCOUNT = "0011001234567"
QR = (
    "00020101021238570010A00000072701270006970436011300110012345670208QRIBFTTA530370454061500005802VN"
    "62420118PPSIM00000000000010816H01250115001 PHI630400FB"
)


def test_the_ledger_writes_what_can_have_happened() -> None:
    """A number once; refunds up to what was paid; what was really paid is debits less refunds."""
    ledger = Ledger(StillClock())
    values: dict[str, Any] = {"provider": "pp", "partner": "P", "reference": "R", "bank": "VCB"}
    debit = ledger.debit(**values, transaction="T1", amount_vnd=100)
    with pytest.raises(LedgerError, match="used before"):
        ledger.debit(**values, transaction="T1", amount_vnd=100)
    with pytest.raises(LedgerError, match="above zero"):
        ledger.debit(**values, transaction="T2", amount_vnd=0)
    ledger.refund(debit, transaction="T3", amount_vnd=60)
    with pytest.raises(LedgerError, match="more than"):
        ledger.refund(debit, transaction="T4", amount_vnd=41)
    ledger.refund(debit, transaction="T4", amount_vnd=40)
    assert (ledger.paid_vnd(), [each.transaction for each in ledger.entries()]) == (0, ["T1", "T3", "T4"])


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2025, 1, 15, 2, 30, tzinfo=UTC), "20250115093000"),
        (datetime(2025, 1, 14, 17, 0, tzinfo=UTC), "20250115000000"),
        (datetime(2025, 1, 15, 16, 59, 59, tzinfo=UTC), "20250115235959"),
    ],
)
def test_time_on_the_wire(at: datetime, text: str) -> None:
    """Seven hours ahead, twenty-four hours a day."""
    assert (wire_time(at), read_wire_time(text)) == (text, at)


@pytest.mark.parametrize(
    "text", ["", "20250115", "20250115240000", "20250229000000", "2025011509300٠", " 0250115093000"]
)
def test_what_is_no_time(text: str) -> None:
    """None, not an exception."""
    assert read_wire_time(text) is None


@pytest.mark.parametrize(
    ("payload", "crc"),
    [
        ("00020101021138600010A00000072701300006970403011697040311012345670208QRIBFTTC53037045802VN6304", 0x4F52),
        (QR[:-4], 0x00FB),
        (QR[:-4].replace("150000", "150001"), 0x9F1E),
        ("123456789", 0x29B1),
    ],
)
def test_checksums_of_codes(payload: str, crc: int) -> None:
    """The vectors of §E.2 and §E.3."""
    assert checksum(payload) == crc


def test_a_telephone_reads_a_code() -> None:
    """Account, amount and reference of §E.3."""
    scanned = scan(QR)
    assert (scanned.bin, scanned.account, scanned.amount_vnd) == ("970436", ACCOUNT, 150_000)
    assert (scanned.bill_number, scanned.text) == ("PPSIM0000000000001", "PPSIM0000000000001 H01250115001 PHI")


@pytest.mark.parametrize("payload", ["", "6304", QR[:-1] + "C", QR.replace("150000", "150001"), QR.lower()])
def test_a_telephone_refuses_a_broken_code(payload: str) -> None:
    """A wrong checksum, or no code at all."""
    with pytest.raises(ScanError):
        scan(payload)


async def test_a_statement_for_three_way_matching() -> None:
    """Transfers by code are there at once, in whatever text banks make; settled payments on the next working day."""
    async with stage() as at:
        await at.open()
        await at.decide()
        for form in ("plain", "prefixed", "split", "lower"):
            await at.control("POST", "transfers", {"qr": QR, "form": form})
        await at.control("POST", "transfers", {"account": "999", "amount_vnd": 5, "text": "NHAM"})
        rows = (await at.control("GET", f"statement?account={ACCOUNT}"))["rows"]
        assert [row["text"] for row in rows] == [
            "PPSIM0000000000001 H01250115001 PHI",
            "MBVCB.00000002.PPSIM0000000000001 H01250115001 PHI.CT tu 9990001 toi tai khoan thu huong",
            "PPSIM0000\n000000001 H01250115001 PHI",
            "ppsim0000000000001 h01250115001 phi",
        ]
        assert {row["amount_vnd"] for row in rows} == {150_000}
        await at.advance(86_400)
        got = await at.control("GET", f"statement?account={ACCOUNT}")
        settled = got["rows"][-1]
        [entry] = at.sandbox.world.ledger.entries()
        assert settled["text"] == f"PP {ONE} {entry.transaction} {entry.order}"
        assert settled["at"] == "2025-01-16T02:00:00+00:00"
        text = base64.b64decode(got["csv_base64"]).decode()
        assert text.startswith("SoTaiKhoan,ThoiGian,SoTien,NoiDung,SoThamChieu\r\n")
        assert f'{ACCOUNT},20250116090000,150000,"{settled["text"]}",{settled["bank_reference"]}\r\n' in text
        await at.control("POST", "withhold", {"reference": ONE})
        assert len((await at.control("GET", f"statement?account={ACCOUNT}"))["rows"]) == 4


async def test_settlement_skips_the_week_end() -> None:
    """Paid on a Friday, there on Monday; a refund leaves the account."""
    friday = datetime(2025, 1, 17, 2, 30, tzinfo=UTC)
    async with stage(now=friday) as at:
        await at.open(ThoiGianGD="20250117093000")
        await at.decide()
        await at.control("POST", "pp/refund", {"reference": ONE, "amount_vnd": 50_000})
        await at.advance(2 * 86_400)
        assert at.sandbox.world.bank.statement() == []
        await at.advance(86_400)
        rows = at.sandbox.world.bank.statement(ACCOUNT)
        assert [(row.at.isoformat(), row.amount_vnd) for row in rows] == [
            ("2025-01-20T02:00:00+00:00", 150_000),
            ("2025-01-20T02:00:00+00:00", -50_000),
        ]


async def test_the_control_api_tells_what_was_really_paid() -> None:
    """Ledger, exchanges with raw bytes, state; reset forgets all of it."""
    async with stage() as at:
        await at.open()
        await at.control("POST", "decide", {"reference": ONE, "choice": "pay", "bank": "BIDV"})
        await at.control("POST", "settle")
        ledger = await at.control("GET", f"ledger?reference={ONE}")
        assert (ledger["paid_vnd"], ledger["entries"][0]["bank"]) == (150_000, "BIDV")
        kept = (await at.control("GET", f"exchanges?reference={ONE}"))["exchanges"]
        assert [(each["direction"], each["operation"]) for each in kept] == [("received", "INIT"), ("sent", "CONFIRM")]
        assert json.loads(base64.b64decode(kept[0]["request_base64"])) == init_document()
        assert base64.b64decode(kept[1]["request_base64"]) == at.province.raw[0]
        state = (await at.control("GET", "state"))["providers"]["pp"]
        assert (state["orders"][0]["status"], state["confirms"][0]["is_taken"]) == ("paid", True)
        moved = await at.control("POST", "clock", {"advance_seconds": 60})
        assert moved["now"] == NOW.replace(minute=31).isoformat()
        await at.control("POST", "switches", {"name": "F07", "calls": 1})
        assert (await at.control("GET", "counters"))["debits"] == 1
        await at.control("POST", "reset")
        assert (await at.control("GET", "ledger"))["entries"] == []
        assert (await at.control("GET", "switches"))["armed"] == []
        await at.open(ThoiGianGD="20250115093100")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("decide", {"reference": "KHONGCO"}, 404),
        ("decide", {"reference": ONE, "choice": "steal"}, 400),
        ("decide", {"reference": ONE, "bank": "KHONGCO"}, 404),
        ("decide", {"reference": ONE, "provider": "khac"}, 404),
        ("confirm", {"reference": "KHONGCO"}, 404),
        ("switches", {"name": "F99"}, 400),
        ("switches", {"name": "F07", "variant": "x"}, 400),
        ("switches", {"name": "F07", "rate": 2}, 400),
        ("switches", {"action": "remove", "id": 7}, 404),
        ("clock", {"advance_seconds": -1}, 400),
        ("transfers", {"qr": QR + "0"}, 400),
        ("transfers", {"account": "1", "amount_vnd": 0, "text": ""}, 400),
        ("pp/lookup", {"partner": "KHAC", "dossier": "H"}, 404),
        ("pp/replay", {"reference": ONE, "number": 5}, 404),
        ("pp/refund", {"reference": ONE, "amount_vnd": 1}, 404),
        ("pp/partner", {"code": "PPSIM02"}, 400),
        ("pp/profile", {"partners": []}, 400),
        ("pp/profile", {"page_seconds": -1}, 400),
    ],
)
async def test_the_control_api_refuses_what_it_cannot_obey(path: str, body: dict[str, Any], status: int) -> None:
    """With a sentence, and nothing was paid or changed."""
    async with stage() as at:
        await at.open()
        assert (await at.control("POST", path, body, status=status))["error"]
        assert at.paid() == 0
        assert at.sandbox.world.switches.armed() == []


@pytest.mark.parametrize(
    "settings",
    [
        {"khac": {}},
        {"settlement_days": -1},
        {"public_url": 5},
        {"pp": {"partners": []}},
        {"pp": {"them": 1}},
        {"pp": {"partners": [{"code": "A", "secrets": ["x"]}, {"code": "A", "secrets": ["y"]}]}},
    ],
)
def test_settings_that_cannot_be_used(settings: dict[str, Any]) -> None:
    """Refused before anything listens."""
    with pytest.raises(ValueError, match=r"."):
        PaymentSandbox(settings)


def test_the_sandbox_is_a_process_of_its_own() -> None:
    """It tells its addresses, opens an order under its public address, and ends on SIGTERM with 0."""
    command = [sys.executable, "-m", "adapters.payment.sandbox", "--control-port", "0"]
    command += ["--set", 'public_url="https://thanhtoan.example"', "--set", 'pp={"max_clock_seconds": 1e9}']
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            facts = json.loads(process.stdout.readline())
            body = json.dumps(init_document()).encode()
            request = urllib.request.Request(
                facts["providers"]["pp"] + "/init", body, {"Content-Type": "application/json"}
            )
            with urllib.request.urlopen(request, timeout=10) as answer:
                opened = json.loads(answer.read())
            with urllib.request.urlopen(facts["control_url"] + "/_sandbox/health", timeout=10) as answer:
                health = json.loads(answer.read())
        finally:
            process.terminate()
        assert opened["UrlThanhToan"].startswith("https://thanhtoan.example/pp/checkout/")
        assert (health["system"], "pp" in health["providers"]) == ("payment", True)
        assert process.wait(10) == 0


def test_every_fault_of_the_notes_can_be_armed() -> None:
    """F29 needs no switch: whoever asks for more than was paid is refused. C3 and D3 are codes of answers."""
    known = {name.partition("_")[0] for name in PaymentSandbox().world.switches.known}
    assert {f"F{number:02d}" for number in range(1, 34)} - {"F29"} | {"C3", "D3"} == known
