"""What the portal's caller may send that is broken, late, out of order or about several people at once."""

import asyncio
import base64
import json
from typing import Any

import pytest

from gateway.ports.basics import KeyRing
from gateway.store.applications import kept_facts
from tests.support.api import ApiUnderTest
from tests.support.changes import step
from tests.support.national import CODE, KEY, application, change, national_api, promotion, told

OTHER = "QG-2026-000999"


def receipt(code: str = CODE) -> dict[str, Any]:
    paid = {"SoTien": 120000, "TrangThaiThanhToan": 1}
    data = {
        "MaHoSo": code,
        "HoTenNguoiNopTien": "N",
        "MaSoThue": "1",
        "UrlFileChungTu": "/f",
        "ThongTinThanhToan": paid,
    }
    return {"service": "NhanChungTuThueDat", "data": data}


def notice(xml: str) -> dict[str, Any]:
    return {"service": "NhanThongBaoThueDat", "data": {"FileThongBaoThue": base64.b64encode(xml.encode()).decode()}}


def naming(*codes: str) -> dict[str, Any]:
    return notice("<a>" + "".join(f"<MA_HSO>{code}</MA_HSO>" for code in codes) + "</a>")


async def event_types(pool: Any, code: str) -> list[str]:
    rows = await pool.fetch(
        "SELECT type FROM events JOIN dossiers USING (dossier_id) WHERE code = $1 ORDER BY event_id", code
    )
    return [row["type"] for row in rows]


async def like_the_provinces(api: ApiUnderTest) -> dict[str, Any]:
    """Give a document which the province could state, taken from an application of somebody else."""
    await told(api, "nhanhsdvcqg", application(OTHER))
    document: dict[str, Any] = (await api.get(f"/v1/dossiers/{OTHER}")).json
    return document


_APPLICATION = json.dumps(application(TrichYeuHoSo="ab")).encode()
_DEEP = b"[" * 100_000 + b"]" * 100_000
_UNUSABLE = {
    "deep JSON": ("nhanhsdvcqg", b'{"service":"NhanHoSoDVCQG","data":' + _DEEP + b"}"),
    "unknown XML encoding": ("nhantbthuedvcqg", notice('<?xml version="1.0" encoding="no-such"?><a/>')),
    "multi-byte XML encoding": ("nhantbthuedvcqg", notice('<?xml version="1.0" encoding="big5"?><a/>')),
    "base64 beyond ASCII": ("addtthcKhuyenMai", promotion() | {"TepDonDangKy": "é"}),
    "notice beyond ASCII": ("nhantbthuedvcqg", {"service": "x", "data": {"FileThongBaoThue": "é"}}),
    "long code": ("nhanhsdvcqg", application("QG-" + "9" * 20_000)),
    "long code of a change": ("nhanhsdvcqg", change("QG-" + "9" * 20_000)),
    "odd code": ("nhanhsdvcqg", application("QG/2026 ở đây")),
    "a thousand codes": ("nhantbthuedvcqg", naming(*(f"QG-{number}" for number in range(1000)))),
    "invalid UTF-8": (
        "nhanhsdvcqg",
        json.dumps(application(TrichYeuHoSo="ab")).encode().replace(b'"ab"', b'"\xff\xfe"'),
    ),
    "a text that is too long": ("nhanhsdvcqg", change(TrichYeuHoSo="x" * 6000)),
}


@pytest.mark.parametrize("name", _UNUSABLE)
async def test_what_cannot_be_used_is_refused_and_not_stored(pool: Any, key_ring: KeyRing, name: str) -> None:
    """An answer in the portal's form, never a failure of ours, which the portal would repeat for ever."""
    path, body = _UNUSABLE[name]
    async with national_api(pool, key_ring) as api:
        answered = await api.call("POST", f"/national/portal/{path}", body=body, headers=KEY)
        if answered.status == 200:
            assert str(answered.json["error_code"]) == "-1", answered.body
        else:
            assert answered.status == 500, answered.body
            assert b"Traceback" not in answered.body
        assert await pool.fetchval("SELECT count(*) FROM inbox") == 0


async def test_a_key_that_is_no_text_is_no_key(pool: Any, key_ring: KeyRing) -> None:
    """Bytes outside of UTF-8 in the caller's header: not admitted, and nothing breaks."""
    async with national_api(pool, key_ring) as api:
        host, port = api.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            b"POST /national/portal/nhanhsdvcqg HTTP/1.1\r\nHost: x\r\nX-Portal-Key: \xff\xfe\r\n"
            b"Content-Length: 2\r\nConnection: close\r\n\r\n{}"
        )
        assert (await reader.read()).startswith(b"HTTP/1.1 401 ")
        writer.close()
        await writer.wait_closed()


async def test_what_waited_for_a_dossier_of_the_provinces_own_is_applied(pool: Any, key_ring: KeyRing) -> None:
    """A receipt first, then the province states the dossier itself: applied once, by the round that looks for it."""
    async with national_api(pool, key_ring) as api:
        await told(api, "nhanhsdvcqg", receipt())
        await api.put(CODE, await like_the_provinces(api))
        assert "application.paid" not in await event_types(pool, CODE)
        national = api.services.national
        assert national is not None
        assert [await national.inbox.catch_up() for _ in range(2)] == [1, 0]
        assert (await event_types(pool, CODE)).count("application.paid") == 1
        assert await kept_facts(pool) == (0, None)


