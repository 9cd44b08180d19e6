"""The store of results and files by path, in raw JSON, as portal wire notes §1.8 and §10 have them."""

import base64
import json

from adapters.portal.sandbox import SERVICES
from tests.unit.adapters.portal.sandbox.portal_helpers import BASE, portal_line

KM = "/KetNoiMotCuaQuocGia/"
QUESTION = {
    "SoDinhDanhChuSoHuu": "999199000001",
    "HoTenNguoiYeuCau": "Trần Văn Thử",
    "KenhThucHien": "1",
    "SoDinhDanhNguoiYeuCau": "999188000002",
    "MaThuTuc": "1.999001",
    "DanhSachDanhMucKetQua": [{"MaKetQua": "KQ.G91.900001", "SoKyHieu": ""}],
}


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
            refused = json.loads(body)
            assert ("-1", f"Thiếu hoặc sai tham số {name}") == (refused["errorCode"], refused["message"])


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


async def test_the_control_api_tells_what_is_stored() -> None:
    """Papers by owner, and every path that a file is given out under."""
    async with portal_line() as line, line.client.get("/_sandbox/results") as response:
        told = json.loads(await response.read())
    assert "KQ.G91.900001" == told["results"]["999199000001"][0]["MaKetQua"]
    assert {"/dvcqg/tep/1.pdf", "/kho/2026/1-0.pdf"} <= set(told["files"])


async def test_what_only_facades_have_is_not_known_natively() -> None:
    """The native path refuses them like any unknown service."""
    elsewhere = [name for name, service in SERVICES.items() if service.is_facade_only]
    assert ["GetKetQuaGiayTo", "GetGiayToByUrl", "getfile"] == elsewhere
    async with portal_line(is_facade_served=True) as line:
        for name in elsewhere:
            assert f"Dịch vụ {name} chưa được hỗ trợ" == (await line.call(name, DuongDan="/dvcqg/tep/1.pdf"))["message"]
        status, _ = await line.post(BASE + "getfile", {})
        assert 404 == status
