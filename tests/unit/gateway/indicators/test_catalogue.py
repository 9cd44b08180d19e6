"""The catalogue says of each indicator what its one formula computes."""

from datetime import date

import pytest

from gateway.errors import ConfigurationError, InvalidInput
from gateway.indicators.catalogue import read_catalogue
from gateway.indicators.formulas import NotComputable
from gateway.indicators.readings import Readings
from gateway.indicators.registry import CODES, formula_of, measure
from gateway.indicators.selection import Selection
from gateway.indicators.words import REASONS, NullReason, Reason
from mappings.indicators import CATALOGUE, shipped_text
from tests.support.worked_example import AUGUST, facts

SHIPPED = read_catalogue(shipped_text(CATALOGUE))
SMALL = """
version = "1"
[laws.one]
document = "Nghị định 1"
valid_from = 2020-01-01
valid_to = 2020-12-31
[[indicator]]
code = "S1"
name_vi = "a"
name_en = "b"
formula_vi = "c"
formula_en = "d"
denominator = "Elig"
unit = "percent"
membership = "period_end"
serves = [{ law = "one" }]
"""


def test_each_definition_has_a_formula_and_each_formula_a_definition() -> None:
    """Neither a number without words nor words without a number."""
    assert CODES == set(SHIPPED.definitions)
    for code, definition in SHIPPED.definitions.items():
        assert definition.is_computable != isinstance(formula_of(code, Readings()), NotComputable)


def test_denominators_are_named_for_each_reading() -> None:
    """Where the sources leave the denominator open, each reading that can be set names its own."""
    readings = Readings()
    for code, reading in {"S3": "s3", "S4": "s4", "U1": "u1", "U2": "u2", "U3": "u3", "F2": "f2"}.items():
        assert {str(one) for one in type(getattr(readings, reading))} == set(SHIPPED.definitions[code].denominators)


def test_units_are_those_of_the_formulas() -> None:
    """The unit that a definition names is the unit of the value."""
    selection = Selection(facts(2), AUGUST)
    assert {code: one.unit for code, one in SHIPPED.definitions.items()} == {
        code: measure(code, selection).unit for code in CODES
    }


def test_an_indicator_that_cannot_be_computed_is_null() -> None:
    """A1 and H1 give no number, and their definitions say why in both languages."""
    for code in ("A1", "H1"):
        assert NullReason.NOT_COMPUTABLE is measure(code, Selection(facts(2), AUGUST)).null_reason
        assert all(SHIPPED.definitions[code].not_computable)


def test_laws_are_dated() -> None:
    """Decree 224/2026 is served from the day it is in force."""
    served = SHIPPED.serving("Nghị định 224/2026/NĐ-CP", date(2026, 7, 1))
    assert {"S1", "S5", "U2", "U2f", "T1", "T4", "A1"} == {one.code for one in served}
    assert SHIPPED.serving("Nghị định 224/2026/NĐ-CP", date(2026, 6, 30)) == []
    small = read_catalogue(SMALL)
    assert ["S1"] == [one.code for one in small.serving("Nghị định 1", date(2020, 12, 31))]
    assert [] == small.serving("Nghị định 1", date(2021, 1, 1))


def test_every_reason_has_words() -> None:
    """Whoever asks why gets a sentence in Vietnamese and one in English."""
    assert set(Reason) == set(REASONS)
    assert all(vietnamese and english for vietnamese, english in REASONS.values())


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("version = ", "is not TOML"),
        (SMALL.replace('law = "one"', 'law = "two"'), "names a law that is not listed"),
        (SMALL + SMALL[SMALL.index("[[") :], "stands twice"),
        (SMALL.replace('denominator = "Elig"', ""), "needs one denominator"),
        (SMALL.replace('"percent"', '"apples"'), "Input should be"),
        (SMALL.replace("name_en", "nam_en"), "Field required"),
    ],
)
def test_a_faulty_catalogue_is_refused(text: str, rule: str) -> None:
    """A fault is named by its place and rule."""
    with pytest.raises(ConfigurationError, match=rule):
        read_catalogue(text)


def test_an_unknown_code_is_the_callers_fault() -> None:
    """Nothing is computed for a code that nobody defined."""
    with pytest.raises(InvalidInput) as caught:
        formula_of("X9", Readings())
    assert caught.value.code == "indicator_unknown"
