"""The store of results and the files of the portal stand behind the facade, in their own dialect."""

import base64
from typing import Any

import pytest

from tests.unit.adapters.portal.sandbox.portal_helpers import portal_line

FACADE = "/KetNoiMotCuaQuocGia/"
QUERY: dict[str, Any] = {
    "SoDinhDanhChuSoHuu": "999199000001",
    "HoTenNguoiYeuCau": "Trần Văn Thử",
    "KenhThucHien": "1",
    "SoDinhDanhNguoiYeuCau": "999188000002",
    "MaThuTuc": "1.999001",
    "DanhSachDanhMucKetQua": [{"MaKetQua": "KQ.G99.900001", "SoKyHieu": ""}],
}


async def test_the_request_of_the_notes_is_answered_in_the_stores_envelope() -> None:
    """camelCase, a text code, an empty signature; the same document for the same owner, and its file."""
    async with portal_line(is_facade_served=True) as line:

        async def find(**changes: Any) -> Any:
            async with line.client.post(FACADE + "GetKetQuaGiayTo", json={**QUERY, **changes}) as response:
                return await response.json()

        reply = await find()
        assert ("0", "", "") == (reply["errorCode"], reply["message"], reply["signature"])
        [found] = reply["result"]["DanhSachGiayToKetQua"]
        assert {"MaKetQua", "TenGiayTo", "SoKyHieu", "CoQuanChuQuan", "DanhSachTepDinhKem"} == set(found)
        assert reply == await find()
        wanted = [{"MaKetQua": "KQ.G99.900001", "SoKyHieu": found["SoKyHieu"]}]
        assert reply == await find(DanhSachDanhMucKetQua=wanted)
        other = await find(DanhSachDanhMucKetQua=[{"MaKetQua": "KQ.G99.900001", "SoKyHieu": "1/KHAC"}])
        assert [] == other["result"]["DanhSachGiayToKetQua"]
        nobody = await find(SoDinhDanhChuSoHuu="999199000000")
        assert [] == nobody["result"]["DanhSachGiayToKetQua"]
        asked = {"CoQuanChuQuan": "G99", "DuongDan": found["DanhSachTepDinhKem"][0]["DuongDan"]}
        async with line.client.post(FACADE + "GetGiayToByUrl", json=asked) as response:
            assert base64.b64decode(await response.read()).startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"SoDinhDanhChuSoHuu": ""}, "SoDinhDanhChuSoHuu"),
        ({"MaThuTuc": None}, "MaThuTuc"),
        ({"KenhThucHien": "3"}, "KenhThucHien"),
        ({"DanhSachDanhMucKetQua": []}, "DanhSachDanhMucKetQua"),
        ({"DanhSachDanhMucKetQua": [{"MaKetQua": "x"}]}, "DanhSachDanhMucKetQua"),
    ],
)
async def test_a_question_that_is_not_whole_is_refused(changes: dict[str, Any], named: str) -> None:
    """Naming the field."""
    async with (
        portal_line(is_facade_served=True) as line,
        line.client.post(FACADE + "GetKetQuaGiayTo", json={**QUERY, **changes}) as response,
    ):
        reply = await response.json()
        assert ("-1", True) == (reply["errorCode"], named in reply["message"])


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("text", b"JVBERi0xLjc="),
        ("json_string", b'"JVBERi0xLjc="'),
        ("reply", '{"error_code":0,"message":"Thành công","result":"JVBERi0xLjc="}'.encode()),
        ("spoiled", b"JVBERi0!"),
        ("empty", b""),
    ],
)
async def test_a_file_is_given_as_switched(form: str, expected: bytes) -> None:
    """By getfile, from what the control API put in."""
    async with portal_line(is_facade_served=True, file_form=form) as line:
        content = {"path": "/tep/don.pdf", "content": base64.b64encode(b"%PDF-1.7").decode()}
        async with line.client.post("/_sandbox/files", json=content) as response:
            assert {"path": "/tep/don.pdf", "size_bytes": 8} == await response.json()
        async with line.client.post(FACADE + "getfile", json={"DuongDan": "/tep/don.pdf"}) as response:
            assert expected.rstrip(b"!")[:8] == (await response.read())[: len(expected.rstrip(b"!")[:8])]
            assert (form == "spoiled") is (await response.read()).endswith(b"!")
        async with line.client.post(FACADE + "getfile", json={"DuongDan": "/tep/khac.pdf"}) as response:
            assert -1 == (await response.json())["error_code"]
        async with line.client.post("/_sandbox/files", json={"path": "/x", "content": "*"}) as response:
            assert 400 == response.status


async def test_the_native_paths_do_not_know_the_store() -> None:
    """It stands behind the facade only, and only where one is served."""
    async with portal_line() as line:
        for service in ("GetKetQuaGiayTo", "GetGiayToByUrl", "getfile"):
            assert -1 == (await line.call(service, data=QUERY))["error_code"]
            async with line.client.post(FACADE + service, json=QUERY) as response:
                assert 404 == response.status
