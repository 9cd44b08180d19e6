"""Code tables refuse at load whatever could make a translation ambiguous, partial or undated."""

import tomllib
from datetime import date
from enum import StrEnum
from importlib import resources

import pytest

from gateway.errors import ConfigurationError
from gateway.model.status import DossierStatus
from mappings.codes.tables import Unmapped, codes_on, read_tables
from mappings.portal.tables import PortalTables, load_tables
from tests.unit.mappings.portal_samples import TODAY


class Fruit(StrEnum):
    APPLE = "apple"
    PEAR = "pear"


MEMBERS = {"fruit": [str(fruit) for fruit in Fruit]}
HEAD = """
[tables.fruit]
source = "a book"
confidence = "A"
direction = "{direction}"
unmapped = "hold"
valid_from = 2020-01-01
"""
GOOD_ROWS = 'rows = [{ canonical = "apple", foreign = "1" }, { canonical = "pear", foreign = "2" }]'


def faults_of(text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read_tables(tomllib.loads(text), MEMBERS)
    return str(caught.value)


def table(rows: str, direction: str = "both", more: str = "") -> str:
    return HEAD.format(direction=direction) + more + "\n" + rows


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (table('rows = [{ canonical = "apple", foreign = "1" }]'), "value has no code on 2020-01-01 (found pear)"),
        (
            table(
                'rows = [{ canonical = "apple", foreign = "1" }, { canonical = "pear", foreign = "2" },'
                '{ canonical = "pear", foreign = "3" }]'
            ),
            "value has several codes on 2020-01-01 (found pear)",
        ),
        (
            table('rows = [{ canonical = "apple", foreign = "1" }, { canonical = "pear", foreign = "1" }]'),
            "code has several rows on 2020-01-01 (found 1)",
        ),
        (
            table('rows = [{ canonical = "apple", foreign = "1" }, { canonical = "plum", foreign = "2" }]'),
            "unknown canonical value (found plum)",
        ),
        (
            table('rows = [{ canonical = "apple", foreign = "1" }, { canonical = "pear", foreign = "" }]'),
            "an empty code is never written",
        ),
        (
            table('rows = [{ canonical = "apple", foreign = 1 }, { canonical = "pear", foreign = "2" }]'),
            "must be text: codes keep their zeros",
        ),
        (table(GOOD_ROWS).replace('unmapped = "hold"', ""), "tables.fruit.unmapped"),
        (table(GOOD_ROWS).replace('unmapped = "hold"', 'unmapped = "pass-through"'), "must be one of hold"),
        (table(GOOD_ROWS).replace('source = "a book"', ""), "must name document and section"),
        (table(GOOD_ROWS).replace('confidence = "A"', 'confidence = "sure"'), "tables.fruit.confidence"),
        (table(GOOD_ROWS).replace("2020-01-01", "2020-01-01T00:00:00Z"), "tables.fruit.valid_from: must be a date"),
        (table(GOOD_ROWS, more='otherwise = "apple"'), "goes with unmapped = keep_wording"),
        (table(GOOD_ROWS, more='color = "red"'), "tables.fruit.color: is not a known key"),
        (table(GOOD_ROWS) + "\n[tables.stone]\n", "tables.stone: is not a known table"),
        ("[tables]\n", "tables.fruit: is missing"),
        ('tables = "none"\n', "tables: must be a table of tables"),
        (table("rows = []"), "must be a list of rows"),
        (table(GOOD_ROWS, more='aliases = ["x"]'), "must be a row"),
        (
            table(
                'rows = [{ canonical = "apple", foreign = "1", valid_from = 2019-01-01 },'
                '{ canonical = "pear", foreign = "2" }]'
            ),
            "row lies outside the dates of its table",
        ),
        (
            table(
                'rows = [{ canonical = "apple", foreign = "1" }, { canonical = "pear", foreign = "2",'
                "valid_to = 2024-01-01 }]"
            ),
            "value has no code on 2024-01-01 (found pear)",
        ),
        (
            table(
                'rows = [{ canonical = "apple", foreign = "1" }, { canonical = "pear", foreign = "2" },'
                '{ canonical = "pear", foreign = "3", valid_from = 2024-01-01 }]'
            ),
            "value has several codes on 2024-01-01 (found pear)",
        ),
    ],
)
def test_a_load_refuses(text: str, expected: str) -> None:
    """A table that is not total, one to one, dated and sourced is refused with the fault named."""
    assert expected in faults_of(text)


