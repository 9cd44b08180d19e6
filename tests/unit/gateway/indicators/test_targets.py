"""Targets: the shipped registry, faulty ones, and how numbers stand to them."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from gateway.errors import ConfigurationError
from gateway.indicators.catalogue import read_catalogue
from gateway.indicators.periods import PeriodType, period_of
from gateway.indicators.scope import ScopeKind
from gateway.indicators.target_registry import Checkpoint, Target, TargetStatus, read_targets
from gateway.indicators.targets import Distance, Forecast, Progress, Result, evaluate
from gateway.model.dossier import Channel
from gateway.model.procedure import ExecutingLevel
from gateway.model.vocabulary import VIETNAM
from mappings.indicators import CATALOGUE, TARGETS, shipped_text
from tests.support.facts import dossier, fact_set
from tests.support.worked_example import AUGUST, facts

CATALOG = read_catalogue(shipped_text(CATALOGUE))
TEXT = shipped_text(TARGETS)


class _Anybody(frozenset[str]):
    def __contains__(self, unit: object) -> bool:
        return True


REGISTRY = read_targets(TEXT, CATALOG, _Anybody())
V2 = facts(2)


def for_2026(target_id: str, **changes: Any) -> Target:
    """Give a target of the registry as if it were set for 2026."""
    return REGISTRY.target(target_id).model_copy(update={"valid_from": date(2026, 1, 1), "valid_to": None, **changes})


@pytest.mark.parametrize(
    ("result", "target_id", "unit", "changes"),
    [
        (Result.NOT_MET, "T-10", "", {}),
        (Result.MET, "T-16-province", "", {}),
        (Result.MET, "T-16-commune", "", {}),
        (Result.MET, "T-11", "", {}),
        (Result.NOT_MET, "T-01", "", {}),
        (Result.MET, "T-02", "", {}),
        (Result.NOT_MET, "T-02", "", {"indicator": "U2own"}),
        (Result.MET, "T-18-province", "", {}),
        (Result.MET, "T-18-commune", "", {}),
        (Result.NOT_MET, "T-05-1", "H99.A", {}),
        (Result.MET, "T-05-2", "H99.B", {}),
        (Result.NOT_MET, "T-05-2", "H99.B", {"reading": "all"}),
        (Result.NOT_MET, "T-07-1", "H99.A", {}),
        (Result.NOT_MET, "T-07-2", "H99.B", {}),
        (Result.NO_DATA, "T-12", "", {}),
        (Result.NO_DATA, "T-14", "", {}),
    ],
)
def test_targets_of_the_worked_example(result: Result, target_id: str, unit: str, changes: dict[str, Any]) -> None:
    """Each check of §6.4; equality meets, a survey and a target without figure have no data."""
    assert result is evaluate(for_2026(target_id, **changes), V2, AUGUST, unit).result


def test_an_excuse_lists_procedures_and_alters_no_number() -> None:
    """P6 is the gap of S1: with its excuse the target is missed and excused, and still 83.33 %."""
    excuses = {"P6": "chờ sửa đổi nghị định", "P4": "không đủ điều kiện"}
    found = evaluate(for_2026("T-10"), V2, AUGUST, excuses=excuses)
    assert (Result.NOT_MET_EXCUSED, {"P6": "chờ sửa đổi nghị định"}) == (found.result, found.excused)
    assert found.part is not None
    assert "83.33" == found.part.shown
    for target, given in (
        (for_2026("T-10", excuse_allowed=False), excuses),
        (for_2026("T-10"), {"P4": "không đủ điều kiện"}),
    ):
        refused = evaluate(target, V2, AUGUST, excuses=given)
        assert (Result.NOT_MET, {}) == (refused.result, refused.excused)


def test_districts_have_no_targets_from_july_2025() -> None:
    """Not applicable for any period that begins then or later, whatever the registry's days say."""
    target = for_2026("T-08-1", valid_from=date(2022, 10, 1))
    june, july = period_of(PeriodType.MONTH, "2025-06"), period_of(PeriodType.MONTH, "2025-07")
    assert (Result.NO_DATA, Result.NOT_APPLICABLE) == (
        evaluate(target, V2, june).result,
        evaluate(target, V2, july).result,
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"status": TargetStatus.SUPERSEDED},
        {"valid_from": date(2026, 9, 1)},
        {"valid_from": date(2025, 1, 1), "valid_to": date(2026, 8, 30)},
    ],
)
def test_a_target_out_of_its_time_does_not_apply(changes: dict[str, Any]) -> None:
    """Superseded, not yet or no longer: no verdict."""
    found = evaluate(for_2026("T-02", **changes), V2, AUGUST)
    assert (Result.NOT_APPLICABLE, None, None) == (found.result, found.progress, found.part)
    assert Result.MET is evaluate(for_2026("T-02", valid_to=date(2026, 8, 31)), V2, AUGUST).result


