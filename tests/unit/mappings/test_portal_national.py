"""The portal's calls into a province, as portal wire notes §9 writes them, read into canonical statements."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.errors import InvalidInput, Unmapped
from gateway.model.dossier import AgencyRef, Dossier, OnlinePayment, Origin, SubmissionPlace
from gateway.model.party import IdentifierType, PartyKind
from gateway.model.status import DossierStatus
from gateway.ports.inbound import (
    InboundApplication,
    InboundChange,
    InboundKind,
    InboundLookUp,
    InboundNotice,
    InboundOutcome,
    Malformed,
)
from mappings.portal.national import NationalCalls, NationalRules
from mappings.portal.tables import load_tables

NOW = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
DESK = AgencyRef(code="H99.05", name="Sở Công Thương thử nghiệm")
CALLS = NationalCalls(load_tables(), NationalRules(unit_code="H99", default_agency=DESK))

PROMOTION: dict[str, Any] = {
    "MaHoSo": "QG-2026-000123",
    "MaTTHC": "1.999001",
    "NgayNopHoSo": "20260105080000",
    "TenThuongNhan": "Công ty Thử Nghiệm",
    "MaSoThue": "9991990001",
    "DiaChiDoanhNghiep": {"MaTinh": "01", "DiaChiChiTiet": "1 Phố Thử"},
    "Email": "thu@example.com",
    "TenChuongTrinhKhuyenMai": "Khuyến mại Tết",
    "TenTepDonDangKy": "don.pdf",
    "TepDonDangKy": base64.b64encode(b"%PDF-1.7 don").decode(),
    "TaiLieuNop": [{"TenTepDinhKem": "phu-luc.pdf", "Base64": base64.b64encode(b"%PDF-1.7 phu luc").decode()}],
}
APPLICATION: dict[str, Any] = {
    "service": "NhanHoSoDVCQG",
    "madonvi": "H99.01",
    "isUpdating": "false",
    "data": {
        "MaHoSo": "QG-2026-000200",
        "MaTTHC": "1.999001",
        "TenTTHC": "Thủ tục thử",
        "ChuHoSo": "Nguyễn Thị Mẫu",
        "LoaiDoiTuong": "1",
        "MaDoiTuong": "TECH-1",
        "SoGiayToChuHoSo": "999199000001",
        "Email": "mau@example.com",
        "SoDienThoai": "0999000001",
        "NgayNopHoSo": "20260105080000",
        "TrangThaiHoSo": "1",
        "TaiLieuNop": [{"TepDinhKemId": "7", "TenTepDinhKem": "a.pdf", "DuongDanTaiTepTin": "https://portal.example/7"}],
        "ThongTinThanhToan": {
            "ThoiGianThanhToan": "20260105080100", "SoTien": "50000", "TrangThaiThanhToan": "1"
        },
    },
}  # fmt: skip
RECEIPT: dict[str, Any] = {
    "service": "NhanChungTuThueDat",
    "data": {
        "MaHoSo": "H99.01-260105-00017",
        "HoTenNguoiNopTien": "Nguyễn Thị Mẫu",
        "MaSoThue": "9991990001",
        "UrlFileChungTu": "/files/ct.pdf",
        "ThongTinThanhToan": {"SoTien": 120000, "TrangThaiThanhToan": 1, "ThoiGianThanhToan": "20260105090000"},
    },
}
AMENDMENT: dict[str, Any] = {
    "service": "SuaDoiKhuyenMai",
    "isUpdating": "true",
    "data": {
        "MaHoSoQG": "QG-2026-000123",
        "MaTTHC": "1.999001",
        "MaSoThue": "9991990001",
        "ThongTinSuaDoi": {"TenChuongTrinhKM": "Tết 2"},
        "TenTepDangKy": "sua-doi.pdf",
        "URLTepDangKy": "/kho/sua-doi.pdf",
    },
}


def read(path: str, content: Any) -> Any:
    return CALLS.read(path, json.dumps(content).encode(), at=NOW)


def notice(xml: str) -> dict[str, Any]:
    return {"service": "NhanThongBaoThueDat", "data": {"FileThongBaoThue": base64.b64encode(xml.encode()).decode()}}


def without(content: dict[str, Any], *fields: str) -> dict[str, Any]:
    """The same message with fields of its data (or of itself) left out."""
    if "data" in content:
        return {**content, "data": {name: value for name, value in content["data"].items() if name not in fields}}
    return {name: value for name, value in content.items() if name not in fields}


def test_a_promotion_notice_becomes_an_application_of_a_business() -> None:
    """Trader, tax code, files in order; the receiving agency is the configured one, for the notice names none."""
    statement = read("addtthcKhuyenMai", PROMOTION)
    assert isinstance(statement, InboundApplication)
    dossier = statement.dossier
    assert (statement.kind, statement.national_code) == (InboundKind.PROMOTION, "QG-2026-000123")
    assert (dossier.applicant.kind, dossier.applicant.name) == (PartyKind.BUSINESS, "Công ty Thử Nghiệm")
    assert [(i.type, i.number) for i in dossier.applicant.identifiers] == [(IdentifierType.TAX_CODE, "9991990001")]
    assert (dossier.receiving_agency, dossier.summary) == (DESK, "Khuyến mại Tết")
    assert dossier.submitted_at == datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
    files = CALLS.files(InboundKind.PROMOTION, json.dumps(PROMOTION).encode())
    assert [(file.name, file.content) for file in files] == [
        ("don.pdf", b"%PDF-1.7 don"),
        ("phu-luc.pdf", b"%PDF-1.7 phu luc"),
    ]


def test_an_ordinary_application_is_read_like_the_dossier_record() -> None:
    """Party, papers by address, payment fact; the envelope's unit below the province receives it."""
    statement = read("nhanhsdvcqg", APPLICATION)
    assert isinstance(statement, InboundApplication)
    dossier = statement.dossier
    assert (dossier.status, dossier.submission_place) == (DossierStatus.REGISTERED, SubmissionPlace.NATIONAL_PORTAL)
    assert (dossier.applicant.name, dossier.applicant.technical_id) == ("Nguyễn Thị Mẫu", "TECH-1")
    assert [identifier.number for identifier in dossier.applicant.identifiers] == ["999199000001"]
    assert (dossier.receiving_agency.code, dossier.summary) == ("H99.01", "Thủ tục thử")
    assert [paper.url for paper in dossier.attachments] == ["https://portal.example/7"]
    assert statement.payment is not None
    assert (statement.payment.amount_vnd, statement.payment.is_paid) == (50000, True)
    assert dossier.online_payment is OnlinePayment.NATIONAL_PLATFORM


