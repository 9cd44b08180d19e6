"""Every number of the worked example of the monitoring notes, §6.4: August 2026 of an invented province."""

from dataclasses import replace

import pytest

from gateway.indicators.formulas import Standing, Verdict
from gateway.indicators.readings import ProceduresUsed, Readings
from gateway.indicators.registry import explain, measure, measure_parts
from gateway.indicators.scope import PROVINCE, Scope, ScopeKind
from gateway.indicators.selection import Selection
from gateway.indicators.words import Reason
from gateway.model.procedure import ExecutingLevel
from tests.support.worked_example import AUGUST, facts

V1, V2 = facts(1), facts(2)
P = Scope(ScopeKind.LEVEL, level=ExecutingLevel.PROVINCE)
C = Scope(ScopeKind.LEVEL, level=ExecutingLevel.COMMUNE)
A = Scope(ScopeKind.AGENCY, ref="H99.A")
B = Scope(ScopeKind.AGENCY, ref="H99.B")
GROUP_1 = Scope(ScopeKind.UNIT_GROUP, ref="1", level=ExecutingLevel.PROVINCE)
P1 = Scope(ScopeKind.PROCEDURE, ref="P1")

# code, scope, what counts, of what, as shown
NUMBERS = [
    ("S1", PROVINCE, "P1 P3 P5 P7 P8", "P1 P3 P5 P6 P7 P8", "83.33"),
    ("S2", PROVINCE, "P1 P2 P3 P5 P6 P7 P8", "P1 P2 P3 P4 P5 P6 P7 P8", "87.50"),
    (
        "S3",
        P,
        "P1@province P3@province P8@province",
        "P1@province P2@province P3@province P4@province P8@province",
        "60.00",
    ),
    ("S3", C, "P5@commune P7@commune", "P5@commune P6@commune P7@commune", "66.67"),
    ("S4", PROVINCE, "P1 P5 P7", "P1 P3 P5 P7 P8", "60.00"),
    ("U1", PROVINCE, "P1 P2 P3 P5 P6", "P1 P2 P3 P5 P6 P7 P8", "71.43"),
    (
        "U2",
        PROVINCE,
        "D01 D02 D04 D05 D07 D10 D12",
        "D01 D02 D03 D04 D05 D06 D07 D08 D10 D11 D12 D13 D14",
        "53.85",
    ),
    (
        "U2own",
        PROVINCE,
        "D01 D04 D05 D07 D10 D12",
        "D01 D02 D03 D04 D05 D06 D07 D08 D10 D11 D12 D13 D14",
        "46.15",
    ),
    ("U2", P, "D01 D02 D04 D05", "D01 D02 D03 D04 D05 D06 D13 D14", "50.00"),
    ("U2s", P, "D01 D02 D04 D05", "D01 D02 D03 D04 D05 D06 D13", "57.14"),
    ("U2s", C, "D07 D10 D12", "D07 D08 D10 D11 D12", "60.00"),
    (
        "U2s",
        PROVINCE,
        "D01 D02 D04 D05 D07 D10 D12",
        "D01 D02 D03 D04 D05 D06 D07 D08 D10 D11 D12 D13",
        "58.33",
    ),
    ("U3", A, "P1 P2", "P1 P2 P8", "66.67"),
    ("U3", GROUP_1, "P1 P2", "P1 P2 P8", "66.67"),
    ("U3", B, "P3", "P3", "100.00"),
    ("U2", A, "D01 D02 D04", "D01 D02 D03 D04 D13", "60.00"),
    ("U2", B, "D05", "D05 D06 D14", "33.33"),
    (
        "T1",
        PROVINCE,
        "D01 D02 D04 D06 D07 D08 D10 D11 D12 D13 D14",
        "D01 D02 D03 D04 D05 D06 D07 D08 D10 D11 D12 D13 D14",
        "84.62",
    ),
    ("T4", P1, "D01 D02 D03 D13", "D01 D02 D03 D13", "4.50"),
    ("Q1", PROVINCE, "D01 D02 D11", "D01 D02 D11 D12", "75.00"),
    (
        "Q1r",
        PROVINCE,
        "D01 D02 D11 D12",
        "D01 D02 D03 D04 D05 D06 D07 D08 D11 D12 D13 D14",
        "33.33",
    ),
    (
        "G1",
        PROVINCE,
        "D01 D02 D04 D06 D07 D12 D13",
        "D01 D02 D03 D04 D05 D06 D07 D08 D12 D13 D14",
        "63.64",
    ),
]