def target(**changes: Any) -> Target:
    """Give the target that half of the province's dossiers are online."""
    known: dict[str, Any] = {
        "id": "X",
        "indicator": "U2",
        "value_percent": Decimal(50),
        "scope": ScopeKind.PROVINCE,
        "valid_from": date(2026, 1, 1),
        "checkpoint": Checkpoint.YEAR_END,
        "document": "test",
    }
    return Target(**(known | changes))


def counted(online: int, direct: int, as_of: str = "2026-10-01") -> Any:
    """Give facts with so many online and direct dossiers, as known on a day."""
    known = fact_set(
        *(dossier(f"O{n}") for n in range(online)),
        *(dossier(f"D{n}", channel=Channel.IN_PERSON) for n in range(direct)),
    )
    return replace(known, as_of=datetime.fromisoformat(as_of).replace(tzinfo=VIETNAM))


def test_distance_in_dossiers() -> None:
    """37 more online dossiers reach 50 %: each adds to both sides, so converting needs only half as many."""
    found = evaluate(target(), counted(463, 500), AUGUST)
    assert Distance(converted=19, added=37) == found.distance
    assert "37 more online dossiers reach 50 %" in found.sentence[1]
    assert "Cần thêm 37 hồ sơ trực tuyến để đạt 50 %" in found.sentence[0]
    assert Result.MET is evaluate(target(), counted(500, 500), AUGUST).result
    assert Result.NOT_MET is evaluate(target(), counted(499, 500), AUGUST).result


def test_no_number_of_new_dossiers_reaches_a_hundred() -> None:
    """One direct dossier stays; only converting it would do."""
    found = evaluate(target(value_percent=Decimal(100)), counted(9, 1), AUGUST)
    assert Distance(converted=1, added=None) == found.distance
    assert "1 more of those" in found.sentence[1]


def test_procedures_are_converted_and_not_added() -> None:
    """S1 misses P6 and nothing else."""
    found = evaluate(for_2026("T-10"), V2, AUGUST)
    assert Distance(converted=1, added=None) == found.distance
    assert found.forecast is None


def test_on_the_way_while_time_remains_and_missed_when_it_is_over() -> None:
    """On 11 August a third of the month is over: two more dossiers for each one seen."""
    on_the_way = evaluate(target(), counted(3, 9, "2026-08-11T08:00"), AUGUST)
    assert Progress.ON_THE_WAY is on_the_way.progress
    assert Forecast(expected_count=24, required=Fraction(15, 24)) == on_the_way.forecast
    assert on_the_way.forecast is not None
    assert on_the_way.forecast.is_reachable
    missed = evaluate(target(), counted(3, 9), AUGUST)
    assert (Progress.MISSED, None) == (missed.progress, missed.forecast)
    assert Progress.ACHIEVED is evaluate(target(), counted(9, 3, "2026-08-11T08:00"), AUGUST).progress


def test_out_of_reach_is_said() -> None:
    """On the last day the rest would have to be more than all online."""
    found = evaluate(target(), counted(3, 27, "2026-08-31T00:00"), AUGUST)
    assert found.forecast is not None
    assert not found.forecast.is_reachable
    assert found.forecast.expected_count == 1


