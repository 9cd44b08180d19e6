"""Records as they stood at an instant: what happened from then on is gone, what was learnt from then on is not."""

from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest

from gateway.indicators.words import Rating, Timeliness
from gateway.model.dossier import Channel, Extension, OnlinePayment, ResultDelivery, ResultDocument
from gateway.model.status import DossierStatus
from gateway.monitoring.cutting import cut, latest_at
from gateway.monitoring.records import DossierRecord, Revision, follow
from gateway.monitoring.terms import Policy
from tests.support.judging import at, document, judge, record, supplement
from tests.support.samples import make_step
from tests.support.worked_example import DOSSIERS

END = at("01/09 00:00")
LIMITS = {"P1": 5, "P2": 10, "P3": 7, "P4": 15, "P5": 0, "P6": 3}
RESULT = ResultDocument(name="kq.pdf", url="https://files.province.example/r/1")
AT_PERIOD_END = {"D04": "open_in_term", "D05": "open_overdue", "D06": "open_in_term", "D10": "open_in_term"}


def _rows() -> list[dict[str, str]]:
    head, *lines = [[cell.strip() for cell in line.split("|")] for line in DOSSIERS.strip().splitlines()]
    return [dict(zip(head, line, strict=True)) for line in lines]


def _worked(row: dict[str, str]) -> DossierRecord:
    done = row["Finished"]
    changes: dict[str, Any] = {"results": (RESULT,) if row["er"] == "1" else ()}
    if row["Id"] == "D04":
        changes["supplements"] = (supplement("19/08 10:00", "26/08 10:00"),)
    if row["Id"] == "D10":
        changes["status"] = DossierStatus.WITHDRAWN
    return record(document(row["Accepted"], done, **changes), known="03/10 00:00")


def _policy(row: dict[str, str]) -> Policy:
    return Policy(cut_off=time(15)) if row["Proc"] == "P5" else Policy()


def test_the_worked_example_at_the_end_of_august() -> None:
    """§6.4: 4 of 11 documents as results at the period's end, 7 of 11 later; D05 overdue, D04, D06, D10, D13 open."""
    rows = [row for row in _rows() if row["Id"][0] == "D" and row["Id"] != "D09"]
    stood = {row["Id"]: cut(_worked(row), END) for row in rows}
    documents = [row["Id"] for row in rows if row["er"] != "n/a"]

    assert sum(1 for one in documents if (found := stood[one]) is not None and found.results_count) == 4
    assert sum(1 for row in rows if row["er"] == "1") == 7
    assert len(documents) == 11
    classes = {}
    for row in rows:
        found = stood[row["Id"]]
        assert found is not None
        if row["Proc"] != "P5":
            classes[row["Id"]] = judge(found, LIMITS[row["Proc"]], END, _policy(row)).fact.timeliness.value
    expected = {row["Id"]: row["Class v2"] for row in rows if row["Proc"] != "P5"} | AT_PERIOD_END
    assert classes == expected | {"D13": "open_in_term"}


def test_what_was_not_there_is_nothing() -> None:
    """A dossier that came later is none; one that was filed before and accepted later was waiting."""
    later = record(document("02/09 09:00"), known="02/09 09:00")
    waiting = replace(later, submitted_at=at("31/08 09:00"))

    assert cut(later, END) is None
    found = cut(waiting, END)
    assert found is not None
    assert (found.received_at, found.status) == (None, DossierStatus.REGISTERED)


def test_what_stood_still_is_the_same() -> None:
    """Nothing is made anew of a dossier of which nothing happened later, whenever it was learnt."""
    found = record(document("03/08 09:00", "06/08 15:00", results=(RESULT,)), known="20/09 00:00")

    assert latest_at(found) == at("06/08 15:00")
    assert cut(found, END) is found


