"""The rules of data quality, each with what it finds and what it must leave alone (monitoring notes §5)."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from gateway.indicators.facts import ExternalCounts
from gateway.indicators.findings import Finding, Treatment, treated
from gateway.indicators.formulas import Standing, Verdict
from gateway.indicators.quality import OVER_NUMBERS, RULES, counts, find
from gateway.indicators.quality_times import read_instant
from gateway.indicators.raw import DueChange, Limits, RawDossier, RawEvent, RawResult, RawSet
from gateway.indicators.registry import explain, measure
from gateway.indicators.scope import Scope, ScopeKind
from gateway.indicators.selection import Selection
from gateway.indicators.words import EnteredBy, FeeState, Reason, ServiceState, Timeliness
from gateway.model.dossier import Channel, OnlinePayment
from gateway.model.status import DossierStatus
from gateway.model.vocabulary import VIETNAM
from tests.support.facts import agency, dossier, fact_set, keys, procedure
from tests.support.worked_example import AS_OF_V2, AUGUST

S, T = DossierStatus, Treatment
_OFF = {date(2026, 8, 31), date(2026, 9, 1), date(2026, 9, 2)}
_SATURDAY = 5


def working_days(first: date, last: date) -> int:
    """Count working days of the example's calendar: 22 August is a working Saturday, National Day has three days."""
    days = (first + timedelta(days=step) for step in range(1, (last - first).days + 1))
    return sum(day == date(2026, 8, 22) or (day.weekday() < _SATURDAY and day not in _OFF) for day in days)


def at(text: str) -> datetime:
    """Give an instant of 2026 from day, month and time."""
    return datetime.strptime(f"2026 {text}", "%Y %d/%m %H:%M").replace(tzinfo=VIETNAM)


def raw(key: str = "D1", **changes: Any) -> RawDossier:
    """Give a record in which no rule finds anything."""
    known: dict[str, Any] = {
        "procedure_code": "P1",
        "channel": Channel.ONLINE,
        "submitted_at": at("10/08 08:00"),
        "accepted_at": at("10/08 09:00"),
        "known_at": at("10/08 09:01"),
        "due_at": at("17/08 17:00"),
        "due_computed_at": at("17/08 17:00"),
    }
    return RawDossier(key=key, **(known | changes))


def event(status: DossierStatus, when: str) -> RawEvent:
    """Give a step that was known at once."""
    return RawEvent(status, at(when), at(when))


def apply(*records: RawDossier, **changes: Any) -> list[Finding]:
    """Apply every rule."""
    return find(RawSet(as_of=AS_OF_V2, working_days=working_days, dossiers=records, **changes))


def test_a_record_in_order_has_no_finding() -> None:
    """Nothing is found where nothing is wrong; every rule stands in the counts with 0."""
    assert [] == apply(raw())
    assert {f"DQ-{number:02}": 0 for number in range(1, 25)} == counts([])
    assert {OVER_NUMBERS} | set(RULES) == set(counts([]))


