"""The tables of online payment cannot claim a proof that does not exist."""

import re

import pytest

from docs.generate import HEADER, table
from docs.payment_tests import LIST, payment_tests_document, proofs, rows_named

_LIST = LIST.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("test_f02_ten_notifications_at_once", {"F02"}),
        ("test_pitfall_11_12_the_secret_stays_here", {"P11", "P12"}),
        ("test_pitfall_19_f25_foreign_hosts", {"P19", "F25"}),
        ("test_f19_pitfall_21_pending", {"F19", "P21"}),
        ("test_transition_06_a_verified_success_pays", {"T06"}),
        ("test_invariant_03_told_before", {"I03"}),
        ("test_f08_to_f12_are_refused", set()),
        ("test_transition_needs_words", set()),
    ],
)
def test_rows_in_names(name: str, rows: set[str]) -> None:
    """A test's name says which rows it shows, one by one; a range shows none."""
    assert rows == rows_named(name)


def test_every_row_is_there() -> None:
    """23 vectors, 25 pitfalls, 33 fault modes, 18 transitions, 13 invariants, each with a test or a note."""
    drawn = payment_tests_document(HEADER, table)
    lines = [line for line in drawn.splitlines() if re.match(r"\| [VPFTI]\d\d ", line)]
    counts = {"V": 23, "P": 25, "F": 33, "T": 18, "I": 13}
    expected = [f"{letter}{number:02}" for letter, count in counts.items() for number in range(1, count + 1)]

    assert expected == [line.split("|")[1].strip() for line in lines]
    assert all(line.split("|")[3].strip() for line in lines)


def test_whole_gateways_stand_first() -> None:
    """What a whole gateway makes of a fault says more than what one part reads."""
    paths = {
        "tests/integration/payments/test_payments.py": {"test_f02_whole"},
        "tests/integration/payment_sandbox/test_x.py": {"test_f02_played"},
        "tests/unit/elsewhere/test_y.py": {"test_f02_of_something_else"},
    }

    assert ["test_f02_whole", "test_f02_played"] == [test.split("::")[1] for test in proofs(paths)["F02"]]


_PLAYED = """[faults.F34]
what = "played only"
tests = ["tests/integration/payment_sandbox/test_receipt_suppliers.py::test_vnpt_numbers_receipts"]
[faults.F30]"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("::test_vector_get_bill", "::test_gone", "test_gone does not exist"),
        ("[faults.F30]", "[faults.F34]\nwhat = 'new'\n[faults.F30]", "F34: no test shows it"),
        ("[faults.F02]", "[faults.F99]", "F02: a test names it, but there is no such row"),
        ("[pitfalls.P03]", "[pitfalls.X03]", "X03: does not belong to pitfalls"),
        ("[faults.F30]", _PLAYED, "F34: no test shows it"),
    ],
)
def test_what_is_missing_is_told(old: str, new: str, told: str) -> None:
    """A renamed test, a row that nobody shows or that is not listed, and a fault that is only played."""
    assert old in _LIST
    with pytest.raises(ValueError, match=told):
        payment_tests_document(HEADER, table, text=_LIST.replace(old, new))