def test_later_supplements_dates_and_ratings_are_gone() -> None:
    """Asked before and given later: still waited for. The promised date is the one before anything moved it."""
    moved = Extension(
        decided_at=at("02/09 10:00"),
        previous_due_at=at("31/08 17:00"),
        new_due_at=at("09/09 17:00"),
        reason="Chờ ý kiến",
    )
    first = document("24/08 09:00", due_at=at("31/08 17:00"), supplements=(supplement("28/08 10:00"),))
    last = replace(
        first,
        due_at=at("09/09 17:00"),
        supplements=(supplement("28/08 10:00", "02/09 09:00"),),
        extensions=(moved,),
    )
    found = replace(record(first, last), rating=Rating.SATISFIED, rated_at=at("03/09 09:00"), synced_at=END)

    stood = cut(found, END)

    assert stood is not None
    assert [pause.given_at for pause in stood.pauses] == [None]
    assert (stood.new_dates, stood.rating, stood.synced_at) == ((), None, None)
    assert stood.due_at == at("31/08 17:00")


def test_results_came_with_the_finish_that_first_had_them() -> None:
    """Opened again and finished a second time after the end: the first finish and its result stood at the end."""
    first = document("03/08 09:00", "10/08 15:00", results=(RESULT,))
    again = replace(first, status=DossierStatus.PROCESSING)
    last = replace(first, finished_at=at("05/09 10:00"))
    revisions = [
        Revision(revision=number, status=one.status, known_at=at(known), content=one)
        for number, (one, known) in enumerate(
            [(first, "10/08 15:00"), (again, "02/09 08:00"), (last, "05/09 10:00")], 1
        )
    ]

    stood = cut(follow(None, "D", revisions), END)

    assert stood is not None
    assert (stood.finished_at, stood.results_count) == (at("10/08 15:00"), 1)
    assert stood.reopened_at is None


def test_who_had_withdrawn_had_ended_then() -> None:
    """Done on 5 September after all: at the end of August it was withdrawn, on the 10th."""
    withdrawn = document("03/08 09:00", status=DossierStatus.WITHDRAWN, finished_at=at("10/08 15:00"))
    done = replace(withdrawn, status=DossierStatus.COMPLETED, finished_at=at("05/09 10:00"))

    stood = cut(record(withdrawn, done), END)

    assert stood is not None
    assert (stood.status, stood.finished_at) == (DossierStatus.WITHDRAWN, at("10/08 15:00"))


def test_a_finish_that_was_put_right_was_none_before() -> None:
    """Told as done on 30 August, then as done on 3 September: at the end of August it was not done (bitemporal)."""
    wrong = document("24/08 09:00", "30/08 10:00")
    right = replace(wrong, finished_at=at("03/09 10:00"))

    stood = cut(record(wrong, right), END)

    assert stood is not None
    assert stood.first_finished_at is None
    assert judge(stood, 5, END).fact.timeliness is Timeliness.OPEN_IN_TERM


@pytest.mark.parametrize(("delivery", "expected"), [(ResultDelivery.POSTAL, True), (ResultDelivery.DIRECT, False)])
def test_fully_online_without_its_result(delivery: ResultDelivery, expected: bool) -> None:
    """Before the result was there, only a result by post made a dossier fully online."""
    filed = document(
        "24/08 09:00",
        "03/09 10:00",
        channel=Channel.ONLINE,
        online_payment=OnlinePayment.NATIONAL_PLATFORM,
        results=(RESULT,),
        result_delivery=delivery,
    )
    found = record(filed)
    stood = cut(found, END)

    assert found.is_fully_online
    assert stood is not None
    assert stood.is_fully_online is expected


def test_steps_from_the_end_on_are_gone() -> None:
    """The status is the last one before the end; an instant at the very end is after it."""
    steps = [make_step(DossierStatus.PROCESSING, at("26/08 09:00")), make_step(DossierStatus.COMPLETED, END)]
    known = record(document("24/08 09:00", status=DossierStatus.RECEIVED))
    revisions = [
        Revision(revision=number, status=step.status, known_at=END + timedelta(days=1), content=step)
        for number, step in enumerate(steps, 2)
    ]

    stood = cut(follow(known, "D", revisions), END)

    assert stood is not None
    assert stood.status is DossierStatus.PROCESSING
    assert [step.status for step in stood.steps] == [DossierStatus.RECEIVED, DossierStatus.PROCESSING]
