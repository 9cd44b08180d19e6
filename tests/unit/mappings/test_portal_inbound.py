"""Records of the portal are read in every form that they take, and strictly in their meaning."""

from typing import Any

import msgspec
import pytest

from gateway.errors import InvalidInput, Unmapped
from gateway.model.dossier import Channel, FeeKind, Reuse
from gateway.model.party import Identifier, IdentifierType, PartyKind
from gateway.model.status import DossierStatus
from mappings.portal.facts import DossierFacts
from mappings.portal.rules import WireRules
from mappings.portal.tables import load_tables
from mappings.portal.translate import PortalTranslator
from tests.unit.mappings.portal_samples import (
    DOSSIER_CODE,
    EXAMPLE_DOSSIER,
    EXAMPLE_RECORD,
    EXAMPLE_STEP,
    EXAMPLE_STEP_RECORD,
    FULL_DOSSIER,
    NOW,
    PROCEDURE,
    vietnam,
)

TRANSLATOR = PortalTranslator(load_tables(), WireRules())


def facts(record: dict[str, Any]) -> DossierFacts:
    return TRANSLATOR.dossier_facts(TRANSLATOR.found_dossier(record), at=NOW)


def test_the_example_of_the_notes_is_read() -> None:
    """The example record gives back the facts of the dossier behind it."""
    read = facts(EXAMPLE_RECORD)
    dossier = EXAMPLE_DOSSIER
    assert (DOSSIER_CODE, "1.999001", PROCEDURE.name) == (read.dossier_code, read.procedure_code, read.procedure_name)
    assert (dossier.status, dossier.channel, dossier.online_payment) == (read.status, read.channel, read.online_payment)
    assert (dossier.submitted_at, dossier.received_at, dossier.due_at, None) == (
        read.submitted_at,
        read.received_at,
        read.due_at,
        read.returned_at,
    )
    assert (dossier.attachments, dossier.fees, ()) == (read.attachments, read.fees, read.supplements)
    assert ("Nguyễn Thị Mẫu", PartyKind.CITIZEN, True, dossier.applicant.identifiers) == (
        read.applicant_name,
        read.applicant_kind,
        read.applicant_is_verified,
        read.applicant_identifiers,
    )
    assert "receipt_number" not in read.stated
    assert len(read.stated) == 37


def test_a_full_record_gives_back_every_nested_list() -> None:
    """What was written of supplements, results and other papers is read back as it was."""
    written = TRANSLATOR.dossier(DOSSIER_CODE, FULL_DOSSIER, PROCEDURE, at=NOW)
    read = facts(msgspec.json.decode(msgspec.json.encode(written)))
    assert FULL_DOSSIER.attachments == read.attachments
    assert FULL_DOSSIER.other_attachments == read.other_attachments
    assert FULL_DOSSIER.supplements == read.supplements
    assert FULL_DOSSIER.results == read.results
    assert FULL_DOSSIER.consulted_databases == read.consulted_databases


def test_numbers_null_and_absent_keys_are_read() -> None:
    """Codes and amounts may be numbers, lists null, keys absent: the meaning is the same or not stated."""
    read = facts(
        {
            "MaHoSo": DOSSIER_CODE,
            "TrangThaiHoSo": 4,
            "LoaiDoiTuong": 2.0,
            "KenhThucHien": None,
            "NgayTra": None,
            "HinhThuc": "",
            "TaiLieuNop": None,
            "DanhSachLePhi": [
                {"TenPhiLePhi": "Phí", "MaPhiLePhi": 1, "HinhThucThu": 4, "Gia": 5000, "LoaiPhiLePhi": "1"}
            ],
            "DinhDanhCHS": [{"LoaiDinhDanh": 2, "SoDinhDanh": 999000111}],
            "Khac": {"unknown": True},
        }
    )
    assert (DossierStatus.PROCESSING, PartyKind.BUSINESS, Channel.IN_PERSON) == (
        read.status,
        read.applicant_kind,
        read.channel,
    )
    assert (None, None, ()) == (read.returned_at, read.result_delivery, read.attachments)
    assert (5_000, FeeKind.CHARGE) == ((read.fees or ())[0].amount_vnd, (read.fees or ())[0].kind)
    assert (Identifier(type=IdentifierType.OLD_ID_CARD, number="999000111"),) == read.applicant_identifiers
    assert (None, None) == (read.summary, read.supplements)
    assert "returned_at" in read.stated
    assert "summary" not in read.stated


