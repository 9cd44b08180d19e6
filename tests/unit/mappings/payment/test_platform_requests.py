"""INIT, QUERY and GET_BILL: exactly the fields of the notes, and nothing that cannot be sealed."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gateway.errors import InvalidInput
from gateway.model.dossier import FeeKind
from gateway.model.payment import PaymentItem, PaymentOrder
from mappings.payment.addresses import payer_address
from mappings.payment.platform import (
    bill_request,
    init_request,
    is_own_reference,
    make_reference,
    query_request,
)
from mappings.payment.platform_receipt import NEEDS, Fine, Need, receipt_faults, receipt_of, total_of
from tests.unit.mappings.payment.platform_samples import (
    DESCRIPTION,
    OPENED_AT,
    ORDER,
    REFERENCE,
    RULES,
    SECRET,
    order,
    rules,
)

FINE = Fine(
    type_code="XP01",
    type_name="Vi phạm mô phỏng",
    decision_number="12/QĐ-XPHC",
    decided_on=date(2025, 1, 10),
    authority_code="000.00.25.H01",
    authority_name="Thanh tra Sở Mô phỏng",
    offended_at=datetime(2025, 1, 8, 1, 0, tzinfo=UTC),
    place="Phố Thử",
    offender="TRẦN THỊ B",
)
FIELDS_OF_THE_NOTES = (
    "MaDichVu MaDonVi TenDonVi MaHoSo MaTTHC TenTTHC MaDVC TenDVC TKThuHuong MaNHThuHuong TenTKThuHuong PhiLePhi "
    "MaLoaiHinhThuPhat TenLoaiHinhThuPhat KhoBac NgayQD SoQD ThoiGianViPham DiaDiemViPham TenNguoiViPham MaCoQuanQD "
    "TenCoQuanQD TaiKhoanThuNSNN NoiDungThanhToan HoTenNguoiNop SoCMNDNguoiNop DiaChiNguoiNop HuyenNguoiNop "
    "TinhNguoiNop DSKhoanNop"
)


def init(given: PaymentOrder = ORDER, **changes: Any) -> dict[str, Any]:
    return init_request(rules(**changes), given, SECRET)


def faults(given: PaymentOrder, **changes: Any) -> set[str]:
    with pytest.raises(InvalidInput) as caught:
        init(given, **changes)
    told = str(caught.value) + "".join(str(fault) for fault in caught.value.faults)
    for value in (given.payer.full_name, given.payer.number, given.payer_address, SECRET):
        assert len(value) < 5 or value not in told
    return {fault.field for fault in caught.value.faults}


def item(amount: int, kind: FeeKind = FeeKind.CHARGE, **changes: Any) -> PaymentItem:
    return PaymentItem(**{"name": "Phí thử", "kind": kind, "amount_vnd": amount, **changes})


def test_init_is_the_example_of_the_notes() -> None:
    """Sixteen members; all values are texts, the amount too; nothing says where to return to."""
    document = init()
    receipt = document.pop("ThongTinBienLai")
    document.pop("MaXacThuc")
    assert {
        "LoaiBanTin": "INIT",
        "PhienBan": "1.0.6",
        "MaDoiTac": "PPSIM01",
        "MaThamChieu": REFERENCE,
        "SoTien": "150000",
        "LoaiHinhThanhToan": "PAY",
        "MaKenhThanhToan": "1",
        "MaThietBi": "1",
        "NgonNgu": "vi-VN",
        "MaTienTe": "VND",
        "MaNganHang": "PAYMENT",
        "ThongTinGiaoDich": DESCRIPTION,
        "ThoiGianGD": "20250115093000",
        "Ip": "203.0.113.7",
    } == document
    assert "https://portal.example" not in json.dumps(receipt)


def test_the_receipt_has_exactly_the_fields_of_the_notes() -> None:
    """No more, no fewer; those that are not used are empty texts."""
    receipt = init()["ThongTinBienLai"]
    assert sorted(FIELDS_OF_THE_NOTES.split()) == sorted(receipt)
    unused = [name for name, need in NEEDS.items() if need is Need.FINE]
    assert {""} == {receipt[name] for name in [*unused, "HuyenNguoiNop"]}
    assert receipt["MaCoQuanQD"] == receipt["MaDonVi"] == "000.00.25.H01"
    assert receipt["TenCoQuanQD"] == receipt["TenDonVi"]
    assert [
        {"LoaiPhiLePhi": "1", "MaPhiLePhi": "P01", "TenPhiLePhi": "Phí thẩm định", "SoTien": "100000"},
        {"LoaiPhiLePhi": "2", "MaPhiLePhi": "L01", "TenPhiLePhi": "Lệ phí cấp giấy phép", "SoTien": "50000"},
    ] == receipt["PhiLePhi"]
    assert [
        {"NoiDung": "Phí thẩm định", "SoTien": "100000"},
        {"NoiDung": "Lệ phí cấp giấy phép", "SoTien": "50000"},
    ] == receipt["DSKhoanNop"]


@pytest.mark.parametrize("name", sorted(NEEDS))
@pytest.mark.parametrize("service_class", ["1", "2"])
def test_a4_each_field_is_required_as_marked(name: str, service_class: str) -> None:
    """Each row of the table, emptied and left out: a fault exactly where the notes say required."""
    given = order(beneficiary=replace(ORDER.beneficiary, treasury="KBNN Thử"))
    document = receipt_of(RULES, given, content="x", fine=FINE if service_class == "1" else None)
    assert [] == receipt_faults(RULES, document)
    required = {Need.ALWAYS, Need.FEES if service_class == "2" else Need.FINE}
    for emptied in (document | {name: ""}, {key: value for key, value in document.items() if key != name}):
        expected = [name] if NEEDS[name] in required else []
        assert expected == [fault.field for fault in receipt_faults(RULES, emptied)]


def test_a_fine_names_its_decision() -> None:
    """Class 1 holds what a fine tells, with the dates as configured (U23), and no fees."""
    given = order(beneficiary=replace(ORDER.beneficiary, treasury="KBNN Thử"))
    receipt = receipt_of(RULES, given, content="NOP PHAT", fine=FINE)
    shown = ("MaDichVu", "NgayQD", "ThoiGianViPham", "SoQD", "KhoBac", "PhiLePhi", "MaDonVi")
    assert ["1", "20250110", "20250108080000", "12/QĐ-XPHC", "KBNN Thử", [], ""] == [receipt[each] for each in shown]
    slashed = receipt_of(rules(decision_date="%d/%m/%Y"), given, content="NOP PHAT", fine=FINE)
    assert "10/01/2025" == slashed["NgayQD"]
    for form, expected in (("%d/%m/%Y %H:%M:%S", "08/01/2025 08:00:00"), ("%Y-%m-%dT%H:%M:%S", "2025-01-08T08:00:00")):
        written = receipt_of(rules(offence_time=form), given, content="NOP PHAT", fine=FINE)["ThoiGianViPham"]
        assert expected == written
    with pytest.raises(InvalidInput):
        receipt_of(RULES, ORDER, content="NOP PHAT", fine=FINE)


@pytest.mark.parametrize("service_class", ["3", "0", "", "02", None])
def test_u8_other_classes_are_refused(service_class: object) -> None:
    """Whatever they mean, nobody knows."""
    document = receipt_of(RULES, ORDER, content="x") | {"MaDichVu": service_class}
    assert ["MaDichVu"] == [fault.field for fault in receipt_faults(RULES, document)]


def test_settings_of_the_receipt() -> None:
    """MaDichVu as a number, other words for kinds (U9), the procedure where no fee code is known."""
    receipt = init(
        order(items=(item(150_000),)), is_service_class_number=True, fee_kinds={"charge": "Phi", "levy": "LP"}
    )
    row = receipt["ThongTinBienLai"]["PhiLePhi"][0]
    assert (2, "Phi", "1.000001") == (receipt["ThongTinBienLai"]["MaDichVu"], row["LoaiPhiLePhi"], row["MaPhiLePhi"])


def test_zero_items_have_no_row() -> None:
    """One row per item that costs something."""
    receipt = init(order(items=(item(0), item(150_000), item(0, FeeKind.LEVY))))["ThongTinBienLai"]
    assert (1, 1) == (len(receipt["PhiLePhi"]), len(receipt["DSKhoanNop"]))


@pytest.mark.parametrize(
    ("amount", "items"),
    [
        (150_000, ()),
        (150_000, (item(0),)),
        (150_000, (item(149_999),)),
        (150_000, (item(150_001),)),
        (150_000, (item(200_000), item(-50_000))),
        (0, (item(0),)),
        (-5, (item(-5),)),
    ],
)
def test_sums_are_enforced(amount: int, items: tuple[PaymentItem, ...]) -> None:
    """What is listed adds up to what is paid; nothing else can be mixed in."""
    assert faults(order(amount_vnd=amount, items=items)) <= {"amount_vnd", "items"}


@pytest.mark.parametrize("amount", [1.0, True, "1"])
def test_amounts_are_whole(amount: Any) -> None:
    """A float never gets as far as the wire."""
    assert "items" in faults(order(amount_vnd=amount, items=(item(amount),)))


@given(st.lists(st.integers(min_value=0, max_value=10**14), min_size=1, max_size=8).filter(any))
def test_rows_add_up(amounts: list[int]) -> None:
    """Whatever the items: both lists and the amount are the same sum."""
    document = init(order(amount_vnd=sum(amounts), items=tuple(item(amount) for amount in amounts)))
    receipt = document["ThongTinBienLai"]
    assert sum(amounts) == int(document["SoTien"]) == total_of(receipt["PhiLePhi"]) == total_of(receipt["DSKhoanNop"])


@pytest.mark.parametrize("rows", [None, {}, [1], [{"SoTien": 1.5}], [{"SoTien": "0"}], [{}]])
def test_sums_of_foreign_rows_are_strict(rows: object) -> None:
    """Numbers and digits only."""
    with pytest.raises(ValueError):
        total_of(rows)
    assert 3 == total_of([{"SoTien": 1}, {"SoTien": "2"}])


def test_u13_limits() -> None:
    """Descriptive names end with an ellipsis; what money and persons are found by is refused instead."""
    long = "Đ" * 251
    receipt = init(order(procedure_name=long, service_name="Đ" * 250))["ThongTinBienLai"]
    assert ("Đ" * 249 + "…", "Đ" * 250) == (receipt["TenTTHC"], receipt["TenDVC"])
    assert {"HoTenNguoiNop"} == faults(order(payer=replace(ORDER.payer, full_name=long)))
    assert {"TenTKThuHuong"} == faults(order(beneficiary=replace(ORDER.beneficiary, account_name=long)))
    assert {"TKThuHuong"} == faults(order(beneficiary=replace(ORDER.beneficiary, account_number="1" * 31)))
    assert {"reference"} == faults(order(reference="A" * 21))
    assert 21 == len(init(order(reference="A" * 21), limits={"reference": 21})["MaThamChieu"])
    assert "dossier_code" in faults(order(dossier_code="H" * 90))


@pytest.mark.parametrize("code", ["H01|25", "H01\n25", "Hồ sơ 1"])
def test_pitfall_07_signed_text_has_a_strict_form(code: str) -> None:
    """No pipe, no control character, ASCII unless agreed otherwise."""
    assert "dossier_code" in faults(order(dossier_code=code))


@pytest.mark.parametrize("reference", ["", "ref1", "REF-1", "REF 1", "REF|1", "RÉF", "R\n"])
def test_references_are_capitals_and_digits(reference: str) -> None:
    """What is safe in every source."""
    assert {"reference"} == faults(order(reference=reference))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"agency_code": "H01"}, "MaDonVi"),
        ({"agency_code": ""}, "MaDonVi"),
        ({"procedure_code": ""}, "MaTTHC"),
        ({"service_code": ""}, "MaDVC"),
        ({"beneficiary": replace(ORDER.beneficiary, bank_code="V|B")}, "MaNHThuHuong"),
        ({"beneficiary": replace(ORDER.beneficiary, account_number="00 11")}, "TKThuHuong"),
        ({"payer": replace(ORDER.payer, number="")}, "SoCMNDNguoiNop"),
        ({"payer": replace(ORDER.payer, address="")}, "DiaChiNguoiNop"),
        ({"payer": replace(ORDER.payer, full_name="A\x00")}, "HoTenNguoiNop"),
    ],
)
def test_what_is_missing_is_named(change: dict[str, Any], field: str) -> None:
    """By its field, without its value."""
    assert field in faults(order(**change))


def test_everything_wrong_is_told_at_once() -> None:
    """One look is enough to repair an order."""
    wrong = order(reference="x", payer_address="x", dossier_code="|", service_code="", agency_code="")
    assert {"reference", "payer_address", "dossier_code", "MaDVC", "MaDonVi", "MaCoQuanQD"} == faults(wrong)


@pytest.mark.parametrize("address", ["203.0.113.7", "2001:db8::7", "10.1.2.3"])
def test_pitfall_15_the_payers_address_is_sent(address: str) -> None:
    """Exactly the one that came with the order."""
    assert address == init(order(payer_address=address))["Ip"]


@pytest.mark.parametrize(
    "address",
    ["", "127.0.0.1", "::1", "0.0.0.0", "::", "224.0.0.1", "gateway.example", "203.0.113.7:80", "fe80::1%eth0"],
)
def test_pitfall_15_no_server_is_a_payer(address: str) -> None:
    """This machine, no machine and a host's name are refused."""
    assert {"payer_address"} == faults(order(payer_address=address))


