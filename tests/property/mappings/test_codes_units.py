"""What holds for every code and every day: nothing is invented, and what is taken apart goes together again."""

import re
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from gateway.ports.codes import AgencyForm, UnitChange, UnitStanding
from mappings.codes.agencies import load_agencies, propose_other_form, read_agency_id
from mappings.codes.grammars import read_dossier_code
from mappings.codes.numbers import read_phone, read_tax_code, tax_check_digit
from mappings.codes.units import load_units

UNITS = load_units()
AGENCIES = load_agencies()
KNOWN = sorted({code for edition in UNITS.tables.editions for code in edition.units})
CODES = st.sampled_from(KNOWN) | st.from_regex(r"[0-9]{2}|[0-9]{3}|[0-9]{5}", fullmatch=True)
DAYS = st.dates(date(2000, 1, 1), date(2030, 1, 1))
GROUPS = st.lists(st.from_regex(r"[0-9A-Z]{1,3}", fullmatch=True), max_size=4)


@given(CODES, DAYS, DAYS)
def test_no_code_is_invented(code: str, on: date, to: date) -> None:
    """Every unit in an answer stands in the list of its day; a decision is one of them, or the unit itself."""
    found = UNITS.resolve(code, on, to=to)

    assert (found.unit is not None) == (found.standing is UnitStanding.VALID) == (found.move is not None)
    if found.move is None:
        return
    move = found.move
    targets = [candidate.unit for candidate in move.candidates] + ([] if move.target is None else [move.target])
    for unit in targets:
        assert unit == UNITS.unit(unit.code, to)
        assert move.version is not None
        assert move.version.version_id == unit.version_id
    if move.candidates and move.target is not None:
        assert [move.target] == [candidate.unit for candidate in move.candidates]
    if move.change in (UnitChange.SPLIT, UnitChange.FORMED, UnitChange.ABOLISHED):
        assert move.target is None


@given(CODES, DAYS, DAYS)
def test_every_candidate_leads_back(code: str, on: date, to: date) -> None:
    """Ground that is shared looking forward is shared looking back."""
    found = UNITS.resolve(code, on, to=to)
    if found.move is None or found.move.change is UnitChange.ABOLISHED:
        return
    for candidate in found.move.candidates:
        back = UNITS.resolve(candidate.unit.code, to, to=on).move
        assert back is not None
        assert code in {other.unit.code for other in back.candidates}


@given(st.sampled_from(AGENCIES.codes()), GROUPS)
def test_agency_identifiers_go_together_again(level1: str, groups: list[str]) -> None:
    """The parts of an identifier are the identifier, and a proposal in the other form leads back to it."""
    text = ".".join([level1, *groups])
    agency = read_agency_id(text).require()
    proposal = propose_other_form(agency)

    assert (AgencyForm.DECISION_20, text) == (agency.form, ".".join([agency.level1, *agency.groups]))
    if proposal is not None:
        other = read_agency_id(proposal).require()
        assert (AgencyForm.QCVN_102, agency.groups) == (other.form, other.groups)
        assert text == propose_other_form(other)


@given(
    st.sampled_from(["H14.1.22", "000.A0.01.H26", "G09.20"]),
    st.dates(date(2000, 1, 1), date(2026, 11, 22)),
    st.booleans(),
    st.from_regex(r"[0-9]{4,7}", fullmatch=True),
)
def test_dossier_codes_go_together_again(agency: str, day: date, is_long: bool, number: str) -> None:
    """Agency, date in either width and number with its zeros are the code."""
    text = f"{agency}-{day:%Y%m%d}-{number}" if is_long else f"{agency}-{day:%y%m%d}-{number}"
    reading = read_dossier_code(text, agencies=AGENCIES, today=date(2026, 11, 22))

    assert (reading.value is None) == (not number.strip("0"))
    if reading.value is not None:
        assert (text, agency, day, number) == (
            reading.value.text,
            reading.value.agency.text,
            reading.value.dated_on,
            reading.value.number,
        )


@given(st.text(max_size=45))
def test_grammars_answer_every_text(text: str) -> None:
    """No text makes a grammar fail: it is read, or refused with a rule."""
    for reading in (
        read_agency_id(text),
        read_dossier_code(text, agencies=AGENCIES, today=date(2026, 11, 22)),
        read_tax_code(text),
        read_phone(text),
    ):
        assert (reading.value is None) == bool(reading.faults)


@given(st.from_regex(r"[0-9]{2}[0-9]{6}[1-9]", fullmatch=True), st.integers(0, 9), st.integers(1, 9))
def test_one_wrong_digit_never_passes(body: str, place: int, shift: int) -> None:
    """Every single wrong digit of a tax code is caught by its check digit."""
    digit = tax_check_digit(body)
    if digit is None:
        return
    code = f"{body}{digit}"
    wrong = code[:place] + str((int(code[place]) + shift) % 10) + code[place + 1 :]

    assert read_tax_code(code).value is not None
    assert read_tax_code(wrong).value is None


@given(st.from_regex(r"0[35789][0-9]{8}|02[0-9]{9}", fullmatch=True))
def test_a_stored_telephone_reads_as_itself(text: str) -> None:
    """The form that is stored is read again as the same number."""
    stored = read_phone(text).require()

    assert re.fullmatch(r"\+84[0-9]{9,10}", stored.e164)
    assert stored == read_phone(stored.e164).require()
