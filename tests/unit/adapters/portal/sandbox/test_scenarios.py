"""The scenarios of the portal wire notes §13.1, over real loopback HTTP."""

import asyncio
import json
from typing import Any

import pytest

from adapters.portal.sandbox.fields import DOSSIER_FIELDS
from adapters.sandboxing import FaultKind
from tests.unit.adapters.portal.sandbox.portal_helpers import (
    CATALOGUE_SIZE,
    CODE,
    LOST,
    PortalLine,
    code,
    dossier_record,
    portal_line,
    step_record,
)
from tests.unit.adapters.sandboxing.sandboxing_helpers import HandClock

FACADE = "/KetNoiMotCuaQuocGia/"
BAD_SESSION = {"error_code": -1, "message": "Phiên làm việc không hợp lệ hoặc đã hết hạn"}


async def test_scenario_1_a_dossier_goes_all_the_way() -> None:
    """Login, LayThuTuc, create, progress, update to 9, update to 10 with a result, look up."""
    async with portal_line() as line:
        procedure = (await line.call("LayThuTuc", maTTHC="1.999001"))["result"][0]
        record = dossier_record(TenTTHC=procedure["TENTTHC"])
        assert {"error_code": 0, "message": "Đồng bộ hồ sơ thành công"} == await line.create(record)
        assert 0 == (await line.progress(step_record()))["error_code"]
        await line.update({**record, "TrangThaiHoSo": "9", "NgayKetThucXuLy": "20260109100000"})
        await line.progress(step_record(CODE, "20260109100000", TrangThai="9"))
        paper = {"TenGiayTo": "Giấy", "DuongDanTepTinKetQua": "https://files.province.example/r/1"}
        paper["MaGiayToKetQua"] = procedure["KETQUATHUCHIEN"][0]["MAKETQUA"]
        final = {**record, "TrangThaiHoSo": "10", "DanhSachGiayToKetQua": [paper]}
        await line.update(final)
        found = await line.look_up()
        assert {"error_code": 0, "message": "Thành công", "result": [final]} == found
        assert list(DOSSIER_FIELDS) == list(found["result"][0])
        counters = line.sandbox.counters()
        assert (1, 1, 2, 2) == tuple(
            counters[name] for name in ("dossiers", "creates_applied", "updates_changed", "steps_stored")
        )


async def test_scenario_2_create_twice_then_update() -> None:
    """The fragment that clients search for leads them to the update."""
    async with portal_line() as line:
        await line.create(dossier_record())
        again = await line.create(dossier_record(TrangThaiHoSo="4"))
        assert {"error_code": 3, "message": f"Hồ sơ {CODE} đã tồn tại"} == again
        assert "thành công" in (await line.update(dossier_record(TrangThaiHoSo="4")))["message"].lower()
        assert "4" == (await line.look_up())["result"][0]["TrangThaiHoSo"]


async def test_scenario_3_a_session_ends_between_two_calls() -> None:
    """By its age, by force, by a fault; each time nothing is done and the wording asks for a new login."""
    clock = HandClock()
    async with portal_line(clock) as line:
        clock.advance(1799)
        assert 0 == (await line.create(dossier_record()))["error_code"]
        clock.advance(2)
        assert BAD_SESSION == await line.update(dossier_record(TrangThaiHoSo="9"))
        await line.log_in()
        assert 1 == line.sandbox.expire_sessions()
        assert BAD_SESSION == await line.update(dossier_record(TrangThaiHoSo="9"))
        await line.log_in()
        line.arm(FaultKind.EXPIRED_SESSION)
        assert BAD_SESSION == await line.look_up()
        assert BAD_SESSION == await line.look_up(), "the session is gone for good, not for one call"
        await line.log_in()
        assert "2" == (await line.look_up())["result"][0]["TrangThaiHoSo"]
        assert 4 == line.sandbox.counters()["calls_with_bad_session"]
        assert [True, False] == [call.session_ok for call in line.sandbox.recorder.calls(operation="DongBoHoSoMC")][:2]