async def test_taking_a_citizens_code_shows_nothing_of_the_citizen(pool: Any, key_ring: KeyRing) -> None:
    """A change waits; another client creates a dossier of that code: neither list, message nor file are shown to it."""
    async with national_api(pool, key_ring) as api:
        await told(api, "nhanhsdvcqg", change(ChuHoSo="Nguyễn Bí Mật", TrichYeuHoSo="Riêng"))
        message_id = await pool.fetchval("SELECT message_id FROM inbox")
        stranger = api.with_token(await api.register("stranger", prefixes=("H98",)))
        agency = {"code": "H98.01", "name": "Sở khác"}
        document = await like_the_provinces(api) | {"receiving_agency": agency, "handling_agency": agency}
        assert (await stranger.put(CODE, document)).status == 201
        assert (await stranger.get(f"/v1/applications/{CODE}/messages")).json["messages"] == []
        for address in (f"messages/{message_id}", f"files/{message_id}-0"):
            assert (await stranger.get(f"/v1/applications/{CODE}/{address}")).status == 404


async def test_a_notice_reaches_every_dossier_that_it_names(pool: Any, key_ring: KeyRing) -> None:
    """Two dossiers, neither here: each gets it when it comes, and only a client of all agencies reads the whole."""
    first, second = "QG-A01", "QG-B01"
    async with national_api(pool, key_ring) as api:
        answers = [await told(api, "nhantbthuedvcqg", naming(first, second)) for _ in range(2)]
        assert answers[0] == answers[1]
        for code in (second, first):
            assert await event_types(pool, code) == []
            await told(api, "nhanhsdvcqg", application(code))
            assert (await event_types(pool, code)).count("application.noticed") == 1
        assert await kept_facts(pool) == (0, None)
        [message_id] = [
            message["message_id"]
            for message in (await api.get(f"/v1/applications/{second}/messages")).json["messages"]
            if message["kind"] == "tax_notice"
        ]
        address = f"/v1/applications/{second}/messages/{message_id}"
        narrow = api.with_token(await api.register("narrow", prefixes=("H99",)))
        whole = api.with_token(await api.register("whole", prefixes=("*",)))
        assert (await narrow.get(address)).json["original"] == ""
        assert "FileThongBaoThue" in (await whole.get(address)).json["original"]


async def test_a_change_of_the_phone_keeps_who_the_citizen_is(pool: Any, key_ring: KeyRing) -> None:
    """What a change does not speak of stays: name, papers, technical identifier."""
    async with national_api(pool, key_ring) as api:
        await told(api, "nhanhsdvcqg", application(MaDoiTuong="TECH-1"))
        before = (await api.get(f"/v1/dossiers/{CODE}")).json["applicant"]
        await told(api, "nhanhsdvcqg", change(SoDienThoai="0999000001"))
        after = (await api.get(f"/v1/dossiers/{CODE}")).json["applicant"]
        assert after == before | {"phone": "0999000001"}
        assert after["identifiers"]


async def test_a_stale_statement_does_not_undo_a_withdrawal(pool: Any, key_ring: KeyRing) -> None:
    """The province states the dossier as it was before the citizen withdrew it: a conflict for a person."""
    async with national_api(pool, key_ring) as api:
        await told(api, "nhanhsdvcqg", application())
        stale = (await api.get(f"/v1/dossiers/{CODE}")).json
        await told(api, "nhanhsdvcqg", change(TrangThaiHoSo="7"))
        assert (await api.put(CODE, stale | {"note": "Đã xem"})).status == 200
        after = (await api.get(f"/v1/dossiers/{CODE}")).json
        assert (after["status"], after["note"]) == ("withdrawn", "Đã xem")
        assert [row["field"] for row in await pool.fetch("SELECT field FROM conflicts")] == ["status"]


async def test_an_amendment_makes_it_the_provinces_turn_again(pool: Any, key_ring: KeyRing) -> None:
    """It changes no field, and still somebody must read it: the dossier waits until the province says something."""
    code = "QG-2026-000123"
    data = {
        "MaHoSoQG": code,
        "MaTTHC": "1.999001",
        "MaSoThue": "9991990001",
        "ThongTinSuaDoi": {"TenChuongTrinhKM": "Tết 2"},
    }
    async with national_api(pool, key_ring) as api:

        async def waiting() -> list[str]:
            answered = await api.get("/v1/applications?is_waiting=true")
            return [line["code"] for line in answered.json["applications"]]

        await told(api, "addtthcKhuyenMai", promotion())
        await api.progress(code, step(code, minutes=600, status="received").body, Idempotency_Key="k-1")
        assert await waiting() == []
        await told(api, "nhanhsdvcqg", {"service": "SuaDoi", "data": data})
        assert await waiting() == [code]
        await api.progress(code, step(code, minutes=700, status="processing").body, Idempotency_Key="k-2")
        assert await waiting() == []