FOUND = [
    ("DQ-03", "flag", T.EXCLUDE, {"is_test": True}),
    ("DQ-03", "account", T.EXCLUDE, {"is_test_account": True}),
    ("DQ-03", "procedure", T.EXCLUDE, {"is_test_procedure": True}),
    ("DQ-03", "identity", T.EXCLUDE, {"is_test_identity": True}),
    ("DQ-03", "name", T.EXCLUDE, {"is_test_name": True}),
    ("DQ-03", "service_under_test", T.EXCLUDE, {"service_state": ServiceState.TESTING}),
    ("DQ-02", "staff_account", T.BY_OFFICER, {"is_submitter_staff": True}),
    ("DQ-02", "counter", T.BY_OFFICER, {"is_from_counter": True}),
    ("DQ-02", "no_delegation", T.BY_OFFICER, {"submitter_key": "a", "applicant_key": "b"}),
    ("DQ-04", "late", T.FLAG, {"known_at": at("12/08 08:00")}),
    (
        "DQ-05",
        "worked_on_after_done",
        T.FLAG,
        {"events": (event(S.RETURNED, "12/08 09:00"), event(S.PROCESSING, "13/08 09:00"))},
    ),
    ("DQ-07", "finished_before_accepted", T.QUARANTINE_TIMES, {"finished_at": at("10/08 08:59")}),
    ("DQ-07", "future", T.QUARANTINE_TIMES, {"finished_at": at("01/10 00:01")}),
    (
        "DQ-07",
        "out_of_order",
        T.QUARANTINE_TIMES,
        {"events": (event(S.PROCESSING, "12/08 09:00"), event(S.RECEIVED, "11/08 09:00"))},
    ),
    ("DQ-08", "missing", T.USE_COMPUTED_DUE, {"due_at": None}),
    ("DQ-08", "differs", T.USE_COMPUTED_DUE, {"due_at": at("18/08 17:00")}),
    ("DQ-09", "several_requests", T.FLAG, {"supplement_requests": (at("11/08 09:00"), at("12/08 09:00"))}),
    ("DQ-09", "just_before_due", T.FLAG, {"supplement_requests": (at("14/08 16:00"),)}),
    ("DQ-09", "long_pause", T.FLAG, {"supplement_requests": (at("11/08 09:00"),), "paused_days": 11}),
    ("DQ-11", "without_form", T.USE_PROMISED_DUE, {"due_changes": (DueChange(at("12/08 09:00"), has_form=False),)}),
    ("DQ-12", "not_returned", T.FLAG, {"events": (event(S.COMPLETED, "20/09 09:00"),)}),
    ("DQ-13", "out_of_reach", T.NO_RESULT_FILE, {"result": RawResult(is_reachable=False)}),
    ("DQ-13", "empty", T.NO_RESULT_FILE, {"result": RawResult(size_bytes=0)}),
    ("DQ-13", "unsigned", T.NO_RESULT_FILE, {"result": RawResult(is_signed=False)}),
    ("DQ-14", "no_attachment", T.NOT_DIGITISED, {"claims_digitised": True, "attachments_count": 0}),
    ("DQ-15", "finished_in_seconds", T.FLAG, {"finished_at": at("10/08 09:01")}),
    ("DQ-16", "all_zero", T.FEE_ZERO, {"fee_lines_vnd": (0, 0)}),
    ("DQ-16", "exempt", T.FEE_ZERO, {"fee_lines_vnd": (50_000,), "exemption_code": "MG01"}),
    ("DQ-16", "refunded", T.PAYMENT_TAKEN_BACK, {"is_refunded": True}),
    ("DQ-17", "channel_missing", T.AS_DIRECT, {"channel": None}),
    ("DQ-19", "case_missing", T.LONGEST_LIMIT, {"limits_count": 2}),
    ("DQ-20", "received_elsewhere", T.FLAG, {"receiving_agency": "H99.A", "resolving_agency": "H99.B"}),
    ("DQ-22", "older_calendar", T.COUNT_AGAIN, {"calendar_version": "VN-2026.3"}),
    ("DQ-24", "due_at:day_only", T.NORMALISE, {"stamps": {"due_at": "2026-08-17"}}),
]


@pytest.mark.parametrize(("rule", "sign", "treatment", "changes"), FOUND)
def test_found_in_one_record(rule: str, sign: str, treatment: Treatment, changes: dict[str, Any]) -> None:
    """One thing that is wrong is found by its one rule and sign, with what follows."""
    found = apply(raw(**changes))
    assert [(rule, "D1", treatment, sign)] == [(one.rule, one.key, one.treatment, one.sign) for one in found]
    assert 1 == counts(found)[rule]