@pytest.mark.parametrize(
    ("dialect", "success", "exists"), [("integer", 0, 3), ("string", "0", "3"), ("double_zero", "00", "3")]
)
async def test_scenario_4_codes_come_in_three_dialects(dialect: str, success: Any, exists: Any) -> None:
    """As a setting, and as a fault for single calls; the record always notes plain numbers."""
    async with portal_line(code_dialect=dialect) as line:
        assert success == (await line.log_in())["error_code"]
        assert success == (await line.create(dossier_record()))["error_code"]
        assert exists == (await line.create(dossier_record()))["error_code"]
        assert {"DongBoHoSoMC 0": 1, "DongBoHoSoMC 3": 1}.items() <= line.sandbox.counters()["by_outcome"].items()
    async with portal_line() as line:
        line.arm(FaultKind.ERROR_CODE_DIALECT, variant=dialect)
        assert [success, 0] == [(await line.look_up())["error_code"] for _ in range(2)]


@pytest.mark.parametrize("variant", ["close", "reset"])
async def test_scenario_5_the_reply_is_lost_after_the_dossier_was_stored(variant: str) -> None:
    """The sender that looks finds it; the one that creates again is told apart in the record."""
    async with portal_line() as line:
        line.arm(FaultKind.DROP_REPLY, operation="DongBoHoSoMC", variant=variant)
        with pytest.raises(LOST):
            await line.create(dossier_record())
        assert [dossier_record()] == (await line.look_up())["result"]
        assert 3 == (await line.create(dossier_record()))["error_code"]
        counters = line.sandbox.counters()
        assert (1, 1) == (counters["creates_applied"], counters["creates_rejected_identical"])
        assert {"drop_reply": 1} == counters["faults_injected"]


async def test_scenario_5_the_reply_is_slower_than_the_caller_waits() -> None:
    """The effect of a call that was given up arrives late, after the caller found nothing and created anew."""
    async with portal_line() as line:
        line.arm(FaultKind.STALL_BEFORE_WORK, operation="DongBoHoSoMC", delay_seconds=0.4)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await line.create(dossier_record())
        assert [] == (await line.look_up())["result"]
        assert 0 == (await line.create(dossier_record()))["error_code"]
        async with asyncio.timeout(5):
            await asyncio.sleep(0.4)
        counters = line.sandbox.counters()
        assert (1, 1) == (counters["creates_applied"], counters["creates_rejected_identical"])
        assert 0 == counters["concurrent_same_dossier"], "the caller had hung up before it called again"


async def test_scenario_6_progress_is_refused_after_the_dossier_was_taken() -> None:
    """A business rejection for one service: the dossier stays, the step is not stored; then it is."""
    async with portal_line() as line:
        line.arm(FaultKind.BUSINESS_REJECTION, operation="CapNhatTienDoHoSoMC", message="Chưa xử lý được")
        assert 0 == (await line.create(dossier_record()))["error_code"]
        assert {"error_code": -1, "message": "Chưa xử lý được"} == await line.progress(step_record())
        assert 0 == line.sandbox.counters()["steps_stored"]
        assert 0 == (await line.progress(step_record()))["error_code"]


async def test_scenario_7_and_8_oddities_of_the_catalogue_are_served() -> None:
    """Repeated papers, amounts in words, an apostrophe, a procedure without sector: as they are in the catalogue."""
    async with portal_line() as line:
        listed = (await line.call("LayDanhSachTTHC"))["result"]
        assert CATALOGUE_SIZE == len(listed)
        assert {frozenset({"MATTHC", "TENTTHC"})} == {frozenset(item) for item in listed}
        served = [
            (await line.call("LayThuTuc", maTTHC=item["MATTHC"]))["result"][0] for item in listed[:CATALOGUE_SIZE]
        ]
        assert list(line.sandbox.procedures()) == served
        assert [] == served[7]["LINHVUCTHUCHIEN"]
        assert {"error_code": 0, "message": "Thành công", "result": []} == await line.call(
            "LayThuTuc", maTTHC="0.000000"
        )