def test_sandboxes_have_payers_on_loopback() -> None:
    """Only where said so; spellings are made one."""
    assert "127.0.0.1" == payer_address("127.0.0.1", allows_loopback=True)
    assert "2001:db8::7" == payer_address("2001:0db8:0000::0007", allows_loopback=False)


def test_names_are_composed() -> None:
    """NFC leaves the gateway, whatever came in (U21)."""
    name = normalize("NFD", "NGUYỄN VĂN A")
    receipt = init(order(payer=replace(ORDER.payer, full_name=name)))["ThongTinBienLai"]
    assert normalize("NFC", name) == receipt["HoTenNguoiNop"] != name


@given(st.binary(min_size=16, max_size=16))
def test_pitfall_17_references_are_random(random_bytes: bytes) -> None:
    """A hundred random bits in twenty characters, and nothing of the dossier."""
    reference = make_reference(RULES, random_bytes)
    assert 20 == len(reference)
    assert is_own_reference(RULES, reference)
    assert reference == init(order(reference=reference))["MaThamChieu"]
    assert make_reference(RULES, bytes([random_bytes[0] ^ 1, *random_bytes[1:]])) != reference


def test_pitfall_17_little_chance_is_refused() -> None:
    """Fewer bytes could collide."""
    with pytest.raises(ValueError):
        make_reference(RULES, b"15 bytes only..")
    assert not is_own_reference(RULES, REFERENCE)
    assert 16 == len(make_reference(rules(limits={"reference": 16}), b"x" * 16))
    assert 25 == len(make_reference(rules(limits={"reference": 50}), b"x" * 16))


