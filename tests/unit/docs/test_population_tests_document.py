"""The tables of the population database cannot claim a proof that does not exist."""

import pytest

from docs.generate import HEADER, table
from docs.population_tests import LIST, population_tests_document, rows_named

_LIST = LIST.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("test_n5_wrong_namespace", {"N5"}),
        ("test_n11_two_truths_and_n13_a_number", {"N11", "N13"}),
        ("test_n5_n11_n12_n14_changed_structure", {"N5", "N11", "N12", "N14"}),
        ("test_n1_to_n14_hostile_replies", set()),
        ("test_nobody_is_a_value", set()),
    ],
)
def test_rows_in_names(name: str, rows: set[str]) -> None:
    """A test's name says which rows it proves, one by one."""
    assert rows == rows_named(name)


def test_every_row_is_there() -> None:
    """N1 to N23, each with a proof or a note."""
    drawn = population_tests_document(HEADER, table)
    rows = [line for line in drawn.splitlines() if line.startswith("| N")]

    assert [f"N{number}" for number in range(1, 24)] == [line.split("|")[1].strip() for line in rows]
    assert all(line.count("|") == 4 and line.split("|")[3].strip() for line in rows)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("::test_wrapping", "::test_gone", "test_gone does not exist"),
        ('"gzip_bomb"', '"no_bomb"', "no hostile reply no_bomb"),
        ("[rows.N19]", "[rows.N99]", "N99: no test names it"),
        ("[rows.N19]", "[rows.N99]", "N19: a test names it, but there is no such row"),
    ],
)
def test_what_is_missing_is_told(old: str, new: str, told: str) -> None:
    """A renamed test, a reply that is gone, a row that nobody proves or that is not listed."""
    with pytest.raises(ValueError, match=told):
        population_tests_document(HEADER, table, text=_LIST.replace(old, new))