@pytest.mark.parametrize(
    ("quirk", "expected"),
    [
        ("missing", {"error_code": 0, "message": "Thành công"}),
        ("null", {"error_code": 0, "message": "Thành công", "result": None}),
        ("object", {"error_code": 0, "message": "Thành công", "result": {"data": []}}),
    ],
)
async def test_scenario_9_the_result_has_another_shape(quirk: str, expected: Any) -> None:
    """As a setting and as a fault; pushes are left alone."""
    async with portal_line(read_result=quirk) as line:
        assert expected == await line.look_up()
        assert {"error_code": 0, "message": "Đồng bộ hồ sơ thành công"} == await line.create(dossier_record())
    async with portal_line() as line:
        line.arm(FaultKind.ODD_RESULT, variant=quirk)
        assert [expected, {**expected, "result": []}] == [await line.look_up() for _ in range(2)]


async def test_scenario_10_a_facade_takes_bare_arrays_and_wraps_replies() -> None:
    """No session, three push addresses, the query form, and reads as JSON inside `message` (§1.8)."""
    async with portal_line(is_facade_served=True) as line:

        async def push(path: str, records: Any) -> Any:
            return json.loads((await line.post(FACADE + path, records))[1])

        async def read(path: str) -> Any:
            async with line.client.get(FACADE + path) as response:
                outer = await response.json()
            assert ["message"] == list(outer)
            return json.loads(outer["message"])

        assert 0 == (await push("ThemMoi", [dossier_record()]))["error_code"]
        assert 3 == (await push("ThemMoi", [dossier_record()]))["error_code"]
        assert 0 == (await push("CapNhat", [dossier_record(TrangThaiHoSo="4")]))["error_code"]
        assert 0 == (await push("DongBoTienTrinh", [step_record()]))["error_code"]
        query = "DongBoHoSoMC?isUpdating={}&MaDinhDanhDV=H99"
        assert 0 == (await push(query.format("False"), [dossier_record(code(2))]))["error_code"]
        assert 0 == (await push(query.format("true"), [dossier_record(code(2), TrangThaiHoSo="4")]))["error_code"]
        assert "isUpdating" in (await push("DongBoHoSoMC", [dossier_record(code(2))]))["message"]
        assert -1 == (await push("ThemMoi", {"data": []}))["error_code"]
        assert CATALOGUE_SIZE == len((await read("LayDanhSachTTHC"))["result"])
        assert CATALOGUE_SIZE == len((await read("LayDanhSachTTHCDonVi?maDonVi=H99"))["result"])
        assert "1.999002" == (await read("LayThuTuc?maTTHC=1.999002"))["result"][0]["MATTHC"]
        assert "MALINHVUC" in (await read("LayDanhMucLinhVuc"))["result"][0]
        assert 2 == line.sandbox.counters()["dossiers"]


async def test_scenario_10_wrapping_is_a_setting_each_way() -> None:
    """Facade reads may come plain, facade pushes wrapped, and native answers wrapped by setting or fault."""
    settings: dict[str, Any] = {"are_facade_reads_wrapped": False, "are_facade_pushes_wrapped": True}
    async with portal_line(is_facade_served=True, **settings) as line:
        async with line.client.get(FACADE + "LayDanhSachTTHC") as response:
            assert 0 == (await response.json())["error_code"]
        _, body = await line.post(FACADE + "ThemMoi", [dossier_record()])
        assert 0 == json.loads(json.loads(body)["message"])["error_code"]
        line.arm(FaultKind.WRAPPED_REPLY)
        first, second = [await line.look_up("x") for _ in range(2)]
        assert second == json.loads(first["message"])
    async with portal_line() as line:
        line.sandbox.change_profile(is_reply_wrapped=True)
        assert 0 == json.loads((await line.look_up())["message"])["error_code"]
        status, _ = await line.post(FACADE + "ThemMoi", [dossier_record()])
        assert 404 == status, "the facade is not served unless the profile says so"


