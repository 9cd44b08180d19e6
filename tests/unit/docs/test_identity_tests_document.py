"""The tables of electronic identity cannot claim a proof that does not exist."""

import pytest

from adapters.identity.sandbox import ROWS, cases
from docs.generate import HEADER, table
from docs.identity_tests import LIST, identity_tests_document, named_tests, proofs, rows_named

_LIST = LIST.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("test_n59_edges", {"N59"}),
        ("test_n07_n08_issuer", {"N07", "N08"}),
        ("test_n40_n42_n74_headers", {"N40", "N42", "N74"}),
        ("test_n100_to_everybody", {"N100"}),
        ("test_n9_and_nothing", set()),
        ("test_named_n5", set()),
    ],
)
def test_rows_in_names(name: str, rows: set[str]) -> None:
    """A test's name says which rows it proves, one by one."""
    assert rows == rows_named(name)


@pytest.mark.parametrize("name", ["test_n40_to_n46_headers", "test_n01_n03_to_n05", "test_n99_to_n101"])
def test_ranges_in_names_are_refused(name: str) -> None:
    """Nobody sees in a range which of its rows have a case."""
    with pytest.raises(ValueError, match="names a range of rows"):
        rows_named(name)


def test_attacks_are_credited_by_the_cases_that_run() -> None:
    """What the document says of attacks can be selected, word for word."""
    found = proofs({}, dict.fromkeys({row.rows for row in ROWS.values()}, ""))

    assert sorted(proof.partition("[")[2].rstrip("]") for one in found.values() for proof in one) == sorted(
        name for name, _, _ in cases()
    )
    assert all(name.isascii() for name, _, _ in cases()), "others are escaped where they run"
    assert len(cases()) == len({name for name, _, _ in cases()})
    assert "tests/integration/identity/test_attacks.py::test_attack[N40-alg_none-p2]" in found["N40"]


def test_every_row_is_proved_or_excused() -> None:
    """The document is drawn from the tests that there are, each row with one."""
    drawn = identity_tests_document(HEADER, table)
    lines = [line for line in drawn.splitlines() if line.startswith("| N")]

    assert len(lines) > 120
    assert all(line.count("|") == 4 and line.split("|")[3].strip() for line in lines)


def test_rows_without_proof_and_tests_that_are_gone_are_told() -> None:
    """A new row without a test, and a test that was renamed, stop the drawing; a reason excuses a row."""
    unproved = _LIST.replace("[rows]", '[rows]\nN99 = "nobody tests this"')
    gone = _LIST.replace("test_settings.py::test_faults", "test_settings.py::test_gone")
    excused = unproved.replace("[[items]]", '[reasons]\nN99 = "no such provider"\n\n[[items]]', 1)

    with pytest.raises(ValueError, match="N99: no test names it"):
        identity_tests_document(HEADER, table, text=unproved)
    with pytest.raises(ValueError, match="test_gone does not exist"):
        identity_tests_document(HEADER, table, text=gone)
    assert "no such provider" in identity_tests_document(HEADER, table, text=excused)
    assert len(named_tests()) > 100
