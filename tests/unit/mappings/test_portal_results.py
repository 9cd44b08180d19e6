"""Questions to the store of results say who asks for what, and its answers are read whole or not at all."""

import dataclasses
from typing import Any

import pytest

from gateway.errors import InvalidInput
from gateway.ports.portal_services import FoundResult, ResultQuery, StoredFile, WantedResult
from mappings.portal.results import query_record, read_results

QUERY = ResultQuery(
    owner_number="999199000001",
    requester_name="Trần Văn Thử",
    requester_number="999188000002",
    is_asked_by_officer=True,
    procedure_code="1.999001",
    wanted=(WantedResult(result_code="KQ.G99.900001"),),
)
FOUND: dict[str, Any] = {
    "MaKetQua": "KQ.G99.900001",
    "TenGiayTo": "Giấy xác nhận",
    "SoKyHieu": "12/GXN",
    "CoQuanChuQuan": "G99",
    "DanhSachTepDinhKem": [{"TenTep": "gxn.pdf", "DuongDan": "/kho/2026/gxn.pdf"}],
}


def test_the_request_of_the_notes_is_written() -> None:
    """Key by key as in portal wire notes §10; a citizen's own question has another channel."""
    assert {
        "SoDinhDanhChuSoHuu": "999199000001",
        "HoTenNguoiYeuCau": "Trần Văn Thử",
        "KenhThucHien": "1",
        "SoDinhDanhNguoiYeuCau": "999188000002",
        "MaThuTuc": "1.999001",
        "DanhSachDanhMucKetQua": [{"MaKetQua": "KQ.G99.900001", "SoKyHieu": ""}],
    } == query_record(QUERY)
    by_citizen = dataclasses.replace(QUERY, is_asked_by_officer=False)
    assert "2" == query_record(by_citizen)["KenhThucHien"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"owner_number": ""}, "owner_number"),
        ({"requester_name": ""}, "requester_name"),
        ({"requester_number": ""}, "requester_number"),
        ({"procedure_code": ""}, "procedure_code"),
        ({"wanted": ()}, "wanted"),
        ({"wanted": (WantedResult(result_code=""),)}, "wanted/0/result_code"),
    ],
)
def test_a_question_that_is_not_whole_is_not_asked(changes: dict[str, Any], field: str) -> None:
    """Whoever asks the store about a person says who, for whom and why; the error shows no number."""
    with pytest.raises(InvalidInput) as caught:
        query_record(dataclasses.replace(QUERY, **changes))
    assert [field] == [fault.field for fault in caught.value.faults]
    assert "999" not in f"{caught.value!r} {QUERY!r}".replace("1.999001", "")


def test_the_reply_of_the_notes_is_read() -> None:
    """Results with their files, by paths that only the store understands."""
    assert [
        FoundResult(
            result_code="KQ.G99.900001",
            name="Giấy xác nhận",
            notation="12/GXN",
            owning_agency_code="G99",
            files=(StoredFile(name="gxn.pdf", path="/kho/2026/gxn.pdf"),),
        )
    ] == read_results({"DanhSachGiayToKetQua": [FOUND]})
    assert [] == read_results({"DanhSachGiayToKetQua": []})
    [bare] = read_results({"DanhSachGiayToKetQua": [{"MaKetQua": 7, "DanhSachTepDinhKem": None}]})
    assert FoundResult(result_code="7", name="", notation="", owning_agency_code="") == bare


@pytest.mark.parametrize(
    "result",
    [
        None,
        [],
        {},
        {"DanhSachGiayToKetQua": None},
        {"DanhSachGiayToKetQua": [FOUND, None]},
        {"DanhSachGiayToKetQua": [{**FOUND, "MaKetQua": ""}]},
        {"DanhSachGiayToKetQua": [{**FOUND, "DanhSachTepDinhKem": "x"}]},
        {"DanhSachGiayToKetQua": [{**FOUND, "DanhSachTepDinhKem": [{"TenTep": "gxn.pdf"}]}]},
        {"DanhSachGiayToKetQua": [{**FOUND, "DanhSachTepDinhKem": [{"DuongDan": 5}]}]},
    ],
)
def test_what_cannot_be_read_is_never_nothing_found(result: Any) -> None:
    """Only an empty list says that the store has nothing."""
    with pytest.raises(InvalidInput):
        read_results(result)
