"""Vouchers and daily files: fetched from trusted places, believed when they are what they say."""

from dataclasses import replace
from datetime import date
from hashlib import sha256

import pytest

from gateway.errors import (
    ContractBroken,
    CredentialsRefused,
    IntegrityFailed,
    OutcomeUnknown,
    RemoteError,
    TransientFailure,
)
from gateway.ports.payments import AskedAttempt, Bill, SettlementFile
from tests.unit.adapters.payment.platform_peer import Said, said, serving, wrapped
from tests.unit.mappings.payment.platform_samples import DOSSIER, OPENED_AT, REFERENCE

PAID = AskedAttempt(
    reference=REFERENCE,
    amount_vnd=150_000,
    dossier_code=DOSSIER,
    opened_at=OPENED_AT,
    paid_at_text="20250115093412",
    transaction="PPTX1",
)
PDF = Said(b"%PDF-1.7 thu", content_type="application/pdf")
NONE = said({"MaLoi": "99"})
HTML = Said(b"<!DOCTYPE html><title>x</title>", content_type="text/html; charset=utf-8")
ADDRESS = {"MaLoi": "00", "UrlBienLai": "@BASE@/b/1.pdf"}
DOCUMENT = Bill(content=b"%PDF-1.7 thu", media_type="application/pdf")


async def test_f25_a_voucher_as_pdf() -> None:
    """The time of the payment is tried first (U11); one answer is enough."""
    async with serving(PDF) as (peer, adapter):
        assert DOCUMENT == await adapter.bill(PAID)
        assert ("GET_BILL", "20250115093412") == (
            peer.asked[0].document["LoaiBanTin"],
            peer.asked[0].document["ThoiGianGD"],
        )


async def test_u11_both_times_are_tried_in_order() -> None:
    """The time of INIT comes second, and none is none."""
    async with serving(NONE, PDF, NONE, NONE) as (peer, adapter):
        assert DOCUMENT == await adapter.bill(PAID)
        assert await adapter.bill(PAID) is None
        times = [asked.document["ThoiGianGD"] for asked in peer.asked]
        assert ["20250115093412", "20250115093000"] * 2 == times


@pytest.mark.parametrize("text", ["", "15/01/2025", "20250115093000"])
async def test_u11_no_time_is_tried_twice(text: str) -> None:
    """Unknown, unreadable or equal times leave one question."""
    async with serving(NONE) as (peer, adapter):
        assert await adapter.bill(replace(PAID, paid_at_text=text)) is None
        assert "20250115093000" == peer.asked[0].document["ThoiGianGD"]


async def test_u11_the_order_can_be_set() -> None:
    """Where the platform wants the time of INIT."""
    async with serving(PDF, bill_times=["init"]) as (peer, adapter):
        assert DOCUMENT == await adapter.bill(PAID)
        assert "20250115093000" == peer.asked[0].document["ThoiGianGD"]


@pytest.mark.parametrize("answer", [said(ADDRESS), wrapped(ADDRESS)], ids=["bare", "wrapped"])
async def test_f25_a_voucher_by_address(answer: Said) -> None:
    """Fetched from there, and both are given. The token of the adapter in between goes to its own origin only."""
    async with serving(answer, PDF, access_token={"value": "T"}) as (peer, adapter):
        found = await adapter.bill(PAID)
        assert replace(DOCUMENT, url=f"{peer.base}/b/1.pdf") == found
        assert [("POST", "/bill"), ("GET", "/b/1.pdf")] == [(each.method, each.path) for each in peer.asked]
        assert "Bearer T" == peer.asked[1].headers["Authorization"]


@pytest.mark.parametrize("host", ["bill.example", "bill.example:443"])
@pytest.mark.parametrize("listed", ["bill.example", "bill.example:443"])
async def test_a_voucher_behind_a_security_server(host: str, listed: str) -> None:
    """A trusted host may be reached at another address, however its usual port is written."""
    answer = said({"MaLoi": "00", "UrlBienLai": f"https://{host}/b/1.pdf?x=1"})
    async with serving(answer, PDF, bill_hosts=[listed], bill_origins={listed: "@BASE@"}) as (peer, adapter):
        found = await adapter.bill(PAID)
        assert found is not None
        assert (f"https://{host}/b/1.pdf?x=1", "/b/1.pdf") == (found.url, peer.asked[1].path)


@pytest.mark.parametrize(
    "address",
    [
        "https://169.254.169.254/latest/meta-data",
        "https://evil.example/b.pdf",
        "http://bill.example/b.pdf",
        "file:///etc/passwd",
        "http://127.0.0.1:1/b.pdf",
        "https://bill.example@evil.example/b.pdf",
    ],
)
async def test_pitfall_19_f25_foreign_hosts_are_never_asked(address: str) -> None:
    """Not once, not even to see what is there; the address is not repeated either."""
    async with serving(said({"MaLoi": "00", "UrlBienLai": address})) as (peer, adapter):
        with pytest.raises(ContractBroken) as caught:
            await adapter.bill(PAID)
        assert "foreign_bill_address" == caught.value.code
        assert address not in str(caught.value)
        assert 1 == len(peer.asked)
        with pytest.raises(ContractBroken):
            await adapter.fetch_bill(address)