@pytest.mark.parametrize(
    "changes",
    [
        {"known_at": at("11/08 17:00")},
        {"accepted_at": at("21/08 09:00"), "known_at": at("22/08 09:00")},
        {"submitter_key": "a", "applicant_key": "a"},
        {"submitter_key": "a", "applicant_key": "b", "has_delegation": True},
        {"events": (event(S.PROCESSING, "12/08 09:00"), event(S.RETURNED, "13/08 09:00"))},
        {"finished_at": at("10/08 09:02")},
        {"supplement_requests": (at("12/08 09:00"),), "paused_days": 10},
        {"due_changes": (DueChange(at("12/08 09:00"), has_form=True),)},
        {"due_changes": (DueChange(at("10/08 08:30"), has_form=False),)},
        {"events": (event(S.COMPLETED, "24/09 09:00"),)},
        {"events": (event(S.COMPLETED, "20/08 09:00"), event(S.RETURNED, "21/08 09:00"))},
        {"result": RawResult(digest="a")},
        {"fee_lines_vnd": (0, 50_000)},
        {"attachments_count": 0},
        {"limits_count": 2, "case_code": "TH1"},
        {"receiving_agency": "H99.A", "resolving_agency": "H99.A"},
        {"stamps": {"accepted_at": "2026-08-17T09:00:00+07:00"}},
    ],
)
def test_left_alone(changes: dict[str, Any]) -> None:
    """What comes close to a rule and does not break it is not found."""
    assert [] == apply(raw(**changes))


def test_the_copy_of_a_dossier_with_less_history_is_left_out() -> None:
    """Z2 of the worked example came from the portal with D01's code; D01 has the fuller history."""
    history = (event(S.RECEIVED, "03/08 09:00"), event(S.COMPLETED, "06/08 15:00"), event(S.RETURNED, "06/08 15:05"))
    found = apply(
        raw("D01", national_code="000.00.01.H99-260803-0001", events=history),
        raw("Z2", national_code="000.00.01.H99-260803-0001", events=history[:1]),
    )
    assert [Finding("DQ-01", "Z2", T.EXCLUDE, "same_national_code", "D01")] == found


@pytest.mark.parametrize(
    ("is_found", "changes"),
    [
        (True, {"submitted_at": at("10/08 08:10")}),
        (False, {"submitted_at": at("10/08 08:11")}),
        (False, {"submitted_at": at("10/08 08:10"), "procedure_code": "P2"}),
        (False, {"submitted_at": at("10/08 08:10"), "applicant_key": "other"}),
        (False, {"submitted_at": at("10/08 08:10"), "national_code": "2"}),
    ],
)
def test_copies_without_a_common_code(is_found: bool, changes: dict[str, Any]) -> None:
    """The same procedure, applicant and ten minutes make a copy; two national codes never do."""
    second = raw("D2", **({"applicant_key": "a"} | changes))
    found = apply(raw("D1", applicant_key="a", national_code="1", events=(event(S.RECEIVED, "10/08 09:00"),)), second)
    expected = [Finding("DQ-01", "D2", T.EXCLUDE, "same_submission", "D1")]
    assert (expected if is_found else []) == found


def test_dossiers_without_applicant_are_no_copies() -> None:
    """Not knowing who applied is not the same applicant."""
    assert [] == apply(raw("D1"), raw("D2"))


def test_a_group_counts_under_its_own_procedure_and_its_components_everywhere() -> None:
    """Liên thông: never both in one total."""
    found = apply(raw("G", procedure_code="P9"), raw("C1", parent_key="G"), raw("C2", parent_key="G"))
    assert [Finding("DQ-01", "G", T.COUNT_COMPONENTS, "group")] == found
    one = [treated(dossier(key), found) for key in ("C1", "C2")]
    group = treated(dossier("G", procedure_code="P9"), found)
    facts = fact_set(*one, group, procedures=[procedure(), procedure("P9")])
    own = Selection(facts, AUGUST, Scope(ScopeKind.PROCEDURE, ref="P9"))
    assert keys("C1", "C2") == measure("U2", Selection(facts, AUGUST)).among
    assert keys("G") == measure("U2", own).among
    assert (Reason.COUNTED_BY_COMPONENTS,) == explain("U2", Selection(facts, AUGUST), "G").reasons


