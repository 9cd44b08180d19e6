"""Catalogues, online services, decisions and technical ids are read as they come, or refused whole."""

import tomllib
from datetime import date
from importlib import resources
from typing import Any

import pytest

from gateway.errors import InvalidInput
from gateway.model.procedure import ServiceLevel
from gateway.ports.portal_services import (
    CatalogueItem,
    CatalogueName,
    OnlineService,
    PublicationDecision,
    ServiceApplication,
)
from mappings.portal.reads import (
    CatalogueFields,
    flattened,
    packaged_fields,
    read_catalogue,
    read_decision,
    read_online_services,
    read_technical_id,
)
from mappings.portal.tables import load_tables

CODES = load_tables().on(date(2026, 1, 5))
AGENCIES = packaged_fields()[CatalogueName.AGENCIES]

# The example of portal wire notes §4.
AGENCY_LIST = [
    {"MADONVI": "H99", "TENDONVI": "UBND tỉnh Thử Nghiệm", "CAPDONVI": "1"},
    {"MADONVI": "H99.01", "TENDONVI": "Sở Thử nghiệm", "CAPDONVI": "2"},
]
# The example of portal wire notes §3.4.
SERVICE = {
    "MADVC": "1.999001.01",
    "TENDVC": "Cấp giấy xác nhận thử nghiệm (trực tuyến)",
    "MATTHC": "1.999001",
    "TENTTHC": "Cấp giấy xác nhận thử nghiệm",
    "TENCOQUANBANHANH": "Bộ Thử nghiệm",
    "TENLINHVUC": "Lĩnh vực thử",
    "APDUNGDVC": [{"MACOQUANTHUCHIEN": "H99.01", "MUCDO": "4"}],
}


def test_every_catalogue_has_a_row() -> None:
    """The packaged table says of every catalogue where code and name are, and how sure that is."""
    text = resources.files("mappings.portal").joinpath("catalogue_fields.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(text)
    assert set(CatalogueName) == set(rows) == set(packaged_fields())
    assert {"agencies", "sectors"} == {name for name, row in rows.items() if row["confidence"] == "A"}
    assert {"A", "D"} == {row["confidence"] for row in rows.values()}


def test_the_documented_list_is_read_field_by_field() -> None:
    """Code, name and whatever else stands there, in the order in which it came."""
    expected = [
        CatalogueItem(code="H99", name="UBND tỉnh Thử Nghiệm", attributes=(("CAPDONVI", "1"),)),
        CatalogueItem(code="H99.01", name="Sở Thử nghiệm", attributes=(("CAPDONVI", "2"),)),
    ]
    assert expected == read_catalogue(AGENCY_LIST, AGENCIES)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"MADONVI": "A", "TENDONVI": "x"}, ("A", "x")),
        ({"MaDonVi": "A", "tendonvi": "x"}, ("A", "x")),
        ({"MADONVI": " A ", "TENDONVI": "x\x00 "}, ("A", "x")),
        ({"MADONVI": 7, "TENDONVI": None}, ("7", "")),
        ({"MADONVI": 7.0, "TENDONVI": "x"}, ("7", "x")),
        ({"MADONVI": None, "TENDONVI": "x"}, ("", "x")),
        ({"MADONVI": ["A"], "TENDONVI": {"a": 1}}, ("", "")),
        ({"TENDONVI": "x"}, ("", "x")),
    ],
)
def test_forms_of_an_item(item: dict[str, Any], expected: tuple[str, str]) -> None:
    """Key case, numbers, blanks and nulls come to one form; a missing code is empty and its item stays."""
    found = read_catalogue([{"MADONVI": "Z", "TENDONVI": "z"}, item], AGENCIES)
    assert expected == (found[1].code, found[1].name)


def test_doubles_and_contradictions_stay() -> None:
    """Nothing is merged or chosen here: whoever keeps the list decides, and must be able to see it."""
    result = [*AGENCY_LIST, AGENCY_LIST[0], {"MADONVI": "H99", "TENDONVI": "Tên khác"}]
    assert ["H99", "H99.01", "H99", "H99"] == [item.code for item in read_catalogue(result, AGENCIES)]


def test_an_empty_list_is_a_value() -> None:
    """Nothing in the catalogue is an answer."""
    assert [] == read_catalogue([], AGENCIES)
    assert [] == read_online_services([], CODES)
    assert read_decision([], "70001") is None
    assert read_technical_id([]) is None


def test_other_field_names_are_noticed_and_can_be_set() -> None:
    """A list whose items have none of the known code fields is refused; told the names, it is read."""
    result = [{"MA": "01", "TEN": "Kinh"}]
    with pytest.raises(InvalidInput) as caught:
        read_catalogue(result, packaged_fields()[CatalogueName.ETHNIC_GROUPS])
    assert "unknown_fields" == caught.value.code
    assert "MADANTOC" in str(caught.value.faults[0])
    found = read_catalogue(result, CatalogueFields(code=("MADANTOC", "ma"), name=("TEN",)))
    assert [CatalogueItem(code="01", name="Kinh")] == found


