"""Which procedures and dossiers belong to a scope and a period, and under which reading."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from gateway.errors import InvalidInput
from gateway.indicators.facts import ExternalCounts, FactSet
from gateway.indicators.formulas import Standing, Verdict
from gateway.indicators.periods import Calendar, PeriodType, period_of
from gateway.indicators.readings import (
    Integrated,
    LevelCount,
    OnlineDossiers,
    OnlineServicesUsed,
    PaidProcedures,
    ProceduresUsed,
    Readings,
)
from gateway.indicators.registry import CODES, explain, measure, measure_parts
from gateway.indicators.scope import Agencies, RollUp, Scope, ScopeKind
from gateway.indicators.selection import Selection
from gateway.indicators.syncing import LAST_YEAR, NO_NATIONAL_REPORT
from gateway.indicators.words import (
    Acceptance,
    FeeState,
    Membership,
    NullReason,
    Reason,
    ServiceState,
    Timeliness,
    View,
)
from gateway.model.dossier import Channel, OnlinePayment
from gateway.model.procedure import ExecutingLevel, ServiceLevel
from gateway.model.vocabulary import VIETNAM
from tests.support.facts import ACCEPTED_AT, AS_OF, agency, dossier, fact_set, keys, procedure, service
from tests.support.worked_example import AUGUST

A_FIELD = Scope(ScopeKind.FIELD, ref="LV01")
AGENCY = Scope(ScopeKind.AGENCY, ref="H99.A")
PROVINCIAL = Scope(ScopeKind.LEVEL, level=ExecutingLevel.PROVINCE)
DISTRICT = Scope(ScopeKind.LEVEL, level=ExecutingLevel.DISTRICT)


def select(facts: FactSet, scope: Scope | None = None, **readings: object) -> Selection:
    """Select from August 2026."""
    return Selection(facts, AUGUST, scope or Scope(), Readings(**readings))  # type: ignore[arg-type]


def test_the_first_instant_of_a_period_is_inside_and_its_end_outside() -> None:
    """Membership goes by reception in local time, to the instant."""
    facts = fact_set(
        dossier("first", accepted_at=AUGUST.start),
        dossier("last", accepted_at=AUGUST.end - timedelta(microseconds=1)),
        dossier("next", accepted_at=AUGUST.end),
    )
    assert keys("first", "last") == measure("U2", select(facts)).among
    assert Verdict(Standing.OUTSIDE, (Reason.OTHER_PERIOD,)) == explain("U2", select(facts), "next")


def test_a_channel_that_is_missing_counts_as_direct() -> None:
    """Null is not online."""
    assert "0.00" == measure("U2", select(fact_set(dossier("D1", channel=None)))).shown


@pytest.mark.parametrize("code", sorted(CODES - keys("A1", "H1", "T4")))
def test_nothing_divided_by_nothing_is_null(code: str) -> None:
    """Without facts each indicator is null with its reason, and none is 0."""
    parts = measure_parts(code, Selection(FactSet(as_of=AS_OF), AUGUST))
    reasons = {NullReason.ZERO_DENOMINATOR}
    assert reasons == {part.null_reason for part in parts}
    assert {None} == {part.shown for part in parts}


def test_scopes_that_are_not_complete_are_refused() -> None:
    """A scope says all that its kind needs, and nothing else."""
    for parts in (
        {"kind": ScopeKind.AGENCY},
        {"kind": ScopeKind.PROVINCE, "ref": "H99"},
        {"kind": ScopeKind.UNIT_GROUP, "ref": "1"},
        {"kind": ScopeKind.LEVEL},
        {"kind": ScopeKind.FIELD, "ref": "LV01", "descends": True},
    ):
        with pytest.raises(InvalidInput) as caught:
            Scope(**parts)
        assert caught.value.code == "scope_incomplete"


def test_an_agency_with_and_without_what_lies_below() -> None:
    """H99.A takes in H99.A.1 when it descends, and never H99.AB."""
    facts = fact_set(
        dossier("own"), dossier("below", resolving_agency="H99.A.1"), dossier("other", resolving_agency="H99.AB")
    )
    assert keys("own") == measure("U2", select(facts, AGENCY)).among
    deep = Scope(ScopeKind.AGENCY, ref="H99.A", descends=True)
    assert keys("own", "below") == measure("U2", select(facts, deep)).among


def test_received_outside_its_area_belongs_to_who_resolves() -> None:
    """DQ-20: the receiving agency has no part in indicators of resolving."""
    facts = fact_set(dossier("D1", receiving_agency="H99.A", resolving_agency="H99.B"))
    assert measure("T1", select(facts, AGENCY)).null_reason is NullReason.ZERO_DENOMINATOR


def test_fields_and_procedures_by_the_version_at_reception() -> None:
    """A procedure that changed its field leaves its dossiers where they were received."""
    versions = [
        procedure(field="LV01", valid_to=date(2026, 8, 15)),
        procedure(field="LV02", valid_from=date(2026, 8, 15)),
    ]
    later = datetime(2026, 8, 20, tzinfo=VIETNAM)
    facts = fact_set(dossier("old"), dossier("new", accepted_at=later), procedures=versions)
    assert keys("old") == measure("U2", select(facts, A_FIELD)).among
    assert measure("S2", select(facts, A_FIELD)).null_reason is NullReason.ZERO_DENOMINATOR


def test_a_recoded_procedure_counts_once_under_its_successor() -> None:
    """DQ-18: both codes are asked for alike, and U1 counts the successor."""
    facts = fact_set(
        dossier("old"),
        dossier("new", procedure_code="P2"),
        procedures=[procedure(valid_to=date(2026, 8, 15)), procedure("P2", valid_from=date(2026, 8, 15))],
        services=[service("P2")],
        continuity={"P1": "P2"},
    )
    assert keys("P2") == measure("U1", select(facts)).counted == measure("U1", select(facts)).among
    for code in ("P1", "P2"):
        assert keys("old", "new") == measure("U2s", select(facts, Scope(ScopeKind.PROCEDURE, ref=code))).among


def test_a_circle_of_codes_ends() -> None:
    """A continuity map that leads back to where it began is followed once."""
    facts = fact_set(dossier("D1", procedure_code="X"), continuity={"X": "Y", "Y": "X"})
    assert keys("D1") == measure("U2", select(facts)).among


def test_districts_in_both_views() -> None:
    """DQ-06: history stays with the district; the present view counts at the successor that holds at `as_of`."""
    facts = fact_set(
        dossier("D1", resolving_agency="H99.D1", accepted_at=datetime(2025, 6, 2, tzinfo=VIETNAM)),
        agencies=[
            agency("H99.D1", level=ExecutingLevel.DISTRICT, valid_to=date(2025, 7, 1), successor="H99.X"),
            agency("H99.X", level=ExecutingLevel.COMMUNE, valid_from=date(2025, 7, 1)),
        ],
    )
    june = period_of(PeriodType.MONTH, "2025-06")
    current = Readings(roll_up=RollUp.CURRENT)
    commune = Scope(ScopeKind.LEVEL, level=ExecutingLevel.COMMUNE)
    assert (keys("D1"), keys()) == (
        measure("U2", Selection(facts, june, DISTRICT)).among,
        measure("U2", Selection(facts, june, DISTRICT, current)).among,
    )
    assert keys("D1") == measure("U2", Selection(facts, june, commune, current)).among


def test_successors_that_lead_in_a_circle_end() -> None:
    """A circle of successors stops, whichever agency it stops at."""
    ended = date(2025, 7, 1)
    agencies = Agencies([agency("A", valid_to=ended, successor="B"), agency("B", valid_to=ended, successor="A")])
    assert agencies.successor("A", date(2026, 1, 1)) in keys("A", "B")


@pytest.mark.parametrize(
    ("reading", "counted"),
    [
        (OnlineServicesUsed.ONLINE, keys("P1", "P2")),
        (OnlineServicesUsed.ANY, keys("P1", "P2", "P3")),
        (OnlineServicesUsed.FINISHED_ONLINE, keys("P1")),
    ],
)
def test_readings_of_u1(reading: OnlineServicesUsed, counted: frozenset[str]) -> None:
    """An online dossier, any dossier, or one finished online makes a service used."""
    codes = ("P1", "P2", "P3", "P4")
    facts = fact_set(
        dossier("D1", is_fully_online=True, finished_at=AS_OF),
        dossier("D2", procedure_code="P2"),
        dossier("D3", procedure_code="P3", channel=Channel.IN_PERSON),
        procedures=[procedure(code) for code in codes],
        services=[service(code) for code in codes],
    )
    part = measure("U1", select(facts, u1=reading))
    assert (counted, frozenset(codes)) == (part.counted, part.among)


@pytest.mark.parametrize(
    ("reading", "among"),
    [
        (ProceduresUsed.ONLINE, keys("P1")),
        (ProceduresUsed.ALL, keys("P1", "P2", "P3")),
        (ProceduresUsed.WITH_DOSSIERS, keys("P1", "P2")),
    ],
)
def test_readings_of_u3(reading: ProceduresUsed, among: frozenset[str]) -> None:
    """Of the online procedures, of all, or of those with any dossier."""
    facts = fact_set(
        dossier("D1"),
        dossier("D2", procedure_code="P2", channel=None),
        procedures=[procedure("P1"), procedure("P2"), procedure("P3")],
    )
    assert among == measure("U3", select(facts, u3=reading)).among


def test_readings_of_u2_are_the_other_codes() -> None:
    """One phrase, three indicators: U2, U2s and U2f."""
    facts = fact_set(
        dossier("D1", is_fully_online=True),
        dossier("D2"),
        dossier("D3", procedure_code="P2"),
        dossier("D4", channel=None),
    )
    shown = {reading: measure("U2", select(facts, u2=reading)).shown for reading in OnlineDossiers}
    assert {"all": "75.00", "of_online": "66.67", "fully": "25.00"} == shown
    assert ("66.67", "25.00") == (measure("U2s", select(facts)).shown, measure("U2f", select(facts)).shown)


def test_readings_of_s3_s4_and_f2() -> None:
    """Each open denominator is a setting of its own."""
    both = frozenset({ExecutingLevel.PROVINCE, ExecutingLevel.COMMUNE})
    facts = fact_set(
        dossier("D1", fee=FeeState.CHARGED, payment=OnlinePayment.NATIONAL_PLATFORM),
        procedures=[procedure(levels=both, has_fee=True), procedure("P2", has_fee=True)],
        services=[service(is_integrated=True), service("P2", ServiceLevel.PARTIAL, is_integrated=True)],
    )
    assert keys("P1@province", "P1@commune", "P2@province") == measure("S3", select(facts)).among
    assert keys("P1", "P2") == measure("S3", select(facts, s3=LevelCount.HIGHEST)).among
    commune = Scope(ScopeKind.LEVEL, level=ExecutingLevel.COMMUNE)
    assert keys("P1@commune") == measure("S3", select(facts, commune)).among
    assert keys() == measure("S3", select(facts, commune, s3=LevelCount.HIGHEST)).among
    assert ("100.00", "50.00") == (
        measure("S4", select(facts)).shown,
        measure("S4", select(facts, s4=Integrated.ONLINE)).shown,
    )
    assert ("50.00", "100.00") == (
        measure("F2", select(facts)).shown,
        measure("F2", select(facts, f2=PaidProcedures.FEE_DOSSIERS)).shown,
    )


def test_services_under_test_count_where_the_reading_says_so() -> None:
    """The 766 index counts services that are being tested; the gateway's own indicators do not."""
    facts = fact_set(services=[service(state=ServiceState.TESTING)])
    all_states = frozenset(ServiceState) - {ServiceState.ENDED}
    assert ("0.00", "100.00") == (
        measure("S2", select(facts)).shown,
        measure("S2", select(facts, online_states=all_states)).shown,
    )


