"""Catalogue records become procedures, whatever form their values take."""

import copy
import json
from datetime import date
from typing import Any

import msgspec
import pytest

from gateway.errors import InvalidInput, Unmapped
from gateway.model.dossier import Channel, FeeKind
from gateway.model.procedure import (
    AmountKind,
    DocumentCase,
    ExecutingLevel,
    ExecutionCase,
    FormTemplate,
    LegalBasis,
    Named,
    Procedure,
    ProcedureChannel,
    ProcedureFee,
    ProcedureRef,
    ProcedureResult,
    RequiredDocument,
    TimeLimit,
    TimeUnit,
)
from mappings.portal.amounts import read_amount
from mappings.portal.catalogue import read_list, read_procedure
from mappings.portal.catalogue_out import procedure_record
from mappings.portal.tables import load_tables
from mappings.portal.wire import Scalar
from tests.unit.mappings.portal_samples import codes

# The example of portal wire notes §3.2.
RECORD: dict[str, Any] = json.loads("""
{ "ID": "900001", "MATTHC": "1.999001", "TENTTHC": "Cấp giấy xác nhận thử nghiệm",
  "MACOQUANCONGBO": "G99", "LOAITTHC": "1", "TRANGTHAI": "1",
  "MOTADOITUONGTHUCHIEN": "", "DIACHITIEPNHAN": "Trung tâm phục vụ hành chính công", "YEUCAU": "Không",
  "TUKHOA": "thử nghiệm", "MOTA": "", "MOTACOQUANTHUCHIEN": "", "MOTACOQUANTHAMQUYEN": "",
  "IDQUYETDINHCONGBO": "70001",
  "TRINHTUTHUCHIEN": [ { "TRUONGHOP": "", "TRINHTU": [ { "TENTRINHTU": "Bước 1: nộp hồ sơ" } ] } ],
  "CAPTHUCHIEN": [ { "CAPTHUCHIEN": "1", "TENCAP": "Cấp Tỉnh" } ],
  "LINHVUCTHUCHIEN": [ { "MALINHVUC": "G99-LV01", "TENLINHVUC": "Lĩnh vực thử" } ],
  "CACHTHUCTHUCHIEN": [
    { "KENH": "1", "THOIGIAN": [ { "THOIGIANGIAIQUYET": "5", "DONVITINH": "Ngày làm việc", "MOTA": "",
        "PHILEPHI": [ { "MAPHILEPHI": "2'", "SOTIEN": "10.000", "DONVI": "Đồng", "MOTA": "", "TENTEP": "",
                        "URL": "" } ] } ] },
    { "KENH": "2", "THOIGIAN": [ { "THOIGIANGIAIQUYET": "5", "DONVITINH": "Ngày làm việc", "MOTA": "",
                                   "PHILEPHI": [] } ] } ],
  "DOITUONGTHUCHIEN": [ { "MADOITUONG": "1", "TENDOITUONG": "Công dân Việt Nam" } ],
  "THANHPHANHOSO": [ { "TRUONGHOP": "", "GIAYTO": [
      { "MAGIAYTO": "000.00.00.G99-KQ900001", "TENGIAYTO": "Đơn đề nghị", "SOBANCHINH": "1", "SOBANSAO": "0",
        "TENMAUDON": "mau-01.docx", "URL": "https://portal.example/file/1", "MA_KQ_THAYTHE": "" } ] } ],
  "KETQUATHUCHIEN": [ { "MAKETQUA": "KQ.G99.900001", "TENKETQUA": "Giấy xác nhận", "TENTEP": "", "URL": "" } ],
  "CANCUPHAPLY": [ { "SOVANBAN": "01/2026/NĐ-CP", "TENVANBAN": "Nghị định thử", "NGAYBANHANH": "",
      "NGAYHIEULUC": "", "COQUANBANHANH": "Chính phủ", "DIACHITRUYCAP": "" } ],
  "TTHCLIENQUAN": [], "TTHCLIENTHONG": [],
  "COQUANTHUCHIEN": [ { "MADONVI": "H99.01", "TENDONVI": "Sở Thử nghiệm" } ],
  "COQUANCOTHAMQUYEN": [], "COQUANDUOCUYQUYEN": [], "COQUANPHOIHOP": [] }
""")

