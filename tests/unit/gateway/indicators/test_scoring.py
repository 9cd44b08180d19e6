"""How ratios become points: thresholds, zero denominators, units that a line does not apply to; and faulty profiles."""

from dataclasses import replace
from fractions import Fraction

import pytest

from gateway.errors import ConfigurationError, InvalidInput
from gateway.indicators.facts import FactSet
from gateway.indicators.profiles import NotApplicable, read_profile
from gateway.indicators.scope import Scope, ScopeKind
from gateway.indicators.scoring import points_of, score
from gateway.model.procedure import ExecutingLevel
from mappings.indicators import SCORING_766, shipped_text
from tests.support.facts import AS_OF, agency, dossier, fact_set
from tests.support.worked_example import AUGUST

TEXT = shipped_text(SCORING_766)
PROFILE = read_profile(TEXT)
BY_NUMBER = {component.number: component for component in PROFILE.components}


@pytest.mark.parametrize(
    ("points", "number", "ratio"),
    [
        (Fraction(0), "3.1", Fraction(0)),
        (Fraction(1), "3.1", Fraction(2, 5)),
        (Fraction(2), "3.1", Fraction(4, 5)),
        (Fraction(2), "3.1", Fraction(1)),
        (Fraction(6), "1.4", Fraction(5, 4)),
        (Fraction(0), "5.4", Fraction(-1, 2)),
    ],
)
def test_points_grow_to_the_threshold_and_no_further(points: Fraction, number: str, ratio: Fraction) -> None:
    """Linear up to the threshold; never more than all points, never fewer than none."""
    assert points == points_of(BY_NUMBER[number], ratio)


def test_zero_denominators() -> None:
    """Without facts petitions give all points, payment and satisfaction none, and the others no verdict."""
    index = score(PROFILE, FactSet(as_of=AS_OF), AUGUST)
    points = {line.component.number: line.points for line in index.lines if line.points is not None}
    assert {"1.4": 0, "3.5": 0, "3.5b": 0, "3.6": 0, "5.2": 6, "5.3": 6, "5.4": 0} == points
    assert [12, 34] == [index.total, index.reachable]
    assert "4.6" in index.without_verdict
    assert ("N/A", "N/A") == (index.line("4.6").shown, index.line("4.6").percent)
    assert "not_given" == index.line("4.6").null_reason


@pytest.mark.parametrize(("shown", "rule"), [("N/A", NotApplicable.NULL), ("4.00", NotApplicable.FULL)])
def test_a_line_that_does_not_apply(shown: str, rule: NotApplicable) -> None:
    """Line 1.2 is for provinces and ministries; whether communes get its points is a setting."""
    facts = fact_set(dossier("D1"), agencies=[agency("H99.M", level=ExecutingLevel.COMMUNE)])
    profile = replace(PROFILE, not_applicable=rule)
    for scope in (
        Scope(ScopeKind.AGENCY, ref="H99.M"),
        Scope(ScopeKind.LEVEL, level=ExecutingLevel.COMMUNE),
    ):
        line = score(profile, facts, AUGUST, scope).line("1.2")
        assert (shown, "not_applicable") == (line.shown, line.null_reason)
    assert score(profile, facts, AUGUST).line("1.2").null_reason == "zero_denominator"


def test_variants_are_chosen_by_name() -> None:
    """A profile says which of its variants were taken; an unknown one is the caller's fault."""
    assert ("strict_online",) == PROFILE.with_variants(["strict_online"]).chosen
    for names in (["nothing"], ["strict_online", "strict_online"]):
        with pytest.raises(InvalidInput) as caught:
            PROFILE.with_variants(names)
        assert caught.value.code == "variant_unknown"


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ('indicator = "C1"', 'indicator = "C9"', "names an indicator that nobody computes"),
        ('group = "TDGQ"', 'group = "XXXX"', "names a group that is not listed"),
        ('number = "1.2"', 'number = "1.1"', "stands twice"),
        ('max_points = "18"', 'max_points = "17"', "must give 17 points"),
        ('max_points = "18"', 'max_points = "17"', "must give 100 points"),
        ('component = "4.2"', 'component = "9.9"', "varies a line that is not listed"),
        ('zero = "full"', 'zero = "half"', "Input should be"),
        ('threshold = "80"', 'threshold = "0"', "greater than 0"),
    ],
)
def test_a_faulty_profile_is_refused(old: str, new: str, rule: str) -> None:
    """Points must add up, and every name must be known."""
    with pytest.raises(ConfigurationError, match=rule):
        read_profile(TEXT.replace(old, new, 1))