def test_a_service_counts_at_its_highest_level() -> None:
    """Offered in part and in full, it is full."""
    facts = fact_set(services=[service(level=ServiceLevel.PARTIAL), service(key="second")])
    assert "100.00" == measure("S3", select(facts)).shown


def test_classes_of_the_national_view() -> None:
    """The 766 index reads its own class, sees only what was synced, and takes two supplement requests for late."""
    facts = fact_set(
        dossier("D1", timeliness=Timeliness.LATE, timeliness_national=Timeliness.ON_TIME),
        dossier("D2", timeliness=Timeliness.MULTI_SUPPLEMENT),
        dossier("D3", synced_at=None),
        dossier("D4", synced_at=AS_OF + timedelta(seconds=1)),
    )
    own, national = select(facts), select(facts, view=View.NATIONAL)
    assert keys("D2", "D3", "D4") == measure("T1", own).counted
    assert (keys("D1"), keys("D1", "D2")) == (measure("T1", national).counted, measure("T1", national).among)
    assert Verdict(Standing.OUTSIDE, (Reason.NOT_SYNCED,)) == explain("T1", national, "D3")


@pytest.mark.parametrize(
    ("is_counted", "timeliness"),
    [
        (True, Timeliness.STOPPED_IN_TIME),
        (False, Timeliness.STOPPED_LATE),
        (False, Timeliness.WITHDRAWN_LATE),
        (True, Timeliness.PAUSED),
        (False, Timeliness.PAUSED_OVERDUE),
        (True, Timeliness.WITHIN_MAXIMUM),
    ],
)
def test_ends_and_pauses_count_by_their_instant(is_counted: bool, timeliness: Timeliness) -> None:
    """What was stopped, withdrawn or is paused counts as in time by when that was."""
    part = measure("T1", select(fact_set(dossier("D1", timeliness=timeliness))))
    assert (is_counted, keys("D1")) == ("D1" in part.counted, part.among)


