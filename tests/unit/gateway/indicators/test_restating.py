"""A number that changed says by which dossiers and why."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.errors import InvalidInput
from gateway.indicators.facts import DossierFact
from gateway.indicators.readings import ProceduresUsed, Readings
from gateway.indicators.restating import RestatementReason, restate
from gateway.indicators.scope import Scope, ScopeKind
from gateway.indicators.selection import Selection
from gateway.indicators.words import Timeliness
from tests.support.facts import AS_OF, dossier, fact_set, keys
from tests.support.worked_example import AUGUST, facts

V1, V2 = Selection(facts(1), AUGUST), Selection(facts(2), AUGUST)
R = RestatementReason


def test_u2_of_the_worked_example() -> None:
    """7/12 became 7/13, because D13 was known late (monitoring notes §6.4)."""
    found = restate("U2", V1, V2)
    assert found is not None
    assert ("58.33", "53.85") == (found.old.shown, found.new.shown)
    assert [7, 12] == [found.old.numerator, found.old.denominator]
    assert [7, 13] == [found.new.numerator, found.new.denominator]
    assert (keys("D13"), keys(), keys()) == (found.added, found.removed, found.changed)
    assert ((R.LATE_SYNC,), keys()) == (found.reasons, found.unexplained)


def test_g1_of_the_worked_example_at_both_instants() -> None:
    """40.00 % at the end of the period, 63.64 % on 1 October: dossiers in term had no result yet."""
    found = restate("G1", V1, V2)
    assert found is not None
    assert ("40.00", "63.64") == (found.old.shown, found.new.shown)
    assert (keys("D13"), keys("D04", "D06")) == (found.added, found.changed)
    assert keys("D04", "D06") == found.unexplained


def test_nothing_changed_is_nothing() -> None:
    """The inventory of procedures is the same in both versions."""
    assert restate("S1", V1, V2) is None
    assert restate("U2", V2, V2) is None


@pytest.mark.parametrize(
    ("reason", "code", "before", "after"),
    [
        (R.DEDUP, "U2", {}, {"excluded_by": "DQ-01"}),
        (R.TEST_REMOVED, "U2", {}, {"excluded_by": "DQ-03"}),
        (R.CORRECTION_BY_OWNER, "U2", {}, {"excluded_by": "DQ-15"}),
        (R.DEDUP, "U2", {"excluded_by": "DQ-01"}, {}),
        (R.REOPENED, "T1_reopen", {}, {"timeliness_reopened": Timeliness.LATE}),
        (R.CALENDAR_CHANGE, "T1", {"timeliness": Timeliness.LATE, "due_at": AS_OF}, {}),
    ],
)
def test_reasons_are_read_off_the_facts(
    reason: RestatementReason, code: str, before: dict[str, object], after: dict[str, object]
) -> None:
    """Each change of a fact that has a reason code gives it."""
    found = restate(code, _select(dossier("D1", **before)), _select(dossier("D1", **after)))
    assert found is not None
    assert ((reason,), keys()) == (found.reasons, found.unexplained)


def test_a_dossier_that_moved_to_another_agency() -> None:
    """It leaves one agency's number and enters the other's, for the same reason."""
    old, new = dossier("D1"), dossier("D1", resolving_agency="H99.X")
    left = restate("U2", _select(old, "H99.A"), _select(new, "H99.A"))
    entered = restate("U2", _select(old, "H99.X"), _select(new, "H99.X"))
    assert left is not None
    assert entered is not None
    assert (keys("D1"), keys("D1")) == (left.removed, entered.added)
    assert ((R.AGENCY_MERGE,), (R.AGENCY_MERGE,)) == (left.reasons, entered.reasons)


def test_only_versions_of_the_same_thing_are_compared() -> None:
    """Another reading, or time turned round, is no restatement."""
    earlier = replace(facts(2), as_of=AS_OF - timedelta(days=30))
    for old, new in (
        (V2, Selection(earlier, AUGUST)),
        (V1, Selection(facts(2), AUGUST, readings=Readings(u3=ProceduresUsed.ALL))),
        (V1, Selection(facts(2), AUGUST, Scope(ScopeKind.AGENCY, ref="H99.A"))),
    ):
        with pytest.raises(InvalidInput) as caught:
            restate("U3", old, new)
        assert caught.value.code == "versions_differ"


def _select(one: DossierFact, agency: str = "") -> Selection:
    scope = Scope(ScopeKind.AGENCY, ref=agency) if agency else Scope()
    return Selection(fact_set(one), AUGUST, scope)