@pytest.mark.parametrize(("code", "scope", "counted", "among", "shown"), NUMBERS)
def test_number_of_version_2(code: str, scope: Scope, counted: str, among: str, shown: str) -> None:
    """Each number is made of exactly the dossiers or procedures that the example names."""
    part = measure(code, Selection(V2, AUGUST, scope))
    assert (counted.split(), among.split()) == (sorted(part.counted), sorted(part.among))
    assert shown == part.shown


@pytest.mark.parametrize(
    ("code", "counted", "among", "shown"),
    [
        ("U2", 7, 12, "58.33"),
        ("T1", 10, 12, "83.33"),
        ("G1", 4, 10, "40.00"),
    ],
)
def test_number_of_version_1(code: str, counted: int, among: int, shown: str) -> None:
    """On 1 September D13 was not known, and dossiers in term had no result yet."""
    part = measure(code, Selection(V1, AUGUST))
    assert (counted, among, shown) == (len(part.counted), len(part.among), part.shown)


def test_late_in_version_1_are_d03_and_the_open_d05() -> None:
    """A dossier that is open and overdue is late before it is finished."""
    part = measure("T1", Selection(V1, AUGUST))
    assert sorted(part.among - part.counted) == ["D03", "D05"]
    assert (measure("T3", Selection(V1, AUGUST)).shown, measure("T3", Selection(V2, AUGUST)).shown) == ("25.00", None)


def test_second_reading_of_u3() -> None:
    """Of all procedures of Sở B, and not of the online ones only, half have online dossiers."""
    reading = Readings(u3=ProceduresUsed.ALL)
    part = measure("U3", Selection(V2, AUGUST, B, reading))
    assert (["P3"], ["P3", "P4"], "50.00") == (sorted(part.counted), sorted(part.among), part.shown)


def test_completed_in_three_classes() -> None:
    """T2 splits the twelve completed dossiers; the withdrawn one stands apart."""
    early, on_time, late = measure_parts("T2", Selection(V2, AUGUST))
    assert ("33.33", "50.00", "16.67") == (early.shown, on_time.shown, late.shown)
    assert sorted(early.counted) == ["D01", "D04", "D11", "D13"]
    assert sorted(on_time.counted) == ["D02", "D06", "D07", "D08", "D12", "D14"]
    assert sorted(late.counted) == ["D03", "D05"]
    assert len(early.among) == 12
    assert "D10" not in early.among


@pytest.mark.parametrize(
    ("code", "key", "verdict"),
    [
        ("U2", "D01", Verdict(Standing.COUNTED)),
        ("U2", "D03", Verdict(Standing.NOT_COUNTED, (Reason.NOT_ONLINE,))),
        ("U2own", "D02", Verdict(Standing.NOT_COUNTED, (Reason.BY_OFFICER,))),
        ("U2", "D09", Verdict(Standing.OUTSIDE, (Reason.NOT_ACCEPTED,))),
        ("U2", "Z1", Verdict(Standing.OUTSIDE, (Reason.EXCLUDED,), "DQ-03")),
        ("U2", "Z2", Verdict(Standing.OUTSIDE, (Reason.EXCLUDED,), "DQ-01")),
        ("U2s", "D14", Verdict(Standing.OUTSIDE, (Reason.NOT_ONLINE_SERVICE,))),
        ("G1", "D10", Verdict(Standing.OUTSIDE, (Reason.NO_DOCUMENT_REQUIRED,))),
        ("S1", "P6", Verdict(Standing.NOT_COUNTED, (Reason.NOT_FULL,))),
        ("S1", "P4", Verdict(Standing.OUTSIDE, (Reason.NOT_ELIGIBLE,))),
        ("U1", "P7", Verdict(Standing.NOT_COUNTED, (Reason.NO_ONLINE_DOSSIER,))),
        ("Q2", "D03", Verdict(Standing.NOT_COUNTED, (Reason.LATE, Reason.PETITION_OR_DISLIKE))),
        ("U2", "D99", Verdict(Standing.OUTSIDE, (Reason.UNKNOWN,))),
    ],
)
def test_each_dossier_says_why(code: str, key: str, verdict: Verdict) -> None:
    """A dossier that does not count, or stands outside, says by which condition; one left out names its rule."""
    assert verdict == explain(code, Selection(V2, AUGUST), key)


def test_dossier_not_known_in_version_1_is_outside_by_that_reason() -> None:
    """What the facts hold but `as_of` does not know yet is outside, not lost."""
    known = replace(V2, as_of=V1.as_of)
    assert explain("U2", Selection(known, AUGUST), "D13") == Verdict(Standing.OUTSIDE, (Reason.NOT_KNOWN_YET,))


def test_no_mean_over_procedures() -> None:
    """Times of processing of several procedures may be in several units: T4 is null with its reason."""
    part = measure("T4", Selection(V2, AUGUST))
    assert (part.shown, part.null_reason) == (None, "one_procedure_only")
