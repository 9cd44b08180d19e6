"""What the simulated platform refuses in strict mode (payment notes §12.1), and what it takes otherwise."""

import json
from typing import Any

import pytest

from tests.integration.payment_sandbox.platform_helpers import (
    PARTNER,
    init_document,
    question,
    receipt,
    sealed,
    stage,
)

ONE = "REF0000000000000001"


def without(document: dict[str, Any], name: str) -> dict[str, Any]:
    return {each: value for each, value in document.items() if each != name}


def changed_receipt(**changes: Any) -> dict[str, Any]:
    return {**receipt(), **changes}


REFUSED: list[tuple[str, str, dict[str, Any] | bytes]] = [
    ("01", "body", b"{"),
    ("01", "body", b'["INIT"]'),
    ("01", "body", json.dumps(init_document())[:-1].encode() + b',"Ip":"203.0.113.7"}'),
    ("01", "body", json.dumps(init_document()).encode("utf-16")),
    ("01", "body", json.dumps(init_document()).replace("THANH TOAN", "\\ud800").encode()),
    ("01", "body", b"[" * 100_000),
    ("02", "MaDoiTac", init_document(MaDoiTac="PPSIM77")),
    ("03", "MaXacThuc", init_document(MaXacThuc="0" * 64)),
    ("03", "MaXacThuc", without(init_document(), "MaXacThuc")),
    ("03", "MaXacThuc", init_document(secret="another")),
    ("03", "MaXacThuc", init_document(MaXacThuc=init_document()["MaXacThuc"].upper())),
    ("01", "unknown members", init_document(ReturnUrl="https://mot-cua.example/")),
    ("01", "missing: ThongTinBienLai", without(init_document(), "ThongTinBienLai")),
    ("01", "SoTien: must be a text", init_document(SoTien=150000)),
    ("01", "SoTien", init_document(SoTien="0150000")),
    ("01", "SoTien", init_document(SoTien="0")),
    ("01", "SoTien", init_document(SoTien="-150000")),
    ("01", "SoTien", init_document(SoTien="150000.0")),
    ("01", "ThongTinGiaoDich: has the sign", init_document(ThongTinGiaoDich="THANH TOAN|HO SO")),
    ("01", "ThongTinGiaoDich", init_document(ThongTinGiaoDich="A" * 101)),
    ("01", "LoaiBanTin", init_document(LoaiBanTin="QUERY")),
    ("01", "PhienBan", init_document(PhienBan="1.0.5")),
    ("01", "MaTienTe", init_document(MaTienTe="USD")),
    ("01", "MaNganHang", init_document(MaNganHang="KHONGCO")),
    ("01", "MaThamChieu", init_document("R" * 21)),
    ("01", "MaThamChieu", init_document("mã số")),
    ("01", "twelve hours", init_document(ThoiGianGD="20250115213000")),
    ("01", "ThoiGianGD: is far", init_document(ThoiGianGD="20250114093000")),
    ("01", "ThoiGianGD: is no time", init_document(ThoiGianGD="2025-01-15T09:30:00")),
    ("01", "ThoiGianGD: is no time", init_document(ThoiGianGD="20250115093060")),
    ("01", "Ip", init_document(Ip="máy chủ")),
    ("01", "does not sum up", init_document(SoTien="150001")),
    ("01", "PhiLePhi", init_document(ThongTinBienLai=changed_receipt(PhiLePhi=receipt(160_000)["PhiLePhi"]))),
    ("01", "DSKhoanNop", init_document(ThongTinBienLai=changed_receipt(DSKhoanNop=receipt(160_000)["DSKhoanNop"]))),
    ("01", "PhiLePhi", init_document(ThongTinBienLai=changed_receipt(PhiLePhi=[]))),
    ("01", "MaDichVu", init_document(ThongTinBienLai=changed_receipt(MaDichVu="3"))),
    ("01", "TKThuHuong", init_document(ThongTinBienLai=changed_receipt(TKThuHuong=""))),
    ("01", "TenTTHC", init_document(ThongTinBienLai=changed_receipt(TenTTHC="A" * 251))),
    ("01", "unknown members", init_document(ThongTinBienLai=changed_receipt(MaXa="001"))),
    ("01", "missing: KhoBac", init_document(ThongTinBienLai=without(receipt(), "KhoBac"))),
    ("01", "must be an object", init_document(ThongTinBienLai=json.dumps(receipt()))),
]


@pytest.mark.parametrize(("code", "reason", "document"), REFUSED)
async def test_init_is_refused(code: str, reason: str, document: dict[str, Any] | bytes) -> None:
    """MaLoi tells the class, the kept exchange the reason; nothing was opened, and no payer stands in the reason."""
    async with stage() as at:
        got = await at.call("init", document)
        assert (got.status, got.json["MaLoi"]) == (200, code)
        assert "UrlThanhToan" not in got.json
        [kept] = at.sandbox.world.ledger.exchanges()
        assert reason in kept.note
        assert "NGUYEN" not in kept.note
        assert (await at.query())["MaLoi"] == "05"


