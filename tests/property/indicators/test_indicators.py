"""What holds of every set of facts: parts make the whole, and one more online dossier never lowers U2."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.indicators.facts import DossierFact, FactSet, PetitionFact
from gateway.indicators.formulas import Standing, Unit
from gateway.indicators.readings import Readings
from gateway.indicators.registry import CODES, explain, measure, measure_parts
from gateway.indicators.scope import PROVINCE, Scope, ScopeKind
from gateway.indicators.selection import Selection
from gateway.indicators.words import Answering, EnteredBy, FeeState, Rating, Timeliness, View
from gateway.model.dossier import Channel, OnlinePayment
from gateway.model.procedure import ExecutingLevel, ServiceLevel
from gateway.model.vocabulary import VIETNAM
from tests.support.facts import AS_OF, agency, dossier, fact_set, procedure, service
from tests.support.worked_example import AUGUST

AGENCIES = ("H99.A", "H99.B", "H99.M")
CODES_OF_PROCEDURES = ("P1", "P2", "P3")
FIRST = datetime(2026, 7, 28, tzinfo=VIETNAM)
# Defined for every dossier by its one resolving agency, so that agencies make up the province.
ADDITIVE = ("U2", "U2own", "U2s", "U2f", "T1", "T1o", "T3", "G1", "G2", "G3", "G4", "G5b", "F3", "Q1", "Q1r")

instants = st.one_of(st.none(), st.integers(0, 40).map(lambda days: FIRST + timedelta(days=days)))
flags = st.booleans()


@st.composite
def dossiers(draw: st.DrawFn) -> list[DossierFact]:
    """Give dossiers of any kind; each key stands once."""
    count = draw(st.integers(0, 8))
    return [
        dossier(
            f"D{number}",
            procedure_code=draw(st.sampled_from((*CODES_OF_PROCEDURES, "unknown"))),
            resolving_agency=draw(st.sampled_from(AGENCIES)),
            channel=draw(st.sampled_from((None, *Channel))),
            accepted_at=draw(instants),
            synced_at=draw(instants),
            timeliness=draw(st.sampled_from(Timeliness)),
            entered_by=draw(st.sampled_from(EnteredBy)),
            is_fully_online=draw(flags),
            has_component_file=draw(flags),
            has_result_file=draw(flags),
            fee=draw(st.sampled_from(FeeState)),
            payment=draw(st.sampled_from(OnlinePayment)),
            rating=draw(st.sampled_from((None, *Rating))),
            excluded_by=draw(st.sampled_from(("", "", "", "DQ-03"))),
        )
        for number in range(count)
    ]


@st.composite
def fact_sets(draw: st.DrawFn) -> FactSet:
    """Give facts of three agencies and three procedures."""
    found = draw(dossiers())
    petitions = [
        PetitionFact(
            key=f"K{number}",
            agency=draw(st.sampled_from(AGENCIES)),
            received_at=FIRST + timedelta(days=10),
            known_at=FIRST,
            answering=draw(st.sampled_from(Answering)),
            dossier_key=draw(st.sampled_from(("", "D0", "D1"))),
            dislikes_count=draw(st.integers(0, 1)),
        )
        for number in range(draw(st.integers(0, 3)))
    ]
    return fact_set(
        *found,
        agencies=[agency("H99.A"), agency("H99.B"), agency("H99.M", level=ExecutingLevel.COMMUNE)],
        procedures=[
            procedure(
                code,
                agencies=frozenset(AGENCIES),
                has_fee=draw(flags),
                is_eligible=draw(flags),
                requires_document=draw(flags),
                is_for_citizens=draw(flags),
            )
            for code in CODES_OF_PROCEDURES
        ],
        services=[
            service(code, draw(st.sampled_from(ServiceLevel)), is_integrated=draw(flags))
            for code in CODES_OF_PROCEDURES
        ],
        petitions=petitions,
    )


views = st.sampled_from([Readings(), Readings(view=View.NATIONAL)])


@given(fact_sets(), views, st.sampled_from(sorted(CODES)))
def test_what_counts_is_among_what_is_divided_by(facts: FactSet, readings: Readings, code: str) -> None:
    """The numerator is part of the denominator; a value is null exactly when it says why."""
    for part in measure_parts(code, Selection(facts, AUGUST, PROVINCE, readings)):
        assert part.counted <= part.among
        assert (part.ratio is None) == (part.null_reason is not None) == (part.shown is None)
        if part.unit is Unit.PERCENT and part.ratio is not None and code not in ("Y1", "Q2"):
            assert 0 <= part.ratio <= 1


@given(fact_sets(), views, st.sampled_from(sorted(CODES)))
def test_the_reason_is_the_number(facts: FactSet, readings: Readings, code: str) -> None:
    """Each dossier explains itself just as it was counted; whoever is not counted has a reason."""
    selection = Selection(facts, AUGUST, PROVINCE, readings)
    part = measure(code, selection)
    keys = {one.key for one in facts.dossiers} | {one.code for one in facts.procedures}
    for key in keys | part.among:
        verdict = explain(code, selection, key)
        if verdict.standing is Standing.COUNTED:
            assert key in part.counted or part.ratio is None
        elif verdict.standing is Standing.NOT_COUNTED:
            assert key in part.among - part.counted
            assert verdict.reasons
        else:
            assert key not in part.among
            assert verdict.reasons


@given(fact_sets(), st.sampled_from(ADDITIVE))
def test_agencies_make_up_the_province(facts: FactSet, code: str) -> None:
    """The agencies' dossiers are the province's, each once."""
    whole = measure(code, Selection(facts, AUGUST))
    parts = [measure(code, Selection(facts, AUGUST, Scope(ScopeKind.AGENCY, ref=one))) for one in AGENCIES]
    assert len(whole.counted) == sum(len(part.counted) for part in parts)
    assert whole.among == frozenset().union(*(part.among for part in parts))
    assert len(whole.among) == sum(len(part.among) for part in parts)


@given(fact_sets())
def test_one_more_online_dossier_never_lowers_u2(facts: FactSet) -> None:
    """Nor U1 and U2s, while it belongs to an online service."""
    more = replace(facts, dossiers=[*facts.dossiers, dossier("new", is_fully_online=True)])
    for code in ("U1", "U2", "U2own", "U2f", "U2s"):
        before, after = measure(code, Selection(facts, AUGUST)), measure(code, Selection(more, AUGUST))
        assert (before.ratio or 0) <= (after.ratio or 0)


@given(fact_sets())
def test_officers_only_take_away_and_the_union_subtracts_no_more(facts: FactSet) -> None:
    """U2own is never above U2; the union of deductions never below the published sum of them."""
    selection = Selection(facts, AUGUST)
    assert measure("U2own", selection).counted <= measure("U2", selection).counted
    own, union = measure_parts("Q2", selection)
    assert own.ratio is None or union.ratio is None or own.ratio <= union.ratio


@given(fact_sets())
def test_early_on_time_and_late_are_the_completed(facts: FactSet) -> None:
    """T2's three classes leave nothing over."""
    parts = measure_parts("T2", Selection(facts, AUGUST))
    assert parts[0].among == frozenset().union(*(part.counted for part in parts))
    assert len(parts[0].among) == sum(len(part.counted) for part in parts)


@given(fact_sets())
def test_the_order_of_facts_does_not_matter(facts: FactSet) -> None:
    """The same facts in another order are the same numbers."""
    turned = replace(facts, dossiers=facts.dossiers[::-1], procedures=list(facts.procedures)[::-1])
    for code in CODES:
        assert measure_parts(code, Selection(facts, AUGUST)) == measure_parts(code, Selection(turned, AUGUST))
    assert facts.as_of == AS_OF
