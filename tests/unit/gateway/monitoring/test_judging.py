"""From accepted revisions to facts: classes and times of the worked example, turns, what is followed and forgotten."""

from dataclasses import replace
from datetime import time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.indicators.words import Acceptance, FeeState, Timeliness
from gateway.model.dossier import Channel, Extension, Fee, FeeKind, ResultDocument
from gateway.model.procedure import ProcedureChannel, TimeLimit, TimeUnit
from gateway.model.status import DossierStatus
from gateway.monitoring.cutting import cut
from gateway.monitoring.judging import Judge, limits_of
from gateway.monitoring.neighbours import forgotten
from gateway.monitoring.records import Revision, follow
from gateway.monitoring.terms import Policy
from tests.support.judging import CALENDARS, LATER, at, document, judge, procedure, record, supplement
from tests.support.samples import make_step

# §6.2, §6.3 and §6.4 (T4): accepted, limit, finished, class, net working days.
WORKED = [
    ("D01", "03/08 09:00", 5, "06/08 15:00", Timeliness.EARLY, 3),
    ("D02", "05/08 10:00", 5, "12/08 10:00", Timeliness.ON_TIME, 5),
    ("D03", "10/08 09:00", 5, "18/08 09:00", Timeliness.LATE, 6),
    ("D05", "20/08 14:00", 7, "04/09 09:00", Timeliness.LATE, 9),
    ("D06", "24/08 09:00", 7, "07/09 16:00", Timeliness.ON_TIME, 7),
    ("D13", "28/08 10:00", 5, "08/09 10:00", Timeliness.EARLY, 4),
    ("D14", "06/08 09:00", 15, "26/08 14:00", Timeliness.ON_TIME, 15),
]


@pytest.mark.parametrize(("name", "accepted", "days", "finished", "expected", "net"), WORKED)
def test_the_worked_example(name: str, accepted: str, days: int, finished: str, expected: Timeliness, net: int) -> None:
    """Dossiers of §6.3 are judged by the catalogue's limit when nobody states a date."""
    fact = judge(record(document(accepted, finished)), days).fact

    assert expected is fact.timeliness, name
    assert net == fact.processing_time


def test_a_supplement_pauses_and_the_portal_subtracts() -> None:
    """D04: with the pause early; for the portal on time against the date that was stated; without a pause late."""
    dossier = document("14/08 08:30", "03/09 15:00", supplements=(supplement("19/08 10:00", "26/08 10:00"),))
    stated = replace(dossier, due_at=at("27/08 17:00"))

    assert judge(record(dossier), 10).fact.timeliness is Timeliness.EARLY
    assert judge(record(dossier), 10).fact.processing_time == 6
    assert judge(record(stated), 10).fact.timeliness_national is Timeliness.ON_TIME
    assert judge(record(dossier), 10, policy=Policy(pauses=False)).fact.timeliness is Timeliness.LATE
    assert judge(record(dossier), 10, policy=Policy(restarts_within_days=3)).fact.due_at == at("14/09 17:00")


def test_a_second_request_is_late_for_the_portal_only() -> None:
    """An open dossier with two requests is `multi_supplement` in the national view, and waits in ours."""
    asked = (supplement("17/08 10:00", "18/08 10:00"), supplement("19/08 10:00", number=2))
    dossier = document(
        "14/08 08:30", status=DossierStatus.SUPPLEMENT_REQUESTED, supplements=asked, due_at=at("28/08 17:00")
    )
    fact = judge(record(dossier), 10, at("24/08 09:00")).fact

    assert fact.timeliness is Timeliness.MULTI_SUPPLEMENT
    assert fact.timeliness_national is Timeliness.MULTI_SUPPLEMENT


def test_one_new_date_in_form_moves_the_due_date_and_not_the_promise() -> None:
    """Form 04 given in time: T1 holds the new date, T1o the first one; another overwriting is a finding (DQ-11)."""
    first = document("03/08 09:00", due_at=at("10/08 17:00"))
    moved = Extension(
        reason="Quá tải", decided_at=at("07/08 09:00"), previous_due_at=at("10/08 17:00"), new_due_at=at("14/08 17:00")
    )
    apologised = document("03/08 09:00", "13/08 10:00", due_at=at("14/08 17:00"), extensions=(moved,))
    overwritten = document("03/08 09:00", "13/08 10:00", due_at=at("14/08 17:00"))

    in_form = judge(record(first, apologised))
    silently = judge(record(first, overwritten, known="04/08 00:00"))

    assert (in_form.fact.timeliness, in_form.fact.timeliness_promised) == (Timeliness.EARLY, Timeliness.LATE)
    assert "DQ-11" not in in_form.fact.flags
    assert (silently.fact.timeliness, "DQ-11" in silently.fact.flags) == (Timeliness.LATE, True)