@pytest.mark.parametrize("timeliness", [Timeliness.NO_DUE, Timeliness.INVALID])
def test_impossible_times_are_outside_of_t_and_inside_of_u(timeliness: Timeliness) -> None:
    """DQ-07: quarantined from indicators of time, and from nothing else."""
    facts = fact_set(dossier("D1", timeliness=timeliness))
    assert measure("T1", select(facts)).null_reason is NullReason.ZERO_DENOMINATOR
    assert keys("D1") == measure("U2", select(facts)).counted


def test_promised_reopened_and_cases() -> None:
    """T1o, T1_reopen and T1_case read the class that they name; a case counts once."""
    facts = fact_set(
        dossier("D1", timeliness_promised=Timeliness.LATE, timeliness_case=Timeliness.LATE, case_key="D1"),
        dossier("D2", case_key="D1"),
        dossier("D3", timeliness_reopened=Timeliness.EARLY),
    )
    assert keys("D2", "D3") == measure("T1o", select(facts)).counted
    assert keys("D3") == measure("T1_reopen", select(facts)).counted == measure("T1_reopen", select(facts)).among
    case = measure("T1_case", select(facts))
    assert (keys("D3"), keys("D1", "D3")) == (case.counted, case.among)


def test_late_acceptance_goes_by_submission() -> None:
    """T5 counts online submissions of the period, accepted or not."""
    facts = fact_set(
        dossier("D1", acceptance=Acceptance.IN_TIME),
        dossier("D2", accepted_at=None, acceptance=Acceptance.WAITING_OVERDUE),
        dossier("D3", accepted_at=AUGUST.end, acceptance=Acceptance.LATE),
        dossier("D4", channel=Channel.POSTAL, acceptance=Acceptance.LATE),
        dossier("D5", submitted_at=None),
    )
    part = measure("T5", select(facts))
    assert (keys("D2", "D3"), keys("D1", "D2", "D3")) == (part.counted, part.among)
    assert (Reason.NOT_SUBMITTED,) == explain("T5", select(facts), "D5").reasons