EXPECTED = Procedure(
    code="1.999001",
    name="Cấp giấy xác nhận thử nghiệm",
    portal_id="900001",
    is_public=True,
    publishing_agency_code="G99",
    publication_decision_id="70001",
    type_code="1",
    sectors=(Named(code="G99-LV01", name="Lĩnh vực thử"),),
    executing_levels=(ExecutingLevel.PROVINCE,),
    channels=(
        ProcedureChannel(
            channel=Channel.IN_PERSON,
            time_limits=(
                TimeLimit(
                    amount=5,
                    unit=TimeUnit.WORKING_DAY,
                    fees=(
                        ProcedureFee(
                            kind=FeeKind.LEVY,
                            amount_kind=AmountKind.FIXED,
                            amount_vnd=10_000,
                            text="10.000",
                            unit="Đồng",
                        ),
                    ),
                ),
            ),
        ),
        ProcedureChannel(channel=Channel.ONLINE, time_limits=(TimeLimit(amount=5, unit=TimeUnit.WORKING_DAY),)),
    ),
    applicant_kinds=(Named(code="1", name="Công dân Việt Nam"),),
    document_cases=(
        DocumentCase(
            name="",
            documents=(
                RequiredDocument(
                    code="000.00.00.G99-KQ900001",
                    name="Đơn đề nghị",
                    originals_count=1,
                    copies_count=0,
                    forms=(FormTemplate(name="mau-01.docx", url="https://portal.example/file/1"),),
                ),
            ),
        ),
    ),
    execution_cases=(ExecutionCase(name="", steps=("Bước 1: nộp hồ sơ",)),),
    results=(ProcedureResult(code="KQ.G99.900001", name="Giấy xác nhận"),),
    legal_bases=(LegalBasis(number="01/2026/NĐ-CP", title="Nghị định thử", issuing_agency="Chính phủ"),),
    executing_agencies=(Named(code="H99.01", name="Sở Thử nghiệm"),),
    requirements="Không",
    keywords="thử nghiệm",
    reception_address="Trung tâm phục vụ hành chính công",
)


def with_changes(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(RECORD), **changes}


def time_line(**changes: Any) -> dict[str, Any]:
    return {"THOIGIANGIAIQUYET": "5", "DONVITINH": "Ngày", "MOTA": "", "PHILEPHI": [], **changes}


def first_limit(line: dict[str, Any]) -> TimeLimit:
    procedure = read_procedure(with_changes(CACHTHUCTHUCHIEN=[{"KENH": "1", "THOIGIAN": [line]}]), codes())
    return procedure.channels[0].time_limits[0]


def test_the_example_of_the_notes_becomes_the_procedure() -> None:
    """The full record of the notes is read field by field (portal wire notes §3.2)."""
    assert EXPECTED == read_procedure(RECORD, codes())


def test_the_procedure_is_written_as_the_example() -> None:
    """Writing the procedure gives the record back, apart from the stray apostrophe."""
    expected = copy.deepcopy(RECORD)
    expected["CACHTHUCTHUCHIEN"][0]["THOIGIAN"][0]["PHILEPHI"][0]["MAPHILEPHI"] = "2"
    assert expected == msgspec.to_builtins(procedure_record(EXPECTED, codes()))