@pytest.mark.parametrize(
    ("answer", "expected", "code"),
    [
        (Said(b"", 302, headers={"Location": "http://169.254.169.254/"}), ContractBroken, "http_3xx"),
        (Said(b"PK\x03\x04", content_type="application/zip"), ContractBroken, "bill_not_pdf"),
        (Said(b"%PDF-1.7", content_type="text/html"), ContractBroken, "bill_type_contradicts"),
        (Said(b"PK", content_type="application/pdf"), ContractBroken, "bill_type_contradicts"),
        (Said(b"%PDF-" + b" " * 5000, content_type="application/pdf"), ContractBroken, "too_large"),
        (Said(b"", 403), CredentialsRefused, "http_403"),
        (Said(b"", 410), OutcomeUnknown, "question_refused"),
    ],
)
async def test_pitfall_19_f25_what_is_no_voucher(answer: Said, expected: type[RemoteError], code: str) -> None:
    """Redirects, other types, contradictions and endless ones are refused."""
    async with serving(said(ADDRESS), answer, max_bill_bytes=4096) as (_, adapter):
        with pytest.raises(RemoteError) as caught:
            await adapter.bill(PAID)
        assert (expected, code) == (type(caught.value), caught.value.code)


async def test_f25_pages_instead_of_vouchers_are_asked_again() -> None:
    """By both ways; a page that stays one fails in the end."""
    async with serving(HTML, said(ADDRESS), HTML, PDF) as (peer, adapter):
        assert await adapter.bill(PAID) is not None
        assert [0.25, 0.25] == peer.waits
    async with serving(HTML, HTML, HTML) as (_, adapter):
        with pytest.raises(TransientFailure) as caught:
            await adapter.bill(PAID)
        assert "page_instead_of_answer" == caught.value.code


async def test_f25_not_found() -> None:
    """An address that serves nothing has no voucher yet; a call that is not served is a fault of the set-up."""
    async with serving(said(ADDRESS), Said(b"", 404), NONE) as (_, adapter):
        assert await adapter.bill(PAID) is None
    async with serving(*[Said(b"", 404)] * 3) as (_, adapter):
        with pytest.raises(TransientFailure):
            await adapter.bill(PAID)


@pytest.mark.parametrize("document", [{"MaLoi": "00"}, {"MaLoi": "00", "UrlBienLai": ""}])
async def test_no_voucher_yet(document: dict[str, str]) -> None:
    """An answer without one is none."""
    async with serving(said(document), said(document)) as (_, adapter):
        assert await adapter.bill(PAID) is None


DAY = date(2025, 1, 15)
FILE = Said(b"MaThamChieu,MaGiaoDich\r\nTOTAL,0,0\r\n", content_type="text/csv")
DIGEST = sha256(FILE.body).hexdigest()
NAME = "PPSIM01_20250115.csv"


@pytest.mark.parametrize("side", [DIGEST, DIGEST.upper(), f"{DIGEST}\n", f"{DIGEST}  {NAME}\n", f"{DIGEST} *{NAME}\n"])
async def test_a_daily_file_that_verifies(side: str) -> None:
    """The side file as sha256sum writes it, or bare."""
    async with serving(Said(side.encode(), content_type="text/plain"), FILE, access_token={"value": "T"}) as (
        peer,
        adapter,
    ):
        assert SettlementFile(name=NAME, content=FILE.body, sha256=DIGEST) == await adapter.settlement(DAY)
        assert [f"/files/{NAME}.sha256", f"/files/{NAME}"] == [each.path for each in peer.asked]
        assert {"Bearer T"} == {each.headers["Authorization"] for each in peer.asked}


@pytest.mark.parametrize(
    "side",
    [
        b"",
        b"0" * 64,
        DIGEST[:-1].encode(),
        f"{DIGEST}  other.csv".encode(),
        b"\xff",
        f"{DIGEST} a b".encode(),
        f"{DIGEST}\xa0".encode(),
    ],
)
async def test_f27_a_daily_file_that_does_not_verify(side: bytes) -> None:
    """Refused whole."""
    async with serving(Said(side, content_type="text/plain"), FILE) as (_, adapter):
        with pytest.raises(IntegrityFailed) as caught:
            await adapter.settlement(DAY)
        assert "settlement_digest" == caught.value.code


async def test_f27_a_daily_file_that_is_not_there() -> None:
    """Neither without itself nor without its side file; a page is no file."""
    async with serving(Said(b"", 404), Said(DIGEST.encode()), Said(b"", 404)) as (_, adapter):
        assert await adapter.settlement(DAY) is None
        assert await adapter.settlement(DAY) is None
    async with serving(*[HTML] * 3) as (_, adapter):
        with pytest.raises(TransientFailure):
            await adapter.settlement(DAY)


async def test_daily_files_have_a_limit() -> None:
    """Beyond it nothing is kept."""
    settlement = {"address": "@BASE@/{partner}/{date}", "max_bytes": 1024}
    async with serving(Said(DIGEST.encode()), Said(b"x" * 1025), settlement=settlement) as (_, adapter):
        with pytest.raises(ContractBroken):
            await adapter.settlement(DAY)
