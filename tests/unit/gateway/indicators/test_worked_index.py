"""Every number of the worked example of the monitoring notes, §6.5: the 766 index of August 2026, version 2."""

from decimal import Decimal
from fractions import Fraction

import pytest

from gateway.indicators.formulas import Standing
from gateway.indicators.numbers import percent, shown
from gateway.indicators.profiles import read_profile
from gateway.indicators.registry import explain, measure_parts
from gateway.indicators.scoring import Score, score
from gateway.indicators.selection import Selection
from gateway.indicators.words import Reason
from mappings.indicators import SCORING_766, shipped_text
from tests.support.worked_example import AUGUST, facts

PROFILE = read_profile(shipped_text(SCORING_766))
V2 = facts(2)
# The example takes line 4.6, whose formula is not published, for provided.
STATED = {"4.6": Fraction(1)}
INDEX = score(PROFILE, V2, AUGUST, stated=STATED)

# number, what counts, of how many, ratio, points
LINES = [
    ("1.1", "P6", 2, "50.00", "3.00"),
    ("1.2", "P3 P6", 2, "100.00", "4.00"),
    ("1.3", "P1 P2 P3 P4 P5 P6 P7", 8, "87.50", "1.75"),
    ("1.4", "D01 D02 D03 D04 D05 D06 D07 D08 D10 D11 D12 D13", 15, "80.00", "4.80"),
    ("2.1", "D01 D02 D04 D06 D07 D08 D10 D11 D12 D13", 12, "83.33", "16.67"),
    ("3.1", "P1 P2 P3 P5 P6 P7 P8", 8, "87.50", "2.00"),
    ("3.2", "P1 P2 P3 P5 P6", 7, "71.43", "2.86"),
    ("3.3", "D01 D02 D04 D05 D07 D10 D12", 12, "58.33", "6.00"),
    ("3.6", "D01 D02 D05 D12", 8, "50.00", "3.00"),
    ("3.5b", "P1 P3 P5", 4, "75.00", "1.88"),
    ("3.5", "P1 P3 P5", 4, "75.00", "1.88"),
    ("4.1", "D01 D02 D04 D06 D07 D12 D13", 10, "70.00", "4.20"),
    ("4.2", "D01 D02 D04 D06 D07 D10 D11 D12 D13", 12, "75.00", "3.00"),
    ("4.3", "D01 D04 D11 D12", 12, "33.33", "0.83"),
    ("4.4", "D01 D12", 12, "16.67", "0.67"),
    ("4.5b", "D01 D02 D04 D05 D07 D10 D11 D12", 12, "66.67", "1.33"),
    ("4.5a", "P1 P3 P5 P6", 5, "80.00", "1.60"),
    ("5.2", "K1 K2 K3", 4, "75.00", "4.50"),
    ("5.3", "K1 K3", 4, "50.00", "3.00"),
]


@pytest.mark.parametrize(("number", "counted", "among", "ratio", "points"), LINES)
def test_line(number: str, counted: str, among: int, ratio: str, points: str) -> None:
    """Each line is made of exactly the dossiers, procedures or petitions that the example names."""
    line = INDEX.line(number)
    assert line.part is not None
    assert (counted.split(), Fraction(among)) == (sorted(line.part.counted), line.part.denominator)
    assert (ratio, points) == (line.percent, line.shown)


def test_group_sums_and_total() -> None:
    """The groups as they are shown, and 73.40 of 100 points; every line of the profile was scored."""
    groups = {group.code: shown(INDEX.group(group.code)) for group in PROFILE.groups}
    assert {
        "CKMB": "13.55",
        "TDGQ": "16.67",
        "CLGQ": "10.86",
        "TTTT": "6.75",
        "MDSH": "13.63",
        "MDHL": "11.94",
    } == groups
    assert ("73.40", "100.00") == (shown(INDEX.total), shown(INDEX.reachable))
    assert () == INDEX.without_verdict
    assert {line.component.number for line in INDEX.lines} == {row[0] for row in LINES} | {"4.6", "5.4"}


def test_line_5_4_subtracts_d03_twice() -> None:
    """Late and with a petition, D03 counts twice against the published figure; the union is a diagnostic beside it."""
    line = INDEX.line("5.4")
    assert ("66.67", "4.44") == (line.percent, line.shown)
    national = Selection(V2, AUGUST, readings=line.component.readings)
    own, union = measure_parts("Q2", national)
    assert [8, 12] == [own.numerator, own.denominator]
    assert ("66.67", "union", "75.00") == (own.shown, union.name, percent(union.ratio))
    assert (Reason.LATE, Reason.PETITION_OR_DISLIKE) == explain("Q2", national, "D03").reasons
    assert {"D03", "D05", "D12"} == union.among - union.counted


def variant(*names: str) -> Score:
    """Score with other readings of single lines."""
    return score(PROFILE.with_variants(names), V2, AUGUST, stated=STATED)


def test_strict_reading_of_line_3_3() -> None:
    """D05 has no electronic result: 6 of 12, times the sync ratio of 80 %."""
    strict = variant("strict_online")
    line = strict.line("3.3")
    assert line.part is not None
    assert "D05" not in line.part.counted
    assert ("40.00", "4.80", "9.66") == (line.percent, line.shown, shown(strict.group("CLGQ")))
    assert explain("U2x", Selection(V2, AUGUST, readings=line.component.readings), "D05").standing is (
        Standing.NOT_COUNTED
    )


def test_threshold_reading_of_line_4_2() -> None:
    """With the handbook's threshold of 80 %, 75 % are worth 3.75."""
    index = variant("digitising_threshold")
    assert ("3.75", "14.38") == (index.line("4.2").shown, shown(index.group("MDSH")))


def test_first_reading_of_line_3_5b() -> None:
    """Of the procedures with dossiers that owe a fee, all three had an online payment."""
    line = variant("paid_of_fee_dossiers").line("3.5b")
    assert ("100.00", "2.00") == (line.percent, line.shown)


def test_d14_was_never_synced_and_is_in_no_line() -> None:
    """The portal's view has twelve dossiers; the gateway's own has thirteen."""
    for line in INDEX.lines:
        assert line.part is None or "D14" not in line.part.among


def test_copies_and_tests_are_in_no_line() -> None:
    """Z1 and Z2 are left out and flagged, and lost from nothing."""
    for line in INDEX.lines:
        assert line.part is None or not {"Z1", "Z2"} & line.part.among
    assert {"Z1": "DQ-03", "Z2": "DQ-01"} == {one.key: one.excluded_by for one in V2.dossiers if one.excluded_by}


def test_the_national_score_stands_beside_ours() -> None:
    """The difference is given, and nothing is corrected by it."""
    assert "0.20" == shown(INDEX.differs_by(national_points=Decimal("73.20")))