def test_numbers_null_lists_and_other_key_case_are_read() -> None:
    """Numbers for text, null and missing lists, `Url` for `URL`, spaces around codes: the same procedure."""
    record = with_changes(
        ID=900001, LOAITTHC=1, TRANGTHAI=1, IDQUYETDINHCONGBO=70001.0, TTHCLIENQUAN=None, COQUANPHOIHOP=None
    )
    del record["TTHCLIENTHONG"], record["COQUANCOTHAMQUYEN"]
    record["CAPTHUCHIEN"] = [{"CAPTHUCHIEN": 1}]
    record["THANHPHANHOSO"][0]["GIAYTO"][0]["Url"] = record["THANHPHANHOSO"][0]["GIAYTO"][0].pop("URL")
    record["THANHPHANHOSO"][0]["GIAYTO"][0]["SOBANCHINH"] = 1
    record["CACHTHUCTHUCHIEN"][0]["KENH"] = " 1 "
    record["CACHTHUCTHUCHIEN"][1]["THOIGIAN"][0]["PHILEPHI"] = None
    record["matthc"] = record.pop("MATTHC")
    assert EXPECTED == read_procedure(record, codes())


def test_of_two_keys_that_meet_the_filled_one_stays() -> None:
    """A record with both `URL` and `Url` keeps the address, whichever comes first."""
    paper = {"MAGIAYTO": "A", "TENMAUDON": "m", "URL": "", "Url": "https://portal.example/1"}
    record = with_changes(THANHPHANHOSO=[{"TRUONGHOP": "", "GIAYTO": [paper]}])
    form = FormTemplate(name="m", url="https://portal.example/1")
    assert (form,) == read_procedure(record, codes()).document_cases[0].documents[0].forms
    paper = {"MAGIAYTO": "A", "TENMAUDON": "m", "Url": "https://portal.example/1", "URL": ""}
    record = with_changes(THANHPHANHOSO=[{"TRUONGHOP": "", "GIAYTO": [paper]}])
    assert (form,) == read_procedure(record, codes()).document_cases[0].documents[0].forms


def test_repeated_papers_are_merged_with_all_their_forms() -> None:
    """The same code with another address is one paper with two forms (portal wire notes §3.2)."""
    papers = [
        {"MAGIAYTO": "A", "TENGIAYTO": "Đơn", "SOBANCHINH": "", "TENMAUDON": "1", "URL": "https://portal.example/1"},
        {"MAGIAYTO": "B", "TENGIAYTO": "Bản sao"},
        {"MAGIAYTO": "A", "TENGIAYTO": "Đơn", "SOBANCHINH": "2", "TENMAUDON": "2", "URL": "https://portal.example/2"},
        {"MAGIAYTO": "A", "TENGIAYTO": "Đơn", "TENMAUDON": "1", "URL": "https://portal.example/1"},
        {"MAGIAYTO": "", "TENGIAYTO": "Không mã 1"},
        {"MAGIAYTO": "", "TENGIAYTO": "Không mã 2"},
    ]
    record = with_changes(THANHPHANHOSO=[{"TRUONGHOP": "Cấp mới", "GIAYTO": papers}, {"TRUONGHOP": "", "GIAYTO": []}])
    first, second = read_procedure(record, codes()).document_cases
    assert ("Cấp mới", "", ()) == (first.name, second.name, second.documents)
    assert ["A", "B", "", ""] == [document.code for document in first.documents]
    assert (2, ["1", "2"]) == (
        first.documents[0].originals_count,
        [form.name for form in first.documents[0].forms],
    )


def test_a_line_that_comes_twice_says_nothing_more() -> None:
    """Repeated sectors, agencies, channels and bases are read once, so that a repetition is no new version."""
    record = copy.deepcopy(RECORD)
    for value in record.values():
        if isinstance(value, list):
            value.extend(copy.deepcopy(value))
    assert EXPECTED == read_procedure(record, codes())


def test_a_procedure_without_sector_is_read() -> None:
    """An empty LINHVUCTHUCHIEN is a fact about the procedure, not a failure; empty lines are no sectors."""
    assert () == read_procedure(with_changes(LINHVUCTHUCHIEN=[]), codes()).sectors
    assert () == read_procedure(with_changes(LINHVUCTHUCHIEN=[{"MALINHVUC": ""}]), codes()).sectors


