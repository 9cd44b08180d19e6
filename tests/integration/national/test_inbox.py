"""The portal calls the province: over HTTP, into PostgreSQL, and out again to whoever serves the citizen."""

import asyncio
import json
from typing import Any

import pytest

from gateway.api.national_desk import CallerRule
from gateway.model.audit import AuditAction
from gateway.ports.basics import KeyRing
from gateway.store.applications import kept_facts
from tests.support.api import running_api
from tests.support.audit import looks
from tests.support.changes import dossier as make_dossier
from tests.support.changes import step
from tests.support.national import CODE, KEY, PDF, application, change, national_api, promotion, told


async def event_types(pool: Any) -> list[str]:
    return [row["type"] for row in await pool.fetch("SELECT type FROM events ORDER BY event_id")]


async def test_an_application_arrives_once_and_is_answered(pool: Any, key_ring: KeyRing) -> None:
    """The first call is accepted, every other is told that it is here; it owes the portal nothing until answered."""
    async with national_api(pool, key_ring) as api:
        answers = await asyncio.gather(*(told(api, "nhanhsdvcqg", application()) for _ in range(8)))
        assert sorted(answer["error_code"] for answer in answers) == [0, 1, 1, 1, 1, 1, 1, 1]
        assert await event_types(pool) == ["application.filed"]
        assert await pool.fetchval("SELECT count(*) FROM deliveries") == 0

        listed = (await api.get("/v1/applications?is_waiting=true")).json["applications"]
        assert [(line["code"], line["status"]) for line in listed] == [(CODE, "registered")]
        dossier = (await api.get(f"/v1/dossiers/{CODE}")).json
        assert dossier["applicant"]["name"] == "Nguyễn Thị Mẫu"

        answered = await api.progress(CODE, step(CODE, minutes=600, status="received").body, Idempotency_Key="k-1")
        assert answered.status in (200, 201), answered.body
        rows = await pool.fetch("SELECT kind, state FROM deliveries")
        assert [(row["kind"], row["state"]) for row in rows] == [("national_status", "waiting")]
        assert (await api.get("/v1/applications?is_waiting=true")).json["applications"] == []


async def test_the_province_cannot_change_what_the_citizen_submitted(pool: Any, key_ring: KeyRing) -> None:
    """Its statement is taken for what it owns; the other field stays, and is a conflict for a person."""
    async with national_api(pool, key_ring) as api:
        await told(api, "nhanhsdvcqg", application())
        stated = (await api.get(f"/v1/dossiers/{CODE}")).json
        stated |= {"summary": "Khác hẳn", "note": "Đã xem", "status": "received", "local_code": "H99.01-260105-00001"}
        answered = await api.put(CODE, stated)
        assert answered.status == 200, answered.body
        after = (await api.get(f"/v1/dossiers/{CODE}")).json
        assert (after["summary"], after["note"]) == ("Đề nghị cấp giấy", "Đã xem")
        assert [row["field"] for row in await pool.fetch("SELECT field FROM conflicts")] == ["summary"]


async def test_a_change_is_applied_and_a_repeat_changes_nothing(pool: Any, key_ring: KeyRing) -> None:
    """Supplement, withdrawal, payment: each an event of its own, each once."""
    paid: dict[str, Any] = {"ThongTinThanhToan": {"SoTien": "50000", "TrangThaiThanhToan": "1"}}
    async with national_api(pool, key_ring) as api:
        await told(api, "nhanhsdvcqg", application())
        for content in (change(TrichYeuHoSo="Bổ sung"), change(**paid), change(TrangThaiHoSo="7")):
            first, second = [await told(api, "nhanhsdvcqg", content) for _ in range(2)]
            assert first == second
            assert first["error_code"] == 0
        assert await event_types(pool) == [
            "application.filed",
            "application.changed",
            "application.changed",
            "application.paid",
            "application.withdrawn",
        ]
        dossier = (await api.get(f"/v1/dossiers/{CODE}")).json
        assert (dossier["summary"], dossier["status"], dossier["online_payment"]) == (
            "Bổ sung",
            "withdrawn",
            "national_platform",
        )
        messages = (await api.get(f"/v1/applications/{CODE}/messages")).json["messages"]
        assert [message["outcome"] for message in messages] == ["received", "applied", "applied", "applied"]
        detail = (await api.get(f"/v1/applications/{CODE}/messages/{messages[1]['message_id']}")).json
        assert json.loads(detail["original"])["data"]["TrichYeuHoSo"] == "Bổ sung"
        assert (await api.get(f"/v1/applications/{CODE}/messages/{'0' * 32}")).problem == "message-not-found"
        written = await looks(pool, AuditAction.MESSAGE_READ)
        assert written == [("answered", "one-stop", CODE, True, ("message",), "read")]


