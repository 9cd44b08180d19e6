"""Numbers from sums are the numbers of the facts: any indicator, any scope, any period, any reading."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.indicators.facts import DossierFact, FactSet
from gateway.indicators.periods import Calendar, Period, PeriodType, period_of
from gateway.indicators.readings import OnlineDossiers, OnlineServicesUsed, PaidProcedures, ProceduresUsed, Readings
from gateway.indicators.registry import CODES, measure_parts
from gateway.indicators.scope import PROVINCE, RollUp, Scope, ScopeKind
from gateway.indicators.selection import Selection
from gateway.indicators.words import Membership, Timeliness, View
from gateway.model.procedure import ExecutingLevel
from tests.property.indicators.test_indicators import fact_sets
from tests.support.cells import MemoryCells
from tests.support.facts import agency, procedure

PERIODS = (
    period_of(PeriodType.MONTH, "2026-08"),
    period_of(PeriodType.MONTH, "2026-08", Calendar.ND09),
    period_of(PeriodType.QUARTER, "2026-Q3"),
    period_of(PeriodType.CUSTOM, "2026-07-30/2026-09-02"),
    period_of(PeriodType.DAY, "2026-08-05"),
    period_of(PeriodType.YEAR, "2026", Calendar.ND09),
)
SCOPES = (
    PROVINCE,
    Scope(ScopeKind.AGENCY, "H99.A"),
    Scope(ScopeKind.AGENCY, "H99", descends=True),
    Scope(ScopeKind.LEVEL, level=ExecutingLevel.PROVINCE),
    Scope(ScopeKind.UNIT_GROUP, "1", level=ExecutingLevel.PROVINCE),
    Scope(ScopeKind.PROCEDURE, "P1"),
    Scope(ScopeKind.PROCEDURE, "P0"),
    Scope(ScopeKind.FIELD, "F1"),
)
readings = st.builds(
    Readings,
    view=st.sampled_from(View),
    roll_up=st.sampled_from(RollUp),
    u1=st.sampled_from(OnlineServicesUsed),
    u2=st.sampled_from(OnlineDossiers),
    u3=st.sampled_from(ProceduresUsed),
    f2=st.sampled_from(PaidProcedures),
    membership=st.sampled_from(Membership),
)
days = st.integers(0, 40).map(lambda number: date(2026, 7, 28) + timedelta(days=number))


def _kept(dossier: DossierFact, draw: st.DrawFn) -> DossierFact:
    return replace(
        dossier,
        procedure_code=draw(st.sampled_from((dossier.procedure_code, "P0"))),
        is_group=draw(st.booleans()),
        timeliness_national=draw(st.sampled_from((None, *Timeliness))),
        timeliness_reopened=draw(st.sampled_from((None, *Timeliness))),
        processing_time=draw(st.one_of(st.none(), st.decimals(0, 90, places=2))),
        flags=frozenset(draw(st.lists(st.sampled_from(("DQ-02", "DQ-04")), max_size=2))),
        case_key=draw(st.sampled_from(("", "D0"))),
    )


@st.composite
def shifting(draw: st.DrawFn) -> FactSet:
    """Give facts in which units change their group, one ends, and a procedure changes field and code."""
    found = draw(fact_sets())
    turn, end = draw(days), draw(days)
    return replace(
        found,
        dossiers=[_kept(dossier, draw) for dossier in found.dossiers],
        agencies=[
            agency("H99.A", unit_group="1", valid_to=turn),
            agency("H99.A", unit_group="2", valid_from=turn),
            agency("H99.B", unit_group="1", valid_to=end, successor="H99.A"),
            agency("H99.M", level=ExecutingLevel.COMMUNE),
        ],
        procedures=[
            procedure("P1", field="F1", valid_to=turn, has_fee=True),
            procedure("P1", field="F2", valid_from=turn, requires_document=False),
            *(one for one in found.procedures if one.code != "P1"),
        ],
        continuity={"P0": "P1"},
    )


@settings(max_examples=120, deadline=None)
@given(facts=shifting(), period=st.sampled_from(PERIODS), scope=st.sampled_from(SCOPES), reading=readings)
def test_sums_give_the_numbers_of_the_facts(facts: FactSet, period: Period, scope: Scope, reading: Readings) -> None:
    """Whatever is asked, what was counted beforehand says the same as going through every dossier."""
    cells = MemoryCells(facts, period)
    selection = Selection(facts, period, scope, reading)

    for code in sorted(CODES):
        expected = [
            (part.name, part.numerator, part.denominator, part.ratio, part.null_reason, part.unit, part.flags)
            for part in measure_parts(code, selection)
        ]
        told = [
            (part.name, part.numerator, part.denominator, part.ratio, part.null_reason, part.unit, part.flags)
            for part in cells.parts(code, period, scope, reading)
        ]
        assert expected == told, code