def test_withdrawn_in_time_refused_and_never_accepted() -> None:
    """D10 counts as in time; what was refused before acceptance stands outside of time."""
    withdrawn = document("28/08 09:00", status=DossierStatus.WITHDRAWN, finished_at=at("01/09 10:00"))
    refused = document(None, status=DossierStatus.REFUSED, refused_at=at("04/08 09:00"))

    assert judge(record(withdrawn), 3).fact.timeliness is Timeliness.WITHDRAWN_IN_TIME
    assert judge(record(withdrawn), 3).fact.processing_time is None
    assert judge(record(refused)).fact.accepted_at is None
    assert judge(record(refused)).fact.timeliness is Timeliness.NO_DUE


def test_the_first_finish_stays_when_a_dossier_is_opened_again() -> None:
    """DQ-05: T2 keeps the first finish, T1_reopen judges the second."""
    revisions = [
        Revision(
            revision=1, status=DossierStatus.PROCESSING, known_at=at("03/08 09:30"), content=document("03/08 09:00")
        ),
        *(
            Revision(revision=number, status=status, known_at=at(when), content=make_step(status, at(when)))
            for number, (status, when) in enumerate(
                [
                    (DossierStatus.COMPLETED, "06/08 10:00"),
                    (DossierStatus.PROCESSING, "07/08 10:00"),
                    (DossierStatus.COMPLETED, "20/08 10:00"),
                ],
                2,
            )
        ),
    ]
    found = judge(follow(None, "D", revisions))

    assert found.fact.finished_at == at("06/08 10:00")
    assert (found.fact.timeliness, found.fact.timeliness_reopened) == (Timeliness.EARLY, Timeliness.LATE)
    assert "DQ-05" in found.fact.flags


def test_online_submissions_are_answered_within_eight_working_hours() -> None:
    """T5: over a night the hours go on in the morning; what waits becomes overdue at its turn."""
    asked = document(None, submitted_at=at("27/08 15:00"))
    answered = document("28/08 14:30", submitted_at=at("27/08 15:00"))
    waiting = judge(record(asked), measured_at=at("28/08 14:00"))

    assert Acceptance.IN_TIME is judge(record(answered)).fact.acceptance
    assert Acceptance.WAITING_IN_TERM is waiting.fact.acceptance
    assert waiting.turns_at is not None
    assert Acceptance.WAITING_OVERDUE is judge(record(asked), measured_at=waiting.turns_at).fact.acceptance


def test_fees_results_and_files_are_read_off_the_document() -> None:
    """An exempt dossier has a fee of zero; digitised without a file is none (DQ-14); online throughout needs all."""
    fee = Fee(name="Lệ phí", kind=FeeKind.LEVY, amount_vnd=0)
    result = ResultDocument(name="kq.pdf", url="https://files.province.example/r/1")
    found = judge(record(document("03/08 09:00", "04/08 09:00", fees=(fee,), results=(result,), attachments=()))).fact

    assert (found.fee, found.has_result_file, found.has_component_file) == (FeeState.ZERO, True, False)
    assert found.is_fully_online


def test_limits_come_longest_first_and_words_are_none() -> None:
    """DQ-19: of several limits the longest; a limit in words gives no date."""
    both = ProcedureChannel(
        channel=Channel.ONLINE,
        time_limits=(
            TimeLimit(amount=8, unit=TimeUnit.HOUR),
            TimeLimit(amount=10, unit=TimeUnit.WORKING_DAY),
            TimeLimit(amount=None, unit=TimeUnit.OTHER),
        ),
    )
    stated = replace(procedure(1), channels=(both,))

    assert [10, 8] == [limit.value for limit in limits_of(stated, Channel.ONLINE)]
    assert limits_of(stated, Channel.POSTAL) == limits_of(None, Channel.ONLINE) == []