async def test_a_code_of_the_provinces_own_is_not_taken_for_a_duplicate(pool: Any, key_ring: KeyRing) -> None:
    """To answer "here already" would lose the application: it is refused, and nothing of it is stored."""
    async with national_api(pool, key_ring) as api:
        assert (await api.put(CODE, make_dossier())).status == 201
        answer = await told(api, "nhanhsdvcqg", application())
        assert (answer["error_code"], answer["message"]) == (-1, "MaHoSo is the code of a dossier of the province")
        assert await pool.fetchval("SELECT count(*) FROM inbox") == 0


async def test_what_comes_before_its_dossier_waits_for_it(pool: Any, key_ring: KeyRing) -> None:
    """A change that overtakes its application is kept, and applied in order when the application comes."""
    async with national_api(pool, key_ring) as api:
        assert (await told(api, "nhanhsdvcqg", change(TrichYeuHoSo="Một")))["error_code"] == 0
        assert (await told(api, "nhanhsdvcqg", change(TrichYeuHoSo="Hai")))["error_code"] == 0
        assert (await kept_facts(pool))[0] == 2
        await told(api, "nhanhsdvcqg", application())
        assert (await api.get(f"/v1/dossiers/{CODE}")).json["summary"] == "Hai"
        assert (await kept_facts(pool))[0] == 0
        assert await event_types(pool) == ["application.filed", "application.changed", "application.changed"]


async def test_a_kept_message_that_cannot_be_read_does_not_keep_its_dossier_away(pool: Any, key_ring: KeyRing) -> None:
    """The application is taken; the message is a person's, and is said to be so."""
    async with national_api(pool, key_ring) as api:
        await told(api, "nhanhsdvcqg", change(TrichYeuHoSo="Một"))
        await pool.execute("UPDATE inbox SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1)")
        assert (await told(api, "nhanhsdvcqg", application()))["error_code"] == 0
        assert await event_types(pool) == ["application.filed", "application.conflict"]
        assert await pool.fetchval("SELECT outcome FROM inbox ORDER BY line LIMIT 1") == "unreadable"


async def test_a_withdrawal_after_the_end_is_a_conflict(pool: Any, key_ring: KeyRing) -> None:
    """The portal is told that it was taken; the province is told that a person must look."""
    async with national_api(pool, key_ring) as api:
        await told(api, "nhanhsdvcqg", application())
        for minutes, status in ((600, "received"), (700, "processing"), (800, "completed"), (900, "returned")):
            await api.progress(CODE, step(CODE, minutes=minutes, status=status).body, Idempotency_Key=f"k{minutes}")
        assert (await told(api, "nhanhsdvcqg", change(TrangThaiHoSo="7")))["error_code"] == 0
        assert (await api.get(f"/v1/dossiers/{CODE}")).json["status"] == "returned"
        assert (await event_types(pool))[-1] == "application.conflict"


async def test_embedded_files_are_read_from_the_gateway(pool: Any, key_ring: KeyRing) -> None:
    """With the name that the citizen gave; another agency's client does not see them, nor a number beyond."""
    async with national_api(pool, key_ring) as api:
        await told(api, "addtthcKhuyenMai", promotion())
        [paper] = (await api.get("/v1/dossiers/QG-2026-000123")).json["attachments"]
        address = paper["url"].removeprefix("https://gateway.example")
        got = await api.get(address)
        assert (got.status, got.body) == (200, PDF)
        assert "filename*=UTF-8''%C4%91%C6%A1n.pdf" in got.headers["Content-Disposition"]
        assert (await api.get(address[:-1] + "7")).problem == "file-not-found"
        stranger = api.with_token(await api.register("stranger", prefixes=("H98",)))
        assert (await stranger.get(address)).problem == "other-agency"


async def test_a_file_by_path_is_fetched_from_the_portal(pool: Any, key_ring: KeyRing) -> None:
    """An amendment adds its file; when the portal does not give it out, that is said. A line is written down before the
    portal is asked, and one after."""
    async with national_api(pool, key_ring) as api:
        await told(api, "addtthcKhuyenMai", promotion())
        for name in ("sua.pdf", "away.pdf"):
            data = {
                "MaHoSoQG": "QG-2026-000123",
                "MaTTHC": "1.999001",
                "MaSoThue": "9991990001",
                "ThongTinSuaDoi": {"TenChuongTrinhKM": "Tết 2"},
                "TenTepDangKy": name,
                "URLTepDangKy": f"/kho/{name}",
            }
            await told(api, "nhanhsdvcqg", {"service": "SuaDoi", "isUpdating": "true", "data": data})
        papers = (await api.get("/v1/dossiers/QG-2026-000123")).json["attachments"]
        assert [paper["name"] for paper in papers] == ["đơn.pdf", "sua.pdf", "away.pdf"]
        addresses = [paper["url"].removeprefix("https://gateway.example") for paper in papers]
        assert (await api.get(addresses[1])).body == b"%PDF /kho/sua.pdf"
        assert (await api.get(addresses[2])).problem == "file-source-unavailable"

    about = ("one-stop", "QG-2026-000123", False)
    asked = ("asked", *about, (), "asked")
    assert await looks(pool, AuditAction.FILE_READ) == [
        *(asked, ("answered", *about, ("file",), "read")),
        *(asked, ("answered", *about, (), "unavailable")),
    ]