def test_membership_of_what_makes_a_service_used() -> None:
    """By reception, or by submission where there is none: the 766 index reads the second."""
    facts = fact_set(dossier("D1", accepted_at=None))
    assert ("0.00", "100.00") == (
        measure("U1", select(facts)).shown,
        measure("U1", select(facts, membership=Membership.RECEIVED_OR_SUBMITTED)).shown,
    )


def test_a_full_refund_takes_back_the_payment() -> None:
    """DQ-16: what went back whole was not paid online."""
    paid = {"fee": FeeState.CHARGED, "payment": OnlinePayment.NATIONAL_PLATFORM}
    facts = fact_set(
        dossier("D1", **paid), dossier("D2", is_refunded=True, **paid), procedures=[procedure(has_fee=True)]
    )
    assert keys("D1") == measure("F3", select(facts)).counted


@pytest.mark.parametrize(
    ("shown", "flags", "report", "portal", "last_year"),
    [
        ("50.00", (), 4, 2, None),
        ("50.00", (), 2, 4, None),
        ("100.00", (NO_NATIONAL_REPORT,), None, 2, None),
        ("20.00", (NO_NATIONAL_REPORT, LAST_YEAR), None, None, 120),
        (None, (NO_NATIONAL_REPORT,), None, None, None),
        (None, (NO_NATIONAL_REPORT,), 0, 0, None),
    ],
)
def test_what_the_sync_ratio_divides_by(
    shown: str | None, flags: tuple[str, ...], report: int | None, portal: int | None, last_year: int | None
) -> None:
    """The larger of both counts, else a twelfth of last year's, else nothing; a flag says which."""
    counts = ExternalCounts(
        scope="province",
        period=AUGUST.key,
        national_report_count=report,
        portal_count=portal,
        last_year_count=last_year,
    )
    facts = fact_set(dossier("D1"), dossier("D2"), dossier("D3", synced_at=None), external=[counts])
    part = measure("Y1", select(facts))
    assert (shown, flags, keys("D1", "D2")) == (part.shown, part.flags, part.counted)


