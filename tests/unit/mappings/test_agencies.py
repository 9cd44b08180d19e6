"""Agency identifiers: forms, dates, successors, and two series of codes that are never derived from each other."""

import csv
import io
from datetime import date, timedelta

import pytest

from gateway.errors import ConfigurationError, InvalidInput
from gateway.ports.codes import AgencyForm, AgencyStanding, CodeEvidence
from mappings.codes.agencies import (
    DECISION_09_ON,
    MERGED_ON,
    MINISTRIES,
    load_agencies,
    propose_other_form,
    read_agencies,
    read_agency_id,
)
from mappings.codes.csv_files import shipped_file
from mappings.codes.directory import load_code_directory
from mappings.codes.unit_tables import PROVINCES_34, PROVINCES_63

AGENCIES = load_agencies()
EVE = MERGED_ON - timedelta(days=1)


def provinces() -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(shipped_file(PROVINCES_63).decode())))


@pytest.mark.parametrize(
    ("text", "form", "level1", "groups"),
    [
        ("H14", AgencyForm.DECISION_20, "H14", ()),
        ("H14.1.22", AgencyForm.DECISION_20, "H14", ("1", "22")),
        ("000.00.00.H14", AgencyForm.QCVN_102, "H14", ()),
        ("000.01.14.H05", AgencyForm.QCVN_102, "H05", ("14", "01")),
        ("000.A0.01.H26", AgencyForm.QCVN_102, "H26", ("01", "A0")),
        ("Z010123456789", AgencyForm.SCHEME_Z, "", ()),
    ],
)
def test_identifiers_are_taken_apart(text: str, form: AgencyForm, level1: str, groups: tuple[str, ...]) -> None:
    """Groups come highest first in every form, and the text is kept as it is."""
    agency = read_agency_id(text).require()

    assert (text, form, level1, groups) == (agency.text, agency.form, agency.level1, agency.groups)


@pytest.mark.parametrize(
    "text",
    ["", "h14", "H14.", "H14..22", "H1", "Z00A", "Z01", "Z01.A", "H14\n", " H14", "H14.a", "Ｈ14", "H" + "1" * 40],
)
def test_what_is_no_identifier_is_refused(text: str) -> None:
    """Nothing is repaired silently; the fault names the rule."""
    with pytest.raises(InvalidInput):
        read_agency_id(text).require()


@pytest.mark.parametrize(
    ("text", "proposal"),
    [
        ("000.00.18.G12", "G12.18"),
        ("G12.18", "000.00.18.G12"),
        ("000.01.14.H05", "H05.14.01"),
        ("000.00.00.H14", "H14"),
        ("H14.1.22", None),
        ("H55.242", None),
        ("H14.01.02.003.04", None),
        ("001.00.01.H14", None),
        ("H14.00", None),
        ("Z01A", None),
    ],
)
def test_the_other_form_is_proposed_only_where_nothing_is_lost(text: str, proposal: str | None) -> None:
    """Each proposal leads back; a tree that the other form cannot name has none."""
    assert proposal == propose_other_form(read_agency_id(text).require())
    if proposal is not None:
        assert text == propose_other_form(read_agency_id(proposal).require())


def test_every_merged_province_has_a_successor_from_the_first_day() -> None:
    """34 codes live on, 29 are closed with their successor, to the day; the people's councils follow their province."""
    kept = closed = 0
    for row in provinces():
        for letter in "HK":
            old, new = letter + row["h_code"][1:], letter + row["new_h_code"][1:]
            assert AGENCIES.is_open_on(old, EVE)
            assert AGENCIES.successor(old, EVE) is None
            found = AGENCIES.successor(old, MERGED_ON)
            if row["h_code_after_merger"] == "kept":
                kept += 1
                assert AGENCIES.is_open_on(old, MERGED_ON)
                assert found is None
            else:
                closed += 1
                assert not AGENCIES.is_open_on(old, MERGED_ON)
                assert found is not None
                assert (new, new, MERGED_ON) == (found.level1_code, found.code, found.since)
                assert AGENCIES.is_open_on(new, MERGED_ON)
    assert (2 * 34, 2 * 29) == (kept, closed)


def test_a_unit_of_a_closed_province_gets_no_code_of_its_own() -> None:
    """The new trees are not known, so only the level-1 successor is told, in both forms."""
    for text in ("H46.12", "000.00.12.H46"):
        found = AGENCIES.successor(text, MERGED_ON)
        assert found is not None
        assert ("H50", None) == (found.level1_code, found.code)


