"""A look-up's record is compared with what was prepared by what it states, and by nothing else."""

import copy
import unicodedata
from typing import Any

import msgspec
import pytest

from mappings.portal import wire
from mappings.portal.rules import WireRules
from mappings.portal.tables import load_tables
from mappings.portal.translate import PortalTranslator
from tests.unit.mappings.portal_samples import DOSSIER_CODE, EXAMPLE_RECORD, FULL_DOSSIER, NOW, PROCEDURE

TRANSLATOR = PortalTranslator(load_tables(), WireRules())


def differing(found: dict[str, Any], prepared: dict[str, Any] | None = None) -> tuple[str, ...]:
    record = msgspec.convert({"SoBienNhan": "", **(prepared or EXAMPLE_RECORD)}, wire.DossierRecord)
    return TRANSLATOR.differing_fields(TRANSLATOR.found_dossier(found), record)


def full_record() -> dict[str, Any]:
    written = TRANSLATOR.dossier(DOSSIER_CODE, FULL_DOSSIER, PROCEDURE, at=NOW)
    plain: dict[str, Any] = msgspec.to_builtins(written)
    return plain


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"TrangThaiHoSo": 2},
        {"GhiChu": None},
        {"ChuHoSo": unicodedata.normalize("NFD", "Nguyễn Thị Mẫu")},
        {"TrichYeuHoSo": "Đề nghị cấp giấy xác nhận  "},
        {"DanhSachHoSoBoSung": None},
        {"TaiLieuNop": [{"TenTepDinhKem": "don-de-nghi.pdf"}]},
        {"NoiDungKhac": "unknown key"},
    ],
)
def test_another_form_is_no_difference(change: dict[str, Any]) -> None:
    """Number or text, null or empty, composed or not, part of a list's fields: the same facts do not differ."""
    assert () == differing({**EXAMPLE_RECORD, **change})


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"TrangThaiHoSo": "4"}, ("status",)),
        ({"NgayHenTra": ""}, ("due_at",)),
        ({"ChuHoSo": "Lê Thị Khác"}, ("applicant.name",)),
        ({"TaiLieuNop": []}, ("attachments",)),
        ({"TaiLieuNop": [{"TenTepDinhKem": "khac.pdf"}]}, ("attachments",)),
        ({"DanhSachLePhi": [{"Gia": 1}]}, ("fees",)),
        ({"MaLinhVuc": "x", "TenLinhVuc": "y"}, ("procedure.sectors",)),
        ({"DonViXuLy": "Sở Khác", "TrangThaiHoSo": "9"}, ("status", "handling_agency.name")),
    ],
)
def test_another_value_is_named_by_its_canonical_field(change: dict[str, Any], expected: tuple[str, ...]) -> None:
    """Differences come in canonical words, each once, in the order of the record."""
    assert expected == differing({**EXAMPLE_RECORD, **change})


def test_absent_keys_prove_nothing() -> None:
    """A record of two fields is compared in two fields."""
    assert () == differing({"MaHoSo": DOSSIER_CODE, "TrangThaiHoSo": "2"})


@pytest.mark.parametrize("record", [{}, {"MaHoSo": DOSSIER_CODE}, {"MaTrangThai": "2"}])
def test_a_record_that_states_nothing_vouches_for_nothing(record: dict[str, Any]) -> None:
    """When no known field but the code is there, the status counts as differing: nothing is taken as delivered."""
    assert ("status",) == differing(record)


def test_the_order_of_a_list_is_no_difference() -> None:
    """A store may give lists back in its own order; a repeated or missing item is a difference."""
    prepared = full_record()
    found = copy.deepcopy(prepared)
    found["TaiLieuNop"].reverse()
    found["DSKetNoiCSDL"].reverse()
    assert () == differing(found, prepared)
    found["DSKetNoiCSDL"][0] = found["DSKetNoiCSDL"][1]
    assert ("consulted_databases",) == differing(found, prepared)


def test_a_supplement_that_lost_its_papers_differs() -> None:
    """Lists inside a list count by their length."""
    prepared = full_record()
    found = copy.deepcopy(prepared)
    found["DanhSachHoSoBoSung"][0]["DanhSachGiayToBoSung"] = []
    assert ("supplements",) == differing(found, prepared)