def test_counts_of_the_other_calendar_are_not_taken() -> None:
    """A report of 15 July to 14 August says nothing of August."""
    nd09 = period_of(PeriodType.MONTH, "2026-08", Calendar.ND09)
    counts = ExternalCounts(scope="province", period=nd09.key, national_report_count=4)
    facts = fact_set(dossier("D1"), external=[counts])
    assert (None, "25.00") == (measure("Y1", select(facts)).shown, measure("Y1", Selection(facts, nd09)).shown)


def test_the_strict_online_share_needs_the_sync_ratio() -> None:
    """U2x is null with a reason of its own while Y1 is, and Y1 never lifts it above the share itself."""
    facts = fact_set(dossier("D1", has_result_file=True))
    assert NullReason.SYNC_RATIO_UNKNOWN is measure("U2x", select(facts)).null_reason
    counts = ExternalCounts(scope="province", period=AUGUST.key, portal_count=1)
    more = fact_set(dossier("D1", has_result_file=True), dossier("D2", has_result_file=True), external=[counts])
    assert ("200.00", "100.00") == (measure("Y1", select(more)).shown, measure("U2x", select(more)).shown)


def test_lags_are_spans_that_dossiers_had() -> None:
    """The 50th and 95th of a hundred lags of 1 to 100 seconds."""
    dossiers = [dossier(f"D{second}", synced_at=ACCEPTED_AT + timedelta(seconds=second)) for second in range(1, 101)]
    half, most = measure_parts("Y2", select(fact_set(*dossiers)))
    assert ("50.00", "95.00", "p50", "p95") == (half.shown, most.shown, half.name, most.name)


@pytest.mark.parametrize(
    ("is_counted", "level", "approved", "noticed", "live"),
    [
        (True, ExecutingLevel.PROVINCE, "2026-06-01", "2026-07-16", "2026-07-31"),
        (False, ExecutingLevel.PROVINCE, "2026-06-01", "2026-07-17", "2026-07-31"),
        (False, ExecutingLevel.PROVINCE, "2026-06-01", "2026-07-16", "2026-08-01"),
        (True, ExecutingLevel.DISTRICT, "2026-06-01", "2026-07-16", "2026-08-15"),
        (True, ExecutingLevel.COMMUNE, "2025-12-01", "2025-12-31", "2026-02-28"),
        (False, ExecutingLevel.COMMUNE, "2025-12-01", "2025-12-31", "2026-03-01"),
        (True, ExecutingLevel.COMMUNE, "2026-09-30", "2026-10-31", "2026-12-31"),
    ],
)
def test_setting_up_counts_days_of_the_calendar(
    is_counted: bool, level: ExecutingLevel, approved: str, noticed: str, live: str
) -> None:
    """45 days, then 15, 30, or two months with the month's end."""
    one = service(
        executing_level=level,
        approved_on=date.fromisoformat(approved),
        test_noticed_on=date.fromisoformat(noticed),
        live_on=date.fromisoformat(live),
    )
    year = period_of(PeriodType.YEAR, live[:4])
    part = measure("W1", Selection(fact_set(services=[one]), year))
    assert (is_counted, 1) == (bool(part.counted), len(part.among))


def test_facts_that_contradict_each_other_are_refused() -> None:
    """A dossier twice, or two versions of a procedure on one day, would be counted twice."""
    with pytest.raises(InvalidInput) as caught:
        fact_set(
            dossier("D1"),
            dossier("D1"),
            procedures=[procedure(valid_to=date(2026, 8, 2)), procedure(valid_from=date(2026, 8, 1))],
        )
    assert ["/dossiers/D1", "/procedures/P1"] == [fault.field for fault in caught.value.faults]


def test_mean_time_of_one_procedure() -> None:
    """Withdrawn and open dossiers have no part in the mean."""
    facts = fact_set(
        dossier("D1", processing_time=Decimal("2.5")),
        dossier("D2", processing_time=Decimal(2)),
        dossier("D3", processing_time=Decimal(9), timeliness=Timeliness.WITHDRAWN_IN_TIME),
        dossier("D4"),
    )
    part = measure("T4", select(facts, Scope(ScopeKind.PROCEDURE, ref="P1")))
    assert ("2.25", keys("D1", "D2")) == (part.shown, part.among)