def test_one_account_for_many_is_an_officer() -> None:
    """Five applicants of one account are too many, four are not."""
    records = [raw(f"D{n}", submitter_key="x", applicant_key=f"a{n}", has_delegation=True) for n in range(5)]
    found = apply(*records)
    assert {("DQ-02", "account_of_many")} == {(one.rule, one.sign) for one in found}
    assert 5 == counts(found)["DQ-02"]
    assert [] == apply(*records[:4])


def test_known_after_the_preliminary_version() -> None:
    """Within a working day, but after the number was published."""
    late = raw(known_at=at("11/08 08:00"))
    assert ["after_preliminary"] == [one.sign for one in apply(late, published_at=at("11/08 00:30"))]


def test_an_open_dossier_of_an_agency_that_ended_moves() -> None:
    """DQ-06: to the successor that holds now; a finished one stays where it was."""
    agencies = [agency("OLD", valid_to=date(2026, 9, 1), successor="NEW"), agency("NEW")]
    found = apply(
        raw("D1", resolving_agency="OLD"),
        raw("D2", resolving_agency="OLD", finished_at=at("12/08 09:00")),
        raw("D3", resolving_agency="NEW"),
        agencies=agencies,
    )
    assert [Finding("DQ-06", "D1", T.MOVE_TO_SUCCESSOR, "agency_ended", "NEW")] == found


def test_refused_about_the_due_date_and_filed_again_is_one_case() -> None:
    """DQ-10: both dossiers name the case; without the second there is none."""
    ended = raw("D1", applicant_key="a", events=(event(S.REFUSED, "17/08 16:00"),))
    again = raw(
        "D2",
        applicant_key="a",
        submitted_at=at("18/08 08:00"),
        accepted_at=at("18/08 09:00"),
        known_at=at("18/08 09:00"),
    )
    found = apply(ended, again)
    assert [
        Finding("DQ-10", "D1", T.LINK_CASE, "ended_near_due", "D1"),
        Finding("DQ-10", "D2", T.LINK_CASE, "filed_again", "D1"),
    ] == found
    assert [] == apply(ended)
    early = replace(ended, events=(event(S.REFUSED, "12/08 16:00"),))
    assert [] == apply(early, again)
    facts = fact_set(*(treated(dossier(key), found) for key in ("D1", "D2")))
    assert keys("D1") == measure("T1_case", Selection(facts, AUGUST)).among


def test_the_result_of_another_dossier_is_none() -> None:
    """DQ-13: one file cannot be the result of two people's dossiers; of one's copies and components it can."""
    same = RawResult(digest="ab")
    own = raw("D2", result=same, applicant_key="a", procedure_code="P2")
    assert [] == apply(raw("D1", result=same, applicant_key="a"), own)
    found = apply(raw("D1", result=same), raw("D2", result=same))
    assert {("D1", "same_as_another"), ("D2", "same_as_another")} == {(one.key, one.sign) for one in found}


def test_bulk_dossiers_are_left_out_when_confirmed_only() -> None:
    """DQ-15: twenty in ten minutes, or three of the same content; the owner confirms each."""
    burst = [
        raw(f"D{n}", submitter_key="x", submitted_at=at("10/08 08:00") + timedelta(seconds=30 * n)) for n in range(20)
    ]
    found = apply(*burst, confirmed={"D3"})
    assert 20 == counts(found)["DQ-15"]
    assert ["D3"] == [one.key for one in found if one.treatment is T.EXCLUDE]
    slower = [replace(one, submitted_at=at("10/08 08:00") + timedelta(seconds=32 * n)) for n, one in enumerate(burst)]
    assert [] == apply(*slower)
    same = [raw(f"D{n}", content_digest="ab") for n in range(3)]
    assert {"identical_content"} == {one.sign for one in apply(*same)}
    assert [] == apply(*same[:2])
    assert [] == apply(*same, limits=Limits(identical_count=4))