async def test_a_receipt_for_a_dossier_of_the_province_is_an_event(pool: Any, key_ring: KeyRing) -> None:
    """Land-tax receipts are about the province's own dossiers; one for an unknown dossier is kept."""
    receipt = {
        "service": "NhanChungTuThueDat",
        "data": {
            "MaHoSo": CODE,
            "HoTenNguoiNopTien": "Nguyễn Thị Mẫu",
            "MaSoThue": "9991990001",
            "UrlFileChungTu": "/files/ct.pdf",
            "ThongTinThanhToan": {"SoTien": 120000, "TrangThaiThanhToan": 1},
        },
    }
    async with national_api(pool, key_ring) as api:
        assert (await told(api, "nhanhsdvcqg", receipt))["error_code"] == 0
        assert await event_types(pool) == []
        await told(api, "nhanhsdvcqg", application())
        assert await event_types(pool) == ["application.filed", "application.paid"]
        data = await pool.fetchval("SELECT data FROM events WHERE type = 'application.paid'")
        assert (data["amount_vnd"], data["is_paid"]) == (120000, True)


async def test_the_portal_may_ask_about_any_dossier(pool: Any, key_ring: KeyRing) -> None:
    """Codes and names, no person; unknown is said in the portal's own form."""
    async with national_api(pool, key_ring) as api:
        await told(api, "nhanhsdvcqg", application())
        found = await told(api, "search/call", {"madonvi": "H99", "service": "x", "masohoso": CODE})
        assert (found["MaHoSo"], found["TrangThaiHoSo"]) == (CODE, "1")
        assert "Mẫu" not in json.dumps(found, ensure_ascii=False)
        assert (await told(api, "search/call", {"masohoso": "X-9"}))["error_code"] == "-1"


@pytest.mark.parametrize(
    ("rule", "headers", "is_admitted"),
    [
        (None, KEY, True),
        (None, {}, False),
        (None, {"X-Portal-Key": "guess"}, False),
        (CallerRule(certificates_sha256=frozenset({b"x"})), KEY, False),
        (CallerRule(), {}, True),
    ],
)
async def test_only_the_portal_is_let_in(
    pool: Any, key_ring: KeyRing, rule: CallerRule | None, headers: dict[str, str], is_admitted: bool
) -> None:
    """By the header or certificate that the installation chose; a stranger's call stores nothing."""
    async with national_api(pool, key_ring, rule) as api:
        answered = await api.call("POST", "/national/portal/nhanhsdvcqg", body=application(), headers=headers)
        assert answered.status == (200 if is_admitted else 401)
        assert await pool.fetchval("SELECT count(*) FROM inbox") == int(is_admitted)


@pytest.mark.parametrize(
    ("body", "status", "error_code"),
    [
        (b"{", 500, None),
        (b"[]", 500, None),
        (json.dumps(application(ChuHoSo="")).encode(), 200, -1),
        (json.dumps(application(NgayNopHoSo="hom nay")).encode(), 200, -1),
        (json.dumps({"service": "NhanHoSoDVCQG", "data": None}).encode(), 200, -1),
        (b" " * 1_000_001, 413, None),
    ],
)
async def test_bad_calls_are_refused_and_store_nothing(
    pool: Any, key_ring: KeyRing, body: bytes, status: int, error_code: int | None
) -> None:
    """In the portal's own form, naming the field and never a value."""
    async with national_api(pool, key_ring) as api:
        answered = await api.call("POST", "/national/portal/nhanhsdvcqg", body=body, headers=KEY)
        assert answered.status == status
        if error_code is not None:
            assert answered.json["error_code"] == error_code
            assert "hom nay" not in answered.json["message"]
        assert await pool.fetchval("SELECT count(*) FROM inbox") == 0


async def test_without_a_desk_there_is_no_such_address(pool: Any, key_ring: KeyRing) -> None:
    """An installation that lets nobody call shows nothing of it."""
    async with running_api(pool, key_ring) as api:
        assert (await api.call("POST", "/national/portal/nhanhsdvcqg", body={})).problem == "no-such-address"


async def test_a_file_that_came_with_a_message_leaves_a_line(pool: Any, key_ring: KeyRing) -> None:
    """Once it is there and given out; a business has no citizen's number to be found by."""
    code = "QG-2026-000123"
    async with national_api(pool, key_ring) as api:
        await told(api, "addtthcKhuyenMai", promotion(code))
        [message] = (await api.get(f"/v1/applications/{code}/messages")).json["messages"]
        address = f"/v1/applications/{code}/files/{message['message_id']}"
        assert (await api.get(f"{address}-0")).body == PDF
        assert (await api.get(f"{address}-9")).problem == "file-not-found"

    assert [("answered", "one-stop", code, False, ("file",), "read")] == await looks(pool, AuditAction.FILE_READ)