def test_following_piecemeal_is_reading_from_the_beginning() -> None:
    """However revisions come, one by one, together or twice, the record is the same; a step alone is no beginning."""
    revisions = [
        Revision(revision=1, status=DossierStatus.REGISTERED, known_at=at("02/08 09:00"), content=document(None)),
        Revision(
            revision=2, status=DossierStatus.PROCESSING, known_at=at("03/08 09:30"), content=document("03/08 09:00")
        ),
        Revision(
            revision=3,
            status=DossierStatus.COMPLETED,
            known_at=at("05/08 09:00"),
            content=make_step(DossierStatus.COMPLETED, at("05/08 08:00")),
        ),
    ]
    whole = follow(None, "D", revisions)
    parts = follow(None, "D", revisions[:1])
    for one in revisions:
        parts = follow(parts, "D", [one, one])

    assert whole == parts
    assert whole.known_at == at("02/08 09:00")
    with pytest.raises(ValueError, match="begin with a document"):
        follow(None, "D", revisions[2:])


def test_forgetting_leaves_what_is_counted() -> None:
    """Without its applicant's digest a record gives the same fact, also where other dossiers of the applicant told."""
    kept = replace(record(document("03/08 09:00")), applicant_key="ab", is_for_other=True)
    earlier = replace(kept, code="C", steps=(*kept.steps, *kept.steps))
    judge_them = Judge(calendars=CALENDARS, measured_at=LATER).judge
    beside = judge_them(kept, procedure(5), Policy(), [earlier])
    alone = judge_them(forgotten(kept, beside.findings), procedure(5), Policy())

    assert "DQ-01" == beside.fact.excluded_by
    assert beside.fact == alone.fact
    assert "" == forgotten(kept, beside.findings).applicant_key
    assert forgotten(kept, beside.findings) == forgotten(forgotten(kept, beside.findings), ())


@settings(max_examples=200, deadline=None)
@given(
    measured=st.integers(0, 60 * 24),
    step=st.integers(1, 60 * 24),
    finished=st.none() | st.integers(1, 400),
    limit=st.integers(1, 8),
    unit=st.sampled_from([TimeUnit.WORKING_DAY, TimeUnit.HOUR, TimeUnit.DAY]),
    is_accepted=st.booleans(),
    stated=st.none() | st.integers(1, 20),
)
def test_a_fact_holds_until_its_turn(
    measured: int, step: int, finished: int | None, limit: int, unit: TimeUnit, is_accepted: bool, stated: int | None
) -> None:
    """Between an instant and the next turn nothing changes by time alone."""
    accepted = "03/08 09:00"
    dossier = document(
        accepted if is_accepted else None,
        submitted_at=at(accepted),
        due_at=None if stated is None else at(accepted) + timedelta(days=stated),
    )
    if is_accepted and finished is not None:
        dossier = replace(dossier, status=DossierStatus.COMPLETED, finished_at=at(accepted) + timedelta(hours=finished))
    first = at("01/08 00:00") + timedelta(hours=measured)
    found = record(dossier)
    now = Judge(calendars=CALENDARS, measured_at=first).judge(found, procedure(limit, unit), Policy(cut_off=time(15)))
    then = first + timedelta(hours=step)
    if now.turns_at is not None and now.turns_at <= then:
        then = now.turns_at - timedelta(microseconds=1)
    later = Judge(calendars=CALENDARS, measured_at=then).judge(found, procedure(limit, unit), Policy(cut_off=time(15)))

    assert now.fact == later.fact
    assert later.holds_from == now.holds_from


@settings(max_examples=300, deadline=None)
@given(
    measured=st.integers(0, 24 * 40),
    back=st.integers(0, 24 * 40),
    finished=st.none() | st.integers(1, 400),
    returned=st.booleans(),
    stated=st.none() | st.integers(1, 20),
)
def test_a_fact_was_the_same_since(
    measured: int, back: int, finished: int | None, returned: bool, stated: int | None
) -> None:
    """From `holds_from` to the instant of judging nothing changed, by time or by what happened."""
    accepted = at("03/08 09:00")
    dossier = document("03/08 09:00", due_at=None if stated is None else accepted + timedelta(days=stated))
    if finished is not None:
        done = accepted + timedelta(hours=finished)
        dossier = replace(dossier, status=DossierStatus.COMPLETED, finished_at=done)
        if returned:
            dossier = replace(dossier, status=DossierStatus.RETURNED, returned_at=done + timedelta(hours=3))
    found, last = record(dossier, known="01/07 00:00"), at("01/08 00:00") + timedelta(hours=measured)
    now = judge(found, measured_at=last)
    before = max(now.holds_from, last - timedelta(hours=back))

    then = judge(found, measured_at=before)

    assert (then.fact, then.findings) == (now.fact, now.findings) or before > last
    assert cut(found, before + timedelta(microseconds=1)) == found
