"""Statements: what the province tells a national system beside dossiers and their progress."""

from enum import StrEnum


class StatementKind(StrEnum):
    """What is stated."""

    ANSWER = "answer"
    LOCAL_QUESTION = "local_question"
    RATING = "rating"
    STATISTICS = "statistics"


class StatementState(StrEnum):
    """Where a statement stands."""

    WAITING = "waiting"
    IN_FLIGHT = "in_flight"
    DELIVERED = "delivered"
    PARKED = "parked"
    SKIPPED = "skipped"


def statement_context(kind: str, subject: str) -> bytes:
    """Name the place of a sealed statement."""
    return f"statement:{kind}:{subject}".encode()


def question_context(source: str, question_id: str) -> bytes:
    """Name the place of a sealed question."""
    return f"question:{source}:{question_id}".encode()