async def test_scenario_11_long_notes_and_null_contents_are_refused() -> None:
    """The two defects that real clients met, named by dossier and field."""
    async with portal_line() as line:
        assert {
            "error_code": -1,
            "message": f"Hồ sơ {CODE}: trường GhiChu dài quá 2000 ký tự",
        } == await line.create(dossier_record(GhiChu="x" * 2001))
        await line.create(dossier_record())
        assert {
            "error_code": -1,
            "message": f"Hồ sơ {CODE}: thiếu trường NoiDungXuLy",
        } == await line.progress(step_record(NoiDungXuLy=None))


async def test_scenario_13_one_bad_record_refuses_its_batch() -> None:
    """The message lists the offender, and the rest can be sent again without it."""
    async with portal_line() as line:
        good = [dossier_record(code(number)) for number in range(49)]
        bad = dossier_record(code(99), NgayTiepNhan="20260230000000")
        reply = await line.create(*good[:20], bad, *good[20:])
        assert -1 == reply["error_code"]
        assert [code(99)] == [word.rstrip(":") for word in reply["message"].split() if word.startswith("H99")]
        assert 0 == (await line.create(*good))["error_code"]
        assert 49 == line.sandbox.counters()["dossiers"]


async def test_scenario_14_the_same_dossier_pushed_at_once_is_noticed() -> None:
    """Two updates under way together are counted, and the order of arrival is in the record."""
    async with portal_line(latency_seconds=0.05) as line:
        await line.create(dossier_record(), dossier_record(code(1)))
        await asyncio.gather(
            line.update(dossier_record(TrangThaiHoSo="4")),
            line.update(dossier_record(TrangThaiHoSo="9"), dossier_record(code(1), TrangThaiHoSo="9")),
            line.progress(step_record(code(1))),
        )
        counters = line.sandbox.counters()
        assert 2 == counters["concurrent_same_dossier"]
        assert {CODE, code(1)} == {overlap["item_code"] for overlap in line.sandbox.recorder.overlaps()}
        dossier = line.sandbox.dossier(CODE)
        assert dossier is not None
        assert ["2", dossier.revisions[1].status, dossier.status] == [r.status for r in dossier.revisions]


async def test_calls_that_arrive_together_are_noticed_without_latency() -> None:
    """Even an instant portal sees two requests that were sent in one breath."""
    async with portal_line() as line:
        await line.create(dossier_record())
        await asyncio.gather(line.look_up(), line.look_up())  # opens two connections
        records = (dossier_record(TrangThaiHoSo="4"), dossier_record(TrangThaiHoSo="9"))
        await asyncio.gather(*(line.update(record) for record in records))
        assert 1 == line.sandbox.counters()["concurrent_same_dossier"]
        for record in records:
            await line.update(record)
        assert 1 == line.sandbox.counters()["concurrent_same_dossier"], "one after the other is no overlap"


async def test_a_look_up_beside_a_push_is_counted_apart() -> None:
    """It is no double effect, but one call per dossier was promised."""
    async with portal_line(latency_seconds=0.05) as line:
        await line.create(dossier_record())
        await asyncio.gather(line.update(dossier_record()), line.look_up())
        counters = line.sandbox.counters()
        assert (0, 1) == (counters["concurrent_same_dossier"], counters["concurrent_look_up_same_dossier"])


async def test_line_helper_reaches_the_sandbox() -> None:
    """The client of these tests really speaks over a socket: the sandbox's own record has its calls."""
    async with portal_line() as line:
        assert isinstance(line, PortalLine)
        await line.look_up()
        assert ["login", "TraCuuHoSo"] == [call.operation for call in line.sandbox.recorder.calls()]
