"""Dates that cannot all be true, and the honest ones that must not be refused."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.model.dossier import Extension, Supplement
from gateway.model.dossier_rules import dossier_faults, step_faults
from tests.support.clocks import START
from tests.support.samples import SUBMITTED_AT, make_dossier, make_step

DAY = timedelta(days=1)
NOW = START + 30 * DAY


def supplement(**changes: Any) -> Supplement:
    values: dict[str, Any] = {
        "supplement_number": 1,
        "requested_by": "Trần Văn Thử",
        "content": "Bổ sung",
        "requested_at": SUBMITTED_AT + DAY,
        "previous_due_at": SUBMITTED_AT + 7 * DAY,
    }
    return Supplement(**(values | changes))


def extension(**changes: Any) -> Extension:
    values: dict[str, Any] = {
        "reason": "Gia hạn",
        "decided_at": SUBMITTED_AT + DAY,
        "previous_due_at": SUBMITTED_AT + 7 * DAY,
        "new_due_at": SUBMITTED_AT + 9 * DAY,
    }
    return Extension(**(values | changes))


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"received_at": SUBMITTED_AT - DAY}, ["/received_at"]),
        ({"due_at": SUBMITTED_AT - DAY}, ["/due_at"]),
        ({"refused_at": SUBMITTED_AT - DAY}, ["/refused_at"]),
        ({"finished_at": SUBMITTED_AT - DAY}, ["/finished_at", "/finished_at"]),
        ({"returned_at": SUBMITTED_AT - DAY}, ["/returned_at", "/returned_at"]),
        (
            {"received_at": SUBMITTED_AT + 3 * DAY, "finished_at": SUBMITTED_AT + DAY},
            ["/finished_at"],
        ),
        (
            {"received_at": SUBMITTED_AT + 3 * DAY, "returned_at": SUBMITTED_AT + DAY},
            ["/returned_at"],
        ),
        ({"supplements": (supplement(requested_at=SUBMITTED_AT - DAY),)}, ["/supplements/0/requested_at"]),
        (
            {"supplements": (supplement(), supplement(received_at=SUBMITTED_AT - DAY))},
            ["/supplements/1/received_at"],
        ),
        ({"supplements": (supplement(new_due_at=SUBMITTED_AT - DAY),)}, ["/supplements/0/new_due_at"]),
        ({"extensions": (extension(decided_at=SUBMITTED_AT - DAY),)}, ["/extensions/0/decided_at"]),
        ({"extensions": (extension(new_due_at=SUBMITTED_AT - DAY),)}, ["/extensions/0/new_due_at"]),
        ({"finished_at": NOW + 2 * DAY}, ["/finished_at"]),
        ({"supplements": (supplement(received_at=NOW + 2 * DAY),)}, ["/supplements/0/received_at"]),
    ],
)
def test_impossible_dates_are_named(changes: dict[str, Any], fields: list[str]) -> None:
    """Each contradiction is named at the later date's field."""
    assert fields == [fault.field for fault in dossier_faults(make_dossier(**changes), NOW)]


MIDNIGHT = START.replace(hour=17) - DAY  # 00:00 of the Vietnamese day on which the samples are submitted


@pytest.mark.parametrize(
    "changes",
    [
        {},
        # A system that knows only the day sends midnight.
        {"received_at": MIDNIGHT},
        {"due_at": MIDNIGHT, "finished_at": MIDNIGHT, "returned_at": MIDNIGHT},
        # Clocks of two systems on two sides of midnight.
        {"submitted_at": MIDNIGHT + timedelta(minutes=20), "received_at": MIDNIGHT - timedelta(minutes=30)},
        # A late reception keeps the promise made at submission.
        {"received_at": SUBMITTED_AT + 10 * DAY},
        # The file is closed only after the result was fetched.
        {"returned_at": SUBMITTED_AT + 3 * DAY, "finished_at": SUBMITTED_AT + 5 * DAY},
        # A promise that was broken, an extension after the fact, an extension that shortens.
        {"finished_at": SUBMITTED_AT + 20 * DAY},
        {"extensions": (extension(decided_at=SUBMITTED_AT + 20 * DAY),)},
        {"extensions": (extension(new_due_at=SUBMITTED_AT + 5 * DAY),)},
        # A promise lies in the future by its nature; so may another system's clock, by less than a day.
        {"due_at": NOW + 400 * DAY},
        {"finished_at": NOW + timedelta(hours=20)},
        {"supplements": (supplement(received_at=SUBMITTED_AT + 2 * DAY, new_due_at=NOW + 90 * DAY),)},
    ],
)
def test_honest_dates_are_accepted(changes: dict[str, Any]) -> None:
    """What real systems honestly send is not refused."""
    assert () == dossier_faults(make_dossier(**changes), NOW)


def test_steps() -> None:
    """A step may not have happened in the future; its start may follow it."""
    assert () == step_faults(make_step(started_at=START + DAY), NOW)
    future = step_faults(make_step(occurred_at=NOW + 2 * DAY, started_at=NOW + 2 * DAY), NOW)
    assert ["/occurred_at", "/started_at"] == [fault.field for fault in future]