def test_every_fault_is_listed_at_once() -> None:
    """An operator sees all faults of a file, not the first one."""
    faults = faults_of(table('rows = [{ canonical = "plum", foreign = "" }]').replace('source = "a book"', ""))
    assert "must name document" in faults
    assert "an empty code" in faults


def test_a_row_holds_for_its_dates() -> None:
    """The day before a row begins the old code is used, from that day on the new one; both are read in their time."""
    rows = (
        'rows = [{ canonical = "apple", foreign = "1" },'
        '{ canonical = "pear", foreign = "2", valid_to = 2025-07-01 },'
        '{ canonical = "pear", foreign = "9", valid_from = 2025-07-01 }]'
    )
    fruit = read_tables(tomllib.loads(table(rows)), MEMBERS)["fruit"]
    values = {str(member): member for member in Fruit}
    before = codes_on(fruit, values, date(2025, 6, 30))
    after = codes_on(fruit, values, date(2025, 7, 1))
    assert ("2", "9") == (before.outbound[Fruit.PEAR], after.outbound[Fruit.PEAR])
    assert (True, False) == ("2" in before.inbound, "2" in after.inbound)


def test_outside_its_dates_a_table_knows_nothing() -> None:
    """A date before a table's first day finds no row, so that the item is held and nothing is guessed."""
    assert {} == load_tables().on(date(2019, 1, 1)).status.outbound


def test_an_inbound_table_may_read_many_codes_as_one() -> None:
    """What is only read need not be total nor one to one."""
    rows = 'rows = [{ canonical = "apple", foreign = "1" }, { canonical = "apple", foreign = "2" }]'
    fruit = read_tables(tomllib.loads(table(rows, direction="inbound")), MEMBERS)["fruit"]
    known = codes_on(fruit, {str(member): member for member in Fruit}, TODAY)
    assert ({}, {"1": Fruit.APPLE, "2": Fruit.APPLE}) == (known.outbound, known.inbound)


def test_an_alias_is_read_and_never_written() -> None:
    """Booleans come back in two spellings and leave in one."""
    truth = load_tables().on(TODAY).truth
    assert ({False: "False", True: "True"}, True) == (truth.outbound, truth.inbound["true"])


def test_the_packaged_tables_carry_the_ten_statuses() -> None:
    """Every canonical status has its own code from 1 to 10, and none is empty (portal wire notes §7.1)."""
    status = load_tables().on(TODAY).status
    assert {str(number) for number in range(1, 11)} == set(status.outbound.values())
    assert set(DossierStatus) == set(status.outbound)
    assert "11" not in status.inbound


def test_every_packaged_table_is_sourced_and_decides_about_the_unmapped() -> None:
    """No packaged table is without source, confidence and policy."""
    tables = load_tables().tables
    assert len(tables) == 18
    assert all(row.source.startswith("portal wire notes §") for row in tables.values())
    assert {"time_unit", "publication_state"} == {
        name for name, row in tables.items() if row.unmapped is Unmapped.KEEP_WORDING
    }


def test_a_file_that_is_no_toml_is_refused() -> None:
    """A broken file stops the start with its name."""
    with pytest.raises(ConfigurationError, match=r"codes\.toml"):
        load_tables("[tables")


def test_a_file_without_identity_is_refused() -> None:
    """A set must say which one it is, so that a translation can be explained later."""
    text = resources.files("mappings.portal").joinpath("codes.toml").read_text(encoding="utf-8")
    with pytest.raises(ConfigurationError, match="set_id"):
        load_tables(text.replace("set_id", "set_name"))


def test_days_are_remembered_within_bounds() -> None:
    """The same day gives the same dictionaries, and many days do not grow without bound."""
    tables: PortalTables = load_tables()
    assert tables.on(TODAY) is tables.on(TODAY)
    for day in range(1, 29):
        tables.on(date(2026, 2, day))
    assert len(tables._by_day) <= 8
