"""Catalogues, online services, decisions and technical ids are read as they came, and never in part."""

from datetime import date
from typing import Any

import pytest

from gateway.errors import InvalidInput
from gateway.model.procedure import ServiceLevel
from gateway.ports.portal_services import CatalogueItem, CatalogueName, OnlineService, ServiceApplication
from mappings.portal.catalogues import (
    CATALOGUE_FIELDS,
    read_all,
    read_catalogue,
    read_decision,
    read_online_service,
    read_technical_id,
)
from mappings.portal.rules import WireRules
from mappings.portal.tables import load_tables

CODES = load_tables().on(date(2026, 1, 7))
AGENCIES = CATALOGUE_FIELDS[CatalogueName.AGENCIES]
SERVICE: dict[str, Any] = {
    "MADVC": "1.999001.01",
    "TENDVC": "Cấp giấy xác nhận thử nghiệm (trực tuyến)",
    "MATTHC": "1.999001",
    "TENTTHC": "Cấp giấy xác nhận thử nghiệm",
    "TENCOQUANBANHANH": "Bộ Thử nghiệm",
    "TENLINHVUC": "Lĩnh vực thử",
    "APDUNGDVC": [{"MACOQUANTHUCHIEN": "H99.01", "MUCDO": "4"}],
}


def test_the_example_of_the_notes_is_read() -> None:
    """Agencies as in portal wire notes §4: code, name, and the level beside them."""
    items = [
        {"MADONVI": "H99", "TENDONVI": "UBND tỉnh Thử Nghiệm", "CAPDONVI": "1"},
        {"MADONVI": "H99.01", "TENDONVI": "Sở Thử nghiệm", "CAPDONVI": "2"},
    ]
    assert [
        CatalogueItem(code="H99", name="UBND tỉnh Thử Nghiệm", attributes=(("CAPDONVI", "1"),)),
        CatalogueItem(code="H99.01", name="Sở Thử nghiệm", attributes=(("CAPDONVI", "2"),)),
    ] == read_catalogue(items, AGENCIES)


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([], []),
        ([{"MADONVI": "A", "TENDONVI": "x"}] * 2, [("A", "x"), ("A", "x")]),
        ([{"MADONVI": "A", "TENDONVI": "x"}, {"MADONVI": "A", "TENDONVI": "y"}], [("A", "x"), ("A", "y")]),
        ([{"MADONVI": None, "TENDONVI": "x"}], [("", "x")]),
        ([{"TENDONVI": "x"}, {"MADONVI": "A", "TENDONVI": "y"}], [("", "x"), ("A", "y")]),
        ([{"MaDonVi": 7, "TenDonVi": " x\x00 "}], [("7", "x")]),
        ([{"MADONVI": "A"}], [("A", "")]),
    ],
)
def test_items_stay_as_they_came(items: list[Any], expected: list[tuple[str, str]]) -> None:
    """Twice, contradicting, without a code or a name: handed on in order, for the keeper of the copy to judge."""
    assert expected == [(item.code, item.name) for item in read_catalogue(items, AGENCIES)]


@pytest.mark.parametrize("items", [["A"], [None], [{"CODE": "A", "NAME": "x"}], [{"MADONVI": "A"}, 5]])
def test_what_is_no_catalogue_is_refused_whole(items: list[Any]) -> None:
    """Other fields than is known, or something between the items, never become a shorter list."""
    with pytest.raises(InvalidInput):
        read_catalogue(items, AGENCIES)


def test_fields_that_were_assumed_can_be_set_right() -> None:
    """Every catalogue has fields, and a rule wins over the assumption."""
    rules = WireRules(catalogue_fields={CatalogueName.GENDERS: ("MA", "TEN")})
    assert ("MA", "TEN") == rules.fields_of_catalogue(CatalogueName.GENDERS)
    assert ("MAXA", "TENXA") == rules.fields_of_catalogue(CatalogueName.COMMUNES)
    assert set(CATALOGUE_FIELDS) == set(CatalogueName)