def test_the_shipped_registry_is_that_of_the_notes() -> None:
    """The vector 90/80/70/60 is for procedures, 90/70/50/30 for dossiers; 19 departments and 8 districts in groups."""
    procedures = [str(REGISTRY.target(f"T-05-{group}").value_percent) for group in "1234"]
    dossiers = [str(REGISTRY.target(f"T-07-{group}").value_percent) for group in "1234"]
    assert (["90", "80", "70", "60"], ["90", "70", "50", "30"]) == (procedures, dossiers)
    sizes = {(one.level, one.number): len(one.members) for one in REGISTRY.groups}
    province, district = ExecutingLevel.PROVINCE, ExecutingLevel.DISTRICT
    assert {
        (province, "1"): 7,
        (province, "2"): 4,
        (province, "3"): 4,
        (province, "4"): 4,
        (district, "1"): 5,
        (district, "2"): 3,
    } == sizes
    assert all(one.document for one in REGISTRY.targets)


def test_definitions_and_registry_name_the_same_targets() -> None:
    """Each target of the registry stands at its indicator's definition."""
    for one in REGISTRY.targets:
        assert "-".join(one.id.split("-")[:2]) in CATALOG.definitions[one.indicator].targets


def test_targets_of_a_unit() -> None:
    """A department is judged by its group's targets and its level's; before October 2022 it had no group."""
    unit, level = "Sở Y tế", ExecutingLevel.PROVINCE
    assert ["T-03", "T-05-2", "T-07-2"] == [one.id for one in REGISTRY.for_unit(unit, level, date(2023, 1, 1))]
    assert ["T-16-province", "T-18-province"] == [one.id for one in REGISTRY.for_unit(unit, level, date(2022, 9, 30))]


SMALL = """
version = "1"
[[unit_group]]
level = "province"
number = "1"
members = ["A", "B"]
valid_from = 2026-01-01
[[unit_group]]
level = "province"
number = "2"
members = ["C"]
valid_from = 2026-01-01
[[target]]
id = "X1"
indicator = "U3"
reading = "online"
value_percent = "50"
scope = "unit_group"
ref = "1"
level = "province"
valid_from = 2026-01-01
checkpoint = "year_end"
document = "QĐ 1"
"""
SECOND = SMALL[SMALL.index("[[target]]") :].replace('"X1"', '"X2"').replace('"50"', '"60"')


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (SMALL.replace('"B"', '"Z"'), "names a unit that is not known"),
        (SMALL.replace('["C"]', '["B", "C"]'), "overlaps group 2"),
        (SMALL.replace('indicator = "U3"', 'indicator = "U9"'), "names an indicator that is not defined"),
        (SMALL.replace('"online"', '"offline"'), "names a reading"),
        (SMALL.replace('ref = "1"', 'ref = "9"'), "names a unit group that is not listed"),
        (SMALL.replace('ref = "1"\n', ""), "must name the group or the agency"),
        (SMALL.replace('ref = "1"\nlevel = "province"', 'ref = "1"'), "must name the level"),
        (
            SMALL.replace('scope = "unit_group"\nref = "1"\nlevel = "province"', 'scope = "agency"\nref = "Q"'),
            "not known",
        ),
        (SMALL.replace('scope = "unit_group"\nref = "1"\nlevel = "province"', 'scope = "field"'), "must be for"),
        (SMALL.replace("checkpoint", "valid_to = 2025-12-31\ncheckpoint"), "must not end before it begins"),
        (SMALL + SECOND, "asks for something else than X2"),
        (SMALL + SECOND.replace('"X2"', '"X1"'), "stands twice"),
        (SMALL.replace('"50"', '"150"'), "less than or equal to 100"),
    ],
)
def test_a_faulty_registry_is_refused(text: str, rule: str) -> None:
    """Unknown units and overlapping groups are named before a number is judged by them."""
    with pytest.raises(ConfigurationError, match=rule):
        read_targets(text, CATALOG, {"A", "B", "C"})


def test_groups_may_follow_each_other() -> None:
    """A unit changes its group from one day to the next, and a superseded target stands beside its successor."""
    moved = SMALL.replace(
        '["A", "B"]\nvalid_from = 2026-01-01', '["A", "C"]\nvalid_from = 2025-01-01\nvalid_to = 2025-12-31'
    )
    assert "1" == read_targets(moved, CATALOG, {"A", "C"}).version
    superseded = SMALL + SECOND + 'status = "superseded"\n'
    assert 2 == len(read_targets(superseded, CATALOG, {"A", "B", "C"}).targets)