@pytest.mark.parametrize("bad", [["x"], [1], [None], [[]], [{"MADONVI": "A"}, "x"]])
def test_what_is_no_record_refuses_the_list(bad: list[Any]) -> None:
    """A list that was read in part would look like one from which things have gone."""
    for read in (
        lambda: read_catalogue(bad, AGENCIES),
        lambda: read_online_services(bad, CODES),
        lambda: read_decision(bad, "1"),
        lambda: read_technical_id(bad),
    ):
        with pytest.raises(InvalidInput):
            read()


def test_the_documented_online_service_is_read() -> None:
    """Every field of the example, and the level by the table of the day."""
    expected = OnlineService(
        code="1.999001.01",
        name="Cấp giấy xác nhận thử nghiệm (trực tuyến)",
        procedure_code="1.999001",
        procedure_name="Cấp giấy xác nhận thử nghiệm",
        issuing_agency_name="Bộ Thử nghiệm",
        sector_name="Lĩnh vực thử",
        applications=(ServiceApplication(agency_code="H99.01", level=ServiceLevel.FULL, level_code="4"),),
    )
    assert [expected] == read_online_services([SERVICE], CODES)


@pytest.mark.parametrize(
    ("code", "level"),
    [
        ("2", ServiceLevel.INFORMATION),
        (3, ServiceLevel.PARTIAL),
        ("4", ServiceLevel.FULL),
        ("1", None),
        ("9", None),
        ("", None),
        (None, None),
    ],
)
def test_an_unknown_level_is_not_guessed(code: object, level: ServiceLevel | None) -> None:
    """A code without a row gives no level, and stays beside it."""
    [service] = read_online_services([{**SERVICE, "APDUNGDVC": [{"MUCDO": code}]}], CODES)
    [application] = service.applications
    assert (level, "" if code is None else str(code)) == (application.level, application.level_code)


@pytest.mark.parametrize(
    "change", [{"MADVC": ""}, {"MADVC": None}, {"APDUNGDVC": "x"}, {"APDUNGDVC": [1]}, {"APDUNGDVC": {"a": 1}}]
)
def test_a_service_that_cannot_be_read_refuses_the_list(change: dict[str, Any]) -> None:
    """The fault names the place and no content."""
    with pytest.raises(InvalidInput) as caught:
        read_online_services([SERVICE, {**SERVICE, **change}], CODES)
    assert [f"result/1/{next(iter(change))}"] == [fault.field for fault in caught.value.faults]


@pytest.mark.parametrize("applied", [None, []])
def test_a_service_that_nobody_offers_has_no_applications(applied: object) -> None:
    """A null list is an empty one."""
    [service] = read_online_services([{**SERVICE, "APDUNGDVC": applied}], CODES)
    assert () == service.applications


def test_a_decision_is_flattened_without_loss() -> None:
    """Every value is there under its path, in its order, since the fields are not documented."""
    record = {"ID": 70001, "CO": True, "DS": [{"MATTHC": "1.999001"}, {"MATTHC": None}], "KHAC": {"A": {"B": "x"}}}
    expected = (
        ("ID", "70001"),
        ("CO", "True"),
        ("DS/0/MATTHC", "1.999001"),
        ("DS/1/MATTHC", ""),
        ("KHAC/A/B", "x"),
    )
    assert PublicationDecision(decision_id="70001", fields=expected) == read_decision([record], "70001")


def test_bottomless_nesting_is_refused() -> None:
    """A record that is nested without end breaks its rule, not the process."""
    record: dict[str, Any] = {}
    for _ in range(50):
        record = {"A": record}
    with pytest.raises(InvalidInput):
        list(flattened({"A": [record], "B": "x"}))


def test_two_decisions_for_one_id_are_refused() -> None:
    """Neither of them is chosen."""
    with pytest.raises(InvalidInput):
        read_decision([{"ID": "1"}, {"ID": "1"}], "1")


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ([{"TECHNICALID": "TECH-1"}], "TECH-1"),
        ([{"TechnicalId": "TECH-1"}], "TECH-1"),
        ([{"TECHNICALID": "TECH-1"}, {"TECHNICALID": " TECH-1"}], "TECH-1"),
        ([{"TECHNICALID": 17}], "17"),
    ],
)
def test_a_technical_id_is_read(result: list[Any], expected: str) -> None:
    """The same id twice is one id."""
    assert expected == read_technical_id(result)


@pytest.mark.parametrize(
    ("result", "code"),
    [
        ([{"TECHNICALID": ""}], "invalid_input"),
        ([{}], "invalid_input"),
        ([{"TECHNICALID": "A"}, {"TECHNICALID": None}], "invalid_input"),
        ([{"TECHNICALID": "A"}, {"TECHNICALID": "B"}], "contradiction"),
    ],
)
def test_a_doubtful_technical_id_is_none_of_them(result: list[Any], code: str) -> None:
    """Two ids for one number, or a record without one, are neither a person nor nobody."""
    with pytest.raises(InvalidInput) as caught:
        read_technical_id(result)
    assert code == caught.value.code
