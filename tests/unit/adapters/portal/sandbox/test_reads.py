"""What the sandbox gives to be read, in raw JSON, as portal wire notes §1.8, §3.3 to §3.5, §4 and §10 have it."""

import base64
import json
from typing import Any

import pytest

from adapters.portal.sandbox import SERVICES
from adapters.portal.sandbox.reads import FIELDS
from tests.unit.adapters.portal.sandbox.portal_helpers import BASE, CATALOGUE_SIZE, PortalLine, portal_line

KM = "/KetNoiMotCuaQuocGia/"
QUESTION = {
    "SoDinhDanhChuSoHuu": "999199000001",
    "HoTenNguoiYeuCau": "Trần Văn Thử",
    "KenhThucHien": "1",
    "SoDinhDanhNguoiYeuCau": "999188000002",
    "MaThuTuc": "1.999001",
    "DanhSachDanhMucKetQua": [{"MaKetQua": "KQ.G91.900001", "SoKyHieu": ""}],
}


async def get(line: PortalLine, path: str) -> Any:
    async with line.client.get(KM + path) as response:
        return json.loads(await response.read())


@pytest.mark.parametrize("service", sorted(FIELDS))
async def test_catalogues_have_upper_case_pairs(service: str) -> None:
    """Every item has code and name under the catalogue's names, and other names by setting (§13-22)."""
    code, name = FIELDS[service]
    async with portal_line() as line:
        reply = await line.call(service)
        assert (0, "Thành công") == (reply["error_code"], reply["message"])
        assert all(item[code] and isinstance(item[name], str) for item in reply["result"])
        line.sandbox.change_profile(catalogue_fields={service: ["MA", "TEN"]}, catalogue_size=2)
        renamed = (await line.call(service))["result"]
        assert len(renamed) >= 2
        assert all(item["MA"] and "TEN" in item and code not in item for item in renamed)


async def test_a_catalogue_may_be_dirty() -> None:
    """Doubles, contradictions, missing codes and a missing end come by setting, and in that order."""
    async with portal_line(catalogue_size=5000, missing_catalogue_items=1) as line:
        assert 4999 == len((await line.call("LayDanhMucDanToc"))["result"])
    dirty: dict[str, Any] = {
        "duplicate_catalogue_items": 1,
        "contradictory_catalogue_items": 1,
        "codeless_catalogue_items": 1,
    }
    async with portal_line(**dirty) as line:
        result = (await line.call("LayDanhMucDanToc"))["result"]
        assert result[0] == result[3]
        assert (result[0]["MADANTOC"], "Kinh (tên khác)") == (result[4]["MADANTOC"], result[4]["TENDANTOC"])
        assert {"MADANTOC": "", "TENDANTOC": "Kinh"} == result[5]


async def test_empty_and_unserved_answers() -> None:
    """Success with nothing, and a refusal that names the service."""
    async with portal_line(empty_services=["LayDanhMucDanToc"], unserved_services=["LayDVC"]) as line:
        assert {"error_code": 0, "message": "Thành công", "result": []} == await line.call("LayDanhMucDanToc")
        assert {"error_code": -1, "message": "Dịch vụ LayDVC chưa được hỗ trợ"} == await line.call("LayDVC")


async def test_online_services_stand_in_an_object() -> None:
    """§3.4: `result` is {"data": […]}, each with the agencies that apply it."""
    async with portal_line() as line:
        result = (await line.call("LayDVC"))["result"]
    assert ["data"] == list(result)
    assert CATALOGUE_SIZE == len(result["data"])
    wanted = {"MADVC", "TENDVC", "MATTHC", "TENTTHC", "TENCOQUANBANHANH", "TENLINHVUC", "APDUNGDVC"}
    assert all(wanted == set(item) for item in result["data"])
    assert {"MACOQUANTHUCHIEN", "MUCDO"} == set(result["data"][0]["APDUNGDVC"][0])


@pytest.mark.parametrize(
    ("service", "wrong"),
    [
        ("LayQDCB", {}),
        ("LayQDCB", {"idQDCB": 7}),
        ("LayDanhSachTTHCDonVi", {"maDonVi": ""}),
        ("TraCuuTechID", {"provider": "wso2is"}),
        ("TraCuuTechID", {"provider": "khac", "mstorcmnd": "999199000001"}),
    ],
)
async def test_parameters_are_required(service: str, wrong: dict[str, Any]) -> None:
    """A missing or wrong parameter is named."""
    async with portal_line() as line:
        reply = await line.call(service, **wrong)
    assert -1 == reply["error_code"]
    assert reply["message"].startswith("Thiếu hoặc sai tham số")


