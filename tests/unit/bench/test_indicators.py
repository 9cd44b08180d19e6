"""The invented province that indicators are measured in: always the same, and judged as the gateway judges."""

from datetime import date
from random import Random

import pytest

from bench.counting import Maker, Tally, stored_fact
from bench.dossier_years import Told, Years
from bench.indicator_questions import PERIODS, computable, of_everything, scopes_of, singles
from bench.indicator_store import catalogue, together
from bench.province import AFTER_ON, FIRST_ON, MERGED_ON, Province, ranked
from gateway.indicators.periods import PeriodType
from gateway.indicators.scope import ScopeKind
from gateway.monitoring.registers import RegisterKind, read_items
from mappings.calendars import national_calendar

COUNT = 60_000
DAYS = (date(2024, 2, 19), date(2025, 7, 1), date(2026, 10, 12), date(2026, 12, 30))


@pytest.fixture(scope="module")
def province() -> Province:
    return Province()


@pytest.fixture(scope="module")
def years(province: Province) -> Years:
    return Years(province, national_calendar(), count=COUNT, seed=1)


@pytest.fixture(scope="module")
def maker(province: Province) -> Maker:
    return Maker(province)


def test_there_are_as_many_dossiers_as_were_asked_for(years: Years) -> None:
    """Every day has its own, counted on without a gap."""
    assert COUNT == sum(years.counts.values())
    assert (FIRST_ON, AFTER_ON) == (min(years.counts), date.fromordinal(max(years.counts).toordinal() + 1))
    for day in DAYS:
        first = years.first_ids[day]
        assert list(range(first, first + years.counts[day])) == [one.dossier_id for one in years.on(day)]


def test_days_are_as_busy_as_they_are_in_an_office(years: Years) -> None:
    """More after Tết and at the end of the year than in between, hardly any on holidays."""
    counts = years.counts
    plain, after_tet, december, holiday = (counts[date(2026, *day)] for day in ((10, 13), (2, 25), (12, 15), (2, 17)))
    assert plain < december < after_tet
    assert holiday * 10 < plain


def test_the_same_seed_tells_the_same(province: Province, years: Years) -> None:
    """Another seed tells something else, as often."""
    again, other = (Years(province, national_calendar(), count=COUNT, seed=seed) for seed in (1, 2))
    for day in DAYS:
        assert list(years.on(day)) == list(again.on(day)) != list(other.on(day))


def test_what_shares_a_story_is_judged_alike(years: Years, maker: Maker) -> None:
    """A dossier's fact, told after the first of its story, is the one that judging it for itself gives."""
    for day in DAYS:
        told = list(years.on(day))
        for one, fact, stored in maker.facts(told):
            near = [other.record for other in told if _is_beside(one, other)]
            judged, counted = maker.judged(one.record, near)
            assert judged.fact == fact
            assert stored_fact(one.dossier_id, one.record, judged, counted) == stored


def _is_beside(one: Told, other: Told) -> bool:
    same = one.record.applicant_key == other.record.applicant_key
    return same and one is not other


def test_copies_and_nothing_else_are_left_out(years: Years, maker: Maker) -> None:
    """What was generated to count, counts; the rest does not."""
    days = [day for day in years.counts if day.year == 2026 and day.month < 5]
    found = [(one, fact) for day in days for one, fact, _ in maker.facts(list(years.on(day)))]
    assert any(one.is_copy for one, _ in found)
    assert {True} == {one.counts == (fact.accepted_at is not None and not fact.excluded_by) for one, fact in found}


def test_after_the_merger_successors_work(province: Province, years: Years) -> None:
    """From its day on nothing comes to those that ended, and the register says who took over."""
    former = {one.record.handling_agency for one in years.on(date(2025, 6, 27))}
    assert former & set(province.successors)
    assert not {one.record.handling_agency for one in years.on(MERGED_ON)} & set(province.successors)
    items = read_items(RegisterKind.AGENCIES, province.agency_items)
    assert set(province.successors) == {one["code"] for one in items.values() if "successor" in one}


def test_few_procedures_are_asked_for_often(province: Province) -> None:
    """A tenth of them has most of the dossiers of their kinds."""
    chosen = [code for procedures in province.kinds.values() for code in procedures.choose(Random(1), 1_000)]
    shares = sorted((chosen.count(code) for code in set(chosen)), reverse=True)
    assert sum(shares[: len(province.procedures) // 10]) > sum(shares) * 0.6
    assert len(province.procedures) == sum(len(procedures.codes) for procedures in province.kinds.values())


def test_one_of_one_is_always_chosen() -> None:
    """Choosing among one thing gives it."""
    assert ["a", "a"] == ranked({"a": 0.1}).choose(Random(1), 2)


def test_every_scope_and_length_of_time_is_asked_about(province: Province) -> None:
    """Each computable indicator alone, in every kind of scope, and all of them together."""
    codes = computable(catalogue())
    asked = singles(codes, scopes_of(province))
    assert set(ScopeKind) == {one.scope.kind for one in asked}
    assert {PeriodType.DAY, PeriodType.YEAR, PeriodType.YTD, PeriodType.CUSTOM} <= {one.period.type for one in asked}
    assert len(codes) * len(scopes_of(province)) * len(PERIODS) * 2 == len(set(asked))
    assert {codes} == {one.codes for one in of_everything(codes)}
    assert "all indicators, province, gregorian:day:2026-11-12, gateway" == of_everything(codes)[0].name


def test_what_several_processes_did_is_added_up() -> None:
    """Months that only one of them had stand too."""
    one, other = Tally(1, 5, 1.0, 0.5, {"2026-01": 2}), Tally(2, 6, 2.0, 0.5, {"2026-01": 1, "2026-02": 4})
    assert Tally(3, 11, 3.0, 1.0, {"2026-01": 3, "2026-02": 4}) == together([one, other])