def test_nested_fields_of_an_item_are_kept_as_text() -> None:
    """Nothing that an item says beside code and name is lost."""
    [item] = read_catalogue([{"MADONVI": "A", "CON": [{"X": 1}], "SO": 2.0, "KHONG": None}], AGENCIES)
    assert (("CON", '[{"X":1}]'), ("SO", "2"), ("KHONG", "")) == item.attributes


def test_the_online_service_of_the_notes_is_read() -> None:
    """The record of portal wire notes §3.4, with the level's meaning beside its code."""
    assert OnlineService(
        code="1.999001.01",
        name="Cấp giấy xác nhận thử nghiệm (trực tuyến)",
        procedure_code="1.999001",
        procedure_name="Cấp giấy xác nhận thử nghiệm",
        issuing_agency_name="Bộ Thử nghiệm",
        sector_name="Lĩnh vực thử",
        applications=(ServiceApplication(agency_code="H99.01", level=ServiceLevel.FULL, level_code="4"),),
    ) == read_online_service(SERVICE, CODES)


@pytest.mark.parametrize(
    ("raw", "level", "code"),
    [(3, "partial", "3"), ("2", "information", "2"), ("", None, ""), ("9", None, "9"), (None, None, "")],
)
def test_a_level_without_meaning_keeps_its_code(raw: Any, level: str | None, code: str) -> None:
    """An unknown level is told as unknown, and never guessed."""
    record = {**SERVICE, "APDUNGDVC": [{"MACOQUANTHUCHIEN": "H99.01", "MUCDO": raw}]}
    [application] = read_online_service(record, CODES).applications
    assert (level, code) == (application.level, application.level_code)


@pytest.mark.parametrize(
    "changes", [{"MADVC": ""}, {"MATTHC": None}, {"APDUNGDVC": "H99"}, {"APDUNGDVC": ["H99"]}, {"APDUNGDVC": {}}]
)
def test_a_service_that_cannot_be_read_refuses_the_list(changes: dict[str, Any]) -> None:
    """A service without its code or its procedure's is no service."""
    with pytest.raises(InvalidInput):
        read_all([SERVICE, {**SERVICE, **changes}], lambda item: read_online_service(item, CODES))
    assert () == read_online_service({**SERVICE, "APDUNGDVC": None}, CODES).applications


def test_a_decision_is_flattened() -> None:
    """Its fields are not documented, so all of them are kept, each under its place."""
    raw = {"SO": "1/QĐ", "COQUAN": {"MA": "H99"}, "TTHC": ["1.1", {"MA": 2}], "TRONG": None}
    expected = (("SO", "1/QĐ"), ("COQUAN.MA", "H99"), ("TTHC.0", "1.1"), ("TTHC.1.MA", "2"), ("TRONG", ""))
    assert ("70001", expected) == (read_decision(raw, "70001").decision_id, read_decision(raw, "70001").fields)


@pytest.mark.parametrize(
    "raw", ["x", {"A": {"A": {"A": {"A": {"A": {"A": {"A": {"A": {"A": 1}}}}}}}}}, {"A": [0] * 1001}]
)
def test_what_is_no_decision_is_refused(raw: Any) -> None:
    """Depth and size are limited."""
    with pytest.raises(InvalidInput):
        read_decision(raw, "70001")


@pytest.mark.parametrize(
    ("items", "expected"),
    [([], None), ([{"TECHNICALID": "TECH-1"}], "TECH-1"), ([{"TECHNICALID": "T"}, {"TECHNICALID": " T "}], "T")],
)
def test_a_technical_id_is_one_or_none(items: list[Any], expected: str | None) -> None:
    """An empty answer says that nobody registered with the number (portal wire notes §3.5)."""
    assert expected == read_technical_id(items)


@pytest.mark.parametrize(
    "items", [[{"TECHNICALID": "A"}, {"TECHNICALID": "B"}], [{}], [{"TECHNICALID": ""}], ["TECH-1"]]
)
def test_two_technical_ids_are_none_that_can_be_used(items: list[Any]) -> None:
    """Which of two is the person's cannot be told, and an item without an id is not "nobody"."""
    with pytest.raises(InvalidInput):
        read_technical_id(items)