def test_questions() -> None:
    """Six texts each, with different types and times."""
    query = query_request(RULES, REFERENCE, OPENED_AT, SECRET)
    bill = bill_request(RULES, REFERENCE, "20250115093412", SECRET)
    names = {"LoaiBanTin", "PhienBan", "MaDoiTac", "MaThamChieu", "ThoiGianGD", "MaXacThuc"}
    assert names == set(query) == set(bill)
    assert ("QUERY", "20250115093000") == (query["LoaiBanTin"], query["ThoiGianGD"])
    assert ("GET_BILL", "20250115093412") == (bill["LoaiBanTin"], bill["ThoiGianGD"])


@pytest.mark.parametrize("reference", ["", "A|B", "A\n", "A" * 256])
def test_no_question_about_nonsense(reference: str) -> None:
    """A foreign reference may have any form, as long as it can be sealed."""
    with pytest.raises(InvalidInput):
        query_request(RULES, reference, OPENED_AT, SECRET)
    with pytest.raises(InvalidInput):
        bill_request(RULES, REFERENCE, "15/01/2025", SECRET)
    assert "portal-1" == query_request(RULES, "portal-1", OPENED_AT, SECRET)["MaThamChieu"]


@pytest.mark.parametrize(
    "change",
    [
        {"partner_code": "PP|SIM"},
        {"partner_code": ""},
        {"version": "1 0"},
        {"results": {"00": "failed"}},
        {"results": {}},
        {"unlisted_result": "success"},
        {"unlisted_state": "paid"},
        {"states": {"1": "pending"}},
        {"fee_kinds": {"charge": "1"}},
        {"description": "THANH TOAN"},
        {"description": "A {dossier_code} {x}"},
        {"description": "A|{dossier_code}"},
        {"description": "Hồ sơ {dossier_code}"},
        {"agency_pattern": "("},
        {"limits": {"reference": 15}},
        {"unknown": 1},
    ],
)
def test_rules_that_would_lose_money_are_refused(change: dict[str, Any]) -> None:
    """At start, not at the first payment."""
    with pytest.raises(ValidationError):
        rules(**change)
