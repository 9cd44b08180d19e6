"""A portal that takes statements, as the engine sees it: it keeps what it took, and fails as it is told."""

from collections.abc import Sequence
from typing import Any

from gateway.errors import Rejected, RemoteError, TransientFailure
from gateway.ports.portal_services import Question, QuestionAnswer, QuestionSource


class StatementPortal:
    """Implements StatementChannel. `failures` are raised one per push; `unwanted` question ids are refused, records of
    `breaking` agencies meet a defect, and answers of `unaskable` questions cannot be read."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, tuple[Any, ...]]] = []
        self.failures: list[RemoteError] = []
        self.unwanted: set[str] = set()
        self.breaking: set[str] = set()
        self.unaskable: set[str] = set()
        self.questions: dict[QuestionSource, list[Question]] = {source: [] for source in QuestionSource}
        self.answers: dict[str, list[QuestionAnswer]] = {}
        self.asked: list[str] = []

    def _take(self, kind: str, records: Sequence[Any]) -> None:
        if self.failures:
            raise self.failures.pop(0)
        if any(getattr(record, "agency_code", "") in self.breaking for record in records):
            raise ZeroDivisionError
        if any(getattr(record, "question_id", "") in self.unwanted for record in records):
            raise Rejected("no", system="portal", operation=kind, remote_code="-1")
        self.taken.append((kind, tuple(records)))

    async def push_answers(self, answers: Sequence[Any]) -> None:
        self._take("answers", answers)

    async def push_local_questions(self, questions: Sequence[Any]) -> None:
        self._take("local_questions", questions)

    async def push_ratings(self, ratings: Sequence[Any]) -> None:
        self._take("ratings", ratings)

    async def push_statistics(self, statistics: Sequence[Any]) -> None:
        self._take("statistics", statistics)

    async def list_questions(self, source: QuestionSource) -> Sequence[Question]:
        return self.questions[source]

    async def answers_of(self, question_id: str) -> Sequence[QuestionAnswer]:
        self.asked.append(question_id)
        if question_id in self.unaskable:
            raise TransientFailure("away", system="portal", operation="get_answers")
        return self.answers.get(question_id, [])