@pytest.mark.parametrize("data", [{"data": [APPLICATION["data"]]}, {"isUpdating": False}, {"madonvi": "H98.01"}])
def test_forms_that_mean_the_same_are_read_alike(data: dict[str, Any]) -> None:
    """A list of one, a mark that is no text, a unit of another province: still this application."""
    statement = read("nhanhsdvcqg", APPLICATION | data)
    assert isinstance(statement, InboundApplication)
    assert statement.national_code == "QG-2026-000200"
    assert statement.dossier.receiving_agency.code == ("H99.05" if "madonvi" in data else "H99.01")


def test_a_change_states_only_what_it_speaks_of() -> None:
    """What is left out, or empty, is no statement; a withdrawn status is a withdrawal."""
    data = {"MaHoSo": "QG-2026-000200", "TrichYeuHoSo": "Bổ sung", "Email": "", "TrangThaiHoSo": "7"}
    statement = read("nhanhsdvcqg", {"service": "NhanHoSoDVCQG", "isUpdating": "true", "data": data})
    assert isinstance(statement, InboundChange)
    assert (dict(statement.stated), statement.is_withdrawal) == ({"summary": "Bổ sung"}, True)


def test_an_amendment_names_its_dossier_and_its_file_by_path() -> None:
    """What is amended stays in the message; the file is fetched by path later."""
    statement = read("nhanhsdvcqg", AMENDMENT)
    assert isinstance(statement, InboundChange)
    assert (statement.kind, statement.national_code) == (InboundKind.AMENDMENT, "QG-2026-000123")
    [file] = CALLS.files(InboundKind.AMENDMENT, json.dumps(AMENDMENT).encode())
    assert (file.name, file.content, file.path) == ("sua-doi.pdf", None, "/kho/sua-doi.pdf")


def test_a_receipt_tells_what_was_paid() -> None:
    """Amount in whole đồng, time in UTC, for the dossier that it names."""
    statement = read("nhanhsdvcqg", RECEIPT)
    assert isinstance(statement, InboundNotice)
    assert statement.national_codes == ("H99.01-260105-00017",)
    assert statement.payment is not None
    assert (statement.payment.amount_vnd, statement.payment.is_paid) == (120000, True)
    assert statement.payment.paid_at == datetime(2026, 1, 5, 2, 0, tzinfo=UTC)


def test_a_tax_notice_names_every_dossier_once() -> None:
    """Every MA_HSO of the document, whatever its name space, in order."""
    xml = '<t:A xmlns:t="urn:t"><t:MA_HSO>H99.1</t:MA_HSO><MA_HSO> H99.2 </MA_HSO><MA_HSO>H99.1</MA_HSO></t:A>'
    statement = read("nhantbthuedvcqg", notice(xml))
    assert isinstance(statement, InboundNotice)
    assert statement.national_codes == ("H99.1", "H99.2")