def test_codes_without_a_row_are_all_named() -> None:
    """Status 11 and other unknown codes hold the record; every missing row is told at once, and no person's data."""
    with pytest.raises(Unmapped) as caught:
        facts(
            {
                "TrangThaiHoSo": "11",
                "LoaiDoiTuong": "9",
                "HinhThuc": "999199000001",
                "DinhDanhCHS": [{"SoDinhDanh": "999199000001"}],
                "TaiLieuNop": [{"DuocTaiSuDung": "7"}],
            }
        )
    assert {
        ("status", "11"),
        ("owner_kind", "9"),
        ("result_delivery", "(not a code)"),
        ("identifier_type", ""),
        ("reuse", "7"),
    } == set(caught.value.missing)
    assert "999199" not in str(caught.value)


@pytest.mark.parametrize(
    ("record", "field"),
    [
        ({"NgayTiepNhan": "2026-01-05"}, "received_at"),
        ({"NgayHenTra": "20260230000000"}, "due_at"),
        ({"DanhSachLePhi": [{"Gia": "mười nghìn", "MaPhiLePhi": "1"}]}, "fees/amount_vnd"),
        ({"DanhSachHoSoBoSung": [{"HoSoBoSungId": 1}]}, "supplements/requested_at"),
        ({"DanhSachHoSoBoSung": [{"HoSoBoSungId": "x"}]}, "supplements/supplement_number"),
    ],
)
def test_what_cannot_be_read_is_named(record: dict[str, Any], field: str) -> None:
    """A time that is none or an amount in words refuses the record with the field's name."""
    with pytest.raises(InvalidInput) as caught:
        facts(record)
    assert field in [fault.field for fault in caught.value.faults]


@pytest.mark.parametrize("record", ["text", 7, [], {"TaiLieuNop": "x"}, {"MaHoSo": {}}, {"TaiLieuNop": ["x"]}])
def test_another_shape_is_refused(record: Any) -> None:
    """A list where a record should be, or an object where a value should be, is no record."""
    with pytest.raises(InvalidInput):
        TRANSLATOR.found_dossier(record)


def test_a_step_is_read_back() -> None:
    """The example step gives back its facts (portal wire notes §6.1)."""
    read = TRANSLATOR.step_facts(EXAMPLE_STEP_RECORD, at=NOW)
    assert (
        EXAMPLE_STEP.officer_name,
        EXAMPLE_STEP.status,
        EXAMPLE_STEP.occurred_at,
        None,
        EXAMPLE_STEP.statutory_end_at,
    ) == (read.officer_name, read.status, read.occurred_at, read.started_at, read.statutory_end_at)


def test_marks_of_a_document_default_to_no() -> None:
    """A document of an older portal carries no marks, and none are invented."""
    read = facts({"TaiLieuNop": [{"TenTepDinhKem": "x.pdf", "IsDeleted": False}]})
    (document,) = read.attachments or ()
    assert (False, False, Reuse.NONE, False, None) == (
        document.is_deleted,
        document.is_digitised,
        document.reuse,
        document.is_from_national_store,
        document.component_code,
    )


def test_a_fee_without_kind_is_a_missing_row() -> None:
    """A fee cannot be read as a charge or a levy when the record does not say which."""
    with pytest.raises(Unmapped) as caught:
        facts({"DanhSachLePhi": [{"TenPhiLePhi": "Phí", "Gia": "1", "HinhThucThu": "1", "LoaiPhiLePhi": "1"}]})
    assert (("fee_kind", ""),) == caught.value.missing


def test_a_received_time_keeps_its_instant() -> None:
    """A wall time in Vietnam becomes the instant in UTC."""
    assert vietnam("2026-01-05 00:30") == facts({"NgayTiepNhan": "20260105003000"}).received_at