async def test_init_of_the_notes_is_taken_and_its_reference_never_again() -> None:
    """The printed example opens a page; the same reference is refused, word for word the same or not."""
    async with stage() as at:
        first = (await at.call("init", init_document())).json
        assert (first["MaLoi"], first["MaThamChieu"], first["MaDoiTac"]) == ("00", ONE, PARTNER)
        assert first["UrlThanhToan"].startswith(at.running.url + "/pp/checkout/")
        again = [
            await at.call("init", init_document(SoTien=amount, ThongTinBienLai=receipt(int(amount))))
            for amount in ("150000", "160000")
        ]
        assert [each.json["MaLoi"] for each in again] == ["04", "04"]
        assert [each.as_dict(at.sandbox.world.clock.now())["amount_vnd"] for each in at.platform.money.orders] == [
            150_000
        ]


async def test_amounts_of_items_may_be_numbers() -> None:
    """One known client writes them so (§A.4)."""
    rows = [{**row, "SoTien": int(row["SoTien"])} for row in receipt()["PhiLePhi"]]
    async with stage() as at:
        await at.open(ThongTinBienLai=changed_receipt(PhiLePhi=rows, MaDichVu=2))
        assert (await at.query())["SoTien"] == 150_000


async def test_a_loose_platform_takes_what_a_strict_one_refuses() -> None:
    """Wrong seals and odd members are noted, not refused."""
    async with stage(is_strict=False) as at:
        got = await at.call("init", init_document(MaXacThuc="0" * 64, Them="x", ThoiGianGD="20200101000000"))
        assert got.json["MaLoi"] == "00"
        [kept] = at.sandbox.world.ledger.exchanges()
        assert kept.note == "MaXacThuc: is wrong"


@pytest.mark.parametrize(
    ("code", "document"),
    [
        ("05", question("QUERY", "REF0000000000000009")),
        ("07", question("QUERY", ONE, "20250115093001")),
        ("03", question("QUERY", ONE, secret="another")),
        ("01", question("GET_BILL", ONE)),
        ("01", {**question("QUERY", ONE), "SoTien": "150000"}),
    ],
)
async def test_questions_are_refused(code: str, document: dict[str, str]) -> None:
    """An unknown reference, another time than INIT's, a wrong seal, another message, a member too many."""
    async with stage() as at:
        await at.open()
        assert (await at.call("query", document)).json["MaLoi"] == code


async def test_only_the_holder_of_the_token_is_heard() -> None:
    """Where the partner comes through an adapter, its bearer token is wanted (§A.1), and never shown."""
    async with stage({"access_token": "token-cua-tinh"}) as at:
        refused = await at.call("init", init_document())
        assert (refused.status, refused.json["error_code"]) == (401, "401")
        body = json.dumps(init_document()).encode()
        headers = {"Authorization": "Bearer token-cua-tinh", "Content-Type": "application/json"}
        async with at.client.post(f"{at.running.url}/pp/init", data=body, headers=headers) as answer:
            assert (await answer.json())["MaLoi"] == "00"
        shown = json.dumps([await at.control("GET", path) for path in ("state", "exchanges", "pp/profile")])
        assert "token-cua-tinh" not in shown
        assert "SIM-SECRET-0001" not in shown


async def test_a_partner_cannot_see_anothers_reference() -> None:
    """Two partners may use one reference; each asks under its own secret about its own."""
    async with stage() as at:
        other = {"code": "PPSIM02", "secrets": ["SIM-SECRET-0099"]}
        await at.control("POST", "pp/partner", other)
        await at.open()
        values = ["QUERY", "1.0.6", "PPSIM02", ONE, "20250115093000"]
        names = ("LoaiBanTin", "PhienBan", "MaDoiTac", "MaThamChieu", "ThoiGianGD")
        asked = {**dict(zip(names, values, strict=True)), "MaXacThuc": sealed(values, "SIM-SECRET-0099")}
        assert (await at.call("query", asked)).json["MaLoi"] == "05"
        got = await at.call("init", init_document(MaDoiTac="PPSIM02", secret="SIM-SECRET-0099"))
        assert got.json["MaLoi"] == "00"
        await at.control("POST", "decide", {"reference": ONE}, status=404)
        done = await at.control("POST", "decide", {"reference": f"PPSIM02/{ONE}"})
        assert done["standing"] == "paid"
        [entry] = at.sandbox.world.ledger.entries()
        assert (entry.partner, entry.reference) == ("PPSIM02", ONE)