def test_the_two_series_of_codes_are_unrelated() -> None:
    """New Quảng Trị has the agency code of old Quảng Trị and the statistical code of old Quảng Bình; seven are so."""
    by_new = {(one.new_statistical_code, one.new_agency_code) for one in AGENCIES.provinces}
    old_pairs = {(one.old_statistical_code, one.old_agency_code) for one in AGENCIES.provinces}

    assert ("44", "H50") in by_new
    assert 34 == len(by_new)
    assert 7 == len(by_new - old_pairs)


@pytest.mark.parametrize(
    ("code", "day", "standing", "name"),
    [
        ("G10", DECISION_09_ON - timedelta(days=1), AgencyStanding.OPEN, "Bộ Nông nghiệp và Phát triển nông thôn"),
        ("G10", DECISION_09_ON, AgencyStanding.OPEN, "Bộ Nông nghiệp và Môi trường"),
        ("G21.05", DECISION_09_ON, AgencyStanding.OPEN, "Bộ Dân tộc và Tôn giáo"),
        ("G13", DECISION_09_ON - timedelta(days=1), AgencyStanding.OPEN, "Bộ Tài nguyên và Môi trường"),
        ("G13", DECISION_09_ON, AgencyStanding.NOT_LISTED, "Bộ Tài nguyên và Môi trường"),
        ("G31", DECISION_09_ON - timedelta(days=1), AgencyStanding.OPEN, None),
        ("G31", DECISION_09_ON, AgencyStanding.OPEN, "Viện Hàn lâm Khoa học và Công nghệ Việt Nam"),
        ("G23", DECISION_09_ON, AgencyStanding.UNKNOWN, None),
        ("G40", DECISION_09_ON, AgencyStanding.UNKNOWN, None),
        ("H99.01", DECISION_09_ON, AgencyStanding.UNKNOWN, None),
        ("Z01A", DECISION_09_ON, AgencyStanding.UNKNOWN, None),
        ("K46", MERGED_ON, AgencyStanding.CLOSED, "Hội đồng nhân dân Tỉnh Quảng Bình"),
    ],
)
def test_standing_and_name_depend_on_the_day(code: str, day: date, standing: AgencyStanding, name: str | None) -> None:
    """Ministries have the name of their day; left out of a list is not the same as closed or unknown."""
    found = load_code_directory().resolve_agency(code, day)

    assert (standing, name) == (found.standing, found.level1_name)


def test_not_listed_codes_have_no_invented_successor() -> None:
    """Nobody published which ministry takes the messages of G13."""
    assert AGENCIES.successor("G13", DECISION_09_ON) is None


def test_evidence_is_told() -> None:
    """Thirteen H codes are proven, fifty bracketed, and of the councils only K57 is stated."""
    entries = [entry for code in AGENCIES.codes() if (entry := AGENCIES.find(code)) is not None]
    direct = {entry.code for entry in entries if entry.evidence is CodeEvidence.DIRECT}

    assert {"H05", "H14", "H20", "H29", "H30", "H38", "H41", "H48", "H49", "H50", "H55", "H57", "H59", "K57"} == direct
    assert 50 == sum(entry.evidence is CodeEvidence.BRACKETED for entry in entries)


@pytest.mark.parametrize(
    ("file", "old", "new", "rule"),
    [
        (PROVINCES_63, b"H22,K22", b"H22,K23", "must fit"),
        (PROVINCES_63, b"H22,K22", b"H26,K26", "h_code stands twice"),
        (PROVINCES_63, b"H60,closed", b"H60,kept", "a kept code is its own successor"),
        (PROVINCES_63, b"H60,closed", b"H03,closed", "new_h_code must be a kept code"),
        (PROVINCES_63, b"bracketed", b"guessed", "must be one of direct, bracketed"),
        (PROVINCES_34, b"02;08,H22", b"02;08,H23", "h_codes_closed must agree"),
        (MINISTRIES, b"G01,", b"Z01,", "must be a letter A to Y and two digits"),
        (MINISTRIES, b",,not_listed", b",,listed", "names must agree"),
    ],
)
def test_a_damaged_table_is_refused(file: str, old: bytes, new: bytes, rule: str) -> None:
    """A level-1 code decides where a message goes: nothing is loaded from a table that contradicts itself."""

    def read(name: str) -> bytes:
        raw = shipped_file(name)
        assert name != file or old in raw
        return raw.replace(old, new, 1) if name == file else raw

    with pytest.raises(ConfigurationError, match=rule):
        read_agencies(read)