def test_a_look_up_gives_its_code() -> None:
    """The service word is accepted and ignored."""
    assert read("search/call", {"service": "x", "masohoso": "H99.1"}) == InboundLookUp(code="H99.1")


@pytest.mark.parametrize(
    ("path", "content", "fields"),
    [
        ("addtthcKhuyenMai", without(PROMOTION, "MaHoSo", "MaSoThue"), ["MaHoSo", "MaSoThue"]),
        ("addtthcKhuyenMai", PROMOTION | {"NgayNopHoSo": "20261305080000"}, ["NgayNopHoSo"]),
        ("addtthcKhuyenMai", PROMOTION | {"MaSoThue": "a b"}, ["applicant/identifiers/0/number"]),
        ("nhanhsdvcqg", without(APPLICATION, "NgayNopHoSo"), ["NgayNopHoSo"]),
        ("nhanhsdvcqg", without(APPLICATION, "ChuHoSo", "MaTTHC"), ["MaTTHC", "ChuHoSo"]),
        ("nhanhsdvcqg", {"service": "NhanHoSoDVCQG", "data": "x"}, ["data"]),
        ("nhanhsdvcqg", without(RECEIPT, "ThongTinThanhToan"), ["ThongTinThanhToan"]),
        ("nhanhsdvcqg", without(AMENDMENT, "ThongTinSuaDoi"), ["ThongTinSuaDoi"]),
        ("nhantbthuedvcqg", notice("<A><B/></A>"), ["FileThongBaoThue/MA_HSO"]),
        ("nhantbthuedvcqg", notice("<A>"), ["FileThongBaoThue"]),
        ("nhantbthuedvcqg", notice('<!DOCTYPE a [<!ENTITY b "c">]><a><MA_HSO>&b;</MA_HSO></a>'), ["FileThongBaoThue"]),
        ("search/call", {}, ["masohoso"]),
    ],
)
def test_what_cannot_be_taken_is_named_by_field(path: str, content: Any, fields: list[str]) -> None:
    """Every fault names the portal's own field or the model's, and no value."""
    with pytest.raises(InvalidInput) as caught:
        read(path, content)
    assert [fault.field for fault in caught.value.faults] == fields
    assert "999" not in json.loads(CALLS.refusal(caught.value, path).body)["message"]


def test_a_code_without_a_row_is_named() -> None:
    """An owner kind that no table knows is refused as unmapped, and the answer lists it."""
    content = {**APPLICATION, "data": {**APPLICATION["data"], "LoaiDoiTuong": "9"}}
    with pytest.raises(Unmapped) as caught:
        read("nhanhsdvcqg", content)
    assert json.loads(CALLS.refusal(caught.value, "nhanhsdvcqg").body)["error_code"] == -1


@pytest.mark.parametrize("path", ["search/call", "addtthcKhuyenMai", "nhanhsdvcqg", "nhantbthuedvcqg"])
def test_what_is_no_message_is_answered_with_500_and_plain_text(path: str) -> None:
    """As the known receivers do; nothing of it is repeated."""
    with pytest.raises(Malformed) as caught:
        CALLS.read(path, b"\xff{", at=NOW)
    answer = CALLS.refusal(caught.value, path)
    assert (answer.status, answer.is_json) == (500, False)


@pytest.mark.parametrize("outcome", list(InboundOutcome))
def test_every_outcome_has_an_answer(outcome: InboundOutcome) -> None:
    """0 for what was taken, 1 for an application that is here already."""
    code = json.loads(CALLS.reply(outcome).body)["error_code"]
    assert code == (1 if outcome is InboundOutcome.DUPLICATE else 0)


def test_a_look_up_is_answered_flat_and_without_a_person() -> None:
    """Codes and names of the procedure as §9.1 lists them; a dossier that is not here is refused with a text."""
    statement = read("nhanhsdvcqg", APPLICATION)
    dossier: Dossier = statement.dossier
    answer = CALLS.found("QG-2026-000200", dossier, None, at=NOW)
    assert json.loads(answer.body) == {
        "MaHoSo": "QG-2026-000200",
        "MaTTHC": "1.999001",
        "TenTTHC": "",
        "MaLinhVuc": "",
        "TenLinhVuc": "",
        "LoaiDoiTuong": "1",
        "TrangThaiHoSo": "1",
        "HinhThuc": "1",
        "DonViXuLy": "H99.01",
    }
    assert json.loads(CALLS.found("X-1", None, None, at=NOW).body)["error_code"] == "-1"
    assert Origin.NATIONAL_PORTAL.value not in answer.body.decode()