async def test_registrations_are_asked_and_changed() -> None:
    """§3.5: one record with TECHNICALID, or an empty list; the control API registers and forgets."""
    async with portal_line() as line:
        asked = {"provider": "wso2is", "mstorcmnd": "999199000003"}
        assert [] == (await line.call("TraCuuTechID", **asked))["result"]
        change = {"number": "999199000003", "technical_ids": ["TECH-9"]}
        status, _ = await line.post("/_sandbox/technical-ids", change)
        assert 200 == status
        assert [{"TECHNICALID": "TECH-9"}] == (await line.call("TraCuuTechID", **asked))["result"]
        assert 400 == (await line.post("/_sandbox/technical-ids", {"number": "1", "technical_ids": "x"}))[0]


async def test_a_facade_wraps_all_but_the_look_up_by_number() -> None:
    """§1.8: reads come as a string inside `message`, TraCuuTechID as JSON directly."""
    async with portal_line(is_facade_served=True) as line:
        wrapped = await get(line, "LayQDCB?idQDCB=70001")
        assert ["message"] == list(wrapped)
        assert "70001" == json.loads(wrapped["message"])["result"][0]["ID"]
        plain = await get(line, "TraCuuTechID?mstorcmnd=999199000001")
        assert 0 == plain["error_code"]
        assert 1 == len(plain["result"])


async def test_the_store_answers_in_its_own_envelope() -> None:
    """§10: `errorCode` as text, `signature`, and the papers in an object; a bad question is refused likewise."""
    async with portal_line(is_facade_served=True) as line:
        _, body = await line.post(KM + "GetKetQuaGiayTo", QUESTION)
        reply = json.loads(body)
        assert ["errorCode", "message", "signature", "result"] == list(reply)
        assert "0" == reply["errorCode"]
        [paper] = reply["result"]["DanhSachGiayToKetQua"]
        assert {"MaKetQua", "TenGiayTo", "SoKyHieu", "CoQuanChuQuan", "DanhSachTepDinhKem"} == set(paper)
        for name in QUESTION:
            _, body = await line.post(KM + "GetKetQuaGiayTo", {**QUESTION, name: ""})
            assert ("-1", f"Thiếu hoặc sai tham số {name}") == (
                json.loads(body)["errorCode"],
                json.loads(body)["message"],
            )


async def test_files_come_as_base64_text() -> None:
    """§1.8, §10: by path, a notice's with `getfile`, the store's with agency and path."""
    async with portal_line(is_facade_served=True) as line:
        _, body = await line.post(KM + "getfile", {"DuongDan": "/dvcqg/tep/1.pdf"})
        assert base64.b64decode(json.loads(body)).startswith(b"%PDF-")
        asked = {"CoQuanChuQuan": "G91", "DuongDan": "/kho/2026/1-0.pdf"}
        _, body = await line.post(KM + "GetGiayToByUrl", asked)
        assert base64.b64decode(json.loads(body)).startswith(b"%PDF-")
        for path, wrong in (
            ("getfile", {"DuongDan": "/kho/2026/1-0.pdf"}),
            ("getfile", {}),
            ("GetGiayToByUrl", {**asked, "CoQuanChuQuan": "G00"}),
        ):
            _, body = await line.post(KM + path, wrong)
            assert -1 == json.loads(json.loads(body)["message"])["error_code"]


async def test_what_only_facades_have_is_not_known_natively() -> None:
    """The native path refuses them like any unknown service."""
    elsewhere = [name for name, service in SERVICES.items() if service.is_facade_only]
    assert ["GetKetQuaGiayTo", "GetGiayToByUrl", "getfile"] == elsewhere
    async with portal_line(is_facade_served=True) as line:
        for name in elsewhere:
            assert f"Dịch vụ {name} chưa được hỗ trợ" == (await line.call(name, DuongDan="/dvcqg/tep/1.pdf"))["message"]
        status, _ = await line.post(BASE + "getfile", {})
        assert 404 == status