@pytest.mark.parametrize(
    ("line", "amount", "unit", "description"),
    [
        (time_line(DONVITINH="ngày  LÀM việc"), 5, TimeUnit.WORKING_DAY, ""),
        (time_line(DONVITINH="Giờ", THOIGIANGIAIQUYET=8), 8, TimeUnit.HOUR, ""),
        (time_line(DONVITINH="tháng", THOIGIANGIAIQUYET=""), None, TimeUnit.MONTH, ""),
        (time_line(DONVITINH="Khác", MOTA="ngay khi nhận"), 5, TimeUnit.OTHER, "ngay khi nhận"),
        (time_line(DONVITINH="Tuần", MOTA="kể từ ngày nhận"), 5, TimeUnit.OTHER, "Tuần: kể từ ngày nhận"),
        (time_line(THOIGIANGIAIQUYET="5-7"), None, TimeUnit.DAY, "5-7"),
    ],
)
def test_time_limits_keep_what_they_cannot_count(
    line: dict[str, Any], amount: int | None, unit: TimeUnit, description: str
) -> None:
    """Units are compared without case; an unknown unit or amount is kept in its own words."""
    assert (amount, unit, description) == (
        first_limit(line).amount,
        first_limit(line).unit,
        first_limit(line).description,
    )


@pytest.mark.parametrize(
    ("amount", "unit", "expected"),
    [
        ("10.000", "Đồng", (AmountKind.FIXED, 10_000)),
        ("1.000", "", (AmountKind.FIXED, 1_000)),
        ("1,500,000", "VNĐ", (AmountKind.FIXED, 1_500_000)),
        ("1 500 000", "đ", (AmountKind.FIXED, 1_500_000)),
        ("10000", "Đồng", (AmountKind.FIXED, 10_000)),
        (10000, "Đồng", (AmountKind.FIXED, 10_000)),
        (10000.0, "Đồng", (AmountKind.FIXED, 10_000)),
        ("0", "Đồng", (AmountKind.FIXED, 0)),
        ("20.000 đồng", "", (AmountKind.FIXED, 20_000)),
        ("Không", "", (AmountKind.NONE, None)),
        (" không ", "Đồng", (AmountKind.NONE, None)),
        ("Miễn phí", "", (AmountKind.NONE, None)),
        ("", "Đồng", (AmountKind.TEXT, None)),
        (None, "", (AmountKind.TEXT, None)),
        ("1.5", "", (AmountKind.TEXT, None)),
        ("1.00.000", "", (AmountKind.TEXT, None)),
        ("10.000-20.000", "Đồng", (AmountKind.TEXT, None)),
        ("10.000 đồng/bản", "", (AmountKind.TEXT, None)),
        ("10.000", "Đồng/m2", (AmountKind.TEXT, None)),
        ("100", "USD", (AmountKind.TEXT, None)),
        ("100", "Nghìn đồng", (AmountKind.TEXT, None)),
        ("2%", "", (AmountKind.TEXT, None)),
        ("-5", "", (AmountKind.TEXT, None)),
        ("9" * 16, "", (AmountKind.TEXT, None)),
        ("999.999.999.999.999.999", "", (AmountKind.TEXT, None)),
        ("theo quy định", "", (AmountKind.TEXT, None)),
        ("٣٤", "", (AmountKind.TEXT, None)),
    ],
)
def test_free_text_amounts(amount: Scalar, unit: str, expected: tuple[AmountKind, int | None]) -> None:
    """Only what can mean one sum in đồng is read as a sum; everything else stays words for a person."""
    kind, amount_vnd, _ = read_amount(amount, unit)
    assert expected == (kind, amount_vnd)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1'", FeeKind.CHARGE), ("2'", FeeKind.LEVY), (1, FeeKind.CHARGE), ("2", FeeKind.LEVY), ("", None), (None, None)],
)
def test_fee_kinds_lose_their_stray_apostrophe(value: Scalar, expected: FeeKind | None) -> None:
    """The digit is the code; nothing stated is nothing known."""
    fees = first_limit(time_line(PHILEPHI=[{"MAPHILEPHI": value, "SOTIEN": "1"}])).fees
    assert expected == fees[0].kind


