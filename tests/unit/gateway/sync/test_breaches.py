"""What is told of a breach is counted from lines, and what a person must say is left to a person."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from gateway.model.audit import AuditAction, AuditLine, ChainedLine
from gateway.sync.breach_text import CHECK, FILL, facts, markdown
from gateway.sync.breaches import LOOK_COLUMNS, Breach, BreachReport, ReportWish

AT = datetime(2026, 1, 5, 1, tzinfo=UTC)
NUMBER = "999199000001"
LINE = AuditLine(
    line_id=UUID(int=1),
    at=AT,
    action="citizen.lookup",
    stage="answered",
    correlation_id=UUID(int=1),
    client_id="one-stop",
    officer="H99.01.007",
    agency_code="H99.01",
    procedure_code="",
    dossier_code="H99.01-260105-00017",
    purpose="residence",
    legal_basis="",
    consent_ref="",
    subject_digest=b"a" * 32,
    fields_requested=(),
    fields_released=("full_name", "ethnicity"),
    outcome="found",
    upstream_code="",
    request_id="",
    edge="",
    latency_ms=3,
    client_address="",
    gateway_version="0",
)


def counted(*lines: AuditLine) -> tuple[Breach, list[tuple[str, ...]]]:
    """Count lines, which are given in the order of the chain."""
    breach = Breach()
    chained = [ChainedLine(place, line, b"") for place, line in enumerate(lines, start=1)]
    return breach, list(breach.take(reversed(chained)))


def reported(*lines: AuditLine, detected_at: datetime = AT + timedelta(hours=5), **wish: str) -> BreachReport:
    breach, _ = counted(*lines)
    wanted = ReportWish(since=AT, until=AT + timedelta(days=1), detected_at=detected_at, because="test", **wish)
    return BreachReport(wish=wanted, breach=breach, deadlines=breach.deadlines(detected_at), end_fault="")


def asked(number: int, subject: bytes | None = b"b" * 32) -> AuditLine:
    return replace(
        LINE,
        stage="asked",
        correlation_id=UUID(int=number),
        subject_digest=subject,
        fields_released=(),
        outcome="asked",
        at=AT + timedelta(minutes=number),
    )


def test_people_are_counted_once() -> None:
    """However often and through whomever; who was asked about is told apart from who was shown."""
    again = replace(LINE, correlation_id=UUID(int=2), client_id="other", agency_code="H99.02")
    told = facts(reported(LINE, again, asked(3)))

    assert (2, 1) == (told["people_count"], told["people_shown_count"])
    assert {"one-stop": 2, "other": 1} == told["people_by_client"]
    assert {"H99.01": 2, "H99.02": 1} == told["people_by_agency"]
    assert {"full_name": 2, "ethnicity": 2} == told["fields"]
    assert ["ethnicity"] == told["sensitive_fields"]
    assert (3, {"citizen.lookup": 3}) == (told["looks_count"], told["actions"])


def test_question_and_answer_are_one_look() -> None:
    """Of one without an answer nobody knows what was shown, and it is said how many those are."""
    answer = replace(LINE, correlation_id=UUID(int=2), at=AT + timedelta(minutes=3))
    told = facts(reported(asked(2), answer, asked(4)))

    assert (2, 1, 3) == (told["looks_count"], told["looks_unanswered_count"], told["lines_count"])
    assert (AT + timedelta(minutes=2)).isoformat() == told["first_at"]
    assert (AT + timedelta(minutes=4)).isoformat() == told["last_at"]


def test_people_without_a_number_are_not_forgotten() -> None:
    """What was released about nobody in particular is told beside the count of people, which lacks them."""
    told = facts(reported(replace(LINE, subject_digest=None), asked(2, None)))

    assert (0, 1) == (told["people_count"], told["looks_at_unnumbered_count"])


@pytest.mark.parametrize(
    "action", ["audit.exported", "audit.reported", "audit.resealed", "keys.rotated", "dossiers.retired"]
)
def test_what_shows_nobody_is_no_look(action: str) -> None:
    """The gateway's own doings are left out."""
    breach, rows = counted(LINE, replace(LINE, action=AuditAction(action).value))

    assert (1, 1) == (breach.lines_count, len(rows))


@pytest.mark.parametrize(
    ("detected_after", "safe_after"), [(timedelta(hours=5), 72), (timedelta(days=30), 72), (timedelta(hours=-1), 71)]
)
def test_the_earlier_of_two_deadlines_is_the_safe_one(detected_after: timedelta, safe_after: int) -> None:
    """Seventy-two hours from detection, or from the first look: which one counts is for a person to say."""
    due = reported(LINE, detected_at=AT + detected_after).deadlines

    assert AT + detected_after + timedelta(hours=72) == due.after_detection
    assert AT + timedelta(hours=safe_after) == due.safe


def test_nothing_found_is_a_draft_too() -> None:
    """An interval without looks has a deadline all the same."""
    told = facts(reported())

    assert (0, None, told["deadline_after_detection"]) == (
        told["people_count"],
        told["first_at"],
        told["safe_deadline"],
    )
    assert "không có" in markdown(reported())


def test_a_draft_says_what_is_missing() -> None:
    """Times stand in Vietnamese time; what only a person can say, and what the law in force must tell, is marked."""
    text = markdown(reported(LINE, asked(2), officer=NUMBER))

    assert "Phát hiện: 13:00 ngày 05/01/2026" in text
    assert "(72 giờ từ khi phát hiện): 13:00 ngày 08/01/2026" in text
    assert "Nên gửi trước: **08:00 ngày 08/01/2026**" in text
    assert text.count(FILL) > 8
    assert text.count(CHECK) >= 3
    assert "Trong đó nhạy cảm: ethnicity" in text
    assert NUMBER not in text


def test_rows_for_a_table() -> None:
    """One for each line, by the names of its columns, without officer and digest."""
    _, [row] = counted(LINE)

    told = dict(zip(LOOK_COLUMNS, row, strict=True))
    assert (str(UUID(int=1)), "1", "full_name ethnicity") == (
        told["correlation_id"],
        told["position"],
        told["fields_released"],
    )
    assert "H99.01.007" not in row
