"""The report of a day's comparison."""

import csv
import io

import pytest

from gateway.model.settlement import Action, FindingClass, Statement
from gateway.sync.settlement_text import ACTION_WORDS, CLASS_WORDS, COLUMNS, safe_cell, summary, write_report
from tests.support.settlements import AFTER, credit, entry, match, row


def test_the_report_has_one_row_per_finding_and_says_the_differences() -> None:
    """With the columns that are named."""
    found = match([row(fee_vnd=500), row("REF002", 90_000)], [entry(), entry("REF002")])
    rows = list(csv.DictReader(io.StringIO(write_report([found]))))
    assert list(rows[0]) == list(COLUMNS)
    assert [(one["class"], one["difference_vnd"], one["service_fee_vnd"]) for one in rows] == [
        ("ok", "0", "500"),
        ("r3", "10000", "0"),
    ]
    assert {one["day"] for one in rows} == {"2026-03-04"}


@pytest.mark.parametrize(
    "text", ["=1+1", "+84", "-1", "@SUM(A1)", "\tx", "\r=x", "  =1+1", "\u00a0=1", "＝1", "|x", "%x"]
)
def test_a_text_that_could_be_a_formula_is_made_harmless(text: str) -> None:
    """Whatever another system wrote stays a text."""
    assert safe_cell(text) == f"'{text}"


def test_numbers_and_plain_texts_stay_as_they_are() -> None:
    """Differences below zero are numbers."""
    assert [safe_cell(one) for one in (-5, 0, "REF-1", "H01.25-1", "", None)] == [
        "-5",
        "0",
        "REF-1",
        "H01.25-1",
        "",
        "",
    ]


def test_a_reference_with_a_formula_reaches_no_spreadsheet() -> None:
    """In the file itself."""
    report = write_report([match([row("=HYPERLINK(1)", dossier="@x")], [])])
    assert "'=HYPERLINK(1)" in report
    assert ",=" not in report
    assert ",@" not in report


def test_the_summary_says_what_there_is_and_what_to_do() -> None:
    """In both languages, without anything of the statement's text."""
    statement = Statement(until=AFTER, lines=(credit("REF001 NGUYEN VAN A"),))
    text = summary(match([row(), row("REF002", 90_000)], [entry(), entry("REF002")], statement=statement, after=None))
    for expected in (
        "Đối soát ngày 04/03/2026 / Settlement of 2026-03-04",
        "CHƯA ĐÓNG ĐƯỢC / cannot be closed",
        "Gateway: 200.000 đồng",
        "Provider's file: 190.000 đồng",
        "Difference: 10.000 đồng",
        "Arrived in the account: 100.000 đồng",
        "The file of the next day was not read yet",
        "- R3 Lệch số tiền / R3 Amount differs: 1; chênh lệch / difference 10.000",
        "- Tra soát / Dispute: 1",
    ):
        assert expected in text
    assert "NGUYEN" not in text


def test_the_summary_of_a_day_that_is_explained_says_so() -> None:
    """And that no statement was compared."""
    text = summary(match([row()], [entry()]))
    assert "CÓ THỂ ĐÓNG / can be closed" in text
    assert "No account statement was compared" in text
    assert "- không / nothing" in text


def test_every_class_and_action_has_its_words() -> None:
    """In both languages."""
    assert set(CLASS_WORDS) == set(FindingClass)
    assert set(ACTION_WORDS) == set(Action)