def test_codes_without_a_row_are_all_named() -> None:
    """Unknown channels, levels and fee kinds hold the procedure and name every missing row."""
    record = with_changes(CAPTHUCHIEN=[{"CAPTHUCHIEN": "9"}])
    record["CACHTHUCTHUCHIEN"][0]["THOIGIAN"][0]["PHILEPHI"][0]["MAPHILEPHI"] = "8'"
    record["CACHTHUCTHUCHIEN"] += [{"KENH": "7"}, {"THOIGIAN": []}]
    with pytest.raises(Unmapped) as caught:
        read_procedure(record, codes())
    assert {("executing_level", "9"), ("channel", "7"), ("channel", ""), ("fee_kind", "8")} == set(caught.value.missing)


@pytest.mark.parametrize(
    ("record", "field"),
    [
        (with_changes(CAPTHUCHIEN="1"), "CAPTHUCHIEN"),
        (with_changes(TENTTHC=["x"]), "TENTTHC"),
        (with_changes(MATTHC=""), "MATTHC"),
        ({}, "MATTHC"),
    ],
)
def test_another_shape_is_refused_with_its_place(record: dict[str, Any], field: str) -> None:
    """A record of another shape says where it breaks."""
    with pytest.raises(InvalidInput) as caught:
        read_procedure(record, codes())
    assert field in str(caught.value.faults)


@pytest.mark.parametrize(("state", "expected"), [("1", True), (1, True), ("0", False), ("2", False), ("", False)])
def test_only_state_one_is_public(state: Scalar, expected: bool) -> None:
    """Every other publication state means not public (portal wire notes §7.9)."""
    assert expected is read_procedure(with_changes(TRANGTHAI=state), codes()).is_public


def test_control_characters_are_taken_out() -> None:
    """Text that a database could not hold is cleaned; line breaks stay."""
    procedure = read_procedure(with_changes(YEUCAU="a\u0000b\nc\u0008 ", TENTTHC=" tên "), codes())
    assert ("ab\nc", "tên") == (procedure.requirements, procedure.name)


def test_the_list_keeps_duplicates_and_refuses_lines_without_code() -> None:
    """The list is read in full or not at all: a line that cannot be read might be a procedure to keep."""
    line = {"MATTHC": "1.999001", "TENTTHC": "Một", "KHAC": 1}
    assert [ProcedureRef(code="1.999001", name="Một")] * 2 == read_list([line, line])
    broken_lines: list[Any] = [{"TENTTHC": "x"}, {"MATTHC": " "}, "1.999001", None, {"MATTHC": {}}]
    for broken in broken_lines:
        with pytest.raises(InvalidInput, match="cannot be read in full"):
            read_list([line, broken])


def test_a_day_without_rows_cannot_write_a_procedure() -> None:
    """Writing names the missing code instead of inventing one."""
    with pytest.raises(Unmapped):
        procedure_record(EXPECTED, load_tables().on(date(2019, 1, 1)))


@pytest.mark.parametrize(
    ("more", "mark_field", "mark"),
    [
        ({"NGAYCAPNHAT": "2026-01-05"}, "NGAYCAPNHAT", "2026-01-05"),
        ({"ngayCapNhat": 17}, "NgayCapNhat", "17"),
        ({"NGAYCAPNHAT": "2026-01-05"}, "", ""),
        ({}, "NGAYCAPNHAT", ""),
        ({"NGAYCAPNHAT": None}, "NGAYCAPNHAT", ""),
        ({"NGAYCAPNHAT": ["x"]}, "NGAYCAPNHAT", ""),
        ({"NGAYCAPNHAT": True}, "NGAYCAPNHAT", ""),
    ],
)
def test_a_line_is_marked_by_the_field_that_is_named(more: dict[str, Any], mark_field: str, mark: str) -> None:
    """The mark is that field as text, whatever its case; empty when it is no plain value."""
    (read,) = read_list([{"MATTHC": "1.999001", "TENTTHC": "Một", **more}], mark_field)
    assert mark == read.mark