def test_recoded_procedures_name_their_successor() -> None:
    """DQ-18: the record keeps its code."""
    assert [Finding("DQ-18", "D1", T.FLAG, "code_replaced", "P2")] == apply(raw(), continuity={"P1": "P2"})


def test_counts_that_differ_are_reconciled() -> None:
    """DQ-23: fifteen against twelve; nothing is made up for."""
    one = ExternalCounts(scope="province", period=AUGUST.key, national_report_count=15, portal_count=12)
    found = apply(external=[one, replace(one, period="other", portal_count=15)])
    assert [Finding("DQ-23", f"province {AUGUST.key}", T.RECONCILE, "counts_differ")] == found


def test_zero_denominators_are_found_over_numbers() -> None:
    """DQ-21: null with its reason."""
    selection = Selection(fact_set(), AUGUST)
    found = find(
        RawSet(as_of=AS_OF_V2, working_days=working_days),
        {code: measure(code, selection) for code in ("U2", "S2")},
    )
    assert [Finding("DQ-21", "U2", T.NULL, "zero_denominator")] == found


@pytest.mark.parametrize(
    ("instant", "sign", "text", "is_due"),
    [
        ("2026-08-17T00:00:00+07:00", "day_only", "2026-08-17", False),
        ("2026-08-17T23:59:59.999999+07:00", "day_only", "2026-08-17", True),
        ("2026-08-17T09:00:00+07:00", "no_offset", "2026-08-17T09:00:00", False),
        ("2026-08-17T09:00:00+07:00", "other_offset", "2026-08-17T02:00:00+00:00", False),
        ("2026-08-17T09:00:00+07:00", "", "2026-08-17T09:00:00+07:00", False),
        (None, "unreadable", "17/08/2026 09:00", False),
    ],
)
def test_instants_of_sources(instant: str | None, sign: str, text: str, is_due: bool) -> None:
    """DQ-24: everything becomes local time; what had to be assumed is said."""
    expected = None if instant is None else datetime.fromisoformat(instant)
    assert (expected, sign) == read_instant(text, is_due=is_due)


def test_findings_mark_facts_and_delete_none() -> None:
    """Each treatment that a number depends on changes the fact, and leaves the rule's id on it."""
    fact = dossier(
        "D1",
        has_result_file=True,
        has_component_file=True,
        fee=FeeState.CHARGED,
        payment=OnlinePayment.NATIONAL_PLATFORM,
    )
    expected: dict[Treatment, dict[str, object]] = {
        T.EXCLUDE: {"excluded_by": "DQ-03"},
        T.QUARANTINE_TIMES: {"timeliness": Timeliness.INVALID},
        T.BY_OFFICER: {"entered_by": EnteredBy.OFFICER},
        T.NO_RESULT_FILE: {"has_result_file": False},
        T.NOT_DIGITISED: {"has_component_file": False},
        T.FEE_ZERO: {"fee": FeeState.ZERO},
        T.PAYMENT_TAKEN_BACK: {"is_refunded": True},
        T.AS_DIRECT: {"channel": None},
        T.LINK_CASE: {"case_key": "D0"},
        T.COUNT_COMPONENTS: {"is_group": True},
        T.FLAG: {},
    }
    for treatment, changes in expected.items():
        after = treated(fact, [Finding("DQ-03", "D1", treatment, "sign", "D0"), Finding("DQ-04", "D2", T.EXCLUDE, "x")])
        assert frozenset({"DQ-03"}) == after.flags
        assert changes == {name: getattr(after, name) for name in changes}
        assert (treatment is T.FLAG) is (replace(after, flags=frozenset()) == fact)


def test_a_test_dossier_stays_visible() -> None:
    """Z1 of the worked example: outside of Dos, with its rule."""
    found = apply(raw("Z1", is_test=True))
    facts = fact_set(treated(dossier("Z1"), found))
    assert keys() == measure("U2", Selection(facts, AUGUST)).among
    assert Verdict(Standing.OUTSIDE, (Reason.EXCLUDED,), "DQ-03") == explain("U2", Selection(facts, AUGUST), "Z1")
