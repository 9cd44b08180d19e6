"""What is told of a nationally filed dossier is written as the portal's clients write it, under either reading."""

import dataclasses
from datetime import UTC, date, datetime
from typing import Any

import pytest

from gateway.errors import InvalidInput, Unmapped
from gateway.model.status import DossierStatus
from gateway.ports.portal_services import HandledDocument, NationalStatus
from mappings.portal.national_status import FOLDED, REFUSED_11, status_record
from mappings.portal.rules import NationalReference, Overlong, WireRules
from mappings.portal.tables import load_tables

CODES = load_tables().on(date(2026, 1, 7))
STATUS = NationalStatus(
    national_code="QG-2026-000123",
    dossier_code="H99.05-260107-00002",
    technical_id="TECH-0002",
    content="Đã tiếp nhận",
    handled_at=datetime(2026, 1, 7, 2, 0, tzinfo=UTC),
    status=DossierStatus.RECEIVED,
)
DOCUMENT = HandledDocument(
    attachment_id="9", name="phieu.pdf", component_code="KQ.G99.900001", url="https://files.province.example/d/9"
)
IN_THREE = dict(zip(DossierStatus, ("1", "2", "5", "2", "5", "2", "5", "5", "2", "2"), strict=True))
RAW = dict(zip(DossierStatus, ("1", "2", "11", "4", "5", "6", "7", "8", "9", "10"), strict=True))


def test_the_example_of_the_notes_is_written() -> None:
    """The record of portal wire notes §6.3, key by key."""
    assert {
        "MaHoSo": "QG-2026-000123",
        "MaHoSoDonVi": "H99.05-260107-00002",
        "MaDoiTuong": "TECH-0002",
        "NoiDung": "Đã tiếp nhận",
        "NgayXuLy": "20260107090000",
        "TrangThai": "2",
        "TaiLieuXuLy": [],
    } == status_record(STATUS, CODES, FOLDED, WireRules())


@pytest.mark.parametrize("told", list(DossierStatus))
def test_every_status_has_a_code_under_either_reading(told: DossierStatus) -> None:
    """One client folds ten states into three codes, the other tells them and makes 11 of a refusal."""
    status = dataclasses.replace(STATUS, status=told)
    folded = status_record(status, CODES, FOLDED, WireRules())
    raw = status_record(status, CODES, REFUSED_11, WireRules())
    assert (IN_THREE[told], RAW[told]) == (folded["TrangThai"], raw["TrangThai"])


def test_documents_and_the_own_code_are_written() -> None:
    """Documents go by address with the portal's words for yes and no; one client names the dossier by its own code."""
    deleted = dataclasses.replace(DOCUMENT, is_deleted=True)
    status = dataclasses.replace(STATUS, documents=(DOCUMENT, deleted))
    record = status_record(status, CODES, FOLDED, WireRules(national_reference=NationalReference.OWN))
    assert ("H99.05-260107-00002", "H99.05-260107-00002") == (record["MaHoSo"], record["MaHoSoDonVi"])
    assert ["False", "True"] == [document["IsDeleted"] for document in record["TaiLieuXuLy"]]
    assert {
        "TepDinhKemId": "9",
        "TenTepDinhKem": "phieu.pdf",
        "IsDeleted": "False",
        "MaThanhPhanHoSo": "KQ.G99.900001",
        "DuongDanTaiTepTin": "https://files.province.example/d/9",
    } == record["TaiLieuXuLy"][0]


@pytest.mark.parametrize(
    ("changes", "rules", "field"),
    [
        ({"national_code": ""}, {}, "MaHoSo"),
        ({"dossier_code": ""}, {}, "MaHoSoDonVi"),
        ({"national_code": "Q" * 51}, {}, "MaHoSo"),
        ({"content": "x" * 11}, {"limits": {"NoiDung": 10}}, "NoiDung"),
        ({"documents": (dataclasses.replace(DOCUMENT, name="n" * 4001),)}, {}, "TenTepDinhKem"),
    ],
)
def test_what_cannot_be_told_names_its_field(changes: dict[str, Any], rules: dict[str, Any], field: str) -> None:
    """Nothing is cut unseen and nothing goes without its code."""
    with pytest.raises(InvalidInput) as caught:
        status_record(dataclasses.replace(STATUS, **changes), CODES, FOLDED, WireRules(**rules))
    assert [field] == [fault.field for fault in caught.value.faults]


def test_a_text_is_cut_where_the_rules_say_so() -> None:
    """An operator may choose to trim."""
    rules = WireRules(limits={"NoiDung": 10}, overlong_by_field={"NoiDung": Overlong.TRIM})
    assert not rules.faults()
    record = status_record(dataclasses.replace(STATUS, content="Đã tiếp nhận hồ sơ"), CODES, FOLDED, rules)
    assert "Đã tiếp nh" == record["NoiDung"]


def test_a_status_without_a_code_names_table_and_status() -> None:
    """Before the portal opened no code holds: the missing row is told, nothing is guessed."""
    with pytest.raises(Unmapped) as caught:
        status_record(STATUS, load_tables().on(date(2019, 12, 8)), FOLDED, WireRules())
    assert (("status", "received"),) == caught.value.missing
