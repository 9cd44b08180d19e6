"""Results of the national store and files in base64 are taken as documented, and nothing else is."""

import base64
from typing import Any

import pytest

from gateway.errors import InvalidInput
from gateway.ports.portal_services import FoundResult, ResultQuery, StoredFile, WantedResult
from mappings.portal.results import decode_file, download_record, query_record, read_found_results

PDF = b"%PDF-1.7\nm\n%%EOF"
# The examples of portal wire notes §10.
QUESTION = {
    "SoDinhDanhChuSoHuu": "999199000001",
    "HoTenNguoiYeuCau": "Trần Văn Thử",
    "KenhThucHien": "1",
    "SoDinhDanhNguoiYeuCau": "999188000002",
    "MaThuTuc": "1.999001",
    "DanhSachDanhMucKetQua": [{"MaKetQua": "KQ.G99.900001", "SoKyHieu": ""}],
}
PAPER: dict[str, Any] = {
    "MaKetQua": "KQ.G99.900001",
    "TenGiayTo": "Giấy xác nhận",
    "SoKyHieu": "12/GXN",
    "CoQuanChuQuan": "G99",
    "DanhSachTepDinhKem": [{"TenTep": "gxn.pdf", "DuongDan": "/kho/2026/gxn.pdf"}],
}


def test_the_documented_question_is_written() -> None:
    """Key by key; who asks is told by 1 for an officer and 2 for a citizen."""
    query = ResultQuery(
        owner_number="999199000001",
        requester_name="Trần Văn Thử",
        requester_number="999188000002",
        is_asked_by_officer=True,
        procedure_code="1.999001",
        wanted=(WantedResult(result_code="KQ.G99.900001"),),
    )
    assert QUESTION == query_record(query)
    by_citizen = ResultQuery(
        owner_number="999199000001",
        requester_name="Trần Văn Thử",
        requester_number="999188000002",
        is_asked_by_officer=False,
        procedure_code="1.999001",
        wanted=(WantedResult(result_code="KQ.G99.900001", notation="12/GXN"),),
    )
    assert ("2", "12/GXN") == (
        query_record(by_citizen)["KenhThucHien"],
        query_record(by_citizen)["DanhSachDanhMucKetQua"][0]["SoKyHieu"],
    )
    assert not any(secret in repr(query) for secret in ("999199", "999188", "Trần"))
    assert {"CoQuanChuQuan": "G99", "DuongDan": "/kho/2026/gxn.pdf"} == download_record("G99", "/kho/2026/gxn.pdf")


def test_the_documented_answer_is_read() -> None:
    """Field by field, and neither notation nor file shows in a repr."""
    expected = FoundResult(
        result_code="KQ.G99.900001",
        name="Giấy xác nhận",
        notation="12/GXN",
        owning_agency_code="G99",
        files=(StoredFile(name="gxn.pdf", path="/kho/2026/gxn.pdf"),),
    )
    [found] = read_found_results([{"DanhSachGiayToKetQua": [PAPER]}])
    assert expected == found
    assert "GXN" not in repr(found)
    assert "gxn" not in repr(found)


@pytest.mark.parametrize("result", [[], [{"DanhSachGiayToKetQua": []}]])
def test_nothing_found_is_a_value(result: list[Any]) -> None:
    """No paper is an answer."""
    assert [] == read_found_results(result)


@pytest.mark.parametrize(
    "result",
    [
        [{}],
        [{"DanhSachGiayToKetQua": None}],
        [{"DanhSachGiayToKetQua": {}}],
        [PAPER],
        ["x"],
        [{"DanhSachGiayToKetQua": []}, {"DanhSachGiayToKetQua": []}],
        [{"DanhSachGiayToKetQua": [1]}],
        [{"DanhSachGiayToKetQua": [{**PAPER, "MaKetQua": ""}]}],
        [{"DanhSachGiayToKetQua": [{**PAPER, "DanhSachTepDinhKem": "x"}]}],
        [{"DanhSachGiayToKetQua": [{**PAPER, "DanhSachTepDinhKem": [1]}]}],
    ],
)
def test_another_form_is_refused(result: list[Any]) -> None:
    """What cannot be read never looks like nothing found, and no fault shows content."""
    with pytest.raises(InvalidInput) as caught:
        read_found_results(result)
    assert "GXN" not in f"{caught.value}{caught.value.faults}"


@pytest.mark.parametrize("files", [None, [], [{"TenTep": "gxn.pdf"}], [{"TenTep": "gxn.pdf", "DuongDan": ""}]])
def test_a_paper_without_a_path_has_no_files(files: object) -> None:
    """A file that nobody can ask for is none."""
    [found] = read_found_results([{"DanhSachGiayToKetQua": [{**PAPER, "DanhSachTepDinhKem": files}]}])
    assert () == found.files


@pytest.mark.parametrize("path", ["/kho/a.pdf", "/kho/a.PDF", "a.pdf", "/kho/a", "/kho.2026/a", ""])
def test_a_file_is_given_as_it_is(path: str) -> None:
    """A name with a known ending must fit; without one nothing was announced. Line breaks in base64 are none of it."""
    text = base64.b64encode(PDF).decode()
    assert PDF == decode_file(text, path, max_bytes=len(PDF))
    assert PDF == decode_file(f"{text[:8]}\r\n{text[8:]}\n", path, max_bytes=1000)


@pytest.mark.parametrize(
    ("content", "path", "max_bytes", "code"),
    [
        (PDF, "a.pdf", len(PDF) - 1, "file_too_large"),
        (PDF * 1000, "a.pdf", 1000, "file_too_large"),
        (b"", "a.pdf", 1000, "empty_file"),
        (b"<html></html>", "a.pdf", 1000, "not_as_announced"),
        (PDF, "a.docx", 1000, "not_as_announced"),
        (b"MZ\x90\x00", "a.bin", 1000, "not_as_announced"),
        (b"\x7fELF", "a", 1000, "not_as_announced"),
    ],
)
def test_a_file_that_is_not_what_was_announced_is_refused(content: bytes, path: str, max_bytes: int, code: str) -> None:
    """Too large, empty, of another kind, or a program under any name; the rule is told, not the name."""
    with pytest.raises(InvalidInput) as caught:
        decode_file(base64.b64encode(content).decode(), path, max_bytes=max_bytes)
    assert code == caught.value.code
    assert "a.pdf" not in f"{caught.value}{caught.value.faults}"


@pytest.mark.parametrize("text", ["*", "JVBER", "JVBERi0xLjc*", "không", "JVBE=Ri0", "=", "JVBERi0-"])
def test_what_is_no_base64_is_refused(text: str) -> None:
    """Letters outside the alphabet and wrong padding are never passed over."""
    with pytest.raises(InvalidInput) as caught:
        decode_file(text, "a.pdf", max_bytes=1000)
    assert "not_base64" == caught.value.code


@pytest.mark.parametrize("length", [1024, 1025, 1026, 1027])
def test_the_limit_holds_to_the_byte(length: int) -> None:
    """At every length modulo three a file of exactly the limit passes and one more byte does not."""
    for size, is_taken in ((length, True), (length + 1, False)):
        text = base64.b64encode(PDF.ljust(size, b"\0")).decode()
        if is_taken:
            assert size == len(decode_file(text, "a.pdf", max_bytes=length))
        else:
            with pytest.raises(InvalidInput):
                decode_file(text, "a.pdf", max_bytes=length)
